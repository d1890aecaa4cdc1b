//! A log subscription's delivery: which texts are in it?

use serde::Deserialize;

use super::RelayError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    message_type: String,
    #[serde(default)]
    log_events: Vec<LogEvent>,
}

#[derive(Debug, Deserialize)]
struct LogEvent {
    message: String,
}

/// The texts of a delivery, unpacked already, in order. A control message has none.
///
/// # Errors
/// It is not a delivery.
pub fn texts(delivery: &str) -> Result<Vec<String>, RelayError> {
    let what = "the delivery of the log subscription";
    let delivery: Delivery =
        serde_json::from_str(delivery).map_err(|source| RelayError::Unreadable { what, source })?;
    match delivery.message_type.as_str() {
        "DATA_MESSAGE" => Ok(delivery.log_events.into_iter().map(|event| event.message).collect()),
        "CONTROL_MESSAGE" => Ok(Vec::new()),
        _ => Err(RelayError::OfAnotherKind { wanted: "a delivery", found: delivery.message_type }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_gives_its_texts_in_order() {
        let delivery = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/eks/prod/cluster",
            "logStream":"kube-apiserver-audit-1","subscriptionFilters":["joiner"],
            "logEvents":[{"id":"1","timestamp":1,"message":"one"},{"id":"2","timestamp":2,"message":"two"}]}"#;
        assert_eq!(texts(delivery).unwrap(), ["one", "two"]);
        assert_eq!(texts(r#"{"messageType":"CONTROL_MESSAGE","logEvents":[]}"#).unwrap(), [""; 0]);
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        let unreadable = texts("[]").unwrap_err().to_string();
        assert_eq!(unreadable, "the delivery of the log subscription cannot be read");
        let other = texts(r#"{"messageType":"GREETING"}"#).unwrap_err().to_string();
        assert_eq!(other, "\"GREETING\" is not a delivery");
    }
}
