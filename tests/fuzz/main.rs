//! Bad input of every kind: whatever is read, there is an answer or an error with a remedy, never a panic.
//!
//! Valid inputs are damaged at random, the way truncated downloads, typos and hostile hands do it. A quick run is
//! part of the tests; `PROPTEST_CASES=100000 cargo test -p joiner-tests --test fuzz` goes on for minutes.

mod damage;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use damage::{Damage, damages};
use joiner_api::read::{Assumptions, Manifests, PlanSettings, ReadErrors, Source};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{InstanceType, Quantity};
use joiner_core::scheduling::plan::{Knobs, MinValuesPolicy, PreferencePolicy, ReservedMode};
use joiner_core::scheduling::solve;
use proptest::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Manifests with every kind of object and rule among them.
fn manifests() -> Vec<String> {
    let golden = ["mixed_workload-03", "zonal_volumes-02", "daemonsets-01", "min_domains_and_policies-04"];
    let golden = golden.iter().map(|case| text(&format!("tests/golden/provision/{case}.manifests.json")));
    let yaml = ["examples/basic.yaml", "examples/inflate.yaml"].into_iter().map(text);
    let disrupt = text("tests/golden/disrupt/budgets-01.manifests.json");
    yaml.chain(golden).chain([disrupt]).collect()
}

fn check_errors(errors: &ReadErrors) {
    assert!(!errors.0.is_empty(), "an error without a problem");
    for error in &errors.0 {
        assert!(!error.problem.is_empty() && !error.remedy.is_empty(), "{error:?}");
    }
}

/// Reads and, when that worked, decides; a few types are enough for that.
fn read_and_decide(text: String, types: &Arc<Vec<InstanceType>>) {
    let catalog = Catalog::embedded();
    let manifests = match Manifests::read(&[Source { name: "fuzzed".into(), text }]) {
        Ok(manifests) => manifests,
        Err(errors) => return check_errors(&errors),
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut snapshot =
        manifests.into_snapshot(&Assumptions { now, zones: catalog.zones(), expand_workloads: true });
    // A damaged replica count may ask for very many pods; deciding on them is for the benchmarks.
    snapshot.pods.truncate(200);
    for class in &snapshot.node_classes {
        let own = catalog.instance_types(class, &AwsSettings::UNSET, &[]);
        assert_eq!(own.len(), catalog.types().len());
        snapshot.instance_types.insert(class.name.clone(), types.clone());
    }
    let knobs = Knobs {
        now,
        preference_policy: PreferencePolicy::Respect,
        min_values_policy: MinValuesPolicy::Strict,
        reserved_mode: ReservedMode::Strict,
    };
    let plan = solve(&snapshot, &knobs);
    let provisionable = snapshot.pods.iter().filter(|pod| pod.is_provisionable()).count();
    let placed: usize = plan.claims.iter().map(|claim| claim.pods.len()).sum();
    let fitting: usize = plan.existing.values().map(Vec::len).sum();
    let told = placed + fitting + plan.unschedulable.len() + plan.ignored.len();
    assert!(told >= provisionable, "{told} of {provisionable} pods are accounted for");
    for failed in &plan.unschedulable {
        assert!(!failed.why.to_string().is_empty());
    }
}

fn few_types() -> Arc<Vec<InstanceType>> {
    let class = Manifests::read(&[Source { name: "basic".into(), text: text("examples/basic.yaml") }])
        .unwrap_or_else(|errors| panic!("{errors}"))
        .into_snapshot(&Assumptions {
            now: jiff::Timestamp::UNIX_EPOCH,
            zones: Catalog::embedded().zones(),
            expand_workloads: false,
        })
        .node_classes
        .remove(0);
    let all = Catalog::embedded().instance_types(&class, &AwsSettings::UNSET, &[]);
    Arc::new(all.into_iter().step_by(40).collect())
}

fn apply(text: &str, damages: &[Damage]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    damages.iter().for_each(|damage| damage.apply(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How many cases a quick run tries; the environment may ask for more.
fn cases(quick: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(quick), failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn damaged_manifests_are_decided_on_or_refused_with_a_remedy() {
    let (sources, types) = (manifests(), few_types());
    let strategy = (0..sources.len(), damages());
    let mut runner = proptest::test_runner::TestRunner::new(cases(150));
    let outcome = runner.run(&strategy, |(source, damages)| {
        read_and_decide(apply(&sources[source], &damages), &types);
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn damaged_settings_are_read_or_refused_with_a_remedy() {
    let source = text("tests/golden/provision/unavailable_offerings-01.options.json");
    let mut runner = proptest::test_runner::TestRunner::new(cases(500));
    let outcome = runner.run(&damages(), |damages| {
        let source = Source { name: "settings".into(), text: apply(&source, &damages) };
        if let Err(errors) = PlanSettings::read(&source) {
            check_errors(&errors);
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn damaged_catalogs_are_read_or_refused() {
    let table = text("shared/catalog/data/us-east-1.tsv");
    let head: String = table.lines().take(60).flat_map(|line| [line, "\n"]).collect();
    let mut runner = proptest::test_runner::TestRunner::new(cases(300));
    let outcome = runner.run(&damages(), |damages| {
        if let Err(error) = Catalog::read(apply(&head, &damages).as_bytes()) {
            assert!(!error.to_string().is_empty());
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn damaged_events_are_translated_or_refused() {
    let events = [
        text("events/audit_unschedulable.json"),
        text("events/audit_binding.json"),
        text("events/audit_eviction429.json"),
        text("events/audit_unschedulable_0of1.json"),
    ];
    let mut runner = proptest::test_runner::TestRunner::new(cases(500));
    let outcome = runner.run(&(0..events.len(), damages()), |(event, damages)| {
        let damaged = apply(&events[event], &damages);
        if let Err(error) = joiner_app::relay::audit::translate(&damaged, jiff::Timestamp::UNIX_EPOCH) {
            assert!(!error.to_string().is_empty());
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn quantities_that_are_read_print_as_something_that_reads_the_same(text in "[-+]?[0-9]{0,22}[.]?[0-9]{0,22}([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]{1,3})?") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            let printed = quantity.to_string();
            prop_assert_eq!(printed.parse::<Quantity>(), Ok(quantity), "{} -> {}", text, printed);
        }
    }
}
