//! Flexibility floors (minValues) under both policies.

use crate::support::check::{check, play};

// behaviour: scheduling/min-values
#[test]
fn a_strict_floor_keeps_so_many_values_to_choose_from() {
    let types = |text: &str| -> Vec<usize> {
        play(text).1.claims.iter().map(|claim| claim.instance_types.len()).collect()
    };
    let two = "pool general need=type=s|m~2\n";
    assert_eq!(types(&format!("{two}pod web x2 cpu=1")), [2, 2], "both on m would leave one type");
    assert_eq!(types("pool general type=s|m\npod web x2 cpu=1"), [1]);
    check("pool general need=type=s|m~3\npod web", "fail: web\nskip: general");
    check("pool general need=zone=a|b|c~4\npod web", "fail: web\nskip: general");
    check(&format!("{two}pod web cpu=3"), "fail: web");
    check("pool general need=cpu?~9 need=type?~1\npod web", "fail: web\nskip: general");
}

#[test]
fn the_larger_floor_of_one_key_holds() {
    let text = "pool general need=cpu>1~1 need=cpu<5~2\npod web cpu=1";
    check(text, "general s: web {cpu?~2}");
    check(
        "pool general need=type=s|m~1 need=type!=nano~2\npod web x2 cpu=1",
        "general s: web-0 {type=m|s~2}\ngeneral s: web-1 {type=m|s~2}",
    );
}

#[test]
fn a_pod_may_not_narrow_a_key_below_its_floor() {
    check("pool general need=cpu?~2\npod web need=cpu>16", "fail: web");
    check("pool general need=cpu?~2\npod web need=cpu>8", "general xl: web {cpu?~2}");
}

#[test]
fn best_effort_lowers_the_floor_on_the_claim_rather_than_use_a_lighter_pool() {
    let knobs = "knobs - besteffort\n";
    check(&format!("{knobs}pool general need=type=s|m~3\npod web"), "general s: web {type=m|s~2}");
    check(&format!("{knobs}pool a weight=9 need=type=s|m~3\npool b\npod web"), "a s: web {type=m|s~2}");
    check(
        &format!("{knobs}pool a weight=9 need=type=s|m~3\npool b need=type=s|m~3\npod web"),
        "a s: web {type=m|s~2}",
    );
    let (_, plan) = play(&format!("{knobs}pool general need=type=s|m~3\npod web"));
    assert!(plan.claims[0].min_values_relaxed);
    let (_, plan) = play("pool general need=type=s|m~2\npod web");
    assert!(!plan.claims[0].min_values_relaxed);
}

#[test]
fn a_lowered_floor_is_kept_by_pods_that_join() {
    check(
        "knobs - besteffort\npool general need=type=s|m|l~5\npod a cpu=1\npod b cpu=1",
        "general s: a {type=l|m|s~3}\ngeneral s: b {type=l|m|s~3}",
    );
}
