//! Topology spread over labels: zones, capacity types, architectures, labels of one's own.

use crate::support::check::{check, check_skew};

#[track_caller]
fn zones(text: &str, expected: &[usize]) {
    check_skew(text, ("web", "zone"), expected);
}

// behaviour: scheduling/spread-picks-the-emptiest-domain
#[test]
fn each_pod_goes_to_the_emptiest_zone() {
    zones("pool general\npod web x4 spread=zone/1", &[1, 1, 2]);
    zones("pool general zone=a|b|c\npod web x4 spread=zone/1", &[1, 1, 2]);
    zones("pool general zone=a|b\npod web x4 spread=zone/1", &[2, 2]);
    zones("pool general label=zone:a\npod web x4 spread=zone/1", &[4]);
    zones("pool general zone=a|b label=zone:a\npod web x4 spread=zone/1", &[4]);
    zones("pool a label=zone:a\npool b label=zone:b\npod web x4 spread=zone/1", &[2, 2]);
    zones("pool general\npod web x4 spread=zone/1\n--\npod web-b x5 label=app:web spread=zone/1", &[3, 3, 3]);
}

#[test]
fn ties_go_to_the_cheaper_zone_then_the_one_more_pools_have_then_in_turn_by_name() {
    check(
        "pool general\npod web x3 spread=zone/1",
        "general nano: web-0 {zone=a}\ngeneral nano: web-1 {zone=b}\ngeneral nano: web-2 {zone=c}",
    );
    check(
        "pool general cap=on-demand zone=b|c\npool other cap=on-demand zone=c weight=9\npod web x1 spread=zone/1",
        "other nano: web-0 {cap=on-demand zone=c}",
    );
}

#[test]
fn a_zone_known_through_a_node_holds_the_others_back() {
    let one_in_c =
        "pool seed zone=c\npod web-x cpu=800m spread=zone/1 label=app:web\n--\npool seed zone=a|b\n";
    zones(&format!("{one_in_c}pod web x6 cpu=800m spread=zone/1"), &[1, 2, 2]);
    zones(
        "pool seed zone=a\npod web-x cpu=800m label=app:web\n--\npool seed zone=b|c\npod web x10 cpu=800m spread=zone/1",
        &[1, 2, 2],
    );
    zones(
        "pool p\nnode n1 zone=a\nnode n2 zone=b\npod o on=n1 label=app:web\npod q on=n2 label=app:web
         pod web x10 need=zone=c spread=zone/5",
        &[1, 1, 10],
    );
}

#[test]
fn only_living_bound_pods_of_the_namespace_on_labelled_nodes_count() {
    zones(
        "pool general zone=a|b|c
         node n1 zone=a pods=9
         node n2 zone=none pods=9
         node n3 zone=b pods=9
         ns other
         pod a on=n1 label=app:web
         pod x on=n1
         pod y on=n2 label=app:web
         pod z on=n3 label=app:web ns=other
         pod d on=n3 label=app:web deleting
         pod f on=n3 label=app:web phase=Failed
         pod s on=n3 label=app:web phase=Succeeded
         pod web x2 spread=zone/1 need=zone=b|c need=pool?",
        &[1, 1, 2],
    );
}

#[test]
fn a_spread_over_a_label_nothing_has_cannot_be_kept() {
    check("pool general\npod web spread=rack/1\npod other", "general nano: other\nfail: web");
}

#[test]
fn a_spread_that_selects_nothing_spreads_nothing() {
    check("pool general\npod web x2 spread=zone/1/nil", "general nano: web-0 web-1 {zone=a}");
    check("pool general\npod web x2 spread=zone/1/nil/by=app", "general nano: web-0 web-1 {zone=a}");
    check("pool general\npod web x3 spread=host/1/for=app=other", "general nano: web-0 web-1 web-2");
}

#[test]
fn too_few_domains_count_as_an_empty_one() {
    zones("pool general zone=a|b\npod web x3 spread=zone/1/min=3", &[1, 1]);
    zones("pool general\npod web x11 spread=zone/1/min=3", &[3, 4, 4]);
    zones("pool general\npod web x11 spread=zone/1/min=2", &[3, 4, 4]);
}

#[test]
fn constraints_alike_but_for_their_fewest_domains_share_counts_and_keep_each_its_own() {
    for (first, second) in [("/min=3", ""), ("", "/min=3")] {
        zones(
            &format!(
                "pool general zone=a|b\npod strict uid=1 label=app:web spread=zone/1{first} cpu=2
                 pod loose x3 label=app:web spread=zone/1{second} cpu=1"
            ),
            if first.is_empty() { &[1, 1] } else { &[2, 2] },
        );
    }
}

#[test]
fn skew_is_measured_over_the_domains_the_pod_itself_admits() {
    zones(
        "pool general\npod web x5 sel=zone:a spread=zone/1\npod web-b x10 label=app:web sel=zone:b spread=zone/1",
        &[5, 10],
    );
    zones("pool general\npod web x10 need=zone=a|b spread=zone/1", &[5, 5]);
    zones(
        "pool general\npod web x6 need=zone=a|b spread=zone/1\n--\npod web-c label=app:web need=zone=b|c spread=zone/1\n--\npod web-d x5 label=app:web spread=zone/1",
        &[4, 4, 4],
    );
    zones("pool general\npod web x6 prefer=1*zone=a|b spread=zone/1", &[2, 2, 2]);
}

#[test]
fn volumes_do_not_shrink_the_domains_skew_is_measured_over() {
    zones(
        "pool general\nsc ebs at=zone=a\npvc data sc=ebs\npod web x3 spread=zone/1/min=3\n--\npod web-v label=app:web pvc=data spread=zone/1/min=3",
        &[1, 1, 2],
    );
}

#[test]
fn capacity_types_and_architectures_are_spread_too() {
    check_skew("pool general\npod web x4 spread=cap/1", ("web", "cap"), &[2, 2]);
    check_skew(
        "pool general cap=spot\npod o cpu=800m label=app:web\n--\npool general cap=on-demand\npod web x5 cpu=800m spread=cap/1",
        ("web", "cap"),
        &[1, 2],
    );
    check_skew(
        "pool general cap=spot\npod o cpu=800m label=app:web\n--\npool general cap=on-demand\npod web x5 cpu=800m spread=cap/1/soft",
        ("web", "cap"),
        &[1, 5],
    );
    check_skew(
        "pool general cap=on-demand\npod o cpu=800m label=app:web\n--\npool general\npod web x5 cpu=800m need=cap=spot spread=cap/1",
        ("web", "cap"),
        &[1, 5],
    );
    check_skew(
        "pool general arch=amd64\npod o cpu=800m label=app:web\n--\npool general arch=arm64\npod web x5 cpu=800m spread=arch/1",
        ("web", "arch"),
        &[1, 2],
    );
    check_skew(
        "pool s need=rack=2|3|4|5 cap=spot\npool o need=rack=1 cap=on-demand\npod web x20 spread=rack/1",
        ("web", "rack"),
        &[4, 4, 4, 4, 4],
    );
}

#[test]
fn two_spreads_hold_together() {
    let rounds = "pool general\npod web x2 spread=zone/1 spread=host/3\n--\npod web-b x3 label=app:web spread=zone/1/for=app=web spread=host/3/for=app=web";
    zones(rounds, &[1, 2, 2]);
    check_skew("pool general\npod web x21 spread=zone/1 spread=host/3", ("web", "zone"), &[7, 7, 7]);
}

#[test]
fn keys_of_the_pod_itself_narrow_the_selector() {
    let by = |key: &str| {
        format!(
            "pool general\npod a x2 label=app:web label=rev:1 spread=host/1/for=app=web/by={key}
             pod b x2 label=app:web label=rev:2 spread=host/1/for=app=web/by={key}"
        )
    };
    check_skew(&by("rev"), ("web", "host"), &[2, 2]);
    check_skew(&by("absent"), ("web", "host"), &[1, 1, 1, 1]);
}

#[test]
fn nodes_with_taints_or_labels_that_keep_the_pod_off_count_only_where_asked() {
    let nodes = "pool p need=rack=baz\nnode n1 label=rack:foo taint=x:NoSchedule\nnode n2 label=rack:bar taint=x:NoSchedule\n";
    check_skew(&format!("{nodes}pod web x5 spread=rack/1"), ("web", "rack"), &[1]);
    check_skew(&format!("{nodes}pod web x5 spread=rack/1/taints"), ("web", "rack"), &[5]);
    let nodes = "pool p need=rack=baz label=team:a\nnode n1 label=rack:foo label=team:b\nnode n2 label=rack:bar label=team:b\n";
    check_skew(&format!("{nodes}pod web x5 sel=team:a spread=rack/1/anyaff"), ("web", "rack"), &[1]);
    check_skew(&format!("{nodes}pod web x5 sel=team:a spread=rack/1"), ("web", "rack"), &[5]);
}

#[test]
fn pools_with_taints_the_pod_does_not_tolerate_count_only_where_taints_are_ignored() {
    let pools = "pool p need=rack=foo\npool q need=rack=bar taint=x:NoSchedule\n";
    check_skew(&format!("{pools}pod web x2 spread=rack/1"), ("web", "rack"), &[1]);
    check_skew(&format!("{pools}pod web x2 spread=rack/1/taints"), ("web", "rack"), &[2]);
    let pools = "pool p need=rack=foo|bar taint=x:NoSchedule\npool q need=rack=foo|baz taint=y:NoSchedule\n";
    check_skew(
        &format!(
            "{pools}pod web x2 tol=x spread=rack/1/taints\npod web-y x4 tol=y label=app:web spread=rack/1/taints/for=app=web"
        ),
        ("web", "rack"),
        &[1, 2, 3],
    );
}

#[test]
fn values_a_pool_excludes_are_no_domains() {
    check("pool general need=rack!=x\npod web spread=rack/1", "fail: web");
    check(
        "pool general need=zone!=a\npod web x2 spread=zone/1",
        "general nano: web-0 {zone=b}\ngeneral nano: web-1 {zone=c}",
    );
}
