//! How does a test do what a user does? With `kubectl`, built with the control plane: no tool of the machine.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::setup_error::SetupError;

/// `kubectl` for one cluster under one identity.
#[derive(Debug, Clone)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    /// What it learns of an API server, kept per cluster: ports are used again by others.
    cache: PathBuf,
}

impl Kubectl {
    /// The program, an identity, and a folder of the cluster's own for what it caches.
    pub fn new(program: PathBuf, kubeconfig: PathBuf, cache: PathBuf) -> Self {
        Kubectl { program, kubeconfig, cache }
    }

    /// The same for another identity.
    #[must_use]
    pub fn with_kubeconfig(&self, kubeconfig: &Path) -> Self {
        Kubectl { kubeconfig: kubeconfig.to_owned(), ..self.clone() }
    }

    /// What a command prints.
    ///
    /// # Errors
    /// It fails; with what it says.
    pub async fn run(&self, args: &[&str]) -> Result<String, SetupError> {
        self.run_with(args, "").await
    }

    /// The same, split at blanks: for arguments without any.
    ///
    /// # Errors
    /// As for [`Kubectl::run`].
    pub async fn words(&self, line: &str) -> Result<String, SetupError> {
        self.run(&line.split_whitespace().collect::<Vec<_>>()).await
    }

    /// Applies manifests and answers with the lines that say what came of each.
    ///
    /// # Errors
    /// As for [`Kubectl::run`].
    pub async fn apply(&self, manifests: &str) -> Result<String, SetupError> {
        self.run_with(&["apply", "-f", "-"], manifests).await
    }

    /// Objects as JSON: `get <what> -o json`, split at blanks.
    ///
    /// # Errors
    /// As for [`Kubectl::run`], or the answer is no JSON.
    pub async fn json(&self, what: &str) -> Result<Value, SetupError> {
        let text = self.words(&format!("get {what} -o json")).await?;
        serde_json::from_str(&text).map_err(|e| SetupError::because(format!("kubectl get {what}"), &e))
    }

    /// The items of a list as JSON.
    ///
    /// # Errors
    /// As for [`Kubectl::json`].
    pub async fn items(&self, what: &str) -> Result<Vec<Value>, SetupError> {
        match self.json(what).await?["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(SetupError::new(format!("kubectl get {what} is no list"))),
        }
    }

    async fn run_with(&self, args: &[&str], input: &str) -> Result<String, SetupError> {
        let shown = format!("kubectl {}", args.join(" "));
        let fault = |e: &std::io::Error| SetupError::because(shown.clone(), e);
        let mut command = Command::new(&self.program);
        command.args(args).env("KUBECONFIG", &self.kubeconfig).env("KUBECACHEDIR", &self.cache);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|e| fault(&e))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await.map_err(|e| fault(&e))?;
        }
        let output = child.wait_with_output().await.map_err(|e| fault(&e))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(SetupError::new(format!("{shown}: {}", text(&output.stderr))))
    }
}
