//! What does an event ask of the relay?

use aws_lambda_events::event::sqs::SqsEvent;
use joiner_kube::Checkpoint;
use joiner_ports::{ClusterName, Envelope, Message};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the relay is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RelayRequest {
    /// A minute has passed.
    Tick {
        /// For this cluster only; for all where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster: Option<ClusterName>,
    },
    /// Hold the watch of a cluster.
    Watch {
        /// The cluster.
        cluster: ClusterName,
        /// Where the holder before got to; absent for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checkpoint: Option<Checkpoint>,
    },
}

/// An event of the relay, by where it comes from.
#[derive(Debug)]
pub(super) enum RelayEvent {
    /// Its queue.
    Batch(SqsEvent),
    /// A log subscription: base64 of gzip.
    Logs(String),
    /// The schedule, or someone by hand.
    Request(RelayRequest),
}

/// An event nobody can make sense of.
#[derive(Debug, thiserror::Error)]
#[error(
    "the event is no request of the relay; send such as {{\"kind\":\"tick\"}}, records of its queue, or a delivery of \
     CloudWatch Logs"
)]
pub struct NoRequest(#[source] serde_json::Error);

#[derive(Debug, Deserialize)]
struct LogDelivery {
    awslogs: LogData,
}

#[derive(Debug, Deserialize)]
struct LogData {
    data: String,
}

/// Sorts an event.
///
/// # Errors
/// It is none of those the relay knows.
pub(super) fn sort(event: Value) -> Result<RelayEvent, NoRequest> {
    if event.get("Records").is_some() {
        return serde_json::from_value(event).map(RelayEvent::Batch).map_err(NoRequest);
    }
    if event.get("awslogs").is_some() {
        let delivery: LogDelivery = serde_json::from_value(event).map_err(NoRequest)?;
        return Ok(RelayEvent::Logs(delivery.awslogs.data));
    }
    request(event).map(RelayEvent::Request)
}

/// Reads the body of a record.
///
/// # Errors
/// It is no request.
pub fn read(body: &str) -> Result<RelayRequest, NoRequest> {
    request(serde_json::from_str(body).map_err(NoRequest)?)
}

/// A request, or the tick of one cluster in its envelope.
fn request(event: Value) -> Result<RelayRequest, NoRequest> {
    match serde_json::from_value::<Envelope>(event.clone()) {
        Ok(Envelope { cluster, message: Message::Tick }) => Ok(RelayRequest::Tick { cluster: Some(cluster) }),
        Ok(_) | Err(_) => serde_json::from_value(event).map_err(NoRequest),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prod() -> ClusterName {
        ClusterName::new("prod").unwrap()
    }

    #[test]
    fn requests_keep_their_wire_form() {
        for (request, wire) in [
            (RelayRequest::Tick { cluster: None }, r#"{"kind":"tick"}"#),
            (RelayRequest::Tick { cluster: Some(prod()) }, r#"{"kind":"tick","cluster":"prod"}"#),
            (
                RelayRequest::Watch { cluster: prod(), checkpoint: None },
                r#"{"kind":"watch","cluster":"prod"}"#,
            ),
            (
                RelayRequest::Watch { cluster: prod(), checkpoint: Some(Checkpoint::default()) },
                r#"{"kind":"watch","cluster":"prod","checkpoint":{"versions":{}}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&request).unwrap(), wire);
            assert_eq!(read(wire).unwrap(), request);
        }
        let envelope = r#"{"cluster":"prod","message":{"kind":"tick"}}"#;
        assert_eq!(read(envelope).unwrap(), RelayRequest::Tick { cluster: Some(prod()) });
        let misrouted = read(r#"{"cluster":"prod","message":{"kind":"sweep"}}"#).unwrap_err();
        assert!(misrouted.to_string().starts_with("the event is no request of the relay"));
    }

    #[test]
    fn events_are_told_apart_by_where_they_come_from() {
        let batch = sort(json!({"Records": [{"messageId": "1", "body": "x"}]})).unwrap();
        assert!(matches!(batch, RelayEvent::Batch(batch) if batch.records.len() == 1));
        let logs = sort(json!({"awslogs": {"data": "H4sI"}})).unwrap();
        assert!(matches!(logs, RelayEvent::Logs(data) if data == "H4sI"));
        let tick = sort(json!({"kind": "tick"})).unwrap();
        assert!(matches!(tick, RelayEvent::Request(RelayRequest::Tick { cluster: None })));
        assert!(
            sort(json!({"kind": "dance"})).unwrap_err().to_string().starts_with("the event is no request")
        );
    }
}
