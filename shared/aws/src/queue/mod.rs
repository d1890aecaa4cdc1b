//! Messages to later invocations, in one standard SQS queue per duty.
//!
//! - [`SqsQueue`]: sending, the port.
//! - [`inbox`]: receiving, for whoever is not called by Lambda.
//! - [`dead_letters`]: messages that were given up, and sending them again.

pub mod dead_letters;
pub mod inbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_sqs::types::MessageAttributeValue;
use joiner_ports::{ClusterName, Delay, Duty, Envelope, Message, Queue, QueueError};

use crate::Clients;

/// IAM actions on the queues a function sends to.
pub const ACTIONS: &[&str] = &["sqs:SendMessage"];
/// IAM actions of whoever receives: Lambda on behalf of the function, and the command line.
pub const RECEIVE_ACTIONS: &[&str] =
    &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// Message attribute with the kind of the message, for filters and people.
pub const KIND_ATTRIBUTE: &str = "kind";
/// Message attribute with the name of the cluster.
pub const CLUSTER_ATTRIBUTE: &str = "cluster";

/// URLs of the queues by duty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueUrls(BTreeMap<Duty, String>);

impl QueueUrls {
    /// The queue of a duty.
    ///
    /// # Errors
    /// None is configured.
    pub fn of(&self, duty: Duty) -> Result<&str, NoQueue> {
        self.0.get(&duty).map(String::as_str).ok_or(NoQueue(duty.as_str()))
    }
}

impl FromIterator<(Duty, String)> for QueueUrls {
    fn from_iter<I: IntoIterator<Item = (Duty, String)>>(urls: I) -> Self {
        QueueUrls(urls.into_iter().collect())
    }
}

/// A duty without a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no queue is configured for the duty {0}: set its URL")]
pub struct NoQueue(&'static str);

/// Sends messages about one cluster.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    clients: Arc<Clients>,
    urls: Arc<QueueUrls>,
    cluster: ClusterName,
}

impl SqsQueue {
    /// A sender for a cluster; no call is made.
    pub fn new(clients: Arc<Clients>, urls: Arc<QueueUrls>, cluster: ClusterName) -> Self {
        SqsQueue { clients, urls, cluster }
    }
}

fn attribute(text: &str) -> Result<MessageAttributeValue, QueueError> {
    let value = MessageAttributeValue::builder().data_type("String").string_value(text);
    value.build().map_err(|error| QueueError(error.into()))
}

/// What travels: the message with its cluster, as JSON.
fn body(cluster: &ClusterName, message: Message) -> Result<String, QueueError> {
    let envelope = Envelope { cluster: cluster.clone(), message };
    serde_json::to_string(&envelope).map_err(|error| QueueError(error.into()))
}

impl Queue for SqsQueue {
    async fn send(&self, message: Message, delay: Delay) -> Result<(), QueueError> {
        let url = self.urls.of(message.duty()).map_err(|missing| QueueError(missing.into()))?;
        let kind = attribute(message.kind())?;
        let seconds = i32::try_from(delay.as_secs()).map_err(|error| QueueError(error.into()))?;
        let call = self.clients.sqs().send_message().queue_url(url).delay_seconds(seconds);
        call.message_attributes(KIND_ATTRIBUTE, kind)
            .message_attributes(CLUSTER_ATTRIBUTE, attribute(self.cluster.as_str())?)
            .message_body(body(&self.cluster, message)?)
            .send()
            .await
            .map_err(|error| QueueError(error.into()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_travels_with_its_cluster() {
        let cluster = ClusterName::new("prod").unwrap();
        assert_eq!(body(&cluster, Message::Tick).unwrap(), r#"{"cluster":"prod","message":{"kind":"tick"}}"#);
    }

    #[test]
    fn a_duty_without_a_queue_is_named() {
        let urls: QueueUrls = [(Duty::Relay, "http://localhost/relay".to_owned())].into_iter().collect();
        assert_eq!(urls.of(Duty::Relay), Ok("http://localhost/relay"));
        let missing = urls.of(Duty::Disrupt).unwrap_err().to_string();
        assert_eq!(missing, "no queue is configured for the duty disrupt: set its URL");
    }
}
