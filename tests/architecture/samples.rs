//! Does every golden have its input, every input its golden, and every recorded event a test that parses it?

use std::collections::BTreeMap;

use crate::none_of;
use crate::source::{FILES, File};

/// A folder of goldens, of the whole or of one crate.
const GOLDENS: &str = "golden/";
const EVENTS: &str = "events/";
/// In the name of a file that holds what must come out.
const EXPECTED: &str = "expected";

/// Halves of goldens. In a flat folder the part of the name before the first dot makes the pair
/// (`al2.nodeclass.json`, `al2.expected.json.gz`); a folder with a plain `expected` file is one pair.
fn halves(files: &[File]) -> Vec<String> {
    let mut pairs: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let goldens: Vec<&File> =
        files.iter().filter(|file| file.path.contains(GOLDENS) && !file.path.ends_with(".md")).collect();
    for file in &goldens {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let stem = name.split('.').next().unwrap_or(name);
        let is_case = |other: &&&File| {
            other.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with("/expected."))
        };
        let key = if goldens.iter().any(|other| is_case(&other)) {
            folder.to_owned()
        } else {
            format!("{folder}/{stem}")
        };
        let (expected, input) = pairs.entry(key).or_default();
        let half = if name.split('.').any(|part| part == EXPECTED) { expected } else { input };
        *half += 1;
    }
    let lone = pairs.iter().filter(|(_, (expected, input))| *expected == 0 || *input == 0);
    lone.map(|(key, (expected, _))| {
        let missing = if *expected == 0 { "nothing is expected of it" } else { "it has no input" };
        format!("{key}: {missing}")
    })
    .collect()
}

/// Recorded events that no Rust file names, and names of events that do not exist.
fn unparsed(files: &[File]) -> Vec<String> {
    let sources: Vec<&File> =
        files.iter().filter(|file| file.is_rust() && !file.path.starts_with(HERE)).collect();
    let events = files.iter().filter(|file| file.path.starts_with(EVENTS) && file.path.ends_with(".json"));
    let lost = events.filter(|event| !sources.iter().any(|source| source.text.contains(event.name())));
    let mut found: Vec<String> = lost.map(|event| format!("{}: no test names it", event.path)).collect();
    for source in &sources {
        for quoted in source.text.split('"').skip(1).step_by(2) {
            let named =
                quoted.split_once(EVENTS).map(|(before, name)| (before.trim_end_matches("../"), name));
            let Some(("" | "/", name)) = named else { continue };
            let path = format!("{EVENTS}{name}");
            if name.ends_with(".json") && !files.iter().any(|file| file.path == path) {
                found.push(format!("{}: names {path}, which does not exist", source.path));
            }
        }
    }
    found
}

/// Planted events live here.
const HERE: &str = "tests/architecture/";

#[test]
fn every_golden_has_an_input_and_every_input_a_golden() {
    none_of(&halves(&FILES));
}

#[test]
fn every_recorded_event_is_parsed_by_a_test() {
    none_of(&unparsed(&FILES));
}

#[test]
fn half_a_golden_is_caught() {
    let files = |paths: &[&str]| paths.iter().map(|path| File::planted(path, "")).collect::<Vec<_>>();
    let whole = [
        "tests/golden/README.md",
        "tests/golden/types/al2.expected.json.gz",
        "tests/golden/types/al2.nodeclass.json",
        "tests/golden/plan/spot/expected.txt",
        "tests/golden/plan/spot/pods.yaml",
        "tests/golden/plan/spot/pools.yaml",
    ];
    assert_eq!(halves(&files(&whole)), Vec::<String>::new());
    let half = ["tests/golden/a/x.expected.txt", "tests/golden/a/y.yaml", "tests/golden/b/expected.txt"];
    let expected = [
        "tests/golden/a/x: it has no input",
        "tests/golden/a/y: nothing is expected of it",
        "tests/golden/b: it has no input",
    ];
    assert_eq!(halves(&files(&half)), expected);
}

#[test]
fn an_event_nobody_parses_is_caught() {
    let files = [
        File::planted("events/spot.json", "{}"),
        File::planted("events/rebalance.json", "{}"),
        File::planted("shared/ports/src/tests.rs", "include_str!(\"../../../events/spot.json\")"),
        File::planted("tests/contracts/a.rs", "(\"events/gone.json\", \"fields/events.json\")"),
    ];
    let expected = [
        "events/rebalance.json: no test names it",
        "tests/contracts/a.rs: names events/gone.json, which does not exist",
    ];
    assert_eq!(unparsed(&files), expected);
}
