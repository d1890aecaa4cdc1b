//! Pods of nodes on their way out.

use crate::support::check::check;

const LEAVING: &str = "pool general\nnode old pool=general marked\n";

#[track_caller]
fn moves(more: &str, moves: bool) {
    check(&format!("{LEAVING}pod web on=old cpu=1 {more}"), if moves { "general s: web" } else { "" });
}

// behaviour: scheduling/pods-of-leaving-nodes-are-placed-ahead
#[test]
fn pods_that_will_be_started_again_get_a_place_before_their_node_goes() {
    moves("owner=ReplicaSet", true);
    moves("", true);
    moves("owner=DaemonSet", false);
    moves("owner=Node", false);
    moves("deleting", false);
    moves("owner=ReplicaSet deleting", false);
    moves("owner=StatefulSet deleting", true);
    moves("phase=Succeeded", false);
    moves("owner=StatefulSet phase=Failed", false);
}

#[test]
fn every_way_of_leaving_counts_and_nothing_is_placed_on_what_leaves() {
    for way in ["marked", "deleting", "terminating", "noclaim deleting", "noclaim marked"] {
        check(
            &format!("pool general\nnode old pool=general {way}\npod a on=old cpu=1\npod b cpu=500m"),
            "general s: a b",
        );
    }
    check("pool general\nnode old pool=general\npod a on=old cpu=1\npod b cpu=500m", "old: b");
}

#[test]
fn pods_that_must_not_be_disrupted_stay_until_their_time_is_up() {
    moves("keep=true", false);
    moves("keep=false", true);
    moves("keep=1h up=60", false);
    moves("keep=1h up=4000", true);
    moves("keep=1h", false);
    moves("keep=soon", true);
    moves("keep=true owner=StatefulSet deleting", true);
}

#[test]
fn pods_that_no_budget_will_ever_let_go_stay() {
    let budgets = |pdb: &str, moves: bool| {
        let text = format!("{LEAVING}{pdb}\npod web on=old cpu=1");
        check(&text, if moves { "general s: web" } else { "" });
    };
    budgets("pdb a max=0", false);
    budgets("pdb a max=0%", false);
    budgets("pdb a min=100%", false);
    budgets("pdb a max=1", true);
    budgets("pdb a for=app=other max=0", true);
    budgets("pdb a max=1\npdb b max=1", false);
    check(&format!("{LEAVING}pdb a max=0\npod web on=old cpu=1 tol=*"), "general s: web");
}

#[test]
fn pods_on_the_move_are_not_counted_where_they_are() {
    check(
        "pool general zone=a|b\nnode old pool=general zone=a marked\nnode new pool=general zone=b pods=0
         pod web on=old cpu=1 spread=zone/1",
        "general s: web {zone=a}",
    );
}

// behaviour: scheduling/volumes-of-moving-pods-are-looked-up
#[test]
fn a_pod_on_the_move_whose_volume_cannot_be_looked_up_waits_for_the_next_pass() {
    check(&format!("{LEAVING}pod web on=old pvc=data"), "ignored: web");
    check(&format!("{LEAVING}pvc data pv=lost\npod web on=old pvc=data"), "ignored: web");
    check(
        &format!("{LEAVING}pv v at=zone=b\npvc data pv=v\npod web on=old pvc=data"),
        "general nano: web {zone=b}",
    );
}
