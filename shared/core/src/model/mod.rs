//! The nouns decisions speak of, free of any wire format. Adapters parse into these at the edge.

mod instance_type;
mod label;
mod node_class;
mod quantity;
mod requirement;
mod resources;

pub use instance_type::{CapacityType, InstanceType, Offering, Overhead, Price, Reservation};
pub use label::{LabelKey, Labels, keys};
pub use node_class::{
    AmiFamily, BlockDevice, CapacityReservation, KubeletSettings, NetworkInterface, NodeClass, Readiness,
    Threshold, Zone,
};
pub use quantity::{Notation, Quantity, QuantityError};
pub use requirement::{Allowed, Operator, Requirement, RequirementError, Requirements};
pub use resources::{ResourceName, Resources};
