//! From the start of a function to its answers: settings, logs, and the loop that asks Lambda for events.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use joiner_app::Settings;
use joiner_ports::{BoxError, Duty, Envelope, Message};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::batch::{self, Desk, REQUEST};
use crate::config::{ClusterConfig, Config, LogLevel};
use crate::deadline::Deadline;
use crate::deployment::Deployment;
use crate::logs::{self, Chain};
use crate::{observe, relay};

/// Threads: one that decides, and one that keeps connections alive meanwhile.
const THREADS: usize = 2;

/// Runs the function of a duty until Lambda ends it.
pub fn run(duty: Duty) -> ExitCode {
    let config = match Config::from_env(duty) {
        Ok(config) => config,
        Err(problems) => {
            logs::start(LogLevel::Error);
            tracing::error!(function = duty.as_str(), "{problems}");
            return ExitCode::FAILURE;
        }
    };
    logs::start(config.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let served = runtime.map_err(BoxError::from).and_then(|runtime| runtime.block_on(poll(duty, config)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function = duty.as_str(), error = %Chain(&*error), "the function ends");
            ExitCode::FAILURE
        }
    }
}

/// Asks for events. Nothing is connected before the first one: a start is paid by whoever waits for it.
async fn poll(duty: Duty, config: Config) -> Result<(), BoxError> {
    let deployment = Arc::new(Deployment::new(config));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let deployment = Arc::clone(&deployment);
        async move {
            let id = event.context.request_id.clone();
            REQUEST.scope(id, serve(&deployment, duty, event)).await
        }
    }))
    .await
}

async fn serve(deployment: &Deployment, duty: Duty, event: LambdaEvent<Value>) -> Result<Value, BoxError> {
    let end = Deadline::at(event.context.deadline, Timestamp::now());
    if duty == Duty::Relay {
        return relay::serve(deployment, event.payload, end).await;
    }
    let batch: SqsEvent = serde_json::from_value(event.payload).map_err(NotABatch)?;
    Ok(json!(batch::serve(deployment, duty, batch, end).await))
}

/// An event that is no batch of a queue.
#[derive(Debug, thiserror::Error)]
#[error(
    "the event is no batch of a queue; send one such as {{\"Records\":[{{\"messageId\":\"1\",\"body\":\"…\"}}]}}"
)]
struct NotABatch(#[source] serde_json::Error);

impl Desk for Deployment {
    fn clusters(&self) -> &std::collections::BTreeMap<joiner_ports::ClusterName, ClusterConfig> {
        &self.config.clusters
    }

    async fn handle(&self, envelope: &Envelope, limit: Duration) -> Result<(), BoxError> {
        let now = Timestamp::now();
        let ports = self.ports(&envelope.cluster, now).await?;
        let settings = timed(&self.config.settings, limit);
        observe::handle(&ports, &settings, envelope.message.clone(), now).await?;
        if envelope.message == Message::Sweep {
            // Once a minute is often enough to see whether twelve hours are over.
            match ports.catalog.refresh(now).await {
                Ok(refresh) => tracing::debug!(?refresh, "instance types"),
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "instance types cannot be refreshed, older ones stand")
                }
            }
        }
        Ok(())
    }
}

/// The settings of one run: a lease that ends when the run must have ended, so that one that died is not waited for
/// longer than one that lives.
fn timed(settings: &Settings, limit: Duration) -> Settings {
    let left_secs = u32::try_from(limit.as_secs()).unwrap_or(u32::MAX).saturating_add(2);
    Settings { lease_term_secs: settings.lease_term_secs.min(left_secs), ..*settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_outlasts_its_run_and_not_by_much() {
        let term = |secs| timed(&Settings::DEFAULT, Duration::from_secs(secs)).lease_term_secs;
        assert_eq!((term(30), term(600)), (32, Settings::DEFAULT.lease_term_secs));
    }
}
