//! Rules about NodePools.

use super::requirements::{AdmittedKeys, Wanted, check_admitted_key, check_operator};
use crate::crd::invalid::Findings;
use crate::crd::labels;
use crate::crd::nodepool::{DisruptionSpec, NodePoolSpec};
use crate::crd::parts::{RequirementOperator, RequirementSpec, TaintSpec};
use crate::crd::patterns::{is_label_value, is_qualified_name};
use crate::crd::schema::field_path;

const LABEL_KEYS: AdmittedKeys =
    AdmittedKeys { karpenter: labels::NODEPOOL_REQUIREMENT_KEYS, aws: labels::AWS_ADMITTED };

const LABELS: &str = "spec.template.metadata.labels";
const REQUIREMENTS: &str = "spec.template.spec.requirements";

/// Values of well-known labels that are known in advance.
const VALUE_SETS: [(&str, &[&str]); 2] = [
    (labels::CAPACITY_TYPE, &["on-demand", "spot", "reserved"]),
    (labels::INSTANCE_TENANCY, &["default", "dedicated"]),
];

pub(in crate::crd) fn check_admission(spec: &NodePoolSpec, findings: &mut Findings) {
    check_static(spec, findings);
    check_budgets(&spec.disruption, findings);
    for key in spec.template.metadata.labels.keys() {
        check_admitted_key(key, &LABEL_KEYS, &field_path(LABELS, key), findings);
    }
    for (index, requirement) in spec.template.spec.requirements.iter().enumerate() {
        let path = format!("{REQUIREMENTS}[{index}]");
        check_admitted_key(&requirement.key, &LABEL_KEYS, &format!("{path}.key"), findings);
        check_operator(&Wanted::from(requirement), &[RequirementOperator::In], &path, findings);
    }
}

/// With replicas the pool has no other size and no rank among pools.
fn check_static(spec: &NodePoolSpec, findings: &mut Findings) {
    if spec.replicas.is_none() {
        return;
    }
    for (resource, limit) in spec.limits.iter().flatten().filter(|(resource, _)| *resource != "nodes") {
        let path = field_path("spec.limits", resource);
        findings.add(&path, "cannot be limited together with replicas", limit, "keep only limits.nodes");
    }
    if let Some(weight) = spec.weight {
        findings.add(
            "spec.weight",
            "cannot be used together with replicas",
            &weight,
            "remove weight or replicas",
        );
    }
}

fn check_budgets(disruption: &DisruptionSpec, findings: &mut Findings) {
    for (index, budget) in disruption.budgets.iter().enumerate() {
        let path = format!("spec.disruption.budgets[{index}]");
        match (&budget.schedule, &budget.duration) {
            (Some(schedule), None) => {
                let problem = "needs a duration next to it";
                findings.add(
                    &format!("{path}.schedule"),
                    problem,
                    schedule,
                    "write for example duration: 8h",
                );
            }
            (None, Some(duration)) => {
                let problem = "needs a schedule next to it";
                findings.add(
                    &format!("{path}.duration"),
                    problem,
                    duration,
                    "write for example schedule: \"0 9 * * *\"",
                );
            }
            _ => {}
        }
    }
}

pub(in crate::crd) fn check_transition(new: &NodePoolSpec, old: &NodePoolSpec, findings: &mut Findings) {
    if new.replicas.is_some() != old.replicas.is_some() {
        let problem = "can neither be added to a NodePool nor removed from it";
        findings.add("spec.replicas", problem, &new.replicas, "make another NodePool");
    }
    let (new, old) = (&new.template.spec.node_class_ref, &old.template.spec.node_class_ref);
    for (field, new, old) in [("group", &new.group, &old.group), ("kind", &new.kind, &old.kind)] {
        if new != old {
            let path = format!("spec.template.spec.nodeClassRef.{field}");
            findings.add(&path, "is immutable", new, format!("write {old}, or make another NodePool"));
        }
    }
}

pub(in crate::crd) fn check_runtime(spec: &NodePoolSpec, findings: &mut Findings) {
    for (key, value) in &spec.template.metadata.labels {
        let path = field_path(LABELS, key);
        check_runtime_key(key, &path, findings);
        if !is_label_value(value) {
            findings.add(&path, "is not a label value", value, "write for example \"web-1\"");
        }
    }
    check_taints(spec, findings);
    for (index, requirement) in spec.template.spec.requirements.iter().enumerate() {
        let path = format!("{REQUIREMENTS}[{index}]");
        check_runtime_key(labels::normalize(&requirement.key), &format!("{path}.key"), findings);
        check_operator(&Wanted::from(requirement), &[RequirementOperator::In], &path, findings);
        check_known_values(requirement, &path, findings);
    }
}

fn check_runtime_key(key: &str, path: &str, findings: &mut Findings) {
    if !is_qualified_name(key) {
        findings.add(path, "is not a qualified name", &key, "write for example \"example.com/team\"");
    } else if key == labels::NODEPOOL {
        findings.add(path, "is set by the autoscaler", &key, "remove it");
    } else if labels::is_restricted(key) {
        findings.add(path, "is a reserved label", &key, "use a well-known label, or one of your own domain");
    }
}

fn check_taints(spec: &NodePoolSpec, findings: &mut Findings) {
    let spec = &spec.template.spec;
    let lists = [("taints", &spec.taints), ("startupTaints", &spec.startup_taints)];
    let mut earlier: Vec<&TaintSpec> = Vec::new();
    for (list, taints) in lists {
        for (index, taint) in taints.iter().enumerate() {
            let path = format!("spec.template.spec.{list}[{index}]");
            check_taint(taint, &path, findings);
            if earlier.iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
                let problem = "repeats key and effect of a taint before it";
                findings.add(&path, problem, taint, "remove it, from taints or from startupTaints");
            }
            earlier.push(taint);
        }
    }
}

fn check_taint(taint: &TaintSpec, path: &str, findings: &mut Findings) {
    if !is_qualified_name(&taint.key) {
        findings.add(
            &format!("{path}.key"),
            "is not a qualified name",
            &taint.key,
            "write for example \"example.com/team\"",
        );
    }
    if let Some(value) = taint.value.as_ref().filter(|value| !value.is_empty() && !is_qualified_name(value)) {
        findings.add(&format!("{path}.value"), "is not a qualified name", value, "write for example \"web\"");
    }
}

/// A label with a closed set of values needs enough values of that set; unknown ones next to them do no harm.
fn check_known_values(requirement: &RequirementSpec, path: &str, findings: &mut Findings) {
    let key = labels::normalize(&requirement.key);
    let Some((_, known)) = VALUE_SETS.iter().find(|(label, _)| *label == key) else { return };
    if requirement.operator != RequirementOperator::In || requirement.values.is_empty() {
        return;
    }
    let count = requirement.values.iter().filter(|value| known.contains(&value.as_str())).count();
    let floor = requirement.min_values.and_then(|floor| usize::try_from(floor).ok()).unwrap_or(0).max(1);
    if count < floor {
        let problem = format!("has {count} known values of {key}, but needs {floor}");
        findings.add(
            &format!("{path}.values"),
            problem,
            &requirement.values,
            format!("use {}", known.join(", ")),
        );
    }
}
