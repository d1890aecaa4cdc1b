//! How does a command reach AWS and a cluster, and wait for what they answer?

use std::error::Error;
use std::sync::Arc;

use joiner_aws::{AwsAccess, Clients};
use joiner_ports::ClusterName;
use joiner_runtime::logs::Chain;

use crate::args::AwsArguments;
use crate::fault::Fault;

/// Runs a command to its end.
///
/// # Errors
/// What it ends with, or that no thread can be had for it.
pub(crate) fn wait_for<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    match builder.worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(Fault::unexpected(error.to_string())),
    }
}

/// AWS as asked; the rest from the environment.
pub(crate) fn settings(asked: &AwsArguments) -> AwsAccess {
    AwsAccess { region: asked.region.clone(), endpoint: asked.endpoint_url.clone(), credentials: None }
}

/// Clients as asked.
///
/// # Errors
/// No region is known.
pub(crate) async fn clients(asked: &AwsArguments) -> Result<Arc<Clients>, Fault> {
    let clients = Clients::connect(&settings(asked)).await;
    if clients.region().is_empty() {
        return Err(Fault::bad_input("no AWS region is known", "name it with --region or set AWS_REGION"));
    }
    Ok(Arc::new(clients))
}

/// The name of a cluster.
///
/// # Errors
/// It cannot be one.
pub(crate) fn cluster(name: &str) -> Result<ClusterName, Fault> {
    ClusterName::new(name).map_err(|error| Fault::bad_input(error, "correct --cluster"))
}

/// An error with its causes.
pub(crate) fn told(error: &(dyn Error + 'static)) -> String {
    Chain(error).to_string()
}
