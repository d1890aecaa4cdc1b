//! Looking: what AWS and the API server say, as plain facts. What cannot be looked at is told and stops nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use joiner_aws::checkup::{DISCOVERY_TAG, entrance, network, stack};
use joiner_aws::{Clients, ClusterFacts, class, eks};
use joiner_kube::KubeCluster;
use joiner_ports::{CloudError, ClusterName, ClusterRead, Duty};
use joiner_runtime::ClusterConfig;
use serde_json::Value;

use super::DoctorArguments;
use super::facts::{ClusterFact, Facts, Looked, QueueFact, RoleFact, SubnetFact, TableFact};
use crate::fault::Fault;
use crate::reach::{self, told};

/// The group whose rights are asked for: that of the functions that write.
const GROUP: &str = "joiner-writer";
/// Why nothing is said about what belongs to the cluster.
const NO_CLUSTER: &str = "EKS does not tell of the cluster";

/// The ways to look.
pub(super) struct Practice {
    pub(super) clients: Arc<Clients>,
    pub(super) facts: Result<ClusterFacts, CloudError>,
    name: ClusterName,
    kube: Looked<KubeCluster>,
}

/// What the classes of the cluster ask for.
#[derive(Default)]
struct Wishes {
    roles: BTreeSet<String>,
    aliases: BTreeSet<String>,
}

impl Practice {
    /// Finds the cluster.
    ///
    /// # Errors
    /// A name or a region is missing or wrong.
    pub(super) async fn open(asked: &DoctorArguments) -> Result<Self, Fault> {
        let name = reach::cluster(&asked.cluster)?;
        let clients = reach::clients(&asked.aws).await?;
        let facts = eks::describe(&clients, &name).await;
        let kube = connect(asked, &name, &clients, &facts).await;
        Ok(Practice { clients, facts, name, kube })
    }

    /// Looks at everything.
    pub(super) async fn gather(&self, asked: &DoctorArguments) -> Facts {
        let wishes = self.wishes().await;
        let table = asked.table.clone().unwrap_or_else(|| asked.stack.clone());
        let mut queues = Vec::new();
        for duty in Duty::ALL {
            queues.push(self.queue(&format!("{}-{}", asked.stack, duty.as_str())).await);
        }
        Facts {
            name: self.name.to_string(),
            cluster: self.cluster().await,
            subnets: self.subnets().await,
            security_group: self.security_group().await,
            roles: self.roles(asked.node_role.as_ref(), &wishes).await,
            missing_kinds: self.missing_kinds().await,
            missing_rights: self.missing_rights().await,
            images: self.images(&wishes).await,
            table: (table.clone(), self.table(&table).await),
            queues,
        }
    }

    /// Asked anew each time: a repair may have changed it.
    async fn cluster(&self) -> Looked<Result<ClusterFact, String>> {
        match eks::describe(&self.clients, &self.name).await {
            Ok(facts) => Ok(Ok(ClusterFact {
                version: facts.version.to_string(),
                discovery: facts.tags.get(DISCOVERY_TAG).map(ToString::to_string),
                security_group: facts.security_group.as_deref().map(str::to_owned),
                authentication_mode: facts.authentication_mode.as_deref().map(str::to_owned),
                has_audit_log: facts.logs.iter().any(|log| &**log == "audit"),
            })),
            Err(CloudError::Rejected(why)) => Ok(Err(why)),
            Err(error) => Err(told(&error)),
        }
    }

    fn known(&self) -> Looked<&ClusterFacts> {
        self.facts.as_ref().map_err(|_| NO_CLUSTER.to_owned())
    }

    async fn subnets(&self) -> Looked<Vec<SubnetFact>> {
        let found = network::subnets(&self.clients, self.known()?).await.map_err(|error| told(&error))?;
        let fact = |subnet: network::VpcSubnet| SubnetFact {
            id: subnet.id,
            zone: subnet.zone,
            discovery: subnet.discovery,
            free_addresses: subnet.free_addresses,
            is_public: subnet.is_public,
            gives_public_addresses: subnet.gives_public_addresses,
            is_clusters: subnet.is_clusters,
        };
        Ok(found.into_iter().map(fact).collect())
    }

    async fn security_group(&self) -> Looked<Option<String>> {
        let id =
            self.known()?.security_group.as_deref().ok_or("EKS names no security group of the cluster")?;
        network::security_group_tag(&self.clients, id).await.map_err(|error| told(&error))
    }

    async fn roles(&self, named: Option<&String>, wishes: &Looked<Wishes>) -> Looked<Vec<RoleFact>> {
        let facts = self.known()?;
        let names = match (named, wishes) {
            (Some(name), _) => BTreeSet::from([name.clone()]),
            (None, Ok(wishes)) => wishes.roles.clone(),
            (None, Err(why)) => return Err(format!("{why}; name it with --node-role")),
        };
        let mut roles = Vec::new();
        for name in names {
            let arn = entrance::role(&self.clients, &name).await.map_err(|error| told(&error));
            let entry = match &arn {
                Ok(Some(arn)) => {
                    entrance::entry(&self.clients, facts, arn).await.map_err(|error| told(&error))
                }
                _ => Ok(None),
            };
            roles.push(RoleFact { name, arn, entry });
        }
        Ok(roles)
    }

    async fn images(&self, wishes: &Looked<Wishes>) -> Looked<Vec<(String, Looked<Result<usize, String>>)>> {
        let facts = self.known()?;
        let mut found = Vec::new();
        for alias in &wishes.as_ref().map_err(String::clone)?.aliases {
            let images = class::published_images(&self.clients, facts, alias).await;
            let images = images.map(|images| images.map(|ids| ids.len())).map_err(|error| told(&error));
            found.push((alias.clone(), images));
        }
        Ok(found)
    }

    async fn table(&self, name: &str) -> Looked<Option<TableFact>> {
        let found = stack::table(&self.clients, name).await.map_err(|error| told(&error))?;
        Ok(found.map(|table| TableFact { status: table.status, has_our_keys: table.has_our_keys }))
    }

    async fn queue(&self, name: &str) -> QueueFact {
        let own = stack::queue(&self.clients, name).await.map_err(|error| told(&error));
        let dead = stack::queue(&self.clients, &format!("{name}-dead-letters")).await;
        QueueFact {
            name: name.to_owned(),
            redrives: own.map(|found| found.map(|queue| queue.redrive_policy.is_some())),
            dead: dead.map(|found| found.map(|queue| queue.waiting)).map_err(|error| told(&error)),
        }
    }

    fn reached(&self) -> Looked<&KubeCluster> {
        self.kube.as_ref().map_err(String::clone)
    }

    async fn missing_kinds(&self) -> Looked<Vec<String>> {
        let missing = self.reached()?.missing_kinds().await.map_err(|error| told(&error))?;
        Ok(missing.into_iter().map(str::to_owned).collect())
    }

    async fn missing_rights(&self) -> Looked<Vec<String>> {
        let missing = self.reached()?.missing_rights_of(Some(GROUP)).await.map_err(|error| told(&error))?;
        let named = missing.into_iter().map(|(rule, verbs)| {
            let group = if rule.group.is_empty() { String::new() } else { format!(".{}", rule.group) };
            format!("{} {}{group}", verbs.join(","), rule.resource)
        });
        Ok(named.collect())
    }

    async fn wishes(&self) -> Looked<Wishes> {
        let view = self.reached()?.snapshot().await.map_err(|error| told(&error))?;
        let mut wishes = Wishes::default();
        for class in &view.snapshot.node_classes {
            let document: Value = serde_json::from_str(&class.document).unwrap_or_default();
            let spec = &document["spec"];
            wishes.roles.extend(spec["role"].as_str().map(str::to_owned));
            let terms = spec["amiSelectorTerms"].as_array().into_iter().flatten();
            wishes.aliases.extend(terms.filter_map(|term| term["alias"].as_str().map(str::to_owned)));
        }
        Ok(wishes)
    }
}

async fn connect(
    asked: &DoctorArguments,
    name: &ClusterName,
    clients: &Arc<Clients>,
    facts: &Result<ClusterFacts, CloudError>,
) -> Looked<KubeCluster> {
    if let Some(file) = &asked.kubeconfig {
        return KubeCluster::from_kubeconfig(file, None).await.map_err(|error| told(&error));
    }
    let facts = facts.as_ref().map_err(|_| NO_CLUSTER.to_owned())?;
    let config =
        ClusterConfig { name: name.clone(), region: None, role: None, kubeconfig: None, source: None };
    joiner_runtime::connect(&config, clients, facts).await.map_err(|error| told(&error))
}
