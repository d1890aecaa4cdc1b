//! The contract over the table of the simulator, in virtual time.

use std::time::Duration;

use joiner_ports::ClusterName;
use joiner_sim::executor::SharedWorld;
use joiner_sim::ports::SimPorts;
use joiner_sim::world::World;

use super::{StoreGround, every_claim};

/// One world is one cluster. The neighbour's calls take no time, for its clock stands still.
fn ground() -> (SharedWorld, StoreGround<SimPorts>) {
    let name = ClusterName::new("prod").expect("a name");
    let world = SharedWorld::new(World::seeded(1));
    let mut other = World::seeded(2);
    other.pace.store_call = (Duration::ZERO, Duration::ZERO);
    let store = SimPorts::new(world.clone(), name.clone(), 1);
    let neighbour = SimPorts::new(SharedWorld::new(other), name, 1);
    (world, StoreGround { store, neighbour })
}

#[test]
fn the_table_of_the_simulator_keeps_the_contract() {
    macro_rules! run {
        ($part:ident::$claim:ident) => {
            let (world, ground) = ground();
            world.drive(super::$part::$claim(&ground));
        };
        ($claim:ident) => {
            let (world, ground) = ground();
            world.drive(super::$claim(&ground));
        };
    }
    every_claim!(run);
}
