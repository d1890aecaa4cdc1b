//! The life of a claim: what is its next step, and when must it be looked at again? (disruption 4)
//!
//! [`next`] is asked again after every step; it looks at the machine as it is and remembers nothing. What a
//! machine gives its node when it joins is in [`join`], what it waits for then in [`usable`], and when a sick node
//! is given up in [`repair`].

pub mod join;
pub mod repair;
pub mod usable;

use jiff::{SignedDuration, Timestamp};

use crate::condition::{Finding, unchanged_since};
use crate::machine::{Machine, has_finalizer};
use crate::model::{Condition, ConditionKind, ConditionStatus, NodeClaim};
use join::Joining;

/// A claim that is not launched by then is given up (disruption 4.5).
pub const LAUNCH_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// A claim whose node has not joined by then is given up (disruption 4.5).
pub const REGISTRATION_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);
/// Pod events are written down at most this often, less than the delay before a disruption is validated.
pub const POD_EVENT_QUIET: SignedDuration = SignedDuration::from_secs(10);

/// Why a claim is deleted by its own lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Not launched in time.
    LaunchTimeout,
    /// No node joined in time.
    RegistrationTimeout,
    /// It is as old as it may get.
    Expired,
}

impl End {
    /// Reason in metrics and log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            End::LaunchTimeout => "launch_timeout",
            End::RegistrationTimeout => "registration_timeout",
            End::Expired => "expired",
        }
    }
}

/// What to do for a claim now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing, or there is no claim.
    Nothing,
    /// It is going: that is the termination flow's business.
    Leave,
    /// Add the finalizer, before anything that would have to be undone.
    AddFinalizer,
    /// Launch it, or find out that it was.
    Launch,
    /// Let its node join.
    Join(Box<Joining>),
    /// Mark its node usable.
    MarkUsable(crate::machine::NodeKey),
    /// Delete it.
    Delete(End),
}

/// The next step of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub act: Act,
    /// Conditions to write once it is done.
    pub conditions: Vec<Condition>,
    /// When to look again if no event comes before; `None` when only an event can change anything.
    pub again_at: Option<Timestamp>,
}

impl Step {
    fn new(act: Act) -> Self {
        Step { act, conditions: Vec::new(), again_at: None }
    }
}

/// The next step of a claim.
pub fn next(machine: &Machine, now: Timestamp) -> Step {
    let Some(claim) = &machine.claim else { return Step::new(Act::Nothing) };
    if claim.deletion_at.is_some() {
        return Step::new(Act::Leave);
    }
    let expires_at = expires_at(claim);
    // behaviour: lifecycle/expired-claims-are-deleted
    if expires_at.is_some_and(|at| now >= at) {
        return Step::new(Act::Delete(End::Expired));
    }
    // behaviour: lifecycle/finalizer-before-launch
    if !has_finalizer(&claim.finalizers) {
        return Step::new(Act::AddFinalizer);
    }
    let mut step = if !claim.is(ConditionKind::Launched) {
        launch(claim, now)
    } else if !claim.is(ConditionKind::Registered) {
        register(claim, machine, now)
    } else if !claim.is(ConditionKind::Initialized) {
        initialize(claim, machine, now)
    } else {
        Step::new(Act::Nothing)
    };
    step.again_at = [step.again_at, expires_at].into_iter().flatten().min();
    step
}

/// When a claim is as old as it may get.
pub fn expires_at(claim: &NodeClaim) -> Option<Timestamp> {
    let age = SignedDuration::from_secs(i64::try_from(claim.expire_after_secs?).ok()?);
    claim.created_at?.checked_add(age).ok()
}

fn launch(claim: &NodeClaim, now: Timestamp) -> Step {
    // behaviour: lifecycle/launch-within-five-minutes
    let deadline = unchanged_since(claim, ConditionKind::Launched, now) + LAUNCH_TIMEOUT;
    if now >= deadline {
        return Step::new(Act::Delete(End::LaunchTimeout));
    }
    Step { again_at: Some(deadline.min(look_again(claim, now))), ..Step::new(Act::Launch) }
}

fn register(claim: &NodeClaim, machine: &Machine, now: Timestamp) -> Step {
    // behaviour: lifecycle/registration-within-fifteen-minutes
    let deadline = unchanged_since(claim, ConditionKind::Registered, now) + REGISTRATION_TIMEOUT;
    if now >= deadline {
        return Step::new(Act::Delete(End::RegistrationTimeout));
    }
    let waiting = |finding: Finding<'_>| Step {
        act: Act::Nothing,
        conditions: finding.on(claim, now).into_iter().collect(),
        again_at: Some(deadline.min(look_again(claim, now))),
    };
    let refused =
        claim.condition(ConditionKind::Registered).is_some_and(|c| c.status == ConditionStatus::False);
    match machine.nodes.as_slice() {
        [] => waiting(Finding::unknown(ConditionKind::Registered, "NodeNotFound", "No node has joined yet")),
        // behaviour: lifecycle/two-nodes-of-one-instance-never-register
        [_, _, ..] => waiting(Finding {
            kind: ConditionKind::Registered,
            status: ConditionStatus::False,
            reason: "MultipleNodesFound",
            message: "More than one node has the provider id of this claim",
        }),
        [_] if refused => Step { again_at: Some(deadline), ..Step::new(Act::Nothing) },
        [node] => Step {
            act: Act::Join(Box::new(join::joining(claim, node))),
            conditions: Finding::holds(ConditionKind::Registered).on(claim, now).into_iter().collect(),
            again_at: Some(now),
        },
    }
}

fn initialize(claim: &NodeClaim, machine: &Machine, now: Timestamp) -> Step {
    match usable::obstacle(claim, &machine.nodes) {
        Err(obstacle) => {
            let message = obstacle.to_string();
            let finding = Finding::unknown(ConditionKind::Initialized, obstacle.reason(), &message);
            Step {
                act: Act::Nothing,
                conditions: finding.on(claim, now).into_iter().collect(),
                again_at: Some(look_again(claim, now)),
            }
        }
        Ok(node) => Step {
            act: Act::MarkUsable(node),
            conditions: Finding::holds(ConditionKind::Initialized).on(claim, now).into_iter().collect(),
            again_at: None,
        },
    }
}

/// When to look again at a claim that waits for its machine, should no event come before: often at first, since
/// machines start within a minute, then less and less. Every wait is a quarter of its age, within 3 to 30 seconds.
fn look_again(claim: &NodeClaim, now: Timestamp) -> Timestamp {
    let age = now.duration_since(claim.created_at.unwrap_or(now));
    now + (age / 4).clamp(SignedDuration::from_secs(3), SignedDuration::from_secs(30))
}

/// Whether a pod event now is worth writing down: the last one is old enough (disruption 2.1).
pub fn should_stamp(claim: &NodeClaim, now: Timestamp) -> bool {
    // behaviour: lifecycle/pod-events-are-stamped-at-most-every-ten-seconds
    claim.last_pod_event_at.is_none_or(|last| now.duration_since(last) >= POD_EVENT_QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::NodeKey;
    use crate::model::{NodeClaim, ResourceName, Resources, Taint, TaintEffect};
    use crate::samples::{self, at, holds};

    fn machine(claim: NodeClaim, nodes: usize) -> Machine {
        let nodes = (0..nodes).map(|_| samples::node("a")).collect();
        Machine { claim: Some(claim), nodes, ..Machine::default() }
    }

    fn launched() -> NodeClaim {
        let conditions = vec![holds(ConditionKind::Launched, at(10))];
        NodeClaim { conditions, ..samples::claim("general", "a") }
    }

    fn registered() -> NodeClaim {
        let mut claim = launched();
        claim.conditions.push(holds(ConditionKind::Registered, at(60)));
        claim
    }

    fn reason(step: &Step) -> (&ConditionStatus, &str) {
        let [condition] = step.conditions.as_slice() else { panic!("{:?}", step.conditions) };
        (&condition.status, &condition.reason)
    }

    // behaviour: lifecycle/finalizer-before-launch
    #[test]
    fn a_claim_is_not_launched_without_the_finalizer() {
        let bare = NodeClaim { finalizers: vec![], ..samples::claim("general", "a") };
        assert_eq!(next(&machine(bare, 0), at(1)).act, Act::AddFinalizer);
        let step = next(&machine(samples::claim("general", "a"), 0), at(1));
        assert_eq!((step.act, step.again_at), (Act::Launch, Some(at(4))));
    }

    // behaviour: lifecycle/launch-within-five-minutes
    #[test]
    fn a_claim_that_is_not_launched_in_five_minutes_is_given_up() {
        let waiting = machine(samples::claim("general", "a"), 0);
        assert_eq!(next(&waiting, at(299)).act, Act::Launch);
        assert_eq!(next(&waiting, at(299)).again_at, Some(at(300)));
        assert_eq!(next(&waiting, at(300)).act, Act::Delete(End::LaunchTimeout));
    }

    // behaviour: lifecycle/registration-within-fifteen-minutes
    #[test]
    fn a_claim_whose_node_does_not_join_in_fifteen_minutes_is_given_up() {
        let waiting = machine(launched(), 0);
        let step = next(&waiting, at(899));
        assert_eq!(
            (reason(&step), step.again_at),
            ((&ConditionStatus::Unknown, "NodeNotFound"), Some(at(900)))
        );
        assert_eq!(next(&waiting, at(900)).act, Act::Delete(End::RegistrationTimeout));
    }

    // behaviour: lifecycle/two-nodes-of-one-instance-never-register
    #[test]
    fn two_nodes_of_one_instance_never_register() {
        let step = next(&machine(launched(), 2), at(30));
        assert_eq!(reason(&step), (&ConditionStatus::False, "MultipleNodesFound"));
        let mut refused = launched();
        refused.conditions.extend(step.conditions);
        let step = next(&machine(refused, 1), at(40));
        assert_eq!((step.act, step.again_at), (Act::Nothing, Some(at(30) + REGISTRATION_TIMEOUT)));
    }

    #[test]
    fn a_node_that_is_there_joins_and_then_is_awaited_until_usable() {
        let step = next(&machine(launched(), 1), at(60));
        assert!(matches!(&step.act, Act::Join(joining) if joining.node == NodeKey::of(&samples::node("a"))));
        assert_eq!(reason(&step), (&ConditionStatus::True, "Registered"));
        let step = next(&machine(registered(), 1), at(61));
        assert_eq!(step.act, Act::MarkUsable(NodeKey::of(&samples::node("a"))));
        assert_eq!(reason(&step), (&ConditionStatus::True, "Initialized"));
    }

    #[test]
    fn what_a_node_waits_for_is_told_in_order() {
        let startup = Taint { key: "wait".into(), value: "".into(), effect: TaintEffect::NoSchedule };
        let not_ready = Taint {
            key: "node.kubernetes.io/not-ready".into(),
            value: "".into(),
            effect: TaintEffect::NoExecute,
        };
        let gpu = Resources::from_iter([(ResourceName::from("nvidia.com/gpu"), "1".parse().unwrap())]);
        let mut waiting = machine(registered(), 1);
        if let Some(claim) = &mut waiting.claim {
            claim.startup_taints = vec![Taint { value: "other".into(), ..startup.clone() }];
            claim.requests = gpu.clone();
        }
        waiting.nodes[0].taints = vec![not_ready, startup];
        waiting.nodes[0].ready = false;
        let told = |machine: &Machine| reason(&next(machine, at(61))).1.to_owned();
        assert_eq!(told(&waiting), "NodeNotReady");
        waiting.nodes[0].ready = true;
        assert_eq!(told(&waiting), "StartupTaintsExist");
        waiting.nodes[0].taints.pop();
        assert_eq!(told(&waiting), "KnownEphemeralTaintsExist");
        waiting.nodes[0].taints.clear();
        assert_eq!(told(&waiting), "ResourceNotRegistered");
        waiting.nodes[0].allocatable = gpu;
        assert_eq!(told(&waiting), "Initialized");
        waiting.nodes.clear();
        assert_eq!(told(&waiting), "NodeNotFound");
    }

    // behaviour: lifecycle/expired-claims-are-deleted
    #[test]
    fn a_claim_is_deleted_when_it_is_as_old_as_it_may_get() {
        let old =
            NodeClaim { expire_after_secs: Some(600), ..samples::initialized_claim("general", "a", at(60)) };
        assert_eq!(next(&machine(old.clone(), 1), at(599)).again_at, Some(at(600)));
        assert_eq!(next(&machine(old.clone(), 1), at(600)).act, Act::Delete(End::Expired));
        let going = NodeClaim { deletion_at: Some(at(590)), ..old };
        assert_eq!(next(&machine(going, 1), at(600)).act, Act::Leave);
    }

    // behaviour: lifecycle/pod-events-are-stamped-at-most-every-ten-seconds
    #[test]
    fn pod_events_are_stamped_at_most_every_ten_seconds() {
        let stamped = NodeClaim { last_pod_event_at: Some(at(100)), ..launched() };
        assert!(should_stamp(&launched(), at(100)));
        assert!(!should_stamp(&stamped, at(109)));
        assert!(should_stamp(&stamped, at(110)));
    }
}
