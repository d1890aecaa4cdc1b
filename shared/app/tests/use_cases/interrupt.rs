//! What EC2 announces: whose instance it is, what is marked, and how soon a claim goes.

use joiner_app::Fact;
use joiner_core::model::*;
use joiner_core::termination::DEADLINE_ANNOTATION;
use joiner_ports::*;

use crate::fake::{Fake, at};
use crate::objects::{claim, class, node, pool};

fn world(fill: impl FnOnce(&mut NodeClaim)) -> Fake {
    Fake::new(|inside| {
        let mut own = claim("a", 1);
        own.labels.insert(keys::INSTANCE_TYPE.into(), "m5.large".into());
        own.labels.insert(keys::ZONE.into(), "zone-a".into());
        fill(&mut own);
        inside.snapshot.node_claims = vec![own];
        inside.snapshot.nodes = vec![node("a", 1)];
        inside.snapshot.node_pools = vec![pool()];
        inside.snapshot.node_classes = vec![class()];
    })
}

fn announce(id: &str, event: InterruptionKind) -> Message {
    Message::Interruption { instance: InstanceId::new(id).unwrap(), event, at: at(100) }
}

fn leaves() -> (Message, Delay) {
    let target = Target::Claim(ClaimName::new("a").unwrap());
    (Message::TerminateStep { target, again_until: at(161) }, Delay::NONE)
}

fn reasons(fake: &Fake) -> Vec<&'static str> {
    fake.with(|inside| inside.events.iter().map(|event| event.reason).collect())
}

#[test]
fn a_spot_interruption_marks_the_offering_and_drains_the_claim() {
    let fake = world(|_| {});
    let facts = fake.handle(announce("i-1", InterruptionKind::SpotInterruption), 101);
    let (name, instance) = (ClaimName::new("a").unwrap(), InstanceId::new("i-1").unwrap());
    assert_eq!(
        facts,
        [
            Fact::Noticed { claim: name.clone(), instance, reason: "spot_interrupted" },
            Fact::ClaimDisrupted {
                claim: name,
                node_pool: Some("general".into()),
                reason: "spot_interrupted".into()
            },
        ]
    );
    assert_eq!(fake.sent(), [leaves()]);
    let told = ["SpotInterrupted", "TerminatingOnInterruption"];
    assert_eq!(reasons(&fake), [told, told].concat(), "on the claim and on its node");
    fake.with(|inside| {
        let what = Unavailable::Offering(OfferingKey {
            instance_type: "m5.large".into(),
            zone: "zone-a".into(),
            capacity_type: CapacityType::Spot,
        });
        assert_eq!(inside.marks, [UnavailableUntil { what, until: at(281) }]);
        let gone = &inside.snapshot.node_claims[0];
        assert_eq!((gone.deletion_at, gone.annotations.clone()), (Some(at(1)), Labels::new()));
    });
}

#[test]
fn a_rebalance_recommendation_is_told_and_nothing_else() {
    let fake = world(|_| {});
    fake.handle(announce("i-1", InterruptionKind::RebalanceRecommendation), 101);
    assert_eq!(reasons(&fake), ["SpotRebalanceRecommendation"; 2]);
    assert_eq!((fake.sent(), fake.with(|inside| inside.marks.clone())), (vec![], vec![]));
    assert_eq!(fake.with(|inside| inside.snapshot.node_claims[0].deletion_at), None);
}

// behaviour: interruption/failed-status-checks-force
#[test]
fn failed_status_checks_give_a_deadline_that_is_over() {
    let fake = world(|_| {});
    fake.handle(announce("i-1", InterruptionKind::StatusCheckFailed), 101);
    fake.with(|inside| {
        let gone = &inside.snapshot.node_claims[0];
        let deadline = gone.annotations.get(DEADLINE_ANNOTATION).map(|text| text.to_string());
        assert_eq!((gone.deletion_at, deadline), (Some(at(1)), Some(at(101).to_string())));
    });
}

// behaviour: interruption/instances-of-others-are-left-alone
#[test]
fn instances_of_others_and_states_on_the_way_up_are_left_alone() {
    let fake = world(|_| {});
    let other = InstanceId::new("i-9").unwrap();
    let facts = fake.handle(announce("i-9", InterruptionKind::SpotInterruption), 101);
    assert_eq!(facts, [Fact::NotOurs { instance: other }]);
    let running = InterruptionKind::StateChange { state: "running".into() };
    assert_eq!(fake.handle(announce("i-1", running), 101), []);
    assert_eq!((fake.sent(), reasons(&fake)), (vec![], vec![]));
}

#[test]
fn the_end_of_an_instance_hastens_a_claim_that_goes_already() {
    let fake = world(|claim| claim.deletion_at = Some(at(50)));
    let ended = InterruptionKind::StateChange { state: "terminated".into() };
    assert_eq!(fake.handle(announce("i-1", ended), 101), []);
    assert_eq!((fake.sent(), reasons(&fake)), (vec![leaves()], vec![]));
}

#[test]
fn an_incomplete_view_is_asked_again_while_that_can_help() {
    let fake = world(|_| {});
    fake.with(|inside| inside.missing = Some("nodes".to_owned()));
    let message = announce("i-1", InterruptionKind::SpotInterruption);
    let incomplete = [Fact::Incomplete { why: "nodes".to_owned() }];
    assert_eq!(fake.handle(message.clone(), 101), incomplete);
    assert_eq!(fake.sent(), [(message.clone(), Delay::from_secs(2))]);
    assert_eq!(fake.handle(message, 300), incomplete);
    assert_eq!(fake.sent().len(), 1, "the instance is gone by then");
}
