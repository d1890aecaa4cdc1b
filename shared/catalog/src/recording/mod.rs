//! A recording: what EC2 and the price list answered, in the field names they use. The adapter that asks them
//! fills the same structures, so live and recorded catalogs take one road.

mod convert;

use std::collections::BTreeMap;

use serde::Deserialize;

/// The answers about one region (aws 1.1, 2).
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Recording {
    /// The region.
    pub region: String,
    /// Its availability zones.
    pub zones: Vec<RecordedZone>,
    /// `DescribeInstanceTypes`.
    pub instance_types: Vec<InstanceTypeInfo>,
    /// `DescribeInstanceTypeOfferings`: zones by type.
    pub offerings: BTreeMap<String, Vec<String>>,
    /// The price list: US dollars per hour by type.
    pub on_demand_prices: BTreeMap<String, f64>,
    /// `DescribeSpotPriceHistory`: US dollars per hour by type and zone.
    pub spot_prices: BTreeMap<String, BTreeMap<String, f64>>,
}

/// One availability zone.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct RecordedZone {
    /// Its name in the account.
    pub name: String,
    /// Its id in every account.
    #[serde(default)]
    pub id: Option<String>,
}

/// One entry of `DescribeInstanceTypes`, as far as nodes depend on it. Everything may be missing, as in the
/// API; what must be there is checked when the recording becomes a catalog.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceTypeInfo {
    /// Name of the type.
    pub instance_type: Option<String>,
    /// `hvm` is needed.
    pub supported_virtualization_types: Vec<String>,
    /// `on-demand`, `spot` and others.
    pub supported_usage_classes: Vec<String>,
    /// `nitro` or `xen`; missing for bare metal.
    pub hypervisor: Option<String>,
    /// `supported` or not.
    pub nitro_enclaves_support: Option<String>,
    /// vCPUs.
    #[serde(rename = "VCpuInfo")]
    pub vcpu_info: Option<VCpuInfo>,
    /// Memory.
    pub memory_info: Option<MemoryInfo>,
    /// Processor.
    pub processor_info: Option<ProcessorInfo>,
    /// Network.
    pub network_info: Option<NetworkInfo>,
    /// EBS.
    pub ebs_info: Option<EbsInfo>,
    /// Instance store.
    pub instance_storage_info: Option<InstanceStorageInfo>,
    /// GPUs.
    pub gpu_info: Option<GpuInfo>,
    /// Inference accelerators.
    pub inference_accelerator_info: Option<Accelerators>,
    /// Neuron devices.
    pub neuron_info: Option<NeuronInfo>,
}

/// vCPUs.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VCpuInfo {
    /// vCPUs without CPU options.
    #[serde(rename = "DefaultVCpus")]
    pub default_vcpus: Option<u32>,
}

/// Memory of a machine or a device.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MemoryInfo {
    /// In MiB.
    #[serde(rename = "SizeInMiB")]
    pub size_in_mib: Option<u64>,
}

/// Processor.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProcessorInfo {
    /// Who makes it.
    pub manufacturer: Option<String>,
    /// `i386`, `x86_64`, `arm64` and others.
    pub supported_architectures: Vec<String>,
    /// Such as `nested-virtualization`.
    pub supported_features: Vec<String>,
    /// In GHz.
    pub sustained_clock_speed_in_ghz: Option<f64>,
}

/// Network.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkInfo {
    /// The card pods' interfaces are on.
    pub default_network_card_index: Option<u32>,
    /// IPv4 addresses per interface.
    pub ipv4_addresses_per_interface: Option<u32>,
    /// Whether traffic is encrypted.
    pub encryption_in_transit_supported: Option<bool>,
    /// `unsupported`, `supported` or `required`.
    pub ena_support: Option<String>,
    /// EFA.
    pub efa_info: Option<EfaInfo>,
    /// Cards.
    pub network_cards: Vec<NetworkCard>,
}

/// EFA.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EfaInfo {
    /// Most EFA interfaces.
    pub maximum_efa_interfaces: Option<u32>,
}

/// One network card.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkCard {
    /// Its index.
    pub network_card_index: Option<u32>,
    /// Most interfaces on it.
    pub maximum_network_interfaces: Option<u32>,
    /// In Gbit per second.
    pub baseline_bandwidth_in_gbps: Option<f64>,
}

/// EBS.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EbsInfo {
    /// `default`, `supported` or `unsupported`.
    pub ebs_optimized_support: Option<String>,
    /// Bandwidth when optimised.
    pub ebs_optimized_info: Option<EbsOptimizedInfo>,
}

/// EBS bandwidth.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EbsOptimizedInfo {
    /// In Mbit per second.
    pub maximum_bandwidth_in_mbps: Option<u32>,
}

/// Instance store.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceStorageInfo {
    /// In GB.
    #[serde(rename = "TotalSizeInGB")]
    pub total_size_in_gb: Option<u32>,
    /// `unsupported`, `supported` or `required`.
    pub nvme_support: Option<String>,
}

/// GPUs.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GpuInfo {
    /// By model.
    pub gpus: Vec<GpuDevice>,
}

/// One model of GPU.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GpuDevice {
    /// How many.
    pub count: Option<u32>,
    /// Who makes it.
    pub manufacturer: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Memory of one.
    pub memory_info: Option<MemoryInfo>,
}

/// Inference accelerators.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Accelerators {
    /// By model.
    pub accelerators: Vec<AcceleratorInfo>,
}

/// One model of inference accelerator.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AcceleratorInfo {
    /// How many.
    pub count: Option<u32>,
    /// Who makes it.
    pub manufacturer: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Neuron devices.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NeuronInfo {
    /// By model.
    pub neuron_devices: Vec<NeuronDevice>,
}

/// One model of Neuron device.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NeuronDevice {
    /// How many.
    pub count: Option<u32>,
    /// Its name.
    pub name: Option<String>,
    /// Its cores.
    pub core_info: Option<CoreInfo>,
}

/// Cores of a device.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CoreInfo {
    /// How many.
    pub count: Option<u32>,
}
