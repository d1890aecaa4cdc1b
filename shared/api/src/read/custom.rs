//! Custom resources: read and checked as the API server and Karpenter would.

use joiner_core::model::Readiness;
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
pub(super) fn unusable(faults: &[Invalid]) -> Option<Readiness> {
    let reason = faults.iter().find_map(|fault| match fault.stage {
        Stage::Runtime { reason } => Some(reason),
        Stage::Admission => None,
    })?;
    let message: Vec<String> =
        faults.iter().map(|fault| format!("{}: {}; {}", fault.path, fault.problem, fault.remedy)).collect();
    Some(Readiness::NotReady { reason: reason.into(), message: message.join(", ").into() })
}
