//! What was made for a class, taken away when it goes (aws 8.3). Whatever is gone already is as good.

use joiner_api::crd::EC2NodeClass;
use joiner_core::model::NodeClass;
use joiner_ports::CloudError;

use super::Asked;
use super::profile::{self, NOT_THERE};
use crate::ec2::failure::Ec2Failure;

/// Deletes every profile below the path of the class. A class with a profile of its own has none, and is not
/// asked for: where IAM cannot be reached, such classes are used.
pub(super) async fn profiles(
    asked: &Asked<'_>,
    class: &NodeClass,
    document: &EC2NodeClass,
) -> Result<(), CloudError> {
    if document.spec.instance_profile.is_some() {
        return Ok(());
    }
    let iam = asked.clients.iam();
    let path = profile::path(asked.facts, class);
    let pages = iam.list_instance_profiles().path_prefix(&path).into_paginator().items().send();
    let listed = pages.collect::<Result<Vec<_>, _>>().await.map_err(Ec2Failure::of)?;
    // Looked at once more, since everything in the list is deleted.
    for made in listed.iter().filter(|listed| listed.path().starts_with(&path)) {
        let name = made.instance_profile_name();
        for role in made.roles() {
            profile::remove_role(asked, name, role.role_name()).await?;
        }
        match iam.delete_instance_profile().instance_profile_name(name).send().await.map_err(Ec2Failure::of) {
            Ok(_) => {}
            Err(Ec2Failure::Refused { code, .. }) if code == NOT_THERE => {}
            Err(failure) => return Err(failure.into()),
        }
        asked.memory.profiles.forget(|known, _| *known == name);
    }
    Ok(())
}
