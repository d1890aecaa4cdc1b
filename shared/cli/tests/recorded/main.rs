//! Outcomes recorded from Karpenter: the same objects, settings and facts give the same answer here.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its cases or write into a string has failed"
)]

mod disrupt;
mod provision;

use std::fs;
use std::path::{Path, PathBuf};

use joiner_cli::args::{Consolidation, InputArguments, OutputForm, Packing, PlanArguments};
use joiner_cli::plan::{Question, question};
use serde_json::Value;

fn path(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(folder)
}

/// Names of the recorded cases, in order.
fn cases(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).unwrap();
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut cases: Vec<String> =
        names.filter_map(|n| n.strip_suffix(".expected.json").map(str::to_owned)).collect();
    cases.sort();
    cases
}

fn json(folder: &str, case: &str, part: &str) -> Value {
    let file = path(folder).join(format!("{case}.{part}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// What `joiner plan` would be asked with the manifests and options of a case.
fn question_of(folder: &str, case: &str, disrupt: bool) -> Question {
    let file = |part: &str| path(folder).join(format!("{case}.{part}.json"));
    let asked = PlanArguments {
        consolidation: Consolidation::Reference,
        input: InputArguments {
            catalog: None,
            files: vec![file("manifests").display().to_string()],
            more_files: Vec::new(),
            cluster: "demo".to_owned(),
        },
        settings: Some(file("options")),
        packing: Packing::FirstFit,
        disrupt,
        output: OutputForm::Json,
    };
    question(&asked).unwrap_or_else(|fault| panic!("{case}: {fault}"))
}
