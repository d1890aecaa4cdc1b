//! One copy of what many objects have in common: names, labels, and the specifications of pods of one template.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use joiner_core::model::{Labels, NamespacedName, PodSpec};
use serde_json::value::RawValue;

use super::problem::Problem;
use super::wire::{Meta, Pairs};

/// Annotations of pods that decisions look at start with one of these; the rest, often long, is left unread.
const POD_ANNOTATIONS: [&str; 2] = ["karpenter.sh/", "controller.kubernetes.io/"];

/// What was seen before.
#[derive(Debug, Default)]
pub(super) struct Shared {
    texts: HashSet<Arc<str>>,
    labels_by_source: HashMap<Box<str>, Arc<Labels>>,
    annotations: HashSet<Arc<Labels>>,
    specs: HashSet<Arc<PodSpec>>,
}

impl Shared {
    /// The one copy of a text.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    /// The one copy of a map of labels or annotations.
    pub(super) fn pairs(&mut self, pairs: &Pairs) -> Labels {
        pairs.0.iter().map(|(key, value)| (self.text(key), self.text(value))).collect()
    }

    /// Labels shared with all objects that wrote them the same way.
    pub(super) fn labels(&mut self, raw: Option<&RawValue>) -> Result<Arc<Labels>, Problem> {
        let source = raw.map_or("{}", RawValue::get);
        if let Some(known) = self.labels_by_source.get(source) {
            return Ok(known.clone());
        }
        let pairs: Pairs = serde_json::from_str(source)
            .map_err(|e| Problem::new("metadata.labels", super::locate::message(&e), "write strings"))?;
        let labels = Arc::new(self.pairs(&pairs));
        self.labels_by_source.insert(source.into(), labels.clone());
        Ok(labels)
    }

    /// The annotations of a pod that decisions look at.
    pub(super) fn pod_annotations(&mut self, pairs: Option<&Pairs>) -> Arc<Labels> {
        let entries = pairs.map_or(&[][..], |pairs| &pairs.0);
        let kept =
            entries.iter().filter(|(key, _)| POD_ANNOTATIONS.iter().any(|start| key.starts_with(start)));
        let kept: Labels = kept.map(|(key, value)| (self.text(key), self.text(value))).collect();
        if let Some(known) = self.annotations.get(&kept) {
            return known.clone();
        }
        let kept = Arc::new(kept);
        self.annotations.insert(kept.clone());
        kept
    }

    /// The one copy of a pod's specification.
    pub(super) fn spec(&mut self, spec: PodSpec) -> Arc<PodSpec> {
        if let Some(known) = self.specs.get(&spec) {
            return known.clone();
        }
        let spec = Arc::new(spec);
        self.specs.insert(spec.clone());
        spec
    }

    /// Forgets what nobody else holds any more, so that a reader that lives long does not grow without end.
    pub(super) fn trim(&mut self) {
        // Holders before what they hold: a set of labels keeps its texts.
        self.labels_by_source.retain(|_, labels| Arc::strong_count(labels) > 1);
        self.annotations.retain(|annotations| Arc::strong_count(annotations) > 1);
        self.specs.retain(|spec| Arc::strong_count(spec) > 1);
        self.texts.retain(|text| Arc::strong_count(text) > 1);
    }

    /// Namespace and name of an object; the namespace `default` where none is given.
    pub(super) fn key(&mut self, meta: &Meta) -> Result<NamespacedName, Problem> {
        Ok(NamespacedName { namespace: self.text(namespace_of(meta)), name: name_of(meta)?.into() })
    }
}

/// Name of an object.
pub(super) fn name_of<'m>(meta: &'m Meta) -> Result<&'m str, Problem> {
    meta.name
        .as_deref()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Problem::missing("metadata.name", "give the object a name"))
}

/// Namespace of an object.
pub(super) fn namespace_of<'m>(meta: &'m Meta) -> &'m str {
    meta.namespace.as_deref().filter(|namespace| !namespace.is_empty()).unwrap_or("default")
}
