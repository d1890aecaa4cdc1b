//! Label keys: which are well known, which are reserved, and how old spellings are read (scheduling 4.2, 4.7).

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Labels or annotations as objects carry them: raw, in key order.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// A label key in its current spelling; old aliases are rewritten on construction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct LabelKey(Arc<str>);

/// The keys with a meaning of their own.
pub mod keys {
    /// The pool a node belongs to.
    pub const NODE_POOL: &str = "karpenter.sh/nodepool";
    /// `on-demand`, `spot` or `reserved`.
    pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
    /// Set on a node once it has joined.
    pub const REGISTERED: &str = "karpenter.sh/registered";
    /// Set on a node once it is usable.
    pub const INITIALIZED: &str = "karpenter.sh/initialized";
    /// Tells registration to leave the taints alone.
    pub const DO_NOT_SYNC_TAINTS: &str = "karpenter.sh/do-not-sync-taints";
    /// The node's own name.
    pub const HOSTNAME: &str = "kubernetes.io/hostname";
    /// Availability zone.
    pub const ZONE: &str = "topology.kubernetes.io/zone";
    /// Region.
    pub const REGION: &str = "topology.kubernetes.io/region";
    /// Availability zone id, the same in every account.
    pub const ZONE_ID: &str = "topology.k8s.aws/zone-id";
    /// EC2 instance type.
    pub const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
    /// `amd64` or `arm64`.
    pub const ARCH: &str = "kubernetes.io/arch";
    /// `linux` or `windows`.
    pub const OS: &str = "kubernetes.io/os";
    /// Windows build number.
    pub const WINDOWS_BUILD: &str = "node.kubernetes.io/windows-build";
    /// The node class a claim was made from; a template label, not one pods may select.
    pub const NODE_CLASS: &str = "karpenter.k8s.aws/ec2nodeclass";
    /// Tenancy of the instance.
    pub const INSTANCE_TENANCY: &str = "karpenter.k8s.aws/instance-tenancy";
    /// Capacity reservation id.
    pub const RESERVATION_ID: &str = "karpenter.k8s.aws/capacity-reservation-id";
    /// Capacity reservation type.
    pub const RESERVATION_TYPE: &str = "karpenter.k8s.aws/capacity-reservation-type";
    /// Whether the reservation may be taken back.
    pub const RESERVATION_INTERRUPTIBLE: &str = "karpenter.k8s.aws/capacity-reservation-interruptible";
    /// Prefix of the labels that describe an EC2 instance type.
    pub const AWS_PREFIX: &str = "karpenter.k8s.aws/";
    /// The taint of a node that is being taken away.
    pub const DISRUPTED_TAINT: &str = "karpenter.sh/disrupted";
    /// The taint of a node that has not registered yet.
    pub const UNREGISTERED_TAINT: &str = "karpenter.sh/unregistered";
    /// The annotation that keeps a pod or a node from being disrupted.
    pub const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
    /// The finalizer on claims and nodes.
    pub const TERMINATION_FINALIZER: &str = "karpenter.sh/termination";
    /// The finalizer on classes.
    pub const CLASS_FINALIZER: &str = "karpenter.k8s.aws/termination";
    /// The annotation with the drift hash of a pool.
    pub const POOL_HASH: &str = "karpenter.sh/nodepool-hash";
    /// The annotation with the version of [`POOL_HASH`].
    pub const POOL_HASH_VERSION: &str = "karpenter.sh/nodepool-hash-version";
    /// The annotation with the drift hash of a class.
    pub const CLASS_HASH: &str = "karpenter.k8s.aws/ec2nodeclass-hash";
    /// The annotation with the version of [`CLASS_HASH`].
    pub const CLASS_HASH_VERSION: &str = "karpenter.k8s.aws/ec2nodeclass-hash-version";
    /// Version of both hashes; changes with anything that changes a hash.
    pub const HASH_VERSION: &str = "joiner.v1";
}

/// Well-known keys under `karpenter.k8s.aws/`, without the prefix, in order.
const AWS_WELL_KNOWN: [&str; 28] = [
    "capacity-reservation-id",
    "capacity-reservation-interruptible",
    "capacity-reservation-type",
    "instance-accelerator-count",
    "instance-accelerator-manufacturer",
    "instance-accelerator-name",
    "instance-capability-flex",
    "instance-category",
    "instance-cpu",
    "instance-cpu-manufacturer",
    "instance-cpu-sustained-clock-speed-mhz",
    "instance-ebs-bandwidth",
    "instance-encryption-in-transit-supported",
    "instance-family",
    "instance-generation",
    "instance-gpu-count",
    "instance-gpu-manufacturer",
    "instance-gpu-memory",
    "instance-gpu-name",
    "instance-hypervisor",
    "instance-local-nvme",
    "instance-memory",
    "instance-network-bandwidth",
    "instance-size",
    "instance-tenancy",
    "nitro-sandbox",
    "placement-group-id",
    "placement-group-partition",
];

const CORE_WELL_KNOWN: [&str; 9] = [
    keys::NODE_POOL,
    keys::ZONE,
    keys::REGION,
    keys::ZONE_ID,
    keys::INSTANCE_TYPE,
    keys::ARCH,
    keys::OS,
    keys::CAPACITY_TYPE,
    keys::WINDOWS_BUILD,
];

/// Old spellings and their current ones.
const ALIASES: [(&str, &str); 6] = [
    ("failure-domain.beta.kubernetes.io/zone", keys::ZONE),
    ("failure-domain.beta.kubernetes.io/region", keys::REGION),
    ("beta.kubernetes.io/arch", keys::ARCH),
    ("beta.kubernetes.io/os", keys::OS),
    ("beta.kubernetes.io/instance-type", keys::INSTANCE_TYPE),
    ("topology.ebs.csi.aws.com/zone", keys::ZONE),
];

impl LabelKey {
    /// Reads a key, rewriting old spellings.
    pub fn new(key: &str) -> Self {
        LabelKey(LabelKey::current(key).into())
    }

    /// The current spelling of a key.
    pub fn current(key: &str) -> &str {
        ALIASES.iter().find(|(old, _)| *old == key).map_or(key, |(_, new)| new)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every well-known key, in no particular order.
    pub fn well_known() -> impl Iterator<Item = LabelKey> {
        let aws = AWS_WELL_KNOWN.iter().map(|suffix| format!("{}{suffix}", keys::AWS_PREFIX));
        CORE_WELL_KNOWN.iter().map(|key| (*key).to_owned()).chain(aws).map(|key| LabelKey(key.into()))
    }

    /// Whether the provider may invent a value for it (scheduling 4.7).
    pub fn is_well_known(&self) -> bool {
        match self.0.strip_prefix(keys::AWS_PREFIX) {
            Some(suffix) => AWS_WELL_KNOWN.contains(&suffix),
            None => CORE_WELL_KNOWN.contains(&&*self.0),
        }
    }

    /// Whether users may not use it in selectors and templates (api 5.3): the hostname, and everything in
    /// the reserved domains that is not well known.
    pub fn is_restricted(&self) -> bool {
        if self.is_well_known() {
            return false;
        }
        if &*self.0 == keys::HOSTNAME {
            return true;
        }
        let Some((domain, _)) = self.0.split_once('/') else { return false };
        ["karpenter.sh", "karpenter.k8s.aws"].iter().any(|reserved| {
            domain.strip_suffix(reserved).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

impl Borrow<str> for LabelKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl From<&str> for LabelKey {
    fn from(key: &str) -> Self {
        LabelKey::new(key)
    }
}
impl fmt::Display for LabelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_spellings_are_read_as_current_ones() {
        assert_eq!(LabelKey::new("beta.kubernetes.io/arch"), LabelKey::new(keys::ARCH));
        assert_eq!(LabelKey::new("topology.ebs.csi.aws.com/zone").as_str(), keys::ZONE);
    }

    #[test]
    fn reserved_domains_are_restricted_and_well_known_keys_in_them_are_not() {
        for (key, restricted) in [
            ("karpenter.sh/capacity-type", false),
            ("karpenter.sh/custom", true),
            ("team.karpenter.sh/x", true),
            ("foo-karpenter.sh/x", false),
            ("karpenter.k8s.aws/instance-family", false),
            ("karpenter.k8s.aws/ec2nodeclass", true),
            ("kubernetes.io/hostname", true),
            ("kubernetes.io/anything", false),
            ("team", false),
        ] {
            assert_eq!(LabelKey::new(key).is_restricted(), restricted, "{key}");
        }
    }
}
