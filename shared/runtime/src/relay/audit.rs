//! Deliveries of the log subscription on a control plane's audit log: which cluster, and which messages?

use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use joiner_app::relay::{Translated, audit, log};
use joiner_ports::{BoxError, ClusterName, Message};

use crate::batch::request;
use crate::deployment::Deployment;
use crate::logs::Chain;
use crate::metrics::{Sample, emf, table};

/// Most bytes of an unpacked delivery. Lambda takes six megabytes packed; more than this is no audit log.
const MOST_BYTES: u64 = 256 << 20;

/// A delivery that nobody can make sense of.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryFault {
    /// It cannot be unpacked.
    #[error("the delivery of the log subscription cannot be unpacked")]
    Packed(#[source] BoxError),
    /// Its log group is no control plane's.
    #[error("the log group {0:?} is not that of an EKS control plane, /aws/eks/<cluster>/cluster")]
    Group(String),
}

/// Serves a delivery. An event that cannot be read is logged and left out: the others of the delivery must not wait
/// for it, and the tick sees what it may have meant.
///
/// # Errors
/// The delivery cannot be read, or its messages not be sent.
pub(super) async fn serve(deployment: &Deployment, data: &str) -> Result<(), BoxError> {
    let delivery = log::read(&unpacked(data)?)?;
    if delivery.texts.is_empty() {
        return Ok(());
    }
    let cluster = cluster_of(&delivery.log_group)?;
    let now = Timestamp::now();
    let ports = deployment.ports(&cluster, now).await?;
    let mut messages: Vec<Message> = Vec::new();
    for text in &delivery.texts {
        match audit::translate(text, now) {
            Ok(Translated::Messages(more)) => messages.extend(more),
            Ok(Translated::Unneeded { .. }) => {}
            Err(error) => {
                tracing::warn!(%cluster, request = %request(), error = %Chain(&error), "an audit event is left out");
            }
        }
    }
    let seen = messages.len();
    let sent = ports.queue.send_all(messages).await?;
    tracing::debug!(%cluster, request = %request(), events = delivery.texts.len(), seen, sent, "relayed");
    emf::write(&cluster, vec![Sample::count(table::RELAYED, &["audit"], sent)], now);
    Ok(())
}

fn unpacked(data: &str) -> Result<String, DeliveryFault> {
    let packed = BASE64_STANDARD.decode(data).map_err(|error| DeliveryFault::Packed(error.into()))?;
    let mut text = String::new();
    let read = GzDecoder::new(packed.as_slice()).take(MOST_BYTES).read_to_string(&mut text);
    read.map_err(|error| DeliveryFault::Packed(error.into()))?;
    Ok(text)
}

fn cluster_of(log_group: &str) -> Result<ClusterName, DeliveryFault> {
    let name = log_group.strip_prefix("/aws/eks/").and_then(|rest| rest.strip_suffix("/cluster"));
    name.and_then(|name| ClusterName::new(name).ok())
        .ok_or_else(|| DeliveryFault::Group(log_group.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_delivery_is_unpacked_or_said_to_be_none() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(b"{\"messageType\":\"CONTROL_MESSAGE\"}").unwrap();
        let data = BASE64_STANDARD.encode(packer.finish().unwrap());
        assert_eq!(unpacked(&data).unwrap(), "{\"messageType\":\"CONTROL_MESSAGE\"}");
        for wrong in ["***", "aGVsbG8="] {
            assert_eq!(
                unpacked(wrong).unwrap_err().to_string(),
                "the delivery of the log subscription cannot be unpacked"
            );
        }
    }

    #[test]
    fn the_log_group_names_the_cluster() {
        assert_eq!(cluster_of("/aws/eks/prod/cluster").unwrap().as_str(), "prod");
        for group in ["/aws/lambda/x", "/aws/eks/a b/cluster"] {
            let fault = cluster_of(group).unwrap_err().to_string();
            assert_eq!(
                fault,
                format!(
                    "the log group {group:?} is not that of an EKS control plane, /aws/eks/<cluster>/cluster"
                )
            );
        }
    }
}
