//! Pools made ready for the pass: which take part, in which order, and what do daemons cost on each type
//! (scheduling 1.7, 3.8, 6.4)?

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::amounts::Amounts;
use super::bits::Bits;
use super::claim::admits_unnamed;
use super::class::Reach;
use super::plan::MinValuesPolicy;
use super::reason::{PoolRefusal, PoolSkipped};
use super::sets::{SetId, Undefined};
use super::types::TypeTable;
use super::values::KeyId;
use super::world::World;
use crate::model::{
    DaemonSet, HostPort, LabelKey, NodeOverlay, NodePool, PodSpec, Requirement, Requirements, Snapshot,
    Taint, TaintEffect, keys, untolerated,
};

/// Types on which the same daemons run.
#[derive(Debug, Clone)]
pub(crate) struct DaemonGroup {
    pub(crate) types: Bits,
    pub(crate) overhead: Amounts,
    pub(crate) ports: Vec<HostPort>,
}

/// A pool that takes part.
#[derive(Debug)]
pub(crate) struct Template {
    /// Index into the snapshot's pools.
    pub(crate) pool: usize,
    pub(crate) name: Arc<str>,
    /// Requirements with labels and what only simulations need.
    pub(crate) set: SetId,
    /// The same without what only simulations need: the source of topology domains.
    pub(crate) domain_set: SetId,
    pub(crate) taints: Vec<Taint>,
    pub(crate) table: Rc<TypeTable>,
    /// Types the pool itself can use.
    pub(crate) types: Bits,
    pub(crate) min_values: Vec<(KeyId, u32)>,
    pub(crate) daemons: Vec<DaemonGroup>,
}

impl Template {
    /// Why a pool takes no part whatever its types, or the name of its class.
    // behaviour: scheduling/pool-without-usable-class-is-skipped
    fn usable_class(pool: &NodePool, snapshot: &Snapshot) -> Result<Arc<str>, PoolRefusal> {
        let class_ref = &pool.template.node_class;
        if !class_ref.is_supported() {
            let class = format!("{}/{} {}", class_ref.group, class_ref.kind, class_ref.name);
            return Err(PoolRefusal::UnsupportedNodeClass(class));
        }
        if pool.replicas.is_some() {
            return Err(PoolRefusal::Static);
        }
        if pool.deleting {
            return Err(PoolRefusal::Deleting);
        }
        let class = snapshot
            .node_classes
            .iter()
            .find(|class| class.name == class_ref.name)
            .ok_or_else(|| PoolRefusal::NodeClassMissing(class_ref.name.clone()))?;
        if class.deleting {
            return Err(PoolRefusal::NodeClassDeleting(class.name.clone()));
        }
        if let crate::model::Readiness::NotReady { message, .. } = &class.readiness {
            return Err(PoolRefusal::NodeClassNotReady {
                name: class.name.clone(),
                message: message.clone(),
            });
        }
        if let crate::model::Readiness::NotReady { message, .. } = &pool.readiness {
            return Err(PoolRefusal::NotReady(message.clone()));
        }
        Ok(class.name.clone())
    }

    /// All pools that take part, heaviest first and by name from the end of the alphabet among equals, and why
    /// the others do not.
    // behaviour: scheduling/heavier-pools-first-then-later-names
    pub(crate) fn collect(
        snapshot: &Snapshot,
        world: &mut World,
        policy: MinValuesPolicy,
    ) -> (Vec<Template>, Vec<PoolSkipped>) {
        let mut order: Vec<usize> = (0..snapshot.node_pools.len()).collect();
        let rank = |at: &usize| {
            let pool = &snapshot.node_pools[*at];
            (std::cmp::Reverse(pool.weight), std::cmp::Reverse(pool.name.clone()))
        };
        order.sort_by_key(rank);
        let (mut templates, mut skipped) = (Vec::new(), Vec::new());
        let overlays = super::overlay::valid(snapshot);
        let mut tables: FxHashMap<Arc<str>, Rc<TypeTable>> = FxHashMap::default();
        for at in order {
            let pool = &snapshot.node_pools[at];
            match Template::build((at, &overlays), snapshot, world, &mut tables) {
                Ok(template) => templates.push(template),
                Err(why) => skipped.push(PoolSkipped { node_pool: pool.name.clone(), why }),
            }
        }
        // Domains come from every pool with types, so a pool that none of them serves is emptied, not removed.
        for template in &mut templates {
            if let Some(why) = template.prefilter(world, policy) {
                skipped.push(PoolSkipped { node_pool: template.name.clone(), why });
                template.types.clear();
            }
        }
        (templates, skipped)
    }

    fn build(
        (at, overlays): (usize, &[NodeOverlay]),
        snapshot: &Snapshot,
        world: &mut World,
        tables: &mut FxHashMap<Arc<str>, Rc<TypeTable>>,
    ) -> Result<Template, PoolRefusal> {
        let pool = &snapshot.node_pools[at];
        let class = Template::usable_class(pool, snapshot)?;
        let types = snapshot.instance_types.get(&class).filter(|types| !types.is_empty());
        let types = types.ok_or(PoolRefusal::NoInstanceTypes)?;
        let table = if overlays.is_empty() {
            let build = || Rc::new(world.table(types));
            tables.entry(class).or_insert_with(build).clone()
        } else {
            Rc::new(world.table(&super::overlay::apply(types, pool, overlays)))
        };
        let own = requirements_of(pool);
        let (domain_set, _) = world.sets.compile(&mut world.universe, own.iter());
        let mut simulated = own.clone();
        for key in [keys::REGISTERED, keys::INITIALIZED] {
            simulated.add(Requirement::new(key, crate::model::Allowed::one("true")));
        }
        let (set, _) = world.sets.compile(&mut world.universe, simulated.iter());
        let floors = own.iter().filter_map(|r| Some((r.key.clone(), r.min_values?)));
        let min_values = floors.map(|(key, floor)| (world.universe.key(&key), floor)).collect();
        let mut template = Template {
            pool: at,
            name: pool.name.clone(),
            set,
            domain_set,
            taints: pool.template.taints.clone(),
            types: Bits::all(table.len()),
            table,
            min_values,
            daemons: Vec::new(),
        };
        template.daemons = template.daemon_groups(&snapshot.daemon_sets, world);
        Ok(template)
    }

    /// Keeps the types an empty pod could use; says why when there are none.
    fn prefilter(&mut self, world: &World, policy: MinValuesPolicy) -> Option<PoolRefusal> {
        let fitting = self.table.fitting(&world.universe, &world.sets, self.set);
        self.types.and(&fitting.compatible);
        let compatible = self.types.count();
        self.types.and(&fitting.offered);
        self.table.keep_fitting(&Amounts::default(), &mut self.types);
        if self.types.is_empty() {
            return Some(PoolRefusal::NoMatchingInstanceType(self.nearest_miss(world, compatible)));
        }
        if policy == MinValuesPolicy::Strict {
            for (key, floor) in &self.min_values {
                let found = self.table.distinct_values(*key, &self.types);
                if found < *floor {
                    let key = world.universe.key_name(*key);
                    let miss = format!("minValues of {key} wants {floor}, found {found}");
                    return Some(PoolRefusal::NoMatchingInstanceType(miss));
                }
            }
        }
        None
    }

    fn nearest_miss(&self, world: &World, compatible: usize) -> String {
        if compatible > 0 {
            return format!("{compatible} types match, none of them can be bought now");
        }
        let mut row = Bits::all(self.table.len());
        for (key, values) in world.sets.entries(self.set) {
            let Some(column) = self.table.column_row(&world.universe, *key, values) else { continue };
            let before = row.count();
            row.and(&column);
            if row.is_empty() {
                let requirement = Requirement {
                    key: world.universe.key_name(*key).clone(),
                    allowed: world.universe.decompile(*key, values),
                    min_values: None,
                };
                return format!("{requirement} excludes the last {before} types");
            }
        }
        "no type is left".to_owned()
    }

    /// Types grouped by the daemons that would run on them, with what those take.
    // behaviour: scheduling/daemon-overhead-per-type
    fn daemon_groups(&self, daemon_sets: &[DaemonSet], world: &mut World) -> Vec<DaemonGroup> {
        let whole = DaemonGroup {
            types: Bits::all(self.table.len()),
            overhead: Amounts::default(),
            ports: Vec::new(),
        };
        let mut groups = vec![whole];
        for daemon_set in daemon_sets.iter().filter(|d| !d.template.spec.has_resource_claims) {
            let spec = &daemon_set.template.spec;
            if untolerated(&self.taints, &spec.tolerations).any(|t| t.effect != TaintEffect::PreferNoSchedule)
            {
                continue;
            }
            let runs_on = self.types_for_daemon(spec, world);
            let requests = world.resources.compile(&spec.requests);
            let mut split = Vec::with_capacity(groups.len() + 1);
            for group in groups {
                let (mut with, mut without) = (group.clone(), group);
                with.types.and(&runs_on);
                without.types.and_not(&runs_on);
                if !without.types.is_empty() {
                    split.push(without);
                }
                if !with.types.is_empty() {
                    with.overhead.add(&requests);
                    with.ports.extend(spec.host_ports.iter().cloned());
                    split.push(with);
                }
            }
            groups = split;
        }
        groups
    }

    /// Types on which a daemon runs; every alternative of its node affinity is tried, preferences are not.
    fn types_for_daemon(&self, spec: &PodSpec, world: &mut World) -> Bits {
        let mut runs_on = Bits::none(self.table.len());
        for Reach { set, host_rule } in node_alternatives(spec, world) {
            let template = world.sets.merge(&world.universe, self.set, set, Undefined::WellKnownAllowed);
            if template.is_ok() && admits_unnamed(host_rule.as_ref()) {
                runs_on.or(&self.table.fitting(&world.universe, &world.sets, set).compatible);
            }
        }
        runs_on
    }
}

/// The node selector together with each alternative of required node affinity, compiled.
pub(crate) fn node_alternatives(spec: &PodSpec, world: &mut World) -> Vec<Reach> {
    let selector: Vec<Requirement> = spec
        .node_selector
        .iter()
        .map(|(key, value)| Requirement::new(&**key, crate::model::Allowed::one(value)))
        .collect();
    if spec.required_node_terms.is_empty() {
        return vec![reach(world, &selector)];
    }
    let read = |term: &crate::model::NodeTerm| {
        let expressions = term.expressions.iter();
        let own =
            expressions.filter_map(|e| Requirement::from_expression(&e.key, e.operator, &e.values).ok());
        let all: Vec<Requirement> = selector.iter().cloned().chain(own).collect();
        reach(world, &all)
    };
    spec.required_node_terms.iter().map(read).collect()
}

fn reach(world: &mut World, requirements: &[Requirement]) -> Reach {
    let (set, host_rule) = world.sets.compile(&mut world.universe, requirements);
    Reach { set, host_rule }
}

/// A pool's requirements, its template labels and the labels every claim of it gets.
pub(crate) fn requirements_of(pool: &NodePool) -> Requirements {
    let mut own: Requirements = pool.template.requirements.iter().cloned().collect();
    own.add_all(&Requirements::from_labels(&pool.template.labels));
    let label =
        |key: &str, value: &str| Requirement::new(LabelKey::new(key), crate::model::Allowed::one(value));
    own.add(label(keys::NODE_POOL, &pool.name));
    own.add(label(&pool.template.node_class.label_key(), &pool.template.node_class.name));
    own
}
