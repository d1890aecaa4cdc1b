//! How does one claim become one instance, whatever happened before (aws 6)?
//!
//! The token of the claim goes along as EC2's client token: the same request again is answered with the same
//! instance. A request that changed meanwhile (prices, marks, images) is refused for that token; then the instance
//! is found by the tag that carries the token. The same is done when a launch cannot even be tried any more: an
//! earlier attempt may have succeeded and lost its answer. So nothing is looked for as long as all goes well.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::operation::create_fleet::CreateFleetOutput;
use jiff::Timestamp;
use joiner_core::model::{ResourceName, Unavailable, keys};
use joiner_ports::{LaunchError, LaunchRequest, Launched};

use super::Ec2Cloud;
use super::choice::{self, Choice};
use super::class::LaunchClass;
use super::failure::Ec2Failure;
use super::fleet::{self, Fleet, Order};
use super::instances::{self, Found};
use super::launched::{self, Purchase};
use super::tags;
use super::template::{Blueprint, Template};
use super::variant;

/// A launch that gave no instance.
enum Missed {
    /// It was not tried, or EC2 refused to try: nothing came of this attempt.
    Untried(LaunchError),
    /// EC2 knows the token from another request, or does not say where its instance is: it must be looked for.
    TokenSpent,
    /// EC2 tried, and there is no instance.
    Answered(LaunchError),
}

/// Launches, or finds what was launched.
pub(super) async fn launch(
    cloud: &Ec2Cloud,
    request: LaunchRequest<'_>,
    now: Timestamp,
) -> Result<Launched, LaunchError> {
    let missed = match attempt(cloud, &request, now).await {
        Ok(launched) => return Ok(launched),
        Err(missed) => missed,
    };
    // behaviour: launch/one-token-one-instance
    match missed {
        Missed::Answered(error) => Err(error),
        Missed::Untried(error @ (LaunchError::Throttled(_) | LaunchError::Unknown(_))) => Err(error),
        Missed::Untried(error) => match find(cloud, &request, now).await? {
            Found::Live(purchase) => Ok(adopt(*purchase, &request)),
            Found::Ended | Found::Nothing => Err(error),
        },
        Missed::TokenSpent => match find(cloud, &request, now).await? {
            Found::Live(purchase) => Ok(adopt(*purchase, &request)),
            // It came and went: a new claim is planned, under a new token.
            Found::Ended => Err(LaunchError::NoCapacity(Vec::new())),
            Found::Nothing => Err(LaunchError::Unknown(NOT_SHOWN_YET.into())),
        },
    }
}

const NOT_SHOWN_YET: &str = "EC2 has answered this launch before, and does not show its instance yet";

async fn find(cloud: &Ec2Cloud, request: &LaunchRequest<'_>, now: Timestamp) -> Result<Found, LaunchError> {
    let found = instances::of_token(cloud.client(), &cloud.facts.name, request.token).await?;
    if let Found::Live(purchase) = &found {
        cloud.lately.launched(&purchase.instance, now);
    }
    Ok(found)
}

fn adopt(purchase: Purchase, request: &LaunchRequest<'_>) -> Launched {
    tracing::info!(instance = %purchase.instance, claim = %request.claim, "found what this token launched before");
    launched::launched(purchase, request, choice::tenancy(request.draft))
}

async fn attempt(cloud: &Ec2Cloud, request: &LaunchRequest<'_>, now: Timestamp) -> Result<Launched, Missed> {
    let class = LaunchClass::of(request.class).map_err(Missed::Untried)?;
    let choice = choice::choose(request).map_err(Missed::Untried)?;
    let fleet = prepare(cloud, request, &class, &choice, now).await.map_err(Missed::Untried)?;
    let made = ensure(cloud, &fleet).await?;
    let answer = match create(cloud, request, &class, &fleet).await {
        Err(failure) if failure.is_no_template() => {
            // behaviour: launch/a-template-that-is-gone-is-made-again
            cloud.shelf.forget(fleet.orders.iter().map(|order| &order.template)).await;
            ensure(cloud, &fleet).await?;
            create(cloud, request, &class, &fleet).await
        }
        answer => answer,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) if failure.is_token_spent() => return Err(Missed::TokenSpent),
        Err(failure) => {
            settle(cloud, &fleet, None);
            return Err(Missed::Untried(failure.into()));
        }
    };
    if made {
        thin_out(cloud, &class).await;
    }
    let bought = answer.instances().iter().find(|bought| !bought.instance_ids().is_empty());
    match bought.map(|bought| fleet.purchase(bought)) {
        Some(Some(purchase)) => {
            settle(cloud, &fleet, purchase.subnet.as_deref());
            cloud.lately.launched(&purchase.instance, now);
            Ok(launched::launched(purchase, request, choice.tenancy))
        }
        // The answer leaves out where it is: EC2 says so when asked for the instance itself.
        Some(None) => Err(Missed::TokenSpent),
        None => Err(Missed::Answered(no_instance(cloud, request, &fleet, &answer, now).await)),
    }
}

/// Everything of the fleet request but the call itself.
async fn prepare<'a>(
    cloud: &Ec2Cloud,
    request: &LaunchRequest<'a>,
    class: &LaunchClass<'a>,
    choice: &Choice<'a>,
    now: Timestamp,
) -> Result<Fleet<'a>, LaunchError> {
    let draft = request.draft;
    let subnets = &request.class.resolved.subnets;
    let by_zone = cloud.subnets.choose(cloud.client(), subnets, now).await?;
    let pool = draft.labels.get(keys::NODE_POOL).map_or("", |pool| &**pool);
    let shared = tags::shared(&cloud.facts, class, pool);
    let blueprint = Blueprint {
        facts: &cloud.facts,
        class,
        draft,
        capacity_type: choice.capacity_type,
        tenancy: choice.tenancy,
        tags: &shared,
    };
    let mut orders = Vec::new();
    for (variant, ways) in variant::of_choice(choice, request.class, draft)? {
        let placed = |way: variant::Way<'a>| Some((way, Arc::clone(by_zone.get(&way.offering.zone)?)));
        let ways: Vec<_> = ways.into_iter().filter_map(placed).collect();
        if !ways.is_empty() {
            let template = blueprint.template(&variant)?;
            orders.push(Order { variant, template, ways });
        }
    }
    if orders.is_empty() {
        return Err(LaunchError::NoCapacity(Vec::new()));
    }
    let fleet = Fleet {
        capacity_type: choice.capacity_type,
        orders,
        tags: tags::of_machine(&shared, request),
        subnets,
    };
    for (subnet, addresses) in addresses(&fleet) {
        cloud.subnets.debit(subnet, addresses);
    }
    Ok(fleet)
}

/// The addresses that a launch takes from each subnet at least: those of the smallest machine it may become.
fn addresses<'f>(fleet: &'f Fleet<'_>) -> BTreeMap<&'f str, i64> {
    let mut least: BTreeMap<&str, i64> = BTreeMap::new();
    for (way, subnet) in fleet.orders.iter().flat_map(|order| &order.ways) {
        let pods = way.instance_type.capacity.amount(&ResourceName::Pods).units_ceil();
        least.entry(subnet).and_modify(|so_far| *so_far = pods.min(*so_far)).or_insert(pods);
    }
    least
}

/// Gives back the addresses of subnets that the machine did not go into.
fn settle(cloud: &Ec2Cloud, fleet: &Fleet<'_>, used: Option<&str>) {
    for (subnet, addresses) in addresses(fleet).into_iter().filter(|(subnet, _)| Some(*subnet) != used) {
        cloud.subnets.debit(subnet, -addresses);
    }
}

/// Sees that every template is there; says whether one was made now.
async fn ensure(cloud: &Ec2Cloud, fleet: &Fleet<'_>) -> Result<bool, Missed> {
    let templates: Vec<&Template> = fleet.orders.iter().map(|order| &order.template).collect();
    let mut made = false;
    for template in templates {
        let answer = cloud.shelf.ensure(cloud.client(), template).await;
        made |= answer.map_err(|failure| Missed::Untried(failure.into()))?;
    }
    Ok(made)
}

async fn create(
    cloud: &Ec2Cloud,
    request: &LaunchRequest<'_>,
    class: &LaunchClass<'_>,
    fleet: &Fleet<'_>,
) -> Result<CreateFleetOutput, Ec2Failure> {
    let call = cloud
        .client()
        .create_fleet()
        .client_token(request.token.as_str())
        .set_context(fleet::context(class.spec.context.as_deref(), request.draft));
    fleet.fill(call, request.draft).send().await.map_err(Ec2Failure::of)
}

/// Why there is no instance; remembers what the answer says about subnets and templates.
async fn no_instance(
    cloud: &Ec2Cloud,
    request: &LaunchRequest<'_>,
    fleet: &Fleet<'_>,
    answer: &CreateFleetOutput,
    now: Timestamp,
) -> LaunchError {
    settle(cloud, fleet, None);
    let mut shortage = match fleet::shortage(fleet, answer) {
        Ok(shortage) => shortage,
        Err(error) => return error,
    };
    if shortage.refused.is_empty() {
        cloud.shelf.forget(fleet.orders.iter().map(|order| &order.template)).await;
    }
    for (subnet, zone) in &shortage.full_subnets {
        cloud.subnets.mark_full(subnet, now);
        if cloud.subnets.is_zone_full(&request.class.resolved.subnets, zone, now) {
            shortage.refused.insert(Unavailable::FullZone(Arc::clone(zone)));
        }
    }
    LaunchError::NoCapacity(shortage.refused.into_iter().collect())
}

/// Housekeeping must not fail a launch that succeeded.
async fn thin_out(cloud: &Ec2Cloud, class: &LaunchClass<'_>) {
    let (client, cluster) = (cloud.client(), &cloud.facts.name);
    if let Err(failure) = cloud.shelf.thin_out(client, cluster, &class.known.name).await {
        tracing::warn!(class = %class.known.name, ?failure, "old launch templates could not be deleted");
    }
}
