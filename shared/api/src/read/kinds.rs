//! Which kinds are read, which are known and left aside, and which are refused.

/// Kinds that are read, with the group each belongs to and the versions that are understood.
const READ: [(&str, &str, &[&str]); 17] = [
    ("NodePool", "karpenter.sh", &["v1"]),
    ("NodeClaim", "karpenter.sh", &["v1"]),
    ("NodeOverlay", "karpenter.sh", &["v1alpha1"]),
    ("EC2NodeClass", "karpenter.k8s.aws", &["v1"]),
    ("Pod", "", &["v1"]),
    ("Node", "", &["v1"]),
    ("Namespace", "", &["v1"]),
    ("PersistentVolumeClaim", "", &["v1"]),
    ("PersistentVolume", "", &["v1"]),
    ("DaemonSet", "apps", &["v1"]),
    ("Deployment", "apps", &["v1"]),
    ("ReplicaSet", "apps", &["v1"]),
    ("StatefulSet", "apps", &["v1"]),
    ("Job", "batch", &["v1"]),
    ("StorageClass", "storage.k8s.io", &["v1", "v1beta1"]),
    ("CSINode", "storage.k8s.io", &["v1", "v1beta1"]),
    ("PodDisruptionBudget", "policy", &["v1", "v1beta1"]),
];

/// Built-in kinds that no decision depends on.
const LEFT_ASIDE: [&str; 44] = [
    "APIService",
    "Binding",
    "CSIDriver",
    "CSIStorageCapacity",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ComponentStatus",
    "ConfigMap",
    "ControllerRevision",
    "CronJob",
    "CustomResourceDefinition",
    "EndpointSlice",
    "Endpoints",
    "Event",
    "FlowSchema",
    "HorizontalPodAutoscaler",
    "IPAddress",
    "Ingress",
    "IngressClass",
    "Lease",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "NodeMetrics",
    "PodMetrics",
    "PodTemplate",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceCIDR",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VerticalPodAutoscaler",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// Kinds that matter to decisions but are not simulated yet.
const NOT_YET: [(&str, &str); 6] = [
    ("CapacityBuffer", "capacity buffers are not supported yet"),
    ("DeviceClass", "dynamic resource allocation is not supported yet"),
    ("ResourceClaim", "dynamic resource allocation is not supported yet"),
    ("ResourceClaimTemplate", "dynamic resource allocation is not supported yet"),
    ("ResourceSlice", "dynamic resource allocation is not supported yet"),
    ("DeviceTaintRule", "dynamic resource allocation is not supported yet"),
];

/// What to do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handling {
    /// Read it.
    Read,
    /// Leave it aside; the reason is for people.
    LeaveAside(&'static str),
    /// Refuse it; what is wrong and what to do.
    Refuse(&'static str, &'static str),
}

/// What to do with an object of this version and kind.
pub(super) fn handling(api_version: &str, kind: &str) -> Handling {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    if let Some((_, why)) = NOT_YET.iter().find(|(name, _)| *name == kind) {
        return Handling::LeaveAside(why);
    }
    if let Some((_, known_group, versions)) = READ.iter().find(|(name, ..)| *name == kind) {
        return if group != *known_group {
            Handling::Refuse("is of a group that is not known to have this kind", "correct apiVersion")
        } else if versions.contains(&version) {
            Handling::Read
        } else {
            Handling::Refuse("is of a version that is not read", "convert it to the current version")
        };
    }
    if LEFT_ASIDE.contains(&kind) {
        return Handling::LeaveAside("no decision depends on it");
    }
    match kind {
        "Provisioner" | "AWSNodeTemplate" | "Machine" => Handling::Refuse(
            "is of a kind that Karpenter gave up with v1",
            "convert it to NodePool and EC2NodeClass",
        ),
        _ => Handling::Refuse("is of a kind that is not known", "correct the kind or take the object out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_left_aside_or_refused() {
        assert_eq!(handling("v1", "Pod"), Handling::Read);
        assert_eq!(handling("karpenter.sh/v1", "NodePool"), Handling::Read);
        assert_eq!(handling("v1", "Service"), Handling::LeaveAside("no decision depends on it"));
        assert!(matches!(handling("karpenter.sh/v1beta1", "NodePool"), Handling::Refuse(..)));
        assert!(matches!(handling("v1", "Deployment"), Handling::Refuse(..)));
        assert!(matches!(handling("example.com/v1", "Widget"), Handling::Refuse(..)));
        assert!(matches!(handling("resource.k8s.io/v1", "ResourceClaim"), Handling::LeaveAside(_)));
    }
}
