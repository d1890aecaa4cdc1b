//! How is a fleet bought? Of the ways a request lists, the cheapest that can be had, one machine at a time.
//!
//! Only fleets of type `instant` for one machine, which is all the product asks for. As with EC2, a client token keeps
//! its answer, with or without a machine in it, and takes no other request.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hyper::http::request::Parts;

use super::answer::{Answer, escape};
use super::call::{WireCall, members};
use super::prices;
use super::purchase;
use super::script::{Script, State};
use super::upstream::WireError;

/// One way to buy, as a request lists it.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    /// Parameters of its launch template, as it was made.
    pub(super) template: BTreeMap<String, String>,
    /// What it overrides.
    pub(super) overrides: BTreeMap<String, String>,
    /// `spot`, `on-demand` or `reserved`.
    pub(super) capacity_type: &'static str,
}

impl Listing {
    pub(super) fn get(&self, name: &str) -> &str {
        self.overrides.get(name).map_or("", String::as_str)
    }

    /// The reservation that its template names.
    pub(super) fn reservation(&self) -> Option<&str> {
        let key = "LaunchTemplateData.CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId";
        self.template.get(key).map(String::as_str)
    }

    /// Dollars per hour: as the catalog says, else as the request says.
    fn price(&self, prioritized: bool) -> f64 {
        let written = || self.get("Priority").parse().unwrap_or(f64::MAX);
        let listed = prices::of(self.get("InstanceType"), self.get("AvailabilityZone"), self.capacity_type);
        if prioritized { written() } else { listed.unwrap_or_else(written) }
    }

    /// What the answer repeats of it. EC2 names the template by its id.
    fn xml(&self) -> String {
        let id = self.template.get("LaunchTemplateId").map_or("", String::as_str);
        let names = [
            ("instanceType", "InstanceType"),
            ("subnetId", "SubnetId"),
            ("availabilityZone", "AvailabilityZone"),
            ("priority", "Priority"),
            ("imageId", "ImageId"),
        ];
        let overrides: String = names
            .iter()
            .filter(|(_, name)| !self.get(name).is_empty())
            .map(|(element, name)| format!("<{element}>{}</{element}>", escape(self.get(name))))
            .collect();
        format!(
            "<launchTemplateAndOverrides><launchTemplateSpecification><launchTemplateId>{id}</launchTemplateId>\
             <version>1</version></launchTemplateSpecification><overrides>{overrides}</overrides>\
             </launchTemplateAndOverrides><lifecycle>{}</lifecycle>",
            if self.capacity_type == "spot" { "spot" } else { "on-demand" }
        )
    }
}

/// Buys.
pub(super) async fn create(
    call: &WireCall,
    head: &Parts,
    moto: SocketAddr,
    script: &Script,
) -> Result<Answer, WireError> {
    let token = call.param("ClientToken").unwrap_or_default().to_owned();
    let mut asked = call.params.clone();
    asked.remove("ClientToken");
    if let Some(answer) = remembered(call, &token, &asked, &script.lock()) {
        return Ok(answer);
    }
    let listings = match listings(call, &script.lock()) {
        Ok(listings) => listings,
        Err(answer) => return Ok(answer),
    };
    if call.param("DryRun") == Some("true") {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Ok(Answer::error(call, 412, "DryRunOperation", message));
    }
    let mut errors = String::new();
    let mut bought = String::new();
    for listing in &listings {
        let refused = refusal(listing, &script.lock());
        let outcome = match refused {
            Some(refused) => Err(refused),
            None => purchase::run(listing, call, head, moto).await?,
        };
        match outcome {
            Ok(instance) => {
                take(listing, &mut script.lock());
                bought = format!(
                    "<item><instanceIds><item>{instance}</item></instanceIds><instanceType>{}</instanceType>{}</item>",
                    listing.get("InstanceType"),
                    listing.xml()
                );
                break;
            }
            Err((code, message)) => errors.push_str(&format!(
                "<item>{}<errorCode>{code}</errorCode><errorMessage>{}</errorMessage></item>",
                listing.xml(),
                escape(&message)
            )),
        }
    }
    let mut state = script.lock();
    state.fleets += 1;
    let inner = format!(
        "<fleetId>fleet-{:08x}-0000-0000-0000-000000000000</fleetId><errorSet>{errors}</errorSet>\
         <fleetInstanceSet>{bought}</fleetInstanceSet>",
        state.fleets
    );
    let answer = Answer::ec2("CreateFleet", &inner);
    if !token.is_empty() {
        state.tokens.insert(token, (asked, answer.clone()));
    }
    Ok(answer)
}

/// What a token was answered before.
fn remembered(
    call: &WireCall,
    token: &str,
    asked: &BTreeMap<String, String>,
    state: &State,
) -> Option<Answer> {
    let (before, answer) = state.tokens.get(token)?;
    Some(if before == asked {
        answer.clone()
    } else {
        let message = "The request uses the same client token as a previous, but non-identical request.";
        Answer::error(call, 400, "IdempotentParameterMismatch", message)
    })
}

/// The ways a request lists, the cheapest first; or why it is refused as a whole.
fn listings(call: &WireCall, state: &State) -> Result<Vec<Listing>, Answer> {
    let market = call.param("TargetCapacitySpecification.DefaultTargetCapacityType").unwrap_or("on-demand");
    let strategies =
        [call.param("SpotOptions.AllocationStrategy"), call.param("OnDemandOptions.AllocationStrategy")];
    let prioritized = strategies.iter().flatten().any(|strategy| strategy.contains("prioritized"));
    let mut listings = Vec::new();
    for config in call.list("LaunchTemplateConfigs") {
        let get = |key: &str| config.get(&format!("LaunchTemplateSpecification.{key}"));
        let template = state.templates.iter().find(|(name, template)| {
            get("LaunchTemplateName") == Some(*name)
                || (get("LaunchTemplateId").is_some()
                    && get("LaunchTemplateId") == template.get("LaunchTemplateId"))
        });
        let Some((_, template)) = template else {
            let message = "At least one of the launch templates specified in the request does not exist.";
            return Err(Answer::error(call, 400, "InvalidLaunchTemplateName.NotFoundException", message));
        };
        let mut listing =
            Listing { template: template.clone(), overrides: BTreeMap::new(), capacity_type: "spot" };
        listing.capacity_type = match (market, listing.reservation()) {
            ("spot", _) => "spot",
            ("on-demand", None) => "on-demand",
            _ => "reserved",
        };
        let overrides = members(&config, "Overrides");
        listings.extend(overrides.into_iter().map(|overrides| Listing { overrides, ..listing.clone() }));
    }
    listings.sort_by(|a, b| a.price(prioritized).total_cmp(&b.price(prioritized)));
    Ok(listings)
}

/// Why a way cannot be had, if the test says so.
fn refusal(listing: &Listing, state: &State) -> Option<(String, String)> {
    let [instance_type, zone] = ["InstanceType", "AvailabilityZone"].map(|name| listing.get(name).to_owned());
    let message = format!("There is no capacity for {instance_type} in {zone}.");
    let key = (instance_type, zone, listing.capacity_type.to_owned());
    if let Some(code) = state.shortages.get(&key) {
        return Some((code.clone(), message));
    }
    if state.free_addresses.get(listing.get("SubnetId")) == Some(&0) {
        let message = format!("There are not enough free addresses in subnet '{}'.", listing.get("SubnetId"));
        return Some(("InsufficientFreeAddressesInSubnet".to_owned(), message));
    }
    let held = listing.reservation().map(|id| state.reservations.get(id).map_or(0, |held| held.available));
    (held == Some(0)).then(|| ("ReservationCapacityExceeded".to_owned(), message))
}

/// What a machine takes from what there is.
fn take(listing: &Listing, state: &mut State) {
    if let Some(free) = state.free_addresses.get_mut(listing.get("SubnetId")) {
        *free = free.saturating_sub(1);
    }
    if let Some(held) = listing.reservation().and_then(|id| state.reservations.get_mut(id)) {
        held.available = held.available.saturating_sub(1);
    }
}
