//! What the kinds are called in paths, and what the paths are.

use std::fmt::Write as _;

/// A kind as the API server serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resource {
    /// API group; empty for the core one.
    pub(crate) group: &'static str,
    /// Version.
    pub(crate) version: &'static str,
    /// Plural, as in paths and rights.
    pub(crate) plural: &'static str,
    /// Kind, as objects and people name it.
    pub(crate) kind: &'static str,
}

/// Pods.
pub(crate) const PODS: Resource = core("pods", "Pod");
/// Nodes.
pub(crate) const NODES: Resource = core("nodes", "Node");
/// Namespaces.
pub(crate) const NAMESPACES: Resource = core("namespaces", "Namespace");
/// Volume claims.
pub(crate) const VOLUME_CLAIMS: Resource = core("persistentvolumeclaims", "PersistentVolumeClaim");
/// Volumes.
pub(crate) const VOLUMES: Resource = core("persistentvolumes", "PersistentVolume");
/// Events.
pub(crate) const EVENTS: Resource = core("events", "Event");
/// Daemons.
pub(crate) const DAEMON_SETS: Resource = grouped("apps", "daemonsets", "DaemonSet");
/// Disruption budgets.
pub(crate) const BUDGETS: Resource = grouped("policy", "poddisruptionbudgets", "PodDisruptionBudget");
/// Storage classes.
pub(crate) const STORAGE_CLASSES: Resource = grouped("storage.k8s.io", "storageclasses", "StorageClass");
/// What the storage drivers of a node say.
pub(crate) const CSI_NODES: Resource = grouped("storage.k8s.io", "csinodes", "CSINode");
/// Volumes attached to nodes.
pub(crate) const ATTACHMENTS: Resource = grouped("storage.k8s.io", "volumeattachments", "VolumeAttachment");
/// Claims.
pub(crate) const NODE_CLAIMS: Resource = grouped("karpenter.sh", "nodeclaims", "NodeClaim");
/// Pools.
pub(crate) const NODE_POOLS: Resource = grouped("karpenter.sh", "nodepools", "NodePool");
/// Overlays.
pub(crate) const NODE_OVERLAYS: Resource =
    Resource { version: "v1alpha1", ..grouped("karpenter.sh", "nodeoverlays", "NodeOverlay") };
/// Classes.
pub(crate) const NODE_CLASSES: Resource = grouped("karpenter.k8s.aws", "ec2nodeclasses", "EC2NodeClass");

const fn core(plural: &'static str, kind: &'static str) -> Resource {
    grouped("", plural, kind)
}

const fn grouped(group: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource { group, version: "v1", plural, kind }
}

impl Resource {
    /// Group and version, as objects name them.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.into() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Path of all objects.
    pub(crate) fn all(&self) -> String {
        format!("{}/{}", self.root(), self.plural)
    }

    /// Path of all objects in a namespace.
    pub(crate) fn all_in(&self, namespace: &str) -> String {
        format!("{}/namespaces/{}/{}", self.root(), segment(namespace), self.plural)
    }

    /// Path of an object that belongs to no namespace.
    pub(crate) fn one(&self, name: &str) -> String {
        format!("{}/{}", self.all(), segment(name))
    }

    /// Path of an object in a namespace.
    pub(crate) fn one_in(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.all_in(namespace), segment(name))
    }

    fn root(&self) -> String {
        match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        }
    }
}

/// A name as a part of a path or of a query. Names come from messages too: none may lead elsewhere.
pub(crate) fn segment(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    let is_only_dots = name.bytes().all(|byte| byte == b'.');
    for byte in name.bytes() {
        match byte {
            b'.' if is_only_dots => written.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => written.push(byte as char),
            other => {
                // Writing to a text cannot fail.
                let _ = write!(written, "%{other:02X}");
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api_server() {
        assert_eq!(NODES.one("ip-10-0-0-1.ec2.internal"), "/api/v1/nodes/ip-10-0-0-1.ec2.internal");
        assert_eq!(PODS.one_in("default", "web"), "/api/v1/namespaces/default/pods/web");
        assert_eq!(NODE_CLAIMS.all(), "/apis/karpenter.sh/v1/nodeclaims");
        assert_eq!(NODE_OVERLAYS.api_version(), "karpenter.sh/v1alpha1");
        assert_eq!(PODS.api_version(), "v1");
    }

    #[test]
    fn a_name_cannot_lead_to_another_path() {
        assert_eq!(NODES.one("../secrets?x=1#"), "/api/v1/nodes/..%2Fsecrets%3Fx%3D1%23");
        assert_eq!(NODES.one(".."), "/api/v1/nodes/%2E%2E");
    }
}
