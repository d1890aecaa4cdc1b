//! The ports of one invocation over the shared world. Every call takes time each way and can be refused on the
//! way there or lose its answer on the way back, so handlers interleave, and can die, at every await.

mod cloud;
mod failure;
mod read;
mod store;
mod write;

use joiner_ports::{ClusterName, Ports};

use crate::executor::SharedWorld;
use crate::faults::{Pace, TimeRange};
use crate::log::EntryKind;
use crate::world::World;
use failure::Failure;

/// What an invocation holds.
#[derive(Clone)]
pub struct SimPorts {
    world: SharedWorld,
    cluster_name: ClusterName,
    invocation: u64,
}

/// Where a call goes, which decides how long it takes.
#[derive(Debug, Clone, Copy)]
enum Route {
    Cluster,
    Cloud,
    Store,
}

impl Route {
    fn range(self, pace: &Pace) -> TimeRange {
        match self {
            Route::Cluster => pace.cluster_call,
            Route::Cloud => pace.cloud_call,
            Route::Store => pace.store_call,
        }
    }
}

impl SimPorts {
    /// The ports of an invocation.
    pub fn new(world: SharedWorld, cluster_name: ClusterName, invocation: u64) -> Self {
        SimPorts { world, cluster_name, invocation }
    }

    /// The world behind the ports, for whoever tells it what a handler said.
    pub fn world(&self) -> &SharedWorld {
        &self.world
    }

    /// Lets the time of one way pass.
    async fn travel(&self, route: Route) {
        let moment = {
            let mut world = self.world.lock();
            let World { pace, chance, faults, agenda, .. } = &mut *world;
            let mut takes = chance.calls.between(route.range(pace));
            if faults.slowness > 1 {
                takes *= 1 + chance.faults.below(u64::from(faults.slowness)) as u32;
            }
            agenda.now() + takes
        };
        self.world.wait_until(moment).await;
    }

    /// One call: there, the effect, back.
    async fn call<T: Send, E: Failure + Send>(
        &self,
        route: Route,
        name: &'static str,
        effect: impl FnOnce(&mut World) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        self.travel(route).await;
        let answer = {
            let mut world = self.world.lock();
            let throttled = world.faults.throttled;
            if world.chance.faults.happens(throttled) {
                world.record(
                    EntryKind::Call,
                    name,
                    format!("refused for its rate, invocation {}", self.invocation),
                );
                return Err(E::throttled());
            }
            let answer = effect(&mut world);
            let lost = world.faults.lost_answer;
            let is_lost = world.chance.faults.happens(lost);
            let ending = if is_lost {
                "answer lost"
            } else if answer.is_ok() {
                "done"
            } else {
                "refused"
            };
            world.record(EntryKind::Call, name, format!("{ending}, invocation {}", self.invocation));
            if is_lost { Err(E::lost()) } else { answer }
        };
        self.travel(route).await;
        answer
    }
}

impl Ports for SimPorts {
    type Cluster = SimPorts;
    type Cloud = SimPorts;
    type InstanceTypes = SimPorts;
    type Store = SimPorts;
    type Queue = SimPorts;

    fn cluster_name(&self) -> &ClusterName {
        &self.cluster_name
    }
    fn cluster(&self) -> &SimPorts {
        self
    }
    fn cloud(&self) -> &SimPorts {
        self
    }
    fn instance_types(&self) -> &SimPorts {
        self
    }
    fn store(&self) -> &SimPorts {
        self
    }
    fn queue(&self) -> &SimPorts {
        self
    }
}
