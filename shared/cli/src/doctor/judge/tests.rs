//! Facts in, verdicts out.

use super::*;
use crate::doctor::facts::{ClusterFact, QueueFact, RoleFact, SubnetFact, TableFact};

fn subnet(id: &str) -> SubnetFact {
    SubnetFact {
        id: id.to_owned(),
        zone: "eu-west-1a".to_owned(),
        discovery: Some("prod".to_owned()),
        free_addresses: 1000,
        is_public: false,
        gives_public_addresses: false,
        is_clusters: true,
    }
}

fn healthy() -> Facts {
    let cluster = ClusterFact {
        version: "1.34".to_owned(),
        discovery: Some("prod".to_owned()),
        security_group: Some("sg-1".to_owned()),
        authentication_mode: Some("API".to_owned()),
        has_audit_log: true,
    };
    let role = RoleFact {
        name: "nodes".to_owned(),
        arn: Ok(Some("arn:nodes".to_owned())),
        entry: Ok(Some("EC2_LINUX".to_owned())),
    };
    Facts {
        name: "prod".to_owned(),
        cluster: Ok(Ok(cluster)),
        subnets: Ok(vec![subnet("subnet-1")]),
        security_group: Ok(Some("prod".to_owned())),
        roles: Ok(vec![role]),
        missing_kinds: Ok(Vec::new()),
        missing_rights: Ok(Vec::new()),
        images: Ok(vec![("al2023@latest".to_owned(), Ok(Ok(4)))]),
        table: ("joiner".to_owned(), Ok(Some(TableFact { status: "ACTIVE".to_owned(), has_our_keys: true }))),
        queues: vec![QueueFact {
            name: "joiner-relay".to_owned(),
            redrives: Ok(Some(true)),
            dead: Ok(Some(0)),
        }],
    }
}

/// What is not well after a change: sign of the verdict, name, what was found.
fn complaints(change: impl FnOnce(&mut Facts)) -> Vec<String> {
    let mut facts = healthy();
    change(&mut facts);
    let bad = judge(&facts).into_iter().filter(|check| check.verdict != Judgement::Ok);
    bad.map(|check| format!("{} {}: {}", check.verdict.as_str(), check.name, check.found)).collect()
}

fn cluster_of(facts: &mut Facts) -> &mut ClusterFact {
    facts.cluster.as_mut().unwrap().as_mut().unwrap()
}

fn role_of(facts: &mut Facts) -> &mut RoleFact {
    &mut facts.roles.as_mut().unwrap()[0]
}

#[test]
fn a_deployment_that_lacks_nothing_has_nothing_to_mend() {
    assert_eq!(complaints(|_| ()), Vec::<String>::new());
    assert_eq!(judge(&healthy()).len(), 13);
    assert!(judge(&healthy()).iter().all(|check| check.remedy.is_empty()));
}

#[test]
fn each_thing_that_is_missing_is_told() {
    type Change = fn(&mut Facts);
    let cases: [(Change, &str); 15] = [
        (|f| cluster_of(f).discovery = None, "warning cluster tag: no tag karpenter.sh/discovery"),
        (|f| cluster_of(f).has_audit_log = false, "warning audit log: not written"),
        (
            |f| f.security_group = Ok(Some("test".into())),
            "failure security group sg-1: karpenter.sh/discovery=test",
        ),
        (|f| role_of(f).arn = Ok(None), "failure node role nodes: there is no such role"),
        (|f| role_of(f).entry = Ok(None), "failure access of nodes: no access entry"),
        (
            |f| role_of(f).entry = Ok(Some("STANDARD".into())),
            "failure access of nodes: access entry STANDARD",
        ),
        (
            |f| cluster_of(f).authentication_mode = Some("CONFIG_MAP".into()),
            "warning access of nodes: the cluster has no access entries",
        ),
        (|f| f.roles = Ok(Vec::new()), "warning node role: no EC2NodeClass names one"),
        (|f| f.missing_kinds = Ok(vec!["NodePool".into()]), "failure CRDs: not served: NodePool"),
        (|f| f.missing_rights = Err("403".into()), "unknown rights of the functions: 403"),
        (
            |f| f.images = Ok(vec![("al2@v1".into(), Ok(Err("too old".into())))]),
            "failure images of al2@v1: too old",
        ),
        (|f| f.table.1 = Ok(None), "failure table joiner: there is no such table"),
        (|f| f.queues[0].redrives = Ok(None), "failure queue joiner-relay: there is no such queue"),
        (
            |f| f.queues[0].redrives = Ok(Some(false)),
            "failure queue joiner-relay: messages that fail go nowhere",
        ),
        (|f| f.queues[0].dead = Ok(Some(2)), "warning queue joiner-relay: 2 dead letters"),
    ];
    for (change, complaint) in cases {
        assert_eq!(complaints(change), [complaint]);
    }
}

#[test]
fn subnets_are_told_apart_by_their_side_and_their_room() {
    let of = |subnets: Vec<SubnetFact>| complaints(|facts| facts.subnets = Ok(subnets));
    let foreign = SubnetFact { discovery: Some("test".into()), ..subnet("subnet-1") };
    let none = "failure subnets: none of the 1 subnets of the VPC has karpenter.sh/discovery=prod";
    assert_eq!(of(vec![foreign]), [none]);
    let public = SubnetFact { is_public: true, gives_public_addresses: true, ..subnet("subnet-2") };
    assert_eq!(of(vec![public.clone()]), Vec::<String>::new());
    assert_eq!(of(vec![subnet("subnet-1"), public.clone()]), ["warning subnets: 2 tagged, 1 of them public"]);
    let mute = SubnetFact { gives_public_addresses: false, ..public };
    let told = "warning subnet subnet-2: public, eu-west-1a, 1000 free addresses, gives no public address";
    assert_eq!(of(vec![mute]), [told]);
    for (free_addresses, verdict) in [(0, "failure"), (63, "warning")] {
        let told = format!("{verdict} subnet subnet-1: private, eu-west-1a, {free_addresses} free addresses");
        assert_eq!(of(vec![SubnetFact { free_addresses, ..subnet("subnet-1") }]), [told]);
    }
}

#[test]
fn a_cluster_that_is_not_there_is_a_failure_and_an_outage_is_none() {
    let told = complaints(|facts| facts.cluster = Ok(Err("no cluster prod".into())));
    assert_eq!(told, ["failure cluster: no cluster prod"]);
    assert_eq!(complaints(|facts| facts.cluster = Err("no route".into())), ["unknown cluster: no route"]);
}

#[test]
fn many_missing_rights_are_counted() {
    let rights = (1..=5).map(|n| format!("right {n}")).collect();
    let told = complaints(|facts| facts.missing_rights = Ok(rights));
    let expected = "failure rights of the functions: not granted: right 1; right 2; right 3; and 2 more";
    assert_eq!(told, [expected]);
}
