//! How long does a decision take, apart from reading its input? Run with `cargo bench -p joiner-cli`.

use jiff::Timestamp;
use joiner_api::read::{Assumptions, Manifests, Source};
use joiner_catalog::Catalog;
use joiner_cli::disrupt::rounds;
use joiner_cli::plan::{Question, with_instance_types};
use joiner_cli::sample::{Variety, cluster, manifests};
use joiner_core::model::Snapshot;
use joiner_core::scheduling::plan::{Knobs, MinValuesPolicy, PreferencePolicy, Removal, ReservedMode};
use joiner_core::scheduling::{Ground, solve};

fn main() {
    divan::main();
}

fn snapshot(count: usize, variety: Variety) -> (Snapshot, Knobs) {
    world(manifests(count, variety, 42))
}

fn world(text: String) -> (Snapshot, Knobs) {
    let catalog = Catalog::embedded();
    let source = Source { name: "sample".into(), text };
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

/// Which nodes would go: a look at all methods over clusters of 20 pods a node.
#[divan::bench(args = [100, 1_000, 5_000], sample_count = 5)]
fn disruption(bencher: divan::Bencher<'_, '_>, nodes: usize) {
    let (snapshot, knobs) = world(cluster(nodes, 20, 42));
    let question = Question {
        snapshot,
        knobs,
        disrupt: true,
        rules: joiner_core::disruption::consolidation::ConsolidationRules::REFERENCE,
    };
    bencher.bench(|| rounds(&question));
}

/// The most that looking at each node alone can take: every node is simulated away, one after the other.
#[divan::bench(args = [100, 1_000, 5_000], sample_count = 5)]
fn every_node_alone(bencher: divan::Bencher<'_, '_>, nodes: usize) {
    let (snapshot, knobs) = world(cluster(nodes, 20, 42));
    bencher.bench(|| {
        let mut ground = Ground::new(&snapshot, &knobs);
        for node in &snapshot.nodes {
            let removal = Removal { nodes: [node.name.clone()].into(), ..Removal::default() };
            divan::black_box(ground.simulate(&removal));
        }
    });
}

/// Reading manifests of a cluster's pods, as `joiner plan` does before it decides.
#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 5)]
fn reading(bencher: divan::Bencher<'_, '_>, count: usize) {
    let text = manifests(count, Variety::Diverse, 42);
    bencher
        .with_inputs(|| Source { name: "sample".into(), text: text.clone() })
        .bench_values(|source| Manifests::read(&[source]).expect("the generator writes valid manifests"));
}
