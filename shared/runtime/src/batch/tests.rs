//! Batches before a desk that notes what it is given and fails where it is told to.

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::config::{Config, table};

/// Fails sweeps of the cluster `bad`, and hangs on claim steps.
struct Noting {
    clusters: BTreeMap<ClusterName, ClusterConfig>,
    handled: Mutex<Vec<String>>,
}

impl Noting {
    fn new() -> Self {
        let mut variables: BTreeMap<String, String> =
            Duty::ALL.iter().map(|duty| (table::queue(*duty).name.to_owned(), "url".to_owned())).collect();
        variables.insert("JOINER_CLUSTERS".to_owned(), "good,bad".to_owned());
        variables.insert("JOINER_TABLE".to_owned(), "joiner".to_owned());
        let clusters = Config::read(Duty::Lifecycle, &variables).unwrap().clusters;
        Noting { clusters, handled: Mutex::default() }
    }

    fn handled(&self) -> Vec<String> {
        self.handled.lock().unwrap().clone()
    }
}

impl Desk for Noting {
    fn clusters(&self) -> &BTreeMap<ClusterName, ClusterConfig> {
        &self.clusters
    }

    async fn handle(&self, envelope: &Envelope, _: Duration) -> Result<(), BoxError> {
        let said = format!("{} {}", envelope.cluster, envelope.message.kind());
        self.handled.lock().unwrap().push(said);
        match &envelope.message {
            Message::ClaimStep { .. } => std::future::pending().await,
            _ if envelope.cluster.as_str() == "bad" => Err("it cannot be reached".into()),
            _ => Ok(()),
        }
    }
}

fn batch(bodies: &[&str]) -> SqsEvent {
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(at, body)| json!({"messageId": at.to_string(), "body": body}))
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn failures(answer: SqsBatchResponse) -> Vec<String> {
    answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

async fn served(desk: &Noting, duty: Duty, bodies: &[&str], left_secs: u64) -> Vec<String> {
    failures(serve(desk, duty, batch(bodies), Deadline::after(Duration::from_secs(left_secs))).await)
}

const SWEEP: &str = r#"{"cluster":"good","message":{"kind":"sweep"}}"#;
const BAD_SWEEP: &str = r#"{"cluster":"bad","message":{"kind":"sweep"}}"#;
const NODE: &str = r#"{"cluster":"good","message":{"kind":"nodeChanged","node":"n"}}"#;
const STEP: &str =
    r#"{"cluster":"good","message":{"kind":"claimStep","claim":"a","againUntil":"2026-01-01T00:00:00Z"}}"#;

// behaviour: runtime/each-record-fails-alone
#[tokio::test]
async fn garbage_and_a_cluster_in_trouble_fail_alone() {
    let desk = Noting::new();
    let bodies = ["garbage", SWEEP, BAD_SWEEP, r#"{"cluster":"other","message":{"kind":"sweep"}}"#, NODE];
    assert_eq!(served(&desk, Duty::Lifecycle, &bodies, 30).await, ["0", "2", "3"]);
    assert_eq!(desk.handled(), ["bad sweep", "good nodeChanged", "good sweep"]);
}

#[tokio::test]
async fn equal_messages_are_handled_once_and_answered_each() {
    let desk = Noting::new();
    assert_eq!(served(&desk, Duty::Lifecycle, &[BAD_SWEEP, BAD_SWEEP], 30).await, ["0", "1"]);
    assert_eq!(desk.handled(), ["bad sweep"]);
    let desk = Noting::new();
    let pod = |name: &str| {
        let hint = format!(r#"{{"pod":{{"namespace":"default","name":"{name}"}}}}"#);
        format!(r#"{{"cluster":"good","message":{{"kind":"podsPending","hint":{hint}}}}}"#)
    };
    let due = r#"{"cluster":"good","message":{"kind":"podsPending","hint":"windowDue"}}"#;
    assert_eq!(served(&desk, Duty::Provision, &[&pod("a"), &pod("b"), due], 30).await, [""; 0]);
    assert_eq!(desk.handled(), ["good podsPending", "good podsPending"]);
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off_and_reported_before_the_end() {
    let desk = Noting::new();
    assert_eq!(served(&desk, Duty::Lifecycle, &[STEP, SWEEP], 3).await, ["0"]);
}

#[tokio::test]
async fn nothing_is_begun_when_the_time_is_nearly_over() {
    let desk = Noting::new();
    assert_eq!(served(&desk, Duty::Lifecycle, &[SWEEP, NODE], 2).await, ["0", "1"]);
    assert_eq!(desk.handled(), [""; 0]);
}
