//! What is wrong with an object, as values: which object, which field, what it holds and what to write instead.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Who refuses the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The API server refuses to store it: schema and CEL rules of the CRD.
    Admission,
    /// The object is stored, but its condition `ValidationSucceeded` turns False with this reason.
    Runtime {
        /// Reason of the condition, such as `NodePoolValidationFailed`.
        reason: &'static str,
    },
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Kind of the object, such as `NodePool`.
    pub kind: String,
    /// Name of the object; empty when it has none yet.
    pub name: String,
    /// Path of the field, such as `spec.template.spec.requirements[2].values`.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// What the field holds; none when it is absent.
    pub got: Option<Value>,
    /// What to write instead.
    pub remedy: String,
    /// Who refuses it.
    pub stage: Stage,
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, path, problem, remedy, .. } = self;
        write!(out, "{kind} {name}: {path}: {problem}, got ")?;
        match &self.got {
            Some(value) => write!(out, "{value}")?,
            None => write!(out, "nothing")?,
        }
        write!(out, "; {remedy}")
    }
}

impl std::error::Error for Invalid {}

/// Collects what is wrong with one object.
#[derive(Debug)]
pub struct Findings {
    kind: &'static str,
    name: String,
    stage: Stage,
    /// Findings before this index were made by an earlier step.
    step_start: usize,
    found: Vec<Invalid>,
}

impl Findings {
    /// No findings yet about this object; starts with the rules of admission.
    pub fn about(kind: &'static str, name: &str) -> Self {
        Self { kind, name: name.to_owned(), stage: Stage::Admission, step_start: 0, found: Vec::new() }
    }

    /// Starts the next step of checks, whose findings are of this stage.
    pub fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.step_start = self.found.len();
    }

    /// Adds a finding about a field that holds a value.
    ///
    /// A field that an earlier step refused is not reported again.
    pub fn add(
        &mut self,
        path: &str,
        problem: impl Into<String>,
        got: &impl Serialize,
        remedy: impl Into<String>,
    ) {
        let got = serde_json::to_value(got).unwrap_or(Value::Null);
        self.push(path, problem.into(), Some(got), remedy.into());
    }

    /// Adds a finding about a field that is absent.
    pub fn add_missing(&mut self, path: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.push(path, problem.into(), None, remedy.into());
    }

    fn push(&mut self, path: &str, problem: String, got: Option<Value>, remedy: String) {
        if self.found[..self.step_start].iter().any(|earlier| earlier.path == path) {
            return;
        }
        self.found.push(Invalid {
            kind: self.kind.to_owned(),
            name: self.name.clone(),
            path: path.to_owned(),
            problem,
            got,
            remedy,
            stage: self.stage,
        });
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The findings in the order they were made.
    pub fn into_vec(self) -> Vec<Invalid> {
        self.found
    }
}
