//! Do SAM and CloudFormation take the templates for right?

use std::process::Command;

use crate::documents::root;
use crate::tools::{environment, output};

/// `sam validate` needs no account and no network; what it checks without them is the transform and cfn-lint's rules.
#[test]
fn sam_takes_the_template_for_valid() {
    let mut sam = Command::new(environment().join("bin/sam"));
    sam.args(["validate", "--lint", "--template", "infra/template.yaml"]).current_dir(root());
    assert!(output(&mut sam).trim_end().ends_with("infra/template.yaml is a valid SAM Template"));
}

#[test]
fn cfn_lint_finds_nothing_in_the_templates() {
    let mut lint = Command::new(environment().join("bin/cfn-lint"));
    lint.args(["infra/template.yaml", "infra/cluster.yaml"]).current_dir(root());
    assert_eq!(output(&mut lint), "");
}
