//! What a machine offers to pods before anything is taken off (aws 1.2).

use std::sync::LazyLock;

use joiner_core::model::{NodeClass, Quantity, ResourceName, Resources};

use super::AwsSettings;
use super::family::Family;
use crate::facts::{Architecture, TypeFacts};

const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;
const GB: i64 = 1_000_000_000;

/// Pods of a node where neither a setting nor the network limits them.
const PODS_WITHOUT_LIMIT: i64 = 110;

/// Storage of an image whose volumes nobody described.
const UNKNOWN_VOLUME_GIB: i64 = 20;

/// Memory the kernel of arm64 machines keeps for contiguous allocation.
const ARM64_CMA_MIB: i64 = 64;

/// The device resources, in the order of their names.
struct DeviceNames {
    amd_gpu: ResourceName,
    efa: ResourceName,
    gaudi: ResourceName,
    neuron: ResourceName,
    neuron_core: ResourceName,
    nvidia_gpu: ResourceName,
    pod_eni: ResourceName,
    private_ipv4: ResourceName,
}

static DEVICES: LazyLock<DeviceNames> = LazyLock::new(|| DeviceNames {
    amd_gpu: "amd.com/gpu".into(),
    efa: "vpc.amazonaws.com/efa".into(),
    gaudi: "habana.ai/gaudi".into(),
    neuron: "aws.amazon.com/neuron".into(),
    neuron_core: "aws.amazon.com/neuroncore".into(),
    nvidia_gpu: "nvidia.com/gpu".into(),
    pod_eni: "vpc.amazonaws.com/pod-eni".into(),
    private_ipv4: "vpc.amazonaws.com/PrivateIPv4Address".into(),
});

/// The capacity of a type, and the figures overhead needs again.
pub(super) struct Capacity {
    /// All resources there are; devices a machine does not have are left out, which reads as zero.
    pub(super) resources: Resources,
    /// Memory after the hypervisor's share.
    pub(super) memory: Quantity,
    /// Storage for pods.
    pub(super) storage: Quantity,
    /// Pods.
    pub(super) pods: i64,
}

/// Computes capacities for one node class.
pub(super) struct Capacities<'a> {
    class: &'a NodeClass,
    family: &'a Family,
    settings: &'a AwsSettings,
    volume: Quantity,
}

impl<'a> Capacities<'a> {
    pub(super) fn new(class: &'a NodeClass, family: &'a Family, settings: &'a AwsSettings) -> Self {
        Capacities { class, family, settings, volume: volume_size(class, family) }
    }

    pub(super) fn of(&self, facts: &TypeFacts) -> Capacity {
        let memory = Quantity::from_bytes(self.memory_mib(facts) * MIB);
        let storage = match facts.local_storage_gb {
            Some(gb) if self.class.raid0_instance_store => Quantity::from_units(i64::from(gb) * GB),
            _ => self.volume,
        };
        let pods = self.pods(facts);
        let mut resources = Resources::new();
        resources.set(ResourceName::Cpu, Quantity::from_units(i64::from(facts.vcpus)));
        resources.set(ResourceName::EphemeralStorage, storage);
        resources.set(ResourceName::Memory, memory);
        resources.set(ResourceName::Pods, Quantity::from_units(pods));
        self.add_devices(facts, &mut resources);
        Capacity { resources, memory, storage, pods }
    }

    /// Memory less the kernel's and the hypervisor's share, which is rounded up to whole MiB.
    fn memory_mib(&self, facts: &TypeFacts) -> i64 {
        let cma = if facts.architecture == Architecture::Arm64 { ARM64_CMA_MIB } else { 0 };
        let base = (facts.memory_mib as i64 - cma).max(0);
        let overhead =
            (base * i64::from(self.settings.vm_memory_overhead_milli)).unsigned_abs().div_ceil(1000);
        base - overhead as i64
    }

    fn pods(&self, facts: &TypeFacts) -> i64 {
        let pods = match self.class.kubelet.max_pods {
            Some(pods) => i64::from(pods),
            None if self.family.interfaces_limit_pods => {
                pods_by_interfaces(facts, self.class, self.settings.reserved_enis)
            }
            None => PODS_WITHOUT_LIMIT,
        };
        match self.class.kubelet.pods_per_core {
            Some(per_core) if per_core > 0 && self.family.honours_pods_per_core => {
                pods.min(i64::from(per_core).saturating_mul(i64::from(facts.vcpus)))
            }
            _ => pods,
        }
    }

    fn add_devices(&self, facts: &TypeFacts, resources: &mut Resources) {
        let names = &*DEVICES;
        let gpus = |manufacturer: &str| -> i64 {
            let made_by = facts.gpus.iter().filter(|gpu| &*gpu.manufacturer == manufacturer);
            made_by.map(|gpu| i64::from(gpu.count)).sum()
        };
        // behaviour: catalog/spelled-out-interfaces-set-efa
        let efa = match &self.class.network_interfaces {
            Some(interfaces) => interfaces.iter().filter(|interface| interface.efa_only).count() as i64,
            None => i64::from(facts.efa_interfaces),
        };
        let windows = self.family.windows_build.is_some() && facts.architecture == Architecture::Amd64;
        let addresses = if windows { i64::from(facts.ipv4_per_interface) - 1 } else { 0 };
        for (name, count) in [
            (&names.amd_gpu, gpus("AMD")),
            (&names.neuron, facts.neurons.iter().map(|neuron| i64::from(neuron.count)).sum()),
            // Types with several models of Neuron device do not exist; the first one stands for all.
            (
                &names.neuron_core,
                facts.neurons.first().map_or(0, |n| i64::from(n.count).saturating_mul(i64::from(n.cores))),
            ),
            (&names.gaudi, gpus("Habana")),
            (&names.nvidia_gpu, gpus("NVIDIA")),
            (&names.private_ipv4, addresses),
            (&names.efa, efa),
            (&names.pod_eni, i64::from(facts.branch_interfaces)),
        ] {
            if count > 0 {
                resources.set(name.clone(), Quantity::from_units(count));
            }
        }
    }
}

/// Pods whose addresses fit on the default network card: an interface's first address is its own, and two pods
/// share the host's.
pub(super) fn pods_by_interfaces(facts: &TypeFacts, class: &NodeClass, reserved_enis: u32) -> i64 {
    let on_card = facts.network_cards.get(facts.default_card as usize).copied().unwrap_or(0);
    let efa_only = class.network_interfaces.iter().flatten().filter(|i| i.card == 0 && i.efa_only).count();
    // behaviour: catalog/pods-follow-the-default-network-card
    let usable = i64::from(on_card) - i64::from(reserved_enis) - efa_only as i64;
    if usable <= 0 {
        return 0;
    }
    usable.saturating_mul(i64::from(facts.ipv4_per_interface) - 1).saturating_add(2)
}

/// The volume that holds pods' files, unless the instance store does.
fn volume_size(class: &NodeClass, family: &Family) -> Quantity {
    // behaviour: catalog/storage-is-the-volume-that-holds-pods
    let devices = &class.block_devices;
    let default = Quantity::from_bytes(family.ephemeral_gib * GIB);
    if let Some(root) = devices.iter().find(|device| device.is_root)
        && let Some(size) = root.volume_size
    {
        return size;
    }
    let Some(ephemeral) = family.ephemeral_device else {
        return devices
            .last()
            .and_then(|device| device.volume_size)
            .unwrap_or(Quantity::from_bytes(UNKNOWN_VOLUME_GIB * GIB));
    };
    devices
        .iter()
        .find(|device| device.device_name.as_deref() == Some(ephemeral))
        .and_then(|device| device.volume_size)
        .unwrap_or(default)
}
