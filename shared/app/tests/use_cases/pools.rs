//! Pools: ready when their class is, counted, adopted.

use joiner_app::Fact;
use joiner_core::model::*;
use joiner_ports::*;

use crate::fake::Fake;
use crate::objects::{claim, class, node, pool};

fn fresh() -> NodePool {
    NodePool { status: PoolStatus::default(), hash: "7".into(), ..pool() }
}

fn world(class: NodeClass) -> Fake {
    Fake::new(|inside| {
        inside.snapshot.node_pools = vec![fresh()];
        inside.snapshot.node_classes = vec![class];
        inside.snapshot.node_claims = vec![claim("a", 1)];
        inside.snapshot.nodes = vec![node("a", 1)];
    })
}

fn look() -> Message {
    Message::PoolChanged { pool: "general".into() }
}

fn patch(fake: &Fake) -> PoolPatch {
    let [(name, patch)] = fake.with(|inside| inside.pool_patches.clone()).try_into().unwrap();
    assert_eq!(&*name, "general");
    patch
}

// behaviour: pools/pods-are-looked-at-when-a-pool-turns-ready
#[test]
fn a_pool_of_a_ready_class_turns_ready_is_counted_and_has_pods_looked_at() {
    let fake = world(class());
    let facts = fake.handle(look(), 10);
    let patch = patch(&fake);
    let told: Vec<_> = patch.conditions.iter().map(|c| (c.kind, c.status)).collect();
    let (yes, unknown) = (ConditionStatus::True, ConditionStatus::Unknown);
    assert_eq!(
        told,
        [
            ("ValidationSucceeded", yes),
            ("NodeClassReady", yes),
            ("NodeRegistrationHealthy", unknown),
            ("Ready", yes),
        ]
    );
    assert_eq!((patch.nodes, patch.node_class_observed_generation), (Some(1), Some(1)));
    let resources = patch.resources.unwrap().to_string();
    assert_eq!(resources, "cpu 2, ephemeral-storage 0, memory 8Gi, nodes 1, pods 29");
    assert_eq!(patch.annotations.get(keys::POOL_HASH).map(|hash| &**hash), Some("7"));
    let written = Fact::PoolWritten { node_pool: "general".into(), nodes: 1, conditions: 4 };
    assert!(facts.contains(&written), "{facts:?}");
    let again = Message::PodsPending { hint: PendingHint::Again };
    assert_eq!(fake.sent(), [(again, Delay::NONE)]);
}

#[test]
fn a_pool_of_a_class_that_is_not_ready_says_so_and_nobody_looks() {
    let fake = world(NodeClass { conditions: Vec::new(), ..class() });
    fake.handle(look(), 10);
    let told = patch(&fake).conditions;
    let ready = told.iter().find(|condition| condition.kind == "NodeClassReady").unwrap();
    assert_eq!((ready.status, &*ready.reason), (ConditionStatus::False, "NodeClassReadinessUnknown"));
    assert_eq!(fake.sent(), []);
}

// behaviour: drift/nodes-of-another-hash-version-are-adopted
#[test]
fn claims_of_another_autoscaler_are_taken_over() {
    let fake = world(class());
    fake.with(|inside| {
        let own = Labels::from([(keys::POOL_HASH.into(), "1".into())]);
        inside.snapshot.node_claims[0].annotations = own;
    });
    assert_eq!(fake.handle(look(), 10)[0], Fact::Adopted { owner: "general".into(), claims: 1 });
    let stamped = fake.with(|inside| inside.snapshot.node_claims[0].annotations.clone());
    let expected = [(keys::POOL_HASH, "7"), (keys::POOL_HASH_VERSION, keys::HASH_VERSION)];
    assert_eq!(stamped, expected.map(|(key, value)| (key.into(), value.into())).into());
}

#[test]
fn the_tick_has_a_pool_looked_at_that_is_not_up_to_date() {
    let fake = world(class());
    fake.handle(Message::Tick, 60);
    assert!(fake.sent().contains(&(look(), Delay::NONE)));
    let gone = Message::PoolChanged { pool: "gone".into() };
    assert_eq!(fake.handle(gone, 60), []);
}
