//! One machine: its claim, its nodes, and what is on them.
//!
//! Nodes and claims cannot be asked for by provider id, nor attachments by node, so those kinds are kept on shelves
//! and followed. Pods can be asked for by node; they are followed only where a snapshot has put them on their shelf.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_api::read::ObjectReader;
use joiner_core::machine::{Machine, VolumeAttachment};
use joiner_core::model::{Node, NodeClaim, Pod, VolumeClaim};
use joiner_ports::{ClusterError, Target};

use super::follow::list;
use super::shelf::Shelf;
use super::snapshot::{Shelves, fresh};
use crate::kinds::{Kind, NodeClaims, Nodes, Pods};
use crate::resource::segment;
use crate::wire::{Ask, Wire};

impl Shelves {
    /// The machine of a target; `None` when neither claim nor node exists.
    ///
    /// # Errors
    /// Something of it cannot be had: half a machine would be mistaken for one without pods or volumes.
    pub(crate) async fn machine(
        &self,
        wire: &Wire,
        target: &Target,
    ) -> Result<Option<Machine>, ClusterError> {
        let Some((claim, nodes)) = self.claim_and_nodes(wire, target).await? else { return Ok(None) };
        let names: BTreeSet<Arc<str>> = nodes.iter().map(|node| Arc::clone(&node.name)).collect();
        if names.is_empty() {
            return Ok(Some(Machine { claim, nodes, ..Machine::default() }));
        }
        let (pods, attachments) =
            tokio::try_join!(self.pods_on(wire, &names), self.attachments_to(wire, &names))?;
        let volume_claims = self.claims_of(wire, &pods).await?;
        Ok(Some(Machine { claim, nodes, pods, attachments, volume_claims }))
    }

    async fn claim_and_nodes(
        &self,
        wire: &Wire,
        target: &Target,
    ) -> Result<Option<(Option<NodeClaim>, Vec<Node>)>, ClusterError> {
        match target {
            Target::Claim(name) => {
                let (claim, nodes) =
                    tokio::try_join!(one::<NodeClaims>(wire, name.as_str()), fresh(&self.nodes, wire))?;
                let nodes = whole(nodes)?;
                Ok(claim.map(|claim| {
                    let id = claim.provider_id.as_ref();
                    let is_its = |node: &&Node| id.is_some() && node.provider_id.as_ref() == id;
                    let its_nodes = nodes.values().filter(is_its).cloned().collect();
                    (Some(claim), its_nodes)
                }))
            }
            Target::Node(name) => {
                let (node, claims) =
                    tokio::try_join!(one::<Nodes>(wire, name), fresh(&self.node_claims, wire))?;
                let claims = whole(claims)?;
                Ok(node.map(|node| {
                    let id = node.provider_id.as_ref();
                    let is_its = |claim: &&NodeClaim| id.is_some() && claim.provider_id.as_ref() == id;
                    (claims.values().find(is_its).cloned(), vec![node])
                }))
            }
        }
    }

    async fn pods_on(&self, wire: &Wire, nodes: &BTreeSet<Arc<str>>) -> Result<Vec<Pod>, ClusterError> {
        let on_them = |pod: &&Pod| pod.node_name.as_ref().is_some_and(|name| nodes.contains(name));
        let known = self.pods.lock().await;
        if known.reached().is_some() {
            drop(known);
            let pods = whole(fresh(&self.pods, wire).await?)?;
            return Ok(pods.values().filter(on_them).cloned().collect());
        }
        let floor = known.floor();
        drop(known);
        let mut found = Shelf::<Pods>::default();
        for node in nodes {
            let path = format!("{}?fieldSelector=spec.nodeName%3D{}", Pods::RESOURCE.all(), segment(node));
            let listed = list(wire, &path, floor, &mut |item| found.take(item)).await;
            listed.map_err(|failure| failure.about(format_args!("pods of node {node}")))?;
        }
        if let Some(error) = found.broken().next() {
            return Err(ClusterError::Rejected(error.to_string()));
        }
        Ok(found.values().cloned().collect())
    }

    async fn attachments_to(
        &self,
        wire: &Wire,
        nodes: &BTreeSet<Arc<str>>,
    ) -> Result<Vec<VolumeAttachment>, ClusterError> {
        let attachments = whole(fresh(&self.attachments, wire).await?)?;
        let to_them = attachments.values().filter(|(node, _)| nodes.contains(node));
        Ok(to_them.map(|(_, attachment)| attachment.clone()).collect())
    }

    /// Volume claims of the namespaces of pods.
    async fn claims_of(&self, wire: &Wire, pods: &[Pod]) -> Result<Vec<VolumeClaim>, ClusterError> {
        let namespaces: BTreeSet<&str> =
            pods.iter().filter(|pod| !pod.spec.volumes.is_empty()).map(|pod| &*pod.key.namespace).collect();
        if namespaces.is_empty() {
            return Ok(Vec::new());
        }
        let claims = whole(fresh(&self.volume_claims, wire).await?)?;
        let of_them = claims.values().filter(|claim| namespaces.contains(&*claim.key.namespace));
        Ok(of_them.cloned().collect())
    }
}

/// An object as the API server's store has it. The target itself is read there: a message about a new object may be
/// quicker than the watch that tells of it.
async fn one<K: Kind>(wire: &Wire, name: &str) -> Result<Option<K::Value>, ClusterError> {
    let json = match wire.fetch(&Ask::get(K::RESOURCE.one(name))).await {
        Ok(json) => json,
        Err(failure) if failure.refused(404).is_some() => return Ok(None),
        Err(failure) => return Err(failure.about(format_args!("{} {name}", K::RESOURCE.kind))),
    };
    let read = K::read(&mut ObjectReader::default(), &json);
    read.map(|object| Some(object.value)).map_err(|error| ClusterError::Rejected(error.to_string()))
}

/// The shelf, if nothing is missing from it.
fn whole<S>((shelf, missing): (S, Vec<String>)) -> Result<S, ClusterError> {
    if missing.is_empty() { Ok(shelf) } else { Err(ClusterError::Rejected(missing.join("; "))) }
}
