//! What does a deployment bring to the account? Queues with their dead letters and the table, as infra/template.yaml
//! has them, but with queues that give a failed message back within seconds.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;
use joiner_aws::Clients;
use joiner_ports::Duty;

use crate::setup_error::SetupError;

/// Seconds after which a message of a killed function is there again. In a deployment it is six times the time-out of
/// the function; a test does not wait for that.
const VISIBILITY_SECS: u32 = 6;
/// The same for the relay: longer than its longest invocation, or the place of a watcher would be given twice.
const RELAY_VISIBILITY_SECS: u32 = 30;
/// How often a message is tried.
const TRIES: u32 = 4;
const RELAY_TRIES: u32 = 2;
/// Most messages that one look at a queue shows.
const MOST_SHOWN: i32 = 10;
/// Name of the table.
pub const TABLE: &str = "joiner";

/// URLs of what was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plumbing {
    /// Queue of each duty.
    pub queues: BTreeMap<Duty, String>,
    /// Where its messages end that cannot be handled.
    pub dead_letters: BTreeMap<Duty, String>,
}

/// Makes queues and table.
///
/// # Errors
/// A call is refused.
pub async fn lay(clients: &Clients) -> Result<Plumbing, SetupError> {
    table(clients).await?;
    let (mut queues, mut dead_letters) = (BTreeMap::new(), BTreeMap::new());
    for duty in Duty::ALL {
        let dead = queue(clients, &format!("joiner-{}-dead-letters", duty.as_str()), &[]).await?;
        let arn = arn(clients, &dead).await?;
        let relays = duty == Duty::Relay;
        let (visibility, tries) =
            if relays { (RELAY_VISIBILITY_SECS, RELAY_TRIES) } else { (VISIBILITY_SECS, TRIES) };
        let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{tries}}}"#);
        let attributes = [
            (QueueAttributeName::VisibilityTimeout, visibility.to_string()),
            (QueueAttributeName::RedrivePolicy, redrive),
        ];
        let live = queue(clients, &format!("joiner-{}", duty.as_str()), &attributes).await?;
        queues.insert(duty, live);
        dead_letters.insert(duty, dead);
    }
    Ok(Plumbing { queues, dead_letters })
}

async fn queue(
    clients: &Clients,
    name: &str,
    attributes: &[(QueueAttributeName, String)],
) -> Result<String, SetupError> {
    let mut call = clients.sqs().create_queue().queue_name(name);
    for (key, value) in attributes {
        call = call.attributes(key.clone(), value);
    }
    let made = call.send().await.map_err(|e| SetupError::because(format!("making the queue {name}"), &e))?;
    made.queue_url.ok_or_else(|| SetupError::new(format!("the queue {name} has no URL")))
}

async fn arn(clients: &Clients, queue: &str) -> Result<String, SetupError> {
    let call = clients.sqs().get_queue_attributes().queue_url(queue);
    let answer = call.attribute_names(QueueAttributeName::QueueArn).send().await;
    let answer = answer.map_err(|e| SetupError::because(format!("looking at the queue {queue}"), &e))?;
    let arn = answer.attributes.and_then(|all| all.get(&QueueAttributeName::QueueArn).cloned());
    arn.ok_or_else(|| SetupError::new(format!("the queue {queue} has no ARN")))
}

async fn table(clients: &Clients) -> Result<(), SetupError> {
    let fault = |e: &dyn std::error::Error| SetupError::because("making the table", e);
    let mut call =
        clients.dynamodb().create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let attribute =
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        call = call.key_schema(key.map_err(|e| fault(&e))?);
        call = call.attribute_definitions(attribute.build().map_err(|e| fault(&e))?);
    }
    call.send().await.map_err(|e| fault(&e))?;
    Ok(())
}

/// Bodies among the dead letters of a duty: as many as one look shows, and they stay there.
///
/// # Errors
/// The queue does not answer.
pub async fn dead_letters(
    clients: &Clients,
    plumbing: &Plumbing,
    duty: Duty,
) -> Result<Vec<String>, SetupError> {
    let queue = &plumbing.dead_letters[&duty];
    let call = clients.sqs().receive_message().queue_url(queue).max_number_of_messages(MOST_SHOWN);
    let answer = call.visibility_timeout(0).send().await;
    let answer = answer.map_err(|e| SetupError::because(format!("looking at the queue {queue}"), &e))?;
    Ok(answer.messages.unwrap_or_default().into_iter().filter_map(|message| message.body).collect())
}
