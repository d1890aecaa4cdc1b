//! Machines that are there already: nodes, and claims that have launched.

use crate::support::check::check;

#[test]
fn what_is_there_is_used_before_anything_is_launched() {
    check("pool general\nnode n1\npod web cpu=1", "n1: web");
    check("pool general\npod a cpu=1\n--\npod b cpu=500m", "general-1: b");
    check("pool general\npod a cpu=1001m\n--\npod b cpu=1", "general s: b");
    check("pool general\nnode n1\npod web sel=arch:arm64", "general arm.s: web {arch=arm64}");
    check("pool general\nnode n1 zone=b\npod web need=zone=a|b", "n1: web");
    check("pool general\nnode n1 zone=b\npod web need=zone=a|c", "general nano: web {zone=a|c}");
    check("pool general\nnode n1 noclaim\npod web", "n1: web");
    check("pool general\nnode n1 nonode pool=general\npod web", "n1: web");
}

#[test]
fn initialized_nodes_first_then_by_name() {
    check("node n1 uninit pool=p\nnode n3\nnode n2\npod web", "n2: web");
    check("node n1 nonode\nnode n2 unregistered pool=p\npod web", "n1: web");
}

#[test]
fn what_runs_there_takes_its_room_until_it_has_ended() {
    check("node n1\npod old on=n1 cpu=3\npod web cpu=1", "fail: web");
    check("node n1\npod old on=n1 cpu=3 phase=Succeeded\npod web cpu=1", "n1: web");
    check("node n1\npod old on=n1 cpu=3 deleting\npod web cpu=1", "fail: web");
    check("node n1\npod old on=n1 ask=example.com/gone:1\npod web", "fail: web");
    check("node n1 pods=1\npod old on=n1\npod web", "fail: web");
}

#[test]
fn a_label_the_node_does_not_have_is_not_made_up() {
    check("node n1 zone=none\npod web sel=zone:a", "fail: web");
    check("pool general\nnode n1 zone=none\npod web sel=zone:a", "general nano: web {zone=a}");
    check("node n1\npod web need=team!=x", "n1: web");
    check("node n1\npod web need=!team", "n1: web");
    check("node n1\npod web need=team?", "fail: web");
}

// behaviour: scheduling/nodes-keep-their-labels
#[test]
fn pods_that_shun_a_label_do_not_give_it_to_the_node() {
    check("node n1\npod a cpu=2 need=team!=x\npod b cpu=1 need=team=y", "n1: a\nfail: b");
    check("node n1\npod a cpu=2 need=team!=x\npod b cpu=1 need=team?", "n1: a\nfail: b");
}

// behaviour: scheduling/startup-taints-forgiven-until-initialized
#[test]
fn taints_that_pass_by_themselves_are_forgiven_until_the_node_is_initialized() {
    let lives = |node: &str, fits: bool| {
        check(&format!("node n1 pool=p {node}\npod web"), if fits { "n1: web" } else { "fail: web" });
    };
    for taint in [
        "node.kubernetes.io/not-ready:NoExecute",
        "node.kubernetes.io/not-ready:NoSchedule",
        "node.kubernetes.io/unreachable:NoSchedule",
        "node.cloudprovider.kubernetes.io/uninitialized:NoSchedule",
        "karpenter.sh/unregistered:NoExecute",
        "readiness.k8s.io/network:NoSchedule",
    ] {
        lives(&format!("uninit taint={taint}"), true);
        lives(&format!("taint={taint}"), false);
        lives(&format!("noclaim taint={taint}"), false);
    }
    lives("uninit startup=boot=x:NoSchedule taint=boot=y:NoSchedule", true);
    lives("startup=boot:NoSchedule taint=boot:NoSchedule", false);
    lives("uninit taint=team:NoSchedule", false);
    lives("unregistered taint=team:NoSchedule", true);
    lives("unregistered ctaint=team:NoSchedule", false);
}

#[test]
fn devices_a_starting_node_does_not_report_yet_are_taken_from_its_claim() {
    check("node n1 type=gpu gpu=0 uninit pool=p\npod ai gpu=1", "n1: ai");
    check("node n1 type=gpu gpu=0 pool=p\npod ai gpu=1", "fail: ai");
    check("node n1 type=gpu gpu=0 noclaim\npod ai gpu=1", "fail: ai");
}

#[test]
fn soft_taints_of_nodes_hold_unless_a_pool_has_soft_taints() {
    check("node n1 taint=x:PreferNoSchedule\npod web", "fail: web");
    check("pool p taint=y:PreferNoSchedule\nnode n1 taint=x:PreferNoSchedule\npod web", "n1: web");
}

#[test]
fn host_ports_that_are_taken_stay_taken() {
    check("node n1\npod old on=n1 port=80\npod web port=80", "fail: web");
    check("node n1\npod web x2 port=80", "n1: web-0\nfail: web-1");
    check("node n1\npod old on=n1 port=80\npod web port=81", "n1: web");
}
