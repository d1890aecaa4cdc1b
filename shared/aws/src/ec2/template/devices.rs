//! Which volumes does a machine get (aws 1.4, 5.3)?

use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest, VolumeType,
};
use joiner_api::crd::ec2nodeclass::{BlockDevice, VolumeType as Written};
use joiner_core::model::{AmiFamily, Quantity};

use crate::ec2::class::LaunchClass;

const GIB: i64 = 1 << 30;

/// The class's volumes, or those of its family; `None` leaves them to the image.
pub(super) fn mappings(class: &LaunchClass<'_>) -> Option<Vec<LaunchTemplateBlockDeviceMappingRequest>> {
    let written = &class.spec.block_device_mappings;
    let mappings: Vec<_> = if written.is_empty() {
        usual(class.known.ami_family).iter().map(|(device, gib)| usual_mapping(device, *gib)).collect()
    } else {
        let mapping = |mapping: &joiner_api::crd::ec2nodeclass::BlockDeviceMapping| {
            LaunchTemplateBlockDeviceMappingRequest::builder()
                .set_device_name(mapping.device_name.clone())
                .set_ebs(mapping.ebs.as_ref().map(volume))
                .build()
        };
        written.iter().map(mapping).collect()
    };
    (!mappings.is_empty()).then_some(mappings)
}

/// Devices and their GiB.
fn usual(family: AmiFamily) -> &'static [(&'static str, i32)] {
    match family {
        AmiFamily::Al2 | AmiFamily::Al2023 => &[("/dev/xvda", 20)],
        AmiFamily::Bottlerocket => &[("/dev/xvda", 4), ("/dev/xvdb", 20)],
        AmiFamily::Windows2019 | AmiFamily::Windows2022 | AmiFamily::Windows2025 => &[("/dev/sda1", 50)],
        AmiFamily::Custom => &[],
    }
}

fn usual_mapping(device: &str, gib: i32) -> LaunchTemplateBlockDeviceMappingRequest {
    let volume = LaunchTemplateEbsBlockDeviceRequest::builder()
        .encrypted(true)
        .volume_type(VolumeType::Gp3)
        .volume_size(gib);
    LaunchTemplateBlockDeviceMappingRequest::builder().device_name(device).ebs(volume.build()).build()
}

fn volume(written: &BlockDevice) -> LaunchTemplateEbsBlockDeviceRequest {
    let number = |value: Option<i64>| value.filter(|n| *n != 0).and_then(|n| i32::try_from(n).ok());
    LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_delete_on_termination(written.delete_on_termination)
        .set_encrypted(written.encrypted)
        .set_iops(number(written.iops))
        .set_throughput(number(written.throughput))
        .set_kms_key_id(written.kms_key_id.clone())
        .set_snapshot_id(written.snapshot_id.clone())
        .set_volume_initialization_rate(written.volume_initialization_rate)
        .set_volume_size(written.volume_size.as_deref().and_then(gib))
        .set_volume_type(written.volume_type.map(volume_type))
        .build()
}

/// Whole GiB that hold a size.
fn gib(size: &str) -> Option<i32> {
    let bytes = size.parse::<Quantity>().ok()?.units_ceil();
    i32::try_from(bytes / GIB + i64::from(bytes % GIB > 0)).ok()
}

fn volume_type(written: Written) -> VolumeType {
    match written {
        Written::Standard => VolumeType::Standard,
        Written::Io1 => VolumeType::Io1,
        Written::Io2 => VolumeType::Io2,
        Written::Gp2 => VolumeType::Gp2,
        Written::Gp3 => VolumeType::Gp3,
        Written::Sc1 => VolumeType::Sc1,
        Written::St1 => VolumeType::St1,
    }
}

#[cfg(test)]
mod tests {
    use super::gib;

    #[test]
    fn sizes_are_rounded_up_to_whole_gib() {
        let sizes = [("200G", 187), ("200Gi", 200), ("4G", 4), ("2G", 2), ("1Ti", 1024), ("64T", 59605)];
        for (written, expected) in sizes {
            assert_eq!(gib(written), Some(expected), "{written}");
        }
    }
}
