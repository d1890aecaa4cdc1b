//! Claims: created once, changed by what a patch names, deleted in two steps.

use joiner_core::in_flight::draft_of;
use joiner_core::model::{Condition, ConditionKind, ConditionStatus, Labels, Resources, keys};
use joiner_ports::{ClaimPatch, ClusterRead, ClusterWrite, CreatedClaim, FinalizerChange, NewClaim, Target};

use super::{ClusterGround, No, machine_of, new_claim, refusal, snapshot};

/// Creates the claim of the ground.
pub(super) async fn create<C: ClusterRead + ClusterWrite>(ground: &ClusterGround<C>) -> CreatedClaim {
    let (name, pool, draft) = (ground.names.claim(), ground.names.pool(), ground.names.draft());
    let world = snapshot(&ground.cluster).await;
    let known = world.node_pools.iter().find(|known| *known.name == *pool).expect("the pool");
    let new = NewClaim { name: &name, node_pool: &pool, node_pool_uid: &known.uid, draft: &draft };
    ground.cluster.create_claim(new).await.expect("a claim")
}

fn condition(kind: ConditionKind, status: ConditionStatus, second: i64) -> Condition {
    let since = jiff::Timestamp::from_second(1_700_000_000 + second).expect("a time");
    Condition { kind, status, reason: kind.as_str().into(), message: "as told".into(), since }
}

// behaviour: cluster/a-claim-is-created-once
pub(super) async fn a_claim_is_created_once_and_carries_its_finalizer<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let first = create(ground).await;
    let claim = new_claim(&first);
    assert_eq!(claim.finalizers, [keys::TERMINATION_FINALIZER.into()]);
    assert_eq!(draft_of(claim), ground.names.draft());
    let second = create(ground).await;
    assert_eq!(second, CreatedClaim { claim: claim.clone(), existed: true });
    let world = snapshot(&ground.cluster).await;
    let seen = world.node_claims.iter().find(|seen| seen.name == claim.name);
    assert_eq!(seen, Some(claim));
}

pub(super) async fn a_patch_writes_what_it_names_and_keeps_the_rest<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, name) = (&ground.cluster, ground.names.claim());
    let created = create(ground).await;
    let claim = new_claim(&created);
    let capacity: Resources = "4"
        .parse()
        .map(|cpu| [(joiner_core::model::ResourceName::Cpu, cpu)])
        .expect("a quantity")
        .into_iter()
        .collect();
    let launched = ClaimPatch {
        labels: Labels::from([(keys::ZONE.into(), "zone-a".into())]),
        annotations: Labels::from([("example.com/note".into(), "second".into())]),
        provider_id: Some("aws:///zone-a/i-1".into()),
        image_id: Some("ami-1".into()),
        capacity: Some(capacity.clone()),
        allocatable: Some(capacity.clone()),
        ..ClaimPatch::default()
    };
    let mut expected = claim.clone();
    expected.labels.insert(keys::ZONE.into(), "zone-a".into());
    expected.annotations.insert("example.com/note".into(), "second".into());
    expected.provider_id = Some("aws:///zone-a/i-1".into());
    expected.image_id = Some("ami-1".into());
    expected.capacity = capacity.clone();
    expected.allocatable = capacity;
    let patched = cluster.patch_claim(&name, &claim.uid, &launched).await.expect("a patch");
    assert_eq!(patched, expected);
    let at = jiff::Timestamp::from_second(1_700_000_000).expect("a time");
    let registered =
        ClaimPatch { node_name: Some("n".into()), last_pod_event_at: Some(at), ..ClaimPatch::default() };
    expected.node_name = Some("n".into());
    expected.last_pod_event_at = Some(at);
    let patched = cluster.patch_claim(&name, &claim.uid, &registered).await.expect("a patch");
    assert_eq!(patched, expected);
    // Written again it changes nothing.
    let patched = cluster.patch_claim(&name, &claim.uid, &registered).await.expect("a patch");
    assert_eq!(patched, expected);
    let world = snapshot(cluster).await;
    assert_eq!(world.node_claims.iter().find(|seen| *seen.name == *expected.name), Some(&expected));
}

pub(super) async fn conditions_are_written_by_kind_and_taken_away<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    use ConditionKind::{Drained, Drifted, Launched};
    let (cluster, name) = (&ground.cluster, ground.names.claim());
    let created = create(ground).await;
    let uid = &new_claim(&created).uid;
    let launched = condition(Launched, ConditionStatus::True, 1);
    let drifted = condition(Drifted, ConditionStatus::True, 2);
    let draining = condition(Drained, ConditionStatus::Unknown, 3);
    let write =
        ClaimPatch { conditions: vec![launched.clone(), drifted.clone(), draining], ..ClaimPatch::default() };
    let patched = cluster.patch_claim(&name, uid, &write).await.expect("a patch");
    assert_eq!(patched.condition(Launched), Some(&launched));
    assert_eq!(patched.condition(Drifted), Some(&drifted));
    let drained = condition(Drained, ConditionStatus::True, 4);
    let write =
        ClaimPatch { conditions: vec![drained.clone()], cleared: vec![Drifted], ..ClaimPatch::default() };
    let patched = cluster.patch_claim(&name, uid, &write).await.expect("a patch");
    let kept = [Launched, Drifted, Drained].map(|kind| patched.condition(kind).cloned());
    assert_eq!(kept, [Some(launched), None, Some(drained)]);
}

// behaviour: cluster/deletions-mean-one-uid
pub(super) async fn a_claim_of_another_uid_is_never_touched<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, name) = (&ground.cluster, ground.names.claim());
    let gone = No::Gone(format!("NodeClaim {name}"));
    let patch = ClaimPatch {
        labels: Labels::from([("example.com/team".into(), "b".into())]),
        finalizer: FinalizerChange::Remove,
        ..ClaimPatch::default()
    };
    assert_eq!(refusal(cluster.patch_claim(&name, "another", &patch).await), gone);
    cluster.delete_claim(&name, "another").await.expect("nothing to do");
    assert_eq!(cluster.machine(&Target::Claim(name.clone())).await.expect("an answer"), None);
    let created = create(ground).await;
    let claim = new_claim(&created);
    assert_eq!(refusal(cluster.patch_claim(&name, "another", &patch).await), gone);
    cluster.delete_claim(&name, "another").await.expect("nothing to do");
    let machine = machine_of(cluster, claim).await.expect("the machine");
    assert_eq!(machine.claim.as_ref(), Some(claim));
}

pub(super) async fn a_deleted_claim_stays_until_its_finalizer_goes<C: ClusterRead + ClusterWrite>(
    ground: &ClusterGround<C>,
) {
    let (cluster, name) = (&ground.cluster, ground.names.claim());
    let created = create(ground).await;
    let claim = new_claim(&created);
    for _ in 0..2 {
        cluster.delete_claim(&name, &claim.uid).await.expect("a deletion");
    }
    let machine = machine_of(cluster, claim).await.expect("the machine");
    assert!(machine.claim.is_some_and(|claim| claim.deletion_at.is_some()));
    let world = snapshot(cluster).await;
    let seen = world.node_claims.iter().find(|seen| seen.name == claim.name).expect("the claim");
    assert!(seen.deletion_at.is_some());
    let release = ClaimPatch {
        finalizer: FinalizerChange::Remove,
        conditions: vec![condition(ConditionKind::InstanceTerminating, ConditionStatus::True, 5)],
        ..ClaimPatch::default()
    };
    let last = cluster.patch_claim(&name, &claim.uid, &release).await.expect("a patch");
    assert_eq!((last.finalizers.len(), last.is(ConditionKind::InstanceTerminating)), (0, true));
    assert_eq!(machine_of(cluster, claim).await, None);
    let world = snapshot(cluster).await;
    assert_eq!(world.node_claims.iter().find(|seen| seen.name == claim.name), None);
    let gone = No::Gone(format!("NodeClaim {name}"));
    assert_eq!(refusal(cluster.patch_claim(&name, &claim.uid, &release).await), gone);
    cluster.delete_claim(&name, &claim.uid).await.expect("nothing to do");
}
