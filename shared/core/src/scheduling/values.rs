//! Interned label keys and values, and requirements on one key as bit sets over a key's values.
//!
//! The algebra is that of `model::Allowed`; a test holds the two against each other.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::model::{Allowed, LabelKey, Requirement, keys};

/// An interned label key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyId(pub(crate) u16);

/// An interned value of one key.
pub(crate) type ValueId = u32;

#[derive(Debug)]
struct Key {
    name: LabelKey,
    well_known: bool,
    values: Vec<Arc<str>>,
    numbers: Vec<Option<i64>>,
    ids: FxHashMap<Arc<str>, ValueId>,
}

/// All keys and values of one decision. Ids are given in the order of first sight.
#[derive(Debug, Default)]
pub(crate) struct Universe {
    keys: Vec<Key>,
    ids: FxHashMap<LabelKey, KeyId>,
}

impl Universe {
    pub(crate) fn key(&mut self, name: &LabelKey) -> KeyId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = KeyId(u16::try_from(self.keys.len()).unwrap_or(u16::MAX));
        self.keys.push(Key {
            name: name.clone(),
            well_known: name.is_well_known(),
            values: Vec::new(),
            numbers: Vec::new(),
            ids: FxHashMap::default(),
        });
        self.ids.insert(name.clone(), id);
        id
    }

    pub(crate) fn find_key(&self, name: &str) -> Option<KeyId> {
        self.ids.get(&LabelKey::new(name)).copied()
    }

    pub(crate) fn value(&mut self, key: KeyId, value: &Arc<str>) -> ValueId {
        let key = &mut self.keys[usize::from(key.0)];
        if let Some(id) = key.ids.get(value) {
            return *id;
        }
        let id = key.values.len() as ValueId;
        key.values.push(value.clone());
        key.numbers.push(value.parse().ok());
        key.ids.insert(value.clone(), id);
        id
    }

    pub(crate) fn key_name(&self, key: KeyId) -> &LabelKey {
        &self.keys[usize::from(key.0)].name
    }

    pub(crate) fn value_name(&self, key: KeyId, value: ValueId) -> &Arc<str> {
        &self.keys[usize::from(key.0)].values[value as usize]
    }

    pub(crate) fn is_well_known(&self, key: KeyId) -> bool {
        self.keys[usize::from(key.0)].well_known
    }

    fn number(&self, key: KeyId, value: ValueId) -> Option<i64> {
        self.keys[usize::from(key.0)].numbers[value as usize]
    }

    /// Interns and compiles a requirement. `kubernetes.io/hostname` is for the caller to keep apart.
    pub(crate) fn compile(&mut self, requirement: &Requirement) -> (KeyId, ValueSet) {
        let key = self.key(&requirement.key);
        let set = self.compile_allowed(key, &requirement.allowed);
        (key, set)
    }

    pub(crate) fn compile_allowed(&mut self, key: KeyId, allowed: &Allowed) -> ValueSet {
        let mut compiled = match allowed {
            Allowed::Only(_) => ValueSet::none(),
            Allowed::AllBut { at_least, at_most, .. } => {
                ValueSet { open: true, low: *at_least, high: *at_most, bits: SmallVec::new() }
            }
        };
        for value in allowed.values() {
            let id = self.value(key, value);
            compiled.list(id);
        }
        compiled
    }

    /// Back to the readable form.
    pub(crate) fn decompile(&self, key: KeyId, set: &ValueSet) -> Allowed {
        let values: BTreeSet<Arc<str>> = set.listed().map(|v| self.value_name(key, v).clone()).collect();
        if set.open {
            Allowed::AllBut { except: values, at_least: set.low, at_most: set.high }
        } else {
            Allowed::Only(values)
        }
    }

    fn within(&self, key: KeyId, value: ValueId, low: Option<i64>, high: Option<i64>) -> bool {
        if low.is_none() && high.is_none() {
            return true;
        }
        self.number(key, value).is_some_and(|n| low.is_none_or(|l| n >= l) && high.is_none_or(|h| n <= h))
    }

    /// Whether a value is admitted.
    pub(crate) fn admits(&self, key: KeyId, set: &ValueSet, value: ValueId) -> bool {
        set.lists(value) != set.open && (!set.open || self.within(key, value, set.low, set.high))
    }

    /// What both admit.
    pub(crate) fn narrow(&self, key: KeyId, a: &ValueSet, b: &ValueSet) -> ValueSet {
        match (a.open, b.open) {
            (false, false) => a.zip(b, |x, y| x & y),
            (false, true) => self.pick(key, a, b),
            (true, false) => self.pick(key, b, a),
            (true, true) => self.narrow_open(key, a, b),
        }
    }

    fn pick(&self, key: KeyId, closed: &ValueSet, open: &ValueSet) -> ValueSet {
        let mut kept = closed.zip(open, |x, y| x & !y);
        if open.low.is_some() || open.high.is_some() {
            kept = kept.filter(|v| self.within(key, v, open.low, open.high));
        }
        kept
    }

    fn narrow_open(&self, key: KeyId, a: &ValueSet, b: &ValueSet) -> ValueSet {
        let low = a.low.max(b.low);
        let high = match (a.high, b.high) {
            (Some(x), Some(y)) => Some(x.min(y)),
            (x, y) => x.or(y),
        };
        if let (Some(l), Some(h)) = (low, high)
            && l > h
        {
            return ValueSet::none();
        }
        let mut both = a.zip(b, |x, y| x | y);
        if low.is_some() || high.is_some() {
            both = both.filter(|v| self.within(key, v, low, high));
        }
        ValueSet { open: true, low, high, ..both }
    }

    /// Whether both can hold of one object: they meet, or an absent key satisfies both.
    pub(crate) fn goes_with(&self, key: KeyId, a: &ValueSet, b: &ValueSet) -> bool {
        self.meets(key, a, b) || (a.tolerates_absence() && b.tolerates_absence())
    }

    /// Whether both admit something, without building what.
    pub(crate) fn meets(&self, key: KeyId, a: &ValueSet, b: &ValueSet) -> bool {
        match (a.open, b.open) {
            (false, false) => a.bits.iter().zip(&b.bits).any(|(x, y)| x & y != 0),
            (false, true) => a.listed().any(|v| self.admits(key, b, v)),
            (true, false) => b.listed().any(|v| self.admits(key, a, v)),
            (true, true) => match (a.low.max(b.low), a.high.into_iter().chain(b.high).min()) {
                (Some(low), Some(high)) => low <= high,
                _ => true,
            },
        }
    }
}

/// Requirement on one key. Closed: the listed values are admitted. Open: all but the listed ones are, within
/// the bounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ValueSet {
    pub(crate) open: bool,
    low: Option<i64>,
    high: Option<i64>,
    /// Listed values; no trailing zero words, so that equal sets are equal words.
    bits: SmallVec<[u64; 2]>,
}

impl ValueSet {
    pub(crate) const fn none() -> Self {
        ValueSet { open: false, low: None, high: None, bits: SmallVec::new_const() }
    }

    pub(crate) const fn any() -> Self {
        ValueSet { open: true, low: None, high: None, bits: SmallVec::new_const() }
    }

    pub(crate) fn one(value: ValueId) -> Self {
        let mut set = ValueSet::none();
        set.list(value);
        set
    }

    pub(crate) fn list(&mut self, value: ValueId) {
        let word = value as usize / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (value % 64);
    }

    pub(crate) fn lists(&self, value: ValueId) -> bool {
        self.bits.get(value as usize / 64).is_some_and(|word| word >> (value % 64) & 1 == 1)
    }

    /// Listed values in id order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = ValueId> {
        self.bits.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    index as ValueId * 64 + bit
                })
            })
        })
    }

    pub(crate) fn listed_count(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }

    /// The only admitted value, if there is exactly one.
    pub(crate) fn single(&self) -> Option<ValueId> {
        if self.open || self.listed_count() != 1 {
            return None;
        }
        self.listed().next()
    }

    /// Whether the key must be absent.
    pub(crate) fn is_none(&self) -> bool {
        !self.open && self.bits.is_empty()
    }

    /// Whether it is `Exists` or a lone bound, `NotIn` or `DoesNotExist` and so on: the two that an absent key
    /// satisfies are `NotIn` and `DoesNotExist`.
    pub(crate) fn tolerates_absence(&self) -> bool {
        self.open != self.bits.is_empty()
    }

    /// Whether bounds are part of it.
    pub(crate) fn is_bounded(&self) -> bool {
        self.low.is_some() || self.high.is_some()
    }

    /// Adds the listed values of another closed set.
    pub(crate) fn list_all(&mut self, other: &ValueSet) {
        for value in other.listed() {
            self.list(value);
        }
    }

    fn zip(&self, other: &ValueSet, op: fn(u64, u64) -> u64) -> ValueSet {
        let len = self.bits.len().max(other.bits.len());
        let word = |set: &ValueSet, at: usize| set.bits.get(at).copied().unwrap_or(0);
        let mut bits: SmallVec<[u64; 2]> = (0..len).map(|at| op(word(self, at), word(other, at))).collect();
        while bits.last() == Some(&0) {
            bits.pop();
        }
        ValueSet { open: false, low: None, high: None, bits }
    }

    fn filter(&self, keep: impl Fn(ValueId) -> bool) -> ValueSet {
        let mut kept = ValueSet::none();
        for value in self.listed().filter(|v| keep(*v)) {
            kept.list(value);
        }
        kept
    }
}

/// Whether a key is the node's own name, which is compared apart from other labels.
pub(crate) fn is_hostname(key: &LabelKey) -> bool {
    key.as_str() == keys::HOSTNAME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Operator;

    fn samples() -> Vec<Allowed> {
        let lists: [&[&str]; 6] = [&[], &["a"], &["1"], &["9"], &["a", "b"], &["1", "9", "a"]];
        let mut all = Vec::new();
        for values in lists {
            for operator in [Operator::In, Operator::NotIn] {
                all.push(Requirement::from_expression("k", operator, values).unwrap().allowed);
            }
        }
        for value in ["0", "1", "9"] {
            for operator in [Operator::Gt, Operator::Lt, Operator::Gte, Operator::Lte] {
                all.push(Requirement::from_expression("k", operator, &[value]).unwrap().allowed);
            }
        }
        let narrowed: Vec<Allowed> = all.iter().flat_map(|a| all.iter().map(|b| a.narrow(b))).collect();
        all.extend(narrowed);
        all
    }

    #[test]
    fn the_compiled_algebra_equals_the_readable_one() {
        let mut universe = Universe::default();
        let key = universe.key(&LabelKey::new("k"));
        let all = samples();
        for a in all.iter().step_by(3) {
            let compiled_a = universe.compile_allowed(key, a);
            assert_eq!(&universe.decompile(key, &compiled_a), a);
            for b in &all {
                let compiled_b = universe.compile_allowed(key, b);
                let expected = a.narrow(b);
                let narrowed = universe.narrow(key, &compiled_a, &compiled_b);
                assert_eq!(universe.decompile(key, &narrowed), expected, "{a:?} {b:?}");
                assert_eq!(narrowed, universe.compile_allowed(key, &expected), "one form for {a:?} {b:?}");
                assert_eq!(universe.meets(key, &compiled_a, &compiled_b), a.meets(b), "{a:?} {b:?}");
            }
            assert_eq!(compiled_a.tolerates_absence(), a.tolerates_absence(), "{a:?}");
            assert_eq!(compiled_a.is_none(), a.is_none(), "{a:?}");
        }
    }
}
