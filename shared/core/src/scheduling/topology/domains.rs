//! The domains that pools could create: every value of a key that any of their types may have (scheduling 5.3).

use super::super::sets::Sets;
use std::cmp::Reverse;

use super::super::template::Template;
use super::super::values::{KeyId, Universe, ValueId, ValueSet};
use crate::model::{Price, Taint, Toleration, untolerated};

/// A value with the taints of the pools that could provide it.
#[derive(Debug)]
struct Domain {
    value: ValueId,
    /// One entry per distinct list of taints.
    taints: Vec<Vec<Taint>>,
    /// Pools that could provide it.
    pools: u32,
    /// Cheapest way to buy anything there.
    cheapest: Option<Price>,
}

/// All domains of one key.
#[derive(Debug)]
pub(crate) struct Domains(Vec<Domain>);

impl Domains {
    /// Collects the values of a key over pools and their types. Offerings, limits and weights do not matter
    /// here: a zone without capacity is still a zone.
    pub(crate) fn collect(key: KeyId, templates: &[Template], universe: &Universe, sets: &Sets) -> Self {
        let mut domains = Domains(Vec::new());
        for template in templates {
            let own = sets.get(template.domain_set, key);
            let mut values = ValueSet::none();
            for (theirs, _) in template.table.values_of(key) {
                let narrowed = own.map_or_else(|| theirs.clone(), |own| universe.narrow(key, own, theirs));
                if !narrowed.open {
                    values.list_all(&narrowed);
                }
            }
            // What the pool itself names counts even where no type has it.
            if let Some(own) = own.filter(|own| !own.open) {
                values.list_all(own);
            }
            values.listed().for_each(|value| domains.add(value, &template.taints));
            domains.price(key, template, (universe, sets));
        }
        domains
    }

    /// No domain at all.
    pub(crate) const fn none() -> Self {
        Domains(Vec::new())
    }

    /// The cheapest offer in each domain that offerings themselves name, such as zones and capacity types.
    fn price(&mut self, key: KeyId, template: &Template, (universe, sets): (&Universe, &Sets)) {
        let table = &template.table;
        let classes: Vec<Option<ValueId>> = table
            .offerings
            .iter()
            .map(|class| {
                let offered = sets.intersects(universe, template.set, class.requirements);
                sets.get(class.requirements, key).filter(|_| offered).and_then(ValueSet::single)
            })
            .collect();
        if classes.iter().all(Option::is_none) {
            return;
        }
        for (class, price) in template.types.ones().flat_map(|at| &table.prices[at]) {
            let Some(value) = classes[*class as usize] else { continue };
            if let Some(domain) = self.0.iter_mut().find(|d| d.value == value) {
                domain.cheapest = Some(domain.cheapest.map_or(*price, |present| present.min(*price)));
            }
        }
    }

    /// Smaller is better: price where known, then more pools first.
    pub(crate) fn rank(&self, value: ValueId) -> (Option<Price>, Reverse<u32>) {
        let domain = self.0.iter().find(|d| d.value == value);
        (domain.and_then(|d| d.cheapest), Reverse(domain.map_or(0, |d| d.pools)))
    }

    fn add(&mut self, value: ValueId, taints: &[Taint]) {
        let at = self.0.iter().position(|d| d.value == value).unwrap_or_else(|| {
            self.0.push(Domain { value, taints: Vec::new(), pools: 0, cheapest: None });
            self.0.len() - 1
        });
        self.0[at].pools += 1;
        if !self.0[at].taints.iter().any(|known| known == taints) {
            self.0[at].taints.push(taints.to_vec());
        }
    }

    /// All domains.
    pub(crate) fn all(&self) -> ValueSet {
        let mut values = ValueSet::none();
        self.0.iter().for_each(|domain| values.list(domain.value));
        values
    }

    /// The domains some pool provides under taints that are tolerated.
    pub(crate) fn tolerated(&self, tolerations: &[Toleration]) -> ValueSet {
        let mut values = ValueSet::none();
        for domain in &self.0 {
            let reachable = |taints: &Vec<Taint>| untolerated(taints, tolerations).next().is_none();
            if domain.taints.iter().any(reachable) {
                values.list(domain.value);
            }
        }
        values
    }
}
