//! Custom resources: read and checked as the API server and Karpenter would.

use std::sync::Arc;

use joiner_core::model::{ConditionStatus, Flaw, Readiness, ReportedCondition};
use serde_json::Value;

use super::documents::Found;
use super::pod::shape_problem;
use super::problem::Problem;
use crate::crd::{self, CustomObject, Invalid, Stage, ValidationSettings};

/// The object, and the faults that leave it stored but without effect. What the API server would refuse is an
/// error; fields that the kind does not have are noted.
pub(super) fn read<K: CustomObject>(
    found: &Found<'_>,
    notes: &mut Vec<String>,
) -> Result<(K, Vec<Invalid>), Vec<Problem>> {
    let value: Value = serde_json::from_str(found.json).map_err(|error| shape_problem(found.json, &error))?;
    let read = crd::read::<K>(value).map_err(|faults| faults.into_iter().map(problem).collect::<Vec<_>>())?;
    let about = format!("{}: {} {}", found.place, &*found.kind, read.object.object_name());
    notes.extend(read.unknown_fields.iter().map(|field| {
        format!(
            "{about}: {field}: is not a field of {}; it has no effect, correct or remove it",
            &*found.kind
        )
    }));
    let faults = crd::validate(&read.object, &ValidationSettings::default());
    Ok((read.object, faults.into_iter().filter(|fault| fault.stage != Stage::Admission).collect()))
}

fn problem(fault: Invalid) -> Problem {
    let got = fault.got.map_or_else(|| "nothing".to_owned(), |value| shortened(value.to_string()));
    Problem::new(fault.path, format!("{}, got {got}", fault.problem), fault.remedy)
}

/// Most characters of a wrong value that are shown.
const SHOWN_CHARACTERS: usize = 120;

fn shortened(text: String) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Why an object with these faults cannot be used.
pub(super) fn flaw(faults: &[Invalid]) -> Option<Flaw> {
    let reason = faults.iter().find_map(|fault| match fault.stage {
        Stage::Runtime { reason } => Some(reason),
        Stage::Admission => None,
    })?;
    let message: Vec<String> =
        faults.iter().map(|fault| format!("{}: {}; {}", fault.path, fault.problem, fault.remedy)).collect();
    Some(Flaw { reason: reason.into(), message: message.join(", ").into() })
}

/// Whether it can be used: not with a flaw, else as its status says.
pub(super) fn readiness(flaw: Option<&Flaw>, conditions: &[ReportedCondition]) -> Readiness {
    let not_ready = |reason: &Arc<str>, message: &Arc<str>| Readiness::NotReady {
        reason: Arc::clone(reason),
        message: Arc::clone(message),
    };
    let ready = conditions.iter().find(|condition| &*condition.kind == "Ready");
    let reported = ready.filter(|condition| condition.status != ConditionStatus::True);
    match (flaw, reported) {
        (Some(flaw), _) => not_ready(&flaw.reason, &flaw.message),
        (None, Some(condition)) => not_ready(&condition.reason, &condition.message),
        (None, None) => Readiness::Ready,
    }
}

/// Conditions as a status carries them.
pub(super) fn conditions(wire: &[crd::StatusCondition]) -> Vec<ReportedCondition> {
    let condition = |wire: &crd::StatusCondition| ReportedCondition {
        kind: wire.type_.as_str().into(),
        status: truth(wire.status),
        reason: wire.reason.as_str().into(),
        message: wire.message.as_str().into(),
        observed_generation: wire.observed_generation,
        since: wire.last_transition_time,
    };
    wire.iter().map(condition).collect()
}

/// The truth of a condition.
pub(super) fn truth(wire: crd::ConditionStatus) -> ConditionStatus {
    match wire {
        crd::ConditionStatus::True => ConditionStatus::True,
        crd::ConditionStatus::False => ConditionStatus::False,
        crd::ConditionStatus::Unknown => ConditionStatus::Unknown,
    }
}
