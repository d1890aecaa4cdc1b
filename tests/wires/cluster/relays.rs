//! Do both ways of noticing pods, watching the cluster and reading its audit log, lead to the same machines? And do
//! two clusters of one deployment leave each other alone?

use std::collections::BTreeMap;

use crate::steps::{CALM, ON_DEMAND, claims, deployment, pool, running};
use crate::world::{alive, alpha, beta, ends, in_turn};

#[test]
fn the_audit_log_and_the_watch_lead_to_the_same_machines() {
    in_turn(async |world| {
        let mut bought = BTreeMap::new();
        for cluster in [alpha(world), beta(world)] {
            let kubectl = cluster.kubectl();
            kubectl.apply(&pool("twins", CALM, ON_DEMAND)).await.unwrap();
            kubectl.apply(&deployment("twins", "twins", 5, "700m")).await.unwrap();
        }
        for cluster in [alpha(world), beta(world)] {
            running(cluster.kubectl(), "twins", 5, 90).await;
            let mut types: Vec<String> = alive(world, cluster, "twins")
                .await
                .unwrap()
                .into_iter()
                .map(|machine| machine.instance_type)
                .collect();
            types.sort();
            bought.insert(cluster.name().to_owned(), types);
        }
        assert_eq!(bought["alpha"], bought["beta"]);
        for cluster in [alpha(world), beta(world)] {
            ends(world, cluster, "twins").await;
        }
    });
}

#[test]
fn clusters_with_objects_of_the_same_names_never_touch_each_other() {
    in_turn(async |world| {
        for cluster in [alpha(world), beta(world)] {
            cluster.kubectl().apply(&pool("same", CALM, ON_DEMAND)).await.unwrap();
            cluster.kubectl().apply(&deployment("same", "same", 2, "500m")).await.unwrap();
        }
        for cluster in [alpha(world), beta(world)] {
            running(cluster.kubectl(), "same", 2, 90).await;
        }
        let kept = claims(beta(world).kubectl(), "same").await.unwrap();
        let behind: Vec<&str> = kept.iter().map(|claim| claim.instance()).collect();
        let of_beta = alive(world, beta(world), "same").await.unwrap();
        assert_eq!(of_beta.iter().map(|machine| machine.id.as_str()).collect::<Vec<_>>(), behind);

        ends(world, alpha(world), "same").await;
        assert_eq!(claims(beta(world).kubectl(), "same").await.unwrap(), kept);
        assert_eq!(alive(world, beta(world), "same").await.unwrap(), of_beta);
        running(beta(world).kubectl(), "same", 2, 5).await;
        ends(world, beta(world), "same").await;
    });
}
