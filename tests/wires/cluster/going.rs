//! Are nodes that somebody deletes drained first, and are disruption budgets of pods kept?

use crate::steps::{CALM, ON_DEMAND, claims, deployment, eventually, nodes, pool, running, stays};
use crate::world::{alive, alpha, ends, in_turn};

fn budget(app: &str, at_least: u32) -> String {
    format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {app}}}\n\
         spec: {{minAvailable: {at_least}, selector: {{matchLabels: {{app: {app}}}}}}}\n"
    )
}

#[test]
fn a_deleted_claim_drains_first_and_its_pods_run_elsewhere() {
    in_turn(async |world| {
        let cluster = alpha(world);
        let kubectl = cluster.kubectl();
        kubectl.apply(&pool("by-claim", CALM, ON_DEMAND)).await.unwrap();
        kubectl.apply(&deployment("by-claim", "by-claim", 2, "500m")).await.unwrap();
        running(kubectl, "by-claim", 2, 90).await;
        let before = claims(kubectl, "by-claim").await.unwrap();

        kubectl.run(&["delete", "nodeclaim", &before[0].name, "--wait=false"]).await.unwrap();
        eventually("the claim is gone", 90, || async {
            let now = claims(kubectl, "by-claim").await?;
            if now.iter().all(|claim| claim.name != before[0].name) {
                Ok(())
            } else {
                Err(format!("{now:?}"))
            }
        })
        .await;
        running(kubectl, "by-claim", 2, 90).await;
        let machines = alive(world, cluster, "by-claim").await.unwrap();
        assert!(machines.iter().all(|machine| machine.id != before[0].instance()), "{machines:?}");
        ends(world, cluster, "by-claim").await;
    });
}

#[test]
fn a_deleted_node_waits_for_the_budget_of_its_pods() {
    in_turn(async |world| {
        let cluster = alpha(world);
        let kubectl = cluster.kubectl();
        kubectl.apply(&pool("by-node", CALM, ON_DEMAND)).await.unwrap();
        kubectl.apply(&deployment("by-node", "by-node", 2, "500m")).await.unwrap();
        kubectl.apply(&budget("by-node", 2)).await.unwrap();
        let ran_on = running(kubectl, "by-node", 2, 90).await;
        let claim = claims(kubectl, "by-node").await.unwrap().remove(0);

        kubectl.run(&["delete", "node", &ran_on[0], "--wait=false"]).await.unwrap();
        eventually("the claim goes with its node", 60, || async {
            let now = claims(kubectl, "by-node").await?;
            if now.iter().any(|now| now.name == claim.name && now.deleting) {
                Ok(())
            } else {
                Err(format!("{now:?}"))
            }
        })
        .await;
        stays("pods, node and machine wait for the budget", 10, || async {
            let machines = alive(world, cluster, "by-node").await?;
            let here = nodes(kubectl, "by-node").await?.contains(&ran_on[0]);
            let pods = crate::steps::pods(kubectl, "by-node").await?;
            let held = pods.len() == 2
                && pods.iter().all(|pod| pod.phase == "Running" && ran_on.contains(&pod.node));
            let bought = machines.iter().any(|machine| machine.id == claim.instance());
            if here && held && bought { Ok(()) } else { Err(format!("{pods:?} {machines:?}")) }
        })
        .await;

        kubectl.apply(&budget("by-node", 1)).await.unwrap();
        eventually("the node is drained and gone", 120, || async {
            let now = nodes(kubectl, "by-node").await?;
            if now.contains(&ran_on[0]) { Err(format!("{now:?}")) } else { Ok(()) }
        })
        .await;
        running(kubectl, "by-node", 2, 90).await;
        kubectl.words("delete pdb by-node").await.unwrap();
        ends(world, cluster, "by-node").await;
    });
}
