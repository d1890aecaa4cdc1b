//! What of a class does a launch need, and may it be launched from at all (aws 6.1)?
//!
//! Decisions see the part of a class that they depend on; a launch needs all of it. It comes along as a document.

use joiner_api::crd::EC2NodeClass;
use joiner_api::crd::ec2nodeclass::{Ec2NodeClassSpec, KubeletSettings, RESERVED_TAG_PREFIX, RESERVED_TAGS};
use joiner_core::model::{NodeClass, Readiness};
use joiner_ports::LaunchError;
use serde_json::{Map, Value};

/// A class ready to be launched from.
#[derive(Debug)]
pub(super) struct LaunchClass<'a> {
    /// What decisions see of it, its status above all.
    pub(super) known: &'a NodeClass,
    /// Its whole specification.
    pub(super) spec: Ec2NodeClassSpec,
    /// Kubelet settings that are understood.
    pub(super) kubelet: KubeletSettings,
    /// Kubelet settings as written, but for what is an expression.
    pub(super) kubelet_document: Map<String, Value>,
    /// Name of the instance profile.
    pub(super) instance_profile: &'a str,
}

impl<'a> LaunchClass<'a> {
    /// Reads a class.
    ///
    /// # Errors
    /// `ClassNotReady`, when nothing can be launched from it as it is.
    pub(super) fn of(known: &'a NodeClass) -> Result<Self, LaunchError> {
        if known.deleting {
            return Err(not_ready(known, "it is being deleted"));
        }
        if let Readiness::NotReady { reason, message } = &known.readiness {
            return Err(not_ready(known, &format!("{reason}: {message}")));
        }
        let object: EC2NodeClass = serde_json::from_str(&known.document)
            .map_err(|error| not_ready(known, &format!("it cannot be read: {error}")))?;
        let spec = object.spec;
        if let Some(tag) = spec.tags.keys().find(|tag| is_reserved(tag)) {
            return Err(not_ready(known, &format!("spec.tags: {tag} is set by the autoscaler; remove it")));
        }
        let Some(instance_profile) = known.resolved.instance_profile.as_deref() else {
            return Err(not_ready(known, "its status names no instance profile yet"));
        };
        if known.resolved.security_groups.is_empty() {
            return Err(not_ready(known, "its status lists no security groups yet"));
        }
        let mut kubelet = spec
            .kubelet_settings()
            .map_err(|error| not_ready(known, &format!("spec.kubelet: {error}")))?
            .unwrap_or_default();
        let mut kubelet_document = spec.kubelet.clone().unwrap_or_default();
        drop_expressions(&mut kubelet, &mut kubelet_document);
        Ok(LaunchClass { known, spec, kubelet, kubelet_document, instance_profile })
    }
}

fn not_ready(class: &NodeClass, why: &str) -> LaunchError {
    LaunchError::ClassNotReady(format!("EC2NodeClass {}: {why}", class.name))
}

fn is_reserved(tag: &str) -> bool {
    RESERVED_TAGS.contains(&tag) || tag.starts_with(RESERVED_TAG_PREFIX)
}

/// Reserves that are expressions cannot be passed on; scheduling did not count with them either.
fn drop_expressions(kubelet: &mut KubeletSettings, document: &mut Map<String, Value>) {
    for (key, amounts) in
        [("kubeReserved", &mut kubelet.kube_reserved), ("systemReserved", &mut kubelet.system_reserved)]
    {
        amounts.retain(|_, amount| amount.parse::<joiner_core::model::Quantity>().is_ok());
        if document.contains_key(key) {
            document.insert(key.to_owned(), serde_json::json!(amounts));
        }
    }
}
