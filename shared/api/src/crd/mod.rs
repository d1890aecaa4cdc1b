//! The custom resources: their shapes, their CRDs, and whether an object is valid.
//!
//! Reading order: the kinds (`nodepool`, `nodeclaim`, `ec2nodeclass`, `nodeoverlay`) with the shapes they share
//! (`parts`, `duration`, `quantity`); `generate` turns them into CRDs, `schema` reads the CRDs back to check any
//! value against them; `validate` holds the rules a schema cannot say; `read` puts the steps together.
//! `conditions` and `hash` are what status writers and drift need.
//!
//! Nothing here talks to a cluster or reads a clock.

mod cel;
pub mod ec2nodeclass;
pub mod generate;
pub mod invalid;
pub mod labels;
pub mod nodeclaim;
pub mod nodeoverlay;
pub mod nodepool;
pub mod parts;
pub mod patterns;

pub mod duration;
pub mod quantity;

pub use duration::{DurationOrNever, DurationText};
pub use ec2nodeclass::{AmiFamily, EC2NodeClass, Ec2NodeClassSpec, Ec2NodeClassStatus};
pub use generate::{crd_yaml, crds, crds_yaml};
pub use invalid::{Findings, Invalid, Stage};
pub use nodeclaim::{NodeClaim, NodeClaimSpec, NodeClaimStatus};
pub use nodeoverlay::{NodeOverlay, NodeOverlaySpec, NodeOverlayStatus};
pub use nodepool::{NodePool, NodePoolSpec, NodePoolStatus};
pub use parts::{
    ConditionStatus, NodeClassReference, OverlayRequirement, RequirementOperator, RequirementSpec, StatusCondition,
    TaintEffect, TaintSpec,
};
pub use quantity::{QuantityText, ResourceAmounts};
