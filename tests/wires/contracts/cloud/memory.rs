//! The contract over the EC2 of the simulator, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use joiner_core::model::OfferingKey;
use joiner_ports::{Cloud, ClusterName, Instance};
use joiner_sim::executor::SharedWorld;
use joiner_sim::faults::Faults;
use joiner_sim::ports::SimPorts;
use joiner_sim::world::World;

use super::request::{Places, Shop};
use super::{CloudGround, Trouble, every_claim};

/// One world is one cluster.
struct MemoryGround {
    world: SharedWorld,
    cloud: SimPorts,
    shop: Shop,
}

impl MemoryGround {
    fn new() -> Self {
        let name = ClusterName::new("prod").expect("a name");
        let places = Places {
            subnets: ["us-east-1a", "us-east-1b"]
                .map(|zone| (format!("subnet-{zone}"), zone.to_owned()))
                .into(),
            security_group: "sg-1".to_owned(),
            image: "ami-1".to_owned(),
            instance_profile: "nodes".to_owned(),
        };
        let shop = Shop::of(&name, &places);
        let mut world = World::seeded(1);
        world.ec2.types.insert(shop.class.name.clone(), Arc::new(shop.types.clone()));
        let world = SharedWorld::new(world);
        MemoryGround { cloud: SimPorts::new(world.clone(), name, 1), world, shop }
    }
}

impl CloudGround for MemoryGround {
    type Cloud = SimPorts;

    fn cloud(&self) -> &SimPorts {
        &self.cloud
    }

    /// Another cluster is another world.
    async fn neighbour_sees(&self) -> Vec<Instance> {
        let world = SharedWorld::new(World::seeded(2));
        let cloud = SimPorts::new(world.clone(), ClusterName::new("dev").expect("a name"), 1);
        world.drive(cloud.instances()).expect("instances can be listed")
    }

    fn shop(&self) -> &Shop {
        &self.shop
    }

    fn run_out(&self, key: &OfferingKey) {
        self.world.lock().ec2.refused.push(key.clone());
    }

    fn trouble(&self, trouble: Trouble) {
        let mut faults = Faults::calm();
        match trouble {
            Trouble::Throttled => faults.throttled = 1000,
            Trouble::AnswerLost => faults.lost_answer = 1000,
        }
        self.world.lock().faults = faults;
    }

    fn mend(&self) {
        self.world.lock().faults = Faults::calm();
    }

    async fn pass_time(&self) {
        let moment = self.world.lock().agenda.now() + Duration::from_secs(120);
        self.world.wait_until(moment).await;
    }
}

#[test]
fn the_ec2_of_the_simulator_keeps_the_contract() {
    macro_rules! run {
        ($claim:ident) => {
            let ground = MemoryGround::new();
            ground.world.drive(super::$claim(&ground));
        };
    }
    every_claim!(run);
}
