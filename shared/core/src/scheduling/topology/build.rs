//! Turning a pod's rules into shared groups, and counting the cluster for a group that is new (scheduling 5.2).

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::super::sets::{SetId, Sets};
use super::super::template::Template;
use super::super::values::{Universe, is_hostname};
use super::cluster::ClusterPods;
use super::domains::Domains;
use super::{
    DomainKey, FilterId, Group, GroupId, Identity, LabelSet, LabelSetId, NodeFilter, Place, RuleKind,
    Topology,
};
use crate::model::{
    Expression, LabelKey, LabelSelector, Labels, Operator, PodSpec, PodTerm, TopologySpread,
    WhenUnsatisfiable,
};

/// What building groups needs to look at.
pub(crate) struct Surroundings<'a> {
    pub(crate) universe: &'a mut Universe,
    pub(crate) sets: &'a mut Sets,
    pub(crate) templates: &'a [Template],
    pub(crate) cluster: &'a ClusterPods,
    pub(crate) namespaces: &'a BTreeMap<Arc<str>, Labels>,
    /// Whether preferences are looked at.
    pub(crate) respect_preferences: bool,
}

/// A pod's own side while its rules are built.
pub(crate) struct RuleOwner<'a> {
    pub(crate) namespace: &'a Arc<str>,
    pub(crate) labels: &'a Labels,
    pub(crate) spec: &'a PodSpec,
    /// Its node selector with each required alternative, compiled.
    pub(crate) node_alternatives: &'a [SetId],
}

impl Topology {
    /// Interns namespace and labels, and finds the rules that speak of them.
    pub(crate) fn label_set(&mut self, namespace: &Arc<str>, labels: &Arc<Labels>) -> LabelSetId {
        let key = (namespace.clone(), labels.clone());
        if let Some(id) = self.label_set_ids.get(&key) {
            return *id;
        }
        let mut set = LabelSet {
            namespace: namespace.clone(),
            labels: labels.clone(),
            counted_by: Vec::new(),
            kept_off_by: Vec::new(),
        };
        for (id, group) in self.groups.iter().enumerate() {
            if Self::covers(&group.identity, &set) {
                let list = if group.identity.inverse { &mut set.kept_off_by } else { &mut set.counted_by };
                list.push(id);
            }
        }
        self.label_sets.push(set);
        self.label_set_ids.insert(key, self.label_sets.len() - 1);
        self.label_sets.len() - 1
    }

    /// Groups a pod's rules belong to: those that constrain it, and the mirrors of its required anti-affinity.
    pub(crate) fn build(
        &mut self,
        around: &mut Surroundings<'_>,
        owner: &RuleOwner<'_>,
    ) -> (Vec<GroupId>, Vec<GroupId>) {
        let (mut owned, mut inverse) = (Vec::new(), Vec::new());
        for term in &owner.spec.required_anti_affinity {
            inverse.push(self.term_group(around, owner, (term, RuleKind::AntiAffinity, true)));
        }
        for spread in &owner.spec.topology_spread {
            if around.respect_preferences || spread.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule {
                owned.push(self.spread_group(around, owner, spread));
            }
        }
        let spec = owner.spec;
        let preferred = around.respect_preferences;
        let affinity = spec.preferred_affinity.iter().filter(|_| preferred).map(|t| &t.term);
        for term in spec.required_affinity.iter().chain(affinity) {
            owned.push(self.term_group(around, owner, (term, RuleKind::Affinity, false)));
        }
        let anti = spec.preferred_anti_affinity.iter().filter(|_| preferred).map(|t| &t.term);
        for term in spec.required_anti_affinity.iter().chain(anti) {
            owned.push(self.term_group(around, owner, (term, RuleKind::AntiAffinity, false)));
        }
        for list in [&mut owned, &mut inverse] {
            list.sort_unstable();
            list.dedup();
        }
        (owned, inverse)
    }

    fn spread_group(
        &mut self,
        around: &mut Surroundings<'_>,
        owner: &RuleOwner<'_>,
        spread: &TopologySpread,
    ) -> GroupId {
        let selector = spread.selector.clone().map(|mut selector| {
            for key in &spread.match_label_keys {
                if let Some(value) = owner.labels.get(key) {
                    let (key, values) = (key.clone(), vec![value.clone()]);
                    selector.match_expressions.push(Expression { key, operator: Operator::In, values });
                }
            }
            normalised(selector)
        });
        let filter = NodeFilter {
            alternatives: spread.honor_node_affinity.then(|| owner.node_alternatives.to_vec()),
            tolerations: spread.honor_node_taints.then(|| owner.spec.tolerations.clone()),
        };
        let filter = self.filter_id(filter);
        let identity = Identity {
            kind: RuleKind::Spread,
            key: domain_key(around.universe, &spread.topology_key),
            inverse: false,
            namespaces: vec![owner.namespace.clone()],
            selector,
            max_skew: spread.max_skew,
            min_domains: spread.min_domains,
            filter: Some(filter),
        };
        let all_taints = !spread.honor_node_taints;
        self.group_id(around, owner, identity, (all_taints, &spread.topology_key))
    }

    fn term_group(
        &mut self,
        around: &mut Surroundings<'_>,
        owner: &RuleOwner<'_>,
        (term, kind, inverse): (&PodTerm, RuleKind, bool),
    ) -> GroupId {
        let identity = Identity {
            kind,
            key: domain_key(around.universe, &term.topology_key),
            inverse,
            namespaces: namespaces_of(term, owner.namespace, around.namespaces),
            selector: term.selector.clone().map(normalised),
            max_skew: i32::MAX,
            min_domains: None,
            filter: None,
        };
        self.group_id(around, owner, identity, (false, &term.topology_key))
    }

    fn filter_id(&mut self, filter: NodeFilter) -> FilterId {
        if let Some(id) = self.filter_ids.get(&filter) {
            return *id;
        }
        self.filters.push(filter.clone());
        self.filter_ids.insert(filter, self.filters.len() - 1);
        self.filters.len() - 1
    }

    fn group_id(
        &mut self,
        around: &mut Surroundings<'_>,
        owner: &RuleOwner<'_>,
        identity: Identity,
        (all_taints, raw_key): (bool, &Arc<str>),
    ) -> GroupId {
        if let Some(id) = self.ids.get(&identity) {
            return *id;
        }
        let id = self.groups.len();
        let known = match identity.key {
            DomainKey::Host => super::ValueSet::none(),
            DomainKey::Label(key) => {
                let domains = self.domains.entry(key).or_insert_with(|| {
                    Rc::new(Domains::collect(key, around.templates, around.universe, around.sets))
                });
                if all_taints { domains.all() } else { domains.tolerated(&owner.spec.tolerations) }
            }
        };
        for set in &mut self.label_sets {
            if Self::covers(&identity, set) {
                let list = if identity.inverse { &mut set.kept_off_by } else { &mut set.counted_by };
                list.push(id);
            }
        }
        self.ids.insert(identity.clone(), id);
        self.groups.push(Group::new(identity, known));
        if !self.groups[id].identity.inverse {
            self.count_cluster(id, around, raw_key);
        }
        id
    }

    /// Counts running pods for a new group, and makes the domains of nodes that stay known.
    fn count_cluster(&mut self, id: GroupId, around: &mut Surroundings<'_>, raw_key: &Arc<str>) {
        let passes: Vec<bool> = around
            .cluster
            .nodes
            .iter()
            .map(|node| match self.groups[id].identity.filter {
                Some(filter) => {
                    let place = Place { set: node.set, host: node.host, taints: &node.taints };
                    self.filter_passes(filter, around.universe, around.sets, &place)
                }
                None => true,
            })
            .collect();
        for (at, (node, passes)) in around.cluster.nodes.iter().zip(&passes).enumerate() {
            if let (DomainKey::Label(key), Some(value)) =
                (self.groups[id].identity.key, node.labels.get(raw_key))
                && node.has_node
                && around.cluster.stays(at)
                && *passes
            {
                let value = around.universe.value(key, value);
                self.groups[id].know(value);
            }
        }
        for running in around.cluster.running() {
            if passes[running.node]
                && Self::covers(&self.groups[id].identity, &self.label_sets[running.label_set])
            {
                self.count_running(id, around, raw_key, (running.node, running.pods));
            }
        }
    }

    fn count_running(
        &mut self,
        id: GroupId,
        around: &mut Surroundings<'_>,
        raw_key: &Arc<str>,
        (node, pods): (usize, i32),
    ) {
        let facts = &around.cluster.nodes[node];
        match self.groups[id].identity.key {
            DomainKey::Host => self.groups[id].add(facts.host, pods),
            DomainKey::Label(key) => {
                if let Some(value) = facts.labels.get(raw_key) {
                    let value = around.universe.value(key, value);
                    self.groups[id].add(value as usize, pods);
                }
            }
        }
    }

    /// Mirrors the required anti-affinity of a pod that runs already (scheduling 5.10, source i).
    pub(crate) fn mirror_running(
        &mut self,
        around: &mut Surroundings<'_>,
        owner: &RuleOwner<'_>,
        node: usize,
    ) {
        for term in &owner.spec.required_anti_affinity {
            let id = self.term_group(around, owner, (term, RuleKind::AntiAffinity, true));
            self.count_running(id, around, &term.topology_key, (node, 1));
        }
    }
}

fn domain_key(universe: &mut Universe, key: &str) -> DomainKey {
    let key = LabelKey::new(key);
    if is_hostname(&key) { DomainKey::Host } else { DomainKey::Label(universe.key(&key)) }
}

/// Namespaces a term speaks of; its own only when it names none.
fn namespaces_of(term: &PodTerm, own: &Arc<str>, all: &BTreeMap<Arc<str>, Labels>) -> Vec<Arc<str>> {
    let mut namespaces = term.namespaces.clone();
    match &term.namespace_selector {
        Some(selector) => {
            namespaces
                .extend(all.iter().filter(|(_, labels)| selector.matches(labels)).map(|(n, _)| n.clone()));
        }
        None if namespaces.is_empty() => namespaces.push(own.clone()),
        None => {}
    }
    namespaces.sort();
    namespaces.dedup();
    namespaces
}

/// One form for selectors that say the same: the order of expressions and doubled ones do not matter.
fn normalised(mut selector: LabelSelector) -> LabelSelector {
    for expression in &mut selector.match_expressions {
        expression.values.sort();
        expression.values.dedup();
    }
    selector.match_expressions.sort();
    selector.match_expressions.dedup();
    selector
}
