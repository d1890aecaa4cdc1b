//! The contract over the cluster of the simulator, in virtual time.

use joiner_api::read::{Manifests, Source};
use joiner_core::model::Zone;
use joiner_ports::ClusterName;
use joiner_sim::executor::SharedWorld;
use joiner_sim::manifests::cast;
use joiner_sim::ports::SimPorts;
use joiner_sim::world::World;

use super::objects::{Names, manifests};
use super::{ClusterGround, every_claim};

/// A world with the objects of a claim, after a while in which the scheduler has placed its pods and they run.
fn ground(claim: &str) -> (SharedWorld, ClusterGround<SimPorts>) {
    let names = Names::of(claim);
    let source = Source { name: "ground".into(), text: manifests(&names) };
    let zones = [Zone { name: "zone-a".into(), id: None }];
    let mut world = World::seeded(1);
    for object in cast(Manifests::read(&[source]).expect("manifests"), &zones).objects {
        world.apply(object);
    }
    let settled = world.agenda.now() + std::time::Duration::from_secs(300);
    let world = SharedWorld::new(world);
    world.drive(world.wait_until(settled));
    let cluster = SimPorts::new(world.clone(), ClusterName::new("prod").expect("a name"), 1);
    (world, ClusterGround { cluster, names })
}

#[test]
fn the_cluster_of_the_simulator_keeps_the_contract() {
    macro_rules! run {
        ($part:ident::$claim:ident) => {
            let (world, ground) = ground(stringify!($claim));
            world.drive(super::$part::$claim(&ground));
        };
    }
    every_claim!(run);
}
