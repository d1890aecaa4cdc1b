//! Pods that want to be near others, and pods that want to be away from them.

use crate::support::check::{check, check_skew};

#[test]
fn a_pod_goes_to_the_machine_of_the_pod_it_wants() {
    check("pool general\npod db cpu=1\npod web cpu=500m near=host/app=db", "general s: db web");
    check("pool general\npod db cpu=500m\npod web cpu=1 near=host/app=db", "general s: db web");
    check("pool general\nnode n1\npod db on=n1\npod web near=host/app=db", "n1: web");
    check("pool general\nnode n1 pods=1\npod db on=n1\npod web near=host/app=db", "fail: web");
    check("pool general\npod web x3 near=host/app=nothing", "fail: web-0 web-1 web-2");
}

#[test]
fn chains_of_wishes_come_true_in_one_pass() {
    check(
        "pool general
         pod ui near=host/app=cache cpu=400m
         pod cache near=host/app=web cpu=300m
         pod web near=host/app=db cpu=200m
         pod db cpu=100m",
        "general s: db web cache ui",
    );
    check("pool general\npod a near=host/app=b\npod b near=host/app=a", "fail: a b");
}

// behaviour: scheduling/affinity-starts-with-itself
#[test]
fn pods_that_want_each_other_start_somewhere_and_stay_together() {
    check("only m\npool general\npod web x3 near=host", "general m: web-0 web-1 web-2");
    check("pool general\npod web x3 near=zone", "general nano: web-0 web-1 web-2 {zone=a}");
    check(
        "pool general\npod web x2 cpu=30 near=zone",
        "general xxl: web-0 {zone=a}\ngeneral xxl: web-1 {zone=a}",
    );
    check("pool general\npod web sel=zone:c near=zone", "general nano: web {zone=c}");
    check("pool general zone=b|c\npod web need=zone=a|c near=zone", "general nano: web {zone=c}");
}

#[test]
fn a_full_host_keeps_the_others_waiting() {
    check_skew("pool general type=m\npod web x8 near=host", ("web", "host"), &[5]);
    check(
        "pool general type=s\npod web x5 near=host\n--\npod more label=app:web near=host/app=web",
        "fail: more",
    );
}

#[test]
fn pods_with_different_zones_of_their_own_start_apart() {
    check(
        "pool general\npod a label=app:web sel=zone:b near=zone/app=web\npod b label=app:web sel=zone:c near=zone/app=web",
        "general nano: a {zone=b}\ngeneral nano: b {zone=c}",
    );
    check(
        "pool general\nnode n1 zone=a pods=1\npod old on=n1 label=app:web\npod web x2 need=zone=b|c near=host",
        "fail: web-0 web-1",
    );
}

#[test]
fn a_later_pod_joins_the_zone_that_is_there() {
    check(
        "pool general zone=b|c\npod web cpu=1 near=zone\n--\npod more cpu=7 label=app:web near=zone/app=web",
        "general l: more {zone=b}",
    );
    check("pool general\nnode n1 zone=c\npod web near=zone", "n1: web");
}

#[test]
fn a_target_whose_zone_is_open_is_found_in_the_next_pass() {
    check("pool general\npod db cpu=1\npod web cpu=30 near=zone/app=db", "general s: db\nfail: web");
    check("pool general\npod db cpu=1\npod web cpu=30 near=zone/app=db\n--\n", "general xxl: web {zone=a}");
    check(
        "pool general\npod db cpu=31 sel=zone:b\npod web cpu=30 near=zone/app=db",
        "general xxl: db {zone=b}\ngeneral xxl: web {zone=b}",
    );
}

#[test]
fn pods_that_shun_each_other_are_never_together() {
    check("pool general\npod web x2 far=host", "general nano: web-0\ngeneral nano: web-1");
    check("pool general\npod a cpu=1 \npod b far=host/app=a", "general s: a\ngeneral nano: b");
    check("pool general\npod a cpu=1 far=host/app=b\npod b", "general s: a\ngeneral nano: b");
    check("pool general\nnode n1\npod a on=n1 far=host/app=b\npod b", "general nano: b");
    check("pool general\nnode n1\npod a on=n1\npod b far=host/app=a", "general nano: b");
    check(
        "pool general\npod a spread=host/1 cpu=1\npod b far=arch/app=a",
        "general s: a {arch=amd64|arm64}\nfail: b",
    );
}

#[test]
fn zones_with_shunned_pods_are_out() {
    let three = "pool general\npod x cpu=2 label=app:bad sel=zone:a\npod y cpu=2 label=app:bad sel=zone:b\n";
    check_skew(&format!("{three}pod web far=zone/app=bad"), ("web", "zone"), &[1]);
    let all = format!("{three}pod z cpu=2 label=app:bad sel=zone:c\npod web far=zone/app=bad");
    check_skew(&all, ("web", "zone"), &[]);
    check_skew(&format!("{all}\npod web2 label=app:web dislike=9*zone/app=bad"), ("web", "zone"), &[1]);
    let inverse = "pool general\npod x cpu=2 far=zone/app=web sel=zone:a\npod y cpu=2 far=zone/app=web sel=zone:b\npod z cpu=2 far=zone/app=web sel=zone:c\npod web";
    check_skew(inverse, ("web", "zone"), &[]);
    check_skew(&inverse.replace("far=", "dislike=1*"), ("web", "zone"), &[1]);
    check_skew(&format!("{inverse}\n--\n"), ("web", "zone"), &[]);
}

#[test]
fn a_machine_whose_zone_is_open_blocks_every_zone_it_may_come_up_in() {
    check_skew("pool general\npod web x3 far=zone", ("web", "zone"), &[1]);
    check_skew("pool general\npod web x3 far=zone\n--\n", ("web", "zone"), &[1, 1]);
    check_skew("pool general\npod web x3 far=zone\n--\n--\n", ("web", "zone"), &[1, 1, 1]);
    check("pool general\npod x cpu=2 far=zone/app=web\npod web", "general m: x {zone=a|b|c}\nfail: web");
    check("pool general\npod x cpu=2\npod web far=zone/app=x", "general m: x {zone=a|b|c}\nfail: web");
    check("pool general zone=a|b\npod x cpu=2\npod web far=zone/app=x", "general m: x {zone=a|b}\nfail: web");
    check(
        "pool general\npod x cpu=2 need=zone!=a\npod web far=zone/app=x",
        "general m: x {zone=b|c}\ngeneral nano: web {zone=a}",
    );
}

#[test]
fn terms_speak_of_their_own_namespace_unless_they_name_others() {
    let pods = |term: &str| {
        format!(
            "ns dev label=tier:low\nns prod label=tier:high\npool general\npod db ns=dev cpu=1\npod web near=host/app=db{term}"
        )
    };
    check(&pods(""), "general s: db\nfail: web");
    check(&pods("/in=dev"), "general s: db web");
    check(&pods("/in=prod"), "general s: db\nfail: web");
    check(&pods("/everywhere"), "general s: db web");
    check(&pods("/where=tier=low"), "general s: db web");
    check(&pods("/where=tier=high"), "general s: db\nfail: web");
    check(&pods("/where=tier=high/in=dev"), "general s: db web");
}

#[test]
fn affinity_and_spread_hold_together_or_not_at_all() {
    check_skew(
        "pool general\npod db cpu=1 sel=arch:arm64\npod web x2 near=arch/app=db spread=host/1",
        ("web", "arch"),
        &[2],
    );
    check("pool general\npod web x2 near=host spread=host/1", "general nano: web-0\nfail: web-1");
}

#[test]
fn the_domains_of_a_rule_do_not_depend_on_who_brings_it_first() {
    for (a, b) in [("tol=x", ""), ("", "tol=x")] {
        check(
            &format!(
                "pool plain zone=b\npool tainted zone=a taint=x:NoSchedule weight=9
                 pod a cpu=1 uid=1 label=app:web {a} near=zone/app=web
                 pod b uid=2 label=app:web {b} near=zone/app=web"
            ),
            if a.is_empty() { "plain s: a b {zone=b}" } else { "tainted s: a {zone=a}\nfail: b" },
        );
    }
}
