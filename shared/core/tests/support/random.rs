//! Random small worlds, as scripts: what fails can be read and pasted into a test.

use proptest::collection::vec;
use proptest::sample::select;
use proptest::strategy::{Just, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// A line's words of one sort; what stands there more often is drawn more often.
type Words = &'static [&'static str];

const POOL: &[Words] = &[
    &["", "", "zone=a", "zone=b|c", "zone=a|b|c", "need=zone!=a"],
    &["", "", "cap=spot", "cap=on-demand"],
    &["", "", "", "taint=x:NoSchedule", "taint=x:PreferNoSchedule"],
    &["", "", "label=team:a", "need=team=a|b", "need=team?"],
    &["", "weight=5"],
];
const LIMITED: &[Words] = &[&["", "", "limit=cpu:20", "limit=nodes:2"], &["", "", "", "need=type?~3"]];
const NODE: &[Words] = &[
    &["type=s", "type=m", "type=l", "type=arm.s"],
    &["zone=a", "zone=b", "zone=c", "zone=none"],
    &["", "", "pool=p0", "pool=p1 uninit", "noclaim", "nonode pool=p0", "marked pool=p0"],
    &["", "", "", "taint=x:NoSchedule", "taint=x:PreferNoSchedule"],
    &["", "", "label=team:a", "label=team:b"],
];
const POD: &[Words] = &[
    &["", "x2", "x3"],
    &["cpu=100m", "cpu=500m", "cpu=1", "cpu=1800m", "cpu=3", "cpu=14", "gpu=1"],
    &["", "mem=500Mi", "mem=3Gi", "mem=20Gi"],
    &["", "", "", "sel=zone:a", "need=zone=b|c", "need=zone!=b", "need=zone=x need=zone=c"],
    &["", "", "", "need=team=a", "need=team!=a", "need=!team", "sel=arch:arm64", "sel=cap:spot"],
    &["", "", "tol=x"],
    &["", "", "", "", "prefer=5*zone=b prefer=9*zone=x", "port=80", "on=n0 owner=ReplicaSet", "on=n1"],
];
const RULES: &[Words] = &[
    &["", "", "label=app:web"],
    &[
        "",
        "",
        "",
        "spread=zone/1",
        "spread=host/1",
        "spread=zone/1/soft",
        "spread=zone/2/min=3",
        "spread=cap/1",
    ],
    &["", "", "", "near=zone", "near=host/app=web", "like=1*zone/app=web", "near=zone/app=pod0"],
    &["", "", "", "far=host", "far=zone/app=web", "dislike=1*host", "far=zone"],
];
const DAEMON: &[Words] = &[
    &["cpu=100m", "cpu=1", "mem=1Gi"],
    &["", "", "sel=zone:a", "need=size=large", "need=team=a", "sel=host:n0"],
    &["", "tol=x"],
];

fn line(
    kind: &'static str,
    name: &'static str,
    sorts: &[&[Words]],
    most: usize,
) -> impl Strategy<Value = Vec<String>> {
    let words: Vec<_> = sorts.iter().copied().flatten().map(|words| select(*words)).collect();
    vec(words, 0..=most).prop_map(move |lines| {
        let text = |(at, words): (usize, Vec<&str>)| format!("{kind} {name}{at} {}", words.join(" "));
        lines.into_iter().enumerate().map(text).collect()
    })
}

/// Worlds in which only taints, labels and sizes decide.
pub(crate) fn plain_worlds() -> impl Strategy<Value = String> {
    worlds(&[POOL], &[POD])
}

/// Worlds with limits, floors and rules between pods as well.
pub(crate) fn worlds_with_rules() -> impl Strategy<Value = String> {
    worlds(&[POOL, LIMITED], &[POD, RULES])
}

/// The same with two reservations, and something sold out.
pub(crate) fn worlds_with_reservations() -> impl Strategy<Value = String> {
    let market =
        "reserve s id=cr-1 zone=a\nreserve m id=cr-2 zone=b left=2\nsold-out l cap=spot\nsold-out xl";
    worlds_with_rules().prop_map(move |world| format!("{market}\n{world}"))
}

fn worlds(pool: &[&[Words]], pod: &[&[Words]]) -> impl Strategy<Value = String> {
    let objects = (
        line("pool", "p", pool, 3),
        line("node", "n", &[NODE], 3),
        line("ds", "d", &[DAEMON], 2),
        line("pod", "pod", pod, 6),
    );
    (objects, Just(()))
        .prop_map(|((pools, nodes, daemons, pods), ())| [pools, nodes, daemons, pods].concat().join("\n"))
}

/// Tries a claim on so many worlds, the same ones every time.
#[track_caller]
pub(crate) fn hold(
    cases: u32,
    worlds: impl Strategy<Value = String>,
    claim: impl Fn(&str) -> Result<(), String>,
) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let held = TestRunner::new_with_rng(config, rng)
        .run(&worlds, |script| claim(&script).map_err(TestCaseError::fail));
    if let Err(fault) = held {
        panic!("{fault}");
    }
}
