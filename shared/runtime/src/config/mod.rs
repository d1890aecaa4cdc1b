//! How is this deployment set up? Read once from the environment, whole, and checked before anything is served.

mod clusters;
mod problem;
pub mod table;
mod value;

use std::collections::BTreeMap;

use joiner_app::Settings;
use joiner_core::batch::BatchTimes;
use joiner_core::disruption::consolidation::ConsolidationRules;
use joiner_ports::{ClusterName, Duty};

pub use clusters::ClusterConfig;
pub use problem::{SettingProblem, SettingProblems};
pub use table::{SETTINGS, Setting};
use value::Wrong;
pub use value::{EventSource, LogLevel};

/// Variables that begin so are ours: one that is not known is a slip of the pen.
const PREFIX: &str = "JOINER_";

/// Where the relay sends what it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlet {
    /// To this bus; its rules know the queues.
    Bus(String),
    /// To the queues themselves.
    Queues,
}

/// What is set about instance types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypesConfig {
    /// Share of memory the hypervisor takes, in thousandths (aws 1.2).
    pub vm_memory_overhead_milli: u32,
    /// Network interfaces that are not for pods.
    pub reserved_enis: u32,
    /// Whether the price list cannot be reached (aws 9.4).
    pub is_isolated: bool,
}

/// Everything a function is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The clusters by name; at least one.
    pub clusters: BTreeMap<ClusterName, ClusterConfig>,
    /// How events are noticed where a cluster does not say.
    pub source: EventSource,
    /// Name of the table.
    pub table: String,
    /// URL of the queue of each duty.
    pub queues: BTreeMap<Duty, String>,
    /// Where the relay sends; `Queues` for the other functions.
    pub outlet: Outlet,
    /// Settings of the use cases.
    pub settings: Settings,
    /// Settings of instance types.
    pub types: TypesConfig,
    /// Least level of what is logged.
    pub log_level: LogLevel,
}

impl Config {
    /// Reads what a function needs from the environment of the process.
    ///
    /// # Errors
    /// Everything that is missing, cannot be read, or is not known.
    pub fn from_env(duty: Duty) -> Result<Self, SettingProblems> {
        // What is no Unicode is not ours.
        let texts = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Config::read(duty, &texts.collect())
    }

    /// Reads what a function needs from variables.
    ///
    /// # Errors
    /// Everything that is missing, cannot be read, or is not known.
    pub fn read(duty: Duty, variables: &BTreeMap<String, String>) -> Result<Self, SettingProblems> {
        let mut reader = Reader { duty, variables, problems: Vec::new() };
        reader.refuse_unknown();
        let config = reader.config();
        match config {
            Some(config) if reader.problems.is_empty() => Ok(config),
            _ => Err(SettingProblems(reader.problems)),
        }
    }

    /// How events of a cluster are noticed.
    pub fn source_of(&self, cluster: &ClusterConfig) -> EventSource {
        cluster.source.unwrap_or(self.source)
    }
}

/// Reads variables and collects what is wrong with them.
struct Reader<'a> {
    duty: Duty,
    variables: &'a BTreeMap<String, String>,
    problems: Vec<SettingProblem>,
}

impl Reader<'_> {
    fn config(&mut self) -> Option<Config> {
        let clusters = self.read(&table::CLUSTERS, clusters::clusters);
        let source = self.read(&table::EVENT_SOURCE, value::event_source);
        let table = self.read(&table::TABLE, value::text);
        let queues: Vec<Option<(Duty, String)>> =
            Duty::ALL.map(|duty| Some((duty, self.read(&table::queue(duty), value::text)?))).into();
        let outlet = self.outlet();
        let settings = self.settings();
        let types = self.types();
        let log_level = self.read(&table::LOG_LEVEL, value::log_level);
        Some(Config {
            clusters: clusters?,
            source: source?,
            table: table?,
            queues: queues.into_iter().collect::<Option<_>>()?,
            outlet: outlet?,
            settings: settings?,
            types: types?,
            log_level: log_level?,
        })
    }

    fn outlet(&mut self) -> Option<Outlet> {
        // Only the relay sends otherwise than to queues.
        let is_bus = self.read(&table::RELAY_OUTLET, value::is_bus)? && self.duty == Duty::Relay;
        if is_bus { self.read(&table::BUS, value::text).map(Outlet::Bus) } else { Some(Outlet::Queues) }
    }

    fn settings(&mut self) -> Option<Settings> {
        let idle = self.read(&table::BATCH_IDLE_DURATION, value::duration);
        let max = self.read(&table::BATCH_MAX_DURATION, value::duration);
        let preference_policy = self.read(&table::PREFERENCE_POLICY, value::preference_policy);
        let min_values_policy = self.read(&table::MIN_VALUES_POLICY, value::min_values_policy);
        let gates = self.read(&table::FEATURE_GATES, value::gates);
        let mode = self.read(&table::CONSOLIDATION, value::consolidation);
        let batch = BatchTimes { idle: idle?, max: max? };
        if batch.idle > batch.max {
            let setting = &table::BATCH_IDLE_DURATION;
            self.problem(setting, Wrong::new("is longer than BATCH_MAX_DURATION", "make it shorter"));
        }
        Some(Settings {
            batch,
            preference_policy: preference_policy?,
            min_values_policy: min_values_policy?,
            consolidation: ConsolidationRules { spot_to_spot: gates?.spot_to_spot, mode: mode? },
            ..Settings::DEFAULT
        })
    }

    fn types(&mut self) -> Option<TypesConfig> {
        let overhead = self.read(&table::VM_MEMORY_OVERHEAD_PERCENT, value::thousandths);
        let reserved_enis = self.read(&table::RESERVED_ENIS, value::whole_number);
        let is_isolated = self.read(&table::ISOLATED_VPC, value::truth);
        Some(TypesConfig {
            vm_memory_overhead_milli: overhead?,
            reserved_enis: reserved_enis?,
            is_isolated: is_isolated?,
        })
    }

    /// The value of a setting, or its default. What this function does not read is not checked.
    fn read<T>(&mut self, setting: &Setting, parse: fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let given =
            self.variables.get(setting.name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let given = given.filter(|_| setting.duties.contains(&self.duty));
        let Some(text) = given.or(setting.default) else {
            self.problem(setting, Wrong::new("is not set", format!("set it: {}", setting.meaning)));
            return None;
        };
        parse(text).map_err(|wrong| self.problem(setting, wrong)).ok()
    }

    fn problem(&mut self, setting: &Setting, wrong: Wrong) {
        let value = self.variables.get(setting.name).cloned();
        let Wrong { what, remedy } = wrong;
        self.problems.push(SettingProblem { name: setting.name.to_owned(), value, what, remedy });
    }

    // behaviour: settings/a-misspelt-name-is-refused
    fn refuse_unknown(&mut self) {
        let ours = self.variables.iter().filter(|(name, _)| name.starts_with(PREFIX));
        for (name, value) in ours.filter(|(name, _)| SETTINGS.iter().all(|setting| setting.name != **name)) {
            let nearest = SETTINGS
                .iter()
                .map(|setting| setting.name)
                .min_by_key(|known| strsim::levenshtein(name, known));
            self.problems.push(SettingProblem {
                name: name.clone(),
                value: Some(value.clone()),
                what: "is not a known setting".to_owned(),
                remedy: format!("did you mean {}?", nearest.unwrap_or(PREFIX)),
            });
        }
    }
}

#[cfg(test)]
mod tests;
