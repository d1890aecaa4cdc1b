//! Does every message reach the queue of the function that handles it?

use std::collections::BTreeSet;

use joiner_aws::bus::{DETAIL_TYPE, SOURCE, kinds_of};
use joiner_ports::Duty;
use joiner_runtime::relay::request::{RelayRequest, read};
use serde_json::json;

use crate::documents::{DOCUMENTS, referred, texts};
use crate::functions::{TICK, id};

/// What EC2 and Health announce that is listened to: source and detail-type (aws 7.5).
pub(crate) const ANNOUNCEMENTS: [(&str, &str); 5] = [
    ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    ("aws.ec2", "EC2 Instance State-change Notification"),
    ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
    ("aws.health", "AWS Health Event"),
];

#[test]
fn every_kind_of_message_is_routed_to_the_function_that_handles_it() {
    for duty in Duty::ALL {
        let rule = DOCUMENTS.template.properties(&format!("{}Rule", id(duty)));
        assert_eq!(rule["EventBusName"], json!({"Fn::GetAtt": ["Bus", "Name"]}));
        let pattern = json!({"source": [SOURCE], "detail-type": [DETAIL_TYPE],
            "detail": {"message": {"kind": kinds_of(duty)}}});
        assert_eq!(rule["EventPattern"], pattern, "{duty:?}");
        let target = &rule["Targets"][0];
        assert_eq!(referred(&target["Arn"]), format!("{}Queue", id(duty)));
        assert_eq!(target["InputPath"], "$.detail");
    }
}

#[test]
fn what_ec2_announces_reaches_interrupt() {
    let mut heard = BTreeSet::new();
    for rule in ["InterruptionRule", "StateChangeRule", "HealthRule"] {
        let properties = DOCUMENTS.template.properties(rule);
        assert!(properties["EventBusName"].is_null(), "{rule} is not on the account's own bus");
        assert_eq!(referred(&properties["Targets"][0]["Arn"]), "InterruptQueue");
        let pattern = &properties["EventPattern"];
        assert_eq!(DOCUMENTS.cluster.properties(rule)["EventPattern"], *pattern, "{rule} of other accounts");
        for source in texts(&pattern["source"]) {
            heard.extend(texts(&pattern["detail-type"]).into_iter().map(|kind| (source, kind)));
        }
    }
    assert_eq!(heard, ANNOUNCEMENTS.into());
}

#[test]
fn what_a_rule_cannot_deliver_is_kept_with_the_dead_letters() {
    for (name, rule) in DOCUMENTS.template.of_type("AWS::Events::Rule") {
        for target in rule["Targets"].as_array().expect("targets") {
            let queue = referred(&target["Arn"]);
            let dead = referred(&target["DeadLetterConfig"]["Arn"]);
            assert_eq!(dead, queue.replace("Queue", "DeadLetters"), "{name}");
        }
    }
}

/// The queue lets in what its rules send and nothing that comes unencrypted.
#[test]
fn queues_take_messages_from_the_rules() {
    let access = DOCUMENTS.template.properties("QueueAccess");
    let queues: BTreeSet<&str> = access["Queues"].as_array().expect("queues").iter().map(referred).collect();
    assert_eq!(queues, DOCUMENTS.template.of_type("AWS::SQS::Queue").into_keys().collect());
    let allowed = &access["PolicyDocument"]["Statement"][1]["Condition"]["ArnEquals"]["aws:SourceArn"];
    let sources = allowed.as_array().expect("rules").iter().map(|source| match &source["Fn::If"][1] {
        serde_json::Value::Null => referred(source),
        conditional => referred(conditional),
    });
    let rules: BTreeSet<&str> = DOCUMENTS.template.of_type("AWS::Events::Rule").into_keys().collect();
    assert_eq!(sources.collect::<BTreeSet<_>>(), rules);
}

#[test]
fn the_tick_comes_once_a_minute_for_all_clusters() {
    let schedule = DOCUMENTS.template.properties("EveryMinute");
    assert_eq!(schedule["ScheduleExpression"], "rate(1 minute)");
    assert_eq!(schedule["FlexibleTimeWindow"]["Mode"], "OFF");
    assert_eq!(referred(&schedule["Target"]["Arn"]), TICK);
    let sent = read(schedule["Target"]["Input"].as_str().expect("an input")).expect("relay knows it");
    assert_eq!(sent, RelayRequest::Tick { cluster: None });
    let code = |name: &str| DOCUMENTS.template.0["Resources"][name]["Metadata"].clone();
    assert_eq!(code(TICK), code("Relay"));
}
