//! Rules about NodeClaims.

use super::requirements::{AdmittedKeys, Wanted, check_admitted_key, check_operator};
use crate::crd::invalid::Findings;
use crate::crd::labels;
use crate::crd::nodeclaim::NodeClaimSpec;
use crate::crd::parts::RequirementOperator;

const KEYS: AdmittedKeys =
    AdmittedKeys { karpenter: labels::NODECLAIM_REQUIREMENT_KEYS, aws: labels::AWS_ADMITTED };

pub(in crate::crd) fn check_admission(spec: &NodeClaimSpec, findings: &mut Findings) {
    for (index, requirement) in spec.requirements.iter().enumerate() {
        let path = format!("spec.requirements[{index}]");
        check_admitted_key(&requirement.key, &KEYS, &format!("{path}.key"), findings);
        check_operator(&Wanted::from(requirement), &[RequirementOperator::In], &path, findings);
    }
}

pub(in crate::crd) fn check_transition(new: &NodeClaimSpec, old: &NodeClaimSpec, findings: &mut Findings) {
    if new != old {
        findings.add(
            "spec",
            "is immutable",
            new,
            "delete the NodeClaim; another one is made from its NodePool",
        );
    }
}
