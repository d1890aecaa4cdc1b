//! Conditions: those named are written over those of the same kind, and a time moves only with the truth
//! (api 0.1).

use jiff::Timestamp;
use joiner_api::crd::StatusCondition;
use joiner_api::crd::conditions::{self, ConditionOwner, NODECLAIM_DEPENDENTS, NewCondition};
use joiner_core::model::{Condition, ConditionKind, ConditionStatus, ObjectCondition};
use serde_json::Value;

/// The truth of a condition as the API has it.
fn truth(status: ConditionStatus) -> joiner_api::crd::ConditionStatus {
    match status {
        ConditionStatus::True => joiner_api::crd::ConditionStatus::True,
        ConditionStatus::False => joiner_api::crd::ConditionStatus::False,
        ConditionStatus::Unknown => joiner_api::crd::ConditionStatus::Unknown,
    }
}

/// Conditions as a document has them.
fn held(document: &Value) -> Result<Vec<StatusCondition>, String> {
    let Some(list) = document.pointer("/status/conditions") else { return Ok(Vec::new()) };
    serde_json::from_value(list.clone()).map_err(|error| format!("status.conditions: {error}"))
}

fn put_back(document: &mut Value, list: &[StatusCondition]) -> Result<(), String> {
    let list = serde_json::to_value(list).map_err(|error| format!("status.conditions: {error}"))?;
    document["status"]["conditions"] = list;
    Ok(())
}

fn generation(document: &Value) -> i64 {
    document.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0)
}

/// Times of conditions have whole seconds.
fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Writes conditions of a claim. `Ready` follows from those it depends on.
pub(super) fn set_on_claim(
    document: &mut Value,
    written: &[Condition],
    cleared: &[ConditionKind],
) -> Result<(), String> {
    if written.is_empty() && cleared.is_empty() {
        return Ok(());
    }
    let mut list = held(document)?;
    let created_at = document.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
    let owner = ConditionOwner {
        dependents: NODECLAIM_DEPENDENTS,
        generation: generation(document),
        created_at: created_at.and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH),
        deleting: document.pointer("/metadata/deletionTimestamp").is_some(),
    };
    for condition in written {
        let new = NewCondition {
            type_: condition.kind.as_str().to_owned(),
            status: truth(condition.status),
            reason: condition.reason.to_string(),
            message: condition.message.to_string(),
        };
        conditions::set(&mut list, &owner, new, whole_second(condition.since));
    }
    for kind in cleared {
        conditions::clear(&mut list, &owner, kind.as_str()).map_err(|error| error.to_string())?;
    }
    put_back(document, &list)
}

/// Writes conditions of a pool or a class, `Ready` among them if it is named. New truths hold since `now`.
pub(super) fn set_on_object(
    document: &mut Value,
    written: &[ObjectCondition],
    now: Timestamp,
) -> Result<(), String> {
    if written.is_empty() {
        return Ok(());
    }
    let mut list = held(document)?;
    for condition in written {
        let earlier = list.iter().position(|one| one.type_ == condition.kind);
        let status = truth(condition.status);
        let since = earlier.map(|at| &list[at]).filter(|one| one.status == status);
        let new = StatusCondition {
            last_transition_time: since.map_or_else(|| whole_second(now), |one| one.last_transition_time),
            message: condition.message.to_string(),
            observed_generation: Some(condition.observed_generation),
            reason: condition.reason.to_string(),
            status,
            type_: condition.kind.to_owned(),
        };
        match earlier {
            Some(at) => list[at] = new,
            None => list.push(new),
        }
    }
    list.sort_by_key(|one| (one.type_ == conditions::READY, one.last_transition_time));
    put_back(document, &list)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Type, truth, and second of the last change of each condition.
    fn told(document: &Value) -> Vec<(String, String, i64)> {
        let told = |one: StatusCondition| {
            (one.type_.clone(), one.status.as_str().to_owned(), one.last_transition_time.as_second())
        };
        held(document).unwrap().into_iter().map(told).collect()
    }

    fn row(kind: &str, truth: &str, second: i64) -> (String, String, i64) {
        (kind.to_owned(), truth.to_owned(), second)
    }

    #[test]
    fn a_claim_gets_ready_with_what_it_depends_on() {
        let mut document =
            json!({"metadata": {"generation": 1, "creationTimestamp": "1970-01-01T00:00:05Z"}});
        let holds = |kind: ConditionKind, second| Condition {
            kind,
            status: ConditionStatus::True,
            reason: kind.as_str().into(),
            message: "".into(),
            since: at(second),
        };
        set_on_claim(&mut document, &[holds(ConditionKind::Launched, 7)], &[]).unwrap();
        assert_eq!(
            told(&document),
            [
                row("Registered", "Unknown", 5),
                row("Initialized", "Unknown", 5),
                row("Launched", "True", 7),
                row("Ready", "Unknown", 5)
            ]
        );
        let rest = [
            holds(ConditionKind::Launched, 8),
            holds(ConditionKind::Registered, 9),
            holds(ConditionKind::Initialized, 9),
            holds(ConditionKind::Drifted, 10),
        ];
        set_on_claim(&mut document, &rest, &[]).unwrap();
        set_on_claim(&mut document, &[], &[ConditionKind::Drifted]).unwrap();
        assert_eq!(
            told(&document),
            [
                row("Initialized", "True", 9),
                row("Launched", "True", 7),
                row("Ready", "True", 9),
                row("Registered", "True", 9)
            ]
        );
        let refused = set_on_claim(&mut document, &[], &[ConditionKind::Launched]).unwrap_err();
        assert_eq!(
            refused,
            "condition Launched cannot be cleared, because Ready depends on it; set it instead"
        );
    }

    #[test]
    fn the_time_of_a_condition_moves_with_its_truth_only() {
        let condition = |kind, status, generation| ObjectCondition {
            kind,
            status,
            reason: "Reason".into(),
            message: "".into(),
            observed_generation: generation,
        };
        let mut document = json!({"metadata": {}});
        let first = [
            condition("Ready", ConditionStatus::False, 1),
            condition("ValidationSucceeded", ConditionStatus::True, 1),
        ];
        set_on_object(&mut document, &first, at(10)).unwrap();
        let second = [
            condition("Ready", ConditionStatus::True, 2),
            condition("ValidationSucceeded", ConditionStatus::True, 2),
        ];
        set_on_object(&mut document, &second, at(20)).unwrap();
        assert_eq!(told(&document), [row("ValidationSucceeded", "True", 10), row("Ready", "True", 20)]);
        assert_eq!(document["status"]["conditions"][0]["observedGeneration"], 2);
    }
}
