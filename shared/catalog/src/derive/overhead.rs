//! What the node itself takes (aws 1.3).

use joiner_core::model::{NodeClass, Overhead, Quantity, ResourceName, Resources, Threshold};

use super::capacity::{Capacity, pods_by_interfaces};
use super::family::Family;
use crate::facts::TypeFacts;

const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;

/// Share of each core kept for Kubernetes: how many cores, and hundred-thousandths of each.
const CPU_TIERS: [(i64, i64); 4] = [(1, 6000), (1, 1000), (2, 500), (i64::MAX, 250)];

/// Memory kept for Kubernetes: per pod, and besides.
const MEMORY_PER_POD_MIB: i64 = 11;
const MEMORY_BASE_MIB: i64 = 255;

/// Defaults of the kubelet's hard eviction.
const EVICT_MEMORY_MIB: i64 = 100;
const EVICT_STORAGE: Threshold = Threshold::MilliPercent(10_000);

/// A threshold of the whole capacity switches eviction off.
const WHOLE_MILLI_PERCENT: u32 = 100_000;

pub(super) fn of(facts: &TypeFacts, class: &NodeClass, family: &Family, capacity: &Capacity) -> Overhead {
    Overhead {
        kube_reserved: kube_reserved(facts, class, family, capacity),
        system_reserved: class.kubelet.system_reserved.iter().cloned().collect(),
        eviction_threshold: eviction_threshold(class, capacity),
    }
}

fn kube_reserved(facts: &TypeFacts, class: &NodeClass, family: &Family, capacity: &Capacity) -> Resources {
    // behaviour: catalog/reserve-ignores-pod-limit-where-interfaces-size-it
    // Interfaces kept from pods still count here: the images size their reserve from the type alone.
    let pods =
        if family.interfaces_size_overhead { pods_by_interfaces(facts, class, 0) } else { capacity.pods };
    let memory_mib = pods.saturating_mul(MEMORY_PER_POD_MIB).saturating_add(MEMORY_BASE_MIB);
    let mut reserved = Resources::new();
    reserved.set(ResourceName::Cpu, Quantity::from_milli(reserved_cpu_milli(i64::from(facts.vcpus))));
    reserved.set(ResourceName::EphemeralStorage, Quantity::from_bytes(GIB));
    reserved.set(ResourceName::Memory, Quantity::from_bytes(memory_mib.saturating_mul(MIB)));
    for (name, amount) in &class.kubelet.kube_reserved {
        reserved.set(name.clone(), *amount);
    }
    reserved
}

/// Millicores kept for Kubernetes, each tier cut to whole ones.
fn reserved_cpu_milli(vcpus: i64) -> i64 {
    let mut left = vcpus;
    let mut milli = 0;
    for (cores, share) in CPU_TIERS {
        let taken = left.min(cores);
        milli += taken * share / 100;
        left -= taken;
    }
    milli
}

fn eviction_threshold(class: &NodeClass, capacity: &Capacity) -> Resources {
    let memory = class
        .kubelet
        .evict_memory_available
        .unwrap_or(Threshold::Amount(Quantity::from_bytes(EVICT_MEMORY_MIB * MIB)));
    let storage = class.kubelet.evict_nodefs_available.unwrap_or(EVICT_STORAGE);
    let mut threshold = Resources::new();
    threshold.set(ResourceName::EphemeralStorage, amount(storage, capacity.storage));
    threshold.set(ResourceName::Memory, amount(memory, capacity.memory));
    threshold
}

/// A threshold in bytes; shares are rounded up.
fn amount(threshold: Threshold, capacity: Quantity) -> Quantity {
    match threshold {
        Threshold::Amount(amount) => amount,
        Threshold::MilliPercent(WHOLE_MILLI_PERCENT..) => Quantity::ZERO,
        Threshold::MilliPercent(share) => {
            let bytes = u128::from(capacity.units_ceil().max(0).unsigned_abs()) * u128::from(share);
            let bytes = bytes.div_ceil(u128::from(WHOLE_MILLI_PERCENT));
            Quantity::from_bytes(bytes as i64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_cpu_falls_with_every_tier() {
        for (vcpus, milli) in [(1, 60), (2, 70), (4, 80), (8, 90), (96, 310), (448, 1190)] {
            assert_eq!(reserved_cpu_milli(vcpus), milli, "{vcpus}");
        }
    }

    #[test]
    fn a_threshold_is_an_amount_or_a_share_rounded_up_and_all_of_it_is_none() {
        let capacity = Quantity::from_bytes(1001);
        for (threshold, bytes) in [
            (Threshold::Amount(Quantity::from_bytes(7)), 7),
            (Threshold::MilliPercent(10_000), 101),
            (Threshold::MilliPercent(12_500), 126),
            (Threshold::MilliPercent(0), 0),
            (Threshold::MilliPercent(99_999), 1001),
            (Threshold::MilliPercent(100_000), 0),
        ] {
            assert_eq!(amount(threshold, capacity), Quantity::from_bytes(bytes), "{threshold:?}");
        }
    }
}
