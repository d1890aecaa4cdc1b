//! How do we show an EKS cluster who we are?
//!
//! The token is a signed request to STS, "who am I?", with the cluster's name among the signed headers, so that no
//! other cluster can use it. The API server sends it on and learns our role from the answer. It is made without a
//! call. STS takes it for fifteen minutes; the API server takes only what was signed in the regional address.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sts::config::{Credentials, ProvideCredentials};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use joiner_ports::{BoxError, ClusterName};

use crate::Clients;

/// What every token begins with.
const PREFIX: &str = "k8s-aws-v1.";
/// The signed header that binds a token to its cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// Seconds that the signature claims for itself. EKS wants a minute, and takes the token for longer all the same.
const SIGNED_FOR: Duration = Duration::from_secs(60);
/// How long EKS takes a token after it was signed.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// A token is not used in its last minute: a request begun with it must end with it.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// A bearer token for the API server. Its text is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterToken {
    text: Arc<str>,
    /// When another one is due.
    pub expires_at: Timestamp,
}

impl ClusterToken {
    /// What goes behind `Bearer` in the header; keep it out of logs.
    pub fn secret(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for ClusterToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is nothing to sign with: give the function a role, or set credentials.
    #[error("there are no credentials to sign a cluster token with")]
    NoCredentials(#[source] Option<BoxError>),
    /// The request could not be signed: region or name are not what they should be.
    #[error("the request of a cluster token for region {region:?} cannot be signed")]
    Unsigned {
        /// The region as configured.
        region: String,
        /// Why.
        #[source]
        source: BoxError,
    },
}

/// The address that EKS expects, by region.
fn host(region: &str) -> String {
    let suffix = match region {
        r if r.starts_with("cn-") => "amazonaws.com.cn",
        r if r.starts_with("us-iso-") => "c2s.ic.gov",
        r if r.starts_with("us-isob-") => "sc2s.sgov.gov",
        r if r.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("sts.{region}.{suffix}")
}

/// Signs a token. The same credentials, cluster and second give the same token.
///
/// # Errors
/// The region or the cluster's name cannot be part of a request.
pub fn presign(
    credentials: &Credentials,
    region: &str,
    cluster: &ClusterName,
    now: Timestamp,
) -> Result<ClusterToken, TokenError> {
    let signed = signed_url(credentials, region, cluster, now)
        .map_err(|source| TokenError::Unsigned { region: region.to_owned(), source })?;
    let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(signed));
    let mut expires_at = now + LIFETIME;
    if let Some(end) = credentials.expiry().and_then(|end| Timestamp::try_from(end).ok()) {
        // A token is good only as long as what it was signed with.
        expires_at = expires_at.min(end);
    }
    Ok(ClusterToken { text: text.into(), expires_at: expires_at - MARGIN })
}

fn signed_url(
    credentials: &Credentials,
    region: &str,
    cluster: &ClusterName,
    now: Timestamp,
) -> Result<String, BoxError> {
    let url = format!("https://{}/?Action=GetCallerIdentity&Version=2011-06-15", host(region));
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(SIGNED_FOR);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now.into())
        .settings(settings)
        .build()?
        .into();
    let headers = [(CLUSTER_HEADER, cluster.as_str())];
    let signable = SignableRequest::new("GET", &url, headers.into_iter(), SignableBody::empty())?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let mut request = http::Request::get(&url).body(())?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(request.uri().to_string())
}

/// Tokens of one cluster, made again before they end.
#[derive(Debug)]
pub struct ClusterTokens {
    clients: Arc<Clients>,
    cluster: ClusterName,
    held: Mutex<Option<ClusterToken>>,
}

impl ClusterTokens {
    /// Tokens for a cluster with the credentials of the clients; none is made yet.
    pub fn new(clients: Arc<Clients>, cluster: ClusterName) -> Self {
        ClusterTokens { clients, cluster, held: Mutex::new(None) }
    }

    /// A token that is good at `now` and for a minute more.
    ///
    /// # Errors
    /// There are no credentials, or the region is none.
    pub async fn token(&self, now: Timestamp) -> Result<ClusterToken, TokenError> {
        if let Some(held) = self.held().as_ref().filter(|token| token.expires_at > now) {
            return Ok(held.clone());
        }
        let provider = self.clients.config().credentials_provider();
        let provider = provider.ok_or(TokenError::NoCredentials(None))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| TokenError::NoCredentials(Some(error.into())))?;
        let token = presign(&credentials, self.clients.region(), &self.cluster, now)?;
        *self.held() = Some(token.clone());
        Ok(token)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<ClusterToken>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
