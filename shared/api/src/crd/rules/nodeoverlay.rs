//! Rules about NodeOverlays.

use super::requirements::{AdmittedKeys, Wanted, check_admitted_key, check_operator};
use crate::crd::invalid::Findings;
use crate::crd::labels;
use crate::crd::nodeoverlay::{FIXED_RESOURCES, NodeOverlaySpec};
use crate::crd::parts::RequirementOperator;
use crate::crd::schema::field_path;

const KEYS: AdmittedKeys =
    AdmittedKeys { karpenter: labels::NODECLAIM_REQUIREMENT_KEYS, aws: labels::AWS_ADMITTED_IN_OVERLAYS };

/// Resources that the provider itself computes from the instance type. GPUs are not among them.
const PROVIDER_RESOURCES: [&str; 5] = [
    "vpc.amazonaws.com/pod-eni",
    "aws.amazon.com/neuron",
    "aws.amazon.com/neuroncore",
    "habana.ai/gaudi",
    "vpc.amazonaws.com/efa",
];

pub(in crate::crd) fn check_admission(spec: &NodeOverlaySpec, findings: &mut Findings) {
    for (index, requirement) in spec.requirements.iter().enumerate() {
        let path = format!("spec.requirements[{index}]");
        check_admitted_key(&requirement.key, &KEYS, &format!("{path}.key"), findings);
        let need_values = [RequirementOperator::In, RequirementOperator::NotIn];
        check_operator(&Wanted::from(requirement), &need_values, &path, findings);
    }
    if spec.price.is_some()
        && let Some(adjustment) = &spec.price_adjustment
    {
        findings.add("spec.priceAdjustment", "excludes price", adjustment, "remove one of the two");
    }
    for resource in FIXED_RESOURCES {
        refuse_capacity(spec, resource, "is decided by the instance type", findings);
    }
}

pub(in crate::crd) fn check_runtime(spec: &NodeOverlaySpec, findings: &mut Findings) {
    for resource in PROVIDER_RESOURCES {
        refuse_capacity(spec, resource, "is computed from the instance type", findings);
    }
}

fn refuse_capacity(spec: &NodeOverlaySpec, resource: &str, problem: &str, findings: &mut Findings) {
    if let Some(amount) = spec.capacity.get(resource) {
        let path = field_path("spec.capacity", resource);
        findings.add(
            &path,
            problem,
            amount,
            "remove it; overlays add resources that instance types do not have",
        );
    }
}
