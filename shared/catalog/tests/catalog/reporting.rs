//! What `joiner types` prints. The JSON form is covered by the recorded outcomes.

use joiner_catalog::{AwsSettings, Catalog, types_report, types_table};
use joiner_core::model::{AmiFamily, InstanceType};
use serde_json::json;

use crate::support::plain_class;

fn some_types(names: &[&str]) -> Vec<InstanceType> {
    let catalog = Catalog::embedded();
    let types = catalog.instance_types(&plain_class(AmiFamily::Al2023, catalog), &AwsSettings::UNSET, &[]);
    types.into_iter().filter(|instance_type| names.contains(&&*instance_type.name)).collect()
}

#[test]
fn the_table_lines_up_what_matters() {
    let expected = "\
TYPE           ARCH   CPU      MEMORY    PODS  ZONES                             ON-DEMAND  SPOT
a1.large       arm64  1930m    3055Mi    29    -                                 -          -
m5.large       amd64  1930m    6903Mi    29    us-east-1a,us-east-1b,us-east-1c  0.0960     0.0483
t2.nano        amd64  940m     74Mi      4     us-east-1a,us-east-1b,us-east-1c  0.0058     -
trn1.32xlarge  amd64  127610m  481894Mi  247   us-east-1b,us-east-1c             21.5000    7.9026
";
    assert_eq!(types_table(&some_types(&["a1.large", "m5.large", "t2.nano", "trn1.32xlarge"])), expected);
}

#[test]
fn a_type_nobody_can_buy_has_no_offerings_in_the_report() {
    let report = types_report(&some_types(&["a1.large", "m5.large"]));
    assert_eq!(report["a1.large"].get("offerings"), None);
    assert_eq!(report["m5.large"]["offerings"][0], json!("on-demand/us-east-1a/0.096000"));
    assert_eq!(report["a1.large"]["labels"]["kubernetes.io/arch"], json!("In arm64"));
}

#[test]
fn no_types_are_an_empty_report_and_a_bare_heading() {
    assert_eq!(types_report(&[]), json!({}));
    assert_eq!(types_table(&[]), "TYPE  ARCH  CPU  MEMORY  PODS  ZONES  ON-DEMAND  SPOT\n");
}
