//! Do the roles in Kubernetes give what the code needs, and nothing else?

use std::collections::BTreeSet;

use joiner_kube::access::RULES;
use joiner_ports::Duty;
use serde_json::Value;

use crate::documents::{DOCUMENTS, texts};
use crate::functions::id;

const READER: &str = "joiner-reader";
const WRITER: &str = "joiner-writer";

/// A right: group, resource, verb.
type Right<'a> = (&'a str, &'a str, &'a str);

fn named<'a>(kind: &str, name: &str) -> &'a Value {
    let found =
        DOCUMENTS.access.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn rights(role: &str) -> BTreeSet<Right<'static>> {
    let rules = named("ClusterRole", role)["rules"].as_array().expect("rules");
    let mut found = BTreeSet::new();
    for rule in rules {
        assert!(rule["resourceNames"].is_null() && rule["nonResourceURLs"].is_null(), "{rule}");
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                found.extend(texts(&rule["verbs"]).into_iter().map(|verb| (group, resource, verb)));
            }
        }
    }
    found
}

fn groups(binding: &str) -> Vec<&'static str> {
    let object = named("ClusterRoleBinding", binding);
    assert_eq!(object["roleRef"]["name"], binding);
    let subjects = object["subjects"].as_array().expect("subjects");
    subjects.iter().filter_map(|subject| subject["name"].as_str()).collect()
}

#[test]
fn the_roles_give_what_the_code_needs_and_nothing_else() {
    let needed: BTreeSet<Right<'_>> = RULES
        .iter()
        .flat_map(|rule| rule.verbs.iter().map(|verb| (rule.group, rule.resource, *verb)))
        .collect();
    let reading = |right: &&Right<'_>| matches!(right.2, "list" | "watch");
    let (reads, writes): (Vec<_>, Vec<_>) = needed.iter().partition(reading);
    assert_eq!(rights(READER), reads.into_iter().copied().collect());
    assert_eq!(rights(WRITER), writes.into_iter().copied().collect());
}

#[test]
fn who_writes_also_reads() {
    assert_eq!(groups(READER), [READER, WRITER]);
    assert_eq!(groups(WRITER), [WRITER]);
}

#[test]
fn every_function_is_let_into_the_cluster_and_relay_only_to_read() {
    for duty in Duty::ALL {
        let entry = DOCUMENTS.template.properties(&format!("{}Access", id(duty)));
        let group = if duty == Duty::Relay { READER } else { WRITER };
        assert_eq!(texts(&entry["KubernetesGroups"]), [group], "{duty:?}");
        assert_eq!(entry["Type"], "STANDARD");
    }
    assert_eq!(DOCUMENTS.template.properties("NodeAccess")["Type"], "EC2_LINUX");
    assert_eq!(texts(&DOCUMENTS.cluster.properties("Access")["KubernetesGroups"]), [WRITER]);
}

#[test]
fn what_is_applied_is_there() {
    for (path, kustomization) in &DOCUMENTS.kustomizations {
        let folder = crate::documents::root().join(path).parent().expect("a folder").to_path_buf();
        let mut listed = texts(&kustomization["resources"]);
        assert!(!listed.is_empty());
        for resource in &listed {
            assert!(folder.join(resource).exists(), "{path} lists {resource}");
        }
        let files = std::fs::read_dir(&folder).expect("a folder").flatten();
        let mut there: Vec<String> = files
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml")
            .collect();
        listed.retain(|resource| resource.ends_with(".yaml"));
        listed.sort_unstable();
        there.sort_unstable();
        assert_eq!(listed, there, "{path}");
    }
}
