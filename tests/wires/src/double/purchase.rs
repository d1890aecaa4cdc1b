//! How does a machine of a fleet come into being? moto runs it, with what the launch template says of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hyper::http::request::Parts;

use super::answer::texts;
use super::call::{WireCall, encode};
use super::fleet::Listing;
use super::upstream::{WireError, forward};

/// Runs one machine: its id, or the code and the message by which moto refuses.
pub(super) async fn run(
    listing: &Listing,
    fleet: &WireCall,
    head: &Parts,
    moto: SocketAddr,
) -> Result<Result<String, (String, String)>, WireError> {
    let answer = forward(moto, head, encode(&request(listing, fleet))).await?;
    let xml = String::from_utf8_lossy(&answer.body).into_owned();
    let first = |element: &str| texts(&xml, element).first().map(|text| (*text).to_owned());
    if answer.status != 200 {
        let code = first("Code").unwrap_or_else(|| "InternalError".to_owned());
        return Ok(Err((code, first("Message").unwrap_or_default())));
    }
    Ok(first("instanceId").ok_or_else(|| ("InternalError".to_owned(), "no instance id".to_owned())))
}

/// The request to moto.
fn request(listing: &Listing, fleet: &WireCall) -> BTreeMap<String, String> {
    let template = |key: &str| listing.template.get(&format!("LaunchTemplateData.{key}")).cloned();
    let mut request: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            request.insert(key.to_owned(), value);
        }
    };
    put("Action", Some("RunInstances".to_owned()));
    put("Version", Some("2016-11-15".to_owned()));
    put("MinCount", Some("1".to_owned()));
    put("MaxCount", Some("1".to_owned()));
    put("InstanceType", Some(listing.get("InstanceType").to_owned()));
    put("ImageId", listing.overrides.get("ImageId").cloned().or_else(|| template("ImageId")));
    put("SubnetId", Some(listing.get("SubnetId").to_owned()));
    put("UserData", template("UserData"));
    put("IamInstanceProfile.Name", template("IamInstanceProfile.Name"));
    if listing.capacity_type == "spot" {
        put("InstanceMarketOptions.MarketType", Some("spot".to_owned()));
    }
    for number in 1.. {
        let group = template(&format!("NetworkInterface.1.SecurityGroupId.{number}"));
        let Some(group) = group else { break };
        put(&format!("SecurityGroupId.{number}"), Some(group));
    }
    let mut at = 0;
    for tags in fleet.list("TagSpecification") {
        let on_machine = |kind: &String| kind == "instance" || kind == "volume";
        if tags.get("ResourceType").is_some_and(on_machine) {
            at += 1;
            for (key, value) in tags {
                put(&format!("TagSpecification.{at}.{key}"), Some(value));
            }
        }
    }
    request
}
