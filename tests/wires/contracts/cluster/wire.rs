//! The contract over a real API server, and what only such a one can show.

use std::sync::atomic::{AtomicUsize, Ordering};

use joiner_core::model::{ConditionStatus, Labels, TaintEffect};
use joiner_kube::{BearerToken, KubeCluster, KubeEndpoint, TokenSource};
use joiner_ports::error::BoxError;
use joiner_ports::{ClusterRead, ClusterWrite, Completeness, Event, EventKind, NodePatch, ObjectRef};
use joiner_wires::control_plane::{ControlPlane, Nodes};
use serde_json::Value;

use super::objects::{Names, manifests, taint};
use super::pools::{class_patch, pool_patch, uids};
use super::{ClusterGround, No, every_claim, refusal, snapshot};

const CRDS: [&str; 4] = [
    include_str!("../../../../infra/crds/nodepools.karpenter.sh.yaml"),
    include_str!("../../../../infra/crds/nodeclaims.karpenter.sh.yaml"),
    include_str!("../../../../infra/crds/ec2nodeclasses.karpenter.k8s.aws.yaml"),
    include_str!("../../../../infra/crds/nodeoverlays.karpenter.sh.yaml"),
];

/// Pods need the account of their namespace, which a controller makes that does not run here.
const ACCOUNT: &str = r#"{"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "default", "namespace": "default"}}"#;

async fn plane(name: &str) -> ControlPlane {
    let plane = ControlPlane::start(name, Nodes::Absent).await.expect("a control plane");
    plane.kubectl().apply(ACCOUNT).await.expect("an account");
    plane
}

pub(super) async fn with_crds(name: &str) -> ControlPlane {
    let plane = plane(name).await;
    apply_crds(&plane).await;
    plane
}

async fn apply_crds(plane: &ControlPlane) {
    plane.kubectl().apply(&CRDS.join("\n---\n")).await.expect("CRDs");
    // A new kind is known before it is served, and served anew while the others come.
    let mut served = 0;
    for _ in 0..600 {
        let view = cluster(plane).await.snapshot().await;
        let is_complete = view.is_ok_and(|view| view.completeness == Completeness::Complete);
        served = if is_complete { served + 1 } else { 0 };
        if served == 10 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the CRDs are not served after a minute");
}

pub(super) async fn cluster(plane: &ControlPlane) -> KubeCluster {
    KubeCluster::from_kubeconfig(plane.kubeconfig(), None).await.expect("a client")
}

/// Applies the objects of a claim. Its pods run and its budget allows nothing, as kubelet and controller would have it.
pub(super) async fn lay_out(plane: &ControlPlane, names: &Names) {
    let kubectl = plane.kubectl();
    kubectl.apply(&manifests(names)).await.expect("objects");
    let running = r#"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"#;
    for pod in [names.free_pod(), names.held_pod()] {
        let patch = ["patch", "pod", &pod.name, "--subresource=status", "-p", running];
        kubectl.run(&patch).await.expect("a running pod");
    }
    let spent = r#"{"status":{"observedGeneration":1,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1,"disruptionsAllowed":0}}"#;
    let held = names.held_pod();
    let patch = ["patch", "pdb", &held.name, "--subresource=status", "--type=merge", "-p", spent];
    kubectl.run(&patch).await.expect("a spent budget");
}

#[tokio::test]
async fn the_api_server_keeps_the_contract() {
    let plane = with_crds("cluster-contract").await;
    macro_rules! run {
        ($part:ident::$claim:ident) => {
            let names = Names::of(stringify!($claim));
            lay_out(&plane, &names).await;
            let ground = ClusterGround { cluster: cluster(&plane).await, names };
            super::$part::$claim(&ground).await;
        };
    }
    every_claim!(run);
}

// behaviour: cluster/missing-optional-kinds-are-empty
#[tokio::test]
async fn a_view_without_the_crds_is_partial_and_names_them() {
    let plane = plane("cluster-partial").await;
    let cluster = cluster(&plane).await;
    let view = cluster.snapshot().await.expect("a view");
    let lack = |kind: &str| format!("{kind} is not known to the API server; apply the CRDs of this release");
    let why = ["nodeclaims.karpenter.sh", "nodepools.karpenter.sh", "ec2nodeclasses.karpenter.k8s.aws"];
    let why = why.map(lack).join("; ");
    assert_eq!(view.completeness, Completeness::Partial { why });
    apply_crds(&plane).await;
    snapshot(&cluster).await;
}

#[tokio::test]
async fn a_warm_snapshot_shows_what_others_did_meanwhile() {
    let plane = with_crds("cluster-warm").await;
    let (ours, theirs) = (cluster(&plane).await, cluster(&plane).await);
    let names = Names::of("warm");
    lay_out(&plane, &names).await;
    assert_eq!(snapshot(&ours).await.nodes.len(), 1);
    for round in 0..20 {
        let world = snapshot(&theirs).await;
        let patch = NodePatch {
            labels: Labels::from([("example.com/round".into(), round.to_string().into())]),
            ..NodePatch::default()
        };
        theirs.patch_node(&names.node(), &world.nodes[0].uid, &patch).await.expect("a patch");
        let label = |nodes: &[joiner_core::model::Node]| nodes[0].labels.get("example.com/round").cloned();
        // A watch does not say where it ends: what was written milliseconds ago may need one more look.
        let mut looks = 0;
        while label(&snapshot(&ours).await.nodes) != Some(round.to_string().into()) {
            looks += 1;
            assert!(looks < 5, "round {round} is not seen");
        }
    }
    plane.kubectl().words("delete pod --all --grace-period=0 --force").await.expect("a deletion");
    let mut world = snapshot(&ours).await;
    for _ in 0..5 {
        if world.pods.is_empty() {
            break;
        }
        world = snapshot(&ours).await;
    }
    assert_eq!(world.pods, []);
    let cold = snapshot(&cluster(&plane).await).await;
    assert_eq!((world.nodes, world.node_pools), (cold.nodes, cold.node_pools));
}

// behaviour: cluster/lists-are-never-overwritten-unseen
#[tokio::test]
async fn of_two_who_rewrite_the_taints_of_a_node_one_is_refused_or_both_are_kept() {
    let plane = with_crds("cluster-conflict").await;
    let cluster = cluster(&plane).await;
    let names = Names::of("conflict");
    lay_out(&plane, &names).await;
    let uid = snapshot(&cluster).await.nodes[0].uid.to_string();
    let node = names.node();
    let mut written = Vec::new();
    for round in 0..10 {
        let taint = |who: &str| taint(&format!("example.com/{who}-{round}"), "", TaintEffect::NoSchedule);
        let patch = |who: &str| NodePatch { add_taints: vec![taint(who)], ..NodePatch::default() };
        let (one, other) = (patch("one"), patch("other"));
        let answers =
            tokio::join!(cluster.patch_node(&node, &uid, &one), cluster.patch_node(&node, &uid, &other));
        for (who, answer) in [("one", answers.0), ("other", answers.1)] {
            match answer {
                Ok(()) => written.push(taint(who)),
                refused => assert_eq!(refusal(refused), No::Conflict(format!("Node {node}"))),
            }
        }
    }
    let mut seen = snapshot(&cluster).await.nodes.remove(0).taints;
    // The API server adds one of its own to a node that no kubelet has spoken for.
    seen.retain(|taint| taint.key.starts_with("example.com/"));
    seen.sort_by(|a, b| a.key.cmp(&b.key));
    written.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(seen, written);
    assert!(written.len() >= 10, "{} of 20 were written", written.len());
}

#[tokio::test]
async fn pools_and_classes_are_written_as_kubectl_shows_them() {
    let plane = with_crds("cluster-status").await;
    let names = Names::of("status");
    lay_out(&plane, &names).await;
    let ground = ClusterGround { cluster: cluster(&plane).await, names };
    let (pool_uid, class_uid) = uids(&ground).await;
    let (pool, class) = (ground.names.pool(), ground.names.class());
    ground.cluster.patch_pool(&pool, &pool_uid, &pool_patch()).await.expect("a patch");
    ground.cluster.patch_class(&class, &class_uid, &class_patch()).await.expect("a patch");
    let shown = plane.kubectl().json(&format!("nodepool {pool}")).await.expect("the pool");
    let since = times(&shown);
    assert_eq!(shown["status"]["resources"]["cpu"], "4");
    assert_eq!(
        (&shown["status"]["nodes"], &shown["metadata"]["annotations"]["example.com/hash"]),
        (&1.into(), &"1".into())
    );
    // The truth stays, and so does its time; the rest of the status is replaced.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let mut again = pool_patch();
    again.conditions[0].message = "still".into();
    ground.cluster.patch_pool(&pool, &pool_uid, &again).await.expect("a patch");
    let shown = plane.kubectl().json(&format!("nodepool {pool}")).await.expect("the pool");
    assert_eq!((times(&shown), &shown["status"]["conditions"][0]["message"]), (since, &"still".into()));
    let mut again = class_patch();
    again.status = Some(r#"{"amis":[{"id":"ami-1","requirements":[]}]}"#.into());
    again.conditions[0].status = ConditionStatus::False;
    ground.cluster.patch_class(&class, &class_uid, &again).await.expect("a patch");
    let shown = plane.kubectl().json(&format!("ec2nodeclass {class}")).await.expect("the class");
    assert_eq!(shown["status"]["subnets"], Value::Null);
    assert_eq!(shown["status"]["amis"][0]["id"], "ami-1");
    assert_eq!(shown["status"]["conditions"][0]["status"], "False");
    assert_eq!(shown["metadata"]["finalizers"], serde_json::json!(["karpenter.k8s.aws/termination"]));
}

fn times(shown: &Value) -> Vec<String> {
    let conditions = shown["status"]["conditions"].as_array().expect("conditions");
    conditions.iter().map(|condition| condition["lastTransitionTime"].to_string()).collect()
}

// behaviour: cluster/events-are-quiet-across-processes
#[tokio::test]
async fn two_processes_write_an_event_once_in_its_quiet_time() {
    let plane = with_crds("cluster-events").await;
    let event = |second: i64, message: &str| Event {
        about: ObjectRef::Node { name: "n".into(), uid: "n-uid".into() },
        kind: EventKind::Warning,
        reason: "FailedDraining",
        message: message.to_owned(),
        at: jiff::Timestamp::from_second(1_699_999_980 + second).expect("a time"),
        quiet_secs: 60,
    };
    for (second, message) in [(0, "first"), (59, "second"), (60, "third")] {
        cluster(&plane).await.record(&event(second, message)).await.expect("an answer");
    }
    let shown = plane.kubectl().items("events").await.expect("events");
    let mut messages: Vec<&str> = shown.iter().filter_map(|event| event["message"].as_str()).collect();
    messages.sort_unstable();
    assert_eq!(messages, ["first", "third"]);
    assert_eq!(shown[0]["involvedObject"]["name"], "n");
}

#[tokio::test]
async fn rights_that_are_missing_are_told_one_by_one() {
    let plane = with_crds("cluster-rights").await;
    assert_eq!(cluster(&plane).await.missing_rights().await.expect("an answer"), []);
    let stranger = plane.kubeconfig_for("stranger", "stranger", &[]).expect("a kubeconfig");
    let stranger = KubeCluster::from_kubeconfig(&stranger, None).await.expect("a client");
    let missing = stranger.missing_rights().await.expect("an answer");
    let told: Vec<String> =
        missing.iter().map(|(rule, verbs)| format!("{rule}: {}", verbs.join(","))).collect();
    assert_eq!(told[0], "list,watch pods (pods that wait, and pods on nodes): list,watch");
    let view = stranger.snapshot().await.expect("a view");
    let Completeness::Partial { why } = view.completeness else { panic!("nothing may be read") };
    assert!(
        why.contains("pods is forbidden") && why.contains("apply the ClusterRole of this release"),
        "{why}"
    );
}

/// A first token that is wrong, and good ones after it.
struct Tokens {
    good: String,
    asked: AtomicUsize,
}

impl TokenSource for &'static Tokens {
    async fn token(&self) -> Result<BearerToken, BoxError> {
        let secret = match self.asked.fetch_add(1, Ordering::Relaxed) {
            0 => "wrong".to_owned(),
            _ => self.good.clone(),
        };
        Ok(BearerToken { secret, expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10) })
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once() {
    let plane = with_crds("cluster-tokens").await;
    let kubectl = plane.kubectl();
    let grant = "create clusterrolebinding all --clusterrole=cluster-admin --serviceaccount=default:default";
    kubectl.words(grant).await.expect("rights");
    let good = kubectl.words("create token default").await.expect("a token").trim().to_owned();
    let tokens: &'static Tokens = Box::leak(Box::new(Tokens { good, asked: AtomicUsize::new(0) }));
    let endpoint = KubeEndpoint { url: plane.server().to_owned(), ca_pem: plane.ca_pem().to_owned() };
    let cluster = KubeCluster::connect(&endpoint, tokens).expect("a client");
    snapshot(&cluster).await;
    assert_eq!(tokens.asked.load(Ordering::Relaxed), 2);
}
