//! What calls of the cloud took and how they ended: a cloud that keeps a ledger of what it is asked.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use joiner_core::model::{Labels, NodeClass};
use joiner_ports::{
    ClassResolution, Cloud, CloudError, Instance, InstanceId, LaunchError, LaunchRequest, Launched,
    Termination,
};

use super::emf::Sample;
use super::table;

/// What was asked since it was last looked at.
#[derive(Debug, Default)]
pub(crate) struct CallLedger(Mutex<Vec<Sample>>);

impl CallLedger {
    fn note(&self, method: &str, begin: Instant, error: Option<&str>) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        samples.push(Sample::duration(table::CLOUD_DURATION, &[method], begin.elapsed()));
        samples.extend(error.map(|error| Sample::count(table::CLOUD_ERRORS, &[method, error], 1)));
    }

    /// Takes what was noted.
    pub(crate) fn take(&self) -> Vec<Sample> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A cloud whose calls are noted.
#[derive(Debug)]
pub(crate) struct Timed<C> {
    pub(crate) cloud: C,
    pub(crate) ledger: CallLedger,
}

impl<C> Timed<C> {
    pub(crate) fn new(cloud: C) -> Self {
        Timed { cloud, ledger: CallLedger::default() }
    }

    async fn noted<T, E>(
        &self,
        method: &str,
        call: impl Future<Output = Result<T, E>> + Send,
        error: fn(&E) -> Option<&'static str>,
    ) -> Result<T, E> {
        let begin = Instant::now();
        let answer = call.await;
        self.ledger.note(method, begin, answer.as_ref().err().and_then(error));
        answer
    }
}

/// Names of the peer's error types (api 7.1). A lack of capacity is counted with its fact.
fn launch_error(error: &LaunchError) -> Option<&'static str> {
    match error {
        LaunchError::NoCapacity(_) => None,
        LaunchError::ClassNotReady(_) => Some("NodeClassNotReadyError"),
        LaunchError::Throttled(_) => Some("Throttled"),
        LaunchError::Rejected { .. } => Some("Rejected"),
        LaunchError::Unknown(_) => Some("Unavailable"),
    }
}

fn cloud_error(error: &CloudError) -> Option<&'static str> {
    Some(match error {
        CloudError::Throttled(_) => "Throttled",
        CloudError::Rejected(_) => "Rejected",
        CloudError::Unavailable(_) => "Unavailable",
    })
}

impl<C: Cloud + Send> Cloud for Timed<C> {
    async fn launch(&self, request: LaunchRequest<'_>) -> Result<Launched, LaunchError> {
        self.noted("Create", self.cloud.launch(request), launch_error).await
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<Termination, CloudError> {
        self.noted("Delete", self.cloud.terminate(instance), cloud_error).await
    }

    async fn exists(&self, instance: &InstanceId) -> Result<bool, CloudError> {
        self.noted("Get", self.cloud.exists(instance), cloud_error).await
    }

    async fn tag(&self, instance: &InstanceId, tags: &Labels) -> Result<(), CloudError> {
        self.noted("Tag", self.cloud.tag(instance, tags), cloud_error).await
    }

    async fn resolve_class(&self, class: &NodeClass) -> Result<ClassResolution, CloudError> {
        self.noted("ResolveClass", self.cloud.resolve_class(class), cloud_error).await
    }

    async fn release_class(&self, class: &NodeClass) -> Result<(), CloudError> {
        self.noted("ReleaseClass", self.cloud.release_class(class), cloud_error).await
    }

    async fn instances(&self) -> Result<Vec<Instance>, CloudError> {
        self.noted("List", self.cloud.instances(), cloud_error).await
    }
}
