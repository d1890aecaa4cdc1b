//! Which price counts where the new answer has none: what was known before, and before that the list price that
//! comes with the product (aws 2).

use joiner_catalog::{Catalog, Recording};
use joiner_core::model::Price;

/// Fills the gaps of an answer with what was known before.
pub(super) fn fill_prices(recording: &mut Recording, before: Option<&Catalog>, embedded: &Catalog) {
    if let Some(before) = before {
        keep_prices(recording, before);
    }
    // behaviour: catalog/list-prices-of-another-region-are-better-than-none
    for facts in embedded.types() {
        let known = recording.on_demand_prices.entry(facts.name.to_string());
        if let Some(price) = facts.on_demand_price {
            known.or_insert(price.usd_per_hour());
        }
    }
    if recording.spot_prices.is_empty() {
        assume_spot_prices(recording);
    }
}

/// Prices of the last answer, for types and zones that the new one says nothing of.
fn keep_prices(recording: &mut Recording, before: &Catalog) {
    // behaviour: catalog/a-price-lasts-until-there-is-a-newer-one
    for facts in before.types() {
        let name = facts.name.to_string();
        if let Some(price) = facts.on_demand_price {
            recording.on_demand_prices.entry(name.clone()).or_insert(price.usd_per_hour());
        }
        let zones = before.zones().iter().zip(&facts.zones);
        let priced = zones.filter_map(|(zone, facts)| Some((&zone.name, facts.spot_price?)));
        for (zone, price) in
            priced.filter(|(zone, _)| recording.zones.iter().any(|known| *known.name == ***zone))
        {
            let by_zone = recording.spot_prices.entry(name.clone()).or_default();
            by_zone.entry(zone.to_string()).or_insert(Price::usd_per_hour(price));
        }
    }
}

/// Before the first answer about spot, it costs what on demand costs: dear enough to be right to doubt, and it
/// can be launched.
fn assume_spot_prices(recording: &mut Recording) {
    for (name, zones) in &recording.offerings {
        if let Some(price) = recording.on_demand_prices.get(name) {
            let by_zone = zones.iter().map(|zone| (zone.clone(), *price)).collect();
            recording.spot_prices.insert(name.clone(), by_zone);
        }
    }
}
