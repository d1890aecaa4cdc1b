//! How is AWS reached: which region, which address, whose credentials, how long, how often again?
//!
//! Settings are arguments; what they leave open is taken from the usual chain of the SDK (environment, profile,
//! role of the function). Nothing here makes a call.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
pub use aws_sdk_sts::config::Credentials;
use joiner_ports::ClusterName;

/// Attempts per call, the first included. The queue is what retries; this only bridges a broken connection.
const ATTEMPTS: u32 = 3;
/// Longest backoff between them.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);
/// A connection is there within this, or the attempt is over.
const CONNECT: Duration = Duration::from_secs(3);
/// One attempt of a control-plane call; a fleet of many types takes several seconds.
const ATTEMPT: Duration = Duration::from_secs(20);
/// All attempts of a control-plane call.
const CALL: Duration = Duration::from_secs(45);
/// One attempt of a call to the table or a queue, which answer within milliseconds.
const QUICK_ATTEMPT: Duration = Duration::from_secs(4);
/// All attempts of such a call.
const QUICK_CALL: Duration = Duration::from_secs(10);
/// Longest name AWS takes for an assumed role.
const LONGEST_ROLE_NAME: usize = 64;

/// What a deployment says about AWS; what is `None` comes from the environment.
#[derive(Debug, Clone, Default)]
pub struct AwsAccess {
    /// Region, such as `eu-central-1`.
    pub region: Option<String>,
    /// One address for every service: an emulator.
    pub endpoint: Option<String>,
    /// Fixed credentials, for an emulator.
    pub credentials: Option<Credentials>,
}

/// A role in the account of a cluster, for clusters of other accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterRole {
    /// ARN of the role.
    pub arn: String,
    /// What the role's trust policy asks for, so that nobody else's deployment can be talked into using it.
    pub external_id: Option<String>,
}

impl AwsAccess {
    /// The configuration that every client is built from.
    pub async fn load(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(
                RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_BACKOFF),
            )
            .timeout_config(timeouts(ATTEMPT, CALL));
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(credentials) = &self.credentials {
            loader = loader.credentials_provider(credentials.clone());
        }
        loader.load().await
    }
}

/// The same configuration for services that answer quickly: a run that waits for them longer is better off
/// failing, so that its message comes again.
pub(crate) fn quick(config: &SdkConfig) -> SdkConfig {
    config.to_builder().timeout_config(timeouts(QUICK_ATTEMPT, QUICK_CALL)).build()
}

fn timeouts(attempt: Duration, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(call)
        .build()
}

/// The same configuration with the credentials of a role. They are fetched at the first call, kept, and fetched
/// again before they end; all clients of the configuration share them.
pub(crate) async fn assume(config: &SdkConfig, role: &ClusterRole, cluster: &ClusterName) -> SdkConfig {
    let mut name = format!("joiner-{cluster}");
    name.truncate(LONGEST_ROLE_NAME);
    let mut builder =
        aws_config::sts::AssumeRoleProvider::builder(&role.arn).session_name(name).configure(config);
    if let Some(external_id) = &role.external_id {
        builder = builder.external_id(external_id);
    }
    let provider = match config.credentials_provider() {
        Some(own) => builder.build_from_provider(own).await,
        None => builder.build().await,
    };
    config
        .to_builder()
        .credentials_provider(aws_sdk_sts::config::SharedCredentialsProvider::new(provider))
        .build()
}

/// The region that answers price questions for a region: the price list is served from a few only (aws 2).
pub(crate) fn pricing_region(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "cn-northwest-1",
        Some("eu" | "il" | "me" | "af") => "eu-central-1",
        Some("ap") => "ap-south-1",
        _ => "us-east-1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_asked_in_a_region_that_serves_them() {
        let asked =
            ["eu-west-3", "ap-southeast-2", "cn-north-1", "sa-east-1", "us-west-2"].map(pricing_region);
        assert_eq!(asked, ["eu-central-1", "ap-south-1", "cn-northwest-1", "us-east-1", "us-east-1"]);
    }
}
