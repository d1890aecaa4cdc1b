//! What is promised of the catalog of EC2 alone: what it asks and when, what it does when nobody answers, and that it
//! derives the same machines from live answers as from the embedded table.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use joiner_aws::CatalogRefresh;
use joiner_aws::catalog::REFRESH_PERIOD;
use joiner_aws::store::{PARTITION_KEY, SORT_KEY};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{CapacityReservation, CapacityType, InstanceType, NodeClass};
use joiner_ports::{InstanceTypeError, InstanceTypeSource};
use joiner_wires::double::{ListedReservation, WireDouble, WireFault};

use super::account::{ClassAccount, catalog_of, class_in, connect};

/// More than the SDK tries.
const ALWAYS: usize = 10;
/// What a discovery asks, in the order of names.
const DISCOVERY: [&str; 5] = [
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSpotPriceHistory",
    "pricing:GetProducts",
    "pricing:GetProducts",
];

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("a time")
}

/// What was called since the last time, in order of names.
fn called(double: &WireDouble) -> Vec<String> {
    let mut actions = double.actions();
    double.forget_calls();
    actions.sort_unstable();
    actions
}

#[tokio::test]
async fn the_catalog_is_asked_for_once_and_shared_by_all_processes() {
    let account = ClassAccount::open("shared").await;
    let class = class_in(&["us-east-1a"]);
    account.double.forget_calls();

    let first = account.catalog();
    let types = first.of(&class, &[]).await.expect("types");
    let read_and_written = ["dynamodb:GetItem", "dynamodb:PutItem"];
    assert_eq!(called(&account.double), [&read_and_written[..], &DISCOVERY].concat());
    assert_eq!(*first.of(&class, &[]).await.expect("types"), *types);
    assert_eq!(called(&account.double), Vec::<String>::new(), "it is held in memory");

    let second = account.catalog();
    assert_eq!(*second.of(&class, &[]).await.expect("types"), *types);
    assert_eq!(called(&account.double), ["dynamodb:GetItem"], "a cold start reads one row");

    // behaviour: catalog/equal-questions-share-one-answer
    let [one, other] = [second.of(&class, &[]).await, second.of(&class, &[]).await].map(Result::unwrap);
    assert!(std::sync::Arc::ptr_eq(&one, &other));
}

// behaviour: catalog/a-young-catalog-is-not-asked-for-again
#[tokio::test]
async fn a_refresh_is_due_every_twelve_hours() {
    let account = ClassAccount::open("refresh").await;
    let catalog = account.catalog();
    let types = Catalog::embedded().types().len();
    let CatalogRefresh::Written { types: written } = catalog.refresh(now()).await.expect("a refresh") else {
        panic!("the first refresh is due")
    };
    assert!(written.abs_diff(types) < 60, "{written} types, {types} embedded");
    account.double.forget_calls();
    let early = now() + REFRESH_PERIOD - SignedDuration::from_secs(1);
    assert_eq!(catalog.refresh(early).await.expect("a refresh"), CatalogRefresh::NotDue);
    assert_eq!(called(&account.double), ["dynamodb:GetItem"]);
    let due = catalog.refresh(now() + REFRESH_PERIOD).await.expect("a refresh");
    assert_eq!(due, CatalogRefresh::Written { types: written });
}

/// Prices of one type by way of paying, in one zone.
fn prices(types: &[InstanceType], name: &str) -> BTreeMap<&'static str, f64> {
    let found = types.iter().find(|found| &*found.name == name).expect("the type");
    let here = found.offerings.iter().filter(|offering| &*offering.zone == "us-east-1a");
    here.map(|offering| (offering.capacity_type.as_str(), offering.price.usd_per_hour())).collect()
}

// behaviour: catalog/a-price-lasts-until-there-is-a-newer-one
#[tokio::test]
async fn without_a_price_list_earlier_prices_stand() {
    let account = ClassAccount::open("prices").await;
    let class = class_in(&["us-east-1a"]);
    let catalog = account.catalog();
    catalog.refresh(now()).await.expect("a refresh");
    let before = prices(&catalog.of(&class, &[]).await.expect("types"), "m5.large");
    assert_eq!(before, BTreeMap::from([("on-demand", 0.096), ("spot", 0.00001)]), "as the wire says");

    for action in ["pricing:GetProducts", "ec2:DescribeSpotPriceHistory"] {
        account.double.fail_next(action, WireFault::Throttled, ALWAYS);
    }
    let due = catalog.refresh(now() + REFRESH_PERIOD).await.expect("a refresh without prices");
    assert!(matches!(due, CatalogRefresh::Written { .. }), "{due:?}");
    assert_eq!(prices(&catalog.of(&class, &[]).await.expect("types"), "m5.large"), before);
}

// behaviour: catalog/list-prices-of-another-region-are-better-than-none
#[tokio::test]
async fn before_any_price_is_known_list_prices_stand_for_all() {
    let account = ClassAccount::open("list-prices").await;
    for action in ["pricing:GetProducts", "ec2:DescribeSpotPriceHistory"] {
        account.double.fail_next(action, WireFault::Throttled, ALWAYS);
    }
    let types = account.catalog().of(&class_in(&["us-east-1a"]), &[]).await.expect("types");
    assert_eq!(prices(&types, "m5.large"), BTreeMap::from([("on-demand", 0.096), ("spot", 0.096)]));
}

// behaviour: catalog/the-embedded-catalog-is-the-last-resort
#[tokio::test]
async fn when_nobody_answers_the_embedded_catalog_stands_in_for_its_region_only() {
    let account = ClassAccount::open("outage").await;
    let class = class_in(&["us-east-1a"]);
    account.double.fail_next("ec2:DescribeInstanceTypes", WireFault::Throttled, 2 * ALWAYS);
    account.double.fail_next("dynamodb:GetItem", WireFault::Throttled, ALWAYS);
    let catalog = account.catalog();
    let types = catalog.of(&class, &[]).await.expect("types all the same");
    assert_eq!(*types, Catalog::embedded().instance_types(&class, &AwsSettings::UNSET, &[]));

    account.double.mend();
    account.double.fail_next("ec2:DescribeInstanceTypes", WireFault::Throttled, 2 * ALWAYS);
    let elsewhere = catalog_of(&connect(&account.double, "eu-west-1").await);
    match elsewhere.of(&class, &[]).await {
        Err(InstanceTypeError::Unavailable(_)) => {}
        other => panic!("another region has other types: {:?}", other.map(|types| types.len())),
    }

    account.double.mend();
    let CatalogRefresh::Written { types } = catalog.refresh(now()).await.expect("a refresh") else {
        panic!("nothing was written yet")
    };
    let fresh = catalog.of(&class, &[]).await.expect("types");
    assert_eq!(fresh.len(), types);
}

// behaviour: catalog/a-class-without-subnets-has-no-types
#[tokio::test]
async fn a_class_without_subnets_and_a_row_that_cannot_be_read() {
    let account = ClassAccount::open("odd").await;
    match account.catalog().of(&class_in(&[]), &[]).await {
        Err(InstanceTypeError::Rejected(why)) => assert_eq!(
            why,
            "EC2NodeClass default: status.subnets is empty; its subnetSelectorTerms select no subnet, or it was not \
             resolved yet"
        ),
        other => panic!("{:?}", other.map(|types| types.len())),
    }
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let row = account.clients.dynamodb().put_item().table_name("joiner");
    let row = row.item(PARTITION_KEY, text("catalog#123456789012#us-east-1")).item(SORT_KEY, text("only"));
    row.item("table", text("of another version")).send().await.expect("a row");
    let types = account.catalog().of(&class_in(&["us-east-1a"]), &[]).await.expect("types");
    assert!(types.iter().any(|found| &*found.name == "m5.large"));
}

fn with_reservation(class: &NodeClass, id: &str) -> NodeClass {
    let held = CapacityReservation {
        id: id.into(),
        instance_type: "m5.large".into(),
        zone: "us-east-1a".into(),
        reservation_type: "default".into(),
        interruptible: false,
        expiring: false,
        remaining: 1,
    };
    NodeClass { capacity_reservations: vec![held], ..class.clone() }
}

// behaviour: catalog/a-reservation-that-is-gone-holds-nothing
#[tokio::test]
async fn ec2_says_how_many_machines_a_reservation_still_holds() {
    let account = ClassAccount::open("reserved").await;
    account.double.reserve(ListedReservation {
        id: "cr-1".to_owned(),
        instance_type: "m5.large".to_owned(),
        zone: "us-east-1a".to_owned(),
        total: 9,
        available: 4,
        kind: "default".to_owned(),
        tags: BTreeMap::new(),
    });
    let class = class_in(&["us-east-1a"]);
    for (id, expected) in [("cr-1", Some((true, 4))), ("cr-2", Some((false, 0)))] {
        let catalog = account.catalog();
        let types = catalog.of(&with_reservation(&class, id), &[]).await.expect("types");
        let found = types.iter().find(|found| &*found.name == "m5.large").expect("the type");
        let reserved = found.offerings.iter().find(|o| o.capacity_type == CapacityType::Reserved);
        let told = reserved.and_then(|o| Some((o.available, o.reservation.as_ref()?.remaining)));
        assert_eq!(told, expected, "{id}");
    }
}

/// The machine itself: what does not depend on the day it is asked for.
fn machine(found: &InstanceType) -> InstanceType {
    InstanceType { offerings: Vec::new(), ..found.clone() }
}

#[tokio::test]
async fn live_answers_and_the_embedded_table_derive_the_same_machines() {
    let account = ClassAccount::open("machines").await;
    let class = class_in(&["us-east-1a"]);
    let live = account.catalog().of(&class, &[]).await.expect("types");
    let embedded = Catalog::embedded().instance_types(&class, &AwsSettings::UNSET, &[]);
    let embedded: BTreeMap<&str, &InstanceType> =
        embedded.iter().map(|found| (&*found.name, found)).collect();
    let known: Vec<_> = live.iter().filter_map(|found| Some((found, *embedded.get(&*found.name)?))).collect();
    assert!(known.len() > 1100, "only {} types are known to both", known.len());
    let differ: Vec<&str> = known
        .iter()
        .filter(|(live, embedded)| {
            machine(live).capacity != machine(embedded).capacity || live.overhead != embedded.overhead
        })
        .map(|(live, _)| &*live.name)
        .collect();
    assert_eq!(differ, Vec::<&str>::new());
}
