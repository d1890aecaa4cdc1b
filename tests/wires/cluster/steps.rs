//! Words that scenarios are told in: manifests, waiting, looking.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use joiner_wires::control_plane::Kubectl;
use serde_json::Value;

/// Asks until the answer is `Ok`, and shows the last refusal when the time is over.
pub(crate) async fn eventually<T, F>(what: &str, limit_secs: u64, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let begin = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(last) if begin.elapsed() > Duration::from_secs(limit_secs) => {
                panic!("after {limit_secs} s still not: {what}. Last look: {last}");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
}

/// Looks again and again for a while that nothing changes.
pub(crate) async fn stays<F>(what: &str, secs: u64, mut ask: impl FnMut() -> F)
where
    F: Future<Output = Result<(), String>>,
{
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(secs) {
        if let Err(look) = ask().await {
            panic!("does not stay so: {what}. Last look: {look}");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A pool whose nodes carry `scenario=<name>`, of the shared class. `disruption` and `requirements` are YAML in one line.
pub(crate) fn pool(name: &str, disruption: &str, requirements: &str) -> String {
    format!(
        r#"
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {{name: {name}}}
spec:
  disruption: {disruption}
  template:
    metadata: {{labels: {{scenario: {name}}}}}
    spec:
      expireAfter: Never
      nodeClassRef: {{group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}}
      requirements:
        - {{key: kubernetes.io/arch, operator: In, values: [amd64]}}
        - {{key: karpenter.k8s.aws/instance-category, operator: In, values: [c, m, r]}}
        - {{key: karpenter.k8s.aws/instance-generation, operator: Gt, values: ["5"]}}
        {requirements}
"#
    )
}

/// Nodes of the pool stay until somebody deletes them.
pub(crate) const CALM: &str = "{consolidationPolicy: WhenEmpty, consolidateAfter: Never}";
/// Nodes leave soon when they are empty or dearer than need be.
pub(crate) const THRIFTY: &str = "{consolidationPolicy: WhenEmptyOrUnderutilized, consolidateAfter: 2s}";
/// Machines at list price.
pub(crate) const ON_DEMAND: &str = "- {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}";

/// A Deployment in the namespace `default` whose pods want this much and nodes of this scenario.
pub(crate) fn deployment(name: &str, scenario: &str, replicas: u32, cpu: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      nodeSelector: {{scenario: {scenario}}}
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: registry.invalid/pause:1
          resources: {{requests: {{cpu: "{cpu}", memory: 256Mi}}}}
"#
    )
}

/// A pod as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PodLook {
    pub(crate) name: String,
    pub(crate) phase: String,
    pub(crate) node: String,
}

/// Pods of an app that are not being deleted.
pub(crate) async fn pods(kubectl: &Kubectl, app: &str) -> Result<Vec<PodLook>, String> {
    let items = kubectl.items(&format!("pods -l app={app}")).await.map_err(|e| e.to_string())?;
    let staying = items.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let mut found: Vec<PodLook> = staying
        .map(|pod| PodLook {
            name: text(&pod["metadata"]["name"]),
            phase: text(&pod["status"]["phase"]),
            node: text(&pod["spec"]["nodeName"]),
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Waits until this many pods of an app run and no other is there, and answers with the nodes they run on.
pub(crate) async fn running(kubectl: &Kubectl, app: &str, count: usize, limit_secs: u64) -> Vec<String> {
    eventually(&format!("{count} pods of {app} run"), limit_secs, || async {
        let pods = pods(kubectl, app).await?;
        if pods.len() != count || pods.iter().any(|pod| pod.phase != "Running") {
            return Err(format!("{pods:?}"));
        }
        let mut nodes: Vec<String> = pods.into_iter().map(|pod| pod.node).collect();
        nodes.sort();
        nodes.dedup();
        Ok(nodes)
    })
    .await
}

/// A claim as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClaimLook {
    pub(crate) name: String,
    pub(crate) node: String,
    pub(crate) provider_id: String,
    pub(crate) instance_type: String,
    pub(crate) deleting: bool,
    pub(crate) conditions: BTreeMap<String, String>,
}

impl ClaimLook {
    /// The instance behind it.
    pub(crate) fn instance(&self) -> &str {
        self.provider_id.rsplit('/').next().unwrap_or_default()
    }

    /// Whether a condition is true.
    pub(crate) fn is(&self, condition: &str) -> bool {
        self.conditions.get(condition).is_some_and(|status| status == "True")
    }
}

/// Claims of a pool.
pub(crate) async fn claims(kubectl: &Kubectl, pool: &str) -> Result<Vec<ClaimLook>, String> {
    let what = format!("nodeclaims -l karpenter.sh/nodepool={pool}");
    let items = kubectl.items(&what).await.map_err(|e| e.to_string())?;
    let mut found: Vec<ClaimLook> = items.iter().map(claim).collect();
    found.sort();
    Ok(found)
}

fn claim(object: &Value) -> ClaimLook {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    ClaimLook {
        name: text(&object["metadata"]["name"]),
        node: text(&object["status"]["nodeName"]),
        provider_id: text(&object["status"]["providerID"]),
        instance_type: text(&object["metadata"]["labels"]["node.kubernetes.io/instance-type"]),
        deleting: !object["metadata"]["deletionTimestamp"].is_null(),
        conditions: conditions.map(|c| (text(&c["type"]), text(&c["status"]))).collect(),
    }
}

/// Names of the nodes of a pool.
pub(crate) async fn nodes(kubectl: &Kubectl, pool: &str) -> Result<Vec<String>, String> {
    let items = kubectl.items(&format!("nodes -l karpenter.sh/nodepool={pool}")).await;
    Ok(items.map_err(|e| e.to_string())?.iter().map(|node| text(&node["metadata"]["name"])).collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
