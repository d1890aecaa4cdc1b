//! What pods would like, and give up step by step.

use crate::support::check::check;

#[test]
fn the_heaviest_wish_that_can_be_met_is_met() {
    check(
        "pool general\npod web prefer=100*zone=x prefer=50*zone=b prefer=1*zone=a",
        "general nano: web {zone=b}",
    );
    check("pool general\npod web prefer=1*zone=x prefer=1*zone=y", "general nano: web");
    check("pool general\npod web need=zone=a|b prefer=1*zone=b|x", "general nano: web {zone=b}");
    check("pool general\npod web need=zone=a|b prefer=1*zone=x", "general nano: web {zone=a|b}");
    check("pool general zone=a|b|c\npod web prefer=1*zone!=a|c", "general nano: web {zone=b}");
    check("pool general\npod web need=zone=c prefer=1*zone!=c", "general nano: web {zone=c}");
    check("pool general\npod web prefer=1*zone=a,zone=b", "general nano: web");
    check("pool soft taint=x:PreferNoSchedule\npod web prefer=1*zone=x", "soft nano: web");
}

#[test]
fn a_pod_gives_up_its_wish_rather_than_have_a_machine_launched() {
    check("pool general\npod old cpu=1\npod web prefer=1*zone=x", "general s: old web");
    check("pool general\npod old cpu=1\npod web prefer=1*host=x", "general s: old web");
}

#[test]
fn soft_rules_hold_while_they_can() {
    check("pool general\npod web x2 dislike=1*host", "general nano: web-0\ngeneral nano: web-1");
    check("pool general limit=nodes:1\npod web x2 dislike=1*host", "general nano: web-0 web-1");
    check("pool general limit=nodes:1\npod web x2 spread=host/1/soft", "general nano: web-0 web-1");
    check("pool general\npod web like=1*host/app=nothing", "general nano: web");
    check(
        "pool general\npod db cpu=1\npod web x2 cpu=500m spread=host/1 like=1*host/app=db",
        "general s: db web-0\ngeneral nano: web-1",
    );
}

#[test]
fn ignored_wishes_change_nothing() {
    let ignored = "knobs - ignore\npool general\n";
    check(&format!("{ignored}pod web prefer=1*zone=b"), "general nano: web");
    for rule in
        ["spread=zone/1/soft", "spread=host/1/soft", "dislike=1*zone", "dislike=1*host", "like=1*zone/app=x"]
    {
        check(&format!("{ignored}pod web x3 {rule}"), "general nano: web-0 web-1 web-2");
    }
    check(&format!("{ignored}pod web x2 spread=host/1"), "general nano: web-0\ngeneral nano: web-1");
    check("knobs - ignore\npool soft taint=x:PreferNoSchedule\npod web", "soft nano: web");
}
