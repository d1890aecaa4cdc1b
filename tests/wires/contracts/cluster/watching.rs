//! The watch of the relay over a real API server: what happens is told once, also across a change of guard.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use joiner_kube::{Checkpoint, KubeCluster};
use joiner_ports::{ClusterRead, ClusterWrite, Message, NewClaim};
use tokio::time::Instant;

use super::objects::Names;
use super::snapshot;
use super::wire::{cluster, lay_out, with_crds};

/// Kinds and subjects of messages, until one that is waited for has come.
async fn told(
    cluster: &KubeCluster,
    from: Checkpoint,
    until: impl Fn(&BTreeSet<String>) -> bool,
) -> (BTreeSet<String>, Checkpoint) {
    let mut watch = cluster.watch(from, Instant::now() + Duration::from_secs(30));
    let mut messages = BTreeSet::new();
    while let Some(noticed) = watch.next(Timestamp::now).await.expect("a watch") {
        messages.extend(noticed.messages.iter().map(short));
        if until(&messages) {
            return (messages, noticed.checkpoint);
        }
    }
    panic!("only {messages:?} in 30 s")
}

fn short(message: &Message) -> String {
    let subject = match message {
        Message::PodsPending { .. } => String::new(),
        Message::PodMoved { node } | Message::NodeChanged { node } => format!(" {node}"),
        Message::ClaimStep { claim, .. } => format!(" {claim}"),
        Message::TerminateStep { target, .. } => format!(" {target:?}"),
        Message::PoolChanged { pool } => format!(" {pool}"),
        Message::ClassChanged { class } => format!(" {class}"),
        other => panic!("{other:?} is not of this watch"),
    };
    format!("{}{subject}", message.kind())
}

fn set(texts: &[String]) -> BTreeSet<String> {
    texts.iter().cloned().collect()
}

#[tokio::test]
async fn nothing_is_lost_between_two_watches() {
    let plane = with_crds("cluster-watch").await;
    let (ours, names) = (cluster(&plane).await, Names::of("watch"));
    lay_out(&plane, &names).await;
    let (pool, class, node) = (names.pool(), names.class(), names.node());

    // The first watch begins with what is there.
    let owed = set(&[format!("classChanged {class}"), format!("poolChanged {pool}")]);
    let (first, checkpoint) = told(&ours, Checkpoint::default(), |seen| owed.is_subset(seen)).await;
    assert_eq!(first, owed);

    // What happens while nobody watches is told to the next.
    let uid = snapshot(&ours).await.node_pools[0].uid.clone();
    let (claim, draft) = (names.claim(), names.draft());
    let new = NewClaim { name: &claim, node_pool: &pool, node_pool_uid: &uid, draft: &draft };
    let created = ours.create_claim(new).await.expect("a claim");
    let refused = r#"{"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1"}]}}"#;
    let waiting = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"waiting","namespace":"default"},"spec":{"containers":[{"name":"a","image":"a"}]}}"#;
    let kubectl = plane.kubectl();
    kubectl.apply(waiting).await.expect("a pod");
    kubectl
        .run(&["patch", "pod", "waiting", "--subresource=status", "-p", refused])
        .await
        .expect("a refusal");
    kubectl.words(&format!("delete pod {} --wait=false", names.free_pod().name)).await.expect("a deletion");
    let expected = set(&["podsPending".to_owned(), format!("claimStep {claim}"), format!("podMoved {node}")]);
    let (second, checkpoint) = told(&ours, checkpoint, |seen| expected.is_subset(seen)).await;
    assert_eq!(second, expected);

    // A checkpoint survives being written down.
    let text = serde_json::to_string(&checkpoint).expect("text");
    let checkpoint: Checkpoint = serde_json::from_str(&text).expect("a checkpoint");
    ours.delete_claim(&claim, &created.claim.uid).await.expect("a deletion");
    kubectl.words(&format!("delete node {node}")).await.expect("a deletion");
    let expected =
        set(&[format!("terminateStep Claim(ClaimName(\"{claim}\"))"), format!("nodeChanged {node}")]);
    let (third, _) = told(&ours, checkpoint, |seen| expected.is_subset(seen)).await;
    assert_eq!(third, expected);
    ours.snapshot().await.expect("a snapshot");
}

#[tokio::test]
async fn a_watch_ends_at_its_moment_and_tells_its_place_when_nothing_happens() {
    let plane = with_crds("cluster-quiet").await;
    let ours = cluster(&plane).await;
    let mut watch = ours.watch(Checkpoint::default(), Instant::now() + Duration::from_secs(2));
    let mut last = Checkpoint::default();
    while let Some(noticed) = watch.next(Timestamp::now).await.expect("a watch") {
        assert_eq!(noticed.messages, []);
        last = noticed.checkpoint;
    }
    let text = serde_json::to_string(&last).expect("text");
    for kind in ["pods", "nodes", "nodeclaims", "nodepools", "ec2nodeclasses"] {
        assert!(text.contains(&format!("\"{kind}\":")), "{text}");
    }
}
