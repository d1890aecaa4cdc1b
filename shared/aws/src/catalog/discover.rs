//! What EC2 and the price list say about the region today: four questions, asked side by side.
//!
//! Types and where they are offered must be answered. Prices may be missing: older ones stand in for them
//! (`merge`).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{Filter, LocationType, SpotPrice};
use jiff::Timestamp;
use joiner_catalog::{InstanceTypeInfo, RecordedZone, Recording};
use joiner_ports::BoxError;

use super::answers;
use super::prices;

/// Largest pages EC2 gives of each list (aws 1.1, 2).
const TYPES_PER_PAGE: i32 = 100;
const OFFERINGS_PER_PAGE: i32 = 1000;
const SPOT_PRICES_PER_PAGE: i32 = 1000;

/// The products whose spot prices count: Linux, in a network of the account or in the older shared one.
const SPOT_PRODUCTS: [&str; 2] = ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"];

/// The answers, and which prices could not be asked for.
pub(super) struct Discovered {
    pub(super) recording: Recording,
    pub(super) without_spot_prices: Option<BoxError>,
    pub(super) without_on_demand_prices: Option<BoxError>,
}

/// Asks everything. Without a price list (an isolated network), on-demand prices stay empty.
///
/// # Errors
/// No types or no offerings.
pub(super) async fn discover(
    ec2: &aws_sdk_ec2::Client,
    price_list: Option<&aws_sdk_pricing::Client>,
    region: &str,
    now: Timestamp,
) -> Result<Discovered, BoxError> {
    let on_demand = async {
        match price_list {
            Some(list) => prices::on_demand(list, region).await,
            None => Ok(BTreeMap::new()),
        }
    };
    let (types, offerings, spot, on_demand) =
        futures::join!(instance_types(ec2), offerings(ec2), spot_prices(ec2, now), on_demand);
    let (types, offerings) = (types?, offerings?);
    let zones: BTreeSet<String> = offerings.values().flatten().cloned().collect();
    let (mut spot_prices, without_spot_prices) = apart(spot);
    for by_zone in spot_prices.values_mut() {
        // A price in a zone where nothing is offered helps nobody.
        by_zone.retain(|zone, _| zones.contains(zone));
    }
    let (on_demand_prices, without_on_demand_prices) = apart(on_demand);
    let recording = Recording {
        region: region.to_owned(),
        zones: zones.into_iter().map(|name| RecordedZone { name, id: None }).collect(),
        instance_types: types,
        offerings,
        on_demand_prices,
        spot_prices,
    };
    Ok(Discovered { recording, without_spot_prices, without_on_demand_prices })
}

fn apart<T: Default>(answer: Result<T, BoxError>) -> (T, Option<BoxError>) {
    match answer {
        Ok(answer) => (answer, None),
        Err(error) => (T::default(), Some(error)),
    }
}

async fn instance_types(ec2: &aws_sdk_ec2::Client) -> Result<Vec<InstanceTypeInfo>, BoxError> {
    let pages = ec2
        .describe_instance_types()
        .filters(filter("supported-virtualization-type", &["hvm"]))
        .filters(filter("processor-info.supported-architecture", &["x86_64", "arm64"]))
        .max_results(TYPES_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let types = pages.collect::<Result<Vec<_>, _>>().await?;
    Ok(types.iter().map(answers::instance_type).collect())
}

/// Zones by type. Zones of every kind that EC2 lists, local ones too: the subnets of a class decide.
async fn offerings(ec2: &aws_sdk_ec2::Client) -> Result<BTreeMap<String, Vec<String>>, BoxError> {
    let pages = ec2
        .describe_instance_type_offerings()
        .location_type(LocationType::AvailabilityZone)
        .max_results(OFFERINGS_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for offering in pages.collect::<Result<Vec<_>, _>>().await? {
        if let (Some(name), Some(zone)) = (offering.instance_type(), offering.location()) {
            zones.entry(name.as_str().to_owned()).or_default().push(zone.to_owned());
        }
    }
    Ok(zones)
}

async fn spot_prices(
    ec2: &aws_sdk_ec2::Client,
    now: Timestamp,
) -> Result<BTreeMap<String, BTreeMap<String, f64>>, BoxError> {
    let mut pages = ec2
        .describe_spot_price_history()
        .start_time(DateTime::from_secs(now.as_second()))
        .set_product_descriptions(Some(SPOT_PRODUCTS.map(str::to_owned).to_vec()))
        .max_results(SPOT_PRICES_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let mut latest = LatestSpotPrices::default();
    while let Some(price) = pages.next().await {
        latest.see(&price?);
    }
    Ok(latest.into_prices())
}

/// The latest price by type and zone; what cannot be read is skipped, as a newer entry is on its way (aws 2).
#[derive(Default)]
struct LatestSpotPrices {
    by_type: BTreeMap<String, BTreeMap<String, (i64, f64)>>,
}

impl LatestSpotPrices {
    fn see(&mut self, price: &SpotPrice) {
        let Some((name, zone)) = price.instance_type().zip(price.availability_zone()) else { return };
        let Some(usd) = price.spot_price().and_then(|usd| usd.parse::<f64>().ok()) else { return };
        let at = price.timestamp().map_or(i64::MIN, DateTime::secs);
        let zones = self.by_type.entry(name.as_str().to_owned()).or_default();
        let known = zones.entry(zone.to_owned()).or_insert((at, usd));
        if at > known.0 {
            *known = (at, usd);
        }
    }

    fn into_prices(self) -> BTreeMap<String, BTreeMap<String, f64>> {
        let prices = |zones: BTreeMap<String, (i64, f64)>| {
            zones.into_iter().map(|(zone, (_, usd))| (zone, usd)).collect()
        };
        self.by_type.into_iter().map(|(name, zones)| (name, prices(zones))).collect()
    }
}

fn filter(name: &str, values: &[&str]) -> Filter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(zone: &str, usd: &str, at: i64) -> SpotPrice {
        SpotPrice::builder()
            .instance_type("m5.large".into())
            .availability_zone(zone)
            .spot_price(usd)
            .timestamp(DateTime::from_secs(at))
            .build()
    }

    #[test]
    fn of_several_spot_prices_the_latest_counts_and_odd_ones_are_skipped() {
        let mut latest = LatestSpotPrices::default();
        for seen in [
            price("a", "0.03", 20),
            price("a", "0.05", 10),
            price("b", "0.04", 10),
            price("b", "0.06", 30),
            price("c", "cheap", 10),
        ] {
            latest.see(&seen);
        }
        let zones = [("a".to_owned(), 0.03), ("b".to_owned(), 0.06)];
        assert_eq!(latest.into_prices(), BTreeMap::from([("m5.large".to_owned(), zones.into())]));
    }
}
