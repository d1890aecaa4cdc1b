//! A plan as a few lines.

use joiner_core::model::{NamespacedName, Snapshot, keys};
use joiner_core::scheduling::plan::{Plan, ProposedClaim};

use super::expression::show;

/// `pool type: pods {what is fixed}` per new machine, `node: pods`, then `fail:`, `ignored:` and `skip:`.
pub(crate) fn plan(plan: &Plan, world: &Snapshot) -> Vec<String> {
    let mut lines: Vec<String> = plan.claims.iter().map(|c| claim(c, world)).collect();
    lines.extend(plan.existing.iter().map(|(node, pods)| format!("{node}: {}", names(pods))));
    let mut list = |what: &str, mut all: Vec<String>| {
        all.sort();
        if !all.is_empty() {
            lines.push(format!("{what}: {}", all.join(" ")));
        }
    };
    list("fail", plan.unschedulable.iter().map(|u| u.pod.name.to_string()).collect());
    list("ignored", plan.ignored.iter().map(|i| i.pod.name.to_string()).collect());
    list("skip", plan.skipped_pools.iter().map(|s| s.node_pool.to_string()).collect());
    lines
}

fn names(pods: &[NamespacedName]) -> String {
    let names: Vec<&str> = pods.iter().map(|p| &*p.name).collect();
    names.join(" ")
}

/// Requirements that every claim has are left out.
fn claim(claim: &ProposedClaim, world: &Snapshot) -> String {
    let class = world
        .node_pools
        .iter()
        .find(|p| p.name == claim.node_pool)
        .map_or_else(String::new, |p| p.template.node_class.label_key());
    let usual = [keys::NODE_POOL, keys::REGISTERED, keys::INITIALIZED, &class];
    let fixed: Vec<String> =
        claim.requirements.iter().filter(|r| !usual.contains(&r.key.as_str())).map(show).collect();
    let fixed = if fixed.is_empty() { String::new() } else { format!(" {{{}}}", fixed.join(" ")) };
    let cheapest = claim.instance_types.first().map_or("nothing", |t| t);
    format!("{} {cheapest}: {}{fixed}", claim.node_pool, names(&claim.pods))
}
