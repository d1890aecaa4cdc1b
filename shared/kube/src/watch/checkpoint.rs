//! How far has a watch come? What its successor starts from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of each kind up to which everything was noticed. Without one, a watch begins with what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    versions: BTreeMap<String, u64>,
}

impl Checkpoint {
    /// The version of a kind.
    pub(super) fn version(&self, plural: &str) -> Option<u64> {
        self.versions.get(plural).copied()
    }

    /// Everything of a kind up to a version was noticed.
    pub(super) fn reach(&mut self, plural: &str, version: u64) {
        self.versions.insert(plural.to_owned(), version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_keeps_its_written_form() {
        let mut checkpoint = Checkpoint::default();
        checkpoint.reach("pods", 12);
        checkpoint.reach("nodes", 7);
        let written = r#"{"versions":{"nodes":7,"pods":12}}"#;
        assert_eq!(serde_json::to_string(&checkpoint).unwrap(), written);
        assert_eq!(serde_json::from_str::<Checkpoint>(written).unwrap(), checkpoint);
        assert_eq!((checkpoint.version("pods"), checkpoint.version("nodepools")), (Some(12), None));
    }
}
