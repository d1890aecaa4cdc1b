//! A run from beginning to end: what there is, what the user does, and when it is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use joiner_core::model::InstanceType;
use joiner_ports::ClusterName;

use crate::faults::{Faults, Pace};
use crate::log::LogEntry;
use crate::report::RunReport;
use crate::runtime::{Handler, Simulation};
use crate::script::{ScriptObject, ScriptStep};
use crate::world::World;

/// A run that does nothing new for this long is over.
const QUIET: Duration = Duration::from_secs(15 * 60);
/// A run with nothing left in it is over after this long.
const EMPTY: Duration = Duration::from_secs(60);
/// How often the end is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// A run to be.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Decides all chance.
    pub seed: u64,
    /// Name of the simulated cluster.
    pub cluster_name: ClusterName,
    /// What is there from the start.
    pub objects: Vec<ScriptObject>,
    /// What each class may buy.
    pub types: BTreeMap<Arc<str>, Arc<Vec<InstanceType>>>,
    /// What the user does.
    pub script: Vec<ScriptStep>,
    /// How long things take.
    pub pace: Pace,
    /// What goes wrong.
    pub faults: Faults,
    /// Longest virtual time it may take.
    pub at_most: Duration,
}

impl Scenario {
    /// The world at its start.
    pub fn world(&self) -> World {
        let mut world = World::seeded(self.seed);
        world.pace = self.pace.clone();
        world.faults = self.faults.clone();
        world.ec2.types = self.types.clone();
        self.objects.iter().cloned().for_each(|object| world.apply(object));
        world.plan_script(self.script.clone());
        world.start_clock();
        world
    }

    /// Plays it to its end, showing what happens as it happens.
    pub fn play(
        &self,
        handler: Handler,
        watch: &mut dyn FnMut(&RunProgress, &[LogEntry]),
    ) -> (RunReport, Simulation) {
        let mut simulation = Simulation::new(self.world(), self.cluster_name.clone(), handler);
        let mut calm = Calm::default();
        let mut shown = 0;
        loop {
            simulation.run_for(LOOK);
            let is_working = simulation.running() > 0;
            let shared = simulation.world().clone();
            let world = shared.lock();
            watch(&RunProgress::of(&world), &world.log.entries()[shown..]);
            shown = world.log.entries().len();
            if calm.is_over(&world, is_working) || world.agenda.elapsed() >= self.at_most {
                break;
            }
        }
        let report = RunReport::of(&mut simulation.world().lock());
        (report, simulation)
    }
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunProgress {
    /// Virtual time since the start.
    pub elapsed: Duration,
    /// Pods that run.
    pub running: usize,
    /// Pods without a node.
    pub waiting: usize,
    /// Instances that have not ended.
    pub nodes: usize,
    /// Steps of the script still to come.
    pub steps_left: usize,
}

impl RunProgress {
    /// Of a world as it is.
    pub fn of(world: &World) -> Self {
        let pods = || world.cluster.pods.values().filter(|object| !object.pod.is_owned_by_daemon_set());
        RunProgress {
            elapsed: world.agenda.elapsed(),
            running: pods().filter(|object| object.pod.ready).count(),
            waiting: pods().filter(|object| object.pod.node_name.is_none()).count(),
            nodes: world.ec2.live().count().max(world.cluster.nodes.len()),
            steps_left: world.steps_left,
        }
    }
}

/// Since when nothing new has happened.
#[derive(Default)]
struct Calm {
    since: Option<Timestamp>,
    seen: (usize, usize, usize, usize, usize),
}

impl Calm {
    fn is_over(&mut self, world: &World, is_working: bool) -> bool {
        let now = world.agenda.now();
        let progress = RunProgress::of(world);
        let pods = world.cluster.pods.len();
        let claims = world.cluster.claims.len();
        let seen = (progress.running, progress.waiting, progress.nodes, pods, claims);
        if seen != self.seen || progress.steps_left > 0 {
            self.seen = seen;
            self.since = Some(now);
            return false;
        }
        let calm = now.duration_since(*self.since.get_or_insert(now)).unsigned_abs();
        let is_empty = progress.nodes == 0 && claims == 0 && pods == 0 && !is_working;
        calm >= if is_empty { EMPTY } else { QUIET }
    }
}
