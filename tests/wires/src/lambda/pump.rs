//! Queues delivered to functions, as Lambda's event source mapping does it: batches, answers for parts of them,
//! redelivery after the visibility time-out, and the dead-letter queue by the queue's own redrive policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use joiner_aws::Clients;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::function::LambdaFunction;
use super::sqs_event::{self, Received};
use crate::setup_error::SetupError;

/// How long an empty queue is left alone.
const PAUSE: Duration = Duration::from_millis(50);

/// A queue and the function it feeds.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// URL of the queue.
    pub queue_url: String,
    /// The function.
    pub function: LambdaFunction,
    /// Most messages of a batch, 1 to 10.
    pub batch_size: i32,
    /// Most batches at a time.
    pub concurrency: usize,
}

/// Deliveries going on. Dropping it stops them where they are.
#[derive(Debug)]
pub struct Pump {
    tasks: JoinSet<()>,
    stopping: Arc<AtomicBool>,
}

impl Pump {
    /// Starts to deliver.
    pub fn start(clients: &Arc<Clients>, mappings: Vec<Mapping>) -> Self {
        let mut tasks = JoinSet::new();
        let stopping = Arc::new(AtomicBool::new(false));
        for mapping in mappings {
            tasks.spawn(poll(Arc::clone(clients), Arc::new(mapping), Arc::clone(&stopping)));
        }
        Pump { tasks, stopping }
    }

    /// Takes no more messages, and waits until those in hand are dealt with.
    pub async fn stop(mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn poll(clients: Arc<Clients>, mapping: Arc<Mapping>, stopping: Arc<AtomicBool>) {
    let slots = Arc::new(Semaphore::new(mapping.concurrency));
    let mut deliveries = JoinSet::new();
    while !stopping.load(Ordering::Relaxed) {
        while deliveries.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let batch = match receive(&clients, &mapping).await {
            Ok(batch) => batch,
            Err(error) => {
                eprintln!("{}: {error}", mapping.queue_url);
                Vec::new()
            }
        };
        if batch.is_empty() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let (clients, mapping) = (Arc::clone(&clients), Arc::clone(&mapping));
        deliveries.spawn(async move {
            deliver(&clients, &mapping, &batch).await;
            drop(slot);
        });
    }
    while deliveries.join_next().await.is_some() {}
}

async fn receive(clients: &Clients, mapping: &Mapping) -> Result<Vec<Received>, SetupError> {
    let received = clients
        .sqs()
        .receive_message()
        .queue_url(&mapping.queue_url)
        .max_number_of_messages(mapping.batch_size)
        .message_system_attribute_names("All".into())
        .send()
        .await
        .map_err(|e| SetupError::because("receiving messages", &e))?;
    let messages = received.messages.unwrap_or_default().into_iter().map(|message| Received {
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        attributes: message
            .attributes
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.as_str().to_owned(), value))
            .collect(),
    });
    Ok(messages.collect())
}

/// What failed stays in the queue, and comes again when its visibility time-out is over.
async fn deliver(clients: &Clients, mapping: &Mapping, batch: &[Received]) {
    let event = sqs_event::event(&mapping.queue_url, batch);
    let Ok(answer) = mapping.function.invoke(&event).await else { return };
    for message in sqs_event::handled(&answer, batch) {
        let deleted =
            clients.sqs().delete_message().queue_url(&mapping.queue_url).receipt_handle(&message.receipt);
        if let Err(error) = deleted.send().await {
            eprintln!("{}", SetupError::because(format!("deleting {}", message.id), &error));
        }
    }
}
