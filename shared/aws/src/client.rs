//! Which clients are there, and what is known of the cluster they work for?
//!
//! Every client comes from one configuration and is built when it is first asked for: a function that only reads
//! a queue does not pay for EC2. A [`Clients`] is made once per process and account.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use aws_config::{Region, SdkConfig};
use joiner_ports::ClusterName;

use crate::config::{self, AwsAccess, ClusterRole};

/// The clients of one account and region.
#[derive(Debug)]
pub struct Clients {
    config: SdkConfig,
    region: Arc<str>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    eks: OnceLock<aws_sdk_eks::Client>,
    eventbridge: OnceLock<aws_sdk_eventbridge::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    pricing: OnceLock<aws_sdk_pricing::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Clients {
    /// Clients over a configuration; none is built yet. Without a region calls fail and say so.
    pub fn new(config: SdkConfig) -> Self {
        let region = config.region().map_or("", AsRef::as_ref).into();
        Clients {
            config,
            region,
            dynamodb: OnceLock::new(),
            ec2: OnceLock::new(),
            eks: OnceLock::new(),
            eventbridge: OnceLock::new(),
            iam: OnceLock::new(),
            pricing: OnceLock::new(),
            sqs: OnceLock::new(),
            ssm: OnceLock::new(),
            sts: OnceLock::new(),
        }
    }

    /// Clients over settings and, where these are silent, the environment.
    pub async fn connect(settings: &AwsAccess) -> Self {
        Clients::new(settings.load().await)
    }

    /// Clients that act as a role of another account in the same region.
    pub async fn assuming(&self, role: &ClusterRole, cluster: &ClusterName) -> Self {
        Clients::new(config::assume(&self.config, role, cluster).await)
    }

    /// The configuration they are built from.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The region, such as `eu-central-1`; empty if none is known.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The table.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(&config::quick(&self.config)))
    }

    /// Machines, types, networks.
    pub fn ec2(&self) -> &aws_sdk_ec2::Client {
        self.ec2.get_or_init(|| aws_sdk_ec2::Client::new(&self.config))
    }

    /// Clusters.
    pub fn eks(&self) -> &aws_sdk_eks::Client {
        self.eks.get_or_init(|| aws_sdk_eks::Client::new(&self.config))
    }

    /// Events.
    pub fn eventbridge(&self) -> &aws_sdk_eventbridge::Client {
        self.eventbridge.get_or_init(|| aws_sdk_eventbridge::Client::new(&config::quick(&self.config)))
    }

    /// Instance profiles.
    pub fn iam(&self) -> &aws_sdk_iam::Client {
        self.iam.get_or_init(|| aws_sdk_iam::Client::new(&self.config))
    }

    /// Prices, asked in a region that serves them.
    pub fn pricing(&self) -> &aws_sdk_pricing::Client {
        self.pricing.get_or_init(|| {
            let region = Region::from_static(config::pricing_region(&self.region));
            aws_sdk_pricing::Client::new(&self.config.to_builder().region(region).build())
        })
    }

    /// Queues.
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| aws_sdk_sqs::Client::new(&config::quick(&self.config)))
    }

    /// Published image ids.
    pub fn ssm(&self) -> &aws_sdk_ssm::Client {
        self.ssm.get_or_init(|| aws_sdk_ssm::Client::new(&self.config))
    }

    /// Who we are.
    pub fn sts(&self) -> &aws_sdk_sts::Client {
        self.sts.get_or_init(|| aws_sdk_sts::Client::new(&self.config))
    }
}

/// Addresses of the services of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceNetwork {
    /// The block they come from, such as `10.100.0.0/16`.
    pub cidr: Arc<str>,
    /// Where the cluster's DNS answers.
    pub dns_ip: IpAddr,
}

/// What EKS says about a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Its name.
    pub name: ClusterName,
    /// Its ARN.
    pub arn: Arc<str>,
    /// Partition of its ARN, such as `aws`.
    pub partition: Arc<str>,
    /// Its region.
    pub region: Arc<str>,
    /// Its account.
    pub account: Arc<str>,
    /// URL of its API server.
    pub endpoint: Arc<str>,
    /// Certificate authority of its API server: PEM in base64, as EKS gives it and as nodes take it.
    pub certificate_authority: Arc<str>,
    /// Kubernetes version, such as `1.34`.
    pub version: Arc<str>,
    /// Addresses of services; `None` if EKS does not tell.
    pub services: Option<ServiceNetwork>,
    /// Security group that EKS made for the cluster.
    pub security_group: Option<Arc<str>>,
    /// Its VPC.
    pub vpc: Option<Arc<str>>,
    /// How callers are authenticated: `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication_mode: Option<Arc<str>>,
    /// Control-plane logs that are written, such as `audit`.
    pub logs: Vec<Arc<str>>,
    /// Its tags.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
}
