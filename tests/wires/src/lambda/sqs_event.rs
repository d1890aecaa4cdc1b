//! Messages of a queue as the event that Lambda makes of them, and what the answer says about each.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// One message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its id.
    pub id: String,
    /// What deletes it.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Attributes that SQS gives it, such as `ApproximateReceiveCount`.
    pub attributes: Vec<(String, String)>,
}

/// The event of a batch.
pub fn event(queue_url: &str, batch: &[Received]) -> Value {
    let name = queue_url.rsplit('/').next().unwrap_or(queue_url);
    let records: Vec<Value> = batch.iter().map(|message| record(name, message)).collect();
    json!({ "Records": records })
}

fn record(queue: &str, message: &Received) -> Value {
    let attributes: Map<String, Value> =
        message.attributes.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
        "awsRegion": "us-east-1",
    })
}

/// The messages that an answer declares handled, so that they are deleted. An answer that names a message which was
/// not in the batch, or none where it should, counts for all of them as a failure.
pub fn handled<'a>(answer: &Value, batch: &'a [Received]) -> Vec<&'a Received> {
    let Some(failures) = answer.get("batchItemFailures").filter(|failures| !failures.is_null()) else {
        return batch.iter().collect();
    };
    let Some(failures) = failures.as_array() else { return Vec::new() };
    let failed: Option<BTreeSet<&str>> =
        failures.iter().map(|failure| failure.get("itemIdentifier")?.as_str()).collect();
    match failed {
        Some(failed) if failed.iter().all(|id| batch.iter().any(|message| message.id == *id)) => {
            batch.iter().filter(|message| !failed.contains(message.id.as_str())).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Vec<Received> {
        let message = |id: &str| Received {
            id: id.to_owned(),
            receipt: format!("r-{id}"),
            body: "{}".to_owned(),
            attributes: vec![("ApproximateReceiveCount".to_owned(), "1".to_owned())],
        };
        vec![message("a"), message("b")]
    }

    #[test]
    fn a_batch_becomes_records_with_the_queue_as_their_source() {
        let event = event("http://127.0.0.1:1/123456789012/joiner-provision", &batch());
        assert_eq!(event["Records"][1]["messageId"], "b");
        assert_eq!(
            event["Records"][0]["eventSourceARN"],
            "arn:aws:sqs:us-east-1:123456789012:joiner-provision"
        );
        assert_eq!(event["Records"][0]["attributes"]["ApproximateReceiveCount"], "1");
    }

    #[test]
    fn answers_count_as_lambda_counts_them() {
        let batch = batch();
        for (answer, expected) in [
            (json!(null), vec!["a", "b"]),
            (json!({"batchItemFailures": []}), vec!["a", "b"]),
            (json!({"batchItemFailures": [{"itemIdentifier": "a"}]}), vec!["b"]),
            (json!({"batchItemFailures": [{"itemIdentifier": "other"}]}), vec![]),
            (json!({"batchItemFailures": [{"id": "a"}]}), vec![]),
            (json!({"batchItemFailures": "a"}), vec![]),
        ] {
            let ids: Vec<&str> =
                handled(&answer, &batch).into_iter().map(|message| message.id.as_str()).collect();
            assert_eq!(ids, expected, "{answer}");
        }
    }
}
