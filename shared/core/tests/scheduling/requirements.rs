//! Labels a pod may ask for: custom ones, well-known ones, and the traits of instance types.

use crate::support::check::check;

/// One pool and one pod; whether it is placed.
#[track_caller]
fn fits(pool: &str, pod: &str, fits: bool) {
    let text = format!("pool general {pool}\npod web {pod}");
    let (_, plan) = crate::support::check::play(&text);
    assert_eq!((plan.claims.len(), plan.unschedulable.len()), if fits { (1, 0) } else { (0, 1) }, "{text}");
}

#[test]
fn a_custom_label_must_be_defined_by_the_pool_unless_its_absence_will_do() {
    for (pod, undefined, with_a) in [
        ("need=team=a", false, true),
        ("need=team=a|b", false, true),
        ("need=team=b", false, false),
        ("need=team!=a", true, false),
        ("need=team!=b", true, true),
        ("need=team?", false, true),
        ("need=!team", true, false),
        ("sel=team:a", false, true),
        ("sel=team:b", false, false),
    ] {
        fits("", pod, undefined);
        fits("label=team:a", pod, with_a);
        fits("need=team=a", pod, with_a);
    }
    fits("need=team?", "need=team=anything", true);
    fits("need=team>4", "need=team=5", true);
    fits("need=team>4", "need=team=4", false);
}

#[test]
fn well_known_labels_are_filled_in_by_the_provider() {
    for (pod, expected) in [
        ("sel=zone:b", "general nano: web {zone=b}"),
        ("need=zone!=a|b", "general nano: web {zone!=a|b}"),
        ("sel=arch:arm64", "general arm.s: web {arch=arm64}"),
        ("sel=os:windows", "general win: web {os=windows}"),
        ("sel=type:xl", "general xl: web {type=xl}"),
        ("sel=cap:on-demand", "general nano: web {cap=on-demand}"),
        ("need=cpu>8", "general xl: web {cpu?}"),
        ("need=cpu>=16,arch=amd64", "general xl: web {cpu? arch=amd64}"),
        ("need=cpu<2", "general nano: web {cpu?}"),
        ("need=gpus?", "general gpu: web {gpus?}"),
        ("need=!gpus", "general nano: web {!gpus}"),
        ("need=nvme?", "general xxl: web {nvme?}"),
        ("need=size=large", "general l: web {size=large}"),
        ("sel=beta.kubernetes.io/arch:arm64", "general arm.s: web {arch=arm64}"),
    ] {
        check(&format!("pool general\npod web {pod}"), expected);
    }
    for pod in [
        "sel=zone:x",
        "need=arch=mips",
        "need=type=unknown",
        "sel=pool:other",
        "need=zone!=a|b|c",
        "need=gpus>2",
    ] {
        fits("", pod, false);
    }
    fits("", "need=zone=x,zone?", false);
}

#[test]
fn pool_and_pod_narrow_one_another() {
    fits("zone=a|b", "sel=zone:b", true);
    fits("zone=a", "sel=zone:b", false);
    fits("arch=amd64", "sel=type:arm.s", false);
    fits("arch=amd64", "cpu=40", false);
    fits("need=size=large", "sel=type:s", false);
    check("pool general zone=a|b\npod web need=zone=b|c", "general nano: web {zone=b}");
}

// behaviour: scheduling/types-survive-compat-fit-and-offering
#[test]
fn zone_and_capacity_type_must_be_on_offer_together() {
    fits("", "need=zone=c,cap=spot", false);
    fits("zone=c", "sel=cap:spot", false);
    check("pool general\npod web sel=zone:c", "general nano: web {zone=c}");
    check("pool general\nsold-out nano\npod web", "general s: web");
    check("pool general\nsold-out nano zone=a cap=spot\npod web sel=zone:a", "general s: web {zone=a}");
    check("pool general\nsold-out all\npod web", "fail: web\nskip: general");
}

#[test]
fn pods_whose_labels_exclude_one_another_get_machines_of_their_own() {
    check(
        "pool general\npod a sel=arch:amd64\npod b sel=arch:arm64",
        "general nano: a {arch=amd64}\ngeneral arm.s: b {arch=arm64}",
    );
    check(
        "pool general\npod a sel=zone:a\npod b sel=zone:b",
        "general nano: a {zone=a}\ngeneral nano: b {zone=b}",
    );
    check("pool general need=team=a|b\npod a need=team=a\npod b need=team!=b", "general nano: a b {team=a}");
    check(
        "pool general need=team=a|b\npod a need=team=a\npod b need=team=b",
        "general nano: a {team=a}\ngeneral nano: b {team=b}",
    );
    check(
        "pool general\npod a sel=beta.kubernetes.io/instance-type:s\npod b sel=type:m",
        "general s: a {type=s}\ngeneral m: b {type=m}",
    );
    check(
        "pool general\npod a gpu=1\npod b ask=aws.amazon.com/neuron:1",
        "general gpu: a\ngeneral neuron: b",
    );
}

// behaviour: scheduling/contradictions-fit-nowhere
#[test]
fn requirements_that_exclude_each_other_are_not_met_by_a_label_that_is_missing() {
    fits("", "sel=team:a need=team=b", false);
    fits("", "need=!team,team=a", false);
    fits("", "need=!team,team!=a", true);
    fits("", "need=team>5,team<3", false);
    check("node n1\npod web sel=team:a need=team=b", "fail: web");
    check(
        "pool general\npool ssd label=disk:ssd\npod web need=disk=ssd prefer=1*disk=nvme",
        "ssd nano: web {disk=ssd}",
    );
}

#[test]
fn alternatives_are_tried_in_order_until_one_holds() {
    check(
        "pool general\npod web need=zone=x need=zone=y need=zone=a need=zone=b",
        "general nano: web {zone=a}",
    );
    fits("", "need=zone=x", false);
    fits("", "need=zone=x need=zone=y", false);
}
