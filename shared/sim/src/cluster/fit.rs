//! May this pod go to this node, as far as the two of them are concerned? Labels, taints, room, ports.

use joiner_core::model::{HostPort, Node, NodeTerm, Pod, ResourceName, Resources, TaintEffect, untolerated};

/// What is taken on a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage {
    pub(super) requests: Resources,
    pub(super) ports: Vec<HostPort>,
}

impl Usage {
    /// Adds a pod.
    pub(super) fn take(&mut self, pod: &Pod) {
        self.requests.add(&pod.spec.requests);
        self.ports.extend(pod.spec.host_ports.iter().cloned());
    }
}

fn term_matches(term: &NodeTerm, node: &Node) -> bool {
    !term.expressions.is_empty()
        && !term.has_match_fields
        && term.expressions.iter().all(|expression| expression.matches(&node.labels))
}

/// Node selector and required node affinity.
pub(super) fn matches_labels(pod: &Pod, node: &Node) -> bool {
    let spec = &pod.spec;
    spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value))
        && (spec.required_node_terms.is_empty()
            || spec.required_node_terms.iter().any(|term| term_matches(term, node)))
}

/// Taints that keep pods away.
pub(super) fn tolerates(pod: &Pod, node: &Node) -> bool {
    untolerated(&node.taints, &pod.spec.tolerations)
        .all(|taint| taint.effect == TaintEffect::PreferNoSchedule)
}

/// Labels and taints, which is all that daemons look at.
pub(super) fn admits_node(pod: &Pod, node: &Node) -> bool {
    matches_labels(pod, node) && tolerates(pod, node)
}

/// Room and ports.
pub(super) fn has_room(pod: &Pod, node: &Node, usage: &Usage) -> bool {
    let mut free = node.allocatable.clone();
    free.subtract(&usage.requests);
    let fits = pod.spec.requests.iter().all(|(name, wanted)| wanted.is_zero() || wanted <= free.amount(name));
    fits && !pod.spec.host_ports.iter().any(|port| usage.ports.iter().any(|taken| taken.conflicts_with(port)))
}

/// How empty a node is, in thousandths, cpu and memory alike: the scheduler spreads.
pub(super) fn emptiness(node: &Node, usage: &Usage) -> i64 {
    let share = |name: &ResourceName| {
        let total = node.allocatable.amount(name).milli();
        if total <= 0 {
            return 0;
        }
        let free = (total - usage.requests.amount(name).milli()).max(0);
        (i128::from(free) * 1000 / i128::from(total)) as i64
    };
    (share(&ResourceName::Cpu) + share(&ResourceName::Memory)) / 2
}
