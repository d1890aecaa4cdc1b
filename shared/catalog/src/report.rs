//! Instance types as people and programs read them: the answer of `joiner types`.

use std::fmt::Write;

use joiner_core::model::{
    CapacityType, InstanceType, Operator, Price, Quantity, ResourceName, Resources, keys,
};
use serde_json::{Map, Value, json};

/// Every type by name with its capacity, what is left for pods, its labels, and the offerings that can be had.
/// Zero amounts, absent labels and empty lists are left out.
pub fn types_report(types: &[InstanceType]) -> Value {
    let entry = |instance_type: &InstanceType| {
        let mut entry = Map::new();
        entry.insert("allocatable".to_owned(), amounts(&instance_type.allocatable()));
        entry.insert("capacity".to_owned(), amounts(&instance_type.capacity));
        entry.insert("labels".to_owned(), labels(instance_type));
        let offerings = offerings(instance_type);
        if !offerings.is_empty() {
            entry.insert("offerings".to_owned(), offerings.into());
        }
        (instance_type.name.to_string(), Value::Object(entry))
    };
    Value::Object(types.iter().map(entry).collect())
}

fn amounts(resources: &Resources) -> Value {
    let entries = resources.iter().filter(|(_, amount)| !amount.is_zero());
    Value::Object(entries.map(|(name, amount)| (name.to_string(), json!(amount.to_string()))).collect())
}

fn labels(instance_type: &InstanceType) -> Value {
    let entry = |requirement: &joiner_core::model::Requirement| {
        let operator = requirement.allowed.operator();
        let values: Vec<&str> = requirement.allowed.values().iter().map(|value| &**value).collect();
        let text = format!("{} {}", operator.as_str(), values.join(","));
        (operator != Operator::DoesNotExist).then(|| (requirement.key.to_string(), json!(text)))
    };
    Value::Object(instance_type.requirements.iter().filter_map(entry).collect())
}

/// `capacity-type/zone/dollars`, sorted; six decimals, as prices are listed.
fn offerings(instance_type: &InstanceType) -> Vec<String> {
    let available = instance_type.offerings.iter().filter(|offering| offering.available);
    let mut texts: Vec<String> =
        available.map(|o| format!("{}/{}/{:.6}", o.capacity_type, o.zone, o.price.usd_per_hour())).collect();
    texts.sort();
    texts
}

/// One line per type: what pods get of it, where it can be had, and the lowest prices.
pub fn types_table(types: &[InstanceType]) -> String {
    let mut rows =
        vec![["TYPE", "ARCH", "CPU", "MEMORY", "PODS", "ZONES", "ON-DEMAND", "SPOT"].map(String::from)];
    rows.extend(types.iter().map(table_row));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", cells.join("  ").trim_end()).expect("writing to a string cannot fail");
    }
    text
}

fn table_row(instance_type: &InstanceType) -> [String; 8] {
    let left = instance_type.allocatable();
    let label = |key: &str| {
        let requirement = instance_type.requirements.get(key);
        requirement.and_then(|r| r.allowed.values().first()).map_or("-", |value| value).to_owned()
    };
    let mut zones: Vec<&str> =
        instance_type.offerings.iter().filter(|o| o.available).map(|o| &*o.zone).collect();
    zones.sort_unstable();
    zones.dedup();
    [
        instance_type.name.to_string(),
        label(keys::ARCH),
        left.amount(&ResourceName::Cpu).to_string(),
        mebibytes(left.amount(&ResourceName::Memory)),
        left.amount(&ResourceName::Pods).to_string(),
        if zones.is_empty() { "-".to_owned() } else { zones.join(",") },
        price_cell(lowest(instance_type, CapacityType::OnDemand)),
        price_cell(lowest(instance_type, CapacityType::Spot)),
    ]
}

/// Whole MiB, so that a column can be compared by eye.
fn mebibytes(memory: Quantity) -> String {
    format!("{}Mi", memory.units_ceil().div_euclid(1 << 20))
}

fn lowest(instance_type: &InstanceType, capacity_type: CapacityType) -> Option<Price> {
    let available =
        instance_type.offerings.iter().filter(|o| o.available && o.capacity_type == capacity_type);
    available.map(|offering| offering.price).min()
}

fn price_cell(price: Option<Price>) -> String {
    price.map_or("-".to_owned(), |price| format!("{:.4}", price.usd_per_hour()))
}
