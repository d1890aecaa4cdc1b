//! What does a class lead to? Selectors, images and reservations, asked of an account that has them or not.

use std::collections::BTreeMap;

use joiner_core::model::NodeClass;
use joiner_ports::{ClassRefusal, ClassResolution, Cloud, CloudError};
use joiner_wires::double::{ListedReservation, WireFault};
use serde_json::{Value, json};

use super::account::{AMD64, ARM64, ClassAccount, class_of};

/// More than the SDK tries.
const ALWAYS: usize = 10;
const AL2023: &str = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023";

/// A class that finds everything there is in the account.
pub(super) fn whole(account: &ClassAccount, name: &str) -> Value {
    let discovered = json!([{ "tags": { "karpenter.sh/discovery": name } }]);
    json!({
        "role": account.landscape.node_role,
        "amiSelectorTerms": [{ "alias": "al2023@latest" }],
        "subnetSelectorTerms": discovered,
        "securityGroupSelectorTerms": discovered,
    })
}

/// The class of a specification, with one field written over.
pub(super) fn changed(spec: &Value, field: &str, value: Value) -> NodeClass {
    let mut spec = spec.clone();
    spec[field] = value;
    class_of(&spec, &json!({}), &json!({}))
}

/// Publishes the plain images of Amazon Linux 2023.
pub(super) fn publish(account: &ClassAccount) {
    account.double.publish(&format!("{AL2023}/x86_64/standard/recommended/image_id"), AMD64.0);
    account.double.publish(&format!("{AL2023}/arm64/standard/recommended/image_id"), ARM64.0);
}

/// What a new process makes of a class: status and refusals.
pub(super) async fn resolve(account: &ClassAccount, class: &NodeClass) -> (Value, Vec<ClassRefusal>) {
    let ClassResolution { status, refusals } =
        account.cloud().resolve_class(class).await.expect("a resolution");
    (serde_json::from_str(&status).expect("the status is JSON"), refusals)
}

/// Texts of a field of each entry of a list.
fn each(list: &Value, field: &str) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    entries.map(|entry| entry[field].as_str().unwrap_or_default().to_owned()).collect()
}

fn plain(id: &str, name: &str, arch: &str) -> Value {
    json!({ "id": id, "name": name, "requirements": [
        { "key": "kubernetes.io/arch", "operator": "In", "values": [arch] },
        { "key": "karpenter.k8s.aws/instance-gpu-count", "operator": "DoesNotExist" },
        { "key": "karpenter.k8s.aws/instance-accelerator-count", "operator": "DoesNotExist" },
    ] })
}

#[tokio::test]
async fn a_class_leads_to_all_that_its_terms_select() {
    let account = ClassAccount::open("whole").await;
    publish(&account);
    let cloud = account.cloud();
    let class = class_of(&whole(&account, "whole"), &json!({}), &json!({}));
    let first = cloud.resolve_class(&class).await.expect("a resolution");
    assert_eq!(first.refusals, []);
    let mut status: Value = serde_json::from_str(&first.status).expect("the status is JSON");
    // Both images were made in one second, or not: their order is theirs.
    status["amis"].as_array_mut().expect("images").sort_by_key(|image| image["id"].to_string());
    let listed = account.clients.ec2().describe_subnets().send().await.expect("subnets");
    let subnet =
        |id: &str| listed.subnets().iter().find(|subnet| subnet.subnet_id() == Some(id)).expect("it");
    let subnets: Vec<Value> = account
        .subnets()
        .iter()
        .map(|(id, zone)| json!({ "id": id, "zone": zone, "zoneID": subnet(id).availability_zone_id() }))
        .collect();
    let profile = status["instanceProfile"].clone();
    assert_eq!(
        status,
        json!({
            "subnets": subnets,
            "securityGroups": [{ "id": account.landscape.security_group, "name": "whole-nodes" }],
            "amis": [plain(ARM64.0, ARM64.1, "arm64"), plain(AMD64.0, AMD64.1, "amd64")],
            "instanceProfile": profile,
        })
    );
    assert!(profile.as_str().is_some_and(|profile| profile.starts_with("prod_")), "{profile}");

    account.double.forget_calls();
    assert_eq!(cloud.resolve_class(&class).await.expect("a resolution"), first);
    assert_eq!(
        account.double.actions().iter().filter(|a| *a != "ssm:GetParameter").count(),
        0,
        "answers are kept"
    );
}

#[tokio::test]
async fn terms_are_alternatives_and_tags_take_wildcards() {
    let account = ClassAccount::open("terms").await;
    publish(&account);
    let spec = whole(&account, "terms");
    let all: Vec<&str> = account.subnets().iter().map(|(id, _)| *id).collect();
    let group = account.landscape.security_group.as_str();
    for (terms, expected) in [
        (json!([{ "id": all[2] }, { "id": all[0] }]), vec![all[0], all[2]]),
        (json!([{ "tags": { "karpenter.sh/discovery": "*" } }]), all.clone()),
        (json!([{ "tags": { "karpenter.sh/discovery": "te*" } }]), all.clone()),
        (json!([{ "id": all[1] }, { "tags": { "karpenter.sh/discovery": "other" } }]), vec![all[1]]),
        (
            json!([{ "tags": { "karpenter.sh/discovery": "terms", "team": "a" } }, { "id": all[2] }]),
            vec![all[2]],
        ),
    ] {
        let (status, refusals) =
            resolve(&account, &changed(&spec, "subnetSelectorTerms", terms.clone())).await;
        assert_eq!(
            (each(&status["subnets"], "id"), refusals),
            (expected.iter().map(|id| id.to_string()).collect(), vec![]),
            "{terms}"
        );
    }
    // behaviour: class/the-emptiest-subnet-comes-first
    account.double.set_free_addresses(all[1], 5000);
    let (status, _) = resolve(&account, &class_of(&spec, &json!({}), &json!({}))).await;
    assert_eq!(each(&status["subnets"], "id"), [all[1], all[0], all[2]]);

    for terms in
        [json!([{ "name": "terms-nodes" }]), json!([{ "name": "terms-*" }]), json!([{ "id": group }])]
    {
        let (status, _) =
            resolve(&account, &changed(&spec, "securityGroupSelectorTerms", terms.clone())).await;
        assert_eq!(each(&status["securityGroups"], "id"), [group], "{terms}");
    }
}

// behaviour: class/validation-waits-for-what-it-needs
#[tokio::test]
async fn what_is_missing_is_named_with_its_condition() {
    let account = ClassAccount::open("missing").await;
    let nowhere = json!([{ "tags": { "karpenter.sh/discovery": "nowhere" } }]);
    let spec = json!({
        "role": account.landscape.node_role,
        "amiSelectorTerms": [{ "alias": "al2023@latest" }],
        "subnetSelectorTerms": nowhere,
        "securityGroupSelectorTerms": nowhere,
        "placementGroupSelector": { "name": "apart" },
    });
    let (status, refusals) = resolve(&account, &class_of(&spec, &json!({}), &json!({}))).await;
    let told: Vec<_> = refusals.iter().map(|refusal| (refusal.condition, refusal.reason)).collect();
    assert_eq!(
        told,
        [
            ("AMIsReady", "AMINotFound"),
            ("SubnetsReady", "SubnetsNotFound"),
            ("SecurityGroupsReady", "SecurityGroupsNotFound"),
            ("PlacementGroupReady", "PlacementGroupNotFound"),
            ("ValidationSucceeded", "DependenciesNotReady"),
        ]
    );
    assert_eq!(refusals[4].message, "waiting for AMIsReady, SubnetsReady, SecurityGroupsReady to be true");
    assert_eq!(status.as_object().expect("a map").keys().collect::<Vec<_>>(), ["instanceProfile"]);

    let old = changed(&spec, "amiSelectorTerms", json!([{ "alias": "al2@latest" }]));
    let (_, refusals) = resolve(&account, &old).await;
    assert_eq!((refusals[0].condition, refusals[0].reason), ("AMIsReady", "UnsupportedAlias"));
}

// behaviour: class/only-a-parameter-that-is-not-there-is-left-out
#[tokio::test]
async fn an_outage_is_no_missing_image() {
    let account = ClassAccount::open("outage").await;
    publish(&account);
    let class = class_of(&whole(&account, "outage"), &json!({}), &json!({}));
    account.double.fail_next("ssm:GetParameter", WireFault::Throttled, 2 * ALWAYS);
    match account.cloud().resolve_class(&class).await {
        Err(CloudError::Throttled(_)) => {}
        other => panic!("a throttled question is no answer: {other:?}"),
    }
    account.double.mend();
    account.double.fail_next("ec2:DescribeSubnets", WireFault::AnswerLost, ALWAYS);
    match account.cloud().resolve_class(&class).await {
        Err(CloudError::Unavailable(_)) => {}
        other => panic!("no answer is no answer: {other:?}"),
    }
}

#[tokio::test]
async fn images_are_found_by_name_id_and_parameter() {
    let account = ClassAccount::open("images").await;
    let mut spec = whole(&account, "images");
    spec["amiFamily"] = json!("AL2023");
    account.double.publish("/own/image", ARM64.0);
    for (terms, expected) in [
        (json!([{ "id": AMD64.0 }]), vec![(AMD64.0, "amd64")]),
        (
            json!([{ "name": AMD64.1 }, { "ssmParameter": "/own/image" }]),
            vec![(ARM64.0, "arm64"), (AMD64.0, "amd64")],
        ),
        (json!([{ "ssmParameter": "/own/none" }, { "id": ARM64.0 }]), vec![(ARM64.0, "arm64")]),
        (json!([{ "name": ARM64.1, "owner": "137112412989" }]), vec![(ARM64.0, "arm64")]),
    ] {
        let (status, refusals) = resolve(&account, &changed(&spec, "amiSelectorTerms", terms.clone())).await;
        let mut found: Vec<(String, String)> = status["amis"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|image| (image["id"].to_string(), image["requirements"][0]["values"][0].to_string()))
            .collect();
        found.sort();
        let quoted = |(id, arch): &(&str, &str)| (format!("\"{id}\""), format!("\"{arch}\""));
        assert_eq!((found, refusals), (expected.iter().map(quoted).collect(), vec![]), "{terms}");
    }
    // behaviour: class/a-name-without-owner-means-ours-or-amazons
    let named = account.double.calls().into_iter().filter(|call| call.action() == "ec2:DescribeImages");
    let owners: Vec<String> = named.filter_map(|call| call.param("Owner.1").map(str::to_owned)).collect();
    assert_eq!(owners, ["self", "137112412989"]);

    let nobody = json!([{ "name": AMD64.1, "owner": "111122223333" }]);
    let (_, refusals) = resolve(&account, &changed(&spec, "amiSelectorTerms", nobody)).await;
    assert_eq!((refusals[0].condition, refusals[0].reason), ("AMIsReady", "AMINotFound"));
}

// behaviour: class/a-deprecated-image-of-latest-is-looked-up-again
#[tokio::test]
async fn a_deprecated_image_of_latest_is_used_until_there_is_another() {
    let account = ClassAccount::open("deprecated").await;
    let parameter = format!("{AL2023}/x86_64/standard/recommended/image_id");
    let newer = "ami-04681a1dbd79675a5";
    let cloud = account.cloud();
    let class = class_of(&whole(&account, "deprecated"), &json!({}), &json!({}));
    let deprecated = aws_sdk_ec2::primitives::DateTime::from_secs(1_700_000_000);
    let call = account.clients.ec2().enable_image_deprecation().image_id(AMD64.0).deprecate_at(deprecated);
    call.send().await.expect("it is deprecated");
    let mut seen = Vec::new();
    for published in [AMD64.0, newer, AMD64.0] {
        account.double.publish(&parameter, published);
        let answer = cloud.resolve_class(&class).await.expect("a resolution");
        assert_eq!(answer.refusals, []);
        let status: Value = serde_json::from_str(&answer.status).expect("the status is JSON");
        seen.push((status["amis"][0]["id"].clone(), status["amis"][0].get("deprecated").cloned()));
    }
    let last = (json!(newer), None);
    assert_eq!(
        seen,
        [(json!(AMD64.0), Some(json!(true))), last.clone(), last],
        "a good one is kept for a day"
    );
}

#[tokio::test]
async fn reservations_are_listed_by_id() {
    let account = ClassAccount::open("reserved").await;
    publish(&account);
    for (id, team) in [("cr-2", "ml"), ("cr-1", "ml"), ("cr-3", "web")] {
        account.double.reserve(ListedReservation {
            id: id.to_owned(),
            instance_type: "m5.large".to_owned(),
            zone: "us-east-1a".to_owned(),
            total: 2,
            available: 1,
            kind: "default".to_owned(),
            tags: BTreeMap::from([("team".to_owned(), team.to_owned())]),
        });
    }
    let terms = json!([{ "tags": { "team": "ml" } }]);
    let class = changed(&whole(&account, "reserved"), "capacityReservationSelectorTerms", terms);
    let (status, refusals) = resolve(&account, &class).await;
    let held = |id: &str| {
        json!({
            "availabilityZone": "us-east-1a", "id": id, "instanceMatchCriteria": "targeted",
            "instanceType": "m5.large", "interruptible": false, "ownerID": "123456789012",
            "reservationType": "default", "state": "active",
        })
    };
    assert_eq!((&status["capacityReservations"], refusals), (&json!([held("cr-1"), held("cr-2")]), vec![]));
}
