//! Pools, classes and events: what they take, and whom they are not taken for.

use joiner_core::model::{ConditionStatus, Labels};
use joiner_ports::{
    ClassPatch, ClusterRead, ClusterWrite, Event, EventKind, FinalizerChange, ObjectCondition, ObjectRef,
    PoolPatch,
};

use super::{ClusterGround, No, refusal, snapshot};

fn ready(generation: i64) -> ObjectCondition {
    ObjectCondition {
        kind: "Ready",
        status: ConditionStatus::True,
        reason: "Ready".into(),
        message: "".into(),
        observed_generation: generation,
    }
}

pub(super) fn pool_patch() -> PoolPatch {
    let cpu = "4".parse().expect("a quantity");
    PoolPatch {
        annotations: Labels::from([("example.com/hash".into(), "1".into())]),
        resources: Some([(joiner_core::model::ResourceName::Cpu, cpu)].into_iter().collect()),
        nodes: Some(1),
        node_class_observed_generation: Some(1),
        conditions: vec![ready(1)],
    }
}

pub(super) fn class_patch() -> ClassPatch {
    ClassPatch {
        annotations: Labels::from([("example.com/hash".into(), "1".into())]),
        finalizer: FinalizerChange::Add,
        status: Some(r#"{"subnets":[{"id":"subnet-1","zone":"zone-a"}]}"#.into()),
        conditions: vec![ready(1)],
    }
}

/// UIDs of the pool and the class of the ground.
pub(super) async fn uids<C: ClusterRead>(ground: &ClusterGround<C>) -> (String, String) {
    let world = snapshot(&ground.cluster).await;
    let pool = world.node_pools.iter().find(|pool| *pool.name == *ground.names.pool()).expect("the pool");
    let class =
        world.node_classes.iter().find(|class| *class.name == *ground.names.class()).expect("the class");
    (pool.uid.to_string(), class.uid.to_string())
}

pub(super) async fn a_pool_or_class_of_another_uid_is_never_touched<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, pool, class) = (&ground.cluster, ground.names.pool(), ground.names.class());
    for name in [pool.as_str(), "no-such-pool"] {
        let gone = No::Gone(format!("NodePool {name}"));
        assert_eq!(refusal(cluster.patch_pool(name, "another", &pool_patch()).await), gone);
    }
    for name in [class.as_str(), "no-such-class"] {
        let gone = No::Gone(format!("EC2NodeClass {name}"));
        assert_eq!(refusal(cluster.patch_class(name, "another", &class_patch()).await), gone);
    }
}

pub(super) async fn pools_and_classes_take_patches<C: ClusterRead + ClusterWrite>(ground: &ClusterGround<C>) {
    let (pool_uid, class_uid) = uids(ground).await;
    let (cluster, pool, class) = (&ground.cluster, ground.names.pool(), ground.names.class());
    for _ in 0..2 {
        cluster.patch_pool(&pool, &pool_uid, &pool_patch()).await.expect("a patch");
        cluster.patch_class(&class, &class_uid, &class_patch()).await.expect("a patch");
    }
    let world = snapshot(cluster).await;
    let pool = world.node_pools.iter().find(|known| *known.name == *pool).expect("the pool");
    let class = world.node_classes.iter().find(|known| *known.name == *class).expect("the class");
    assert!(pool.readiness.is_ready() && class.readiness.is_ready());
}

pub(super) async fn an_event_may_be_told_twice<C: ClusterRead + ClusterWrite>(ground: &ClusterGround<C>) {
    let (uid, _) = uids(ground).await;
    let event = Event {
        about: ObjectRef::NodePool { name: ground.names.pool().into(), uid: uid.into() },
        kind: EventKind::Normal,
        reason: "DisruptionBlocked",
        message: "no allowed disruptions".to_owned(),
        at: jiff::Timestamp::from_second(1_700_000_000).expect("a time"),
        quiet_secs: 60,
    };
    for _ in 0..2 {
        ground.cluster.record(&event).await.expect("an answer");
    }
}
