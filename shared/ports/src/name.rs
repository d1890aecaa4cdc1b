//! Names, tokens and delays: which texts and numbers may stand for what?

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct NameError {
    /// The text as given.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $admits:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads it.
            ///
            /// # Errors
            /// The text is empty, too long, or holds characters the outside would refuse.
            pub fn new(text: &str) -> Result<Self, NameError> {
                let admits: fn(&str) -> bool = $admits;
                if admits(text) {
                    Ok($name(text.into()))
                } else {
                    Err(NameError { text: text.to_owned(), what: $what })
                }
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// As shared text.
            pub fn to_arc(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                $name::new(&text)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }
    };
}

/// Names that Kubernetes takes for an object: dotted lower-case labels, at most 253 characters.
fn is_object_name(text: &str) -> bool {
    let edge = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            bytes.iter().all(|c| edge(*c) || *c == b'-')
                && bytes.first().is_some_and(|c| edge(*c))
                && bytes.last().is_some_and(|c| edge(*c))
        })
}

fn is_word(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

name!(
    /// Name of an EKS cluster: letters, digits, `-` and `_`, at most 100 characters.
    ClusterName,
    "the name of an EKS cluster",
    |text| is_word(text, 100) && text.as_bytes()[0].is_ascii_alphanumeric()
);
name!(
    /// Name of a NodeClaim.
    ClaimName,
    "the name of a NodeClaim",
    is_object_name
);
name!(
    /// EC2 instance id, such as `i-0123456789abcdef0`.
    InstanceId,
    "an instance id",
    |text| text.starts_with("i-") && is_word(text, 64)
);
name!(
    /// What makes a launch happen once: at most 64 characters, as EC2 client tokens are.
    LaunchToken,
    "a launch token",
    |text| is_word(text, 64)
);
name!(
    /// Id of a disruption command.
    CommandId,
    "the id of a command",
    |text| is_word(text, 128)
);

impl InstanceId {
    /// The instance behind a provider id, `aws:///<zone>/<instance>`.
    pub fn from_provider_id(provider_id: &str) -> Option<Self> {
        provider_id.strip_prefix("aws://")?.rsplit('/').next().and_then(|id| InstanceId::new(id).ok())
    }
}

/// 64 bits of FNV-1a over texts, each ended by a byte that no name holds: for names that follow from others.
pub fn digest(seed: u64, parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain(std::iter::once(0xff)));
    bytes.fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The digest, stirred so that the last byte reaches every bit, in ten letters and digits.
fn suffix(mut bits: u64) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    (0..10).map(|at| char::from(ALPHABET[(bits >> (5 * at)) as usize & 31])).collect()
}

impl ClaimName {
    /// The name of the claim at an index of a plan: the same lease and index give the same name, and no other
    /// lease gives it. It is stored with the intent, so a dead run is resumed under the names it chose.
    ///
    /// # Errors
    /// The pool's name is not one Kubernetes would have taken.
    pub fn derive(pool: &str, lease: &super::Lease, index: usize) -> Result<Self, NameError> {
        let (fence, since) = (lease.fence.0.to_string(), lease.acquired_at.as_nanosecond().to_string());
        let bits = digest(0, &[pool, &fence, &since, &index.to_string()]);
        ClaimName::new(&format!("{pool}-{}", suffix(bits)))
    }
}

impl LaunchToken {
    /// The token of a claim, the same whoever launches it.
    pub fn derive(cluster: &ClusterName, claim: &ClaimName, claim_uid: &str) -> Self {
        let parts = [cluster.as_str(), claim.as_str(), claim_uid];
        let text = format!("joiner-{:016x}{:016x}", digest(0, &parts), digest(0x9e37_79b9_7f4a_7c15, &parts));
        LaunchToken(text.into())
    }
}

/// The ticket of a lease: grows with every holder; effects that carry an older one are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fence(pub u64);

/// How long a message waits in the queue: whole seconds, at most 900, as SQS delays are. A later moment is
/// found again by the tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Delay(u16);

impl Delay {
    /// At once.
    pub const NONE: Delay = Delay(0);
    /// The longest there is.
    pub const LONGEST: Delay = Delay(900);

    /// A number of seconds, cut at the longest.
    pub const fn from_secs(secs: u64) -> Self {
        if secs > 900 { Delay::LONGEST } else { Delay(secs as u16) }
    }

    /// Up to a moment, rounded up so that the message never comes before it; cut at the longest.
    pub fn until(due: Timestamp, now: Timestamp) -> Self {
        let wait = due.duration_since(now).max(SignedDuration::ZERO);
        let secs = wait.as_secs().unsigned_abs() + u64::from(wait.subsec_nanos() > 0);
        Delay::from_secs(secs)
    }

    /// Whole seconds.
    pub const fn as_secs(self) -> u64 {
        self.0 as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lease;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn lease(fence: u64, second: i64) -> Lease {
        Lease { fence: Fence(fence), acquired_at: at(second), expires_at: at(second + 60) }
    }

    #[test]
    fn a_delay_never_ends_before_the_moment_and_never_exceeds_the_queue() {
        let due = Timestamp::from_millisecond(10_001).unwrap();
        assert_eq!(Delay::until(due, at(10)), Delay::from_secs(1));
        assert_eq!(Delay::until(at(9), at(10)), Delay::NONE);
        assert_eq!(Delay::until(at(911), at(10)), Delay::LONGEST);
    }

    #[test]
    fn one_lease_and_index_give_one_name_and_others_give_others() {
        let name = |fence, second, index| ClaimName::derive("general", &lease(fence, second), index).unwrap();
        assert_eq!(name(7, 100, 0), name(7, 100, 0));
        let others = [name(7, 100, 1), name(8, 100, 0), name(7, 101, 0)];
        assert!(others.iter().all(|other| *other != name(7, 100, 0)));
        assert!(name(7, 100, 0).as_str().starts_with("general-"));
    }

    #[test]
    fn tokens_fit_what_ec2_takes_and_depend_on_the_claim_object() {
        let cluster = ClusterName::new("prod").unwrap();
        let claim = ClaimName::new("general-abc").unwrap();
        let token = LaunchToken::derive(&cluster, &claim, "uid-1");
        assert_eq!(LaunchToken::new(token.as_str()), Ok(token.clone()));
        assert_ne!(token, LaunchToken::derive(&cluster, &claim, "uid-2"));
    }

    #[test]
    fn instance_ids_are_read_out_of_provider_ids() {
        let id = InstanceId::from_provider_id("aws:///us-east-1a/i-0abc").unwrap();
        assert_eq!(id.as_str(), "i-0abc");
        assert_eq!(InstanceId::from_provider_id("kind://docker/node"), None);
    }

    #[test]
    fn texts_that_are_no_names_are_refused() {
        assert!(ClusterName::new("").is_err_and(|e| e.what == "the name of an EKS cluster"));
        assert!(ClaimName::new("Upper").is_err_and(|e| e.text == "Upper"));
        assert!(ClaimName::new("ends-with-").is_err_and(|e| e.text == "ends-with-"));
    }
}
