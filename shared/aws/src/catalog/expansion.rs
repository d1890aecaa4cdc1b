//! Which expansions of the catalog are at hand: the types of a class are computed once for each class, catalog
//! and list of marks, however often they are asked for.

use std::sync::{Arc, Mutex, PoisonError};

use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{InstanceType, NodeClass, Unavailable};

/// Expansions that are kept: a few classes, each with the marks before and after the last refusal.
const MOST_KEPT: usize = 24;

/// Everything an expansion depends on.
#[derive(Debug)]
struct Question {
    catalog: Arc<Catalog>,
    /// As it was, without what only its status and its name say.
    class: NodeClass,
    marks: Vec<Unavailable>,
}

impl Question {
    fn new(catalog: &Arc<Catalog>, class: &NodeClass, marks: &[Unavailable]) -> Self {
        let mut marks = marks.to_vec();
        marks.sort_unstable();
        marks.dedup();
        Question { catalog: Arc::clone(catalog), class: essence(class), marks }
    }

    fn same(&self, other: &Question) -> bool {
        Arc::ptr_eq(&self.catalog, &other.catalog) && self.marks == other.marks && self.class == other.class
    }
}

/// The class but for what does not change its types, so that a new status or name does not count as a change.
fn essence(class: &NodeClass) -> NodeClass {
    NodeClass {
        name: "".into(),
        uid: "".into(),
        readiness: joiner_core::model::Readiness::Ready,
        deleting: false,
        tags: joiner_core::model::Labels::new(),
        hash: "".into(),
        resolved: joiner_core::model::ResolvedClass::default(),
        document: "".into(),
        ..class.clone()
    }
}

/// The expansions of one process, latest first.
#[derive(Debug, Default)]
pub(super) struct Expansions {
    kept: Mutex<Vec<(Question, Arc<Vec<InstanceType>>)>>,
}

impl Expansions {
    /// The types of a class in name order; computed if they are not at hand.
    pub(super) fn of(
        &self,
        catalog: &Arc<Catalog>,
        class: &NodeClass,
        settings: &AwsSettings,
        marks: &[Unavailable],
    ) -> Arc<Vec<InstanceType>> {
        let question = Question::new(catalog, class, marks);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // behaviour: catalog/equal-questions-share-one-answer
        if let Some(at) = kept.iter().position(|(asked, _)| asked.same(&question)) {
            kept[..=at].rotate_right(1);
            return Arc::clone(&kept[0].1);
        }
        let types = Arc::new(catalog.instance_types(class, settings, marks));
        kept.truncate(MOST_KEPT - 1);
        kept.insert(0, (question, Arc::clone(&types)));
        types
    }
}
