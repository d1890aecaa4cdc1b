//! Pods and pools without rules between pods: who takes part, in which order, packed how.

use crate::support::check::{check, check_why};

#[test]
fn pods_share_the_cheapest_type_that_holds_them() {
    check("pool general\npod web cpu=1", "general s: web");
    check("pool general\npod web cpu=3", "general m: web");
    check("pool general\npod web x5 mem=10Mi", "general s: web-0 web-1 web-2 web-3 web-4");
    check(
        "only s\npool general\npod web x7",
        "general s: web-5 web-6\ngeneral s: web-0 web-1 web-2 web-3 web-4",
    );
    check("only one\npool general\npod web x3", "general one: web-0\ngeneral one: web-1\ngeneral one: web-2");
}

#[test]
fn pods_of_the_same_size_fill_machines_and_small_ones_the_gaps() {
    check(
        "only m\npool general\npod big x4 mem=1800M\npod small x2 mem=300M",
        "general m: big-0 big-1 small-1\ngeneral m: big-2 big-3 small-0",
    );
}

// behaviour: scheduling/queue-order-cpu-memory-age-uid
#[test]
fn the_largest_go_first_then_older_ones_then_by_uid() {
    check(
        "only one\npool general
         pod d cpu=1 uid=2
         pod c cpu=1 uid=1
         pod e cpu=1 age=10 uid=0
         pod b cpu=1 mem=1Gi
         pod a cpu=2",
        "general one: a\ngeneral one: b\ngeneral one: c\ngeneral one: d\ngeneral one: e",
    );
}

#[test]
fn only_pods_that_the_scheduler_refused_are_provisioned_for() {
    check(
        "pool general
         pod seen cpu=1
         pod unseen unseen cpu=1
         pod nominated nominated=n1 cpu=1
         pod daemon owner=DaemonSet cpu=1
         pod mirror owner=Node cpu=1
         pod terminating deleting cpu=1",
        "general m: seen terminating",
    );
}

// behaviour: scheduling/pod-validation
#[test]
fn a_pod_that_cannot_be_simulated_is_left_out_with_all_that_is_wrong_and_holds_up_no_other() {
    check_why(
        "pool general\npod web sel=host:n1 sel=karpenter.sh/custom:x need=cap=weekly\npod other",
        "web: spec.nodeSelector[karpenter.sh/custom]: label karpenter.sh/custom is restricted; nodes cannot be \
         launched for it; spec.nodeSelector[kubernetes.io/hostname]: label kubernetes.io/hostname is restricted; \
         nodes cannot be launched for it; karpenter.sh/capacity-type must be one of [\"on-demand\", \"spot\", \
         \"reserved\"], got [\"weekly\"]",
    );
    check("pool general\npod web sel=host:n1\npod other", "general nano: other\nignored: web");
    check("pool general\npod web need=team>x\npod alt need=zone=a need=host=n", "ignored: alt web");
}

#[test]
fn a_pod_may_ask_to_stay_off_our_nodes() {
    check_why(
        "pool general\npod web need=!pool",
        "web: it asks to stay off nodes with the label karpenter.sh/nodepool",
    );
    check("pool general\npod web need=pool!=other", "general nano: web");
}

#[test]
fn resources_a_type_does_not_have_are_not_found_on_it() {
    check("pool general\npod ai gpu=1", "general gpu: ai");
    check("pool general\npod ai ask=aws.amazon.com/neuron:1", "general neuron: ai");
    check("pool general\npod ai gpu=1 ask=aws.amazon.com/neuron:1", "fail: ai");
    check("pool general\npod web cpu=512", "fail: web");
    check("pool general\npod zero ask=example.com/nothing:0", "general nano: zero");
}

#[test]
fn devices_are_claimed_in_vain_and_that_is_said() {
    check_why(
        "pool general\npod web dra",
        "web: it uses resourceClaims (dynamic resource allocation), which is not supported yet",
    );
}

#[test]
fn taints_of_the_pool_must_be_tolerated_and_startup_taints_need_not() {
    let pool = "pool general taint=team=a:NoSchedule startup=boot:NoSchedule\n";
    for (pod, fits) in [
        ("tol=team=a:NoSchedule", true),
        ("tol=team:NoSchedule", true),
        ("tol=team", true),
        ("tol=*", true),
        ("", false),
        ("tol=crew", false),
        ("tol=team=b:NoSchedule", false),
        ("tol=team=a:NoExecute", false),
    ] {
        check(&format!("{pool}pod web {pod}"), if fits { "general nano: web" } else { "fail: web" });
    }
}

#[test]
fn two_pods_that_want_one_host_port_get_two_machines() {
    let pods = |a: &str, b: &str| format!("pool general\npod a port={a}\npod b port={b}");
    check(&pods("8080", "8080"), "general nano: a\ngeneral nano: b");
    check(&pods("8080", "8080/UDP"), "general nano: a b");
    check(&pods("8080@10.0.0.1", "8080@10.0.0.2"), "general nano: a b");
    check(&pods("8080@10.0.0.1", "8080"), "general nano: a\ngeneral nano: b");
}

#[test]
fn pods_without_any_pool_fail_and_are_told() {
    check_why("pod web", "web: there is no NodePool that could be used");
    check("node n1\npod web", "n1: web");
}

#[test]
fn a_pod_that_joins_goes_where_the_fewest_pods_are() {
    check(
        "only m\npool general\npod a cpu=3\npod b cpu=2500m\npod c cpu=100m\npod d cpu=100m\npod e cpu=100m",
        "general m: b d e\ngeneral m: a c",
    );
}
