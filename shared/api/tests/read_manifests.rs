//! What manifests mean: requests, ports, defects, workloads, and what is assumed where nothing is said.

use joiner_api::read::{Assumptions, Manifests, Source};
use joiner_core::model::{ConsolidationPolicy, Pod, PodVolume, Readiness, Snapshot, Zone};

fn manifests(text: &str) -> Manifests {
    let source = Source { name: "test".into(), text: text.to_owned() };
    Manifests::read(&[source]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn world(text: &str) -> Snapshot {
    let zones = ["a", "b"].map(|zone| Zone { name: zone.into(), id: None });
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    manifests(text).into_snapshot(&Assumptions { now, zones: &zones, expand_workloads: true })
}

fn refusal(text: &str) -> String {
    let source = Source { name: "test".into(), text: text.to_owned() };
    Manifests::read(&[source]).expect_err("it is refused").to_string()
}

fn pod(spec: &str) -> Pod {
    let text =
        format!("kind: Pod\napiVersion: v1\nmetadata: {{name: p, labels: {{app: x}}}}\nspec: {spec}\n");
    world(&text).pods.remove(0)
}

#[track_caller]
fn check_requests(spec: &str, requests: &str) {
    let pod = pod(spec);
    assert_eq!((pod.spec.requests.to_string().as_str(), pod.defects), (requests, vec![]), "{spec}");
}

#[test]
fn requests_count_containers_sidecars_init_containers_overhead_and_limits() {
    check_requests("{containers: [{name: a, resources: {requests: {cpu: 1}}}, {name: b}]}", "cpu 1, pods 1");
    check_requests(
        "{containers: [{name: a, resources: {requests: {cpu: 1}, limits: {cpu: 2, memory: 1Gi}}}]}",
        "cpu 1, memory 1Gi, pods 1",
    );
    check_requests(
        "{initContainers: [{name: s, restartPolicy: Always, resources: {requests: {cpu: 1}}}, {name: i, resources: {requests: {cpu: 3}}}], \
         containers: [{name: a, resources: {requests: {cpu: 2}}}], overhead: {cpu: 250m}}",
        "cpu 4250m, pods 1",
    );
    check_requests(
        "{initContainers: [{name: i, resources: {requests: {cpu: 3}}}, {name: s, restartPolicy: Always, resources: {requests: {cpu: 1}}}], \
         containers: [{name: a, resources: {requests: {cpu: 1}}}]}",
        "cpu 3, pods 1",
    );
    check_requests(
        "{resources: {requests: {cpu: 500m}, limits: {memory: 1Gi}}, containers: [{name: a, resources: {requests: {cpu: 2, example.com/x: 1}}}]}",
        "cpu 500m, example.com/x 1, memory 1Gi, pods 1",
    );
}

#[test]
fn a_resize_counts_what_was_granted_until_the_wish_is_refused() {
    let with_status = |conditions: &str| {
        let text = format!(
            "kind: Pod\napiVersion: v1\nmetadata: {{name: p}}\nspec: {{nodeName: n, containers: [{{name: a, resources: {{requests: {{cpu: 4}}}}}}]}}\n\
             status: {{phase: Running, conditions: [{conditions}], containerStatuses: [{{name: a, allocatedResources: {{cpu: 2}}, resources: {{requests: {{cpu: 1}}}}}}]}}\n"
        );
        let pod = world(&text).pods.remove(0);
        assert_eq!(pod.defects, Vec::<String>::new());
        pod.spec.requests.to_string()
    };
    assert_eq!(with_status(""), "cpu 4, pods 1");
    assert_eq!(with_status("{type: PodResizePending, status: 'True', reason: Infeasible}"), "cpu 2, pods 1");
}

#[test]
fn host_ports_are_those_of_containers_and_all_of_them_on_the_host_network() {
    let ports = |spec: &str| -> Vec<String> {
        let ports = &pod(spec).spec.host_ports;
        ports.iter().map(|port| format!("{}:{}/{}", port.ip, port.port, port.protocol)).collect()
    };
    let spec = "ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081, hostIP: 10.0.0.1, protocol: UDP}, {containerPort: 82, hostPort: 0}]";
    assert_eq!(ports(&format!("{{containers: [{{name: a, {spec}}}]}}")), ["10.0.0.1:8081/UDP"]);
    assert_eq!(
        ports(&format!("{{hostNetwork: true, containers: [{{name: a, {spec}}}]}}")),
        ["0.0.0.0:80/TCP", "10.0.0.1:8081/UDP", "0.0.0.0:82/TCP"]
    );
    assert_eq!(ports("{initContainers: [{name: a, ports: [{hostPort: 1}]}]}"), Vec::<String>::new());
}

#[test]
fn everything_wrong_with_a_pod_is_noted_with_field_and_remedy() {
    let pod = pod(
        "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: k, operator: Is}]}]}}}, \
         tolerations: [{operator: Like}], topologySpreadConstraints: [{topologyKey: z, maxSkew: 0}], containers: [{name: a, resources: {requests: {cpu: -1}}}]}",
    );
    assert_eq!(
        pod.defects,
        [
            "spec.containers[0].resources.requests.cpu: \"-1\" is negative; write zero or more",
            "spec.topologySpreadConstraints[0].maxSkew: 0 is below 1; write 1 or more",
            "spec.tolerations[0].operator: \"Like\" is not an operator; write Equal, Exists, Gt or Lt",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: \"Is\" is not an operator; write In, NotIn, Exists, DoesNotExist, Gt or Lt",
        ]
    );
}

#[test]
fn a_value_of_the_wrong_type_is_a_defect_of_that_pod_alone() {
    let pod = pod("{priority: high, containers: [{name: a}]}");
    assert_eq!(
        pod.defects,
        ["spec.priority: invalid type: string \"high\", expected i32; correct the value"]
    );
}

#[test]
fn pods_without_status_wait_or_run_and_others_are_as_they_say() {
    let world = world(
        "{kind: Pod, apiVersion: v1, metadata: {name: waiting, creationTimestamp: null}, spec: {}, status: {}}\n---\n\
         {kind: Pod, apiVersion: v1, metadata: {name: bound}, spec: {nodeName: n}}\n---\n\
         {kind: Pod, apiVersion: v1, metadata: {name: gated}, spec: {schedulingGates: [{name: g}]}}\n---\n\
         {kind: Pod, apiVersion: v1, metadata: {name: unseen}, spec: {}, status: {phase: Pending}}\n---\n\
         {kind: Pod, apiVersion: v1, metadata: {name: refused}, spec: {}, status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}}\n",
    );
    let waiting: Vec<&str> =
        world.pods.iter().filter(|pod| pod.is_provisionable()).map(|pod| &*pod.key.name).collect();
    assert_eq!(waiting, ["waiting", "refused"]);
    let created = world.pods[0].created_at.map(|time| time.to_string());
    assert_eq!(created.as_deref(), Some("2025-12-31T23:00:00Z"));
}

#[test]
fn workloads_wait_for_all_their_pods_unless_some_are_given() {
    let deployment = |name: &str, replicas: &str| {
        format!(
            "{{kind: Deployment, apiVersion: apps/v1, metadata: {{name: {name}}}, spec: {{{replicas} template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: a}}]}}}}}}}}\n---\n"
        )
    };
    let given = "{kind: Pod, apiVersion: v1, metadata: {name: old-abc-1, labels: {pod-template-hash: abc}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: old-abc, controller: true}]}, spec: {}}\n---\n\
                 {kind: ReplicaSet, apiVersion: apps/v1, metadata: {name: new-abc, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: new, controller: true}]}, spec: {replicas: 7, template: {spec: {}}}}\n---\n";
    let jobs = "{kind: Job, apiVersion: batch/v1, metadata: {name: job}, spec: {parallelism: 5, completions: 2, template: {spec: {}}}}\n---\n\
                {kind: Job, apiVersion: batch/v1, metadata: {name: later}, spec: {suspend: true, template: {spec: {}}}}\n";
    let text = [&deployment("old", "replicas: 4,"), &deployment("new", ""), given, jobs].concat();
    let names: Vec<String> = world(&text).pods.iter().map(|pod| pod.key.to_string()).collect();
    assert_eq!(names, ["default/old-abc-1", "default/new-0", "default/job-0", "default/job-1"]);
}

#[test]
fn pods_of_stateful_sets_come_with_claims_of_the_default_class() {
    let world = world(
        "{kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: gp3, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: kubernetes.io/aws-ebs}\n---\n\
         {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db}, spec: {replicas: 2, volumeClaimTemplates: [{metadata: {name: data}, spec: {}}], template: {spec: {volumes: [{name: tmp, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}]}}}}\n",
    );
    let claims: Vec<String> = world
        .volume_claims
        .iter()
        .map(|claim| format!("{} {}", claim.key.name, claim.storage_class.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(claims, ["data-db-0 gp3", "db-0-tmp fast", "data-db-1 gp3", "db-1-tmp fast"]);
    let volumes = &world.pods[1].spec.volumes;
    assert_eq!(volumes, &[PodVolume::Ephemeral("tmp".into()), PodVolume::Claim("data-db-1".into())]);
    assert_eq!(&*world.storage_classes[0].provisioner, "ebs.csi.aws.com");
}

#[test]
fn pods_of_one_template_share_their_specification_and_labels() {
    let text = "{kind: Job, apiVersion: batch/v1, metadata: {name: j}, spec: {parallelism: 2, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a}]}}}}";
    let pods = world(text).pods;
    assert!(std::sync::Arc::ptr_eq(&pods[0].spec, &pods[1].spec));
    assert!(std::sync::Arc::ptr_eq(&pods[0].labels, &pods[1].labels));
}

#[test]
fn budgets_without_status_allow_what_their_pods_can_spare() {
    let pods: String = (0..4)
        .map(|n| format!("{{kind: Pod, apiVersion: v1, metadata: {{name: p{n}, labels: {{app: x}}}}, spec: {{nodeName: n}}}}\n---\n"))
        .collect();
    let budget = |name: &str, rule: &str| {
        format!(
            "{{kind: PodDisruptionBudget, apiVersion: policy/v1, metadata: {{name: {name}}}, spec: {{{rule}, selector: {{matchLabels: {{app: x}}}}}}}}\n---\n"
        )
    };
    let text = [
        pods,
        budget("a", "maxUnavailable: 1"),
        budget("b", "minAvailable: 60%"),
        budget("c", "minAvailable: 4"),
    ];
    let allowed: Vec<u32> =
        world(&text.concat()).pod_disruption_budgets.iter().map(|b| b.disruptions_allowed).collect();
    assert_eq!(allowed, [1, 1, 0]);
}

#[test]
fn pools_and_classes_are_ready_with_all_zones_unless_they_say_otherwise() {
    let class = |name: &str, more: &str| {
        format!(
            "{{kind: EC2NodeClass, apiVersion: karpenter.k8s.aws/v1, metadata: {{name: {name}}}, spec: {{role: r, amiSelectorTerms: [{{alias: al2023@latest}}], \
             subnetSelectorTerms: [{{id: subnet-1}}], securityGroupSelectorTerms: [{{id: sg-1}}]{more}}}\n---\n"
        )
    };
    let pool = "{kind: NodePool, apiVersion: karpenter.sh/v1, metadata: {name: p}, spec: {template: {spec: {nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: a}, requirements: []}}}}\n---\n";
    let given = "}, status: {subnets: [{id: subnet-1, zone: z}]}";
    let text = [&class("a", "}"), &class("b", given), &class("c", ", kubelet: {maxPods: vcpus * 4}}"), pool];
    let world = world(&text.concat());
    let zones: Vec<usize> = world.node_classes.iter().map(|class| class.zones.len()).collect();
    let ready: Vec<bool> = world.node_classes.iter().map(|class| class.readiness.is_ready()).collect();
    assert_eq!((zones, ready), (vec![2, 1, 2], vec![true, true, false]));
    let Readiness::NotReady { message, .. } = &world.node_classes[2].readiness else { panic!("it is ready") };
    assert!(message.starts_with("spec.kubelet.maxPods: "), "{message}");
    let pool = &world.node_pools[0];
    assert!(pool.readiness.is_ready());
    assert_eq!(pool.consolidation_policy, ConsolidationPolicy::WhenEmptyOrUnderutilized);
    assert_eq!(pool.template.expire_after_secs, Some(720 * 3600));
    assert!(!pool.hash.is_empty());
}

#[test]
fn nodes_without_conditions_are_ready_and_cordoned_ones_are_tainted() {
    let world = world(
        "{kind: Node, apiVersion: v1, metadata: {name: n}, spec: {unschedulable: true}, status: {capacity: {cpu: 2}}}\n---\n\
         {kind: CSINode, apiVersion: storage.k8s.io/v1, metadata: {name: n}, spec: {drivers: [{name: d, allocatable: {count: 25}}, {name: e, allocatable: {}}]}}\n",
    );
    let node = &world.nodes[0];
    assert!(node.ready);
    assert_eq!(node.taints[0].to_string(), "node.kubernetes.io/unschedulable:NoSchedule");
    assert_eq!(node.allocatable.to_string(), "cpu 2");
    assert_eq!((world.volume_limits.len(), world.volume_limits[0].count), (1, 25));
}

#[test]
fn what_no_decision_depends_on_is_noted_and_what_is_wrong_is_refused() {
    let notes = manifests("{kind: Service, apiVersion: v1}\n---\n{kind: CapacityBuffer, apiVersion: autoscaling.x-k8s.io/v1beta1}\n").notes;
    assert_eq!(
        notes,
        [
            "1 CapacityBuffer left aside: capacity buffers are not supported yet",
            "1 Service left aside: no decision depends on it"
        ]
    );
    assert_eq!(
        refusal("{kind: NodePool, apiVersion: karpenter.sh/v1beta1, metadata: {name: p}}"),
        "test:1: document 1: NodePool p: karpenter.sh/v1beta1 is of a version that is not read; convert it to the current version"
    );
    assert_eq!(
        refusal("kind: Node\napiVersion: v1\nmetadata:\n  name: n\n  labels: {a: true}\n"),
        "test:1: document 1: Node n: metadata.labels: invalid type: boolean `true`, expected a string (put it in quotes); write strings"
    );
}
