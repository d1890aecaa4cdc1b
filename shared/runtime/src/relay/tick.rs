//! The minute's look: every cluster is asked what is owed, its watch is started where nobody holds it, and EC2 is asked
//! which instances are unwell.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use joiner_aws::{Clients, events};
use joiner_ports::{BoxError, ClusterName, Delay, Message, Queue, Store};
use tracing::Instrument;

use super::request::RelayRequest;
use super::watch;
use crate::batch::request;
use crate::config::EventSource;
use crate::deadline::Deadline;
use crate::deployment::{Deployment, LinkError, LivePorts};
use crate::logs::Chain;
use crate::observe;

/// Whoever looks whether the watch is free goes by this name, for no time at all.
const LOOKER: &str = "tick";

/// Clusters whose tick failed; the next one comes in a minute.
#[derive(Debug, thiserror::Error)]
#[error("the tick failed for {}", .0.join(", "))]
struct TickFailed(Vec<String>);

/// Serves a tick, of one cluster or all.
///
/// # Errors
/// Some cluster could not be looked at.
pub(super) async fn serve(
    deployment: &Deployment,
    only: Option<&ClusterName>,
    end: Deadline,
) -> Result<(), BoxError> {
    let now = Timestamp::now();
    if let Some(name) = only.filter(|name| !deployment.config.clusters.contains_key(*name)) {
        return Err(LinkError::Unknown { cluster: name.clone() }.into());
    }
    let names: Vec<&ClusterName> =
        deployment.config.clusters.keys().filter(|name| only.is_none_or(|only| only == *name)).collect();
    let looks = names.iter().map(|name| {
        let span = tracing::info_span!("message", cluster = %name, kind = "tick", request = %request());
        look(deployment, name, now, end).instrument(span)
    });
    let looked = join_all(looks).await;
    if only.is_none() {
        announce_unwell(deployment, now).await;
    }
    let failed: Vec<String> =
        names.iter().zip(looked).filter(|(_, is_fine)| !is_fine).map(|(name, _)| name.to_string()).collect();
    if failed.is_empty() { Ok(()) } else { Err(TickFailed(failed).into()) }
}

/// One cluster; what fails is said here, for the others go on.
async fn look(deployment: &Deployment, name: &ClusterName, now: Timestamp, end: Deadline) -> bool {
    let Some(limit) = end.left() else { return false };
    match tokio::time::timeout(limit, attempt(deployment, name, now)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(error = %Chain(&*error), "the tick failed");
            false
        }
        Err(_) => {
            tracing::error!(
                seconds = limit.as_secs(),
                "the tick was cut off before the end of the invocation"
            );
            false
        }
    }
}

async fn attempt(deployment: &Deployment, name: &ClusterName, now: Timestamp) -> Result<(), BoxError> {
    let ports = deployment.ports(name, now).await?;
    // The watch first: what it sees, it sees at once.
    keep_watch(deployment, &ports, now).await?;
    observe::handle(&ports, &deployment.config.settings, Message::Tick, now).await?;
    Ok(())
}

/// Asks for a watcher where nobody watches.
async fn keep_watch(deployment: &Deployment, ports: &LivePorts, now: Timestamp) -> Result<(), BoxError> {
    let Some(cluster) = deployment.config.clusters.get(&ports.name) else { return Ok(()) };
    if deployment.config.source_of(cluster) != EventSource::Watch {
        return Ok(());
    }
    if ports.store.hold_watch(LOOKER, now, 0).await? {
        tracing::info!("nobody watches the cluster, a watcher is asked for");
        let request = RelayRequest::Watch { cluster: ports.name.clone(), checkpoint: None };
        watch::ask_for(deployment, &request).await?;
    }
    Ok(())
}

/// Failed status checks and planned events, which EC2 tells only who asks. They are asked for once per account and
/// region; what they concern is found out by the cluster that has the instance.
async fn announce_unwell(deployment: &Deployment, now: Timestamp) {
    let places = deployment.places(now).await;
    let asked = places.iter().map(|(clients, clusters)| ask_unwell(clients, clusters, now));
    for error in join_all(asked).await.into_iter().filter_map(Result::err) {
        tracing::warn!(request = %request(), error = %Chain(&*error), "EC2 does not tell which instances are unwell");
    }
}

async fn ask_unwell(
    clients: &Arc<Clients>,
    clusters: &[Arc<LivePorts>],
    now: Timestamp,
) -> Result<(), BoxError> {
    let unwell = events::unhealthy(clients, now).await?;
    let sent = clusters
        .iter()
        .flat_map(|ports| unwell.iter().map(|message| ports.queue.send(message.clone(), Delay::NONE)));
    futures::future::try_join_all(sent).await?;
    Ok(())
}
