//! What does a class lead to in the cloud, and what of it cannot be had (aws 3, 5, 8)?
//!
//! Missing things are refusals, each with the condition it makes false. Only outages and requests that AWS
//! refuses are errors, and then nothing is written: what the status says stays. Modules in reading order:
//!
//! - `selector`: selector terms as filters;
//! - `subnets`, `security_groups`, `reservations`, `placement`: what the terms select;
//! - `alias`, `parameter`, `images`: images, and which machines each is for;
//! - `profile`: the instance profile;
//! - `validation`, `dry_run`: whether machines could be launched from it all;
//! - `release`: taking away what was made;
//! - `memory`: answers that are used again.

mod alias;
mod dry_run;
mod images;
mod memory;
mod parameter;
mod placement;
mod profile;
mod published;
mod release;
mod reservations;
mod security_groups;
mod selector;
mod subnets;
mod validation;

use jiff::Timestamp;
use joiner_api::crd::EC2NodeClass;
use joiner_api::crd::ec2nodeclass::Ec2NodeClassStatus;
use joiner_core::model::NodeClass;
use joiner_ports::{ClassRefusal, ClassResolution, CloudError};

use crate::expiring::read_clock;
use crate::{Clients, ClusterFacts};
pub use memory::ClassMemory;
pub use published::published_images;

/// What this module asks of AWS. `iam:PassRole` and `ec2:CreateTags` are checked by what is tried.
pub const ACTIONS: &[&str] = &[
    "ec2:CreateFleet",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateTags",
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:RunInstances",
    "iam:AddRoleToInstanceProfile",
    "iam:CreateInstanceProfile",
    "iam:DeleteInstanceProfile",
    "iam:GetInstanceProfile",
    "iam:ListInstanceProfiles",
    "iam:PassRole",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagInstanceProfile",
    "ssm:GetParameter",
];

/// Whom to ask about a class, and when.
struct Asked<'a> {
    clients: &'a Clients,
    facts: &'a ClusterFacts,
    memory: &'a ClassMemory,
    now: Timestamp,
}

/// Resolves the selectors of a class, sees that it has an instance profile, and tries what can be tried without
/// launching.
///
/// # Errors
/// `Rejected` when the class cannot be read or AWS refuses a question, else what a call ran into.
pub async fn resolve(
    clients: &Clients,
    facts: &ClusterFacts,
    memory: &ClassMemory,
    class: &NodeClass,
) -> Result<ClassResolution, CloudError> {
    let asked = Asked { clients, facts, memory, now: read_clock() };
    let document = read(class)?;
    let (status, mut refusals) = look_up(&asked, class, &document).await?;
    if let Some(refusal) = validation::check(&asked, class, &document, &status, &refusals).await? {
        refusals.push(refusal);
    }
    let status = serde_json::to_string(&status)
        .map_err(|error| CloudError::Rejected(format!("EC2NodeClass {}: {error}", class.name)))?;
    Ok(ClassResolution { status: status.into(), refusals })
}

/// Takes away the instance profiles that were made for a class; its launch templates are the launcher's to take
/// away. Doing it again is harmless.
///
/// # Errors
/// What a call ran into; what it was about may still be there.
pub async fn release(
    clients: &Clients,
    facts: &ClusterFacts,
    memory: &ClassMemory,
    class: &NodeClass,
) -> Result<(), CloudError> {
    let asked = Asked { clients, facts, memory, now: read_clock() };
    release::profiles(&asked, class, &read(class)?).await
}

fn read(class: &NodeClass) -> Result<EC2NodeClass, CloudError> {
    serde_json::from_str(&class.document)
        .map_err(|error| CloudError::Rejected(format!("EC2NodeClass {} cannot be read: {error}", class.name)))
}

/// Everything the status shows, side by side, and what could not be found.
async fn look_up(
    asked: &Asked<'_>,
    class: &NodeClass,
    document: &EC2NodeClass,
) -> Result<(Ec2NodeClassStatus, Vec<ClassRefusal>), CloudError> {
    let spec = &document.spec;
    let reservation_terms = spec.capacity_reservation_selector_terms.as_deref().unwrap_or_default();
    let (images, reservations, placement, subnets, groups, profile) = futures::join!(
        images::resolve(asked, &spec.ami_selector_terms),
        reservations::resolve(asked, reservation_terms),
        placement::check(asked, spec.placement_group_selector.as_ref()),
        subnets::resolve(asked, &spec.subnet_selector_terms),
        security_groups::resolve(asked, &spec.security_group_selector_terms),
        profile::resolve(asked, class, document),
    );
    let mut refusals = Vec::new();
    let status = Ec2NodeClassStatus {
        amis: found(images?, &mut refusals),
        capacity_reservations: reservations?,
        subnets: found(subnets?, &mut refusals),
        security_groups: found(groups?, &mut refusals),
        instance_profile: found(profile?.map(Some), &mut refusals),
        conditions: Vec::new(),
    };
    refusals.extend(placement?);
    Ok((status, refusals))
}

/// What was found; nothing, and a refusal more, otherwise.
fn found<T: Default>(answer: Result<T, ClassRefusal>, refusals: &mut Vec<ClassRefusal>) -> T {
    answer.unwrap_or_else(|refusal| {
        refusals.push(refusal);
        T::default()
    })
}
