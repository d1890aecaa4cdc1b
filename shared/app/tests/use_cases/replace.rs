//! Does a node go only once what takes its place is usable, and is everything taken back when that will not come?

use std::sync::Arc;

use joiner_app::Fact;
use joiner_core::eviction::disrupted_taint;
use joiner_core::model::{
    Allowed, Condition, ConditionKind, ConditionStatus, InstanceType, NodeClaim, Price, Requirement, keys,
};
use joiner_ports::*;

use crate::fake::{Fake, Inside, at, offering_key};
use crate::objects::{claim, class, instance_type, node, pool, running};

/// The type of the node there is: the same but dearer.
fn dear_type() -> InstanceType {
    let mut dear = InstanceType { name: "z9.large".into(), ..instance_type() };
    dear.requirements = instance_type()
        .requirements
        .iter()
        .map(|requirement| match requirement.key.as_str() {
            keys::INSTANCE_TYPE => Requirement::new(keys::INSTANCE_TYPE, Allowed::one("z9.large")),
            _ => requirement.clone(),
        })
        .collect();
    dear.offerings[0].price = Price::from_usd_per_hour(0.5);
    dear
}

/// A dear node with one pod that fits on a cheaper type.
fn one_dear_node(inside: &mut Inside) {
    inside.types = vec![instance_type(), dear_type()];
    inside.types.sort_by(|a, b| a.name.cmp(&b.name));
    inside.snapshot.node_pools = vec![pool()];
    inside.snapshot.node_classes = vec![class()];
    inside.snapshot.node_claims = vec![claim("n", 0)];
    let mut node = node("n", 0);
    let bought: [(&str, Arc<str>); 3] = [
        (keys::INSTANCE_TYPE, "z9.large".into()),
        (keys::ZONE, offering_key().zone),
        (keys::CAPACITY_TYPE, "on-demand".into()),
    ];
    node.labels.extend(bought.map(|(key, value)| (key.into(), value)));
    inside.snapshot.nodes = vec![node];
    inside.snapshot.pods = vec![running("web", "n")];
}

/// The step of the command that a tick at second 100 proposed.
fn proposed(fake: &Fake) -> Message {
    let facts = fake.handle(Message::DisruptTick { again_until: at(160) }, 100);
    let command = facts.iter().find_map(|fact| match fact {
        Fact::CommandProposed { command, due_at, .. } if *due_at == at(115) => Some(command.clone()),
        _ => None,
    });
    Message::CommandStep { command: command.unwrap_or_else(|| panic!("{facts:?}")) }
}

/// The world after second 115: marked, its replacement launched.
fn replacing() -> (Fake, Message, ClaimName) {
    let fake = Fake::new(one_dear_node);
    let step = proposed(&fake);
    let facts = fake.handle(step.clone(), 115);
    let claims = facts.iter().find_map(|fact| match fact {
        Fact::Replacing { claims, .. } => Some(claims.clone()),
        _ => None,
    });
    let claims = claims.unwrap_or_else(|| panic!("{facts:?}"));
    assert_eq!(claims.len(), 1);
    (fake, step, claims[0].clone())
}

fn is_going(fake: &Fake, name: &str) -> bool {
    fake.with(|inside| {
        inside.snapshot.node_claims.iter().any(|claim| *claim.name == *name && claim.deletion_at.is_some())
    })
}

fn is_tainted(fake: &Fake) -> bool {
    fake.with(|inside| inside.snapshot.nodes[0].taints == [disrupted_taint()])
}

fn make_usable(fake: &Fake, name: &ClaimName) {
    fake.with(|inside| {
        let claim = inside.snapshot.node_claims.iter_mut().find(|claim| *claim.name == *name.as_str());
        claim.unwrap().conditions.push(Condition {
            kind: ConditionKind::Initialized,
            status: ConditionStatus::True,
            reason: "Initialized".into(),
            message: "".into(),
            since: at(130),
        });
    });
}

// behaviour: disruption/nodes-go-only-when-all-replacements-were-usable
#[test]
fn a_dear_node_goes_once_its_cheaper_replacement_was_usable() {
    let (fake, step, replacement) = replacing();
    assert!(is_tainted(&fake) && !is_going(&fake, "n"));
    fake.handle(step.clone(), 120);
    assert!(!is_going(&fake, "n"), "the replacement is not usable yet");
    make_usable(&fake, &replacement);
    let facts = fake.handle(step.clone(), 131);
    assert!(is_going(&fake, "n"), "{facts:?}");
    fake.with(|inside| assert!(inside.commands.is_empty() && inside.lease.is_none()));
    assert!(fake.with(|inside| inside.nominations.iter().any(|one| *one.node == *replacement.as_str())));
    assert_eq!(fake.handle(step, 132), [], "a second copy finds nothing left to do");
}

// behaviour: disruption/replacements-are-committed-with-their-command
#[test]
fn a_run_that_died_right_after_the_commit_is_carried_on_with_the_same_claim() {
    let (fake, step, replacement) = replacing();
    // As if nothing but the commit had been done.
    fake.with(|inside| {
        let own = |claim: &NodeClaim| *claim.name == *replacement.as_str();
        inside.snapshot.node_claims.retain(|claim| !own(claim));
        let one = &inside.commands.values().next().unwrap().replacements[0];
        let intent = LaunchIntent {
            claim: replacement.clone(),
            node_pool: one.node_pool.clone(),
            node_pool_uid: one.node_pool_uid.clone(),
            draft: one.draft.clone(),
            pods: one.pods.clone(),
            decided_at: at(115),
            phase: IntentPhase::Committed,
        };
        inside.intents.insert(intent.claim.clone(), intent);
        inside.instances.clear();
    });
    fake.handle(step, 120);
    let names = fake.with(|inside| {
        inside.snapshot.node_claims.iter().map(|claim| claim.name.to_string()).collect::<Vec<_>>()
    });
    assert_eq!(names.iter().filter(|name| **name != "n").collect::<Vec<_>>(), [replacement.as_str()]);
    assert!(!is_going(&fake, "n"));
}

// behaviour: disruption/pods-of-a-failed-replacement-get-no-second-one
#[test]
fn pods_of_a_node_whose_replacement_failed_get_no_second_one() {
    let (fake, _, replacement) = replacing();
    let pass = || Message::PodsPending { hint: PendingHint::Again };
    fake.with(|inside| {
        inside.snapshot.node_claims.retain(|claim| *claim.name != *replacement.as_str());
        inside.window = None;
    });
    fake.handle(pass(), 116);
    let facts = fake.handle(Message::PodsPending { hint: PendingHint::WindowDue }, 120);
    let planned = facts.iter().find_map(|fact| match fact {
        Fact::Planned { claims, .. } => Some(*claims),
        _ => None,
    });
    assert_eq!(planned, Some(0), "{facts:?}");
}

#[test]
fn everything_is_taken_back_when_the_replacement_is_gone() {
    let (fake, step, replacement) = replacing();
    fake.with(|inside| {
        inside.snapshot.node_claims.retain(|claim| *claim.name != *replacement.as_str());
    });
    let facts = fake.handle(step, 125);
    assert!(facts.contains(&Fact::Untainted { node: "n".into() }), "{facts:?}");
    assert!(!is_tainted(&fake) && !is_going(&fake, "n"));
    fake.with(|inside| {
        assert!(inside.commands.is_empty());
        let n = inside.snapshot.node_claims.iter().find(|claim| &*claim.name == "n").unwrap();
        assert!(n.condition(ConditionKind::DisruptionReason).is_none());
    });
}

// behaviour: disruption/a-command-past-its-deadline-is-given-up
#[test]
fn a_command_past_its_deadline_is_given_up_and_its_replacement_left_alone() {
    let (fake, step, replacement) = replacing();
    fake.handle(step.clone(), 699);
    assert!(is_tainted(&fake));
    let facts = fake.handle(step, 700);
    assert!(facts.iter().any(|fact| matches!(fact, Fact::Abandoned { .. })), "{facts:?}");
    assert!(!is_tainted(&fake) && !is_going(&fake, "n") && !is_going(&fake, replacement.as_str()));
}

// behaviour: disruption/validated-on-a-fresh-snapshot
#[test]
fn a_command_is_dropped_untouched_when_its_node_is_not_calm_any_more() {
    let fake = Fake::new(one_dear_node);
    let step = proposed(&fake);
    fake.with(|inside| inside.snapshot.node_claims[0].last_pod_event_at = Some(at(110)));
    fake.with(|inside| inside.snapshot.node_pools[0].consolidate_after_secs = Some(30));
    let facts = fake.handle(step, 115);
    assert!(
        matches!(facts.as_slice(), [Fact::Abandoned { why, .. }] if why.contains("becomes consolidatable")),
        "{facts:?}"
    );
    assert!(!is_tainted(&fake));
    fake.with(|inside| assert!(inside.commands.is_empty() && inside.intents.is_empty()));
}

// behaviour: disruption/a-pod-that-came-before-the-taint-keeps-its-node
#[test]
fn a_pod_that_came_just_before_the_taint_keeps_a_node_that_was_to_be_replaced() {
    let fake = Fake::new(|inside| {
        one_dear_node(inside);
        inside.pods_on_taint = vec![running("late", "n")];
    });
    let step = proposed(&fake);
    let facts = fake.handle(step, 115);
    assert!(facts.contains(&Fact::Untainted { node: "n".into() }), "{facts:?}");
    assert!(!is_tainted(&fake) && !is_going(&fake, "n"));
    fake.with(|inside| assert!(inside.intents.is_empty() && inside.instances.is_empty()));
}
