//! What do machines cost? As the embedded catalog says, in the form of the price list.

use joiner_catalog::Catalog;
use joiner_core::model::Price;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::WireCall;

/// Dollars per hour, where the catalog knows it. What is reserved is paid for already.
pub(super) fn of(instance_type: &str, zone: &str, capacity_type: &str) -> Option<f64> {
    let catalog = Catalog::embedded();
    let facts = catalog.get(instance_type)?;
    let price = match capacity_type {
        "spot" => {
            let at = catalog.zones().iter().position(|known| *known.name == *zone)?;
            facts.zones.get(at)?.spot_price?
        }
        _ => facts.on_demand_price?,
    };
    Some(price.usd_per_hour())
}

/// GetProducts: on-demand prices of shared and of dedicated (bare metal) machines, all on one page.
pub(super) fn products(call: &WireCall) -> Answer {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let filter = |field: &str| {
        let filters = asked["Filters"].as_array()?;
        filters.iter().find(|filter| filter["Field"] == field)?["Value"].as_str().map(str::to_owned)
    };
    let metal = filter("productFamily").is_some_and(|family| family.contains("bare metal"));
    let region = filter("regionCode").unwrap_or_else(|| "us-east-1".to_owned());
    let types = Catalog::embedded().types().iter().filter(|facts| facts.name.contains(".metal") == metal);
    let list: Vec<String> = types
        .filter_map(|facts| Some(product(&facts.name, &region, facts.on_demand_price?).to_string()))
        .collect();
    Answer::json(&json!({ "FormatVersion": "aws_v1", "PriceList": list }))
}

/// One product, with one term and one price in it.
fn product(instance_type: &str, region: &str, price: Price) -> Value {
    json!({
        "product": {
            "productFamily": "Compute Instance",
            "attributes": { "instanceType": instance_type, "regionCode": region, "operatingSystem": "Linux" },
            "sku": instance_type,
        },
        "serviceCode": "AmazonEC2",
        "terms": { "OnDemand": { (format!("{instance_type}.JRTCKXETXF")): {
            "priceDimensions": { (format!("{instance_type}.JRTCKXETXF.6YS6EN2CT7")): {
                "unit": "Hrs",
                "pricePerUnit": { "USD": format!("{:.10}", price.usd_per_hour()) },
            } },
        } } },
    })
}
