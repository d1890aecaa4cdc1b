//! What does a machine run when it starts, so that it joins the cluster as the node its claim describes (aws 4)?
//!
//! Each family of images is told in its own form: nodeadm, a shell script, settings of Bottlerocket, PowerShell.
//! Labels and taints are the same for all. The user's own data is merged in, and the cluster's wins.

mod bottlerocket;
mod flags;
mod mime;
mod nodeadm;
mod scripts;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use joiner_core::model::{AmiFamily, CapacityType, Labels, Taint, TaintEffect, keys};
use joiner_core::scheduling::plan::ClaimDraft;
use joiner_ports::LaunchError;

use super::class::LaunchClass;
use crate::ClusterFacts;

/// Most bytes of user data that EC2 takes, before they are encoded.
const MOST_BYTES: usize = 16_384;
/// Domains whose labels a kubelet may not set on its own node; they come once it has joined.
const KUBELET_MAY_NOT: [&str; 3] = ["kubernetes.io", "k8s.io", "node-restriction.kubernetes.io"];

/// What user data is made from.
#[derive(Debug)]
pub(super) struct Bootstrap<'a> {
    /// The cluster to join.
    pub(super) facts: &'a ClusterFacts,
    /// The class.
    pub(super) class: &'a LaunchClass<'a>,
    /// Labels of the node.
    pub(super) labels: Labels,
    /// Taints of the node, the unregistered one last.
    pub(super) taints: Vec<Taint>,
    /// Most pods of the node.
    pub(super) pods: i64,
    /// Name of the image, where the class knows it.
    pub(super) image_name: &'a str,
}

impl<'a> Bootstrap<'a> {
    /// Of a claim that will be paid for in a certain way.
    pub(super) fn new(
        facts: &'a ClusterFacts,
        class: &'a LaunchClass<'a>,
        draft: &ClaimDraft,
        capacity_type: CapacityType,
    ) -> Self {
        let mut labels: Labels = draft
            .labels
            .iter()
            .filter(|(key, _)| kubelet_may_set(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        labels.insert(keys::CAPACITY_TYPE.into(), capacity_type.as_str().into());
        labels.insert(keys::DO_NOT_SYNC_TAINTS.into(), "true".into());
        let mut taints: Vec<Taint> = draft.taints.iter().chain(&draft.startup_taints).cloned().collect();
        // behaviour: launch/nodes-register-with-the-unregistered-taint
        let unregistered =
            Taint { key: keys::UNREGISTERED_TAINT.into(), value: "".into(), effect: TaintEffect::NoExecute };
        if !taints.iter().any(|taint| taint.matches(&unregistered)) {
            taints.push(unregistered);
        }
        Bootstrap { facts, class, labels, taints, pods: 0, image_name: "" }
    }

    /// Where the cluster's DNS answers: as the class says, else as EKS does.
    fn dns(&self) -> Vec<String> {
        let own = &self.class.kubelet.cluster_dns;
        if !own.is_empty() {
            return own.clone();
        }
        self.facts.services.iter().map(|services| services.dns_ip.to_string()).collect()
    }

    /// Whether the cluster speaks IPv6: its DNS does.
    pub(super) fn is_ipv6(&self) -> bool {
        self.dns().first().is_some_and(|address| address.contains(':'))
    }

    /// The user's own part.
    fn own(&self) -> &str {
        self.class.spec.user_data.as_deref().unwrap_or_default()
    }

    /// The user data, encoded as EC2 takes it; `None` when there is nothing to run.
    ///
    /// # Errors
    /// `ClassNotReady` for a class whose own part cannot be merged, or that needs what EKS does not tell;
    /// `Rejected` for more than EC2 takes.
    pub(super) fn render(&self) -> Result<Option<String>, LaunchError> {
        let text = match self.class.known.ami_family {
            AmiFamily::Al2023 => nodeadm::render(self)?,
            AmiFamily::Al2 => scripts::al2(self)?,
            AmiFamily::Bottlerocket => bottlerocket::render(self)?,
            AmiFamily::Windows2019 | AmiFamily::Windows2022 | AmiFamily::Windows2025 => {
                scripts::windows(self)
            }
            // Whoever brings an image of their own starts it on their own.
            AmiFamily::Custom => self.own().to_owned(),
        };
        if text.len() > MOST_BYTES {
            let message = format!(
                "EC2NodeClass {}: user data has {} bytes, EC2 takes {MOST_BYTES}; shorten spec.userData",
                self.class.known.name,
                text.len()
            );
            return Err(LaunchError::Rejected { reason: "UserDataSizeLimitExceeded".to_owned(), message });
        }
        Ok((!text.is_empty()).then(|| STANDARD.encode(text)))
    }

    fn not_ready(&self, why: &str) -> LaunchError {
        LaunchError::ClassNotReady(format!("EC2NodeClass {}: {why}", self.class.known.name))
    }
}

fn kubelet_may_set(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    !KUBELET_MAY_NOT.iter().any(|reserved| {
        domain.strip_suffix(reserved).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests;
