//! Texts of settings into values: numbers, durations as Go writes them, choices, gates.

use jiff::SignedDuration;
use joiner_core::disruption::consolidation::ConsolidationMode;
use joiner_core::scheduling::plan::{MinValuesPolicy, PreferencePolicy};

/// Why a text is not the value: what is wrong, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Wrong { what: what.into(), remedy: remedy.into() }
    }
}

/// How cluster events are noticed between two ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventSource {
    /// A held watch.
    Watch,
    /// The audit log of the control plane.
    Audit,
    /// Ticks alone.
    Poll,
}

/// Least level of what is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What someone may have to look at.
    Warn,
    /// What was decided and done.
    Info,
    /// Why nothing was done.
    Debug,
    /// Every call.
    Trace,
}

/// Features that can be turned on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gates {
    pub(super) spot_to_spot: bool,
}

fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    let found = known.iter().find(|(name, _)| *name == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        Wrong::new("is not known", format!("write one of {}", names.join(", ")))
    })
}

pub(super) fn text(text: &str) -> Result<String, Wrong> {
    Ok(text.to_owned())
}

pub(super) fn event_source(text: &str) -> Result<EventSource, Wrong> {
    one_of(text, &[("watch", EventSource::Watch), ("audit", EventSource::Audit), ("poll", EventSource::Poll)])
}

pub(super) fn log_level(text: &str) -> Result<LogLevel, Wrong> {
    let known = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    one_of(text, &known)
}

pub(super) fn is_bus(text: &str) -> Result<bool, Wrong> {
    one_of(text, &[("bus", true), ("queues", false)])
}

pub(super) fn preference_policy(text: &str) -> Result<PreferencePolicy, Wrong> {
    one_of(text, &[("Respect", PreferencePolicy::Respect), ("Ignore", PreferencePolicy::Ignore)])
}

pub(super) fn min_values_policy(text: &str) -> Result<MinValuesPolicy, Wrong> {
    one_of(text, &[("Strict", MinValuesPolicy::Strict), ("BestEffort", MinValuesPolicy::BestEffort)])
}

pub(super) fn consolidation(text: &str) -> Result<ConsolidationMode, Wrong> {
    one_of(text, &[("several", ConsolidationMode::DEFAULT), ("reference", ConsolidationMode::Reference)])
}

pub(super) fn truth(text: &str) -> Result<bool, Wrong> {
    one_of(text, &[("true", true), ("false", false)])
}

pub(super) fn whole_number(text: &str) -> Result<u32, Wrong> {
    text.parse().map_err(|_| Wrong::new("is not a whole number", "write such as 0 or 1"))
}

/// A fraction in thousandths: the finest that the catalog takes.
pub(super) fn thousandths(text: &str) -> Result<u32, Wrong> {
    let wrong =
        || Wrong::new("is not a fraction from 0 to 1 with at most three decimals", "write such as 0.075");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let decimals = decimals.trim_end_matches('0');
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 3 {
        return Err(wrong());
    }
    let milli = format!("{whole}{decimals:0<3}").parse().map_err(|_| wrong())?;
    if milli > 1000 { Err(wrong()) } else { Ok(milli) }
}

/// A duration as Go writes it: `1m30s`, `1.5s`, `500ms`.
pub(super) fn duration(text: &str) -> Result<SignedDuration, Wrong> {
    let wrong = || Wrong::new("is not a duration", "write such as 1s, 1m30s or 500ms");
    let mut total = SignedDuration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (amount, tail) = rest.split_at(number);
        let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        let unit_nanos: i64 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" => 1_000,
            "ns" => 1,
            _ => return Err(wrong()),
        };
        let nanos = scaled(amount, unit_nanos).ok_or_else(wrong)?;
        total = total.checked_add(SignedDuration::from_nanos(nanos)).ok_or_else(wrong)?;
        rest = next;
    }
    Ok(total)
}

/// A decimal times a unit, without floats.
fn scaled(amount: &str, unit: i64) -> Option<i64> {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    let mut total = whole.parse::<i64>().ok().filter(|whole| *whole >= 0)?.checked_mul(unit)?;
    let mut part = unit;
    for digit in decimals.chars() {
        part /= 10;
        total = total.checked_add(i64::from(digit.to_digit(10)?).checked_mul(part)?)?;
    }
    Some(total)
}

/// Gates as the peer writes them (api 1.8). A gate that is on here whatever is written, or not built yet, may only
/// be given its own value: nothing is promised that does not hold.
pub(super) fn gates(text: &str) -> Result<Gates, Wrong> {
    const FIXED: [(&str, bool); 5] = [
        ("NodeRepair", false),
        ("ReservedCapacity", true),
        ("NodeOverlay", false),
        ("StaticCapacity", false),
        ("CapacityBuffer", false),
    ];
    let mut gates = Gates { spot_to_spot: false };
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            Wrong::new(format!("has {part:?}, which has no value"), format!("write {part}=true"))
        })?;
        let is_on = truth(value)
            .map_err(|wrong| Wrong::new(format!("has {part:?}, whose value {}", wrong.what), wrong.remedy))?;
        if name == "SpotToSpotConsolidation" {
            gates.spot_to_spot = is_on;
        } else if let Some((_, fixed)) = FIXED.iter().find(|(known, _)| *known == name) {
            if is_on != *fixed {
                return Err(Wrong::new(
                    format!("has {part:?}, which this version does not offer"),
                    format!("write {name}={fixed} or leave it out"),
                ));
            }
        } else {
            let names: Vec<&str> =
                FIXED.iter().map(|(known, _)| *known).chain(["SpotToSpotConsolidation"]).collect();
            return Err(Wrong::new(
                format!("has the unknown gate {name:?}"),
                format!("known are {}", names.join(", ")),
            ));
        }
    }
    Ok(gates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let millis = |text| duration(text).map(|duration| duration.as_millis());
        for (text, expected) in
            [("1s", 1_000), ("1m30s", 90_000), ("1.5s", 1_500), ("500ms", 500), ("1h", 3_600_000)]
        {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        for text in ["", "1", "s", "1x", "-1s", "1s2", "1.2.3s"] {
            assert_eq!(millis(text).unwrap_err().what, "is not a duration", "{text}");
        }
    }

    #[test]
    fn fractions_are_read_to_the_thousandth() {
        for (text, milli) in [("0.075", 75), ("0", 0), ("1", 1000), ("0.1", 100), ("0.0750", 75)] {
            assert_eq!(thousandths(text), Ok(milli), "{text}");
        }
        for text in ["", ".5", "7.5", "0.0001", "-1", "a", "1.001"] {
            assert!(thousandths(text).is_err_and(|wrong| wrong.remedy == "write such as 0.075"), "{text}");
        }
    }

    #[test]
    fn gates_that_are_not_offered_are_refused_and_known_ones_taken() {
        assert_eq!(gates(""), Ok(Gates { spot_to_spot: false }));
        let known = "NodeRepair=false,ReservedCapacity=true,SpotToSpotConsolidation=true";
        assert_eq!(gates(known), Ok(Gates { spot_to_spot: true }));
        for (text, what) in [
            ("NodeOverlay=true", "has \"NodeOverlay=true\", which this version does not offer"),
            ("Nodeoverlay=true", "has the unknown gate \"Nodeoverlay\""),
            ("SpotToSpotConsolidation", "has \"SpotToSpotConsolidation\", which has no value"),
            ("NodeRepair=yes", "has \"NodeRepair=yes\", whose value is not known"),
        ] {
            assert_eq!(gates(text).unwrap_err().what, what);
        }
    }
}
