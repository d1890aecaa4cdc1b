//! Are the recorded inputs of the functions what our messages look like?

use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use joiner_aws::bus::{DETAIL_TYPE, KIND_PATH, SOURCE};
use joiner_aws::events;
use joiner_ports::{Duty, Envelope, InstanceId, InterruptionKind, Message};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn envelope(text: &str) -> Envelope {
    serde_json::from_str(text).expect("an envelope")
}

fn records(batch: &str) -> Vec<Value> {
    json(batch)["Records"].as_array().cloned().expect("records")
}

#[test]
fn batches_hold_messages_of_the_duty_they_are_named_after() {
    for (duty, batch, kinds) in [
        (Duty::Provision, include_str!("../../../../events/sqs_provision.json"), 1),
        (Duty::Lifecycle, include_str!("../../../../events/sqs_lifecycle.json"), 6),
        (Duty::Disrupt, include_str!("../../../../events/sqs_disrupt.json"), 2),
        (Duty::Terminate, include_str!("../../../../events/sqs_terminate.json"), 1),
    ] {
        let records = records(batch);
        assert_eq!(records.len(), kinds);
        for record in records {
            let envelope = envelope(record["body"].as_str().expect("a body"));
            assert_eq!(envelope.message.duty(), duty);
            let attributes = &record["messageAttributes"];
            assert_eq!(attributes["kind"]["stringValue"], envelope.message.kind());
            assert_eq!(attributes["cluster"]["stringValue"], envelope.cluster.as_str());
        }
    }
}

#[test]
fn interruptions_come_as_messages_and_as_events_of_ec2() {
    let records = records(include_str!("../../../../events/sqs_interrupt.json"));
    let bodies: Vec<&str> = records.iter().map(|record| record["body"].as_str().expect("a body")).collect();
    let interruption = Message::Interruption {
        instance: InstanceId::new("i-0a1b2c3d4e5f60718").expect("an id"),
        event: InterruptionKind::SpotInterruption,
        at: "2026-01-02T03:04:05Z".parse().expect("a moment"),
    };
    assert_eq!(envelope(bodies[0]).message, interruption);
    assert_eq!(events::read(bodies[1]).expect("an event").interruptions, [interruption]);
}

#[test]
fn the_clock_sends_a_tick() {
    let tick = envelope(include_str!("../../../../events/scheduler_tick.json"));
    assert_eq!((tick.cluster.as_str(), tick.message), ("prod", Message::Tick));
}

#[test]
fn an_event_of_the_bus_carries_an_envelope_and_its_kind_where_rules_look() {
    let event = json(include_str!("../../../../events/bus_pods_pending.json"));
    assert_eq!((&event["source"], &event["detail-type"]), (&SOURCE.into(), &DETAIL_TYPE.into()));
    let envelope: Envelope = serde_json::from_value(event["detail"].clone()).expect("an envelope");
    let kind = KIND_PATH.iter().fold(&event, |value, key| &value[key]);
    assert_eq!(kind, envelope.message.kind());
}

#[test]
fn subscribed_logs_hold_audit_events() {
    let event = json(include_str!("../../../../events/logs_audit.json"));
    let data = event["awslogs"]["data"].as_str().expect("data");
    let packed = BASE64_STANDARD.decode(data).expect("base64");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip");
    let logs = json(&text);
    assert_eq!(logs["messageType"], "DATA_MESSAGE");
    let lines = logs["logEvents"].as_array().expect("lines");
    let found = lines.iter().map(|line| {
        let audited = json(line["message"].as_str().expect("a line"));
        (
            audited["verb"].as_str().expect("a verb").to_owned(),
            audited["stage"].as_str() == Some("ResponseComplete"),
        )
    });
    assert_eq!(found.collect::<Vec<_>>(), [("patch".to_owned(), true), ("create".to_owned(), true)]);
}
