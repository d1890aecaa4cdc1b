//! Provisioning: which pending pods fit on what is there, and which machines do the others need?
//!
//! Reading order: [`plan`] (the answer), [`reason`] (every "no"), `ground` (what passes share), `solve` (the pass), `claim` and `existing`
//! (may this pod go there), `topology`, `template` and `types` (pools and what they can buy), `class` (pods
//! alike), then the working forms: interned values and sets, bit rows, amounts.

pub mod plan;
pub mod reason;

mod amounts;
mod bits;
mod claim;
mod class;
mod draft;
mod existing;
mod explain;
mod finish;
mod ground;
mod intake;
mod ledger;
mod overlay;
mod relax;
mod reserve;
mod sets;
mod solve;
mod template;
mod topology;
mod types;
mod validate;
mod values;
mod volumes;
mod world;

pub use draft::draft;
pub use ground::{Ground, solve};
pub use intake::is_currently_reschedulable;
pub use overlay::instance_types_of;

/// What building topology groups looks at.
fn topology_surroundings<'a>(
    context: &'a class::ClassContext<'_>,
    world: &'a mut world::World,
) -> topology::Surroundings<'a> {
    topology::Surroundings {
        universe: &mut world.universe,
        sets: &mut world.sets,
        templates: context.templates,
        cluster: context.cluster,
        namespaces: &context.snapshot.namespaces,
        respect_preferences: context.respect_preferences,
    }
}
