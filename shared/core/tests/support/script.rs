//! A world as a few lines, one object a line: a kind, a name, then `key=value` and flags.

use std::sync::Arc;

use joiner_core::model::{
    CapacityType, ConditionKind, DaemonSet, InstanceType, Labels, NamespacedName, NodeOverlay, NodePool,
    PodDisruptionBudget, Price, PriceChange, Quantity, Readiness, Requirement, Snapshot, StorageClass, Taint,
    TaintEffect, Volume, VolumeClaim, VolumeLimit, keys,
};
use joiner_core::scheduling::plan::{Knobs, MinValuesPolicy, PreferencePolicy, ReservedMode};

use super::expression::{key, requirement, term};
use super::pods::{pods, selector};
use super::{catalog, objects};

/// One line, taken apart.
pub(crate) struct Line<'a> {
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn read(text: &'a str) -> Self {
        let mut words = text.split_whitespace();
        let kind = words.next().unwrap_or_default();
        let name = words.next().unwrap_or_default();
        Line { kind, name, words: words.collect() }
    }

    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.words.iter().filter_map(move |w| w.split_once('=').filter(|(k, _)| *k == key)).map(|(_, v)| v)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.all(key).last()
    }

    pub(crate) fn flags(&self) -> impl Iterator<Item = &'a str> {
        self.words.iter().copied().filter(|w| !w.contains('='))
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags().any(|f| f == flag)
    }
}

pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

/// `key:value`.
pub(crate) fn pair(text: &str) -> (Arc<str>, Arc<str>) {
    let (left, right) = text.split_once(':').expect("key:value");
    (left.into(), right.into())
}

/// `team=a:NoSchedule`.
pub(crate) fn taint(text: &str) -> Taint {
    let (left, effect) = text.split_once(':').expect("a taint");
    let (key, value) = left.split_once('=').unwrap_or((left, ""));
    Taint { key: key.into(), value: value.into(), effect: TaintEffect::parse(effect).expect("an effect") }
}

/// Reads a world. The class `default` and its types are there unless a line says otherwise.
pub(crate) fn world(script: &str) -> Snapshot {
    let mut world = Snapshot::default();
    world.node_classes.push(objects::class("default"));
    world.instance_types.insert("default".into(), Arc::new(catalog::types()));
    world.namespaces.insert("default".into(), Labels::new());
    extend(&mut world, script);
    world
}

/// Adds to a world; a pool of the same name is replaced.
pub(crate) fn extend(world: &mut Snapshot, script: &str) {
    for text in script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let line = Line::read(text);
        read(world, &line);
    }
}

fn read(world: &mut Snapshot, line: &Line<'_>) {
    match line.kind {
        "pod" => world.pods.extend(pods(line)),
        "ds" => world.daemon_sets.extend(pods(line).into_iter().map(|template| DaemonSet {
            key: template.key.clone(),
            uid: template.uid.clone(),
            template,
        })),
        "pool" => {
            world.node_pools.retain(|p| *p.name != *line.name);
            world.node_pools.push(pool(line));
        }
        "node" => node(world, line),
        "claim" => waiting_claim(world, line),
        "class" => class(world, line),
        "ns" => {
            world.namespaces.insert(line.name.into(), line.all("label").map(pair).collect());
        }
        "gone" => world.pods.retain(|p| !p.key.name.starts_with(line.name)),
        "knobs" => {}
        "pdb" => world.pod_disruption_budgets.push(budget(line)),
        "overlay" => world.node_overlays.push(overlay(line)),
        "reserve" | "sold-out" | "only" => market(world, line),
        _ => storage(world, line),
    }
}

fn requirements(line: &Line<'_>) -> Vec<Requirement> {
    line.all("need").flat_map(|all| all.split(',')).map(requirement).collect()
}

fn pool(line: &Line<'_>) -> NodePool {
    let mut pool = objects::pool(line.name);
    pool.template.requirements = requirements(line);
    for short in ["zone", "cap", "arch", "os", "type"] {
        pool.template.requirements.extend(line.get(short).map(|v| requirement(&format!("{short}={v}"))));
    }
    pool.template.labels = line.all("label").map(pair).map(|(k, v)| (key(&k).into(), v)).collect();
    pool.template.annotations = line.all("note").map(pair).collect();
    pool.template.taints = line.all("taint").map(taint).collect();
    pool.template.startup_taints = line.all("startup").map(taint).collect();
    pool.limits = line.all("limit").map(pair).map(|(k, v)| ((&*k).into(), quantity(&v))).collect();
    pool.weight = line.get("weight").map_or(0, |w| w.parse().expect("a weight"));
    pool.replicas = line.get("replicas").map(|r| r.parse().expect("a number"));
    pool.deleting = line.has("deleting");
    if line.has("unready") {
        pool.readiness = Readiness::NotReady { reason: "X".into(), message: "its class is late".into() };
    }
    if let Some(class) = line.get("class") {
        pool.template.node_class.name = class.into();
    }
    if let Some(kind) = line.get("classkind") {
        pool.template.node_class.kind = kind.into();
    }
    pool
}

/// A class with the catalog, or without types when `empty`.
fn class(world: &mut Snapshot, line: &Line<'_>) {
    world.node_classes.retain(|c| *c.name != *line.name);
    let mut class = objects::class(line.name);
    class.deleting = line.has("deleting");
    if line.has("unready") {
        class.readiness = Readiness::NotReady { reason: "X".into(), message: "no subnet".into() };
    }
    let types = if line.has("empty") { Vec::new() } else { catalog::types() };
    world.instance_types.insert(class.name.clone(), Arc::new(types));
    if !line.has("gone") {
        world.node_classes.push(class);
    }
}

/// A launched node of the default class: `type`, `zone`, `cap` and `pool` make its labels. `noclaim`, `nonode`,
/// `uninit` (not initialized), `unregistered`; amounts overwrite what the node reports.
fn node(world: &mut Snapshot, line: &Line<'_>) {
    let mut node = objects::node(line.name);
    let mut claim = objects::claim(line.name, "default");
    let type_name = line.get("type").unwrap_or("m");
    let instance_type = type_of(world, type_name).clone();
    (node.capacity, node.allocatable) = (instance_type.capacity.clone(), instance_type.allocatable());
    (claim.capacity, claim.allocatable) = (node.capacity.clone(), node.allocatable.clone());
    for (name, resource) in [("cpu", "cpu"), ("mem", "memory"), ("gpu", "nvidia.com/gpu"), ("pods", "pods")] {
        if let Some(amount) = line.get(name) {
            node.allocatable.set(resource.into(), quantity(amount));
            node.capacity.set(resource.into(), quantity(amount));
        }
    }
    let mut labels: Labels = line.all("label").map(pair).map(|(k, v)| (key(&k).into(), v)).collect();
    labels.insert(keys::INSTANCE_TYPE.into(), type_name.into());
    labels.insert(keys::ARCH.into(), if type_name.starts_with("arm") { "arm64" } else { "amd64" }.into());
    labels.insert(keys::OS.into(), "linux".into());
    for (short, default) in [("zone", Some("a")), ("cap", Some("on-demand")), ("pool", None)] {
        if let Some(value) = line.get(short).or(default).filter(|v| *v != "none") {
            labels.insert(key(short).into(), value.into());
        }
    }
    claim.labels = labels.clone();
    claim.taints = line.all("ctaint").map(taint).collect();
    claim.startup_taints = line.all("startup").map(taint).collect();
    claim.deletion_at = line.has("deleting").then(|| objects::at(objects::NOW));
    if line.has("terminating") {
        claim.conditions.push(objects::holds(ConditionKind::InstanceTerminating));
    }
    if !line.has("unregistered") {
        labels.insert(keys::REGISTERED.into(), "true".into());
    }
    if !line.has("uninit") && !line.has("unregistered") {
        labels.insert(keys::INITIALIZED.into(), "true".into());
    }
    node.labels.extend(labels);
    node.taints = line.all("taint").map(taint).collect();
    if line.has("marked") {
        world.marked_for_deletion.push(line.name.into());
    }
    if line.has("noclaim") {
        node.deletion_at = line.has("deleting").then(|| objects::at(objects::NOW));
    } else {
        world.node_claims.push(claim);
    }
    if !line.has("nonode") {
        world.nodes.push(node);
    }
}

fn type_of<'a>(world: &'a Snapshot, name: &str) -> &'a InstanceType {
    let types = &world.instance_types["default"];
    types.iter().find(|t| &*t.name == name).unwrap_or_else(|| panic!("no type {name}"))
}

/// A claim that waits for its machine.
fn waiting_claim(world: &mut Snapshot, line: &Line<'_>) {
    let mut claim = objects::claim(line.name, "default");
    claim.provider_id = None;
    claim.labels.insert(keys::NODE_POOL.into(), line.get("pool").expect("a pool").into());
    claim.requirements = line.all("need").map(requirement).collect();
    world.node_claims.push(claim);
}

fn budget(line: &Line<'_>) -> PodDisruptionBudget {
    PodDisruptionBudget {
        key: NamespacedName { namespace: "default".into(), name: line.name.into() },
        selector: Some(selector(line.get("for").unwrap_or_default())),
        max_unavailable: line.get("max").map(Into::into),
        min_available: line.get("min").map(Into::into),
        disruptions_allowed: 0,
        always_allow_unhealthy: line.has("unhealthy"),
    }
}

fn overlay(line: &Line<'_>) -> NodeOverlay {
    let nano = |text: &str| Price::from_usd_per_hour(text.parse().expect("dollars"));
    let share = |text: &str| PriceChange::AdjustMilliPercent(text.parse::<i64>().expect("percent") * 1000);
    NodeOverlay {
        name: line.name.into(),
        weight: line.get("weight").map_or(0, |w| w.parse().expect("a weight")),
        requirements: requirements(line),
        price: line.get("price").map(nano).map(PriceChange::Absolute).or(line.get("percent").map(share)),
        capacity: line.all("add").map(pair).map(|(k, v)| ((&*k).into(), quantity(&v))).collect(),
    }
}

/// `reserve TYPE zone=a id=cr-1 left=1`, `sold-out TYPE zone=a cap=spot` (all where nothing is said),
/// `only s m` keeps these types.
fn market(world: &mut Snapshot, line: &Line<'_>) {
    let types = world.instance_types.get_mut("default").expect("the class is there");
    let types = Arc::make_mut(types);
    if line.kind == "only" {
        types.retain(|t| *t.name == *line.name || line.has(&t.name));
        return;
    }
    for instance_type in types.iter_mut().filter(|t| line.name == "all" || *t.name == *line.name) {
        if line.kind == "reserve" {
            let left = line.get("left").map_or(1, |left| left.parse().expect("a number"));
            let (zone, id) = (line.get("zone").unwrap_or("a"), line.get("id").unwrap_or("cr-1"));
            catalog::reserve(instance_type, zone, id, left);
            continue;
        }
        let zone = |zone: &str| line.get("zone").is_none_or(|z| z == zone);
        let cap = |cap: CapacityType| line.get("cap").is_none_or(|c| c == cap.as_str());
        for offering in instance_type.offerings.iter_mut().filter(|o| zone(&o.zone) && cap(o.capacity_type)) {
            offering.available = false;
        }
    }
}

fn storage(world: &mut Snapshot, line: &Line<'_>) {
    let driver = line.get("driver").unwrap_or("ebs.csi.aws.com");
    match line.kind {
        "pvc" => world.volume_claims.push(VolumeClaim {
            key: NamespacedName {
                namespace: line.get("ns").unwrap_or("default").into(),
                name: line.name.into(),
            },
            storage_class: line.get("sc").map(Into::into),
            volume_name: line.get("pv").map(Into::into),
            bind_completed: line.get("pv").is_some() && !line.has("unbound"),
            deleting: line.has("deleting"),
            lost: line.has("lost"),
        }),
        "pv" => world.volumes.push(Volume {
            name: line.name.into(),
            driver: (driver != "none").then(|| driver.into()),
            is_local: line.has("local"),
            node_terms: line.all("at").map(term).collect(),
            deleting: line.has("deleting"),
        }),
        "sc" => world.storage_classes.push(StorageClass {
            name: line.name.into(),
            provisioner: driver.into(),
            binds_immediately: line.has("immediate"),
            allowed_topologies: line.all("at").map(term).collect(),
        }),
        "volumes" => world.volume_limits.push(VolumeLimit {
            node: line.name.into(),
            driver: driver.into(),
            count: line.get("most").expect("a number").parse().expect("a number"),
        }),
        other => panic!("{other:?} is no kind of line"),
    }
}

/// The settings of a script: `knobs - ignore besteffort fallback`.
pub(crate) fn knobs(script: &str) -> Knobs {
    let words: Vec<&str> = script
        .lines()
        .map(str::trim)
        .filter(|l| l.starts_with("knobs"))
        .flat_map(str::split_whitespace)
        .collect();
    let has = |word: &str| words.contains(&word);
    let (ignore, best) = (PreferencePolicy::Ignore, MinValuesPolicy::BestEffort);
    Knobs {
        now: objects::at(objects::NOW),
        preference_policy: if has("ignore") { ignore } else { PreferencePolicy::Respect },
        min_values_policy: if has("besteffort") { best } else { MinValuesPolicy::Strict },
        reserved_mode: if has("fallback") { ReservedMode::Fallback } else { ReservedMode::Strict },
    }
}
