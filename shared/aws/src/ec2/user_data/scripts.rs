//! How are Amazon Linux 2 and Windows told to join (aws 4.5, 4.8)?

use super::mime::{self, Part};
use super::{Bootstrap, flags};
use joiner_core::model::AmiFamily;
use joiner_ports::LaunchError;

/// Amazon Linux 2: the user's parts, then a script that calls the bootstrap script of the image.
pub(super) fn al2(boot: &Bootstrap<'_>) -> Result<String, LaunchError> {
    let own = boot.own();
    let mut parts = if own.trim().is_empty() {
        Vec::new()
    } else if mime::is_mime(own) {
        mime::parse(own).map_err(|why| boot.not_ready(&format!("spec.userData: {why}")))?
    } else {
        vec![Part::new(mime::SHELL, own)]
    };
    parts.push(Part::new(mime::SHELL, &bootstrap_script(boot)));
    Ok(mime::write(&parts))
}

/// The image's script takes its arguments apart at spaces.
fn bootstrap_script(boot: &Bootstrap<'_>) -> String {
    let facts = boot.facts;
    let mut call =
        format!("/etc/eks/bootstrap.sh '{}' --apiserver-endpoint '{}'", facts.name, facts.endpoint);
    if !facts.certificate_authority.is_empty() {
        call.push_str(&format!(" --b64-cluster-ca '{}'", facts.certificate_authority));
    }
    let mut lines = vec![call];
    if boot.is_ipv6() {
        lines.push("--ip-family ipv6".to_owned());
    }
    if let Some(dns) = boot.dns().first() {
        lines.push(format!("--dns-cluster-ip '{dns}'"));
    }
    lines.push("--use-max-pods false".to_owned());
    lines.push(format!("--kubelet-extra-args '{}'", flags::all(boot)));
    if boot.class.known.raid0_instance_store {
        lines.push("--local-disks raid0".to_owned());
    }
    format!(
        "#!/bin/bash -xe\nexec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1\n{}\n",
        lines.join(" \\\n")
    )
}

/// Windows: the user's PowerShell, then a call of the bootstrap script of the image.
pub(super) fn windows(boot: &Bootstrap<'_>) -> String {
    debug_assert!(matches!(
        boot.class.known.ami_family,
        AmiFamily::Windows2019 | AmiFamily::Windows2022 | AmiFamily::Windows2025
    ));
    let facts = boot.facts;
    let mut call = format!(
        "& $EKSBootstrapScriptFile -EKSClusterName '{}' -APIServerEndpoint '{}'",
        facts.name, facts.endpoint
    );
    if !facts.certificate_authority.is_empty() {
        call.push_str(&format!(" -Base64ClusterCA '{}'", facts.certificate_authority));
    }
    call.push_str(&format!(" -KubeletExtraArgs '{}'", flags::all(boot)));
    if let Some(dns) = boot.dns().first() {
        call.push_str(&format!(" -DNSClusterIP '{dns}'"));
    }
    let own = boot.own().trim_end();
    let own = if own.is_empty() { String::new() } else { format!("{own}\n") };
    format!(
        "<powershell>\n{own}[string]$EKSBootstrapScriptFile = \
         \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\"\n{call}\n</powershell>"
    )
}
