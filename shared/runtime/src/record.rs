//! What does the body of a queue's record ask for? A message in its envelope, or an announcement of EC2.
//!
//! The answer depends on the body and the settings only, so whoever finds the body among the dead letters is told
//! the same again.

use joiner_aws::events;
use joiner_ports::{BoxError, ClusterName, Duty, Envelope};
use serde::Deserialize;

use crate::config::ClusterConfig;

/// Why a body cannot be handled; it comes again until it is set aside.
#[derive(Debug, thiserror::Error)]
pub enum RecordFault {
    /// It is not what this queue carries.
    #[error("the body is no message of this product")]
    NotAMessage(#[source] BoxError),
    /// It is neither a message nor an announcement.
    #[error("the body is neither a message of this product nor an event of EC2")]
    NotAnnounced(#[source] BoxError),
    /// Its cluster is not served here.
    #[error("the cluster {cluster} is not served here; add it to JOINER_CLUSTERS, or see who sends this")]
    UnknownCluster {
        /// The cluster.
        cluster: ClusterName,
    },
    /// Another function handles it.
    #[error(
        "a message of kind {kind} belongs to the queue of {belongs}; correct the rule that sends it here"
    )]
    Misrouted {
        /// Its kind.
        kind: &'static str,
        /// The duty it belongs to.
        belongs: &'static str,
    },
}

/// The messages that a body asks to handle. None when it announces something that is nobody's business.
///
/// # Errors
/// It cannot be read, or is not for this function or these clusters.
pub fn read<'a>(
    duty: Duty,
    body: &str,
    clusters: impl Iterator<Item = &'a ClusterConfig> + Clone,
) -> Result<Vec<Envelope>, RecordFault> {
    let fault = match serde_json::from_str::<Envelope>(body) {
        Ok(envelope) => return checked(duty, envelope, clusters).map(|envelope| vec![envelope]),
        Err(fault) => fault,
    };
    if duty != Duty::Interrupt {
        return Err(RecordFault::NotAMessage(fault.into()));
    }
    announced(body, clusters)
}

fn checked<'a>(
    duty: Duty,
    envelope: Envelope,
    mut clusters: impl Iterator<Item = &'a ClusterConfig>,
) -> Result<Envelope, RecordFault> {
    let belongs = envelope.message.duty();
    if belongs != duty {
        return Err(RecordFault::Misrouted { kind: envelope.message.kind(), belongs: belongs.as_str() });
    }
    if clusters.all(|cluster| cluster.name != envelope.cluster) {
        return Err(RecordFault::UnknownCluster { cluster: envelope.cluster });
    }
    Ok(envelope)
}

/// Where an event happened.
#[derive(Debug, Deserialize)]
struct Scene {
    account: Option<String>,
    region: Option<String>,
}

// behaviour: interruption/an-announcement-goes-to-the-clusters-of-its-account-and-region
fn announced<'a>(
    body: &str,
    clusters: impl Iterator<Item = &'a ClusterConfig> + Clone,
) -> Result<Vec<Envelope>, RecordFault> {
    let announcement = events::read(body).map_err(|fault| RecordFault::NotAnnounced(fault.into()))?;
    let scene: Scene = serde_json::from_str(body).map_err(|fault| RecordFault::NotAnnounced(fault.into()))?;
    // Instances do not say whose they are: every cluster that may have them is asked.
    let concerned = clusters.filter(|cluster| {
        let is_there = |known: Option<&str>, said: &Option<String>| {
            known.is_none_or(|known| said.as_deref().is_none_or(|said| said == known))
        };
        is_there(cluster.account(), &scene.account) && is_there(cluster.region.as_deref(), &scene.region)
    });
    let envelopes = announcement.interruptions.iter().flat_map(|message| {
        concerned.clone().map(|cluster| Envelope { cluster: cluster.name.clone(), message: message.clone() })
    });
    Ok(envelopes.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use joiner_ports::Message;

    use super::*;
    use crate::config::Config;

    fn clusters() -> BTreeMap<ClusterName, ClusterConfig> {
        let mut variables: BTreeMap<String, String> = Duty::ALL
            .iter()
            .map(|duty| (crate::config::table::queue(*duty).name.to_owned(), "url".to_owned()))
            .collect();
        let clusters = r#"[{"name": "prod"}, {"name": "far", "roleArn": "arn:aws:iam::222222222222:role/joiner"},
            {"name": "west", "region": "us-west-2"}]"#;
        variables.insert("JOINER_CLUSTERS".to_owned(), clusters.to_owned());
        variables.insert("JOINER_TABLE".to_owned(), "joiner".to_owned());
        Config::read(Duty::Interrupt, &variables).unwrap().clusters
    }

    fn names(duty: Duty, body: &str) -> Result<Vec<String>, String> {
        let clusters = clusters();
        let read = read(duty, body, clusters.values()).map_err(|fault| fault.to_string())?;
        Ok(read.into_iter().map(|envelope| envelope.cluster.to_string()).collect())
    }

    #[test]
    fn a_message_is_taken_by_the_function_it_is_for() {
        let sweep = r#"{"cluster":"prod","message":{"kind":"sweep"}}"#;
        let clusters = clusters();
        let read = read(Duty::Lifecycle, sweep, clusters.values()).unwrap();
        let prod = ClusterName::new("prod").unwrap();
        assert_eq!(read, [Envelope { cluster: prod, message: Message::Sweep }]);
        assert_eq!(
            names(Duty::Disrupt, sweep).unwrap_err(),
            "a message of kind sweep belongs to the queue of lifecycle; correct the rule that sends it here"
        );
    }

    #[test]
    fn bodies_that_cannot_be_handled_say_why() {
        for (duty, body, why) in [
            (Duty::Lifecycle, "garbage", "the body is no message of this product"),
            (
                Duty::Lifecycle,
                r#"{"cluster":"prod","message":{"kind":"dance"}}"#,
                "the body is no message of this product",
            ),
            (Duty::Interrupt, "garbage", "the body is neither a message of this product nor an event of EC2"),
            (
                Duty::Lifecycle,
                r#"{"cluster":"other","message":{"kind":"sweep"}}"#,
                "the cluster other is not served here; add it to JOINER_CLUSTERS, or see who sends this",
            ),
        ] {
            assert_eq!(names(duty, body).unwrap_err(), why);
        }
    }

    fn spot_warning(account: &str, region: &str) -> String {
        format!(
            r#"{{"version":"0","id":"1","detail-type":"EC2 Spot Instance Interruption Warning","source":"aws.ec2",
                "account":"{account}","time":"2026-01-01T00:00:00Z","region":"{region}","resources":[],
                "detail":{{"instance-id":"i-0123456789abcdef0","instance-action":"terminate"}}}}"#
        )
    }

    // behaviour: interruption/an-announcement-goes-to-the-clusters-of-its-account-and-region
    #[test]
    fn an_announcement_concerns_the_clusters_that_may_have_the_instance() {
        let concerned = |account, region| names(Duty::Interrupt, &spot_warning(account, region)).unwrap();
        assert_eq!(concerned("222222222222", "eu-west-1"), ["far", "prod"]);
        assert_eq!(concerned("111111111111", "us-west-2"), ["prod", "west"]);
        let nobody =
            spot_warning("111111111111", "eu-west-1").replace("Spot Instance Interruption", "Weather");
        assert_eq!(names(Duty::Interrupt, &nobody), Ok(Vec::new()));
    }
}
