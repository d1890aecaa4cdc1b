//! Status conditions: setting, clearing, and the root condition `Ready` that sums up the others.
//!
//! Pure functions; the time is an argument. Source: reference, section 0.1.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::parts::{ConditionStatus, StatusCondition};

/// The condition that sums up the others, for every kind.
pub const READY: &str = "Ready";
/// Reason and, in words, message of a condition that nobody has looked at yet.
pub const AWAITING_RECONCILIATION: &str = "AwaitingReconciliation";
const AWAITING_MESSAGE: &str = "object is awaiting reconciliation";

/// Conditions that must hold for a NodePool to be ready.
pub const NODEPOOL_DEPENDENTS: &[&str] = &["ValidationSucceeded", "NodeClassReady"];
/// Conditions that must hold for a NodeClaim to be ready.
pub const NODECLAIM_DEPENDENTS: &[&str] = &["Launched", "Registered", "Initialized"];
/// Conditions that must hold for a NodeOverlay to be ready.
pub const NODEOVERLAY_DEPENDENTS: &[&str] = &["ValidationSucceeded"];
/// Conditions that must hold for an EC2NodeClass to be ready.
pub const EC2NODECLASS_DEPENDENTS: &[&str] = &[
    "AMIsReady",
    "SubnetsReady",
    "SecurityGroupsReady",
    "PlacementGroupReady",
    "CapacityReservationsReady",
    "InstanceProfileReady",
    "ValidationSucceeded",
];

/// What the conditions belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionOwner {
    /// Conditions that must hold for the root condition to hold.
    pub dependents: &'static [&'static str],
    /// Generation of the object.
    pub generation: i64,
    /// When the object was made.
    pub created_at: Timestamp,
    /// Whether the object has a deletion time.
    pub deleting: bool,
}

/// A new state of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCondition {
    /// What the condition is about.
    pub type_: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as one CamelCase word.
    pub reason: String,
    /// What happened, for people.
    pub message: String,
}

impl NewCondition {
    /// It holds; the reason is the type itself.
    pub fn holds(type_: &str) -> Self {
        Self {
            type_: type_.into(),
            status: ConditionStatus::True,
            reason: type_.into(),
            message: String::new(),
        }
    }

    /// It does not hold.
    pub fn fails(type_: &str, reason: &str, message: &str) -> Self {
        Self {
            type_: type_.into(),
            status: ConditionStatus::False,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Nobody knows.
    pub fn unknown(type_: &str, reason: &str, message: &str) -> Self {
        Self {
            type_: type_.into(),
            status: ConditionStatus::Unknown,
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// A condition that went from one status to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionTransition {
    /// What the condition is about.
    pub type_: String,
    /// Status before; none when the condition is new.
    pub from: Option<ConditionStatus>,
    /// Status after.
    pub to: ConditionStatus,
    /// Reason after.
    pub reason: String,
}

/// A condition that Ready depends on cannot be removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("condition {0} cannot be cleared, because Ready depends on it; set it instead")]
pub struct NotClearable(pub String);

/// Adds the conditions that a fresh object lacks, as of its creation.
pub fn initialize(conditions: &mut Vec<StatusCondition>, owner: &ConditionOwner) -> Vec<ConditionTransition> {
    let mut transitions = Vec::new();
    for dependent in owner.dependents {
        if find(conditions, dependent).is_none() {
            let new = NewCondition::unknown(dependent, AWAITING_RECONCILIATION, AWAITING_MESSAGE);
            transitions.extend(put(conditions, owner, new, owner.created_at));
        }
    }
    if !transitions.is_empty() || find(conditions, READY).is_none() {
        let root = evaluate_root(conditions, owner);
        transitions.extend(put(conditions, owner, root, owner.created_at));
        sort_by_time(conditions);
    }
    transitions
}

/// Sets one condition, and Ready with it. Names every condition whose status changed, Ready last.
pub fn set(
    conditions: &mut Vec<StatusCondition>,
    owner: &ConditionOwner,
    new: NewCondition,
    now: Timestamp,
) -> Vec<ConditionTransition> {
    let mut transitions = initialize(conditions, owner);
    if owner.deleting {
        conditions.iter_mut().for_each(|condition| condition.observed_generation = Some(owner.generation));
    }
    transitions.extend(put(conditions, owner, new, now));
    let root = evaluate_root(conditions, owner);
    transitions.extend(put(conditions, owner, root, now));
    sort_by_time(conditions);
    transitions
}

/// Removes one condition. Whether it was there; Ready stays as it is.
pub fn clear(
    conditions: &mut Vec<StatusCondition>,
    owner: &ConditionOwner,
    type_: &str,
) -> Result<bool, NotClearable> {
    if type_ == READY || owner.dependents.contains(&type_) {
        return Err(NotClearable(type_.to_owned()));
    }
    let before = conditions.len();
    conditions.retain(|condition| condition.type_ != type_);
    if conditions.len() == before {
        return Ok(false);
    }
    conditions.sort_by(|a, b| a.type_.cmp(&b.type_));
    Ok(true)
}

/// The condition of this type.
pub fn find<'a>(conditions: &'a [StatusCondition], type_: &str) -> Option<&'a StatusCondition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether the condition of this type holds, for this generation of the object.
pub fn holds(conditions: &[StatusCondition], type_: &str, generation: i64) -> bool {
    find(conditions, type_).is_some_and(|condition| is_current(condition, generation, ConditionStatus::True))
}

fn is_current(condition: &StatusCondition, generation: i64, status: ConditionStatus) -> bool {
    condition.status == status && condition.observed_generation == Some(generation)
}

/// What Ready is, given the conditions it depends on. One that was computed from another generation counts as bad.
pub fn evaluate_root(conditions: &[StatusCondition], owner: &ConditionOwner) -> NewCondition {
    let known = owner.dependents.iter().filter_map(|type_| find(conditions, type_));
    let mut bad: Vec<&StatusCondition> = known
        .clone()
        .filter(|condition| !is_current(condition, owner.generation, ConditionStatus::True))
        .collect();
    if bad.is_empty() && known.count() == owner.dependents.len() {
        return NewCondition::holds(READY);
    }
    bad.sort_by_key(|condition| Reverse(condition.last_transition_time));
    let words: Vec<String> =
        bad.iter().map(|condition| format!("{}={}", condition.type_, condition.status.as_str())).collect();
    let message = words.join(", ");
    if bad.iter().any(|condition| is_current(condition, owner.generation, ConditionStatus::False)) {
        return NewCondition::fails(READY, "UnhealthyDependents", &message);
    }
    NewCondition::unknown(READY, "ReconcilingDependents", &message)
}

/// Writes one condition in place. The time moves only with the status.
fn put(
    conditions: &mut Vec<StatusCondition>,
    owner: &ConditionOwner,
    new: NewCondition,
    now: Timestamp,
) -> Option<ConditionTransition> {
    let NewCondition { type_, status, reason, message } = new;
    let earlier = conditions.iter().position(|condition| condition.type_ == type_);
    let from = earlier.map(|index| conditions[index].status);
    let last_transition_time = match earlier {
        Some(index) if conditions[index].status == status => conditions[index].last_transition_time,
        _ => now,
    };
    let transition = ConditionTransition { type_: type_.clone(), from, to: status, reason: reason.clone() };
    let observed_generation = Some(owner.generation);
    let condition =
        StatusCondition { last_transition_time, message, observed_generation, reason, status, type_ };
    match earlier {
        Some(index) => conditions[index] = condition,
        None => conditions.push(condition),
    }
    (from != Some(status)).then_some(transition)
}

/// Oldest transition first, Ready last.
fn sort_by_time(conditions: &mut [StatusCondition]) {
    conditions.sort_by_key(|condition| (condition.type_ == READY, condition.last_transition_time));
}
