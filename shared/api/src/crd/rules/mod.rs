//! The rules that a schema cannot say, in Rust: those of admission (CEL in the CRDs) and those of the runtime.
//!
//! Shapes, words, patterns, ranges and sizes are checked by `schema`; nothing here repeats them.
//! Source: reference, sections 1.1, 1.2, 2.1, 3.1, 3.2, 4.1.

pub(super) mod ec2nodeclass;
pub(super) mod kubelet;
pub(super) mod nodeclaim;
pub(super) mod nodeoverlay;
pub(super) mod nodepool;
mod requirements;
