//! Why not: every pod or pool that is left out carries a value that says so, and says it to people.

use std::fmt;
use std::sync::Arc;

use crate::model::{NamespacedName, Quantity, ResourceName};

/// A pod that was left out of the simulation (scheduling 1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The pod.
    pub pod: NamespacedName,
    /// All that is wrong with it.
    pub why: Vec<String>,
    /// Whether the pod itself asked to stay off nodes of this product; nobody is told then.
    pub by_own_wish: bool,
}

/// Why a pool took no part (scheduling 1.7, 3.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSkipped {
    /// The pool.
    pub node_pool: Arc<str>,
    /// The reason.
    pub why: PoolRefusal,
}

/// Why a pool is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolRefusal {
    /// It refers to a class of a kind this product does not launch from.
    UnsupportedNodeClass(String),
    /// The class it names does not exist.
    NodeClassMissing(Arc<str>),
    /// The class it names is being deleted.
    NodeClassDeleting(Arc<str>),
    /// The class it names is not ready.
    NodeClassNotReady {
        /// The class.
        name: Arc<str>,
        /// What its condition says.
        message: Arc<str>,
    },
    /// It has a fixed number of nodes.
    Static,
    /// It is being deleted.
    Deleting,
    /// It is not ready.
    NotReady(Arc<str>),
    /// Its class has no instance types at all.
    NoInstanceTypes,
    /// None of the instance types meets its requirements; the nearest miss.
    NoMatchingInstanceType(String),
}

impl fmt::Display for PoolRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PoolRefusal::UnsupportedNodeClass(class) => {
                write!(f, "its nodeClassRef names {class}; only karpenter.k8s.aws/EC2NodeClass is supported")
            }
            PoolRefusal::NodeClassMissing(name) => {
                write!(f, "its EC2NodeClass {name} does not exist; create it or correct nodeClassRef.name")
            }
            PoolRefusal::NodeClassDeleting(name) => write!(f, "its EC2NodeClass {name} is being deleted"),
            PoolRefusal::NodeClassNotReady { name, message } => {
                write!(f, "its EC2NodeClass {name} is not ready: {message}")
            }
            PoolRefusal::Static => f.write_str("it has a fixed number of replicas"),
            PoolRefusal::Deleting => f.write_str("it is being deleted"),
            PoolRefusal::NotReady(message) => write!(f, "it is not ready: {message}"),
            PoolRefusal::NoInstanceTypes => f.write_str("its EC2NodeClass offers no instance types"),
            PoolRefusal::NoMatchingInstanceType(miss) => {
                write!(f, "no instance type meets its requirements: {miss}")
            }
        }
    }
}

/// Why one pool cannot take a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Taints the pod does not tolerate.
    Taints(Vec<String>),
    /// A label the pod asks for that the pool does not define.
    UndefinedLabel {
        /// The label.
        key: Arc<str>,
        /// A defined one that looks like it.
        hint: Option<Arc<str>>,
    },
    /// A requirement of the pod that the pool's own excludes.
    Requirement {
        /// What the pod asks for.
        wanted: String,
        /// What the pool offers.
        offered: String,
    },
    /// The zones of the pod's volumes exclude the pool.
    Volume {
        /// What the volume asks for.
        wanted: String,
        /// What is offered.
        offered: String,
    },
    /// A spread, affinity or anti-affinity rule that leaves no domain.
    Topology {
        /// Kind of rule and key.
        rule: String,
        /// Pods by domain.
        counts: String,
    },
    /// No instance type is large enough; the nearest miss.
    Resources {
        /// The resource that runs out first.
        resource: ResourceName,
        /// What pod and daemons need.
        needed: Quantity,
        /// The most that any matching type has.
        largest: Quantity,
        /// The type that has it.
        instance_type: Arc<str>,
    },
    /// Instance types would fit and match, but none can be bought now.
    NoOffering {
        /// How many types would do.
        types: usize,
        /// What they would have to be bought as.
        wanted: String,
    },
    /// No instance type has the traits asked for.
    NoInstanceType {
        /// The requirement that excludes the last ones.
        wanted: String,
    },
    /// The pool's limit is used up.
    Limit {
        /// The limited resource.
        resource: ResourceName,
        /// What is left of the limit.
        left: Quantity,
        /// The least a matching type would take.
        needed: Quantity,
    },
    /// The pool's flexibility floor cannot be met.
    MinValues {
        /// Keys and how many values are asked for and were found.
        floors: Vec<(Arc<str>, u32, u32)>,
    },
    /// A port of the pod is taken by a daemon.
    HostPort(String),
    /// The reservations that match are spoken for in this pass.
    ReservationsTaken,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Taints(taints) => write!(f, "did not tolerate taint {}", taints.join(", ")),
            Refusal::UndefinedLabel { key, hint } => {
                write!(f, "label {key} is not defined by the pool")?;
                hint.as_ref().map_or(Ok(()), |hint| write!(f, " (did you mean {hint}?)"))
            }
            Refusal::Requirement { wanted, offered } => {
                write!(f, "pod wants {wanted}, the pool offers {offered}")
            }
            Refusal::Volume { wanted, offered } => {
                write!(f, "a volume needs {wanted}, the pool offers {offered}")
            }
            Refusal::Topology { rule, counts } => write!(f, "{rule} leaves no domain ({counts})"),
            Refusal::Resources { resource, needed, largest, instance_type } => {
                let missing = needed.minus(*largest);
                write!(
                    f,
                    "needs {resource} {needed}, the most a matching type has is {largest} ({instance_type}): {missing} short"
                )
            }
            Refusal::NoOffering { types, wanted } => {
                write!(f, "{types} instance types would do, none can be bought now as {wanted}")
            }
            Refusal::NoInstanceType { wanted } => write!(f, "no instance type has {wanted}"),
            Refusal::Limit { resource, left, .. } if left.milli() < 0 => {
                let over = Quantity::ZERO.minus(*left).with_notation(left.notation());
                write!(f, "limit on {resource}: used up, what is there exceeds it by {over}")
            }
            Refusal::Limit { resource, left, needed } => {
                write!(f, "limit on {resource}: {left} left, the smallest matching type takes {needed}")
            }
            Refusal::MinValues { floors } => {
                f.write_str("minValues not met:")?;
                floors
                    .iter()
                    .try_for_each(|(key, wanted, found)| write!(f, " {key} wants {wanted}, found {found}"))
            }
            Refusal::HostPort(port) => {
                write!(f, "host port {port} is taken by a daemon on every matching type")
            }
            Refusal::ReservationsTaken => {
                f.write_str("the matching capacity reservations are spoken for; it is tried again next pass")
            }
        }
    }
}

/// Why a pod cannot be placed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WhyNot {
    /// There is no pool that could be used at all.
    NoNodePool,
    /// It claims devices, which are not simulated yet.
    ResourceClaims,
    /// Every pool refused, each for its own reason, heaviest pool first.
    Pools(Vec<(Arc<str>, Refusal)>),
    /// It would have to go to a node that is not usable yet; only simulations of disruption refuse that.
    UnsettledNode(Arc<str>),
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::NoNodePool => f.write_str("there is no NodePool that could be used"),
            WhyNot::ResourceClaims => f.write_str(
                "it uses resourceClaims (dynamic resource allocation), which is not supported yet",
            ),
            WhyNot::Pools(pools) => {
                for (index, (pool, refusal)) in pools.iter().enumerate() {
                    write!(f, "{}NodePool {pool}: {refusal}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            WhyNot::UnsettledNode(name) => {
                write!(f, "it would go to node {name}, which is not initialized yet")
            }
        }
    }
}

/// A pod that fits nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unschedulable {
    /// The pod.
    pub pod: NamespacedName,
    /// Why.
    pub why: WhyNot,
}
