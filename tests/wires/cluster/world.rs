//! The world that all scenarios share: one deployment with two clusters, `alpha` watched and `beta` known from its
//! audit log. Scenarios come one after the other, each with pools and pods of its own.

use std::sync::LazyLock;

use joiner_ports::Duty;
use joiner_wires::SetupError;
use joiner_wires::stack::account::Machine;
use joiner_wires::stack::{Ground, Side, Source, Stack};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

use crate::adoption::{self, Adopted};
use crate::steps::eventually;

/// Bodies that no function can make sense of.
pub(crate) const GARBAGE: [&str; 3] =
    ["no JSON", r#"{"cluster":"alpha"}"#, r#"{"cluster":"alpha","message":{"kind":"dance"}}"#];

/// The deployment, and words for what scenarios do with it.
pub(crate) struct World {
    pub(crate) stack: Stack,
    /// What was in `beta` before.
    pub(crate) adopted: Adopted,
}

/// Everything that goes on beside a scenario outlives it, so all share one runtime.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be started")
});
static WORLD: OnceCell<World> = OnceCell::const_new();
static TURN: Mutex<()> = Mutex::const_new(());

/// Tells one scenario while no other is told. Shows what the functions wrote if it fails.
pub(crate) fn in_turn(scenario: impl AsyncFn(&World)) {
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        let world = WORLD.get_or_init(World::start).await;
        let tails = Tails(world);
        scenario(world).await;
        std::mem::forget(tails);
    });
}

/// Prints the tails of all logs when a scenario panics.
struct Tails<'a>(&'a World);

impl Drop for Tails<'_> {
    fn drop(&mut self) {
        println!("{}", self.0.stack.tails(40));
    }
}

impl World {
    async fn start() -> Self {
        let ground = Ground::start(&[("alpha", Source::Watch), ("beta", Source::Audit)]).await;
        let ground = ground.unwrap_or_else(|error| panic!("{error}"));
        let side = &ground.sides()[1];
        let class = example("basic.yaml", "beta").split("---").nth(1).unwrap_or_default().to_owned();
        side.kubectl().apply(&class).await.unwrap();
        let adopted = adoption::before_joiner(&ground, side).await;
        let stack = Stack::deploy(ground).await.unwrap_or_else(|error| panic!("{error}"));
        // Setting aside takes time, in which scenarios are told.
        for duty in Duty::ALL {
            for body in GARBAGE {
                stack.send(duty, body).await.unwrap();
            }
        }
        World { stack, adopted }
    }

    /// Sends a message about a cluster to the function it is for.
    pub(crate) async fn send(&self, cluster: &str, message: &str) -> Result<(), SetupError> {
        let message: joiner_ports::Message =
            serde_json::from_str(message).map_err(|e| SetupError::because("reading a message", &e))?;
        let body = json!({"cluster": cluster, "message": message}).to_string();
        self.stack.send(message.duty(), &body).await
    }

    /// Sends anything to the queue of a duty.
    pub(crate) async fn send_raw(&self, duty: Duty, body: &str) -> Result<(), SetupError> {
        self.stack.send(duty, body).await
    }

    /// Bodies of messages of a duty that were set aside.
    pub(crate) async fn dead_letters(&self, duty: Duty) -> Result<Vec<String>, SetupError> {
        let stack = &self.stack;
        joiner_wires::stack::plumbing::dead_letters(stack.clients(), stack.plumbing(), duty).await
    }

    /// Kills the processes of one function, chosen by a number.
    pub(crate) fn kill_one(&self, number: u64) -> usize {
        let functions: Vec<_> = self.stack.functions().all().collect();
        let at = usize::try_from(number).unwrap_or_default() % functions.len();
        functions[at].kill()
    }
}

/// The cluster that is watched.
pub(crate) fn alpha(world: &World) -> &Side {
    &world.stack.sides()[0]
}

/// The cluster whose audit log is read.
pub(crate) fn beta(world: &World) -> &Side {
    &world.stack.sides()[1]
}

/// A manifest of `examples/`, for a cluster.
pub(crate) fn example(file: &str, cluster: &str) -> String {
    let path = format!("{}/../../examples/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.replace("${CLUSTER_NAME}", cluster)
}

/// Machines of a pool that cost money.
pub(crate) async fn alive(world: &World, side: &Side, pool: &str) -> Result<Vec<Machine>, String> {
    let all = machines_ever(world, side, pool).await.map_err(|e| e.to_string())?;
    Ok(all.into_iter().filter(Machine::is_alive).collect())
}

/// Machines of a pool that ever were.
pub(crate) async fn machines_ever(
    world: &World,
    side: &Side,
    pool: &str,
) -> Result<Vec<Machine>, SetupError> {
    let mut machines = world.stack.machines(side.name()).await?;
    machines.retain(|machine| machine.pool == pool);
    Ok(machines)
}

/// EC2 announces something about an instance, as EventBridge brings it to the queue.
pub(crate) async fn announce(world: &World, detail_type: &str, instance: &str) {
    let mut detail = json!({"instance-id": instance});
    if detail_type.contains("Spot") {
        detail["instance-action"] = "terminate".into();
    }
    let event = json!({
        "version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": detail_type,
        "source": "aws.ec2", "account": "123456789012", "time": "2026-01-02T03:04:05Z", "region": "us-east-1",
        "resources": [format!("arn:aws:ec2:us-east-1a:instance/{instance}")], "detail": detail,
    });
    world.send_raw(Duty::Interrupt, &event.to_string()).await.unwrap();
}

/// Takes a scenario's Deployment and pool away, and sees that nothing of it is left.
pub(crate) async fn ends(world: &World, side: &Side, name: &str) {
    side.kubectl().words(&format!("delete deployment,nodepool {name} --wait=false")).await.unwrap();
    eventually(&format!("nothing of {name} is left"), 120, || async {
        let claims = crate::steps::claims(side.kubectl(), name).await?;
        let nodes = crate::steps::nodes(side.kubectl(), name).await?;
        let machines = alive(world, side, name).await?;
        let gone = claims.is_empty() && nodes.is_empty() && machines.is_empty();
        if gone { Ok(()) } else { Err(format!("{claims:?} {nodes:?} {machines:?}")) }
    })
    .await;
}
