//! `joiner plan --disrupt`: which nodes would be taken away or replaced now, and why not the others?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use joiner_core::disruption::budget::Allowance;
use joiner_core::disruption::candidate::{Fleet, Volatile};
use joiner_core::disruption::rounds::{Disruption, Round, look};
use serde_json::{Map, Value, json};

use crate::answer::machine;
use crate::plan::Question;

/// What an unlimited budget is printed as: the largest number the recordings have room for.
const UNLIMITED: u32 = i32::MAX as u32;

/// Tries all methods in their order, up to the first that would do something.
pub fn rounds(question: &Question) -> Vec<Round> {
    let volatile = Volatile::default();
    let fleet = Fleet::new(&question.snapshot, &volatile, question.knobs.now);
    look(&fleet, &question.knobs, question.rules)
}

/// For programs: the recorded shape, with the reason of every node that is not a candidate beside it.
pub fn answer(rounds: &[Round]) -> Value {
    json!({ "rounds": rounds.iter().map(round).collect::<Vec<Value>>() })
}

fn round(round: &Round) -> Value {
    let mut value = json!({ "method": round.method.as_str(), "candidates": texts(&round.candidates) });
    let blocked = round.blocked.iter().map(|(claim, why)| (claim.to_string(), json!(why.to_string())));
    value["blocked"] = Value::Object(blocked.collect());
    if round.candidates.is_empty() {
        return value;
    }
    let left = |allowance: &Allowance| match allowance {
        Allowance::AtMost(nodes) => *nodes,
        Allowance::Unlimited => UNLIMITED,
    };
    let budgets = round.budgets.0.iter().map(|(pool, allowance)| (pool.to_string(), json!(left(allowance))));
    value["budgets"] = Value::Object(budgets.collect::<Map<String, Value>>());
    value["commands"] = or_null(round.commands.iter().map(command).collect());
    value
}

fn command(command: &Disruption) -> Value {
    json!({
        "decision": if command.replacements.is_empty() { "delete" } else { "replace" },
        "candidates": texts(&command.nodes),
        "replacements": or_null(command.replacements.iter().map(machine).collect()),
    })
}

/// The recordings write an empty list as null.
fn or_null(values: Vec<Value>) -> Value {
    if values.is_empty() { Value::Null } else { Value::Array(values) }
}

fn texts(names: &[std::sync::Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

/// For people: what would be done, then what keeps every other node.
pub fn text(rounds: &[Round]) -> String {
    let mut text = String::new();
    let done = rounds.iter().find(|round| !round.commands.is_empty());
    match done {
        None => text.push_str("No node would be disrupted now.\n"),
        Some(round) => round.commands.iter().for_each(|command| describe(&mut text, round, command)),
    }
    let going: BTreeSet<&str> =
        done.iter().flat_map(|r| &r.commands).flat_map(|c| texts(&c.claims)).collect();
    let mut kept: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for round in rounds {
        for (claim, why) in round.blocked.iter().filter(|(claim, _)| !going.contains(&***claim)) {
            let reasons = kept.entry(claim).or_default();
            let reason = why.to_string();
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    if !kept.is_empty() {
        text.push_str("\nWhat keeps the others:\n");
    }
    for (claim, reasons) in kept {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {claim}: {}", reasons.join("; "));
    }
    text
}

fn describe(text: &mut String, round: &Round, command: &Disruption) {
    let nodes = texts(&command.nodes).join(", ");
    let _ = writeln!(text, "{}: delete {nodes}", round.method.as_str());
    for replacement in &command.replacements {
        let cheapest = replacement.instance_types.first().map_or("", |name| name);
        let _ = writeln!(
            text,
            "  once a machine of NodePool {} is usable: {cheapest} at {:.4} USD per hour, or one of {} more types",
            replacement.node_pool,
            replacement.cheapest_price.usd_per_hour(),
            replacement.instance_types.len().saturating_sub(1)
        );
    }
}
