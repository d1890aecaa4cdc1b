//! How is the API server of a cluster reached, and who are we to it? As EKS says and with tokens that AWS signs, or as
//! a kubeconfig says.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use joiner_aws::{Clients, ClusterFacts, ClusterTokens};
use joiner_kube::{BearerToken, ConnectError, KubeCluster, KubeEndpoint};
use joiner_ports::BoxError;

use crate::config::ClusterConfig;

/// Tokens of EKS, as the cluster's client takes them.
struct EksTokens(ClusterTokens);

impl joiner_kube::TokenSource for EksTokens {
    async fn token(&self) -> Result<BearerToken, BoxError> {
        let token = self.0.token(Timestamp::now()).await?;
        Ok(BearerToken { secret: token.secret().to_owned(), expires_at: token.expires_at })
    }
}

/// A client of the cluster; nothing is sent yet.
///
/// # Errors
/// Endpoint, certificates or kubeconfig cannot be used.
pub async fn connect(
    config: &ClusterConfig,
    clients: &Arc<Clients>,
    facts: &ClusterFacts,
) -> Result<KubeCluster, ConnectError> {
    if let Some(kubeconfig) = &config.kubeconfig {
        return KubeCluster::from_kubeconfig(kubeconfig, None).await;
    }
    let packed = BASE64_STANDARD.decode(facts.certificate_authority.as_bytes());
    let pem = packed.map_err(|error| ConnectError::Certificates(error.into()))?;
    let ca_pem = String::from_utf8(pem).map_err(|error| ConnectError::Certificates(error.into()))?;
    let endpoint = KubeEndpoint { url: facts.endpoint.to_string(), ca_pem };
    KubeCluster::connect(&endpoint, EksTokens(ClusterTokens::new(Arc::clone(clients), facts.name.clone())))
}
