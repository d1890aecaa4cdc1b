//! Disruptions recorded from Karpenter: the same nodes are taken away by the same method, for the same machines.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use joiner_cli::args::{InputArguments, OutputForm, Packing, PlanArguments};
use joiner_cli::disrupt::{answer, rounds};
use joiner_cli::plan::question;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/disrupt")
}

fn cases() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap();
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut cases: Vec<String> =
        names.filter_map(|n| n.strip_suffix(".expected.json").map(str::to_owned)).collect();
    cases.sort();
    cases
}

fn expected(case: &str) -> Value {
    let file = folder().join(format!("{case}.expected.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Our rounds, without what the recordings do not have.
fn rounds_of(case: &str) -> Value {
    let file = |part: &str| folder().join(format!("{case}.{part}.json"));
    let asked = PlanArguments {
        input: InputArguments {
            catalog: None,
            files: vec![file("manifests").display().to_string()],
            more_files: Vec::new(),
            cluster: "demo".to_owned(),
        },
        settings: Some(file("options")),
        packing: Packing::FirstFit,
        disrupt: true,
        output: OutputForm::Json,
    };
    let question = question(&asked).unwrap_or_else(|fault| panic!("{case}: {fault}"));
    let mut answer = answer(&rounds(&question))["rounds"].take();
    for round in answer.as_array_mut().unwrap() {
        round.as_object_mut().unwrap().remove("blocked");
    }
    answer
}

// behaviour: disruption/first-method-with-a-command-wins
// behaviour: disruption/consolidation-deletes-or-replaces-by-one-cheaper
// behaviour: disruption/multi-node-searches-prefixes
// behaviour: disruption/drift-replaces-one-node-a-round
// behaviour: disruption/savings-ratio-order
// behaviour: disruption/worst-launch-price
// behaviour: disruption/merge-is-no-disguised-delete
#[test]
fn stable_recordings_are_reproduced_exactly() {
    let mut compared = 0;
    for case in cases() {
        let recorded = expected(&case);
        if recorded["stable"] == true {
            compared += 1;
            assert_eq!(rounds_of(&case), recorded["rounds"], "{case}");
        }
    }
    assert_eq!(compared, 52);
}

/// Karpenter breaks ties at random in these; which method looks at which nodes does not depend on that.
#[test]
fn unstable_recordings_agree_in_methods_and_candidates() {
    let looked_at = |rounds: &Value, count: usize| -> Vec<Value> {
        let rounds = rounds.as_array().unwrap().iter().take(count);
        rounds.map(|r| json!([r["method"], r["candidates"]])).collect()
    };
    let mut compared = 0;
    for case in cases() {
        let recorded = expected(&case);
        if recorded["stable"] == true {
            continue;
        }
        compared += 1;
        let ours = rounds_of(&case);
        let shared = ours.as_array().unwrap().len().min(recorded["rounds"].as_array().unwrap().len());
        assert_eq!(looked_at(&ours, shared), looked_at(&recorded["rounds"], shared), "{case}");
    }
    assert_eq!(compared, 8);
}
