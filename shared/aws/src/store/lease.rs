//! Who may decide for the cluster? One row that stays for good: its fence must go on growing after a release, so
//! neither a release nor the broom ever takes it away.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use joiner_ports::{Fence, Lease, LeaseAnswer, StoreError};

use super::row::{self, ATTEMPT, RowError, VALID_UNTIL};
use super::table::{Item, Kind, ONLY, Table, Written, write};

const FENCE: &str = "fence_no";
const ACQUIRED_AT: &str = "acquired_at";

fn read(item: &Item) -> Result<Lease, RowError> {
    Ok(Lease {
        fence: Fence(row::read_number(item, FENCE)?),
        acquired_at: row::read_moment(item, ACQUIRED_AT)?,
        expires_at: row::read_moment(item, VALID_UNTIL)?,
    })
}

/// Takes the lease if nobody holds it, or its term is over by the clock of whoever asks: a holder whose clock is
/// behind loses it early, which its fence makes harmless.
// behaviour: store/lease-passes-after-its-term
pub(super) async fn acquire(
    table: &Table,
    attempt: &str,
    now: Timestamp,
    term_secs: u32,
) -> Result<LeaseAnswer, StoreError> {
    let until = now.saturating_add(SignedDuration::from_secs(i64::from(term_secs))).unwrap_or(Timestamp::MAX);
    let update = table
        .update(Kind::Lease, ONLY)
        .update_expression(
            "SET fence_no = if_not_exists(fence_no, :zero) + :one, is_held = :yes, acquired_at = :now, \
             valid_until = :until, attempt_id = :attempt",
        )
        .condition_expression("attribute_not_exists(is_held) OR is_held = :no OR valid_until <= :now")
        .expression_attribute_values(":zero", row::number(0))
        .expression_attribute_values(":one", row::number(1))
        .expression_attribute_values(":yes", AttributeValue::Bool(true))
        .expression_attribute_values(":no", AttributeValue::Bool(false))
        .expression_attribute_values(":now", row::moment(now))
        .expression_attribute_values(":until", row::moment(until))
        .expression_attribute_values(":attempt", row::text(attempt));
    match write(update).await? {
        Written::Done(item) => Ok(LeaseAnswer::Held(read(&item)?)),
        // behaviour: store/lost-answer-of-a-lease-is-recognised
        Written::Refused(item) if row::read_text(&item, ATTEMPT) == Some(attempt) => {
            Ok(LeaseAnswer::Held(read(&item)?))
        }
        Written::Refused(item) => Ok(LeaseAnswer::Taken { until: read(&item)?.expires_at }),
    }
}

/// Gives the lease back, if the fence is the current one.
pub(super) async fn release(table: &Table, fence: Fence) -> Result<(), StoreError> {
    let update = table
        .update(Kind::Lease, ONLY)
        .update_expression("SET is_held = :no")
        .condition_expression("fence_no = :fence")
        .expression_attribute_values(":no", AttributeValue::Bool(false))
        .expression_attribute_values(":fence", row::number(fence.0));
    write(update).await.map(drop)
}

/// The part of a transaction that fails unless the fence holds. A lease past its term holds until another takes
/// it: the fence is what counts.
pub(super) fn check(table: &Table, fence: Fence) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table.name())
        .set_key(Some(table.key(Kind::Lease, ONLY)))
        .condition_expression("fence_no = :fence AND is_held = :yes")
        .expression_attribute_values(":fence", row::number(fence.0))
        .expression_attribute_values(":yes", AttributeValue::Bool(true))
        .build()
        .map_err(row::unavailable)?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}
