//! What did a check come to, and how is that shown?

use serde_json::{Value, json};

/// What is left out, and how to look at it.
const NOT_LOOKED_AT: &str =
    "quotas of the account: `aws service-quotas list-service-quotas --service-code ec2`";

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// As it should be.
    Ok,
    /// It works, and may surprise.
    Warning,
    /// It will not work.
    Failure,
    /// It could not be looked at.
    Unknown,
}

impl Judgement {
    /// For programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Judgement::Ok => "ok",
            Judgement::Warning => "warning",
            Judgement::Failure => "failure",
            Judgement::Unknown => "unknown",
        }
    }

    const fn sign(self) -> char {
        match self {
            Judgement::Ok => '✓',
            Judgement::Warning => '!',
            Judgement::Failure => '✗',
            Judgement::Unknown => '?',
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// What it came to.
    pub verdict: Judgement,
    /// What was found.
    pub found: String,
    /// What to do; empty when there is nothing to do.
    pub remedy: String,
}

impl Check {
    /// A check.
    pub fn new(
        name: impl Into<String>,
        verdict: Judgement,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Check { name: name.into(), verdict, found: found.into(), remedy: remedy.into() }
    }

    /// All is well.
    pub fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Check::new(name, Judgement::Ok, found, "")
    }
}

/// 1 when something failed, else 2 when something could not be looked at, else 0.
pub fn exit_code(checks: &[Check]) -> u8 {
    let has = |verdict| checks.iter().any(|check| check.verdict == verdict);
    match (has(Judgement::Failure), has(Judgement::Unknown)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    }
}

/// One line per check, and one more with the remedy where there is one.
pub fn as_text(checks: &[Check], done: &[String]) -> String {
    let mut lines: Vec<String> = done.iter().map(|deed| format!("+ {deed}")).collect();
    for check in checks {
        lines.push(format!("{} {}: {}", check.verdict.sign(), check.name, check.found));
        if !check.remedy.is_empty() {
            lines.push(format!("    {}", check.remedy));
        }
    }
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    lines.push(format!(
        "\n{} ok, {} warnings, {} failures, {} could not be looked at. Left out: {NOT_LOOKED_AT}",
        count(Judgement::Ok),
        count(Judgement::Warning),
        count(Judgement::Failure),
        count(Judgement::Unknown)
    ));
    lines.join("\n") + "\n"
}

/// For programs.
pub fn as_json(checks: &[Check], done: &[String]) -> Value {
    let each = checks.iter().map(|check| {
        json!({
            "name": check.name,
            "verdict": check.verdict.as_str(),
            "found": check.found,
            "remedy": check.remedy,
        })
    });
    json!({"checks": each.collect::<Vec<_>>(), "done": done, "notLookedAt": [NOT_LOOKED_AT]})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(verdicts: &[Judgement]) -> Vec<Check> {
        verdicts
            .iter()
            .map(|verdict| Check::new("table", *verdict, "not there", "deploy the stack"))
            .collect()
    }

    #[test]
    fn the_exit_code_tells_the_worst() {
        use Judgement::{Failure, Ok, Unknown, Warning};
        for (verdicts, code) in [
            (&[][..], 0),
            (&[Ok, Warning], 0),
            (&[Ok, Unknown], 2),
            (&[Unknown, Failure], 1),
            (&[Warning, Failure], 1),
        ] {
            assert_eq!(exit_code(&checks(verdicts)), code, "{verdicts:?}");
        }
    }

    #[test]
    fn a_check_is_a_line_with_its_remedy_below() {
        let mut all = checks(&[Judgement::Failure]);
        all.insert(0, Check::ok("cluster", "prod, Kubernetes 1.34"));
        let expected = format!(
            "+ tagged sg-1\n✓ cluster: prod, Kubernetes 1.34\n✗ table: not there\n    deploy the stack\n\n\
             1 ok, 0 warnings, 1 failures, 0 could not be looked at. Left out: {NOT_LOOKED_AT}\n"
        );
        assert_eq!(as_text(&all, &["tagged sg-1".to_owned()]), expected);
    }

    #[test]
    fn programs_get_values() {
        let expected = json!({
            "checks": [{"name": "table", "verdict": "failure", "found": "not there", "remedy": "deploy the stack"}],
            "done": [],
            "notLookedAt": [NOT_LOOKED_AT],
        });
        assert_eq!(as_json(&checks(&[Judgement::Failure]), &[]), expected);
    }
}
