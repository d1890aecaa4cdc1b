//! Requirement sets as interned ids with memoised meetings: the thousandth pod of a kind costs one lookup.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::values::{KeyId, Universe, ValueSet, is_hostname};
use crate::model::{Requirement, Requirements};

/// An interned requirement set, host name left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SetId(pub(crate) u32);

type Entries = Arc<[(KeyId, ValueSet)]>;

/// May keys that only the incoming side names be absent on the other?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Undefined {
    /// Well-known ones may: the provider will fill them in.
    WellKnownAllowed,
    /// None may.
    Refused,
}

/// Why two sets do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clash {
    /// The key is asked for but not defined.
    Undefined(KeyId),
    /// No value satisfies both.
    Conflict(KeyId),
}

/// Arena of requirement sets.
#[derive(Debug)]
pub(crate) struct Sets {
    sets: Vec<Entries>,
    ids: FxHashMap<Entries, SetId>,
    merged: FxHashMap<(SetId, SetId, Undefined), Result<SetId, Clash>>,
}

impl Sets {
    /// The empty set, which every arena holds first.
    pub(crate) const EMPTY: SetId = SetId(0);

    pub(crate) fn new() -> Self {
        let mut sets = Sets { sets: Vec::new(), ids: FxHashMap::default(), merged: FxHashMap::default() };
        sets.intern(Vec::new());
        sets
    }

    /// Interns entries, which need not be in order; entries on the same key must have been narrowed before.
    pub(crate) fn intern(&mut self, mut entries: Vec<(KeyId, ValueSet)>) -> SetId {
        entries.sort_unstable_by_key(|(key, _)| *key);
        if let Some(id) = self.ids.get(entries.as_slice()) {
            return *id;
        }
        let id = SetId(self.sets.len() as u32);
        let entries: Entries = entries.into();
        self.sets.push(entries.clone());
        self.ids.insert(entries, id);
        id
    }

    /// Compiles readable requirements; the host name is returned apart.
    pub(crate) fn compile<'a>(
        &mut self,
        universe: &mut Universe,
        requirements: impl IntoIterator<Item = &'a Requirement>,
    ) -> (SetId, Option<ValueSet>) {
        let mut host: Option<ValueSet> = None;
        let mut entries: Vec<(KeyId, ValueSet)> = Vec::new();
        for requirement in requirements {
            let (key, set) = universe.compile(requirement);
            if is_hostname(&requirement.key) {
                host = Some(match host {
                    Some(present) => universe.narrow(key, &present, &set),
                    None => set,
                });
                continue;
            }
            match entries.iter_mut().find(|(k, _)| *k == key) {
                Some((_, present)) => *present = universe.narrow(key, present, &set),
                None => entries.push((key, set)),
            }
        }
        (self.intern(entries), host)
    }

    pub(crate) fn entries(&self, set: SetId) -> &[(KeyId, ValueSet)] {
        &self.sets[set.0 as usize]
    }

    pub(crate) fn get(&self, set: SetId, key: KeyId) -> Option<&ValueSet> {
        let entries = self.entries(set);
        entries.binary_search_by_key(&key, |(k, _)| *k).ok().map(|at| &entries[at].1)
    }

    /// Back to the readable form.
    pub(crate) fn decompile(&self, universe: &Universe, set: SetId) -> Requirements {
        self.entries(set)
            .iter()
            .map(|(key, values)| {
                Requirement::new(universe.key_name(*key).as_str(), universe.decompile(*key, values))
            })
            .collect()
    }

    /// Whether `incoming` goes onto `base` (scheduling 4.6), and what both are then.
    pub(crate) fn merge(
        &mut self,
        universe: &Universe,
        base: SetId,
        incoming: SetId,
        undefined: Undefined,
    ) -> Result<SetId, Clash> {
        if incoming == Self::EMPTY || base == incoming {
            return Ok(base);
        }
        if let Some(known) = self.merged.get(&(base, incoming, undefined)) {
            return *known;
        }
        let result = match self.clash(universe, base, incoming, undefined) {
            Some(clash) => Err(clash),
            None => Ok(self.union(universe, base, incoming)),
        };
        self.merged.insert((base, incoming, undefined), result);
        result
    }

    fn clash(
        &self,
        universe: &Universe,
        base: SetId,
        incoming: SetId,
        undefined: Undefined,
    ) -> Option<Clash> {
        let missing = self.entries(incoming).iter().find(|(key, set)| {
            let may_be_absent = set.tolerates_absence()
                || (undefined == Undefined::WellKnownAllowed && universe.is_well_known(*key));
            !may_be_absent && self.get(base, *key).is_none()
        });
        if let Some((key, _)) = missing {
            return Some(Clash::Undefined(*key));
        }
        let conflict = |(key, theirs): &&(KeyId, ValueSet)| {
            self.get(base, *key).is_some_and(|ours| !universe.goes_with(*key, ours, theirs))
        };
        self.entries(incoming).iter().find(conflict).map(|(key, _)| Clash::Conflict(*key))
    }

    fn union(&mut self, universe: &Universe, base: SetId, incoming: SetId) -> SetId {
        let mut entries = self.entries(base).to_vec();
        for (key, theirs) in self.entries(incoming) {
            match entries.binary_search_by_key(key, |(k, _)| *k) {
                Ok(at) => entries[at].1 = universe.narrow(*key, &entries[at].1, theirs),
                Err(at) => entries.insert(at, (*key, theirs.clone())),
            }
        }
        self.intern(entries)
    }

    /// A set with one entry replaced or added, whatever was there.
    pub(crate) fn with(&mut self, set: SetId, key: KeyId, values: ValueSet) -> SetId {
        let mut entries = self.entries(set).to_vec();
        match entries.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(at) => entries[at].1 = values,
            Err(at) => entries.insert(at, (key, values)),
        }
        self.intern(entries)
    }

    /// Whether the two meet on every key both name, absence tolerated on either side (`Intersects`).
    pub(crate) fn intersects(&self, universe: &Universe, a: SetId, b: SetId) -> bool {
        self.entries(b)
            .iter()
            .all(|(key, theirs)| self.get(a, *key).is_none_or(|ours| universe.goes_with(*key, ours, theirs)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Operator;

    fn readable(entries: &[(&str, Operator, &[&str])]) -> Requirements {
        entries.iter().map(|(k, op, v)| Requirement::from_expression(k, *op, v).unwrap()).collect()
    }

    #[test]
    fn merging_ids_agrees_with_the_readable_algebra() {
        use Operator::*;
        let samples = [
            readable(&[]),
            readable(&[("team", In, &["a", "b"])]),
            readable(&[("team", NotIn, &["a"])]),
            readable(&[("team", Exists, &[]), ("topology.kubernetes.io/zone", In, &["z1"])]),
            readable(&[("topology.kubernetes.io/zone", In, &["z1", "z2"])]),
            readable(&[("topology.kubernetes.io/zone", DoesNotExist, &[])]),
            readable(&[("cores", Gt, &["4"]), ("team", In, &["b"])]),
            readable(&[("cores", In, &["2", "8"])]),
        ];
        let (mut universe, mut sets) = (Universe::default(), Sets::new());
        for a in &samples {
            for b in &samples {
                let (ida, _) = sets.compile(&mut universe, a.iter());
                let (idb, _) = sets.compile(&mut universe, b.iter());
                for (undefined, allowed) in [(Undefined::WellKnownAllowed, true), (Undefined::Refused, false)]
                {
                    let merged = sets.merge(&universe, ida, idb, undefined);
                    assert_eq!(merged.is_ok(), a.is_compatible(b, allowed), "{a} + {b}");
                    if let Ok(id) = merged {
                        let mut expected = a.clone();
                        expected.add_all(b);
                        assert_eq!(sets.decompile(&universe, id), expected, "{a} + {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_host_name_is_kept_apart() {
        let (mut universe, mut sets) = (Universe::default(), Sets::new());
        use Operator::In;
        let both = readable(&[("kubernetes.io/hostname", In, &["n1"]), ("team", In, &["a"])]);
        let (id, host) = sets.compile(&mut universe, both.iter());
        assert_eq!(sets.decompile(&universe, id), readable(&[("team", In, &["a"])]));
        assert!(host.is_some_and(|h| h.single() == Some(0)));
    }
}
