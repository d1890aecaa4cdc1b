//! Is the deployment whole, and is there something to boot?

use super::unknown;
use crate::doctor::check::{Check, Judgement};
use crate::doctor::facts::{Facts, Looked, QueueFact, TableFact};

/// Whether the audit log is written, which one of three sources of events needs.
pub(super) fn audit_log(facts: &Facts) -> Option<Check> {
    let Ok(Ok(cluster)) = &facts.cluster else { return None };
    Some(if cluster.has_audit_log {
        Check::ok("audit log", "written")
    } else {
        let remedy = "needed with JOINER_EVENT_SOURCE=audit only: turn on the audit log of the control plane";
        Check::new("audit log", Judgement::Warning, "not written", remedy)
    })
}

/// A check for each alias of a class.
pub(super) fn images(looked: &Looked<Vec<(String, Looked<Result<usize, String>>)>>) -> Vec<Check> {
    let aliases = match looked {
        Err(why) => return vec![unknown("images", why)],
        Ok(aliases) => aliases,
    };
    let each = aliases.iter().map(|(alias, looked)| {
        let name = format!("images of {alias}");
        match looked {
            Err(why) => unknown(name, why),
            Ok(Ok(count)) => Check::ok(name, format!("{count} published")),
            Ok(Err(why)) => {
                let remedy = "use an alias that is published for this Kubernetes version and region";
                Check::new(name, Judgement::Failure, why, remedy)
            }
        }
    });
    each.collect()
}

/// The table.
pub(super) fn table(name: &str, looked: &Looked<Option<TableFact>>) -> Check {
    let subject = format!("table {name}");
    let found = match looked {
        Err(why) => return unknown(subject, why),
        Ok(None) => {
            let remedy = "deploy the stack, or name its table with --table";
            return Check::new(subject, Judgement::Failure, "there is no such table", remedy);
        }
        Ok(Some(found)) => found,
    };
    if !found.has_our_keys {
        let remedy = "name the table of the stack with --table";
        return Check::new(subject, Judgement::Failure, "its keys are not ours", remedy);
    }
    if found.status != "ACTIVE" {
        let remedy = "wait until it is active";
        return Check::new(subject, Judgement::Failure, format!("it is {}", found.status), remedy);
    }
    Check::ok(subject, "active")
}

/// A queue with its dead letters.
pub(super) fn queue(queue: &QueueFact) -> Check {
    let subject = format!("queue {}", queue.name);
    let redrives = match &queue.redrives {
        Err(why) => return unknown(subject, why),
        Ok(None) => {
            let remedy = "deploy the stack, or name it with --stack";
            return Check::new(subject, Judgement::Failure, "there is no such queue", remedy);
        }
        Ok(Some(redrives)) => *redrives,
    };
    match (redrives, &queue.dead) {
        (_, Err(why)) => unknown(subject, why),
        (false, _) | (_, Ok(None)) => Check::new(
            subject,
            Judgement::Failure,
            "messages that fail go nowhere",
            "give it a queue of dead letters: deploy the stack again",
        ),
        (true, Ok(Some(0))) => Check::ok(subject, "no dead letters"),
        (true, Ok(Some(count))) => Check::new(
            subject,
            Judgement::Warning,
            format!("{count} dead letters"),
            "see why with joiner replay list, then joiner replay send",
        ),
    }
}
