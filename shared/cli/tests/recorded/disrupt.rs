//! Disruptions recorded from Karpenter: the same nodes are taken away by the same method, for the same machines.
use joiner_cli::disrupt::{answer, rounds};
use joiner_core::scheduling::Ground;
use joiner_core::scheduling::plan::Removal;
use serde_json::{Value, json};

use super::{cases, json as recorded_json, question_of};

const FOLDER: &str = "disrupt";

/// Our rounds, without what the recordings do not have.
fn rounds_of(case: &str) -> Value {
    let mut answer = answer(&rounds(&question_of(FOLDER, case, true)))["rounds"].take();
    for round in answer.as_array_mut().unwrap() {
        round.as_object_mut().unwrap().remove("blocked");
    }
    answer
}

// behaviour: disruption/first-method-with-a-command-wins
// behaviour: disruption/consolidation-deletes-or-replaces-by-one-cheaper
// behaviour: disruption/multi-node-searches-prefixes
// behaviour: disruption/drift-replaces-one-node-a-round
// behaviour: disruption/savings-ratio-order
// behaviour: disruption/worst-launch-price
// behaviour: disruption/merge-is-no-disguised-delete
#[test]
fn stable_recordings_are_reproduced_exactly() {
    let mut compared = 0;
    for case in cases(FOLDER) {
        let recorded = recorded_json(FOLDER, &case, "expected");
        if recorded["stable"] == true {
            compared += 1;
            assert_eq!(rounds_of(&case), recorded["rounds"], "{case}");
        }
    }
    assert_eq!(compared, 52);
}

/// Karpenter breaks ties at random in these; which method looks at which nodes does not depend on that.
#[test]
fn unstable_recordings_agree_in_methods_and_candidates() {
    let looked_at = |rounds: &Value, count: usize| -> Vec<Value> {
        let rounds = rounds.as_array().unwrap().iter().take(count);
        rounds.map(|r| json!([r["method"], r["candidates"]])).collect()
    };
    let mut compared = 0;
    for case in cases(FOLDER) {
        let recorded = recorded_json(FOLDER, &case, "expected");
        if recorded["stable"] == true {
            continue;
        }
        compared += 1;
        let ours = rounds_of(&case);
        let shared = ours.as_array().unwrap().len().min(recorded["rounds"].as_array().unwrap().len());
        assert_eq!(looked_at(&ours, shared), looked_at(&recorded["rounds"], shared), "{case}");
    }
    assert_eq!(compared, 8);
}

/// A simulation leaves nothing behind that the next one would see.
#[test]
fn simulations_on_one_ground_equal_those_on_a_fresh_one() {
    let mut compared = 0;
    for case in cases(FOLDER) {
        let question = question_of(FOLDER, &case, true);
        let nodes = question.snapshot.nodes.iter().map(|node| node.name.clone());
        let removals: Vec<Removal> =
            nodes.map(|name| Removal { nodes: [name].into(), ..Removal::default() }).collect();
        let mut shared = Ground::new(&question.snapshot, &question.knobs);
        for removal in removals.iter().chain(removals.iter().rev()) {
            let fresh = Ground::new(&question.snapshot, &question.knobs).simulate(removal);
            assert_eq!(shared.simulate(removal), fresh, "{case} {:?}", removal.nodes);
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}
