//! Settings of a decision, as `--settings` gives them.

use std::fmt;

use jiff::Timestamp;
use joiner_core::model::{CapacityType, OfferingKey, Unavailable};
use joiner_core::scheduling::plan::{MinValuesPolicy, PreferencePolicy};
use serde_json::{Map, Value};

use super::documents::{Source, is_json};
use super::problem::{Place, Problem, ReadError, ReadErrors, each};
use super::{locate, yaml};

/// Keys of the file.
const KEYS: [&str; 6] =
    ["minValuesPolicy", "mode", "now", "preferencePolicy", "spotToSpotConsolidation", "unavailableOfferings"];

/// Keys of an offering.
const OFFERING_KEYS: [&str; 3] = ["capacityType", "instanceType", "zone"];

/// What is to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What to launch.
    Provision,
    /// What to take away.
    Disrupt,
}

/// Settings of a decision. What is absent keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanSettings {
    /// The moment of the decision; `None` is now.
    pub now: Option<Timestamp>,
    /// What to do with preferences of pods.
    pub preference_policy: PreferencePolicy,
    /// What to do when a flexibility floor cannot be met.
    pub min_values_policy: MinValuesPolicy,
    /// Whether spot nodes may be replaced by cheaper spot nodes.
    pub spot_to_spot_consolidation: bool,
    /// What is not to be had.
    pub unavailable: Vec<Unavailable>,
    /// What is to be decided, when the file says so.
    pub mode: Option<Mode>,
}

impl PlanSettings {
    /// Reads a settings file: one YAML or JSON object.
    ///
    /// # Errors
    /// Broken syntax, unknown keys and values, each with its remedy.
    pub fn read(source: &Source) -> Result<Self, ReadErrors> {
        let fail = |problem: Problem, line| {
            ReadErrors(vec![ReadError {
                place: Some(Place { file: source.name.clone(), document: 1, item: None, line }),
                object: None,
                field: Some(problem.path).filter(|path| !path.is_empty()),
                problem: problem.what,
                remedy: problem.remedy,
            }])
        };
        let value = parse(&source.text).map_err(|(problem, line)| fail(problem, line))?;
        let object = match value {
            Value::Object(object) => object,
            Value::Null => Map::new(),
            _ => return Err(fail(Problem::new("", "is not an object", "write keys and values"), None)),
        };
        settings(&object).map_err(|problem| fail(problem, None))
    }
}

fn parse(text: &str) -> Result<Value, (Problem, Option<usize>)> {
    let syntax = |what: String| Problem::new("", what, "correct the syntax");
    let from_json = |json: &str| {
        serde_json::from_str(json)
            .map_err(|e| (syntax(format!("cannot be read: {}", locate::message(&e))), Some(e.line())))
    };
    if is_json(text) {
        return from_json(text);
    }
    let documents =
        yaml::documents(text).map_err(|e| (syntax(format!("cannot be read: {}", e.message)), e.line))?;
    match documents.as_slice() {
        [] => Ok(Value::Null),
        [one] => from_json(&one.json),
        [_, second, ..] => {
            let problem = Problem::new("", "holds more than one document", "write one object");
            Err((problem, Some(second.line)))
        }
    }
}

fn settings(object: &Map<String, Value>) -> Result<PlanSettings, Problem> {
    only(object, &KEYS)?;
    let mut settings = PlanSettings::default();
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        match key.as_str() {
            "now" => settings.now = Some(moment(value)?),
            "preferencePolicy" => {
                let known = [("Respect", PreferencePolicy::Respect), ("Ignore", PreferencePolicy::Ignore)];
                settings.preference_policy = one_of(key, value, &known)?;
            }
            "minValuesPolicy" => {
                let known =
                    [("Strict", MinValuesPolicy::Strict), ("BestEffort", MinValuesPolicy::BestEffort)];
                settings.min_values_policy = one_of(key, value, &known)?;
            }
            "mode" => {
                let known = [("provision", Mode::Provision), ("disrupt", Mode::Disrupt)];
                settings.mode = Some(one_of(key, value, &known)?);
            }
            "spotToSpotConsolidation" => {
                let wrong =
                    || Problem::new(key, format!("{value} is neither true nor false"), "write true or false");
                settings.spot_to_spot_consolidation = value.as_bool().ok_or_else(wrong)?;
            }
            _ => {
                let wrong = || Problem::new(key, "is not a list", "write a list of offerings");
                let offerings = value.as_array().ok_or_else(wrong)?;
                settings.unavailable = each(offerings, offering).map_err(|p| p.under(key))?;
            }
        }
    }
    Ok(settings)
}

fn moment(value: &Value) -> Result<Timestamp, Problem> {
    let wrong =
        || Problem::new("now", format!("{value} is not a time"), "write such as 2026-01-31T12:00:00Z");
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)
}

fn one_of<T: Copy>(key: &str, value: &Value, known: &[(&str, T)]) -> Result<T, Problem> {
    let found = value.as_str().and_then(|text| known.iter().find(|(name, _)| *name == text));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        Problem::new(key, format!("{value} is not known"), format!("write {}", names.join(" or ")))
    })
}

fn offering(value: &Value) -> Result<Unavailable, Problem> {
    let object = value
        .as_object()
        .ok_or_else(|| Problem::new("", "is not an object", "write instanceType, zone and capacityType"))?;
    only(object, &OFFERING_KEYS)?;
    let text = |key: &str| {
        let found = object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        found.ok_or_else(|| Problem::missing(key, "write instanceType, zone and capacityType"))
    };
    let capacity_type = text("capacityType")?;
    Ok(Unavailable::Offering(OfferingKey {
        instance_type: text("instanceType")?.into(),
        zone: text("zone")?.into(),
        capacity_type: CapacityType::parse(capacity_type).ok_or_else(|| {
            let problem = format!("{capacity_type:?} is not known");
            Problem::new("capacityType", problem, "write on-demand, spot or reserved")
        })?,
    }))
}

/// Refuses keys that mean nothing, with the nearest that does.
fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), Problem> {
    let Some(unknown) = object.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    let nearest =
        known.iter().min_by_key(|name| strsim::levenshtein(&unknown.to_lowercase(), &name.to_lowercase()));
    let hint: &dyn fmt::Display = nearest.map_or(&"", |name| name);
    let remedy = format!("did you mean {hint}? Known keys: {}", known.join(", "));
    Err(Problem::new(unknown, "is not a known key", remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PlanSettings, String> {
        let source = Source { name: "s".into(), text: text.to_owned() };
        PlanSettings::read(&source).map_err(|errors| errors.to_string())
    }

    #[test]
    fn all_keys_are_read_from_yaml_and_json() {
        let yaml = "now: 2026-01-01T00:00:00Z\nmode: disrupt\npreferencePolicy: Ignore\nminValuesPolicy: BestEffort\nspotToSpotConsolidation: true\nunavailableOfferings:\n- {instanceType: m5.large, zone: us-east-1a, capacityType: spot}\n";
        let settings = read(yaml).unwrap();
        assert_eq!(settings.now, Some("2026-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(settings.preference_policy, PreferencePolicy::Ignore);
        assert_eq!(settings.min_values_policy, MinValuesPolicy::BestEffort);
        assert_eq!((settings.spot_to_spot_consolidation, settings.mode), (true, Some(Mode::Disrupt)));
        assert_eq!(settings.unavailable.len(), 1);
        assert_eq!(read("{\"mode\": \"provision\"}").unwrap().mode, Some(Mode::Provision));
        assert_eq!(read(""), Ok(PlanSettings::default()));
    }

    #[test]
    fn unknown_keys_and_values_are_refused_with_the_nearest() {
        for (text, error) in [
            (
                "preferencesPolicy: Ignore",
                "s: document 1: preferencesPolicy: is not a known key; did you mean preferencePolicy? Known keys: minValuesPolicy, mode, now, preferencePolicy, spotToSpotConsolidation, unavailableOfferings",
            ),
            ("mode: other", "s: document 1: mode: \"other\" is not known; write provision or disrupt"),
            ("now: today", "s: document 1: now: \"today\" is not a time; write such as 2026-01-31T12:00:00Z"),
            (
                "unavailableOfferings: [{instanceType: a, zone: b, capacityType: c}]",
                "s: document 1: unavailableOfferings[0].capacityType: \"c\" is not known; write on-demand, spot or reserved",
            ),
        ] {
            assert_eq!(read(text), Err(error.to_owned()), "{text}");
        }
    }
}
