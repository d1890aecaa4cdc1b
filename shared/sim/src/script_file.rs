//! Scripts as users write them: a list of lines, each with a moment and one thing to do.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use joiner_core::model::{CapacityType, NamespacedName, OfferingKey};
use serde::Deserialize;

use crate::cluster::{ControllerKey, ControllerKind};
use crate::script::{ScriptAction, ScriptObject, ScriptStep};

/// One line of a script. Exactly one of `scale`, `apply`, `delete` and `refuse` is given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptLine {
    /// Time since the start, such as `30s` or `5m`.
    pub at: String,
    /// What to scale: `deployment/web`, or `deployment/<namespace>/<name>`.
    pub scale: Option<String>,
    /// Pods wanted at once, with `scale`.
    pub replicas: Option<u32>,
    /// A manifest file to apply.
    pub apply: Option<String>,
    /// What to delete: a workload or pod as for `scale`, `nodeclaim/<name>` or `nodepool/<name>`.
    pub delete: Option<String>,
    /// What EC2 has none of from then on: instance type, zone and capacity type, with blanks between.
    pub refuse: Option<String>,
}

/// A line that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// Number of the line's entry, from 1.
    pub entry: usize,
    /// What is wrong and what to write instead.
    pub problem: String,
}

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {} of the script: {}", self.entry, self.problem)
    }
}
impl std::error::Error for ScriptError {}

/// Opens a manifest file that a script names.
pub type Opener<'a> = dyn FnMut(&str) -> Result<Vec<ScriptObject>, String> + 'a;

/// Reads a script; `open` gives the objects of the files it names.
///
/// # Errors
/// The first line that cannot be followed.
pub fn steps(lines: &[ScriptLine], open: &mut Opener<'_>) -> Result<Vec<ScriptStep>, ScriptError> {
    let step = |(index, line): (usize, &ScriptLine)| {
        let fail = |problem| ScriptError { entry: index + 1, problem };
        let at = moment(&line.at).map_err(fail)?;
        Ok(ScriptStep { at, action: action(line, open).map_err(fail)? })
    };
    lines.iter().enumerate().map(step).collect()
}

fn moment(text: &str) -> Result<Duration, String> {
    let time: Result<SignedDuration, _> = text.parse();
    match time {
        Ok(time) if !time.is_negative() => Ok(time.unsigned_abs()),
        Ok(_) | Err(_) => Err(format!("at: {text:?} is no time since the start; write 30s, 5m or 1h30m")),
    }
}

fn action(line: &ScriptLine, open: &mut Opener<'_>) -> Result<ScriptAction, String> {
    match (&line.scale, &line.apply, &line.delete, &line.refuse) {
        (Some(what), None, None, None) => {
            let replicas = line.replicas.ok_or("replicas: is missing; say how many pods are wanted")?;
            match target(what)? {
                Target::Controller(controller) => Ok(ScriptAction::Scale { controller, replicas }),
                Target::Pod(_) | Target::Claim(_) | Target::Pool(_) => {
                    Err(format!("scale: {what} has no replicas; name a workload, such as deployment/web"))
                }
            }
        }
        (None, Some(file), None, None) => {
            Ok(ScriptAction::Apply { name: file.clone(), objects: open(file)? })
        }
        (None, None, Some(what), None) => Ok(match target(what)? {
            Target::Controller(controller) => ScriptAction::DeleteController(controller),
            Target::Pod(key) => ScriptAction::DeletePod(key),
            Target::Claim(name) => ScriptAction::DeleteClaim(name),
            Target::Pool(name) => ScriptAction::DeletePool(name),
        }),
        (None, None, None, Some(what)) => offering(what).map(ScriptAction::Refuse),
        _ => Err("give exactly one of scale, apply, delete and refuse".to_owned()),
    }
}

enum Target {
    Controller(ControllerKey),
    Pod(NamespacedName),
    Claim(Arc<str>),
    Pool(Arc<str>),
}

fn target(text: &str) -> Result<Target, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts[..] {
        [kind, name] => (kind, "default", name),
        [kind, namespace, name] => (kind, namespace, name),
        _ => return Err(format!("{text:?} names nothing; write deployment/web or deployment/shop/web")),
    };
    let key = NamespacedName { namespace: namespace.into(), name: name.into() };
    match kind {
        "pod" => Ok(Target::Pod(key)),
        "nodeclaim" => Ok(Target::Claim(name.into())),
        "nodepool" => Ok(Target::Pool(name.into())),
        _ => ControllerKind::parse(kind).map(|kind| Target::Controller(ControllerKey { kind, key })).ok_or_else(
            || {
                format!(
                    "{kind:?} is no kind; write deployment, statefulset, daemonset, job, pod, nodeclaim or nodepool"
                )
            },
        ),
    }
}

fn offering(text: &str) -> Result<OfferingKey, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let key = match words[..] {
        [instance_type, zone, capacity_type] => CapacityType::parse(capacity_type).map(|capacity_type| {
            OfferingKey { instance_type: instance_type.into(), zone: zone.into(), capacity_type }
        }),
        _ => None,
    };
    key.ok_or_else(|| format!("refuse: {text:?} is no offering; write m5.large us-east-1a on-demand"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<ScriptStep>, ScriptError> {
        let lines: Vec<ScriptLine> = serde_json::from_str(json).unwrap();
        steps(&lines, &mut |file| Err(format!("apply: there is no {file}")))
    }

    #[test]
    fn a_line_becomes_a_step() {
        let steps = read(r#"[{"at": "1m30s", "scale": "deployment/shop/web", "replicas": 3}]"#).unwrap();
        let ScriptAction::Scale { controller, replicas } = &steps[0].action else { panic!("no scale") };
        assert_eq!(steps[0].at, Duration::from_secs(90));
        assert_eq!((controller.key.to_string(), *replicas), ("shop/web".to_owned(), 3));
    }

    #[test]
    fn a_line_that_cannot_be_followed_says_which_and_what_to_write() {
        for (line, problem) in [
            (r#"{"at": "soon"}"#, "at: \"soon\" is no time since the start; write 30s, 5m or 1h30m"),
            (r#"{"at": "1s"}"#, "give exactly one of scale, apply, delete and refuse"),
            (r#"{"at": "1s", "scale": "pod/a"}"#, "replicas: is missing; say how many pods are wanted"),
            (
                r#"{"at": "1s", "scale": "pod/a", "replicas": 1}"#,
                "scale: pod/a has no replicas; name a workload, such as deployment/web",
            ),
            (r#"{"at": "1s", "apply": "x.yaml"}"#, "apply: there is no x.yaml"),
            (
                r#"{"at": "1s", "refuse": "m5.large spot"}"#,
                "refuse: \"m5.large spot\" is no offering; write m5.large us-east-1a on-demand",
            ),
        ] {
            let error = read(&format!("[{line}]")).unwrap_err();
            assert_eq!(error, ScriptError { entry: 1, problem: problem.to_owned() });
        }
    }
}
