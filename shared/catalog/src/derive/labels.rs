//! The labels nodes of a type will carry, as requirements; what a type lacks is said to be absent, so that
//! selectors for its absence match (aws 1.6).

use std::sync::Arc;

use joiner_core::model::{
    CapacityReservation, CapacityType, LabelKey, NodeClass, Requirement, Requirements, Zone,
};

use super::family::Family;
use super::words::{KEYS, Keys, Values, absent, among, one};
use crate::Catalog;
use crate::facts::{Architecture, TypeFacts};

/// Makes the labels of types for one node class.
pub(super) struct Labeller<'a> {
    values: Values,
    keys: &'static Keys,
    region: Arc<str>,
    /// For each zone of the catalog, what the class says of it; nothing where it has no subnet.
    zones: Vec<Option<&'a Zone>>,
    windows_build: Option<&'static str>,
}

impl<'a> Labeller<'a> {
    pub(super) fn new(catalog: &Catalog, class: &'a NodeClass, family: &Family) -> Self {
        let in_class = |known: &Zone| class.zones.iter().find(|zone| zone.name == known.name);
        Labeller {
            values: Values::default(),
            keys: &KEYS,
            region: catalog.region.clone(),
            zones: catalog.zones.iter().map(in_class).collect(),
            windows_build: family.windows_build,
        }
    }

    /// The labels of a type; `reservations` are those of the class that hold it.
    pub(super) fn of(&mut self, facts: &TypeFacts, reservations: &[&CapacityReservation]) -> Requirements {
        let mut labels = Vec::with_capacity(36);
        self.placement(facts, reservations, &mut labels);
        self.machine(facts, &mut labels);
        self.name_parts(facts, &mut labels);
        self.devices(facts, &mut labels);
        self.reservations(reservations, &mut labels);
        labels.into_iter().collect()
    }

    fn placement(
        &mut self,
        facts: &TypeFacts,
        reservations: &[&CapacityReservation],
        labels: &mut Vec<Requirement>,
    ) {
        let keys = self.keys;
        let placed = facts.zones.iter().zip(&self.zones).filter(|(there, _)| there.offered);
        let zones: Vec<&Zone> = placed.filter_map(|(_, zone)| *zone).collect();
        labels.push(among(&keys.zone, zones.iter().map(|zone| zone.name.clone())));
        let ids = among(&keys.zone_id, zones.iter().filter_map(|zone| zone.id.clone()));
        if !ids.allowed.is_none() {
            labels.push(ids);
        }
        labels.push(one(&keys.region, self.region.clone()));
        labels.push(one(&keys.instance_type, facts.name.clone()));
        labels.push(one(&keys.arch, self.values.text(facts.architecture.as_str())));
        // There is no Windows for arm64.
        let runs_windows = facts.architecture == Architecture::Amd64;
        match self.windows_build {
            Some(_) if !runs_windows => labels.push(absent(&keys.os)),
            Some(_) => labels.push(one(&keys.os, self.values.text("windows"))),
            None => labels.push(one(&keys.os, self.values.text("linux"))),
        }
        let build = self.windows_build.map(|build| self.values.text(build));
        labels.push(present(&keys.windows_build, build));
        let sold = [
            (facts.on_demand, CapacityType::OnDemand),
            (facts.spot, CapacityType::Spot),
            (!reservations.is_empty(), CapacityType::Reserved),
        ];
        let sold = sold.into_iter().filter(|(sold, _)| *sold);
        let values = &mut self.values;
        labels.push(among(&keys.capacity_type, sold.map(|(_, how)| values.text(how.as_str()))));
    }

    fn machine(&mut self, facts: &TypeFacts, labels: &mut Vec<Requirement>) {
        let (keys, values) = (self.keys, &mut self.values);
        let flag = |values: &mut Values, set| values.text(if set { "true" } else { "false" });
        labels.push(one(&keys.cpu, values.number(u64::from(facts.vcpus))));
        labels.push(one(&keys.memory, values.number(facts.memory_mib)));
        labels.push(one(&keys.cpu_manufacturer, values.kebab(&facts.cpu_manufacturer)));
        labels.push(one(&keys.clock, values.number(u64::from(facts.clock_mhz))));
        labels.push(one(&keys.hypervisor, values.text(&facts.hypervisor)));
        labels.push(one(&keys.encryption_in_transit, flag(values, facts.encrypts_in_transit)));
        labels.push(one(&keys.nitro_sandbox, flag(values, facts.enclaves)));
        labels.push(among(&keys.tenancy, [values.text("default"), values.text("dedicated")]));
        let mut number = |n: Option<u32>| n.map(|n| values.number(u64::from(n)));
        labels.push(present(&keys.ebs_bandwidth, number(facts.ebs_mbps)));
        labels.push(present(&keys.network_bandwidth, number(facts.network_mbps)));
        let nvme = facts.local_storage_gb.filter(|_| facts.local_storage_nvme);
        labels.push(present(&keys.local_nvme, number(nvme)));
    }

    fn name_parts(&mut self, facts: &TypeFacts, labels: &mut Vec<Requirement>) {
        let (keys, values) = (self.keys, &mut self.values);
        let series = series(&facts.name);
        labels.push(present(&keys.category, series.map(|(category, _)| values.text(category))));
        labels.push(present(&keys.generation, series.map(|(_, generation)| values.text(generation))));
        let parts = facts.name.split_once('.').filter(|(_, size)| !size.contains('.'));
        labels.push(present(&keys.family, parts.map(|(family, _)| values.text(family))));
        labels.push(present(&keys.size, parts.map(|(_, size)| values.text(size))));
        let flex = parts.is_some_and(|(family, _)| family.contains("-flex"));
        labels.push(one(&keys.flex, values.text(if flex { "true" } else { "false" })));
    }

    /// GPUs and accelerators have labels only where there is one model; two could not share a label.
    fn devices(&mut self, facts: &TypeFacts, labels: &mut Vec<Requirement>) {
        let (keys, values) = (self.keys, &mut self.values);
        let gpu = if let [gpu] = &facts.gpus[..] { Some(gpu) } else { None };
        labels.push(present(&keys.gpu_name, gpu.map(|g| values.kebab(&g.name))));
        labels.push(present(&keys.gpu_manufacturer, gpu.map(|g| values.kebab(&g.manufacturer))));
        labels.push(present(&keys.gpu_count, gpu.map(|g| values.number(u64::from(g.count)))));
        labels.push(present(&keys.gpu_memory, gpu.map(|g| values.number(g.memory_mib))));
        // behaviour: catalog/labels-of-devices-need-one-model
        // Neuron devices are listed twice by EC2; the newer list wins, and Amazon makes all of them.
        let accelerator = match (&facts.neurons[..], &facts.accelerators[..]) {
            ([neuron], _) => Some((&neuron.name, "aws", neuron.count)),
            ([], [other]) => Some((&other.name, &*other.manufacturer, other.count)),
            _ => None,
        };
        labels.push(present(&keys.accelerator_name, accelerator.map(|(name, _, _)| values.kebab(name))));
        let manufacturer = accelerator.map(|(_, manufacturer, _)| values.kebab(manufacturer));
        labels.push(present(&keys.accelerator_manufacturer, manufacturer));
        let count = accelerator.map(|(_, _, count)| values.number(u64::from(count)));
        labels.push(present(&keys.accelerator_count, count));
    }

    fn reservations(&mut self, reservations: &[&CapacityReservation], labels: &mut Vec<Requirement>) {
        let (keys, values) = (self.keys, &mut self.values);
        labels.push(among(&keys.reservation_id, reservations.iter().map(|r| r.id.clone())));
        let types = reservations.iter().map(|r| r.reservation_type.clone());
        labels.push(among(&keys.reservation_type, types));
        let interruptible =
            reservations.iter().map(|r| values.text(if r.interruptible { "true" } else { "false" }));
        labels.push(among(&keys.reservation_interruptible, interruptible));
    }
}

fn present(key: &LabelKey, value: Option<Arc<str>>) -> Requirement {
    value.map_or_else(|| absent(key), |value| one(key, value))
}

/// Category and generation of a type's name: the letters in front and the digits after them, a size in
/// terabytes such as that of `u-6tb1` left out in between. Names of another make have neither.
fn series(name: &str) -> Option<(&str, &str)> {
    let (family, _) = name.rsplit_once('.')?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let letters = family.bytes().take_while(u8::is_ascii_lowercase).count();
    let (category, rest) = family.split_at(letters);
    let after_terabytes = rest
        .strip_prefix('-')
        .and_then(|size| size[digits(size)..].strip_prefix("tb").filter(|_| digits(size) > 0));
    let rest = after_terabytes.unwrap_or(rest);
    let generation = &rest[..digits(rest)];
    (!category.is_empty() && !generation.is_empty()).then_some((category, generation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn category_and_generation_are_read_from_the_name() {
        for (name, expected) in [
            ("m5.large", Some(("m", "5"))),
            ("u-6tb1.metal", Some(("u", "1"))),
            ("u7i-12tb.224xlarge", Some(("u", "7"))),
            ("p6-b200.48xlarge", Some(("p", "6"))),
            ("mac2-m2.metal", Some(("mac", "2"))),
            ("hpc7g.16xlarge", Some(("hpc", "7"))),
            ("x10y.large", Some(("x", "10"))),
            ("m5", None),
            ("5m.large", None),
            ("m-5.large", None),
            ("m-tb5.large", None),
            ("", None),
        ] {
            assert_eq!(series(name), expected, "{name}");
        }
    }
}
