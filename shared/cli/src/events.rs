//! What are the functions of a deployment sent? One sample of every kind, for `sam local invoke` and for tests of one's
//! own.

use clap::Args;

use crate::fault::Fault;

/// Arguments of `events`.
#[derive(Debug, Args)]
pub struct EventsArguments {
    /// The sample to print; without it, the names of all
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

struct Sample {
    name: &'static str,
    text: &'static str,
}

const fn sample(name: &'static str, text: &'static str) -> Sample {
    Sample { name, text }
}

const SAMPLES: &[Sample] = &[
    sample("audit_binding", include_str!("../../../events/audit_binding.json")),
    sample("audit_eviction429", include_str!("../../../events/audit_eviction429.json")),
    sample("audit_unschedulable", include_str!("../../../events/audit_unschedulable.json")),
    sample("audit_unschedulable_0of1", include_str!("../../../events/audit_unschedulable_0of1.json")),
    sample(
        "audit_unschedulable_request_level",
        include_str!("../../../events/audit_unschedulable_request_level.json"),
    ),
    sample("bus_pods_pending", include_str!("../../../events/bus_pods_pending.json")),
    sample(
        "ec2_capacity_reservation_interruption",
        include_str!("../../../events/ec2_capacity_reservation_interruption.json"),
    ),
    sample("ec2_rebalance_recommendation", include_str!("../../../events/ec2_rebalance_recommendation.json")),
    sample("ec2_spot_interruption", include_str!("../../../events/ec2_spot_interruption.json")),
    sample("ec2_state_change", include_str!("../../../events/ec2_state_change.json")),
    sample("health_scheduled_change", include_str!("../../../events/health_scheduled_change.json")),
    sample("logs_audit", include_str!("../../../events/logs_audit.json")),
    sample("scheduler_tick", include_str!("../../../events/scheduler_tick.json")),
    sample("sqs_disrupt", include_str!("../../../events/sqs_disrupt.json")),
    sample("sqs_interrupt", include_str!("../../../events/sqs_interrupt.json")),
    sample("sqs_lifecycle", include_str!("../../../events/sqs_lifecycle.json")),
    sample("sqs_provision", include_str!("../../../events/sqs_provision.json")),
    sample("sqs_terminate", include_str!("../../../events/sqs_terminate.json")),
];

/// The names of all samples, one a line, or the text of one.
///
/// # Errors
/// There is none of that name; says which there are.
pub fn events(asked: &EventsArguments) -> Result<String, Fault> {
    let names: Vec<&str> = SAMPLES.iter().map(|sample| sample.name).collect();
    let Some(name) = asked.name.as_deref() else { return Ok(names.join("\n") + "\n") };
    let found = SAMPLES.iter().find(|sample| sample.name == name);
    let found = found.ok_or_else(|| {
        Fault::bad_input(
            format!("there is no sample event {name:?}"),
            format!("name one of {}", names.join(", ")),
        )
    })?;
    Ok(found.text.trim_end().to_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn named(name: Option<&str>) -> Result<String, Fault> {
        events(&EventsArguments { name: name.map(str::to_owned) })
    }

    #[test]
    fn every_sample_of_the_folder_is_there_and_is_json() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let files = files.filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()));
        let listed = named(None).unwrap();
        assert_eq!(listed.lines().map(str::to_owned).collect::<BTreeSet<_>>(), files.collect());
        for name in listed.lines() {
            let text = named(Some(name)).unwrap();
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_told_with_those_there_are() {
        let complaint = named(Some("dance")).unwrap_err().to_string();
        assert!(
            complaint.starts_with("error: there is no sample event \"dance\"; name one of audit_binding, ")
        );
    }
}
