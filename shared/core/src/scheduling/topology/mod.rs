//! Topology rules of all pods of a pass: who shares a rule, what counts for it, where may a pod go
//! (scheduling 5)?

mod build;
mod cluster;
mod domains;
mod group;

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

pub(crate) use build::{RuleOwner, Surroundings};
pub(crate) use cluster::{ClusterPods, NodeFacts};
pub(crate) use group::{DomainKey, FilterId, Group, HostId, Identity, Question, RuleKind};

use super::claim::admits_unnamed;
use super::sets::{SetId, Sets, Undefined};
use super::values::{KeyId, Universe, ValueSet};
use crate::model::{Labels, Taint, Toleration, untolerated};

/// Index of a group.
pub(crate) type GroupId = usize;
/// Index of an interned (namespace, labels) pair.
pub(crate) type LabelSetId = usize;

/// Namespace and labels that pods have in common, with the rules that count them.
#[derive(Debug, Clone)]
pub(crate) struct LabelSet {
    pub(crate) namespace: Arc<str>,
    pub(crate) labels: Arc<Labels>,
    /// Rules that count such pods.
    counted_by: Vec<GroupId>,
    /// Mirrored anti-affinity of other pods that such pods must keep away from.
    kept_off_by: Vec<GroupId>,
}

/// Which nodes a spread counts (scheduling 5.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NodeFilter {
    /// Any of these must be met; `None` counts all.
    pub(crate) alternatives: Option<Vec<SetId>>,
    /// All taints must be tolerated; `None` does not look at taints.
    pub(crate) tolerations: Option<Vec<Toleration>>,
}

/// All rules of a pass with their counts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Topology {
    groups: Vec<Group>,
    ids: FxHashMap<Identity, GroupId>,
    filters: Vec<NodeFilter>,
    filter_ids: FxHashMap<NodeFilter, FilterId>,
    filter_memo: FxHashMap<(FilterId, SetId), bool>,
    label_sets: Vec<LabelSet>,
    label_set_ids: FxHashMap<(Arc<str>, Arc<Labels>), LabelSetId>,
    domains: FxHashMap<KeyId, Rc<domains::Domains>>,
    /// Answers within one attempt: the same question is asked of candidate after candidate.
    asked: Vec<(GroupId, ValueSet, ValueSet)>,
}

/// What a pod's class brings to a topology question.
pub(crate) struct Asker<'a> {
    pub(crate) owned: &'a [GroupId],
    pub(crate) label_set: LabelSetId,
    /// Strict requirements: preferences must not restrict the domains that skew is measured over.
    pub(crate) strict: SetId,
    /// The strict requirement on the host name, if any.
    pub(crate) host_rule: Option<&'a ValueSet>,
}

/// Why a candidate is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopologyNo {
    /// This rule leaves nothing, now and for ever.
    Never(GroupId),
    /// This rule leaves nothing now.
    NotNow(GroupId),
}

/// What the rules add to a candidate's requirements.
pub(crate) type Tightened = SmallVec<[(KeyId, ValueSet); 2]>;

impl Topology {
    pub(crate) fn group(&self, id: GroupId) -> &Group {
        &self.groups[id]
    }

    /// Takes over the domains another pass over the same pools has collected.
    pub(crate) fn take_domains(&mut self, other: &mut Topology) {
        self.domains = std::mem::take(&mut other.domains);
    }

    /// Starts a new attempt: counts have changed or another pod asks.
    pub(crate) fn begin_attempt(&mut self) {
        self.asked.clear();
    }

    /// Whether a group's namespaces and selector cover a label set.
    fn covers(group: &Identity, label_set: &LabelSet) -> bool {
        group.namespaces.binary_search(&label_set.namespace).is_ok()
            && group.selector.as_ref().is_some_and(|s| s.matches(&label_set.labels))
    }

    fn selects(&self, group: GroupId, label_set: LabelSetId) -> bool {
        let set = &self.label_sets[label_set];
        let list = if self.groups[group].identity.inverse { &set.kept_off_by } else { &set.counted_by };
        list.binary_search(&group).is_ok()
    }

    /// What all rules concerning a pod leave of a candidate (scheduling 5.6). Every rule looks at the
    /// candidate as it was; rules that pick different domains of one key simply fail it.
    pub(crate) fn tighten(
        &mut self,
        world: (&Universe, &Sets),
        asker: &Asker<'_>,
        candidate: SetId,
        host: HostId,
    ) -> Result<Tightened, TopologyNo> {
        let mut tightened = Tightened::new();
        let kept_off = std::mem::take(&mut self.label_sets[asker.label_set].kept_off_by);
        let result = asker
            .owned
            .iter()
            .chain(&kept_off)
            .try_for_each(|id| self.tighten_by(*id, world, asker, (candidate, host, &mut tightened)));
        self.label_sets[asker.label_set].kept_off_by = kept_off;
        result.map(|()| tightened)
    }

    fn tighten_by(
        &mut self,
        id: GroupId,
        world: (&Universe, &Sets),
        asker: &Asker<'_>,
        (candidate, host, tightened): (SetId, HostId, &mut Tightened),
    ) -> Result<(), TopologyNo> {
        let group = &self.groups[id];
        let key = match group.identity.key {
            DomainKey::Host => return self.admit_host(id, asker, host),
            DomainKey::Label(key) => key,
        };
        let admitted = self.admitted(id, world, asker, (key, candidate));
        if admitted.is_none() {
            return Err(TopologyNo::NotNow(id));
        }
        match tightened.iter_mut().find(|(k, _)| *k == key) {
            Some((_, present)) => {
                *present = world.0.narrow(key, present, &admitted);
                if present.is_none() {
                    return Err(TopologyNo::NotNow(id));
                }
            }
            None => tightened.push((key, admitted)),
        }
        Ok(())
    }

    fn admit_host(&self, id: GroupId, asker: &Asker<'_>, host: HostId) -> Result<(), TopologyNo> {
        let group = &self.groups[id];
        let itself = group.identity.inverse || self.selects(id, asker.label_set);
        let allowed = admits_unnamed(asker.host_rule);
        if group.admits_host(host, itself, allowed) {
            Ok(())
        } else if group.identity.kind == RuleKind::Affinity {
            Err(TopologyNo::NotNow(id))
        } else {
            // Pods on a host only ever become more within a pass.
            Err(TopologyNo::Never(id))
        }
    }

    /// The domains a rule leaves of a candidate, asked once per attempt and set of domains.
    fn admitted(
        &mut self,
        id: GroupId,
        (universe, sets): (&Universe, &Sets),
        asker: &Asker<'_>,
        (key, candidate): (KeyId, SetId),
    ) -> ValueSet {
        const ANY: &ValueSet = &ValueSet::any();
        static NOWHERE: domains::Domains = domains::Domains::none();
        let node_domains = sets.get(candidate, key).unwrap_or(ANY);
        if let Some((_, _, answer)) =
            self.asked.iter().find(|(g, asked, _)| *g == id && asked == node_domains)
        {
            return answer.clone();
        }
        let group = &self.groups[id];
        let selects_itself = group.identity.inverse || self.selects(id, asker.label_set);
        let pod_domains = sets.get(asker.strict, key).unwrap_or(ANY);
        let appeal = self.domains.get(&key).map_or(&NOWHERE, |domains| domains);
        let question = Question { universe, key, pod_domains, node_domains, selects_itself, appeal };
        let answer = group.admitted(&question);
        self.asked.push((id, node_domains.clone(), answer.clone()));
        answer
    }

    /// Counts a placed pod where it went (scheduling 5.11).
    pub(crate) fn record(
        &mut self,
        world: (&Universe, &mut Sets),
        asker: &Asker<'_>,
        owned_inverse: &[GroupId],
        place: &Place<'_>,
    ) {
        let (universe, sets) = world;
        for index in 0..self.label_sets[asker.label_set].counted_by.len() {
            let id = self.label_sets[asker.label_set].counted_by[index];
            if let Some(filter) = self.groups[id].identity.filter
                && !self.filter_passes(filter, universe, sets, place)
            {
                continue;
            }
            let every = self.groups[id].identity.kind == RuleKind::AntiAffinity;
            self.count_in(id, (universe, sets), place, every);
        }
        for id in owned_inverse {
            self.count_in(*id, (universe, sets), place, true);
        }
    }

    /// Adds one pod to the one domain it is sure to be in, or to every one it may still be in.
    fn count_in(
        &mut self,
        id: GroupId,
        (universe, sets): (&Universe, &Sets),
        place: &Place<'_>,
        every: bool,
    ) {
        let group = &mut self.groups[id];
        let key = match group.identity.key {
            DomainKey::Host => return group.add(place.host, 1),
            DomainKey::Label(key) => key,
        };
        let Some(values) = sets.get(place.set, key) else { return };
        if every {
            for value in group.open_domains(universe, key, values) {
                group.add(value as usize, 1);
            }
        } else if let Some(value) = values.single() {
            group.add(value as usize, 1);
        }
    }

    pub(crate) fn filter_passes(
        &mut self,
        filter: FilterId,
        universe: &Universe,
        sets: &mut Sets,
        place: &Place<'_>,
    ) -> bool {
        let tolerated = match &self.filters[filter].tolerations {
            Some(tolerations) => untolerated(place.taints, tolerations).next().is_none(),
            None => true,
        };
        if !tolerated {
            return false;
        }
        let Some(alternatives) = &self.filters[filter].alternatives else { return true };
        if let Some(known) = self.filter_memo.get(&(filter, place.set)) {
            return *known;
        }
        let met =
            |alternative: &SetId| sets.merge(universe, place.set, *alternative, Undefined::Refused).is_ok();
        let passes = alternatives.iter().any(met);
        self.filter_memo.insert((filter, place.set), passes);
        passes
    }
}

/// Where a pod was put.
pub(crate) struct Place<'a> {
    /// Requirements or labels of the node or claim, host name left out.
    pub(crate) set: SetId,
    /// Its host domain.
    pub(crate) host: HostId,
    /// Its taints.
    pub(crate) taints: &'a [Taint],
}
