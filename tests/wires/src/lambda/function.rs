//! A function as its callers see it: an event in, an answer out; processes behind it come and go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::environment::{Environment, InvocationFault, SharedProcess, locked};
use crate::setup_error::SetupError;

/// How a function is deployed.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// Its name, such as `provision`.
    pub name: String,
    /// Its binary.
    pub program: PathBuf,
    /// Its environment, but for what Lambda adds.
    pub variables: BTreeMap<String, String>,
    /// How long an invocation may take.
    pub time_limit: Duration,
    /// How many invocations may run at a time.
    pub concurrency: usize,
}

/// A deployed function. Clones are the same function.
#[derive(Debug, Clone)]
pub struct LambdaFunction {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    spec: FunctionSpec,
    folder: PathBuf,
    slots: Semaphore,
    idle: Mutex<Vec<Environment>>,
    /// Every process there was, by number.
    processes: Mutex<Vec<SharedProcess>>,
    cold_starts: Mutex<Vec<Duration>>,
    invocations: AtomicU64,
}

impl LambdaFunction {
    /// A function; its processes start when they are needed, and their logs go to the folder.
    pub fn new(spec: FunctionSpec, folder: &Path) -> Self {
        let slots = Semaphore::new(spec.concurrency);
        let inner = Inner {
            spec,
            folder: folder.to_owned(),
            slots,
            idle: Mutex::default(),
            processes: Mutex::default(),
            cold_starts: Mutex::default(),
            invocations: AtomicU64::new(0),
        };
        LambdaFunction { inner: Arc::new(inner) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.spec.name
    }

    /// Invokes it once a slot is free.
    ///
    /// # Errors
    /// It gave no answer.
    pub async fn invoke(&self, event: &Value) -> Result<Value, InvocationFault> {
        let inner = &self.inner;
        let Ok(_slot) = inner.slots.acquire().await else {
            return Err(InvocationFault::Crashed("the function was taken down".to_owned()));
        };
        let number = inner.invocations.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:08x}-0000-4000-8000-{number:012x}", std::process::id());
        let environment = match self.idle() {
            Some(environment) => environment,
            None => self.start().await?,
        };
        let answer = environment.invoke(&id, event, inner.spec.time_limit).await;
        if matches!(answer, Ok(_) | Err(InvocationFault::Failed(_))) {
            lock(&inner.idle).push(environment);
        }
        answer
    }

    /// A process that waits for work.
    fn idle(&self) -> Option<Environment> {
        let mut idle = lock(&self.inner.idle);
        // One may have been killed while it waited.
        idle.retain(Environment::is_alive);
        idle.pop()
    }

    async fn start(&self) -> Result<Environment, SetupError> {
        let FunctionSpec { name, program, variables, .. } = &self.inner.spec;
        let count = lock(&self.inner.processes).len();
        let environment =
            Environment::start(&format!("{name}-{count}"), program, variables, &self.inner.folder).await?;
        lock(&self.inner.processes).push(environment.process());
        let took = environment.ready().await?;
        lock(&self.inner.cold_starts).push(took);
        Ok(environment)
    }

    /// Kills every process of it (SIGKILL), whatever it is doing; says how many were alive. The next invocation
    /// starts a new one.
    pub fn kill(&self) -> usize {
        let processes = lock(&self.inner.processes);
        let alive = processes.iter().filter(|process| locked(process).ended().is_none());
        alive.map(|process| locked(process).kill()).count()
    }

    /// How long each process took from its start until it asked for work.
    pub fn cold_starts(&self) -> Vec<Duration> {
        lock(&self.inner.cold_starts).clone()
    }

    /// How many invocations there were.
    pub fn invocations(&self) -> u64 {
        self.inner.invocations.load(Ordering::Relaxed)
    }

    /// Everything its processes wrote, in the order in which they were started.
    pub fn output(&self) -> String {
        let logs: Vec<PathBuf> =
            lock(&self.inner.processes).iter().map(|process| locked(process).log().to_owned()).collect();
        let texts = logs.iter().map(|log| std::fs::read(log).unwrap_or_default());
        texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
