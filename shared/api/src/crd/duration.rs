//! Durations as manifests write them: read into seconds at the edge, written back as the same text.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::patterns;

/// The longest duration Go can hold, in seconds (about 292 years). Longer texts count as this long.
pub const LONGEST_DURATION_SECS: u64 = 9_223_372_036;

/// A duration text such as `1h30m` together with its length.
///
/// Two durations are equal when their lengths are, so that `24h` and `1440m` compare equal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DurationText {
    text: String,
    secs: u64,
}

/// A text that is not a duration in hours, minutes and seconds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration in h, m and s; write for example 1h30m")]
pub struct NotADuration(String);

impl DurationText {
    /// Reads `1h30m`; sums repeated units, stops at [`LONGEST_DURATION_SECS`].
    pub fn parse(text: &str) -> Result<Self, NotADuration> {
        let secs = total_secs(text).ok_or_else(|| NotADuration(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), secs: secs.min(LONGEST_DURATION_SECS) })
    }

    /// The duration of a number of seconds, written in seconds.
    pub fn from_secs(secs: u64) -> Self {
        let secs = secs.min(LONGEST_DURATION_SECS);
        Self { text: format!("{secs}s"), secs }
    }

    /// Length in seconds.
    pub fn secs(&self) -> u64 {
        self.secs
    }
}

fn total_secs(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut digits = None;
    for letter in text.chars() {
        let unit_secs = match letter {
            '0'..='9' => {
                let digit = u64::from(letter as u8 - b'0');
                digits = Some(digits.unwrap_or(0_u64).saturating_mul(10).saturating_add(digit));
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.saturating_add(digits.take()?.saturating_mul(unit_secs));
    }
    (digits.is_none() && !text.is_empty()).then_some(total)
}

impl PartialEq for DurationText {
    fn eq(&self, other: &Self) -> bool {
        self.secs == other.secs
    }
}

impl Eq for DurationText {}

impl TryFrom<String> for DurationText {
    type Error = NotADuration;

    fn try_from(text: String) -> Result<Self, NotADuration> {
        Self::parse(&text)
    }
}

impl From<DurationText> for String {
    fn from(duration: DurationText) -> Self {
        duration.text
    }
}

impl JsonSchema for DurationText {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": patterns::DURATION})
    }
}

/// A duration, or `Never`: the thing it delays does not happen at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DurationOrNever {
    /// Written `Never`.
    Never,
    /// Happens after this time.
    After(DurationText),
}

impl DurationOrNever {
    /// After this many seconds.
    pub fn after_secs(secs: u64) -> Self {
        Self::After(DurationText::from_secs(secs))
    }

    /// Length in seconds; none for `Never`.
    pub fn secs(&self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::After(duration) => Some(duration.secs()),
        }
    }
}

impl TryFrom<String> for DurationOrNever {
    type Error = NotADuration;

    fn try_from(text: String) -> Result<Self, NotADuration> {
        match text.as_str() {
            "Never" => Ok(Self::Never),
            _ => DurationText::try_from(text).map(Self::After),
        }
    }
}

impl From<DurationOrNever> for String {
    fn from(duration: DurationOrNever) -> Self {
        match duration {
            DurationOrNever::Never => "Never".to_owned(),
            DurationOrNever::After(duration) => duration.into(),
        }
    }
}

impl JsonSchema for DurationOrNever {
    fn schema_name() -> Cow<'static, str> {
        "DurationOrNever".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": patterns::DURATION_OR_NEVER})
    }
}
