//! What keeps a node from being disrupted: one value per reason, said to people by the same value.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{DisruptionReason, NamespacedName};

/// Why a node is not disrupted now (disruption 1.4, 2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Blocked {
    /// A command in progress has it already.
    InCommand,
    /// No node has joined for the claim.
    NoNode,
    /// Its node is not usable yet.
    NotInitialized,
    /// It is going already.
    Deleting,
    /// Pods are expected on it.
    Nominated {
        /// Until when.
        until: Timestamp,
    },
    /// Its node carries the do-not-disrupt annotation.
    NodeDoNotDisrupt,
    /// It belongs to no pool.
    NoPool,
    /// Its pool does not exist, or has no instance types.
    PoolUnknown(Arc<str>),
    /// A pod on it carries the do-not-disrupt annotation.
    PodDoNotDisrupt {
        /// The pod.
        pod: NamespacedName,
        /// Until when, if it says so.
        until: Option<Timestamp>,
    },
    /// A pod on it has more than one disruption budget, which evictions cannot satisfy.
    ManyBudgets {
        /// The pod.
        pod: NamespacedName,
        /// Its budgets.
        budgets: Vec<NamespacedName>,
    },
    /// A disruption budget of a pod on it allows no eviction now.
    PodBudget {
        /// The budget.
        budget: NamespacedName,
    },
    /// Its pool has a fixed size.
    StaticPool(Arc<str>),
    /// Its pool never consolidates.
    ConsolidationDisabled(Arc<str>),
    /// Pods run on it.
    NotEmpty {
        /// How many would have to move.
        pods: usize,
    },
    /// It has not been calm for long enough.
    Restless {
        /// When it will have been.
        until: Timestamp,
    },
    /// The budgets of its pool allow no more.
    BudgetSpent {
        /// The pool.
        pool: Arc<str>,
        /// The reason asked for.
        reason: DisruptionReason,
    },
    /// It is empty, which is for emptiness to act on.
    IsEmpty,
    /// Its pool gives up empty nodes only.
    WhenEmptyOnly(Arc<str>),
    /// What it costs cannot be told: a label or its type is not known.
    Unpriced(String),
    /// It is as its pool and class want it.
    NotDrifted,
    /// Its claim does not say that it may be consolidated.
    NotConsolidatable,
    /// A budget of its pool cannot be read.
    BudgetUnreadable {
        /// The pool.
        pool: Arc<str>,
        /// What is wrong.
        why: String,
    },
}

impl Blocked {
    /// When it ends by itself, where that can be told.
    pub fn ends_at(&self) -> Option<Timestamp> {
        match self {
            Blocked::Nominated { until } | Blocked::Restless { until } => Some(*until),
            Blocked::PodDoNotDisrupt { until, .. } => *until,
            Blocked::InCommand
            | Blocked::NoNode
            | Blocked::NotInitialized
            | Blocked::Deleting
            | Blocked::NodeDoNotDisrupt
            | Blocked::NoPool
            | Blocked::PoolUnknown(_)
            | Blocked::ManyBudgets { .. }
            | Blocked::PodBudget { .. }
            | Blocked::StaticPool(_)
            | Blocked::ConsolidationDisabled(_)
            | Blocked::NotEmpty { .. }
            | Blocked::BudgetSpent { .. }
            | Blocked::IsEmpty
            | Blocked::WhenEmptyOnly(_)
            | Blocked::Unpriced(_)
            | Blocked::NotDrifted
            | Blocked::NotConsolidatable
            | Blocked::BudgetUnreadable { .. } => None,
        }
    }

    /// Reason of the event that says so on node and claim; `None` where nobody is told (disruption 1.4, 2.3).
    pub fn event_reason(&self) -> Option<&'static str> {
        match self {
            Blocked::NoNode
            | Blocked::NotInitialized
            | Blocked::Deleting
            | Blocked::Nominated { .. }
            | Blocked::NodeDoNotDisrupt
            | Blocked::NoPool
            | Blocked::PoolUnknown(_)
            | Blocked::PodDoNotDisrupt { .. }
            | Blocked::ManyBudgets { .. }
            | Blocked::PodBudget { .. } => Some("DisruptionBlocked"),
            Blocked::ConsolidationDisabled(_) | Blocked::WhenEmptyOnly(_) | Blocked::Unpriced(_) => {
                Some("Unconsolidatable")
            }
            Blocked::InCommand
            | Blocked::StaticPool(_)
            | Blocked::NotEmpty { .. }
            | Blocked::Restless { .. }
            | Blocked::BudgetSpent { .. }
            | Blocked::IsEmpty
            | Blocked::NotDrifted
            | Blocked::NotConsolidatable
            | Blocked::BudgetUnreadable { .. } => None,
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blocked::InCommand => f.write_str("It is being disrupted already"),
            Blocked::NoNode => f.write_str("No node has joined for this NodeClaim"),
            Blocked::NotInitialized => f.write_str("Its node is not initialized"),
            Blocked::Deleting => f.write_str("It is being deleted"),
            Blocked::Nominated { until } => write!(f, "Pending pods are expected on it until {until}"),
            Blocked::NodeDoNotDisrupt => {
                f.write_str("Its node has the karpenter.sh/do-not-disrupt annotation")
            }
            Blocked::NoPool => f.write_str("It has no karpenter.sh/nodepool label"),
            Blocked::PoolUnknown(pool) => {
                write!(f, "NodePool {pool} does not exist or offers no instance types")
            }
            Blocked::PodDoNotDisrupt { pod, until } => {
                write!(f, "Pod {pod} has the karpenter.sh/do-not-disrupt annotation")?;
                until.map_or(Ok(()), |until| write!(f, " until {until}"))
            }
            Blocked::ManyBudgets { pod, budgets } => {
                write!(f, "Pod {pod} has more than one PodDisruptionBudget:")?;
                budgets.iter().try_for_each(|budget| write!(f, " {budget}"))
            }
            Blocked::PodBudget { budget } => write!(f, "PodDisruptionBudget {budget} allows no eviction"),
            Blocked::StaticPool(pool) => write!(f, "NodePool {pool} has a fixed number of replicas"),
            Blocked::ConsolidationDisabled(pool) => write!(f, "NodePool {pool} has consolidation disabled"),
            Blocked::NotEmpty { pods } => write!(f, "{pods} pods run on it"),
            Blocked::Restless { until } => write!(f, "It becomes consolidatable at {until}"),
            Blocked::BudgetSpent { pool, reason } => {
                write!(f, "The budgets of NodePool {pool} allow no more disruption for {}", reason.as_str())
            }
            Blocked::IsEmpty => f.write_str("It is empty"),
            Blocked::WhenEmptyOnly(pool) => {
                write!(f, "NodePool {pool} consolidates empty nodes only, and it is not empty")
            }
            Blocked::Unpriced(why) => f.write_str(why),
            Blocked::NotDrifted => f.write_str("It is as its NodePool and EC2NodeClass want it"),
            Blocked::NotConsolidatable => f.write_str("It is not marked Consolidatable yet"),
            Blocked::BudgetUnreadable { pool, why } => {
                write!(f, "A budget of NodePool {pool} cannot be read: {why}")
            }
        }
    }
}
