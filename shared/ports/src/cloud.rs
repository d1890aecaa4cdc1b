//! What can be bought, and buying it.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use joiner_core::model::{CapacityType, InstanceType, Labels, NodeClass, Resources, Unavailable};
use joiner_core::scheduling::plan::ClaimDraft;

use crate::{ClaimName, CloudError, InstanceId, InstanceTypeError, LaunchError, LaunchToken};

/// Instance types and their offerings, as one class sees them.
pub trait InstanceTypeSource: Sync {
    /// The types of a class in name order, offerings marked unavailable where the list says so.
    fn of(
        &self,
        class: &NodeClass,
        unavailable: &[Unavailable],
    ) -> impl Future<Output = Result<Arc<Vec<InstanceType>>, InstanceTypeError>> + Send;
}

/// One machine to launch.
#[derive(Debug, Clone, Copy)]
pub struct LaunchRequest<'a> {
    /// The claim it is for; goes into the instance's tags.
    pub claim: &'a ClaimName,
    /// What makes it happen once; goes into the instance's tags too.
    pub token: &'a LaunchToken,
    /// What the machine must be.
    pub draft: &'a ClaimDraft,
    /// Its class.
    pub class: &'a NodeClass,
    /// The types of the class; the draft's requirements choose among them and their available offerings.
    pub instance_types: &'a [InstanceType],
}

/// What was launched (aws 6.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// Instance id.
    pub instance: InstanceId,
    /// `aws:///<zone>/<instance>`.
    pub provider_id: Arc<str>,
    /// Its type.
    pub instance_type: Arc<str>,
    /// Its zone.
    pub zone: Arc<str>,
    /// How it is paid for.
    pub capacity_type: CapacityType,
    /// Its image.
    pub image_id: Option<Arc<str>>,
    /// All there is on it.
    pub capacity: Resources,
    /// What pods get.
    pub allocatable: Resources,
    /// Labels resolved by the launch.
    pub labels: Labels,
    /// Annotations resolved by the launch.
    pub annotations: Labels,
}

/// State of an instance that is still visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstanceState {
    /// Starting.
    Pending,
    /// Running.
    Running,
    /// Stopping or stopped.
    Stopped,
    /// Being terminated.
    ShuttingDown,
}

/// An instance this product launched for the cluster. Terminated ones are not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// `aws:///<zone>/<instance>`.
    pub provider_id: Arc<str>,
    /// Its state.
    pub state: InstanceState,
    /// When it was launched.
    pub launched_at: Timestamp,
    /// Tag: the pool.
    pub node_pool: Option<Arc<str>>,
    /// Tag: the claim.
    pub claim: Option<ClaimName>,
    /// Tag: the token it was launched with.
    pub token: Option<LaunchToken>,
    /// Its image.
    pub image_id: Option<Arc<str>>,
    /// Its subnet.
    pub subnet_id: Option<Arc<str>>,
    /// Its security groups, in order.
    pub security_group_ids: Vec<Arc<str>>,
    /// The reservation it runs in.
    pub capacity_reservation_id: Option<Arc<str>>,
    /// Every tag of it.
    pub tags: Labels,
}

/// Something a class asks for that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRefusal {
    /// The condition that is false for it, such as `SubnetsReady` (api 3.4).
    pub condition: &'static str,
    /// Machine-readable reason, such as `SubnetsNotFound`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

/// What a class leads to in the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassResolution {
    /// The status to write but for its conditions, JSON.
    pub status: Arc<str>,
    /// What is missing; a condition that is not named here holds.
    pub refusals: Vec<ClassRefusal>,
}

/// Answer to a termination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Termination {
    /// It is going; ask again until it is gone.
    Asked,
    /// There is no such instance any more.
    Gone,
}

/// Launching and terminating.
pub trait Cloud: Sync {
    /// Launches one instance. The same token gives the same instance, whatever else changed since, for as long
    /// as that instance exists.
    fn launch(
        &self,
        request: LaunchRequest<'_>,
    ) -> impl Future<Output = Result<Launched, LaunchError>> + Send;

    /// Terminates an instance; doing it again is harmless.
    fn terminate(
        &self,
        instance: &InstanceId,
    ) -> impl Future<Output = Result<Termination, CloudError>> + Send;

    /// Whether an instance still exists (shutting down counts as existing).
    fn exists(&self, instance: &InstanceId) -> impl Future<Output = Result<bool, CloudError>> + Send;

    /// Sets tags of an instance; doing it again is harmless.
    fn tag(
        &self,
        instance: &InstanceId,
        tags: &Labels,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// Resolves the selectors of a class, creates the instance profile it needs, and tries what can be tried
    /// without launching (aws 8).
    fn resolve_class(
        &self,
        class: &NodeClass,
    ) -> impl Future<Output = Result<ClassResolution, CloudError>> + Send;

    /// Takes away what was made for a class that is being deleted; nothing left is no error.
    fn release_class(&self, class: &NodeClass) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// Every instance this product launched for the cluster.
    fn instances(&self) -> impl Future<Output = Result<Vec<Instance>, CloudError>> + Send;
}
