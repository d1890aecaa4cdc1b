//! Do the cluster's own controllers, scheduler and evictions do what those of Kubernetes do? On nodes of the
//! user's own, with no handler at all.

use std::time::Duration;

use crate::support::{deployment, scenario};
use joiner_ports::Message;
use joiner_sim::cluster::EvictionRefusal;
use joiner_sim::ports::SimPorts;
use joiner_sim::runtime::{Invocation, Simulation};
use joiner_sim::script::ScriptObject;
use joiner_sim::world::World;

fn nothing(_: SimPorts, _: Message, _: jiff::Timestamp) -> Invocation {
    Box::pin(async { Ok(()) })
}

/// Nodes of 4 vCPU and 8 GiB in the zones given.
fn nodes(zones: &[&str]) -> String {
    let node = |(index, zone): (usize, &&str)| {
        format!(
            "
---
apiVersion: v1
kind: Node
metadata:
  name: node-{index}
  labels: {{kubernetes.io/hostname: node-{index}, topology.kubernetes.io/zone: {zone}}}
status:
  capacity: {{cpu: 4, memory: 8Gi, pods: 20}}
  allocatable: {{cpu: 4, memory: 8Gi, pods: 20}}
  conditions: [{{type: Ready, status: 'True'}}]
"
        )
    };
    zones.iter().enumerate().map(node).collect()
}

fn after(yaml: &str, script: &str, secs: u64) -> Simulation {
    let scenario = scenario(1, yaml, script);
    let mut simulation = Simulation::new(scenario.world(), scenario.cluster_name.clone(), nothing);
    simulation.run_for(Duration::from_secs(secs));
    simulation
}

/// Pod and node of every pod, in order of pod names.
fn placed(world: &World) -> Vec<String> {
    let place = |pod: &joiner_core::model::Pod| {
        format!("{} {}", pod.key.name, pod.node_name.as_deref().unwrap_or("-"))
    };
    world.cluster.pods.values().map(|object| place(&object.pod)).collect()
}

#[test]
fn pods_spread_over_the_emptiest_nodes_and_the_rest_is_unschedulable() {
    let yaml = nodes(&["a", "b"]) + &deployment("web", "3", "1Gi");
    let simulation = after(&yaml, "1s deployment/web 3", 10);
    let world = simulation.world().lock();
    assert_eq!(placed(&world), ["web-1 node-0", "web-2 node-1", "web-3 -"]);
    let waiting = world.cluster.pods.values().filter(|object| object.pod.unschedulable).count();
    assert_eq!(waiting, 1);
}

#[test]
fn scaling_down_takes_pods_without_a_node_first() {
    let yaml = nodes(&["a", "b"]) + &deployment("web", "3", "1Gi");
    let simulation = after(&yaml, "1s deployment/web 3\n10s deployment/web 2", 20);
    assert_eq!(placed(&simulation.world().lock()), ["web-1 node-0", "web-2 node-1"]);
}

#[test]
fn a_hard_spread_over_zones_leaves_a_pod_waiting_rather_than_skewed() {
    let spread = "
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: web}}
      containers:";
    let web = deployment("web", "1500m", "1Gi").replace("\n      containers:", spread);
    let simulation = after(&(nodes(&["a", "a", "b"]) + &web), "1s deployment/web 6", 10);
    let world = simulation.world().lock();
    let per_node = |name: &str| placed(&world).iter().filter(|line| line.ends_with(name)).count();
    assert_eq!(per_node("node-2"), 2, "zone b is full with two");
    assert_eq!(per_node("node-0") + per_node("node-1"), 3, "zone a may hold one more than zone b");
    assert_eq!(per_node("-"), 1);
}

#[test]
fn anti_affinity_keeps_pods_of_one_app_on_different_nodes() {
    let apart = "
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector: {matchLabels: {app: web}}
      containers:";
    let web = deployment("web", "100m", "1Mi").replace("\n      containers:", apart);
    let simulation = after(&(nodes(&["a", "a"]) + &web), "1s deployment/web 3", 10);
    assert_eq!(placed(&simulation.world().lock()), ["web-1 node-0", "web-2 node-1", "web-3 -"]);
}

#[test]
fn a_stateful_set_starts_in_order_and_stops_from_the_top() {
    let set = deployment("db", "1", "1Gi").replace("kind: Deployment", "kind: StatefulSet");
    let yaml = nodes(&["a", "b"]) + &set;
    let early = after(&yaml, "1s statefulset/db 3", 2);
    assert_eq!(placed(&early.world().lock()), ["db-0 node-0"], "the second waits for the first");
    let simulation = after(&yaml, "1s statefulset/db 3\n30s statefulset/db 1", 60);
    assert_eq!(placed(&simulation.world().lock()), ["db-0 node-0"]);
}

#[test]
fn a_daemon_set_has_one_pod_on_every_node_and_on_one_that_comes_later() {
    let set = deployment("agent", "100m", "1Mi")
        .replace("kind: Deployment", "kind: DaemonSet")
        .replace("  replicas: 0\n", "");
    let mut simulation = after(&(nodes(&["a", "b"]) + &set), "", 10);
    assert_eq!(placed(&simulation.world().lock()), ["agent-1 node-0", "agent-2 node-1"]);
    let late = crate::support::objects(&nodes(&["a", "b", "c"]));
    let is_late =
        |object: &ScriptObject| matches!(object, ScriptObject::Node(node) if &*node.name == "node-2");
    let world = simulation.world().clone();
    late.into_iter().filter(is_late).for_each(|node| world.lock().apply(node));
    simulation.run_for(Duration::from_secs(5));
    assert_eq!(placed(&world.lock()), ["agent-1 node-0", "agent-2 node-1", "agent-3 node-2"]);
}

#[test]
fn a_job_runs_its_completions_and_leaves_nothing() {
    let job = "
---
apiVersion: batch/v1
kind: Job
metadata: {name: import}
spec:
  parallelism: 2
  completions: 2
  template:
    metadata: {annotations: {simulate.joiner/runs-for: 20s}}
    spec:
      restartPolicy: Never
      containers: [{name: c, image: i, resources: {requests: {cpu: 1, memory: 1Gi}}}]
";
    let yaml = nodes(&["a"]) + job;
    assert_eq!(placed(&after(&yaml, "", 10).world().lock()), ["import-1 node-0", "import-2 node-0"]);
    let simulation = after(&yaml, "", 90);
    let world = simulation.world().lock();
    assert_eq!((placed(&world), world.book.ran.len()), (Vec::new(), 2));
}

#[test]
fn a_disruption_budget_allows_one_eviction_until_its_pod_is_back() {
    let budget = "
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
";
    let yaml = nodes(&["a", "b"]) + &deployment("web", "1", "1Gi") + budget;
    let mut simulation = after(&yaml, "1s deployment/web 2", 10);
    let world = simulation.world().clone();
    let pods: Vec<_> = {
        let world = world.lock();
        world.cluster.pods.values().map(|o| (o.pod.key.clone(), o.pod.uid.clone())).collect()
    };
    let evict = |index: usize| world.lock().evict_pod(&pods[index].0, &pods[index].1);
    assert_eq!(evict(0), Ok(()));
    let refused = EvictionRefusal::Budget("the disruption budget default/web needs the pod".to_owned());
    assert_eq!(evict(1), Err(refused));
    simulation.run_for(Duration::from_secs(20));
    assert_eq!(evict(1), Ok(()));
    assert_eq!(evict(0), Err(EvictionRefusal::Gone), "its successor has another name");
}

#[test]
fn a_volume_ties_the_next_life_of_its_pod_to_its_zone() {
    let set = deployment("db", "1", "1Gi").replace("kind: Deployment", "kind: StatefulSet")
        + "  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {storageClassName: gp3, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";
    let set = set
        .replace("containers: [{name: c, image: i, ", "volumes: []\n      containers: [{name: c, image: i, ");
    let yaml = nodes(&["a", "b"]) + &set;
    let simulation = after(&yaml, "1s statefulset/db 1", 20);
    let world = simulation.world().lock();
    assert_eq!(placed(&world), ["db-0 node-0"]);
    let bound: Vec<_> = world.cluster.volume_claims.values().map(|claim| claim.bind_completed).collect();
    assert_eq!(bound, [true]);
    let zones: Vec<_> =
        world.cluster.volumes.values().map(|v| v.node_terms[0].expressions[0].values[0].clone()).collect();
    assert_eq!(zones, ["a".into()]);
}
