//! A world of plain maps behind the ports, every answer ready at once, and short ways to fill it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use joiner_app::{Fact, Failure, Settings};
use joiner_core::machine::Machine;
use joiner_core::model::*;
use joiner_ports::*;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Everything there is.
#[derive(Default)]
pub(crate) struct Inside {
    pub(crate) snapshot: Snapshot,
    pub(crate) missing: Option<String>,
    pub(crate) types: Vec<InstanceType>,
    pub(crate) no_capacity: bool,
    pub(crate) instances: BTreeMap<LaunchToken, Instance>,
    pub(crate) terminated: Vec<InstanceId>,
    pub(crate) delete_on_launch: bool,
    pub(crate) pods_on_taint: Vec<Pod>,
    pub(crate) eviction_refused: bool,
    pub(crate) lease: Option<Lease>,
    pub(crate) intents: BTreeMap<ClaimName, LaunchIntent>,
    pub(crate) window: Option<BatchWindow>,
    pub(crate) marks: Vec<UnavailableUntil>,
    pub(crate) nominations: Vec<Nomination>,
    pub(crate) commands: BTreeMap<CommandId, Command>,
    pub(crate) sent: Vec<(Message, Delay)>,
    pub(crate) pool_patches: Vec<(Arc<str>, PoolPatch)>,
    pub(crate) class_patches: Vec<(Arc<str>, ClassPatch)>,
    pub(crate) class_status: Arc<str>,
    pub(crate) class_refusals: Vec<ClassRefusal>,
    pub(crate) class_forbidden: bool,
    pub(crate) events: Vec<Event>,
    pub(crate) node_repair: bool,
    pub(crate) released_classes: Vec<Arc<str>>,
    pub(crate) wakes: BTreeMap<Arc<str>, Timestamp>,
}

pub(crate) struct Fake {
    name: ClusterName,
    inside: Mutex<Inside>,
}

impl Fake {
    pub(crate) fn new(fill: impl FnOnce(&mut Inside)) -> Self {
        let mut inside = Inside::default();
        fill(&mut inside);
        Fake { name: ClusterName::new("demo").unwrap(), inside: Mutex::new(inside) }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.inside.lock().unwrap())
    }

    /// Handles a message, to its end.
    pub(crate) fn handle(&self, message: Message, second: i64) -> Vec<Fact> {
        self.try_handle(message, second).unwrap()
    }

    pub(crate) fn try_handle(&self, message: Message, second: i64) -> Result<Vec<Fact>, Failure> {
        let node_repair = self.with(|inside| inside.node_repair);
        let settings = Settings { node_repair, ..Settings::DEFAULT };
        let mut handling = pin!(joiner_app::handle(self, &settings, message, at(second)));
        match handling.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome.map(|outcome| outcome.facts),
            Poll::Pending => panic!("every port answers at once"),
        }
    }

    pub(crate) fn sent(&self) -> Vec<(Message, Delay)> {
        self.with(|inside| inside.sent.clone())
    }
}

impl Ports for Fake {
    type Cluster = Fake;
    type Cloud = Fake;
    type InstanceTypes = Fake;
    type Store = Fake;
    type Queue = Fake;

    fn cluster_name(&self) -> &ClusterName {
        &self.name
    }
    fn cluster(&self) -> &Fake {
        self
    }
    fn cloud(&self) -> &Fake {
        self
    }
    fn instance_types(&self) -> &Fake {
        self
    }
    fn store(&self) -> &Fake {
        self
    }
    fn queue(&self) -> &Fake {
        self
    }
}

impl ClusterRead for Fake {
    async fn snapshot(&self) -> Result<ClusterView, ClusterError> {
        Ok(self.with(|inside| ClusterView {
            snapshot: inside.snapshot.clone(),
            completeness: match &inside.missing {
                Some(why) => Completeness::Partial { why: why.clone() },
                None => Completeness::Complete,
            },
        }))
    }

    async fn machine(&self, target: &Target) -> Result<Option<Machine>, ClusterError> {
        Ok(self.with(|inside| {
            let Snapshot { node_claims, nodes, pods, .. } = &inside.snapshot;
            let id = match target {
                Target::Claim(name) => {
                    node_claims.iter().find(|c| *c.name == *name.as_str())?.provider_id.clone()
                }
                Target::Node(name) => nodes.iter().find(|n| n.name == *name)?.provider_id.clone(),
            };
            let is_claim = |c: &&NodeClaim| match target {
                Target::Claim(name) => *c.name == *name.as_str(),
                Target::Node(_) => id.is_some() && c.provider_id == id,
            };
            let nodes: Vec<Node> =
                nodes.iter().filter(|n| id.is_some() && n.provider_id == id).cloned().collect();
            let on = |pod: &&Pod| nodes.iter().any(|n| pod.node_name.as_ref() == Some(&n.name));
            let pods = pods.iter().filter(on).cloned().collect();
            Some(Machine {
                claim: node_claims.iter().find(is_claim).cloned(),
                nodes,
                pods,
                ..Machine::default()
            })
        }))
    }
}

fn change_finalizer(finalizers: &mut Vec<Arc<str>>, change: FinalizerChange) {
    let finalizer: Arc<str> = keys::TERMINATION_FINALIZER.into();
    match change {
        FinalizerChange::Keep => {}
        FinalizerChange::Add if finalizers.contains(&finalizer) => {}
        FinalizerChange::Add => finalizers.push(finalizer),
        FinalizerChange::Remove => finalizers.retain(|own| *own != finalizer),
    }
}

impl ClusterWrite for Fake {
    async fn patch_pool(&self, pool: &str, _: &str, patch: &PoolPatch) -> Result<(), ClusterError> {
        self.with(|inside| inside.pool_patches.push((pool.into(), patch.clone())));
        Ok(())
    }

    async fn patch_class(&self, class: &str, _: &str, patch: &ClassPatch) -> Result<(), ClusterError> {
        self.with(|inside| inside.class_patches.push((class.into(), patch.clone())));
        Ok(())
    }

    async fn create_claim(&self, new: NewClaim<'_>) -> Result<CreatedClaim, ClusterError> {
        Ok(self.with(|inside| {
            let claims = &mut inside.snapshot.node_claims;
            if let Some(claim) = claims.iter().find(|claim| *claim.name == *new.name.as_str()) {
                return CreatedClaim { claim: claim.clone(), existed: true };
            }
            let mut claim = joiner_core::in_flight::claim_of(new.name.as_str(), new.draft);
            change_finalizer(&mut claim.finalizers, FinalizerChange::Add);
            claim.uid = format!("{}-uid", claim.name).into();
            claims.push(claim.clone());
            CreatedClaim { claim, existed: false }
        }))
    }

    async fn patch_claim(
        &self,
        name: &ClaimName,
        uid: &str,
        patch: &ClaimPatch,
    ) -> Result<NodeClaim, ClusterError> {
        self.with(|inside| {
            let claims = &mut inside.snapshot.node_claims;
            let found = claims.iter().position(|c| *c.name == *name.as_str() && *c.uid == *uid);
            let at = found.ok_or_else(|| ClusterError::Gone(name.to_string()))?;
            let claim = &mut claims[at];
            claim.labels.extend(patch.labels.clone());
            claim.annotations.extend(patch.annotations.clone());
            change_finalizer(&mut claim.finalizers, patch.finalizer);
            claim.node_name = patch.node_name.clone().or(claim.node_name.take());
            claim.provider_id = patch.provider_id.clone().or(claim.provider_id.take());
            claim.last_pod_event_at = patch.last_pod_event_at.or(claim.last_pod_event_at);
            let written =
                |kind| patch.conditions.iter().any(|c| c.kind == kind) || patch.cleared.contains(&kind);
            claim.conditions.retain(|c| !written(c.kind));
            claim.conditions.extend(patch.conditions.clone());
            let changed = claim.clone();
            if changed.deletion_at.is_some() && changed.finalizers.is_empty() {
                claims.remove(at);
            }
            Ok(changed)
        })
    }

    async fn delete_claim(&self, name: &ClaimName, uid: &str) -> Result<(), ClusterError> {
        self.with(|inside| {
            for claim in &mut inside.snapshot.node_claims {
                if *claim.name == *name.as_str() && *claim.uid == *uid && claim.deletion_at.is_none() {
                    claim.deletion_at = Some(at(1));
                }
            }
        });
        Ok(())
    }

    async fn patch_node(&self, name: &str, uid: &str, patch: &NodePatch) -> Result<(), ClusterError> {
        self.with(|inside| {
            let nodes = &mut inside.snapshot.nodes;
            let found = nodes.iter().position(|n| *n.name == *name && *n.uid == *uid);
            let at = found.ok_or_else(|| ClusterError::Gone(name.to_owned()))?;
            let node = &mut nodes[at];
            node.labels.extend(patch.labels.clone());
            change_finalizer(&mut node.finalizers, patch.finalizer);
            node.taints.retain(|own| !patch.remove_taints.iter().any(|taint| taint.matches(own)));
            node.taints.extend(patch.add_taints.clone());
            if !patch.add_taints.is_empty() {
                inside.snapshot.pods.append(&mut inside.pods_on_taint);
            }
            if nodes[at].deletion_at.is_some() && nodes[at].finalizers.is_empty() {
                nodes.remove(at);
            }
            Ok(())
        })
    }

    async fn delete_node(&self, name: &str, _: &str) -> Result<(), ClusterError> {
        self.with(|inside| {
            inside
                .snapshot
                .nodes
                .iter_mut()
                .filter(|n| *n.name == *name)
                .for_each(|n| n.deletion_at = Some(at(1)));
        });
        Ok(())
    }

    async fn evict(&self, key: &NamespacedName, _: &str) -> Result<Eviction, ClusterError> {
        Ok(self.with(|inside| {
            if inside.eviction_refused {
                return Eviction::Blocked { message: "the budget needs it".to_owned() };
            }
            inside.snapshot.pods.retain(|pod| pod.key != *key);
            Eviction::Evicted
        }))
    }

    async fn delete_pod(&self, key: &NamespacedName, _: &str, _: u32) -> Result<(), ClusterError> {
        self.with(|inside| inside.snapshot.pods.retain(|pod| pod.key != *key));
        Ok(())
    }

    async fn record(&self, event: &Event) -> Result<(), ClusterError> {
        self.with(|inside| inside.events.push(event.clone()));
        Ok(())
    }
}

impl InstanceTypeSource for Fake {
    async fn of(
        &self,
        _: &NodeClass,
        marks: &[Unavailable],
    ) -> Result<Arc<Vec<InstanceType>>, InstanceTypeError> {
        let mut types = self.with(|inside| inside.types.clone());
        for found in &mut types {
            for offering in &mut found.offerings {
                let key = OfferingKey {
                    instance_type: found.name.clone(),
                    zone: offering.zone.clone(),
                    capacity_type: offering.capacity_type,
                };
                offering.available = !marks.contains(&Unavailable::Offering(key));
            }
        }
        Ok(Arc::new(types))
    }
}

impl Cloud for Fake {
    async fn tag(&self, instance: &InstanceId, tags: &Labels) -> Result<(), CloudError> {
        let mut inside = self.inside.lock().unwrap();
        let known = inside.instances.values_mut().filter(|known| known.id == *instance);
        known.for_each(|known| known.tags.extend(tags.clone()));
        Ok(())
    }

    async fn resolve_class(&self, _: &NodeClass) -> Result<ClassResolution, CloudError> {
        self.with(|inside| match inside.class_forbidden {
            true => Err(CloudError::Rejected("ec2:DescribeSubnets is not allowed".to_owned())),
            false => {
                let (status, refusals) = (inside.class_status.clone(), inside.class_refusals.clone());
                Ok(ClassResolution { status, refusals })
            }
        })
    }

    async fn release_class(&self, class: &NodeClass) -> Result<(), CloudError> {
        self.inside.lock().unwrap().released_classes.push(class.name.clone());
        Ok(())
    }

    async fn launch(&self, request: LaunchRequest<'_>) -> Result<Launched, LaunchError> {
        self.with(|inside| {
            if inside.no_capacity {
                return Err(LaunchError::NoCapacity(vec![Unavailable::Offering(offering_key())]));
            }
            let next = inside.instances.len();
            let instance = inside.instances.entry(request.token.clone()).or_insert_with(|| Instance {
                id: InstanceId::new(&format!("i-{next}")).unwrap(),
                provider_id: format!("aws:///zone-a/i-{next}").into(),
                state: InstanceState::Running,
                launched_at: at(0),
                node_pool: None,
                claim: Some(request.claim.clone()),
                token: Some(request.token.clone()),
                image_id: None,
                subnet_id: None,
                security_group_ids: Vec::new(),
                capacity_reservation_id: None,
                tags: joiner_core::model::Labels::new(),
            });
            if inside.delete_on_launch {
                inside.snapshot.node_claims.clear();
            }
            Ok(Launched {
                instance: instance.id.clone(),
                provider_id: instance.provider_id.clone(),
                instance_type: "m5.large".into(),
                zone: "zone-a".into(),
                capacity_type: CapacityType::OnDemand,
                image_id: None,
                capacity: Resources::new(),
                allocatable: Resources::new(),
                labels: Labels::new(),
                annotations: Labels::new(),
            })
        })
    }

    async fn terminate(&self, id: &InstanceId) -> Result<Termination, CloudError> {
        Ok(self.with(|inside| {
            let known = inside.instances.values().any(|i| i.id == *id);
            inside.instances.retain(|_, i| i.id != *id);
            inside.terminated.push(id.clone());
            if known { Termination::Asked } else { Termination::Gone }
        }))
    }

    async fn exists(&self, id: &InstanceId) -> Result<bool, CloudError> {
        Ok(self.with(|inside| inside.instances.values().any(|i| i.id == *id)))
    }

    async fn instances(&self) -> Result<Vec<Instance>, CloudError> {
        Ok(self.with(|inside| inside.instances.values().cloned().collect()))
    }
}

impl Store for Fake {
    async fn note_wake(&self, about: &str, due_at: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let mut inside = self.inside.lock().unwrap();
        let noted = inside.wakes.get(about).is_some_and(|noted| *noted > now && *noted <= due_at);
        if !noted {
            inside.wakes.insert(about.into(), due_at);
        }
        Ok(!noted)
    }

    async fn hold_watch(&self, _: &str, _: Timestamp, _: u32) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn acquire(&self, now: Timestamp, term_secs: u32) -> Result<LeaseAnswer, StoreError> {
        Ok(self.with(|inside| {
            if let Some(held) = inside.lease.filter(|lease| lease.expires_at > now) {
                return LeaseAnswer::Taken { until: held.expires_at };
            }
            let expires_at = now + jiff::SignedDuration::from_secs(i64::from(term_secs));
            let fence = Fence(now.as_second().unsigned_abs());
            inside.lease = Some(Lease { fence, acquired_at: now, expires_at });
            LeaseAnswer::Held(Lease { fence, acquired_at: now, expires_at })
        }))
    }
    async fn release(&self, _: Fence) -> Result<(), StoreError> {
        self.with(|inside| inside.lease = None);
        Ok(())
    }
    async fn commit_intents(&self, _: Fence, intents: &[LaunchIntent]) -> Result<(), StoreError> {
        self.with(|inside| inside.intents.extend(intents.iter().map(|i| (i.claim.clone(), i.clone()))));
        Ok(())
    }
    async fn open_intents(&self) -> Result<Vec<LaunchIntent>, StoreError> {
        Ok(self.with(|inside| inside.intents.values().cloned().collect()))
    }
    async fn intent(&self, claim: &ClaimName) -> Result<Option<LaunchIntent>, StoreError> {
        Ok(self.with(|inside| inside.intents.get(claim).cloned()))
    }
    async fn intent_created(&self, claim: &ClaimName, uid: &str) -> Result<(), StoreError> {
        self.with(|inside| match inside.intents.get_mut(claim) {
            Some(intent) => {
                intent.phase = IntentPhase::Created { claim_uid: uid.into() };
                Ok(())
            }
            None => Err(StoreError::Conflict(claim.to_string())),
        })
    }
    async fn close_intent(&self, claim: &ClaimName) -> Result<(), StoreError> {
        self.with(|inside| inside.intents.remove(claim));
        Ok(())
    }
    async fn note_pending(&self, now: Timestamp) -> Result<BatchWindow, StoreError> {
        Ok(self.with(|inside| {
            let first_seen = inside.window.map_or(now, |window| window.first_seen);
            *inside.window.insert(BatchWindow { first_seen, last_seen: now })
        }))
    }
    async fn window(&self) -> Result<Option<BatchWindow>, StoreError> {
        Ok(self.with(|inside| inside.window))
    }
    async fn close_window(&self, seen: BatchWindow) -> Result<(), StoreError> {
        self.with(|inside| inside.window = inside.window.filter(|window| window.last_seen != seen.last_seen));
        Ok(())
    }
    async fn mark_unavailable(&self, marks: &[UnavailableUntil]) -> Result<(), StoreError> {
        self.with(|inside| inside.marks.extend(marks.iter().cloned()));
        Ok(())
    }
    async fn unavailable(&self, now: Timestamp) -> Result<Vec<UnavailableUntil>, StoreError> {
        Ok(self.with(|inside| inside.marks.iter().filter(|mark| mark.until > now).cloned().collect()))
    }
    async fn nominate(&self, nominations: &[Nomination]) -> Result<(), StoreError> {
        self.with(|inside| inside.nominations.extend(nominations.iter().cloned()));
        Ok(())
    }
    async fn nominations(&self, now: Timestamp) -> Result<Vec<Nomination>, StoreError> {
        Ok(self.with(|inside| inside.nominations.iter().filter(|n| n.until > now).cloned().collect()))
    }
    async fn put_command(
        &self,
        fence: Fence,
        command: &Command,
        intents: &[LaunchIntent],
    ) -> Result<(), StoreError> {
        self.commit_intents(fence, intents).await?;
        self.with(|inside| inside.commands.insert(command.id.clone(), command.clone()));
        Ok(())
    }
    async fn commands(&self) -> Result<Vec<Command>, StoreError> {
        Ok(self.with(|inside| inside.commands.values().cloned().collect()))
    }
    async fn drop_command(&self, id: &CommandId) -> Result<(), StoreError> {
        self.with(|inside| inside.commands.remove(id));
        Ok(())
    }
}

impl Queue for Fake {
    async fn send(&self, message: Message, delay: Delay) -> Result<(), QueueError> {
        self.with(|inside| inside.sent.push((message, delay)));
        Ok(())
    }
}

pub(crate) fn offering_key() -> OfferingKey {
    OfferingKey {
        instance_type: "m5.large".into(),
        zone: "zone-a".into(),
        capacity_type: CapacityType::OnDemand,
    }
}
