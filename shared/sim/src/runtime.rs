//! Who handles the messages? Invocations, each with its own ports: they start as messages arrive, run side by
//! side, and may die at any await; what they did not finish comes again.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use joiner_ports::{ClusterName, Message};

use crate::executor::{Executor, SharedWorld};
use crate::log::EntryKind;
use crate::ports::SimPorts;
use crate::world::World;

/// An invocation is ended after this long.
const TIME_OUT: Duration = Duration::from_secs(60);

/// What an invocation comes to: nothing to say, or why it failed.
pub type Handled = Result<(), String>;

/// One invocation.
pub type Invocation = Pin<Box<dyn Future<Output = Handled> + Send>>;

/// What handles a message: the use cases, or something a test puts in their place.
pub type Handler = fn(SimPorts, Message, Timestamp) -> Invocation;

struct Running {
    letter: u64,
    name: String,
    started_at: Timestamp,
}

/// A world and the invocations in it.
pub struct Simulation {
    world: SharedWorld,
    executor: Executor,
    handler: Handler,
    cluster_name: ClusterName,
    running: BTreeMap<u64, Running>,
}

impl Simulation {
    /// Puts handlers into a world.
    pub fn new(world: World, cluster_name: ClusterName, handler: Handler) -> Self {
        Simulation {
            world: SharedWorld::new(world),
            executor: Executor::default(),
            handler,
            cluster_name,
            running: BTreeMap::new(),
        }
    }

    /// The world.
    pub fn world(&self) -> &SharedWorld {
        &self.world
    }

    /// How many invocations are running.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Runs what is ready, or moves time on to what comes next if that is not past a bound; says whether there
    /// was anything to do.
    pub fn step(&mut self, bound: Timestamp) -> bool {
        self.start_invocations();
        if let Some(task) = self.executor.next_ready() {
            self.run(task);
            return true;
        }
        let mut world = self.world.lock();
        match world.agenda.next_at() {
            Some(next) if next <= bound => {
                if let Some(due) = world.agenda.advance() {
                    world.happen(due);
                }
                true
            }
            _ => {
                world.agenda.idle_until(bound);
                false
            }
        }
    }

    /// Runs until a moment.
    pub fn run_until(&mut self, moment: Timestamp) {
        while self.step(moment) {}
    }

    /// Runs for a while.
    pub fn run_for(&mut self, time: Duration) {
        let moment = self.world.lock().agenda.now() + time;
        self.run_until(moment);
    }

    fn start_invocations(&mut self) {
        loop {
            let mut world = self.world.lock();
            if self.executor.running() >= world.pace.invocations_at_once {
                return;
            }
            let Some((letter, message)) = world.mail.take() else { return };
            let now = world.agenda.now();
            let name = format!("{message:?}");
            drop(world);
            let number = self.executor.next_number();
            let ports = SimPorts::new(self.world.clone(), self.cluster_name.clone(), number);
            let invocation = (self.handler)(ports, message, now);
            let (shared, described) = (self.world.clone(), name.clone());
            self.executor.start(async move {
                let outcome = invocation.await;
                let mut world = shared.lock();
                let detail = match &outcome {
                    Ok(()) => "done".to_owned(),
                    Err(why) => format!("failed: {why}"),
                };
                world.record(EntryKind::Invocation, &described, detail);
                match outcome {
                    Ok(()) => world.mail.done(letter),
                    Err(_) => world.deliver_again(letter),
                }
            });
            self.running.insert(number, Running { letter, name, started_at: now });
        }
    }

    fn run(&mut self, task: u64) {
        if self.executor.poll(task) {
            self.running.remove(&task);
        } else if let Some(cause) = self.cause_of_death(task) {
            self.executor.kill(task);
            if let Some(running) = self.running.remove(&task) {
                let mut world = self.world.lock();
                world.record(EntryKind::Invocation, &running.name, cause.to_owned());
                world.deliver_again(running.letter);
            }
        }
        self.world.lock().check();
    }

    fn cause_of_death(&self, task: u64) -> Option<&'static str> {
        let mut world = self.world.lock();
        let crash = world.faults.crash;
        if world.chance.faults.happens(crash) {
            return Some("died");
        }
        let running = self.running.get(&task)?;
        let age = world.agenda.now().duration_since(running.started_at).unsigned_abs();
        (age > TIME_OUT).then_some("timed out")
    }
}
