//! What does every `Cloud` promise? The same claims hold for EC2 on the wire and for the EC2 of the simulator, so that
//! what storms prove of the one can be believed of the other.

mod double;
mod ec2;
mod memory;
mod request;
mod wire;

use joiner_core::model::{CapacityType, Labels, OfferingKey, Unavailable, keys};
use joiner_ports::{Cloud, Instance, InstanceId, LaunchError, Launched, Termination};

use request::Wish;

/// What can be made to go wrong with launches.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// They are refused for their rate.
    Throttled,
    /// They succeed, and the answer does not arrive.
    AnswerLost,
}

/// A cloud to try claims on. Each claim gets one of its own, with nothing launched.
trait CloudGround: Sync {
    /// What is tried.
    type Cloud: Cloud;

    /// The cloud of the cluster.
    fn cloud(&self) -> &Self::Cloud;
    /// What the cloud of another cluster lists.
    fn neighbour_sees(&self) -> impl Future<Output = Vec<Instance>> + Send;
    /// Requests are made from it.
    fn shop(&self) -> &request::Shop;
    /// From now on an offering is not to be had.
    fn run_out(&self, key: &OfferingKey);
    /// From now on launches fail.
    fn trouble(&self, trouble: Trouble);
    /// Nothing fails any more.
    fn mend(&self);
    /// Lets enough time pass for a machine to end.
    fn pass_time(&self) -> impl Future<Output = ()> + Send;
}

async fn launch<G: CloudGround>(ground: &G, wish: &Wish) -> Result<Launched, LaunchError> {
    ground.cloud().launch(ground.shop().request(wish)).await
}

async fn list<G: CloudGround>(ground: &G) -> Vec<Instance> {
    ground.cloud().instances().await.expect("instances can be listed")
}

/// Runs one claim by its name; `run` is a macro of the ground's file.
macro_rules! every_claim {
    ($run:ident) => {
        $run!(one_token_one_instance);
        $run!(a_lost_answer_is_found_again);
        $run!(a_changed_request_finds_the_same_instance);
        $run!(what_was_marked_meanwhile_hides_no_instance);
        $run!(the_cheapest_offering_is_bought_and_told);
        $run!(no_capacity_names_exactly_what_was_refused);
        $run!(what_is_short_is_bought_elsewhere);
        $run!(a_throttled_launch_launches_nothing);
        $run!(instances_tell_whose_they_are);
        $run!(tags_are_set_and_set_again);
        $run!(ending_twice_is_harmless_and_ends);
        $run!(what_never_was_is_gone);
        $run!(clusters_do_not_see_each_other);
    };
}
use every_claim;

const TYPES: [&str; 3] = ["m5.large", "m5.xlarge", "c5.xlarge"];
const ZONES: [&str; 2] = ["us-east-1a", "us-east-1b"];

fn on_demand<G: CloudGround>(ground: &G, claim: &str) -> Wish {
    ground.shop().wish(claim, &TYPES, &ZONES, &["on-demand"])
}

fn key(instance_type: &str, zone: &str) -> OfferingKey {
    OfferingKey {
        instance_type: instance_type.into(),
        zone: zone.into(),
        capacity_type: CapacityType::OnDemand,
    }
}

fn ids(instances: &[Instance]) -> Vec<InstanceId> {
    instances.iter().map(|instance| instance.id.clone()).collect()
}

// behaviour: launch/one-token-one-instance
async fn one_token_one_instance<G: CloudGround>(ground: &G) {
    let wish = on_demand(ground, "general-a");
    let first = launch(ground, &wish).await.expect("a launch");
    let again = launch(ground, &wish).await.expect("the same launch");
    assert_eq!(first, again);
    let other = launch(ground, &on_demand(ground, "general-b")).await.expect("another launch");
    assert_ne!(first.instance, other.instance);
    let mut expected = vec![first.instance, other.instance];
    expected.sort();
    assert_eq!(ids(&list(ground).await), expected);
}

// behaviour: launch/one-token-one-instance
async fn a_lost_answer_is_found_again<G: CloudGround>(ground: &G) {
    let wish = on_demand(ground, "general-a");
    ground.trouble(Trouble::AnswerLost);
    let lost = launch(ground, &wish).await;
    assert!(matches!(lost, Err(LaunchError::Unknown(_))), "{lost:?}");
    ground.mend();
    let found = launch(ground, &wish).await.expect("the launch that happened");
    assert_eq!(ids(&list(ground).await), [found.instance]);
}

// behaviour: launch/one-token-one-instance
async fn a_changed_request_finds_the_same_instance<G: CloudGround>(ground: &G) {
    let first = launch(ground, &on_demand(ground, "general-a")).await.expect("a launch");
    let narrower = ground.shop().wish("general-a", &TYPES[1..], &ZONES, &["on-demand", "spot"]);
    let again = launch(ground, &narrower).await.expect("the same launch");
    assert_eq!(again.instance, first.instance);
    assert_eq!((again.instance_type, again.zone), (first.instance_type, first.zone));
    assert_eq!((again.capacity_type, again.labels), (first.capacity_type, first.labels));
    assert_eq!(ids(&list(ground).await), [first.instance]);
}

// behaviour: launch/one-token-one-instance
async fn what_was_marked_meanwhile_hides_no_instance<G: CloudGround>(ground: &G) {
    let wish = on_demand(ground, "general-a");
    let first = launch(ground, &wish).await.expect("a launch");
    for instance_type in TYPES {
        ZONES.iter().for_each(|zone| ground.run_out(&key(instance_type, zone)));
    }
    let again = launch(ground, &wish).await.expect("the same launch");
    assert_eq!(again.instance, first.instance);
}

// behaviour: launch/labels-of-the-machine-that-was-bought
async fn the_cheapest_offering_is_bought_and_told<G: CloudGround>(ground: &G) {
    let wish = ground.shop().wish("general-a", &TYPES, &["us-east-1b"], &["on-demand"]);
    let launched = launch(ground, &wish).await.expect("a launch");
    let bought = ground.shop().types.iter().find(|found| *found.name == *"m5.large").expect("a known type");
    assert_eq!(&*launched.instance_type, "m5.large");
    assert_eq!((&*launched.zone, launched.capacity_type), ("us-east-1b", CapacityType::OnDemand));
    assert_eq!(*launched.provider_id, *format!("aws:///us-east-1b/{}", launched.instance));
    let told = |key: &str| launched.labels.get(key).map(|value| value.to_string());
    let expected = [
        (keys::INSTANCE_TYPE, "m5.large"),
        (keys::ZONE, "us-east-1b"),
        (keys::CAPACITY_TYPE, "on-demand"),
        (keys::ARCH, "amd64"),
        ("karpenter.k8s.aws/instance-family", "m5"),
    ];
    for (key, value) in expected {
        assert_eq!(told(key).as_deref(), Some(value), "{key}");
    }
    let cpu =
        |amounts: &joiner_core::model::Resources| amounts.amount(&joiner_core::model::ResourceName::Cpu);
    assert_eq!(cpu(&launched.capacity), cpu(&bought.capacity));
    assert_eq!(cpu(&launched.allocatable), cpu(&bought.allocatable()));
}

// behaviour: launch/shortages-name-what-was-refused
async fn no_capacity_names_exactly_what_was_refused<G: CloudGround>(ground: &G) {
    let wish = ground.shop().wish("general-a", &["m5.large"], &ZONES, &["on-demand"]);
    ZONES.iter().for_each(|zone| ground.run_out(&key("m5.large", zone)));
    ground.run_out(&key("c5.xlarge", "us-east-1a"));
    let refused = match launch(ground, &wish).await {
        Err(LaunchError::NoCapacity(refused)) => refused,
        other => panic!("no capacity was expected, not {other:?}"),
    };
    assert_eq!(refused, ZONES.map(|zone| Unavailable::Offering(key("m5.large", zone))));
    assert_eq!(list(ground).await, []);
}

async fn what_is_short_is_bought_elsewhere<G: CloudGround>(ground: &G) {
    ground.run_out(&key("m5.large", "us-east-1a"));
    let wish = ground.shop().wish("general-a", &["m5.large"], &ZONES, &["on-demand"]);
    let launched = launch(ground, &wish).await.expect("a launch");
    assert_eq!((&*launched.instance_type, &*launched.zone), ("m5.large", "us-east-1b"));
}

async fn a_throttled_launch_launches_nothing<G: CloudGround>(ground: &G) {
    let wish = on_demand(ground, "general-a");
    ground.trouble(Trouble::Throttled);
    let refused = launch(ground, &wish).await;
    assert!(matches!(refused, Err(LaunchError::Throttled(_))), "{refused:?}");
    ground.mend();
    assert_eq!(list(ground).await, []);
    let launched = launch(ground, &wish).await.expect("a launch");
    assert_eq!(ids(&list(ground).await), [launched.instance]);
}

// behaviour: launch/instances-carry-claim-and-token
async fn instances_tell_whose_they_are<G: CloudGround>(ground: &G) {
    let wish = on_demand(ground, "general-a");
    let launched = launch(ground, &wish).await.expect("a launch");
    let listed = list(ground).await.pop().expect("one instance");
    assert_eq!(listed.id, launched.instance);
    assert_eq!(listed.provider_id, launched.provider_id);
    assert_eq!(listed.claim, Some(wish.claim));
    assert_eq!(listed.token, Some(wish.token));
    assert_eq!(listed.node_pool.as_deref(), Some("general"));
    assert_eq!(listed.tags.get("team").map(|team| &**team), Some("a"), "a tag of the class");
    assert_eq!(listed.image_id, launched.image_id);
}

async fn tags_are_set_and_set_again<G: CloudGround>(ground: &G) {
    let launched = launch(ground, &on_demand(ground, "general-a")).await.expect("a launch");
    for name in ["ip-10-0-0-1", "ip-10-0-0-2", "ip-10-0-0-2"] {
        let tags = Labels::from([("Name".into(), name.into())]);
        ground.cloud().tag(&launched.instance, &tags).await.expect("tags can be set");
    }
    let listed = list(ground).await.pop().expect("one instance");
    assert_eq!(listed.tags.get("Name").map(|name| &**name), Some("ip-10-0-0-2"));
}

async fn ending_twice_is_harmless_and_ends<G: CloudGround>(ground: &G) {
    let launched = launch(ground, &on_demand(ground, "general-a")).await.expect("a launch");
    let cloud = ground.cloud();
    assert!(cloud.exists(&launched.instance).await.expect("an answer"));
    let first = cloud.terminate(&launched.instance).await.expect("an answer");
    assert_eq!(first, Termination::Asked);
    cloud.terminate(&launched.instance).await.expect("asking again is no error");
    ground.pass_time().await;
    assert_eq!(cloud.terminate(&launched.instance).await.expect("an answer"), Termination::Gone);
    assert!(!cloud.exists(&launched.instance).await.expect("an answer"));
    assert_eq!(list(ground).await, []);
}

async fn what_never_was_is_gone<G: CloudGround>(ground: &G) {
    let never = InstanceId::new("i-0123456789abcdef0").expect("an id");
    let cloud = ground.cloud();
    assert!(!cloud.exists(&never).await.expect("an answer"));
    assert_eq!(cloud.terminate(&never).await.expect("an answer"), Termination::Gone);
    let tags = Labels::from([("Name".into(), "nobody".into())]);
    cloud.tag(&never, &tags).await.expect("nothing is there to be tagged");
}

// behaviour: launch/instances-of-other-clusters-are-not-listed
async fn clusters_do_not_see_each_other<G: CloudGround>(ground: &G) {
    let launched = launch(ground, &on_demand(ground, "general-a")).await.expect("a launch");
    assert_eq!(ground.neighbour_sees().await, []);
    assert_eq!(ids(&list(ground).await), [launched.instance]);
}
