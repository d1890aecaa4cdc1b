//! What is there already: nodes and launched claims as targets with room left (scheduling 9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::amounts::Amounts;
use super::sets::SetId;
use super::topology::{HostId, NodeFacts};
use super::values::{Universe, ValueId, ValueSet};
use super::volumes::Storage;
use super::world::World;
use crate::model::{
    ConditionKind, HostPort, LabelKey, Labels, NamespacedName, Node, NodeClaim, Pod, Requirements, Resources,
    Snapshot, Taint, keys, untolerated,
};

/// A machine as the cluster knows it: a node, a claim, or both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine<'a> {
    pub(crate) node: Option<&'a Node>,
    pub(crate) claim: Option<&'a NodeClaim>,
}

/// A machine that takes pods.
#[derive(Debug, Clone)]
pub(crate) struct ExistingNode {
    pub(crate) name: Arc<str>,
    /// Name of its Node, if there is one.
    pub(crate) node: Option<Arc<str>>,
    pub(crate) initialized: bool,
    /// Labels, narrowed by what was placed; host name left out.
    pub(crate) set: SetId,
    pub(crate) host: HostId,
    pub(crate) host_value: ValueId,
    pub(crate) taints: Vec<Taint>,
    pub(crate) remaining: Amounts,
    pub(crate) ports: Vec<HostPort>,
    volumes: BTreeMap<Arc<str>, BTreeSet<NamespacedName>>,
    volume_limits: BTreeMap<Arc<str>, usize>,
    /// Pods placed in this pass, as indices into the snapshot.
    pub(crate) pods: Vec<usize>,
    /// Whether it is ours and not usable yet; moving pods there is not safe.
    pub(crate) is_unsettled: bool,
    /// Whether it takes no pods that are moved only to save money.
    pub(crate) is_restless: bool,
}

fn is_true(labels: &Labels, key: &str) -> bool {
    labels.get(key).is_some_and(|value| &**value == "true")
}

impl<'a> Machine<'a> {
    /// All machines, nodes and claims with one cloud id taken together (scheduling 9.1).
    pub(crate) fn collect(snapshot: &'a Snapshot) -> Vec<Machine<'a>> {
        let mut by_id: FxHashMap<&str, usize> = FxHashMap::default();
        let mut machines: Vec<Machine<'a>> = Vec::new();
        for claim in &snapshot.node_claims {
            if let Some(id) = claim.provider_id.as_deref() {
                by_id.insert(id, machines.len());
                machines.push(Machine { node: None, claim: Some(claim) });
            }
        }
        for node in &snapshot.nodes {
            let ours = node.labels.contains_key(keys::NODE_POOL);
            match node.provider_id.as_deref().and_then(|id| by_id.get(id)) {
                Some(at) => machines[*at].node = Some(node),
                None if ours && node.provider_id.is_none() => {}
                None => machines.push(Machine { node: Some(node), claim: None }),
            }
        }
        machines.retain(|machine| machine.is_tracked());
        machines
    }

    /// A node of ours that has not told its type yet is not looked at.
    fn is_tracked(&self) -> bool {
        self.node.is_none_or(|node| {
            !node.labels.contains_key(keys::NODE_POOL)
                || is_true(&node.labels, keys::INITIALIZED)
                || node.labels.contains_key(keys::INSTANCE_TYPE)
                || self.claim.is_some_and(|_| !is_true(&node.labels, keys::REGISTERED))
        })
    }

    pub(crate) fn is_initialized(&self) -> bool {
        match (self.claim, self.node) {
            (None, _) => true,
            (Some(_), Some(node)) => is_true(&node.labels, keys::INITIALIZED),
            (Some(_), None) => false,
        }
    }

    /// The Node once it may be believed: always when there is no claim, else when it has registered.
    fn registered_node(&self) -> Option<&'a Node> {
        self.node.filter(|node| self.claim.is_none() || is_true(&node.labels, keys::REGISTERED))
    }

    pub(crate) fn name(&self) -> Arc<str> {
        match (self.registered_node(), self.claim, self.node) {
            (Some(node), _, _) | (None, None, Some(node)) => node.name.clone(),
            (None, Some(claim), _) => claim.name.clone(),
            (None, None, None) => Arc::from(""),
        }
    }

    pub(crate) fn labels(&self) -> &'a Labels {
        static NONE: Labels = Labels::new();
        match (self.registered_node(), self.claim) {
            (Some(node), _) => &node.labels,
            (None, Some(claim)) => &claim.labels,
            (None, None) => &NONE,
        }
    }

    /// Taints that will still be there when it takes pods (scheduling 9.3).
    // behaviour: scheduling/startup-taints-forgiven-until-initialized
    pub(crate) fn taints(&self) -> Vec<Taint> {
        let taints = match (self.registered_node(), self.claim) {
            (Some(node), _) => &node.taints,
            (None, Some(claim)) => &claim.taints,
            (None, None) => return Vec::new(),
        };
        let Some(claim) = self.claim.filter(|_| !self.is_initialized()) else { return taints.clone() };
        let passing = |t: &&Taint| !t.is_ephemeral() && !claim.startup_taints.iter().any(|s| s.matches(t));
        taints.iter().filter(passing).cloned().collect()
    }

    /// Whether it is on its way out (scheduling 9.6): no target, and not charged to limits.
    pub(crate) fn is_leaving(&self, marked: &FxHashSet<&str>) -> bool {
        let by_claim = self.claim.is_some_and(|claim| {
            claim.deletion_at.is_some()
                || claim.is(ConditionKind::InstanceTerminating)
                || marked.contains(&*claim.name)
        });
        let by_node = self.node.is_some_and(|node| {
            marked.contains(&*node.name) || (self.claim.is_none() && node.deletion_at.is_some())
        });
        by_claim || by_node
    }

    /// Node status, completed from the claim's while devices are still being found (scheduling 9.4).
    fn status(&self, of_node: fn(&Node) -> &Resources, of_claim: fn(&NodeClaim) -> &Resources) -> Resources {
        let Some(node) = self.node else { return self.claim.map(of_claim).cloned().unwrap_or_default() };
        let mut status = of_node(node).clone();
        if let Some(claim) = self.claim.filter(|_| !self.is_initialized()) {
            for (name, amount) in of_claim(claim).iter() {
                if status.amount(name).is_zero() {
                    status.set(name.clone(), amount);
                }
            }
        }
        status
    }

    pub(crate) fn capacity(&self) -> Resources {
        self.status(|node| &node.capacity, |claim| &claim.capacity)
    }

    pub(crate) fn allocatable(&self) -> Resources {
        self.status(|node| &node.allocatable, |claim| &claim.allocatable)
    }
}

/// Nodes as counting sees them, and the machines that take pods in the order they are tried.
pub(crate) struct Inventory {
    pub(crate) facts: Vec<NodeFacts>,
    pub(crate) targets: Vec<ExistingNode>,
    /// Host ids given out so far.
    pub(crate) hosts: usize,
}

/// Takes stock of nodes and claims.
pub(crate) fn take_stock(snapshot: &Snapshot, storage: &Storage<'_>, world: &mut World) -> Inventory {
    let marked: FxHashSet<&str> = snapshot.marked_for_deletion.iter().map(|name| &**name).collect();
    let machines = Machine::collect(snapshot);
    let mut hosts: FxHashMap<&str, HostId> = FxHashMap::default();
    let mut facts = Vec::with_capacity(snapshot.nodes.len());
    let leaving: FxHashSet<&str> =
        machines.iter().filter(|m| m.is_leaving(&marked)).filter_map(|m| m.node.map(|n| &*n.name)).collect();
    for node in &snapshot.nodes {
        hosts.insert(&node.name, facts.len());
        facts.push(NodeFacts {
            name: node.name.clone(),
            labels: node.labels.clone(),
            set: label_set(&node.labels, world),
            host: facts.len(),
            taints: node.taints.clone(),
            has_node: true,
            is_active: !leaving.contains(&*node.name),
        });
    }
    let mut by_node: FxHashMap<&str, Vec<&Pod>> = FxHashMap::default();
    for pod in &snapshot.pods {
        if let Some(node) = pod.node_name.as_deref().filter(|_| !pod.is_terminal()) {
            by_node.entry(node).or_default().push(pod);
        }
    }
    let mut host_count = facts.len();
    let mut targets = Vec::new();
    for machine in machines.iter().filter(|m| !m.is_leaving(&marked)) {
        let node_name = machine.node.map(|n| &*n.name);
        let host = node_name.and_then(|n| hosts.get(n).copied()).unwrap_or_else(|| {
            host_count += 1;
            host_count - 1
        });
        let pods = node_name.and_then(|n| by_node.get(n)).map_or(&[][..], |pods| pods);
        targets.push(target(machine, host, (snapshot, storage, pods), world));
    }
    targets.sort_by(|a, b| (!a.initialized, &a.name).cmp(&(!b.initialized, &b.name)));
    Inventory { facts, targets, hosts: host_count }
}

fn label_set(labels: &Labels, world: &mut World) -> SetId {
    world.sets.compile(&mut world.universe, Requirements::from_labels(labels).iter()).0
}

type Occupants<'a> = (&'a Snapshot, &'a Storage<'a>, &'a [&'a Pod]);

fn target(
    machine: &Machine<'_>,
    host: HostId,
    (snapshot, storage, pods): Occupants<'_>,
    world: &mut World,
) -> ExistingNode {
    let (name, labels, taints) = (machine.name(), machine.labels(), machine.taints());
    let host_name = labels.get(keys::HOSTNAME).unwrap_or(&name).clone();
    let host_key = world.universe.key(&LabelKey::new(keys::HOSTNAME));
    let host_value = world.universe.value(host_key, &host_name);
    let set = label_set(labels, world);
    let mut remaining = world.resources.compile(&machine.allocatable());
    let mut node = ExistingNode {
        initialized: machine.is_initialized(),
        set,
        host,
        host_value,
        taints,
        remaining: Amounts::default(),
        ports: Vec::new(),
        volumes: BTreeMap::new(),
        volume_limits: BTreeMap::new(),
        pods: Vec::new(),
        is_unsettled: machine.claim.is_some() && !machine.is_initialized(),
        is_restless: false,
        node: machine.node.map(|node| node.name.clone()),
        name,
    };
    let mut bound_daemons = Amounts::default();
    for pod in pods {
        let requests = world.resources.compile(&pod.spec.requests);
        remaining.subtract(&requests);
        if pod.is_owned_by_daemon_set() {
            bound_daemons.add(&requests);
        }
        node.ports.extend(pod.spec.host_ports.iter().cloned());
        node.add_volumes(storage.counted(pod));
    }
    let mut daemons = expected_daemons(&node, snapshot, world);
    daemons.subtract(&bound_daemons);
    daemons.floor_at_zero();
    remaining.subtract(&daemons);
    node.remaining = remaining;
    let node_name = machine.node.map(|n| &n.name);
    for limit in snapshot.volume_limits.iter().filter(|l| Some(&l.node) == node_name) {
        node.volume_limits.insert(limit.driver.clone(), limit.count as usize);
    }
    node
}

/// What the daemons that belong on a node ask for.
// behaviour: scheduling/missing-daemons-are-reserved-for
fn expected_daemons(node: &ExistingNode, snapshot: &Snapshot, world: &mut World) -> Amounts {
    let mut total = Amounts::default();
    for daemon_set in &snapshot.daemon_sets {
        let spec = &daemon_set.template.spec;
        if spec.has_resource_claims || untolerated(&node.taints, &spec.tolerations).next().is_some() {
            continue;
        }
        let alternatives = super::template::node_alternatives(spec, world);
        let Some(first) = alternatives.first() else { continue };
        let fits = world.sets.merge(&world.universe, node.set, first.set, super::sets::Undefined::Refused);
        if fits.is_ok() && node.is_admitted_by(first.host_rule.as_ref(), &world.universe) {
            total.add(&world.resources.compile(&spec.requests));
        }
    }
    total
}

impl ExistingNode {
    /// Whether a rule on the host name lets the node pass.
    pub(crate) fn is_admitted_by(&self, host_rule: Option<&ValueSet>, universe: &Universe) -> bool {
        match (host_rule, universe.find_key(keys::HOSTNAME)) {
            (Some(rule), Some(key)) => universe.admits(key, rule, self.host_value),
            _ => true,
        }
    }

    pub(crate) fn add_volumes(&mut self, volumes: impl IntoIterator<Item = (Arc<str>, NamespacedName)>) {
        for (driver, claim) in volumes {
            self.volumes.entry(driver).or_default().insert(claim);
        }
    }

    /// Whether the volumes stay within the limits of all drivers (scheduling 6.7).
    // behaviour: scheduling/volume-limits-of-existing-nodes
    pub(crate) fn takes_volumes(&self, volumes: &[(Arc<str>, NamespacedName)]) -> bool {
        if self.volume_limits.is_empty() || volumes.is_empty() {
            return true;
        }
        self.volume_limits.iter().all(|(driver, limit)| {
            let present = self.volumes.get(driver);
            let new = volumes
                .iter()
                .filter(|(d, claim)| d == driver && !present.is_some_and(|p| p.contains(claim)));
            present.map_or(0, BTreeSet::len) + new.count() <= *limit
        })
    }

    pub(crate) fn has_port_conflict(&self, ports: &[HostPort]) -> bool {
        ports.iter().any(|port| self.ports.iter().any(|taken| taken.conflicts_with(port)))
    }
}
