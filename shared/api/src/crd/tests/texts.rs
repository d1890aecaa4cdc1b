//! Durations, quantities and names as text.

use serde_json::json;

use crate::crd::duration::LONGEST_DURATION_SECS;
use crate::crd::ec2nodeclass::NumberOrExpression;
use crate::crd::patterns::{ALL, is_qualified_name};
use crate::crd::{DurationOrNever, DurationText, Ec2NodeClassSpec, QuantityText, ResourceKind, labels};

#[test]
fn durations_add_up_their_units_in_any_order() {
    let secs = |text: &str| DurationText::parse(text).map(|duration| duration.secs()).ok();
    assert_eq!(secs("1h30m"), Some(5400));
    assert_eq!(secs("10s1h10s"), Some(3620));
    assert_eq!(secs("0s"), Some(0));
    assert_eq!(secs("99999999999999999999h"), Some(LONGEST_DURATION_SECS));
    for wrong in ["", "10", "h", "1d", "1.5h", "100ms", "-1s", "1h ", "Never"] {
        assert_eq!(secs(wrong), None, "{wrong}");
    }
}

#[test]
fn durations_compare_by_length_and_write_back_their_text() {
    let (day, minutes) = (DurationText::parse("24h").unwrap(), DurationText::parse("1440m").unwrap());
    assert_eq!(day, minutes);
    assert_eq!(serde_json::to_value(minutes).unwrap(), json!("1440m"));
    assert_eq!(serde_json::from_value::<DurationOrNever>(json!("Never")).unwrap().secs(), None);
    assert_eq!(DurationOrNever::after_secs(90).secs(), Some(90));
}

#[test]
fn quantities_have_the_value_that_kubernetes_gives_them() {
    let nanos = |text: &str| QuantityText::from(text).nanos();
    assert_eq!(nanos("1"), Some(1_000_000_000));
    assert_eq!(nanos("500m"), Some(500_000_000));
    assert_eq!(nanos("1.5Gi"), Some(1_610_612_736_000_000_000));
    assert_eq!(nanos("1024Gi"), nanos("1Ti"));
    assert_eq!(nanos("1e3"), nanos("1k"));
    assert_eq!(nanos("1000e-3"), nanos("1"));
    assert_eq!(nanos(".5"), nanos("500m"));
    assert_eq!(nanos("-2"), Some(-2_000_000_000));
    assert_eq!(nanos("2E"), Some(2_000_000_000_000_000_000_000_000_000));
    assert_eq!(QuantityText::Number(4).nanos(), nanos("4"));
    for wrong in ["", "Gi", "1 Gi", "1gi", "abc", "1e"] {
        assert_eq!(nanos(wrong), None, "{wrong}");
    }
}

#[test]
fn every_pattern_accepts_its_own_example() {
    for pattern in ALL {
        let regex = regex::Regex::new(pattern.regex).unwrap();
        assert!(regex.is_match(pattern.example), "{} does not match {}", pattern.example, pattern.regex);
    }
}

#[test]
fn qualified_names_have_bounded_parts() {
    assert!(is_qualified_name(&"a".repeat(63)));
    assert!(!is_qualified_name(&"a".repeat(64)));
    assert!(is_qualified_name(&format!("{}/a", "d".repeat(253))));
    assert!(!is_qualified_name(&format!("{}/a", "d".repeat(254))));
    assert!(!is_qualified_name("a/b/c"));
    assert!(!is_qualified_name("-a"));
}

#[test]
fn admission_and_runtime_test_domains_differently() {
    assert!(labels::ends_in_domain("foo-karpenter.sh/x", labels::KARPENTER_DOMAIN));
    assert!(!labels::is_restricted("foo-karpenter.sh/x"));
    assert!(labels::is_restricted("a.karpenter.sh/x"));
    assert!(labels::is_restricted("kubernetes.io/hostname"));
    assert!(!labels::is_restricted("kubernetes.io/anything"));
    assert!(!labels::is_restricted("karpenter.k8s.aws/instance-cpu"));
    assert!(labels::is_restricted("karpenter.k8s.aws/ec2nodeclass"));
    assert_eq!(labels::normalize("beta.kubernetes.io/arch"), "kubernetes.io/arch");
    assert_eq!(labels::normalize("team"), "team");
}

#[test]
fn overlays_know_all_but_six_of_the_aws_labels() {
    assert_eq!(labels::AWS_ADMITTED.len(), labels::AWS_ADMITTED_IN_OVERLAYS.len() + 6);
    let left_out = ["instance-tenancy", "capacity-reservation-", "placement-group-"];
    for key in &labels::AWS_ADMITTED[..6] {
        assert!(left_out.iter().any(|part| key.contains(part)), "{key}");
    }
}

#[test]
fn kubelet_settings_are_read_into_types_and_back() {
    let sample = super::full_sample(ResourceKind::EC2NodeClass);
    let spec: Ec2NodeClassSpec = serde_json::from_value(sample["spec"].clone()).unwrap();
    let settings = spec.kubelet_settings().unwrap().unwrap();
    assert_eq!(settings.max_pods, Some(NumberOrExpression::Number(58)));
    assert_eq!(settings.cluster_dns, ["10.100.0.10"]);
    assert_eq!(settings.eviction_soft_grace_period["memory.available"], "1m30s");
    assert_eq!(settings.other.keys().collect::<Vec<_>>(), ["featureGates"]);
    assert_eq!(serde_json::to_value(settings).unwrap(), sample["spec"]["kubelet"]);
}
