//! `joiner plan`: which machines would be launched for the pending pods of manifests?

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use joiner_api::read::{Assumptions, Manifests, Mode, PlanSettings, Source};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::disruption::consolidation::{ConsolidationMode, ConsolidationRules};
use joiner_core::model::{NamespacedName, ResourceName, Snapshot, Unavailable};
use joiner_core::scheduling::plan::{Knobs, Plan, ReservedMode};
use joiner_core::scheduling::solve;
use joiner_sim::bound::{ResourcePrices, allowed_offerings};

use crate::args::{Consolidation, InputArguments, Packing, PlanArguments};
use crate::fault::Fault;
use crate::output;

/// A decision with what it was made on.
#[derive(Debug)]
pub struct Planned {
    /// The world it was made on.
    pub snapshot: Snapshot,
    /// The decision.
    pub plan: Plan,
}

impl Planned {
    /// What the pods on new machines cost per hour at the very least, in dollars: on fractions of machines that
    /// have exactly the cpu and memory they ask for, at the best prices any pool allows. No packing costs less.
    pub fn lower_bound_usd_per_hour(&self) -> f64 {
        let placed: BTreeSet<&NamespacedName> = self.plan.claims.iter().flat_map(|c| &c.pods).collect();
        let asked = self.snapshot.pods.iter().filter(|pod| placed.contains(&pod.key));
        let demand = asked.fold((0, 0), |(cpu, memory), pod| {
            let amount = |name| pod.spec.requests.amount(&name);
            (cpu + amount(ResourceName::Cpu).milli(), memory + amount(ResourceName::Memory).milli() / 1000)
        });
        if demand == (0, 0) {
            return 0.0;
        }
        let used: BTreeSet<&str> = self.plan.claims.iter().map(|c| &*c.node_pool).collect();
        let pools = self.snapshot.node_pools.iter().filter(|pool| used.contains(&*pool.name));
        ResourcePrices::of(allowed_offerings(pools, &self.snapshot.instance_types).into_iter())
            .cost_of(demand)
    }
}

/// A world to decide on, and the settings of the decision.
#[derive(Debug)]
pub struct Question {
    /// The world.
    pub snapshot: Snapshot,
    /// Settings of the solver.
    pub knobs: Knobs,
    /// Whether disruption is asked about rather than provisioning.
    pub disrupt: bool,
    /// Settings of consolidation.
    pub rules: ConsolidationRules,
}

/// Reads the input.
///
/// # Errors
/// Bad input, and what is not supported yet.
pub fn question(asked: &PlanArguments) -> Result<Question, Fault> {
    let settings = settings(asked.settings.as_deref())?;
    if asked.packing == Packing::Cost {
        return Err(Fault::bad_input("--packing cost is not supported yet", "use --packing first-fit"));
    }
    let catalog = catalog(asked.input.catalog.as_deref())?;
    let manifests = manifests(&asked.input)?;
    let now = settings.now.unwrap_or_else(Timestamp::now);
    let assumptions = Assumptions { now, zones: catalog.zones(), expand_workloads: true };
    let snapshot =
        with_instance_types(manifests.into_snapshot(&assumptions), &catalog, &settings.unavailable);
    let knobs = Knobs {
        now,
        preference_policy: settings.preference_policy,
        min_values_policy: settings.min_values_policy,
        reserved_mode: ReservedMode::Strict,
    };
    let disrupt = asked.disrupt || settings.mode == Some(Mode::Disrupt);
    let mode = match asked.consolidation {
        Consolidation::Reference => ConsolidationMode::Reference,
        Consolidation::Several => ConsolidationMode::DEFAULT,
    };
    let rules = ConsolidationRules { spot_to_spot: settings.spot_to_spot_consolidation, mode };
    Ok(Question { snapshot, knobs, disrupt, rules })
}

/// Decides what would be launched.
pub fn plan(question: Question) -> Planned {
    let plan = solve(&question.snapshot, &question.knobs);
    Planned { snapshot: question.snapshot, plan }
}

fn settings(file: Option<&Path>) -> Result<PlanSettings, Fault> {
    let Some(file) = file else { return Ok(PlanSettings::default()) };
    let text = fs::read_to_string(file).map_err(|error| {
        Fault::bad_input(
            format!("cannot read {}: {error}", file.display()),
            "give --settings a YAML or JSON file",
        )
    })?;
    Ok(PlanSettings::read(&Source { name: file.display().to_string().into(), text })?)
}

/// The facts named, or those that are built in.
///
/// # Errors
/// A file that cannot be read or is no catalog.
pub fn catalog(file: Option<&Path>) -> Result<Arc<Catalog>, Fault> {
    let Some(file) = file else { return Ok(Arc::new(Catalog::embedded().clone())) };
    let remedy = "give --catalog a recording of EC2 facts and prices, or leave it out for the built-in ones";
    let bytes = fs::read(file)
        .map_err(|error| Fault::bad_input(format!("cannot read {}: {error}", file.display()), remedy))?;
    let catalog = Catalog::read(&bytes)
        .map_err(|error| Fault::bad_input(format!("{}: {error}", file.display()), remedy))?;
    Ok(Arc::new(catalog))
}

/// The objects of all files named. What was left aside is told on standard error.
///
/// # Errors
/// No file at all, and everything that is wrong with the manifests.
pub fn manifests(input: &InputArguments) -> Result<Manifests, Fault> {
    if input.files.is_empty() && input.more_files.is_empty() {
        return Err(Fault::bad_input(
            "no manifests are given",
            "name files or folders with -f, or - for stdin",
        ));
    }
    let mut sources = Vec::new();
    for file in input.files.iter().chain(&input.more_files) {
        sources.extend(Source::open(file, &input.cluster)?);
    }
    let manifests = Manifests::read(&sources)?;
    for note in &manifests.notes {
        output::complain(&format!("note: {note}"));
    }
    Ok(manifests)
}

/// Adds what can be bought under each class.
pub fn with_instance_types(snapshot: Snapshot, catalog: &Catalog, unavailable: &[Unavailable]) -> Snapshot {
    let types = snapshot.node_classes.iter().map(|class| {
        let types = catalog.instance_types(class, &AwsSettings::UNSET, unavailable);
        (class.name.clone(), Arc::new(types))
    });
    Snapshot { instance_types: types.collect(), ..snapshot }
}
