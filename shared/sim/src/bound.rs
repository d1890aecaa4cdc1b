//! What would the cheapest possible plan have cost? A bound that no plan can beat: at every instant, fractional
//! machines that give the running pods exactly the cpu and memory they ask for, at the best prices the pools
//! allow. It is the optimum of a linear program with two resources, solved exactly through its dual.

use std::collections::BTreeMap;
use std::sync::Arc;

use joiner_core::model::{InstanceType, NodePool, Offering, Requirements, ResourceName};

use crate::book::CpuAndMemory;
use crate::world::World;

/// Prices of cpu (per thousandth) and memory (per byte) that no offering undercuts: corners of the dual.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourcePrices(Vec<(f64, f64)>);

impl ResourcePrices {
    /// From offerings: cpu (thousandths), memory (bytes) and price per hour of each.
    pub fn of(offerings: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        let mut per_dollar: Vec<(f64, f64)> = offerings
            .filter(|(_, _, price)| *price > 0.0)
            .map(|(cpu, memory, price)| (cpu / price, memory / price))
            .collect();
        per_dollar.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let hull = hull(&per_dollar);
        let mut corners = Vec::new();
        if let (Some(first), Some(last)) = (hull.first(), hull.last()) {
            corners.push((1.0 / first.0, 0.0));
            corners.push((0.0, 1.0 / last.1));
        }
        for pair in hull.windows(2) {
            let ((a, b), (c, d)) = (pair[0], pair[1]);
            let determinant = a * d - b * c;
            corners.push(((d - b) / determinant, (a - c) / determinant));
        }
        ResourcePrices(corners)
    }

    /// The least a demand can cost per hour.
    pub fn cost_of(&self, (cpu, memory): CpuAndMemory) -> f64 {
        let cost = |(per_cpu, per_byte): &(f64, f64)| per_cpu * cpu as f64 + per_byte * memory as f64;
        self.0.iter().map(cost).fold(0.0, f64::max)
    }
}

/// The outer corners of what a dollar buys, from most cpu to most memory.
fn hull(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for &point in points {
        if hull.last().is_some_and(|last| point.1 <= last.1) {
            continue;
        }
        while let [.., before, last] = hull[..] {
            let turn =
                (last.0 - before.0) * (point.1 - before.1) - (last.1 - before.1) * (point.0 - before.0);
            // A corner on or inside the line between its neighbours is none.
            if turn > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }
    hull
}

impl World {
    /// The bound for the whole run, in dollars.
    pub fn least_cost_usd(&self) -> f64 {
        let offerings = allowed_offerings(self.cluster.pools.values(), &self.ec2.types);
        let prices = ResourcePrices::of(offerings.into_iter());
        let hours = |micros: u64| micros as f64 / 3.6e9;
        let costs = self.book.demand.iter().map(|(demand, micros)| prices.cost_of(*demand) * hours(*micros));
        // Not `sum`, which makes nothing a negative zero.
        costs.fold(0.0, |total, cost| total + cost)
    }
}

/// What pools may buy: allocatable cpu (thousandths) and memory (bytes) of each type, and its lowest price per
/// hour. Types are those of the pools' classes, by name of the class.
pub fn allowed_offerings<'a>(
    pools: impl Iterator<Item = &'a NodePool>,
    types: &'a BTreeMap<Arc<str>, Arc<Vec<InstanceType>>>,
) -> Vec<(f64, f64, f64)> {
    let mut cheapest: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for pool in pools {
        let wanted: Requirements = pool.template.requirements.iter().cloned().collect();
        let types = types.get(&pool.template.node_class.name);
        for found in types.iter().flat_map(|types| types.iter()) {
            if found.requirements.conflict_with(&wanted).is_some() {
                continue;
            }
            let allocatable = found.allocatable();
            let cpu = allocatable.amount(&ResourceName::Cpu).milli() as f64;
            let memory = allocatable.amount(&ResourceName::Memory).units_ceil() as f64;
            let is_allowed = |o: &&Offering| o.available && wanted.conflict_with(&o.requirements).is_none();
            for offering in found.offerings.iter().filter(is_allowed) {
                let price = offering.price.usd_per_hour();
                let known = cheapest.entry(&found.name).or_insert((cpu, memory, price));
                known.2 = known.2.min(price);
            }
        }
    }
    cheapest.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_mix_of_two_machines_is_priced_as_the_mix() {
        // One machine of much cpu, one of much memory, a dollar each, and one that is never worth its price.
        let offerings = [(4.0, 1.0, 1.0), (1.0, 4.0, 1.0), (2.0, 2.0, 1.0)];
        let prices = ResourcePrices::of(offerings.into_iter());
        assert!(close(prices.cost_of((5, 5)), 2.0), "one of each");
        assert!(close(prices.cost_of((4, 1)), 1.0), "exactly the first");
        assert!(close(prices.cost_of((8, 0)), 2.0), "cpu alone");
        assert!(close(prices.cost_of((0, 8)), 2.0), "memory alone");
        assert!(close(prices.cost_of((0, 0)), 0.0), "nothing");
    }

    #[test]
    fn one_machine_is_priced_by_what_runs_out_first() {
        let prices = ResourcePrices::of([(2.0, 8.0, 0.5)].into_iter());
        assert!(close(prices.cost_of((2, 1)), 0.5));
        assert!(close(prices.cost_of((1, 8)), 0.5));
        assert!(close(prices.cost_of((3, 8)), 0.75));
    }
}
