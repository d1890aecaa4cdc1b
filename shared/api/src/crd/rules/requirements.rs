//! Rules about label keys and requirements, shared by NodePools, NodeClaims and NodeOverlays.

use crate::crd::invalid::Findings;
use crate::crd::labels;
use crate::crd::parts::{OverlayRequirement, RequirementOperator, RequirementSpec};

/// Keys of the reserved domains that one kind admits all the same.
pub(super) struct AdmittedKeys {
    /// Keys of the domain karpenter.sh.
    pub(super) karpenter: &'static [&'static str],
    /// Keys of the domain karpenter.k8s.aws.
    pub(super) aws: &'static [&'static str],
}

/// Admission's rules about a label key, the same for labels and requirements.
pub(super) fn check_admitted_key(key: &str, admitted: &AdmittedKeys, path: &str, findings: &mut Findings) {
    if labels::ends_in_domain(key, labels::KARPENTER_DOMAIN) && !admitted.karpenter.contains(&key) {
        let problem = "labels of the domain karpenter.sh are reserved";
        let remedy = format!("use one of {}, or a label of your own domain", admitted.karpenter.join(", "));
        findings.add(path, problem, &key, remedy);
    }
    if labels::ends_in_domain(key, labels::AWS_DOMAIN) && !admitted.aws.contains(&key) {
        let remedy = match closest(key, admitted.aws) {
            Some(near) => format!("did you mean {near}?"),
            None => {
                "use a label that describes instances, such as karpenter.k8s.aws/instance-family".to_owned()
            }
        };
        findings.add(
            path,
            "is not a label of the domain karpenter.k8s.aws that can be used here",
            &key,
            remedy,
        );
    }
    if key == labels::HOSTNAME {
        findings.add(path, "names a single node, which cannot be asked for", &key, "remove it");
    }
}

/// The known key that this one was probably meant to be.
fn closest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    const MOST_EDITS: usize = 2;
    known
        .iter()
        .copied()
        .map(|other| (edits(key, other), other))
        .min()
        .filter(|(edits, _)| *edits <= MOST_EDITS)
        .map(|(_, other)| other)
}

/// Number of letters to insert, remove or replace to get from one text to the other.
fn edits(from: &str, to: &str) -> usize {
    let to = to.as_bytes();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..to.len() {
            let replace = diagonal + usize::from(letter != to[column]);
            diagonal = row[column + 1];
            row[column + 1] = replace.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// A requirement as the rules see it.
pub(super) struct Wanted<'a> {
    pub(super) operator: RequirementOperator,
    pub(super) values: &'a [String],
    pub(super) min_values: Option<i32>,
}

impl<'a> From<&'a RequirementSpec> for Wanted<'a> {
    fn from(from: &'a RequirementSpec) -> Self {
        Self { operator: from.operator, values: &from.values, min_values: from.min_values }
    }
}

impl<'a> From<&'a OverlayRequirement> for Wanted<'a> {
    fn from(from: &'a OverlayRequirement) -> Self {
        Self { operator: from.operator, values: &from.values, min_values: None }
    }
}

/// Rules about operators and their values; `need_values` are the operators of sets that need one.
pub(super) fn check_operator(
    wanted: &Wanted<'_>,
    need_values: &[RequirementOperator],
    path: &str,
    findings: &mut Findings,
) {
    let Wanted { operator, values, .. } = wanted;
    let path = format!("{path}.values");
    if need_values.contains(operator) && values.is_empty() {
        let problem = format!("operator {operator:?} needs at least one value");
        findings.add(&path, problem, values, "write for example values: [\"a\"], or use operator Exists");
    }
    if operator.is_numeric() && !matches!(*values, [value] if is_natural(value)) {
        let problem = format!("operator {operator:?} needs exactly one non-negative integer");
        findings.add(&path, problem, values, "write for example values: [\"5\"]");
    }
    let floor = wanted.min_values.and_then(|floor| usize::try_from(floor).ok()).unwrap_or(0);
    if *operator == RequirementOperator::In && values.len() < floor && !values.is_empty() {
        let problem = format!("operator In with minValues {floor} needs at least {floor} values");
        findings.add(
            &path,
            problem,
            values,
            format!("add {} values, or lower minValues", floor - values.len()),
        );
    }
}

fn is_natural(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number >= 0)
}
