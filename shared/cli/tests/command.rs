//! The command as users run it: answers, complaints and exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot start the command has failed")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn joiner(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_joiner"));
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses its arguments does not wait for its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn check_refused(arguments: &[&str], input: &str, complaint: &str) {
    let output = joiner(arguments, input);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.trim_end()), (Some(2), complaint));
    assert!(output.stdout.is_empty());
}

#[test]
fn the_workshop_manifests_give_one_machine_for_five_replicas() {
    let output = joiner(&["plan", "-f", "examples/basic.yaml", "examples/inflate.yaml", "-o", "json"], "");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let claims = answer["newNodeClaims"].as_array().unwrap();
    assert_eq!((claims.len(), claims[0]["pods"].as_array().unwrap().len()), (1, 5));
    assert_eq!(claims[0]["requirements"]["eks-team"], "In my-team");
    assert_eq!(answer["podErrors"], Value::Object(Default::default()));
}

#[test]
fn pods_that_fit_nowhere_are_told_with_the_reason() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec: {containers: [{name: a, resources: {requests: {cpu: 500}}}]}";
    let output = joiner(&["plan", "-f", "examples/basic.yaml", "-"], pod);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.starts_with("No machine is needed.\n\nPods that fit nowhere:\n  1 pod (default/big)\n"),
        "{text}"
    );
    assert!(text.contains("NodePool default: "), "{text}");
}

#[test]
fn pods_with_defects_are_left_out_and_do_not_stop_the_others() {
    let pods = r#"
kind: Pod
apiVersion: v1
metadata: {name: odd}
spec:
  containers: [{name: a, resources: {requests: {cpu: one}}}]
---
kind: Pod
apiVersion: v1
metadata: {name: even}
spec:
  containers: [{name: a, resources: {requests: {cpu: 1}}}]
"#;
    let output = joiner(&["plan", "examples/basic.yaml", "-", "-o", "json"], pods);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["newNodeClaims"][0]["pods"], serde_json::json!(["default/even"]));
    let why = answer["ignoredPods"]["default/odd"].as_str().unwrap();
    assert!(why.contains("spec.containers[0].resources.requests.cpu: \"one\" is not a quantity"), "{why}");
}

#[test]
fn bad_input_is_refused_with_place_field_and_remedy() {
    check_refused(
        &["plan"],
        "",
        "error: no manifests are given; name files or folders with -f, or - for stdin",
    );
    check_refused(
        &["plan", "-f", "-"],
        "kind: Gadget\napiVersion: example.com/v1\nmetadata: {name: a}\n",
        "error: stdin:1: document 1: Gadget default/a: example.com/v1 is of a kind that is not known; correct the kind or take the object out",
    );
    check_refused(
        &["plan", "-f", "-"],
        "{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}",
        "error: stdin:1: document 1: Pod: metadata.name: is missing; give the object a name",
    );
    let twice = "kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n";
    check_refused(
        &["plan", "-f", "-"],
        &format!("{twice}---\n{twice}"),
        "error: stdin:5: document 2: Namespace a: metadata.name: is there twice; first in stdin:1: document 1; rename or remove one of the two",
    );
    check_refused(
        &["plan", "-f", "examples/basic.yaml", "--packing", "cost"],
        "",
        "error: --packing cost is not supported yet; use --packing first-fit",
    );
}

#[test]
fn fields_that_do_not_exist_are_noted_and_wrong_ones_refused() {
    let class = |field: &str| {
        format!(
            "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {{name: a}}\nspec:\n  role: r\n  \
             amiSelectorTerms: [{{alias: al2023@latest}}]\n  subnetSelectorTerms: [{{id: subnet-1}}]\n  \
             securityGroupSelectorTerms: [{{id: sg-1}}]\n  {field}\n"
        )
    };
    let output = joiner(&["types", "-f", "-", "-o", "json"], &class("amiFamilly: AL2023"));
    assert_eq!(output.status.code(), Some(0));
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(
        note.starts_with("note: stdin:1: document 1: EC2NodeClass a: spec.amiFamilly: is not a field"),
        "{note}"
    );
    let output = joiner(&["types", "-f", "-"], &class("amiFamily: AL2077"));
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("EC2NodeClass a: spec.amiFamily: ") && told.contains("AL2077"), "{told}");
}

#[test]
fn other_commands_answer() {
    assert!(joiner(&["version"], "").stdout.starts_with(b"joiner "));
    let crds = String::from_utf8(joiner(&["crds"], "").stdout).unwrap();
    assert_eq!(crds.matches("kind: CustomResourceDefinition").count(), 4);
    let types = String::from_utf8(joiner(&["types", "-f", "examples/basic.yaml"], "").stdout).unwrap();
    assert!(types.lines().any(|line| line.starts_with("m5.large ")), "{types}");
}
