//! On-demand prices from the price list: what is asked, and what its answers mean (aws 2). The client is made for
//! a region that serves the list.

use std::collections::BTreeMap;

use aws_sdk_pricing::Client;
use aws_sdk_pricing::types::{Filter, FilterType};
use joiner_ports::BoxError;
use serde::Deserialize;

/// Largest page of the price list.
const PRODUCTS_PER_PAGE: i32 = 100;

/// The two kinds of machine that are asked for: virtual ones on shared hosts, and bare metal.
const PRODUCTS: [(&str, &str); 2] =
    [("Shared", "Compute Instance"), ("Dedicated", "Compute Instance (bare metal)")];

/// Whether the price list can be asked about a region: it cannot from the isolated partitions (aws 2).
pub(super) fn are_listed(region: &str) -> bool {
    // behaviour: catalog/isolated-regions-have-no-price-list
    !["us-gov-", "us-iso", "eu-iso"].iter().any(|isolated| region.starts_with(isolated))
}

/// Dollars (in China: yuan) per hour by type. Either kind of machine without a single price is an error: the
/// answer cannot be whole.
pub(super) async fn on_demand(price_list: &Client, region: &str) -> Result<BTreeMap<String, f64>, BoxError> {
    let [virtual_machines, bare_metal] = PRODUCTS;
    let (virtual_machines, bare_metal) = futures::join!(
        products(price_list, region, virtual_machines),
        products(price_list, region, bare_metal)
    );
    let (mut prices, bare_metal) = (virtual_machines?, bare_metal?);
    if prices.is_empty() || bare_metal.is_empty() {
        return Err(format!("the price list has no products of region {region}").into());
    }
    prices.extend(bare_metal);
    Ok(prices)
}

async fn products(
    price_list: &Client,
    region: &str,
    (tenancy, family): (&str, &str),
) -> Result<BTreeMap<String, f64>, BoxError> {
    let filters = [
        ("regionCode", region),
        ("serviceCode", "AmazonEC2"),
        ("preInstalledSw", "NA"),
        ("operatingSystem", "Linux"),
        ("capacitystatus", "Used"),
        ("marketoption", "OnDemand"),
        ("tenancy", tenancy),
        ("productFamily", family),
    ];
    let mut request = price_list.get_products().service_code("AmazonEC2").max_results(PRODUCTS_PER_PAGE);
    for (field, value) in filters {
        request = request
            .filters(Filter::builder().r#type(FilterType::TermMatch).field(field).value(value).build()?);
    }
    let mut prices = BTreeMap::new();
    let mut token: Option<String> = None;
    loop {
        let page = request.clone().set_next_token(token).send().await?;
        for product in page.price_list() {
            prices.extend(serde_json::from_str::<Product>(product)?.price());
        }
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(prices);
        }
    }
}

/// One product of the list, as far as its price.
#[derive(Debug, Deserialize)]
struct Product {
    product: Described,
    terms: Terms,
}

#[derive(Debug, Deserialize)]
struct Described {
    attributes: Attributes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    instance_type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Terms {
    #[serde(rename = "OnDemand", default)]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    #[serde(default)]
    price_per_unit: BTreeMap<String, String>,
}

impl Product {
    /// Its type and what an hour costs. A price of zero is none: the list has such lines for reserved capacity.
    fn price(self) -> Option<(String, f64)> {
        let name = self.product.attributes.instance_type?;
        let dimensions = self.terms.on_demand.values().flat_map(|term| term.price_dimensions.values());
        let amounts = dimensions.flat_map(|dimension| {
            let amount = |currency| dimension.price_per_unit.get(currency);
            amount("USD").or_else(|| amount("CNY"))
        });
        let price = amounts.filter_map(|amount| amount.parse::<f64>().ok()).find(|amount| *amount > 0.0)?;
        Some((name, price))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(price_per_unit: &str) -> Option<(String, f64)> {
        let text = format!(
            r#"{{"product":{{"productFamily":"Compute Instance","attributes":{{"instanceType":"m5.large",
            "vcpu":"2"}},"sku":"2ZP4J8GPBP6QFK3Y"}},"serviceCode":"AmazonEC2","terms":{{"OnDemand":{{
            "2ZP4J8GPBP6QFK3Y.JRTCKXETXF":{{"priceDimensions":{{"2ZP4J8GPBP6QFK3Y.JRTCKXETXF.6YS6EN2CT7":{{
            "unit":"Hrs","pricePerUnit":{price_per_unit}}}}},"sku":"2ZP4J8GPBP6QFK3Y"}}}}}}}}"#
        );
        serde_json::from_str::<Product>(&text).unwrap().price()
    }

    #[test]
    fn a_product_has_a_price_in_its_currency_unless_it_is_zero() {
        let priced = |usd| Some(("m5.large".to_owned(), usd));
        assert_eq!(product(r#"{"USD":"0.0960000000"}"#), priced(0.096));
        assert_eq!(product(r#"{"CNY":"0.9"}"#), priced(0.9));
        assert_eq!(product(r#"{"USD":"0.0000000000"}"#), None);
        assert_eq!(product(r#"{"USD":"free"}"#), None);
    }

    // behaviour: catalog/isolated-regions-have-no-price-list
    #[test]
    fn isolated_regions_have_no_price_list() {
        for (region, listed) in [
            ("us-east-1", true),
            ("eu-west-1", true),
            ("cn-north-1", true),
            ("us-gov-west-1", false),
            ("us-iso-east-1", false),
            ("eu-isoe-west-1", false),
        ] {
            assert_eq!(are_listed(region), listed, "{region}");
        }
    }
}
