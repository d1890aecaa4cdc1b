//! What tests call: a script, and the lines expected of the last of its rounds.

use std::collections::BTreeMap;

use joiner_core::model::{Labels, Snapshot};
use joiner_core::scheduling::plan::Plan;
use joiner_core::scheduling::solve;

use super::apply::apply;
use super::audit::audit;
use super::expression::key;
use super::{print, script};

/// Plays a script: `--` ends a round, whose plan comes true before the next begins. The plan of every round is
/// audited.
pub(crate) fn play(text: &str) -> (Snapshot, Plan) {
    let knobs = script::knobs(text);
    let mut world = script::world("");
    let mut rounds = text.split("\n--").map(|part| part.trim_start_matches('-')).peekable();
    loop {
        script::extend(&mut world, rounds.next().unwrap_or_default());
        let plan = solve(&world, &knobs);
        assert_eq!(audit(&world, &knobs, &plan), Vec::<String>::new(), "audit of {text}");
        if rounds.peek().is_none() {
            return (world, plan);
        }
        apply(&mut world, &plan);
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect()
}

/// Checks the plan of the last round.
#[track_caller]
pub(crate) fn check(text: &str, expected: &str) {
    let (world, plan) = play(text);
    assert_eq!(print::plan(&plan, &world), lines(expected), "{text}");
}

/// Checks why pods fit nowhere, are left out, and pools take no part: `name: reason`.
#[track_caller]
pub(crate) fn check_why(text: &str, expected: &str) {
    let (_, plan) = play(text);
    let failed = plan.unschedulable.iter().map(|u| format!("{}: {}", u.pod.name, u.why));
    let ignored = plan.ignored.iter().map(|i| format!("{}: {}", i.pod.name, i.why.join("; ")));
    let skipped = plan.skipped_pools.iter().map(|s| format!("{}: {}", s.node_pool, s.why));
    let said: Vec<String> = failed.chain(ignored).chain(skipped).collect();
    assert_eq!(said, lines(expected), "{text}");
}

/// Checks how many pods with the label `app` are in each domain after the last round, fewest first; domains without
/// any are left out. `host` counts machines.
#[track_caller]
pub(crate) fn check_skew(text: &str, (app, short): (&str, &str), expected: &[usize]) {
    let (mut world, plan) = play(text);
    apply(&mut world, &plan);
    let labels: BTreeMap<&str, &Labels> = world.nodes.iter().map(|n| (&*n.name, &n.labels)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in world.pods.iter().filter(|p| p.labels.get("app").is_some_and(|a| &**a == app)) {
        let node = pod.node_name.as_deref().filter(|_| !pod.is_terminal() && pod.deletion_at.is_none());
        if let Some(domain) = node.and_then(|n| labels.get(n)).and_then(|l| l.get(key(short))) {
            *counts.entry(domain).or_default() += 1;
        }
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, expected, "{text}");
}
