//! How are messages received where Lambda does not do it: in one process on a laptop, and out of dead letters?

use std::sync::Arc;

use aws_sdk_sqs::types::{Message as Received, MessageSystemAttributeName};
use joiner_ports::QueueError;

use crate::Clients;

/// Most messages SQS hands out at a time.
pub const MOST_AT_ONCE: u16 = 10;

/// One delivery of a message. Until it is deleted it comes again once its hiding is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names the message, the same at every delivery.
    pub id: String,
    /// Names this delivery, for [`Inbox::delete`] and [`Inbox::hide`].
    pub receipt: String,
    /// What it says.
    pub body: String,
    /// How often it was delivered, this time included.
    pub deliveries: u32,
}

/// The receiving end of a queue.
#[derive(Debug, Clone)]
pub struct Inbox {
    clients: Arc<Clients>,
    url: Arc<str>,
}

impl Inbox {
    /// The receiving end of a queue; no call is made.
    pub fn new(clients: Arc<Clients>, url: &str) -> Self {
        Inbox { clients, url: url.into() }
    }

    /// Up to ten messages, which are then hidden for `hidden_secs`. Waits up to `wait_secs` (at most 20) for the
    /// first one; none is no error.
    ///
    /// # Errors
    /// The queue cannot be reached.
    pub async fn receive(&self, wait_secs: u8, hidden_secs: u16) -> Result<Vec<Delivery>, QueueError> {
        let call = self.clients.sqs().receive_message().queue_url(&*self.url);
        let answer = call
            .max_number_of_messages(MOST_AT_ONCE.into())
            // Below the time after which the client gives up an attempt.
            .wait_time_seconds(wait_secs.min(20).into())
            .visibility_timeout(hidden_secs.into())
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(patient())
            .send()
            .await
            .map_err(|error| QueueError(error.into()))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(read).collect())
    }

    /// The message was handled and shall not come again.
    ///
    /// # Errors
    /// The queue cannot be reached.
    pub async fn delete(&self, receipt: &str) -> Result<(), QueueError> {
        let call = self.clients.sqs().delete_message().queue_url(&*self.url).receipt_handle(receipt);
        call.send().await.map(drop).map_err(|error| QueueError(error.into()))
    }

    /// The message shall come again after so many seconds; none means now.
    ///
    /// # Errors
    /// The queue cannot be reached.
    pub async fn hide(&self, receipt: &str, secs: u16) -> Result<(), QueueError> {
        let call = self.clients.sqs().change_message_visibility().queue_url(&*self.url);
        let call = call.receipt_handle(receipt).visibility_timeout(secs.into());
        call.send().await.map(drop).map_err(|error| QueueError(error.into()))
    }
}

/// A long poll takes longer than other calls of the queue may.
fn patient() -> aws_sdk_sqs::config::Builder {
    let timeouts = aws_sdk_sqs::config::timeout::TimeoutConfig::builder()
        .operation_attempt_timeout(std::time::Duration::from_secs(25))
        .operation_timeout(std::time::Duration::from_secs(30))
        .build();
    aws_sdk_sqs::Config::builder().timeout_config(timeouts)
}

/// A delivery without a receipt could not be answered; SQS does not send such.
fn read(message: Received) -> Option<Delivery> {
    let counted = message.attributes.as_ref();
    let counted = counted.and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    Some(Delivery {
        deliveries: counted.and_then(|count| count.parse().ok()).unwrap_or(1),
        id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
    })
}
