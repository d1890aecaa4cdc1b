//! Rules about the kubelet settings of an EC2NodeClass, which only the runtime checks.
//!
//! They work on the open map, so that every wrong value is named by its path. Source: reference, section 3.2.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::crd::ec2nodeclass::kubelet::{COMMON_FIELDS, FURTHER_FIELDS};
use crate::crd::ec2nodeclass::{AmiFamily, Ec2NodeClassSpec};
use crate::crd::invalid::{Findings, Stage};
use crate::crd::patterns::is_quantity;
use crate::crd::read::ValidationSettings;
use crate::crd::schema::field_path;

const ROOT: &str = "spec.kubelet";

/// What the eviction thresholds are about.
const SIGNALS: [&str; 6] = [
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "pid.available",
];

/// What can be reserved.
const RESERVABLE: [&str; 4] = ["cpu", "memory", "ephemeral-storage", "pid"];

/// Checks in the order in which the condition's reasons count.
pub(super) fn check(spec: &Ec2NodeClassSpec, settings: &ValidationSettings, findings: &mut Findings) {
    let Some(kubelet) = &spec.kubelet else { return };
    findings.enter(Stage::Runtime { reason: "InvalidKubeletConfiguration" });
    check_names(kubelet, findings);
    check_numbers(kubelet, findings);
    check_image_collection(kubelet, findings);
    check_dns_and_quota(kubelet, findings);
    check_evictions(kubelet, findings);
    check_reserved_keys(kubelet, findings);
    findings.enter(Stage::Runtime { reason: "KubeletExpressionsDisabled" });
    if !settings.kubelet_expressions {
        refuse_expressions(kubelet, findings);
    }
    findings.enter(Stage::Runtime { reason: "UnsupportedKubeletConfiguration" });
    check_family(kubelet, spec.resolved_ami_family(), findings);
}

fn check_names(kubelet: &Map<String, Value>, findings: &mut Findings) {
    for (name, value) in kubelet {
        let path = format!("{ROOT}.{name}");
        if name == "registerWithTaints" {
            findings.add(
                &path,
                "is set by the autoscaler",
                value,
                "use taints or startupTaints of the NodePool",
            );
        } else if !COMMON_FIELDS.contains(&name.as_str()) && !FURTHER_FIELDS.contains(&name.as_str()) {
            let problem = "is not a field of kubelet.config.k8s.io/v1beta1";
            findings.add(&path, problem, value, "check its spelling, or remove it");
        }
    }
}

fn check_numbers(kubelet: &Map<String, Value>, findings: &mut Findings) {
    for name in ["podsPerCore", "evictionMaxPodGracePeriod", "maxPods"] {
        let Some(value) = kubelet.get(name) else { continue };
        let is_expression = name == "maxPods" && value.is_string();
        if !is_expression && !is_within(value, i64::from(i32::MAX)) {
            findings.add(
                &format!("{ROOT}.{name}"),
                "must be a whole number, 0 or more",
                value,
                "write for example 110",
            );
        }
    }
}

fn is_within(value: &Value, most: i64) -> bool {
    value.as_i64().is_some_and(|number| (0..=most).contains(&number))
}

fn check_image_collection(kubelet: &Map<String, Value>, findings: &mut Findings) {
    const HIGH: &str = "imageGCHighThresholdPercent";
    const LOW: &str = "imageGCLowThresholdPercent";
    for name in [HIGH, LOW] {
        if let Some(value) = kubelet.get(name)
            && !is_within(value, 100)
        {
            findings.add(
                &format!("{ROOT}.{name}"),
                "must be from 0 to 100",
                value,
                "write a percentage without the sign",
            );
        }
    }
    let number = |name| kubelet.get(name).and_then(Value::as_i64);
    if let (Some(high), Some(low)) = (number(HIGH), number(LOW))
        && high <= low
    {
        let problem = format!("must be above {LOW}, which is {low}");
        findings.add(&format!("{ROOT}.{HIGH}"), problem, &high, "raise it, or lower the other");
    }
}

fn check_dns_and_quota(kubelet: &Map<String, Value>, findings: &mut Findings) {
    if let Some(value) = kubelet.get("clusterDNS")
        && !value.as_array().is_some_and(|addresses| addresses.iter().all(Value::is_string))
    {
        let path = format!("{ROOT}.clusterDNS");
        findings.add(&path, "must be a list of addresses", value, "write for example [\"10.100.0.10\"]");
    }
    if let Some(value) = kubelet.get("cpuCFSQuota")
        && !value.is_boolean()
    {
        findings.add(&format!("{ROOT}.cpuCFSQuota"), "must be true or false", value, "write true or false");
    }
}

fn check_evictions(kubelet: &Map<String, Value>, findings: &mut Findings) {
    for name in ["evictionHard", "evictionSoft", "evictionSoftGracePeriod"] {
        let (is_right, problem, example): (fn(&str) -> bool, &str, &str) = match name {
            "evictionSoftGracePeriod" => (is_grace_period, "is not a duration", "1m30s"),
            _ => (is_threshold, "is neither a quantity nor a percentage from 0% to 100%", "5%"),
        };
        for (signal, value) in entries(kubelet, name, &SIGNALS, findings) {
            if !is_right(value) {
                let path = field_path(&format!("{ROOT}.{name}"), signal);
                findings.add(&path, problem, &value, format!("write for example \"{example}\""));
            }
        }
    }
    check_soft_pairs(kubelet, findings);
}

/// Each soft threshold needs a grace period, and the reverse.
fn check_soft_pairs(kubelet: &Map<String, Value>, findings: &mut Findings) {
    let signals = |name: &str| -> BTreeSet<String> {
        kubelet
            .get(name)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(signal, _)| signal.clone())
            .collect()
    };
    let pair = ["evictionSoft", "evictionSoftGracePeriod"];
    for (name, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
        for signal in signals(name).difference(&signals(other)) {
            let path = field_path(&format!("{ROOT}.{other}"), signal);
            findings.add_missing(
                &path,
                format!("is needed, because {name} has it"),
                format!("add it, or remove it from {name}"),
            );
        }
    }
}

/// Entries of a map of texts. Names other keys and values that are no texts.
fn entries<'a>(
    kubelet: &'a Map<String, Value>,
    name: &str,
    keys: &[&str],
    findings: &mut Findings,
) -> Vec<(&'a str, &'a str)> {
    let Some(value) = kubelet.get(name) else { return Vec::new() };
    let Some(map) = value.as_object() else {
        findings.add(
            &format!("{ROOT}.{name}"),
            "must be a map",
            value,
            format!("write entries of {}", keys.join(", ")),
        );
        return Vec::new();
    };
    let mut texts = Vec::new();
    for (key, value) in map {
        let path = field_path(&format!("{ROOT}.{name}"), key);
        if !keys.contains(&key.as_str()) {
            findings.add(&path, "is not known here", value, format!("use one of {}", keys.join(", ")));
            continue;
        }
        match value.as_str() {
            Some(text) => texts.push((key.as_str(), text)),
            None => findings.add(&path, "must be a text", value, "put it in quotes"),
        }
    }
    texts
}

fn is_threshold(text: &str) -> bool {
    match text.strip_suffix('%') {
        Some(number) => number.parse::<f64>().is_ok_and(|percent| (0.0..=100.0).contains(&percent)),
        None => is_quantity(text) && !text.starts_with('-'),
    }
}

/// Whether the text is a duration of Go that is not negative: `1h30m`, `1.5s`, `300ms`, `0`.
fn is_grace_period(text: &str) -> bool {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        if rest[..rest.len() - number.len()].parse::<f64>().is_err() {
            return false;
        }
        // Longer units first: "ms" must not be read as minutes followed by "s".
        let units = ["ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "h", "m", "s"];
        match units.iter().find_map(|unit| number.strip_prefix(unit)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

const RESERVED: [&str; 2] = ["kubeReserved", "systemReserved"];

fn check_reserved_keys(kubelet: &Map<String, Value>, findings: &mut Findings) {
    for name in RESERVED {
        for (resource, value) in entries(kubelet, name, &RESERVABLE, findings) {
            if value.starts_with('-') && is_quantity(value) {
                let path = field_path(&format!("{ROOT}.{name}"), resource);
                findings.add(&path, "must not be negative", &value, "write for example \"100m\"");
            }
        }
    }
}

/// Names every value that is a CEL expression.
fn refuse_expressions(kubelet: &Map<String, Value>, findings: &mut Findings) {
    const PROBLEM: &str = "is an expression, and kubelet expressions are turned off";
    const REMEDY: &str = "write a fixed amount, or turn on the gate NodeClassCEL";
    if let Some(Value::String(expression)) = kubelet.get("maxPods") {
        findings.add(&format!("{ROOT}.maxPods"), PROBLEM, expression, REMEDY);
    }
    for name in RESERVED {
        for (resource, value) in kubelet.get(name).and_then(Value::as_object).into_iter().flatten() {
            if value.as_str().is_some_and(|text| !is_quantity(text)) {
                findings.add(&field_path(&format!("{ROOT}.{name}"), resource), PROBLEM, value, REMEDY);
            }
        }
    }
}

/// What the family cannot pass on. Custom images read nothing of it, so anything goes.
fn check_family(kubelet: &Map<String, Value>, family: AmiFamily, findings: &mut Findings) {
    if matches!(family, AmiFamily::AL2023 | AmiFamily::Custom) {
        return;
    }
    let family_name = family.as_str();
    for (name, value) in kubelet {
        let is_known = FURTHER_FIELDS.contains(&name.as_str());
        let is_refused = family == AmiFamily::Bottlerocket && name == "podsPerCore";
        if is_known || is_refused {
            let problem = format!("is not supported by {family_name}");
            findings.add(&format!("{ROOT}.{name}"), problem, value, "remove it, or use AL2023");
        }
    }
    if let Some(Value::Array(addresses)) = kubelet.get("clusterDNS")
        && addresses.len() > 1
    {
        let problem = format!("can have only one address on {family_name}");
        findings.add(&format!("{ROOT}.clusterDNS"), problem, addresses, "keep one, or use AL2023");
    }
}
