//! What does a whole deployment look like on loopback? One account with queues and a table, the six functions, and any
//! number of clusters, each with a control plane and machines that boot.
//!
//! - [`account`]: what the user brings;
//! - [`images`]: what AWS publishes;
//! - [`plumbing`]: what the deployment brings;
//! - [`functions`]: the functions behind their queues;
//! - [`audit`]: the audit log as CloudWatch delivers it.

pub mod account;
pub mod audit;
pub mod functions;
pub mod images;
pub mod plumbing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use joiner_aws::{AwsAccess, Clients, Credentials};
use joiner_ports::Duty;
use tokio::task::JoinHandle;

use crate::RunFolder;
use crate::boot::{Boot, Pace};
use crate::control_plane::{ControlPlane, Kubectl, Nodes};
use crate::double::WireDouble;
use crate::moto::Moto;
use crate::setup_error::SetupError;
use account::{Landscape, Machine};
use functions::Functions;
use images::Images;
use plumbing::Plumbing;

/// Between two ticks; in a deployment a minute.
const TICK: Duration = Duration::from_secs(5);
/// Custom resources that come with the product.
const CRDS: [&str; 4] = [
    include_str!("../../../../infra/crds/nodepools.karpenter.sh.yaml"),
    include_str!("../../../../infra/crds/nodeclaims.karpenter.sh.yaml"),
    include_str!("../../../../infra/crds/nodeoverlays.karpenter.sh.yaml"),
    include_str!("../../../../infra/crds/ec2nodeclasses.karpenter.k8s.aws.yaml"),
];

/// What the functions may do in a cluster.
const ACCESS: &str = include_str!("../../../../infra/kubernetes/access.yaml");

/// How events of a cluster are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// By watching it.
    Watch,
    /// From its audit log.
    Audit,
}

impl Source {
    /// As the functions' settings have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Watch => "watch",
            Source::Audit => "audit",
        }
    }
}

/// One cluster of the deployment.
pub struct Side {
    name: String,
    source: Source,
    plane: ControlPlane,
    reader: PathBuf,
    writer: PathBuf,
    landscape: Landscape,
}

impl Side {
    async fn start(clients: &Clients, name: &str, source: Source, number: u8) -> Result<Self, SetupError> {
        let plane = ControlPlane::start(name, Nodes::Kwok).await?;
        for crd in CRDS {
            plane.kubectl().apply(crd).await?;
        }
        plane.kubectl().apply(ACCESS).await?;
        let reader = plane.kubeconfig_for("reader", "joiner:relay", &["joiner-reader"])?;
        let writer = plane.kubeconfig_for("writer", "joiner:functions", &["joiner-writer"])?;
        let landscape = account::settle(clients, name, number).await?;
        Ok(Side { name: name.to_owned(), source, plane, reader, writer, landscape })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its events are noticed.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Its control plane.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// `kubectl` as its administrator.
    pub fn kubectl(&self) -> &Kubectl {
        self.plane.kubectl()
    }

    /// How a function reaches it: in the group that its access entry would put it, with the rights that the
    /// deployment gives that group.
    pub fn kubeconfig_of(&self, duty: Duty) -> &Path {
        if duty == Duty::Relay { &self.reader } else { &self.writer }
    }

    /// Its network and role.
    pub fn landscape(&self) -> &Landscape {
        &self.landscape
    }

    /// A client of the library, as administrator.
    async fn client(&self) -> Result<kube::Client, SetupError> {
        let fault =
            |e: &dyn std::error::Error| SetupError::because(format!("connecting with {}", self.name), e);
        let file = kube::config::Kubeconfig::read_from(self.plane.kubeconfig()).map_err(|e| fault(&e))?;
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(file, &options);
        kube::Client::try_from(config.await.map_err(|e| fault(&e))?).map_err(|e| fault(&e))
    }
}

/// An account with clusters, before anything is deployed.
pub struct Ground {
    // What uses the others ends first.
    _boot: Boot,
    sides: Vec<Side>,
    images: Images,
    clients: Arc<Clients>,
    double: WireDouble,
    moto: Moto,
    folder: RunFolder,
}

impl Ground {
    /// Starts an account with clusters of these names.
    ///
    /// # Errors
    /// Something cannot be had or does not come up.
    pub async fn start(clusters: &[(&str, Source)]) -> Result<Self, SetupError> {
        let folder = RunFolder::new("stack")?;
        let moto = Moto::start(&folder).await?;
        let double = WireDouble::start(moto.address()).await?;
        let clients = Arc::new(connect(&double.url()).await);
        let images = images::publish(&clients, &double).await?;
        let mut sides = Vec::new();
        for (number, (name, source)) in (0_u8..).zip(clusters) {
            sides.push(Side::start(&clients, name, *source, 20 + number).await?);
        }
        let mut clients_of = BTreeMap::new();
        for side in &sides {
            clients_of.insert(side.name.clone(), side.client().await?);
        }
        let boot = Boot::start(Arc::clone(&clients), clients_of, Pace::default());
        Ok(Ground { _boot: boot, sides, images, clients, double, moto, folder })
    }

    /// The clusters, in the order they were named.
    pub fn sides(&self) -> &[Side] {
        &self.sides
    }

    /// Clients of the account.
    pub fn clients(&self) -> &Arc<Clients> {
        &self.clients
    }

    /// Images that nodes start from.
    pub fn images(&self) -> &Images {
        &self.images
    }
}

/// A whole deployment. Dropping it ends everything.
pub struct Stack {
    // What uses the others ends first.
    ticking: JoinHandle<()>,
    _subscriptions: Vec<audit::Subscription>,
    functions: Functions,
    plumbing: Plumbing,
    ground: Ground,
}

impl Stack {
    /// Deploys the functions for all clusters of an account.
    ///
    /// # Errors
    /// Something cannot be had or does not come up.
    pub async fn deploy(ground: Ground) -> Result<Self, SetupError> {
        let Ground { sides, clients, .. } = &ground;
        let plumbing = plumbing::lay(clients).await?;
        let (url, folder) = (ground.double.url(), ground.folder.path());
        let functions = Functions::deploy(clients, &url, &plumbing, sides, folder).await?;
        let relay = functions.of(Duty::Relay);
        let audited = sides.iter().filter(|side| side.source == Source::Audit);
        let subscriptions = audited
            .map(|side| audit::Subscription::start(&side.name, side.plane.audit_log(), relay.clone()))
            .collect();
        let ticking = tokio::spawn(tick(Arc::clone(clients), plumbing.queues[&Duty::Relay].clone()));
        Ok(Stack { ticking, _subscriptions: subscriptions, functions, plumbing, ground })
    }

    /// The clusters, in the order they were named.
    pub fn sides(&self) -> &[Side] {
        &self.ground.sides
    }

    /// The functions.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Clients of the account.
    pub fn clients(&self) -> &Arc<Clients> {
        &self.ground.clients
    }

    /// The AWS that can be made to fail.
    pub fn double(&self) -> &WireDouble {
        &self.ground.double
    }

    /// Queues.
    pub fn plumbing(&self) -> &Plumbing {
        &self.plumbing
    }

    /// Every machine of a cluster, gone ones included.
    ///
    /// # Errors
    /// EC2 does not answer.
    pub async fn machines(&self, cluster: &str) -> Result<Vec<Machine>, SetupError> {
        account::machines(&self.ground.clients, cluster).await
    }

    /// Sends a body to the queue of a duty.
    ///
    /// # Errors
    /// The queue does not answer.
    pub async fn send(&self, duty: Duty, body: &str) -> Result<(), SetupError> {
        send(&self.ground.clients, &self.plumbing.queues[&duty], body).await
    }

    /// Last lines of every part, for a failed test.
    pub fn tails(&self, lines: usize) -> String {
        let functions = self.functions.all().map(|function| {
            let output = function.output();
            let all: Vec<&str> = output.lines().collect();
            format!("--- {}\n{}", function.name(), all[all.len().saturating_sub(lines)..].join("\n"))
        });
        let moto = format!("--- moto\n{}", self.ground.moto.tail(3));
        functions.chain([moto]).collect::<Vec<_>>().join("\n")
    }

    /// Folder with the logs of the functions.
    pub fn folder(&self) -> &RunFolder {
        &self.ground.folder
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

async fn connect(endpoint: &str) -> Clients {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let settings = AwsAccess {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint.to_owned()),
        credentials: Some(credentials),
    };
    Clients::connect(&settings).await
}

/// What the schedule of the deployment does.
async fn tick(clients: Arc<Clients>, queue: String) {
    loop {
        if let Err(error) = send(&clients, &queue, r#"{"kind":"tick"}"#).await {
            eprintln!("tick: {error}");
        }
        tokio::time::sleep(TICK).await;
    }
}

async fn send(clients: &Clients, queue: &str, body: &str) -> Result<(), SetupError> {
    let sent = clients.sqs().send_message().queue_url(queue).message_body(body).send().await;
    sent.map(drop).map_err(|e| SetupError::because(format!("sending to {queue}"), &e))
}
