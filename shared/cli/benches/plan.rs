//! How long does a decision take, apart from reading its input? Run with `cargo bench -p joiner-cli`.

use jiff::Timestamp;
use joiner_api::read::{Assumptions, Manifests, Source};
use joiner_catalog::Catalog;
use joiner_cli::plan::with_instance_types;
use joiner_cli::sample::{Variety, manifests};
use joiner_core::model::Snapshot;
use joiner_core::scheduling::plan::{Knobs, MinValuesPolicy, PreferencePolicy, ReservedMode};
use joiner_core::scheduling::solve;

fn main() {
    divan::main();
}

fn snapshot(count: usize, variety: Variety) -> (Snapshot, Knobs) {
    let catalog = Catalog::embedded();
    let source = Source { name: "sample".into(), text: manifests(count, variety, 42) };
    let read = Manifests::read(&[source]).expect("the generator writes valid manifests");
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
    let assumptions = Assumptions { now, zones: catalog.zones(), expand_workloads: true };
    let snapshot = with_instance_types(read.into_snapshot(&assumptions), catalog, &[]);
    let knobs = Knobs {
        now,
        preference_policy: PreferencePolicy::Respect,
        min_values_policy: MinValuesPolicy::Strict,
        reserved_mode: ReservedMode::Strict,
    };
    (snapshot, knobs)
}

#[divan::bench(args = [100, 1_000, 10_000, 20_000], sample_count = 10)]
fn diverse_pods(bencher: divan::Bencher<'_, '_>, count: usize) {
    let (snapshot, knobs) = snapshot(count, Variety::Diverse);
    bencher.bench(|| solve(&snapshot, &knobs));
}

#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 10)]
fn plain_pods(bencher: divan::Bencher<'_, '_>, count: usize) {
    let (snapshot, knobs) = snapshot(count, Variety::Plain);
    bencher.bench(|| solve(&snapshot, &knobs));
}

/// Reading manifests of a cluster's pods, as `joiner plan` does before it decides.
#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 5)]
fn reading(bencher: divan::Bencher<'_, '_>, count: usize) {
    let text = manifests(count, Variety::Diverse, 42);
    bencher
        .with_inputs(|| Source { name: "sample".into(), text: text.clone() })
        .bench_values(|source| Manifests::read(&[source]).expect("the generator writes valid manifests"));
}
