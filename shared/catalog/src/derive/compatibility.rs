//! Whether a node class can run on a type at all (aws 1.8).

use joiner_core::model::{AmiFamily, NetworkInterface, NodeClass};

use crate::facts::TypeFacts;

pub(super) fn runs(facts: &TypeFacts, class: &NodeClass) -> bool {
    // behaviour: catalog/class-that-a-type-cannot-run
    // The first Graviton lacks instructions that Amazon Linux 2023 is built with.
    let image_boots = class.ami_family != AmiFamily::Al2023 || !facts.name.starts_with("a1.");
    image_boots
        && class.network_interfaces.as_deref().is_none_or(|interfaces| takes(facts, interfaces))
        && (!class.nested_virtualization || facts.nested_virtualization)
        && (!class.connection_tracking || &*facts.hypervisor == "nitro")
}

/// Whether the machine has a place for every interface asked for.
fn takes(facts: &TypeFacts, interfaces: &[NetworkInterface]) -> bool {
    let has_place = |interface: &NetworkInterface| {
        facts.network_cards.get(interface.card as usize).is_some_and(|most| interface.device < *most)
    };
    let efa_only = interfaces.iter().filter(|interface| interface.efa_only).count();
    facts.ena && interfaces.iter().all(has_place) && efa_only <= facts.efa_interfaces as usize
}
