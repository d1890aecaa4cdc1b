//! Taints and tolerations: may a pod go where a taint says no?

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a taint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaintEffect {
    /// New pods stay away.
    NoSchedule,
    /// New pods stay away if they can.
    PreferNoSchedule,
    /// Running pods leave too.
    NoExecute,
}

impl TaintEffect {
    /// Reads the effect as manifests spell it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "NoSchedule" => TaintEffect::NoSchedule,
            "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
            "NoExecute" => TaintEffect::NoExecute,
            _ => return None,
        })
    }

    /// As manifests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            TaintEffect::NoSchedule => "NoSchedule",
            TaintEffect::PreferNoSchedule => "PreferNoSchedule",
            TaintEffect::NoExecute => "NoExecute",
        }
    }
}

/// A taint of a node or a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Taint {
    /// Its key.
    pub key: Arc<str>,
    /// Its value; empty when there is none.
    pub value: Arc<str>,
    /// What it does.
    pub effect: TaintEffect,
}

impl Taint {
    /// Whether it is the same taint, whatever its value.
    pub fn matches(&self, other: &Taint) -> bool {
        self.key == other.key && self.effect == other.effect
    }

    /// Whether it goes away by itself while a node starts (scheduling 9.3).
    pub fn is_ephemeral(&self) -> bool {
        use TaintEffect::{NoExecute, NoSchedule};
        self.key.starts_with("readiness.k8s.io/")
            || matches!(
                (&*self.key, self.effect),
                ("node.kubernetes.io/not-ready", NoSchedule | NoExecute)
                    | ("node.kubernetes.io/unreachable", NoSchedule)
                    | ("node.cloudprovider.kubernetes.io/uninitialized", NoSchedule)
                    | (super::keys::UNREGISTERED_TAINT, NoExecute)
            )
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equals = if self.value.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}:{}", self.key, self.value, self.effect.as_str())
    }
}

/// How a toleration compares values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TolerationOperator {
    /// Same value.
    Equal,
    /// Any value.
    Exists,
    /// The taint's integer is above the toleration's.
    Gt,
    /// The taint's integer is below the toleration's.
    Lt,
}

/// A pod's toleration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// The tolerated key; `None` with `Exists` tolerates every key.
    pub key: Option<Arc<str>>,
    /// How values compare.
    pub operator: TolerationOperator,
    /// The value compared with.
    pub value: Arc<str>,
    /// The tolerated effect; `None` tolerates all.
    pub effect: Option<TaintEffect>,
}

impl Toleration {
    /// The one that the last step of relaxation adds (scheduling 2.4, step 6).
    pub const fn prefer_no_schedule(empty: Arc<str>) -> Self {
        Toleration {
            key: None,
            operator: TolerationOperator::Exists,
            value: empty,
            effect: Some(TaintEffect::PreferNoSchedule),
        }
    }

    /// Whether it covers the taint.
    pub fn covers(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        match &self.key {
            Some(key) if *key != taint.key => return false,
            None if self.operator != TolerationOperator::Exists => return false,
            _ => {}
        }
        let compare = |holds: fn(i64, i64) -> bool| match (taint.value.parse(), self.value.parse()) {
            (Ok(taint), Ok(own)) => holds(taint, own),
            _ => false,
        };
        match self.operator {
            TolerationOperator::Exists => true,
            TolerationOperator::Equal => self.value == taint.value,
            TolerationOperator::Gt => compare(|taint, own| taint > own),
            TolerationOperator::Lt => compare(|taint, own| taint < own),
        }
    }
}

/// The taints that none of the tolerations covers.
pub fn untolerated<'a>(
    taints: &'a [Taint],
    tolerations: &'a [Toleration],
) -> impl Iterator<Item = &'a Taint> {
    taints.iter().filter(|taint| !tolerations.iter().any(|t| t.covers(taint)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(text: &str) -> Taint {
        let (left, effect) = text.split_once(':').unwrap();
        let (key, value) = left.split_once('=').unwrap_or((left, ""));
        Taint { key: key.into(), value: value.into(), effect: TaintEffect::parse(effect).unwrap() }
    }

    fn toleration(
        key: Option<&str>,
        operator: TolerationOperator,
        value: &str,
        effect: Option<TaintEffect>,
    ) -> Toleration {
        Toleration { key: key.map(Into::into), operator, value: value.into(), effect }
    }

    #[test]
    fn tolerations_cover_by_key_value_and_effect() {
        use TolerationOperator::*;
        let node = taint("team=a:NoSchedule");
        for (candidate, covers) in [
            (toleration(Some("team"), Equal, "a", Some(TaintEffect::NoSchedule)), true),
            (toleration(Some("team"), Equal, "a", None), true),
            (toleration(Some("team"), Equal, "b", None), false),
            (toleration(Some("team"), Equal, "a", Some(TaintEffect::NoExecute)), false),
            (toleration(Some("team"), Exists, "", None), true),
            (toleration(None, Exists, "", None), true),
            (toleration(None, Equal, "a", None), false),
            (toleration(Some("other"), Exists, "", None), false),
        ] {
            assert_eq!(candidate.covers(&node), covers, "{candidate:?}");
        }
        let numeric = taint("sla=950:NoSchedule");
        assert!(toleration(Some("sla"), Gt, "900", None).covers(&numeric));
        assert!(!toleration(Some("sla"), Lt, "900", None).covers(&numeric));
        assert!(!toleration(Some("sla"), Gt, "high", None).covers(&numeric));
    }

    #[test]
    fn taints_print_without_an_empty_value() {
        assert_eq!(taint("a=b:NoSchedule").to_string(), "a=b:NoSchedule");
        assert_eq!(taint("a:NoExecute").to_string(), "a:NoExecute");
    }
}
