//! How do messages leave a function? To the queue of their duty; those of the relay over the bus, unless they have
//! to wait.

use std::collections::BTreeSet;

use joiner_aws::{EventBus, SqsQueue};
use joiner_ports::{ClaimName, Delay, Message, PendingHint, Queue, QueueError};

/// Sends messages about one cluster.
pub(crate) struct MessageOutlet {
    pub(crate) bus: Option<EventBus>,
    pub(crate) queue: SqsQueue,
}

impl MessageOutlet {
    /// Sends what was noticed at one time.
    ///
    /// # Errors
    /// Some were not taken: send all of them again.
    pub(crate) async fn send_all(&self, messages: Vec<Message>) -> Result<usize, QueueError> {
        let messages = gathered(messages);
        match &self.bus {
            Some(bus) => bus.publish(&messages).await?,
            None => {
                let sent = messages.iter().map(|message| self.queue.send(message.clone(), Delay::NONE));
                futures::future::try_join_all(sent).await?;
            }
        }
        Ok(messages.len())
    }
}

impl Queue for MessageOutlet {
    async fn send(&self, message: Message, delay: Delay) -> Result<(), QueueError> {
        match &self.bus {
            // The bus has no delay.
            Some(bus) if delay == Delay::NONE => bus.publish(&[message]).await,
            _ => self.queue.send(message, delay).await,
        }
    }
}

/// Fewer messages that say as much: pods are planned for together, so one sight of pending pods stands for all, and
/// one step of a claim for the same step again.
// behaviour: relay/a-burst-of-pods-becomes-one-message
pub(crate) fn gathered(messages: Vec<Message>) -> Vec<Message> {
    let mut said: BTreeSet<Message> = BTreeSet::new();
    let mut pending = false;
    let mut stepped: BTreeSet<ClaimName> = BTreeSet::new();
    let mut gathered = Vec::new();
    for message in messages {
        let is_new = match &message {
            Message::PodsPending { hint: PendingHint::WindowDue } => said.insert(message.clone()),
            Message::PodsPending { .. } => !std::mem::replace(&mut pending, true),
            Message::ClaimStep { claim, .. } => stepped.insert(claim.clone()),
            _ => said.insert(message.clone()),
        };
        if is_new {
            gathered.push(message);
        }
    }
    gathered
}

#[cfg(test)]
mod tests {
    use super::*;

    // behaviour: relay/a-burst-of-pods-becomes-one-message
    #[test]
    fn many_sights_of_the_same_become_one() {
        let pod = |name: &str| Message::PodsPending {
            hint: PendingHint::Pod { namespace: "default".into(), name: name.into() },
        };
        let node = |name: &str| Message::NodeChanged { node: name.into() };
        let step = |second: i64| Message::ClaimStep {
            claim: ClaimName::new("general-abc").unwrap(),
            again_until: jiff::Timestamp::from_second(second).unwrap(),
        };
        let burst = vec![pod("a"), node("n"), pod("b"), step(1), node("n"), step(2), node("m")];
        assert_eq!(gathered(burst), [pod("a"), node("n"), step(1), node("m")]);
    }
}
