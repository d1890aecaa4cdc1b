//! `joiner types`: what can be bought under an EC2NodeClass?

use jiff::Timestamp;
use joiner_api::read::Assumptions;
use joiner_catalog::{AwsSettings, types_report, types_table};
use joiner_core::model::Readiness;

use crate::args::{OutputForm, TypesArguments};
use crate::fault::Fault;
use crate::output;
use crate::plan::{catalog, manifests};

/// The instance types of the one class that is given.
///
/// # Errors
/// Bad input, or not exactly one class.
pub fn types(asked: &TypesArguments) -> Result<String, Fault> {
    let catalog = catalog(asked.input.catalog.as_deref())?;
    let manifests = manifests(&asked.input)?;
    // Nothing about instance types depends on the time.
    let assumptions =
        Assumptions { now: Timestamp::UNIX_EPOCH, zones: catalog.zones(), expand_workloads: false };
    let snapshot = manifests.into_snapshot(&assumptions);
    let [class] = snapshot.node_classes.as_slice() else {
        let what = format!("{} EC2NodeClasses are given", snapshot.node_classes.len());
        return Err(Fault::bad_input(what, "give exactly one"));
    };
    if let Readiness::NotReady { message, .. } = &class.readiness {
        output::complain(&format!("note: EC2NodeClass {} is not ready: {message}", class.name));
    }
    let types = catalog.instance_types(class, &AwsSettings::UNSET, &[]);
    Ok(match asked.output {
        OutputForm::Json => output::json(&types_report(&types)),
        OutputForm::Text => types_table(&types),
    })
}
