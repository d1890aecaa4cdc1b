//! The same work in one process, on a desk: a cluster by its kubeconfig, AWS as it is, queues and state in memory.
//!
//! For looking closely, and for clusters without a deployment. Two of these for one cluster, or one beside a
//! deployment, would decide twice: state in memory knows nothing of others.
//!
//! - [`memory_store`], [`memory_queue`]: what DynamoDB and SQS do in a deployment;
//! - `desk`: watching, ticking and handling until it is told to stop.

mod desk;
pub mod memory_queue;
pub mod memory_store;

use std::path::PathBuf;
use std::sync::Arc;

use joiner_app::Settings;
use joiner_aws::{AwsAccess, CatalogSettings, CatalogShelf, Clients, Ec2Catalog, Ec2Cloud, eks};
use joiner_catalog::AwsSettings as TypeSettings;
use joiner_kube::{ConnectError, KubeCluster};
use joiner_ports::{CloudError, ClusterName};

use crate::config::TypesConfig;
use crate::metrics::Timed;
use crate::ports::ClusterPorts;
pub use memory_queue::MemoryQueue;
pub use memory_store::MemoryStore;

/// Ports of a cluster on a desk.
type DeskPorts = ClusterPorts<MemoryStore, MemoryQueue>;

/// What to work on.
#[derive(Debug, Clone)]
pub struct LocalRun {
    /// Name of the EKS cluster.
    pub cluster: ClusterName,
    /// How its API server is reached.
    pub kubeconfig: PathBuf,
    /// The context to use; the file's own where none is named.
    pub context: Option<String>,
    /// Region and address of AWS; from the environment where they are silent.
    pub aws: AwsAccess,
    /// Settings of the use cases.
    pub settings: Settings,
    /// Settings of instance types.
    pub types: TypesConfig,
}

/// A run that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// EKS does not know the cluster.
    #[error("EKS does not tell of the cluster {cluster}; see that name, region and credentials are right")]
    Facts {
        /// The cluster.
        cluster: ClusterName,
        /// Why.
        #[source]
        source: CloudError,
    },
    /// Its API server cannot be addressed.
    #[error("the API server cannot be addressed")]
    Kube(#[from] ConnectError),
}

impl LocalRun {
    /// Watches, decides and acts until `stop` is over; what is in hand then is finished.
    ///
    /// # Errors
    /// The cluster cannot be reached as described.
    pub async fn until(self, stop: impl Future<Output = ()> + Send) -> Result<(), LocalError> {
        let ports = Arc::new(self.connect().await?);
        desk::work(ports, self.settings, stop).await;
        Ok(())
    }

    async fn connect(&self) -> Result<DeskPorts, LocalError> {
        let name = &self.cluster;
        let clients = Arc::new(Clients::connect(&self.aws).await);
        let facts = eks::describe(&clients, name).await;
        let facts = facts.map_err(|source| LocalError::Facts { cluster: name.clone(), source })?;
        let cluster = KubeCluster::from_kubeconfig(&self.kubeconfig, self.context.as_deref()).await?;
        let types = CatalogSettings {
            types: TypeSettings {
                vm_memory_overhead_milli: self.types.vm_memory_overhead_milli,
                reserved_enis: self.types.reserved_enis,
            },
            is_isolated: self.types.is_isolated,
        };
        let catalog = Ec2Catalog::new(Arc::clone(&clients), &facts.account, CatalogShelf::absent(), types);
        Ok(ClusterPorts {
            name: name.clone(),
            cluster: Arc::new(cluster),
            cloud: Timed::new(Ec2Cloud::new(clients, Arc::new(facts))),
            catalog: Arc::new(catalog),
            store: Arc::new(MemoryStore::default()),
            queue: Arc::new(MemoryQueue::default()),
        })
    }
}
