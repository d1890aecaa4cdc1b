//! Pods that are alike in every respect that placement looks at: what is true of one is true of all.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::amounts::Amounts;
use super::relax::{heaviest, relax};
use super::sets::SetId;
use super::template::{Template, node_alternatives};
use super::topology::{Asker, ClusterPods, GroupId, LabelSetId, Topology};
use super::topology_surroundings;
use super::values::ValueSet;
use super::volumes::Storage;
use super::world::World;
use crate::model::{Allowed, Labels, NamespacedName, Pod, PodSpec, PodVolume, Requirement, Snapshot};

/// Index of a class.
pub(crate) type ClassId = usize;

/// Where a class has been refused for good: candidates only ever become smaller within a pass.
#[derive(Debug, Default)]
pub(crate) struct Refused(Vec<u64>);

impl Refused {
    pub(crate) fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(crate) fn add(&mut self, at: usize) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        self.0[at / 64] |= 1 << (at % 64);
    }
}

/// One way to reach all volumes of a pod.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) set: SetId,
    pub(crate) host_rule: Option<ValueSet>,
}

/// Pods alike.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) spec: Arc<PodSpec>,
    pub(crate) namespace: Arc<str>,
    pub(crate) labels: Arc<Labels>,
    pub(crate) label_set: LabelSetId,
    pub(crate) requests: Amounts,
    /// Requirements with the heaviest preference.
    pub(crate) set: SetId,
    pub(crate) host_rule: Option<ValueSet>,
    /// Two of its own requirements that no node can meet at once.
    pub(crate) contradiction: Option<String>,
    /// Requirements without preferences.
    pub(crate) strict: SetId,
    pub(crate) strict_host_rule: Option<ValueSet>,
    /// At least one; the empty one when there are no volumes.
    pub(crate) reach: Vec<Reach>,
    /// (driver, claim) pairs that count against limits of nodes.
    pub(crate) volumes: Vec<(Arc<str>, NamespacedName)>,
    /// Rules that constrain it.
    pub(crate) owned: Vec<GroupId>,
    /// Mirrors of its required anti-affinity.
    pub(crate) mirrors: Vec<GroupId>,
    /// Whether it tolerates each template's taints.
    pub(crate) tolerates: Vec<bool>,
    /// The class after one step down the ladder; `Some(None)` when there is no step.
    pub(crate) relaxed: Option<Option<ClassId>>,
    pub(crate) refused_nodes: Refused,
    pub(crate) refused_claims: Refused,
    pub(crate) refused_templates: Refused,
    /// Number of placements at which it last fitted nowhere, whatever its relaxation.
    pub(crate) failed_at: Option<u64>,
}

impl Class {
    pub(crate) fn asker(&self) -> Asker<'_> {
        Asker {
            owned: &self.owned,
            label_set: self.label_set,
            strict: self.strict,
            host_rule: self.strict_host_rule.as_ref(),
        }
    }
}

/// What tells classes apart.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Identity {
    namespace: Arc<str>,
    labels: Arc<Labels>,
    spec: Arc<PodSpec>,
    /// The pod's own name, where its volumes are named after it.
    pod: Option<Arc<str>>,
}

/// All classes of a pass.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    all: Vec<Class>,
    ids: FxHashMap<Identity, ClassId>,
    /// Templates share their pods' values, so addresses find most classes without hashing the content.
    by_address: FxHashMap<(usize, usize, usize), ClassId>,
}

/// What making a class needs to look at.
pub(crate) struct ClassContext<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) storage: &'a Storage<'a>,
    pub(crate) templates: &'a [Template],
    pub(crate) cluster: &'a ClusterPods,
    pub(crate) respect_preferences: bool,
    /// Whether any pool has a taint that only repels.
    pub(crate) prefer_taints: bool,
}

impl Classes {
    pub(crate) fn get(&self, id: ClassId) -> &Class {
        &self.all[id]
    }

    pub(crate) fn get_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.all[id]
    }

    /// The class of a pod, made when it is the first of its kind.
    pub(crate) fn of(
        &mut self,
        pod: &Pod,
        context: &ClassContext<'_>,
        world: &mut World,
        topology: &mut Topology,
    ) -> ClassId {
        let named = pod.spec.volumes.iter().any(|v| matches!(v, PodVolume::Ephemeral(_)));
        let address = (
            Arc::as_ptr(&pod.spec) as usize,
            Arc::as_ptr(&pod.labels) as usize,
            pod.key.namespace.as_ptr() as usize,
        );
        if !named && let Some(id) = self.by_address.get(&address) {
            return *id;
        }
        let identity = Identity {
            namespace: pod.key.namespace.clone(),
            labels: pod.labels.clone(),
            spec: pod.spec.clone(),
            pod: named.then(|| pod.key.name.clone()),
        };
        let id = match self.ids.get(&identity) {
            Some(id) => *id,
            None => {
                let storage = (context.storage.alternatives(pod), context.storage.counted(pod));
                let reach = storage.0.iter().map(|r| {
                    let (set, host_rule) = world.sets.compile(&mut world.universe, r.iter());
                    Reach { set, host_rule }
                });
                let origin = Origin { reach: reach.collect(), volumes: storage.1, mirrors: Vec::new() };
                let own = (pod.key.namespace.clone(), pod.labels.clone(), pod.spec.clone());
                let class = build(own, origin, context, world, topology);
                self.all.push(class);
                self.ids.insert(identity, self.all.len() - 1);
                self.all.len() - 1
            }
        };
        if !named {
            self.by_address.insert(address, id);
        }
        id
    }

    /// The class one step down the ladder.
    pub(crate) fn relaxed(
        &mut self,
        id: ClassId,
        context: &ClassContext<'_>,
        world: &mut World,
        topology: &mut Topology,
    ) -> Option<ClassId> {
        if let Some(known) = self.all[id].relaxed {
            return known;
        }
        let class = &self.all[id];
        let spec = relax(&class.spec, context.prefer_taints);
        let next = spec.map(|spec| {
            let origin = Origin {
                reach: class.reach.clone(),
                volumes: class.volumes.clone(),
                mirrors: class.mirrors.clone(),
            };
            let own = (class.namespace.clone(), class.labels.clone(), Arc::new(spec));
            build(own, origin, context, world, topology)
        });
        let next = next.map(|class| {
            self.all.push(class);
            self.all.len() - 1
        });
        self.all[id].relaxed = Some(next);
        next
    }
}

/// What a class takes over from its pod or from the class it was relaxed from.
struct Origin {
    reach: Vec<Reach>,
    volumes: Vec<(Arc<str>, NamespacedName)>,
    mirrors: Vec<GroupId>,
}

fn build(
    (namespace, labels, spec): (Arc<str>, Arc<Labels>, Arc<PodSpec>),
    origin: Origin,
    context: &ClassContext<'_>,
    world: &mut World,
    topology: &mut Topology,
) -> Class {
    let strict = own_requirements(&spec, false);
    let all = if context.respect_preferences { own_requirements(&spec, true) } else { strict.clone() };
    let contradiction = contradiction(&all);
    let (strict, strict_host_rule) = world.sets.compile(&mut world.universe, &strict);
    let (set, host_rule) = world.sets.compile(&mut world.universe, &all);
    let label_set = topology.label_set(&namespace, &labels);
    let alternatives: Vec<SetId> = node_alternatives(&spec, world).iter().map(|a| a.set).collect();
    let mut around = topology_surroundings(context, world);
    let owner = super::topology::RuleOwner {
        namespace: &namespace,
        labels: &labels,
        spec: &spec,
        node_alternatives: &alternatives,
    };
    let (owned, mut mirrors) = topology.build(&mut around, &owner);
    mirrors.extend(origin.mirrors);
    mirrors.sort_unstable();
    mirrors.dedup();
    let tolerates = |t: &Template| crate::model::untolerated(&t.taints, &spec.tolerations).next().is_none();
    Class {
        tolerates: context.templates.iter().map(tolerates).collect(),
        requests: world.resources.compile(&spec.requests),
        namespace,
        labels,
        label_set,
        set,
        host_rule,
        contradiction,
        strict,
        strict_host_rule,
        reach: origin.reach,
        volumes: origin.volumes,
        owned,
        mirrors,
        relaxed: None,
        refused_nodes: Refused::default(),
        refused_claims: Refused::default(),
        refused_templates: Refused::default(),
        failed_at: None,
        spec,
    }
}

/// Node selector, the first required alternative, and the heaviest preference where asked for
/// (scheduling 4.5).
fn own_requirements(spec: &PodSpec, with_preference: bool) -> Vec<Requirement> {
    let selector = spec.node_selector.iter().map(|(k, v)| Requirement::new(&**k, Allowed::one(v)));
    let preferred = with_preference
        .then(|| heaviest(&spec.preferred_node_terms, |t| t.weight))
        .flatten()
        .map(|at| &spec.preferred_node_terms[at].term);
    let terms = preferred.into_iter().chain(spec.required_node_terms.first());
    let expressions = terms
        .flat_map(|t| &t.expressions)
        .filter_map(|e| Requirement::from_expression(&e.key, e.operator, &e.values).ok());
    selector.chain(expressions).collect()
}

/// Requirements on one key that leave no value although one of them asks for a value. Without this they would read
/// as "the key is absent", and nodes without the key would pass.
// behaviour: scheduling/contradictions-fit-nowhere
fn contradiction(requirements: &[Requirement]) -> Option<String> {
    requirements.iter().enumerate().find_map(|(at, later)| {
        let earlier = || requirements[..at].iter().filter(|r| r.key == later.key);
        let met = earlier().fold(later.allowed.clone(), |met, r| met.narrow(&r.allowed));
        let asks = |r: &Requirement| !r.allowed.tolerates_absence();
        let first = earlier().next().filter(|_| met.is_none() && (asks(later) || earlier().any(asks)))?;
        Some(format!("{first} and {later} at once"))
    })
}
