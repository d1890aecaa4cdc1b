//! Writes: read the object, say what is to differ, send the difference under the object's UID.
//!
//! Where a list is rewritten (taints, finalizers, conditions), the difference also carries the version it was made
//! from, since a merge patch replaces lists whole: what someone else changed meanwhile is a conflict, never lost.

mod change;
mod claim;
mod claim_document;
mod condition;
mod delete;
mod difference;
mod event;
mod node;
mod pod;
mod pool_class;

pub(crate) use event::Told;
