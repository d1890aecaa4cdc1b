//! EC2, as far as launching goes: what does a fleet request get, what runs, what does it cost?

mod class;
mod fleet;
mod instance;

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::model::{InstanceType, OfferingKey, Zone};

pub use class::Placement;
pub(crate) use class::placement;
pub use fleet::{Boot, FleetAnswer, FleetRequest, resolved_labels};
pub use instance::{Ec2Instance, Ec2State};

/// The tag that names the claim of an instance.
pub const CLAIM_TAG: &str = "karpenter.sh/nodeclaim";
/// The tag that holds the client token of an instance.
pub const TOKEN_TAG: &str = "joiner/launch-token";

/// The account's machines and what could be bought.
#[derive(Debug, Default)]
pub struct Ec2 {
    /// What each class may buy, in name order.
    pub types: BTreeMap<Arc<str>, Arc<Vec<InstanceType>>>,
    /// Instances by id, ended ones too.
    pub instances: BTreeMap<Arc<str>, Ec2Instance>,
    /// Instances by the client token they were launched with.
    by_token: BTreeMap<Arc<str>, Arc<str>>,
    /// Where each class has subnets.
    pub zones: BTreeMap<Arc<str>, Vec<Zone>>,
    /// Which release of images is the newest.
    pub image_release: u32,
    /// Offerings that are not to be had, as scripts say.
    pub refused: Vec<OfferingKey>,
    launched: u64,
}

impl Ec2 {
    /// An instance type of any class, by name.
    pub fn instance_type(&self, class: &str, name: &str) -> Option<&InstanceType> {
        self.types.get(class)?.iter().find(|candidate| &*candidate.name == name)
    }

    /// The instance that a token launched, if it has not ended.
    pub fn launched_with(&self, token: &str) -> Option<&Ec2Instance> {
        let instance = self.instances.get(self.by_token.get(token)?)?;
        (instance.state != Ec2State::Terminated).then_some(instance)
    }

    /// Instances that have not ended.
    pub fn live(&self) -> impl Iterator<Item = &Ec2Instance> {
        self.instances.values().filter(|instance| instance.state != Ec2State::Terminated)
    }
}
