//! What is believed for a while: the batch window, what is not to be had, nominations, wakes, who watches.
//!
//! Whoever reads compares with its own `now`; what nobody believes any more is left to the broom.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use joiner_core::model::Unavailable;
use joiner_ports::{BatchWindow, Nomination, StoreError, UnavailableUntil};

use super::row::{self, ATTEMPT, VALID_UNTIL};
use super::table::{Item, Kind, ONLY, SORT_KEY, Table, Written, write};

/// Rows written at a time.
const AT_ONCE: usize = 16;
const FIRST_SEEN: &str = "first_seen";
const LAST_SEEN: &str = "last_seen";

fn read_window(item: &Item) -> Result<BatchWindow, StoreError> {
    let first_seen = row::read_moment(item, FIRST_SEEN)?;
    Ok(BatchWindow { first_seen, last_seen: row::read_moment(item, LAST_SEEN)? })
}

/// Opens the window or extends it. A sight older than the last one changes nothing.
pub(super) async fn note_pending(table: &Table, now: Timestamp) -> Result<BatchWindow, StoreError> {
    let update = table
        .update(Kind::Window, ONLY)
        .update_expression("SET first_seen = if_not_exists(first_seen, :now), last_seen = :now")
        .condition_expression("attribute_not_exists(last_seen) OR last_seen < :now")
        .expression_attribute_values(":now", row::moment(now));
    match write(update).await? {
        Written::Done(item) | Written::Refused(item) => read_window(&item),
    }
}

/// The window, if one is open.
pub(super) async fn window(table: &Table) -> Result<Option<BatchWindow>, StoreError> {
    table.get(Kind::Window, ONLY).await?.as_ref().map(read_window).transpose()
}

/// Closes the window if it is still as it was seen.
// behaviour: store/window-noted-again-stays-open
pub(super) async fn close_window(table: &Table, seen: BatchWindow) -> Result<(), StoreError> {
    let call = table.client().delete_item().table_name(table.name());
    let answer = call
        .set_key(Some(table.key(Kind::Window, ONLY)))
        .condition_expression("first_seen = :first AND last_seen = :last")
        .expression_attribute_values(":first", row::moment(seen.first_seen))
        .expression_attribute_values(":last", row::moment(seen.last_seen))
        .send()
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(failure)
            if failure.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
        {
            Ok(())
        }
        Err(failure) => Err(row::unavailable(failure)),
    }
}

/// A row that holds until a moment; one that holds longer already is left alone.
async fn believe(
    table: &Table,
    (kind, sort): (Kind, String),
    until: Timestamp,
    body: Option<AttributeValue>,
) -> Result<(), StoreError> {
    let mut change = "SET valid_until = :until, remove_after = :remove".to_owned();
    let mut update = table.update(kind, &sort);
    if let Some(body) = body {
        change.push_str(", body = :body");
        update = update.expression_attribute_values(":body", body);
    }
    let update = update
        .update_expression(change)
        .condition_expression("attribute_not_exists(valid_until) OR valid_until < :until")
        .expression_attribute_values(":until", row::moment(until))
        .expression_attribute_values(":remove", row::remove_after(until));
    write(update).await.map(drop)
}

/// Remembers what is not to be had. Its written form is its name, so that marking again finds the same row.
pub(super) async fn mark_unavailable(table: &Table, marks: &[UnavailableUntil]) -> Result<(), StoreError> {
    let rows = marks.iter().map(|mark| Ok((row::body(&mark.what)?, mark.until)));
    let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
    let writes = rows.into_iter().map(|(body, until)| {
        let name = body.as_s().cloned().unwrap_or_default();
        Ok(believe(table, (Kind::Unavailable, name), until, Some(body)))
    });
    stream::iter(writes).try_buffer_unordered(AT_ONCE).try_collect().await
}

/// What is not to be had, in order.
pub(super) async fn unavailable(table: &Table, now: Timestamp) -> Result<Vec<UnavailableUntil>, StoreError> {
    let rows = table.holding(Kind::Unavailable, now).await?;
    let read = |item: &Item| -> Result<UnavailableUntil, StoreError> {
        let what: Unavailable = row::read_body(item)?;
        Ok(UnavailableUntil { what, until: row::read_moment(item, VALID_UNTIL)? })
    };
    let mut held = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    held.sort_by(|a, b| a.what.cmp(&b.what));
    Ok(held)
}

/// Nominates nodes.
pub(super) async fn nominate(table: &Table, nominations: &[Nomination]) -> Result<(), StoreError> {
    let writes = nominations.iter().map(|nomination| {
        let row = (Kind::Nomination, nomination.node.as_ref().to_owned());
        Ok(believe(table, row, nomination.until, None))
    });
    stream::iter(writes.collect::<Vec<_>>()).try_buffer_unordered(AT_ONCE).try_collect().await
}

/// Nominations that hold, in order of node names.
pub(super) async fn nominations(table: &Table, now: Timestamp) -> Result<Vec<Nomination>, StoreError> {
    let rows = table.holding(Kind::Nomination, now).await?;
    let read = |item: &Item| -> Result<Nomination, StoreError> {
        let node: Arc<str> = row::read_text(item, SORT_KEY).unwrap_or_default().into();
        Ok(Nomination { node, until: row::read_moment(item, VALID_UNTIL)? })
    };
    rows.iter().map(read).collect()
}

/// Notes a message about something unless an earlier one that is still to come is noted.
pub(super) async fn note_wake(
    table: &Table,
    attempt: &str,
    (about, due_at): (&str, Timestamp),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let update = table
        .update(Kind::Wake, about)
        .update_expression("SET due_at = :due, remove_after = :remove, attempt_id = :attempt")
        .condition_expression("attribute_not_exists(due_at) OR due_at <= :now OR due_at > :due")
        .expression_attribute_values(":due", row::moment(due_at))
        .expression_attribute_values(":remove", row::remove_after(due_at))
        .expression_attribute_values(":attempt", row::text(attempt))
        .expression_attribute_values(":now", row::moment(now));
    match write(update).await? {
        Written::Done(_) => Ok(true),
        // The note is our own and its answer was lost: nobody has sent the message yet.
        Written::Refused(item) => Ok(row::read_text(&item, ATTEMPT) == Some(attempt)),
    }
}

/// Takes or keeps the right to watch.
pub(super) async fn hold_watch(
    table: &Table,
    holder: &str,
    now: Timestamp,
    term_secs: u32,
) -> Result<bool, StoreError> {
    let until = now.saturating_add(SignedDuration::from_secs(i64::from(term_secs))).unwrap_or(Timestamp::MAX);
    let update = table
        .update(Kind::Watch, ONLY)
        .update_expression("SET held_by = :holder, valid_until = :until, remove_after = :remove")
        .condition_expression("attribute_not_exists(held_by) OR held_by = :holder OR valid_until <= :now")
        .expression_attribute_values(":holder", row::text(holder))
        .expression_attribute_values(":until", row::moment(until))
        .expression_attribute_values(":remove", row::remove_after(until))
        .expression_attribute_values(":now", row::moment(now));
    Ok(matches!(write(update).await?, Written::Done(_)))
}
