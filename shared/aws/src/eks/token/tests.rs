//! Is a token what EKS takes: the right request, signed in the right way, and not used for too long?
//!
//! The signatures were computed from the published steps of Signature Version 4 (canonical request, string to
//! sign, chain of keys) by another program than the one under test.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::SharedCredentialsProvider;

use super::*;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn credentials(session: Option<&str>, expiry: Option<Timestamp>) -> Credentials {
    Credentials::new(KEY, SECRET, session.map(str::to_owned), expiry.map(Into::into), "test")
}

fn cluster(name: &str) -> ClusterName {
    ClusterName::new(name).unwrap()
}

/// The address and the parameters inside a token, still percent-encoded.
fn opened(token: &ClusterToken) -> (String, BTreeMap<String, String>) {
    let encoded = token.secret().strip_prefix("k8s-aws-v1.").unwrap();
    let url = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
    let (address, query) = url.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    (address.to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_token_is_a_signed_question_to_the_regional_sts_bound_to_the_cluster() {
    let session = credentials(Some("session/token+1=="), None);
    let token = presign(&session, "eu-central-1", &cluster("prod"), at("2026-01-02T03:04:05Z")).unwrap();
    let expected = parameters(&[
        ("Action", "GetCallerIdentity"),
        ("Version", "2011-06-15"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "AKIDEXAMPLE%2F20260102%2Feu-central-1%2Fsts%2Faws4_request"),
        ("X-Amz-Date", "20260102T030405Z"),
        ("X-Amz-Expires", "60"),
        ("X-Amz-Security-Token", "session%2Ftoken%2B1%3D%3D"),
        ("X-Amz-SignedHeaders", "host%3Bx-k8s-aws-id"),
        ("X-Amz-Signature", "d1c66ae78305f98dced2129d4fbdabca8936c7a67ab22120585268c9176d98eb"),
    ]);
    assert_eq!(opened(&token), ("https://sts.eu-central-1.amazonaws.com/".to_owned(), expected));
    assert_eq!(token.expires_at, at("2026-01-02T03:18:05Z"));
}

#[test]
fn other_partitions_have_their_own_address() {
    let token =
        presign(&credentials(None, None), "cn-north-1", &cluster("team_a"), at("2026-01-02T03:04:05Z"));
    let (address, parameters) = opened(&token.unwrap());
    assert_eq!(address, "https://sts.cn-north-1.amazonaws.com.cn/");
    assert_eq!(parameters["X-Amz-Signature"], SIGNATURE_IN_CHINA);
}

const SIGNATURE_IN_CHINA: &str = "caedce24399fac63d9ce7359e128a46f0fead544ea1fa17876d9aaae7a304e60";

#[test]
fn a_token_ends_with_the_credentials_it_was_signed_with() {
    let ends = at("2026-01-02T03:10:00Z");
    let short = credentials(Some("s"), Some(ends));
    let token = presign(&short, "eu-central-1", &cluster("prod"), at("2026-01-02T03:04:05Z")).unwrap();
    assert_eq!(token.expires_at, at("2026-01-02T03:09:00Z"));
}

#[test]
fn a_token_keeps_its_secret_out_of_logs() {
    let token =
        presign(&credentials(None, None), "eu-central-1", &cluster("prod"), at("2026-01-02T03:04:05Z"));
    assert_eq!(format!("{:?}", token.unwrap()), "ClusterToken { expires_at: 2026-01-02T03:18:05Z, .. }");
}

fn source(credentials: Option<Credentials>) -> ClusterTokens {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"));
    let config = match credentials {
        Some(credentials) => config.credentials_provider(SharedCredentialsProvider::new(credentials)),
        None => config,
    };
    ClusterTokens::new(Arc::new(Clients::new(config.build())), cluster("prod"))
}

#[tokio::test]
async fn a_token_is_used_again_until_its_last_minute() {
    let tokens = source(Some(credentials(None, None)));
    let first = tokens.token(at("2026-01-02T03:00:00Z")).await.unwrap();
    assert_eq!(tokens.token(at("2026-01-02T03:13:59Z")).await.unwrap(), first);
    let next = tokens.token(at("2026-01-02T03:14:00Z")).await.unwrap();
    assert_eq!(next.expires_at, at("2026-01-02T03:28:00Z"));
}

#[tokio::test]
async fn without_credentials_there_is_no_token() {
    let refusal = source(None).token(at("2026-01-02T03:00:00Z")).await.unwrap_err();
    assert_eq!(refusal.to_string(), "there are no credentials to sign a cluster token with");
}
