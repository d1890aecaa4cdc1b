//! From a manifest to a typed object: nulls dropped, defaults filled in, every fault named, unknown fields named.

use kube::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::invalid::{Findings, Invalid, Stage};
use super::schema::{self, ResourceKind, fill_defaults, unknown_fields};
use super::{EC2NodeClass, NodeClaim, NodeOverlay, NodePool, rules};

/// A custom resource with the rules that its schema cannot say.
pub trait CustomObject: Resource + Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: ResourceKind;

    /// Rules that the API server applies to the object alone.
    fn check_admission(&self, findings: &mut Findings);

    /// Rules that the API server applies when the object replaces an older one.
    fn check_transition(&self, old: &Self, findings: &mut Findings);

    /// Rules that only show in the condition `ValidationSucceeded`.
    fn check_runtime(&self, settings: &ValidationSettings, findings: &mut Findings);

    /// Name of the object; empty when it has none yet.
    fn object_name(&self) -> &str {
        self.meta().name.as_deref().unwrap_or_default()
    }
}

/// What validation depends on besides the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValidationSettings {
    /// Whether kubelet settings may be CEL expressions (gate `NodeClassCEL`, off by default).
    pub kubelet_expressions: bool,
}

/// An object that the API server would store.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadObject<K> {
    /// The object, defaults filled in.
    pub object: K,
    /// Paths of fields in the manifest that the kind does not have; they have no effect.
    pub unknown_fields: Vec<String>,
}

/// Reads a manifest the way the API server would: all that is wrong with it, or the object.
pub fn read<K: CustomObject>(mut manifest: Value) -> Result<ReadObject<K>, Vec<Invalid>> {
    let unknown_fields = unknown_fields(K::KIND, &manifest);
    fill_defaults(K::KIND, &mut manifest);
    let mut findings = Findings::about(K::KIND.as_str(), name_of(&manifest));
    schema::check(K::KIND, &manifest, &mut findings);
    findings.enter(Stage::Admission);
    match serde_json::from_value::<K>(manifest.clone()) {
        Ok(object) => {
            object.check_admission(&mut findings);
            if findings.is_empty() {
                return Ok(ReadObject { object, unknown_fields });
            }
        }
        // The schema has said what is wrong, and where; this is for what slips through it.
        Err(error) if findings.is_empty() => {
            findings.add("object", error.to_string(), &manifest, "compare it with the schema of its kind");
        }
        Err(_) => {}
    }
    Err(findings.into_vec())
}

fn name_of(manifest: &Value) -> &str {
    let metadata = |field: &str| manifest.pointer(&format!("/metadata/{field}")).and_then(Value::as_str);
    metadata("name").or_else(|| metadata("generateName")).unwrap_or_default()
}

/// All that is wrong with an object, by the rules of the API server and those of the runtime.
pub fn validate<K: CustomObject>(object: &K, settings: &ValidationSettings) -> Vec<Invalid> {
    let mut findings = Findings::about(K::KIND.as_str(), object.object_name());
    let value = serde_json::to_value(object).unwrap_or_default();
    schema::check(K::KIND, &value, &mut findings);
    findings.enter(Stage::Admission);
    object.check_admission(&mut findings);
    object.check_runtime(settings, &mut findings);
    findings.into_vec()
}

/// What the API server would refuse about an object that replaces an older one.
pub fn validate_transition<K: CustomObject>(old: &K, new: &K) -> Vec<Invalid> {
    let mut findings = Findings::about(K::KIND.as_str(), new.object_name());
    new.check_transition(old, &mut findings);
    findings.into_vec()
}

impl CustomObject for NodePool {
    const KIND: ResourceKind = ResourceKind::NodePool;

    fn check_admission(&self, findings: &mut Findings) {
        rules::nodepool::check_admission(&self.spec, findings);
    }

    fn check_transition(&self, old: &Self, findings: &mut Findings) {
        rules::nodepool::check_transition(&self.spec, &old.spec, findings);
    }

    fn check_runtime(&self, _: &ValidationSettings, findings: &mut Findings) {
        findings.enter(Stage::Runtime { reason: "NodePoolValidationFailed" });
        rules::nodepool::check_runtime(&self.spec, findings);
    }
}

impl CustomObject for NodeClaim {
    const KIND: ResourceKind = ResourceKind::NodeClaim;

    fn check_admission(&self, findings: &mut Findings) {
        rules::nodeclaim::check_admission(&self.spec, findings);
    }

    fn check_transition(&self, old: &Self, findings: &mut Findings) {
        rules::nodeclaim::check_transition(&self.spec, &old.spec, findings);
    }

    /// A NodeClaim has no condition for it: what admission lets through is acted on.
    fn check_runtime(&self, _: &ValidationSettings, _: &mut Findings) {}
}

impl CustomObject for NodeOverlay {
    const KIND: ResourceKind = ResourceKind::NodeOverlay;

    fn check_admission(&self, findings: &mut Findings) {
        rules::nodeoverlay::check_admission(&self.spec, findings);
    }

    fn check_transition(&self, _: &Self, _: &mut Findings) {}

    fn check_runtime(&self, _: &ValidationSettings, findings: &mut Findings) {
        findings.enter(Stage::Runtime { reason: "RuntimeValidation" });
        rules::nodeoverlay::check_runtime(&self.spec, findings);
    }
}

impl CustomObject for EC2NodeClass {
    const KIND: ResourceKind = ResourceKind::EC2NodeClass;

    fn check_admission(&self, findings: &mut Findings) {
        rules::ec2nodeclass::check_admission(&self.spec, findings);
    }

    fn check_transition(&self, _: &Self, _: &mut Findings) {}

    fn check_runtime(&self, settings: &ValidationSettings, findings: &mut Findings) {
        rules::ec2nodeclass::check_runtime(&self.spec, settings, findings);
    }
}
