//! The table loses nothing and refuses what it did not write.

use joiner_core::model::{Price, Zone};
use proptest::prelude::*;

use super::decimal::{parse_price, price_text};
use super::*;
use crate::CatalogError;
use crate::facts::{Accelerator, Architecture, Catalog, EMBEDDED_TABLE, Gpu, Neuron, TypeFacts, ZoneFacts};

fn price() -> impl Strategy<Value = Option<Price>> {
    prop::option::of((1..10_000_000_000_000_i64).prop_map(|nano_usd_per_hour| Price { nano_usd_per_hour }))
}

fn word() -> impl Strategy<Value = std::sync::Arc<str>> {
    prop::sample::select(vec!["", "nitro", "xen", "NVIDIA", "Radeon Pro V520", "Gaudi HL-205"])
        .prop_map(std::sync::Arc::from)
}

prop_compose! {
    fn devices()(count in 0..17_u32, cores in 0..9_u32, memory_mib in 0..200_000_u64,
        name in word(), manufacturer in word(), kinds in 0..3_usize) -> (Vec<Gpu>, Vec<Accelerator>, Vec<Neuron>)
    {
        (
            vec![Gpu { count, manufacturer: manufacturer.clone(), name: name.clone(), memory_mib }; kinds],
            vec![Accelerator { count, manufacturer, name: name.clone() }; 2 - kinds],
            vec![Neuron { count, cores, name }; kinds],
        )
    }
}

prop_compose! {
    fn facts(zone_count: usize)(
        devices in devices(),
        numbers in prop::array::uniform8(0..500_000_u32),
        flags in prop::array::uniform8(any::<bool>()),
        known in prop::array::uniform3(any::<bool>()),
        words in (word(), word()),
        network_cards in prop::collection::vec(0..4_u32, 0..6),
        on_demand_price in price(),
        zones in prop::collection::vec((any::<bool>(), price()), zone_count),
    ) -> TypeFacts {
        let zone = |(offered, spot_price)| ZoneFacts { offered, spot_price };
        TypeFacts {
            name: "a1.large".into(),
            vcpus: numbers[0] + 1,
            memory_mib: (u64::from(numbers[1]) << 8) + 1,
            architecture: if flags[7] { Architecture::Arm64 } else { Architecture::Amd64 },
            on_demand: flags[0],
            spot: flags[1],
            hypervisor: words.0,
            cpu_manufacturer: words.1,
            clock_mhz: numbers[2],
            ebs_mbps: known[0].then_some(numbers[3]),
            network_mbps: known[1].then_some(numbers[4]),
            encrypts_in_transit: flags[2],
            enclaves: flags[3],
            nested_virtualization: flags[4],
            ena: flags[5],
            local_storage_gb: known[2].then_some(numbers[5]),
            local_storage_nvme: flags[6],
            ipv4_per_interface: numbers[6] % 60,
            default_card: numbers[7] % 3,
            network_cards,
            efa_interfaces: numbers[5] % 3,
            branch_interfaces: numbers[6] % 3,
            gpus: devices.0,
            accelerators: devices.1,
            neurons: devices.2,
            on_demand_price,
            zones: zones.into_iter().map(zone).collect(),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(first in facts(2), second in facts(2), dated in any::<bool>()) {
        let zones = vec![
            Zone { name: "xx-1a".into(), id: None },
            Zone { name: "xx-1b".into(), id: Some("xx1-az2".into()) },
        ];
        let second = TypeFacts { name: "b2.large".into(), ..second };
        let recorded_on = dated.then(|| "2026-11-24".into());
        let catalog = Catalog { region: "xx-1".into(), recorded_on, zones, types: vec![first, second] };
        prop_assert_eq!(decode(&encode(&catalog)).unwrap(), catalog);
    }

    #[test]
    fn prices_are_written_exactly(nano_usd_per_hour in 0..i64::from(u32::MAX) * 1_000_000_000) {
        let price = Price { nano_usd_per_hour };
        prop_assert_eq!(parse_price(&price_text(price)), Some(price));
    }

    /// Damage may go unnoticed (a changed digit is still a number) but never panics.
    #[test]
    fn damage_is_an_error_or_another_catalog(at in 0..EMBEDDED_TABLE.len(), byte in 0..128_u8) {
        let mut bytes = EMBEDDED_TABLE[..4000].to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        for damaged in [&bytes[..], &bytes[..at]] {
            if let Ok(catalog) = Catalog::read(damaged) {
                prop_assert!(catalog.types().iter().all(|facts| facts.zones.len() == catalog.zones().len()));
            }
        }
    }
}

#[test]
fn a_broken_cell_is_named_by_line_and_column() {
    let whole = encode(Catalog::embedded());
    let mut lines: Vec<&str> = whole.lines().collect();
    let broken = lines[2].replacen("\t8\t", "\teight\t", 1);
    lines[2] = &broken;
    match decode(&lines.join("\n")) {
        Err(CatalogError::TableCell { line: 3, column: "vcpus", text }) => assert_eq!(text, "eight"),
        other => panic!("{other:?}"),
    }
    lines[2] = "a1.large";
    match decode(&lines.join("\n")) {
        Err(CatalogError::TableCell { line: 3, column: "vcpus", text }) => assert_eq!(text, ""),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_version_is_refused() {
    let text = encode(Catalog::embedded()).replacen("joiner-catalog 1", "joiner-catalog 2", 1);
    match Catalog::read(text.as_bytes()) {
        Err(CatalogError::TableHeader { line: 1, text }) => assert!(text.starts_with("joiner-catalog 2")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn prices_are_decimal_dollars() {
    for (nano_usd_per_hour, text) in [(96_000_000, "0.096"), (12_000_000_000, "12"), (1, "0.000000001")] {
        assert_eq!(price_text(Price { nano_usd_per_hour }), text);
    }
    for text in ["", ".5", "-1", "1.0000000001", "1e3", "+1.+1", "0.0x"] {
        assert_eq!(parse_price(text), None, "{text}");
    }
}
