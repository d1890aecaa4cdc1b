//! A log subscription's delivery: which texts are in it?

use serde::Deserialize;

use super::RelayError;

/// What a subscription delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDelivery {
    /// The group it comes from, such as `/aws/eks/<cluster>/cluster`; empty where it is not said.
    pub log_group: String,
    /// The texts, in order. A control message has none.
    pub texts: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    message_type: String,
    #[serde(default)]
    log_group: String,
    #[serde(default)]
    log_events: Vec<LogEvent>,
}

#[derive(Debug, Deserialize)]
struct LogEvent {
    message: String,
}

/// Reads a delivery, unpacked already.
///
/// # Errors
/// It is not a delivery.
pub fn read(delivery: &str) -> Result<LogDelivery, RelayError> {
    let what = "the delivery of the log subscription";
    let Written { message_type, log_group, log_events } =
        serde_json::from_str(delivery).map_err(|source| RelayError::Unreadable { what, source })?;
    let texts = match message_type.as_str() {
        "DATA_MESSAGE" => log_events.into_iter().map(|event| event.message).collect(),
        "CONTROL_MESSAGE" => Vec::new(),
        _ => return Err(RelayError::OfAnotherKind { wanted: "a delivery", found: message_type }),
    };
    Ok(LogDelivery { log_group, texts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_gives_its_texts_in_order() {
        let delivery = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/eks/prod/cluster",
            "logStream":"kube-apiserver-audit-1","subscriptionFilters":["joiner"],
            "logEvents":[{"id":"1","timestamp":1,"message":"one"},{"id":"2","timestamp":2,"message":"two"}]}"#;
        let (log_group, texts) =
            ("/aws/eks/prod/cluster".to_owned(), vec!["one".to_owned(), "two".to_owned()]);
        assert_eq!(read(delivery).unwrap(), LogDelivery { log_group, texts });
        let nothing = LogDelivery { log_group: String::new(), texts: Vec::new() };
        assert_eq!(read(r#"{"messageType":"CONTROL_MESSAGE","logEvents":[]}"#).unwrap(), nothing);
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        let unreadable = read("[]").unwrap_err().to_string();
        assert_eq!(unreadable, "the delivery of the log subscription cannot be read");
        let other = read(r#"{"messageType":"GREETING"}"#).unwrap_err().to_string();
        assert_eq!(other, "\"GREETING\" is not a delivery");
    }
}
