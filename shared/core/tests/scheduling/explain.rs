//! Reasons: each "no" names the nearest miss.

use crate::support::check::check_why;

#[track_caller]
fn why(text: &str, reason: &str) {
    check_why(text, &format!("web: NodePool general: {reason}"));
}

#[test]
fn taints_are_named_all_of_them() {
    why(
        "pool general taint=team=a:NoSchedule taint=x:NoExecute\npod web tol=y",
        "did not tolerate taint team=a:NoSchedule, x:NoExecute",
    );
}

#[test]
fn an_undefined_label_is_named_with_the_one_that_was_meant() {
    why("pool general\npod web sel=team:a", "label team is not defined by the pool");
    for (typo, meant) in [
        ("beta/arch", "kubernetes.io/arch"),
        ("region", "topology.kubernetes.io/region"),
        ("nodepool", "karpenter.sh/nodepool"),
        ("capacity-type", "karpenter.sh/capacity-type"),
        ("node.io/zone", "topology.kubernetes.io/zone"),
        ("topology.kubernetes.io/regio", "topology.kubernetes.io/region"),
    ] {
        let hint = format!("label {typo} is not defined by the pool (did you mean {meant}?)");
        let selector = format!("{typo}:x");
        why(&format!("pool general\npod web sel={selector}"), &hint);
    }
}

#[test]
fn a_requirement_is_named_with_what_the_pool_offers() {
    why(
        "pool general need=team=a|b\npod web sel=team:c",
        "pod wants team In [c], the pool offers team In [a b]",
    );
    why(
        "pool general zone=a|b\npod web need=zone!=a|b",
        "pod wants topology.kubernetes.io/zone NotIn [a b], the pool offers topology.kubernetes.io/zone In [a b]",
    );
}

#[test]
fn requirements_that_exclude_each_other_are_named() {
    why(
        "pool general\npod web sel=team:a need=team=b",
        "pod wants team In [a] and team In [b] at once, the pool offers one value at a time",
    );
}

#[test]
fn the_volume_that_is_elsewhere_is_told_from_the_pod() {
    why(
        "pool general zone=a\npv v at=zone=c\npvc data pv=v\npod web pvc=data",
        "a volume needs topology.kubernetes.io/zone In [c], the pool offers topology.kubernetes.io/zone In [a]",
    );
    why(
        "pool general\npv v at=host=n9\npvc data pv=v\npod web pvc=data",
        "a volume needs the node it is on, the pool offers new nodes",
    );
}

#[test]
fn the_resource_that_runs_out_is_named_with_how_much_is_missing() {
    why(
        "only s m\npool general\npod web cpu=5",
        "needs cpu 5, the most a matching type has is 3900m (m): 1100m short",
    );
    why(
        "only s m\npool general\nds agent cpu=1\npod web cpu=3",
        "needs cpu 4, the most a matching type has is 3900m (m): 100m short",
    );
    why(
        "only m xl\npool general\npod web cpu=8 mem=200Gi",
        "needs memory 200Gi, the most a matching type has is 65526Mi (xl): 139274Mi short",
    );
    why(
        "only s m\npool general\npod web ask=example.com/fpga:1",
        "needs example.com/fpga 1, the most a matching type has is 0 (m): 1 short",
    );
    why(
        "pool general\npod web gpu=1 cpu=12",
        "needs cpu 12, the most a matching type has is 7900m (gpu): 4100m short",
    );
}

#[test]
fn traits_that_no_type_has_are_named() {
    why(
        "pool general\npod web sel=type:m9.huge",
        "no instance type has node.kubernetes.io/instance-type In [m9.huge]",
    );
    why(
        "pool general\npod web need=gpus>2",
        "no instance type has karpenter.k8s.aws/instance-gpu-count Exists >=3",
    );
    why(
        "pool general arch=arm64\npod web sel=type:m",
        "no instance type has node.kubernetes.io/instance-type In [m]",
    );
}

#[test]
fn types_that_would_do_but_are_sold_out_are_counted() {
    why(
        "sold-out all cap=spot\npool general\npod web sel=cap:spot cpu=10",
        "3 instance types would do, none can be bought now as karpenter.sh/capacity-type In [spot]",
    );
    why(
        "sold-out xxl\npool general\npod web cpu=20",
        "1 instance types would do, none can be bought now as anything",
    );
    why(
        "pool general\npod web need=cap=spot,zone=c cpu=20",
        "1 instance types would do, none can be bought now as karpenter.sh/capacity-type In [spot], \
         topology.kubernetes.io/zone In [c]",
    );
}

#[test]
fn a_limit_is_named_with_what_is_left_and_what_is_needed() {
    why(
        "pool general limit=cpu:3\npod web cpu=3",
        "limit on cpu: 3 left, the smallest matching type takes 4",
    );
    why(
        "pool general limit=nodes:1\nnode n1 pool=general pods=0\npod web",
        "limit on nodes: 0 left, the smallest matching type takes 1",
    );
    why(
        "pool general limit=cpu:10\nnode n1 type=l pool=general pods=0\npod web cpu=3",
        "limit on cpu: 2 left, the smallest matching type takes 4",
    );
    why(
        "pool general limit=cpu:9 limit=memory:2Gi\npod web cpu=3",
        "limit on memory: 2Gi left, the smallest matching type takes 4Gi",
    );
    why(
        "pool general limit=cpu:4\nds agent cpu=2\npod web cpu=3",
        "limit on cpu: 4 left, the smallest matching type takes 8",
    );
}

#[test]
fn floors_are_named_with_what_was_found() {
    why(
        "pool general need=type=s|m~2\npod web cpu=3",
        "minValues not met: node.kubernetes.io/instance-type wants 2, found 1",
    );
}

#[test]
fn a_port_taken_by_a_daemon_is_named() {
    why(
        "pool general\nds agent port=8080\npod web port=8080",
        "host port 0.0.0.0:8080/TCP is taken by a daemon on every matching type",
    );
}

#[test]
fn topology_rules_are_named_with_the_pods_they_count() {
    why(
        "pool general\npod web near=zone/app=db",
        "pod affinity over topology.kubernetes.io/zone leaves no domain (a: 0, b: 0, c: 0)",
    );
    why(
        "pool general\npod web spread=rack/1",
        "topology spread over rack (maxSkew 1) leaves no domain (no domain is known)",
    );
    why(
        "pool general zone=a\nnode n1 zone=a pods=0\npod db on=n1\npod web far=zone/app=db",
        "pod anti-affinity over topology.kubernetes.io/zone leaves no domain (a: 1)",
    );
    why(
        "pool general zone=a\nnode n1 zone=a pods=0\npod db on=n1 far=zone/app=web\npod web",
        "another pod's anti-affinity over topology.kubernetes.io/zone leaves no domain (a: 1)",
    );
    why(
        "pool general\nnode n1 pods=0\npod db on=n1\npod web near=host/app=db",
        "pod affinity over kubernetes.io/hostname leaves no domain (1 nodes with matching pods)",
    );
}

#[test]
fn a_contended_reservation_is_named_and_waited_for() {
    check_why(
        "reserve s id=cr-1\npool general\npod web cpu=1800m\npod zeb cpu=1800m",
        "zeb: NodePool general: the matching capacity reservations are spoken for; it is tried again next pass",
    );
}

#[test]
fn every_pool_says_its_own_reason_heaviest_first() {
    check_why(
        "pool a weight=1 taint=x:NoSchedule\npool b weight=2 limit=cpu:0\npool c\npod web sel=team:a",
        "web: NodePool b: label team is not defined by the pool; NodePool a: did not tolerate taint x:NoSchedule; \
         NodePool c: label team is not defined by the pool",
    );
}
