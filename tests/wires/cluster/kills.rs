//! Is the end the same when any function is killed at any moment?

use std::collections::BTreeMap;
use std::time::Duration;

use crate::steps::{ON_DEMAND, THRIFTY, claims, deployment, eventually, nodes, pool, running};
use crate::world::{alive, alpha, ends, in_turn, machines_ever};

/// A plain sequence of numbers from a seed: the moments and the victims of a run can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

#[test]
fn functions_killed_at_random_moments_lose_nothing_and_double_nothing() {
    let seed = std::env::var("JOINER_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_125);
    println!("JOINER_SEED={seed} gives these moments again");
    in_turn(async |world| {
        let cluster = alpha(world);
        let kubectl = cluster.kubectl();
        kubectl.apply(&pool("kills", THRIFTY, ON_DEMAND)).await.unwrap();
        let killing = async {
            let mut dice = Dice(seed);
            loop {
                tokio::time::sleep(Duration::from_millis(150 + dice.roll(900))).await;
                world.kill_one(dice.roll(u64::MAX));
            }
        };
        let living = async {
            for replicas in [6, 14, 2, 9] {
                kubectl.apply(&deployment("kills", "kills", replicas, "900m")).await.unwrap();
                tokio::time::sleep(Duration::from_secs(6)).await;
            }
            running(kubectl, "kills", 9, 120).await;
        };
        tokio::select! {
            () = killing => {}
            () = living => {}
        }

        running(kubectl, "kills", 9, 120).await;
        eventually("claims, nodes and machines are one to one", 120, || async {
            let mut claims: Vec<String> =
                claims(kubectl, "kills").await?.iter().map(|claim| claim.instance().to_owned()).collect();
            claims.sort();
            let nodes = nodes(kubectl, "kills").await?;
            let machines: Vec<String> =
                alive(world, cluster, "kills").await?.into_iter().map(|machine| machine.id).collect();
            let same = claims == machines && nodes.len() == machines.len();
            if same { Ok(()) } else { Err(format!("{claims:?} {nodes:?} {machines:?}")) }
        })
        .await;
        let mut by_claim: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for machine in machines_ever(world, cluster, "kills").await.unwrap() {
            by_claim.entry(machine.claim).or_default().push(machine.id);
        }
        let doubled: Vec<_> = by_claim.iter().filter(|(_, ids)| ids.len() > 1).collect();
        assert!(doubled.is_empty(), "claims with more than one machine: {doubled:?}");
        ends(world, cluster, "kills").await;
    });
}
