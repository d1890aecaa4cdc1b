//! Do events that come twice, late or broken do any harm?

use joiner_ports::Duty;

use crate::steps::{CALM, ON_DEMAND, claims, deployment, eventually, pool, running, stays};
use crate::world::{GARBAGE, alive, alpha, announce, ends, in_turn};

#[test]
fn doubled_late_and_foreign_events_change_nothing() {
    in_turn(async |world| {
        let cluster = alpha(world);
        let kubectl = cluster.kubectl();
        kubectl.apply(&pool("noise", CALM, ON_DEMAND)).await.unwrap();
        kubectl.apply(&deployment("noise", "noise", 2, "500m")).await.unwrap();
        running(kubectl, "noise", 2, 90).await;
        let before = alive(world, cluster, "noise").await.unwrap();
        let claim = claims(kubectl, "noise").await.unwrap().remove(0);

        announce(world, "EC2 Spot Instance Interruption Warning", "i-0123456789abcdef0").await;
        announce(world, "EC2 Instance Rebalance Recommendation", claim.instance()).await;
        let repeated = [
            r#"{"kind":"podsPending","hint":{"pod":{"namespace":"default","name":"long-gone"}}}"#.to_owned(),
            r#"{"kind":"podsPending","hint":"again"}"#.to_owned(),
            r#"{"kind":"sweep"}"#.to_owned(),
            format!(r#"{{"kind":"claimStep","claim":"{}","againUntil":"2020-01-01T00:00:00Z"}}"#, claim.name),
            format!(r#"{{"kind":"nodeChanged","node":"{}"}}"#, claim.node),
            r#"{"kind":"commandStep","command":"never-was"}"#.to_owned(),
            r#"{"kind":"terminateStep","target":{"claim":"never-was"},"againUntil":"2020-01-01T00:00:00Z"}"#
                .to_owned(),
            r#"{"kind":"terminateStep","target":{"node":"never-was"},"againUntil":"2020-01-01T00:00:00Z"}"#
                .to_owned(),
        ];
        for message in repeated.iter().chain(&repeated) {
            world.send(cluster.name(), message).await.unwrap();
        }
        stays("machines and claims are the same", 6, || async {
            let now = alive(world, cluster, "noise").await?;
            if now == before { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
        running(kubectl, "noise", 2, 10).await;
        ends(world, cluster, "noise").await;
    });
}

#[test]
fn garbage_ends_among_the_dead_letters_of_its_function() {
    in_turn(async |world| {
        for duty in Duty::ALL {
            eventually(&format!("garbage of {} is set aside", duty.as_str()), 120, || async {
                let letters = world.dead_letters(duty).await.map_err(|e| e.to_string())?;
                let all = GARBAGE.iter().all(|body| letters.iter().any(|letter| letter == body));
                if all { Ok(()) } else { Err(format!("{letters:?}")) }
            })
            .await;
        }
    });
}
