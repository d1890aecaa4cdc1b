//! The contract over SQS as it is spoken: the adapter, the SDK and moto. Time is real here, so delays are short.

use std::sync::Arc;
use std::time::Duration;

use joiner_aws::queue::dead_letters::{DeadLetter, DeadLetters};
use joiner_aws::queue::inbox::Inbox;
use joiner_aws::{AwsAccess, Clients, Credentials, EventBus, QueueUrls, SqsQueue};
use joiner_ports::{ClusterName, Delay, Duty, Envelope, Message, Queue};
use joiner_wires::RunFolder;
use joiner_wires::double::{WireDouble, WireFault};
use joiner_wires::moto::Moto;

use super::messages::one_of_each;
use super::{QueueGround, every_claim};

/// An account with a double in front of it.
struct Post {
    double: WireDouble,
    clients: Arc<Clients>,
    _moto: Moto,
    _folder: RunFolder,
}

impl Post {
    async fn open() -> Self {
        let folder = RunFolder::new("queue").expect("a folder");
        let moto = Moto::start(&folder).await.expect("moto starts");
        let double = WireDouble::start(moto.address()).await.expect("the double starts");
        let settings = AwsAccess {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(double.url()),
            credentials: Some(Credentials::new("test", "test", None, None, "test")),
        };
        let clients = Arc::new(Clients::connect(&settings).await);
        Post { double, clients, _moto: moto, _folder: folder }
    }

    async fn create(&self, name: &str) -> String {
        let made = self.clients.sqs().create_queue().queue_name(name).send().await.expect("a queue");
        made.queue_url.expect("its URL")
    }

    async fn ground(&self, name: &str) -> SqsGround {
        let mut urls = Vec::new();
        for duty in Duty::ALL {
            urls.push((duty, self.create(&format!("{name}-{}", duty.as_str())).await));
        }
        let inboxes = urls.iter().map(|(duty, url)| (*duty, Inbox::new(Arc::clone(&self.clients), url)));
        let inboxes = inboxes.collect();
        let urls: Arc<QueueUrls> = Arc::new(urls.into_iter().collect());
        SqsGround { queue: SqsQueue::new(Arc::clone(&self.clients), urls, cluster()), inboxes }
    }
}

fn cluster() -> ClusterName {
    ClusterName::new("prod").expect("a name")
}

struct SqsGround {
    queue: SqsQueue,
    inboxes: Vec<(Duty, Inbox)>,
}

impl QueueGround for SqsGround {
    type Queue = SqsQueue;
    type Handle = (Inbox, String);

    fn queue(&self) -> &SqsQueue {
        &self.queue
    }

    /// SQS hands out several at a time; all but the first go back at once.
    async fn take(&self) -> Option<((Inbox, String), Message)> {
        for (duty, inbox) in &self.inboxes {
            let mut batch = inbox.receive(0, 60).await.expect("an answer").into_iter();
            let Some(first) = batch.next() else { continue };
            for other in batch {
                inbox.hide(&other.receipt, 0).await.expect("it is there again");
            }
            let envelope: Envelope = serde_json::from_str(&first.body).expect("an envelope");
            assert_eq!((&envelope.cluster, envelope.message.duty()), (&cluster(), *duty));
            return Some(((inbox.clone(), first.receipt), envelope.message));
        }
        None
    }

    async fn done(&self, (inbox, receipt): (Inbox, String)) {
        inbox.delete(&receipt).await.expect("it is deleted");
    }

    async fn fail(&self, (inbox, receipt): (Inbox, String)) {
        inbox.hide(&receipt, 0).await.expect("it is there again");
    }

    async fn pass_millis(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

#[tokio::test]
async fn sqs_keeps_the_contract() {
    let post = Post::open().await;
    macro_rules! run {
        ($claim:ident) => {
            let name: String = stringify!($claim).chars().take(60).collect();
            super::$claim(&post.ground(&name).await).await;
        };
    }
    every_claim!(run);
}

#[tokio::test]
async fn a_message_carries_its_kind_and_cluster_for_filters() {
    let post = Post::open().await;
    let ground = post.ground("attributes").await;
    post.double.forget_calls();
    ground.queue.send(Message::Tick, Delay::from_secs(900)).await.expect("it is sent");
    let calls = post.double.calls();
    let sent: serde_json::Value = serde_json::from_slice(&calls[0].body).expect("a request");
    let attribute = |text: &str| serde_json::json!({ "DataType": "String", "StringValue": text });
    let expected = serde_json::json!({ "kind": attribute("tick"), "cluster": attribute("prod") });
    assert_eq!((&sent["MessageAttributes"], &sent["DelaySeconds"]), (&expected, &serde_json::json!(900)));
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_an_error() {
    let post = Post::open().await;
    let ground = post.ground("broken").await;
    post.double.fail_next("sqs:SendMessage", WireFault::Throttled, 10);
    let failure = ground.queue.send(Message::Tick, Delay::NONE).await.expect_err("it is not sent");
    assert_eq!(failure.to_string(), "the queue cannot be reached");
}

/// Dead letters and the inbox of the queue they came from.
async fn dead_letters(post: &Post, bodies: &[String]) -> (DeadLetters, Inbox) {
    let (dead, source) = (post.create("dead").await, post.create("source").await);
    for body in bodies {
        let sent = post.clients.sqs().send_message().queue_url(&dead).message_body(body).send().await;
        sent.expect("a dead letter");
    }
    let letters = DeadLetters::new(Arc::clone(&post.clients), &dead, &source);
    (letters, Inbox::new(Arc::clone(&post.clients), &source))
}

fn bodies() -> Vec<String> {
    let envelopes = one_of_each().into_iter().map(|message| Envelope { cluster: cluster(), message });
    envelopes.map(|envelope| serde_json::to_string(&envelope).expect("a text")).collect()
}

fn texts(letters: &[DeadLetter]) -> Vec<&str> {
    let mut texts: Vec<&str> = letters.iter().map(|letter| letter.body.as_str()).collect();
    texts.sort_unstable();
    texts
}

async fn arrived(inbox: &Inbox) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let batch = inbox.receive(0, 60).await.expect("an answer");
        if batch.is_empty() {
            bodies.sort();
            return bodies;
        }
        bodies.extend(batch.into_iter().map(|delivery| delivery.body));
    }
}

#[tokio::test]
async fn dead_letters_are_looked_at_and_stay() {
    let post = Post::open().await;
    let mut bodies = bodies();
    bodies.push("no envelope".to_owned());
    let (letters, _) = dead_letters(&post, &bodies).await;
    bodies.sort();
    for _ in 0..2 {
        let seen = letters.peek(100).await.expect("letters");
        assert_eq!(texts(&seen), bodies);
        let unreadable: Vec<&str> =
            seen.iter().filter(|l| l.envelope.is_none()).map(|l| l.body.as_str()).collect();
        assert_eq!(unreadable, ["no envelope"]);
    }
    assert_eq!(letters.peek(3).await.expect("letters").len(), 3);
}

#[tokio::test]
async fn dead_letters_go_back_one_by_one_or_all_together() {
    let post = Post::open().await;
    let mut bodies = bodies();
    let (letters, source) = dead_letters(&post, &bodies).await;
    let chosen = letters.peek(100).await.expect("letters")[0].clone();
    assert!(letters.redrive_one(&chosen.id).await.expect("it goes back"));
    assert!(!letters.redrive_one(&chosen.id).await.expect("it is gone"));
    assert_eq!(arrived(&source).await, std::slice::from_ref(&chosen.body));

    let thrown = letters.peek(100).await.expect("letters")[0].clone();
    assert!(letters.delete(&thrown.id).await.expect("it is thrown away"));
    assert_eq!(letters.redrive(100).await.expect("they go back"), bodies.len() - 2);
    bodies.retain(|body| *body != chosen.body && *body != thrown.body);
    bodies.sort();
    assert_eq!(arrived(&source).await, bodies);
    assert_eq!(letters.peek(100).await.expect("letters"), []);
}

#[tokio::test]
async fn hints_go_to_the_bus_in_as_few_calls_as_fit() {
    let post = Post::open().await;
    post.clients.eventbridge().create_event_bus().name("joiner").send().await.expect("a bus");
    post.double.forget_calls();
    let bus = EventBus::new(Arc::clone(&post.clients), "joiner", cluster());
    bus.publish(&one_of_each()).await.expect("they are taken");
    let calls = post.double.calls();
    let entries: Vec<serde_json::Value> = calls
        .iter()
        .flat_map(|call| {
            let request: serde_json::Value = serde_json::from_slice(&call.body).expect("a request");
            request["Entries"].as_array().cloned().unwrap_or_default()
        })
        .collect();
    assert_eq!((calls.len(), entries.len()), (2, 12));
    let first = serde_json::json!({
        "Source": "joiner",
        "DetailType": "Joiner Cluster Event",
        "EventBusName": "joiner",
        "Detail": r#"{"cluster":"prod","message":{"kind":"tick"}}"#,
    });
    assert_eq!(entries[0], first);
}
