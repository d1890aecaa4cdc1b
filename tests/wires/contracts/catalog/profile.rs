//! Which instance profile does a class get, and what is left when it goes?

use aws_sdk_iam::types::InstanceProfile;
use joiner_ports::{ClassRefusal, Cloud};
use serde_json::{Value, json};

use super::account::{ClassAccount, class_of};
use super::class::{changed, publish, resolve, whole};

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;

/// Every profile of the account, by name.
async fn profiles(account: &ClassAccount) -> Vec<InstanceProfile> {
    let listed = account.clients.iam().list_instance_profiles().send().await.expect("profiles");
    let mut profiles = listed.instance_profiles;
    profiles.sort_by(|a, b| a.instance_profile_name.cmp(&b.instance_profile_name));
    profiles
}

fn names(profiles: &[InstanceProfile]) -> Vec<&str> {
    profiles.iter().map(|profile| profile.instance_profile_name()).collect()
}

fn roles(profile: &InstanceProfile) -> Vec<&str> {
    profile.roles().iter().map(|role| role.role_name()).collect()
}

/// Changes of IAM since the last time.
fn changes(account: &ClassAccount) -> Vec<String> {
    let actions = account.double.actions();
    account.double.forget_calls();
    actions.into_iter().filter(|action| action.starts_with("iam:") && !action.contains(":Get")).collect()
}

// behaviour: class/one-role-one-profile
#[tokio::test]
async fn a_role_gets_one_profile_and_another_role_another() {
    let account = ClassAccount::open("profiles").await;
    publish(&account);
    let spec = whole(&account, "profiles");
    let class = changed(&spec, "tags", json!({ "team": "a" }));
    let (status, refusals) = resolve(&account, &class).await;
    assert_eq!(refusals, []);
    let made = profiles(&account).await;
    let [profile] = &made[..] else { panic!("one profile, not {}", made.len()) };
    assert_eq!(status["instanceProfile"], profile.instance_profile_name());
    assert_eq!(profile.path(), "/karpenter/us-east-1/prod/class-uid/");
    assert_eq!(roles(profile), [account.landscape.node_role.as_str()]);
    let mut tags: Vec<_> = profile.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    tags.sort_unstable();
    assert_eq!(
        tags,
        [
            ("eks:eks-cluster-name", "prod"),
            ("karpenter.k8s.aws/ec2nodeclass", "default"),
            ("kubernetes.io/cluster/prod", "owned"),
            ("team", "a"),
            ("topology.kubernetes.io/region", "us-east-1"),
        ]
    );

    account.double.forget_calls();
    assert_eq!(resolve(&account, &class).await, (status, vec![]), "another process finds the same");
    assert_eq!(changes(&account), Vec::<String>::new());

    let other = account.clients.iam().create_role().role_name("other").assume_role_policy_document(TRUST);
    other.send().await.expect("another role");
    let (status, _) = resolve(&account, &changed(&spec, "role", json!("/eks/other"))).await;
    let both = profiles(&account).await;
    let second = both.iter().find(|profile| status["instanceProfile"] == profile.instance_profile_name());
    assert_eq!((both.len(), second.map(roles)), (2, Some(vec!["other"])), "machines that run keep theirs");
}

#[tokio::test]
async fn a_profile_that_lost_its_role_gets_it_back() {
    let account = ClassAccount::open("lost").await;
    publish(&account);
    let class = class_of(&whole(&account, "lost"), &json!({}), &json!({}));
    let (status, _) = resolve(&account, &class).await;
    let name = status["instanceProfile"].as_str().expect("a profile");
    let iam = account.clients.iam();
    let taken = iam.remove_role_from_instance_profile().instance_profile_name(name);
    taken.role_name(&account.landscape.node_role).send().await.expect("somebody takes the role out");
    account.double.forget_calls();
    resolve(&account, &class).await;
    assert_eq!(changes(&account), ["iam:AddRoleToInstanceProfile"]);
    assert_eq!(roles(&profiles(&account).await[0]), [account.landscape.node_role.as_str()]);
}

// behaviour: class/a-role-that-does-not-exist-is-a-refusal
#[tokio::test]
async fn a_role_that_does_not_exist_is_named() {
    let account = ClassAccount::open("no-role").await;
    publish(&account);
    let (status, refusals) =
        resolve(&account, &changed(&whole(&account, "no-role"), "role", json!("absent"))).await;
    assert_eq!(status.get("instanceProfile"), None);
    let refused = ClassRefusal {
        condition: "InstanceProfileReady",
        reason: "RoleNotFound",
        message: "spec.role: Role absent not found; create the role absent, or correct its name".to_owned(),
    };
    assert_eq!(refusals[0], refused);
    assert_eq!(refusals[1].reason, "DependenciesNotReady");
}

/// A class with a status that names a profile in use.
fn with_status(spec: &Value, profile: &str) -> joiner_core::model::NodeClass {
    class_of(spec, &json!({ "instanceProfile": profile }), &json!({}))
}

// behaviour: class/a-profile-in-use-that-has-the-role-stays
#[tokio::test]
async fn a_profile_that_is_in_use_already_stays_if_it_has_the_role() {
    let account = ClassAccount::open("in-use").await;
    publish(&account);
    let spec = whole(&account, "in-use");
    let iam = account.clients.iam();
    iam.create_instance_profile().instance_profile_name("older").send().await.expect("a profile");
    let (status, _) = resolve(&account, &with_status(&spec, "older")).await;
    assert_ne!(status["instanceProfile"], "older", "it has no role");
    let given = iam.add_role_to_instance_profile().instance_profile_name("older");
    given.role_name(&account.landscape.node_role).send().await.expect("it gets the role");
    let (status, _) = resolve(&account, &with_status(&spec, "older")).await;
    assert_eq!(status["instanceProfile"], "older");
}

#[tokio::test]
async fn a_released_class_leaves_no_profile_of_its_own() {
    let account = ClassAccount::open("release").await;
    publish(&account);
    let spec = whole(&account, "release");
    let class = class_of(&spec, &json!({}), &json!({}));
    let iam = account.clients.iam();
    iam.create_instance_profile().instance_profile_name("foreign").send().await.expect("a foreign profile");
    resolve(&account, &class).await;
    let other = iam.create_role().role_name("other").assume_role_policy_document(TRUST);
    other.send().await.expect("another role");
    resolve(&account, &changed(&spec, "role", json!("other"))).await;
    assert_eq!(profiles(&account).await.len(), 3);
    for _ in 0..2 {
        account.cloud().release_class(&class).await.expect("a release, and again");
        assert_eq!(names(&profiles(&account).await), ["foreign"]);
    }
    let templates = account.clients.ec2().describe_launch_templates().send().await.expect("templates");
    assert_eq!(templates.launch_templates().len(), 0, "those of the validation are gone too");
}

#[tokio::test]
async fn a_class_with_a_profile_of_its_own_never_asks_iam() {
    let account = ClassAccount::open("given").await;
    publish(&account);
    let iam = account.clients.iam();
    iam.create_instance_profile().instance_profile_name("nodes").send().await.expect("a profile");
    let mut spec = whole(&account, "given");
    spec.as_object_mut().expect("a map").remove("role");
    spec["instanceProfile"] = json!("nodes");
    let class = class_of(&spec, &json!({}), &json!({}));
    account.double.forget_calls();
    let (status, refusals) = resolve(&account, &class).await;
    assert_eq!((&status["instanceProfile"], refusals), (&json!("nodes"), vec![]));
    account.cloud().release_class(&class).await.expect("a release");
    assert_eq!(account.double.actions().iter().filter(|action| action.starts_with("iam:")).count(), 0);
    assert_eq!(names(&profiles(&account).await), ["nodes"]);
}
