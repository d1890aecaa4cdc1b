//! Do the function binaries behave before Lambda as they should: starting, answering, failing, being killed?

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without, it may demand")]

mod fixture;
mod redelivery;
mod relaying;
mod starting;

use joiner_wires::lambda::InvocationFault;
use serde_json::{Value, json};

use fixture::{Bench, batch, failed};
use joiner_ports::Duty;

/// An announcement that is nobody's business: handled without a call to anyone.
const WEATHER: &str = r#"{"version":"0","id":"1","detail-type":"Weather Report","source":"aws.ec2",
    "account":"123456789012","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{}}"#;
const OTHERS: &str = r#"{"cluster":"other","message":{"kind":"interruption","instance":"i-0abc","event":"spotInterruption",
    "at":"2026-01-01T00:00:00Z"}}"#;
const SWEEP: &str = r#"{"cluster":"prod","message":{"kind":"sweep"}}"#;

// behaviour: runtime/each-record-fails-alone
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_fails_alone_and_says_why() {
    let bench = Bench::new("records").await;
    let interrupt = bench.function(Duty::Interrupt, &bench.silence());
    let event = batch(&["garbage", WEATHER, OTHERS, SWEEP, WEATHER]);
    let answer = interrupt.invoke(&event).await.unwrap();
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "2"}, {"itemIdentifier": "3"}]})
    );

    let lines = fixture::lines(&interrupt.output());
    let said: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line["record"].as_str().unwrap(), line["error"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            (
                "0",
                "the body is neither a message of this product nor an event of EC2: the body is no event of EventBridge; \
                 see that the rule delivers whole events: expected value at line 1 column 1"
            ),
            ("2", "the cluster other is not served here; add it to JOINER_CLUSTERS, or see who sends this"),
            (
                "3",
                "a message of kind sweep belongs to the queue of lifecycle; correct the rule that sends it here"
            ),
        ]
    );
    assert!(
        lines.iter().all(|line| line["level"] == "ERROR" && !line["request"].as_str().unwrap().is_empty())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_no_batch_is_an_error_and_the_process_goes_on() {
    let bench = Bench::new("events").await;
    let terminate = bench.function(Duty::Terminate, &bench.silence());
    let Err(InvocationFault::Failed(said)) = terminate.invoke(&json!({"detail": {}})).await else {
        panic!("an event without records is no batch");
    };
    let message = said["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("the event is no batch of a queue; send one such as"), "{message}");
    assert_eq!(failed(&terminate.invoke(&batch(&["garbage"])).await.unwrap()), ["0"]);
    assert_eq!(terminate.cold_starts().len(), 1);

    let relay = bench.function(Duty::Relay, &bench.silence());
    let Err(InvocationFault::Failed(said)) = relay.invoke(&Value::Null).await else {
        panic!("nothing is no request");
    };
    let message = said["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("the event is no request of the relay; send such as {\"kind\":\"tick\"}"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_hangs_is_reported_before_the_invocation_ends() {
    let bench = Bench::new("deadlines").await;
    let mut spec = bench.spec(Duty::Lifecycle, &bench.silence());
    spec.time_limit = std::time::Duration::from_secs(4);
    let lifecycle = bench.deployed(spec);
    assert_eq!(failed(&lifecycle.invoke(&batch(&[SWEEP, "garbage"])).await.unwrap()), ["0", "1"]);
    let lines = fixture::lines(&lifecycle.output());
    let error = lines.iter().find(|line| line["record"] == "0").unwrap();
    assert_eq!(error["error"], "it was cut off after 2 s, before the end of the invocation");
}
