//! Can the template be deployed, and does what was deployed do what the template says? moto's CloudFormation is the
//! judge, for the types of resources it knows. Of rules it does not know that a target may get a part of an event.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use joiner_aws::bus::{DETAIL_TYPE, SOURCE};
use joiner_ports::{ClusterName, Duty, Envelope};
use joiner_wires::RunFolder;
use joiner_wires::moto::Moto;
use serde_json::{Value, json};

use crate::documents::{DOCUMENTS, root};
use crate::messages::one_of_each;
use crate::routing::ANNOUNCEMENTS;
use crate::tools::{block_on, environment, output};

/// Types that the emulator passes over without a word. Everything else of the template has to come out.
const PASSED_OVER: [&str; 6] = [
    "AWS::CloudWatch::Alarm",
    "AWS::EKS::AccessEntry",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Logs::SubscriptionFilter",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
];

/// Conditions that the deployment below leaves false.
const FALSE: [&str; 4] = ["HasNetwork", "HasOtherAccounts", "HearsOtherAccounts", "IsTraced"];

/// What came of one deployment and of the events sent to it.
pub(crate) struct Deployed {
    /// Variables of each function.
    pub(crate) environments: BTreeMap<String, BTreeMap<String, String>>,
    status: String,
    resources: BTreeMap<String, String>,
    queues: BTreeMap<String, Vec<Value>>,
}

/// An announcement as it comes, with what the rules look at.
fn announcement(source: &str, kind: &str) -> Value {
    let detail = match kind {
        "EC2 Instance State-change Notification" => json!({"instance-id": "i-1", "state": "stopping"}),
        "AWS Health Event" => json!({"service": "EC2", "eventTypeCategory": "scheduledChange"}),
        _ => json!({"instance-id": "i-1"}),
    };
    json!([null, source, kind, detail])
}

fn envelopes() -> Vec<Envelope> {
    let cluster = ClusterName::new("prod").expect("a name");
    one_of_each().into_iter().map(|message| Envelope { cluster: cluster.clone(), message }).collect()
}

/// Everything that has to arrive somewhere, and two announcements that nobody waits for.
fn events() -> Vec<Value> {
    let messages = envelopes().into_iter().map(|envelope| json!(["joiner", SOURCE, DETAIL_TYPE, envelope]));
    let announced = ANNOUNCEMENTS.iter().map(|(source, kind)| announcement(source, kind));
    let unneeded = [
        json!([null, "aws.ec2", "EC2 Instance State-change Notification", {"instance-id": "i-1", "state": "running"}]),
        json!([null, "aws.health", "AWS Health Event", {"service": "RDS", "eventTypeCategory": "scheduledChange"}]),
    ];
    messages.chain(announced).chain(unneeded).collect()
}

/// Variables as a process gets them: the emulator leaves numbers and truths as they are.
fn texts_of(variables: &Value) -> BTreeMap<String, String> {
    let all = variables.as_object().expect("variables").iter();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    all.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The deployment: made once, its emulator gone again.
pub(crate) static DEPLOYED: LazyLock<Deployed> = LazyLock::new(|| {
    let folder = RunFolder::new("deploy").unwrap_or_else(|fault| panic!("{fault}"));
    let moto = block_on(Moto::start(&folder)).unwrap_or_else(|fault| panic!("{fault}"));
    let template = folder.path().join("template.json");
    std::fs::write(&template, DOCUMENTS.transformed.0.to_string())
        .expect("the folder of the run can be written");
    let parameters = json!({"ClusterNames": "prod,staging", "NodeRoleNames": "KarpenterNodeRole-prod",
        "CreateNodeRole": "true", "EventSource": "audit"});
    let mut script = Command::new(environment().join("bin/python"));
    script.arg(root().join("tests/wires/infra/deploy.py")).arg(moto.url()).arg(&template);
    script.args([parameters.to_string(), Value::from(events()).to_string()]);
    let printed: Value = serde_json::from_str(&output(&mut script)).expect("the script prints JSON");
    let resources = printed["resources"].as_object().expect("resources").iter();
    let queues = printed["queues"].as_object().expect("queues").iter();
    let environments = printed["environments"].as_object().expect("functions").iter();
    Deployed {
        environments: environments.map(|(name, variables)| (name.clone(), texts_of(variables))).collect(),
        status: printed["status"].as_str().expect("a status").to_owned(),
        resources: resources
            .map(|(id, of)| (id.clone(), of[0].as_str().unwrap_or_default().to_owned()))
            .collect(),
        queues: queues
            .map(|(name, bodies)| (name.clone(), bodies.as_array().expect("bodies").clone()))
            .collect(),
    }
});

#[test]
fn every_resource_that_the_emulator_knows_comes_out() {
    assert_eq!(DEPLOYED.status, "CREATE_COMPLETE");
    let wanted: BTreeMap<String, String> = DOCUMENTS
        .transformed
        .resources()
        .filter(|(_, resource)| resource["Condition"].as_str().is_none_or(|name| !FALSE.contains(&name)))
        .map(|(id, resource)| (id.to_owned(), resource["Type"].as_str().unwrap_or_default().to_owned()))
        .collect();
    let passed_over: BTreeSet<&str> = wanted
        .iter()
        .filter(|(id, _)| !DEPLOYED.resources.contains_key(*id))
        .map(|(_, kind)| kind.as_str())
        .collect();
    assert_eq!(passed_over, PASSED_OVER.into());
    let known = wanted.into_iter().filter(|(_, kind)| !PASSED_OVER.contains(&kind.as_str()));
    assert_eq!(DEPLOYED.resources, known.collect());
}

#[test]
fn messages_on_the_bus_arrive_in_the_queue_of_their_function() {
    for duty in Duty::ALL.into_iter().filter(|duty| *duty != Duty::Interrupt) {
        let wanted: Vec<Value> = envelopes()
            .into_iter()
            .filter(|envelope| envelope.message.duty() == duty)
            .map(|envelope| json!(envelope))
            .collect();
        let whole = &DEPLOYED.queues[&format!("joiner-{}", duty.as_str())];
        // The rules ask for `$.detail`; the emulator delivers all of an event.
        let details: Vec<Value> = whole.iter().map(|event| event["detail"].clone()).collect();
        assert_eq!(details, wanted, "{duty:?}");
    }
}

#[test]
fn announcements_arrive_whole_and_only_those_that_matter() {
    let bodies = &DEPLOYED.queues["joiner-interrupt"];
    let (own, announced): (Vec<&Value>, Vec<&Value>) =
        bodies.iter().partition(|body| body["source"] == SOURCE);
    assert_eq!(
        own.len(),
        envelopes().iter().filter(|envelope| envelope.message.duty() == Duty::Interrupt).count()
    );
    let seen: Vec<(&str, &str, &Value)> = announced
        .iter()
        .map(|body| {
            (
                body["source"].as_str().unwrap_or(""),
                body["detail-type"].as_str().unwrap_or(""),
                &body["detail"],
            )
        })
        .collect();
    let sent: Vec<Value> = ANNOUNCEMENTS.iter().map(|(source, kind)| announcement(source, kind)).collect();
    let wanted: Vec<(&str, &str, &Value)> =
        ANNOUNCEMENTS.iter().zip(&sent).map(|((source, kind), event)| (*source, *kind, &event[3])).collect();
    assert_eq!(seen, wanted);
}

#[test]
fn nothing_lands_among_the_dead_letters() {
    for duty in Duty::ALL {
        let name = format!("joiner-{}-dead-letters", duty.as_str());
        assert_eq!(DEPLOYED.queues[&name], Vec::<Value>::new(), "{name}");
    }
}
