//! Made-up workloads of any size, for benchmarks: what would a cluster ask for if it asked for `n` pods?
//!
//! The diverse kind is a fifth each of plain pods, zone spread, host-name spread, zone affinity and host-name
//! anti-affinity, over a few sizes and labels. The same seed gives the same bytes.

use std::fmt::Write;

/// What the pods are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variety {
    /// Requests only.
    Plain,
    /// A fifth each of five kinds of rules.
    Diverse,
}

const LABELS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const CPU_MILLI: [u32; 5] = [100, 250, 500, 1000, 1500];
const MEMORY_MI: [u32; 6] = [100, 256, 512, 1024, 2048, 4096];

/// A small generator of chance, enough to pick from short lists (xorshift).
struct Chance(u64);

impl Chance {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from[(self.0 % from.len() as u64) as usize]
    }
}

/// One pool without limits and its class, with `count` pending pods, as a `kind: List` in JSON.
pub fn manifests(count: usize, variety: Variety, seed: u64) -> String {
    let mut chance = Chance(seed | 1);
    let mut list = String::with_capacity(count * 640 + 1024);
    list.push_str(r#"{"apiVersion":"v1","kind":"List","items":["#);
    list.push('\n');
    list.push_str(CLASS_AND_POOL);
    for index in 0..count {
        list.push_str(",\n");
        pod(&mut list, index, variety, &mut chance);
    }
    list.push_str("\n]}\n");
    list
}

const CLASS_AND_POOL: &str = concat!(
    r#"{"apiVersion":"karpenter.k8s.aws/v1","kind":"EC2NodeClass","metadata":{"name":"default"},"spec":{"#,
    r#""amiSelectorTerms":[{"alias":"al2023@latest"}],"role":"nodes","#,
    r#""subnetSelectorTerms":[{"tags":{"karpenter.sh/discovery":"demo"}}],"#,
    r#""securityGroupSelectorTerms":[{"tags":{"karpenter.sh/discovery":"demo"}}]}},"#,
    "\n",
    r#"{"apiVersion":"karpenter.sh/v1","kind":"NodePool","metadata":{"name":"default"},"spec":{"template":{"spec":{"#,
    r#""nodeClassRef":{"group":"karpenter.k8s.aws","kind":"EC2NodeClass","name":"default"},"expireAfter":"Never","#,
    r#""requirements":[{"key":"karpenter.sh/capacity-type","operator":"In","values":["spot","on-demand"]}]}},"#,
    r#""disruption":{"consolidateAfter":"30s"}}}"#,
);

/// The same pool and class with a running cluster: `nodes` on-demand m5.2xlarge with `pods_each` plain pods on each,
/// all of them consolidatable.
pub fn cluster(nodes: usize, pods_each: usize, seed: u64) -> String {
    let mut chance = Chance(seed | 1);
    let mut list = String::with_capacity(nodes * (1600 + pods_each * 420) + 1024);
    list.push_str(r#"{"apiVersion":"v1","kind":"List","items":["#);
    list.push('\n');
    list.push_str(CLASS_AND_POOL);
    for index in 0..nodes {
        node_and_claim(&mut list, index);
        for pod in 0..pods_each {
            bound_pod(&mut list, (index, pod), &mut chance);
        }
    }
    list.push_str("\n]}\n");
    list
}

fn node_and_claim(list: &mut String, index: usize) {
    let labels = format!(
        concat!(
            r#"{{"karpenter.sh/nodepool":"default","karpenter.sh/registered":"true","karpenter.sh/initialized":"true","#,
            r#""karpenter.sh/capacity-type":"on-demand","node.kubernetes.io/instance-type":"m5.2xlarge","#,
            r#""topology.kubernetes.io/zone":"us-east-1a","kubernetes.io/arch":"amd64","kubernetes.io/os":"linux","#,
            r#""kubernetes.io/hostname":"node-{index:05}"}}"#
        ),
        index = index
    );
    let amounts = r#"{"cpu":"7910m","memory":"29Gi","pods":"58"}"#;
    let holds = |kind: &str| {
        format!(
            r#"{{"type":"{kind}","status":"True","reason":"{kind}","message":"","lastTransitionTime":"2025-12-31T20:00:00Z"}}"#
        )
    };
    let conditions =
        ["Launched", "Registered", "Initialized", "Ready", "Consolidatable"].map(holds).join(",");
    // Writing to a String cannot fail.
    let _ = write!(
        list,
        concat!(
            ",\n",
            r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"node-{index:05}","labels":{labels}}},"#,
            r#""spec":{{"providerID":"aws:///us-east-1a/i-{index:017}"}},"#,
            r#""status":{{"capacity":{amounts},"allocatable":{amounts},"conditions":[{{"type":"Ready","status":"True"}}]}}}},"#,
            "\n",
            r#"{{"apiVersion":"karpenter.sh/v1","kind":"NodeClaim","metadata":{{"name":"claim-{index:05}","#,
            r#""uid":"claim-{index:05}","labels":{labels}}},"spec":{{"expireAfter":"Never","requirements":[],"#,
            r#""nodeClassRef":{{"group":"karpenter.k8s.aws","kind":"EC2NodeClass","name":"default"}}}},"#,
            r#""status":{{"providerID":"aws:///us-east-1a/i-{index:017}","nodeName":"node-{index:05}","#,
            r#""capacity":{amounts},"allocatable":{amounts},"conditions":[{conditions}]}}}}"#
        ),
        index = index,
        labels = labels,
        amounts = amounts,
        conditions = conditions
    );
}

fn bound_pod(list: &mut String, (node, index): (usize, usize), chance: &mut Chance) {
    let (label, cpu, memory) =
        (chance.pick(&LABELS), chance.pick(&CPU_MILLI[..3]), chance.pick(&MEMORY_MI[..4]));
    let _ = write!(
        list,
        concat!(
            ",\n",
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"pod-{node:05}-{index}","namespace":"default","#,
            r#""uid":"uid-{node:05}-{index}","labels":{{"my-label":"{label}"}},"ownerReferences":[{{"apiVersion":"apps/v1","#,
            r#""kind":"ReplicaSet","name":"web","uid":"web","controller":true}}]}},"spec":{{"nodeName":"node-{node:05}","#,
            r#""containers":[{{"name":"app","image":"app","resources":{{"requests":{{"cpu":"{cpu}m","memory":"{memory}Mi"}}}}}}]}},"#,
            r#""status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        ),
        node = node,
        index = index,
        label = label,
        cpu = cpu,
        memory = memory
    );
}

fn pod(list: &mut String, index: usize, variety: Variety, chance: &mut Chance) {
    let (own, other) = (chance.pick(&LABELS), chance.pick(&LABELS));
    let (cpu, memory) = (chance.pick(&CPU_MILLI), chance.pick(&MEMORY_MI));
    let kind = if variety == Variety::Plain { 0 } else { index % 5 };
    let labels = match kind {
        3 => format!(r#"{{"my-affinity":"{own}"}}"#),
        4 => r#"{"app":"nginx"}"#.to_owned(),
        _ => format!(r#"{{"my-label":"{own}"}}"#),
    };
    let rules = rules(kind, other);
    // Writing to a String cannot fail.
    let _ = write!(
        list,
        concat!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"pod-{index:06}","namespace":"default","#,
            r#""uid":"uid-{index:06}","labels":{labels}}},"spec":{{"containers":[{{"name":"app","image":"app","#,
            r#""resources":{{"requests":{{"cpu":"{cpu}m","memory":"{memory}Mi"}}}}}}]{rules}}}}}"#
        ),
        index = index,
        labels = labels,
        cpu = cpu,
        memory = memory,
        rules = rules
    );
}

fn rules(kind: usize, label: &str) -> String {
    let spread = |key: &str| {
        format!(
            r#","topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"{key}","whenUnsatisfiable":"DoNotSchedule","labelSelector":{{"matchLabels":{{"my-label":"{label}"}}}}}}]"#
        )
    };
    let required = |kind: &str, key: &str, name: &str, value: &str| {
        format!(
            r#","affinity":{{"{kind}":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{"topologyKey":"{key}","labelSelector":{{"matchLabels":{{"{name}":"{value}"}}}}}}]}}}}"#
        )
    };
    match kind {
        1 => spread("topology.kubernetes.io/zone"),
        2 => spread("kubernetes.io/hostname"),
        3 => required("podAffinity", "topology.kubernetes.io/zone", "my-affinity", label),
        4 => required("podAntiAffinity", "kubernetes.io/hostname", "app", "nginx"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use joiner_api::read::{Manifests, Source};

    #[test]
    fn every_fifth_pod_has_the_same_kind_of_rule() {
        let text = manifests(10, Variety::Diverse, 42);
        assert_eq!(text, manifests(10, Variety::Diverse, 42), "the same seed gives the same bytes");
        let read = Manifests::read(&[Source { name: "sample".into(), text }]).unwrap();
        let kinds: Vec<(usize, usize, usize)> = read
            .pods
            .iter()
            .map(|p| {
                (
                    p.spec.topology_spread.len(),
                    p.spec.required_affinity.len(),
                    p.spec.required_anti_affinity.len(),
                )
            })
            .collect();
        let fifth = [(0, 0, 0), (1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)];
        assert_eq!(kinds, [fifth, fifth].concat());
        assert_eq!((read.node_pools.len(), read.node_classes.len()), (1, 1));
    }

    #[test]
    fn a_cluster_has_its_nodes_their_claims_and_their_pods() {
        let text = cluster(3, 4, 42);
        let read = Manifests::read(&[Source { name: "sample".into(), text }]).unwrap();
        assert_eq!((read.nodes.len(), read.node_claims.len(), read.pods.len()), (3, 3, 12));
        assert_eq!(read.notes, [""; 0]);
        assert!(read.pods.iter().all(|pod| pod.node_name.is_some() && pod.defects.is_empty()));
    }
}
