//! How does a test get a Kubernetes control plane of its own? etcd, kube-apiserver, kube-controller-manager,
//! kube-scheduler and kwok as processes on loopback, in a folder of their own. Several can run at once.

mod binaries;
mod certificates;
mod kubectl;
mod servers;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use kubectl::Kubectl;

use certificates::Authority;

use crate::loopback::{free_port, ready};
use crate::process::Process;
use crate::run_folder::RunFolder;
use crate::setup_error::SetupError;

/// Version of Kubernetes that the control plane runs, as EKS writes it.
pub const KUBERNETES_VERSION: &str = "1.34";
/// Nodes with this label are kept ready by kwok, and pods on them run.
pub const KWOK_NODE: (&str, &str) = ("kwok.x-k8s.io/node", "fake");
/// How long a server may take to answer on a busy machine.
const START: Duration = Duration::from_secs(90);

/// What a control plane is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nodes {
    /// None: objects are only written and read.
    Absent,
    /// Nodes labelled [`KWOK_NODE`] are kept ready, and pods bound to them run, by kwok; pods are bound by the
    /// scheduler, and made by the controllers of workloads.
    Kwok,
}

/// A running control plane. Dropping it ends its processes and removes its folder.
pub struct ControlPlane {
    // Processes end before their folder goes.
    processes: Vec<Process>,
    authority: Authority,
    kubectl: Kubectl,
    server: String,
    audit_log: PathBuf,
    kubeconfig: PathBuf,
    folder: RunFolder,
}

impl ControlPlane {
    /// Starts one, under a name that its folder bears, and waits until pods can be created.
    ///
    /// # Errors
    /// The programs cannot be built, or one of them does not come up; with its last lines.
    pub async fn start(name: &str, nodes: Nodes) -> Result<Self, SetupError> {
        let bin = tokio::task::spawn_blocking(binaries::folder)
            .await
            .map_err(|e| SetupError::because("building the control plane", &e))??;
        let folder = RunFolder::new(name)?;
        let port = free_port()?;
        let server = format!("https://127.0.0.1:{port}");
        let authority = Authority::new(&folder, &server)?;
        let kubeconfig = authority.kubeconfig(&folder, "admin", "kubernetes-admin", &["system:masters"])?;
        let kubectl = Kubectl::new(bin.join("kubectl"), kubeconfig.clone(), folder.path().join("kubecache"));
        let audit_log = folder.path().join("audit.log");
        let mut plane =
            ControlPlane { processes: Vec::new(), authority, kubectl, server, audit_log, kubeconfig, folder };
        plane.start_servers(&bin, port, nodes).await?;
        Ok(plane)
    }

    async fn start_servers(&mut self, bin: &Path, port: u16, nodes: Nodes) -> Result<(), SetupError> {
        let (etcd, peer) = (free_port()?, free_port()?);
        self.processes.push(servers::etcd(bin, &self.folder, etcd, peer)?);
        self.processes.push(servers::api_server(bin, &self.folder, port, etcd)?);
        self.until("the API server answers", "get --raw /livez").await?;
        if nodes == Nodes::Absent {
            return self.until("the API server is ready", "get --raw /readyz").await;
        }
        self.processes.push(servers::scheduler(bin, &self.folder, &self.authority)?);
        self.kubectl.apply(servers::KWOK_RBAC).await?;
        self.processes.push(servers::kwok(bin, &self.folder, &self.authority)?);
        self.processes.push(servers::controller_manager(bin, &self.folder, &self.authority)?);
        self.until("pods can be created", "get serviceaccount default").await
    }

    /// Until a `kubectl` command succeeds, while the process started last is alive.
    async fn until(&mut self, what: &str, line: &str) -> Result<(), SetupError> {
        let kubectl = self.kubectl.clone();
        let Some(process) = self.processes.last_mut() else { return Ok(()) };
        ready(process, START, what, || {
            let kubectl = kubectl.clone();
            async move { kubectl.words(line).await.is_ok() }
        })
        .await
    }

    /// `kubectl` as administrator.
    pub fn kubectl(&self) -> &Kubectl {
        &self.kubectl
    }

    /// Kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A kubeconfig for a user of this name in these groups; its rights are what RBAC gives it.
    ///
    /// # Errors
    /// Files cannot be written.
    pub fn kubeconfig_for(&self, file: &str, user: &str, groups: &[&str]) -> Result<PathBuf, SetupError> {
        self.authority.kubeconfig(&self.folder, file, user, groups)
    }

    /// URL of the API server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Certificate of its authority, PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.ca_pem()
    }

    /// The audit log: one event a line, by the rules that EKS has.
    pub fn audit_log(&self) -> &Path {
        &self.audit_log
    }

    /// Folder of this run.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Last lines of every process, for a failed test.
    pub fn tails(&self, lines: usize) -> String {
        let one = |process: &Process| format!("--- {}\n{}", process.name(), process.tail(lines));
        self.processes.iter().map(one).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // From the last to the first: nobody waits for a server that is gone.
        while let Some(mut process) = self.processes.pop() {
            process.kill();
        }
    }
}
