//! What daemons take on every machine.

use crate::support::check::{check, play};

// behaviour: scheduling/daemon-overhead-per-type
#[test]
fn daemons_are_added_where_they_run() {
    let with = |pool: &str, ds: &str| {
        format!("only m s\npool general {pool}\nds agent cpu=2 mem=2Gi {ds}\npod web cpu=1 mem=1Gi")
    };
    for (pool, ds, cheapest) in [
        ("", "", "m"),
        ("startup=boot:NoSchedule", "", "m"),
        ("taint=x:PreferNoSchedule", "", "m"),
        ("", "sel=team:a", "s"),
        ("need=team?", "sel=team:a", "m"),
        ("", "need=type=other", "s"),
        ("", "need=team!=a", "m"),
        ("", "prefer=1*type=other", "m"),
        ("", "need=team=b need=zone=a", "m"),
        ("", "sel=registered:true", "m"),
        ("", "dra", "s"),
        ("", "sel=host:n7", "s"),
    ] {
        let team = if pool == "need=team?" { " {team?}" } else { "" };
        check(&with(pool, ds), &format!("general {cheapest}: web{team}"));
    }
    check(
        "only m s\npool general taint=x:NoSchedule\nds agent cpu=2 mem=2Gi\npod web cpu=1 mem=1Gi tol=x",
        "general s: web",
    );
    check("pool general\nds agent cpu=10000\npod web", "fail: web");
    check("pool general\nds agent\npod web", "general nano: web");
}

#[test]
fn a_daemon_of_large_types_does_not_burden_small_ones() {
    check(
        "only s m xl\npool general\nds small cpu=1 need=size=small\nds large cpu=10 need=size=large\npod web cpu=1 mem=1Gi",
        "general m: web",
    );
}

#[test]
fn ports_of_daemons_are_taken_where_they_run() {
    check("pool general\nds agent port=8080\npod web port=8080", "fail: web");
    check(
        "pool general\nds big port=8080 need=size=large\nds small port=8081 need=size=small\npod web port=8080",
        "general nano: web",
    );
    check("pool general\nds big port=8080 need=size=large\npod web port=8080 cpu=5", "fail: web");
}

#[test]
fn a_claim_asks_for_its_pods_and_the_least_that_daemons_add() {
    let asks = |text: &str| play(text).1.claims[0].requests.to_string();
    assert_eq!(
        asks("pool general\nds agent cpu=1 mem=1Mi\npod web cpu=1 mem=1Mi"),
        "cpu 2, memory 2Mi, pods 2"
    );
    assert_eq!(
        asks("pool general\nds agent cpu=1 mem=1Mi\npod web x2 cpu=1 mem=1Mi"),
        "cpu 3, memory 3Mi, pods 3"
    );
    let partly = "only s m xl\npool general\nds big cpu=2 need=size=large\npod web cpu=1";
    assert_eq!(asks(partly), "cpu 1, pods 1", "small types run no such daemon");
}

// behaviour: scheduling/missing-daemons-are-reserved-for
#[test]
fn daemons_that_have_not_started_on_a_node_are_reserved_for() {
    check("node n1\nds agent cpu=2\npod web cpu=2", "fail: web");
    check("node n1\nds agent cpu=2\npod web cpu=1900m", "n1: web");
    check("node n1\nds agent cpu=1\npod d on=n1 cpu=1 owner=DaemonSet\npod web cpu=2900m", "n1: web");
    check("node n1\nds agent cpu=2\npod d on=n1 cpu=1 owner=DaemonSet\npod web cpu=2", "fail: web");
    check("node n1\nds agent cpu=1\npod d on=n1 cpu=2 owner=DaemonSet\npod web cpu=1901m", "fail: web");
    check("node n1 zone=none\nds agent cpu=4 sel=zone:a\npod web cpu=3900m", "n1: web");
    check("node n1 taint=x:PreferNoSchedule\nds agent cpu=4\npod web cpu=3900m tol=x", "n1: web");
}

#[test]
fn a_daemon_pinned_to_a_host_is_reserved_for_on_that_host_only() {
    check("node n1\nnode n2\nds agent cpu=3 sel=host:n1\npod web cpu=3", "n2: web");
}

#[test]
fn what_one_pool_makes_of_a_daemon_changes_nothing_for_the_next() {
    check(
        "only m s\npool a weight=9 zone=a taint=x:NoSchedule\npool b zone=b label=team:b
         ds agent cpu=2 need=team=b need=zone=a tol=x\npod web cpu=1",
        "b m: web {team=b zone=b}",
    );
}
