//! Pods: asked to leave within their budgets, or made to; and only those that are meant.

use joiner_core::model::{NamespacedName, Pod};
use joiner_ports::{ClusterRead, ClusterWrite, Eviction};

use super::{ClusterGround, snapshot};

async fn pod(cluster: &impl ClusterRead, key: &NamespacedName) -> Option<Pod> {
    snapshot(cluster).await.pods.into_iter().find(|pod| pod.key == *key)
}

pub(super) async fn a_pod_of_another_uid_is_never_touched<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let cluster = &ground.cluster;
    let known = ground.names.free_pod();
    let absent = NamespacedName { namespace: "default".into(), name: "no-such-pod".into() };
    for key in [&known, &absent] {
        assert_eq!(cluster.evict(key, "another").await.expect("an answer"), Eviction::Gone);
        cluster.delete_pod(key, "another", 0).await.expect("nothing to do");
    }
    assert!(pod(cluster, &known).await.is_some_and(|pod| pod.deletion_at.is_none()));
}

pub(super) async fn an_evicted_pod_is_seen_to_go<C: ClusterRead + ClusterWrite>(ground: &ClusterGround<C>) {
    let (cluster, key) = (&ground.cluster, ground.names.free_pod());
    let before = pod(cluster, &key).await.expect("the pod");
    assert_eq!(cluster.evict(&key, &before.uid).await.expect("an answer"), Eviction::Evicted);
    assert!(pod(cluster, &key).await.is_none_or(|pod| pod.deletion_at.is_some()));
}

pub(super) async fn a_budget_blocks_an_eviction_and_no_deletion<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, key) = (&ground.cluster, ground.names.held_pod());
    let before = pod(cluster, &key).await.expect("the pod");
    let answer = cluster.evict(&key, &before.uid).await.expect("an answer");
    assert!(matches!(answer, Eviction::Blocked { .. }), "{answer:?}");
    assert!(pod(cluster, &key).await.is_some_and(|pod| pod.deletion_at.is_none()));
    for _ in 0..2 {
        cluster.delete_pod(&key, &before.uid, 1).await.expect("a deletion");
    }
    assert!(pod(cluster, &key).await.is_none_or(|pod| pod.deletion_at.is_some()));
}
