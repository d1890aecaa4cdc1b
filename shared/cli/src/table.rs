//! The answer of `joiner plan` for people: machines first, then what fits on existing nodes, then every no.

use std::collections::BTreeMap;
use std::fmt::Write;

use joiner_core::model::{NamespacedName, ResourceName, keys};
use joiner_core::scheduling::plan::ProposedClaim;

use crate::plan::Planned;

/// Most pods that are named in one line.
const NAMED_PODS: usize = 5;

/// The whole answer.
pub fn text(planned: &Planned) -> String {
    let plan = &planned.plan;
    let mut text = String::new();
    if plan.claims.is_empty() {
        text.push_str("No machine is needed.\n");
    } else {
        text.push_str(&machines(&plan.claims));
        let total = plan.total_cheapest_price().usd_per_hour();
        let plural = if plan.claims.len() == 1 { "" } else { "s" };
        line(
            &mut text,
            &format!("{} machine{plural}, {total:.4} USD per hour at the cheapest", plan.claims.len()),
        );
        let bound = planned.lower_bound_usd_per_hour();
        line(&mut text, &format!("no packing of these pods costs less than {bound:.4} USD per hour"));
    }
    if !plan.existing.is_empty() {
        line(&mut text, "\nOn what is there already:");
        for (node, pods) in &plan.existing {
            line(&mut text, &format!("  {node}: {}", listed(pods)));
        }
    }
    let refused = plan.unschedulable.iter().map(|u| (u.why.to_string(), &u.pod));
    groups(&mut text, "Pods that fit nowhere:", refused);
    let ignored = plan.ignored.iter().map(|i| (i.why.join("; "), &i.pod));
    groups(&mut text, "Pods left out:", ignored);
    if !plan.skipped_pools.is_empty() {
        line(&mut text, "\nNodePools that took no part:");
        for skipped in &plan.skipped_pools {
            line(&mut text, &format!("  {}: {}", skipped.node_pool, skipped.why));
        }
    }
    text
}

fn line(text: &mut String, content: &str) {
    text.push_str(content);
    text.push('\n');
}

fn machines(claims: &[ProposedClaim]) -> String {
    let mut rows = vec![
        ["NODEPOOL", "USD/H", "CHEAPEST", "TYPES", "CAPACITY", "ZONES", "PODS", "CPU", "MEMORY"]
            .map(String::from),
    ];
    rows.extend(claims.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        line(&mut text, cells.join("  ").trim_end());
    }
    text
}

fn row(claim: &ProposedClaim) -> [String; 9] {
    let allowed = |key: &str| {
        let values = claim.requirements.get(key).map(|requirement| requirement.allowed.values());
        let values: Vec<&str> = values.into_iter().flatten().map(|value| &**value).collect();
        if values.is_empty() { "any".to_owned() } else { values.join(",") }
    };
    [
        claim.node_pool.to_string(),
        format!("{:.4}", claim.cheapest_price.usd_per_hour()),
        claim.instance_types.first().map_or_else(|| "-".to_owned(), |name| name.to_string()),
        claim.instance_types.len().to_string(),
        allowed(keys::CAPACITY_TYPE),
        allowed(keys::ZONE),
        claim.pods.len().to_string(),
        claim.requests.amount(&ResourceName::Cpu).to_string(),
        claim.requests.amount(&ResourceName::Memory).to_string(),
    ]
}

/// Pods under a common reason, the reason of most pods first.
fn groups<'p>(text: &mut String, title: &str, pods: impl Iterator<Item = (String, &'p NamespacedName)>) {
    let mut by_reason: BTreeMap<String, Vec<NamespacedName>> = BTreeMap::new();
    for (reason, pod) in pods {
        by_reason.entry(reason).or_default().push(pod.clone());
    }
    if by_reason.is_empty() {
        return;
    }
    line(text, &format!("\n{title}"));
    let mut groups: Vec<(String, Vec<NamespacedName>)> = by_reason.into_iter().collect();
    groups.sort_by_key(|(_, pods)| std::cmp::Reverse(pods.len()));
    for (reason, pods) in groups {
        line(text, &format!("  {}", listed(&pods)));
        line(text, &format!("    {reason}"));
    }
}

/// `3 pods (a, b, c)`; of many only the first are named.
fn listed(pods: &[NamespacedName]) -> String {
    let mut names: Vec<String> = pods.iter().map(NamespacedName::to_string).collect();
    names.sort();
    let plural = if names.len() == 1 { "" } else { "s" };
    let mut text =
        format!("{} pod{plural} ({}", names.len(), names[..names.len().min(NAMED_PODS)].join(", "));
    if let Some(more) = names.len().checked_sub(NAMED_PODS).filter(|more| *more > 0) {
        // Writing to a string cannot fail.
        let _ = write!(text, " and {more} more");
    }
    text.push(')');
    text
}
