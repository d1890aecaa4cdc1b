//! One topology rule with its counts: how many matching pods are in which domain, and which domain may take
//! one more (scheduling 5.1, 5.7 to 5.9)?

use std::sync::Arc;

use super::super::values::{KeyId, Universe, ValueId, ValueSet};
use super::domains::Domains;
use crate::model::LabelSelector;

/// What the rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RuleKind {
    /// Even spread within a skew.
    Spread,
    /// Next to matching pods.
    Affinity,
    /// Away from matching pods.
    AntiAffinity,
}

/// What makes a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DomainKey {
    /// Each node by itself.
    Host,
    /// Nodes with the same value of a label.
    Label(KeyId),
}

/// A node as a host-name domain: state nodes first, then claims as they are opened.
pub(crate) type HostId = usize;

/// Index of an interned node filter; see `Topology`.
pub(crate) type FilterId = usize;

/// What two pods must have in common to share a group and its counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) kind: RuleKind,
    pub(crate) key: DomainKey,
    /// Whether it is the mirror of other pods' required anti-affinity.
    pub(crate) inverse: bool,
    /// Sorted.
    pub(crate) namespaces: Vec<Arc<str>>,
    pub(crate) selector: Option<LabelSelector>,
    pub(crate) max_skew: i32,
    /// Fewest domains to count on; part of the identity, so that each constraint keeps its own.
    pub(crate) min_domains: Option<i32>,
    pub(crate) filter: Option<FilterId>,
}

/// A rule with its counts.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) identity: Identity,
    /// Known domains of a label key.
    known: ValueSet,
    /// Matching pods by value or host.
    counts: Vec<i32>,
    /// Domains with at least one matching pod.
    occupied: usize,
    /// The domain that was chosen last, or has the most pods to begin with.
    last: Option<ValueId>,
}

/// What one candidate offers and what the pod itself restricts the rule to.
pub(crate) struct Question<'a> {
    pub(crate) universe: &'a Universe,
    pub(crate) key: KeyId,
    /// The pod's own strict requirement on the key.
    pub(crate) pod_domains: &'a ValueSet,
    /// The candidate's requirement on the key.
    pub(crate) node_domains: &'a ValueSet,
    /// Whether the rule counts the pod itself.
    pub(crate) selects_itself: bool,
    /// What the domains of the key are worth when a rule does not care.
    pub(crate) appeal: &'a Domains,
}

impl Group {
    pub(crate) fn new(identity: Identity, known: ValueSet) -> Self {
        Group { identity, known, counts: Vec::new(), occupied: 0, last: None }
    }

    pub(crate) fn count(&self, domain: usize) -> i32 {
        self.counts.get(domain).copied().unwrap_or(0)
    }

    /// Makes a label domain known without counting a pod.
    pub(crate) fn know(&mut self, value: ValueId) {
        self.known.list(value);
    }

    pub(crate) fn add(&mut self, domain: usize, pods: i32) {
        if self.counts.len() <= domain {
            self.counts.resize(domain + 1, 0);
        }
        self.occupied += usize::from(self.counts[domain] == 0 && pods > 0);
        self.counts[domain] += pods;
        if let DomainKey::Label(_) = self.identity.key {
            self.known.list(domain as ValueId);
            if pods == 1 || self.last.is_none_or(|last| self.count(domain) > self.count(last as usize)) {
                self.last = Some(domain as ValueId);
            }
        }
    }

    /// Counts for people, by name.
    pub(crate) fn describe(&self, universe: &Universe) -> String {
        let DomainKey::Label(key) = self.identity.key else {
            return format!("{} nodes with matching pods", self.occupied);
        };
        let mut domains: Vec<String> = self
            .known
            .listed()
            .map(|v| format!("{}: {}", universe.value_name(key, v), self.count(v as usize)))
            .collect();
        domains.sort();
        match domains.len() {
            0 => "no domain is known".to_owned(),
            1..=25 => domains.join(", "),
            _ => format!("{} and {} more", domains[..25].join(", "), domains.len() - 25),
        }
    }

    /// Whether one host may take the pod.
    pub(crate) fn admits_host(&self, host: HostId, selects_itself: bool, host_allowed: bool) -> bool {
        match self.identity.kind {
            // A new node can always be made, so the fewest pods on any host are none.
            RuleKind::Spread => self.count(host) + i32::from(selects_itself) <= self.identity.max_skew,
            RuleKind::AntiAffinity => self.count(host) == 0,
            RuleKind::Affinity => {
                host_allowed && (self.count(host) > 0 || (selects_itself && self.occupied == 0))
            }
        }
    }

    /// The label domains the pod may go to; closed, empty when there is none.
    pub(crate) fn admitted(&self, question: &Question<'_>) -> ValueSet {
        match self.identity.kind {
            RuleKind::Spread => self.spread(question),
            RuleKind::Affinity => self.affinity(question),
            RuleKind::AntiAffinity => self.filter(question, |count| count == 0),
        }
    }

    /// Known domains that both sides admit and whose count passes.
    fn filter(&self, q: &Question<'_>, passes: impl Fn(i32) -> bool) -> ValueSet {
        let mut admitted = ValueSet::none();
        for value in self.known.listed() {
            if passes(self.count(value as usize))
                && q.universe.admits(q.key, q.pod_domains, value)
                && q.universe.admits(q.key, q.node_domains, value)
            {
                admitted.list(value);
            }
        }
        admitted
    }

    /// Among domains that the rule holds equal: the cheaper one, then the one more pools can provide, then in
    /// turn by name. The reference takes whichever its map yields first.
    fn preference(&self, q: &Question<'_>, value: ValueId) -> impl Ord + use<> {
        let name = q.universe.value_name(q.key, value).clone();
        let had_its_turn = self.last.is_some_and(|last| name <= *q.universe.value_name(q.key, last));
        (q.appeal.rank(value), had_its_turn, name)
    }

    // behaviour: scheduling/spread-picks-the-emptiest-domain
    fn spread(&self, q: &Question<'_>) -> ValueSet {
        let itself = i32::from(q.selects_itself);
        let least = self.least_count(q);
        let fits = |value: &ValueId| {
            let count = i64::from(self.count(*value as usize) + itself);
            q.universe.admits(q.key, q.node_domains, *value)
                && count - i64::from(least) <= i64::from(self.identity.max_skew)
        };
        let best = self
            .known
            .listed()
            .filter(fits)
            .min_by_key(|v| (self.count(*v as usize), self.preference(q, *v)));
        best.map_or(ValueSet::none(), ValueSet::one)
    }

    /// The smallest count among the domains the pod itself admits; none at all when it wants more of them than
    /// there are.
    fn least_count(&self, q: &Question<'_>) -> i32 {
        let (mut least, mut domains) = (i32::MAX, 0);
        for value in self.known.listed().filter(|v| q.universe.admits(q.key, q.pod_domains, *v)) {
            least = least.min(self.count(value as usize));
            domains += 1;
        }
        if self.identity.min_domains.is_some_and(|wanted| domains < wanted) { 0 } else { least }
    }

    // behaviour: scheduling/affinity-starts-with-itself
    fn affinity(&self, q: &Question<'_>) -> ValueSet {
        let joined = self.filter(q, |count| count > 0);
        if !joined.is_none() || !q.selects_itself || !self.may_start(q) {
            return joined;
        }
        // Exactly one domain is chosen, so that the next pod knows where this one went.
        let free = self.filter(q, |_| true);
        let first = free.listed().min_by_key(|v| self.preference(q, *v));
        first.map_or(ValueSet::none(), ValueSet::one)
    }

    fn may_start(&self, q: &Question<'_>) -> bool {
        let occupied_and_admitted =
            |v: ValueId| self.count(v as usize) > 0 && q.universe.admits(q.key, q.pod_domains, v);
        self.occupied == 0 || !self.known.listed().any(occupied_and_admitted)
    }

    /// The known domains a requirement still leaves open.
    pub(crate) fn open_domains(&self, universe: &Universe, key: KeyId, values: &ValueSet) -> Vec<ValueId> {
        if !values.open {
            return values.listed().collect();
        }
        self.known.listed().filter(|v| universe.admits(key, values, *v)).collect()
    }
}
