//! Does the SDK read what the double answers, and does moto get everything else?

use joiner_aws::Clients;
use joiner_wires::double::{ListedReservation, WireDouble, WireFault};

use super::wire::Account;

const ROLE: &str = "arn:aws:iam::123456789012:role/nodes";

#[tokio::test]
async fn the_sdk_reads_what_moto_lacks() {
    let account = Account::open().await;
    let (double, clients) = (&account.double, &account.clients);
    access_entries(clients).await;
    published_images(double, clients).await;
    prices(clients).await;
    reservations(double, clients).await;
    networks_and_faults(&account).await;
}

async fn access_entries(clients: &Clients) {
    let create =
        || clients.eks().create_access_entry().cluster_name("prod").principal_arn(ROLE).r#type("EC2_LINUX");
    let made = create().send().await.expect("an answer");
    assert_eq!(made.access_entry().and_then(|entry| entry.r#type()), Some("EC2_LINUX"));
    let again = create().send().await.expect_err("a refusal").into_service_error();
    assert!(again.is_resource_in_use_exception(), "{again:?}");
    let entry = clients
        .eks()
        .describe_access_entry()
        .cluster_name("prod")
        .principal_arn(ROLE)
        .send()
        .await
        .expect("an answer");
    assert_eq!(entry.access_entry().and_then(|entry| entry.principal_arn()), Some(ROLE));
    let listed = clients.eks().list_access_entries().cluster_name("prod").send().await.expect("an answer");
    assert_eq!(listed.access_entries(), [ROLE]);
    let other = clients.eks().describe_access_entry().cluster_name("dev").principal_arn(ROLE).send().await;
    let other = other.expect_err("a refusal").into_service_error();
    assert!(other.is_resource_not_found_exception(), "{other:?}");
}

async fn published_images(double: &WireDouble, clients: &Clients) {
    let name = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id";
    let missing =
        clients.ssm().get_parameter().name(name).send().await.expect_err("a refusal").into_service_error();
    assert!(missing.is_parameter_not_found(), "{missing:?}");
    double.publish(name, "ami-1");
    let found = clients.ssm().get_parameter().name(name).send().await.expect("an answer");
    assert_eq!(found.parameter().and_then(|parameter| parameter.value()), Some("ami-1"));
}

async fn prices(clients: &Clients) {
    let answer = clients.pricing().get_products().service_code("AmazonEC2").send().await.expect("an answer");
    let of = |name: &str| {
        let quoted = format!("\"instanceType\":\"{name}\"");
        let product = answer.price_list().iter().find(|product| product.contains(&quoted))?;
        let product: serde_json::Value = serde_json::from_str(product).ok()?;
        let terms = product["terms"]["OnDemand"].as_object()?.values().next()?.clone();
        let price = terms["priceDimensions"].as_object()?.values().next()?["pricePerUnit"]["USD"].clone();
        price.as_str().map(str::to_owned)
    };
    assert_eq!(of("m5.large").as_deref(), Some("0.0960000000"));
    assert_eq!(of("m5.metal"), None, "bare metal is asked for by itself");
}

async fn reservations(double: &WireDouble, clients: &Clients) {
    double.reserve(ListedReservation {
        id: "cr-0123456789abcdef0".to_owned(),
        instance_type: "m5.large".to_owned(),
        zone: "us-east-1a".to_owned(),
        total: 3,
        available: 2,
        kind: "default".to_owned(),
        tags: [("team".to_owned(), "a".to_owned())].into(),
    });
    let tagged = |value: &str| {
        let filter = aws_sdk_ec2::types::Filter::builder().name("tag:team").values(value).build();
        clients.ec2().describe_capacity_reservations().filters(filter).send()
    };
    let found = tagged("a").await.expect("an answer");
    let [held] = found.capacity_reservations() else { panic!("one reservation, not {found:?}") };
    assert_eq!(held.capacity_reservation_id(), Some("cr-0123456789abcdef0"));
    assert_eq!((held.total_instance_count(), held.available_instance_count()), (Some(3), Some(2)));
    assert_eq!(tagged("b").await.expect("an answer").capacity_reservations(), []);
}

async fn networks_and_faults(account: &Account) {
    let (double, clients) = (&account.double, &account.clients);
    let [(first, _), (second, _), ..] = &*account.places.subnets else { panic!("at least two subnets") };
    double.set_free_addresses(second, 7);
    let answer = clients
        .ec2()
        .describe_subnets()
        .subnet_ids(first)
        .subnet_ids(second)
        .send()
        .await
        .expect("an answer");
    let count = |id: &str| {
        let subnet =
            answer.subnets().iter().find(|subnet| subnet.subnet_id() == Some(id)).expect("an answer");
        subnet.available_ip_address_count().expect("an answer")
    };
    assert_eq!((count(first), count(second)), (4091, 7));
    double.fail_next("ec2:DescribeSubnets", WireFault::Throttled, 10);
    let refused = clients.ec2().describe_subnets().send().await.expect_err("a refusal");
    assert_eq!(aws_sdk_ec2::error::ProvideErrorMetadata::code(&refused), Some("RequestLimitExceeded"));
}
