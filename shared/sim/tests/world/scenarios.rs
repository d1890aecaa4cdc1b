//! Scenarios as data: what there is and what the user does above the arrow, what people see below it.
//!
//! `JOINER_UPDATE=1` writes what is seen now; look at the difference before keeping it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use joiner_sim::log::EntryKind;
use joiner_sim::product;
use joiner_sim::timeline::Timeline;

use crate::support::{WORKSHOP, deployment, scenario};

const ARROW: &str = "=>\n";

/// Plays the input of a scenario. Lines: `workshop`, `pool without class`, `spot`, a `kind name cpu memory`
/// of pods, and script lines, which begin with a time.
fn seen(input: &str) -> String {
    let (mut yaml, mut script) = (String::new(), String::new());
    for line in input.lines().filter(|line| !line.starts_with('#')) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["workshop"] => yaml += WORKSHOP,
            ["workshop", "spot"] => {
                yaml += &WORKSHOP.replace("values: [\"on-demand\"]", "values: [\"on-demand\", \"spot\"]");
            }
            ["pool", "without", "class"] => yaml += WORKSHOP.split("---").next().unwrap(),
            [kind, name, cpu, memory] if !kind.starts_with(|c: char| c.is_ascii_digit()) => {
                let made =
                    deployment(name, cpu, memory).replace("kind: Deployment", &format!("kind: {kind}"));
                yaml += &if kind == "DaemonSet" { made.replace("  replicas: 0\n", "") } else { made };
            }
            ["spread", "over", "zones"] => {
                let spread = "
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: web}}
      containers:";
                yaml = yaml.replace("\n      containers:", spread);
            }
            _ => script += &format!("{line}\n"),
        }
    }
    let run = scenario(1, &yaml, &script);
    let timeline = Timeline::starting_at(run.world().agenda.start());
    // What is alike within ten seconds is one line, and times are left out: neither says what was decided.
    let mut timeline = timeline.telling_together(Duration::from_secs(10));
    let mut lines = Vec::new();
    let (report, _) = run.play(product::handler, &mut |_, entries| {
        // Proposals that come to nothing depend on the moment of the tick.
        let told = entries.iter().filter(|entry| entry.kind != EntryKind::Proposed);
        lines.extend(told.flat_map(|entry| timeline.feed(entry)));
    });
    lines.extend(timeline.flush());
    let rows = format!(
        "{} nodes launched, {} left, at most {} vCPU; {} of {} pods ran",
        report.nodes_launched,
        report.nodes_left,
        report.peak_cpu_milli / 1000,
        report.pods_ran,
        report.pods_created
    );
    assert_eq!(report.violations, Vec::<String>::new());
    let waiting = report.pods_waiting.iter().map(|pod| format!("{} waits: {}", pod.name, pod.why));
    let unused = report.pools_unused.iter().map(|pool| format!("pool {} not used: {}", pool.name, pool.why));
    let lines =
        lines.iter().map(|line| timeless(line)).chain([String::new(), rows]).chain(waiting).chain(unused);
    lines.map(|line| line + "\n").collect()
}

/// A line without its time, without how long pods waited, and with claims by their pool.
fn timeless(line: &str) -> String {
    let told = line.trim_start().split_once(' ').map_or("", |(_, told)| told.trim_start());
    let told = told.split(" after ").next().unwrap_or_default();
    let word = |word: &str| match word.split_once('-') {
        Some(("default", name)) if name.len() == 10 => "default-*".to_owned(),
        _ => word.to_owned(),
    };
    told.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/world/scenarios/{name}.txt"));
    let text = fs::read_to_string(&file).unwrap();
    let (input, expected) = text.split_once(ARROW).unwrap_or((&text, ""));
    let seen = seen(input);
    if std::env::var_os("JOINER_UPDATE").is_some() {
        fs::write(&file, format!("{input}{ARROW}{seen}")).unwrap();
        return;
    }
    assert!(seen == expected, "{name} now shows:\n{seen}");
}

#[test]
fn twelve_pods_get_one_machine_that_goes_when_they_have_gone() {
    check("up_and_down");
}

#[test]
fn a_pod_past_the_limit_waits_and_is_told_why() {
    check("limit");
}

#[test]
fn without_a_pool_nothing_happens_and_the_reason_is_said() {
    check("no_pool");
}

#[test]
fn a_pool_whose_class_is_missing_is_not_used_and_says_so() {
    check("missing_class");
}

#[test]
fn refused_capacity_is_bought_in_another_way() {
    check("refused_capacity");
}

#[test]
fn a_hard_spread_gets_a_machine_in_every_zone_it_needs() {
    check("spread");
}

#[test]
fn stateful_pods_start_one_after_the_other_on_what_is_there() {
    check("stateful");
}

#[test]
fn daemons_are_counted_when_a_machine_is_chosen_and_do_not_keep_it() {
    check("daemons");
}
