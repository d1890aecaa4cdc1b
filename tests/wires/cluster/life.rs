//! Do pods that are pending get nodes, and do nodes go when nobody needs them? With the manifests of the README.

use crate::steps::{claims, eventually, nodes, pods, running};
use crate::world::{alive, alpha, example, in_turn};

/// Two manifests, pods that want six processors, three of them, none.
#[test]
fn pending_pods_get_nodes_and_nodes_go_with_their_pods() {
    in_turn(async |world| {
        let cluster = alpha(world);
        let kubectl = cluster.kubectl();
        let said = kubectl.apply(&example("basic.yaml", cluster.name())).await.unwrap();
        let created = "nodepool.karpenter.sh/default created\nec2nodeclass.karpenter.k8s.aws/default created";
        assert_eq!(said, created);
        eventually("the pool is ready", 60, || async {
            let table = kubectl.words("get nodepools").await.map_err(|e| e.to_string())?;
            let line = table.lines().find(|line| line.starts_with("default ")).unwrap_or_default();
            if line.split_whitespace().any(|word| word == "True") { Ok(()) } else { Err(table) }
        })
        .await;
        // The example is patient; a test is not.
        let soon = r#"{"spec":{"disruption":{"consolidateAfter":"2s"}}}"#;
        kubectl.run(&["patch", "nodepool", "default", "--type=merge", "-p", soon]).await.unwrap();

        let inflate = example("inflate.yaml", cluster.name()).replace("cpu: \"1\"", "cpu: 500m");
        let inflate = inflate.replace("replicas: 5", "replicas: 12");
        kubectl.apply(&inflate).await.unwrap();
        let ran_on = running(kubectl, "inflate", 12, 90).await;
        assert_eq!(nodes(kubectl, "default").await.unwrap(), ran_on);
        eventually("claims, nodes and instances are one to one", 30, || async {
            let claims = claims(kubectl, "default").await?;
            let machines = alive(world, cluster, "default").await?;
            let behind: Vec<&str> = claims.iter().map(|claim| claim.instance()).collect();
            let ids: Vec<&str> = machines.iter().map(|machine| machine.id.as_str()).collect();
            let whole = claims.iter().all(|claim| claim.is("Initialized") && claim.is("Ready"));
            let same = {
                let mut a = behind.clone();
                a.sort_unstable();
                let mut b = ids.clone();
                b.sort_unstable();
                a == b
            };
            if whole && same && claims.len() == ran_on.len() {
                Ok(())
            } else {
                Err(format!("{claims:?} {ids:?}"))
            }
        })
        .await;

        kubectl.words("scale deployment inflate --replicas=3").await.unwrap();
        eventually("three pods run on machines of at most four processors", 120, || async {
            let pods = pods(kubectl, "inflate").await?;
            let claims = claims(kubectl, "default").await?;
            let small =
                claims.iter().all(|claim| !claim.instance_type.ends_with(".2xlarge") && !claim.deleting);
            let well = pods.len() == 3 && pods.iter().all(|pod| pod.phase == "Running");
            if well && small { Ok(()) } else { Err(format!("{pods:?} {claims:?}")) }
        })
        .await;

        kubectl.words("scale deployment inflate --replicas=0").await.unwrap();
        eventually("nothing is left", 120, || async {
            let (claims, nodes) = (claims(kubectl, "default").await?, nodes(kubectl, "default").await?);
            let machines = alive(world, cluster, "default").await?;
            let empty = claims.is_empty() && nodes.is_empty() && machines.is_empty();
            if empty { Ok(()) } else { Err(format!("{claims:?} {nodes:?} {machines:?}")) }
        })
        .await;
    });
}
