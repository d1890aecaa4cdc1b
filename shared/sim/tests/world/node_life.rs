//! The life of machines in a world that changes around them: images, pools, classes, announcements of EC2, kubelets
//! that die.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use joiner_app::Settings;
use joiner_core::model::{CapacityType, ConditionKind, NodeClaim, keys};
use joiner_ports::{InterruptionKind, Message};
use joiner_sim::log::EntryKind;
use joiner_sim::ports::SimPorts;
use joiner_sim::product;
use joiner_sim::runtime::{Handler, Invocation, Simulation};
use joiner_sim::script::{ScriptAction, ScriptObject, ScriptStep};

use crate::support::{WORKSHOP, deployment, objects, scenario};

const MINUTE: Duration = Duration::from_secs(60);

/// Twelve pods on machines of the workshop's pool, running; then the steps.
fn started(pool: &str, steps: Vec<(u64, ScriptAction)>, handler: Handler) -> Simulation {
    let yaml = format!("{pool}{}", deployment("web", "700m", "512Mi"));
    let mut scenario = scenario(1, &yaml, "5s deployment/web 6");
    let step = |(minute, action)| ScriptStep { at: MINUTE * minute, action };
    scenario
        .script
        .extend(steps.into_iter().map(|(minute, action)| step((u32::try_from(minute).unwrap(), action))));
    Simulation::new(scenario.world(), scenario.cluster_name.clone(), handler)
}

fn claims(simulation: &Simulation) -> Vec<NodeClaim> {
    let world = simulation.world().lock();
    world.cluster.claims.values().map(|claim| claim.object.clone()).collect()
}

fn names(simulation: &Simulation) -> BTreeSet<Arc<str>> {
    claims(simulation).into_iter().map(|claim| claim.name).collect()
}

/// Comes to rest with nothing broken.
fn settled(simulation: &mut Simulation) {
    assert_eq!(simulation.settle(30 * MINUTE), Ok(()));
    assert_eq!(simulation.world().lock().checks.violations, BTreeSet::new());
}

#[test]
fn machines_of_an_older_image_are_replaced() {
    let mut simulation = started(WORKSHOP, vec![(4, ScriptAction::NewImages)], product::handler);
    simulation.run_for(3 * MINUTE);
    let before = names(&simulation);
    simulation.run_for(17 * MINUTE);
    settled(&mut simulation);
    assert!(names(&simulation).is_disjoint(&before), "none of the old ones is left");
    let images: BTreeSet<_> = claims(&simulation).into_iter().filter_map(|claim| claim.image_id).collect();
    assert_eq!(images, BTreeSet::from(["ami-1-amd64".into()]));
}

#[test]
fn a_change_of_the_template_replaces_machines_and_one_of_limits_does_not() {
    let change = |from: &str, to: &str| {
        let yaml = WORKSHOP.replace(from, to);
        let pools = objects(&yaml).into_iter().filter(|object| matches!(object, ScriptObject::NodePool(_)));
        let steps = vec![(4, ScriptAction::Apply { name: "pool".to_owned(), objects: pools.collect() })];
        let mut simulation = started(WORKSHOP, steps, product::handler);
        simulation.run_for(3 * MINUTE);
        let before = names(&simulation);
        simulation.run_for(17 * MINUTE);
        settled(&mut simulation);
        (before, names(&simulation))
    };
    let (before, after) = change("cpu: \"10\"", "cpu: \"20\"");
    assert_eq!(before, after);
    let (before, after) = change("expireAfter: Never", "expireAfter: 700h");
    assert!(before.is_disjoint(&after), "{before:?} {after:?}");
}

// behaviour: drift/nodes-of-another-hash-version-are-adopted
#[test]
fn machines_of_another_autoscaler_are_adopted_and_none_is_replaced() {
    let mut simulation = started(WORKSHOP, Vec::new(), product::handler);
    simulation.run_for(3 * MINUTE);
    let before = names(&simulation);
    {
        let mut world = simulation.world().lock();
        let cluster = &mut world.cluster;
        let theirs = [
            (keys::POOL_HASH, "1"),
            (keys::POOL_HASH_VERSION, "v3"),
            (keys::CLASS_HASH, "2"),
            (keys::CLASS_HASH_VERSION, "v6"),
        ];
        let all = (cluster.claims.values_mut().map(|claim| &mut claim.object.annotations))
            .chain(cluster.pools.values_mut().map(|pool| &mut pool.annotations))
            .chain(cluster.classes.values_mut().map(|class| &mut class.annotations));
        for annotations in all {
            annotations.extend(theirs.map(|(key, value)| (key.into(), value.into())));
        }
    }
    simulation.run_for(20 * MINUTE);
    settled(&mut simulation);
    assert_eq!(names(&simulation), before);
    let version = |claim: &NodeClaim, key| claim.annotations.get(key).map(|version| version.to_string());
    for claim in claims(&simulation) {
        let ours = Some(keys::HASH_VERSION.to_owned());
        assert_eq!(version(&claim, keys::POOL_HASH_VERSION), ours);
        assert_eq!(version(&claim, keys::CLASS_HASH_VERSION), ours);
        assert_eq!(claim.condition(ConditionKind::Drifted), None);
    }
}

#[test]
fn an_interrupted_spot_machine_is_drained_in_time_and_not_bought_again_at_once() {
    let spot = WORKSHOP.replace("values: [\"on-demand\"]", "values: [\"spot\"]");
    let warning = ScriptAction::Announce(InterruptionKind::SpotInterruption);
    let mut simulation = started(&spot, vec![(3, warning)], product::handler);
    simulation.run_for(3 * MINUTE - Duration::from_secs(1));
    let bought = |simulation: &Simulation| {
        let world = simulation.world().lock();
        let all: Vec<_> = world.ec2.instances.values().map(|instance| instance.offering.clone()).collect();
        all
    };
    let first = bought(&simulation);
    assert!(first.iter().all(|offering| offering.capacity_type == CapacityType::Spot), "{first:?}");
    simulation.run_for(2 * MINUTE);
    settled(&mut simulation);
    let world = simulation.world().lock();
    let warned_at = world.agenda.start() + 3 * MINUTE;
    let gone = world.log.entries().iter().filter(|entry| entry.kind == EntryKind::NodeGone);
    let slowest = gone.map(|entry| entry.at.duration_since(warned_at).as_secs()).max();
    assert!(slowest.is_some_and(|slowest| slowest < 120), "gone after {slowest:?} s");
    drop(world);
    let later = bought(&simulation).split_off(first.len());
    assert!(
        !later.is_empty() && later.iter().all(|offering| !first.contains(offering)),
        "{first:?} {later:?}"
    );
}

#[test]
fn a_class_is_deleted_once_its_last_machine_has_gone() {
    let steps = vec![
        (3, ScriptAction::DeleteClass("default".into())),
        (6, ScriptAction::DeletePool("default".into())),
    ];
    let mut simulation = started(WORKSHOP, steps, product::handler);
    simulation.run_for(5 * MINUTE);
    let there = |simulation: &Simulation| simulation.world().lock().cluster.classes.contains_key("default");
    assert!(there(&simulation) && !names(&simulation).is_empty(), "it waits for its machines");
    simulation.run_for(8 * MINUTE);
    assert_eq!((there(&simulation), names(&simulation)), (false, BTreeSet::new()));
}

#[test]
fn a_pool_counts_its_machines_and_says_that_they_join() {
    let mut simulation = started(WORKSHOP, Vec::new(), product::handler);
    simulation.run_for(5 * MINUTE);
    let world = simulation.world().lock();
    let status = &world.cluster.pools["default"].status;
    assert_eq!(status.nodes, world.cluster.claims.len() as u64);
    let told: BTreeSet<_> =
        status.conditions.iter().map(|condition| (&*condition.kind, &*condition.reason)).collect();
    let kinds = ["NodeClassReady", "NodeRegistrationHealthy", "Ready", "ValidationSucceeded"];
    assert_eq!(told, kinds.map(|kind| (kind, kind)).into());
}

/// The product where sick nodes are replaced.
fn repairing(ports: SimPorts, message: Message, now: jiff::Timestamp) -> Invocation {
    Box::pin(async move {
        let settings = Settings { node_repair: true, ..Settings::DEFAULT };
        let outcome = joiner_app::handle(&ports, &settings, message, now).await;
        outcome.map(|_| ()).map_err(|failure| failure.to_string())
    })
}

// behaviour: repair/a-sick-node-is-forced-out
#[test]
fn a_node_whose_kubelet_died_is_replaced_after_half_an_hour_where_that_is_wanted() {
    let dies = || vec![(3, ScriptAction::KubeletDies)];
    let mut simulation = started(WORKSHOP, dies(), repairing);
    simulation.run_for(3 * MINUTE);
    let before = names(&simulation);
    simulation.run_for(29 * MINUTE);
    assert!(!names(&simulation).is_disjoint(&before), "it may recover by itself");
    simulation.run_for(6 * MINUTE);
    settled(&mut simulation);
    let mut patient = started(WORKSHOP, dies(), product::handler);
    patient.run_for(40 * MINUTE);
    let kept = patient.world().lock().cluster.nodes.values().filter(|node| !node.object.ready).count();
    assert_eq!(kept, 1, "unless nobody asked for it");
}

#[test]
fn failed_status_checks_end_a_machine_whatever_runs_on_it() {
    let failed = ScriptAction::Announce(InterruptionKind::StatusCheckFailed);
    let mut simulation = started(WORKSHOP, vec![(3, failed)], product::handler);
    simulation.run_for(3 * MINUTE - Duration::from_secs(1));
    let before = names(&simulation);
    simulation.run_for(5 * MINUTE);
    settled(&mut simulation);
    assert!(names(&simulation).is_disjoint(&before));
}
