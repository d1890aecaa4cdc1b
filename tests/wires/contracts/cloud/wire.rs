//! The contract over EC2 as it is spoken: the adapter, the SDK, the wire double and moto.

use std::sync::Arc;

use joiner_aws::{AwsAccess, Clients, ClusterFacts, Credentials, Ec2Cloud, ServiceNetwork};
use joiner_core::model::OfferingKey;
use joiner_ports::{Cloud, ClusterName, Instance};
use joiner_wires::RunFolder;
use joiner_wires::double::{WireDouble, WireFault};
use joiner_wires::moto::Moto;
use joiner_wires::stack::account;

use super::request::{Places, Shop};
use super::{CloudGround, Trouble, every_claim};

/// More than the SDK tries.
const ALWAYS: usize = 10;
/// The instance profile of nodes.
const PROFILE: &str = "nodes";

/// An account with a network, for any number of clusters.
pub(super) struct Account {
    pub(super) double: WireDouble,
    pub(super) clients: Arc<Clients>,
    pub(super) places: Places,
    _moto: Moto,
    _folder: RunFolder,
}

impl Account {
    pub(super) async fn open() -> Self {
        let folder = RunFolder::new("cloud").expect("a folder");
        let moto = Moto::start(&folder).await.expect("moto starts");
        let double = WireDouble::start(moto.address()).await.expect("the double starts");
        let settings = AwsAccess {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(double.url()),
            credentials: Some(Credentials::new("test", "test", None, None, "test")),
        };
        let clients = Arc::new(Clients::connect(&settings).await);
        let landscape = account::settle(&clients, "contract", 7).await.expect("a network");
        let made = clients.iam().create_instance_profile().instance_profile_name(PROFILE).send().await;
        made.expect("an instance profile");
        let zones = account::ZONES.iter().map(|zone| (*zone).to_owned());
        let places = Places {
            subnets: landscape.subnets.iter().cloned().zip(zones).collect(),
            security_group: landscape.security_group,
            image: "ami-12c6146b".to_owned(),
            instance_profile: PROFILE.to_owned(),
        };
        Account { double, clients, places, _moto: moto, _folder: folder }
    }

    /// The EC2 of a cluster, as a new process sees it.
    pub(super) fn cloud(&self, cluster: &ClusterName) -> Ec2Cloud {
        Ec2Cloud::new(Arc::clone(&self.clients), Arc::new(facts(cluster)))
    }
}

fn facts(cluster: &ClusterName) -> ClusterFacts {
    ClusterFacts {
        name: cluster.clone(),
        arn: format!("arn:aws:eks:us-east-1:123456789012:cluster/{cluster}").into(),
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "123456789012".into(),
        endpoint: "https://cluster.example.com".into(),
        certificate_authority: "Y2VydA==".into(),
        version: "1.34".into(),
        services: Some(ServiceNetwork {
            cidr: "10.100.0.0/16".into(),
            dns_ip: std::net::IpAddr::from([10, 100, 0, 10]),
        }),
        security_group: None,
        vpc: None,
        authentication_mode: None,
        logs: Vec::new(),
        tags: Default::default(),
    }
}

/// A cluster of its own for each claim, in one account.
struct WireGround<'a> {
    account: &'a Account,
    cloud: Ec2Cloud,
    neighbour: Ec2Cloud,
    shop: Shop,
}

impl<'a> WireGround<'a> {
    fn new(account: &'a Account, cluster: &str) -> Self {
        let name = ClusterName::new(cluster).expect("a name");
        let other = ClusterName::new(&format!("{cluster}-2")).expect("a name");
        WireGround {
            cloud: account.cloud(&name),
            neighbour: account.cloud(&other),
            shop: Shop::of(&name, &account.places),
            account,
        }
    }
}

impl CloudGround for WireGround<'_> {
    type Cloud = Ec2Cloud;

    fn cloud(&self) -> &Ec2Cloud {
        &self.cloud
    }

    async fn neighbour_sees(&self) -> Vec<Instance> {
        self.neighbour.instances().await.expect("instances can be listed")
    }

    fn shop(&self) -> &Shop {
        &self.shop
    }

    fn run_out(&self, key: &OfferingKey) {
        let code = "InsufficientInstanceCapacity";
        self.account.double.run_out(&key.instance_type, &key.zone, key.capacity_type.as_str(), code);
    }

    fn trouble(&self, trouble: Trouble) {
        let fault = match trouble {
            Trouble::Throttled => WireFault::Throttled,
            Trouble::AnswerLost => WireFault::AnswerLost,
        };
        self.account.double.fail_next("ec2:CreateFleet", fault, ALWAYS);
    }

    fn mend(&self) {
        self.account.double.mend();
    }

    /// moto ends machines at once.
    async fn pass_time(&self) {}
}

#[tokio::test]
async fn ec2_keeps_the_contract() {
    let account = Account::open().await;
    macro_rules! run {
        ($claim:ident) => {
            account.double.mend();
            // Names of clusters have no underscores here, and at most a hundred characters.
            let cluster = stringify!($claim).replace('_', "-");
            super::$claim(&WireGround::new(&account, &cluster)).await;
        };
    }
    every_claim!(run);
}
