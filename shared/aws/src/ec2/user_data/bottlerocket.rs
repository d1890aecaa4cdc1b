//! How is Bottlerocket told to join (aws 4.7)?
//!
//! Its user data is TOML. The user's tables stay, and our settings are written over theirs key by key.

use std::collections::BTreeMap;

use joiner_ports::LaunchError;
use toml::{Table, Value};

use super::Bootstrap;

/// Name of the command that mounts the instance store: first, so that others find it mounted.
const MOUNT: &str = "000-mount-instance-storage";
/// From this version on the image knows itself which folders belong on the instance store.
const BINDS_BY_ITSELF: [u32; 3] = [1, 46, 0];

/// The settings.
pub(super) fn render(boot: &Bootstrap<'_>) -> Result<String, LaunchError> {
    let own: Table = boot
        .own()
        .parse()
        .map_err(|error| boot.not_ready(&format!("spec.userData: it is not TOML: {error}")))?;
    let mut document = own;
    let settings = table(boot, &mut document, "settings")?;
    let kubernetes = table(boot, settings, "kubernetes")?;
    write_cluster(boot, kubernetes)?;
    write_kubelet(boot, kubernetes);
    if boot.class.known.raid0_instance_store {
        let commands = table(boot, settings, "bootstrap-commands")?;
        commands.insert(MOUNT.to_owned(), Value::Table(mount(boot)));
    }
    toml::to_string(&document)
        .map_err(|error| boot.not_ready(&format!("spec.userData cannot be written again: {error}")))
}

/// A table within a table; made when it is not there.
fn table<'t>(boot: &Bootstrap<'_>, parent: &'t mut Table, key: &str) -> Result<&'t mut Table, LaunchError> {
    let found = parent.entry(key).or_insert_with(|| Value::Table(Table::new()));
    found.as_table_mut().ok_or_else(|| boot.not_ready(&format!("spec.userData: {key} must be a table")))
}

/// Where the cluster is, and what the node is in it.
fn write_cluster(boot: &Bootstrap<'_>, kubernetes: &mut Table) -> Result<(), LaunchError> {
    let facts = boot.facts;
    put(kubernetes, "api-server", text(&facts.endpoint));
    put(kubernetes, "cluster-name", text(facts.name.as_str()));
    if !facts.certificate_authority.is_empty() {
        put(kubernetes, "cluster-certificate", text(&facts.certificate_authority));
    }
    if let Some(dns) = boot.dns().first() {
        put(kubernetes, "cluster-dns-ip", text(dns));
    }
    put(kubernetes, "max-pods", Value::Integer(boot.pods));
    let labels = table(boot, kubernetes, "node-labels")?;
    labels.extend(boot.labels.iter().map(|(key, value)| (key.to_string(), text(value))));
    let mut taints: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for taint in &boot.taints {
        let value = text(&format!("{}:{}", taint.value, taint.effect.as_str()));
        taints.entry(taint.key.to_string()).or_default().push(value);
    }
    let taints = taints.into_iter().map(|(key, values)| (key, Value::Array(values))).collect();
    put(kubernetes, "node-taints", Value::Table(taints));
    Ok(())
}

/// Settings of the kubelet, under the names that Bottlerocket has for them.
fn write_kubelet(boot: &Bootstrap<'_>, kubernetes: &mut Table) {
    let kubelet = &boot.class.kubelet;
    let maps = [
        ("system-reserved", &kubelet.system_reserved),
        ("kube-reserved", &kubelet.kube_reserved),
        ("eviction-hard", &kubelet.eviction_hard),
        ("eviction-soft", &kubelet.eviction_soft),
        ("eviction-soft-grace-period", &kubelet.eviction_soft_grace_period),
    ];
    for (key, map) in maps.into_iter().filter(|(_, map)| !map.is_empty()) {
        let table = map.iter().map(|(key, value)| (key.clone(), text(value))).collect();
        put(kubernetes, key, Value::Table(table));
    }
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            put(kubernetes, key, value);
        }
    };
    let integer = |number: i32| Value::Integer(number.into());
    let percent = |number: i32| text(&number.to_string());
    add("eviction-max-pod-grace-period", kubelet.eviction_max_pod_grace_period.map(integer));
    add("image-gc-high-threshold-percent", kubelet.image_gc_high_threshold_percent.map(percent));
    add("image-gc-low-threshold-percent", kubelet.image_gc_low_threshold_percent.map(percent));
    add("cpu-cfs-quota-enforced", kubelet.cpu_cfs_quota.map(Value::Boolean));
}

/// The command that makes one array of the instance store and puts the data of pods on it.
fn mount(boot: &Bootstrap<'_>) -> Table {
    let words = |line: &str| Value::Array(line.split(' ').map(text).collect());
    let bind = if binds_by_itself(boot) {
        "apiclient ephemeral-storage bind"
    } else {
        "apiclient ephemeral-storage bind --dirs /var/lib/containerd /var/lib/kubelet /var/log/pods"
    };
    let commands = vec![words("apiclient ephemeral-storage init"), words(bind)];
    Table::from_iter([
        ("commands".to_owned(), Value::Array(commands)),
        ("mode".to_owned(), text("always")),
        ("essential".to_owned(), Value::Boolean(true)),
    ])
}

/// Whether the image is new enough to know the folders: the alias says so, or its name does.
fn binds_by_itself(boot: &Bootstrap<'_>) -> bool {
    let alias = boot.class.spec.ami_selector_terms.iter().find_map(|term| term.alias.as_deref());
    match alias.and_then(|alias| alias.split_once('@')) {
        Some((_, "latest")) => true,
        Some((_, version)) => is_new_enough(version),
        None => boot.image_name.split('-').any(|word| word.starts_with('v') && is_new_enough(word)),
    }
}

/// Whether a version, `v1.46.0` or `1.46.0`, is not below the first that binds by itself.
fn is_new_enough(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let numbers: Option<Vec<u32>> = version.split('.').map(|number| number.parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.len() == 3 && numbers.as_slice() >= BINDS_BY_ITSELF.as_slice())
}

fn put(table: &mut Table, key: &str, value: Value) {
    table.insert(key.to_owned(), value);
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}
