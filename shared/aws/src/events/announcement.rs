//! Which events are about instances going away, and what do they say (aws 7.1)?
//!
//! Rules match whole kinds of events, so most of what comes is about machines of others, or says nothing that
//! matters: that is counted and let go. A body that is no event, or lacks what its kind always has, is an error:
//! somebody has to look at it.

use jiff::Timestamp;
use joiner_ports::{BoxError, InstanceId, InterruptionKind, Message};
use serde::Deserialize;

/// What an event turned out to be; names are those of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Announced {
    /// Spot capacity is taken back in two minutes.
    SpotInterrupted,
    /// Spot capacity may be taken back soon.
    RebalanceRecommendation,
    /// An instance stops or has stopped.
    InstanceStopped,
    /// An instance terminates or has terminated.
    InstanceTerminated,
    /// An interruptible capacity reservation is taken back.
    CapacityReservationInterrupted,
    /// Maintenance is planned.
    ScheduledChange,
    /// Nothing that matters here.
    NoOp,
}

impl Announced {
    /// As the metric names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Announced::SpotInterrupted => "spot_interrupted",
            Announced::RebalanceRecommendation => "rebalance_recommendation",
            Announced::InstanceStopped => "instance_stopped",
            Announced::InstanceTerminated => "instance_terminated",
            Announced::CapacityReservationInterrupted => "capacity_reservation_interrupted",
            Announced::ScheduledChange => "scheduled_change",
            Announced::NoOp => "no_op",
        }
    }
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Which kind it is.
    pub announced: Announced,
    /// One message per instance; none if nothing matters here.
    pub interruptions: Vec<Message>,
}

/// A body that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It is no event of EventBridge.
    #[error("the body is no event of EventBridge; see that the rule delivers whole events")]
    NotAnEvent(#[source] BoxError),
    /// It lacks what events of its kind have.
    #[error("the event {id} of kind {kind:?} cannot be read")]
    Detail {
        /// Id of the event.
        id: String,
        /// Its detail type.
        kind: String,
        /// What is wrong.
        #[source]
        source: BoxError,
    },
}

/// The frame of every event.
#[derive(Deserialize)]
struct Frame {
    version: String,
    id: String,
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    time: Timestamp,
    detail: serde_json::Value,
}

/// Detail of events about one instance.
#[derive(Deserialize)]
struct OneInstance {
    #[serde(rename = "instance-id")]
    instance: InstanceId,
    state: Option<String>,
}

/// Detail of events of AWS Health.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    service: String,
    event_type_category: String,
    status_code: Option<String>,
    #[serde(default)]
    affected_entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    entity_value: String,
}

/// Reads an event as EventBridge delivers it.
///
/// # Errors
/// The body is no event, or the event lacks what its kind has.
pub fn read(body: &str) -> Result<Announcement, EventError> {
    let frame: Frame = serde_json::from_str(body).map_err(|error| EventError::NotAnEvent(error.into()))?;
    let (at, id) = (frame.time, frame.id);
    let kind = frame.detail_type.clone();
    let found = sort(&frame.version, (&frame.source, &frame.detail_type), frame.detail);
    let (announced, found) = found.map_err(|error| EventError::Detail { id, kind, source: error.into() })?;
    let message = |(instance, event)| Message::Interruption { instance, event, at };
    Ok(Announcement { announced, interruptions: found.into_iter().map(message).collect() })
}

type Found = (Announced, Vec<(InstanceId, InterruptionKind)>);

const NOTHING: Found = (Announced::NoOp, Vec::new());

// behaviour: interruption/unknown-events-change-nothing
fn sort(version: &str, kind: (&str, &str), detail: serde_json::Value) -> Result<Found, serde_json::Error> {
    let one = |announced, event: InterruptionKind, detail| {
        let about: OneInstance = serde_json::from_value(detail)?;
        Ok((announced, vec![(about.instance, event)]))
    };
    match (version, kind) {
        ("0", ("aws.ec2", "EC2 Spot Instance Interruption Warning")) => {
            one(Announced::SpotInterrupted, InterruptionKind::SpotInterruption, detail)
        }
        ("0", ("aws.ec2", "EC2 Instance Rebalance Recommendation")) => {
            one(Announced::RebalanceRecommendation, InterruptionKind::RebalanceRecommendation, detail)
        }
        ("0", ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning")) => {
            let event = InterruptionKind::CapacityReservationInterruption;
            one(Announced::CapacityReservationInterrupted, event, detail)
        }
        ("0", ("aws.ec2", "EC2 Instance State-change Notification")) => {
            serde_json::from_value(detail).map(state_change)
        }
        ("0", ("aws.health", "AWS Health Event")) => serde_json::from_value(detail).map(health),
        _ => Ok(NOTHING),
    }
}

fn state_change(about: OneInstance) -> Found {
    let state = about.state.unwrap_or_default();
    let announced = match state.as_str() {
        "stopping" | "stopped" => Announced::InstanceStopped,
        "shutting-down" | "terminated" => Announced::InstanceTerminated,
        _ => return NOTHING,
    };
    (announced, vec![(about.instance, InterruptionKind::StateChange { state: state.into() })])
}

/// Only planned changes of EC2 count, and not the news that one is over.
fn health(event: Health) -> Found {
    let is_over = event.status_code.as_deref() == Some("closed");
    if event.service != "EC2" || event.event_type_category != "scheduledChange" || is_over {
        return NOTHING;
    }
    let instances =
        event.affected_entities.iter().filter_map(|entity| InstanceId::new(&entity.entity_value).ok());
    let found = instances.map(|instance| (instance, InterruptionKind::ScheduledChange));
    (Announced::ScheduledChange, found.collect())
}

#[cfg(test)]
mod tests;
