//! What happens next? Everything that is to come, by its moment; ties go in the order they were planned.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use jiff::Timestamp;
use joiner_core::model::NamespacedName;

/// Something that is to happen.
#[derive(Debug, Clone)]
pub enum Due {
    /// A handler waited for this moment.
    Wake(Waker),
    /// A step of the user's script, by its index.
    Script(usize),
    /// The cluster's controllers look at what changed.
    Controllers,
    /// The scheduler looks at pods without a node.
    Scheduler,
    /// An instance runs.
    InstanceRuns(Arc<str>),
    /// An instance is gone.
    InstanceEnds(Arc<str>),
    /// EC2 takes a spot instance back after a warning.
    SpotTaken(Arc<str>),
    /// The kubelet of an instance registers its node.
    NodeJoins(Arc<str>),
    /// The kubelet of an instance reports its node ready.
    NodeReady(Arc<str>),
    /// Something outside takes the startup taints off a node.
    StartupTaintsLifted(Arc<str>),
    /// Nothing was heard from the kubelet of an instance for too long.
    NodeSilent(Arc<str>),
    /// A pod's containers start.
    PodStarts(PodRef),
    /// A pod's work is done.
    PodFinishes(PodRef),
    /// A pod that was asked to stop has stopped.
    PodStops(PodRef),
    /// A message is delivered.
    Message(u64),
    /// The clock of the deployment strikes.
    Tick,
}

/// One pod, not another one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRef {
    /// Namespace and name.
    pub key: NamespacedName,
    /// UID.
    pub uid: Arc<str>,
}

/// Virtual time and all that is to come.
#[derive(Debug)]
pub struct Agenda {
    start: Timestamp,
    now: Timestamp,
    planned: u64,
    entries: BTreeMap<(Timestamp, u64), Due>,
}

impl Agenda {
    /// An empty agenda that starts at a moment.
    pub fn starting_at(start: Timestamp) -> Self {
        Agenda { start, now: start, planned: 0, entries: BTreeMap::new() }
    }

    /// The moment it started at.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The moment it is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.now.duration_since(self.start).unsigned_abs()
    }

    /// Plans something for a moment; what lies in the past happens now.
    pub fn at(&mut self, moment: Timestamp, due: Due) {
        self.planned += 1;
        self.entries.insert((moment.max(self.now), self.planned), due);
    }

    /// Plans something after a delay.
    pub fn after(&mut self, delay: Duration, due: Due) {
        self.at(self.now + delay, due);
    }

    /// The moment of what comes next.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// Moves time to what comes next and takes it.
    pub fn advance(&mut self) -> Option<Due> {
        let ((moment, _), due) = self.entries.pop_first()?;
        self.now = moment;
        Some(due)
    }

    /// Moves time on to a moment with nothing happening before it.
    pub fn idle_until(&mut self, moment: Timestamp) {
        let bound = self.next_at().map_or(moment, |next| next.min(moment));
        self.now = self.now.max(bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_keep_the_order_of_planning_and_time_never_goes_back() {
        let mut agenda = Agenda::starting_at(Timestamp::UNIX_EPOCH);
        let second = Duration::from_secs(1);
        agenda.after(second, Due::Script(1));
        agenda.after(second, Due::Script(2));
        agenda.after(Duration::ZERO, Due::Script(0));
        let mut order = Vec::new();
        while let Some(Due::Script(index)) = agenda.advance() {
            order.push(index);
            if index == 1 {
                agenda.at(Timestamp::UNIX_EPOCH, Due::Script(3));
            }
        }
        assert_eq!(order, [0, 1, 2, 3]);
        assert_eq!(agenda.elapsed(), second);
    }
}
