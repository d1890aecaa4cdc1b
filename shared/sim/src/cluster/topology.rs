//! May this pod go to this node, as far as other pods are concerned? Spread, affinity and anti-affinity, the
//! required kinds only.

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::model::{
    LabelSelector, Labels, NamespacedName, Node, Pod, PodTerm, TopologySpread, WhenUnsatisfiable,
};

use super::fit::{matches_labels, tolerates};
use super::{Cluster, PodObject};

/// Whether the pods that are there leave room for a pod on a node.
pub(super) fn allows(cluster: &Cluster, pod: &Pod, node: &Node) -> bool {
    let spec = &pod.spec;
    spec.topology_spread
        .iter()
        .filter(|spread| spread.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule)
        .all(|spread| keeps_spread(cluster, pod, node, spread))
        && spec.required_affinity.iter().all(|term| has_company(cluster, pod, node, term))
        && spec.required_anti_affinity.iter().all(|term| !meets(cluster, pod, node, term))
        && !is_repelled(cluster, pod, node)
}

/// Whether a pod has rules about other pods, or others may have rules about it.
pub(super) fn has_rules(pod: &Pod) -> bool {
    let spec = &pod.spec;
    !(spec.topology_spread.is_empty()
        && spec.required_affinity.is_empty()
        && spec.required_anti_affinity.is_empty())
}

fn placed(cluster: &Cluster) -> impl Iterator<Item = (&Pod, &Node)> {
    cluster
        .pods
        .values()
        .filter(|o| !o.pod.is_terminal())
        .filter_map(|PodObject { pod, .. }| Some((pod, &cluster.nodes.get(pod.node_name.as_ref()?)?.object)))
}

fn keeps_spread(cluster: &Cluster, pod: &Pod, node: &Node, spread: &TopologySpread) -> bool {
    let key = &spread.topology_key;
    let Some(own) = node.labels.get(key) else { return false };
    let counted = |other: &Node| {
        (!spread.honor_node_affinity || matches_labels(pod, other))
            && (!spread.honor_node_taints || tolerates(pod, other))
    };
    let mut counts: BTreeMap<&Arc<str>, i64> = BTreeMap::new();
    for other in cluster.nodes.values().map(|n| &n.object).filter(|other| counted(other)) {
        other.labels.get(key).map(|domain| counts.entry(domain).or_default());
    }
    for (other, place) in placed(cluster) {
        let same = other.key.namespace == pod.key.namespace && other.deletion_at.is_none();
        if same && selects(spread, pod, &other.labels) && counted(place) {
            place.labels.get(key).into_iter().for_each(|domain| *counts.entry(domain).or_default() += 1);
        }
    }
    let too_few = spread.min_domains.is_some_and(|least| (counts.len() as i64) < i64::from(least));
    let least = if too_few { 0 } else { counts.values().copied().min().unwrap_or(0) };
    let itself = i64::from(selects(spread, pod, &pod.labels));
    counts.get(own).copied().unwrap_or(0) + itself - least <= i64::from(spread.max_skew)
}

fn selects(spread: &TopologySpread, pod: &Pod, labels: &Labels) -> bool {
    spread.selector.as_ref().is_some_and(|selector| selector.matches(labels))
        && spread.match_label_keys.iter().all(|key| pod.labels.get(key) == labels.get(key))
}

/// Whether a term of one pod speaks of another.
fn speaks_of(cluster: &Cluster, owner: &NamespacedName, term: &PodTerm, other: &Pod) -> bool {
    let everywhere = |selector: &LabelSelector| {
        let empty = Labels::new();
        selector.matches(cluster.namespaces.get(&other.key.namespace).unwrap_or(&empty))
    };
    let named = term.namespaces.contains(&other.key.namespace)
        || term.namespace_selector.as_ref().is_some_and(everywhere);
    let own = term.namespaces.is_empty()
        && term.namespace_selector.is_none()
        && owner.namespace == other.key.namespace;
    (named || own) && term.selector.as_ref().is_some_and(|selector| selector.matches(&other.labels))
}

fn meets(cluster: &Cluster, pod: &Pod, node: &Node, term: &PodTerm) -> bool {
    let Some(domain) = node.labels.get(&term.topology_key) else { return false };
    placed(cluster).any(|(other, place)| {
        place.labels.get(&term.topology_key) == Some(domain) && speaks_of(cluster, &pod.key, term, other)
    })
}

/// Company in the domain, or the first of its kind.
fn has_company(cluster: &Cluster, pod: &Pod, node: &Node, term: &PodTerm) -> bool {
    if !node.labels.contains_key(&term.topology_key) {
        return false;
    }
    meets(cluster, pod, node, term)
        || (speaks_of(cluster, &pod.key, term, pod)
            && !placed(cluster).any(|(other, _)| speaks_of(cluster, &pod.key, term, other)))
}

/// Whether a pod that is there refuses this one.
fn is_repelled(cluster: &Cluster, pod: &Pod, node: &Node) -> bool {
    placed(cluster).any(|(other, place)| {
        other.spec.required_anti_affinity.iter().any(|term| {
            let domain = place.labels.get(&term.topology_key);
            domain.is_some()
                && domain == node.labels.get(&term.topology_key)
                && speaks_of(cluster, &other.key, term, pod)
        })
    })
}
