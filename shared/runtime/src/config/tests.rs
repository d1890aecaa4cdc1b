//! Settings as a deployment gives them: what is read, and what is said about what cannot be.

use jiff::SignedDuration;
use joiner_core::disruption::consolidation::ConsolidationMode;
use joiner_core::scheduling::plan::{MinValuesPolicy, PreferencePolicy};

use super::*;

fn variables(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The least a function is told.
fn least() -> BTreeMap<String, String> {
    let mut least = variables(&[("JOINER_CLUSTERS", "prod"), ("JOINER_TABLE", "joiner"), ("PATH", "/bin")]);
    for duty in Duty::ALL {
        least.insert(table::queue(duty).name.to_owned(), format!("https://sqs/{}", duty.as_str()));
    }
    least
}

fn with(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all = least();
    all.extend(variables(given));
    all
}

fn problems(duty: Duty, variables: &BTreeMap<String, String>) -> Vec<String> {
    Config::read(duty, variables).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_least_gives_the_peers_defaults() {
    let config = Config::read(Duty::Provision, &least()).unwrap();
    assert_eq!(config.clusters.into_keys().map(String::from).collect::<Vec<_>>(), ["prod"]);
    let types = TypesConfig { vm_memory_overhead_milli: 75, reserved_enis: 0, is_isolated: false };
    assert_eq!((config.settings, config.types), (Settings::DEFAULT, types));
    assert_eq!((config.outlet, config.log_level), (Outlet::Queues, LogLevel::Info));
    assert_eq!(config.queues[&Duty::Disrupt], "https://sqs/disrupt");
}

#[test]
fn what_is_set_is_what_holds() {
    let set = [
        ("BATCH_IDLE_DURATION", "2s"),
        ("BATCH_MAX_DURATION", "1m"),
        ("PREFERENCE_POLICY", "Ignore"),
        ("MIN_VALUES_POLICY", "BestEffort"),
        ("FEATURE_GATES", "SpotToSpotConsolidation=true"),
        ("VM_MEMORY_OVERHEAD_PERCENT", "0.05"),
        ("JOINER_CONSOLIDATION", "reference"),
        ("RESERVED_ENIS", "1"),
        ("ISOLATED_VPC", "true"),
        ("LOG_LEVEL", "debug"),
    ];
    let config = Config::read(Duty::Disrupt, &with(&set)).unwrap();
    let batch = BatchTimes { idle: SignedDuration::from_secs(2), max: SignedDuration::from_secs(60) };
    let settings = Settings {
        batch,
        preference_policy: PreferencePolicy::Ignore,
        min_values_policy: MinValuesPolicy::BestEffort,
        consolidation: ConsolidationRules { spot_to_spot: true, mode: ConsolidationMode::Reference },
        ..Settings::DEFAULT
    };
    assert_eq!((config.settings, config.log_level), (settings, LogLevel::Debug));
    let types = TypesConfig { vm_memory_overhead_milli: 50, reserved_enis: 1, is_isolated: true };
    assert_eq!(config.types, types);
}

#[test]
fn the_relay_needs_a_bus_unless_it_sends_to_queues() {
    assert_eq!(
        problems(Duty::Relay, &least()),
        ["JOINER_BUS is not set; set it: Name of the EventBridge bus that the relay sends to"]
    );
    let relay = |given: &[(&str, &str)]| Config::read(Duty::Relay, &with(given)).unwrap();
    assert_eq!(relay(&[("JOINER_BUS", "joiner")]).outlet, Outlet::Bus("joiner".to_owned()));
    let direct = relay(&[("JOINER_RELAY_OUTLET", "queues"), ("JOINER_EVENT_SOURCE", "audit")]);
    assert_eq!((direct.outlet, direct.source), (Outlet::Queues, EventSource::Audit));
}

#[test]
fn a_cluster_may_have_its_own_source() {
    let clusters = r#"[{"name": "a", "source": "poll"}, {"name": "b"}]"#;
    let config =
        Config::read(Duty::Relay, &with(&[("JOINER_CLUSTERS", clusters), ("JOINER_BUS", "x")])).unwrap();
    let sources: Vec<EventSource> =
        config.clusters.values().map(|cluster| config.source_of(cluster)).collect();
    assert_eq!(sources, [EventSource::Poll, EventSource::Watch]);
}

// behaviour: settings/a-misspelt-name-is-refused
#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut given = with(&[
        ("JOINER_CLUSTER", "prod"),
        ("BATCH_IDLE_DURATION", "20s"),
        ("PREFERENCE_POLICY", "respect"),
        ("RESERVED_ENIS", "-1"),
    ]);
    given.remove("JOINER_TABLE");
    assert_eq!(
        problems(Duty::Provision, &given),
        [
            "JOINER_CLUSTER=\"prod\" is not a known setting; did you mean JOINER_CLUSTERS?",
            "JOINER_TABLE is not set; set it: Name of the DynamoDB table",
            "PREFERENCE_POLICY=\"respect\" is not known; write one of Respect, Ignore",
            "BATCH_IDLE_DURATION=\"20s\" is longer than BATCH_MAX_DURATION; make it shorter",
            "RESERVED_ENIS=\"-1\" is not a whole number; write such as 0 or 1",
        ]
    );
}

#[test]
fn what_a_function_does_not_read_does_not_stop_it() {
    let config = Config::read(Duty::Terminate, &with(&[("BATCH_IDLE_DURATION", "soon")])).unwrap();
    assert_eq!(config.settings, Settings::DEFAULT);
}

#[test]
fn every_default_can_be_read_and_every_name_is_there_once() {
    let names: std::collections::BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names.len(), SETTINGS.len());
    let defaults: Vec<(&str, &str)> =
        SETTINGS.iter().filter_map(|setting| Some((setting.name, setting.default?))).collect();
    for duty in Duty::ALL {
        let mut given = with(&defaults);
        given.insert("JOINER_BUS".to_owned(), "joiner".to_owned());
        assert_eq!(Config::read(duty, &given).map(|config| config.settings), Ok(Settings::DEFAULT));
    }
}
