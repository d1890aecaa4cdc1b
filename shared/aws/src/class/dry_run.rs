//! May we do what a launch from a class does? Asked of EC2 with requests that it checks and does not carry out
//! (aws 8.2, steps 11 to 13).

use aws_sdk_ec2::types::{IamInstanceProfileSpecification, ResourceType, Tag, TagSpecification};
use joiner_api::crd::EC2NodeClass;
use joiner_api::crd::ec2nodeclass::{AmiStatus, Ec2NodeClassStatus, SecurityGroupStatus, SubnetStatus};
use joiner_core::model::{Image, NodeClass, Readiness, ResolvedClass, SecurityGroup, Subnet, Zone, keys};
use joiner_ports::{ClassRefusal, CloudError, Delay, LaunchError};

use super::Asked;
use super::validation::refusal;
use crate::ec2::CLUSTER_TAG;
use crate::ec2::failure::Ec2Failure;
use crate::ec2::trial::{Trial, TrialFailure};

/// The code by which EC2 says that a request would have been carried out.
const WOULD_HAVE: &str = "DryRunOperation";
/// Codes by which EC2 says that we may not.
const FORBIDDEN: [&str; 3] = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];
/// The reason of user data that EC2 would not take for its length.
const TOO_LONG: &str = "UserDataSizeLimitExceeded";
/// How long IAM may take until EC2 knows a new instance profile.
const PROFILE_SPREADS: Delay = Delay::from_secs(10);

/// What a dry run came to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It would have been carried out.
    Allowed,
    /// We may not; what EC2 said.
    Forbidden(String),
    /// EC2 does not know the instance profile.
    NoProfile,
}

/// The machine that is tried.
struct Machine<'a> {
    image: &'a AmiStatus,
    instance_type: &'static str,
    class: &'a NodeClass,
    document: &'a EC2NodeClass,
    status: &'a Ec2NodeClassStatus,
}

/// The fault, if there is one. Everything that a launch needs has been found.
pub(super) async fn run(
    asked: &Asked<'_>,
    class: &NodeClass,
    document: &EC2NodeClass,
    status: &Ec2NodeClassStatus,
) -> Result<Option<ClassRefusal>, CloudError> {
    let Some((image, instance_type)) = machine(&status.amis) else { return Ok(None) };
    let machine = Machine { image, instance_type, class, document, status };
    if let Some(refusal) = machine.fleet(asked).await? {
        return Ok(Some(refusal));
    }
    match machine.instances(asked).await? {
        Verdict::Allowed => Ok(None),
        Verdict::Forbidden(message) => {
            Ok(Some(forbidden("RunInstancesAuthCheckFailed", "ec2:RunInstances", &message)))
        }
        Verdict::NoProfile => match &document.spec.instance_profile {
            Some(profile) => {
                let message = format!(
                    "spec.instanceProfile: there is no instance profile {profile}; create it, or correct it"
                );
                Ok(Some(refusal("InstanceProfileNotFound", message)))
            }
            // It was made a moment ago.
            None => Err(CloudError::Throttled(PROFILE_SPREADS)),
        },
    }
}

/// An image that needs no GPU or accelerator, if there is one, and a type that starts it (aws 8.2).
fn machine(images: &[AmiStatus]) -> Option<(&AmiStatus, &'static str)> {
    let is_special = |image: &&AmiStatus| {
        use joiner_api::crd::RequirementOperator::Exists;
        image.requirements.iter().any(|requirement| requirement.operator == Exists)
    };
    let image = images.iter().find(|image| !is_special(image)).or(images.first())?;
    let arm = image.requirements.iter().any(|r| r.key == keys::ARCH && r.values.iter().any(|v| v == "arm64"));
    Some((image, if arm { "m6g.large" } else { "m5.large" }))
}

impl Machine<'_> {
    /// Makes the launch template and tries a fleet request with it: the fault, if there is one.
    async fn fleet(&self, asked: &Asked<'_>) -> Result<Option<ClassRefusal>, CloudError> {
        let class = self.as_resolved();
        let trial = Trial {
            facts: asked.facts,
            class: &class,
            image: self.image.id.as_str().into(),
            instance_type: self.instance_type,
        };
        match trial.run(asked.clients.ec2()).await {
            Ok(()) => Ok(None),
            Err(TrialFailure::Unusable(error)) => unusable(error).map(Some),
            Err(TrialFailure::Template(failure)) => match verdict(failure)? {
                Verdict::Forbidden(message) => Ok(Some(forbidden(
                    "CreateLaunchTemplateAuthCheckFailed",
                    "ec2:CreateLaunchTemplate",
                    &message,
                ))),
                Verdict::Allowed | Verdict::NoProfile => Ok(None),
            },
            Err(TrialFailure::Fleet(failure)) => match verdict(failure)? {
                Verdict::Forbidden(message) => {
                    Ok(Some(forbidden("CreateFleetAuthCheckFailed", "ec2:CreateFleet", &message)))
                }
                // The profile is judged by starting a machine, which names it.
                Verdict::Allowed | Verdict::NoProfile => Ok(None),
            },
        }
    }

    /// The class as it will be once its status is written.
    fn as_resolved(&self) -> NodeClass {
        let text = |text: &str| text.into();
        let subnet = |subnet: &SubnetStatus| Subnet {
            id: text(&subnet.id),
            zone: Zone { name: text(&subnet.zone), id: subnet.zone_id.as_deref().map(text) },
        };
        let group = |group: &SecurityGroupStatus| SecurityGroup {
            id: text(&group.id),
            name: text(group.name.as_deref().unwrap_or_default()),
        };
        NodeClass {
            readiness: Readiness::Ready,
            resolved: ResolvedClass {
                subnets: self.status.subnets.iter().map(subnet).collect(),
                security_groups: self.status.security_groups.iter().map(group).collect(),
                images: vec![Image {
                    id: text(&self.image.id),
                    name: text(self.image.name.as_deref().unwrap_or_default()),
                    deprecated: self.image.deprecated.unwrap_or(false),
                    requirements: Vec::new(),
                }],
                instance_profile: self.status.instance_profile.as_deref().map(text),
            },
            ..self.class.clone()
        }
    }

    /// Whether a machine could be started in any of the subnets. If in none, the answer for the first counts: it
    /// is the one launches prefer.
    async fn instances(&self, asked: &Asked<'_>) -> Result<Verdict, CloudError> {
        let mut first = None;
        for subnet in &self.status.subnets {
            match self.instance_in(asked, subnet).await {
                // behaviour: class/one-subnet-that-takes-machines-is-enough
                Ok(Verdict::Allowed) => return Ok(Verdict::Allowed),
                other => first = first.or(Some(other)),
            }
        }
        first.unwrap_or(Ok(Verdict::Allowed))
    }

    async fn instance_in(&self, asked: &Asked<'_>, subnet: &SubnetStatus) -> Result<Verdict, CloudError> {
        let tags = self.tags(asked);
        let made = [ResourceType::Instance, ResourceType::Volume, ResourceType::NetworkInterface];
        let profile = self.status.instance_profile.as_deref();
        let profile = profile.map(|name| IamInstanceProfileSpecification::builder().name(name).build());
        let groups = self.status.security_groups.iter().map(|group| group.id.clone()).collect();
        let answer = asked
            .clients
            .ec2()
            .run_instances()
            .dry_run(true)
            .min_count(1)
            .max_count(1)
            .image_id(&self.image.id)
            .instance_type(self.instance_type.into())
            .subnet_id(&subnet.id)
            .set_security_group_ids(Some(groups))
            .set_iam_instance_profile(profile)
            .set_tag_specifications(Some(made.map(|made| specification(made, &tags)).to_vec()))
            .send()
            .await;
        answer.map_or_else(|error| verdict(Ec2Failure::of(error)), |_| Ok(Verdict::Allowed))
    }

    /// The tags that policies of a cluster ask for. There is no pool yet: the class stands in for one.
    fn tags(&self, asked: &Asked<'_>) -> Vec<Tag> {
        let mut tags = self.document.spec.tags.clone();
        tags.insert(format!("kubernetes.io/cluster/{}", asked.facts.name), "owned".to_owned());
        tags.insert(keys::NODE_POOL.to_owned(), self.class.name.to_string());
        tags.insert(CLUSTER_TAG.to_owned(), asked.facts.name.to_string());
        tags.insert(keys::NODE_CLASS.to_owned(), self.class.name.to_string());
        tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }
}

fn specification(made: ResourceType, tags: &[Tag]) -> TagSpecification {
    TagSpecification::builder().resource_type(made).set_tags(Some(tags.to_vec())).build()
}

/// Why no launch template can be made of the class.
fn unusable(error: LaunchError) -> Result<ClassRefusal, CloudError> {
    match error {
        LaunchError::Rejected { reason, message } if reason == TOO_LONG => Ok(refusal(TOO_LONG, message)),
        LaunchError::ClassNotReady(message) | LaunchError::Rejected { message, .. } => {
            Ok(refusal("InvalidUserData", message))
        }
        LaunchError::Throttled(delay) => Err(CloudError::Throttled(delay)),
        error @ (LaunchError::NoCapacity(_) | LaunchError::Unknown(_)) => {
            Err(CloudError::Unavailable(error.into()))
        }
    }
}

/// What EC2 thinks of a request. What it refuses for other reasons than permissions is no fault of the class: a
/// type that a zone does not have, for example.
fn verdict(failure: Ec2Failure) -> Result<Verdict, CloudError> {
    match failure {
        Ec2Failure::Refused { code, .. } if code == WOULD_HAVE => Ok(Verdict::Allowed),
        Ec2Failure::Refused { code, message } if FORBIDDEN.contains(&&*code) => {
            Ok(Verdict::Forbidden(message))
        }
        Ec2Failure::Refused { message, .. } if is_about_profile(&message) => Ok(Verdict::NoProfile),
        Ec2Failure::Refused { code, message } => {
            tracing::info!(%code, %message, "a dry run was refused for another reason than permissions");
            Ok(Verdict::Allowed)
        }
        failure => Err(failure.into()),
    }
}

fn is_about_profile(message: &str) -> bool {
    message.contains("iamInstanceProfile") || message.contains("IAM Instance Profile")
}

/// Who has to mend it, as far as EC2 tells.
fn forbidden(reason: &'static str, action: &str, message: &str) -> ClassRefusal {
    // behaviour: class/a-refused-dry-run-says-who-refuses
    let who = if message.contains("service control policy") {
        "a service control policy of the organisation forbids it"
    } else if message.contains("permissions boundary") {
        "the permissions boundary of the role of the functions does not allow it"
    } else if message.contains("explicit deny") {
        "a policy of the role of the functions denies it"
    } else {
        "no policy of the role of the functions allows it"
    };
    refusal(reason, format!("{action} is not permitted: {who}"))
}

#[cfg(test)]
mod tests {
    use joiner_api::crd::RequirementOperator;
    use joiner_api::crd::ec2nodeclass::AmiRequirement;

    use super::*;

    fn image(id: &str, arch: &str, gpu: bool) -> AmiStatus {
        let mut requirements = vec![super::super::alias::exactly(keys::ARCH, arch)];
        requirements.extend(gpu.then(|| AmiRequirement {
            key: "karpenter.k8s.aws/instance-gpu-count".to_owned(),
            operator: RequirementOperator::Exists,
            values: Vec::new(),
        }));
        AmiStatus { id: id.to_owned(), requirements, ..AmiStatus::default() }
    }

    #[test]
    fn the_trial_machine_is_plain_where_it_can_be_and_of_the_images_architecture() {
        let tried = |images: &[AmiStatus]| machine(images).map(|(image, kind)| (image.id.clone(), kind));
        let [gpu, arm, amd] =
            [image("gpu", "amd64", true), image("arm", "arm64", false), image("amd", "amd64", false)];
        let of = |id: &str, kind| Some((id.to_owned(), kind));
        assert_eq!(tried(&[gpu.clone(), arm.clone(), amd]), of("arm", "m6g.large"));
        assert_eq!(tried(&[gpu]), of("gpu", "m5.large"));
        assert_eq!(tried(&[]), None);
    }

    // behaviour: class/a-refused-dry-run-says-who-refuses
    #[test]
    fn a_refused_dry_run_says_who_refuses() {
        for (message, who) in [
            (
                "not authorized to perform: ec2:RunInstances with an explicit deny in a service control policy",
                "a service control policy of the organisation forbids it",
            ),
            (
                "because no permissions boundary allows the ec2:RunInstances action",
                "the permissions boundary of the role of the functions does not allow it",
            ),
            (
                "with an explicit deny in an identity-based policy",
                "a policy of the role of the functions denies it",
            ),
            (
                "You are not authorized to perform this operation.",
                "no policy of the role of the functions allows it",
            ),
        ] {
            let expected =
                refusal("RunInstancesAuthCheckFailed", format!("ec2:RunInstances is not permitted: {who}"));
            assert_eq!(forbidden("RunInstancesAuthCheckFailed", "ec2:RunInstances", message), expected);
        }
    }
}
