//! Which pools take part, and in which order.

use crate::support::check::{check, check_why};

// behaviour: scheduling/heavier-pools-first-then-later-names
#[test]
fn the_heaviest_pool_that_can_take_a_pod_gets_it_and_later_names_go_first_among_equals() {
    check("pool a\npool b\npod web", "b nano: web");
    check("pool a weight=1\npool b\npool c weight=100\npod web", "c nano: web");
    check("pool a weight=1\npool b\npod web sel=pool:b", "b nano: web");
    check("pool a label=team:x\npool b\npod web sel=team:x", "a nano: web {team=x}");
    check("pool a weight=9 arch=arm64\npool b\npod web sel=arch:amd64", "b nano: web {arch=amd64}");
}

// behaviour: scheduling/pool-without-usable-class-is-skipped
#[test]
fn pools_that_cannot_be_used_are_skipped_with_the_reason() {
    check_why(
        "pool ok
         pool deleting deleting
         pool fixed replicas=3
         pool late unready
         pool alien classkind=GKENodeClass
         pool lost class=nowhere
         class old deleting
         pool outdated class=old
         class slow unready
         pool waiting class=slow
         class bare empty
         pool empty class=bare",
        "waiting: its EC2NodeClass slow is not ready: no subnet
         outdated: its EC2NodeClass old is being deleted
         lost: its EC2NodeClass nowhere does not exist; create it or correct nodeClassRef.name
         late: it is not ready: its class is late
         fixed: it has a fixed number of replicas
         empty: its EC2NodeClass offers no instance types
         deleting: it is being deleted
         alien: its nodeClassRef names karpenter.k8s.aws/GKENodeClass default; only karpenter.k8s.aws/EC2NodeClass \
         is supported",
    );
    check("pool fixed replicas=1 weight=9\npool general\npod web", "general nano: web\nskip: fixed");
}

#[test]
fn a_pool_whose_requirements_leave_no_type_is_skipped_with_the_requirement_that_excludes_the_last() {
    check_why(
        "pool typo type=m9.huge
         pool mips arch=mips
         pool both need=arch=amd64 need=arch=arm64
         pool away zone=x|y
         pool late cap=spot zone=c",
        "typo: no instance type meets its requirements: node.kubernetes.io/instance-type In [m9.huge] excludes the \
         last 12 types
         mips: no instance type meets its requirements: kubernetes.io/arch In [mips] excludes the last 12 types
         late: no instance type meets its requirements: 12 types match, none of them can be bought now
         both: no instance type meets its requirements: kubernetes.io/arch DoesNotExist excludes the last 12 types
         away: no instance type meets its requirements: topology.kubernetes.io/zone In [x y] excludes the last 12 \
         types",
    );
    check("pool typo type=m9.huge\nnode n1\npod web", "n1: web\nskip: typo");
}

#[test]
fn a_soft_taint_keeps_pods_off_while_there_is_another_pool() {
    check("pool soft weight=9 taint=x:PreferNoSchedule\npool other\npod web", "other nano: web");
    check("pool soft taint=x:PreferNoSchedule\npod web", "soft nano: web");
    check("pool soft taint=x:PreferNoSchedule\npod web prefer=1*zone=x", "soft nano: web");
}

#[test]
fn a_soft_taint_on_a_node_stays_soft_while_its_pool_has_nothing_to_offer() {
    check(
        "pool soft taint=x:PreferNoSchedule\nsold-out all\nnode n1 pool=soft taint=x:PreferNoSchedule\npod web",
        "n1: web\nskip: soft",
    );
}

#[test]
fn each_class_has_its_own_types() {
    check("class bare empty\npool a class=bare weight=9\npool b\npod web", "b nano: web\nskip: a");
}
