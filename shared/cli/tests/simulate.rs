//! `joiner simulate` as users run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot start the command has failed")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn simulate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_joiner"));
    command.arg("simulate").args(arguments);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).output().unwrap()
}

fn answer(arguments: &[&str]) -> Value {
    let output = simulate(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_default_run_ends_with_no_node_every_pod_having_run_and_the_limit_kept() {
    let answer = answer(&["-o", "json"]);
    let report = &answer["report"];
    assert_eq!(
        (&report["nodesLeft"], &report["podsWaiting"]),
        (&Value::from(0), &Value::from(Vec::<Value>::new()))
    );
    assert_eq!(report["podsRan"], report["podsCreated"]);
    assert_eq!(report["podsRan"], 26, "23 were asked for, 3 were moved to a cheaper node");
    // A machine of 2 stands in for one of 8 while both run; it counts once that one is gone.
    assert_eq!(
        report["peakCpuMilli"], 12_000,
        "all of the limit is used, and no more than a stand-in beside it"
    );
    assert_eq!(report["violations"], Value::from(Vec::<Value>::new()));
    assert!(report["leastCostUsd"].as_f64().unwrap() < report["costUsd"].as_f64().unwrap());
    let timeline = answer["timeline"].as_array().unwrap();
    let refused = timeline.iter().find(|entry| entry["kind"] == "pod-unschedulable").unwrap();
    let why = refused["detail"].as_str().unwrap();
    assert!(why.starts_with("NodePool default: limit on cpu: 0 left"), "{why}");
}

#[test]
fn one_seed_shows_the_same_bytes_and_another_seed_others() {
    let shown = |seed| simulate(&["--seed", seed]).stdout;
    assert_eq!(shown("7"), shown("7"));
    assert_ne!(shown("7"), shown("8"));
}

#[test]
fn a_storm_ends_as_calmly_as_a_calm_run() {
    let report = answer(&["--storm", "15m", "--seed", "9", "-o", "json"])["report"].take();
    assert_eq!(report["nodesLeft"], 0);
    assert_eq!(report["violations"], Value::from(Vec::<Value>::new()));
}

#[test]
fn workloads_without_a_pool_are_told_why_they_wait() {
    let report = answer(&["-f", "examples/inflate.yaml", "-o", "json"])["report"].take();
    assert_eq!((&report["nodesLaunched"], &report["podsRan"]), (&Value::from(0), &Value::from(0)));
    assert_eq!(report["podsWaiting"][0]["why"], "there is no NodePool that could be used");
}

#[test]
fn own_workloads_keep_their_nodes_when_nothing_scales_them_down() {
    let report =
        answer(&["-f", "examples/basic.yaml", "examples/inflate.yaml", "-o", "json"])["report"].take();
    assert_eq!((&report["podsRan"], &report["nodesLeft"]), (&Value::from(5), &Value::from(1)));
}

#[test]
fn a_script_that_cannot_be_followed_is_refused_with_the_line_and_the_remedy() {
    let folder = std::env::temp_dir().join("joiner-simulate-script");
    std::fs::create_dir_all(&folder).unwrap();
    let script = folder.join("script.yaml");
    std::fs::write(&script, "- {at: 1s, scale: deployment/web}\n").unwrap();
    let output = simulate(&["--script", script.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = "entry 1 of the script: replicas: is missing; say how many pods are wanted";
    assert!(told.contains(expected), "{told}");
}
