//! Is the placement group of a class there (aws 5.6)?

use joiner_api::crd::ec2nodeclass::PlacementGroupSelector;
use joiner_ports::{ClassRefusal, CloudError};

use super::{Asked, selector};
use crate::ec2::failure::Ec2Failure;

/// Codes by which EC2 says that there is no such group.
const NO_GROUP: [&str; 2] = ["InvalidPlacementGroup.Unknown", "InvalidPlacementGroupId.Unknown"];

/// The refusal, if the group is not there or not available.
pub(super) async fn check(
    asked: &Asked<'_>,
    selector: Option<&PlacementGroupSelector>,
) -> Result<Option<ClassRefusal>, CloudError> {
    let Some(selector) = selector else { return Ok(None) };
    let question = format!("{selector:?}");
    let is_there = match asked.memory.placement_groups.get(&question, asked.now) {
        Some(is_there) => is_there,
        None => {
            let is_there = exists(asked, selector).await?;
            asked.memory.placement_groups.put(question, is_there, asked.now);
            is_there
        }
    };
    let wanted = selector.id.as_deref().or(selector.name.as_deref()).unwrap_or_default();
    Ok((!is_there).then(|| ClassRefusal {
        condition: "PlacementGroupReady",
        reason: "PlacementGroupNotFound",
        message: format!(
            "spec.placementGroupSelector: there is no available placement group {wanted}; create it, or correct the \
             selector"
        ),
    }))
}

async fn exists(asked: &Asked<'_>, wanted: &PlacementGroupSelector) -> Result<bool, CloudError> {
    let mut request =
        asked.clients.ec2().describe_placement_groups().filters(selector::filter("state", ["available"]));
    request = match (&wanted.id, &wanted.name) {
        (Some(id), _) => request.group_ids(id),
        (None, Some(name)) => request.group_names(name),
        (None, None) => return Ok(false),
    };
    match request.send().await.map_err(Ec2Failure::of) {
        Ok(answer) => Ok(!answer.placement_groups().is_empty()),
        Err(Ec2Failure::Refused { code, .. }) if NO_GROUP.contains(&&*code) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}
