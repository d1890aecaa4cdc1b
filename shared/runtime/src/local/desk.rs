//! Watching, ticking and handling in one process, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use joiner_app::Settings;
use joiner_kube::Checkpoint;
use joiner_ports::{Duty, Message};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

use super::DeskPorts;
use super::memory_queue::Delivered;
use crate::logs::Chain;
use crate::observe;
use crate::outlet::gathered;

/// The pace of a deployment's schedule.
const TICK: Duration = Duration::from_secs(60);
/// One watch; the next goes on where it ended.
const WATCH: Duration = Duration::from_secs(3600);
/// Pause before a broken watch is begun again.
const PAUSE: Duration = Duration::from_secs(5);
/// Pause before a message that failed is tried again, and how often it is.
const AGAIN: Duration = Duration::from_secs(15);
const MOST_TRIES: u32 = 5;
/// Messages in hand at a time.
const WIDTH: usize = 16;

/// Works until `stop` is over, and finishes what is in hand.
pub(super) async fn work(ports: Arc<DeskPorts>, settings: Settings, stop: impl Future<Output = ()> + Send) {
    let mut background = JoinSet::new();
    background.spawn(watch(Arc::clone(&ports)));
    background.spawn(tick(Arc::clone(&ports)));
    let turns = Arc::new(Turns::new());
    let mut handling = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let delivered = tokio::select! {
            () = &mut stop => break,
            delivered = ports.queue.next() => delivered,
        };
        while handling.try_join_next().is_some() {}
        let (ports, turns) = (Arc::clone(&ports), Arc::clone(&turns));
        handling.spawn(async move {
            let duty = delivered.message.duty();
            let _turn = turns.of(duty).acquire().await;
            handle(&ports, &settings, delivered).await;
        });
    }
    background.shutdown().await;
    while handling.join_next().await.is_some() {}
}

/// Whose turn it is. Duties that decide under the lease go one after another.
struct Turns {
    provision: Semaphore,
    disrupt: Semaphore,
    others: Semaphore,
}

impl Turns {
    fn new() -> Self {
        Turns { provision: Semaphore::new(1), disrupt: Semaphore::new(1), others: Semaphore::new(WIDTH) }
    }

    fn of(&self, duty: Duty) -> &Semaphore {
        match duty {
            Duty::Provision => &self.provision,
            Duty::Disrupt => &self.disrupt,
            Duty::Relay | Duty::Lifecycle | Duty::Interrupt | Duty::Terminate => &self.others,
        }
    }
}

async fn handle(ports: &DeskPorts, settings: &Settings, delivered: Delivered) {
    let Delivered { message, tries } = delivered;
    let span = tracing::info_span!("message", cluster = %ports.name, kind = message.kind());
    let answer = observe::handle(ports, settings, message.clone(), Timestamp::now()).instrument(span).await;
    let Err(error) = answer else { return };
    let kind = message.kind();
    if tries + 1 >= MOST_TRIES {
        tracing::error!(kind, tries, error = %Chain(&error), "given up");
        return;
    }
    tracing::warn!(kind, tries, error = %Chain(&error), "tried again later");
    ports.queue.put(message, AGAIN, tries + 1);
}

async fn tick(ports: Arc<DeskPorts>) {
    loop {
        ports.queue.put(Message::Tick, Duration::ZERO, 0);
        tokio::time::sleep(TICK).await;
    }
}

async fn watch(ports: Arc<DeskPorts>) {
    let mut reached = Checkpoint::default();
    loop {
        let mut source = ports.cluster.watch(reached.clone(), Instant::now() + WATCH);
        loop {
            match source.next(Timestamp::now).await {
                Ok(Some(noticed)) => {
                    for message in gathered(noticed.messages) {
                        ports.queue.put(message, Duration::ZERO, 0);
                    }
                    reached = noticed.checkpoint;
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(cluster = %ports.name, error = %Chain(&error), "the watch broke, it begins again");
                    tokio::time::sleep(PAUSE).await;
                    break;
                }
            }
        }
    }
}
