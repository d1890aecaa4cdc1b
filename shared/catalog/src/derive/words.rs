//! Label keys and values, each allocated once however many types carry it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use joiner_core::model::{Allowed, LabelKey, Requirement, keys};
use rustc_hash::{FxHashMap, FxHashSet};

/// The keys of instance types and offerings.
pub(super) struct Keys {
    pub(super) instance_type: LabelKey,
    pub(super) arch: LabelKey,
    pub(super) os: LabelKey,
    pub(super) zone: LabelKey,
    pub(super) region: LabelKey,
    pub(super) zone_id: LabelKey,
    pub(super) capacity_type: LabelKey,
    pub(super) windows_build: LabelKey,
    pub(super) cpu: LabelKey,
    pub(super) memory: LabelKey,
    pub(super) cpu_manufacturer: LabelKey,
    pub(super) clock: LabelKey,
    pub(super) category: LabelKey,
    pub(super) generation: LabelKey,
    pub(super) family: LabelKey,
    pub(super) size: LabelKey,
    pub(super) flex: LabelKey,
    pub(super) local_nvme: LabelKey,
    pub(super) gpu_name: LabelKey,
    pub(super) gpu_manufacturer: LabelKey,
    pub(super) gpu_count: LabelKey,
    pub(super) gpu_memory: LabelKey,
    pub(super) accelerator_name: LabelKey,
    pub(super) accelerator_manufacturer: LabelKey,
    pub(super) accelerator_count: LabelKey,
    pub(super) ebs_bandwidth: LabelKey,
    pub(super) network_bandwidth: LabelKey,
    pub(super) hypervisor: LabelKey,
    pub(super) encryption_in_transit: LabelKey,
    pub(super) nitro_sandbox: LabelKey,
    pub(super) tenancy: LabelKey,
    pub(super) reservation_id: LabelKey,
    pub(super) reservation_type: LabelKey,
    pub(super) reservation_interruptible: LabelKey,
}

/// The keys, made once per process.
pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let aws = |suffix: &str| LabelKey::new(&format!("{}{suffix}", keys::AWS_PREFIX));
    Keys {
        instance_type: LabelKey::new(keys::INSTANCE_TYPE),
        arch: LabelKey::new(keys::ARCH),
        os: LabelKey::new(keys::OS),
        zone: LabelKey::new(keys::ZONE),
        region: LabelKey::new(keys::REGION),
        zone_id: LabelKey::new(keys::ZONE_ID),
        capacity_type: LabelKey::new(keys::CAPACITY_TYPE),
        windows_build: LabelKey::new(keys::WINDOWS_BUILD),
        cpu: aws("instance-cpu"),
        memory: aws("instance-memory"),
        cpu_manufacturer: aws("instance-cpu-manufacturer"),
        clock: aws("instance-cpu-sustained-clock-speed-mhz"),
        category: aws("instance-category"),
        generation: aws("instance-generation"),
        family: aws("instance-family"),
        size: aws("instance-size"),
        flex: aws("instance-capability-flex"),
        local_nvme: aws("instance-local-nvme"),
        gpu_name: aws("instance-gpu-name"),
        gpu_manufacturer: aws("instance-gpu-manufacturer"),
        gpu_count: aws("instance-gpu-count"),
        gpu_memory: aws("instance-gpu-memory"),
        accelerator_name: aws("instance-accelerator-name"),
        accelerator_manufacturer: aws("instance-accelerator-manufacturer"),
        accelerator_count: aws("instance-accelerator-count"),
        ebs_bandwidth: aws("instance-ebs-bandwidth"),
        network_bandwidth: aws("instance-network-bandwidth"),
        hypervisor: aws("instance-hypervisor"),
        encryption_in_transit: aws("instance-encryption-in-transit-supported"),
        nitro_sandbox: aws("nitro-sandbox"),
        tenancy: LabelKey::new(keys::INSTANCE_TENANCY),
        reservation_id: LabelKey::new(keys::RESERVATION_ID),
        reservation_type: LabelKey::new(keys::RESERVATION_TYPE),
        reservation_interruptible: LabelKey::new(keys::RESERVATION_INTERRUPTIBLE),
    }
});

/// Label values met so far.
#[derive(Default)]
pub(super) struct Values {
    texts: FxHashSet<Arc<str>>,
    numbers: FxHashMap<u64, Arc<str>>,
}

impl Values {
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let value: Arc<str> = text.into();
        self.texts.insert(value.clone());
        value
    }

    pub(super) fn number(&mut self, number: u64) -> Arc<str> {
        self.numbers.entry(number).or_insert_with(|| number.to_string().into()).clone()
    }

    /// Lower case with dashes for spaces, as labels of devices are written (aws 1.6).
    pub(super) fn kebab(&mut self, text: &str) -> Arc<str> {
        if text.bytes().all(|b| b != b' ' && !b.is_ascii_uppercase()) {
            return self.text(text);
        }
        self.text(&text.to_ascii_lowercase().replace(' ', "-"))
    }
}

/// Exactly one value.
pub(super) fn one(key: &LabelKey, value: Arc<str>) -> Requirement {
    Requirement { key: key.clone(), allowed: Allowed::Only(BTreeSet::from([value])), min_values: None }
}

/// One of several values; of none, the label is absent.
pub(super) fn among(key: &LabelKey, values: impl IntoIterator<Item = Arc<str>>) -> Requirement {
    Requirement { key: key.clone(), allowed: Allowed::Only(values.into_iter().collect()), min_values: None }
}

/// The label is absent.
pub(super) fn absent(key: &LabelKey) -> Requirement {
    Requirement { key: key.clone(), allowed: Allowed::none(), min_values: None }
}
