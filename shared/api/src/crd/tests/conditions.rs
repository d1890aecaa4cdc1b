//! Status conditions: times, reasons, order, and the root condition.

use jiff::Timestamp;

use crate::crd::conditions::{
    ConditionOwner, NODECLAIM_DEPENDENTS, NewCondition, NotClearable, clear, find, holds, initialize, set,
};
use crate::crd::{ConditionStatus, StatusCondition};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(secs).unwrap()
}

fn owner(generation: i64) -> ConditionOwner {
    ConditionOwner { dependents: NODECLAIM_DEPENDENTS, generation, created_at: at(0), deleting: false }
}

/// `Type=Status@secs` of every condition, in stored order.
fn words(conditions: &[StatusCondition]) -> Vec<String> {
    let word = |it: &StatusCondition| {
        format!("{}={}@{}", it.type_, it.status.as_str(), it.last_transition_time.as_second())
    };
    conditions.iter().map(word).collect()
}

fn root(conditions: &[StatusCondition]) -> (ConditionStatus, &str, &str) {
    let root = find(conditions, "Ready").unwrap();
    (root.status, &root.reason, &root.message)
}

#[test]
fn a_fresh_object_gets_all_dependents_as_of_its_creation() {
    let mut conditions = Vec::new();
    let transitions = initialize(&mut conditions, &owner(1));
    assert_eq!(
        words(&conditions),
        ["Launched=Unknown@0", "Registered=Unknown@0", "Initialized=Unknown@0", "Ready=Unknown@0"]
    );
    assert_eq!(conditions[0].reason, "AwaitingReconciliation");
    assert_eq!(conditions[0].observed_generation, Some(1));
    assert_eq!(root(&conditions).1, "ReconcilingDependents");
    assert_eq!(transitions.len(), 4);
    assert_eq!(initialize(&mut conditions, &owner(1)), []);
}

#[test]
fn the_time_moves_only_with_the_status() {
    let mut conditions = Vec::new();
    set(&mut conditions, &owner(1), NewCondition::unknown("Launched", "LaunchFailed", "no capacity"), at(10));
    assert_eq!(find(&conditions, "Launched").unwrap().last_transition_time, at(0));
    let transitions = set(&mut conditions, &owner(1), NewCondition::holds("Launched"), at(20));
    assert_eq!(
        transitions.iter().map(|it| (it.type_.as_str(), it.to)).collect::<Vec<_>>(),
        [("Launched", ConditionStatus::True)]
    );
    set(&mut conditions, &owner(2), NewCondition::holds("Launched"), at(30));
    let launched = find(&conditions, "Launched").unwrap();
    assert_eq!((launched.last_transition_time, launched.observed_generation), (at(20), Some(2)));
    assert_eq!((launched.reason.as_str(), launched.message.as_str()), ("Launched", ""));
}

#[test]
fn ready_holds_when_all_dependents_hold() {
    let mut conditions = Vec::new();
    for (secs, type_) in [(1, "Launched"), (2, "Registered"), (3, "Initialized")] {
        assert_ne!(
            root(&{
                initialize(&mut conditions, &owner(1));
                conditions.clone()
            })
            .0,
            ConditionStatus::True
        );
        set(&mut conditions, &owner(1), NewCondition::holds(type_), at(secs));
    }
    assert_eq!(root(&conditions), (ConditionStatus::True, "Ready", ""));
    assert_eq!(
        words(&conditions),
        ["Launched=True@1", "Registered=True@2", "Initialized=True@3", "Ready=True@3"]
    );
    assert!(holds(&conditions, "Ready", 1));
    assert!(!holds(&conditions, "Ready", 2));
}

#[test]
fn one_false_dependent_fails_ready_and_the_message_starts_with_the_latest() {
    let mut conditions = Vec::new();
    set(&mut conditions, &owner(1), NewCondition::holds("Launched"), at(1));
    set(
        &mut conditions,
        &owner(1),
        NewCondition::fails("Registered", "MultipleNodesFound", "two nodes"),
        at(2),
    );
    assert_eq!(
        root(&conditions),
        (ConditionStatus::False, "UnhealthyDependents", "Registered=False, Initialized=Unknown")
    );
}

#[test]
fn conditions_of_an_older_generation_count_as_bad() {
    let mut conditions = Vec::new();
    for type_ in NODECLAIM_DEPENDENTS {
        set(&mut conditions, &owner(1), NewCondition::holds(type_), at(1));
    }
    set(&mut conditions, &owner(2), NewCondition::holds("Drifted"), at(2));
    assert_eq!(root(&conditions).0, ConditionStatus::Unknown);
    assert_eq!(root(&conditions).2, "Launched=True, Registered=True, Initialized=True");
    set(&mut conditions, &owner(2), NewCondition::fails("Launched", "LaunchFailed", ""), at(3));
    assert_eq!(root(&conditions).1, "UnhealthyDependents");
}

#[test]
fn a_false_dependent_of_an_older_generation_leaves_ready_unknown() {
    let mut conditions = Vec::new();
    set(&mut conditions, &owner(1), NewCondition::fails("Launched", "LaunchFailed", ""), at(1));
    set(&mut conditions, &owner(2), NewCondition::holds("Registered"), at(2));
    assert_eq!(root(&conditions).1, "ReconcilingDependents");
}

#[test]
fn while_deleting_every_condition_moves_to_the_current_generation() {
    let mut conditions = Vec::new();
    for type_ in NODECLAIM_DEPENDENTS {
        set(&mut conditions, &owner(1), NewCondition::holds(type_), at(1));
    }
    let deleting = ConditionOwner { deleting: true, ..owner(2) };
    set(&mut conditions, &deleting, NewCondition::unknown("Drained", "Draining", ""), at(2));
    assert!(conditions.iter().all(|condition| condition.observed_generation == Some(2)));
    assert_eq!(root(&conditions).0, ConditionStatus::True);
}

#[test]
fn clearing_sorts_by_name_and_setting_by_time_with_ready_last() {
    let mut conditions = Vec::new();
    set(&mut conditions, &owner(1), NewCondition::holds("Drifted"), at(5));
    set(&mut conditions, &owner(1), NewCondition::holds("Launched"), at(7));
    assert_eq!(words(&conditions).last().unwrap(), "Ready=Unknown@0");
    assert_eq!(clear(&mut conditions, &owner(1), "Drifted"), Ok(true));
    assert_eq!(
        words(&conditions),
        ["Initialized=Unknown@0", "Launched=True@7", "Ready=Unknown@0", "Registered=Unknown@0"]
    );
    assert_eq!(clear(&mut conditions, &owner(1), "Drifted"), Ok(false));
    set(&mut conditions, &owner(1), NewCondition::holds("Consolidatable"), at(8));
    let expected = [
        "Initialized=Unknown@0",
        "Registered=Unknown@0",
        "Launched=True@7",
        "Consolidatable=True@8",
        "Ready=Unknown@0",
    ];
    assert_eq!(words(&conditions), expected);
}

#[test]
fn what_ready_depends_on_cannot_be_cleared() {
    let mut conditions = Vec::new();
    initialize(&mut conditions, &owner(1));
    for type_ in ["Launched", "Ready"] {
        assert_eq!(clear(&mut conditions, &owner(1), type_), Err(NotClearable(type_.to_owned())));
    }
}
