//! Does the relay turn what it is given into messages, and say so in numbers?

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use joiner_ports::Duty;
use joiner_wires::moto::Moto;
use serde_json::{Value, json};

use crate::fixture::{Bench, lines, queue_url};
use crate::redelivery::clients;

/// Reaches nobody; the relay only has to know how it would.
const KUBECONFIG: &str = r#"
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: prod, cluster: {server: "https://127.0.0.1:1", insecure-skip-tls-verify: true}}]
users: [{name: prod, user: {token: none}}]
contexts: [{name: prod, context: {cluster: prod, user: prod}}]
"#;

/// A delivery of the log subscription with these audit events.
fn delivery(texts: &[&str]) -> Value {
    let events: Vec<Value> =
        texts.iter().map(|text| json!({"id": "1", "timestamp": 1, "message": text})).collect();
    let delivered = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/eks/prod/cluster",
        "logStream": "kube-apiserver-audit-1",
        "subscriptionFilters": ["joiner"],
        "logEvents": events,
    });
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(delivered.to_string().as_bytes()).unwrap();
    json!({"awslogs": {"data": BASE64_STANDARD.encode(packer.finish().unwrap())}})
}

async fn cluster(moto: &Moto) {
    let created = clients(moto).await.eks().create_cluster().name("prod");
    let created = created.role_arn("arn:aws:iam::123456789012:role/eks");
    let network = aws_sdk_eks::types::VpcConfigRequest::builder().build();
    created.resources_vpc_config(network).send().await.unwrap();
}

async fn bodies(moto: &Moto, duty: Duty) -> Vec<Value> {
    let clients = clients(moto).await;
    let taken =
        clients.sqs().receive_message().queue_url(queue_url(&moto.url(), duty)).max_number_of_messages(10);
    let messages = taken.send().await.unwrap().messages.unwrap_or_default();
    messages.iter().map(|message| serde_json::from_str(message.body().unwrap()).unwrap()).collect()
}

// behaviour: relay/a-burst-of-pods-becomes-one-message
#[tokio::test(flavor = "multi_thread")]
async fn recorded_audit_events_become_few_messages_and_one_number() {
    let bench = Bench::new("relaying").await;
    let moto = Moto::start(bench.folder()).await.unwrap();
    for duty in Duty::ALL {
        clients(&moto).await.sqs().create_queue().queue_name(duty.as_str()).send().await.unwrap();
    }
    cluster(&moto).await;
    let kubeconfig = bench.folder().write("kubeconfig", KUBECONFIG).unwrap();
    let mut spec = bench.spec(Duty::Relay, &moto.url());
    let clusters = json!([{"name": "prod", "kubeconfig": kubeconfig, "source": "audit"}]);
    spec.variables.insert("JOINER_CLUSTERS".to_owned(), clusters.to_string());
    let relay = bench.deployed(spec);

    let texts = [
        include_str!("../../../events/audit_unschedulable.json"),
        include_str!("../../../events/audit_unschedulable_0of1.json"),
        include_str!("../../../events/audit_eviction429.json"),
        "garbage",
        include_str!("../../../events/audit_binding.json"),
    ];
    assert_eq!(relay.invoke(&delivery(&texts)).await.unwrap(), Value::Null);

    let pod = json!({"pod": {"namespace": "default", "name": "web-798f8744c-447gs"}});
    assert_eq!(
        bodies(&moto, Duty::Provision).await,
        [json!({"cluster": "prod", "message": {"kind": "podsPending", "hint": pod}})]
    );
    let node = "ip-10-0-1-2.us-west-2.compute.internal";
    assert_eq!(
        bodies(&moto, Duty::Lifecycle).await,
        [json!({"cluster": "prod", "message": {"kind": "podMoved", "node": node}})]
    );

    let lines = lines(&relay.output());
    let [warning, metric] = &lines[..] else { panic!("a warning and a metric: {lines:?}") };
    assert_eq!((&warning["level"], &warning["cluster"]), (&"WARN".into(), &"prod".into()));
    assert_eq!(warning["message"], "an audit event is left out");
    assert_eq!(
        (&metric["cluster"], &metric["source"], &metric["joiner_relayed_messages_total"]),
        (&"prod".into(), &"audit".into(), &2.into())
    );
    let directive = json!([{
        "Namespace": "Joiner",
        "Dimensions": [["cluster", "source"]],
        "Metrics": [{"Name": "joiner_relayed_messages_total", "Unit": "Count"}],
    }]);
    assert_eq!(metric["_aws"]["CloudWatchMetrics"], directive);
    assert!(metric["_aws"]["Timestamp"].is_u64());
}
