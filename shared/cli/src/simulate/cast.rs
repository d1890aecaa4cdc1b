//! What is a run made of? The user's objects and script, or the embedded ones where there are none.

use std::fs;
use std::path::Path;

use joiner_api::read::{Manifests, Source};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_ports::ClusterName;
use joiner_sim::faults::{Faults, Pace};
use joiner_sim::manifests::{cast, classes};
use joiner_sim::scenario::Scenario;
use joiner_sim::script::{ScriptAction, ScriptObject, ScriptStep};
use joiner_sim::script_file::{ScriptLine, steps};

use super::{SimulateArguments, unsigned};
use crate::fault::Fault;
use crate::plan;

/// The workshop's NodePool and EC2NodeClass.
const POOL: &str = include_str!("../../../../examples/basic.yaml");
const WORKLOADS: &str = include_str!("../../scenarios/default/workloads.yaml");
const BURST: &str = include_str!("../../scenarios/default/burst.yaml");
const SCRIPT: &str = include_str!("../../scenarios/default/script.yaml");

/// The run that is asked for, and what was left aside.
///
/// # Errors
/// Everything that is wrong with files.
pub(super) fn scenario(asked: &SimulateArguments) -> Result<(Scenario, Vec<String>), Fault> {
    let catalog = plan::catalog(asked.input.catalog.as_deref())?;
    let (mut objects, mut notes) = objects(asked, &catalog)?;
    let has_work = objects.iter().any(|o| matches!(o, ScriptObject::Controller(_) | ScriptObject::Pod(_)));
    let mut script = Vec::new();
    if let Some(file) = &asked.script {
        script = own_script(file, asked, &catalog)?;
    } else if !has_work {
        objects.extend(embedded("workloads.yaml", WORKLOADS, asked, &catalog)?);
        script = embedded_script(asked, &catalog)?;
        if !asked.input.files.is_empty() {
            notes.push("no workload is given: the default one is used".to_owned());
        }
    }
    let mut faults = Faults::calm();
    if let Some(time) = asked.storm {
        faults = Faults::storm(asked.seed);
        script.push(ScriptStep { at: unsigned(time), action: ScriptAction::Faults(Faults::calm()) });
    }
    let types =
        |(name, class): (_, &_)| (name, catalog.instance_types(class, &AwsSettings::UNSET, &[]).into());
    let scenario = Scenario {
        seed: asked.seed,
        cluster_name: ClusterName::new(&asked.input.cluster)
            .map_err(|error| Fault::bad_input(error, "write --cluster with letters, digits, - and _"))?,
        types: classes(&objects).into_iter().map(types).collect(),
        objects,
        script,
        pace: Pace::default(),
        faults,
        at_most: unsigned(asked.at_most),
    };
    Ok((scenario, notes))
}

/// The user's objects, or the workshop's pool.
fn objects(asked: &SimulateArguments, catalog: &Catalog) -> Result<(Vec<ScriptObject>, Vec<String>), Fault> {
    if asked.input.files.is_empty() && asked.input.more_files.is_empty() {
        return Ok((embedded("basic.yaml", POOL, asked, catalog)?, Vec::new()));
    }
    // What reading left aside is told there; what the simulation leaves aside is told by the caller.
    let manifests = Manifests { notes: Vec::new(), ..plan::manifests(&asked.input)? };
    let read = cast(manifests, catalog.zones());
    Ok((read.objects, read.notes))
}

fn embedded(
    name: &str,
    text: &str,
    asked: &SimulateArguments,
    catalog: &Catalog,
) -> Result<Vec<ScriptObject>, Fault> {
    let text = text.replace("${CLUSTER_NAME}", &asked.input.cluster);
    let manifests = Manifests::read(&[Source { name: name.into(), text }])?;
    Ok(cast(manifests, catalog.zones()).objects)
}

fn embedded_script(asked: &SimulateArguments, catalog: &Catalog) -> Result<Vec<ScriptStep>, Fault> {
    let mut open = |_: &str| embedded("burst.yaml", BURST, asked, catalog).map_err(|fault| fault.to_string());
    let read = steps(&lines("the default script", SCRIPT)?, &mut open);
    read.map_err(|error| Fault::unexpected(error.to_string()))
}

/// The user's script; files it applies are looked for beside it.
fn own_script(file: &Path, asked: &SimulateArguments, catalog: &Catalog) -> Result<Vec<ScriptStep>, Fault> {
    let name = file.display().to_string();
    let remedy = "give --script a YAML list of lines such as {at: 30s, scale: deployment/web, replicas: 12}";
    let text = fs::read_to_string(file)
        .map_err(|error| Fault::bad_input(format!("cannot read {name}: {error}"), remedy))?;
    let beside = file.parent().unwrap_or(Path::new("."));
    let mut open = |named: &str| {
        let path = beside.join(named).display().to_string();
        let sources = Source::open(&path, &asked.input.cluster).map_err(|errors| errors.to_string())?;
        let manifests = Manifests::read(&sources).map_err(|errors| errors.to_string())?;
        Ok(cast(manifests, catalog.zones()).objects)
    };
    steps(&lines(&name, &text)?, &mut open).map_err(|error| Fault::BadInput(format!("{name}: {error}")))
}

fn lines(name: &str, text: &str) -> Result<Vec<ScriptLine>, Fault> {
    serde_saphyr::from_str(text).map_err(|error| {
        Fault::bad_input(
            format!("{name}: {error}"),
            "write a YAML list of lines such as {at: 30s, scale: deployment/web, replicas: 12}",
        )
    })
}
