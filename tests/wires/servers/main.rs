//! Do the servers that other tests stand on start, answer and end?

use joiner_wires::RunFolder;
use joiner_wires::control_plane::{ControlPlane, KUBERNETES_VERSION, Nodes};
use joiner_wires::loopback::http_status;
use joiner_wires::moto::Moto;

const NODE: &str = r#"
apiVersion: v1
kind: Node
metadata: {name: alone, labels: {kwok.x-k8s.io/node: fake}}
status: {capacity: {cpu: "4", memory: 8Gi, pods: "20"}, allocatable: {cpu: "4", memory: 8Gi, pods: "20"}}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pods_are_bound_by_the_scheduler_and_run_on_a_node_of_kwok() {
    let plane = ControlPlane::start("servers", Nodes::Kwok).await.unwrap();
    let kubectl = plane.kubectl();
    let version = kubectl.words("version -o json").await.unwrap();
    assert!(version.contains(&format!("\"gitVersion\": \"v{KUBERNETES_VERSION}.")), "{version}");

    assert_eq!(kubectl.apply(NODE).await.unwrap(), "node/alone created");
    kubectl.words("create deployment web --image=registry.invalid/web:1 --replicas=3").await.unwrap();
    kubectl.words("wait --for=condition=Available --timeout=60s deployment/web").await.unwrap();
    let audit = std::fs::read_to_string(plane.audit_log()).unwrap();
    assert!(audit.lines().any(|line| line.contains("\"subresource\":\"binding\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_control_planes_are_strangers_to_each_other() {
    let (one, other) =
        tokio::join!(ControlPlane::start("one", Nodes::Absent), ControlPlane::start("other", Nodes::Absent));
    let (one, other) = (one.unwrap(), other.unwrap());
    one.kubectl().words("create namespace only-here").await.unwrap();
    assert_eq!(other.kubectl().words("get namespace only-here").await.unwrap_err().to_string(),
        "kubectl get namespace only-here -o name: Error from server (NotFound): namespaces \"only-here\" not found"
            .replace(" -o name", ""));
    let stranger = other.kubectl().with_kubeconfig(one.kubeconfig());
    stranger.words("get namespace only-here").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn moto_answers_until_it_is_dropped() {
    let folder = RunFolder::new("moto").unwrap();
    let moto = Moto::start(&folder).await.unwrap();
    let address = moto.address();
    assert_eq!(http_status(address, "/moto-api/").await, Some(200));
    drop(moto);
    assert_eq!(http_status(address, "/moto-api/").await, None);
}
