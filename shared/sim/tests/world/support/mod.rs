//! What the tests of the simulated world share: the workshop's objects, and short ways to say who does what.

pub(crate) mod plain;

use std::time::Duration;

use joiner_api::read::{Manifests, Source};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_ports::ClusterName;
use joiner_sim::faults::{Faults, Pace};
use joiner_sim::manifests::{cast, classes};
use joiner_sim::report::RunReport;
use joiner_sim::runtime::Handler;
use joiner_sim::scenario::Scenario;
use joiner_sim::script::ScriptObject;
use joiner_sim::script_file::{ScriptLine, steps};

/// The workshop's NodePool and EC2NodeClass.
pub(crate) const WORKSHOP: &str = include_str!("../../../../../examples/basic.yaml");

/// The workshop's objects and a deployment `web`.
pub(crate) fn workshop_with_web() -> String {
    format!("{WORKSHOP}{}", deployment("web", "500m", "512Mi"))
}

/// Everything that happened in a run, and its report.
pub(crate) fn run(scenario: &Scenario, handler: Handler) -> (RunReport, String) {
    let (report, simulation) = scenario.play(handler, &mut |_, _| {});
    let trace = simulation.world().lock().log.text();
    (report, trace)
}

/// Objects of YAML.
pub(crate) fn objects(yaml: &str) -> Vec<ScriptObject> {
    let text = yaml.replace("${CLUSTER_NAME}", "demo");
    let source = Source { name: "test".into(), text };
    cast(Manifests::read(&[source]).unwrap(), Catalog::embedded().zones()).objects
}

/// A deployment of a name with no replicas yet, whose pods ask for cpu and memory.
pub(crate) fn deployment(name: &str, cpu: &str, memory: &str) -> String {
    format!(
        "
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 5
      containers: [{{name: c, image: i, resources: {{requests: {{cpu: {cpu}, memory: {memory}}}}}}}]
"
    )
}

/// A run over objects, with a script in lines such as `30s deployment/web 12`.
pub(crate) fn scenario(seed: u64, yaml: &str, script: &str) -> Scenario {
    let objects = objects(yaml);
    let types = classes(&objects)
        .into_iter()
        .map(|(name, class)| {
            (name, Catalog::embedded().instance_types(class, &AwsSettings::UNSET, &[]).into())
        })
        .collect();
    let lines: Vec<ScriptLine> = script.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    Scenario {
        seed,
        cluster_name: ClusterName::new("demo").unwrap(),
        objects,
        types,
        script: steps(&lines, &mut |file| panic!("no file {file}")).unwrap(),
        pace: Pace::default(),
        faults: Faults::calm(),
        at_most: Duration::from_secs(4 * 3600),
    }
}

/// `10s deployment/web 12` scales, `10s refuse m5.large us-east-1a on-demand` refuses, `10s delete pod/a` deletes.
fn line(text: &str) -> ScriptLine {
    let (at, rest) = text.trim().split_once(' ').unwrap();
    let (what, more) = rest.split_once(' ').unwrap();
    let given = |verb: &str| (what == verb).then(|| more.to_owned());
    let (refuse, delete) = (given("refuse"), given("delete"));
    let scales = refuse.is_none() && delete.is_none();
    ScriptLine {
        at: at.to_owned(),
        scale: scales.then(|| what.to_owned()),
        replicas: scales.then(|| more.trim().parse().unwrap()),
        apply: None,
        delete,
        refuse,
    }
}
