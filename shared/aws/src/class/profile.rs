//! Which instance profile do machines of a class get (aws 5.4)?
//!
//! A class that names a profile gets that one. For a class that names a role a profile is made, whose name
//! follows from cluster, class and role: asked twice, it is made once, and another role gets another profile,
//! since machines that run already keep theirs.

use aws_sdk_iam::types::{InstanceProfile, Tag};
use joiner_api::crd::EC2NodeClass;
use joiner_core::model::{NodeClass, keys};
use joiner_ports::name::digest;
use joiner_ports::{ClassRefusal, CloudError};

use super::Asked;
use crate::ClusterFacts;
use crate::ec2::CLUSTER_TAG;
use crate::ec2::failure::Ec2Failure;

/// The code of whatever IAM does not know.
pub(super) const NOT_THERE: &str = "NoSuchEntity";
/// The code of a profile that another run has made meanwhile, or that holds its role already.
const THERE_ALREADY: [&str; 2] = ["EntityAlreadyExists", "LimitExceeded"];

/// The name of the profile; made, and given its role, if the class names a role.
pub(super) async fn resolve(
    asked: &Asked<'_>,
    class: &NodeClass,
    document: &EC2NodeClass,
) -> Result<Result<String, ClassRefusal>, CloudError> {
    if let Some(profile) = &document.spec.instance_profile {
        return Ok(Ok(profile.clone()));
    }
    let Some(role) = document.spec.role.as_deref() else {
        let message = "neither spec.role nor spec.instanceProfile is set; add one of the two".to_owned();
        return Ok(Err(ClassRefusal {
            condition: "InstanceProfileReady",
            reason: "InstanceProfileNotFound",
            message,
        }));
    };
    let role = bare(role);
    let in_use = document.status.as_ref().and_then(|status| status.instance_profile.as_deref());
    let own = name(asked.facts, class, role);
    for profile in in_use.into_iter().chain([own.as_str()]) {
        if asked.memory.profiles.get(&profile.to_owned(), asked.now).is_some_and(|known| known == role) {
            return Ok(Ok(profile.to_owned()));
        }
    }
    // behaviour: class/a-profile-in-use-that-has-the-role-stays
    if let Some(profile) = in_use.filter(|profile| *profile != own)
        && let Some(found) = find(asked, profile).await?
        && holds(&found, role)
    {
        asked.memory.profiles.put(profile.to_owned(), role.to_owned(), asked.now);
        return Ok(Ok(profile.to_owned()));
    }
    let made = Made { name: &own, role, class, document };
    let refusal = made.ensure(asked).await?;
    if refusal.is_none() {
        asked.memory.profiles.put(own.clone(), role.to_owned(), asked.now);
    }
    Ok(refusal.map_or(Ok(own), Err))
}

/// A profile of ours.
struct Made<'a> {
    name: &'a str,
    role: &'a str,
    class: &'a NodeClass,
    document: &'a EC2NodeClass,
}

impl Made<'_> {
    /// Sees that the profile exists and holds its role and no other.
    async fn ensure(&self, asked: &Asked<'_>) -> Result<Option<ClassRefusal>, CloudError> {
        let found = find(asked, self.name).await?;
        if let Some(found) = &found {
            if holds(found, self.role) {
                return Ok(None);
            }
            for role in found.roles() {
                remove_role(asked, self.name, role.role_name()).await?;
            }
        } else {
            self.create(asked).await?;
        }
        self.add_role(asked).await
    }

    async fn create(&self, asked: &Asked<'_>) -> Result<(), CloudError> {
        let request = asked
            .clients
            .iam()
            .create_instance_profile()
            .instance_profile_name(self.name)
            .path(path(asked.facts, self.class))
            .set_tags(Some(self.tags(asked.facts)?));
        match request.send().await.map_err(Ec2Failure::of) {
            Ok(_) => Ok(()),
            Err(Ec2Failure::Refused { code, .. }) if code == THERE_ALREADY[0] => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    fn tags(&self, facts: &ClusterFacts) -> Result<Vec<Tag>, CloudError> {
        let mut tags = self.document.spec.tags.clone();
        tags.insert(format!("kubernetes.io/cluster/{}", facts.name), "owned".to_owned());
        tags.insert(CLUSTER_TAG.to_owned(), facts.name.to_string());
        tags.insert(keys::NODE_CLASS.to_owned(), self.class.name.to_string());
        tags.insert(keys::REGION.to_owned(), facts.region.to_string());
        let tag = |(key, value): (String, String)| Tag::builder().key(key).value(value).build();
        let tags: Result<Vec<Tag>, _> = tags.into_iter().map(tag).collect();
        tags.map_err(|error| CloudError::Rejected(format!("spec.tags: {error}")))
    }

    async fn add_role(&self, asked: &Asked<'_>) -> Result<Option<ClassRefusal>, CloudError> {
        let request = asked
            .clients
            .iam()
            .add_role_to_instance_profile()
            .instance_profile_name(self.name)
            .role_name(self.role);
        match request.send().await.map_err(Ec2Failure::of) {
            Ok(_) => Ok(None),
            // Another run was faster.
            Err(Ec2Failure::Refused { code, .. }) if THERE_ALREADY.contains(&&*code) => Ok(None),
            // behaviour: class/a-role-that-does-not-exist-is-a-refusal
            Err(Ec2Failure::Refused { code, message }) if code == NOT_THERE => Ok(Some(ClassRefusal {
                condition: "InstanceProfileReady",
                reason: "RoleNotFound",
                message: format!("spec.role: {message}; create the role {}, or correct its name", self.role),
            })),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// The profile of a name, if there is one.
async fn find(asked: &Asked<'_>, name: &str) -> Result<Option<InstanceProfile>, CloudError> {
    let request = asked.clients.iam().get_instance_profile().instance_profile_name(name);
    match request.send().await.map_err(Ec2Failure::of) {
        Ok(answer) => Ok(answer.instance_profile),
        Err(Ec2Failure::Refused { code, .. }) if code == NOT_THERE => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

fn holds(profile: &InstanceProfile, role: &str) -> bool {
    profile.roles().iter().any(|held| held.role_name() == role)
}

/// Takes a role out of a profile; gone already is as good.
pub(super) async fn remove_role(asked: &Asked<'_>, profile: &str, role: &str) -> Result<(), CloudError> {
    let request = asked
        .clients
        .iam()
        .remove_role_from_instance_profile()
        .instance_profile_name(profile)
        .role_name(role);
    match request.send().await.map_err(Ec2Failure::of) {
        Ok(_) => Ok(()),
        Err(Ec2Failure::Refused { code, .. }) if code == NOT_THERE => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

/// Name of the profile of a class and role. IAM takes 128 characters, and a cluster has at most 100.
pub(super) fn name(facts: &ClusterFacts, class: &NodeClass, role: &str) -> String {
    // behaviour: class/one-role-one-profile
    let bits = digest(0, &[&facts.region, facts.name.as_str(), &class.uid, &class.name, role]);
    format!("{}_{bits}", facts.name)
}

/// Where the profiles of a class are kept, so that they are found when it goes.
pub(super) fn path(facts: &ClusterFacts, class: &NodeClass) -> String {
    format!("/karpenter/{}/{}/{}/", facts.region, facts.name, class.uid)
}

/// The name of a role without its path, which is all that a profile takes.
fn bare(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_lose_their_path() {
        assert_eq!(["node", "/eks/nodes/node", "eks/node"].map(bare), ["node"; 3]);
    }
}
