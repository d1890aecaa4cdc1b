//! The domains that pools could create: every value of a key that any of their types may have (scheduling 5.3).

use super::super::sets::Sets;
use super::super::template::Template;
use super::super::values::{KeyId, Universe, ValueId, ValueSet};
use crate::model::{Taint, Toleration, untolerated};

/// A value with the taints of the pools that could provide it.
#[derive(Debug)]
struct Domain {
    value: ValueId,
    /// One entry per distinct list of taints.
    taints: Vec<Vec<Taint>>,
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
        }
        domains
    }

    fn add(&mut self, value: ValueId, taints: &[Taint]) {
        let at = self.0.iter().position(|d| d.value == value).unwrap_or_else(|| {
            self.0.push(Domain { value, taints: Vec::new() });
            self.0.len() - 1
        });
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
