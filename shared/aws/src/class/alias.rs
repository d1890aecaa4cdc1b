//! Which published parameters does an alias such as `al2023@latest` stand for, and which machines is each of
//! their images for (aws 3.1)?

use joiner_api::crd::AmiFamily;
use joiner_api::crd::ec2nodeclass::AmiRequirement;
use joiner_api::crd::parts::RequirementOperator;
use joiner_core::model::keys;

/// First minor version of Kubernetes without images of Amazon Linux 2.
const NO_AL2_FROM: u32 = 33;
/// First minor version with images of Windows Server 2025.
const WINDOWS_2025_FROM: u32 = 35;

/// One published image of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublishedImage {
    /// Name of the parameter that holds its id.
    pub(super) parameter: String,
    /// What it is for besides its architecture; the image is listed once for each.
    pub(super) uses: Vec<Vec<AmiRequirement>>,
}

/// The images of an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) images: Vec<PublishedImage>,
    /// Whether the parameters may come to hold newer images.
    pub(super) is_mutable: bool,
}

/// What kind of machine a Linux image is made for.
#[derive(Debug, Clone, Copy)]
enum Use {
    Standard,
    Nvidia,
    Neuron,
}

impl Use {
    fn requirements(self) -> Vec<AmiRequirement> {
        let gpu_count = format!("{}instance-gpu-count", keys::AWS_PREFIX);
        let accelerator_count = format!("{}instance-accelerator-count", keys::AWS_PREFIX);
        let of = |key, operator| AmiRequirement { key, operator, values: Vec::new() };
        match self {
            Use::Standard => vec![
                of(gpu_count, RequirementOperator::DoesNotExist),
                of(accelerator_count, RequirementOperator::DoesNotExist),
            ],
            Use::Nvidia => vec![of(gpu_count, RequirementOperator::Exists)],
            Use::Neuron => vec![of(accelerator_count, RequirementOperator::Exists)],
        }
    }
}

/// One value of a label.
pub(super) fn exactly(key: &str, value: &str) -> AmiRequirement {
    AmiRequirement { key: key.to_owned(), operator: RequirementOperator::In, values: vec![value.to_owned()] }
}

/// The images of an alias for a version of Kubernetes.
///
/// # Errors
/// The alias has no images for the version; says which.
pub(super) fn published(alias: &str, kubernetes: &str) -> Result<Published, String> {
    let family = AmiFamily::of_alias(alias);
    let Some((family, (_, version))) = family.zip(alias.split_once('@')) else {
        return Err(format!("{alias} is not a family and a version; write for example al2023@latest"));
    };
    let minor = kubernetes.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap_or(0);
    match family {
        AmiFamily::AL2 if minor >= NO_AL2_FROM => Err(format!(
            "there is no Amazon Linux 2 for Kubernetes {kubernetes}, the last was 1.32; use al2023@latest"
        )),
        AmiFamily::Windows2025 if minor < WINDOWS_2025_FROM => Err(format!(
            "there is no Windows Server 2025 for Kubernetes {kubernetes}, the first is 1.35; use \
             windows2022@latest"
        )),
        AmiFamily::AL2 => Ok(linux(al2(kubernetes, version), version)),
        AmiFamily::AL2023 => Ok(linux(al2023(kubernetes, version), version)),
        AmiFamily::Bottlerocket => Ok(linux(bottlerocket(kubernetes, version), version)),
        AmiFamily::Windows2019 => Ok(windows("2019", "10.0.17763", kubernetes)),
        AmiFamily::Windows2022 => Ok(windows("2022", "10.0.20348", kubernetes)),
        AmiFamily::Windows2025 => Ok(windows("2025", "10.0.26100", kubernetes)),
        AmiFamily::Custom => Err(format!("{alias}: images of the family Custom have no alias")),
    }
}

fn linux(images: Vec<(String, Vec<Use>)>, version: &str) -> Published {
    let image = |(path, uses): (String, Vec<Use>)| PublishedImage {
        parameter: format!("{path}/image_id"),
        uses: uses.into_iter().map(Use::requirements).collect(),
    };
    Published { images: images.into_iter().map(image).collect(), is_mutable: version == "latest" }
}

fn al2023(kubernetes: &str, version: &str) -> Vec<(String, Vec<Use>)> {
    let variants = [
        ("x86_64", "standard", Use::Standard),
        ("x86_64", "nvidia", Use::Nvidia),
        ("x86_64", "neuron", Use::Neuron),
        ("arm64", "standard", Use::Standard),
        ("arm64", "nvidia", Use::Nvidia),
    ];
    let path = |(arch, variant, made_for): (&str, &str, Use)| {
        let release = match version {
            "latest" => "recommended".to_owned(),
            pinned => format!("amazon-eks-node-al2023-{arch}-{variant}-{kubernetes}-{pinned}"),
        };
        let path = format!(
            "/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023/{arch}/{variant}/{release}"
        );
        (path, vec![made_for])
    };
    variants.map(path).to_vec()
}

/// The image for GPUs serves Neuron devices as well.
fn al2(kubernetes: &str, version: &str) -> Vec<(String, Vec<Use>)> {
    let variants = [
        ("amazon-linux-2", "amazon-eks-node", vec![Use::Standard]),
        ("amazon-linux-2-arm64", "amazon-eks-arm64-node", vec![Use::Standard]),
        ("amazon-linux-2-gpu", "amazon-eks-gpu-node", vec![Use::Nvidia, Use::Neuron]),
    ];
    let path = |(variant, name, uses): (&str, &str, Vec<Use>)| {
        let release = match version {
            "latest" => "recommended".to_owned(),
            pinned => format!("{name}-{kubernetes}-{pinned}"),
        };
        (format!("/aws/service/eks/optimized-ami/{kubernetes}/{variant}/{release}"), uses)
    };
    variants.map(path).to_vec()
}

/// The plain image of x86_64 serves Neuron devices as well.
fn bottlerocket(kubernetes: &str, version: &str) -> Vec<(String, Vec<Use>)> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let variants = [
        ("", "x86_64", vec![Use::Standard, Use::Neuron]),
        ("", "arm64", vec![Use::Standard]),
        ("-nvidia", "x86_64", vec![Use::Nvidia]),
        ("-nvidia", "arm64", vec![Use::Nvidia]),
    ];
    let path = |(variant, arch, uses): (&str, &str, Vec<Use>)| {
        (format!("/aws/service/bottlerocket/aws-k8s-{kubernetes}{variant}/{arch}/{version}"), uses)
    };
    variants.map(path).to_vec()
}

fn windows(year: &str, build: &str, kubernetes: &str) -> Published {
    let parameter = format!(
        "/aws/service/ami-windows-latest/Windows_Server-{year}-English-Core-EKS_Optimized-{kubernetes}/image_id"
    );
    let uses = vec![vec![exactly(keys::OS, "windows"), exactly(keys::WINDOWS_BUILD, build)]];
    Published { images: vec![PublishedImage { parameter, uses }], is_mutable: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters without what all have in common, each with the number of its uses.
    fn parameters(alias: &str, kubernetes: &str) -> Vec<(String, usize)> {
        let images = published(alias, kubernetes).unwrap().images;
        images.into_iter().map(|image| (image.parameter, image.uses.len())).collect()
    }

    #[test]
    fn al2023_has_five_images_each_for_one_use() {
        let root = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023";
        let variants =
            ["x86_64/standard", "x86_64/nvidia", "x86_64/neuron", "arm64/standard", "arm64/nvidia"];
        let latest = variants.map(|variant| (format!("{root}/{variant}/recommended/image_id"), 1));
        assert_eq!(parameters("al2023@latest", "1.33"), latest);
        let pinned = variants.map(|variant| {
            let name = format!("amazon-eks-node-al2023-{}-1.33-v20250101", variant.replace('/', "-"));
            (format!("{root}/{variant}/{name}/image_id"), 1)
        });
        assert_eq!(parameters("al2023@v20250101", "1.33"), pinned);
        assert!(!published("al2023@v20250101", "1.33").unwrap().is_mutable);
    }

    #[test]
    fn al2_lists_its_gpu_image_for_both_kinds_of_accelerator() {
        let root = "/aws/service/eks/optimized-ami/1.32";
        assert_eq!(
            parameters("al2@v20240807", "1.32"),
            [
                (format!("{root}/amazon-linux-2/amazon-eks-node-1.32-v20240807/image_id"), 1),
                (format!("{root}/amazon-linux-2-arm64/amazon-eks-arm64-node-1.32-v20240807/image_id"), 1),
                (format!("{root}/amazon-linux-2-gpu/amazon-eks-gpu-node-1.32-v20240807/image_id"), 2),
            ]
        );
    }

    #[test]
    fn bottlerocket_drops_the_v_of_its_versions() {
        let root = "/aws/service/bottlerocket/aws-k8s-1.33";
        assert_eq!(
            parameters("bottlerocket@v1.40.0", "1.33"),
            [
                (format!("{root}/x86_64/1.40.0/image_id"), 2),
                (format!("{root}/arm64/1.40.0/image_id"), 1),
                (format!("{root}-nvidia/x86_64/1.40.0/image_id"), 1),
                (format!("{root}-nvidia/arm64/1.40.0/image_id"), 1),
            ]
        );
        assert_eq!(parameters("bottlerocket@latest", "1.33")[1].0, format!("{root}/arm64/latest/image_id"));
    }

    #[test]
    fn windows_images_are_for_their_build() {
        let image = PublishedImage {
            parameter:
                "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.33/image_id"
                    .to_owned(),
            uses: vec![vec![
                exactly("kubernetes.io/os", "windows"),
                exactly("node.kubernetes.io/windows-build", "10.0.20348"),
            ]],
        };
        let expected = Published { images: vec![image], is_mutable: true };
        assert_eq!(published("windows2022@latest", "1.33"), Ok(expected));
    }

    #[test]
    fn aliases_without_images_for_the_version_say_what_to_use() {
        let refused = |alias, kubernetes| published(alias, kubernetes).unwrap_err();
        assert_eq!(
            refused("al2@latest", "1.33"),
            "there is no Amazon Linux 2 for Kubernetes 1.33, the last was 1.32; use al2023@latest"
        );
        assert_eq!(
            refused("windows2025@latest", "1.34"),
            "there is no Windows Server 2025 for Kubernetes 1.34, the first is 1.35; use windows2022@latest"
        );
        assert_eq!(parameters("al2@latest", "1.32").len(), 3);
        assert_eq!(parameters("windows2025@latest", "1.35").len(), 1);
        assert_eq!(
            refused("ubuntu@latest", "1.33"),
            "ubuntu@latest is not a family and a version; write for example al2023@latest"
        );
    }
}
