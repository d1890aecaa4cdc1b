//! Does the product keep its promises while everything goes wrong, and does it come to rest after?

use std::time::Duration;

use joiner_sim::faults::Faults;
use joiner_sim::log::EntryKind;
use joiner_sim::product;
use joiner_sim::runtime::{Handler, Simulation};
use joiner_sim::scenario::Scenario;
use joiner_sim::script::{ScriptAction, ScriptObject, ScriptStep};

use crate::support::{WORKSHOP, deployment, objects, plain, scenario};

const MINUTE: Duration = Duration::from_secs(60);
/// How long things go wrong.
const STORM: Duration = Duration::from_secs(20 * 60);

/// A pool of small spot and on-demand machines that expire soon, so that nodes are drained all the time.
fn pool() -> String {
    WORKSHOP
        .replace("values: [\"on-demand\"]", "values: [\"on-demand\", \"spot\"]")
        .replace("cpu: \"10\"", "cpu: \"40\"")
        .replace("expireAfter: Never", "expireAfter: 8m")
}

/// At most one pod of `web` may be away, and pods of the job may not be disrupted while they work.
const RULES: &str = "
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: import}
spec:
  parallelism: 3
  completions: 3
  template:
    metadata: {annotations: {karpenter.sh/do-not-disrupt: 'true', simulate.joiner/runs-for: 4m}}
    spec:
      restartPolicy: Never
      containers: [{name: c, image: i, resources: {requests: {cpu: 1, memory: 1Gi}}}]
";

/// Deployments that come and go, and few types to choose from.
fn stormy(seed: u64) -> Scenario {
    let yaml = pool() + RULES + &deployment("web", "700m", "512Mi") + &deployment("batch", "1500m", "3Gi");
    let script = "
        5s deployment/web 8
        2m deployment/batch 5
        5m deployment/web 3
        8m deployment/batch 0
        11m deployment/web 9
        15m deployment/batch 4
        18m deployment/web 2";
    let mut scenario = scenario(seed, &yaml, script);
    for types in scenario.types.values_mut() {
        let small = ["c6i.large", "c6i.xlarge", "m6i.large", "m6i.xlarge", "r6i.large"];
        *types =
            types.iter().filter(|found| small.contains(&&*found.name)).cloned().collect::<Vec<_>>().into();
    }
    scenario.faults = Faults::storm(seed);
    // Machines drift in the midst of it: newer images, another template.
    scenario.script.push(ScriptStep { at: 7 * MINUTE, action: ScriptAction::NewImages });
    let other = pool().replace("expireAfter: 8m", "expireAfter: 9m");
    let pools = objects(&other).into_iter().filter(|object| matches!(object, ScriptObject::NodePool(_)));
    let change = ScriptAction::Apply { name: "pool".to_owned(), objects: pools.collect() };
    scenario.script.push(ScriptStep { at: 13 * MINUTE, action: change });
    let calm = ScriptAction::Faults(Faults::calm());
    scenario.script.push(ScriptStep { at: STORM, action: calm });
    scenario
}

/// What came of a storm: what was broken or did not come to rest, and how much went wrong on the way.
#[derive(Debug, Default)]
struct Aftermath {
    troubles: Vec<String>,
    launched: usize,
    died: usize,
    lost: usize,
    refused: usize,
    taken_back: usize,
    invocations: usize,
}

/// Plays a storm to its end.
fn aftermath(seed: u64, handler: Handler) -> Aftermath {
    let scenario = stormy(seed);
    let mut simulation = Simulation::new(scenario.world(), scenario.cluster_name.clone(), handler);
    simulation.run_for(STORM + MINUTE);
    let rest = simulation.settle(30 * MINUTE).err().unwrap_or_default();
    let world = simulation.world().lock();
    let entries = world.log.entries();
    let count = |kind, detail: &str| {
        entries.iter().filter(|entry| entry.kind == kind && entry.detail.starts_with(detail)).count()
    };
    Aftermath {
        troubles: world.checks.violations.iter().cloned().chain(rest).collect(),
        launched: count(EntryKind::InstanceLaunched, ""),
        died: count(EntryKind::Invocation, "died"),
        lost: count(EntryKind::Call, "answer lost"),
        refused: count(EntryKind::LaunchRefused, ""),
        taken_back: count(EntryKind::SpotWarning, ""),
        invocations: count(EntryKind::Invocation, ""),
    }
}

#[test]
fn promises_are_kept_in_every_storm_and_the_calm_brings_rest() {
    let mut all = Aftermath::default();
    for seed in 0..200 {
        let one = aftermath(seed, product::handler);
        assert_eq!(one.troubles, Vec::<String>::new(), "seed {seed}");
        all.launched += one.launched;
        all.died += one.died;
        all.lost += one.lost;
        all.refused += one.refused;
        all.taken_back += one.taken_back;
        all.invocations = all.invocations.max(one.invocations);
    }
    // A storm in which little goes wrong proves little.
    let enough = all.launched > 1000 && all.died > 5000 && all.lost > 5000;
    assert!(enough && all.refused > 20 && all.taken_back > 50, "{all:?}");
    // behaviour: queue/copies-of-a-step-do-not-multiply
    assert!(all.invocations < 3000, "messages multiply: {all:?}");
}

#[test]
fn a_handler_without_care_does_not_come_through() {
    // Every message is a whole pass to it, so a few seeds have to do.
    let troubles: Vec<String> = (0..8).flat_map(|seed| aftermath(seed, plain::handler).troubles).collect();
    let told = |what: &str| troubles.iter().any(|trouble| trouble.contains(what));
    assert!(told("its limit is 40"), "{troubles:?}");
    assert!(told("has no claim") || told("has no usable node"), "{troubles:?}");
}

#[test]
fn a_storm_leaves_the_same_trace_for_the_same_seed() {
    let trace = || {
        let scenario = stormy(9);
        let mut simulation =
            Simulation::new(scenario.world(), scenario.cluster_name.clone(), product::handler);
        simulation.run_for(10 * MINUTE);
        simulation.world().lock().log.text()
    };
    let first = trace();
    assert!(first.contains(" died"), "nothing died in this storm");
    assert!(first == trace(), "two runs of one seed differ");
}
