//! The custom resources: their shapes, their CRDs, and whether an object is valid.
//!
//! Reading order: the kinds (`nodepool`, `nodeclaim`, `ec2nodeclass`, `nodeoverlay`) with the shapes they share
//! (`parts`, `duration`, `quantity`, `patterns`, `labels`); `generate` turns them into CRDs, `schema` reads the CRDs
//! back to check any value against them; `rules` holds what a schema cannot say; `read` puts the steps together.
//! `conditions` and `hash` are what status writers and drift need.
//!
//! Nothing here talks to a cluster or reads a clock.

pub mod ec2nodeclass;
pub mod nodeclaim;
pub mod nodeoverlay;
pub mod nodepool;

pub mod duration;
pub mod labels;
pub mod parts;
pub mod patterns;
pub mod quantity;

mod cel;
pub mod generate;
pub mod schema;

pub mod invalid;
pub mod read;
mod rules;

pub mod conditions;
pub mod hash;

pub use duration::{DurationOrNever, DurationText};
pub use ec2nodeclass::{AmiFamily, EC2NodeClass, Ec2NodeClassSpec, Ec2NodeClassStatus};
pub use generate::{crd_yaml, crds, crds_yaml};
pub use invalid::{Findings, Invalid, Stage};
pub use nodeclaim::{NodeClaim, NodeClaimSpec, NodeClaimStatus};
pub use nodeoverlay::{NodeOverlay, NodeOverlaySpec, NodeOverlayStatus};
pub use nodepool::{NodePool, NodePoolSpec, NodePoolStatus};
pub use parts::{
    ConditionStatus, NodeClassReference, OverlayRequirement, RequirementOperator, RequirementSpec,
    StatusCondition, TaintEffect, TaintSpec,
};
pub use quantity::{QuantityText, ResourceAmounts};
pub use read::{CustomObject, ReadObject, ValidationSettings, read, validate, validate_transition};
pub use schema::{ResourceKind, fill_defaults, unknown_fields};

#[cfg(test)]
mod tests;
