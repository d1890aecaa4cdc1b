//! How does a writer know its own work again? An answer can get lost after the write happened; the SDK then sends
//! the same request again and sees a condition fail that it made false itself. A row that carries the name of
//! the attempt tells the two cases apart.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Names for attempts, no two alike in all processes. Chance is right here: no decision looks at it.
#[derive(Debug)]
pub(super) struct Attempts {
    process: String,
    count: AtomicU64,
}

impl Attempts {
    pub(super) fn new() -> Self {
        let word = || RandomState::new().build_hasher().finish();
        Attempts { process: format!("{:016x}{:016x}", word(), word()), count: AtomicU64::new(0) }
    }

    /// A name for one call, whatever number of requests it takes.
    pub(super) fn next(&self) -> String {
        format!("{}-{}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_attempts_share_a_name() {
        let (one, other) = (Attempts::new(), Attempts::new());
        let names = std::collections::BTreeSet::from([one.next(), one.next(), other.next(), other.next()]);
        assert_eq!(names.len(), 4);
    }
}
