//! One process of a function: started cold, handed one event at a time, used again, and killed at its time limit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tokio::sync::oneshot;

use super::runtime_api::{Delivery, RuntimeApi};
use crate::process::{Launch, Process};
use crate::setup_error::SetupError;

/// How often the process is looked at while it works.
const LOOK: Duration = Duration::from_millis(10);
/// How long a process may take to ask for its first event (Lambda gives ten seconds).
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// Why an invocation gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvocationFault {
    /// The function answered with an error.
    #[error("the function failed: {0}")]
    Failed(Value),
    /// The process ended under it.
    #[error("the process ended during the invocation:\n{0}")]
    Crashed(String),
    /// Its time was over; the process was killed.
    #[error("the invocation took longer than {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The process did not come up.
    #[error("the function did not start: {0}")]
    NotStarted(#[from] SetupError),
}

/// A process that can be killed from anywhere.
pub(super) type SharedProcess = Arc<Mutex<Process>>;

pub(super) fn locked(process: &SharedProcess) -> MutexGuard<'_, Process> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running process of a function.
#[derive(Debug)]
pub struct Environment {
    process: SharedProcess,
    api: RuntimeApi,
    started: Instant,
}

impl Environment {
    /// Starts a process; `name` names its log. It is given the variables alone, and those of Lambda.
    ///
    /// # Errors
    /// The program cannot be started.
    pub async fn start(
        name: &str,
        program: &Path,
        variables: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Self, SetupError> {
        let api = RuntimeApi::start().await?;
        let mut launch = Launch::new(name, PathBuf::from(program)).clean_env();
        for (key, value) in variables {
            launch = launch.env(key, value);
        }
        let launch = launch
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", name);
        let started = Instant::now();
        let process = launch.start(folder)?;
        Ok(Environment { process: Arc::new(Mutex::new(process)), api, started })
    }

    /// Waits until it asks for its first event, and tells how long that took from its start.
    ///
    /// # Errors
    /// It ended before, said that it cannot start, or took too long; with its last lines.
    pub async fn ready(&self) -> Result<Duration, SetupError> {
        loop {
            if let Some(first_poll) = self.api.first_poll() {
                return Ok(first_poll.duration_since(self.started));
            }
            {
                let mut process = locked(&self.process);
                let ended = process.ended().is_some();
                if ended || self.api.init_error().is_some() || self.started.elapsed() > INIT_LIMIT {
                    return Err(process.fault("it asks for an event"));
                }
            }
            let _ = tokio::time::timeout(LOOK, self.api.polled()).await;
        }
    }

    /// Hands it an event and waits for its answer; kills it when the time is over.
    ///
    /// # Errors
    /// It failed, ended, or was too slow. After the last two it is of no use any more.
    pub async fn invoke(&self, id: &str, event: &Value, limit: Duration) -> Result<Value, InvocationFault> {
        let (said, mut answer) = oneshot::channel();
        let (event, deadline) = (event.to_string(), SystemTime::now() + limit);
        let begin = Instant::now();
        self.api.deliver(Delivery { id: id.to_owned(), event, deadline, said });
        loop {
            if let Ok(Ok(said)) = tokio::time::timeout(LOOK, &mut answer).await {
                return said.map_err(InvocationFault::Failed);
            }
            let mut process = locked(&self.process);
            if process.ended().is_some() {
                return Err(InvocationFault::Crashed(process.tail(5)));
            }
            if begin.elapsed() > limit {
                process.kill();
                return Err(InvocationFault::TimedOut(limit));
            }
        }
    }

    /// Whether the process is alive.
    pub fn is_alive(&self) -> bool {
        locked(&self.process).ended().is_none()
    }

    /// The process, to kill it from elsewhere.
    pub(super) fn process(&self) -> SharedProcess {
        Arc::clone(&self.process)
    }

    /// The file with its output.
    pub fn log(&self) -> PathBuf {
        locked(&self.process).log().to_owned()
    }
}
