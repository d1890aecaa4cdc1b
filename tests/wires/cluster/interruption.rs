//! Is a machine that EC2 takes back drained in time, and replaced?

use crate::steps::{CALM, claims, deployment, eventually, pool, running};
use crate::world::{alive, alpha, announce, ends, in_turn};

const SPOT: &str = "- {key: karpenter.sh/capacity-type, operator: In, values: [spot]}";

#[test]
fn a_spot_machine_that_is_taken_back_is_drained_and_replaced() {
    in_turn(async |world| {
        let cluster = alpha(world);
        let kubectl = cluster.kubectl();
        kubectl.apply(&pool("spot", CALM, SPOT)).await.unwrap();
        kubectl.apply(&deployment("spot", "spot", 3, "500m")).await.unwrap();
        running(kubectl, "spot", 3, 90).await;
        let before = claims(kubectl, "spot").await.unwrap().remove(0);

        announce(world, "EC2 Spot Instance Interruption Warning", before.instance()).await;
        eventually("the claim is gone and another is there", 120, || async {
            let now = claims(kubectl, "spot").await?;
            let others = now.iter().filter(|claim| claim.name != before.name).count();
            if others == now.len() && others > 0 { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
        running(kubectl, "spot", 3, 90).await;
        let machines = alive(world, cluster, "spot").await.unwrap();
        assert!(machines.iter().all(|machine| machine.id != before.instance()), "{machines:?}");
        ends(world, cluster, "spot").await;
    });
}
