//! Which rights does it all need? The ClusterRole of the deployment is compared with this list, and a check-up asks
//! the API server about each.

use std::fmt;

/// A right: verbs on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRule {
    /// API group; empty for the core one.
    pub group: &'static str,
    /// Resource, with its subresource after a slash.
    pub resource: &'static str,
    /// Verbs.
    pub verbs: &'static [&'static str],
    /// What it is needed for.
    pub purpose: &'static str,
}

const fn rule(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    purpose: &'static str,
) -> AccessRule {
    AccessRule { group, resource, verbs, purpose }
}

const FOLLOW: &[&str] = &["list", "watch"];
const CHANGE: &[&str] = &["get", "patch"];

/// Every right that reads, writes and the watch need; a resource may be there more than once.
pub const RULES: &[AccessRule] = &[
    rule("", "pods", FOLLOW, "pods that wait, and pods on nodes"),
    rule("", "nodes", FOLLOW, "what there is already"),
    rule("", "namespaces", FOLLOW, "namespace selectors of pod affinity"),
    rule("", "persistentvolumeclaims", FOLLOW, "zones and limits of volumes"),
    rule("", "persistentvolumes", FOLLOW, "zones and limits of volumes"),
    rule("storage.k8s.io", "storageclasses", FOLLOW, "zones of volumes to come"),
    rule("storage.k8s.io", "csinodes", FOLLOW, "limits of volumes"),
    rule("storage.k8s.io", "volumeattachments", FOLLOW, "waiting for volumes before a machine goes"),
    rule("apps", "daemonsets", FOLLOW, "what daemons take of a new node"),
    rule("policy", "poddisruptionbudgets", FOLLOW, "which pods may leave"),
    rule("karpenter.sh", "nodeclaims", FOLLOW, "machines asked for"),
    rule("karpenter.sh", "nodepools", FOLLOW, "what may be launched"),
    rule("karpenter.sh", "nodeoverlays", FOLLOW, "prices and capacities of your own"),
    rule("karpenter.k8s.aws", "ec2nodeclasses", FOLLOW, "what to launch from"),
    rule("karpenter.sh", "nodeclaims", &["create", "get", "patch", "delete"], "asking for machines"),
    rule("karpenter.sh", "nodeclaims/status", &["patch"], "conditions of machines"),
    rule("karpenter.sh", "nodepools", CHANGE, "hashes of pools"),
    rule("karpenter.sh", "nodepools/status", &["patch"], "conditions and counters of pools"),
    rule("karpenter.k8s.aws", "ec2nodeclasses", CHANGE, "hashes and finalizers of classes"),
    rule("karpenter.k8s.aws", "ec2nodeclasses/status", &["patch"], "what classes resolve to"),
    rule("", "nodes", &["get", "patch", "delete"], "registering, tainting and letting go of nodes"),
    rule("", "pods/eviction", &["create"], "draining nodes"),
    rule("", "pods", &["delete"], "forcing pods out before a deadline"),
    rule("", "events", &["create"], "telling users what happens"),
    rule("authorization.k8s.io", "selfsubjectaccessreviews", &["create"], "checking these rights"),
];

impl fmt::Display for AccessRule {
    /// `list,watch pods (pods that wait, and pods on nodes)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        write!(f, "{} {}{group} ({})", self.verbs.join(","), self.resource, self.purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_reads_well() {
        let texts: Vec<String> = RULES.iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "list,watch pods (pods that wait, and pods on nodes)");
        assert!(texts.contains(&"patch nodeclaims/status.karpenter.sh (conditions of machines)".to_owned()));
    }

    #[test]
    fn every_kind_that_is_read_may_be_read() {
        use crate::resource as r;
        let kinds = [
            r::PODS,
            r::NODES,
            r::NAMESPACES,
            r::VOLUME_CLAIMS,
            r::VOLUMES,
            r::DAEMON_SETS,
            r::BUDGETS,
            r::STORAGE_CLASSES,
            r::CSI_NODES,
            r::ATTACHMENTS,
            r::NODE_CLAIMS,
            r::NODE_POOLS,
            r::NODE_OVERLAYS,
            r::NODE_CLASSES,
        ];
        for kind in kinds {
            let may = |rule: &&AccessRule| {
                (rule.group, rule.resource, rule.verbs) == (kind.group, kind.plural, FOLLOW)
            };
            assert_eq!(RULES.iter().filter(may).count(), 1, "{kind:?}");
        }
    }
}
