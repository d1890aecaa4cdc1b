//! What does EKS know of a cluster: where it answers, who vouches for it, which addresses its services have?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use aws_sdk_eks::types::Cluster;
use joiner_ports::{CloudError, ClusterName};

use crate::client::{Clients, ClusterFacts, ServiceNetwork};
use crate::ec2::failure::Ec2Failure;

/// Asks EKS for a cluster.
///
/// # Errors
/// There is no such cluster in the account and region, it has no endpoint yet, or EKS cannot be asked.
pub async fn describe(clients: &Clients, name: &ClusterName) -> Result<ClusterFacts, CloudError> {
    let answer = clients.eks().describe_cluster().name(name.as_str()).send().await;
    let answer = answer.map_err(|error| CloudError::from(Ec2Failure::of(error)))?;
    let cluster = answer.cluster.ok_or_else(|| missing(name, "description"))?;
    read(name, cluster)
}

fn missing(name: &ClusterName, what: &str) -> CloudError {
    CloudError::Rejected(format!(
        "EKS tells no {what} of the cluster {name}: it may still be creating; wait until it is active"
    ))
}

fn read(name: &ClusterName, cluster: Cluster) -> Result<ClusterFacts, CloudError> {
    let arn = cluster.arn.ok_or_else(|| missing(name, "ARN"))?;
    let mut parts = arn.split(':').skip(1);
    let mut part = |what| parts.next().filter(|part| !part.is_empty()).ok_or_else(|| missing(name, what));
    let (partition, _, region, account) =
        (part("partition")?.into(), part("service")?, part("region")?.into(), part("account")?.into());
    let authority = cluster.certificate_authority.and_then(|authority| authority.data);
    let network = cluster.kubernetes_network_config;
    let cidr = network.and_then(|network| network.service_ipv4_cidr.or(network.service_ipv6_cidr));
    let vpc = cluster.resources_vpc_config;
    let (security_group, vpc) = vpc.map_or((None, None), |vpc| (vpc.cluster_security_group_id, vpc.vpc_id));
    let access = cluster.access_config.and_then(|access| access.authentication_mode);
    let setups = cluster.logging.and_then(|logging| logging.cluster_logging).unwrap_or_default();
    let written = setups.into_iter().filter(|setup| setup.enabled == Some(true));
    Ok(ClusterFacts {
        name: name.clone(),
        partition,
        region,
        account,
        endpoint: cluster.endpoint.ok_or_else(|| missing(name, "endpoint"))?.into(),
        certificate_authority: authority.ok_or_else(|| missing(name, "certificate authority"))?.into(),
        version: cluster.version.ok_or_else(|| missing(name, "version"))?.into(),
        services: cidr.and_then(|cidr| service_network(&cidr)),
        security_group: security_group.map(Arc::from),
        vpc: vpc.map(Arc::from),
        authentication_mode: access.map(|mode| mode.as_str().into()),
        logs: written
            .flat_map(|setup| setup.types.unwrap_or_default())
            .map(|log| log.as_str().into())
            .collect(),
        tags: cluster.tags.unwrap_or_default().into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
        arn: arn.into(),
    })
}

/// The DNS service of EKS has the tenth address of its block.
fn service_network(cidr: &str) -> Option<ServiceNetwork> {
    let base: IpAddr = cidr.split('/').next()?.parse().ok()?;
    let dns_ip = match base {
        IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from_bits(base.to_bits().checked_add(10)?)),
        IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from_bits(base.to_bits().checked_add(10)?)),
    };
    Some(ServiceNetwork { cidr: cidr.into(), dns_ip })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_eks::types::{
        AccessConfigResponse, AuthenticationMode, Certificate, KubernetesNetworkConfigResponse, LogSetup,
        LogType, Logging, VpcConfigResponse,
    };

    use super::*;

    fn cluster() -> Cluster {
        let log = LogSetup::builder().enabled(true).types(LogType::Audit).build();
        let silent = LogSetup::builder().enabled(false).types(LogType::Api).build();
        Cluster::builder()
            .arn("arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod")
            .endpoint("https://ABC.gr7.cn-north-1.eks.amazonaws.com.cn")
            .version("1.34")
            .certificate_authority(Certificate::builder().data("LS0t").build())
            .kubernetes_network_config(
                KubernetesNetworkConfigResponse::builder().service_ipv4_cidr("10.100.0.0/16").build(),
            )
            .resources_vpc_config(
                VpcConfigResponse::builder().cluster_security_group_id("sg-1").vpc_id("vpc-1").build(),
            )
            .access_config(
                AccessConfigResponse::builder().authentication_mode(AuthenticationMode::Api).build(),
            )
            .logging(Logging::builder().cluster_logging(log).cluster_logging(silent).build())
            .tags("team", "platform")
            .build()
    }

    #[test]
    fn facts_are_read_out_of_the_description() {
        let name = ClusterName::new("prod").unwrap();
        let expected = ClusterFacts {
            name: name.clone(),
            arn: "arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod".into(),
            partition: "aws-cn".into(),
            region: "cn-north-1".into(),
            account: "123456789012".into(),
            endpoint: "https://ABC.gr7.cn-north-1.eks.amazonaws.com.cn".into(),
            certificate_authority: "LS0t".into(),
            version: "1.34".into(),
            services: Some(ServiceNetwork {
                cidr: "10.100.0.0/16".into(),
                dns_ip: "10.100.0.10".parse().unwrap(),
            }),
            security_group: Some("sg-1".into()),
            vpc: Some("vpc-1".into()),
            authentication_mode: Some("API".into()),
            logs: vec!["audit".into()],
            tags: BTreeMap::from([("team".into(), "platform".into())]),
        };
        assert_eq!(read(&name, cluster()).unwrap(), expected);
    }

    #[test]
    fn a_cluster_that_is_still_creating_is_refused_with_what_is_missing() {
        let name = ClusterName::new("prod").unwrap();
        let creating = Cluster::builder().arn("arn:aws:eks:eu-west-1:1:cluster/prod").build();
        let refusal = read(&name, creating).unwrap_err().to_string();
        assert!(refusal.contains("EKS tells no endpoint of the cluster prod"), "{refusal}");
    }

    #[test]
    fn dns_answers_at_the_tenth_address_in_either_family() {
        let dns = |cidr| service_network(cidr).map(|network| network.dns_ip.to_string());
        assert_eq!(dns("172.20.0.0/16"), Some("172.20.0.10".to_owned()));
        assert_eq!(dns("fd12:3456:789a::/108"), Some("fd12:3456:789a::a".to_owned()));
        assert_eq!(dns("nonsense"), None);
    }
}
