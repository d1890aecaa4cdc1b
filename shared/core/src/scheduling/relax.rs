//! The ladder of relaxation: what does a pod give up first when it fits nowhere (scheduling 2.4)?

use std::sync::Arc;

use crate::model::{PodSpec, Toleration, WhenUnsatisfiable};

/// One step down the ladder, or `None` when nothing is left to give up. `prefer_taints` says whether any pool
/// has a `PreferNoSchedule` taint; only then is there a last step.
// behaviour: scheduling/relaxation-ladder
pub(crate) fn relax(spec: &PodSpec, prefer_taints: bool) -> Option<PodSpec> {
    let mut relaxed = spec.clone();
    let done = drop_required_alternative(&mut relaxed)
        || drop_heaviest(&mut relaxed.preferred_affinity, |t| t.weight)
        || drop_heaviest(&mut relaxed.preferred_anti_affinity, |t| t.weight)
        || drop_heaviest(&mut relaxed.preferred_node_terms, |t| t.weight)
        || drop_soft_spread(&mut relaxed)
        || (prefer_taints && tolerate_preferred_taints(&mut relaxed));
    done.then_some(relaxed)
}

/// The first alternative goes while another remains; the last one never does.
fn drop_required_alternative(spec: &mut PodSpec) -> bool {
    let several = spec.required_node_terms.len() > 1;
    if several {
        spec.required_node_terms.remove(0);
    }
    several
}

/// The position of the heaviest preference; the earlier one among equals.
pub(crate) fn heaviest<T>(terms: &[T], weight: fn(&T) -> i32) -> Option<usize> {
    (0..terms.len()).min_by_key(|at| (std::cmp::Reverse(weight(&terms[*at])), *at))
}

fn drop_heaviest<T>(terms: &mut Vec<T>, weight: fn(&T) -> i32) -> bool {
    match heaviest(terms, weight) {
        Some(at) => {
            terms.remove(at);
            true
        }
        None => false,
    }
}

/// The first soft spread goes; the last constraint takes its place, as the reference does.
fn drop_soft_spread(spec: &mut PodSpec) -> bool {
    let soft =
        spec.topology_spread.iter().position(|s| s.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway);
    if let Some(at) = soft {
        spec.topology_spread.swap_remove(at);
    }
    soft.is_some()
}

fn tolerate_preferred_taints(spec: &mut PodSpec) -> bool {
    let toleration = Toleration::prefer_no_schedule(Arc::from(""));
    if spec.tolerations.contains(&toleration) {
        return false;
    }
    spec.tolerations.push(toleration);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Expression, NodeTerm, Operator, PodTerm, PreferredNodeTerm, PreferredPodTerm, TopologySpread,
    };

    fn term(key: &str) -> NodeTerm {
        let expression = Expression { key: key.into(), operator: Operator::Exists, values: vec![] };
        NodeTerm { expressions: vec![expression], has_match_fields: false }
    }

    fn pod_term(key: &str) -> PodTerm {
        PodTerm { topology_key: key.into(), selector: None, namespaces: vec![], namespace_selector: None }
    }

    fn spread(key: &str, when: WhenUnsatisfiable) -> TopologySpread {
        TopologySpread {
            topology_key: key.into(),
            max_skew: 1,
            min_domains: None,
            when_unsatisfiable: when,
            selector: None,
            match_label_keys: vec![],
            honor_node_affinity: true,
            honor_node_taints: false,
        }
    }

    /// What distinguishes one rung from the next, in one line.
    fn describe(spec: &PodSpec) -> String {
        format!(
            "req {} aff {} anti {} pref {} spread {} tol {}",
            spec.required_node_terms.len(),
            spec.preferred_affinity.len(),
            spec.preferred_anti_affinity.len(),
            spec.preferred_node_terms.iter().map(|t| t.weight.to_string()).collect::<Vec<_>>().join("+"),
            spec.topology_spread.iter().map(|s| &*s.topology_key).collect::<Vec<_>>().join("+"),
            spec.tolerations.len()
        )
    }

    // behaviour: scheduling/relaxation-ladder
    #[test]
    fn preferences_go_one_at_a_time_alternatives_first_and_heaviest_first() {
        let weighted = |weight| PreferredPodTerm { weight, term: pod_term("zone") };
        let mut spec = PodSpec {
            required_node_terms: vec![term("a"), term("b")],
            preferred_affinity: vec![weighted(1)],
            preferred_anti_affinity: vec![weighted(1)],
            preferred_node_terms: vec![
                PreferredNodeTerm { weight: 5, term: term("a") },
                PreferredNodeTerm { weight: 50, term: term("b") },
            ],
            topology_spread: vec![
                spread("hard", WhenUnsatisfiable::DoNotSchedule),
                spread("soft1", WhenUnsatisfiable::ScheduleAnyway),
                spread("soft2", WhenUnsatisfiable::ScheduleAnyway),
            ],
            ..PodSpec::default()
        };
        let mut rungs = Vec::new();
        while let Some(next) = relax(&spec, true) {
            rungs.push(describe(&next));
            spec = next;
        }
        assert_eq!(
            rungs,
            [
                "req 1 aff 1 anti 1 pref 5+50 spread hard+soft1+soft2 tol 0",
                "req 1 aff 0 anti 1 pref 5+50 spread hard+soft1+soft2 tol 0",
                "req 1 aff 0 anti 0 pref 5+50 spread hard+soft1+soft2 tol 0",
                "req 1 aff 0 anti 0 pref 5 spread hard+soft1+soft2 tol 0",
                "req 1 aff 0 anti 0 pref  spread hard+soft1+soft2 tol 0",
                "req 1 aff 0 anti 0 pref  spread hard+soft2 tol 0",
                "req 1 aff 0 anti 0 pref  spread hard tol 0",
                "req 1 aff 0 anti 0 pref  spread hard tol 1",
            ]
        );
        assert_eq!(relax(&PodSpec::default(), false), None);
    }
}
