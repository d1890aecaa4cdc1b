//! The clusters of a deployment and the way to each: connected when first needed, each by itself, and kept for as
//! long as the process lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use joiner_aws::{
    AwsAccess, CatalogSettings, CatalogShelf, Clients, ClusterFacts, DynamoStore, Ec2Catalog, Ec2Cloud,
    EventBus, QueueUrls, SqsQueue, eks,
};
use joiner_catalog::AwsSettings as TypeSettings;
use joiner_kube::{ConnectError, KubeCluster};
use joiner_ports::{CloudError, ClusterName};

use crate::config::{ClusterConfig, Config, Outlet};
use crate::kube_access;
use crate::metrics::Timed;
use crate::outlet::MessageOutlet;
use crate::ports::ClusterPorts;

/// The ports of a cluster in a deployment.
pub(crate) type LivePorts = ClusterPorts<DynamoStore, MessageOutlet>;

/// How long what EKS said about a cluster is believed: its version decides which images fit (aws 3.3).
const FACTS_LAST: SignedDuration = SignedDuration::from_mins(5);

/// A cluster cannot be reached as the settings say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// EKS does not tell where it is.
    #[error("EKS does not tell where the cluster {cluster} is")]
    Facts {
        /// The cluster.
        cluster: ClusterName,
        /// Why.
        #[source]
        source: CloudError,
    },
    /// Its API server cannot be addressed.
    #[error("the API server of {cluster} cannot be addressed")]
    Kube {
        /// The cluster.
        cluster: ClusterName,
        /// Why.
        #[source]
        source: ConnectError,
    },
    /// No such cluster is configured.
    #[error("the cluster {cluster} is not served here; add it to JOINER_CLUSTERS")]
    Unknown {
        /// The cluster.
        cluster: ClusterName,
    },
}

/// A cluster that is connected.
#[derive(Clone)]
struct Linked {
    ports: Arc<LivePorts>,
    clients: Arc<Clients>,
    facts: Arc<ClusterFacts>,
    facts_at: Timestamp,
}

/// What a function works with.
pub(crate) struct Deployment {
    pub(crate) config: Config,
    urls: Arc<QueueUrls>,
    own: tokio::sync::OnceCell<Arc<Clients>>,
    links: BTreeMap<ClusterName, tokio::sync::Mutex<Option<Linked>>>,
    /// One catalog per account and region serves all clusters there.
    catalogs: Mutex<BTreeMap<(Arc<str>, String), Arc<Ec2Catalog>>>,
}

impl Deployment {
    /// What the settings say; nothing is connected yet.
    pub(crate) fn new(config: Config) -> Self {
        let urls = Arc::new(config.queues.clone().into_iter().collect());
        let links =
            config.clusters.keys().map(|name| (name.clone(), tokio::sync::Mutex::default())).collect();
        Deployment { config, urls, own: tokio::sync::OnceCell::new(), links, catalogs: Mutex::default() }
    }

    /// Clients of our own account: the table, the queues, the bus.
    pub(crate) async fn own(&self) -> Arc<Clients> {
        let connect = || async { Arc::new(Clients::connect(&AwsAccess::default()).await) };
        Arc::clone(self.own.get_or_init(connect).await)
    }

    /// The ports of a cluster.
    ///
    /// # Errors
    /// It is unknown, or cannot be reached now; the next call tries again.
    pub(crate) async fn ports(
        &self,
        name: &ClusterName,
        now: Timestamp,
    ) -> Result<Arc<LivePorts>, LinkError> {
        let unknown = || LinkError::Unknown { cluster: name.clone() };
        let config = self.config.clusters.get(name).ok_or_else(unknown)?;
        let mut link = self.links.get(name).ok_or_else(unknown)?.lock().await;
        let linked = match link.take() {
            Some(linked) if now < linked.facts_at + FACTS_LAST => linked,
            Some(linked) => self.refreshed(linked, now).await,
            None => self.connect(config, now).await?,
        };
        Ok(Arc::clone(&link.insert(linked).ports))
    }

    /// Clients of the account and region of a cluster.
    async fn clients_of(&self, config: &ClusterConfig) -> Arc<Clients> {
        let own = self.own().await;
        let near = match &config.region {
            Some(region) if region != own.region() => {
                let settings = AwsAccess { region: Some(region.clone()), ..AwsAccess::default() };
                Arc::new(Clients::connect(&settings).await)
            }
            _ => own,
        };
        match &config.role {
            Some(role) => Arc::new(near.assuming(role, &config.name).await),
            None => near,
        }
    }

    async fn connect(&self, config: &ClusterConfig, now: Timestamp) -> Result<Linked, LinkError> {
        let name = &config.name;
        let clients = self.clients_of(config).await;
        let facts = eks::describe(&clients, name).await;
        let facts = Arc::new(facts.map_err(|source| LinkError::Facts { cluster: name.clone(), source })?);
        let cluster = kube_access::connect(config, &clients, &facts).await;
        let cluster = cluster.map_err(|source| LinkError::Kube { cluster: name.clone(), source })?;
        let ports = self.compose(name, Arc::new(cluster), (&clients, &facts)).await;
        Ok(Linked { ports: Arc::new(ports), clients, facts, facts_at: now })
    }

    async fn compose(
        &self,
        name: &ClusterName,
        cluster: Arc<KubeCluster>,
        (clients, facts): (&Arc<Clients>, &Arc<ClusterFacts>),
    ) -> LivePorts {
        let own = self.own().await;
        let bus = match &self.config.outlet {
            Outlet::Bus(bus) => Some(EventBus::new(Arc::clone(&own), bus, name.clone())),
            Outlet::Queues => None,
        };
        let queue = SqsQueue::new(Arc::clone(&own), Arc::clone(&self.urls), name.clone());
        ClusterPorts {
            name: name.clone(),
            cluster,
            cloud: Timed::new(Ec2Cloud::new(Arc::clone(clients), Arc::clone(facts))),
            catalog: self.catalog(&own, clients, facts),
            store: Arc::new(DynamoStore::new(own, &self.config.table, name.clone())),
            queue: Arc::new(MessageOutlet { bus, queue }),
        }
    }

    /// Asks EKS again; when it does not answer, what it said before stands.
    async fn refreshed(&self, linked: Linked, now: Timestamp) -> Linked {
        let name = &linked.ports.name;
        match eks::describe(&linked.clients, name).await {
            Ok(facts) if facts == *linked.facts => Linked { facts_at: now, ..linked },
            Ok(facts) => {
                tracing::info!(cluster = %name, version = %facts.version, "the cluster has changed");
                let facts = Arc::new(facts);
                let before = &linked.ports;
                let ports = ClusterPorts {
                    name: name.clone(),
                    cluster: Arc::clone(&before.cluster),
                    cloud: Timed::new(Ec2Cloud::new(Arc::clone(&linked.clients), Arc::clone(&facts))),
                    catalog: Arc::clone(&before.catalog),
                    store: Arc::clone(&before.store),
                    queue: Arc::clone(&before.queue),
                };
                Linked { ports: Arc::new(ports), facts, facts_at: now, ..linked }
            }
            Err(error) => {
                tracing::warn!(cluster = %name, %error, "EKS does not tell of the cluster, what it told stands");
                Linked { facts_at: now, ..linked }
            }
        }
    }

    fn catalog(&self, own: &Clients, clients: &Arc<Clients>, facts: &ClusterFacts) -> Arc<Ec2Catalog> {
        let types = self.config.types;
        let settings = CatalogSettings {
            types: TypeSettings {
                vm_memory_overhead_milli: types.vm_memory_overhead_milli,
                reserved_enis: types.reserved_enis,
            },
            is_isolated: types.is_isolated,
        };
        let place = (Arc::clone(&facts.account), clients.region().to_owned());
        let mut catalogs = self.catalogs.lock().unwrap_or_else(PoisonError::into_inner);
        let catalog = catalogs.entry(place).or_insert_with(|| {
            let shelf = CatalogShelf::new(own.dynamodb().clone(), &self.config.table);
            Arc::new(Ec2Catalog::new(Arc::clone(clients), &facts.account, shelf, settings))
        });
        Arc::clone(catalog)
    }

    /// Clients by account and region, each with the clusters there: what is asked of EC2 as a whole is asked once.
    pub(crate) async fn places(&self, now: Timestamp) -> Vec<(Arc<Clients>, Vec<Arc<LivePorts>>)> {
        let mut places: BTreeMap<(Arc<str>, Arc<str>), (Arc<Clients>, Vec<Arc<LivePorts>>)> = BTreeMap::new();
        for (name, link) in &self.links {
            // Whoever cannot be reached has said so already.
            if self.ports(name, now).await.is_err() {
                continue;
            }
            if let Some(linked) = link.lock().await.as_ref() {
                let place = (Arc::clone(&linked.facts.account), Arc::clone(&linked.facts.region));
                let entry = places.entry(place).or_insert_with(|| (Arc::clone(&linked.clients), Vec::new()));
                entry.1.push(Arc::clone(&linked.ports));
            }
        }
        places.into_values().collect()
    }
}
