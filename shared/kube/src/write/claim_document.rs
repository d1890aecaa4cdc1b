//! The NodeClaim object that a draft is written as (api 2.1, 2.3).

use joiner_api::crd::nodeclaim::ResourceRequests;
use joiner_api::crd::{
    self, DurationOrNever, DurationText, NodeClassReference, RequirementOperator, RequirementSpec,
    ResourceAmounts, TaintEffect, TaintSpec,
};
use joiner_core::model::{self, Allowed, Labels, Operator, Requirement, Resources, Taint, keys};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::NewClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::resource::NODE_POOLS;

/// The object of a new claim, which its pool owns.
pub(super) fn document(new: &NewClaim<'_>) -> crd::NodeClaim {
    let mut labels = new.draft.labels.clone();
    labels.insert(keys::NODE_POOL.into(), new.node_pool.into());
    let owner = OwnerReference {
        api_version: NODE_POOLS.api_version(),
        kind: NODE_POOLS.kind.to_owned(),
        name: new.node_pool.to_owned(),
        uid: new.node_pool_uid.to_owned(),
        block_owner_deletion: Some(true),
        controller: None,
    };
    crd::NodeClaim {
        metadata: ObjectMeta {
            name: Some(new.name.as_str().to_owned()),
            labels: Some(entries(&labels)),
            annotations: Some(entries(&new.draft.annotations)),
            // From the start, so that no machine is ever behind a claim that could vanish.
            finalizers: Some(vec![keys::TERMINATION_FINALIZER.to_owned()]),
            owner_references: Some(vec![owner]),
            ..ObjectMeta::default()
        },
        spec: spec(new.draft),
        status: None,
    }
}

fn spec(draft: &ClaimDraft) -> crd::NodeClaimSpec {
    crd::NodeClaimSpec {
        taints: draft.taints.iter().map(taint).collect(),
        startup_taints: draft.startup_taints.iter().map(taint).collect(),
        requirements: draft.requirements.iter().flat_map(requirements).collect(),
        resources: ResourceRequests { requests: amounts(&draft.requests) },
        node_class_ref: NodeClassReference {
            group: draft.node_class.group.to_string(),
            kind: draft.node_class.kind.to_string(),
            name: draft.node_class.name.to_string(),
        },
        termination_grace_period: draft.termination_grace_secs.map(DurationText::from_secs),
        expire_after: match draft.expire_after_secs {
            Some(secs) => DurationOrNever::After(DurationText::from_secs(secs)),
            None => DurationOrNever::Never,
        },
    }
}

fn entries(labels: &Labels) -> std::collections::BTreeMap<String, String> {
    labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

/// Amounts as objects write them.
pub(super) fn amounts(resources: &Resources) -> ResourceAmounts {
    let amount = |(name, amount): (&model::ResourceName, model::Quantity)| {
        (name.as_str().to_owned(), amount.to_string().as_str().into())
    };
    resources.iter().map(amount).collect()
}

fn taint(taint: &Taint) -> TaintSpec {
    TaintSpec {
        key: taint.key.to_string(),
        value: Some(taint.value.to_string()).filter(|value| !value.is_empty()),
        effect: match taint.effect {
            model::TaintEffect::NoSchedule => TaintEffect::NoSchedule,
            model::TaintEffect::PreferNoSchedule => TaintEffect::PreferNoSchedule,
            model::TaintEffect::NoExecute => TaintEffect::NoExecute,
        },
        time_added: None,
    }
}

/// A requirement as expressions: one, or two more for the bounds of an open set.
fn requirements(requirement: &Requirement) -> Vec<RequirementSpec> {
    let expression = |operator, values: Vec<String>| RequirementSpec {
        key: requirement.key.as_str().to_owned(),
        operator,
        values,
        min_values: None,
    };
    let listed = || requirement.allowed.values().iter().map(|value| value.to_string()).collect();
    let mut expressions = Vec::new();
    match &requirement.allowed {
        Allowed::Only(_) => {
            let operator = match requirement.allowed.operator() {
                Operator::DoesNotExist => RequirementOperator::DoesNotExist,
                _ => RequirementOperator::In,
            };
            expressions.push(expression(operator, listed()));
        }
        Allowed::AllBut { except, at_least, at_most } => {
            if !except.is_empty() {
                expressions.push(expression(RequirementOperator::NotIn, listed()));
            }
            let bound = |operator, bound: &i64| expression(operator, vec![bound.to_string()]);
            expressions.extend(at_least.iter().map(|low| bound(RequirementOperator::Gte, low)));
            expressions.extend(at_most.iter().map(|high| bound(RequirementOperator::Lte, high)));
            if expressions.is_empty() {
                expressions.push(expression(RequirementOperator::Exists, Vec::new()));
            }
        }
    }
    if let Some(first) = expressions.first_mut() {
        first.min_values = requirement.min_values.and_then(|floor| i32::try_from(floor).ok());
    }
    expressions
}

#[cfg(test)]
mod tests {
    use joiner_api::read::ObjectReader;
    use joiner_core::in_flight::draft_of;
    use joiner_core::model::{NodeClassRef, ResourceName};
    use joiner_ports::ClaimName;

    use super::*;

    fn draft() -> ClaimDraft {
        let open = |except: &[&str], at_least, at_most| Allowed::AllBut {
            except: except.iter().map(|value| (*value).into()).collect(),
            at_least,
            at_most,
        };
        let types = Allowed::Only(["m7i.large".into(), "c7i.large".into()].into());
        let floor = Requirement { min_values: Some(2), ..Requirement::new(keys::INSTANCE_TYPE, types) };
        ClaimDraft {
            labels: Labels::from([(keys::NODE_POOL.into(), "general".into()), ("team".into(), "a".into())]),
            annotations: Labels::from([("note".into(), "b".into())]),
            requirements: vec![
                floor,
                Requirement::new("example.com/any", Allowed::any()),
                Requirement::new("example.com/none", Allowed::none()),
                Requirement::new("example.com/but", open(&["x"], None, None)),
                Requirement::new("karpenter.k8s.aws/instance-cpu", open(&[], Some(4), None)),
            ],
            requests: [(ResourceName::Cpu, "1500m".parse().unwrap())].into_iter().collect(),
            taints: vec![Taint { key: "a".into(), value: "".into(), effect: model::TaintEffect::NoExecute }],
            startup_taints: vec![Taint {
                key: "b".into(),
                value: "c".into(),
                effect: model::TaintEffect::NoSchedule,
            }],
            node_class: NodeClassRef {
                group: "karpenter.k8s.aws".into(),
                kind: "EC2NodeClass".into(),
                name: "default".into(),
            },
            expire_after_secs: None,
            termination_grace_secs: Some(3600),
        }
    }

    #[test]
    fn a_draft_comes_back_as_it_was_written() {
        let draft = draft();
        let name = ClaimName::new("general-abc").unwrap();
        let new = NewClaim { name: &name, node_pool: "general", node_pool_uid: "uid", draft: &draft };
        let object = document(&new);
        let json = serde_json::to_string(&object).unwrap();
        let claim = ObjectReader::default().node_claim(&json).unwrap().value;
        assert_eq!(draft_of(&claim), draft);
        assert_eq!(claim.finalizers, [keys::TERMINATION_FINALIZER.into()]);
        let faults = crd::read::<crd::NodeClaim>(serde_json::to_value(&object).unwrap()).err();
        assert_eq!(faults, None);
    }

    #[test]
    fn bounds_become_expressions_of_their_own() {
        let allowed = Allowed::AllBut { except: ["7".into()].into(), at_least: Some(4), at_most: Some(16) };
        let requirement = Requirement { min_values: Some(3), ..Requirement::new("k", allowed) };
        let texts: Vec<String> = requirements(&requirement)
            .iter()
            .map(|e| format!("{:?} {:?} {:?}", e.operator, e.values, e.min_values))
            .collect();
        assert_eq!(texts, ["NotIn [\"7\"] Some(3)", "Gte [\"4\"] None", "Lte [\"16\"] None"]);
    }
}
