//! What the image family decides (aws 1.4).

use joiner_core::model::AmiFamily;

/// How nodes of an image family differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// Whether pods are limited by network interfaces; otherwise there are 110.
    pub(super) interfaces_limit_pods: bool,
    /// Whether reserved memory grows with the interface limit, whatever the pod limit is set to.
    pub(super) interfaces_size_overhead: bool,
    /// Whether `podsPerCore` counts.
    pub(super) honours_pods_per_core: bool,
    /// The device whose size is pods' storage; none where only the user knows.
    pub(super) ephemeral_device: Option<&'static str>,
    /// That size when the class does not say.
    pub(super) ephemeral_gib: i64,
    /// The Windows build, on Windows.
    pub(super) windows_build: Option<&'static str>,
}

const LINUX: Family = Family {
    interfaces_limit_pods: true,
    interfaces_size_overhead: true,
    honours_pods_per_core: true,
    ephemeral_device: Some("/dev/xvda"),
    ephemeral_gib: 20,
    windows_build: None,
};

const fn windows(build: &'static str) -> Family {
    Family {
        interfaces_limit_pods: false,
        interfaces_size_overhead: false,
        honours_pods_per_core: true,
        ephemeral_device: Some("/dev/sda1"),
        ephemeral_gib: 50,
        windows_build: Some(build),
    }
}

impl Family {
    pub(super) const fn of(family: AmiFamily) -> Self {
        match family {
            AmiFamily::Al2 | AmiFamily::Al2023 => LINUX,
            AmiFamily::Bottlerocket => Family {
                interfaces_size_overhead: false,
                honours_pods_per_core: false,
                ephemeral_device: Some("/dev/xvdb"),
                ..LINUX
            },
            AmiFamily::Custom => Family { ephemeral_device: None, ..LINUX },
            AmiFamily::Windows2019 => windows("10.0.17763"),
            AmiFamily::Windows2022 => windows("10.0.20348"),
            AmiFamily::Windows2025 => windows("10.0.26100"),
        }
    }
}
