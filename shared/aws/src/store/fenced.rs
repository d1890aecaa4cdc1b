//! Writes that happen only under the current lease: intents and commands, all or none.
//!
//! A transaction carries a token that the SDK makes once per call, so one whose answer was lost is not done twice
//! and its repetition is answered like the first (for ten minutes).

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use joiner_ports::{
    ClaimName, Command, Fence, IntentPhase, LaunchIntent, MAX_INTENTS_PER_COMMIT, StoreError,
};

use super::lease;
use super::row::{self, BODY};
use super::table::{Item, Kind, Table, Written, write};

/// Attribute of an intent whose claim exists: the UID of the claim. It stands for the phase in the body, so
/// that moving on is a change of one attribute.
const CLAIM_UID: &str = "claim_uid";

/// More intents than a transaction takes.
#[derive(Debug, thiserror::Error)]
#[error("{count} intents in one commit, at most {most} fit: commit them in parts")]
struct TooManyIntents {
    count: usize,
    most: usize,
}

fn put(table: &Table, item: Item, only_new: bool) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder().table_name(table.name()).set_item(Some(item));
    let put = if only_new { put.condition_expression("attribute_not_exists(pk)") } else { put };
    Ok(TransactWriteItem::builder().put(put.build().map_err(row::unavailable)?).build())
}

fn put_intent(table: &Table, intent: &LaunchIntent) -> Result<TransactWriteItem, StoreError> {
    let mut item = table.key(Kind::Intent, intent.claim.as_str());
    item.insert(BODY.to_owned(), row::body(intent)?);
    if let IntentPhase::Created { claim_uid } = &intent.phase {
        item.insert(CLAIM_UID.to_owned(), row::text(&**claim_uid));
    }
    put(table, item, true)
}

fn read_intent(item: &Item) -> Result<LaunchIntent, StoreError> {
    let mut intent: LaunchIntent = row::read_body(item)?;
    if let Some(claim_uid) = row::read_text(item, CLAIM_UID) {
        intent.phase = IntentPhase::Created { claim_uid: claim_uid.into() };
    }
    Ok(intent)
}

/// Writes intents and, if there is one, the command they belong to.
// behaviour: store/all-intents-or-none
pub(super) async fn commit(
    table: &Table,
    fence: Fence,
    command: Option<&Command>,
    intents: &[LaunchIntent],
) -> Result<(), StoreError> {
    let most = MAX_INTENTS_PER_COMMIT - usize::from(command.is_some());
    if intents.len() > most {
        return Err(row::unavailable(TooManyIntents { count: intents.len(), most }));
    }
    let mut parts = vec![lease::check(table, fence)?];
    for intent in intents {
        parts.push(put_intent(table, intent)?);
    }
    if let Some(command) = command {
        let mut item = table.key(Kind::Command, command.id.as_str());
        item.insert(BODY.to_owned(), row::body(command)?);
        parts.push(put(table, item, false)?);
    }
    let call = table.client().transact_write_items().set_transact_items(Some(parts));
    call.send().await.map_err(|failure| sort(failure, intents))?;
    Ok(())
}

/// Which of the conditions failed: the fence comes first, then the intents in order.
fn sort<R>(failure: SdkError<TransactWriteItemsError, R>, intents: &[LaunchIntent]) -> StoreError
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = failure.as_service_error()
    else {
        return row::unavailable(failure);
    };
    let failed = |reason: &aws_sdk_dynamodb::types::CancellationReason| {
        reason.code() == Some("ConditionalCheckFailed")
    };
    match canceled.cancellation_reasons().iter().position(failed) {
        // behaviour: store/stale-fence-loses
        Some(0) => StoreError::FenceLost,
        Some(at) => {
            let claim = intents.get(at - 1).map_or("", |intent| intent.claim.as_str());
            StoreError::Conflict(format!("the intent of {claim}"))
        }
        // Throttled, or another transaction touches the same rows just now.
        None => row::unavailable(failure),
    }
}

/// Every open intent, in order of claim names.
pub(super) async fn open_intents(table: &Table) -> Result<Vec<LaunchIntent>, StoreError> {
    table.all(Kind::Intent).await?.iter().map(read_intent).collect()
}

/// One open intent.
pub(super) async fn intent(table: &Table, claim: &ClaimName) -> Result<Option<LaunchIntent>, StoreError> {
    table.get(Kind::Intent, claim.as_str()).await?.as_ref().map(read_intent).transpose()
}

/// Notes the claim of an intent; the same UID again changes nothing.
pub(super) async fn intent_created(table: &Table, claim: &ClaimName, uid: &str) -> Result<(), StoreError> {
    let update = table
        .update(Kind::Intent, claim.as_str())
        .update_expression("SET claim_uid = :uid")
        .condition_expression(
            "attribute_exists(pk) AND (attribute_not_exists(claim_uid) OR claim_uid = :uid)",
        )
        .expression_attribute_values(":uid", row::text(uid));
    match write(update).await? {
        Written::Done(_) => Ok(()),
        Written::Refused(_) => Err(StoreError::Conflict(format!("the intent of {claim}"))),
    }
}

/// Every command in progress, in order of ids.
pub(super) async fn commands(table: &Table) -> Result<Vec<Command>, StoreError> {
    table.all(Kind::Command).await?.iter().map(|item| Ok(row::read_body(item)?)).collect()
}
