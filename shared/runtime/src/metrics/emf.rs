//! The form of a line that CloudWatch makes metrics of: values, and beside them which of the fields are metrics and
//! which are dimensions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use joiner_ports::ClusterName;
use serde_json::{Map, Value, json};

use super::table::{Metric, Unit};

/// Where the metrics are found.
pub const NAMESPACE: &str = "Joiner";
/// The first dimension of all.
pub const CLUSTER: &str = "cluster";
/// Most values of one metric in a line.
const MOST_VALUES: usize = 100;

/// One value of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// Values of the dimensions behind the cluster, in the order of the metric.
    pub dimensions: Vec<String>,
    /// Name of the metric.
    pub name: &'static str,
    /// The value: a number of things, or microseconds.
    pub value: u64,
}

impl Sample {
    /// A number of things.
    pub fn count(metric: Metric, dimensions: &[&str], value: usize) -> Self {
        Sample::of(metric, dimensions, value as u64)
    }

    /// A duration.
    pub fn duration(metric: Metric, dimensions: &[&str], value: std::time::Duration) -> Self {
        Sample::of(metric, dimensions, u64::try_from(value.as_micros()).unwrap_or(u64::MAX))
    }

    fn of(metric: Metric, dimensions: &[&str], value: u64) -> Self {
        debug_assert_eq!(metric.dimensions.len(), dimensions.len(), "{}", metric.name);
        Sample {
            dimensions: dimensions.iter().map(|value| (*value).to_owned()).collect(),
            name: metric.name,
            value,
        }
    }
}

/// Writes the samples of a cluster to standard output, which is where CloudWatch reads them.
pub fn write(cluster: &ClusterName, samples: Vec<Sample>, now: Timestamp) {
    for line in lines(cluster, samples, now) {
        println!("{line}");
    }
}

/// The lines of samples: one for each combination of dimensions. Counts are added up, durations listed.
pub fn lines(cluster: &ClusterName, samples: Vec<Sample>, now: Timestamp) -> Vec<Value> {
    let mut grouped: BTreeMap<
        (&'static [&'static str], Vec<String>),
        BTreeMap<&'static str, (Unit, Vec<u64>)>,
    > = BTreeMap::new();
    for Sample { dimensions, name, value } in samples {
        let Some(metric) = super::METRICS.iter().find(|metric| metric.name == name) else { continue };
        let group = grouped.entry((metric.dimensions, dimensions)).or_default();
        let (_, values) = group.entry(name).or_insert((metric.unit, Vec::new()));
        match metric.unit {
            Unit::Count if values.is_empty() => values.push(value),
            Unit::Count => values[0] += value,
            Unit::Seconds if values.len() < MOST_VALUES => values.push(value),
            Unit::Seconds => {}
        }
    }
    grouped
        .into_iter()
        .map(|((keys, values), metrics)| line(cluster, (keys, &values), &metrics, now))
        .collect()
}

fn line(
    cluster: &ClusterName,
    (keys, values): (&[&str], &[String]),
    metrics: &BTreeMap<&'static str, (Unit, Vec<u64>)>,
    now: Timestamp,
) -> Value {
    let mut fields = Map::new();
    fields.insert(CLUSTER.to_owned(), cluster.as_str().into());
    for (key, value) in keys.iter().zip(values) {
        fields.insert((*key).to_owned(), value.as_str().into());
    }
    for (name, (unit, values)) in metrics {
        let shown: Vec<Value> = values.iter().map(|value| number(*unit, *value)).collect();
        let shown = if let [one] = shown.as_slice() { one.clone() } else { shown.into() };
        fields.insert((*name).to_owned(), shown);
    }
    let dimensions: Vec<&str> = std::iter::once(CLUSTER).chain(keys.iter().copied()).collect();
    let listed: Vec<Value> =
        metrics.iter().map(|(name, (unit, _))| json!({"Name": name, "Unit": unit.as_str()})).collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": listed});
    fields.insert(
        "_aws".to_owned(),
        json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]}),
    );
    Value::Object(fields)
}

fn number(unit: Unit, value: u64) -> Value {
    match unit {
        Unit::Count => value.into(),
        Unit::Seconds => (std::time::Duration::from_micros(value).as_secs_f64()).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::table;

    #[test]
    fn samples_of_equal_dimensions_share_a_line() {
        let cluster = ClusterName::new("prod").unwrap();
        let now = Timestamp::from_second(1).unwrap();
        let samples = vec![
            Sample::count(table::HANDLED, &["tick"], 1),
            Sample::count(table::NODES_CREATED, &[], 2),
            Sample::count(table::NODES_CREATED, &[], 3),
            Sample::duration(table::HANDLING, &["tick"], Duration::from_millis(250)),
            Sample::duration(table::HANDLING, &["tick"], Duration::from_millis(500)),
        ];
        let nodes = json!({
            "cluster": "prod",
            "karpenter_nodes_created_total": 5,
            "_aws": {"Timestamp": 1000, "CloudWatchMetrics": [{
                "Namespace": "Joiner",
                "Dimensions": [["cluster"]],
                "Metrics": [{"Name": "karpenter_nodes_created_total", "Unit": "Count"}],
            }]},
        });
        let ticks = json!({
            "cluster": "prod",
            "kind": "tick",
            "joiner_message_duration_seconds": [0.25, 0.5],
            "joiner_messages_total": 1,
            "_aws": {"Timestamp": 1000, "CloudWatchMetrics": [{
                "Namespace": "Joiner",
                "Dimensions": [["cluster", "kind"]],
                "Metrics": [
                    {"Name": "joiner_message_duration_seconds", "Unit": "Seconds"},
                    {"Name": "joiner_messages_total", "Unit": "Count"},
                ],
            }]},
        });
        assert_eq!(lines(&cluster, samples, now), [nodes, ticks]);
    }

    #[test]
    fn every_metric_has_one_name_and_few_dimensions() {
        let names: std::collections::BTreeSet<&str> =
            table::METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), table::METRICS.len());
        assert!(
            table::METRICS
                .iter()
                .all(|metric| metric.dimensions.len() <= 2 && !metric.dimensions.contains(&CLUSTER))
        );
    }
}
