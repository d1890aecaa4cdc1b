//! What can be bought: instance types, their offerings and prices.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Requirements, Resources};

/// How capacity is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityType {
    /// A capacity reservation paid for already.
    Reserved,
    /// Spare capacity that may be interrupted.
    Spot,
    /// The list price.
    OnDemand,
}

impl CapacityType {
    /// The value of the capacity-type label.
    pub const fn as_str(self) -> &'static str {
        match self {
            CapacityType::Reserved => "reserved",
            CapacityType::Spot => "spot",
            CapacityType::OnDemand => "on-demand",
        }
    }

    /// Reads the value of the capacity-type label.
    pub fn parse(text: &str) -> Option<Self> {
        [CapacityType::Reserved, CapacityType::Spot, CapacityType::OnDemand]
            .into_iter()
            .find(|capacity_type| capacity_type.as_str() == text)
    }
}

impl fmt::Display for CapacityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// US dollars per hour in thousandths of a millionth (nano-dollars), so that equality and order are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Price {
    /// The amount in nano-dollars per hour.
    pub nano_usd_per_hour: i64,
}

impl Price {
    /// From a decimal number of dollars, rounded to the nearest nano-dollar.
    pub fn from_usd_per_hour(usd: f64) -> Self {
        Price { nano_usd_per_hour: (usd * 1e9).round() as i64 }
    }

    /// As a decimal number of dollars, for printing.
    pub fn usd_per_hour(self) -> f64 {
        self.nano_usd_per_hour as f64 / 1e9
    }
}

impl std::iter::Sum for Price {
    fn sum<I: Iterator<Item = Price>>(prices: I) -> Price {
        Price { nano_usd_per_hour: prices.map(|p| p.nano_usd_per_hour).sum() }
    }
}

/// The capacity reservation behind a reserved offering (scheduling 7.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reservation {
    /// Its id, `cr-...`.
    pub id: Arc<str>,
    /// Instances still to be had from it.
    pub remaining: u32,
}

/// One way to buy an instance type: a zone, a capacity type and what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offering {
    /// Capacity type, zone, zone id, and the keys of a reservation where there is one. Shared: thousands of
    /// offerings have the same few sets.
    pub requirements: Arc<Requirements>,
    /// How it is paid for; also in `requirements`.
    pub capacity_type: CapacityType,
    /// Availability zone; also in `requirements`.
    pub zone: Arc<str>,
    /// Price per hour.
    pub price: Price,
    /// Whether it can be bought now.
    pub available: bool,
    /// The reservation of a reserved offering.
    pub reservation: Option<Reservation>,
}

/// One type in one zone, bought one way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferingKey {
    /// The type.
    pub instance_type: Arc<str>,
    /// The zone's name.
    pub zone: Arc<str>,
    /// How it is paid for.
    pub capacity_type: CapacityType,
}

/// What is not to be had for now, because EC2 refused it lately or the zone is being avoided (aws 1.8, 1.9).
/// Of these only a shifted zone, and the refusal of a reserved offering itself, touch reserved offerings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unavailable {
    /// One offering.
    Offering(OfferingKey),
    /// Everything paid for this way.
    CapacityType(CapacityType),
    /// Everything in a zone, because none of the subnets there has room.
    FullZone(Arc<str>),
    /// Everything in a zone, because traffic is shifted away from it.
    ShiftedZone(Arc<str>),
}

/// What the node itself takes before pods get anything (aws 1.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overhead {
    /// For Kubernetes daemons.
    pub kube_reserved: Resources,
    /// For system daemons.
    pub system_reserved: Resources,
    /// Kept free so that the kubelet does not evict.
    pub eviction_threshold: Resources,
}

impl Overhead {
    /// The sum of the three.
    pub fn total(&self) -> Resources {
        let mut total = self.kube_reserved.clone();
        total.add(&self.system_reserved);
        total.add(&self.eviction_threshold);
        total
    }
}

/// An instance type as one node class sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceType {
    /// Its EC2 name, such as `m5.large`.
    pub name: Arc<str>,
    /// Labels its nodes carry; absent traits are spelled out as `DoesNotExist` (scheduling 4.7).
    pub requirements: Requirements,
    /// All there is on the machine; what pool limits count.
    pub capacity: Resources,
    /// What is taken off.
    pub overhead: Overhead,
    /// Ways to buy it, available or not.
    pub offerings: Vec<Offering>,
}

impl InstanceType {
    /// Capacity less overhead; memory also loses what huge pages pin (scheduling 6.3).
    pub fn allocatable(&self) -> Resources {
        use super::{Quantity, ResourceName};
        let mut allocatable = self.capacity.clone();
        for (name, taken) in self.overhead.total().iter() {
            if let Some(had) = self.capacity.get(name) {
                allocatable.set(name.clone(), had.minus(taken));
            }
        }
        let huge_pages = self
            .capacity
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("hugepages-"))
            .fold(Quantity::ZERO, |sum, (_, amount)| sum.plus(amount));
        if !huge_pages.is_zero() {
            let memory = allocatable.amount(&ResourceName::Memory).minus(huge_pages);
            let floor = Quantity::ZERO.with_notation(memory.notation());
            allocatable.set(ResourceName::Memory, memory.max(floor));
        }
        allocatable
    }

    /// The cheapest available offering that a set of requirements lets through.
    pub fn cheapest_available(&self, requirements: &Requirements) -> Option<&Offering> {
        self.offerings
            .iter()
            .filter(|o| o.available && requirements.is_compatible(&o.requirements, true))
            .min_by_key(|o| o.price)
    }
}
