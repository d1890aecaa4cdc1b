//! Could machines be launched from a class, as far as that can be told without launching (aws 8.2)? The first
//! fault found is the answer.

use joiner_api::crd::ec2nodeclass::{Ec2NodeClassStatus, RESERVED_TAG_PREFIX, RESERVED_TAGS};
use joiner_api::crd::{self, AmiFamily, EC2NodeClass, Stage, ValidationSettings};
use joiner_core::model::NodeClass;
use joiner_ports::{ClassRefusal, CloudError};

use super::{Asked, dry_run};

/// The condition that all this is about.
pub(super) const CONDITION: &str = "ValidationSucceeded";

/// What must have been found before anything can be tried.
const NEEDED: [&str; 4] = ["AMIsReady", "InstanceProfileReady", "SecurityGroupsReady", "SubnetsReady"];

/// The fault, if there is one; `missing` is what could not be found.
pub(super) async fn check(
    asked: &Asked<'_>,
    class: &NodeClass,
    document: &EC2NodeClass,
    status: &Ec2NodeClassStatus,
    missing: &[ClassRefusal],
) -> Result<Option<ClassRefusal>, CloudError> {
    let at_once = service_network(asked, document)
        .or_else(|| rules(document))
        .or_else(|| dependencies(missing))
        .or_else(|| tags(document));
    if at_once.is_some() {
        return Ok(at_once);
    }
    let question = question(class, document, status);
    if let Some(verdict) = asked.memory.verdicts.get(&question, asked.now) {
        return Ok(verdict.into_iter().next());
    }
    let verdict = dry_run::run(asked, class, document, status).await?;
    asked.memory.verdicts.put(question, verdict.iter().cloned().collect(), asked.now);
    Ok(verdict)
}

pub(super) fn refusal(reason: &'static str, message: String) -> ClassRefusal {
    ClassRefusal { condition: CONDITION, reason, message }
}

/// Nodes of Amazon Linux 2023 must be told the addresses of services.
fn service_network(asked: &Asked<'_>, document: &EC2NodeClass) -> Option<ClassRefusal> {
    let needs_it = document.spec.resolved_ami_family() == AmiFamily::AL2023;
    (needs_it && asked.facts.services.is_none()).then(|| {
        let name = &asked.facts.name;
        let message = format!("EKS names no service addresses of cluster {name}, which AL2023 nodes need");
        refusal("ClusterCIDRResolutionFailed", message)
    })
}

/// The first kind of fault in the specification, with all faults of that kind.
fn rules(document: &EC2NodeClass) -> Option<ClassRefusal> {
    let faults = crd::validate(document, &ValidationSettings::default());
    let reason_of = |stage: Stage| match stage {
        Stage::Runtime { reason } => Some(reason),
        Stage::Admission => None,
    };
    let reason = faults.iter().find_map(|fault| reason_of(fault.stage))?;
    let same = faults.iter().filter(|fault| reason_of(fault.stage) == Some(reason));
    let messages: Vec<String> =
        same.map(|fault| format!("{} {}; {}", fault.path, fault.problem, fault.remedy)).collect();
    Some(refusal(reason, messages.join("; ")))
}

fn dependencies(missing: &[ClassRefusal]) -> Option<ClassRefusal> {
    // behaviour: class/validation-waits-for-what-it-needs
    let missing: Vec<&str> = missing
        .iter()
        .map(|refusal| refusal.condition)
        .filter(|condition| NEEDED.contains(condition))
        .collect();
    (!missing.is_empty())
        .then(|| refusal("DependenciesNotReady", format!("waiting for {} to be true", missing.join(", "))))
}

fn tags(document: &EC2NodeClass) -> Option<ClassRefusal> {
    let is_reserved =
        |tag: &&String| RESERVED_TAGS.contains(&tag.as_str()) || tag.starts_with(RESERVED_TAG_PREFIX);
    let tag = document.spec.tags.keys().find(is_reserved)?;
    Some(refusal("TagValidationFailed", format!("spec.tags: {tag} is set by the autoscaler; remove it")))
}

/// Everything the verdict depends on. A changed annotation asks for a fresh one, as users know it.
fn question(class: &NodeClass, document: &EC2NodeClass, status: &Ec2NodeClassStatus) -> String {
    // behaviour: class/a-changed-annotation-tries-again
    let part = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
    [
        class.name.to_string(),
        class.uid.to_string(),
        part(serde_json::to_string(&document.spec)),
        part(serde_json::to_string(&document.metadata.annotations)),
        part(serde_json::to_string(status)),
    ]
    .join("\n")
}
