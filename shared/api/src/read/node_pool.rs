//! Node pools, claims and overlays: from their typed shapes into core values.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{
    Budget, BudgetNodes, Condition, ConditionKind, ConsolidationPolicy, DisruptionReason, Flaw, Labels,
    NodeClaim, NodeClassRef, NodeOverlay, NodePool, NodeTemplate, Operator, PoolStatus, Price, PriceChange,
    Quantity, Requirement, ResourceName, Resources, Taint, TaintEffect,
};

use super::custom;
use super::problem::{Problem, each};
use crate::crd;

/// A NodePool. It is ready unless it is unusable or its status says otherwise.
pub(super) fn node_pool(pool: &crd::NodePool, flaw: Option<Flaw>) -> Result<NodePool, Problem> {
    let spec = &pool.spec;
    let name: Arc<str> = pool.metadata.name.as_deref().unwrap_or_default().into();
    let disruption = &spec.disruption;
    let status = pool.status.as_ref().map(pool_status).transpose()?.unwrap_or_default();
    Ok(NodePool {
        uid: pool.metadata.uid.as_deref().map_or_else(|| name.clone(), Into::into),
        generation: pool.metadata.generation.unwrap_or(0),
        template: template(&spec.template).map_err(|p| p.under("spec.template"))?,
        consolidation_policy: match disruption.consolidation_policy {
            crd::nodepool::ConsolidationPolicy::WhenEmpty => ConsolidationPolicy::WhenEmpty,
            crd::nodepool::ConsolidationPolicy::WhenEmptyOrUnderutilized => {
                ConsolidationPolicy::WhenEmptyOrUnderutilized
            }
            crd::nodepool::ConsolidationPolicy::Balanced => ConsolidationPolicy::Balanced,
        },
        consolidate_after_secs: disruption.consolidate_after.secs(),
        budgets: each(&disruption.budgets, budget).map_err(|p| p.under("spec.disruption.budgets"))?,
        limits: match &spec.limits {
            Some(limits) => resources(limits).map_err(|p| p.under("spec.limits"))?,
            None => Resources::new(),
        },
        weight: spec.weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(0),
        replicas: spec.replicas.and_then(|replicas| u64::try_from(replicas).ok()),
        readiness: custom::readiness(flaw.as_ref(), &status.conditions),
        deleting: pool.metadata.deletion_timestamp.is_some(),
        hash: crd::hash::nodepool_hash(spec).into(),
        annotations: pool.metadata.annotations.as_ref().map(labels).unwrap_or_default(),
        flaw,
        status,
        name,
    })
}

/// What was last written of a pool.
fn pool_status(wire: &crd::nodepool::NodePoolStatus) -> Result<PoolStatus, Problem> {
    Ok(PoolStatus {
        resources: resources(&wire.resources).map_err(|p| p.under("status.resources"))?,
        nodes: u64::try_from(wire.nodes).unwrap_or(0),
        node_class_observed_generation: wire.node_class_observed_generation,
        conditions: custom::conditions(&wire.conditions),
    })
}

fn template(template: &crd::nodepool::NodeClaimTemplate) -> Result<NodeTemplate, Problem> {
    let spec = &template.spec;
    Ok(NodeTemplate {
        labels: labels(&template.metadata.labels),
        annotations: labels(&template.metadata.annotations),
        requirements: each(&spec.requirements, requirement).map_err(|p| p.under("spec.requirements"))?,
        taints: spec.taints.iter().map(taint).collect(),
        startup_taints: spec.startup_taints.iter().map(taint).collect(),
        node_class: node_class_ref(&spec.node_class_ref),
        expire_after_secs: spec.expire_after.secs(),
        termination_grace_secs: spec.termination_grace_period.as_ref().map(crd::DurationText::secs),
    })
}

fn budget(wire: &crd::nodepool::BudgetSpec) -> Result<Budget, Problem> {
    let nodes = match wire.nodes.strip_suffix('%') {
        Some(percent) => percent.parse().map(BudgetNodes::Percent),
        None => wire.nodes.parse().map(BudgetNodes::Count),
    };
    let duration = wire.duration.as_deref().map(crd::DurationText::parse).transpose();
    Ok(Budget {
        nodes: nodes.map_err(|_| {
            Problem::new("nodes", format!("{:?} is no number of nodes", wire.nodes), "write such as 10% or 3")
        })?,
        schedule: wire.schedule.as_deref().map(Into::into),
        duration_secs: duration
            .map_err(|e| Problem::new("duration", e.to_string(), "write such as 8h"))?
            .map(|duration| duration.secs()),
        reasons: wire
            .reasons
            .iter()
            .map(|reason| match reason {
                crd::nodepool::BudgetReason::Underutilized => DisruptionReason::Underutilized,
                crd::nodepool::BudgetReason::Empty => DisruptionReason::Empty,
                crd::nodepool::BudgetReason::Drifted => DisruptionReason::Drifted,
            })
            .collect(),
    })
}

/// A NodeClaim.
pub(super) fn node_claim(claim: &crd::NodeClaim) -> Result<NodeClaim, Problem> {
    let (meta, spec) = (&claim.metadata, &claim.spec);
    let name: Arc<str> = meta.name.as_deref().unwrap_or_default().into();
    let empty = crd::NodeClaimStatus::default();
    let status = claim.status.as_ref().unwrap_or(&empty);
    Ok(NodeClaim {
        uid: meta.uid.as_deref().map_or_else(|| name.clone(), Into::into),
        labels: meta.labels.as_ref().map(labels).unwrap_or_default(),
        annotations: meta.annotations.as_ref().map(labels).unwrap_or_default(),
        finalizers: meta.finalizers.iter().flatten().map(|finalizer| finalizer.as_str().into()).collect(),
        created_at: meta.creation_timestamp.as_ref().map(|time| time.0),
        deletion_at: meta.deletion_timestamp.as_ref().map(|time| time.0),
        requirements: each(&spec.requirements, requirement).map_err(|p| p.under("spec.requirements"))?,
        requests: resources(&spec.resources.requests).map_err(|p| p.under("spec.resources.requests"))?,
        taints: spec.taints.iter().map(taint).collect(),
        startup_taints: spec.startup_taints.iter().map(taint).collect(),
        node_class: node_class_ref(&spec.node_class_ref),
        expire_after_secs: spec.expire_after.secs(),
        termination_grace_secs: spec.termination_grace_period.as_ref().map(crd::DurationText::secs),
        node_name: non_empty(&status.node_name),
        provider_id: non_empty(&status.provider_id),
        image_id: non_empty(&status.image_id),
        capacity: resources(&status.capacity).map_err(|p| p.under("status.capacity"))?,
        allocatable: resources(&status.allocatable).map_err(|p| p.under("status.allocatable"))?,
        last_pod_event_at: status.last_pod_event_time,
        conditions: status.conditions.iter().filter_map(condition).collect(),
        name,
    })
}

fn condition(wire: &crd::StatusCondition) -> Option<Condition> {
    Some(Condition {
        kind: ConditionKind::ALL.into_iter().find(|kind| kind.as_str() == wire.type_)?,
        status: custom::truth(wire.status),
        reason: wire.reason.as_str().into(),
        message: wire.message.as_str().into(),
        since: wire.last_transition_time,
    })
}

/// A NodeOverlay.
pub(super) fn node_overlay(overlay: &crd::NodeOverlay) -> Result<NodeOverlay, Problem> {
    let spec = &overlay.spec;
    let in_spec = |problem: Problem| problem.under("spec");
    let price = match (&spec.price, &spec.price_adjustment) {
        (Some(price), _) => Some(absolute_price(price).map_err(in_spec)?),
        (None, Some(adjustment)) => Some(price_adjustment(adjustment).map_err(in_spec)?),
        (None, None) => None,
    };
    let amounts = resources(&spec.capacity).map_err(|p| p.under("spec.capacity"))?;
    Ok(NodeOverlay {
        name: overlay.metadata.name.as_deref().unwrap_or_default().into(),
        weight: spec.weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(0),
        requirements: each(&spec.requirements, |wire| {
            parsed_requirement(&wire.key, wire.operator, &wire.values, None)
        })
        .map_err(|p| p.under("spec.requirements"))?,
        price,
        capacity: amounts.iter().map(|(name, amount)| (name.clone(), amount)).collect(),
    })
}

fn absolute_price(text: &str) -> Result<PriceChange, Problem> {
    let usd: f64 = text.parse().map_err(|_| {
        Problem::new("price", format!("{text:?} is not a price"), "write dollars per hour, such as 0.25")
    })?;
    Ok(PriceChange::Absolute(Price::from_usd_per_hour(usd)))
}

fn price_adjustment(text: &str) -> Result<PriceChange, Problem> {
    let wrong = || {
        let remedy = "write dollars per hour or percent with a sign, such as -0.05 or +10%";
        Problem::new("priceAdjustment", format!("{text:?} is not a change of price"), remedy)
    };
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.parse().map_err(|_| wrong())?;
        return Ok(PriceChange::AdjustMilliPercent((percent * 1e3).round() as i64));
    }
    let usd: f64 = text.parse().map_err(|_| wrong())?;
    Ok(PriceChange::Adjust(Price::from_usd_per_hour(usd).nano_usd_per_hour))
}

fn requirement(wire: &crd::RequirementSpec) -> Result<Requirement, Problem> {
    parsed_requirement(&wire.key, wire.operator, &wire.values, wire.min_values)
}

pub(super) fn parsed_requirement(
    key: &str,
    operator: crd::RequirementOperator,
    values: &[String],
    min_values: Option<i32>,
) -> Result<Requirement, Problem> {
    use crd::RequirementOperator as Wire;
    let operator = match operator {
        Wire::In => Operator::In,
        Wire::NotIn => Operator::NotIn,
        Wire::Exists => Operator::Exists,
        Wire::DoesNotExist => Operator::DoesNotExist,
        Wire::Gt => Operator::Gt,
        Wire::Lt => Operator::Lt,
        Wire::Gte => Operator::Gte,
        Wire::Lte => Operator::Lte,
    };
    let mut requirement = Requirement::from_expression(key, operator, values)
        .map_err(|e| Problem::new("values", e.to_string(), "write one integer, zero or more, in quotes"))?;
    requirement.min_values = min_values.and_then(|floor| u32::try_from(floor).ok());
    Ok(requirement)
}

fn taint(wire: &crd::TaintSpec) -> Taint {
    Taint {
        key: wire.key.as_str().into(),
        value: wire.value.as_deref().unwrap_or_default().into(),
        effect: match wire.effect {
            crd::TaintEffect::NoSchedule => TaintEffect::NoSchedule,
            crd::TaintEffect::PreferNoSchedule => TaintEffect::PreferNoSchedule,
            crd::TaintEffect::NoExecute => TaintEffect::NoExecute,
        },
    }
}

fn node_class_ref(wire: &crd::NodeClassReference) -> NodeClassRef {
    NodeClassRef {
        group: wire.group.as_str().into(),
        kind: wire.kind.as_str().into(),
        name: wire.name.as_str().into(),
    }
}

/// Labels, annotations or tags.
pub(super) fn labels(map: &BTreeMap<String, String>) -> Labels {
    map.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
}

fn non_empty(text: &Option<String>) -> Option<Arc<str>> {
    text.as_deref().filter(|text| !text.is_empty()).map(Into::into)
}

/// Amounts by resource.
fn resources(amounts: &crd::ResourceAmounts) -> Result<Resources, Problem> {
    let amount = |(name, wire): (&String, &crd::QuantityText)| Ok((resource(name), quantity(name, wire)?));
    amounts.iter().map(amount).collect()
}

/// A resource by name.
pub(super) fn resource(name: &str) -> ResourceName {
    ResourceName::from(name)
}

fn quantity(name: &str, wire: &crd::QuantityText) -> Result<Quantity, Problem> {
    wire.text().parse().map_err(|_| {
        let remedy = "write a number with an optional suffix, such as 500m, 2 or 4Gi";
        Problem::new(name, format!("{:?} is not a quantity", wire.text()), remedy)
    })
}

/// An hour before the moment of the decision: the age of objects that do not tell theirs.
pub(super) fn assumed_creation(now: Timestamp) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN)
}
