//! Which messages were given up, and how are they sent again or thrown away?
//!
//! A message is sent to its queue before it is taken from the dead ones, so a crash in between doubles it and never
//! loses it; all handlers tolerate doubles.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_ports::{Envelope, QueueError};

use super::inbox::{Delivery, Inbox};
use crate::Clients;

/// IAM actions on the dead-letter queues and, for sending again, on the queues themselves.
pub const ACTIONS: &[&str] =
    &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"];

/// Seconds that messages are hidden while they are looked at or moved.
const HIDDEN_SECS: u16 = 60;
/// Messages looked through for one of them.
const MOST_LOOKED_THROUGH: usize = 1_000;

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names it.
    pub id: String,
    /// What it says, as it came.
    pub body: String,
    /// What it says, unless that cannot be read: then it never was a message of ours, or of another version.
    pub envelope: Option<Envelope>,
}

/// The messages one queue gave up.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    clients: Arc<Clients>,
    dead: Inbox,
    source_url: Arc<str>,
}

impl DeadLetters {
    /// Dead letters in one queue, which came from another; no call is made.
    pub fn new(clients: Arc<Clients>, dead_url: &str, source_url: &str) -> Self {
        let dead = Inbox::new(Arc::clone(&clients), dead_url);
        DeadLetters { clients, dead, source_url: source_url.into() }
    }

    /// Looks at up to `most` of them and leaves them where they are, in order of their ids.
    ///
    /// # Errors
    /// The queue cannot be reached.
    pub async fn peek(&self, most: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let taken = self.take(most, None).await?;
        for delivery in &taken {
            self.dead.hide(&delivery.receipt, 0).await?;
        }
        let mut letters: Vec<DeadLetter> = taken.into_iter().map(read).collect();
        letters.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(letters)
    }

    /// Sends up to `most` of them to the queue they came from; answers with how many.
    ///
    /// # Errors
    /// A queue cannot be reached; what was sent until then is sent.
    pub async fn redrive(&self, most: usize) -> Result<usize, QueueError> {
        let taken = self.take(most, None).await?;
        for delivery in &taken {
            self.send_again(delivery).await?;
        }
        Ok(taken.len())
    }

    /// Sends one of them to the queue it came from; false if it is not there.
    ///
    /// # Errors
    /// A queue cannot be reached.
    pub async fn redrive_one(&self, id: &str) -> Result<bool, QueueError> {
        let Some(delivery) = self.find(id).await? else { return Ok(false) };
        self.send_again(&delivery).await?;
        Ok(true)
    }

    /// Throws one of them away; false if it is not there.
    ///
    /// # Errors
    /// The queue cannot be reached.
    pub async fn delete(&self, id: &str) -> Result<bool, QueueError> {
        let Some(delivery) = self.find(id).await? else { return Ok(false) };
        self.dead.delete(&delivery.receipt).await?;
        Ok(true)
    }

    async fn send_again(&self, delivery: &Delivery) -> Result<(), QueueError> {
        let call = self.clients.sqs().send_message().queue_url(&*self.source_url);
        call.message_body(&delivery.body).send().await.map_err(|error| QueueError(error.into()))?;
        self.dead.delete(&delivery.receipt).await
    }

    /// The delivery of one message; the others are there again at once.
    async fn find(&self, id: &str) -> Result<Option<Delivery>, QueueError> {
        let taken = self.take(MOST_LOOKED_THROUGH, Some(id)).await?;
        let mut found = None;
        for delivery in taken {
            if delivery.id == id {
                found = Some(delivery);
            } else {
                self.dead.hide(&delivery.receipt, 0).await?;
            }
        }
        Ok(found)
    }

    /// Takes messages until there are no more, there are enough, or the wanted one is among them. Each is hidden,
    /// so none comes twice in the time this takes; one that does is the sign to stop.
    async fn take(&self, most: usize, wanted: Option<&str>) -> Result<Vec<Delivery>, QueueError> {
        let (mut taken, mut seen) = (Vec::new(), BTreeSet::new());
        let mut is_over = false;
        while taken.len() < most && !is_over {
            let batch = self.dead.receive(1, HIDDEN_SECS).await?;
            is_over = batch.is_empty();
            for delivery in batch {
                if taken.len() >= most || !seen.insert(delivery.id.clone()) {
                    self.dead.hide(&delivery.receipt, 0).await?;
                    is_over = true;
                    continue;
                }
                is_over |= wanted == Some(delivery.id.as_str());
                taken.push(delivery);
            }
        }
        Ok(taken)
    }
}

fn read(delivery: Delivery) -> DeadLetter {
    let envelope = serde_json::from_str(&delivery.body).ok();
    DeadLetter { id: delivery.id, body: delivery.body, envelope }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: &str) -> DeadLetter {
        read(Delivery { id: "1".into(), receipt: "r".into(), body: body.into(), deliveries: 6 })
    }

    #[test]
    fn a_letter_that_cannot_be_read_is_shown_as_it_came() {
        let tick = r#"{"cluster":"prod","message":{"kind":"tick"}}"#;
        let envelope: Envelope = serde_json::from_str(tick).unwrap();
        assert_eq!(letter(tick).envelope, Some(envelope));
        let broken = DeadLetter { id: "1".into(), body: "{".into(), envelope: None };
        assert_eq!(letter("{"), broken);
    }
}
