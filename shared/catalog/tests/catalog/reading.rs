//! A recording and the embedded table are read alike, and what is wrong with either is said.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use joiner_catalog::{Catalog, CatalogError};
use serde_json::{Value, json};

use crate::support::{SMALL_RECORDING, small_recording};

#[test]
fn the_embedded_table_is_the_whole_region() {
    let catalog = Catalog::embedded();
    assert_eq!(catalog.region(), "us-east-1");
    assert_eq!(catalog.recorded_on(), Some("2026-11-24"));
    let zones: Vec<_> = catalog.zones().iter().map(|z| (&*z.name, z.id.as_deref().unwrap())).collect();
    assert_eq!(zones, [("us-east-1a", "use1-az1"), ("us-east-1b", "use1-az2"), ("us-east-1c", "use1-az3")]);
    assert_eq!(catalog.types().len(), 1235);
    assert!(catalog.types().iter().all(|facts| facts.on_demand_price.is_some()));
    let spot_prices = catalog.types().iter().flat_map(|f| &f.zones).filter(|z| z.spot_price.is_some());
    assert_eq!(spot_prices.count(), 3605);
    assert!(catalog.to_table().len() < 150_000, "the table has outgrown what a binary should carry");
}

#[test]
fn the_generator_gives_back_the_catalog_and_the_embedded_lines() {
    let recorded = Catalog::read(SMALL_RECORDING).unwrap().with_date("2026-11-24");
    let table = recorded.to_table();
    assert_eq!(Catalog::read(table.as_bytes()).unwrap(), recorded);
    let embedded = Catalog::embedded().to_table();
    for line in table.lines() {
        assert!(embedded.lines().any(|other| other == line), "not in the embedded table: {line}");
    }
    assert_eq!(recorded.types().len(), 24);
}

#[test]
fn plain_and_gzipped_forms_are_told_apart_by_themselves() {
    let recording = serde_json::to_vec(&small_recording()).unwrap();
    let expected = Catalog::read(SMALL_RECORDING).unwrap();
    assert_eq!(Catalog::read(&recording).unwrap(), expected);
    assert_eq!(Catalog::read(&gzip(expected.to_table().as_bytes())).unwrap(), expected);
}

#[test]
fn types_that_cannot_be_nodes_are_left_out() {
    let mut recording = small_recording();
    recording["instanceTypes"][0]["SupportedVirtualizationTypes"] = json!(["paravirtual"]);
    recording["instanceTypes"][1]["ProcessorInfo"]["SupportedArchitectures"] = json!(["x86_64_mac"]);
    let all = Catalog::read(SMALL_RECORDING).unwrap();
    let catalog = read(&recording).unwrap();
    let left: Vec<_> = catalog.types().iter().collect();
    assert_eq!(left, all.types()[2..].iter().collect::<Vec<_>>());
}

#[test]
fn a_zero_price_is_no_price() {
    let mut recording = small_recording();
    recording["onDemandPrices"]["m5.large"] = json!(0);
    recording["spotPrices"]["m5.large"]["us-east-1a"] = json!(0.0);
    let catalog = read(&recording).unwrap();
    let facts = catalog.get("m5.large").unwrap();
    assert_eq!((facts.on_demand_price, facts.zones[0].spot_price), (None, None));
}

#[test]
fn a_stream_that_was_cut_short_is_said_to_be() {
    for length in [2, 10, 100, SMALL_RECORDING.len() - 1] {
        match Catalog::read(&SMALL_RECORDING[..length]) {
            Err(CatalogError::Gzip(_)) => {}
            other => panic!("{length}: {other:?}"),
        }
    }
}

/// Changes the small recording and expects reading to fail with the text.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value), expected: &str) {
    let mut recording = small_recording();
    change(&mut recording);
    let error = read(&recording).expect_err(expected);
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_recording_with_nothing_to_choose_from_is_refused() {
    refused(|r| r["region"] = json!(""), "names no region");
    refused(|r| r["zones"] = json!([]), "no availability zones");
    refused(|r| r["instanceTypes"] = json!([]), "no instance types");
    refused(|r| r["offerings"] = json!({}), "no offerings");
    refused(|r| *r = json!({"region": "x"}), "no availability zones");
}

#[test]
fn missing_and_impossible_facts_are_named_with_their_type() {
    refused(|r| r["instanceTypes"][2]["InstanceType"] = Value::Null, "number 3 has no InstanceType");
    refused(|r| r["instanceTypes"][0]["VCpuInfo"] = Value::Null, "a1.large has no VCpuInfo.DefaultVCpus");
    refused(|r| r["instanceTypes"][0]["VCpuInfo"]["DefaultVCpus"] = json!(0), "odd DefaultVCpus: \"0\"");
    refused(|r| r["instanceTypes"][0]["MemoryInfo"] = json!({}), "a1.large has no MemoryInfo.SizeInMiB");
    refused(|r| r["instanceTypes"][0]["MemoryInfo"]["SizeInMiB"] = json!(1_u64 << 40), "odd SizeInMiB");
    refused(|r| r["instanceTypes"][0]["ProcessorInfo"] = Value::Null, "a1.large has no ProcessorInfo");
    refused(|r| r["instanceTypes"][0]["NetworkInfo"] = Value::Null, "a1.large has no NetworkInfo");
    refused(|r| r["instanceTypes"][0]["Hypervisor"] = json!("a\tb"), "odd Hypervisor");
    refused(
        |r| r["instanceTypes"][0]["ProcessorInfo"]["SustainedClockSpeedInGhz"] = json!(-1),
        "odd SustainedClockSpeedInGhz: \"-1\"",
    );
    refused(|r| r["instanceTypes"][1]["InstanceType"] = json!("a1.large"), "a1.large is listed twice");
    refused(|r| r["offerings"]["m5.large"] = json!(["us-west-2a"]), "m5.large is offered in zone us-west-2a");
    refused(|r| r["onDemandPrices"]["m5.large"] = json!(-0.1), "m5.large costs -0.1 USD");
    refused(|r| r["spotPrices"]["m5.large"]["us-east-1b"] = json!(1e12), "m5.large costs 1000000000000 USD");
}

#[test]
fn what_is_no_recording_is_refused_with_its_place() {
    let message = |bytes: &[u8]| Catalog::read(bytes).unwrap_err().to_string();
    assert_eq!(message(b""), "the catalog is neither a JSON recording nor a catalog table");
    assert_eq!(message(b"[]"), "the catalog is neither a JSON recording nor a catalog table");
    assert_eq!(message(&gzip(b"\n")), "the catalog is neither a JSON recording nor a catalog table");
    assert!(message(b"{\"region\": \"us-east-1\",").contains("line 1 column 23"), "{}", message(b"{,"));
    assert!(message(b"{\"instanceTypes\": 5}").contains("invalid type: integer `5`"));
    assert!(message(b"joiner-catalog 1").contains("line 1"));
}

fn read(recording: &Value) -> Result<Catalog, CatalogError> {
    Catalog::read(&serde_json::to_vec(recording).unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

// behaviour: catalog/an-odd-type-hides-no-other
#[test]
fn an_odd_type_of_a_live_answer_is_left_out_and_named() {
    let all = Catalog::read(SMALL_RECORDING).unwrap();
    let mut recording = small_recording();
    recording["instanceTypes"][0]["MemoryInfo"]["SizeInMiB"] = json!(0);
    let twin = recording["instanceTypes"][1].clone();
    recording["instanceTypes"].as_array_mut().unwrap().push(twin);
    let recording: joiner_catalog::Recording = serde_json::from_value(recording).unwrap();
    let (catalog, left_out) = recording.into_catalog_leaving_out_odd().unwrap();
    assert_eq!(catalog.types(), &all.types()[1..]);
    let names: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            format!("instance type {} has an odd SizeInMiB: \"0\"", all.types()[0].name),
            format!("instance type {} is listed twice", all.types()[1].name),
        ]
    );
}
