//! Every instance type under twelve node classes, against what the reference gave for the same recording.

use std::collections::{BTreeMap, BTreeSet};

use joiner_catalog::{AwsSettings, Catalog, types_report};
use serde_json::Value;

use crate::support::{class_of, golden_types, json};

const NETWORK_BANDWIDTH: &str = "karpenter.k8s.aws/instance-network-bandwidth";

/// Types whose bandwidth label differs, with both values; `-` is an absent label.
const BANDWIDTH_DIFFERENCES: &str = include_str!("../data/network-bandwidth-differences.tsv");

/// Type to (reference, ours).
type Differences = BTreeMap<String, (String, String)>;

/// The derived types of a case, reduced to the parts that were recorded, and the recording; the known
/// bandwidth differences are taken out of both and returned.
fn case(name: &str) -> (Value, Value, Differences) {
    let catalog = Catalog::embedded();
    let manifest = json(&golden_types().join(format!("{name}.nodeclass.json")));
    let mut expected = json(&golden_types().join(format!("{name}.expected.json.gz")));
    let class = class_of(&manifest, catalog);
    let mut actual = types_report(&catalog.instance_types(&class, &AwsSettings::UNSET, &[]));
    let parts: BTreeSet<String> =
        expected.as_object().unwrap().values().flat_map(|t| t.as_object().unwrap().keys().cloned()).collect();
    let mut differences = Differences::new();
    for (instance_type, ours) in actual.as_object_mut().unwrap() {
        ours.as_object_mut().unwrap().retain(|part, _| parts.contains(part));
        if !parts.contains("labels") {
            continue;
        }
        let take = |of: &mut Value| {
            let label = of["labels"].as_object_mut().unwrap().remove(NETWORK_BANDWIDTH);
            label.map_or("-".to_owned(), |label| label.as_str().unwrap().trim_start_matches("In ").to_owned())
        };
        let (theirs, ours) = (take(&mut expected[&**instance_type]), take(ours));
        if theirs != ours {
            differences.insert(instance_type.clone(), (theirs, ours));
        }
    }
    (expected, actual, differences)
}

/// Compares type by type, so that a failure names one type instead of printing a megabyte.
#[track_caller]
fn equals_the_reference(name: &str) -> Differences {
    let (expected, actual, differences) = case(name);
    let (expected, actual) = (expected.as_object().unwrap(), actual.as_object().unwrap());
    assert_eq!(expected.len(), 1235, "{name}");
    assert!(expected.keys().eq(actual.keys()), "{name}: other types than recorded");
    for (instance_type, theirs) in expected {
        assert_eq!(&actual[instance_type], theirs, "{name}: {instance_type}");
    }
    differences
}

fn known_bandwidth_differences() -> Differences {
    let lines = BANDWIDTH_DIFFERENCES.lines().filter(|line| !line.starts_with('#'));
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    cells.map(|cells| (cells[0].to_owned(), (cells[1].to_owned(), cells[2].to_owned()))).collect()
}

#[test]
fn capacity_and_allocatable_equal_the_reference_for_every_class() {
    let mut cases: Vec<String> = std::fs::read_dir(golden_types())
        .unwrap()
        .filter_map(|entry| {
            Some(entry.unwrap().file_name().to_str()?.strip_suffix(".nodeclass.json")?.to_owned())
        })
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 12);
    for name in cases {
        equals_the_reference(&name);
    }
}

// behaviour: catalog/labels-of-devices-need-one-model
#[test]
fn only_the_bandwidth_label_differs_and_only_where_it_is_known_to() {
    let known = known_bandwidth_differences();
    assert_eq!(known.len(), 86);
    for name in ["al2023", "windows2022"] {
        assert_eq!(equals_the_reference(name), known, "{name}");
    }
}

#[test]
fn the_recordings_say_what_they_are_used_for() {
    let parts = |name: &str| -> Vec<String> {
        let recorded = json(&golden_types().join(format!("{name}.expected.json.gz")));
        recorded["m5.large"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(parts("al2023"), ["allocatable", "capacity", "labels", "offerings"]);
    assert_eq!(parts("windows2022"), ["allocatable", "capacity", "labels"]);
    assert_eq!(parts("raid0"), ["allocatable", "capacity"]);
}
