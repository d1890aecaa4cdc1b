//! Amounts by resource name: requests, capacity, limits. Absent and zero are not the same thing for limits,
//! so entries are kept as given.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Quantity;

/// A resource name; the ones every pod or node has are spelled out so that they cost no allocation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ResourceName {
    /// `cpu`, in cores.
    Cpu,
    /// `memory`, in bytes.
    Memory,
    /// `ephemeral-storage`, in bytes.
    EphemeralStorage,
    /// `pods`, a count.
    Pods,
    /// `nodes`, a count; only in limits and pool status.
    Nodes,
    /// Any other name, such as `nvidia.com/gpu`.
    Other(Arc<str>),
}

impl ResourceName {
    /// The name as Kubernetes writes it.
    pub fn as_str(&self) -> &str {
        match self {
            ResourceName::Cpu => "cpu",
            ResourceName::Memory => "memory",
            ResourceName::EphemeralStorage => "ephemeral-storage",
            ResourceName::Pods => "pods",
            ResourceName::Nodes => "nodes",
            ResourceName::Other(name) => name,
        }
    }
}

impl From<&str> for ResourceName {
    fn from(name: &str) -> Self {
        match name {
            "cpu" => ResourceName::Cpu,
            "memory" => ResourceName::Memory,
            "ephemeral-storage" => ResourceName::EphemeralStorage,
            "pods" => ResourceName::Pods,
            "nodes" => ResourceName::Nodes,
            other => ResourceName::Other(other.into()),
        }
    }
}

impl PartialOrd for ResourceName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ResourceName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}
impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Amounts by resource name, in name order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "super::record::WrittenResources", into = "super::record::WrittenResources")]
pub struct Resources(Vec<(ResourceName, Quantity)>);

impl Resources {
    /// Nothing.
    pub const fn new() -> Self {
        Resources(Vec::new())
    }

    /// The amount, or `None` when the name does not occur.
    pub fn get(&self, name: &ResourceName) -> Option<Quantity> {
        self.0.binary_search_by(|(n, _)| n.cmp(name)).ok().map(|at| self.0[at].1)
    }

    /// The amount, zero when the name does not occur.
    pub fn amount(&self, name: &ResourceName) -> Quantity {
        self.get(name).unwrap_or(Quantity::ZERO)
    }

    /// Writes one amount over whatever was there.
    pub fn set(&mut self, name: ResourceName, amount: Quantity) {
        match self.0.binary_search_by(|(n, _)| n.cmp(&name)) {
            Ok(at) => self.0[at].1 = amount,
            Err(at) => self.0.insert(at, (name, amount)),
        }
    }

    /// Adds amount by amount.
    pub fn add(&mut self, other: &Resources) {
        for (name, amount) in &other.0 {
            match self.0.binary_search_by(|(n, _)| n.cmp(name)) {
                Ok(at) => self.0[at].1 = self.0[at].1.plus(*amount),
                Err(at) => self.0.insert(at, (name.clone(), *amount)),
            }
        }
    }

    /// Subtracts amount by amount; names only in `other` become negative entries.
    pub fn subtract(&mut self, other: &Resources) {
        for (name, amount) in &other.0 {
            match self.0.binary_search_by(|(n, _)| n.cmp(name)) {
                Ok(at) => self.0[at].1 = self.0[at].1.minus(*amount),
                Err(at) => self.0.insert(at, (name.clone(), Quantity::ZERO.minus(*amount))),
            }
        }
    }

    /// Raises each amount to at least the other's.
    pub fn raise_to(&mut self, other: &Resources) {
        for (name, amount) in &other.0 {
            match self.0.binary_search_by(|(n, _)| n.cmp(name)) {
                Ok(at) if self.0[at].1 < *amount => self.0[at].1 = *amount,
                Ok(_) => {}
                Err(at) => self.0.insert(at, (name.clone(), *amount)),
            }
        }
    }

    /// Entries in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&ResourceName, Quantity)> {
        self.0.iter().map(|(name, amount)| (name, *amount))
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first entry that does not fit into `total`, with the shortfall (scheduling 6.2): a negative amount
    /// in `total` refuses everything, an absent one counts as zero.
    pub fn shortfall_in(&self, total: &Resources) -> Option<(ResourceName, Quantity)> {
        if let Some((name, amount)) = total.iter().find(|(_, amount)| amount.milli() < 0) {
            return Some((name.clone(), Quantity::ZERO.minus(amount)));
        }
        self.iter().find_map(|(name, wanted)| {
            let missing = wanted.minus(total.amount(name));
            (missing.milli() > 0).then(|| (name.clone(), missing.with_notation(wanted.notation())))
        })
    }
}

impl FromIterator<(ResourceName, Quantity)> for Resources {
    fn from_iter<I: IntoIterator<Item = (ResourceName, Quantity)>>(entries: I) -> Self {
        let mut resources = Resources::new();
        for (name, amount) in entries {
            resources.set(name, amount);
        }
        resources
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, amount)) in self.iter().enumerate() {
            write!(f, "{}{name} {amount}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(entries: &[(&str, &str)]) -> Resources {
        entries.iter().map(|(n, q)| (ResourceName::from(*n), q.parse().unwrap())).collect()
    }

    #[test]
    fn a_zero_request_of_an_unknown_resource_fits_and_overcommitment_refuses_everything() {
        let total = resources(&[("cpu", "2"), ("memory", "1Gi")]);
        assert_eq!(resources(&[("example.com/x", "0"), ("cpu", "2")]).shortfall_in(&total), None);
        assert_eq!(
            resources(&[("cpu", "2500m")]).shortfall_in(&total),
            Some((ResourceName::Cpu, "500m".parse().unwrap()))
        );
        let overcommitted = resources(&[("cpu", "-1"), ("memory", "1Gi")]);
        assert_eq!(
            resources(&[("memory", "1Mi")]).shortfall_in(&overcommitted),
            Some((ResourceName::Cpu, "1".parse().unwrap()))
        );
    }

    #[test]
    fn entries_stay_in_name_order_whatever_the_order_of_insertion() {
        let mut sum = resources(&[("pods", "1"), ("cpu", "1")]);
        sum.add(&resources(&[("memory", "1Gi"), ("cpu", "500m")]));
        assert_eq!(sum.to_string(), "cpu 1500m, memory 1Gi, pods 1");
        sum.subtract(&resources(&[("nodes", "1")]));
        assert_eq!(sum.amount(&ResourceName::Nodes), Quantity::from_units(-1));
    }
}
