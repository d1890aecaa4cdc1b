//! Which answers about classes a process uses again, and for how long (aws 10).

use jiff::SignedDuration;
use joiner_api::crd::ec2nodeclass::{CapacityReservationStatus, SecurityGroupStatus};
use joiner_ports::ClassRefusal;

use super::images::FoundImage;
use super::subnets::FoundSubnet;
use crate::expiring::Expiring;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Answers about the classes of one cluster. Made once per process; questions are kept as texts.
#[derive(Debug)]
pub struct ClassMemory {
    /// By selector terms.
    pub(super) subnets: Expiring<String, Vec<FoundSubnet>>,
    /// By selector terms.
    pub(super) security_groups: Expiring<String, Vec<SecurityGroupStatus>>,
    /// By query.
    pub(super) images: Expiring<String, Vec<FoundImage>>,
    /// By selector terms.
    pub(super) reservations: Expiring<String, Vec<CapacityReservationStatus>>,
    /// Whether there is such a placement group, by selector.
    pub(super) placement_groups: Expiring<String, bool>,
    /// Image ids of published parameters, by name.
    pub(super) published: Expiring<String, String>,
    /// Image ids of the user's own parameters, by name.
    pub(super) parameters: Expiring<String, String>,
    /// Roles of instance profiles that are as they should be, by name of the profile.
    pub(super) profiles: Expiring<String, String>,
    /// What trying came to, by everything it depends on.
    pub(super) verdicts: Expiring<String, Vec<ClassRefusal>>,
}

impl ClassMemory {
    /// Nothing known yet.
    pub fn new() -> Self {
        ClassMemory {
            subnets: Expiring::lasting(MINUTE),
            security_groups: Expiring::lasting(MINUTE),
            images: Expiring::lasting(MINUTE),
            reservations: Expiring::lasting(MINUTE),
            placement_groups: Expiring::lasting(MINUTE),
            published: Expiring::lasting(SignedDuration::from_hours(24)),
            parameters: Expiring::lasting(MINUTE * 5),
            profiles: Expiring::lasting(MINUTE * 15),
            verdicts: Expiring::lasting(MINUTE * 30),
        }
    }
}

impl Default for ClassMemory {
    fn default() -> Self {
        ClassMemory::new()
    }
}
