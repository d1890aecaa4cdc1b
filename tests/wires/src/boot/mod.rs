//! What happens between a launch and a node? The instance boots, reads its user data and joins; when it is gone, its
//! kubelet falls silent and, some time later, the cluster's cloud controller takes its Node object away.
//!
//! No machine runs here: this task looks at EC2 through the wire, as any client, and writes Node objects.

mod kubelet;
mod user_data;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use joiner_aws::Clients;
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::task::JoinHandle;

pub use kubelet::Hardware;
pub use user_data::NodeConfig;

use crate::control_plane::KWOK_NODE;
use crate::setup_error::SetupError;

/// How quick the world of a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From a launch to a Node object.
    pub boot: Duration,
    /// From the end of an instance to that of its Node object, if nobody else takes it away.
    pub node_goes: Duration,
    /// Between two looks at EC2.
    pub look: Duration,
}

impl Default for Pace {
    /// A world some twenty times as quick as the real one.
    fn default() -> Self {
        Pace {
            boot: Duration::from_millis(1500),
            node_goes: Duration::from_secs(5),
            look: Duration::from_millis(400),
        }
    }
}

/// The machines of all clusters of one account. Dropping it stops them from changing.
pub struct Boot {
    task: JoinHandle<()>,
}

impl Boot {
    /// Begins to look, for clusters by name.
    pub fn start(clients: Arc<Clients>, clusters: BTreeMap<String, kube::Client>, pace: Pace) -> Self {
        let mut world = World { clients, clusters, pace, seen: BTreeMap::new(), refused: BTreeSet::new() };
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = world.look().await {
                    // The next look may do better; a test that waits for a node fails by itself and shows this.
                    eprintln!("boot: {error}");
                }
                tokio::time::sleep(world.pace.look).await;
            }
        });
        Boot { task }
    }
}

impl Drop for Boot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How far a machine got.
enum Stage {
    Booting { since: Instant, config: Box<NodeConfig>, hardware: Hardware },
    Joined { cluster: String, node: String },
    Gone { cluster: String, node: String, since: Instant },
    Over,
}

struct World {
    clients: Arc<Clients>,
    clusters: BTreeMap<String, kube::Client>,
    pace: Pace,
    seen: BTreeMap<String, Stage>,
    /// Instances that cannot join, named once.
    refused: BTreeSet<String>,
}

impl World {
    async fn look(&mut self) -> Result<(), SetupError> {
        let running = self.instances().await?;
        for (id, state) in &running {
            if !self.seen.contains_key(id) && matches!(state.as_str(), "pending" | "running") {
                self.meet(id).await?;
            }
        }
        let ids: Vec<String> = self.seen.keys().cloned().collect();
        for id in ids {
            let alive = matches!(running.get(&id).map(String::as_str), Some("pending" | "running"));
            if let Some(stage) = self.seen.remove(&id) {
                let next = self.step(stage, alive).await?;
                self.seen.insert(id, next);
            }
        }
        Ok(())
    }

    /// State of every instance by id.
    async fn instances(&self) -> Result<BTreeMap<String, String>, SetupError> {
        let mut pages = self.clients.ec2().describe_instances().into_paginator().items().send();
        let mut found = BTreeMap::new();
        while let Some(reservation) = pages.next().await {
            let reservation = reservation.map_err(|e| SetupError::because("reading instances", &e))?;
            for instance in reservation.instances() {
                let state = instance.state().and_then(|state| state.name()).map(|name| name.as_str());
                let id = instance.instance_id().unwrap_or_default();
                found.insert(id.to_owned(), state.unwrap_or_default().to_owned());
            }
        }
        Ok(found)
    }

    /// Reads what a new instance is to become. One that is no node of ours is left alone.
    async fn meet(&mut self, id: &str) -> Result<(), SetupError> {
        let attribute = aws_sdk_ec2::types::InstanceAttributeName::UserData;
        let answer =
            self.clients.ec2().describe_instance_attribute().instance_id(id).attribute(attribute).send();
        let answer =
            answer.await.map_err(|e| SetupError::because(format!("reading user data of {id}"), &e))?;
        let text = answer.user_data().and_then(|value| value.value()).unwrap_or_default();
        match NodeConfig::from_user_data(text) {
            Ok(config) if self.clusters.contains_key(&config.cluster) => {
                let hardware = self.hardware(id).await?;
                let stage = Stage::Booting { since: Instant::now(), config: Box::new(config), hardware };
                self.seen.insert(id.to_owned(), stage);
            }
            Ok(config) => self.refuse(id, &format!("no cluster {} here", config.cluster)),
            Err(why) => self.refuse(id, &why),
        }
        Ok(())
    }

    fn refuse(&mut self, id: &str, why: &str) {
        if self.refused.insert(id.to_owned()) {
            eprintln!("boot: {id} does not join: {why}");
        }
    }

    async fn hardware(&self, id: &str) -> Result<Hardware, SetupError> {
        let ec2 = self.clients.ec2();
        let doing = || format!("reading what {id} is");
        let answer = ec2.describe_instances().instance_ids(id).send().await;
        let answer = answer.map_err(|e| SetupError::because(doing(), &e))?;
        let instance = answer.reservations().first().and_then(|reservation| reservation.instances().first());
        let instance = instance.ok_or_else(|| SetupError::new(format!("{id} is not there any more")))?;
        let kind = instance.instance_type().cloned().ok_or_else(|| SetupError::new(doing()))?;
        let answer = ec2.describe_instance_types().instance_types(kind.clone()).send().await;
        let types = answer.map_err(|e| SetupError::because(doing(), &e))?;
        let facts = types.instance_types().first();
        let vcpus = facts.and_then(|facts| facts.v_cpu_info()?.default_v_cpus()).unwrap_or_default();
        let memory = facts.and_then(|facts| facts.memory_info()?.size_in_mib()).unwrap_or_default();
        let arm = facts.is_some_and(|facts| {
            let names = facts.processor_info().map(|info| info.supported_architectures()).unwrap_or_default();
            names.iter().any(|name| name.as_str() == "arm64")
        });
        let zone = instance.placement().and_then(|placement| placement.availability_zone());
        Ok(Hardware {
            instance: id.to_owned(),
            instance_type: kind.as_str().to_owned(),
            region: self.clients.region().to_owned(),
            zone: zone.unwrap_or_default().to_owned(),
            architecture: if arm { "arm64" } else { "amd64" }.to_owned(),
            private_dns_name: instance.private_dns_name().unwrap_or_default().to_owned(),
            vcpus: vcpus.unsigned_abs().into(),
            memory_mib: memory.unsigned_abs(),
        })
    }

    async fn step(&self, stage: Stage, alive: bool) -> Result<Stage, SetupError> {
        match stage {
            Stage::Booting { since, config, hardware } if alive && since.elapsed() >= self.pace.boot => {
                self.join(config, hardware, since).await
            }
            Stage::Booting { .. } if !alive => Ok(Stage::Over),
            Stage::Joined { cluster, node } if !alive => {
                self.fall_silent(&cluster, &node).await?;
                Ok(Stage::Gone { cluster, node, since: Instant::now() })
            }
            Stage::Gone { cluster, node, since } if since.elapsed() >= self.pace.node_goes => {
                ignore_missing(self.nodes(&cluster).delete(&node, &DeleteParams::default()).await.map(drop))?;
                Ok(Stage::Over)
            }
            other => Ok(other),
        }
    }

    fn nodes(&self, cluster: &str) -> Api<Node> {
        // Only instances of known clusters come this far.
        Api::all(self.clusters[cluster].clone())
    }

    async fn join(
        &self,
        config: Box<NodeConfig>,
        hardware: Hardware,
        since: Instant,
    ) -> Result<Stage, SetupError> {
        let node: Node = serde_json::from_value(hardware.node(&config))
            .map_err(|e| SetupError::because("writing a Node object", &e))?;
        match self.nodes(&config.cluster).create(&PostParams::default(), &node).await {
            Ok(_) => Ok(Stage::Joined { cluster: config.cluster, node: hardware.private_dns_name }),
            // An earlier machine had its address, and its Node object is still there: the kubelet tries again.
            Err(kube::Error::Api(status)) if status.code == 409 => {
                Ok(Stage::Booting { since, config, hardware })
            }
            Err(error) => Err(SetupError::because("creating a Node object", &error)),
        }
    }

    /// Its reports end, which the cluster sees as a node that is not ready.
    async fn fall_silent(&self, cluster: &str, node: &str) -> Result<(), SetupError> {
        let nodes = self.nodes(cluster);
        let unlabel = json!({"metadata": {"labels": {KWOK_NODE.0: null}}});
        let patched = nodes.patch(node, &PatchParams::default(), &Patch::Merge(&unlabel)).await;
        ignore_missing(patched.map(drop))?;
        let silent = json!({"status": {"conditions": [{
            "type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status."}]}});
        let patched = nodes.patch_status(node, &PatchParams::default(), &Patch::Strategic(&silent)).await;
        ignore_missing(patched.map(drop))
    }
}

fn ignore_missing(answer: kube::Result<()>) -> Result<(), SetupError> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other.map_err(|e| SetupError::because("writing a Node object", &e)),
    }
}
