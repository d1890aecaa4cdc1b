//! Every manifest of the recorded cases is read without a fault and without a defect.

use std::path::{Path, PathBuf};

use joiner_api::read::{Assumptions, Manifests, Source};

fn manifests(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|file| file.to_string_lossy().ends_with(".manifests.json"));
    files.sort();
    files
}

#[test]
fn every_recorded_manifest_is_read_without_fault_or_defect() {
    let files = [manifests("provision"), manifests("disrupt")].concat();
    assert!(files.len() >= 220, "found {} recorded manifests", files.len());
    for file in files {
        let sources = Source::open(&file.to_string_lossy(), "demo").unwrap();
        let manifests = Manifests::read(&sources).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(manifests.notes.is_empty(), "{}: {:?}", file.display(), manifests.notes);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let snapshot = manifests.into_snapshot(&Assumptions { now, zones: &[], expand_workloads: true });
        for pod in &snapshot.pods {
            assert_eq!(pod.defects, Vec::<String>::new(), "{}: {}", file.display(), pod.key);
        }
        let is_peopled = !snapshot.pods.is_empty() || !snapshot.nodes.is_empty();
        assert!(!snapshot.node_pools.is_empty() && is_peopled, "{}", file.display());
    }
}
