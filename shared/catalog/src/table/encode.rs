//! Writing the table.

use std::fmt::{Display, Write};

use super::decimal::price_text;
use super::{COLUMNS, MAGIC, VERSION, flag};
use crate::facts::{Catalog, TypeFacts, ZoneFacts};

/// The table of a catalog; the same catalog always gives the same text.
pub(crate) fn encode(catalog: &Catalog) -> String {
    let zones = catalog.zones.iter().map(|z| format!("{}={}", z.name, z.id.as_deref().unwrap_or("")));
    let mut text = format!(
        "{MAGIC}{VERSION}\t{}\t{}\t{}\n{}\n",
        catalog.region,
        catalog.recorded_on.as_deref().unwrap_or(""),
        zones.collect::<Vec<_>>().join(" "),
        COLUMNS.join("\t"),
    );
    for facts in &catalog.types {
        text.push_str(&row(facts).join("\t"));
        text.push('\n');
    }
    text
}

fn row(facts: &TypeFacts) -> [String; COLUMNS.len()] {
    [
        facts.name.to_string(),
        facts.vcpus.to_string(),
        facts.memory_mib.to_string(),
        facts.architecture.as_str().to_owned(),
        flags(facts),
        facts.hypervisor.to_string(),
        facts.cpu_manufacturer.to_string(),
        unless_zero(facts.clock_mhz),
        facts.ebs_mbps.map_or(String::new(), |mbps| mbps.to_string()),
        facts.network_mbps.map_or(String::new(), |mbps| mbps.to_string()),
        facts.local_storage_gb.map_or(String::new(), |gb| gb.to_string()),
        unless_zero(facts.ipv4_per_interface),
        network_cards(facts),
        unless_zero(facts.efa_interfaces),
        unless_zero(facts.branch_interfaces),
        list(&facts.gpus, |g| format!("{}:{}:{}:{}", g.count, g.manufacturer, g.name, g.memory_mib)),
        list(&facts.accelerators, |a| format!("{}:{}:{}", a.count, a.manufacturer, a.name)),
        list(&facts.neurons, |n| format!("{}:{}:{}", n.count, n.cores, n.name)),
        facts.on_demand_price.map_or(String::new(), price_text),
        facts.zones.iter().map(zone).collect::<Vec<_>>().join(","),
    ]
}

fn unless_zero(number: u32) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

fn list<T, D: Display>(entries: &[T], entry: impl Fn(&T) -> D) -> String {
    let mut text = String::new();
    for (index, device) in entries.iter().map(entry).enumerate() {
        let separator = if index == 0 { "" } else { ";" };
        write!(text, "{separator}{device}").expect("writing to a string cannot fail");
    }
    text
}

fn flags(facts: &TypeFacts) -> String {
    [
        (facts.on_demand, flag::ON_DEMAND),
        (facts.spot, flag::SPOT),
        (facts.encrypts_in_transit, flag::ENCRYPTS_IN_TRANSIT),
        (facts.enclaves, flag::ENCLAVES),
        (facts.nested_virtualization, flag::NESTED_VIRTUALIZATION),
        (facts.ena, flag::ENA),
        (facts.local_storage_nvme, flag::NVME),
    ]
    .into_iter()
    .filter_map(|(set, letter)| set.then_some(letter))
    .collect()
}

/// Interfaces per card, equal neighbours counted (`2x32`), after the default card where that is not the first.
fn network_cards(facts: &TypeFacts) -> String {
    let runs = facts.network_cards.chunk_by(|a, b| a == b).map(|run| match run.len() {
        1 => run[0].to_string(),
        many => format!("{}x{many}", run[0]),
    });
    let cards = runs.collect::<Vec<_>>().join(";");
    if facts.default_card == 0 { cards } else { format!("{}:{cards}", facts.default_card) }
}

fn zone(facts: &ZoneFacts) -> String {
    let price = facts.spot_price.map_or(String::new(), price_text);
    if facts.offered { price } else { format!("-{price}") }
}
