//! Which change of an object is worth a look? From what it was and what it is; nothing else is asked.

use std::sync::Arc;

use joiner_ports::ClaimName;

use super::facts::{ClaimFacts, NodeFacts, ObjectFacts, PodFacts};
use super::look::Look;

/// What was known of an object before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Before<'f, F> {
    /// Nothing at all: a list told of it, and what was missed is not known.
    Listed,
    /// It did not exist.
    Absent,
    /// It existed, but was not seen: a predecessor saw it.
    Unseen,
    /// This.
    Seen(&'f F),
}

// Derived ones would ask the facts to be copied too.
impl<F> Clone for Before<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Before<'_, F> {}

/// Which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'n> {
    /// Namespace; empty for kinds without.
    pub(super) namespace: &'n str,
    /// Name.
    pub(super) name: &'n str,
}

/// Facts of a kind and what their changes mean.
pub(super) trait Facts: Sized {
    /// Looks due because it is now like this.
    fn looks(&self, name: Name<'_>, before: Before<'_, Self>) -> Vec<Look>;

    /// Looks due because it is no more; these are its last facts.
    fn looks_at_end(&self, name: Name<'_>) -> Vec<Look>;
}

impl Facts for PodFacts {
    fn looks(&self, name: Name<'_>, before: Before<'_, Self>) -> Vec<Look> {
        // Daemons start no machine, and their coming and going does not disturb the calm of a node (api 2.2).
        if self.is_daemon {
            return Vec::new();
        }
        let mut looks = Vec::new();
        // behaviour: relay/watched-refusals-become-messages
        let is_refused = self.node.is_none() && !self.is_going && self.refusal.is_some();
        let is_news = match before {
            Before::Listed | Before::Absent | Before::Unseen => true,
            // Another text is another attempt of the scheduler.
            Before::Seen(old) => old.refusal != self.refusal,
        };
        if is_refused && is_news {
            looks.push(Look::Refused { namespace: name.namespace.into(), name: name.name.into() });
        }
        let Some(node) = &self.node else { return looks };
        let has_moved = match before {
            // What a list shows has settled; the tick looks after what was missed.
            Before::Listed => false,
            Before::Absent => true,
            Before::Unseen => self.is_pending || self.is_going,
            Before::Seen(old) => old.node.is_none() || (self.is_going && !old.is_going),
        };
        if has_moved {
            looks.push(Look::PodMoved(Arc::clone(node)));
        }
        looks
    }

    fn looks_at_end(&self, _: Name<'_>) -> Vec<Look> {
        let node = self.node.iter().filter(|_| !self.is_daemon);
        node.map(|node| Look::PodMoved(Arc::clone(node))).collect()
    }
}

impl Facts for NodeFacts {
    fn looks(&self, name: Name<'_>, before: Before<'_, Self>) -> Vec<Look> {
        let is_joining = !self.is_initialized;
        let is_due = match before {
            Before::Absent => true,
            Before::Listed => self.is_going || (is_joining && self.is_pooled),
            Before::Unseen => self.is_going || (self.is_pooled && (is_joining || !self.is_ready)),
            Before::Seen(old) => {
                (self.is_going, self.is_ready) != (old.is_going, old.is_ready)
                    || (is_joining && self.looks != old.looks)
            }
        };
        if is_due { vec![Look::Node(name.name.into())] } else { Vec::new() }
    }

    fn looks_at_end(&self, name: Name<'_>) -> Vec<Look> {
        vec![Look::Node(name.name.into())]
    }
}

impl Facts for ClaimFacts {
    fn looks(&self, name: Name<'_>, before: Before<'_, Self>) -> Vec<Look> {
        // A name that no message can carry is none this product works on.
        let Ok(claim) = ClaimName::new(name.name) else { return Vec::new() };
        let was_going = matches!(before, Before::Seen(old) if old.is_going);
        if self.is_going {
            return if was_going { Vec::new() } else { vec![Look::ClaimGoing(claim)] };
        }
        let is_due = match before {
            Before::Listed => !self.is_initialized,
            Before::Absent => true,
            // Its steps come again by themselves.
            Before::Unseen | Before::Seen(_) => false,
        };
        if is_due { vec![Look::Claim(claim)] } else { Vec::new() }
    }

    fn looks_at_end(&self, _: Name<'_>) -> Vec<Look> {
        Vec::new()
    }
}

/// Facts of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoolFacts(pub(super) ObjectFacts);

/// Facts of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClassFacts(pub(super) ObjectFacts);

impl Facts for PoolFacts {
    fn looks(&self, name: Name<'_>, before: Before<'_, Self>) -> Vec<Look> {
        if before == Before::Seen(self) { Vec::new() } else { vec![Look::Pool(name.name.into())] }
    }

    fn looks_at_end(&self, name: Name<'_>) -> Vec<Look> {
        vec![Look::Pool(name.name.into())]
    }
}

impl Facts for ClassFacts {
    fn looks(&self, name: Name<'_>, before: Before<'_, Self>) -> Vec<Look> {
        if before == Before::Seen(self) { Vec::new() } else { vec![Look::Class(name.name.into())] }
    }

    fn looks_at_end(&self, name: Name<'_>) -> Vec<Look> {
        vec![Look::Class(name.name.into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: Name<'_> = Name { namespace: "default", name: "p" };

    fn waiting(refusal: Option<u64>) -> PodFacts {
        PodFacts { node: None, is_pending: true, is_going: false, is_daemon: false, refusal }
    }

    fn bound() -> PodFacts {
        PodFacts { node: Some("n".into()), ..waiting(None) }
    }

    // behaviour: relay/watched-refusals-become-messages
    #[test]
    fn a_pod_is_pending_when_the_scheduler_refuses_it_and_each_time_it_says_something_else() {
        let refused = [Look::Refused { namespace: "default".into(), name: "p".into() }];
        let (new, first, second) = (waiting(None), waiting(Some(1)), waiting(Some(2)));
        assert_eq!(new.looks(POD, Before::Absent), []);
        for before in
            [Before::Listed, Before::Absent, Before::Unseen, Before::Seen(&new), Before::Seen(&second)]
        {
            assert_eq!(first.looks(POD, before), refused, "{before:?}");
        }
        assert_eq!(first.looks(POD, Before::Seen(&first)), []);
        let going = PodFacts { is_going: true, ..first.clone() };
        assert_eq!(going.looks(POD, Before::Seen(&new)), []);
        let daemon = PodFacts { is_daemon: true, ..first };
        assert_eq!(daemon.looks(POD, Before::Absent), []);
    }

    #[test]
    fn a_pod_moves_when_it_is_bound_goes_and_is_gone() {
        let moved = [Look::PodMoved("n".into())];
        let running = PodFacts { is_pending: false, ..bound() };
        let going = PodFacts { is_going: true, ..running.clone() };
        let unbound = waiting(Some(1));
        assert_eq!(bound().looks(POD, Before::Seen(&unbound)), moved);
        assert_eq!(bound().looks(POD, Before::Unseen), moved);
        assert_eq!(running.looks(POD, Before::Seen(&bound())), []);
        assert_eq!(running.looks(POD, Before::Unseen), []);
        assert_eq!(running.looks(POD, Before::Listed), []);
        assert_eq!(going.looks(POD, Before::Seen(&running)), moved);
        assert_eq!(going.looks(POD, Before::Seen(&going)), []);
        assert_eq!(going.looks_at_end(POD), moved);
        assert_eq!(unbound.looks_at_end(POD), []);
    }

    #[test]
    fn a_node_is_looked_at_when_it_joins_turns_goes_and_is_gone() {
        let name = Name { namespace: "", name: "n" };
        let due = [Look::Node("n".into())];
        let joining =
            NodeFacts { is_ready: false, is_going: false, is_pooled: true, is_initialized: false, looks: 1 };
        let usable = NodeFacts { is_ready: true, is_initialized: true, looks: 2, ..joining.clone() };
        let labelled = NodeFacts { looks: 3, ..usable.clone() };
        let lost = NodeFacts { is_ready: false, ..usable.clone() };
        let going = NodeFacts { is_going: true, ..usable.clone() };
        let foreign = NodeFacts { is_pooled: false, is_initialized: false, ..usable.clone() };
        for (facts, before, is_due) in [
            (&joining, Before::Absent, true),
            (&joining, Before::Listed, true),
            (&joining, Before::Unseen, true),
            (&joining, Before::Seen(&joining), false),
            (&NodeFacts { looks: 9, ..joining.clone() }, Before::Seen(&joining), true),
            (&usable, Before::Seen(&joining), true),
            (&usable, Before::Listed, false),
            (&usable, Before::Unseen, false),
            (&labelled, Before::Seen(&usable), false),
            (&lost, Before::Seen(&usable), true),
            (&lost, Before::Unseen, true),
            (&going, Before::Listed, true),
            (&going, Before::Seen(&usable), true),
            (&foreign, Before::Listed, false),
            (&foreign, Before::Unseen, false),
        ] {
            let expected: &[Look] = if is_due { &due } else { &[] };
            assert_eq!(facts.looks(name, before), expected, "{facts:?} {before:?}");
        }
        assert_eq!(usable.looks_at_end(name), due);
    }

    #[test]
    fn a_claim_is_looked_at_when_it_begins_and_when_it_is_to_end() {
        let name = Name { namespace: "", name: "general-abc" };
        let claim = ClaimName::new("general-abc").unwrap();
        let (begins, ends) = ([Look::Claim(claim.clone())], [Look::ClaimGoing(claim)]);
        let new = ClaimFacts { is_going: false, is_initialized: false };
        let usable = ClaimFacts { is_initialized: true, ..new.clone() };
        let going = ClaimFacts { is_going: true, ..usable.clone() };
        assert_eq!(new.looks(name, Before::Absent), begins);
        assert_eq!(new.looks(name, Before::Listed), begins);
        assert_eq!(usable.looks(name, Before::Listed), []);
        assert_eq!(usable.looks(name, Before::Seen(&new)), []);
        for before in [Before::Listed, Before::Unseen, Before::Seen(&usable)] {
            assert_eq!(going.looks(name, before), ends, "{before:?}");
        }
        assert_eq!(going.looks(name, Before::Seen(&going)), []);
        assert_eq!(going.looks_at_end(name), []);
    }

    #[test]
    fn pools_and_classes_are_looked_at_when_their_specification_changes() {
        let name = Name { namespace: "", name: "general" };
        let facts = |generation, is_going| PoolFacts(ObjectFacts { generation, is_going });
        let due = [Look::Pool("general".into())];
        assert_eq!(facts(1, false).looks(name, Before::Listed), due);
        assert_eq!(facts(1, false).looks(name, Before::Seen(&facts(1, false))), []);
        assert_eq!(facts(2, false).looks(name, Before::Seen(&facts(1, false))), due);
        assert_eq!(facts(1, true).looks(name, Before::Seen(&facts(1, false))), due);
        assert_eq!(facts(1, true).looks_at_end(name), due);
        let class = ClassFacts(ObjectFacts { generation: 1, is_going: false });
        assert_eq!(class.looks(name, Before::Absent), [Look::Class("general".into())]);
    }
}
