//! Nodes: labels, taints and the finalizer; and how a machine is put together.

use joiner_core::model::{Labels, Node, TaintEffect, keys};
use joiner_ports::{ClaimPatch, ClusterRead, ClusterWrite, FinalizerChange, Machine, NodePatch, Target};

use super::objects::taint;
use super::{ClusterGround, No, claims, new_claim, refusal, snapshot};

async fn node<C: ClusterRead>(ground: &ClusterGround<C>) -> Option<Node> {
    let name = ground.names.node();
    let world = snapshot(&ground.cluster).await;
    let machine = ground.cluster.machine(&Target::Node(name.as_str().into())).await.expect("an answer");
    let seen = world.nodes.into_iter().find(|node| *node.name == *name);
    assert_eq!(machine.map(|machine| machine.nodes), seen.clone().map(|node| vec![node]));
    seen
}

pub(super) async fn a_node_is_labelled_tainted_and_let_go<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, name) = (&ground.cluster, ground.names.node());
    let before = node(ground).await.expect("the node");
    let first = NodePatch {
        labels: Labels::from([("example.com/new".into(), "1".into())]),
        annotations: Labels::from([("example.com/note".into(), "x".into())]),
        finalizer: FinalizerChange::Add,
        add_taints: vec![
            taint(keys::DISRUPTED_TAINT, "", TaintEffect::NoSchedule),
            taint("example.com/own", "a", TaintEffect::NoSchedule),
        ],
        ..NodePatch::default()
    };
    cluster.patch_node(&name, &before.uid, &first).await.expect("a patch");
    let mut expected = before.clone();
    expected.labels.insert("example.com/new".into(), "1".into());
    expected.annotations.insert("example.com/note".into(), "x".into());
    expected.finalizers.push(keys::TERMINATION_FINALIZER.into());
    expected.taints.extend(first.add_taints.clone());
    assert_eq!(node(ground).await, Some(expected.clone()));
    let second = NodePatch {
        add_taints: vec![taint("example.com/own", "b", TaintEffect::NoSchedule)],
        remove_taints: vec![taint(keys::DISRUPTED_TAINT, "", TaintEffect::NoSchedule)],
        ..NodePatch::default()
    };
    cluster.patch_node(&name, &before.uid, &second).await.expect("a patch");
    expected.taints = [before.taints, second.add_taints].concat();
    assert_eq!(node(ground).await, Some(expected));

    cluster.delete_node(&name, &before.uid).await.expect("a deletion");
    let going = node(ground).await.expect("the node, for its finalizer");
    assert!(going.deletion_at.is_some());
    let release = NodePatch { finalizer: FinalizerChange::Remove, ..NodePatch::default() };
    cluster.patch_node(&name, &before.uid, &release).await.expect("a patch");
    assert_eq!(node(ground).await, None);
    cluster.delete_node(&name, &before.uid).await.expect("nothing to do");
}

pub(super) async fn a_node_of_another_uid_is_never_touched<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, name) = (&ground.cluster, ground.names.node());
    let before = node(ground).await.expect("the node");
    let patch =
        NodePatch { labels: Labels::from([("example.com/new".into(), "1".into())]), ..NodePatch::default() };
    for absent in [name.as_str(), "no-such-node"] {
        let gone = No::Gone(format!("Node {absent}"));
        assert_eq!(refusal(cluster.patch_node(absent, "another", &patch).await), gone);
        cluster.delete_node(absent, "another").await.expect("nothing to do");
    }
    assert_eq!(node(ground).await, Some(before));
}

pub(super) async fn a_machine_is_a_claim_with_the_nodes_of_its_provider_id<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, name) = (&ground.cluster, ground.names.claim());
    let created = claims::create(ground).await;
    let machine = cluster.machine(&Target::Claim(name.clone())).await.expect("an answer");
    let alone = Machine { claim: Some(new_claim(&created).clone()), ..Machine::default() };
    assert_eq!(machine, Some(alone));
    let patch = ClaimPatch { provider_id: Some(ground.names.provider_id().into()), ..ClaimPatch::default() };
    let claim = cluster.patch_claim(&name, &created.claim.uid, &patch).await.expect("a patch");
    let node = node(ground).await.expect("the node");
    let by_node = Target::Node(ground.names.node().into());
    for target in [Target::Claim(name), by_node] {
        let machine = cluster.machine(&target).await.expect("an answer").expect("the machine");
        assert_eq!(
            (machine.claim.as_ref(), machine.nodes.as_slice()),
            (Some(&claim), [node.clone()].as_slice())
        );
        let mut pods: Vec<_> = machine.pods.iter().map(|pod| pod.key.clone()).collect();
        pods.sort();
        assert_eq!(pods, [ground.names.free_pod(), ground.names.held_pod()]);
    }
    let nobody = cluster.machine(&Target::Node("no-such-node".into())).await.expect("an answer");
    assert_eq!(nobody, None);
}
