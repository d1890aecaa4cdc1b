//! Messages that wait in memory, and are gone with the process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use joiner_ports::{Delay, Message, Queue, QueueError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A message on its way; ordered by when it is due, then by when it was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Letter {
    due_at: Instant,
    number: u64,
    message: Message,
    tries: u32,
}

/// A message to handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The message.
    pub message: Message,
    /// How often it was tried before.
    pub tries: u32,
}

/// The queue of one cluster.
#[derive(Debug, Default)]
pub struct MemoryQueue {
    letters: Mutex<(u64, BinaryHeap<Reverse<Letter>>)>,
    sent: Notify,
}

impl MemoryQueue {
    fn lock(&self) -> MutexGuard<'_, (u64, BinaryHeap<Reverse<Letter>>)> {
        // A panic elsewhere leaves whole letters behind.
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message that was tried a number of times.
    pub fn put(&self, message: Message, delay: Duration, tries: u32) {
        let mut letters = self.lock();
        letters.0 += 1;
        let number = letters.0;
        letters.1.push(Reverse(Letter { due_at: Instant::now() + delay, number, message, tries }));
        drop(letters);
        self.sent.notify_one();
    }

    /// The next message, once it is due.
    pub async fn next(&self) -> Delivered {
        loop {
            let due_at = {
                let mut letters = self.lock();
                match letters.1.peek() {
                    Some(Reverse(first)) if first.due_at <= Instant::now() => {
                        if let Some(Reverse(Letter { message, tries, .. })) = letters.1.pop() {
                            return Delivered { message, tries };
                        }
                        None
                    }
                    Some(Reverse(first)) => Some(first.due_at),
                    None => None,
                }
            };
            match due_at {
                // An earlier one may be sent meanwhile.
                Some(due_at) => drop(tokio::time::timeout_at(due_at, self.sent.notified()).await),
                None => self.sent.notified().await,
            }
        }
    }
}

impl Queue for MemoryQueue {
    async fn send(&self, message: Message, delay: Delay) -> Result<(), QueueError> {
        self.put(message, Duration::from_secs(delay.as_secs()), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_come_in_the_order_in_which_they_are_due() {
        let queue = MemoryQueue::default();
        queue.put(Message::Sweep, Duration::from_millis(60), 0);
        queue.send(Message::Tick, Delay::NONE).await.unwrap();
        queue.put(Message::Sweep, Duration::from_millis(30), 2);
        let mut seen = Vec::new();
        for _ in 0..3 {
            let Delivered { message, tries } = queue.next().await;
            seen.push((message, tries));
        }
        assert_eq!(seen, [(Message::Tick, 0), (Message::Sweep, 2), (Message::Sweep, 0)]);
    }
}
