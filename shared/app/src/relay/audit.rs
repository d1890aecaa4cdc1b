//! An audit event of the Kubernetes API: does anyone have to look at something because of it?

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use joiner_ports::{ClaimName, Message, PendingHint, Target};
use serde::Deserialize;
use serde_json::Value;

use super::{RelayError, Translated};

const SCHEDULER: &str = "system:kube-scheduler";
/// How long steps that start from an event send themselves again.
const STEP_TERM: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuditEvent {
    kind: String,
    api_version: String,
    stage: String,
    verb: String,
    #[serde(default)]
    user: User,
    object_ref: Option<ObjectName>,
    response_status: Option<ResponseStatus>,
    #[serde(default)]
    request_object: Value,
    #[serde(default)]
    response_object: Value,
}

#[derive(Debug, Deserialize, Default)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Debug, Deserialize)]
struct ObjectName {
    resource: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
    subresource: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ResponseStatus {
    code: Option<u16>,
}

/// Translates one event. `now` bounds how long the steps it starts send themselves again.
///
/// # Errors
/// The text is not an audit event.
pub fn translate(text: &str, now: Timestamp) -> Result<Translated, RelayError> {
    let unreadable = |source| RelayError::Unreadable { what: "the audit event", source };
    let event: AuditEvent = serde_json::from_str(text).map_err(unreadable)?;
    if event.kind != "Event" || !event.api_version.starts_with("audit.k8s.io/") {
        let found = format!("{} {}", event.api_version, event.kind);
        return Err(RelayError::OfAnotherKind { wanted: "an audit event", found });
    }
    let messages = event.object_ref.as_ref().filter(|_| event.has_happened()).map(|about| {
        let again_until = now + STEP_TERM;
        match (about.resource.as_str(), about.subresource.as_deref(), event.verb.as_str()) {
            ("pods", Some("status"), "patch" | "update") => event.refused(about),
            ("pods", Some("binding"), "create") => event.bound(),
            ("pods", None, "delete") => event.pod_going(),
            ("nodes", None, "create" | "patch" | "update" | "delete") => node_changed(&about.name),
            ("nodes", Some("status"), "patch" | "update") if event.turned() => node_changed(&about.name),
            // behaviour: relay/changes-of-pools-and-classes-become-messages
            ("nodepools", None, "create" | "patch" | "update" | "delete") => {
                named(&event.name_of(about), |pool| Message::PoolChanged { pool })
            }
            ("ec2nodeclasses", None, "create" | "patch" | "update" | "delete") => {
                named(&event.name_of(about), |class| Message::ClassChanged { class })
            }
            ("nodeclaims", None, "create") => claim_step(&event.name_of(about), again_until),
            ("nodeclaims", None, "delete") => claim_going(&about.name, again_until),
            _ => Vec::new(),
        }
    });
    match messages {
        Some(messages) if !messages.is_empty() => Ok(Translated::Messages(messages)),
        Some(_) | None => Ok(event.unneeded()),
    }
}

impl AuditEvent {
    /// Whether the request is over and did something.
    fn has_happened(&self) -> bool {
        let code = self.response_status.as_ref().and_then(|status| status.code);
        self.stage == "ResponseComplete" && code.is_some_and(|code| (200..300).contains(&code))
    }

    fn unneeded(self) -> Translated {
        let resource = self.object_ref.map_or_else(String::new, |about| match about.subresource {
            Some(subresource) => format!("{}/{subresource}", about.resource),
            None => about.resource,
        });
        Translated::Unneeded { verb: self.verb, resource }
    }

    /// A pod the scheduler refused. At the level of requests there is only the change, which leaves out what was
    /// said before: a new message on the condition that it is not scheduled.
    fn refused(&self, about: &ObjectName) -> Vec<Message> {
        // behaviour: relay/unschedulable-pods-become-messages
        let whole = condition(&self.response_object, "PodScheduled");
        let by_scheduler = self.user.username == SCHEDULER;
        let refused = match (whole, condition(&self.request_object, "PodScheduled")) {
            (Some(whole), _) => whole["status"] == "False" && whole["reason"] == "Unschedulable",
            (None, Some(change)) => {
                let reason = &change["reason"];
                by_scheduler && change["status"] != "True" && (reason.is_null() || reason == "Unschedulable")
            }
            (None, None) => false,
        };
        if !refused {
            return Vec::new();
        }
        let hint =
            PendingHint::Pod { namespace: about.namespace.as_str().into(), name: about.name.as_str().into() };
        vec![Message::PodsPending { hint }]
    }

    fn bound(&self) -> Vec<Message> {
        moved(self.request_object["target"]["name"].as_str())
    }

    fn pod_going(&self) -> Vec<Message> {
        moved(self.response_object["spec"]["nodeName"].as_str())
    }

    /// Whether the ready condition of a node changed its truth: a change that only renews it leaves out when.
    fn turned(&self) -> bool {
        condition(&self.request_object, "Ready").is_some_and(|ready| !ready["lastTransitionTime"].is_null())
    }

    /// The name of what was created: the request may leave it to the server.
    fn name_of(&self, about: &ObjectName) -> String {
        self.response_object["metadata"]["name"].as_str().unwrap_or(&about.name).to_owned()
    }
}

/// A condition of an object's status, by type.
fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

fn moved(node: Option<&str>) -> Vec<Message> {
    let node: Option<Arc<str>> = node.filter(|name| !name.is_empty()).map(Into::into);
    node.map(|node| Message::PodMoved { node }).into_iter().collect()
}

fn node_changed(name: &str) -> Vec<Message> {
    if name.is_empty() { Vec::new() } else { vec![Message::NodeChanged { node: name.into() }] }
}

fn named(name: &str, message: impl FnOnce(Arc<str>) -> Message) -> Vec<Message> {
    if name.is_empty() { Vec::new() } else { vec![message(name.into())] }
}

fn claim_step(name: &str, again_until: Timestamp) -> Vec<Message> {
    ClaimName::new(name).map(|claim| Message::ClaimStep { claim, again_until }).into_iter().collect()
}

fn claim_going(name: &str, again_until: Timestamp) -> Vec<Message> {
    let target = ClaimName::new(name).map(Target::Claim);
    target.map(|target| Message::TerminateStep { target, again_until }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn translated(text: &str) -> Translated {
        translate(text, at("2026-01-01T00:00:00Z")).unwrap()
    }

    fn pending(name: &str) -> Translated {
        let hint = PendingHint::Pod { namespace: "default".into(), name: name.into() };
        Translated::Messages(vec![Message::PodsPending { hint }])
    }

    // behaviour: relay/unschedulable-pods-become-messages
    #[test]
    fn recorded_refusals_of_the_scheduler_become_messages() {
        for (text, pod) in [
            (include_str!("../../../../events/audit_unschedulable.json"), "web-798f8744c-447gs"),
            (include_str!("../../../../events/audit_unschedulable_0of1.json"), "web-798f8744c-sq98f"),
            (
                include_str!("../../../../events/audit_unschedulable_request_level.json"),
                "web-798f8744c-2zwnv",
            ),
        ] {
            assert_eq!(translated(text), pending(pod));
        }
    }

    #[test]
    fn a_recorded_binding_tells_that_a_pod_moved() {
        let text = include_str!("../../../../events/audit_binding.json");
        let node = "ip-10-0-1-2.us-west-2.compute.internal".into();
        assert_eq!(translated(text), Translated::Messages(vec![Message::PodMoved { node }]));
    }

    #[test]
    fn a_recorded_refused_eviction_is_nobodys_business() {
        let text = include_str!("../../../../events/audit_eviction429.json");
        let (verb, resource) = ("create".to_owned(), "pods/eviction".to_owned());
        assert_eq!(translated(text), Translated::Unneeded { verb, resource });
    }

    /// An event of the scheduler about a pod's status, with a condition in the request only.
    fn status(stage: &str, code: u16, condition: &str) -> String {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"{stage}","verb":"patch",
                "user":{{"username":"system:kube-scheduler"}},
                "objectRef":{{"resource":"pods","namespace":"default","name":"web","subresource":"status"}},
                "responseStatus":{{"code":{code}}},"requestObject":{{"status":{{"conditions":[{condition}]}}}}}}"#
        )
    }

    #[test]
    fn only_refusals_that_happened_count() {
        let refused = r#"{"type":"PodScheduled","status":"False","reason":"Unschedulable"}"#;
        let gated = r#"{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}"#;
        let reworded = r#"{"type":"PodScheduled","message":"0/2 nodes"}"#;
        let scheduled = r#"{"type":"PodScheduled","status":"True"}"#;
        for (stage, code, condition, counts) in [
            ("ResponseComplete", 200, refused, true),
            ("ResponseComplete", 200, reworded, true),
            ("ResponseComplete", 200, gated, false),
            ("ResponseComplete", 200, scheduled, false),
            ("ResponseComplete", 409, refused, false),
            ("RequestReceived", 200, refused, false),
        ] {
            let told = translated(&status(stage, code, condition));
            assert_eq!(told == pending("web"), counts, "{stage} {code} {condition}");
        }
    }

    fn about(resource: &str, verb: &str, request: &str) -> Translated {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let subresource =
            if subresource.is_empty() { String::new() } else { format!(r#","subresource":"{subresource}""#) };
        translated(&format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","verb":"{verb}",
                "objectRef":{{"resource":"{resource}","name":"a"{subresource}}},
                "responseStatus":{{"code":200}},"requestObject":{request}}}"#
        ))
    }

    #[test]
    fn nodes_and_claims_are_told_of_and_mere_heartbeats_are_not() {
        let node = Translated::Messages(vec![Message::NodeChanged { node: "a".into() }]);
        let again_until = at("2026-01-01T00:01:00Z");
        let claim = ClaimName::new("a").unwrap();
        let step = Message::ClaimStep { claim: claim.clone(), again_until };
        let going = Message::TerminateStep { target: Target::Claim(claim), again_until };
        assert_eq!(about("nodes", "create", "{}"), node);
        assert_eq!(about("nodeclaims", "create", "{}"), Translated::Messages(vec![step]));
        assert_eq!(about("nodeclaims", "delete", "{}"), Translated::Messages(vec![going]));
        let turned =
            r#"{"status":{"conditions":[{"type":"Ready","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}"#;
        let beat =
            r#"{"status":{"conditions":[{"type":"Ready","lastHeartbeatTime":"2026-01-01T00:00:00Z"}]}}"#;
        assert_eq!(about("nodes/status", "patch", turned), node);
        let unneeded = Translated::Unneeded { verb: "patch".to_owned(), resource: "nodes/status".to_owned() };
        assert_eq!(about("nodes/status", "patch", beat), unneeded);
    }

    // behaviour: relay/changes-of-pools-and-classes-become-messages
    #[test]
    fn pools_and_classes_are_told_of_and_what_is_written_of_them_is_not() {
        let pool = Translated::Messages(vec![Message::PoolChanged { pool: "a".into() }]);
        let class = Translated::Messages(vec![Message::ClassChanged { class: "a".into() }]);
        for verb in ["create", "patch", "update", "delete"] {
            assert_eq!(about("nodepools", verb, "{}"), pool, "{verb}");
            assert_eq!(about("ec2nodeclasses", verb, "{}"), class, "{verb}");
        }
        let resource = "nodepools/status".to_owned();
        let unneeded = Translated::Unneeded { verb: "patch".to_owned(), resource };
        assert_eq!(about("nodepools/status", "patch", "{}"), unneeded);
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        let now = at("2026-01-01T00:00:00Z");
        let garbage = translate("{\"kind\":", now).unwrap_err();
        assert_eq!(garbage.to_string(), "the audit event cannot be read");
        let pod = r#"{"kind":"Pod","apiVersion":"v1","stage":"","verb":""}"#;
        assert_eq!(translate(pod, now).unwrap_err().to_string(), "\"v1 Pod\" is not an audit event");
    }
}
