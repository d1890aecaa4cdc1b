//! From facts and a node class to instance types: capacity, overhead, labels and offerings.

mod capacity;
mod compatibility;
mod family;
mod labels;
mod offerings;
mod overhead;
mod words;

use joiner_core::model::{InstanceType, NodeClass, Unavailable};

use crate::Catalog;
use capacity::Capacities;
use family::Family;
use labels::Labeller;
use offerings::Offers;

/// What an operator sets for all node classes (aws 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsSettings {
    /// Share of memory the hypervisor takes, in thousandths.
    pub vm_memory_overhead_milli: u32,
    /// Network interfaces that the CNI keeps from pods.
    pub reserved_enis: u32,
}

impl AwsSettings {
    /// What holds when nothing is set: 7.5 percent, and every interface is for pods.
    pub const UNSET: AwsSettings = AwsSettings { vm_memory_overhead_milli: 75, reserved_enis: 0 };
}

impl Catalog {
    /// All instance types as a node class sees them, in name order. Types the class cannot run are there too,
    /// with offerings that are not available, so that what runs already can still be priced (aws 1.8).
    pub fn instance_types(
        &self,
        class: &NodeClass,
        settings: &AwsSettings,
        unavailable: &[Unavailable],
    ) -> Vec<InstanceType> {
        let family = Family::of(class.ami_family);
        let capacities = Capacities::new(class, &family, settings);
        let offers = Offers::new(self, class, unavailable);
        let mut labeller = Labeller::new(self, class, &family);
        let derive = |facts| {
            let capacity = capacities.of(facts);
            InstanceType {
                name: std::sync::Arc::clone(&facts.name),
                requirements: labeller.of(facts, offers.reservations(facts)),
                overhead: overhead::of(facts, class, &family, &capacity),
                offerings: offers.of(facts, compatibility::runs(facts, class)),
                capacity: capacity.resources,
            }
        };
        self.types.iter().map(derive).collect()
    }
}
