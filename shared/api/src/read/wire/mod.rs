//! Shapes of Kubernetes objects reduced to the fields that decisions need. Everything else is skipped unread,
//! and strings are borrowed from the input, so that a list of fifty thousand pods costs little more than its text.

mod cluster;
mod meta;
mod pod;
mod scalar;

pub(super) use cluster::*;
pub(super) use meta::*;
pub(super) use pod::*;
pub(super) use scalar::*;
