//! How long until scheduling can start: reading the embedded catalog and deriving its types for one class.

use divan::{Bencher, black_box};
use joiner_catalog::{AwsSettings, Catalog};
use joiner_core::model::{AmiFamily, KubeletSettings, Labels, NodeClass, Readiness};

fn main() {
    divan::main();
}

fn class(catalog: &Catalog) -> NodeClass {
    NodeClass {
        name: "default".into(),
        readiness: Readiness::Ready,
        deleting: false,
        ami_family: AmiFamily::Al2023,
        kubelet: KubeletSettings::default(),
        block_devices: Vec::new(),
        raid0_instance_store: false,
        network_interfaces: None,
        nested_virtualization: false,
        connection_tracking: false,
        zones: catalog.zones().to_vec(),
        capacity_reservations: Vec::new(),
        tags: Labels::new(),
        uid: "".into(),
        resolved: joiner_core::model::ResolvedClass::default(),
        generation: 1,
        annotations: Labels::new(),
        finalizers: Vec::new(),
        flaw: None,
        conditions: Vec::new(),
        document: "{}".into(),
        hash: "1".into(),
    }
}

#[divan::bench]
fn read_the_table(bencher: Bencher) {
    let table = Catalog::embedded().to_table();
    bencher.bench(|| Catalog::read(black_box(table.as_bytes())).expect("the table was written a moment ago"));
}

#[divan::bench]
fn derive_one_class(bencher: Bencher) {
    let catalog = Catalog::embedded();
    let class = class(catalog);
    bencher.bench(|| catalog.instance_types(black_box(&class), &AwsSettings::UNSET, &[]));
}

#[divan::bench]
fn read_and_derive(bencher: Bencher) {
    let table = Catalog::embedded().to_table();
    bencher.bench(|| {
        let catalog = Catalog::read(black_box(table.as_bytes())).expect("the table was written a moment ago");
        let class = class(&catalog);
        catalog.instance_types(&class, &AwsSettings::UNSET, &[])
    });
}
