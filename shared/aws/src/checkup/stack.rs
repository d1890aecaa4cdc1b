//! Are the table and the queues of a deployment there, and how do they stand?

use aws_sdk_dynamodb::types::KeyType;
use aws_sdk_sqs::types::QueueAttributeName;

use super::CheckupError;
use crate::Clients;
use crate::store::{PARTITION_KEY, SORT_KEY};

/// A table as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStand {
    /// Such as `ACTIVE`.
    pub status: String,
    /// Whether its keys are those the store writes.
    pub has_our_keys: bool,
}

/// A queue as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStand {
    /// Its URL.
    pub url: String,
    /// Messages that can be received now, about.
    pub waiting: u64,
    /// Where messages go that fail too often: what its redrive policy says, a JSON text.
    pub redrive_policy: Option<String>,
}

/// The table of that name; none if there is none.
///
/// # Errors
/// The question came to nothing.
pub async fn table(clients: &Clients, name: &str) -> Result<Option<TableStand>, CheckupError> {
    let answer = match clients.dynamodb().describe_table().table_name(name).send().await {
        Ok(answer) => answer,
        Err(error) => {
            return CheckupError::of("dynamodb:DescribeTable", error)
                .or_absent(&["ResourceNotFoundException"]);
        }
    };
    Ok(answer.table.map(|table| {
        let key = |kind: KeyType| {
            table.key_schema().iter().find(|key| *key.key_type() == kind).map(|key| key.attribute_name())
        };
        TableStand {
            status: table.table_status().map_or("UNKNOWN", |status| status.as_str()).to_owned(),
            has_our_keys: key(KeyType::Hash) == Some(PARTITION_KEY) && key(KeyType::Range) == Some(SORT_KEY),
        }
    }))
}

/// The queue of that name; none if there is none.
///
/// # Errors
/// A question that came to nothing.
pub async fn queue(clients: &Clients, name: &str) -> Result<Option<QueueStand>, CheckupError> {
    let absent = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
    let url = match clients.sqs().get_queue_url().queue_name(name).send().await {
        Ok(answer) => answer.queue_url.unwrap_or_default(),
        Err(error) => return CheckupError::of("sqs:GetQueueUrl", error).or_absent(&absent),
    };
    let call = clients.sqs().get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
    let answer = call.send().await.map_err(|error| CheckupError::of("sqs:GetQueueAttributes", error))?;
    let said = answer.attributes.unwrap_or_default();
    let waiting = said.get(&QueueAttributeName::ApproximateNumberOfMessages);
    Ok(Some(QueueStand {
        waiting: waiting.and_then(|count| count.parse().ok()).unwrap_or(0),
        redrive_policy: said.get(&QueueAttributeName::RedrivePolicy).cloned(),
        url,
    }))
}
