//! Can a class be launched from? (api 3.7, aws 8)

use std::sync::Arc;

use jiff::Timestamp;

use super::{ConditionFinding, changed, holds, reported};
use crate::model::{ConditionStatus, NodeClass, ObjectCondition};

/// Conditions that must hold for a class to be ready.
pub const DEPENDENTS: [&str; 7] = [
    "AMIsReady",
    "SubnetsReady",
    "SecurityGroupsReady",
    "PlacementGroupReady",
    "CapacityReservationsReady",
    "InstanceProfileReady",
    VALIDATED,
];
const VALIDATED: &str = "ValidationSucceeded";
/// Conditions without which nothing can be tried.
const NEEDED: [&str; 4] = ["AMIsReady", "InstanceProfileReady", "SecurityGroupsReady", "SubnetsReady"];

/// The conditions to write after the cloud resolved a class and refused this much of it. What is not refused holds.
pub fn resolved(class: &NodeClass, refused: &[ConditionFinding], now: Timestamp) -> Vec<ObjectCondition> {
    let refusal = |kind: &str| refused.iter().find(|refusal| refusal.kind == kind);
    let missing: Vec<&str> = NEEDED.into_iter().filter(|kind| refusal(kind).is_some()).collect();
    let found = DEPENDENTS.map(|kind| match (kind, &class.flaw) {
        (VALIDATED, Some(flaw)) => ConditionFinding::fails(VALIDATED, &flaw.reason, &flaw.message),
        // behaviour: classes/nothing-is-tried-before-all-is-found
        (VALIDATED, None) if !missing.is_empty() => {
            let message = format!("Not tried: {} must hold first", missing.join(", "));
            ConditionFinding::fails(VALIDATED, "DependenciesNotReady", &message)
        }
        (kind, _) => refusal(kind).cloned().unwrap_or_else(|| ConditionFinding::holds(kind)),
    });
    changed(&class.conditions, found.into(), &DEPENDENTS, class.generation, now)
}

/// The conditions to write when the cloud could not be asked: what was known stays, the rest is not known.
pub fn unresolved(class: &NodeClass, now: Timestamp) -> Vec<ObjectCondition> {
    changed(&class.conditions, Vec::new(), &DEPENDENTS, class.generation, now)
}

/// Why nothing may be launched from a class now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassUse {
    /// Something may.
    Ready,
    /// Its readiness is not known, or not of what it says now: wait.
    Awaited {
        /// For people.
        message: Arc<str>,
    },
    /// It cannot be launched from until someone changes it.
    Refused {
        /// Machine-readable reason.
        reason: Arc<str>,
        /// For people.
        message: Arc<str>,
    },
}

/// Whether something may be launched from a class now, as its status says. One nobody has looked at yet, and one
/// that was changed since, is waited for.
// behaviour: classes/nothing-is-launched-before-a-class-is-resolved
pub fn usable(class: &NodeClass) -> ClassUse {
    let refused =
        |reason: &str, message: &str| ClassUse::Refused { reason: reason.into(), message: message.into() };
    if class.deleting {
        return refused("NodeClassTerminating", "The EC2NodeClass is being deleted");
    }
    if let Some(flaw) = &class.flaw {
        return refused(&flaw.reason, &flaw.message);
    }
    match reported(&class.conditions, super::READY) {
        None => ClassUse::Awaited { message: super::AWAITING_TEXT.into() },
        Some(ready) if ready.observed_generation != Some(class.generation) => {
            ClassUse::Awaited { message: "The EC2NodeClass was changed and is being resolved anew".into() }
        }
        Some(ready) => match ready.status {
            ConditionStatus::True => ClassUse::Ready,
            ConditionStatus::Unknown => ClassUse::Awaited { message: Arc::clone(&ready.message) },
            ConditionStatus::False => refused(&ready.reason, &ready.message),
        },
    }
}

/// Whether a class is as it should be, so that it need not be looked at again soon.
pub fn is_settled(class: &NodeClass) -> bool {
    !class.deleting && holds(&class.conditions, super::READY, class.generation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Flaw, ReportedCondition};
    use crate::samples::{self, at};

    fn written(class: &NodeClass, refused: &[ConditionFinding]) -> Vec<(&'static str, ConditionStatus)> {
        resolved(class, refused, at(9)).iter().map(|c| (c.kind, c.status)).collect()
    }

    fn fails(kind: &'static str) -> ConditionFinding {
        ConditionFinding::fails(kind, "Missing", "it is not there")
    }

    #[test]
    fn a_class_of_which_nothing_is_refused_is_ready() {
        let kinds: Vec<_> = written(&samples::class(), &[]).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [&DEPENDENTS[..], &["Ready"]].concat());
        assert!(written(&samples::class(), &[]).iter().all(|(_, status)| *status == ConditionStatus::True));
    }

    // behaviour: classes/nothing-is-tried-before-all-is-found
    #[test]
    fn validation_fails_with_the_first_thing_that_is_wrong() {
        let validated = |class: &NodeClass, refused: &[ConditionFinding]| {
            let conditions = resolved(class, refused, at(9));
            conditions.iter().find(|c| c.kind == VALIDATED).map(|c| c.reason.to_string())
        };
        let flaw = Flaw { reason: "InvalidKubeletConfiguration".into(), message: "".into() };
        let flawed = NodeClass { flaw: Some(flaw), ..samples::class() };
        let refused = [fails("SubnetsReady"), fails(VALIDATED)];
        assert_eq!(validated(&flawed, &refused).as_deref(), Some("InvalidKubeletConfiguration"));
        assert_eq!(validated(&samples::class(), &refused).as_deref(), Some("DependenciesNotReady"));
        assert_eq!(validated(&samples::class(), &refused[1..]).as_deref(), Some("Missing"));
        let placement = [fails("PlacementGroupReady")];
        assert_eq!(validated(&samples::class(), &placement).as_deref(), Some(VALIDATED));
    }

    #[test]
    fn without_an_answer_of_the_cloud_what_was_known_stays() {
        let fresh = unresolved(&samples::class(), at(9));
        assert!(fresh.iter().all(|condition| condition.status == ConditionStatus::Unknown));
        assert_eq!(unresolved(&samples::ready_class(), at(9)), []);
    }

    // behaviour: classes/nothing-is-launched-before-a-class-is-resolved
    #[test]
    fn a_class_is_usable_once_it_is_resolved_as_it_is() {
        assert!(matches!(usable(&samples::class()), ClassUse::Awaited { .. }));
        assert_eq!(usable(&samples::ready_class()), ClassUse::Ready);
        let changed = NodeClass { generation: 2, ..samples::ready_class() };
        assert!(matches!(usable(&changed), ClassUse::Awaited { .. }));
        assert!(!is_settled(&changed) && is_settled(&samples::ready_class()));
        let deleting = NodeClass { deleting: true, ..samples::ready_class() };
        assert!(
            matches!(usable(&deleting), ClassUse::Refused { reason, .. } if &*reason == "NodeClassTerminating")
        );
        let failed = ReportedCondition {
            status: ConditionStatus::False,
            reason: "UnhealthyDependents".into(),
            ..samples::ready_class().conditions[0].clone()
        };
        let failed = NodeClass { conditions: vec![failed], ..samples::class() };
        assert!(
            matches!(usable(&failed), ClassUse::Refused { reason, .. } if &*reason == "UnhealthyDependents")
        );
    }
}
