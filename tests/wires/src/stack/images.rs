//! Which images of nodes has AWS published? One for each architecture, under the names of its parameters.

use aws_sdk_ec2::types::ArchitectureValues;
use joiner_aws::Clients;

use crate::control_plane::KUBERNETES_VERSION;
use crate::double::WireDouble;
use crate::setup_error::SetupError;

/// Ids of the published images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// For `amd64`.
    pub amd64: String,
    /// For `arm64`.
    pub arm64: String,
}

/// Publishes them.
///
/// # Errors
/// EC2 refuses.
pub(super) async fn publish(clients: &Clients, double: &WireDouble) -> Result<Images, SetupError> {
    let amd64 = image(clients, double, &ArchitectureValues::X8664).await?;
    let arm64 = image(clients, double, &ArchitectureValues::Arm64).await?;
    Ok(Images { amd64, arm64 })
}

async fn image(
    clients: &Clients,
    double: &WireDouble,
    architecture: &ArchitectureValues,
) -> Result<String, SetupError> {
    let word = architecture.as_str();
    let name = format!("amazon-eks-node-al2023-{word}-standard-{KUBERNETES_VERSION}-v20260101");
    let made = clients.ec2().register_image().name(&name).architecture(architecture.clone()).send().await;
    let made = made.map_err(|e| SetupError::because(format!("registering {name}"), &e))?;
    let id = made.image_id.ok_or_else(|| SetupError::new(format!("{name} has no id")))?;
    let folder =
        format!("/aws/service/eks/optimized-ami/{KUBERNETES_VERSION}/amazon-linux-2023/{word}/standard");
    double.publish(&format!("{folder}/recommended/image_id"), &id);
    Ok(id)
}
