//! Is the next step of a machine that goes the right one, and are its pods left or forced in time?

use std::sync::Arc;

use super::drain::Forced;
use super::*;
use crate::machine::{PodKey, VolumeAttachment};
use crate::model::{
    Labels, NamespacedName, Pod, PodSpec, PodVolume, Toleration, TolerationOperator, VolumeClaim,
};
use crate::samples::{self, at};

/// A machine whose claim was deleted at second 100, drained since, with a tainted node that goes.
fn going() -> Machine {
    let draining = Condition {
        kind: ConditionKind::Drained,
        status: ConditionStatus::Unknown,
        reason: "Draining".into(),
        message: "Pods are being moved off the node".into(),
        since: at(100),
    };
    let mut claim = samples::initialized_claim("general", "a", at(10));
    claim.deletion_at = Some(at(100));
    claim.conditions.push(draining);
    let mut node = samples::initialized_node("general", "a");
    node.deletion_at = Some(at(100));
    node.taints = vec![disrupted_taint()];
    node.labels.insert(EXCLUDE_LABEL.0.into(), EXCLUDE_LABEL.1.into());
    Machine { claim: Some(claim), nodes: vec![node], ..Machine::default() }
}

fn key() -> NodeKey {
    NodeKey::of(&samples::node("a"))
}

fn claim(machine: &mut Machine) -> &mut NodeClaim {
    machine.claim.as_mut().unwrap()
}

fn act(machine: &Machine, second: i64) -> Act {
    next(machine, InstanceIs::There, at(second)).act
}

fn on_node(pod: Pod) -> Pod {
    Pod { node_name: Some("a".into()), ..pod }
}

fn spec(change: impl FnOnce(&mut PodSpec), pod: Pod) -> Pod {
    let mut spec = (*pod.spec).clone();
    change(&mut spec);
    Pod { spec: Arc::new(spec), ..pod }
}

fn do_not_disrupt(pod: Pod) -> Pod {
    let annotations = Labels::from([("karpenter.sh/do-not-disrupt".into(), "true".into())]);
    Pod { annotations: Arc::new(annotations), ..pod }
}

fn drained(machine: &Machine, second: i64) -> Drain {
    match act(machine, second) {
        Act::Drain(drain) => drain,
        other => panic!("{other:?}"),
    }
}

fn evicted(machine: &Machine) -> Vec<String> {
    drained(machine, 110).evict.iter().map(|pod| pod.key.name.to_string()).collect()
}

#[test]
fn the_steps_of_an_empty_machine_come_in_order() {
    let mut machine = going();
    machine.nodes[0].deletion_at = None;
    machine.nodes[0].taints.clear();
    assert_eq!(act(&machine, 100), Act::DeleteNodes(vec![key()]));
    machine.nodes[0].deletion_at = Some(at(100));
    assert_eq!(act(&machine, 100), Act::Taint(vec![key()]));
    machine.nodes[0].taints = vec![disrupted_taint()];
    assert_eq!(act(&machine, 104), Act::Settle);
    let step = next(&machine, InstanceIs::There, at(105));
    assert_eq!(step.act, Act::TerminateInstance { provider_id: "aws:///zone-a/i-a".into() });
    let found: Vec<_> = step.conditions.iter().map(|c| (c.kind, c.status)).collect();
    let holds = ConditionStatus::True;
    assert_eq!(found, [(ConditionKind::Drained, holds), (ConditionKind::VolumesDetached, holds)]);
    let gone = |machine: &Machine| next(machine, InstanceIs::Gone, at(110)).act;
    assert_eq!(gone(&machine), Act::ReleaseNodes(vec![key()]));
    machine.nodes.clear();
    assert_eq!(gone(&machine), Act::ReleaseClaim);
    claim(&mut machine).finalizers.clear();
    assert_eq!(gone(&machine), Act::Nothing);
}

// behaviour: termination/shortest-drain
#[test]
fn a_drain_takes_at_least_five_seconds_from_its_first_sight() {
    let mut machine = going();
    claim(&mut machine).conditions.retain(|c| c.kind != ConditionKind::Drained);
    let step = next(&machine, InstanceIs::There, at(200));
    assert_eq!((step.act, step.again_at), (Act::Settle, Some(at(205))));
}

// behaviour: termination/a-deleted-node-takes-its-claim-along
#[test]
fn a_node_deleted_by_hand_takes_its_claim_along() {
    let mut machine = going();
    claim(&mut machine).deletion_at = None;
    assert_eq!(act(&machine, 100), Act::DeleteClaim);
    machine.nodes[0].deletion_at = None;
    assert_eq!(act(&machine, 100), Act::Nothing);
}

#[test]
fn a_node_without_a_claim_is_drained_and_let_go_but_no_instance_is_terminated() {
    let mut machine = Machine { claim: None, ..going() };
    machine.pods = vec![on_node(samples::pod("web"))];
    assert_eq!(evicted(&machine), ["web"]);
    machine.pods.clear();
    assert_eq!(act(&machine, 100), Act::ReleaseNodes(vec![key()]));
}

// behaviour: termination/a-claim-without-instance-goes-at-once
#[test]
fn a_claim_that_never_launched_goes_at_once_and_leaves_nodes_alone() {
    let bare = NodeClaim { deletion_at: Some(at(1)), provider_id: None, ..samples::claim("general", "a") };
    let machine = Machine { claim: Some(bare), nodes: vec![samples::node("a")], ..Machine::default() };
    assert_eq!(act(&machine, 2), Act::ReleaseClaim);
}

#[test]
fn a_claim_whose_node_never_joined_loses_its_instance_first() {
    let launched = NodeClaim { deletion_at: Some(at(1)), ..samples::claim("general", "a") };
    let machine = Machine { claim: Some(launched), nodes: vec![samples::node("a")], ..Machine::default() };
    assert_eq!(act(&machine, 2), Act::TerminateInstance { provider_id: "aws:///zone-a/i-a".into() });
}

// behaviour: termination/one-turn-at-a-time-daemons-and-critical-pods-last
#[test]
fn pods_leave_turn_by_turn() {
    let critical = |pod| spec(|s| s.priority_class = Some("system-cluster-critical".into()), pod);
    let mut machine = going();
    machine.pods = [
        critical(samples::owned_pod("proxy", "DaemonSet")),
        critical(samples::pod("dns")),
        samples::owned_pod("agent", "DaemonSet"),
        samples::pod("web-b"),
        samples::pod("web-a"),
    ]
    .map(on_node)
    .into();
    for turn in [vec!["web-a", "web-b"], vec!["agent"], vec!["dns"], vec!["proxy"]] {
        assert_eq!(evicted(&machine), turn);
        // A pod that is stopping still holds its turn.
        let stopping = machine.pods.len() - 1;
        machine.pods[stopping].deletion_at = Some(at(130));
        assert_eq!(drained(&machine, 110).waiting, machine.pods.len());
        machine.pods.retain(|pod| !turn.contains(&&*pod.key.name));
    }
    assert!(matches!(act(&machine, 110), Act::TerminateInstance { .. }));
}

#[test]
fn pods_that_stay_on_purpose_and_stuck_ones_are_not_awaited() {
    let tolerant = |s: &mut PodSpec| {
        s.tolerations = vec![Toleration {
            key: Some("karpenter.sh/disrupted".into()),
            operator: TolerationOperator::Exists,
            value: "".into(),
            effect: None,
        }];
    };
    let mut mirror = samples::owned_pod("static", "Node");
    mirror.owners[0].api_version = "v1".into();
    let stuck = Pod { deletion_at: Some(at(49)), ..samples::pod("stuck") };
    let mut machine = going();
    machine.pods = [spec(tolerant, samples::pod("cni")), mirror, stuck].map(on_node).into();
    assert!(matches!(act(&machine, 110), Act::TerminateInstance { .. }));
}

// behaviour: termination/do-not-disrupt-pods-hold-the-drain
#[test]
fn pods_that_must_not_be_disrupted_hold_the_drain_without_a_deadline() {
    let mut machine = going();
    machine.pods = vec![on_node(do_not_disrupt(samples::pod("job")))];
    let drain = drained(&machine, 100_000);
    assert_eq!((drain.evict, drain.force, drain.waiting), (vec![], vec![], 1));
    assert_eq!(drain.held, [NamespacedName { namespace: "default".into(), name: "job".into() }]);
}

// behaviour: termination/deadline-from-the-grace-period
#[test]
fn the_grace_period_sets_a_deadline_once() {
    let mut machine = going();
    claim(&mut machine).termination_grace_secs = Some(300);
    assert_eq!(act(&machine, 101), Act::SetDeadline(at(400)));
    let earlier = at(200).to_string();
    claim(&mut machine).annotations.insert(DEADLINE_ANNOTATION.into(), earlier.into());
    assert!(matches!(act(&machine, 110), Act::TerminateInstance { .. }));
}

// behaviour: termination/forced-out-when-grace-no-longer-fits
#[test]
fn pods_are_forced_out_when_their_grace_no_longer_fits_before_the_deadline() {
    let mut machine = going();
    claim(&mut machine).annotations.insert(DEADLINE_ANNOTATION.into(), at(400).to_string().into());
    machine.pods = vec![on_node(do_not_disrupt(samples::pod("job")))];
    let pod = PodKey::of(&machine.pods[0]);
    let forced = |grace_secs| vec![Forced { pod: pod.clone(), grace_secs, wanted_secs: 30 }];
    assert_eq!((drained(&machine, 370).force, drained(&machine, 370).next_force_at), (vec![], Some(at(371))));
    assert_eq!(drained(&machine, 371).force, forced(29));
    assert_eq!(drained(&machine, 500).force, forced(1));
    machine.pods[0].deletion_at = Some(at(400));
    assert_eq!(drained(&machine, 371).force, vec![]);
    machine.pods[0].deletion_at = Some(at(401));
    assert_eq!(drained(&machine, 371).force, forced(29));
}

// behaviour: termination/volumes-are-not-awaited-past-the-deadline
#[test]
fn volumes_are_awaited_until_the_deadline_unless_a_pod_that_stays_uses_them() {
    let mut machine = going();
    claim(&mut machine).annotations.insert(DEADLINE_ANNOTATION.into(), at(400).to_string().into());
    let attachment = |name: &str, volume: Option<&str>| VolumeAttachment {
        name: name.into(),
        volume: volume.map(Into::into),
    };
    machine.attachments =
        vec![attachment("va-2", Some("pv-2")), attachment("va-1", Some("pv-1")), attachment("inline", None)];
    let mut mirror = samples::owned_pod("static", "Node");
    mirror.owners[0].api_version = "v1".into();
    machine.pods = vec![on_node(spec(|s| s.volumes = vec![PodVolume::Claim("data".into())], mirror))];
    machine.volume_claims = vec![VolumeClaim {
        key: NamespacedName { namespace: "default".into(), name: "data".into() },
        storage_class: None,
        volume_name: Some("pv-1".into()),
        bind_completed: true,
        deleting: false,
        lost: false,
    }];
    assert_eq!(act(&machine, 110), Act::AwaitVolumes(vec!["va-2".into()]));
    let step = next(&machine, InstanceIs::There, at(401));
    assert_eq!(step.act, Act::TerminateInstance { provider_id: "aws:///zone-a/i-a".into() });
    let last = step.conditions.last().map(|c| (c.status, &*c.reason));
    assert_eq!(last, Some((ConditionStatus::False, "TerminationGracePeriodElapsed")));
}
