//! Rules about EC2NodeClasses. Those about the kubelet are in `kubelet`.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::kubelet;
use crate::crd::ec2nodeclass::{
    AmiFamily, BlockDeviceMapping, Ec2NodeClassSpec, InterfaceType, NetworkInterfaceSpec,
    RESERVED_TAG_PREFIX, RESERVED_TAGS, selectors,
};
use crate::crd::invalid::Findings;
use crate::crd::read::ValidationSettings;
use crate::crd::schema::field_path;

/// What each term needs, and which of its fields exclude others.
struct TermRules {
    needed: &'static [&'static str],
    exclusive: &'static [(&'static str, &'static [&'static str])],
}

pub(in crate::crd) fn check_admission(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    check_identity(spec, findings);
    check_family(spec, findings);
    check_terms(spec, findings);
    check_tags(spec, findings);
    check_block_devices(&spec.block_device_mappings, findings);
    check_interfaces(&spec.network_interfaces, findings);
    check_one_ofs(spec, findings);
}

fn check_identity(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    match (&spec.role, &spec.instance_profile) {
        (None, None) => findings.add_missing(
            "spec.role",
            "either role or instanceProfile is needed",
            "add one of the two",
        ),
        (Some(_), Some(profile)) => {
            findings.add("spec.instanceProfile", "excludes role", profile, "remove one of the two");
        }
        _ => {}
    }
}

fn check_family(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    let aliases: Vec<&str> =
        spec.ami_selector_terms.iter().filter_map(|term| term.alias.as_deref()).collect();
    let Some(family) = spec.ami_family else {
        if aliases.is_empty() {
            let problem = "is needed when no term has an alias";
            findings.add_missing(
                "spec.amiFamily",
                problem,
                "write for example amiFamily: AL2023, or use an alias",
            );
        }
        return;
    };
    for named in aliases.iter().filter_map(|alias| AmiFamily::of_alias(alias)) {
        if family != named && family != AmiFamily::Custom {
            let named = named.as_str();
            let problem = format!("does not fit the alias, which is of {named}");
            findings.add(
                "spec.amiFamily",
                problem,
                &family,
                format!("write {named} or Custom, or remove it"),
            );
        }
    }
}

fn check_terms(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    let rules = |needed, exclusive| TermRules { needed, exclusive };
    let subnets = rules(selectors::SUBNET_NEEDED, selectors::SUBNET_EXCLUSIVE);
    check_term_list("subnetSelectorTerms", &spec.subnet_selector_terms, &subnets, findings);
    let groups = rules(selectors::SECURITY_GROUP_NEEDED, selectors::SECURITY_GROUP_EXCLUSIVE);
    check_term_list("securityGroupSelectorTerms", &spec.security_group_selector_terms, &groups, findings);
    let reservations = rules(selectors::RESERVATION_NEEDED, selectors::RESERVATION_EXCLUSIVE);
    let reservation_terms = spec.capacity_reservation_selector_terms.as_deref().unwrap_or_default();
    check_term_list("capacityReservationSelectorTerms", reservation_terms, &reservations, findings);
    let amis = rules(selectors::AMI_NEEDED, selectors::AMI_EXCLUSIVE);
    check_term_list("amiSelectorTerms", &spec.ami_selector_terms, &amis, findings);
    check_aliases(spec, findings);
}

fn check_term_list<T: Serialize>(list: &str, terms: &[T], rules: &TermRules, findings: &mut Findings) {
    for (index, term) in terms.iter().enumerate() {
        let path = format!("spec.{list}[{index}]");
        let term = serde_json::to_value(term).unwrap_or_default();
        let has = |field: &str| term.get(field).is_some();
        if !rules.needed.iter().any(|field| has(field)) {
            let needed = rules.needed.join(", ");
            findings.add(
                &path,
                format!("needs at least one of {needed}"),
                &term,
                format!("add one of {needed}"),
            );
        }
        for (field, others) in rules.exclusive.iter().filter(|(field, _)| has(field)) {
            let found: Vec<&str> = others.iter().copied().filter(|other| has(other)).collect();
            if !found.is_empty() {
                let found = found.join(", ");
                let problem = format!("{field} cannot be combined with {found}");
                findings.add(
                    &path,
                    problem,
                    &term,
                    format!("keep {field} alone, or put {found} in a term of its own"),
                );
            }
        }
        check_term_tags(&term, &path, findings);
    }
}

fn check_term_tags(term: &Value, path: &str, findings: &mut Findings) {
    let tags = term.get("tags").and_then(Value::as_object);
    for (key, value) in tags.into_iter().flatten() {
        if key.is_empty() || value.as_str() == Some("") {
            let path = field_path(&format!("{path}.tags"), key);
            findings.add(&path, "must have a key and a value", value, "write \"*\" to accept any value");
        }
    }
}

fn check_aliases(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    let count = spec.ami_selector_terms.len();
    for (index, term) in spec.ami_selector_terms.iter().enumerate() {
        let Some(alias) = &term.alias else { continue };
        let path = format!("spec.amiSelectorTerms[{index}].alias");
        if count > 1 {
            findings.add(&path, "must be the only term of the list", alias, "remove the other terms");
        }
        match AmiFamily::of_alias(alias) {
            None => {
                let families: Vec<&str> = AmiFamily::ALIASES.iter().map(|(name, _)| *name).collect();
                let problem = "does not start with a known family";
                findings.add(
                    &path,
                    problem,
                    alias,
                    format!("use one of {}, in lower case", families.join(", ")),
                );
            }
            Some(family) if family.is_windows() && !alias.ends_with("@latest") => {
                findings.add(&path, "Windows aliases only have the version latest", alias, "write @latest");
            }
            Some(_) => {}
        }
    }
}

fn check_tags(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    for (key, value) in &spec.tags {
        let path = field_path("spec.tags", key);
        if key.is_empty() {
            findings.add(&path, "has an empty key", value, "give the tag a key");
        }
        if RESERVED_TAGS.contains(&key.as_str()) || key.starts_with(RESERVED_TAG_PREFIX) {
            findings.add(&path, "is a tag that the autoscaler sets", value, "remove it");
        }
    }
}

fn check_block_devices(devices: &[BlockDeviceMapping], findings: &mut Findings) {
    let roots = || devices.iter().enumerate().filter(|(_, device)| device.root_volume == Some(true));
    for (index, _) in roots().skip(1) {
        let path = format!("spec.blockDeviceMappings[{index}].rootVolume");
        findings.add(
            &path,
            "only one block device can be the root volume",
            &true,
            "remove it here or before",
        );
    }
    for (index, device) in devices.iter().enumerate() {
        let Some(ebs) = &device.ebs else { continue };
        let path = format!("spec.blockDeviceMappings[{index}].ebs");
        if ebs.snapshot_id.is_none() && ebs.volume_size.is_none() {
            findings.add(&path, "needs snapshotID or volumeSize", ebs, "write for example volumeSize: 20Gi");
        }
        if let Some(rate) = ebs.volume_initialization_rate
            && ebs.snapshot_id.as_deref().unwrap_or_default().is_empty()
        {
            let path = format!("{path}.volumeInitializationRate");
            findings.add(
                &path,
                "needs a snapshotID to fill the volume from",
                &rate,
                "add snapshotID, or remove it",
            );
        }
    }
}

fn check_interfaces(interfaces: &[NetworkInterfaceSpec], findings: &mut Findings) {
    let is_primary = |found: &NetworkInterfaceSpec| {
        (found.network_card_index, found.device_index, found.interface_type)
            == (0, 0, InterfaceType::Interface)
    };
    if !interfaces.is_empty() && !interfaces.iter().any(is_primary) {
        let problem = "needs an interface of type interface at network card 0, device 0";
        findings.add("spec.networkInterfaces", problem, &interfaces, "add it");
    }
    let (mut places, mut efa_cards) = (BTreeSet::new(), BTreeSet::new());
    for (index, found) in interfaces.iter().enumerate() {
        let path = format!("spec.networkInterfaces[{index}]");
        if !places.insert((found.network_card_index, found.device_index)) {
            findings.add(
                &path,
                "repeats the network card and device of one before it",
                found,
                "use another device",
            );
        }
        if found.interface_type == InterfaceType::EfaOnly && !efa_cards.insert(found.network_card_index) {
            let problem = "is the second of type efa-only on its network card";
            findings.add(&path, problem, found, "use another network card");
        }
    }
}

fn check_one_ofs(spec: &Ec2NodeClassSpec, findings: &mut Findings) {
    if let Some(selector) = &spec.placement_group_selector
        && selector.name.is_some() == selector.id.is_some()
    {
        let problem = "needs exactly one of name and id";
        findings.add("spec.placementGroupSelector", problem, selector, "write one of the two");
    }
    if let Some(tracking) = &spec.connection_tracking
        && tracking.tcp_established_timeout.or(tracking.udp_stream_timeout).or(tracking.udp_timeout).is_none()
    {
        let problem = "needs at least one timeout";
        findings.add(
            "spec.connectionTracking",
            problem,
            tracking,
            "write for example udpTimeout: 30, or remove it",
        );
    }
}

/// Only the kubelet settings: tags are refused at admission by a wider rule than the one of the launch.
pub(in crate::crd) fn check_runtime(
    spec: &Ec2NodeClassSpec,
    settings: &ValidationSettings,
    findings: &mut Findings,
) {
    kubelet::check(spec, settings, findings);
}
