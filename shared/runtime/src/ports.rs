//! Every port of one cluster, put together: Kubernetes, EC2, the catalog, a store and a queue.

use std::sync::Arc;

use joiner_aws::{Ec2Catalog, Ec2Cloud};
use joiner_kube::KubeCluster;
use joiner_ports::{ClusterName, Ports, Queue, Store};

use crate::metrics::{CallLedger, Timed};

/// The ports of one cluster. Lives as long as the process, for its parts remember what saves calls.
pub(crate) struct ClusterPorts<S, Q> {
    pub(crate) name: ClusterName,
    pub(crate) cluster: Arc<KubeCluster>,
    pub(crate) cloud: Timed<Ec2Cloud>,
    pub(crate) catalog: Arc<Ec2Catalog>,
    pub(crate) store: Arc<S>,
    pub(crate) queue: Arc<Q>,
}

impl<S, Q> ClusterPorts<S, Q> {
    /// What was asked of the cloud.
    pub(crate) fn calls(&self) -> &CallLedger {
        &self.cloud.ledger
    }
}

impl<S: Store + Send, Q: Queue + Send> Ports for ClusterPorts<S, Q> {
    type Cluster = KubeCluster;
    type Cloud = Timed<Ec2Cloud>;
    type InstanceTypes = Ec2Catalog;
    type Store = S;
    type Queue = Q;

    fn cluster_name(&self) -> &ClusterName {
        &self.name
    }

    fn cluster(&self) -> &KubeCluster {
        &self.cluster
    }

    fn cloud(&self) -> &Timed<Ec2Cloud> {
        &self.cloud
    }

    fn instance_types(&self) -> &Ec2Catalog {
        &self.catalog
    }

    fn store(&self) -> &S {
        &self.store
    }

    fn queue(&self) -> &Q {
        &self.queue
    }
}
