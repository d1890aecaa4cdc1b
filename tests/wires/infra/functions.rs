//! Are the functions of the template those of the code, set up as the code reads it, and served as it answers?

use std::collections::BTreeSet;
use std::fs;

use joiner_aws::store::{PARTITION_KEY, REMOVE_AFTER, SORT_KEY};
use joiner_ports::Duty;
use joiner_runtime::config::SETTINGS;
use serde_json::{Value, json};

use crate::documents::{DOCUMENTS, referred, root};

const FUNCTION: &str = "AWS::Serverless::Function";
/// The minute's look: relay's code in a size of its own, called by the schedule and not by a queue.
pub(crate) const TICK: &str = "Tick";
/// Most messages a queue hands over at once without waiting for more.
const MOST_AT_ONCE: u64 = 10;
/// A queue hides a message for at least so many times as its function may run, or a slow one is served twice.
const VISIBILITY_PER_TIMEOUT: u64 = 6;

/// The logical id of a duty's function; its queue, role and the rest begin with it.
pub(crate) fn id(duty: Duty) -> String {
    let name = duty.as_str();
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

fn properties(duty: Duty) -> &'static Value {
    DOCUMENTS.template.properties(&id(duty))
}

#[test]
fn every_package_of_a_function_is_deployed_and_nothing_else() {
    let packages: BTreeSet<String> = fs::read_dir(root().join("functions"))
        .expect("the folder of the functions")
        .flatten()
        .map(|entry| format!("joiner-{}", entry.file_name().to_string_lossy()))
        .collect();
    let resources = DOCUMENTS.template.resources().filter(|(_, resource)| resource["Type"] == FUNCTION);
    let deployed: BTreeSet<String> = resources
        .map(|(_, resource)| {
            resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or("").to_owned()
        })
        .collect();
    assert_eq!(deployed, packages);
    // The minute's look is relay's code a second time.
    let duties: BTreeSet<String> = Duty::ALL.iter().map(|duty| format!("joiner-{}", duty.as_str())).collect();
    assert_eq!(deployed, duties);
}

#[test]
fn functions_run_on_arm_and_are_built_from_the_workspace() {
    let globals = &DOCUMENTS.template.0["Globals"]["Function"];
    assert_eq!(
        (&globals["Runtime"], &globals["Architectures"], &globals["Handler"], &globals["CodeUri"]),
        (&json!("provided.al2023"), &json!(["arm64"]), &json!("bootstrap"), &json!(".."))
    );
    for (name, resource) in
        DOCUMENTS.template.resources().filter(|(_, resource)| resource["Type"] == FUNCTION)
    {
        assert_eq!(resource["Metadata"]["BuildMethod"], "rust-cargolambda", "{name}");
        let role = if name == TICK { "Relay" } else { name };
        assert_eq!(referred(&resource["Properties"]["Role"]), format!("{role}Role"));
    }
}

#[test]
fn the_environment_is_what_the_code_reads() {
    let variables = &DOCUMENTS.template.0["Globals"]["Function"]["Environment"]["Variables"];
    let given: BTreeSet<&str> =
        variables.as_object().expect("variables").keys().map(String::as_str).collect();
    let read: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(given, read);
    for duty in Duty::ALL {
        assert!(properties(duty)["Environment"].is_null(), "{duty:?} has an environment of its own");
        let queue = &variables[format!("JOINER_QUEUE_{}", duty.as_str().to_uppercase())];
        assert_eq!(*queue, json!({"Ref": format!("{}Queue", id(duty))}));
    }
}

/// A parameter that becomes a variable has the default the code has, so that SAM and a desk decide the same.
#[test]
fn defaults_of_parameters_are_those_of_the_code() {
    let template = &DOCUMENTS.template.0;
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    for setting in &SETTINGS {
        let parameter =
            variables[setting.name]["Ref"].as_str().filter(|name| !template["Parameters"][name].is_null());
        let (Some(parameter), Some(default)) = (parameter, setting.default) else { continue };
        let declared = match &template["Parameters"][parameter]["Default"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(declared, default, "{parameter} for {}", setting.name);
    }
}

#[test]
fn every_queue_is_delivered_as_the_functions_answer() {
    for duty in Duty::ALL {
        let events = properties(duty)["Events"].as_object().expect("events");
        assert_eq!(events.keys().collect::<Vec<_>>(), ["Messages"], "{duty:?}");
        let mapping = &events["Messages"]["Properties"];
        assert_eq!(events["Messages"]["Type"], "SQS");
        assert_eq!(referred(&mapping["Queue"]), format!("{}Queue", id(duty)));
        assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{duty:?}");
        assert_eq!(mapping["MaximumBatchingWindowInSeconds"], 0, "{duty:?} would make pods wait");
        let at_once = mapping["BatchSize"].as_u64().expect("a size");
        assert!((1..=MOST_AT_ONCE).contains(&at_once), "{duty:?}: more are not delivered without a window");
        assert!(
            mapping["ScalingConfig"]["MaximumConcurrency"].as_u64().is_some_and(|most| most >= 2),
            "{duty:?}"
        );
    }
}

#[test]
fn messages_stay_hidden_while_they_are_handled_and_end_among_dead_letters() {
    for duty in Duty::ALL {
        let queue = DOCUMENTS.template.properties(&format!("{}Queue", id(duty)));
        let timeout_secs = properties(duty)["Timeout"].as_u64().expect("a time-out");
        let visibility_secs = queue["VisibilityTimeout"].as_u64().expect("a visibility time-out");
        assert!(visibility_secs >= VISIBILITY_PER_TIMEOUT * timeout_secs, "{duty:?}");
        let redrive = &queue["RedrivePolicy"];
        let receives = redrive["maxReceiveCount"].as_u64().expect("a number of receives");
        let kept_secs = queue["MessageRetentionPeriod"].as_u64().expect("a retention");
        assert!(
            kept_secs > receives * visibility_secs,
            "{duty:?}: messages would vanish before they are dead letters"
        );
        let dead = DOCUMENTS.template.properties(referred(&redrive["deadLetterTargetArn"]));
        assert_eq!(dead["MessageRetentionPeriod"], 14 * 24 * 3600, "{duty:?}");
    }
}

#[test]
fn everything_kept_is_encrypted_and_ends() {
    for (name, queue) in DOCUMENTS.template.of_type("AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{name}");
    }
    for (name, function) in DOCUMENTS.template.of_type(FUNCTION) {
        let logs = DOCUMENTS.template.properties(&format!("{name}Logs"));
        assert_eq!(logs["RetentionInDays"], json!({"Ref": "LogRetentionDays"}), "{name}");
        assert_eq!(function["LoggingConfig"]["LogGroup"], json!({"Ref": format!("{name}Logs")}));
    }
    let table = DOCUMENTS.template.properties("Table");
    assert_eq!(
        table["KeySchema"],
        json!([{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}, {"AttributeName": SORT_KEY, "KeyType": "RANGE"}])
    );
    assert_eq!(table["SSESpecification"], json!({"SSEEnabled": true}));
    assert_eq!(table["PointInTimeRecoverySpecification"], json!({"PointInTimeRecoveryEnabled": true}));
    assert_eq!(table["TimeToLiveSpecification"], json!({"AttributeName": REMOVE_AFTER, "Enabled": true}));
}

#[test]
fn every_function_and_queue_is_watched_by_alarms() {
    let alarms = DOCUMENTS.template.of_type("AWS::CloudWatch::Alarm");
    let watched: BTreeSet<(String, &str)> = alarms
        .values()
        .filter_map(|alarm| {
            Some((alarm["MetricName"].as_str()?.to_owned(), referred(&alarm["Dimensions"][0]["Value"])))
        })
        .collect();
    let names: Vec<String> = Duty::ALL.map(id).into();
    let errors_of_tick = ("Errors".to_owned(), TICK.to_owned());
    let wanted: Vec<(String, String)> = names
        .iter()
        .flat_map(|name| {
            [
                ("ApproximateAgeOfOldestMessage".to_owned(), format!("{name}Queue")),
                ("ApproximateNumberOfMessagesVisible".to_owned(), format!("{name}DeadLetters")),
                ("Errors".to_owned(), name.clone()),
            ]
        })
        .chain([errors_of_tick])
        .collect();
    assert_eq!(watched, wanted.iter().map(|(metric, of)| (metric.clone(), of.as_str())).collect());
    let throttled: BTreeSet<&str> = alarms["ThrottlesAlarm"]["Metrics"]
        .as_array()
        .expect("metrics")
        .iter()
        .filter_map(|metric| metric["MetricStat"]["Metric"]["Dimensions"].get(0))
        .map(|dimension| referred(&dimension["Value"]))
        .collect();
    assert_eq!(throttled, DOCUMENTS.template.of_type(FUNCTION).into_keys().collect());
}
