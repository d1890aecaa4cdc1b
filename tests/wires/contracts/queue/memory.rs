//! The contract over the mail of the simulator, in virtual time.

use std::time::Duration;

use joiner_ports::{ClusterName, Message};
use joiner_sim::executor::SharedWorld;
use joiner_sim::mail::VISIBILITY;
use joiner_sim::ports::SimPorts;
use joiner_sim::world::World;

use super::{QueueGround, every_claim};

struct MailGround {
    world: SharedWorld,
    queue: SimPorts,
}

impl MailGround {
    fn new() -> Self {
        let world = SharedWorld::new(World::seeded(1));
        let name = ClusterName::new("prod").expect("a name");
        MailGround { queue: SimPorts::new(world.clone(), name, 1), world }
    }

    async fn pass(&self, time: Duration) {
        let moment = self.world.lock().agenda.now() + time;
        self.world.wait_until(moment).await;
    }
}

impl QueueGround for MailGround {
    type Queue = SimPorts;
    type Handle = u64;

    fn queue(&self) -> &SimPorts {
        &self.queue
    }

    async fn take(&self) -> Option<(u64, Message)> {
        self.world.lock().mail.take()
    }

    async fn done(&self, handle: u64) {
        self.world.lock().mail.done(handle);
    }

    async fn fail(&self, handle: u64) {
        self.world.lock().deliver_again(handle);
        self.pass(VISIBILITY).await;
    }

    async fn pass_millis(&self, millis: u64) {
        self.pass(Duration::from_millis(millis)).await;
    }
}

#[test]
fn the_mail_of_the_simulator_keeps_the_contract() {
    macro_rules! run {
        ($claim:ident) => {
            let ground = MailGround::new();
            ground.world.drive(super::$claim(&ground));
        };
    }
    every_claim!(run);
}
