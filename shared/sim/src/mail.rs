//! The queue: messages arrive at least once, after their delay, in no promised order; one that is not answered
//! for is delivered again.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use joiner_ports::{InstanceId, InterruptionKind, Message};

use crate::agenda::Due;
use crate::cluster::Change;
use crate::log::EntryKind;
use crate::world::World;

/// How long a delivery hides a message from the next one.
pub const VISIBILITY: Duration = Duration::from_secs(60);
/// Deliveries after which a message is put aside.
pub const MOST_DELIVERIES: u32 = 5;
/// How long a step that a change set off keeps sending itself again; after that the clock takes over.
const PERSISTENCE: Duration = Duration::from_secs(60);
/// The pace of the deployment's clock.
const TICK: Duration = Duration::from_secs(60);

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// What it says.
    pub message: Message,
    /// How often it was delivered.
    pub deliveries: u32,
}

/// Messages on their way, and those that wait for an invocation.
#[derive(Debug, Default)]
pub struct Mail {
    letters: BTreeMap<u64, Letter>,
    arrived: VecDeque<u64>,
    sent: u64,
    /// Messages put aside after too many deliveries.
    pub dead: Vec<Message>,
}

impl Mail {
    /// A message has arrived.
    pub(crate) fn arrive(&mut self, id: u64) {
        if self.letters.contains_key(&id) {
            self.arrived.push_back(id);
        }
    }

    /// The next message to handle.
    pub fn take(&mut self) -> Option<(u64, Message)> {
        while let Some(id) = self.arrived.pop_front() {
            if let Some(letter) = self.letters.get_mut(&id) {
                letter.deliveries += 1;
                return Some((id, letter.message.clone()));
            }
        }
        None
    }

    /// The message was handled.
    pub fn done(&mut self, id: u64) {
        self.letters.remove(&id);
    }
}

impl World {
    /// Sends a message; faults may double or delay it.
    pub fn send(&mut self, message: &Message, delay: Duration) {
        let copies = if self.chance.faults.happens(self.faults.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let mut travel =
                self.chance.messages.between((Duration::from_millis(8), Duration::from_millis(60)));
            if self.chance.faults.happens(self.faults.late) {
                travel += self.chance.faults.between((Duration::from_secs(1), Duration::from_secs(60)));
            }
            self.mail.sent += 1;
            let id = self.mail.sent;
            self.mail.letters.insert(id, Letter { message: message.clone(), deliveries: 0 });
            self.agenda.after(delay + travel, Due::Message(id));
        }
    }

    /// An invocation failed or died: the message comes again later, or is put aside.
    pub fn deliver_again(&mut self, id: u64) {
        let Some(letter) = self.mail.letters.get(&id) else { return };
        if letter.deliveries >= MOST_DELIVERIES {
            let dead = letter.message.clone();
            self.record(EntryKind::Message, &format!("{dead:?}"), "put aside".to_owned());
            self.mail.dead.push(dead);
            self.mail.letters.remove(&id);
        } else {
            self.agenda.after(VISIBILITY, Due::Message(id));
        }
    }

    /// Starts the deployment's clock.
    pub fn start_clock(&mut self) {
        self.agenda.after(TICK, Due::Tick);
    }

    pub(crate) fn tick(&mut self) {
        self.send(&Message::Tick, Duration::ZERO);
        self.agenda.after(TICK, Due::Tick);
    }

    /// Tells what a watch saw, as the relay does: hints, which may get lost.
    pub(crate) fn tell_changes(&mut self) {
        for change in std::mem::take(&mut self.cluster.changes) {
            if self.chance.faults.happens(self.faults.lost_hint) {
                continue;
            }
            let delay = self.chance.messages.between(self.pace.relay);
            if let Some(message) = hint_of(change, self.agenda.now() + PERSISTENCE) {
                self.send(&message, delay);
            }
        }
    }
}

impl World {
    /// Tells what EC2 announced of an instance, as its event rules do: soon, and perhaps not at all.
    pub(crate) fn announce(&mut self, id: &str, event: InterruptionKind) {
        if self.chance.faults.happens(self.faults.lost_hint) {
            return;
        }
        let delay = self.chance.messages.between(self.pace.relay);
        if let Ok(instance) = InstanceId::new(id) {
            let at = self.agenda.now();
            self.send(&Message::Interruption { instance, event, at }, delay);
        }
    }
}

/// The message about a change.
fn hint_of(change: Change, again_until: Timestamp) -> Option<Message> {
    use joiner_ports::{ClaimName, PendingHint, Target};
    Some(match change {
        Change::PodUnschedulable(key) => {
            Message::PodsPending { hint: PendingHint::Pod { namespace: key.namespace, name: key.name } }
        }
        Change::PodMoved { node, pod: _ } => Message::PodMoved { node },
        Change::Claim(name) => Message::ClaimStep { claim: ClaimName::new(&name).ok()?, again_until },
        Change::Deleting(name) => {
            let target = Target::Claim(ClaimName::new(&name).ok()?);
            Message::TerminateStep { target, again_until }
        }
        Change::Node(node) => Message::NodeChanged { node },
        Change::Pool(pool) => Message::PoolChanged { pool },
        Change::Class(class) => Message::ClassChanged { class },
    })
}
