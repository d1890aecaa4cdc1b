//! One world: a cluster, an account and what lies between them, moved from moment to moment.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use joiner_core::model::NamespacedName;
use joiner_ports::InterruptionKind;

use crate::agenda::{Agenda, Due};
use crate::book::Book;
use crate::chance::Streams;
use crate::checks::Checks;
use crate::cluster::Cluster;
use crate::ec2::Ec2;
use crate::faults::{Faults, Pace};
use crate::keep::Keep;
use crate::log::{EntryKind, Log, LogEntry};
use crate::mail::Mail;
use crate::script::ScriptStep;

/// The moment every run starts at, so that traces of one seed are equal: 2026-01-05T09:00:00Z, a Monday.
pub const START_SECOND: i64 = 1_767_603_600;

/// Everything there is.
pub struct World {
    /// The seed of all chance.
    pub seed: u64,
    /// Time and what is to come.
    pub agenda: Agenda,
    /// Chance.
    pub chance: Streams,
    /// How long things take.
    pub pace: Pace,
    /// What goes wrong.
    pub faults: Faults,
    /// Kubernetes objects.
    pub cluster: Cluster,
    /// Machines.
    pub ec2: Ec2,
    /// Messages.
    pub mail: Mail,
    /// State between invocations.
    pub keep: Keep,
    /// What happened.
    pub log: Log,
    /// What the closing table is made of.
    pub book: Book,
    /// What was found broken.
    pub checks: Checks,
    /// What the user does, by moment.
    pub script: Vec<ScriptStep>,
    /// Steps of the script still to come.
    pub steps_left: usize,
    controllers_planned: bool,
    scheduler_planned: bool,
}

impl World {
    /// An empty, calm world.
    pub fn seeded(seed: u64) -> Self {
        let start = Timestamp::from_second(START_SECOND).unwrap_or(Timestamp::UNIX_EPOCH);
        World {
            seed,
            agenda: Agenda::starting_at(start),
            chance: Streams::new(seed),
            pace: Pace::default(),
            faults: Faults::calm(),
            cluster: Cluster::default(),
            ec2: Ec2::default(),
            mail: Mail::default(),
            keep: Keep::default(),
            log: Log::default(),
            book: Book::starting_at(start),
            checks: Checks::default(),
            script: Vec::new(),
            steps_left: 0,
            controllers_planned: false,
            scheduler_planned: false,
        }
    }

    /// Writes down what happened.
    pub fn record(&mut self, kind: EntryKind, subject: &str, detail: String) {
        let entry = LogEntry { at: self.agenda.now(), kind, subject: subject.to_owned(), detail };
        self.log.push(entry);
    }

    /// Notes why a pod fits nowhere; the timeline tells it when it is new.
    pub fn pod_does_not_fit(&mut self, key: &NamespacedName, why: String) {
        let name = key.to_string();
        let is_known = self.book.unfit.get(&name) == Some(&why);
        if !is_known && self.cluster.pods.contains_key(key) {
            self.record(EntryKind::PodUnschedulable, &name, why.clone());
            self.book.unfit.insert(name, why);
        }
    }

    /// Notes why a pool is not used; the timeline tells it when it is new.
    pub fn pool_is_not_used(&mut self, name: &str, why: String) {
        if self.book.unused_pools.get(name) != Some(&why) {
            self.record(EntryKind::PoolSkipped, name, why.clone());
            self.book.unused_pools.insert(name.to_owned(), why);
        }
    }

    /// Lets controllers, scheduler and watch look at the cluster soon; looks that are planned already suffice.
    pub(crate) fn cluster_changed(&mut self) {
        if !self.controllers_planned {
            self.controllers_planned = true;
            let delay = self.chance.controllers.between(self.pace.controllers);
            self.agenda.after(delay, Due::Controllers);
        }
        if !self.scheduler_planned {
            self.scheduler_planned = true;
            let delay = self.chance.controllers.between(self.pace.scheduler);
            self.agenda.after(delay, Due::Scheduler);
        }
        self.tell_changes();
    }

    /// Makes happen what is due. Wake-ups of handlers are the runtime's business.
    pub(crate) fn happen(&mut self, due: Due) {
        match due {
            Due::Wake(waker) => waker.wake(),
            Due::Script(index) => self.play(index),
            Due::Controllers => {
                self.controllers_planned = false;
                self.run_controllers();
                self.tell_changes();
            }
            Due::Scheduler => {
                self.scheduler_planned = false;
                self.run_scheduler();
                self.tell_changes();
            }
            Due::InstanceRuns(id) => self.instance_runs(&id),
            Due::InstanceEnds(id) => self.instance_ends(&id),
            Due::SpotTaken(id) => self.spot_taken(&id),
            Due::NodeJoins(id) => self.node_joins(&id),
            Due::NodeReady(id) => self.node_ready(&id),
            Due::StartupTaintsLifted(id) => self.startup_taints_lifted(&id),
            Due::NodeSilent(id) => self.node_silent(&id),
            Due::PodStarts(reference) => self.pod_starts(&reference),
            Due::PodFinishes(reference) => self.pod_finishes(&reference),
            Due::PodStops(reference) => self.pod_stops(&reference),
            Due::Message(id) => self.mail.arrive(id),
            Due::Tick => self.tick(),
        }
        self.check();
    }

    /// EC2 takes a spot instance back: a warning first, the end two minutes later.
    fn spot_taken(&mut self, id: &Arc<str>) {
        let Some(instance) = self.ec2.instances.get_mut(id).filter(|instance| instance.is_up()) else {
            return;
        };
        let warned_key: Arc<str> = "simulated/spot-warning".into();
        if instance.tags.insert(warned_key, "sent".into()).is_none() {
            self.record(EntryKind::SpotWarning, id, "taken back in 120 s".to_owned());
            self.announce(id, InterruptionKind::SpotInterruption);
            self.agenda.after(Duration::from_secs(120), Due::SpotTaken(Arc::clone(id)));
        } else {
            self.checks.taken_back(id);
            self.terminate_instance(id);
        }
    }
}
