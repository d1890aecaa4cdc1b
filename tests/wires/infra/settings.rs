//! Does a function start with the environment that the deployment gives it?

use joiner_ports::Duty;
use joiner_runtime::config::Config;

use crate::deploy::DEPLOYED;

#[test]
fn every_function_takes_its_environment() {
    for duty in Duty::ALL {
        let variables = &DEPLOYED.environments[&format!("joiner-{}", duty.as_str())];
        let config = Config::read(duty, variables).unwrap_or_else(|problems| panic!("{duty:?}: {problems}"));
        let clusters: Vec<&str> = config.clusters.keys().map(|name| name.as_str()).collect();
        assert_eq!(clusters, ["prod", "staging"], "{duty:?}");
        for (to, url) in &config.queues {
            assert!(url.ends_with(&format!("/joiner-{}", to.as_str())), "{duty:?} sends {to:?} to {url}");
        }
        assert_eq!(config.queues.len(), Duty::ALL.len());
        assert_eq!(config.table, "joiner");
    }
}
