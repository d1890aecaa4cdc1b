//! How are the six functions deployed on loopback? As in the template: each behind its queue, with its environment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use joiner_aws::Clients;
use joiner_ports::Duty;
use serde_json::{Value, json};

use super::Side;
use super::plumbing::{Plumbing, TABLE};
use crate::lambda::{FunctionSpec, LambdaFunction, Mapping, Pump, binaries};
use crate::setup_error::SetupError;

/// Longest invocation of a function that handles messages. Shorter than in the template: a test must see what a time
/// limit does.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Longest invocation of the relay, which holds watches for most of it: short, so that many a watcher hands over.
const RELAY_LIMIT: Duration = Duration::from_secs(24);

/// The functions and the deliveries to them.
pub struct Functions {
    by_duty: BTreeMap<Duty, LambdaFunction>,
    _pump: Pump,
}

impl Functions {
    /// Builds the binaries if need be, and connects each with its queue.
    ///
    /// # Errors
    /// They cannot be built.
    pub async fn deploy(
        clients: &Arc<Clients>,
        endpoint: &str,
        plumbing: &Plumbing,
        sides: &[Side],
        folder: &Path,
    ) -> Result<Self, SetupError> {
        let programs = tokio::task::spawn_blocking(binaries::built)
            .await
            .map_err(|e| SetupError::because("building the functions", &e))??;
        let mut by_duty = BTreeMap::new();
        let mut mappings = Vec::new();
        for duty in Duty::ALL {
            let relays = duty == Duty::Relay;
            let spec = FunctionSpec {
                name: duty.as_str().to_owned(),
                program: programs[&duty].clone(),
                variables: variables(duty, endpoint, plumbing, sides),
                time_limit: if relays { RELAY_LIMIT } else { TIME_LIMIT },
                concurrency: if relays { 6 } else { 2 },
            };
            let function = LambdaFunction::new(spec, folder);
            mappings.push(Mapping {
                queue_url: plumbing.queues[&duty].clone(),
                function: function.clone(),
                batch_size: 10,
                concurrency: if relays { 4 } else { 2 },
            });
            by_duty.insert(duty, function);
        }
        Ok(Functions { by_duty, _pump: Pump::start(clients, mappings) })
    }

    /// The function of a duty.
    pub fn of(&self, duty: Duty) -> &LambdaFunction {
        &self.by_duty[&duty]
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &LambdaFunction> {
        self.by_duty.values()
    }
}

/// The environment of a function.
fn variables(duty: Duty, endpoint: &str, plumbing: &Plumbing, sides: &[Side]) -> BTreeMap<String, String> {
    let clusters: Vec<Value> = sides.iter().map(|side| described(side, duty)).collect();
    let mut variables: BTreeMap<String, String> = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", endpoint),
        ("JOINER_TABLE", TABLE),
        ("JOINER_RELAY_OUTLET", "queues"),
        ("LOG_LEVEL", "debug"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    variables.insert("JOINER_CLUSTERS".to_owned(), Value::from(clusters).to_string());
    for (duty, url) in &plumbing.queues {
        variables.insert(format!("JOINER_QUEUE_{}", duty.as_str().to_uppercase()), url.clone());
    }
    variables
}

fn described(side: &Side, duty: Duty) -> Value {
    json!({"name": side.name(), "kubeconfig": side.kubeconfig_of(duty), "source": side.source().as_str()})
}
