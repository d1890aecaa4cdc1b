//! From a recording to a catalog: which types count, what must be there, what cannot be.

use std::sync::Arc;

use joiner_core::model::{Price, Zone};

use super::{
    AcceleratorInfo, GpuDevice, InstanceTypeInfo, NetworkInfo, NeuronDevice, RecordedZone, Recording,
};
use crate::facts::{Accelerator, Architecture, Catalog, Gpu, MAX_MEMORY_MIB, Neuron, TypeFacts, ZoneFacts};
use crate::{CatalogError, branch_interfaces};

/// No machine costs a million dollars an hour; such a figure is a mistake in the source.
const MAX_USD_PER_HOUR: f64 = 1_000_000.0;

impl Recording {
    /// The catalog of the recorded region: types that boot our images (hvm, x86_64 or arm64; aws 1.1), in name
    /// order.
    ///
    /// # Errors
    /// Nothing to choose from, facts that are missing or impossible, zones that are not listed.
    pub fn into_catalog(self) -> Result<Catalog, CatalogError> {
        self.build(Err)
    }

    /// The same of a live answer: types with missing or impossible facts are left out and named, so that one odd
    /// entry does not hide all that is right.
    ///
    /// # Errors
    /// Nothing to choose from.
    pub fn into_catalog_leaving_out_odd(self) -> Result<(Catalog, Vec<CatalogError>), CatalogError> {
        let mut left_out = Vec::new();
        // behaviour: catalog/an-odd-type-hides-no-other
        let catalog = self.build(|odd| {
            left_out.push(odd);
            Ok(())
        })?;
        Ok((catalog, left_out))
    }

    /// `refuse` decides what a type that cannot be read means for all.
    fn build(
        self,
        mut refuse: impl FnMut(CatalogError) -> Result<(), CatalogError>,
    ) -> Result<Catalog, CatalogError> {
        if self.region.is_empty() {
            return Err(CatalogError::NoRegion);
        }
        let zones = self.zones_in_order();
        if zones.is_empty() {
            return Err(CatalogError::NoZones);
        }
        let mut types = Vec::with_capacity(self.instance_types.len());
        for (index, info) in self.instance_types.iter().enumerate() {
            match self.type_facts(index, info, &zones) {
                Ok(facts) => types.extend(facts),
                Err(odd) => refuse(odd)?,
            }
        }
        types.sort_by(|a, b| a.name.cmp(&b.name));
        let mut twice = Vec::new();
        types.dedup_by(|later, earlier| {
            let same = later.name == earlier.name;
            twice.extend(same.then(|| earlier.name.to_string()));
            same
        });
        for instance_type in twice {
            refuse(CatalogError::Duplicate { instance_type })?;
        }
        if types.is_empty() {
            return Err(CatalogError::NoInstanceTypes);
        }
        if !types.iter().any(|facts| facts.zones.iter().any(|zone| zone.offered)) {
            return Err(CatalogError::NoOfferings);
        }
        Ok(Catalog { region: (*self.region).into(), recorded_on: None, zones, types })
    }

    fn zones_in_order(&self) -> Vec<Zone> {
        let zone =
            |zone: &RecordedZone| Zone { name: (*zone.name).into(), id: zone.id.as_deref().map(Arc::from) };
        let mut zones: Vec<Zone> = self.zones.iter().map(zone).collect();
        zones.sort();
        zones.dedup_by(|a, b| a.name == b.name);
        zones
    }

    /// The facts of one type, or nothing when it cannot be a node.
    fn type_facts(
        &self,
        index: usize,
        info: &InstanceTypeInfo,
        zones: &[Zone],
    ) -> Result<Option<TypeFacts>, CatalogError> {
        let name = match info.instance_type.as_deref() {
            Some(name) if !name.is_empty() => name,
            _ => return Err(missing(&format!("number {}", index + 1), "InstanceType")),
        };
        if !info.supported_virtualization_types.iter().any(|kind| kind == "hvm") {
            return Ok(None);
        }
        let processor = info.processor_info.as_ref().ok_or_else(|| missing(name, "ProcessorInfo"))?;
        let Some(architecture) = processor.supported_architectures.iter().find_map(|a| architecture(a))
        else {
            return Ok(None);
        };
        let network = info.network_info.as_ref().ok_or_else(|| missing(name, "NetworkInfo"))?;
        let storage = info.instance_storage_info.as_ref();
        let sold_as = |class: &str| info.supported_usage_classes.iter().any(|c| c == class);
        Ok(Some(TypeFacts {
            name: plain(name, "InstanceType", Some(name))?,
            vcpus: vcpus(name, info)?,
            memory_mib: memory_mib(name, info)?,
            architecture,
            on_demand: sold_as("on-demand"),
            spot: sold_as("spot"),
            hypervisor: plain(name, "Hypervisor", info.hypervisor.as_deref())?,
            cpu_manufacturer: plain(name, "Manufacturer", processor.manufacturer.as_deref())?,
            clock_mhz: thousandths(
                name,
                "SustainedClockSpeedInGhz",
                processor.sustained_clock_speed_in_ghz.unwrap_or(0.0),
            )?,
            ebs_mbps: ebs_mbps(info),
            network_mbps: network_mbps(name, network)?,
            encrypts_in_transit: network.encryption_in_transit_supported == Some(true),
            enclaves: info.nitro_enclaves_support.as_deref() == Some("supported"),
            nested_virtualization: processor.supported_features.iter().any(|f| f == "nested-virtualization"),
            ena: network.ena_support.as_deref().is_some_and(|support| support != "unsupported"),
            local_storage_gb: storage.and_then(|s| s.total_size_in_gb),
            local_storage_nvme: storage
                .is_some_and(|s| s.nvme_support.as_deref().is_some_and(|n| n != "unsupported")),
            ipv4_per_interface: network.ipv4_addresses_per_interface.unwrap_or(0),
            default_card: network.default_network_card_index.unwrap_or(0),
            network_cards: network_cards(network),
            efa_interfaces: network.efa_info.as_ref().and_then(|e| e.maximum_efa_interfaces).unwrap_or(0),
            branch_interfaces: branch_interfaces::of(name),
            gpus: listed(info.gpu_info.as_ref().map(|i| &*i.gpus), |device| gpu(name, device))?,
            accelerators: listed(
                info.inference_accelerator_info.as_ref().map(|i| &*i.accelerators),
                |device| accelerator(name, device),
            )?,
            neurons: listed(info.neuron_info.as_ref().map(|i| &*i.neuron_devices), |d| neuron(name, d))?,
            on_demand_price: self.on_demand_prices.get(name).map_or(Ok(None), |usd| price(name, *usd))?,
            zones: self.zone_facts(name, zones)?,
        }))
    }

    /// Where a type is offered and what spot costs there.
    fn zone_facts(&self, name: &str, zones: &[Zone]) -> Result<Vec<ZoneFacts>, CatalogError> {
        let mut facts = vec![ZoneFacts::default(); zones.len()];
        let at = |zone: &str| {
            zones.binary_search_by(|z| (*z.name).cmp(zone)).map_err(|_| CatalogError::UnknownZone {
                instance_type: name.to_owned(),
                zone: zone.to_owned(),
            })
        };
        for zone in self.offerings.get(name).into_iter().flatten() {
            facts[at(zone)?].offered = true;
        }
        for (zone, usd) in self.spot_prices.get(name).into_iter().flatten() {
            facts[at(zone)?].spot_price = price(name, *usd)?;
        }
        Ok(facts)
    }
}

fn missing(instance_type: &str, fact: &'static str) -> CatalogError {
    CatalogError::Missing { instance_type: instance_type.to_owned(), fact }
}

fn odd(instance_type: &str, fact: &'static str, value: impl ToString) -> CatalogError {
    CatalogError::Odd { instance_type: instance_type.to_owned(), fact, value: value.to_string() }
}

fn architecture(ec2: &str) -> Option<Architecture> {
    match ec2 {
        "x86_64" => Some(Architecture::Amd64),
        "arm64" => Some(Architecture::Arm64),
        _ => None,
    }
}

/// A short word that can become a label value and a cell of the table; nothing when EC2 says nothing.
fn plain(instance_type: &str, fact: &'static str, text: Option<&str>) -> Result<Arc<str>, CatalogError> {
    let text = text.unwrap_or("");
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-/()+".contains(c);
    if text.len() > 63 || !text.chars().all(fits) {
        return Err(odd(instance_type, fact, text));
    }
    Ok(text.into())
}

fn vcpus(name: &str, info: &InstanceTypeInfo) -> Result<u32, CatalogError> {
    match info.vcpu_info.as_ref().and_then(|v| v.default_vcpus) {
        Some(0) => Err(odd(name, "DefaultVCpus", 0)),
        Some(vcpus) => Ok(vcpus),
        None => Err(missing(name, "VCpuInfo.DefaultVCpus")),
    }
}

fn memory_mib(name: &str, info: &InstanceTypeInfo) -> Result<u64, CatalogError> {
    match info.memory_info.as_ref().and_then(|m| m.size_in_mib) {
        Some(mib) if mib == 0 || mib > MAX_MEMORY_MIB => Err(odd(name, "SizeInMiB", mib)),
        Some(mib) => Ok(mib),
        None => Err(missing(name, "MemoryInfo.SizeInMiB")),
    }
}

/// A figure in thousandths of its unit, rounded.
fn thousandths(name: &str, fact: &'static str, value: f64) -> Result<u32, CatalogError> {
    let scaled = (value * 1000.0).round();
    if !(0.0..=f64::from(u32::MAX)).contains(&scaled) {
        return Err(odd(name, fact, value));
    }
    Ok(scaled as u32)
}

fn ebs_mbps(info: &InstanceTypeInfo) -> Option<u32> {
    let ebs = info.ebs_info.as_ref()?;
    if ebs.ebs_optimized_support.as_deref() != Some("default") {
        return None;
    }
    ebs.ebs_optimized_info.as_ref()?.maximum_bandwidth_in_mbps
}

/// Baseline bandwidth over all cards: the closest live figure to the list the label was made from
/// (docs/known-differences/catalog.md).
fn network_mbps(name: &str, network: &NetworkInfo) -> Result<Option<u32>, CatalogError> {
    let gbps: f64 = network.network_cards.iter().filter_map(|card| card.baseline_bandwidth_in_gbps).sum();
    let mbps = thousandths(name, "BaselineBandwidthInGbps", gbps)?;
    Ok((mbps > 0).then_some(mbps))
}

fn network_cards(network: &NetworkInfo) -> Vec<u32> {
    let mut cards: Vec<(u32, u32)> = network
        .network_cards
        .iter()
        .zip(0..)
        .map(|(card, position)| {
            (card.network_card_index.unwrap_or(position), card.maximum_network_interfaces.unwrap_or(0))
        })
        .collect();
    cards.sort_unstable();
    cards.into_iter().map(|(_, interfaces)| interfaces).collect()
}

fn listed<D, T>(
    devices: Option<&[D]>,
    read: impl Fn(&D) -> Result<T, CatalogError>,
) -> Result<Vec<T>, CatalogError> {
    devices.unwrap_or_default().iter().map(read).collect()
}

fn gpu(name: &str, device: &GpuDevice) -> Result<Gpu, CatalogError> {
    Ok(Gpu {
        count: device.count.unwrap_or(0),
        manufacturer: plain(name, "Gpus.Manufacturer", device.manufacturer.as_deref())?,
        name: plain(name, "Gpus.Name", device.name.as_deref())?,
        memory_mib: device.memory_info.as_ref().and_then(|m| m.size_in_mib).unwrap_or(0),
    })
}

fn accelerator(name: &str, device: &AcceleratorInfo) -> Result<Accelerator, CatalogError> {
    Ok(Accelerator {
        count: device.count.unwrap_or(0),
        manufacturer: plain(name, "Accelerators.Manufacturer", device.manufacturer.as_deref())?,
        name: plain(name, "Accelerators.Name", device.name.as_deref())?,
    })
}

fn neuron(name: &str, device: &NeuronDevice) -> Result<Neuron, CatalogError> {
    Ok(Neuron {
        count: device.count.unwrap_or(0),
        cores: device.core_info.as_ref().and_then(|c| c.count).unwrap_or(0),
        name: plain(name, "NeuronDevices.Name", device.name.as_deref())?,
    })
}

/// A price; zero means that none is known (aws 2).
fn price(name: &str, usd_per_hour: f64) -> Result<Option<Price>, CatalogError> {
    if !(0.0..=MAX_USD_PER_HOUR).contains(&usd_per_hour) {
        return Err(CatalogError::NotAPrice { instance_type: name.to_owned(), usd_per_hour });
    }
    Ok(Some(Price::from_usd_per_hour(usd_per_hour)).filter(|price| price.nano_usd_per_hour > 0))
}
