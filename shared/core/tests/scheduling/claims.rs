//! The claim object that a proposed machine becomes.

use std::sync::Arc;

use joiner_core::model::{Allowed, InstanceType, Requirement, Snapshot, keys};
use joiner_core::scheduling::plan::{ClaimDraft, Plan};
use joiner_core::scheduling::reason::{Refusal, WhyNot};
use joiner_core::scheduling::{draft, solve};

use crate::support::check::play;
use crate::support::expression::show;
use crate::support::{catalog, script};

fn drafted(text: &str) -> ClaimDraft {
    let (world, plan) = play(text);
    let pool = world.node_pools.iter().find(|p| p.name == plan.claims[0].node_pool).expect("the pool");
    draft(&plan.claims[0], pool, &world.instance_types["default"])
}

fn requirements(draft: &ClaimDraft) -> Vec<String> {
    draft.requirements.iter().map(show).collect()
}

fn labels(draft: &ClaimDraft) -> Vec<String> {
    draft.labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

// behaviour: scheduling/claim-carries-types-labels-and-floors
#[test]
fn a_claim_lists_its_types_and_what_may_be_bought_and_nothing_that_only_simulations_need() {
    let plain = drafted("only s m\npool general\npod web");
    assert_eq!(
        requirements(&plain),
        ["karpenter.k8s.aws/ec2nodeclass=default", "cap=on-demand|spot", "pool=general", "type=m|s"]
    );
    let narrowed = drafted(
        "only s m l\nsold-out all cap=spot\npool general need=type=s|m~2 zone=a|b\npod web sel=zone:b",
    );
    assert_eq!(
        requirements(&narrowed),
        ["karpenter.k8s.aws/ec2nodeclass=default", "cap=on-demand", "pool=general", "type=m|s~2", "zone=b"]
    );
}

#[test]
fn a_claim_carries_what_its_pool_says() {
    let draft = drafted(
        "pool general label=team:a note=why:because taint=x=1:NoSchedule startup=boot:NoExecute\npod web tol=*",
    );
    assert_eq!(
        labels(&draft),
        ["karpenter.k8s.aws/ec2nodeclass=default", "karpenter.sh/nodepool=general", "team=a"]
    );
    let annotations: Vec<String> = draft.annotations.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(
        annotations,
        [
            "karpenter.sh/nodeclaim-min-values-relaxed=false",
            "karpenter.sh/nodepool-hash=general-hash",
            "karpenter.sh/nodepool-hash-version=joiner.v1",
            "why=because"
        ]
    );
    assert_eq!(draft.taints.iter().map(ToString::to_string).collect::<Vec<_>>(), ["x=1:NoSchedule"]);
    assert_eq!(draft.startup_taints.iter().map(ToString::to_string).collect::<Vec<_>>(), ["boot:NoExecute"]);
    assert_eq!(&*draft.node_class.name, "default");
}

#[test]
fn custom_labels_get_an_admitted_value_and_well_known_ones_are_left_to_the_launch() {
    let label = |need: &str| {
        let draft = drafted(&format!("pool general need={need} zone=a\npod web"));
        (draft.labels.get("k").map(ToString::to_string), draft.labels.contains_key(keys::ZONE))
    };
    for (need, value) in [
        ("k=v|w", Some("v")),
        ("k!=0|1", Some("2")),
        ("k?", Some("0")),
        ("k>4", Some("5")),
        ("k<4", Some("0")),
        ("!k", None),
    ] {
        assert_eq!(label(need), (value.map(str::to_owned), false), "{need}");
    }
}

#[test]
fn a_label_without_an_admitted_value_is_left_out() {
    let label = |needs: &str| drafted(&format!("pool general {needs}\npod web")).labels.get("k").cloned();
    assert_eq!(label("need=k<0"), None, "no integer from zero on is below zero");
    assert_eq!(label("need=k>4 need=k<6 need=k!=5"), None, "the only integer between is excluded");
}

#[test]
fn pods_of_daemons_are_asked_for_by_the_claim() {
    let asks = drafted("pool general\nds agent cpu=100m\npod web cpu=200m").requests.to_string();
    assert_eq!(asks, "cpu 300m, pods 2");
}

/// A world of seven hundred types alike.
fn many_types(text: &str) -> Plan {
    let mut world: Snapshot = script::world(text);
    let small = catalog::types().into_iter().find(|t| &*t.name == "s").expect("the small type");
    let named = |number: usize| {
        let name = format!("s{number:03}");
        let mut requirements = small.requirements.clone();
        requirements.remove(keys::INSTANCE_TYPE);
        requirements.add(Requirement::new(keys::INSTANCE_TYPE, Allowed::one(&name)));
        InstanceType { name: name.into(), requirements, ..small.clone() }
    };
    world.instance_types.insert("default".into(), Arc::new((0..700).map(named).collect()));
    solve(&world, &script::knobs(text))
}

#[test]
fn types_are_capped_at_the_six_hundred_cheapest_by_name_among_equals() {
    let plan = many_types("pool general\npod web");
    let types = &plan.claims[0].instance_types;
    assert_eq!((types.len(), &*types[0], &*types[599]), (600, "s000", "s599"));
}

#[test]
fn a_floor_above_the_cap_is_not_met_and_the_pods_are_told() {
    let plan = many_types("pool general need=type?~650\npod web x2");
    let floors = vec![(Arc::from(keys::INSTANCE_TYPE), 650, 600)];
    let why = WhyNot::Pools(vec![("general".into(), Refusal::MinValues { floors })]);
    let failed: Vec<_> = plan.unschedulable.iter().map(|u| (&*u.pod.name, u.why.clone())).collect();
    assert_eq!((plan.claims.len(), failed), (0, vec![("web-0", why.clone()), ("web-1", why)]));
    let best_effort = many_types("knobs - besteffort\npool general need=type?~650\npod web");
    assert_eq!(best_effort.claims[0].instance_types.len(), 600);
}
