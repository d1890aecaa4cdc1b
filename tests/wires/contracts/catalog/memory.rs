//! The contract over the catalog of the simulator, in virtual time.

use std::sync::Arc;

use joiner_catalog::{AwsSettings, Catalog};
use joiner_ports::ClusterName;
use joiner_sim::executor::SharedWorld;
use joiner_sim::ports::SimPorts;
use joiner_sim::world::World;

use super::account::class_in;
use super::{TypesGround, every_claim};

#[test]
fn the_catalog_of_the_simulator_keeps_the_contract() {
    let class = class_in(&["us-east-1a", "us-east-1b"]);
    let types = Arc::new(Catalog::embedded().instance_types(&class, &AwsSettings::UNSET, &[]));
    macro_rules! run {
        ($claim:ident) => {
            let mut world = World::seeded(1);
            world.ec2.types.insert(class.name.clone(), Arc::clone(&types));
            let world = SharedWorld::new(world);
            let source = SimPorts::new(world.clone(), ClusterName::new("prod").expect("a name"), 1);
            world.drive(super::$claim(&TypesGround { source, class: class.clone() }));
        };
    }
    every_claim!(run);
}
