//! Topology spread over host names.

use crate::support::check::{check, check_skew};

#[track_caller]
fn hosts(text: &str, expected: &[usize]) {
    check_skew(text, ("web", "host"), expected);
}

#[test]
fn no_machine_gets_more_than_the_skew() {
    hosts("pool general\npod web x4 spread=host/1", &[1, 1, 1, 1]);
    hosts("pool general type=m\npod web x4 spread=host/4", &[4]);
    hosts("pool general type=m\npod web x5 spread=host/2", &[1, 2, 2]);
    hosts(
        "pool general\npod web x4 spread=host/1\n--\npod web-b x5 label=app:web spread=host/1/for=app=web",
        &[1; 9],
    );
}

#[test]
fn two_apps_share_the_machines_they_are_spread_over() {
    let apps =
        |a: &str, b: &str| format!("pool general\npod a x2 {a} spread=host/1\npod b x2 {b} spread=host/1");
    check(&apps("", ""), "general nano: a-1 b-1\ngeneral nano: a-0 b-0");
    check(
        &apps("sel=arch:arm64", "sel=arch:amd64"),
        "general arm.s: a-0 {arch=arm64}\ngeneral arm.s: a-1 {arch=arm64}\ngeneral nano: b-0 {arch=amd64}\n\
         general nano: b-1 {arch=amd64}",
    );
}

#[test]
fn an_emptier_node_need_not_be_used_first() {
    check(
        "node n1\nnode n2\npod old on=n2 label=app:web\npod web x3 spread=host/2",
        "n1: web-0 web-1\nn2: web-2",
    );
}
