//! Facts as lines of the log: what each is called, whom it is about, how loud it is, and how many are enough.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use joiner_app::{Fact, Outcome};
use tracing::Level;

/// Most lines of one kind of fact that one message writes, unless details are asked for: a pass over thousands of
/// pods would say thousands of times the same, at a price per line.
const MOST_LINES: usize = 20;

/// Whom a fact is about; what does not apply is absent from the line.
#[derive(Debug, Default, PartialEq, Eq)]
struct About<'a> {
    claim: Option<&'a str>,
    command: Option<&'a str>,
    node: Option<&'a str>,
    pool: Option<&'a str>,
    class: Option<&'a str>,
    instance: Option<&'a str>,
    pod: Option<String>,
}

/// Writes the facts of an outcome.
pub(crate) fn write(outcome: &Outcome) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for fact in &outcome.facts {
        let name = name(fact);
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        let is_loud = *count <= MOST_LINES;
        line(fact, &name, if is_loud { level(fact) } else { Level::DEBUG });
    }
    for (fact, count) in counts.into_iter().filter(|(_, count)| *count > MOST_LINES) {
        tracing::info!(fact, more = count - MOST_LINES, "and more of the same");
    }
}

fn line(fact: &Fact, name: &str, level: Level) {
    let about = about(fact);
    let About { claim, command, node, pool, class, instance, pod } = &about;
    let (claim, command, node) = (*claim, *command, *node);
    let (pool, class, instance) = (*pool, *class, *instance);
    let pod = pod.as_deref();
    // The level of a line is part of its call site.
    if level == Level::WARN {
        tracing::warn!(fact = name, claim, command, node, pool, class, instance, pod, "{fact}");
    } else if level == Level::INFO {
        tracing::info!(fact = name, claim, command, node, pool, class, instance, pod, "{fact}");
    } else {
        tracing::debug!(fact = name, claim, command, node, pool, class, instance, pod, "{fact}");
    }
}

/// The name of the variant, as it stands in the code.
pub(crate) fn name(fact: &Fact) -> String {
    let mut text = NameOnly(String::new());
    // It ends with an error at the first character behind the name.
    let _ = write!(text, "{fact:?}");
    text.0
}

struct NameOnly(String);

impl std::fmt::Write for NameOnly {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        self.0.push_str(&text[..end]);
        if end < text.len() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// What someone may have to look at is a warning; what was decided and done is information; why nothing was done,
/// and what the plan already says, is a detail.
fn level(fact: &Fact) -> Level {
    match fact {
        Fact::Incomplete { .. }
        | Fact::NoCapacity { .. }
        | Fact::LaunchFailed { .. }
        | Fact::InstanceLost { .. }
        | Fact::ClassRefused { .. }
        | Fact::ClassNotReady { .. }
        | Fact::ClassUnresolved { .. }
        | Fact::OrphanTerminated { .. } => Level::WARN,
        Fact::Postponed { .. }
        | Fact::LeaseBusy { .. }
        | Fact::WindowOpen { .. }
        | Fact::NothingPending
        | Fact::Nominated { .. }
        | Fact::PodIgnored { .. }
        | Fact::Waiting { .. }
        | Fact::PodEvent { .. }
        | Fact::Blocked { .. }
        | Fact::IntentClosed { .. }
        | Fact::NotOurs { .. }
        | Fact::ClassWritten { .. }
        | Fact::ClassInUse { .. }
        | Fact::PoolWritten { .. }
        | Fact::Ticked { .. } => Level::DEBUG,
        _ => Level::INFO,
    }
}

fn about(fact: &Fact) -> About<'_> {
    let nothing = About::default();
    match fact {
        Fact::ClaimPlanned { claim, node_pool, .. } => {
            About { claim: Some(claim.as_str()), pool: Some(node_pool), ..nothing }
        }
        Fact::ClaimDisrupted { claim, node_pool, .. } => {
            About { claim: Some(claim.as_str()), pool: node_pool.as_deref(), ..nothing }
        }
        Fact::Launched { claim, instance, .. } | Fact::Noticed { claim, instance, .. } => {
            About { claim: Some(claim.as_str()), instance: Some(instance.as_str()), ..nothing }
        }
        Fact::Registered { claim, node }
        | Fact::Initialized { claim, node }
        | Fact::Disrupted { claim, node, .. } => {
            About { claim: Some(claim.as_str()), node: Some(node), ..nothing }
        }
        Fact::ClaimCreated { claim }
        | Fact::NoCapacity { claim, .. }
        | Fact::LaunchFailed { claim, .. }
        | Fact::Waiting { claim, .. }
        | Fact::Ended { claim, .. }
        | Fact::PodEvent { claim }
        | Fact::ClaimReleased { claim }
        | Fact::InstanceLost { claim }
        | Fact::IntentClosed { claim } => About { claim: Some(claim.as_str()), ..nothing },
        Fact::Blocked { claim, .. } | Fact::Abandoned { claim, .. } => {
            About { claim: Some(claim), ..nothing }
        }
        Fact::CommandProposed { command, .. } | Fact::Replacing { command, .. } => {
            About { command: Some(command.as_str()), ..nothing }
        }
        Fact::ReplacementUsable { command, claim } => {
            About { command: Some(command.as_str()), claim: Some(claim.as_str()), ..nothing }
        }
        Fact::Untainted { node } | Fact::Tainted { node } | Fact::NodeReleased { node } => {
            About { node: Some(node), ..nothing }
        }
        Fact::PoolSkipped { node_pool, .. }
        | Fact::PoolWritten { node_pool, .. }
        | Fact::PoolTurned { node_pool, .. } => About { pool: Some(node_pool), ..nothing },
        Fact::ClassWritten { class, .. }
        | Fact::ClassReady { class }
        | Fact::ClassNotReady { class, .. }
        | Fact::ClassRefused { class, .. }
        | Fact::ClassUnresolved { class, .. }
        | Fact::ClassInUse { class, .. }
        | Fact::ClassReleased { class } => About { class: Some(class), ..nothing },
        Fact::InstanceTerminating { instance }
        | Fact::OrphanTerminated { instance, .. }
        | Fact::NotOurs { instance } => About { instance: Some(instance.as_str()), ..nothing },
        Fact::Nominated { pod, .. }
        | Fact::Unschedulable { pod, .. }
        | Fact::PodIgnored { pod, .. }
        | Fact::Evicted { pod }
        | Fact::EvictionBlocked { pod, .. }
        | Fact::ForcedOut { pod, .. }
        | Fact::Held { pod } => About { pod: Some(pod.to_string()), ..nothing },
        _ => nothing,
    }
}

#[cfg(test)]
mod tests {
    use joiner_ports::{ClaimName, CommandId, InstanceId};

    use super::*;

    #[test]
    fn a_fact_is_called_as_in_the_code() {
        assert_eq!(name(&Fact::NoNodePools), "NoNodePools");
        assert_eq!(name(&Fact::Ticked { messages: 3 }), "Ticked");
    }

    #[test]
    fn a_line_carries_the_ids_of_what_it_is_about() {
        let claim = ClaimName::new("general-abc").unwrap();
        let instance = InstanceId::new("i-0abc").unwrap();
        let launched = Fact::Launched {
            claim: claim.clone(),
            instance,
            instance_type: "m5.large".into(),
            zone: "a".into(),
            capacity_type: joiner_core::model::CapacityType::Spot,
        };
        let expected = About { claim: Some("general-abc"), instance: Some("i-0abc"), ..About::default() };
        assert_eq!((about(&launched), level(&launched)), (expected, Level::INFO));
        let usable = Fact::ReplacementUsable { command: CommandId::new("c-1").unwrap(), claim };
        let expected = About { claim: Some("general-abc"), command: Some("c-1"), ..About::default() };
        assert_eq!(about(&usable), expected);
    }
}
