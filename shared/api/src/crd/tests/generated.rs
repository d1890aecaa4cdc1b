//! The generated CRDs: equal to the committed copies, structural, and with the details that `kubectl` shows.

use std::path::PathBuf;

use serde_json::Value;

use crate::crd::{crd_yaml, crds, patterns};

/// The folder of the committed copies.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../infra/crds")
}

/// Set this variable to write the copies anew instead of comparing them.
const UPDATE: &str = "JOINER_UPDATE_CRDS";

#[test]
fn committed_copies_equal_what_is_generated() {
    for crd in crds() {
        let name = crd.metadata.name.clone().unwrap();
        let path = folder().join(format!("{name}.yaml"));
        let generated = crd_yaml(&crd).unwrap();
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "infra/crds/{name}.yaml is stale; run the tests with {UPDATE}=1");
    }
}
