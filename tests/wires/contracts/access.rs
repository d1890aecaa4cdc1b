//! Is a cluster reached as its account wants it: by the role of the account, and by what EKS tells of it?

use std::sync::Arc;

use aws_sdk_eks::types::{KubernetesNetworkConfigRequest, VpcConfigRequest};
use joiner_aws::{AwsAccess, Clients, ClusterRole, Credentials, eks};
use joiner_ports::{CloudError, ClusterName};
use joiner_wires::RunFolder;
use joiner_wires::double::{WireCall, WireDouble, WireFault};
use joiner_wires::moto::Moto;

/// An account with a double in front of it.
struct Region {
    double: WireDouble,
    clients: Arc<Clients>,
    _moto: Moto,
    _folder: RunFolder,
}

impl Region {
    async fn open() -> Self {
        let folder = RunFolder::new("access").expect("a folder");
        let moto = Moto::start(&folder).await.expect("moto starts");
        let double = WireDouble::start(moto.address()).await.expect("the double starts");
        let access = AwsAccess {
            region: Some("eu-central-1".to_owned()),
            endpoint: Some(double.url()),
            credentials: Some(Credentials::new("test", "test", None, None, "test")),
        };
        let clients = Arc::new(Clients::connect(&access).await);
        Region { double, clients, _moto: moto, _folder: folder }
    }
}

fn cluster(name: &str) -> ClusterName {
    ClusterName::new(name).expect("a name")
}

#[tokio::test]
async fn a_cluster_of_another_account_is_reached_by_its_role_and_one_session() {
    let region = Region::open().await;
    let role = ClusterRole {
        arn: "arn:aws:iam::210987654321:role/joiner".to_owned(),
        external_id: Some("ours-alone".to_owned()),
    };
    let long = "n".repeat(100);
    let theirs = region.clients.assuming(&role, &cluster(&long)).await;
    assert_eq!(region.double.calls(), [], "nothing is asked before it is needed");
    for _ in 0..2 {
        let who = theirs.sts().get_caller_identity().send().await.expect("an answer");
        let arn = who.arn.expect("an ARN");
        assert!(arn.starts_with("arn:aws:sts::210987654321:assumed-role/joiner/joiner-nnn"), "{arn}");
    }
    theirs.sqs().list_queues().send().await.expect("an answer");
    let assumed: Vec<WireCall> =
        region.double.calls().into_iter().filter(|call| call.operation == "AssumeRole").collect();
    assert_eq!(assumed.len(), 1, "all clients share the credentials");
    assert_eq!(assumed[0].param("ExternalId"), Some("ours-alone"));
    assert_eq!(assumed[0].param("RoleSessionName").map(str::len), Some(64));
}

#[tokio::test]
async fn what_eks_tells_of_a_cluster_is_known() {
    let region = Region::open().await;
    let network = KubernetesNetworkConfigRequest::builder().service_ipv4_cidr("172.20.0.0/16").build();
    let made = region.clients.eks().create_cluster();
    let made = made
        .name("prod")
        .version("1.34")
        .role_arn("arn:aws:iam::123456789012:role/cluster")
        .resources_vpc_config(VpcConfigRequest::builder().build())
        .kubernetes_network_config(network)
        .tags("team", "platform");
    let made = made.send().await.expect("a cluster").cluster.expect("its description");
    let facts = eks::describe(&region.clients, &cluster("prod")).await.expect("facts");
    assert_eq!(Some(&*facts.arn), made.arn());
    assert_eq!(Some(&*facts.endpoint), made.endpoint());
    let authority = made.certificate_authority().and_then(|authority| authority.data());
    assert_eq!(Some(&*facts.certificate_authority), authority);
    assert_eq!((&*facts.partition, &*facts.region, &*facts.account), ("aws", "eu-central-1", "123456789012"));
    assert_eq!((&*facts.version, facts.tags.get("team").map(|team| &**team)), ("1.34", Some("platform")));
    let services = facts.services.expect("a network");
    assert_eq!((&*services.cidr, services.dns_ip.to_string().as_str()), ("172.20.0.0/16", "172.20.0.10"));
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_refused() {
    let region = Region::open().await;
    // moto leaves the code out of this answer, without which nobody can tell it from an outage.
    let fault = WireFault::Refused {
        status: 404,
        code: "ResourceNotFoundException".to_owned(),
        message: "No cluster found for name: nothing.".to_owned(),
    };
    region.double.fail_next("eks:GET /clusters/nothing", fault, 1);
    let refusal = eks::describe(&region.clients, &cluster("nothing")).await.expect_err("there is none");
    let CloudError::Rejected(why) = refusal else { panic!("it must be a refusal") };
    assert_eq!(why, "No cluster found for name: nothing. (ResourceNotFoundException)");
}
