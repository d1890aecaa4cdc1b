//! How are values written into attributes, and read back?
//!
//! A row that cannot be read is an error that names it: guessing would launch or forget machines.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use joiner_ports::{BoxError, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::table::{Item, PARTITION_KEY, SORT_KEY};

/// Attribute of rows whose value is a record: JSON.
pub(super) const BODY: &str = "body";
/// Attribute of rows that are believed for a while: until when.
pub(super) const VALID_UNTIL: &str = "valid_until";
/// Attribute that names the attempt that wrote a row, so that it knows its own work again.
pub(super) const ATTEMPT: &str = "attempt_id";

/// How long a row is kept after nobody believes it any more: far beyond what clocks differ by.
const BROOM_DELAY: SignedDuration = SignedDuration::from_hours(1);

/// A row that this version cannot read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the row {partition} {sort} of the table cannot be read at {attribute}; delete the row or run the version that wrote it"
)]
pub(super) struct RowError {
    partition: String,
    sort: String,
    attribute: String,
    source: Option<BoxError>,
}

impl From<RowError> for StoreError {
    fn from(error: RowError) -> Self {
        StoreError::Unavailable(Box::new(error))
    }
}

/// A call that failed, for want of an answer or of permission: again later, with the cause in the logs.
pub(super) fn unavailable(cause: impl Into<BoxError>) -> StoreError {
    StoreError::Unavailable(cause.into())
}

fn unreadable(item: &Item, attribute: &str, source: Option<BoxError>) -> RowError {
    let part = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let (partition, sort) = (part(PARTITION_KEY), part(SORT_KEY));
    RowError { partition, sort, attribute: attribute.to_owned(), source }
}

/// A text.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number.
pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A moment, in nanoseconds, so that nothing is lost and order is that of numbers.
pub(super) fn moment(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_nanosecond().to_string())
}

/// The moment after which the broom may take a row that holds until then.
pub(super) fn remove_after(until: Timestamp) -> AttributeValue {
    let after = until.saturating_add(BROOM_DELAY).unwrap_or(Timestamp::MAX);
    AttributeValue::N(after.as_second().to_string())
}

/// A record.
pub(super) fn body<T: Serialize>(record: &T) -> Result<AttributeValue, StoreError> {
    serde_json::to_string(record).map(AttributeValue::S).map_err(unavailable)
}

/// Reads a text, if the attribute is there.
pub(super) fn read_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// Reads a number.
pub(super) fn read_number(item: &Item, name: &str) -> Result<u64, RowError> {
    let value = item.get(name).and_then(|value| value.as_n().ok());
    value.and_then(|digits| digits.parse().ok()).ok_or_else(|| unreadable(item, name, None))
}

/// Reads a moment.
pub(super) fn read_moment(item: &Item, name: &str) -> Result<Timestamp, RowError> {
    let digits = item.get(name).and_then(|value| value.as_n().ok());
    let nanoseconds = digits.and_then(|digits| digits.parse().ok());
    nanoseconds
        .and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds).ok())
        .ok_or_else(|| unreadable(item, name, None))
}

/// Reads a record.
pub(super) fn read_body<T: DeserializeOwned>(item: &Item) -> Result<T, RowError> {
    let text = read_text(item, BODY).ok_or_else(|| unreadable(item, BODY, None))?;
    serde_json::from_str(text).map_err(|error| unreadable(item, BODY, Some(error.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(attributes: &[(&str, AttributeValue)]) -> Item {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn moments_come_back_to_the_nanosecond() {
        for text in ["2026-01-02T03:04:05.123456789Z", "1969-12-31T23:59:59.5Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(read_moment(&item(&[(VALID_UNTIL, moment(at))]), VALID_UNTIL).unwrap(), at);
        }
    }

    #[test]
    fn the_broom_comes_an_hour_after_the_last_reader() {
        let until = Timestamp::from_second(1_000).unwrap();
        assert_eq!(remove_after(until), AttributeValue::N("4600".to_owned()));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named_with_the_remedy() {
        let row =
            item(&[(PARTITION_KEY, text("cluster#prod#intent")), (SORT_KEY, text("a")), (BODY, text("{"))]);
        let error = read_body::<joiner_ports::LaunchIntent>(&row).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the row cluster#prod#intent a of the table cannot be read at body; \
             delete the row or run the version that wrote it"
        );
    }
}
