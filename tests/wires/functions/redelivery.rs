//! What becomes of messages whose function is killed, or never handles them?

use std::sync::Arc;
use std::time::{Duration, Instant};

use joiner_aws::{AwsAccess, Clients, Credentials};
use joiner_ports::Duty;
use joiner_wires::lambda::{Mapping, Pump};
use joiner_wires::moto::Moto;

use crate::fixture::{Bench, lines};
use crate::{SWEEP, WEATHER};

const VISIBILITY_SECS: &str = "3";
const TRIES: u32 = 2;

/// A queue with a place for what is given up, both empty.
pub(crate) struct Queues {
    pub(crate) clients: Arc<Clients>,
    pub(crate) live: String,
    pub(crate) dead: String,
}

pub(crate) async fn clients(moto: &Moto) -> Arc<Clients> {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let settings = AwsAccess {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(moto.url()),
        credentials: Some(credentials),
    };
    Arc::new(Clients::connect(&settings).await)
}

impl Queues {
    async fn make(moto: &Moto, name: &str) -> Self {
        let clients = clients(moto).await;
        let sqs = clients.sqs();
        let dead =
            sqs.create_queue().queue_name(format!("{name}-dead")).send().await.unwrap().queue_url.unwrap();
        let redrive = format!(
            r#"{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:{name}-dead","maxReceiveCount":{TRIES}}}"#
        );
        let live = sqs
            .create_queue()
            .queue_name(name)
            .attributes("VisibilityTimeout".into(), VISIBILITY_SECS)
            .attributes("RedrivePolicy".into(), redrive)
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap();
        Queues { clients, live, dead }
    }

    async fn send(&self, body: &str) {
        self.clients.sqs().send_message().queue_url(&self.live).message_body(body).send().await.unwrap();
    }

    /// Bodies that were given up so far.
    async fn given_up(&self) -> Vec<String> {
        let taken = self.clients.sqs().receive_message().queue_url(&self.dead).max_number_of_messages(10);
        let messages = taken.send().await.unwrap().messages.unwrap_or_default();
        messages.into_iter().filter_map(|message| message.body).collect()
    }
}

/// Looks again and again until there is something to see.
async fn seen<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if let Some(seen) = look().await {
            return Some(seen);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_tried_as_often_as_the_queue_says_and_then_set_aside() {
    let bench = Bench::new("garbage").await;
    let moto = Moto::start(bench.folder()).await.unwrap();
    let queues = Queues::make(&moto, "interrupt").await;
    for body in [WEATHER, "garbage", WEATHER] {
        queues.send(body).await;
    }
    let interrupt = bench.function(Duty::Interrupt, &bench.silence());
    let mapping = Mapping {
        queue_url: queues.live.clone(),
        function: interrupt.clone(),
        batch_size: 10,
        concurrency: 1,
    };
    let pump = Pump::start(&queues.clients, vec![mapping]);
    let given_up = seen(Duration::from_secs(30), async || {
        Some(queues.given_up().await).filter(|bodies| !bodies.is_empty())
    });
    assert_eq!(given_up.await.unwrap(), ["garbage"]);
    pump.stop().await;
    let receives: Vec<String> =
        lines(&interrupt.output()).iter().map(|line| line["receives"].to_string()).collect();
    assert_eq!(receives, ["\"1\"", "\"2\""]);
}

// behaviour: runtime/a-killed-invocation-loses-no-message
#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_function_is_killed_comes_again() {
    let bench = Bench::new("killed").await;
    let moto = Moto::start(bench.folder()).await.unwrap();
    let queues = Queues::make(&moto, "lifecycle").await;
    queues.send(SWEEP).await;
    let lifecycle = bench.function(Duty::Lifecycle, &bench.silence());
    let mapping = Mapping {
        queue_url: queues.live.clone(),
        function: lifecycle.clone(),
        batch_size: 1,
        concurrency: 1,
    };
    let _pump = Pump::start(&queues.clients, vec![mapping]);
    let began = |times: u64| {
        let lifecycle = lifecycle.clone();
        seen(Duration::from_secs(30), async move || {
            let has_begun = lifecycle.invocations() == times && lifecycle.cold_starts().len() as u64 == times;
            has_begun.then_some(())
        })
    };
    began(1).await.unwrap();
    // The first is in the middle of a call that nobody answers.
    assert_eq!(lifecycle.kill(), 1);
    began(2).await.unwrap();
}
