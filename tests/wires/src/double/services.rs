//! What moto lacks: reservations, placement groups, access entries, published parameters, prices. And what the double
//! must learn from calls that go on to moto, or say otherwise than moto does.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::answer::{Answer, escape, texts};
use super::call::WireCall;
use super::script::{ListedReservation, Script};
use super::{images, prices};

/// Parameters that AWS publishes begin so; moto has none of those for images of nodes.
const PUBLISHED: [&str; 3] =
    ["/aws/service/eks/", "/aws/service/bottlerocket/", "/aws/service/ami-windows-latest/"];

/// The answer to a call that moto is not asked about.
pub(super) fn answer(call: &WireCall, script: &Script) -> Option<Answer> {
    match (call.service.as_str(), call.operation.as_str()) {
        ("pricing", "GetProducts") => Some(prices::products(call)),
        ("ec2", "DescribeCapacityReservations") => Some(reservations(call, script)),
        ("ec2", "DescribePlacementGroups") => Some(Answer::ec2(&call.operation, "<placementGroupSet/>")),
        ("ec2", "EnableImageDeprecation") => Some(images::deprecate(call, script)),
        ("ssm", "GetParameter") => parameter(call, script),
        ("eks", operation) if operation.contains("/access-entries") => Some(access_entries(call, script)),
        _ => None,
    }
}

/// Looks at an answer of moto on its way to the client.
pub(super) fn after(call: &WireCall, answer: Answer, script: &Script) -> Answer {
    if call.service != "ec2" || answer.status != 200 {
        return answer;
    }
    let xml = String::from_utf8_lossy(&answer.body).into_owned();
    match call.operation.as_str() {
        "CreateLaunchTemplate" => {
            let mut template = call.params.clone();
            let id = texts(&xml, "launchTemplateId").first().map(|id| (*id).to_owned()).unwrap_or_default();
            template.insert("LaunchTemplateId".to_owned(), id);
            let name = call.param("LaunchTemplateName").unwrap_or_default().to_owned();
            script.lock().templates.insert(name, template);
            answer
        }
        "DeleteLaunchTemplate" => {
            let (name, id) = (call.param("LaunchTemplateName"), call.param("LaunchTemplateId"));
            script.lock().templates.retain(|known, template| {
                Some(known.as_str()) != name
                    && (id.is_none() || template.get("LaunchTemplateId").map(String::as_str) != id)
            });
            answer
        }
        "RegisterImage" => {
            images::registered(call, &answer, script);
            answer
        }
        "DescribeImages" => images::described(answer, script),
        "DescribeSubnets" => {
            let body = Bytes::from(with_free_addresses(xml, script));
            Answer { body, ..answer }
        }
        _ => answer,
    }
}

/// Puts the test's counts of free addresses in place of those of moto.
fn with_free_addresses(mut xml: String, script: &Script) -> String {
    for (subnet, count) in &script.lock().free_addresses {
        let Some(at) = xml.find(&format!("<subnetId>{subnet}</subnetId>")) else { continue };
        // The count is a sibling of the id: the nearest on either side is that of the same subnet, unless the
        // other side's is between; siblings come in one order for all subnets of an answer.
        let first_id = xml.find("<subnetId>").unwrap_or(0);
        let first_count = xml.find("<availableIpAddressCount>").unwrap_or(0);
        let open = if first_count < first_id {
            xml[..at].rfind("<availableIpAddressCount>")
        } else {
            xml[at..].find("<availableIpAddressCount>").map(|offset| at + offset)
        };
        let Some(open) = open else { continue };
        let start = open + "<availableIpAddressCount>".len();
        let Some(length) = xml[start..].find('<') else { continue };
        xml.replace_range(start..start + length, &count.to_string());
    }
    xml
}

fn reservations(call: &WireCall, script: &Script) -> Answer {
    let ids: Vec<String> =
        call.list("CapacityReservationId").iter().filter_map(|member| member.get("").cloned()).collect();
    let filters = call.list("Filter");
    let tag_filters: Vec<(String, Vec<String>)> = filters
        .iter()
        .filter_map(|filter| {
            let key = filter.get("Name")?.strip_prefix("tag:")?.to_owned();
            let values = super::call::members(filter, "Value");
            Some((key, values.iter().filter_map(|value| value.get("").cloned()).collect()))
        })
        .collect();
    let state = script.lock();
    let matching = state.reservations.values().filter(|held| {
        (ids.is_empty() || ids.contains(&held.id))
            && tag_filters
                .iter()
                .all(|(key, values)| held.tags.get(key).is_some_and(|tag| values.contains(tag)))
    });
    let items: String = matching.map(reservation).collect();
    Answer::ec2(&call.operation, &format!("<capacityReservationSet>{items}</capacityReservationSet>"))
}

fn reservation(held: &ListedReservation) -> String {
    let tags: String = held
        .tags
        .iter()
        .map(|(key, value)| {
            format!("<item><key>{}</key><value>{}</value></item>", escape(key), escape(value))
        })
        .collect();
    format!(
        "<item><capacityReservationId>{}</capacityReservationId><ownerId>123456789012</ownerId>\
         <instanceType>{}</instanceType><instancePlatform>Linux/UNIX</instancePlatform>\
         <availabilityZone>{}</availabilityZone><tenancy>default</tenancy>\
         <totalInstanceCount>{}</totalInstanceCount>\
         <availableInstanceCount>{}</availableInstanceCount><state>active</state>\
         <endDateType>unlimited</endDateType><instanceMatchCriteria>targeted</instanceMatchCriteria>\
         <reservationType>{}</reservationType><tagSet>{tags}</tagSet></item>",
        held.id, held.instance_type, held.zone, held.total, held.available, held.kind
    )
}

fn parameter(call: &WireCall, script: &Script) -> Option<Answer> {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let name = asked["Name"].as_str().unwrap_or_default();
    let value = script.lock().parameters.get(name).cloned();
    match value {
        Some(value) => Some(Answer::json(&json!({
            "Parameter": { "Name": name, "Type": "String", "Value": value, "Version": 1 }
        }))),
        None if PUBLISHED.iter().any(|start| name.starts_with(start)) => {
            Some(Answer::error(call, 400, "ParameterNotFound", &format!("Parameter {name} not found.")))
        }
        None => None,
    }
}

/// `<method> /clusters/<cluster>/access-entries[/<principal>]`
fn access_entries(call: &WireCall, script: &Script) -> Answer {
    let (method, path) = call.operation.split_once(' ').unwrap_or_default();
    let path = path.replace("%3A", ":").replace("%2F", "/");
    let (cluster, principal) = path.split_once("/access-entries").unwrap_or_default();
    let cluster = cluster.trim_start_matches("/clusters/").to_owned();
    let principal = principal.trim_start_matches('/').to_owned();
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let mut state = script.lock();
    match method {
        "POST" => {
            let principal = asked["principalArn"].as_str().unwrap_or_default().to_owned();
            let key = (cluster.clone(), principal.clone());
            if state.access_entries.contains_key(&key) {
                let message = "The specified access entry resource is already in use on this cluster.";
                return Answer::error(call, 409, "ResourceInUseException", message);
            }
            let entry = json!({
                "clusterName": cluster,
                "principalArn": principal,
                "type": asked["type"].as_str().unwrap_or("STANDARD"),
                "kubernetesGroups": asked["kubernetesGroups"].as_array().cloned().unwrap_or_default(),
                "tags": asked["tags"].as_object().cloned().unwrap_or_default(),
            });
            state.access_entries.insert(key, entry.clone());
            Answer::json(&json!({ "accessEntry": entry }))
        }
        "GET" if principal.is_empty() => {
            let own = state.access_entries.keys().filter(|(of, _)| *of == cluster);
            let principals: Vec<&String> = own.map(|(_, principal)| principal).collect();
            Answer::json(&json!({ "accessEntries": principals }))
        }
        _ => {
            let key = (cluster, principal);
            let found = state.access_entries.get(&key).cloned();
            if method == "DELETE" {
                state.access_entries.remove(&key);
            }
            match found {
                Some(_) if method == "DELETE" => Answer::json(&json!({})),
                Some(entry) => Answer::json(&json!({ "accessEntry": entry })),
                None => {
                    let message = "The specified access entry does not exist.";
                    Answer::error(call, 404, "ResourceNotFoundException", message)
                }
            }
        }
    }
}
