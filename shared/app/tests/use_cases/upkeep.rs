//! Machines that run: drift, shape, tags and repair, as a sweep finds and writes them.

use std::sync::Arc;

use joiner_app::Fact;
use joiner_core::model::*;
use joiner_core::termination::DEADLINE_ANNOTATION;
use joiner_ports::*;

use crate::fake::{Fake, Inside, at};
use crate::objects::{claim, class, instance_type, node, pool, running};
use crate::sweep::instance;

const TAGGED: [&str; 2] = ["karpenter.k8s.aws/tagged", "compatibility.karpenter.k8s.aws/cluster-name-tagged"];

/// A claim that runs as its pool and class want it, and of which everything is written.
fn settled(inside: &mut Inside) {
    let image = Image { id: "ami-1".into(), name: "one".into(), deprecated: false, requirements: vec![] };
    let zone = Zone { name: "zone-a".into(), id: None };
    let resolved = ResolvedClass {
        subnets: vec![Subnet { id: "subnet-1".into(), zone }],
        security_groups: vec![SecurityGroup { id: "sg-1".into(), name: "one".into() }],
        images: vec![image],
        instance_profile: None,
    };
    let mut own = claim("n", 0);
    own.image_id = Some("ami-1".into());
    own.annotations.extend(TAGGED.map(|key| (key.into(), "true".into())));
    own.labels.extend([
        (keys::INSTANCE_TYPE.into(), "m5.large".into()),
        (keys::NODE_CLASS.into(), "default".into()),
    ]);
    let consistent = ConditionKind::ConsistentStateFound;
    own.conditions.push(Condition {
        kind: consistent,
        status: ConditionStatus::True,
        reason: consistent.as_str().into(),
        message: "".into(),
        since: at(10),
    });
    let mut of_claim = node("n", 0);
    of_claim.labels.insert(keys::NODE_CLASS.into(), "default".into());
    let (token, machine) = instance(0, 5);
    let security_group_ids = vec!["sg-1".into()];
    let machine = Instance { subnet_id: Some("subnet-1".into()), security_group_ids, ..machine };
    inside.instances.insert(token, machine);
    inside.types = vec![instance_type()];
    inside.snapshot.node_pools = vec![pool()];
    inside.snapshot.node_classes = vec![NodeClass { resolved, ..class() }];
    inside.snapshot.node_claims = vec![own];
    inside.snapshot.nodes = vec![of_claim];
}

fn name() -> ClaimName {
    ClaimName::new("n").unwrap()
}

fn condition(fake: &Fake, kind: ConditionKind) -> Option<(ConditionStatus, Arc<str>)> {
    let claim = fake.with(|inside| inside.snapshot.node_claims[0].clone());
    claim.condition(kind).map(|condition| (condition.status, condition.reason.clone()))
}

// behaviour: objects/only-what-changed-is-written
#[test]
fn of_a_machine_in_good_order_nothing_is_written() {
    let fake = Fake::new(settled);
    let before = fake.with(|inside| inside.snapshot.node_claims.clone());
    assert_eq!(fake.handle(Message::Sweep, 100), []);
    assert_eq!(fake.with(|inside| inside.snapshot.node_claims.clone()), before);
}

// behaviour: drift/the-condition-goes-when-the-drift-does
#[test]
fn a_newer_image_drifts_a_claim_until_it_is_withdrawn() {
    let fake = Fake::new(settled);
    let newest = |fake: &Fake, id: &str| {
        fake.with(|inside| inside.snapshot.node_classes[0].resolved.images[0].id = id.into());
    };
    newest(&fake, "ami-2");
    let facts = fake.handle(Message::Sweep, 100);
    assert_eq!(facts, [Fact::Drifted { claim: name(), cause: "AMIDrift" }]);
    assert_eq!(condition(&fake, ConditionKind::Drifted), Some((ConditionStatus::True, "AMIDrift".into())));
    let look = Message::DisruptTick { again_until: at(160) };
    assert_eq!(fake.sent(), [(look, Delay::from_secs(1))]);
    assert_eq!(fake.handle(Message::Sweep, 160), [], "it is known already");
    newest(&fake, "ami-1");
    assert_eq!(fake.handle(Message::Sweep, 220), [Fact::DriftOver { claim: name() }]);
    assert_eq!(condition(&fake, ConditionKind::Drifted), None);
}

#[test]
fn a_claim_whose_pool_is_gone_keeps_what_was_said_of_it() {
    let fake = Fake::new(settled);
    fake.with(|inside| {
        inside.snapshot.node_classes[0].resolved.images[0].id = "ami-2".into();
        inside.snapshot.node_pools.clear();
    });
    assert_eq!(fake.handle(Message::Sweep, 100), []);
}

#[test]
fn a_node_with_less_than_was_launched_is_told_once() {
    let fake = Fake::new(settled);
    fake.with(|inside| {
        let asked = Resources::from_iter([(ResourceName::Cpu, "1".parse().unwrap())]);
        inside.snapshot.node_claims[0].requests = asked;
        let half = Resources::from_iter([(ResourceName::Cpu, "1".parse().unwrap())]);
        inside.snapshot.nodes[0].capacity = half;
    });
    let what = "2 of cpu was launched, the node has 1 (50 %)".to_owned();
    assert_eq!(fake.handle(Message::Sweep, 100), [Fact::Inconsistent { claim: name(), what }]);
    let failed = Some((ConditionStatus::False, "ConsistencyCheckFailed".into()));
    assert_eq!(condition(&fake, ConditionKind::ConsistentStateFound), failed);
    assert_eq!(fake.handle(Message::Sweep, 160), []);
}

// behaviour: tags/what-users-named-keeps-its-name
#[test]
fn an_instance_gets_the_tags_it_lacks_once() {
    let fake = Fake::new(settled);
    fake.with(|inside| {
        inside.snapshot.node_claims[0].annotations.clear();
        let instance = inside.instances.values_mut().next().unwrap();
        instance.tags.insert("Name".into(), "mine".into());
    });
    let instance = InstanceId::new("i-0").unwrap();
    assert_eq!(fake.handle(Message::Sweep, 100), [Fact::InstanceTagged { claim: name(), instance }]);
    let tags = fake.with(|inside| inside.instances.values().next().unwrap().tags.clone());
    let expected = [("Name", "mine"), ("karpenter.sh/nodeclaim", "n"), ("eks:eks-cluster-name", "demo")];
    assert_eq!(tags, expected.map(|(key, value)| (key.into(), value.into())).into());
    assert_eq!(fake.handle(Message::Sweep, 160), []);
}

#[test]
fn claims_and_nodes_of_others_are_told_their_class() {
    let fake = Fake::new(settled);
    fake.with(|inside| {
        inside.snapshot.node_claims[0].labels.remove(keys::NODE_CLASS);
        inside.snapshot.nodes[0].labels.remove(keys::NODE_CLASS);
    });
    fake.handle(Message::Sweep, 100);
    fake.with(|inside| {
        let labels = [&inside.snapshot.node_claims[0].labels, &inside.snapshot.nodes[0].labels];
        let class = labels.map(|labels| labels.get(keys::NODE_CLASS).map(|class| class.to_string()));
        assert_eq!(class, [Some("default".to_owned()), Some("default".to_owned())]);
    });
}

fn sick(inside: &mut Inside) {
    settled(inside);
    let node = &mut inside.snapshot.nodes[0];
    node.ready = false;
    node.ailments =
        vec![NodeCondition { kind: "Ready".into(), status: ConditionStatus::Unknown, since: at(100) }];
}

// behaviour: repair/a-sick-node-is-forced-out
#[test]
fn a_node_that_is_sick_for_too_long_is_forced_out_where_that_is_wanted() {
    let fake = Fake::new(sick);
    assert_eq!(fake.handle(Message::Sweep, 9000), []);
    fake.with(|inside| inside.node_repair = true);
    assert_eq!(fake.handle(Message::Sweep, 1899), []);
    let facts = fake.handle(Message::Sweep, 1900);
    let (node, ailment) = ("n".into(), "Ready".into());
    let (node_pool, reason) = (Some("general".into()), "unhealthy".into());
    assert_eq!(
        facts,
        [
            Fact::Unhealthy { claim: name(), node, ailment },
            Fact::ClaimDisrupted { claim: name(), node_pool, reason },
        ]
    );
    let gone = fake.with(|inside| inside.snapshot.node_claims[0].clone());
    let deadline = gone.annotations.get(DEADLINE_ANNOTATION).map(|text| text.to_string());
    assert_eq!((gone.deletion_at, deadline), (Some(at(1)), Some(at(1900).to_string())));
}

// behaviour: repair/no-node-is-replaced-when-a-fifth-is-sick
#[test]
fn sick_nodes_stay_when_too_many_are() {
    let fake = Fake::new(|inside| {
        sick(inside);
        inside.node_repair = true;
        let sick = inside.snapshot.nodes[0].clone();
        let other = |name: &str| Node { name: name.into(), provider_id: None, ..sick.clone() };
        inside.snapshot.nodes.extend([other("o"), other("p")]);
    });
    let facts = fake.handle(Message::Sweep, 1900);
    assert_eq!(facts, [Fact::RepairBlocked { node: "n".into(), unhealthy: 3, nodes: 3 }]);
    let events: Vec<_> = fake.with(|inside| inside.events.iter().map(|event| event.reason).collect());
    assert_eq!(events, ["NodeRepairBlocked"]);
    assert_eq!(fake.with(|inside| inside.snapshot.node_claims[0].deletion_at), None);
}

// behaviour: disruption/an-unreadable-do-not-disrupt-is-told
#[test]
fn a_do_not_disrupt_that_cannot_be_read_is_told() {
    let fake = Fake::new(|inside| {
        settled(inside);
        let said = |value: &str| Arc::new(Labels::from([(keys::DO_NOT_DISRUPT.into(), value.into())]));
        let pod = |name: &str, value: &str| Pod { annotations: said(value), ..running(name, "n") };
        inside.snapshot.pods = vec![pod("fine", "true"), pod("timed", "30m"), pod("wrong", "yes")];
    });
    let pod = running("wrong", "n").key;
    assert_eq!(fake.handle(Message::Sweep, 100), [Fact::Unprotected { pod, value: "yes".into() }]);
    let events: Vec<_> = fake.with(|inside| inside.events.iter().map(|event| event.reason).collect());
    assert_eq!(events, ["InvalidDoNotDisruptAnnotation"]);
}
