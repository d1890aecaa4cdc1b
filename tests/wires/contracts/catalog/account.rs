//! An account to ask: moto behind the wire double, with a network, a role and the table; and classes to ask with.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use joiner_api::read::{Manifests, Source};
use joiner_aws::store::{PARTITION_KEY, SORT_KEY};
use joiner_aws::{
    AwsAccess, CatalogSettings, CatalogShelf, Clients, ClusterFacts, Credentials, Ec2Catalog, Ec2Cloud,
    ServiceNetwork,
};
use joiner_catalog::AwsSettings as TypeSettings;
use joiner_core::model::NodeClass;
use joiner_ports::ClusterName;
use joiner_wires::RunFolder;
use joiner_wires::double::WireDouble;
use joiner_wires::moto::Moto;
use joiner_wires::stack::account::{self, Landscape};
use serde_json::{Value, json};

const TABLE: &str = "joiner";

/// Images that moto has from the start.
pub(super) const AMD64: (&str, &str) = ("ami-760aaa0f", "amzn-ami-hvm-2017.09.1.20171103-x86_64-gp2");
pub(super) const ARM64: (&str, &str) =
    ("ami-0e9271c829888680e", "al2022-ami-2022.0.20220728.1-kernel-5.15-arm64");

/// An account, and how it is reached.
pub(super) struct ClassAccount {
    pub(super) double: WireDouble,
    pub(super) clients: Arc<Clients>,
    pub(super) landscape: Landscape,
    _moto: Moto,
    _folder: RunFolder,
}

impl ClassAccount {
    pub(super) async fn open(name: &str) -> Self {
        let folder = RunFolder::new(name).expect("a folder");
        let moto = Moto::start(&folder).await.expect("moto starts");
        let double = WireDouble::start(moto.address()).await.expect("the double starts");
        let clients = connect(&double, "us-east-1").await;
        let landscape = account::settle(&clients, name, 9).await.expect("a network");
        create_table(&clients).await;
        ClassAccount { double, clients, landscape, _moto: moto, _folder: folder }
    }

    /// The catalog, as a new process sees it.
    pub(super) fn catalog(&self) -> Ec2Catalog {
        catalog_of(&self.clients)
    }

    /// The EC2 of the cluster, as a new process sees it.
    pub(super) fn cloud(&self) -> Ec2Cloud {
        Ec2Cloud::new(Arc::clone(&self.clients), Arc::new(facts()))
    }

    /// The subnets of the network, in order of ids, with their zones.
    pub(super) fn subnets(&self) -> Vec<(&str, &'static str)> {
        let ids = self.landscape.subnets.iter().map(String::as_str);
        let mut subnets: Vec<_> = ids.zip(account::ZONES).collect();
        subnets.sort_unstable();
        subnets
    }
}

/// The catalog over clients.
pub(super) fn catalog_of(clients: &Arc<Clients>) -> Ec2Catalog {
    let shelf = CatalogShelf::new(clients.dynamodb().clone(), TABLE);
    let settings = CatalogSettings { types: TypeSettings::UNSET, is_isolated: false };
    Ec2Catalog::new(Arc::clone(clients), "123456789012", shelf, settings)
}

/// Clients of a region of the account.
pub(super) async fn connect(double: &WireDouble, region: &str) -> Arc<Clients> {
    let settings = AwsAccess {
        region: Some(region.to_owned()),
        endpoint: Some(double.url()),
        credentials: Some(Credentials::new("test", "test", None, None, "test")),
    };
    Arc::new(Clients::connect(&settings).await)
}

fn facts() -> ClusterFacts {
    ClusterFacts {
        name: ClusterName::new("prod").expect("a name"),
        arn: "arn:aws:eks:us-east-1:123456789012:cluster/prod".into(),
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

async fn create_table(clients: &Clients) {
    let mut call =
        clients.dynamodb().create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [(PARTITION_KEY, KeyType::Hash), (SORT_KEY, KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        let attribute = attribute.attribute_type(ScalarAttributeType::S).build().expect("an attribute");
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
        call = call.attribute_definitions(attribute).key_schema(key);
    }
    call.send().await.expect("a table");
}

/// A class with a status.
pub(super) fn class_of(spec: &Value, status: &Value, annotations: &Value) -> NodeClass {
    let manifest = json!({
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": { "name": "default", "uid": "class-uid", "generation": 1, "annotations": annotations },
        "spec": spec,
        "status": status,
    });
    let source = Source { name: "class.json".into(), text: manifest.to_string() };
    let manifests = Manifests::read(&[source]).expect("the class can be read");
    manifests.node_classes.into_iter().next().expect("there is a class")
}

/// A class whose status has a subnet in each zone.
pub(super) fn class_in(zones: &[&str]) -> NodeClass {
    let subnets: Vec<Value> =
        zones.iter().map(|zone| json!({ "id": format!("subnet-{zone}"), "zone": zone })).collect();
    let spec = json!({
        "role": "nodes",
        "amiSelectorTerms": [{ "alias": "al2023@latest" }],
        "subnetSelectorTerms": [{ "tags": { "team": "a" } }],
        "securityGroupSelectorTerms": [{ "tags": { "team": "a" } }],
    });
    class_of(&spec, &json!({ "subnets": subnets }), &json!({}))
}
