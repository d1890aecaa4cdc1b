//! How are kubelet settings said on a command line (aws 4.4)?

use std::collections::BTreeMap;

use super::Bootstrap;

/// All flags of the kubelet, in a fixed order; settings that are not given are left out.
pub(super) fn all(boot: &Bootstrap<'_>) -> String {
    let kubelet = &boot.class.kubelet;
    let mut flags = vec![labels(boot), taints(boot), format!("--max-pods={}", boot.pods)];
    let mut add = |name: &str, value: Option<String>| {
        flags.extend(value.map(|value| format!("--{name}={value}")));
    };
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    add("pods-per-core", number(kubelet.pods_per_core.filter(|count| *count > 0)));
    add("system-reserved", pairs(&kubelet.system_reserved, '='));
    add("kube-reserved", pairs(&kubelet.kube_reserved, '='));
    add("eviction-hard", pairs(&kubelet.eviction_hard, '<'));
    add("eviction-soft", pairs(&kubelet.eviction_soft, '<'));
    add("eviction-soft-grace-period", pairs(&kubelet.eviction_soft_grace_period, '='));
    add("eviction-max-pod-grace-period", number(kubelet.eviction_max_pod_grace_period));
    add("image-gc-high-threshold", number(kubelet.image_gc_high_threshold_percent));
    add("image-gc-low-threshold", number(kubelet.image_gc_low_threshold_percent));
    add("cpu-cfs-quota", kubelet.cpu_cfs_quota.map(|quota| quota.to_string()));
    flags.join(" ")
}

/// The flag with the labels of the node.
pub(super) fn labels(boot: &Bootstrap<'_>) -> String {
    let pairs: Vec<String> = boot.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("--node-labels=\"{}\"", pairs.join(","))
}

fn taints(boot: &Bootstrap<'_>) -> String {
    let texts: Vec<String> = boot
        .taints
        .iter()
        .map(|taint| format!("{}={}:{}", taint.key, taint.value, taint.effect.as_str()))
        .collect();
    format!("--register-with-taints=\"{}\"", texts.join(","))
}

/// Entries of a map in key order, or nothing for an empty one.
fn pairs(map: &BTreeMap<String, String>, between: char) -> Option<String> {
    let texts: Vec<String> = map.iter().map(|(key, value)| format!("{key}{between}{value}")).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}
