//! Is a cluster that Karpenter kept before taken over as it is, without replacing a node?

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use joiner_wires::stack::{Ground, Side};
use serde_json::{Value, json};

use crate::steps::{CALM, ON_DEMAND, deployment, eventually, pool, running, stays};
use crate::world::{alive, beta, ends, in_turn};

const POOL: &str = "adopted";
const CLAIM: &str = "adopted-x7k2p";
/// Versions of hashes that Karpenter writes.
const HASHES: [(&str, &str); 4] = [
    ("karpenter.sh/nodepool-hash", "1234567890123456789"),
    ("karpenter.sh/nodepool-hash-version", "v3"),
    ("karpenter.k8s.aws/ec2nodeclass-hash", "9876543210987654321"),
    ("karpenter.k8s.aws/ec2nodeclass-hash-version", "v4"),
];

/// What identifies the things that were there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adopted {
    instance: String,
    claim_uid: String,
    node_uid: String,
    node: String,
}

/// Writes what Karpenter would have left: a pool, a machine with its tags, its node and its claim, and pods on it.
pub(crate) async fn before_joiner(ground: &Ground, side: &Side) -> Adopted {
    let kubectl = side.kubectl();
    kubectl.apply(&pool(POOL, CALM, ON_DEMAND)).await.unwrap();
    for (key, value) in &HASHES[..2] {
        kubectl.run(&["annotate", "nodepool", POOL, &format!("{key}={value}")]).await.unwrap();
    }
    for (key, value) in &HASHES[2..] {
        kubectl.run(&["annotate", "ec2nodeclass", "default", &format!("{key}={value}")]).await.unwrap();
    }
    let pool_uid = uid(side, &format!("nodepool {POOL}")).await.unwrap();
    let (instance, zone) = machine(ground, side).await;
    let node = eventually("the machine of before has joined", 30, || async {
        let nodes = kubectl.items("nodes -l scenario=adopted").await.map_err(|e| e.to_string())?;
        let name = nodes.first().and_then(|node| node["metadata"]["name"].as_str()).map(str::to_owned);
        name.ok_or_else(|| "none".to_owned())
    })
    .await;
    let finalizer = r#"{"metadata":{"finalizers":["karpenter.sh/termination"]}}"#;
    kubectl.run(&["patch", "node", &node, "--type=merge", "-p", finalizer]).await.unwrap();
    kubectl.apply(&claim(&pool_uid, &zone).to_string()).await.unwrap();
    let status = status(ground, &instance, &zone, &node).to_string();
    kubectl
        .run(&["patch", "nodeclaim", CLAIM, "--subresource=status", "--type=merge", "-p", &status])
        .await
        .unwrap();
    kubectl.apply(&deployment(POOL, POOL, 2, "300m")).await.unwrap();
    running(kubectl, POOL, 2, 60).await;
    let claim_uid = uid(side, &format!("nodeclaim {CLAIM}")).await.unwrap();
    let node_uid = uid(side, &format!("node {node}")).await.unwrap();
    Adopted { instance, claim_uid, node_uid, node }
}

async fn uid(side: &Side, what: &str) -> Result<String, String> {
    let object = side.kubectl().json(what).await.map_err(|e| e.to_string())?;
    object["metadata"]["uid"].as_str().map(str::to_owned).ok_or_else(|| format!("{what} has no UID"))
}

/// Labels of the claim and its node.
fn labels(zone: &str) -> Value {
    json!({
        "karpenter.sh/nodepool": POOL,
        "karpenter.sh/capacity-type": "on-demand",
        "karpenter.k8s.aws/ec2nodeclass": "default",
        "karpenter.k8s.aws/instance-category": "m",
        "karpenter.k8s.aws/instance-family": "m7i",
        "karpenter.k8s.aws/instance-generation": "7",
        "karpenter.k8s.aws/instance-size": "large",
        "karpenter.k8s.aws/instance-cpu": "2",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m7i.large",
        "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": zone,
        "scenario": POOL,
    })
}

/// Runs the machine, and tells its id and zone.
async fn machine(ground: &Ground, side: &Side) -> (String, String) {
    let zone = joiner_wires::stack::account::ZONES[0];
    let mut node_labels = labels(zone);
    node_labels["karpenter.sh/registered"] = "true".into();
    node_labels["karpenter.sh/initialized"] = "true".into();
    let pairs: Vec<String> = node_labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    let config = json!({
        "apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig",
        "spec": {
            "cluster": {"name": side.name(), "apiServerEndpoint": side.plane().server()},
            "kubelet": {"config": {"maxPods": 29}, "flags": [format!("--node-labels=\"{}\"", pairs.join(","))]},
        },
    });
    let tags = [
        ("karpenter.sh/nodepool".to_owned(), POOL),
        ("karpenter.sh/nodeclaim".to_owned(), CLAIM),
        ("karpenter.k8s.aws/ec2nodeclass".to_owned(), "default"),
        ("eks:eks-cluster-name".to_owned(), side.name()),
        (format!("kubernetes.io/cluster/{}", side.name()), "owned"),
    ];
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(*value).build()).collect();
    let run = ground
        .clients()
        .ec2()
        .run_instances()
        .image_id(&ground.images().amd64)
        .instance_type("m7i.large".into())
        .min_count(1)
        .max_count(1)
        .subnet_id(&side.landscape().subnets[0])
        .security_group_ids(&side.landscape().security_group)
        .user_data(STANDARD.encode(config.to_string()))
        .tag_specifications(
            TagSpecification::builder().resource_type(ResourceType::Instance).set_tags(Some(tags)).build(),
        )
        .send()
        .await
        .unwrap();
    (run.instances()[0].instance_id().unwrap().to_owned(), zone.to_owned())
}

fn claim(pool_uid: &str, zone: &str) -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
        "metadata": {
            "name": CLAIM, "labels": labels(zone), "finalizers": ["karpenter.sh/termination"],
            "annotations": HASHES.map(|(key, value)| (key, value)).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "ownerReferences": [{
                "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "name": POOL, "uid": pool_uid,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "expireAfter": "Never",
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
            "requirements": [
                {"key": "karpenter.sh/nodepool", "operator": "In", "values": [POOL]},
                {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["m7i.large", "m7i.xlarge"]},
                {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
            ],
            "resources": {"requests": {"cpu": "750m", "pods": "4"}},
        },
    })
}

fn status(ground: &Ground, instance: &str, zone: &str, node: &str) -> Value {
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": kind, "message": "",
            "lastTransitionTime": "2026-01-02T03:04:05Z", "observedGeneration": 1})
    };
    let conditions = ["Launched", "Registered", "Initialized", "Ready"].map(condition);
    json!({"status": {
        "nodeName": node, "providerID": format!("aws:///{zone}/{instance}"), "imageID": ground.images().amd64,
        "capacity": {"cpu": "2", "memory": "7577Mi", "pods": "29", "ephemeral-storage": "20Gi"},
        "allocatable": {"cpu": "1930m", "memory": "6903Mi", "pods": "29", "ephemeral-storage": "17Gi"},
        "conditions": conditions,
    }})
}

#[test]
fn nodes_that_karpenter_left_are_kept_as_they_are() {
    in_turn(async |world| {
        let side = beta(world);
        let before = &world.adopted;
        eventually("the hashes are ours", 60, || async {
            let claim =
                side.kubectl().json(&format!("nodeclaim {CLAIM}")).await.map_err(|e| e.to_string())?;
            let notes = &claim["metadata"]["annotations"];
            let changed = notes["karpenter.sh/nodepool-hash-version"] == "joiner.v1"
                && notes["karpenter.sh/nodepool-hash"] != HASHES[0].1;
            if changed { Ok(()) } else { Err(notes.to_string()) }
        })
        .await;
        stays("claim, node and machine are those of before", 12, || async {
            let now = Adopted {
                claim_uid: uid(side, &format!("nodeclaim {CLAIM}")).await?,
                node_uid: uid(side, &format!("node {}", before.node)).await?,
                ..before.clone()
            };
            let machines = alive(world, side, POOL).await?;
            let ids: Vec<&str> = machines.iter().map(|machine| machine.id.as_str()).collect();
            let same = now == *before && ids == [before.instance.as_str()];
            let claim =
                side.kubectl().json(&format!("nodeclaim {CLAIM}")).await.map_err(|e| e.to_string())?;
            let calm = claim["metadata"]["deletionTimestamp"].is_null();
            if same && calm { Ok(()) } else { Err(format!("{now:?} {ids:?}")) }
        })
        .await;
        let claim = side.kubectl().json(&format!("nodeclaim {CLAIM}")).await.unwrap();
        let conditions = claim["status"]["conditions"].as_array().unwrap();
        let drifted = conditions.iter().any(|one| one["type"] == "Drifted" && one["status"] == "True");
        assert!(!drifted, "{conditions:?}");
        running(side.kubectl(), POOL, 2, 5).await;
        ends(world, side, POOL).await;
    });
}
