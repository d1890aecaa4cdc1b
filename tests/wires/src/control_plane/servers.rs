//! With which flags is each process of a control plane started? With as few as it runs with on loopback.

use std::path::{Path, PathBuf};

use super::certificates::Authority;
use crate::loopback::free_port;
use crate::process::{Launch, Process};
use crate::run_folder::RunFolder;
use crate::setup_error::SetupError;

/// What is written to the audit log, by the rules that AWS publishes for EKS.
const AUDIT_POLICY: &str = include_str!("../../control-plane/audit-policy.yaml");
/// How nodes and pods behave.
const KWOK_STAGES: &str = include_str!("../../control-plane/kwok-stages.yaml");
/// What kwok may do in the cluster.
pub(super) const KWOK_RBAC: &str = include_str!("../../control-plane/kwok-rbac.yaml");

/// The controllers a test needs; with all of them the first pod can be created seconds later.
const CONTROLLERS: [&str; 17] = [
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "namespace-controller",
    "deployment-controller",
    "replicaset-controller",
    "daemonset-controller",
    "statefulset-controller",
    "job-controller",
    "disruption-controller",
    "garbage-collector-controller",
    "pod-garbage-collector-controller",
    "node-lifecycle-controller",
    "taint-eviction-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-attach-detach-controller",
    "clusterrole-aggregation-controller",
];

pub(super) fn etcd(bin: &Path, folder: &RunFolder, port: u16, peer: u16) -> Result<Process, SetupError> {
    let (client, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer}"));
    Launch::new("etcd", bin.join("etcd"))
        .arg("--name=test")
        .arg(format!("--data-dir={}", path(folder, "etcd")))
        // Data of a test need not outlive the machine.
        .args(["--unsafe-no-fsync", "--log-level=warn"])
        .args([format!("--listen-client-urls={client}"), format!("--advertise-client-urls={client}")])
        .args([format!("--listen-peer-urls={peer}"), format!("--initial-advertise-peer-urls={peer}")])
        .arg(format!("--initial-cluster=test={peer}"))
        .start(folder.path())
}

pub(super) fn api_server(
    bin: &Path,
    folder: &RunFolder,
    port: u16,
    etcd: u16,
) -> Result<Process, SetupError> {
    let policy = folder.write("audit-policy.yaml", AUDIT_POLICY)?;
    Launch::new("kube-apiserver", bin.join("kube-apiserver"))
        .arg(format!("--etcd-servers=http://127.0.0.1:{etcd}"))
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
        .arg(format!("--secure-port={port}"))
        // A loopback address may not be an endpoint of a service.
        .arg("--endpoint-reconciler-type=none")
        .arg(format!("--tls-cert-file={}", path(folder, "pki/apiserver.crt")))
        .arg(format!("--tls-private-key-file={}", path(folder, "pki/apiserver.key")))
        .arg(format!("--client-ca-file={}", path(folder, "pki/ca.crt")))
        .args(["--authorization-mode=Node,RBAC", "--anonymous-auth=false"])
        .arg("--enable-admission-plugins=NodeRestriction")
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(format!("--service-account-key-file={}", path(folder, "pki/sa.pub")))
        .arg(format!("--service-account-signing-key-file={}", path(folder, "pki/sa.key")))
        .arg("--service-cluster-ip-range=10.100.0.0/16")
        .arg(format!("--audit-policy-file={}", policy.display()))
        .arg(format!("--audit-log-path={}", path(folder, "audit.log")))
        .arg("--audit-log-maxsize=0")
        .start(folder.path())
}

pub(super) fn controller_manager(
    bin: &Path,
    folder: &RunFolder,
    authority: &Authority,
) -> Result<Process, SetupError> {
    let identity = authority.kubeconfig(folder, "kcm", "system:kube-controller-manager", &[])?;
    Launch::new("kube-controller-manager", bin.join("kube-controller-manager"))
        .arg(format!("--kubeconfig={}", identity.display()))
        .args(["--bind-address=127.0.0.1", "--leader-elect=false", "--use-service-account-credentials=true"])
        .arg(format!("--secure-port={}", free_port()?))
        .arg(format!("--root-ca-file={}", authority.ca_file().display()))
        .arg(format!("--service-account-private-key-file={}", path(folder, "pki/sa.key")))
        .arg(format!("--controllers={}", CONTROLLERS.join(",")))
        .start(folder.path())
}

pub(super) fn scheduler(
    bin: &Path,
    folder: &RunFolder,
    authority: &Authority,
) -> Result<Process, SetupError> {
    let identity = authority.kubeconfig(folder, "scheduler", "system:kube-scheduler", &[])?;
    Launch::new("kube-scheduler", bin.join("kube-scheduler"))
        .arg(format!("--kubeconfig={}", identity.display()))
        .args(["--bind-address=127.0.0.1", "--leader-elect=false"])
        .arg(format!("--secure-port={}", free_port()?))
        .start(folder.path())
}

pub(super) fn kwok(bin: &Path, folder: &RunFolder, authority: &Authority) -> Result<Process, SetupError> {
    // In the group of nodes, so that its reports are audited as those of kubelets are; the name keeps it free of
    // the rule that a node may only write about itself.
    let identity = authority.kubeconfig(folder, "kwok", "kwok-controller", &["system:nodes"])?;
    let stages = folder.write("kwok-stages.yaml", KWOK_STAGES)?;
    let (label, value) = super::KWOK_NODE;
    Launch::new("kwok", bin.join("kwok"))
        .arg(format!("--config={}", stages.display()))
        .arg(format!("--kubeconfig={}", identity.display()))
        .arg("--manage-all-nodes=false")
        .arg(format!("--manage-nodes-with-label-selector={label}={value}"))
        .args(["--node-ip=10.0.0.1", "--cidr=10.1.0.1/16", "--node-lease-duration-seconds=40"])
        .arg(format!("--server-address=127.0.0.1:{}", free_port()?))
        .start(folder.path())
}

fn path(folder: &RunFolder, name: &str) -> String {
    let path: PathBuf = folder.path().join(name);
    path.display().to_string()
}
