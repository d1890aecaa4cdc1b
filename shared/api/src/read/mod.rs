//! Reading manifests: from files to the world that decisions look at.
//!
//! Reading order: `source` opens what `-f` names; `documents` takes it apart into objects (`yaml` turns YAML into
//! JSON first); `manifests` reads each by its kind (`kinds` says which) into core values with `pod`, `cluster`,
//! `workload`, and `node_pool` and `node_class` after `custom` has checked them; `snapshot` fills in what is not
//! given. `stored` reads objects of an API server, one at a time. `wire` holds the reduced shapes, `shared` keeps one
//! copy of what many objects have in common, `problem` and `locate` say what is wrong and where. `settings` reads the
//! settings of a decision.

mod cluster;
mod custom;
mod documents;
mod kinds;
mod locate;
mod manifests;
mod node_class;
mod node_pool;
mod pod;
mod problem;
mod requests;
mod selector;
mod settings;
mod shared;
mod snapshot;
mod source;
mod stored;
mod wire;
mod workload;
mod yaml;

pub use documents::Source;
pub use manifests::Manifests;
pub use problem::{Place, ReadError, ReadErrors};
pub use settings::{Mode, PlanSettings};
pub use snapshot::Assumptions;
pub use stored::{ObjectIdentity, ObjectReader, StoredObject};
pub use workload::{ClaimTemplate, Workload, WorkloadKind};
