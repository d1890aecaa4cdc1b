//! What an answer of `DescribeInstanceTypes` says, in the shape that recordings have.

use aws_sdk_ec2::types;
use joiner_catalog::{
    AcceleratorInfo, Accelerators, CoreInfo, EbsInfo, EbsOptimizedInfo, EfaInfo, GpuDevice, GpuInfo,
    InstanceStorageInfo, InstanceTypeInfo, MemoryInfo, NetworkCard, NetworkInfo, NeuronDevice, NeuronInfo,
    ProcessorInfo, VCpuInfo,
};

/// One type (aws 1.1). Negative figures, which EC2 does not give, read as absent.
pub(super) fn instance_type(info: &types::InstanceTypeInfo) -> InstanceTypeInfo {
    InstanceTypeInfo {
        instance_type: info.instance_type().map(|name| name.as_str().to_owned()),
        supported_virtualization_types: texts(info.supported_virtualization_types(), |t| t.as_str()),
        supported_usage_classes: texts(info.supported_usage_classes(), |class| class.as_str()),
        hypervisor: info.hypervisor().map(|hypervisor| hypervisor.as_str().to_owned()),
        nitro_enclaves_support: info.nitro_enclaves_support().map(|support| support.as_str().to_owned()),
        vcpu_info: info.v_cpu_info().map(|v| VCpuInfo { default_vcpus: count(v.default_v_cpus()) }),
        memory_info: info.memory_info().map(|m| MemoryInfo { size_in_mib: size(m.size_in_mib()) }),
        processor_info: info.processor_info().map(processor),
        network_info: info.network_info().map(network),
        ebs_info: info.ebs_info().map(ebs),
        instance_storage_info: info.instance_storage_info().map(storage),
        gpu_info: info.gpu_info().map(|gpus| GpuInfo { gpus: gpus.gpus().iter().map(gpu).collect() }),
        inference_accelerator_info: info
            .inference_accelerator_info()
            .map(|all| Accelerators { accelerators: all.accelerators().iter().map(accelerator).collect() }),
        neuron_info: info
            .neuron_info()
            .map(|all| NeuronInfo { neuron_devices: all.neuron_devices().iter().map(neuron).collect() }),
    }
}

fn processor(info: &types::ProcessorInfo) -> ProcessorInfo {
    ProcessorInfo {
        manufacturer: info.manufacturer().map(str::to_owned),
        supported_architectures: texts(info.supported_architectures(), |a| a.as_str()),
        supported_features: texts(info.supported_features(), |feature| feature.as_str()),
        sustained_clock_speed_in_ghz: info.sustained_clock_speed_in_ghz(),
    }
}

fn network(info: &types::NetworkInfo) -> NetworkInfo {
    NetworkInfo {
        default_network_card_index: count(info.default_network_card_index()),
        ipv4_addresses_per_interface: count(info.ipv4_addresses_per_interface()),
        encryption_in_transit_supported: info.encryption_in_transit_supported(),
        ena_support: info.ena_support().map(|support| support.as_str().to_owned()),
        efa_info: info
            .efa_info()
            .map(|efa| EfaInfo { maximum_efa_interfaces: count(efa.maximum_efa_interfaces()) }),
        network_cards: info.network_cards().iter().map(network_card).collect(),
    }
}

fn network_card(card: &types::NetworkCardInfo) -> NetworkCard {
    NetworkCard {
        network_card_index: count(card.network_card_index()),
        maximum_network_interfaces: count(card.maximum_network_interfaces()),
        baseline_bandwidth_in_gbps: card.baseline_bandwidth_in_gbps(),
    }
}

fn ebs(info: &types::EbsInfo) -> EbsInfo {
    EbsInfo {
        ebs_optimized_support: info.ebs_optimized_support().map(|support| support.as_str().to_owned()),
        ebs_optimized_info: info.ebs_optimized_info().map(|optimised| EbsOptimizedInfo {
            maximum_bandwidth_in_mbps: count(optimised.maximum_bandwidth_in_mbps()),
        }),
    }
}

fn storage(info: &types::InstanceStorageInfo) -> InstanceStorageInfo {
    InstanceStorageInfo {
        total_size_in_gb: info.total_size_in_gb().and_then(|gb| u32::try_from(gb).ok()),
        nvme_support: info.nvme_support().map(|support| support.as_str().to_owned()),
    }
}

fn gpu(device: &types::GpuDeviceInfo) -> GpuDevice {
    GpuDevice {
        count: count(device.count()),
        manufacturer: device.manufacturer().map(str::to_owned),
        name: device.name().map(str::to_owned),
        memory_info: device
            .memory_info()
            .map(|memory| MemoryInfo { size_in_mib: count(memory.size_in_mib()).map(u64::from) }),
    }
}

fn accelerator(device: &types::InferenceDeviceInfo) -> AcceleratorInfo {
    AcceleratorInfo {
        count: count(device.count()),
        manufacturer: device.manufacturer().map(str::to_owned),
        name: device.name().map(str::to_owned),
    }
}

fn neuron(device: &types::NeuronDeviceInfo) -> NeuronDevice {
    NeuronDevice {
        count: count(device.count()),
        name: device.name().map(str::to_owned),
        core_info: device.core_info().map(|cores| CoreInfo { count: count(cores.count()) }),
    }
}

fn texts<T>(values: &[T], text: impl Fn(&T) -> &str) -> Vec<String> {
    values.iter().map(|value| text(value).to_owned()).collect()
}

fn count(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn size(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}
