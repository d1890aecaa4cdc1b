//! EC2 announces something about an instance: what becomes of its claim, and what is said of it? (aws 7)

use crate::model::{CapacityType, NodeClaim, OfferingKey, Unavailable, keys};

/// What EC2 announces about an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Spot capacity is taken back in two minutes.
    SpotTaken,
    /// Spot capacity may be taken back soon.
    Rebalance,
    /// Maintenance is planned.
    ScheduledChange,
    /// It stops, or has.
    Stopping,
    /// It ends, or has.
    Terminating,
    /// Its status checks have failed for so long that it will not recover.
    StatusCheckFailed,
    /// Its interruptible capacity reservation is taken back.
    ReservationTaken,
}

/// How soon a claim has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// It stays: people are told, nothing else.
    Stays,
    /// It is drained like any other.
    Drain,
    /// Nothing is waited for: its pods are forced out at once.
    Force,
}

/// What is done about a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// How soon the claim has to go.
    pub urgency: Urgency,
    /// Reason of the event that tells of the notice, on claim and node (api 7.4).
    pub event: &'static str,
    /// Why the claim is deleted, as metrics and log lines spell it (api 7.5).
    pub reason: &'static str,
    /// What is not to be had for a while.
    pub unavailable: Option<Unavailable>,
}

impl Notice {
    /// A change of state, by the name of the state; `None` for states that an instance passes on its way up.
    pub fn of_state(state: &str) -> Option<Self> {
        match state {
            "stopping" | "stopped" => Some(Notice::Stopping),
            "shutting-down" | "terminated" => Some(Notice::Terminating),
            _ => None,
        }
    }

    /// Text of the event on an object, for people.
    pub fn text(self, object: &str) -> String {
        let what = match self {
            Notice::SpotTaken => "EC2 takes its spot capacity back within two minutes",
            Notice::Rebalance => "EC2 may take its spot capacity back soon; nothing is done before it does",
            Notice::ScheduledChange => "AWS Health announces maintenance of its instance",
            Notice::Stopping => "its instance is stopping",
            Notice::Terminating => "its instance is terminating",
            Notice::StatusCheckFailed => "the status checks of its instance fail",
            Notice::ReservationTaken => "the capacity reservation of its instance is taken back",
        };
        format!("{object}: {what}")
    }
}

/// Decides about a notice on the instance of a claim that is to stay.
pub fn react(notice: Notice, claim: &NodeClaim) -> Reaction {
    let (urgency, event, reason) = match notice {
        Notice::SpotTaken => (Urgency::Drain, "SpotInterrupted", "spot_interrupted"),
        Notice::Rebalance => (Urgency::Stays, "SpotRebalanceRecommendation", "rebalance_recommendation"),
        Notice::ScheduledChange => (Urgency::Drain, "InstanceUnhealthy", "scheduled_change"),
        Notice::Stopping => (Urgency::Drain, "InstanceStopping", "instance_stopped"),
        Notice::Terminating => (Urgency::Drain, "InstanceTerminating", "instance_terminated"),
        // behaviour: interruption/failed-status-checks-force
        Notice::StatusCheckFailed => (Urgency::Force, "InstanceUnhealthy", "instance_status"),
        Notice::ReservationTaken => {
            (Urgency::Drain, "CapacityReservationInstanceInterrupted", "capacity_reservation_interrupted")
        }
    };
    // behaviour: interruption/taken-capacity-is-not-asked-for
    let unavailable = match notice {
        Notice::SpotTaken => offering(claim, CapacityType::Spot),
        // The reservation itself has no mark; its type and zone are reserved in no other way worth the difference.
        Notice::ReservationTaken => offering(claim, CapacityType::Reserved),
        Notice::Rebalance
        | Notice::ScheduledChange
        | Notice::Stopping
        | Notice::Terminating
        | Notice::StatusCheckFailed => None,
    };
    Reaction { urgency, event, reason, unavailable }
}

/// What a claim was launched as, if its labels tell.
fn offering(claim: &NodeClaim, capacity_type: CapacityType) -> Option<Unavailable> {
    let label = |key: &str| claim.labels.get(key).cloned();
    Some(Unavailable::Offering(OfferingKey {
        instance_type: label(keys::INSTANCE_TYPE)?,
        zone: label(keys::ZONE)?,
        capacity_type,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn launched() -> NodeClaim {
        let mut claim = samples::claim("general", "a");
        claim.labels.insert(keys::INSTANCE_TYPE.into(), "m5.large".into());
        claim.labels.insert(keys::ZONE.into(), "zone-a".into());
        claim
    }

    fn key(capacity_type: CapacityType) -> Option<Unavailable> {
        let (instance_type, zone) = ("m5.large".into(), "zone-a".into());
        Some(Unavailable::Offering(OfferingKey { instance_type, zone, capacity_type }))
    }

    // behaviour: interruption/failed-status-checks-force
    // behaviour: interruption/taken-capacity-is-not-asked-for
    #[test]
    fn each_notice_has_its_urgency_its_reasons_and_its_mark() {
        use Urgency::{Drain, Force, Stays};
        for (notice, urgency, event, reason, mark) in [
            (Notice::SpotTaken, Drain, "SpotInterrupted", "spot_interrupted", key(CapacityType::Spot)),
            (Notice::Rebalance, Stays, "SpotRebalanceRecommendation", "rebalance_recommendation", None),
            (Notice::ScheduledChange, Drain, "InstanceUnhealthy", "scheduled_change", None),
            (Notice::Stopping, Drain, "InstanceStopping", "instance_stopped", None),
            (Notice::Terminating, Drain, "InstanceTerminating", "instance_terminated", None),
            (Notice::StatusCheckFailed, Force, "InstanceUnhealthy", "instance_status", None),
            (
                Notice::ReservationTaken,
                Drain,
                "CapacityReservationInstanceInterrupted",
                "capacity_reservation_interrupted",
                key(CapacityType::Reserved),
            ),
        ] {
            let expected = Reaction { urgency, event, reason, unavailable: mark };
            assert_eq!(react(notice, &launched()), expected, "{notice:?}");
        }
    }

    #[test]
    fn a_claim_whose_labels_do_not_tell_what_it_is_marks_nothing() {
        let claim = samples::claim("general", "a");
        assert_eq!(react(Notice::SpotTaken, &claim).unavailable, None);
    }

    #[test]
    fn only_states_on_the_way_down_are_notices() {
        for (state, notice) in [
            ("pending", None),
            ("running", None),
            ("stopping", Some(Notice::Stopping)),
            ("stopped", Some(Notice::Stopping)),
            ("shutting-down", Some(Notice::Terminating)),
            ("terminated", Some(Notice::Terminating)),
        ] {
            assert_eq!(Notice::of_state(state), notice, "{state}");
        }
    }
}
