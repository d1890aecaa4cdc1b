//! Resource amounts as short rows of integers, one place per interned resource name.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::model::{Notation, Quantity, ResourceName, Resources};

/// An interned resource name: the place of its amount in a row.
pub(crate) type ResourceId = usize;

/// Names and printing of the resources of one decision.
#[derive(Debug, Default)]
pub(crate) struct ResourceIds {
    names: Vec<ResourceName>,
    ids: FxHashMap<ResourceName, ResourceId>,
}

/// Amounts in thousandths by resource; what lies beyond the end is zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Amounts(SmallVec<[i64; 8]>);

impl ResourceIds {
    pub(crate) fn id(&mut self, name: &ResourceName) -> ResourceId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.names.len();
        self.names.push(name.clone());
        self.ids.insert(name.clone(), id);
        id
    }

    pub(crate) fn name(&self, id: ResourceId) -> &ResourceName {
        &self.names[id]
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn compile(&mut self, resources: &Resources) -> Amounts {
        let mut amounts = Amounts::default();
        for (name, amount) in resources.iter() {
            let id = self.id(name);
            amounts.add_at(id, amount.milli());
        }
        amounts
    }

    /// An amount as people read it, where the notation it was written in is not known any more.
    pub(crate) fn quantity(&self, id: ResourceId, milli: i64) -> Quantity {
        let binary = matches!(self.names[id], ResourceName::Memory | ResourceName::EphemeralStorage);
        let notation = if binary { Notation::Binary } else { Notation::Decimal };
        Quantity::from_milli(milli).with_notation(notation)
    }
}

impl Amounts {
    pub(crate) fn get(&self, id: ResourceId) -> i64 {
        self.0.get(id).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, id: ResourceId, milli: i64) {
        if self.0.len() <= id {
            self.0.resize(id + 1, 0);
        }
        self.0[id] = milli;
    }

    pub(crate) fn add_at(&mut self, id: ResourceId, milli: i64) {
        self.set(id, self.get(id).saturating_add(milli));
    }

    pub(crate) fn add(&mut self, other: &Amounts) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    pub(crate) fn subtract(&mut self, other: &Amounts) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = mine.saturating_sub(*theirs);
        }
    }

    /// `self += a + b` without building the sum first.
    pub(crate) fn set_sum(&mut self, a: &Amounts, b: &Amounts) {
        self.0.clear();
        self.0.extend_from_slice(&a.0);
        self.add(b);
    }

    /// Raises to zero what is below.
    pub(crate) fn floor_at_zero(&mut self) {
        for amount in &mut self.0 {
            *amount = (*amount).max(0);
        }
    }

    /// Whether all of it fits into `total`; nothing fits where anything is overcommitted (scheduling 6.2).
    pub(crate) fn fits_in(&self, total: &Amounts) -> bool {
        total.0.iter().all(|amount| *amount >= 0)
            && self.0.iter().enumerate().all(|(id, wanted)| *wanted <= total.get(id))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ResourceId, i64)> {
        self.0.iter().copied().enumerate()
    }
}
