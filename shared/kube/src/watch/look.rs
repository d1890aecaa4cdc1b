//! What someone should look at, before it has a time: equal ones of a burst are one.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use joiner_ports::{ClaimName, Message, PendingHint, Target};

/// How long steps that start from an event send themselves again; after that the tick takes over.
const STEP_TERM: SignedDuration = SignedDuration::from_secs(60);

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// The scheduler refused a pod.
    Refused {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// A pod came to or went from this node.
    PodMoved(Arc<str>),
    /// This node joined, turned or goes.
    Node(Arc<str>),
    /// This claim is new or not ready yet.
    Claim(ClaimName),
    /// This claim goes.
    ClaimGoing(ClaimName),
    /// This pool changed.
    Pool(Arc<str>),
    /// This class changed.
    Class(Arc<str>),
}

/// Messages of a burst, urgent ones first. However many pods were refused, one message opens or extends the window
/// in which they are collected.
pub(super) fn messages(looks: BTreeSet<Look>, now: Timestamp) -> Vec<Message> {
    // behaviour: relay/bursts-of-refused-pods-are-one-message
    let mut is_told = false;
    let is_needed = |look: &Look| match look {
        Look::Refused { .. } => !std::mem::replace(&mut is_told, true),
        _ => true,
    };
    looks.into_iter().filter(is_needed).map(|look| message(look, now + STEP_TERM)).collect()
}

fn message(look: Look, again_until: Timestamp) -> Message {
    match look {
        Look::Refused { namespace, name } => {
            Message::PodsPending { hint: PendingHint::Pod { namespace, name } }
        }
        Look::PodMoved(node) => Message::PodMoved { node },
        Look::Node(node) => Message::NodeChanged { node },
        Look::Claim(claim) => Message::ClaimStep { claim, again_until },
        Look::ClaimGoing(claim) => Message::TerminateStep { target: Target::Claim(claim), again_until },
        Look::Pool(pool) => Message::PoolChanged { pool },
        Look::Class(class) => Message::ClassChanged { class },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // behaviour: relay/bursts-of-refused-pods-are-one-message
    #[test]
    fn a_burst_is_told_once_per_thing_and_once_for_all_refused_pods() {
        let refused = |name: &str| Look::Refused { namespace: "default".into(), name: name.into() };
        let claim = ClaimName::new("general-abc").unwrap();
        let looks = [
            Look::PodMoved("n".into()),
            refused("b"),
            Look::PodMoved("n".into()),
            refused("a"),
            Look::ClaimGoing(claim.clone()),
        ];
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let hint = PendingHint::Pod { namespace: "default".into(), name: "a".into() };
        let again_until = "2026-01-01T00:01:00Z".parse().unwrap();
        assert_eq!(
            messages(looks.into(), now),
            [
                Message::PodsPending { hint },
                Message::PodMoved { node: "n".into() },
                Message::TerminateStep { target: Target::Claim(claim), again_until },
            ]
        );
    }
}
