//! What a node that joined still waits for before it counts as usable (disruption 4.4).

use std::fmt;
use std::sync::Arc;

use crate::machine::NodeKey;
use crate::model::{Node, NodeClaim, ResourceName, Taint};

/// What a node waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// There is not exactly one node.
    NodeNotFound,
    /// The kubelet does not report it ready.
    NotReady(Arc<str>),
    /// Something else has yet to take away a startup taint.
    StartupTaint(Taint),
    /// Kubernetes has yet to take away a taint of its own.
    EphemeralTaint(Taint),
    /// A requested resource is not reported yet.
    Resource(ResourceName),
}

impl Obstacle {
    /// Reason of the condition (api 2.4).
    pub const fn reason(&self) -> &'static str {
        match self {
            Obstacle::NodeNotFound => "NodeNotFound",
            Obstacle::NotReady(_) => "NodeNotReady",
            Obstacle::StartupTaint(_) => "StartupTaintsExist",
            Obstacle::EphemeralTaint(_) => "KnownEphemeralTaintsExist",
            Obstacle::Resource(_) => "ResourceNotRegistered",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::NodeNotFound => f.write_str("There is not exactly one node for this claim"),
            Obstacle::NotReady(node) => write!(f, "Node {node} is not ready"),
            Obstacle::StartupTaint(taint) => write!(f, "Startup taint {taint} is still there"),
            Obstacle::EphemeralTaint(taint) => write!(f, "Taint {taint} is still there"),
            Obstacle::Resource(name) => write!(f, "The node does not report {name} yet"),
        }
    }
}

/// The node, once it is usable.
///
/// # Errors
/// The first thing it waits for.
pub fn obstacle(claim: &NodeClaim, nodes: &[Node]) -> Result<NodeKey, Obstacle> {
    let [node] = nodes else { return Err(Obstacle::NodeNotFound) };
    if !node.ready {
        return Err(Obstacle::NotReady(Arc::clone(&node.name)));
    }
    let startup = |taint: &&Taint| claim.startup_taints.iter().any(|s| s.matches(taint));
    if let Some(taint) = node.taints.iter().find(startup) {
        return Err(Obstacle::StartupTaint(taint.clone()));
    }
    if let Some(taint) = node.taints.iter().find(|taint| taint.is_ephemeral()) {
        return Err(Obstacle::EphemeralTaint(taint.clone()));
    }
    let missing = |(name, wanted): &(&ResourceName, crate::model::Quantity)| {
        !wanted.is_zero() && node.allocatable.amount(name).is_zero()
    };
    match claim.requests.iter().find(missing) {
        Some((name, _)) => Err(Obstacle::Resource(name.clone())),
        None => Ok(NodeKey::of(node)),
    }
}
