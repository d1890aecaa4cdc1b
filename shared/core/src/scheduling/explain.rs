//! Why a pod fits nowhere: the nearest miss in each pool, looked for only once the pass is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::amounts::{Amounts, ResourceId};
use super::bits::Bits;
use super::claim::admits_unnamed;
use super::class::{Class, ClassId};
use super::reason::{Refusal, WhyNot};
use super::sets::{Clash, SetId, Undefined};
use super::solve::{Failure, Pass};
use super::template::Template;
use super::topology::{GroupId, RuleKind, TopologyNo};
use super::values::{KeyId, ValueSet};
use crate::model::{LabelKey, Requirement, keys, untolerated};

impl Pass<'_> {
    /// The reason of each failed pod, in order; pods of a class share it.
    pub(crate) fn reasons(&mut self, failures: &BTreeMap<usize, Failure>) -> Vec<WhyNot> {
        let mut known: BTreeMap<ClassId, WhyNot> = BTreeMap::new();
        failures
            .values()
            .map(|failure| match failure {
                Failure::NowhereToGo(class) => {
                    known.entry(*class).or_insert_with(|| self.reason(*class)).clone()
                }
                Failure::Reserved => WhyNot::Pools(
                    self.usable().map(|(_, t)| (t.name.clone(), Refusal::ReservationsTaken)).collect(),
                ),
            })
            .collect()
    }

    fn usable(&self) -> impl Iterator<Item = (usize, &Template)> {
        self.context.templates.iter().enumerate().filter(|(_, t)| !t.types.is_empty())
    }

    fn reason(&mut self, class: ClassId) -> WhyNot {
        if self.classes.get(class).spec.has_resource_claims {
            return WhyNot::ResourceClaims;
        }
        let usable: Vec<usize> = self.usable().map(|(at, _)| at).collect();
        if usable.is_empty() {
            return WhyNot::NoNodePool;
        }
        self.topology.begin_attempt();
        let templates = self.context.templates;
        WhyNot::Pools(
            usable.into_iter().map(|at| (templates[at].name.clone(), self.refusal(at, class))).collect(),
        )
    }

    fn refusal(&mut self, at: usize, class: ClassId) -> Refusal {
        let template = &self.context.templates[at];
        match self.refusal_before_types(at, class) {
            Err(refusal) => refusal,
            Ok(sets) => {
                let class = self.classes.get(class);
                let mut types = template.types.clone();
                let limit = self.ledger.keep_within(at, &template.table, &mut types, self.world).err();
                self.type_refusal(template, class, sets, (types, limit))
            }
        }
    }

    /// Taints, labels, volumes and topology; `Ok` carries the requirement set with and without topology.
    fn refusal_before_types(&mut self, at: usize, class: ClassId) -> Result<(SetId, SetId), Refusal> {
        let (template, class) = (&self.context.templates[at], self.classes.get(class));
        let taints: Vec<String> =
            untolerated(&template.taints, &class.spec.tolerations).map(ToString::to_string).collect();
        if !taints.is_empty() {
            return Err(Refusal::Taints(taints));
        }
        if let Some(wanted) = class.contradiction.clone() {
            return Err(Refusal::Requirement { wanted, offered: "one value at a time".into() });
        }
        if !admits_unnamed(class.host_rule.as_ref()) {
            let wanted = format!("a particular {}", keys::HOSTNAME);
            return Err(Refusal::Requirement {
                wanted,
                offered: "a new node, whose name is not known".into(),
            });
        }
        let merged =
            self.world.sets.merge(&self.world.universe, template.set, class.set, Undefined::WellKnownAllowed);
        let own = merged.map_err(|clash| self.clash(template.set, class.set, clash))?;
        let mut refusal = None;
        for reach in &class.reach {
            if !admits_unnamed(reach.host_rule.as_ref()) {
                let (wanted, offered) = ("the node it is on".to_owned(), "new nodes".to_owned());
                refusal.get_or_insert(Refusal::Volume { wanted, offered });
                continue;
            }
            let sets = &mut self.world.sets;
            match sets.merge(&self.world.universe, own, reach.set, Undefined::WellKnownAllowed) {
                Err(clash) => {
                    if let Refusal::Requirement { wanted, offered } = self.clash(own, reach.set, clash) {
                        refusal.get_or_insert(Refusal::Volume { wanted, offered });
                    }
                }
                Ok(base) => {
                    let world = (&self.world.universe, &self.world.sets);
                    match self.topology.tighten(world, &class.asker(), base, self.hosts) {
                        Ok(tightened) => {
                            let topology = self.world.sets.intern(tightened.into_vec());
                            let sets = &mut self.world.sets;
                            let all =
                                sets.merge(&self.world.universe, base, topology, Undefined::WellKnownAllowed);
                            match all {
                                Ok(all) => return Ok((base, all)),
                                Err(clash) => {
                                    refusal.get_or_insert(self.clash(base, topology, clash));
                                }
                            }
                        }
                        Err(TopologyNo::Never(group) | TopologyNo::NotNow(group)) => {
                            refusal.get_or_insert(self.topology_refusal(group));
                        }
                    }
                }
            }
        }
        Err(refusal
            .unwrap_or(Refusal::Volume { wanted: "no common place".into(), offered: "one node".into() }))
    }

    /// Why two sets do not go together: undefined labels first, then contradictions, the first by name.
    fn clash(&self, base: SetId, incoming: SetId, clash: Clash) -> Refusal {
        let (universe, sets) = (&self.world.universe, &self.world.sets);
        let same = |key: &KeyId| match clash {
            Clash::Undefined(_) => sets.get(base, *key).is_none(),
            Clash::Conflict(_) => sets.get(base, *key).is_some(),
        };
        let clashes = |key: &KeyId, theirs: &ValueSet| match sets.get(base, *key) {
            None => !universe.is_well_known(*key) && !theirs.tolerates_absence(),
            Some(ours) => !universe.goes_with(*key, ours, theirs),
        };
        let (Clash::Undefined(known) | Clash::Conflict(known)) = clash;
        let all = sets.entries(incoming).iter().filter(|(key, theirs)| same(key) && clashes(key, theirs));
        let key = all.map(|(key, _)| *key).min_by_key(|key| universe.key_name(*key)).unwrap_or(known);
        match clash {
            Clash::Undefined(_) => {
                let key = universe.key_name(key).as_str();
                Refusal::UndefinedLabel { key: key.into(), hint: self.hint(base, key) }
            }
            Clash::Conflict(_) => Refusal::Requirement {
                wanted: self.print(key, sets.get(incoming, key)),
                offered: self.print(key, sets.get(base, key)),
            },
        }
    }

    fn print(&self, key: KeyId, values: Option<&ValueSet>) -> String {
        let name = self.world.universe.key_name(key).clone();
        match values {
            Some(values) => {
                let allowed = self.world.universe.decompile(key, values);
                Requirement { key: name, allowed, min_values: None }.to_string()
            }
            None => format!("no {name}"),
        }
    }

    /// A key that a misspelt one may have meant: the same suffix, or one that contains it.
    fn hint(&self, base: SetId, key: &str) -> Option<Arc<str>> {
        let suffix = key.rsplit('/').next().unwrap_or(key);
        let defined =
            self.world.sets.entries(base).iter().map(|(k, _)| self.world.universe.key_name(*k).clone());
        let mut all: Vec<LabelKey> = LabelKey::well_known().chain(defined).collect();
        all.sort();
        let alike =
            |k: &&LabelKey| k.as_str() != key && (k.as_str().contains(key) || k.as_str().ends_with(suffix));
        all.iter().find(alike).map(|k| k.as_str().into())
    }

    fn topology_refusal(&self, group: GroupId) -> Refusal {
        let group = self.topology.group(group);
        let key = match group.identity.key {
            super::topology::DomainKey::Host => keys::HOSTNAME,
            super::topology::DomainKey::Label(key) => self.world.universe.key_name(key).as_str(),
        };
        let rule = match (group.identity.kind, group.identity.inverse) {
            (RuleKind::Spread, _) => {
                format!("topology spread over {key} (maxSkew {})", group.identity.max_skew)
            }
            (RuleKind::Affinity, _) => format!("pod affinity over {key}"),
            (RuleKind::AntiAffinity, false) => format!("pod anti-affinity over {key}"),
            (RuleKind::AntiAffinity, true) => format!("another pod's anti-affinity over {key}"),
        };
        Refusal::Topology { rule, counts: group.describe(&self.world.universe) }
    }

    fn type_refusal(
        &self,
        template: &Template,
        class: &Class,
        (_, set): (SetId, SetId),
        (mut types, limit): (Bits, Option<Refusal>),
    ) -> Refusal {
        let fitting = template.table.fitting(&self.world.universe, &self.world.sets, set);
        let mut matching = Bits::all(template.table.len());
        matching.and(&fitting.compatible);
        if matching.is_empty() {
            return Refusal::NoInstanceType { wanted: self.excluding(template, set) };
        }
        if let Some(refusal) = self.too_large(template, class, &matching) {
            return refusal;
        }
        self.keep_fitting_with_daemons(template, class, &mut matching);
        let mut buyable = matching.clone();
        buyable.and(&template.types);
        buyable.and(&fitting.offered);
        if buyable.is_empty() {
            return Refusal::NoOffering { types: matching.count(), wanted: self.purchase(set) };
        }
        if let Some(limit) = limit {
            return limit;
        }
        types.and(&buyable);
        if types.is_empty() {
            return self.ledger.nearest(self.index_of(template), &template.table, &buyable, self.world);
        }
        let short = |(key, floor): &(KeyId, u32)| {
            let found = template.table.distinct_values(*key, &types);
            (found < *floor).then(|| (self.world.universe.key_name(*key).as_str().into(), *floor, found))
        };
        let floors: Vec<(Arc<str>, u32, u32)> = template.min_values.iter().filter_map(short).collect();
        if floors.is_empty() {
            let ports: Vec<String> =
                class.spec.host_ports.iter().map(|p| format!("{}:{}/{}", p.ip, p.port, p.protocol)).collect();
            return Refusal::HostPort(ports.join(", "));
        }
        Refusal::MinValues { floors }
    }

    /// Keeps the types on which the pod fits next to the daemons that run there.
    fn keep_fitting_with_daemons(&self, template: &Template, class: &Class, types: &mut Bits) {
        let mut fitting = Bits::none(template.table.len());
        for group in &template.daemons {
            let mut total = class.requests.clone();
            total.add(&group.overhead);
            let mut row = group.types.clone();
            template.table.keep_fitting(&total, &mut row);
            fitting.or(&row);
        }
        types.and(&fitting);
    }

    /// The requirement that excludes the last types.
    fn excluding(&self, template: &Template, set: SetId) -> String {
        let mut row = Bits::all(template.table.len());
        let mut entries: Vec<&(KeyId, ValueSet)> = self.world.sets.entries(set).iter().collect();
        entries.sort_by_key(|(key, _)| self.world.universe.key_name(*key));
        for (key, values) in entries {
            if let Some(column) = template.table.column_row(&self.world.universe, *key, values) {
                row.and(&column);
                if row.is_empty() {
                    return self.print(*key, Some(values));
                }
            }
        }
        "all of these traits together".to_owned()
    }

    /// The first resource of which no type of the row has enough next to the others.
    fn too_large(&self, template: &Template, class: &Class, row: &Bits) -> Option<Refusal> {
        let mut nearest = None;
        for group in template.daemons.iter().filter(|g| g.types.meets(row)) {
            let mut left = row.clone();
            left.and(&group.types);
            let mut total = class.requests.clone();
            total.add(&group.overhead);
            let mut fitting = left.clone();
            template.table.keep_fitting(&total, &mut fitting);
            if !fitting.is_empty() {
                return None;
            }
            for (id, wanted, alone) in rarest_first(template, &total, &left) {
                let mut next = left.clone();
                next.and(&alone);
                if !next.is_empty() {
                    left = next;
                    continue;
                }
                let largest = left
                    .ones()
                    .max_by_key(|at| (template.table.allocatable[*at].get(id), std::cmp::Reverse(*at)));
                nearest = nearest.or(largest.map(|at| Refusal::Resources {
                    resource: self.world.resources.name(id).clone(),
                    needed: self.world.resources.quantity(id, wanted),
                    largest: self.world.resources.quantity(id, template.table.allocatable[at].get(id)),
                    instance_type: template.table.names[at].clone(),
                }));
                break;
            }
        }
        nearest
    }

    fn index_of(&self, template: &Template) -> usize {
        self.context.templates.iter().position(|t| t.name == template.name).unwrap_or_default()
    }

    /// How it would have to be bought: zone and capacity type.
    fn purchase(&self, set: SetId) -> String {
        let named = |key: &str| {
            let id = self.world.universe.find_key(key)?;
            self.world.sets.get(set, id).map(|values| self.print(id, Some(values)))
        };
        let parts: Vec<String> = [keys::CAPACITY_TYPE, keys::ZONE].into_iter().filter_map(named).collect();
        if parts.is_empty() { "anything".to_owned() } else { parts.join(", ") }
    }
}

/// The resources of a total, each with the types of a row that have enough of it; the rarest one first, so that a
/// device is not blamed where the machines that have it are too small.
fn rarest_first(template: &Template, total: &Amounts, row: &Bits) -> Vec<(ResourceId, i64, Bits)> {
    let alone = |(id, wanted): (ResourceId, i64)| {
        let mut single = Amounts::default();
        single.set(id, wanted);
        let mut fitting = row.clone();
        template.table.keep_fitting(&single, &mut fitting);
        (id, wanted, fitting)
    };
    let mut resources: Vec<_> = total.iter().filter(|(_, wanted)| *wanted > 0).map(alone).collect();
    resources.sort_by_key(|(_, _, fitting)| fitting.count());
    resources
}
