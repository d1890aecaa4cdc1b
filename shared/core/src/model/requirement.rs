//! Requirements on labels as a set algebra with laws (scheduling 4): which values does a key admit, and what
//! is left when two requirements meet?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{LabelKey, Labels};

/// The operators manifests may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// One of the values.
    In,
    /// None of the values; the key may be absent.
    NotIn,
    /// Any value.
    Exists,
    /// The key is absent.
    DoesNotExist,
    /// An integer above the value.
    Gt,
    /// An integer below the value.
    Lt,
    /// An integer not below the value.
    Gte,
    /// An integer not above the value.
    Lte,
}

impl Operator {
    /// Reads the operator as manifests spell it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            "Gte" => Operator::Gte,
            "Lte" => Operator::Lte,
            _ => return None,
        })
    }

    /// As manifests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            Operator::Gt => "Gt",
            Operator::Lt => "Lt",
            Operator::Gte => "Gte",
            Operator::Lte => "Lte",
        }
    }
}

/// The values a key may have. `Only` of nothing means the key must be absent; that is also what an impossible
/// meeting of two requirements comes to (scheduling 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "super::record::WrittenAllowed", into = "super::record::WrittenAllowed")]
pub enum Allowed {
    /// One of these.
    Only(BTreeSet<Arc<str>>),
    /// Anything but these; with a bound, only integers within it.
    AllBut {
        /// Refused values.
        except: BTreeSet<Arc<str>>,
        /// Smallest integer admitted.
        at_least: Option<i64>,
        /// Largest integer admitted.
        at_most: Option<i64>,
    },
}

/// A requirement that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// The numeric operators take exactly one non-negative integer.
    #[error("operator {operator} needs exactly one non-negative integer, got {values:?}")]
    NotAnInteger {
        /// The operator as written.
        operator: &'static str,
        /// The values as written.
        values: Vec<String>,
    },
}

fn within(value: &str, at_least: Option<i64>, at_most: Option<i64>) -> bool {
    if at_least.is_none() && at_most.is_none() {
        return true;
    }
    let Ok(number) = value.parse::<i64>() else { return false };
    at_least.is_none_or(|low| number >= low) && at_most.is_none_or(|high| number <= high)
}

fn tighter<T: Ord>(a: Option<T>, b: Option<T>, pick: fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (a, b) => a.or(b),
    }
}

impl Allowed {
    /// Every value, and the key must be there.
    pub const fn any() -> Self {
        Allowed::AllBut { except: BTreeSet::new(), at_least: None, at_most: None }
    }

    /// No value: the key must be absent.
    pub const fn none() -> Self {
        Allowed::Only(BTreeSet::new())
    }

    /// Exactly one value.
    pub fn one(value: &str) -> Self {
        Allowed::Only(BTreeSet::from([value.into()]))
    }

    /// Whether a value is admitted.
    pub fn admits(&self, value: &str) -> bool {
        match self {
            Allowed::Only(values) => values.contains(value),
            Allowed::AllBut { except, at_least, at_most } => {
                !except.contains(value) && within(value, *at_least, *at_most)
            }
        }
    }

    /// What both admit (scheduling 4.4).
    #[must_use]
    pub fn narrow(&self, other: &Allowed) -> Allowed {
        match (self, other) {
            (Allowed::Only(a), b) => Allowed::Only(a.iter().filter(|v| b.admits(v)).cloned().collect()),
            (a, Allowed::Only(b)) => Allowed::Only(b.iter().filter(|v| a.admits(v)).cloned().collect()),
            (
                Allowed::AllBut { except: a, at_least: a_low, at_most: a_high },
                Allowed::AllBut { except: b, at_least: b_low, at_most: b_high },
            ) => {
                let at_least = tighter(*a_low, *b_low, i64::max);
                let at_most = tighter(*a_high, *b_high, i64::min);
                if let (Some(low), Some(high)) = (at_least, at_most)
                    && low > high
                {
                    return Allowed::none();
                }
                let except = a.union(b).filter(|v| within(v, at_least, at_most)).cloned().collect();
                Allowed::AllBut { except, at_least, at_most }
            }
        }
    }

    /// Whether both admit something. Two open sets always count as meeting unless their bounds contradict.
    pub fn meets(&self, other: &Allowed) -> bool {
        !self.narrow(other).is_none()
    }

    /// Whether both can hold of one object: they meet, or an absent key satisfies both (scheduling 4.6).
    pub fn goes_with(&self, other: &Allowed) -> bool {
        self.meets(other) || (self.tolerates_absence() && other.tolerates_absence())
    }

    /// Whether the key must be absent.
    pub fn is_none(&self) -> bool {
        matches!(self, Allowed::Only(values) if values.is_empty())
    }

    /// Whether an absent key satisfies it (`NotIn` and `DoesNotExist`).
    pub fn tolerates_absence(&self) -> bool {
        matches!(self.operator(), Operator::NotIn | Operator::DoesNotExist)
    }

    /// The operator it prints as: `Gt` and `Lt` print as `Exists` with a bound.
    pub fn operator(&self) -> Operator {
        match self {
            Allowed::Only(values) if values.is_empty() => Operator::DoesNotExist,
            Allowed::Only(_) => Operator::In,
            Allowed::AllBut { except, .. } if except.is_empty() => Operator::Exists,
            Allowed::AllBut { .. } => Operator::NotIn,
        }
    }

    /// The listed values: admitted ones of `Only`, refused ones of `AllBut`.
    pub fn values(&self) -> &BTreeSet<Arc<str>> {
        match self {
            Allowed::Only(values) => values,
            Allowed::AllBut { except, .. } => except,
        }
    }
}

/// One key's requirement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// The label key.
    pub key: LabelKey,
    /// Its admitted values.
    pub allowed: Allowed,
    /// How many distinct values must stay available to choose from.
    pub min_values: Option<u32>,
}

impl Requirement {
    /// A requirement without a flexibility floor.
    pub fn new(key: impl Into<LabelKey>, allowed: Allowed) -> Self {
        Requirement { key: key.into(), allowed, min_values: None }
    }

    /// Reads the form manifests use.
    ///
    /// # Errors
    /// A numeric operator without exactly one non-negative integer.
    pub fn from_expression<S: AsRef<str>>(
        key: &str,
        operator: Operator,
        values: &[S],
    ) -> Result<Self, RequirementError> {
        let set = || values.iter().map(|v| v.as_ref().into()).collect::<BTreeSet<Arc<str>>>();
        let open = |except, at_least, at_most| Allowed::AllBut { except, at_least, at_most };
        let number = || {
            match values {
                [one] => one.as_ref().parse::<i64>().ok().filter(|n| *n >= 0),
                _ => None,
            }
            .ok_or_else(|| RequirementError::NotAnInteger {
                operator: operator.as_str(),
                values: values.iter().map(|v| v.as_ref().to_owned()).collect(),
            })
        };
        let allowed = match operator {
            Operator::In => Allowed::Only(set()),
            Operator::NotIn => open(set(), None, None),
            Operator::Exists => Allowed::any(),
            Operator::DoesNotExist => Allowed::none(),
            Operator::Gt => match number()?.checked_add(1) {
                Some(low) => open(BTreeSet::new(), Some(low), None),
                None => Allowed::none(),
            },
            Operator::Lt => open(BTreeSet::new(), None, Some(number()? - 1)),
            Operator::Gte => open(BTreeSet::new(), Some(number()?), None),
            Operator::Lte => open(BTreeSet::new(), None, Some(number()?)),
        };
        Ok(Requirement::new(key, allowed))
    }
}

impl fmt::Display for Requirement {
    /// `key In [a b]`; more than five values are counted, not listed (scheduling 4.8).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.allowed.operator().as_str())?;
        let values = self.allowed.values();
        if !values.is_empty() {
            let shown: Vec<&str> = values.iter().take(5).map(|v| &**v).collect();
            write!(f, " [{}", shown.join(" "))?;
            match values.len().checked_sub(5) {
                Some(more) if more > 0 => write!(f, " and {more} others]")?,
                _ => f.write_str("]")?,
            }
        }
        if let Allowed::AllBut { at_least, at_most, .. } = &self.allowed {
            at_least.map_or(Ok(()), |low| write!(f, " >={low}"))?;
            at_most.map_or(Ok(()), |high| write!(f, " <={high}"))?;
        }
        self.min_values.map_or(Ok(()), |floor| write!(f, " minValues {floor}"))
    }
}

/// Requirements by key, in key order; adding one narrows what is already there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requirements(BTreeMap<LabelKey, Requirement>);

impl Requirements {
    /// No requirement at all.
    pub const fn new() -> Self {
        Requirements(BTreeMap::new())
    }

    /// Labels read as requirements of exactly one value each.
    pub fn from_labels(labels: &Labels) -> Self {
        labels.iter().map(|(key, value)| Requirement::new(&**key, Allowed::one(value))).collect()
    }

    /// Adds one, narrowing an existing requirement on the same key; the larger flexibility floor wins.
    pub fn add(&mut self, requirement: Requirement) {
        match self.0.get_mut(&requirement.key) {
            Some(present) => {
                present.allowed = present.allowed.narrow(&requirement.allowed);
                present.min_values = tighter(present.min_values, requirement.min_values, u32::max);
            }
            None => {
                self.0.insert(requirement.key.clone(), requirement);
            }
        }
    }

    /// Adds all of another set.
    pub fn add_all(&mut self, other: &Requirements) {
        for requirement in other.iter() {
            self.add(requirement.clone());
        }
    }

    /// The requirement on a key, if there is one.
    pub fn get(&self, key: &str) -> Option<&Requirement> {
        self.0.get(key)
    }

    /// Removes and returns the requirement on a key.
    pub fn remove(&mut self, key: &str) -> Option<Requirement> {
        self.0.remove(key)
    }

    /// Requirements in key order.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.values()
    }

    /// How many keys are constrained.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is constrained.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first key on which the two cannot meet (scheduling 4.6, `Intersects`).
    pub fn conflict_with(&self, incoming: &Requirements) -> Option<LabelKey> {
        incoming.iter().find_map(|theirs| {
            let ours = self.get(theirs.key.as_str())?;
            (!ours.allowed.goes_with(&theirs.allowed)).then(|| theirs.key.clone())
        })
    }

    /// The first key of `incoming` that this side does not define although a value is asked for
    /// (scheduling 4.6, `Compatible`); well-known keys are let pass when `well_known_may_be_undefined`.
    pub fn undefined_for(
        &self,
        incoming: &Requirements,
        well_known_may_be_undefined: bool,
    ) -> Option<LabelKey> {
        let undefined = |r: &&Requirement| {
            !(well_known_may_be_undefined && r.key.is_well_known())
                && self.get(r.key.as_str()).is_none()
                && !r.allowed.tolerates_absence()
        };
        incoming.iter().find(undefined).map(|r| r.key.clone())
    }

    /// Whether `incoming` (the pod's side) can be satisfied on this side (the node's).
    pub fn is_compatible(&self, incoming: &Requirements, well_known_may_be_undefined: bool) -> bool {
        self.undefined_for(incoming, well_known_may_be_undefined).is_none()
            && self.conflict_with(incoming).is_none()
    }
}

impl FromIterator<Requirement> for Requirements {
    fn from_iter<I: IntoIterator<Item = Requirement>>(requirements: I) -> Self {
        let mut set = Requirements::new();
        for requirement in requirements {
            set.add(requirement);
        }
        set
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.iter().enumerate() {
            write!(f, "{}{requirement}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operator::*;

    fn requirement(operator: Operator, values: &[&str]) -> Requirement {
        Requirement::from_expression("k", operator, values).unwrap()
    }

    /// All requirements over small values that the laws are tried on.
    fn samples() -> Vec<Allowed> {
        let sets: [&[&str]; 7] = [&[], &["a"], &["1"], &["9"], &["a", "b"], &["1", "2"], &["1", "9", "a"]];
        let mut all: Vec<Allowed> = sets
            .iter()
            .flat_map(|s| [requirement(In, s), requirement(NotIn, s)])
            .map(|r| r.allowed)
            .collect();
        for n in ["0", "1", "2", "9"] {
            all.extend([Gt, Lt, Gte, Lte].map(|op| requirement(op, &[n]).allowed));
        }
        let pairs: Vec<Allowed> = all.iter().flat_map(|a| all.iter().map(move |b| a.narrow(b))).collect();
        all.extend(pairs);
        all
    }

    #[test]
    fn narrowing_admits_exactly_what_both_admit() {
        let values = ["0", "1", "2", "3", "5", "9", "10", "a", "b", "z", "-1"];
        let all = samples();
        for a in all.iter().take(60) {
            for b in &all {
                let both = a.narrow(b);
                for v in values {
                    assert_eq!(both.admits(v), a.admits(v) && b.admits(v), "{a:?} {b:?} {v}");
                }
                assert_eq!(both, b.narrow(a), "commutes: {a:?} {b:?}");
                assert_eq!(both.narrow(b), both, "absorbs: {a:?} {b:?}");
            }
            assert_eq!(&a.narrow(&Allowed::any()), a, "Exists is neutral for {a:?}");
            assert!(a.narrow(&Allowed::none()).is_none(), "DoesNotExist absorbs {a:?}");
        }
    }

    #[test]
    fn narrowing_is_associative() {
        let all = samples();
        for a in all.iter().step_by(7) {
            for b in all.iter().step_by(5) {
                for c in all.iter().step_by(11) {
                    assert_eq!(a.narrow(b).narrow(c), a.narrow(&b.narrow(c)), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }

    #[track_caller]
    fn check_print(a: (Operator, &[&str]), b: (Operator, &[&str]), expected: &str) {
        let mut set = Requirements::new();
        set.add(requirement(a.0, a.1));
        set.add(requirement(b.0, b.1));
        assert_eq!(set.to_string(), expected);
    }

    #[test]
    fn meetings_print_as_the_reference_lists_them() {
        check_print((In, &["a", "b"]), (NotIn, &["a"]), "k In [b]");
        check_print((NotIn, &["a"]), (NotIn, &["b"]), "k NotIn [a b]");
        check_print((In, &["1", "9"]), (Gt, &["1"]), "k In [9]");
        check_print((Gt, &["1"]), (Lt, &["9"]), "k Exists >=2 <=8");
        check_print((Gt, &["9"]), (Lt, &["1"]), "k DoesNotExist");
        check_print((NotIn, &["1", "2"]), (Gt, &["1"]), "k NotIn [2] >=2");
        check_print((In, &["a"]), (Gt, &["1"]), "k DoesNotExist");
    }

    #[test]
    fn an_absent_key_satisfies_only_notin_and_doesnotexist_unless_it_is_well_known() {
        let node = Requirements::new();
        let wants = |key: &str, op, values: &[&str]| -> Requirements {
            [Requirement::from_expression(key, op, values).unwrap()].into_iter().collect()
        };
        for (op, values, custom) in [(In, vec!["v"], false), (Exists, vec![], false), (Gt, vec!["1"], false)]
        {
            assert_eq!(node.is_compatible(&wants("team", op, &values), true), custom, "{op:?}");
            assert!(node.is_compatible(&wants("topology.kubernetes.io/zone", op, &values), true));
            assert!(!node.is_compatible(&wants("topology.kubernetes.io/zone", op, &values), false));
        }
        assert!(node.is_compatible(&wants("team", NotIn, &["v"]), false));
        assert!(node.is_compatible(&wants("team", DoesNotExist, &[]), false));
    }
}
