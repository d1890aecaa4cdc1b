//! What does trying a launch come to, and how often is it tried?

use joiner_ports::{ClassRefusal, Cloud};
use joiner_wires::double::WireFault;
use serde_json::{Value, json};

use super::account::{ClassAccount, class_of};
use super::class::{changed, publish, resolve, whole};

const TRIED: [&str; 3] = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"];

fn forbidden() -> WireFault {
    WireFault::Refused {
        status: 403,
        code: "UnauthorizedOperation".to_owned(),
        message: "You are not authorized to perform this operation.".to_owned(),
    }
}

/// What was tried since the last time, in order of names.
fn tried(account: &ClassAccount) -> Vec<String> {
    let mut actions = account.double.actions();
    account.double.forget_calls();
    actions.retain(|action| TRIED.contains(&action.as_str()));
    actions.sort_unstable();
    actions
}

// behaviour: class/a-refused-dry-run-says-who-refuses
#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let account = ClassAccount::open("denied").await;
    publish(&account);
    let class = class_of(&whole(&account, "denied"), &json!({}), &json!({}));
    for (action, reason, times) in [
        ("ec2:CreateLaunchTemplate", "CreateLaunchTemplateAuthCheckFailed", 1),
        ("ec2:CreateFleet", "CreateFleetAuthCheckFailed", 1),
        ("ec2:RunInstances", "RunInstancesAuthCheckFailed", account.landscape.subnets.len()),
    ] {
        account.double.fail_next(action, forbidden(), times);
        let (_, refusals) = resolve(&account, &class).await;
        let message = format!("{action} is not permitted: no policy of the role of the functions allows it");
        assert_eq!(refusals, [ClassRefusal { condition: "ValidationSucceeded", reason, message }]);
    }
    // behaviour: class/one-subnet-that-takes-machines-is-enough
    account.double.fail_next("ec2:RunInstances", forbidden(), 1);
    assert_eq!(resolve(&account, &class).await.1, []);
}

// behaviour: class/a-changed-annotation-tries-again
#[tokio::test]
async fn a_verdict_is_kept_until_the_class_changes() {
    let account = ClassAccount::open("kept").await;
    publish(&account);
    let spec = whole(&account, "kept");
    let cloud = account.cloud();
    account.double.fail_next("ec2:CreateFleet", forbidden(), 1);
    let class = class_of(&spec, &json!({}), &json!({}));
    account.double.forget_calls();
    let first = cloud.resolve_class(&class).await.expect("a resolution");
    assert_eq!(first.refusals[0].reason, "CreateFleetAuthCheckFailed");
    assert_eq!(tried(&account), ["ec2:CreateFleet", "ec2:CreateLaunchTemplate"]);
    assert_eq!(cloud.resolve_class(&class).await.expect("a resolution"), first);
    assert_eq!(tried(&account), Vec::<String>::new());

    let touched = class_of(&spec, &json!({}), &json!({ "again": "1" }));
    assert_eq!(cloud.resolve_class(&touched).await.expect("a resolution").refusals, []);
    assert_eq!(tried(&account), TRIED);
    let machines = account.clients.ec2().describe_instances().send().await.expect("instances");
    assert_eq!(machines.reservations().len(), 0, "nothing was launched");
}

#[tokio::test]
async fn faults_of_the_class_itself_are_told_before_anything_is_tried() {
    let account = ClassAccount::open("faults").await;
    publish(&account);
    let spec = whole(&account, "faults");
    let long = "#!/bin/sh\n".to_owned() + &"x".repeat(20_000);
    let cases: [(&str, Value, &str); 3] = [
        (
            "kubelet",
            json!({ "imageGCHighThresholdPercent": 10, "imageGCLowThresholdPercent": 20 }),
            "InvalidKubeletConfiguration",
        ),
        ("kubelet", json!({ "maxPods": "vcpus * 10" }), "KubeletExpressionsDisabled"),
        ("userData", json!(long), "UserDataSizeLimitExceeded"),
    ];
    account.double.forget_calls();
    for (field, value, reason) in cases {
        let (_, refusals) = resolve(&account, &changed(&spec, field, value)).await;
        let told: Vec<_> = refusals.iter().map(|refusal| (refusal.condition, refusal.reason)).collect();
        assert_eq!(told, [("ValidationSucceeded", reason)]);
    }
    assert_eq!(tried(&account), Vec::<String>::new());
}

#[tokio::test]
async fn a_given_profile_that_does_not_exist_is_named() {
    let account = ClassAccount::open("no-profile").await;
    publish(&account);
    let mut spec = whole(&account, "no-profile");
    spec.as_object_mut().expect("a map").remove("role");
    spec["instanceProfile"] = json!("absent");
    let invalid = WireFault::Refused {
        status: 400,
        code: "InvalidParameterValue".to_owned(),
        message: "Value (absent) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
            .to_owned(),
    };
    account.double.fail_next("ec2:RunInstances", invalid, account.landscape.subnets.len());
    let (_, refusals) = resolve(&account, &class_of(&spec, &json!({}), &json!({}))).await;
    let message =
        "spec.instanceProfile: there is no instance profile absent; create it, or correct it".to_owned();
    let reason = "InstanceProfileNotFound";
    assert_eq!(refusals, [ClassRefusal { condition: "ValidationSucceeded", reason, message }]);
}
