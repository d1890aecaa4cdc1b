//! What does a dead letter say, and why was it given up?

use joiner_aws::queue::dead_letters::DeadLetter;
use joiner_ports::{ClusterName, Duty};
use joiner_runtime::{ClusterConfig, record};
use serde_json::{Value, json};

use crate::reach::told;

/// A body is shown up to here in a list.
const LONGEST_EXCERPT: usize = 100;

/// A letter with the function that gave it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) duty: Duty,
    pub(super) id: String,
    body: String,
    clusters: Vec<String>,
    kinds: Vec<&'static str>,
    reason: String,
}

impl Letter {
    /// Reads a letter as the function would; when no clusters are named, that of the message is taken as served.
    pub(super) fn read(duty: Duty, letter: DeadLetter, served: &[ClusterName]) -> Self {
        let own = letter.envelope.as_ref().map(|envelope| envelope.cluster.clone());
        let names = if served.is_empty() { own.into_iter().collect() } else { served.to_vec() };
        let clusters: Vec<ClusterConfig> = names.into_iter().map(config).collect();
        let (envelopes, reason) = match record::read(duty, &letter.body, clusters.iter()) {
            Ok(envelopes) => (envelopes, handled_in_vain(duty)),
            Err(fault) => (Vec::from_iter(letter.envelope), told(&fault)),
        };
        Letter {
            duty,
            id: letter.id,
            body: letter.body,
            clusters: envelopes.iter().map(|envelope| envelope.cluster.to_string()).collect(),
            kinds: envelopes.iter().map(|envelope| envelope.message.kind()).collect(),
            reason,
        }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "function": self.duty.as_str(),
            "id": self.id,
            "clusters": self.clusters,
            "kinds": self.kinds,
            "reason": self.reason,
            "body": self.body,
        })
    }

    /// For a list.
    pub(super) fn in_short(&self) -> String {
        let what = if self.kinds.is_empty() { excerpt(&self.body) } else { self.about() };
        format!("{}  {}  {what}\n    {}\n", self.id, self.duty.as_str(), self.reason)
    }

    /// All of it.
    pub(super) fn in_full(&self) -> String {
        let body = serde_json::from_str::<Value>(&self.body);
        let body = body.map_or_else(|_| self.body.clone(), |value| format!("{value:#}"));
        let about = if self.kinds.is_empty() { "nothing that is handled".to_owned() } else { self.about() };
        let (id, function, reason) = (&self.id, self.duty.as_str(), &self.reason);
        format!("id:       {id}\nfunction: {function}\nasks for: {about}\nreason:   {reason}\n\n{body}\n")
    }

    fn about(&self) -> String {
        let each =
            self.kinds.iter().zip(&self.clusters).map(|(kind, cluster)| format!("{kind} in {cluster}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

fn config(name: ClusterName) -> ClusterConfig {
    ClusterConfig { name, region: None, role: None, kubeconfig: None, source: None }
}

fn handled_in_vain(duty: Duty) -> String {
    format!(
        "it can be read; handling it failed each time or took too long: the log of the function {} tells why",
        duty.as_str()
    )
}

fn excerpt(body: &str) -> String {
    let line: String =
        body.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_EXCERPT).collect();
    if body.chars().count() > LONGEST_EXCERPT { format!("{line}…") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: &str, served: &[&str]) -> Letter {
        let envelope = serde_json::from_str(body).ok();
        let dead = DeadLetter { id: "7".to_owned(), body: body.to_owned(), envelope };
        let served: Vec<ClusterName> = served.iter().map(|name| ClusterName::new(*name).unwrap()).collect();
        Letter::read(Duty::Lifecycle, dead, &served)
    }

    const SWEEP: &str = r#"{"cluster":"prod","message":{"kind":"sweep"}}"#;

    #[test]
    fn a_message_that_can_be_read_failed_in_its_handling() {
        let expected = "7  lifecycle  sweep in prod\n    it can be read; handling it failed each time or took too long: \
                        the log of the function lifecycle tells why\n";
        assert_eq!(letter(SWEEP, &[]).in_short(), expected);
    }

    #[test]
    fn garbage_and_strangers_are_told_as_the_function_tells_them() {
        let garbage = letter("nonsense", &[]);
        assert_eq!((garbage.kinds.len(), garbage.clusters.len()), (0, 0));
        assert!(
            garbage
                .in_short()
                .starts_with("7  lifecycle  nonsense\n    the body is no message of this product")
        );
        let stranger = letter(SWEEP, &["test"]);
        assert_eq!(
            stranger.reason,
            "the cluster prod is not served here; add it to JOINER_CLUSTERS, or see who sends this"
        );
    }

    #[test]
    fn one_letter_is_shown_with_its_body() {
        let shown = letter(SWEEP, &[]).in_full();
        assert!(shown.starts_with("id:       7\nfunction: lifecycle\nasks for: sweep in prod\n"), "{shown}");
        assert!(
            shown.ends_with(
                "\n{\n  \"cluster\": \"prod\",\n  \"message\": {\n    \"kind\": \"sweep\"\n  }\n}\n"
            )
        );
    }
}
