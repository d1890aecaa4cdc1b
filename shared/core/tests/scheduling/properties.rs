//! What holds in every world: audited in random small ones.

use std::sync::Arc;

use joiner_core::model::Snapshot;
use joiner_core::scheduling::plan::{Knobs, MinValuesPolicy, Plan, PreferencePolicy, ReservedMode};
use joiner_core::scheduling::solve;

use crate::support::apply::apply;
use crate::support::audit::audit;
use crate::support::random::{hold, plain_worlds, worlds_with_reservations, worlds_with_rules};
use crate::support::{print, script};

fn same<T: PartialEq + std::fmt::Debug>(what: &str, left: T, right: T) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{what}: {left:#?} is not {right:#?}")) }
}

fn knobs() -> Knobs {
    script::knobs("")
}

fn audited(world: &Snapshot, knobs: &Knobs) -> Result<Plan, String> {
    let plan = solve(world, knobs);
    let wrong = audit(world, knobs, &plan);
    if wrong.is_empty() {
        Ok(plan)
    } else {
        Err(format!("{wrong:#?}\n{}", print::plan(&plan, world).join("\n")))
    }
}

#[test]
fn every_plan_passes_the_audit() {
    hold(600, worlds_with_rules(), |text| audited(&script::world(text), &knobs()).map(drop));
    hold(300, plain_worlds(), |text| audited(&script::world(text), &knobs()).map(drop));
}

#[test]
fn every_plan_passes_the_audit_under_the_other_policies() {
    let other = Knobs {
        preference_policy: PreferencePolicy::Ignore,
        min_values_policy: MinValuesPolicy::BestEffort,
        ..knobs()
    };
    hold(300, worlds_with_rules(), |text| audited(&script::world(text), &other).map(drop));
}

#[test]
fn reservations_are_never_promised_twice() {
    hold(300, worlds_with_reservations(), |text| audited(&script::world(text), &knobs()).map(drop));
    let fallback = Knobs { reserved_mode: ReservedMode::Fallback, ..knobs() };
    hold(200, worlds_with_reservations(), |text| audited(&script::world(text), &fallback).map(drop));
}

#[test]
fn the_order_in_which_objects_are_read_does_not_matter() {
    hold(400, worlds_with_rules(), |text| {
        let world = script::world(text);
        let mut turned = world.clone();
        turned.pods.reverse();
        turned.nodes.reverse();
        turned.node_claims.reverse();
        turned.node_pools.reverse();
        turned.daemon_sets.reverse();
        same("turned", solve(&turned, &knobs()), solve(&world, &knobs()))?;
        let mut third = world.clone();
        let cut = third.pods.len() / 3;
        third.pods.rotate_left(cut);
        // Values that were shared are not any more.
        third.pods.iter_mut().for_each(|pod| pod.spec = Arc::new((*pod.spec).clone()));
        same("rotated", solve(&third, &knobs()), solve(&world, &knobs()))
    });
}

#[test]
fn a_plan_that_came_true_leaves_nothing_to_do() {
    hold(300, plain_worlds(), |text| {
        let mut world = script::world(text);
        let plan = audited(&world, &knobs())?;
        world.pods.retain(|pod| !plan.ignored.iter().any(|i| i.pod == pod.key));
        apply(&mut world, &plan);
        let again = audited(&world, &knobs())?;
        same("claims", again.claims, Vec::new())?;
        same("existing", again.existing.len(), 0)?;
        same("failed", again.unschedulable.len(), plan.unschedulable.len())
    });
}

#[test]
fn passes_come_to_rest_also_where_pods_wait_for_one_another() {
    hold(300, worlds_with_rules(), |text| {
        let mut world = script::world(text);
        for _ in 0..24 {
            let plan = audited(&world, &knobs())?;
            if plan.claims.is_empty() && plan.existing.is_empty() {
                return Ok(());
            }
            apply(&mut world, &plan);
        }
        Err("still at it after 24 passes".to_owned())
    });
}
