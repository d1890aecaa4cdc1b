//! Does a pass launch what waits, once, whatever died before it, and say why when it does not?

use jiff::SignedDuration;
use joiner_app::Fact;
use joiner_core::model::{NodeClaim, Unavailable};
use joiner_core::scheduling::reason::WhyNot;
use joiner_ports::*;

use crate::fake::{Fake, Inside, at, offering_key};
use crate::objects::{class, instance_type, pod, pool};

fn due() -> Message {
    Message::PodsPending { hint: PendingHint::WindowDue }
}

/// A pool, a class and a type, and pods that have waited for long enough by second 100.
fn waiting(pods: &[&str]) -> impl FnOnce(&mut Inside) {
    let pods = pods.iter().map(|name| pod(name)).collect();
    |inside| {
        inside.types = vec![instance_type()];
        inside.snapshot.node_pools = vec![pool()];
        inside.snapshot.node_classes = vec![class()];
        inside.snapshot.pods = pods;
        inside.window = Some(BatchWindow { first_seen: at(90), last_seen: at(95) });
    }
}

fn launches(facts: &[Fact]) -> usize {
    facts.iter().filter(|fact| matches!(fact, Fact::Launched { .. })).count()
}

fn claims(fake: &Fake) -> Vec<NodeClaim> {
    fake.with(|inside| inside.snapshot.node_claims.clone())
}

#[test]
fn pods_that_wait_get_a_claim_and_an_instance_and_nothing_stays_open() {
    let fake = Fake::new(waiting(&["a", "b"]));
    let facts = fake.handle(due(), 100);
    assert_eq!((launches(&facts), claims(&fake).len()), (1, 1));
    assert_eq!(claims(&fake)[0].provider_id.as_deref(), Some("aws:///zone-a/i-0"));
    fake.with(|inside| {
        assert!(inside.intents.is_empty());
        assert_eq!((inside.window, inside.lease), (None, None));
        assert_eq!(inside.nominations.len(), 1);
    });
    assert!(fake.sent().iter().any(|(message, _)| matches!(message, Message::ClaimStep { .. })));
}

#[test]
fn an_open_window_is_looked_at_again_when_it_ends() {
    let fake = Fake::new(waiting(&["a"]));
    let hint = PendingHint::Pod { namespace: "default".into(), name: "a".into() };
    let facts = fake.handle(Message::PodsPending { hint }, 96);
    assert_eq!(facts, [Fact::WindowOpen { until: at(97) }]);
    assert_eq!(fake.sent(), [(due(), Delay::from_secs(1))]);
}

#[test]
fn a_busy_lease_is_waited_for() {
    let lease = Lease { fence: Fence(1), acquired_at: at(99), expires_at: at(159) };
    let fake = Fake::new(|inside| {
        waiting(&["a"])(inside);
        inside.lease = Some(lease);
    });
    assert_eq!(fake.handle(due(), 100), [Fact::LeaseBusy { until: at(159) }]);
    assert_eq!(fake.sent(), [(due(), Delay::from_secs(2))]);
    assert_eq!(launches(&fake.handle(due(), 159)), 1, "one past its term passes on");
}

// behaviour: provisioning/an-incomplete-view-decides-nothing
#[test]
fn an_incomplete_view_decides_nothing_and_is_looked_at_again() {
    let fake = Fake::new(|inside| {
        waiting(&["a"])(inside);
        inside.missing = Some("pods".to_owned());
    });
    assert_eq!(fake.handle(due(), 100), [Fact::Incomplete { why: "pods".to_owned() }]);
    assert_eq!(fake.sent(), [(due(), Delay::from_secs(2))]);
    fake.with(|inside| {
        assert!(inside.intents.is_empty() && inside.window.is_some());
        inside.missing = None;
    });
    assert_eq!(launches(&fake.handle(due(), 102)), 1);
}

// behaviour: provisioning/without-a-pool-nothing-is-launched-and-that-is-said
#[test]
fn without_a_pool_nothing_is_launched_and_every_pod_says_so() {
    let fake = Fake::new(|inside| {
        waiting(&["a"])(inside);
        inside.snapshot.node_pools.clear();
    });
    let facts = fake.handle(due(), 100);
    let unschedulable = Fact::Unschedulable { pod: pod("a").key, why: WhyNot::NoNodePool };
    assert!(facts.contains(&Fact::NoNodePools) && facts.contains(&unschedulable), "{facts:?}");
    assert!(claims(&fake).is_empty());
}

// behaviour: provisioning/refused-capacity-is-marked-for-three-minutes
#[test]
fn refused_capacity_is_marked_and_the_claim_goes() {
    let fake = Fake::new(|inside| {
        waiting(&["a"])(inside);
        inside.no_capacity = true;
    });
    let facts = fake.handle(due(), 100);
    let refused = vec![Unavailable::Offering(offering_key())];
    assert!(facts.iter().any(|fact| matches!(fact, Fact::NoCapacity { refused: r, .. } if *r == refused)));
    let until = at(100) + SignedDuration::from_mins(3);
    fake.with(|inside| {
        let mark = UnavailableUntil { what: refused[0].clone(), until };
        assert_eq!(inside.marks, [mark]);
        assert!(inside.intents.is_empty());
        assert!(inside.snapshot.node_claims.iter().all(|claim| claim.deletion_at.is_some()));
        inside.snapshot.node_claims.clear();
        inside.sent.clear();
        inside.no_capacity = false;
    });
    let again = Message::PodsPending { hint: PendingHint::Again };
    fake.handle(again.clone(), 101);
    assert_eq!(launches(&fake.handle(due(), 103)), 0, "it is the only way to buy");
    assert!(fake.sent().contains(&(again.clone(), Delay::from_secs(177))), "until the mark ends");
    fake.handle(again, 280);
    assert_eq!(launches(&fake.handle(due(), 282)), 1);
}

/// An intent that a run committed before it died, for a pod.
fn committed(inside: &mut Inside, phase: IntentPhase) -> ClaimName {
    let name = ClaimName::new("general-dead").unwrap();
    let claim =
        NodeClaim { provider_id: None, conditions: vec![], ..crate::objects::claim("general-dead", 7) };
    let intent = LaunchIntent {
        claim: name.clone(),
        node_pool: "general".into(),
        node_pool_uid: "general-uid".into(),
        draft: joiner_core::in_flight::draft_of(&claim),
        pods: vec![pod("a").key],
        decided_at: at(60),
        phase,
    };
    inside.intents.insert(name.clone(), intent);
    name
}

// behaviour: provisioning/pods-of-open-intents-are-not-planned-again
#[test]
fn what_a_dead_run_committed_is_launched_and_its_pods_get_no_second_machine() {
    let fake = Fake::new(|inside| {
        waiting(&["a"])(inside);
        committed(inside, IntentPhase::Committed);
    });
    let facts = fake.handle(due(), 100);
    assert_eq!(launches(&facts), 1);
    let names: Vec<_> = claims(&fake).into_iter().map(|claim| claim.name.to_string()).collect();
    assert_eq!(names, ["general-dead"]);
}

// behaviour: provisioning/an-intent-whose-claim-is-gone-is-closed
#[test]
fn an_intent_whose_claim_was_deleted_is_closed_and_not_launched() {
    let fake = Fake::new(|inside| {
        waiting(&[])(inside);
        committed(inside, IntentPhase::Created { claim_uid: "gone".into() });
    });
    let facts = fake.handle(due(), 100);
    let closed = Fact::IntentClosed { claim: ClaimName::new("general-dead").unwrap() };
    assert!(facts.contains(&closed), "{facts:?}");
    fake.with(|inside| assert!(inside.instances.is_empty() && inside.intents.is_empty()));
}

// behaviour: provisioning/one-token-per-claim
#[test]
fn a_launch_whose_answer_was_lost_is_found_again_under_its_token() {
    let fake = Fake::new(waiting(&["a"]));
    fake.handle(due(), 100);
    let claim = ClaimName::new(&claims(&fake)[0].name).unwrap();
    // The run died after the launch: the claim knows nothing of it.
    fake.with(|inside| {
        let claim = &mut inside.snapshot.node_claims[0];
        claim.provider_id = None;
        claim.conditions.clear();
        claim.created_at = Some(at(100));
    });
    fake.handle(Message::ClaimStep { claim, again_until: at(160) }, 110);
    assert_eq!(claims(&fake)[0].provider_id.as_deref(), Some("aws:///zone-a/i-0"));
    assert_eq!(fake.with(|inside| inside.instances.len()), 1);
}

// behaviour: provisioning/an-instance-whose-claim-went-is-terminated
#[test]
fn an_instance_whose_claim_went_during_the_launch_is_terminated_at_once() {
    let fake = Fake::new(|inside| {
        waiting(&["a"])(inside);
        inside.delete_on_launch = true;
    });
    let facts = fake.handle(due(), 100);
    assert_eq!(launches(&facts), 0);
    fake.with(|inside| {
        assert_eq!(inside.terminated, [InstanceId::new("i-0").unwrap()]);
        assert!(inside.intents.is_empty());
    });
}
