//! Limits of pools.

use crate::support::check::check;

// behaviour: scheduling/limits-count-capacity-of-active-nodes
#[test]
fn limits_count_the_capacity_of_nodes_that_stay() {
    check("pool general limit=cpu:20\nnode n1 pool=general type=xl pods=0\npod web cpu=3", "general m: web");
    check("pool general limit=cpu:18\nnode n1 pool=general type=xl pods=0\npod web cpu=3", "fail: web");
    check("pool general limit=cpu:18\nnode n1 pool=other type=xl pods=0\npod web cpu=3", "general m: web");
    check("pool general limit=cpu:18\nnode n1 pool=general type=xl marked\npod web cpu=3", "general m: web");
    check(
        "pool general limit=cpu:18\nnode n1 pool=general type=xl pods=0 noclaim\npod web cpu=3",
        "fail: web",
    );
}

#[test]
fn a_type_may_take_all_that_is_left_and_no_more() {
    check("pool general limit=cpu:2\npod web cpu=1750m", "general s: web");
    check("pool general limit=cpu:2\npod web cpu=2100m", "fail: web");
    check("pool general limit=cpu:2\npod a cpu=1750m\n--\npod b cpu=1750m", "fail: b");
    check("pool general limit=pods:1\npod ai gpu=1", "fail: ai");
    check("pool general limit=nvidia.com/gpu:1\npod ai gpu=1\npod web", "general nano: web\nfail: ai");
}

#[test]
fn each_new_machine_is_charged_the_largest_it_may_become() {
    check("pool general limit=cpu:3\npod web x2 cpu=1500m far=host", "general s: web-0\nfail: web-1");
    check(
        "only s m\npool general limit=cpu:6\npod web x2 cpu=1500m far=host",
        "general s: web-0\ngeneral s: web-1",
    );
    check(
        "only s m\npool general limit=cpu:5\npod web x2 cpu=1500m far=host",
        "general s: web-0\nfail: web-1",
    );
}

#[test]
fn claims_that_wait_for_their_machine_are_charged_their_largest_type() {
    check("pool general limit=cpu:20\nclaim c1 pool=general need=type=s|xl\npod web cpu=5", "fail: web");
    check("pool general limit=cpu:20\nclaim c1 pool=general need=type=s\npod web cpu=5", "general l: web");
}

#[test]
fn the_number_of_nodes_is_counted_down_within_a_pass() {
    check(
        "pool general limit=nodes:2\npod web x3 far=host",
        "general nano: web-0\ngeneral nano: web-1\nfail: web-2",
    );
    check("pool general limit=nodes:1\nnode n1 pool=general pods=0\npod web", "fail: web");
    check("pool general limit=nodes:0\npod web", "fail: web");
}

#[test]
fn a_pool_at_its_limit_makes_way_for_a_lighter_one() {
    check("pool a weight=9 limit=cpu:0\npool b\npod web", "b nano: web");
    check("pool a weight=9 limit=cpu:2\npool b\npod web x2 cpu=1500m far=host", "a s: web-0\nb s: web-1");
}

#[test]
fn a_pool_at_its_limit_still_offers_its_zones_to_be_counted() {
    check(
        "pool ab zone=a|b\npool c zone=c limit=cpu:0\npod web x4 spread=zone/1",
        "ab nano: web-0 {zone=a}\nab nano: web-1 {zone=b}\nfail: web-2 web-3",
    );
}
