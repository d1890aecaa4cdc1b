//! Are the announcements of EC2 read as what they are, and is everything else let go or refused?

use super::*;

fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn about(id: &str, event: InterruptionKind) -> Message {
    Message::Interruption { instance: InstanceId::new(id).unwrap(), event, at: at() }
}

const INSTANCE: &str = "i-0a1b2c3d4e5f60718";

#[test]
fn every_kind_of_announcement_becomes_a_message_per_instance() {
    use InterruptionKind as Kind;
    let stopping = Kind::StateChange { state: "stopping".into() };
    for (body, announced, event) in [
        (
            include_str!("../../../../../events/ec2_spot_interruption.json"),
            Announced::SpotInterrupted,
            Kind::SpotInterruption,
        ),
        (
            include_str!("../../../../../events/ec2_rebalance_recommendation.json"),
            Announced::RebalanceRecommendation,
            Kind::RebalanceRecommendation,
        ),
        (include_str!("../../../../../events/ec2_state_change.json"), Announced::InstanceStopped, stopping),
        (
            include_str!("../../../../../events/ec2_capacity_reservation_interruption.json"),
            Announced::CapacityReservationInterrupted,
            Kind::CapacityReservationInterruption,
        ),
    ] {
        let expected = Announcement { announced, interruptions: vec![about(INSTANCE, event)] };
        assert_eq!(read(body).unwrap(), expected);
    }
}

#[test]
fn a_planned_change_is_about_every_instance_it_names() {
    let read = read(include_str!("../../../../../events/health_scheduled_change.json")).unwrap();
    let events = [INSTANCE, "i-0918273645f5e4d3c"].map(|id| about(id, InterruptionKind::ScheduledChange));
    let expected = Announcement { announced: Announced::ScheduledChange, interruptions: events.to_vec() };
    assert_eq!(read, expected);
}

fn event(source: &str, kind: &str, detail: &str) -> String {
    format!(
        r#"{{"version":"0","id":"1","source":"{source}","detail-type":"{kind}",
            "time":"2026-01-02T03:04:05Z","resources":[],"detail":{detail}}}"#
    )
}

// behaviour: interruption/unknown-events-change-nothing
#[test]
fn what_does_not_matter_is_counted_and_let_go() {
    let nothing = Announcement { announced: Announced::NoOp, interruptions: Vec::new() };
    let state = r#"{"instance-id":"i-0abc","state":"running"}"#;
    let health = |service, category, status| {
        format!(
            r#"{{"service":"{service}","eventTypeCategory":"{category}","statusCode":"{status}",
                "affectedEntities":[{{"entityValue":"i-0abc"}}]}}"#
        )
    };
    for body in [
        event("aws.ec2", "EC2 Instance State-change Notification", state),
        event("aws.autoscaling", "EC2 Instance Launch Successful", "{}"),
        event("aws.health", "AWS Health Event", &health("RDS", "scheduledChange", "upcoming")),
        event("aws.health", "AWS Health Event", &health("EC2", "issue", "open")),
        event("aws.health", "AWS Health Event", &health("EC2", "scheduledChange", "closed")),
        event("aws.ec2", "EC2 Spot Instance Interruption Warning", "{}").replace(r#""0""#, r#""9""#),
    ] {
        assert_eq!(read(&body).unwrap(), nothing, "{body}");
    }
}

#[test]
fn terminated_instances_are_told_from_stopped_ones() {
    for (state, announced) in [
        ("stopping", Announced::InstanceStopped),
        ("stopped", Announced::InstanceStopped),
        ("shutting-down", Announced::InstanceTerminated),
        ("terminated", Announced::InstanceTerminated),
    ] {
        let detail = format!(r#"{{"instance-id":"i-0abc","state":"{state}"}}"#);
        let body = event("aws.ec2", "EC2 Instance State-change Notification", &detail);
        let change = InterruptionKind::StateChange { state: state.into() };
        let expected = Announcement { announced, interruptions: vec![about("i-0abc", change)] };
        assert_eq!(read(&body).unwrap(), expected);
    }
}

#[test]
fn broken_bodies_are_errors_that_say_what_is_wrong() {
    let not_an_event = read(r#"{"kind":"tick"}"#).unwrap_err();
    assert_eq!(
        not_an_event.to_string(),
        "the body is no event of EventBridge; see that the rule delivers whole events"
    );
    let warning = event("aws.ec2", "EC2 Spot Instance Interruption Warning", r#"{"instance-id":"nonsense"}"#);
    let broken = read(&warning).unwrap_err();
    assert_eq!(
        broken.to_string(),
        r#"the event 1 of kind "EC2 Spot Instance Interruption Warning" cannot be read"#
    );
    let cause = std::error::Error::source(&broken).unwrap().to_string();
    assert!(cause.contains(r#""nonsense" is not an instance id"#), "{cause}");
}
