//! What does every `InstanceTypeSource` promise, and what does EC2 make of a class? The claims of the port hold for the
//! catalog on the wire and for that of the simulator; what only AWS can show is tried on the wire alone.

mod account;
mod class;
mod discovery;
mod memory;
mod profile;
mod trial;
mod wire;

use std::collections::BTreeSet;

use joiner_core::model::{CapacityType, InstanceType, NodeClass, OfferingKey, Unavailable};
use joiner_ports::InstanceTypeSource;

/// A source, and a class with a subnet in us-east-1a and us-east-1b.
struct TypesGround<S> {
    source: S,
    class: NodeClass,
}

impl<S: InstanceTypeSource> TypesGround<S> {
    /// What can be bought, given marks.
    async fn available(&self, marks: &[Unavailable]) -> BTreeSet<OfferingKey> {
        let types = self.source.of(&self.class, marks).await.expect("instance types");
        types.iter().flat_map(keys_of).collect()
    }
}

/// Available offerings of a type.
fn keys_of(instance_type: &InstanceType) -> Vec<OfferingKey> {
    let available = instance_type.offerings.iter().filter(|offering| offering.available);
    let key = |offering: &joiner_core::model::Offering| OfferingKey {
        instance_type: instance_type.name.clone(),
        zone: offering.zone.clone(),
        capacity_type: offering.capacity_type,
    };
    available.map(key).collect()
}

/// Runs one claim by its name; `run` is a macro of the ground's file.
macro_rules! every_claim {
    ($run:ident) => {
        $run!(types_come_in_order_of_names_each_once);
        $run!(what_is_available_has_a_price_and_a_subnet);
        $run!(a_marked_offering_is_all_that_goes);
        $run!(a_marked_way_of_paying_goes_everywhere);
        $run!(a_full_or_shifted_zone_goes_for_all);
        $run!(marks_are_forgotten_and_types_stay);
    };
}
use every_claim;

async fn types_come_in_order_of_names_each_once<S: InstanceTypeSource>(ground: &TypesGround<S>) {
    let types = ground.source.of(&ground.class, &[]).await.expect("instance types");
    let names: Vec<&str> = types.iter().map(|found| &*found.name).collect();
    let ordered: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names, ordered.into_iter().collect::<Vec<_>>());
    assert!(names.contains(&"m5.large") && names.contains(&"m6g.large"), "{} types", names.len());
}

async fn what_is_available_has_a_price_and_a_subnet<S: InstanceTypeSource>(ground: &TypesGround<S>) {
    let types = ground.source.of(&ground.class, &[]).await.expect("instance types");
    let zones: Vec<&str> = ground.class.zones.iter().map(|zone| &*zone.name).collect();
    for found in types.iter() {
        for offering in found.offerings.iter().filter(|offering| offering.available) {
            assert!(offering.price.nano_usd_per_hour > 0, "{} in {}", found.name, offering.zone);
            assert!(zones.contains(&&*offering.zone), "{} in {}", found.name, offering.zone);
        }
    }
    let bought = ground.available(&[]).await;
    for capacity_type in [CapacityType::OnDemand, CapacityType::Spot] {
        for zone in ["us-east-1a", "us-east-1b"] {
            assert!(bought.contains(&key("m5.large", zone, capacity_type)), "{capacity_type} in {zone}");
        }
    }
}

fn key(instance_type: &str, zone: &str, capacity_type: CapacityType) -> OfferingKey {
    OfferingKey { instance_type: instance_type.into(), zone: zone.into(), capacity_type }
}

/// What marks take away is exactly what the test picks.
async fn takes_away<S: InstanceTypeSource>(
    ground: &TypesGround<S>,
    marks: &[Unavailable],
    picks: impl Fn(&OfferingKey) -> bool,
) {
    let mut left = ground.available(&[]).await;
    assert!(left.iter().any(&picks), "there is something to take away");
    left.retain(|key| !picks(key));
    assert_eq!(ground.available(marks).await, left);
}

// behaviour: catalog/refusals-touch-nothing-else
async fn a_marked_offering_is_all_that_goes<S: InstanceTypeSource>(ground: &TypesGround<S>) {
    let marked = key("m5.large", "us-east-1a", CapacityType::Spot);
    takes_away(ground, &[Unavailable::Offering(marked.clone())], |key| *key == marked).await;
}

async fn a_marked_way_of_paying_goes_everywhere<S: InstanceTypeSource>(ground: &TypesGround<S>) {
    let marks = [Unavailable::CapacityType(CapacityType::Spot)];
    takes_away(ground, &marks, |key| key.capacity_type == CapacityType::Spot).await;
}

async fn a_full_or_shifted_zone_goes_for_all<S: InstanceTypeSource>(ground: &TypesGround<S>) {
    for mark in [Unavailable::FullZone("us-east-1b".into()), Unavailable::ShiftedZone("us-east-1b".into())] {
        takes_away(ground, &[mark], |key| &*key.zone == "us-east-1b").await;
    }
}

async fn marks_are_forgotten_and_types_stay<S: InstanceTypeSource>(ground: &TypesGround<S>) {
    let before = ground.source.of(&ground.class, &[]).await.expect("instance types");
    let marks = [CapacityType::OnDemand, CapacityType::Spot].map(Unavailable::CapacityType);
    let nothing = ground.source.of(&ground.class, &marks).await.expect("instance types");
    assert_eq!(nothing.iter().flat_map(keys_of).count(), 0);
    assert_eq!(nothing.len(), before.len(), "types without anything available stay, for what runs already");
    assert_eq!(*ground.source.of(&ground.class, &[]).await.expect("instance types"), *before);
}
