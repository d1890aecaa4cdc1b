//! Volumes: where they can be reached from, what is wrong with them, how many a node takes.

use crate::support::check::{check, check_skew, check_why};

const ZONED: &str = "pool general\nsc ebs at=zone=b|c\npvc data sc=ebs\n";

// behaviour: scheduling/volume-topology
#[test]
fn a_pod_goes_where_its_volumes_can_be_reached() {
    check(&format!("{ZONED}pod web pvc=data need=zone=a|c"), "general nano: web {zone=c}");
    check(&format!("{ZONED}pod web pvc=data sel=zone:a"), "fail: web");
    check(
        "pool general\nsc ebs at=zone=b\npvc web-scratch sc=ebs\npod web eph=scratch",
        "general nano: web {zone=b}",
    );
    check("pool general\npv v at=zone=c\npvc data pv=v\npod web pvc=data", "general nano: web {zone=c}");
    check("pool general\npv v at=zone=c\npvc data pv=v\npod web pvc=data sel=zone:a", "fail: web");
    check(
        "pool general\npv v at=zone=c\npvc data pv=v\npod web pvc=data need=zone=x need=size=large",
        "general l: web {size=large zone=c}",
    );
    check(
        "pool general\npv v at=zone=c\npvc data pv=v\nnode n1 zone=a\nnode n2 zone=c\npod web pvc=data",
        "n2: web",
    );
}

#[test]
fn volumes_on_a_nodes_own_disk_do_not_tie_the_pod_to_it_and_others_do() {
    check("pool general\npv v local at=host=n9\npvc data pv=v\npod web pvc=data", "general nano: web");
    check(
        "pool general\npv v local at=host=n9 at=zone=x\npvc data pv=v\npod web pvc=data",
        "general nano: web",
    );
    check("pool general\npv v at=host=n9\npvc data pv=v\npod web pvc=data", "fail: web");
    check("pool general\nnode n9\npv v at=host=n9\npvc data pv=v\npod web pvc=data", "n9: web");
}

#[test]
fn each_alternative_is_tried() {
    check_skew(
        "pool general\npv v at=zone=a at=zone=b\npvc data pv=v\npod web x2 pvc=data far=zone",
        ("web", "zone"),
        &[1, 1],
    );
    check_skew(
        "pool general\nsc ebs at=zone=a at=zone=b\npvc data sc=ebs\npod web x2 pvc=data far=zone",
        ("web", "zone"),
        &[1, 1],
    );
    check(
        "pool general\nsc one at=zone=a at=zone=b\nsc two at=zone=b at=zone=c\npvc x sc=one\npvc y sc=two\npod web pvc=x pvc=y",
        "general nano: web {zone=b}",
    );
    check(
        "pool general\nsc one at=zone=a\nsc two at=zone=b\npvc x sc=one\npvc y sc=two\npod web pvc=x pvc=y\npod other",
        "general nano: other\nfail: web",
    );
}

// behaviour: scheduling/volume-claim-validation
#[test]
fn a_pod_whose_volumes_are_not_in_order_is_left_out_with_the_reason() {
    let base = "pool general\nsc ebs\nsc now immediate\npv v\npv dying deleting\n";
    for (claim, why) in [
        ("", "PersistentVolumeClaim default/data does not exist"),
        ("pvc data", "PersistentVolumeClaim default/data is unbound and names no storage class"),
        ("pvc data sc=none", "StorageClass none of claim default/data does not exist"),
        ("pvc data pv=none", "PersistentVolume none of claim default/data does not exist"),
        ("pvc data pv=dying", "PersistentVolume dying of claim default/data is being deleted"),
        ("pvc data pv=v unbound", "PersistentVolumeClaim default/data is not bound to its volume v yet"),
        ("pvc data sc=ebs deleting", "PersistentVolumeClaim default/data is being deleted"),
        ("pvc data sc=ebs lost", "PersistentVolumeClaim default/data has lost its volume"),
        (
            "pvc data sc=now",
            "PersistentVolumeClaim default/data must be bound first: its StorageClass now binds immediately",
        ),
    ] {
        check_why(&format!("{base}{claim}\npod web pvc=data"), &format!("web: {why}"));
    }
    for claim in ["pvc data pv=v", "pvc data pv=v sc=none", "pvc data sc=ebs"] {
        check(&format!("{base}{claim}\npod web pvc=data\npod bad pvc=x"), "general nano: web\nignored: bad");
    }
}

// behaviour: scheduling/volume-limits-of-existing-nodes
#[test]
fn a_node_takes_no_more_volumes_than_its_drivers_allow() {
    let node = "sc ebs\nnode n1\nvolumes n1 most=2\npvc a sc=ebs\npvc b sc=ebs\npvc c sc=ebs\n";
    check(&format!("{node}pod web pvc=a pvc=b"), "n1: web");
    check(&format!("{node}pod web pvc=a pvc=b pvc=c"), "fail: web");
    check(&format!("{node}pod old on=n1 pvc=a pvc=b\npod web pvc=b\npod more pvc=c"), "n1: web\nfail: more");
    check(&format!("{node}pod web x9 pvc=a").replace("x9", "x5"), "n1: web-0 web-1 web-2 web-3 web-4");
    check(&format!("{node}pod old on=n1 pvc=a pvc=b\npod web"), "n1: web");
    check(
        &format!("{node}pod old on=n1 pvc=a pvc=b\nsc nfs driver=nfs\npvc n sc=nfs\npod web pvc=n"),
        "n1: web",
    );
    check(
        &format!("{node}pod old on=n1 pvc=a pvc=b\npv p driver=none\npvc n pv=p\npod web pvc=n"),
        "n1: web",
    );
    check(
        &format!("{node}pod old on=n1 pvc=a pvc=b\npv p driver=ebs.csi.aws.com\npvc n pv=p\npod web pvc=n"),
        "fail: web",
    );
    check("sc ebs\npvc a sc=ebs\nnode n1\npod web pvc=a", "n1: web");
}
