//! The contract over DynamoDB as it is spoken: the adapter, the SDK, the wire double and moto's DynamoDB.
//!
//! moto checks conditions and transactions as DynamoDB does, and cuts long answers into pages. It does not keep the
//! tokens of transactions: that a transaction whose answer was lost is not refused when it is sent again is up to
//! DynamoDB, given that both requests carry one token; so here the token is looked at.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use joiner_aws::store::{PARTITION_KEY, SORT_KEY};
use joiner_aws::{AwsAccess, Clients, Credentials, DynamoStore};
use joiner_ports::{ClusterName, Fence, LeaseAnswer, Store};
use joiner_wires::RunFolder;
use joiner_wires::double::{WireDouble, WireFault};
use joiner_wires::moto::Moto;

use super::rows::{at, intent};
use super::{Refusal, StoreGround, every_claim, refusal, take};

const TABLE: &str = "joiner";

/// An account with the table.
struct TableGround {
    double: WireDouble,
    clients: Arc<Clients>,
    _moto: Moto,
    _folder: RunFolder,
}

impl TableGround {
    async fn open() -> Self {
        let folder = RunFolder::new("store").expect("a folder");
        let moto = Moto::start(&folder).await.expect("moto starts");
        let double = WireDouble::start(moto.address()).await.expect("the double starts");
        let settings = AwsAccess {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(double.url()),
            credentials: Some(Credentials::new("test", "test", None, None, "test")),
        };
        let clients = Arc::new(Clients::connect(&settings).await);
        create_table(&clients).await;
        TableGround { double, clients, _moto: moto, _folder: folder }
    }

    fn store(&self, cluster: &str) -> DynamoStore {
        let cluster = ClusterName::new(cluster).expect("a name");
        DynamoStore::new(Arc::clone(&self.clients), TABLE, cluster)
    }
}

async fn create_table(clients: &Clients) {
    let mut call =
        clients.dynamodb().create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [(PARTITION_KEY, KeyType::Hash), (SORT_KEY, KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        let attribute = attribute.attribute_type(ScalarAttributeType::S).build().expect("an attribute");
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
        call = call.attribute_definitions(attribute).key_schema(key);
    }
    call.send().await.expect("a table");
}

#[tokio::test]
async fn dynamodb_keeps_the_contract() {
    let table = TableGround::open().await;
    macro_rules! run {
        ($part:ident::$claim:ident) => {
            run!(@ super::$part::$claim, stringify!($claim));
        };
        ($claim:ident) => {
            run!(@ super::$claim, stringify!($claim));
        };
        (@ $claim:path, $name:expr) => {
            // The neighbour's name begins with the other's, which must not be enough to share anything.
            let name = &$name[..$name.len().min(90)];
            let (store, neighbour) = (table.store(name), table.store(&format!("{name}-2")));
            $claim(&StoreGround { store, neighbour }).await;
        };
    }
    every_claim!(run);
}

// behaviour: store/lost-answer-of-a-lease-is-recognised
#[tokio::test]
async fn a_lease_whose_answer_was_lost_is_held_at_the_second_attempt() {
    let table = TableGround::open().await;
    let store = table.store("prod");
    table.double.fail_next("dynamodb:UpdateItem", WireFault::AnswerLost, 1);
    let lease = take(&store, 10, 60).await;
    assert_eq!((lease.fence, lease.expires_at), (Fence(1), at(70)));
    assert_eq!(updates(&table), 2);
    // Another process, and another call of the same one, are not taken for that attempt.
    for asking in [&store, &table.store("prod")] {
        let answer = asking.acquire(at(11), 60).await.expect("an answer");
        assert_eq!(answer, LeaseAnswer::Taken { until: at(70) });
    }
}

#[tokio::test]
async fn a_wake_whose_answer_was_lost_is_still_to_be_sent() {
    let table = TableGround::open().await;
    let store = table.store("prod");
    table.double.fail_next("dynamodb:UpdateItem", WireFault::AnswerLost, 1);
    assert!(store.note_wake("claim/a", at(100), at(50)).await.expect("an answer"));
    assert_eq!(updates(&table), 2);
    assert!(!store.note_wake("claim/a", at(100), at(50)).await.expect("an answer"));
}

fn updates(table: &TableGround) -> usize {
    table.double.actions().iter().filter(|action| *action == "dynamodb:UpdateItem").count()
}

#[tokio::test]
async fn a_transaction_is_sent_again_under_its_own_token() {
    let table = TableGround::open().await;
    let store = table.store("prod");
    let lease = take(&store, 10, 60).await;
    table.double.forget_calls();
    table.double.fail_next("dynamodb:TransactWriteItems", WireFault::AnswerLost, 1);
    // DynamoDB would say that it is done; moto, which forgets tokens, sees the intent of the first attempt.
    let answer = store.commit_intents(lease.fence, &[intent("general-a")]).await;
    assert_eq!(refusal(answer), Refusal::Conflict("the intent of general-a".to_owned()));
    let tokens: Vec<String> = table.double.calls().iter().map(|call| token(&call.body)).collect();
    assert_eq!(tokens.len(), 2);
    assert!(!tokens[0].is_empty() && tokens[0] == tokens[1], "{tokens:?}");
    assert_eq!(store.open_intents().await.expect("intents"), [intent("general-a")]);
}

fn token(body: &[u8]) -> String {
    let request: serde_json::Value = serde_json::from_slice(body).expect("a request");
    request["ClientRequestToken"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_unavailable_and_says_why() {
    let table = TableGround::open().await;
    let store = table.store("prod");
    table.double.fail_next("dynamodb:UpdateItem", WireFault::Throttled, 10);
    assert_eq!(refusal(store.acquire(at(10), 60).await), Refusal::Unavailable);
    assert_eq!(updates(&table), 3, "the queue retries, not the client");
    let elsewhere =
        DynamoStore::new(Arc::clone(&table.clients), "nothing", ClusterName::new("prod").expect("a name"));
    let failure = elsewhere.window().await.expect_err("there is no such table");
    let mut causes = std::iter::successors(std::error::Error::source(&failure), |cause| cause.source());
    assert!(causes.any(|cause| cause.to_string().contains("ResourceNotFound")), "{failure:?}");
}
