//! Why a request came to nothing, and what the caller does about it.

use std::fmt;

use http::StatusCode;
use http::header::{HeaderMap, RETRY_AFTER};
use joiner_ports::error::BoxError;
use joiner_ports::{ClusterError, Delay};
use serde::Deserialize;

/// Wait asked for by an answer that names none.
const DEFAULT_WAIT_SECS: u64 = 1;

/// A request came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The API server said no.
    Refused(Refusal),
    /// There was no answer, or none that can be read.
    NoAnswer(BoxError),
}

/// What the API server says with a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) code: u16,
    /// Machine-readable reason, such as `AlreadyExists`.
    pub(crate) reason: String,
    /// For people.
    pub(crate) message: String,
    /// Kinds of its causes, such as `DisruptionBudget`, and their texts.
    pub(crate) causes: Vec<(String, String)>,
    /// Seconds to wait, if it says so.
    pub(crate) retry_after_secs: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.reason, self.message)
    }
}

impl std::error::Error for Refusal {}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusBody {
    code: Option<u16>,
    reason: String,
    message: String,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    causes: Vec<Cause>,
    retry_after_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
    message: String,
}

impl Refusal {
    /// Reads an answer.
    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut told = Refusal::from_status(body, status.as_u16());
        let header = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        told.code = status.as_u16();
        told.retry_after_secs = header.or(told.retry_after_secs);
        told
    }

    /// Reads a `Status` object, such as a watch ends with; a text that is none is the message.
    pub(crate) fn from_status(body: &[u8], code: u16) -> Self {
        let status: StatusBody = serde_json::from_slice(body).unwrap_or_else(|_| StatusBody {
            message: String::from_utf8_lossy(&body[..body.len().min(300)]).trim().to_owned(),
            ..StatusBody::default()
        });
        Refusal {
            code: status.code.unwrap_or(code),
            reason: status.reason,
            message: status.message,
            causes: status.details.causes.into_iter().map(|cause| (cause.reason, cause.message)).collect(),
            retry_after_secs: status.details.retry_after_seconds,
        }
    }

    /// The text of a cause of this kind.
    pub(crate) fn cause(&self, kind: &str) -> Option<&str> {
        self.causes.iter().find(|(reason, _)| reason == kind).map(|(_, message)| message.as_str())
    }

    fn wait(&self) -> Delay {
        Delay::from_secs(self.retry_after_secs.unwrap_or(DEFAULT_WAIT_SECS).max(1))
    }

    /// What someone can do about it.
    fn remedy(&self) -> &'static str {
        match self.code {
            401 => "; let this role into the cluster with an access entry",
            403 => "; apply the ClusterRole of this release and bind it to the role's group",
            422 => "; apply the CRDs of this release, or correct the object",
            _ => "",
        }
    }
}

impl Failure {
    /// The refusal with this code.
    pub(crate) fn refused(&self, code: u16) -> Option<&Refusal> {
        match self {
            Failure::Refused(refusal) if refusal.code == code => Some(refusal),
            Failure::Refused(_) | Failure::NoAnswer(_) => None,
        }
    }

    /// Sorted by what the caller does next; `what` names the object.
    pub(crate) fn about(self, what: impl fmt::Display) -> ClusterError {
        let refusal = match self {
            Failure::Refused(refusal) => refusal,
            Failure::NoAnswer(source) => return ClusterError::Unavailable(source),
        };
        match refusal.code {
            404 => ClusterError::Gone(what.to_string()),
            409 | 410 => ClusterError::Conflict(what.to_string()),
            429 => ClusterError::Throttled(refusal.wait()),
            500.. if refusal.retry_after_secs.is_some() => ClusterError::Throttled(refusal.wait()),
            500.. => ClusterError::Unavailable(Box::new(refusal)),
            _ => ClusterError::Rejected(format!("{what}: {refusal}{}", refusal.remedy())),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(code: u16, headers: &[(&'static str, &'static str)], body: &str) -> String {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let refusal = Refusal::read(StatusCode::from_u16(code).unwrap(), &headers.collect(), body.as_bytes());
        match Failure::from(refusal).about("NodeClaim a") {
            ClusterError::Unavailable(source) => format!("unavailable: {source}"),
            other => other.to_string(),
        }
    }

    #[test]
    fn refusals_are_sorted_by_what_comes_next() {
        let status = |reason: &str| format!(r#"{{"kind":"Status","reason":"{reason}","message":"m"}}"#);
        let retry = [("retry-after", "7")];
        for (code, headers, reason, next) in [
            (404, &[][..], "NotFound", "NodeClaim a is gone"),
            (409, &[], "Conflict", "NodeClaim a changed meanwhile"),
            (429, &retry, "TooManyRequests", "the API server asks to wait 7 s"),
            (429, &[], "TooManyRequests", "the API server asks to wait 1 s"),
            (503, &retry, "ServiceUnavailable", "the API server asks to wait 7 s"),
            (500, &[], "InternalError", "unavailable: 500 InternalError: m"),
            (
                403,
                &[],
                "Forbidden",
                "the API server refuses: NodeClaim a: 403 Forbidden: m; apply the ClusterRole of this release and bind it to the role's group",
            ),
        ] {
            assert_eq!(sorted(code, headers, &status(reason)), next);
        }
    }

    #[test]
    fn an_answer_that_is_no_status_is_quoted() {
        assert_eq!(sorted(502, &[], "<html>bad gateway"), "unavailable: 502 : <html>bad gateway");
    }

    #[test]
    fn a_refused_eviction_names_its_cause() {
        let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
            "message":"Cannot evict pod as it would violate the pod's disruption budget.","reason":"TooManyRequests",
            "details":{"causes":[{"reason":"DisruptionBudget",
            "message":"The disruption budget web needs 3 healthy pods and has 3 currently"}]},"code":429}"#;
        let refusal = Refusal::read(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), body.as_bytes());
        let cause = "The disruption budget web needs 3 healthy pods and has 3 currently";
        assert_eq!(refusal.cause("DisruptionBudget"), Some(cause));
    }
}
