//! How long does a pod wait until a machine is bought for it, and how many calls does a machine cost? Printed, and held
//! below what a busy computer allows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::steps::{CALM, eventually, pool, running};
use crate::world::{World, alpha, ends, in_turn};

const SAMPLES: usize = 5;
/// One machine for each pod.
const SMALL: &str = "- {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}\n        \
    - {key: karpenter.k8s.aws/instance-cpu, operator: In, values: [\"2\"]}";

/// Until a fleet is asked for.
async fn bought(world: &World, since: Instant) -> Duration {
    while !world.stack.double().actions().iter().any(|action| action == "ec2:CreateFleet") {
        assert!(since.elapsed() < Duration::from_secs(60), "no machine is bought within a minute");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    since.elapsed()
}

fn by_action(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for action in world.stack.double().actions() {
        *counts.entry(action).or_default() += 1;
    }
    counts
}

#[test]
fn a_machine_is_bought_soon_after_its_pod_was_created() {
    in_turn(async |world| {
        let side = alpha(world);
        let kubectl = side.kubectl();
        kubectl.apply(&pool("speed", CALM, SMALL)).await.unwrap();
        kubectl.apply(&crate::steps::deployment("speed", "speed", 0, "1500m")).await.unwrap();
        eventually("the pool is ready", 30, || async {
            let pool = kubectl.json("nodepool speed").await.map_err(|e| e.to_string())?;
            let ready = pool["status"]["conditions"].as_array().into_iter().flatten();
            let ready = ready.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
            if ready { Ok(()) } else { Err(pool["status"].to_string()) }
        })
        .await;
        let (mut waits, mut calls) = (Vec::new(), BTreeMap::<String, usize>::new());
        for count in 1..=SAMPLES {
            world.stack.double().forget_calls();
            // From here the command starts and the controllers of the cluster make a pod: that is counted too.
            let since = Instant::now();
            let line = format!("scale deployment speed --replicas={count}");
            let (said, wait) = tokio::join!(kubectl.words(&line), bought(world, since));
            said.unwrap();
            waits.push(wait);
            running(kubectl, "speed", count, 90).await;
            for (action, count) in by_action(world) {
                *calls.entry(action).or_default() += count;
            }
        }
        waits.sort();
        let shown: Vec<u128> = waits.iter().map(Duration::as_millis).collect();
        println!("from `kubectl scale` to CreateFleet, ms: {shown:?}, p50 {}", shown[SAMPLES / 2]);
        println!("calls while {SAMPLES} machines were launched, one after the other:");
        for (action, count) in &calls {
            println!("{count:6}  {action}");
        }
        assert_eq!(calls.get("ec2:CreateFleet"), Some(&SAMPLES));
        assert!(waits[SAMPLES / 2] < Duration::from_secs(5), "{shown:?}");
        ends(world, side, "speed").await;
    });
}
