//! What happens in the cluster that someone should look at? The relay holds this watch until shortly before its
//! time is over and hands its place in the streams to its successor, so that nothing falls between the two.
//!
//! The same facts as in the audit log: pods the scheduler refuses, pods that come to and go from nodes, nodes that
//! join, turn or go, claims that begin and end, pools and classes that change. `translate` says which change is
//! which fact, and is pure.

mod checkpoint;
mod facts;
mod feed;
mod look;
mod source;
mod translate;

pub use checkpoint::Checkpoint;
pub use source::{Noticed, WatchSource};
