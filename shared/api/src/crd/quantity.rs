//! Quantities as manifests write them (`4`, `"500m"`, `"10Gi"`), kept exactly; and their value, exactly.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::patterns;

/// Amounts by resource name (`cpu`, `memory`, `nodes`, `nvidia.com/gpu` ...).
pub type ResourceAmounts = BTreeMap<String, QuantityText>;

/// A quantity that writes back the way it was read: a number stays a number, a text stays that text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QuantityText {
    /// Written as a number without quotes.
    Number(i64),
    /// Written as text.
    Text(String),
}

impl QuantityText {
    /// The quantity as text, whichever way it was written.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.as_str().into(),
        }
    }

    /// Value in nanos (10^-9 of the unit), rounded towards zero; none when the text is no quantity or is too big.
    pub fn nanos(&self) -> Option<i128> {
        quantity_nanos(&self.text())
    }
}

impl From<&str> for QuantityText {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Nano units in one unit.
const NANOS_PER_UNIT: i128 = 1_000_000_000;

fn quantity_nanos(text: &str) -> Option<i128> {
    if !patterns::is_quantity(text) {
        return None;
    }
    let number_end =
        text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(number_end);
    let (numerator, denominator) = multiplier(suffix)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let places = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    digits.checked_mul(numerator)?.checked_div(denominator.checked_mul(places)?)
}

/// What one unit with this suffix is in nanos, as a fraction.
fn multiplier(suffix: &str) -> Option<(i128, i128)> {
    let binary = |power: u32| 1024_i128.pow(power).checked_mul(NANOS_PER_UNIT).map(|nanos| (nanos, 1));
    let decimal = |power: u32| 10_i128.checked_pow(power + 9).map(|nanos| (nanos, 1));
    match suffix {
        "n" => Some((1, 1)),
        "u" => Some((1_000, 1)),
        "m" => Some((1_000_000, 1)),
        "" => Some((NANOS_PER_UNIT, 1)),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => exponent(suffix),
    }
}

fn exponent(suffix: &str) -> Option<(i128, i128)> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    match u32::try_from(power + 9) {
        Ok(power) => 10_i128.checked_pow(power).map(|nanos| (nanos, 1)),
        Err(_) => 10_i128.checked_pow((power + 9).unsigned_abs()).map(|parts| (1, parts)),
    }
}

impl JsonSchema for QuantityText {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"x-kubernetes-int-or-string": true, "pattern": patterns::QUANTITY})
    }
}
