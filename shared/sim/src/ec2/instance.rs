//! An instance: its life and its bill.

use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{Labels, OfferingKey, Price, Resources};

use super::{Boot, Placement};

/// State of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ec2State {
    /// Being started.
    Pending,
    /// Running and paid for.
    Running,
    /// Being ended, no longer paid for.
    ShuttingDown,
    /// Gone; still listed for a while.
    Terminated,
}

impl Ec2State {
    /// As EC2 spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Ec2State::Pending => "pending",
            Ec2State::Running => "running",
            Ec2State::ShuttingDown => "shutting-down",
            Ec2State::Terminated => "terminated",
        }
    }
}

/// An instance.
#[derive(Debug, Clone)]
pub struct Ec2Instance {
    /// Its id, `i-...`.
    pub id: Arc<str>,
    /// What was bought.
    pub offering: OfferingKey,
    /// Price per hour.
    pub price: Price,
    /// Its state.
    pub state: Ec2State,
    /// When it was launched.
    pub launched_at: Timestamp,
    /// When it began to run.
    pub running_at: Option<Timestamp>,
    /// When it was told to end.
    pub stopped_at: Option<Timestamp>,
    /// Its tags.
    pub tags: Labels,
    /// The class it was launched from.
    pub node_class: Arc<str>,
    /// What it is started with.
    pub placement: Placement,
    /// What its kubelet starts with.
    pub boot: Boot,
    /// All there is on it.
    pub capacity: Resources,
    /// What pods get.
    pub allocatable: Resources,
    /// Whether it will never become a node.
    pub is_dead: bool,
    /// Whether its kubelet talks to nobody any more.
    pub is_silent: bool,
}

impl Ec2Instance {
    /// `aws:///<zone>/<id>`.
    pub fn provider_id(&self) -> Arc<str> {
        format!("aws:///{}/{}", self.offering.zone, self.id).into()
    }

    /// The name of its node.
    pub fn node_name(&self) -> Arc<str> {
        format!("{}.node", self.id).into()
    }

    /// Whether it is starting or running.
    pub fn is_up(&self) -> bool {
        matches!(self.state, Ec2State::Pending | Ec2State::Running)
    }

    /// Microseconds paid for until a moment: from running to the order to end, at least a minute.
    pub fn billed_micros(&self, now: Timestamp) -> u64 {
        let Some(running_at) = self.running_at else { return 0 };
        let end = self.stopped_at.unwrap_or(now);
        let micros = end.duration_since(running_at).as_micros().max(0) as u64;
        micros.max(60_000_000)
    }

    /// Nano-dollars paid until a moment.
    pub fn billed_nano_usd(&self, now: Timestamp) -> i128 {
        i128::from(self.billed_micros(now)) * i128::from(self.price.nano_usd_per_hour) / 3_600_000_000
    }
}
