//! Does the product keep its promises while everything goes wrong, and does it come to rest after?

use std::time::Duration;

use joiner_sim::faults::Faults;
use joiner_sim::product;
use joiner_sim::runtime::Simulation;
use joiner_sim::scenario::Scenario;
use joiner_sim::script::{ScriptAction, ScriptStep};

use crate::support::{WORKSHOP, deployment, scenario};

const MINUTE: Duration = Duration::from_secs(60);
/// How long things go wrong.
const STORM: Duration = Duration::from_secs(20 * 60);

/// Two deployments that come and go, spot and on-demand, a limit that is enough, and few types to choose from.
fn stormy(seed: u64) -> Scenario {
    let pool = WORKSHOP
        .replace("values: [\"on-demand\"]", "values: [\"on-demand\", \"spot\"]")
        .replace("cpu: \"10\"", "cpu: \"40\"");
    let yaml = pool + &deployment("web", "700m", "512Mi") + &deployment("batch", "1500m", "3Gi");
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
        let few = types
            .iter()
            .filter(|found| ["c6i", "m6i", "r6i"].contains(&found.name.split('.').next().unwrap_or("")));
        *types = few.cloned().collect::<Vec<_>>().into();
    }
    scenario.faults = Faults::storm(seed);
    let calm = ScriptAction::Faults(Faults::calm());
    scenario.script.push(ScriptStep { at: STORM, action: calm });
    scenario
}

/// Plays a storm to its end; what was broken, and what did not come to rest.
fn troubles(seed: u64) -> Vec<String> {
    let scenario = stormy(seed);
    let mut simulation = Simulation::new(scenario.world(), scenario.cluster_name.clone(), product::handler);
    simulation.run_for(STORM + MINUTE);
    let rest = simulation.settle(30 * MINUTE).err().unwrap_or_default();
    let world = simulation.world().lock();
    world.checks.violations.iter().cloned().chain(rest).collect()
}

#[test]
fn promises_are_kept_in_every_storm_and_the_calm_brings_rest() {
    for seed in 0..200 {
        assert_eq!(troubles(seed), Vec::<String>::new(), "seed {seed}");
    }
}
