//! Classes: resolved, said to be ready, adopted, and let go when nothing uses them.

use joiner_app::Fact;
use joiner_core::model::*;
use joiner_core::readiness::class::DEPENDENTS;
use joiner_ports::*;

use crate::fake::{Fake, at};
use crate::objects::{claim, class, pool, reported};

const STATUS: &str = r#"{"subnets":[{"id":"subnet-1","zone":"zone-a"}]}"#;

fn world(class: NodeClass) -> Fake {
    Fake::new(|inside| {
        inside.snapshot.node_pools = vec![pool()];
        inside.snapshot.node_classes = vec![class];
        inside.class_status = STATUS.into();
    })
}

fn fresh() -> NodeClass {
    NodeClass { conditions: Vec::new(), finalizers: Vec::new(), hash: "7".into(), ..class() }
}

/// A class of which everything is written already.
fn settled() -> NodeClass {
    let kinds = DEPENDENTS.iter().chain(&["Ready"]);
    let stamps = [(keys::CLASS_HASH, "7"), (keys::CLASS_HASH_VERSION, keys::HASH_VERSION)];
    NodeClass {
        conditions: kinds.map(|kind| reported(kind)).collect(),
        annotations: stamps.map(|(key, value)| (key.into(), value.into())).into(),
        document: format!(r#"{{"spec":{{}},"status":{STATUS}}}"#).into(),
        finalizers: class().finalizers,
        ..fresh()
    }
}

fn look() -> Message {
    Message::ClassChanged { class: "default".into() }
}

fn patches(fake: &Fake) -> Vec<ClassPatch> {
    fake.with(|inside| inside.class_patches.iter().map(|(_, patch)| patch.clone()).collect())
}

// behaviour: classes/finalizer-before-anything-is-made
#[test]
fn a_fresh_class_gets_its_finalizer_then_its_status_and_conditions() {
    let fake = world(fresh());
    let facts = fake.handle(look(), 10);
    let [finalizer, written] = patches(&fake).try_into().unwrap();
    assert_eq!(finalizer, ClassPatch { finalizer: FinalizerChange::Add, ..ClassPatch::default() });
    assert_eq!(written.status.as_deref(), Some(STATUS));
    assert_eq!(written.annotations, settled().annotations);
    assert!(written.conditions.iter().all(|c| c.status == ConditionStatus::True), "{written:?}");
    assert_eq!(
        facts,
        [
            Fact::ClassWritten { class: "default".into(), status: true, conditions: 8 },
            Fact::ClassReady { class: "default".into() },
        ]
    );
    let pool = Message::PoolChanged { pool: "general".into() };
    assert_eq!(fake.sent(), [(pool, Delay::from_secs(1))]);
}

// behaviour: objects/only-what-changed-is-written
#[test]
fn a_class_that_is_as_it_was_is_not_written() {
    let fake = world(settled());
    assert_eq!(fake.handle(look(), 10), []);
    assert_eq!((patches(&fake), fake.sent()), (vec![], vec![]));
}

#[test]
fn other_subnets_have_waiting_pods_looked_at() {
    let fake = world(settled());
    fake.with(|inside| inside.class_status = r#"{"subnets":[{"id":"subnet-2","zone":"zone-b"}]}"#.into());
    fake.handle(look(), 10);
    let again = Message::PodsPending { hint: PendingHint::Again };
    assert_eq!(fake.sent(), [(again, Delay::from_secs(1))]);
}

#[test]
fn what_cannot_be_had_is_said_and_makes_the_class_unready() {
    let fake = world(settled());
    let (reason, message) = ("SubnetsNotFound", "no subnet matches".to_owned());
    let refusal = ClassRefusal { condition: "SubnetsReady", reason, message: message.clone() };
    fake.with(|inside| inside.class_refusals = vec![refusal]);
    let facts = fake.handle(look(), 10);
    assert_eq!(
        facts[0],
        Fact::ClassRefused { class: "default".into(), condition: "SubnetsReady", reason, message }
    );
    let [written] = patches(&fake).try_into().unwrap();
    let turned: Vec<_> = written.conditions.iter().map(|c| (c.kind, &*c.reason)).collect();
    assert_eq!(
        turned,
        [
            ("SubnetsReady", "SubnetsNotFound"),
            ("ValidationSucceeded", "DependenciesNotReady"),
            ("Ready", "UnhealthyDependents"),
        ]
    );
    let events: Vec<_> = fake.with(|inside| inside.events.iter().map(|event| event.reason).collect());
    assert_eq!(events, ["SubnetsReady", "ValidationSucceeded", "Ready"]);
}

#[test]
fn without_permission_what_was_known_stays_and_the_refusal_is_told() {
    let fake = world(settled());
    fake.with(|inside| inside.class_forbidden = true);
    let why = "ec2:DescribeSubnets is not allowed".to_owned();
    assert_eq!(fake.handle(look(), 10), [Fact::ClassUnresolved { class: "default".into(), why }]);
    assert_eq!(patches(&fake), []);
    let events: Vec<_> = fake.with(|inside| inside.events.iter().map(|event| event.reason).collect());
    assert_eq!(events, ["FailedResolvingNodeClass"]);
}

// behaviour: drift/nodes-of-another-hash-version-are-adopted
#[test]
fn claims_of_another_autoscaler_are_taken_over_before_the_class_says_so() {
    let theirs = [(keys::CLASS_HASH.into(), "1".into()), (keys::CLASS_HASH_VERSION.into(), "v6".into())];
    let fake = world(NodeClass { annotations: theirs.clone().into(), ..settled() });
    fake.with(|inside| {
        let annotations = Labels::from(theirs);
        inside.snapshot.node_claims = vec![NodeClaim { annotations, ..claim("a", 1) }];
    });
    let facts = fake.handle(look(), 10);
    assert_eq!(facts[0], Fact::Adopted { owner: "default".into(), claims: 1 });
    let stamped = fake.with(|inside| inside.snapshot.node_claims[0].annotations.clone());
    assert_eq!(stamped, settled().annotations);
}

// behaviour: classes/a-class-in-use-does-not-go
#[test]
fn a_class_goes_once_no_claim_uses_it() {
    let fake = world(NodeClass { deleting: true, ..settled() });
    fake.with(|inside| inside.snapshot.node_claims = vec![claim("a", 1)]);
    assert_eq!(fake.handle(look(), 10), [Fact::ClassInUse { class: "default".into(), claims: 1 }]);
    assert_eq!(fake.with(|inside| inside.released_classes.clone()), [""; 0].map(Into::into));
    fake.with(|inside| inside.snapshot.node_claims.clear());
    assert_eq!(fake.handle(look(), 20), [Fact::ClassReleased { class: "default".into() }]);
    let removed = ClassPatch { finalizer: FinalizerChange::Remove, ..ClassPatch::default() };
    assert_eq!(patches(&fake), [removed]);
    assert_eq!(fake.with(|inside| inside.released_classes.clone()), ["default".into()]);
}

// behaviour: classes/nothing-is-launched-before-a-class-is-resolved
#[test]
fn a_class_that_was_changed_waits_with_launches_until_it_is_resolved_anew() {
    let fake = world(NodeClass { generation: 2, ..settled() });
    let waiting = NodeClaim { provider_id: None, conditions: Vec::new(), ..claim("a", 1) };
    fake.with(|inside| inside.snapshot.node_claims = vec![waiting]);
    let name = ClaimName::new("a").unwrap();
    let facts = fake.handle(Message::ClaimStep { claim: name.clone(), again_until: at(60) }, 10);
    let message = "The EC2NodeClass was changed and is being resolved anew".to_owned();
    let reason = "NodeClassReadinessUnknown".to_owned();
    assert_eq!(facts, [Fact::LaunchFailed { claim: name, reason, message }]);
    fake.with(|inside| assert!(inside.instances.is_empty()));
}

#[test]
fn the_tick_has_a_settled_class_looked_at_now_and_then_and_others_each_time() {
    let owed = |fake: &Fake, second: i64| {
        fake.with(|inside| inside.sent.clear());
        fake.handle(Message::Tick, second);
        fake.sent().iter().filter(|(message, _)| *message == look()).count()
    };
    let fake = world(settled());
    assert_eq!([0, 60, 299, 300, 360].map(|second| owed(&fake, second)), [1, 0, 0, 1, 0]);
    let fake = world(fresh());
    assert_eq!([0, 60].map(|second| owed(&fake, second)), [1, 1]);
}
