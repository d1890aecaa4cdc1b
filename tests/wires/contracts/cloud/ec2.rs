//! What is promised of EC2 alone: how few calls a machine costs, what its errors come to, what it starts with.

use base64::Engine;
use joiner_aws::Ec2Cloud;
use joiner_core::model::{CapacityType, OfferingKey, Unavailable, keys};
use joiner_ports::{Cloud, ClusterName, LaunchError, Termination};
use joiner_wires::double::{ListedReservation, WireFault};

use super::request::{Shop, Wish};
use super::wire::Account;

/// A cluster in the account, and what it can buy.
struct Cluster<'a> {
    account: &'a Account,
    cloud: Ec2Cloud,
    shop: Shop,
}

impl<'a> Cluster<'a> {
    fn new(account: &'a Account, name: &str) -> Self {
        account.double.mend();
        let name = ClusterName::new(name).expect("a name");
        Cluster { account, cloud: account.cloud(&name), shop: Shop::of(&name, &account.places) }
    }

    fn wish(&self, claim: &str) -> Wish {
        self.shop.wish(claim, &["m5.large"], &["us-east-1a"], &["on-demand"])
    }

    /// The actions that a launch calls, and what came of it.
    async fn launch(&self, wish: &Wish) -> (Vec<String>, Result<joiner_ports::Launched, LaunchError>) {
        self.account.double.forget_calls();
        let launched = self.cloud.launch(self.shop.request(wish)).await;
        (self.account.double.actions(), launched)
    }

    async fn refused(&self, wish: &Wish) -> Vec<Unavailable> {
        match self.launch(wish).await.1 {
            Err(LaunchError::NoCapacity(refused)) => refused,
            other => panic!("no capacity was expected, not {other:?}"),
        }
    }
}

#[tokio::test]
async fn ec2_is_used_sparingly_and_understood() {
    let account = Account::open().await;
    a_machine_costs_one_call_once_its_template_is_there(&Cluster::new(&account, "calls")).await;
    a_template_that_is_gone_is_made_again(&Cluster::new(&account, "templates")).await;
    full_subnets_and_missing_roles_are_told(&Cluster::new(&account, "refusals")).await;
    refusals_carry_their_reason(&Cluster::new(&account, "reasons")).await;
    a_machine_that_came_and_went_is_not_told_again(&Cluster::new(&account, "gone")).await;
    a_new_machine_exists_before_ec2_shows_it(&Cluster::new(&account, "new")).await;
    a_machine_starts_as_the_class_says(&Cluster::new(&account, "boot")).await;
    spot_is_told_as_spot_however_it_is_found(&Cluster::new(&account, "spot")).await;
    reservations_are_used_until_they_are_empty(Cluster::new(&account, "reserved")).await;
}

async fn a_machine_costs_one_call_once_its_template_is_there(cluster: &Cluster<'_>) {
    let (calls, first) = cluster.launch(&cluster.wish("general-a")).await;
    first.expect("a launch");
    assert_eq!(calls, ["ec2:CreateLaunchTemplate", "ec2:CreateFleet", "ec2:DescribeLaunchTemplates"]);
    let (calls, second) = cluster.launch(&cluster.wish("general-b")).await;
    second.expect("a launch");
    assert_eq!(calls, ["ec2:CreateFleet"]);
    let later = Cluster::new(cluster.account, "calls");
    let (calls, third) = later.launch(&cluster.wish("general-c")).await;
    third.expect("a launch by another process");
    assert_eq!(calls, ["ec2:CreateLaunchTemplate", "ec2:CreateFleet"], "the template is there already");
}

// behaviour: launch/a-template-that-is-gone-is-made-again
async fn a_template_that_is_gone_is_made_again(cluster: &Cluster<'_>) {
    cluster.launch(&cluster.wish("general-a")).await.1.expect("a launch");
    // behaviour: launch/templates-go-with-their-class
    cluster.cloud.release_class(&cluster.shop.class).await.expect("a release");
    let left = cluster.account.clients.ec2().describe_launch_templates().send().await.expect("an answer");
    let own = left.launch_templates().iter().filter_map(|template| template.launch_template_name());
    assert_eq!(own.filter(|name| name.starts_with("joiner/templates/")).count(), 0);

    cluster.launch(&cluster.wish("general-b")).await.1.expect("a launch");
    let templates =
        cluster.account.clients.ec2().describe_launch_templates().send().await.expect("an answer");
    for template in templates.launch_templates() {
        let Some(name) = template.launch_template_name().filter(|name| name.contains("templates")) else {
            continue;
        };
        let deleted = cluster.account.clients.ec2().delete_launch_template().launch_template_name(name);
        deleted.send().await.expect("somebody deletes it");
    }
    let (calls, again) = cluster.launch(&cluster.wish("general-c")).await;
    again.expect("a launch all the same");
    assert_eq!(calls, ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateFleet"]);
}

// behaviour: launch/shortages-name-what-was-refused
async fn full_subnets_and_missing_roles_are_told(cluster: &Cluster<'_>) {
    let (subnet, zone) = &cluster.account.places.subnets[0];
    let key = |capacity_type| OfferingKey {
        instance_type: "m5.large".into(),
        zone: zone.as_str().into(),
        capacity_type,
    };
    cluster.account.double.set_free_addresses(subnet, 0);
    let refused = cluster.refused(&cluster.wish("general-a")).await;
    // behaviour: launch/a-zone-is-full-when-all-its-subnets-are
    let full = Unavailable::FullZone(zone.as_str().into());
    assert_eq!(refused, [Unavailable::Offering(key(CapacityType::OnDemand)), full]);
    cluster.account.double.set_free_addresses(subnet, 250);

    let code = "AuthFailure.ServiceLinkedRoleCreationNotPermitted";
    cluster.account.double.run_out("m5.large", zone, "spot", code);
    let spot = cluster.shop.wish("general-b", &["m5.large"], &[zone], &["spot"]);
    assert_eq!(cluster.refused(&spot).await, [Unavailable::CapacityType(CapacityType::Spot)]);

    cluster.account.double.run_out("m5.large", zone, "on-demand", "RequestLimitExceeded");
    let passing = cluster.refused(&cluster.wish("general-c")).await;
    assert_eq!(passing, [], "the token is used up, so the claim is planned again under another");
}

async fn refusals_carry_their_reason(cluster: &Cluster<'_>) {
    let refused = WireFault::Refused {
        status: 403,
        code: "UnauthorizedOperation".to_owned(),
        message: "You are not authorized to perform this operation.".to_owned(),
    };
    cluster.account.double.fail_next("ec2:CreateFleet", refused, 1);
    let (calls, answer) = cluster.launch(&cluster.wish("general-a")).await;
    let Err(LaunchError::Rejected { reason, message }) = answer else { panic!("a refusal, not {answer:?}") };
    assert_eq!(reason, "Unauthorized");
    assert_eq!(message, "You are not authorized to perform this operation. (UnauthorizedOperation)");
    assert_eq!(
        calls.last().map(String::as_str),
        Some("ec2:DescribeInstances"),
        "an earlier try may have worked"
    );
    cluster.account.double.run_out("m5.large", "us-east-1a", "on-demand", "InvalidAMIID.NotFound");
    let (_, answer) = cluster.launch(&cluster.wish("general-b")).await;
    let Err(LaunchError::Rejected { reason, .. }) = answer else { panic!("a refusal, not {answer:?}") };
    assert_eq!(reason, "AMINotFound");
}

async fn a_machine_that_came_and_went_is_not_told_again(cluster: &Cluster<'_>) {
    let launched = cluster.launch(&cluster.wish("general-a")).await.1.expect("a launch");
    let ended = cluster.cloud.terminate(&launched.instance).await.expect("an answer");
    assert_eq!(ended, Termination::Asked);
    let changed = cluster.shop.wish("general-a", &["m5.large"], &["us-east-1b"], &["on-demand"]);
    assert_eq!(cluster.refused(&changed).await, []);
}

// behaviour: launch/a-new-instance-exists-before-ec2-shows-it
async fn a_new_machine_exists_before_ec2_shows_it(cluster: &Cluster<'_>) {
    let launched = cluster.launch(&cluster.wish("general-a")).await.1.expect("a launch");
    let unknown = |times| {
        let fault = WireFault::Refused {
            status: 400,
            code: "InvalidInstanceID.NotFound".to_owned(),
            message: format!("The instance ID '{}' does not exist", launched.instance),
        };
        cluster.account.double.fail_next("ec2:DescribeInstances", fault.clone(), times);
        cluster.account.double.fail_next("ec2:TerminateInstances", fault, times);
    };
    unknown(1);
    assert!(cluster.cloud.exists(&launched.instance).await.expect("an answer"));
    let ended = cluster.cloud.terminate(&launched.instance).await.expect("an answer");
    assert_eq!(ended, Termination::Asked);
    cluster.account.double.mend();
    unknown(1);
    let other = Cluster::new(cluster.account, "new-2");
    unknown(1);
    assert!(!other.cloud.exists(&launched.instance).await.expect("an answer"), "another process cannot know");
}

async fn a_machine_starts_as_the_class_says(cluster: &Cluster<'_>) {
    let launched = cluster.launch(&cluster.wish("general-a")).await.1.expect("a launch");
    let listed = cluster.cloud.instances().await.expect("an answer").pop().expect("one instance");
    let places = &cluster.account.places;
    assert_eq!(listed.subnet_id.as_deref(), Some(&*places.subnets[0].0));
    assert_eq!(listed.security_group_ids, [places.security_group.as_str().into()]);
    assert_eq!(listed.image_id.as_deref(), Some(&*places.image));
    assert_eq!(listed.tags.get(keys::NODE_CLASS).map(|class| &**class), Some("default"));
    assert_eq!(listed.tags.get("kubernetes.io/cluster/boot").map(|owned| &**owned), Some("owned"));
    let attribute = cluster
        .account
        .clients
        .ec2()
        .describe_instance_attribute()
        .instance_id(launched.instance.as_str())
        .attribute(aws_sdk_ec2::types::InstanceAttributeName::UserData)
        .send()
        .await
        .expect("user data");
    let encoded = attribute.user_data().and_then(|data| data.value()).expect("user data").to_owned();
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).expect("base64");
    let text = String::from_utf8(decoded).expect("text");
    assert!(text.contains("name: boot\n"), "{text}");
    assert!(text.contains("karpenter.sh/unregistered"), "{text}");
}

async fn spot_is_told_as_spot_however_it_is_found(cluster: &Cluster<'_>) {
    let wish = cluster.shop.wish("general-a", &["m5.large"], &["us-east-1a"], &["spot", "on-demand"]);
    let first = cluster.launch(&wish).await.1.expect("a launch");
    assert_eq!(first.capacity_type, CapacityType::Spot);
    let changed = cluster.shop.wish("general-a", &["m5.large", "m5.xlarge"], &["us-east-1a"], &["on-demand"]);
    let (calls, found) = cluster.launch(&changed).await;
    assert_eq!(found.expect("the same"), first);
    assert_eq!(calls.last().map(String::as_str), Some("ec2:DescribeInstances"));
}

async fn reservations_are_used_until_they_are_empty(mut cluster: Cluster<'_>) {
    let held = ListedReservation {
        id: "cr-0123456789abcdef0".to_owned(),
        instance_type: "m5.large".to_owned(),
        zone: "us-east-1a".to_owned(),
        total: 1,
        available: 1,
        kind: "default".to_owned(),
        tags: Default::default(),
    };
    cluster.account.double.reserve(held.clone());
    cluster.shop.hold(&held.id, &held.instance_type, &held.zone);
    let ways = ["reserved", "on-demand"];
    let wish = |claim: &str| cluster.shop.wish(claim, &["m5.large", "m5.xlarge"], &["us-east-1a"], &ways);
    let first = cluster.launch(&wish("general-a")).await.1.expect("a launch");
    assert_eq!(first.capacity_type, CapacityType::Reserved);
    let told = |key: &str| first.labels.get(key).map(|value| value.to_string());
    assert_eq!(told(keys::RESERVATION_ID).as_deref(), Some("cr-0123456789abcdef0"));
    assert_eq!(told(keys::RESERVATION_TYPE).as_deref(), Some("default"));
    assert_eq!(told(keys::RESERVATION_INTERRUPTIBLE).as_deref(), Some("false"));
    let refused = cluster.refused(&wish("general-b")).await;
    let key = OfferingKey {
        instance_type: "m5.large".into(),
        zone: "us-east-1a".into(),
        capacity_type: CapacityType::Reserved,
    };
    assert_eq!(refused, [Unavailable::Offering(key)]);
}
