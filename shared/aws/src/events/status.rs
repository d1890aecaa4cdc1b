//! Which instances does EC2 itself find unwell (aws 7.2)? Nobody announces failed status checks; they are asked for
//! about once a minute.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, InstanceStatus, InstanceStatusDetails, StatusType};
use jiff::{SignedDuration, Timestamp};
use joiner_ports::{CloudError, InstanceId, InterruptionKind, Message};

use crate::Clients;
use crate::ec2::failure::Ec2Failure;

/// IAM actions.
pub const ACTIONS: &[&str] = &["ec2:DescribeInstanceStatus"];

/// How long a check fails before it counts: instances fail it while they start (aws 7.2).
const PATIENCE: SignedDuration = SignedDuration::from_secs(120);
/// Planned events that take an instance away or down.
const PLANNED: [&str; 5] =
    ["instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"];
/// How EC2 marks planned events that are done or called off.
const DONE: [&str; 2] = ["[Completed]", "[Canceled]"];

/// One question: what is filtered for, and what an instance in the answer is.
type Question = (&'static str, &'static [&'static str]);

const QUESTIONS: [Question; 3] = [
    ("instance-status.status", &["impaired"]),
    ("system-status.status", &["impaired"]),
    ("event.code", &PLANNED),
];

/// Instances of the account and region that are unwell at `now`, in order of ids, each once: failing checks before
/// planned events.
///
/// # Errors
/// EC2 refuses or cannot be reached.
pub async fn unhealthy(clients: &Clients, now: Timestamp) -> Result<Vec<Message>, CloudError> {
    let mut found = BTreeMap::new();
    for (name, values) in QUESTIONS {
        let filter =
            Filter::builder().name(name).set_values(Some(values.iter().map(ToString::to_string).collect()));
        let call = clients.ec2().describe_instance_status().filters(filter.build());
        let mut pages = call.into_paginator().items().send();
        while let Some(status) = pages.next().await {
            let status = status.map_err(|error| CloudError::from(Ec2Failure::of(error)))?;
            if let Some((instance, event)) = read(&status, now) {
                found.entry(instance).or_insert(event);
            }
        }
    }
    let message = |(instance, event)| Message::Interruption { instance, event, at: now };
    Ok(found.into_iter().map(message).collect())
}

/// What is wrong with an instance, if anything.
fn read(status: &InstanceStatus, now: Timestamp) -> Option<(InstanceId, InterruptionKind)> {
    let instance = InstanceId::new(status.instance_id()?).ok()?;
    let summaries = [status.instance_status(), status.system_status()];
    let details = summaries.into_iter().flatten().flat_map(|summary| summary.details());
    let event = if details.into_iter().any(|check| has_failed(check, now)) {
        InterruptionKind::StatusCheckFailed
    } else if status.events().iter().any(is_to_come) {
        InterruptionKind::ScheduledChange
    } else {
        return None;
    };
    Some((instance, event))
}

fn has_failed(check: &InstanceStatusDetails, now: Timestamp) -> bool {
    let since = check.impaired_since().and_then(|since| Timestamp::from_second(since.secs()).ok());
    check.status() == Some(&StatusType::Failed)
        && since.is_none_or(|since| now.duration_since(since) >= PATIENCE)
}

fn is_to_come(event: &aws_sdk_ec2::types::InstanceStatusEvent) -> bool {
    let is_done = event.description().is_some_and(|text| DONE.iter().any(|mark| text.starts_with(mark)));
    event.code().is_some_and(|code| PLANNED.contains(&code.as_str())) && !is_done
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::primitives::DateTime;
    use aws_sdk_ec2::types::{EventCode, InstanceStatusEvent, InstanceStatusSummary};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(10_000).unwrap()
    }

    fn impaired_for(secs: i64) -> InstanceStatus {
        let check = InstanceStatusDetails::builder()
            .status(StatusType::Failed)
            .impaired_since(DateTime::from_secs(10_000 - secs))
            .build();
        let summary = InstanceStatusSummary::builder().details(check).build();
        InstanceStatus::builder().instance_id("i-0abc").system_status(summary).build()
    }

    fn planned(description: &str) -> InstanceStatus {
        let event =
            InstanceStatusEvent::builder().code(EventCode::InstanceRetirement).description(description);
        InstanceStatus::builder().instance_id("i-0abc").events(event.build()).build()
    }

    #[test]
    fn a_check_counts_once_it_has_failed_for_two_minutes() {
        let id = InstanceId::new("i-0abc").unwrap();
        assert_eq!(read(&impaired_for(119), now()), None);
        assert_eq!(read(&impaired_for(120), now()), Some((id, InterruptionKind::StatusCheckFailed)));
    }

    #[test]
    fn planned_events_count_until_they_are_done() {
        let id = InstanceId::new("i-0abc").unwrap();
        let retires = planned("The instance is running on degraded hardware");
        assert_eq!(read(&retires, now()), Some((id, InterruptionKind::ScheduledChange)));
        assert_eq!(read(&planned("[Completed] The instance was moved"), now()), None);
        assert_eq!(read(&planned("[Canceled] Not needed"), now()), None);
    }
}
