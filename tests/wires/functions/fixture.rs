//! Functions on a bench: their binaries, an environment, and an AWS that is silent or an emulator.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use joiner_ports::Duty;
use joiner_wires::RunFolder;
use joiner_wires::lambda::{FunctionSpec, LambdaFunction, binaries};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Binaries and a folder for what they write.
pub(crate) struct Bench {
    programs: &'static BTreeMap<Duty, std::path::PathBuf>,
    folder: RunFolder,
    silence: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Bench {
    pub(crate) async fn new(name: &str) -> Self {
        let programs = tokio::task::spawn_blocking(binaries::built).await.unwrap().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let silence = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            // Connections are taken and never answered.
            let mut taken = Vec::new();
            while let Ok(connection) = listener.accept().await {
                taken.push(connection);
            }
        });
        Bench { programs, folder: RunFolder::new(name).unwrap(), silence, accepting }
    }

    pub(crate) fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// An AWS that takes connections and says nothing.
    pub(crate) fn silence(&self) -> String {
        format!("http://{}", self.silence)
    }

    /// A function as it is deployed for the cluster `prod`, with queues at an AWS of this address.
    pub(crate) fn spec(&self, duty: Duty, endpoint: &str) -> FunctionSpec {
        FunctionSpec {
            name: duty.as_str().to_owned(),
            program: self.programs[&duty].clone(),
            variables: variables(endpoint),
            time_limit: Duration::from_secs(20),
            concurrency: 2,
        }
    }

    pub(crate) fn deployed(&self, spec: FunctionSpec) -> LambdaFunction {
        LambdaFunction::new(spec, self.folder.path())
    }

    pub(crate) fn function(&self, duty: Duty, endpoint: &str) -> LambdaFunction {
        self.deployed(self.spec(duty, endpoint))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn variables(endpoint: &str) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", endpoint),
        ("JOINER_CLUSTERS", "prod"),
        ("JOINER_TABLE", "joiner"),
        ("JOINER_RELAY_OUTLET", "queues"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for duty in Duty::ALL {
        let name = joiner_runtime::config::table::queue(duty).name;
        variables.insert(name.to_owned(), queue_url(endpoint, duty));
    }
    variables
}

/// URL of the queue of a duty at an emulator.
pub(crate) fn queue_url(endpoint: &str, duty: Duty) -> String {
    format!("{endpoint}/123456789012/{}", duty.as_str())
}

/// A batch of bodies, numbered from zero.
pub(crate) fn batch(bodies: &[&str]) -> Value {
    let record = |(at, body): (usize, &&str)| json!({"messageId": at.to_string(), "body": body, "eventSource": "aws:sqs"});
    json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// Ids of the records that an answer reports as failed.
pub(crate) fn failed(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

/// What a function wrote: every line of it is one JSON object.
pub(crate) fn lines(output: &str) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    output.lines().map(read).collect()
}
