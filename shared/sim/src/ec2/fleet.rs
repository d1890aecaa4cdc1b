//! What does an instant fleet request get? The cheapest of what it lists and EC2 has, once per client token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use joiner_core::model::{Allowed, CapacityType, InstanceType, Labels, Offering, OfferingKey, Taint, keys};

use joiner_ports::InterruptionKind;

use super::{CLAIM_TAG, Ec2, Ec2Instance, Ec2State, Placement, placement};
use crate::agenda::Due;
use crate::chance::Chance;
use crate::log::EntryKind;
use crate::world::World;

/// What the user data gives the kubelet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Boot {
    /// Labels of the node.
    pub labels: Labels,
    /// Taints of the node, startup taints among them.
    pub taints: Vec<Taint>,
    /// Which of the taints something outside lifts after a while.
    pub startup_taints: Vec<Taint>,
}

/// A request for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRequest {
    /// Client token.
    pub token: Arc<str>,
    /// The class whose launch template is used.
    pub node_class: Arc<str>,
    /// What would do.
    pub overrides: Vec<OfferingKey>,
    /// Tags of the instance.
    pub tags: Labels,
    /// What its kubelet starts with.
    pub boot: Boot,
}

/// What a fleet request got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetAnswer {
    /// The instance, if there is one.
    pub instance: Option<Arc<str>>,
    /// Offerings that were tried and are not to be had.
    pub refused: Vec<OfferingKey>,
}

/// Windows in which chance takes offerings away last this long.
const SHORTAGE_WINDOW_SECS: i64 = 300;

impl World {
    /// Asks EC2 for one instance; the same token gives the same instance for as long as that exists.
    pub fn create_fleet(&mut self, request: &FleetRequest) -> FleetAnswer {
        if let Some(instance) = self.ec2.launched_with(&request.token) {
            return FleetAnswer { instance: Some(Arc::clone(&instance.id)), refused: Vec::new() };
        }
        let mut choices = self.ec2.choices(request);
        choices.sort_by(|(a, first), (b, second)| first.price.cmp(&second.price).then_with(|| a.cmp(b)));
        let mut refused = Vec::new();
        let mut bought = None;
        for (key, offering) in choices {
            if self.is_short_of(&key) || !offering.available {
                refused.push(key);
            } else {
                bought = Some((key, offering));
                break;
            }
        }
        let instance = bought.map(|(key, offering)| self.launch(request, key, &offering));
        FleetAnswer { instance, refused }
    }

    /// Whether EC2 has none of an offering now.
    fn is_short_of(&self, key: &OfferingKey) -> bool {
        if self.ec2.refused.contains(key) {
            return true;
        }
        let window = self.agenda.now().as_second().div_euclid(SHORTAGE_WINDOW_SECS);
        let purpose = format!("{} {} {} {window}", key.instance_type, key.zone, key.capacity_type);
        self.faults.no_capacity > 0 && Chance::stream(self.seed, &purpose).happens(self.faults.no_capacity)
    }

    fn launch(&mut self, request: &FleetRequest, key: OfferingKey, offering: &Offering) -> Arc<str> {
        self.ec2.launched += 1;
        let id: Arc<str> = format!("i-{:017x}", self.ec2.launched).into();
        let mut boot = request.boot.clone();
        let (capacity, allocatable) = match self.ec2.instance_type(&request.node_class, &key.instance_type) {
            Some(found) => {
                // The kubelet and the cloud's node controller label what the machine is.
                let given = std::mem::replace(&mut boot.labels, resolved_labels(found, &key));
                boot.labels.extend(given);
                (found.capacity.clone(), found.allocatable())
            }
            None => Default::default(),
        };
        let is_dead = self.chance.faults.happens(self.faults.dead_on_arrival);
        let taken =
            key.capacity_type == CapacityType::Spot && self.chance.faults.happens(self.faults.spot_taken);
        let instance = Ec2Instance {
            id: Arc::clone(&id),
            price: offering.price,
            state: Ec2State::Pending,
            launched_at: self.agenda.now(),
            running_at: None,
            stopped_at: None,
            tags: request.tags.clone(),
            node_class: Arc::clone(&request.node_class),
            placement: self.placement_of(&request.node_class, &key),
            boot,
            capacity,
            allocatable,
            is_dead,
            is_silent: false,
            offering: key,
        };
        let what = &instance.offering;
        let detail = format!(
            "{} in {} {} ${:.4}/h{}",
            what.instance_type,
            what.zone,
            what.capacity_type,
            offering.price.usd_per_hour(),
            instance.tags.get(CLAIM_TAG).map_or(String::new(), |claim| format!(" for {claim}")),
        );
        self.record(EntryKind::InstanceLaunched, &id, detail);
        self.ec2.by_token.insert(Arc::clone(&request.token), Arc::clone(&id));
        self.ec2.instances.insert(Arc::clone(&id), instance);
        let runs = self.chance.machines.between(self.pace.instance_runs);
        self.agenda.after(runs, Due::InstanceRuns(Arc::clone(&id)));
        if !is_dead {
            let joins = self.chance.machines.between(self.pace.node_joins);
            self.agenda.after(joins, Due::NodeJoins(Arc::clone(&id)));
        }
        if taken {
            let after = self.chance.faults.between((Duration::from_secs(60), Duration::from_secs(600)));
            self.agenda.after(after, Due::SpotTaken(Arc::clone(&id)));
        }
        id
    }

    /// What the launch template of a class starts an offering with.
    fn placement_of(&self, class: &str, key: &OfferingKey) -> Placement {
        let found = self.ec2.instance_type(class, &key.instance_type);
        let class = self.cluster.classes.get(class);
        class.map(|class| placement(class, found, &key.zone)).unwrap_or_default()
    }

    /// An instance began to run.
    pub(crate) fn instance_runs(&mut self, id: &str) {
        let now = self.agenda.now();
        if let Some(instance) = self.ec2.instances.get_mut(id)
            && instance.state == Ec2State::Pending
        {
            instance.state = Ec2State::Running;
            instance.running_at = Some(now);
        }
    }

    /// Tells an instance to end; says whether there was one that had not ended.
    pub fn terminate_instance(&mut self, id: &str) -> bool {
        let now = self.agenda.now();
        let Some(instance) = self.ec2.instances.get_mut(id) else { return false };
        if instance.state == Ec2State::Terminated {
            return false;
        }
        if instance.is_up() {
            instance.state = Ec2State::ShuttingDown;
            instance.stopped_at = Some(now);
            let id = Arc::clone(&instance.id);
            let ends = self.chance.machines.between(self.pace.instance_ends);
            self.record(EntryKind::InstanceEnding, &id, String::new());
            let state = self.ec2.instances[&id].state.as_str().into();
            self.announce(&id, InterruptionKind::StateChange { state });
            self.agenda.after(ends, Due::InstanceEnds(Arc::clone(&id)));
            // The machine stops talking to the cluster at once; the cluster notices later.
            self.agenda.after(Duration::from_secs(40), Due::NodeSilent(id));
        }
        true
    }

    /// An instance is gone.
    pub(crate) fn instance_ends(&mut self, id: &str) {
        if let Some(instance) = self.ec2.instances.get_mut(id) {
            instance.state = Ec2State::Terminated;
            let state = instance.state.as_str().into();
            self.record(EntryKind::InstanceEnded, id, String::new());
            self.announce(id, InterruptionKind::StateChange { state });
        }
        self.cluster_changed();
    }
}

impl Ec2 {
    /// The listed offerings that exist.
    fn choices(&self, request: &FleetRequest) -> Vec<(OfferingKey, Offering)> {
        let Some(types) = self.types.get(&request.node_class) else { return Vec::new() };
        let by_name: BTreeMap<&str, _> = types.iter().map(|found| (&*found.name, found)).collect();
        let find = |key: &OfferingKey| {
            by_name
                .get(&*key.instance_type)?
                .offerings
                .iter()
                .find(|offering| offering.zone == key.zone && offering.capacity_type == key.capacity_type)
        };
        request.overrides.iter().filter_map(|key| Some((key.clone(), find(key)?.clone()))).collect()
    }
}

/// Labels that the type and the way it was bought decide.
pub fn resolved_labels(found: &InstanceType, key: &OfferingKey) -> Labels {
    let offering = found
        .offerings
        .iter()
        .find(|offering| offering.zone == key.zone && offering.capacity_type == key.capacity_type);
    let of_offering = offering.map(|offering| &offering.requirements);
    found
        .requirements
        .iter()
        .chain(of_offering.iter().flat_map(|requirements| requirements.iter()))
        .filter_map(|requirement| match &requirement.allowed {
            Allowed::Only(values) if values.len() == 1 => {
                Some((requirement.key.as_str().into(), Arc::clone(values.first()?)))
            }
            _ => None,
        })
        .chain([
            (keys::INSTANCE_TYPE.into(), Arc::clone(&key.instance_type)),
            (keys::ZONE.into(), Arc::clone(&key.zone)),
            (keys::CAPACITY_TYPE.into(), key.capacity_type.as_str().into()),
        ])
        .collect()
}
