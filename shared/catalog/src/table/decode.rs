//! Reading the table.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use joiner_core::model::{Price, Zone};
use rustc_hash::FxHashSet;

use super::decimal::parse_price;
use super::{COLUMNS, MAGIC, VERSION, flag};
use crate::CatalogError;
use crate::facts::{Accelerator, Architecture, Catalog, Gpu, MAX_MEMORY_MIB, Neuron, TypeFacts, ZoneFacts};

/// Most network cards of one type; a larger count is a broken cell, not a machine.
const MAX_NETWORK_CARDS: usize = 1024;

/// The catalog a table stands for.
pub(crate) fn decode(text: &str) -> Result<Catalog, CatalogError> {
    let mut lines = text.lines().zip(1..);
    let (region, recorded_on, zones) = header(lines.next().map_or("", |(line, _)| line))?;
    let columns = lines.next().map_or("", |(line, _)| line);
    if !columns.split('\t').eq(COLUMNS) {
        return Err(CatalogError::TableHeader { line: 2, text: columns.to_owned() });
    }
    let mut words = Words::default();
    let types = lines
        .map(|(line, number)| Row::new(line, number).facts(zones.len(), &mut words))
        .collect::<Result<Vec<_>, _>>()?;
    if types.is_empty() {
        return Err(CatalogError::NoInstanceTypes);
    }
    // Lookup by name relies on this order; the encoder writes it.
    if let Some(pair) = types.windows(2).find(|pair| pair[0].name >= pair[1].name) {
        return Err(CatalogError::Duplicate { instance_type: pair[1].name.to_string() });
    }
    Ok(Catalog { region, recorded_on, zones, types })
}

type Header = (Arc<str>, Option<Arc<str>>, Vec<Zone>);

fn header(line: &str) -> Result<Header, CatalogError> {
    let wrong = || CatalogError::TableHeader { line: 1, text: line.to_owned() };
    let cells: Vec<&str> = line.strip_prefix(MAGIC).ok_or_else(wrong)?.split('\t').collect();
    let [VERSION, region, recorded_on, zones] = cells[..] else { return Err(wrong()) };
    let zones: Vec<Zone> = zones
        .split(' ')
        .filter_map(|zone| zone.split_once('='))
        .map(|(name, id)| Zone { name: name.into(), id: Some(id).filter(|id| !id.is_empty()).map(Arc::from) })
        .collect();
    if zones.is_empty() {
        return Err(CatalogError::NoZones);
    }
    Ok((region.into(), Some(recorded_on).filter(|day| !day.is_empty()).map(Arc::from), zones))
}

/// Words that many types share, each kept once.
#[derive(Default)]
struct Words(FxHashSet<Arc<str>>);

impl Words {
    fn share(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.get(word) {
            return known.clone();
        }
        let word: Arc<str> = word.into();
        self.0.insert(word.clone());
        word
    }
}

/// One line, read cell by cell.
struct Row<'a> {
    line: usize,
    cells: std::str::Split<'a, char>,
    column: usize,
    cell: &'a str,
}

impl<'a> Row<'a> {
    fn new(text: &'a str, line: usize) -> Self {
        Row { line, cells: text.split('\t'), column: 0, cell: "" }
    }

    fn facts(mut self, zone_count: usize, words: &mut Words) -> Result<TypeFacts, CatalogError> {
        let name = match self.next()? {
            "" => return Err(self.wrong()),
            name => name.into(),
        };
        let vcpus = self.number(1..=u64::from(u32::MAX))? as u32;
        let memory_mib = self.number(1..=MAX_MEMORY_MIB)?;
        let architecture = match self.next()? {
            "amd64" => Architecture::Amd64,
            "arm64" => Architecture::Arm64,
            _ => return Err(self.wrong()),
        };
        let flags = self.next()?;
        let hypervisor = words.share(self.next()?);
        let cpu_manufacturer = words.share(self.next()?);
        let clock_mhz = self.optional()?.unwrap_or(0);
        let (ebs_mbps, network_mbps) = (self.optional()?, self.optional()?);
        let local_storage_gb = self.optional()?;
        let ipv4_per_interface = self.optional()?.unwrap_or(0);
        let (default_card, network_cards) = self.network_cards()?;
        Ok(TypeFacts {
            name,
            vcpus,
            memory_mib,
            architecture,
            on_demand: flags.contains(flag::ON_DEMAND),
            spot: flags.contains(flag::SPOT),
            hypervisor,
            cpu_manufacturer,
            clock_mhz,
            ebs_mbps,
            network_mbps,
            encrypts_in_transit: flags.contains(flag::ENCRYPTS_IN_TRANSIT),
            enclaves: flags.contains(flag::ENCLAVES),
            nested_virtualization: flags.contains(flag::NESTED_VIRTUALIZATION),
            ena: flags.contains(flag::ENA),
            local_storage_gb,
            local_storage_nvme: flags.contains(flag::NVME),
            ipv4_per_interface,
            default_card,
            network_cards,
            efa_interfaces: self.optional()?.unwrap_or(0),
            branch_interfaces: self.optional()?.unwrap_or(0),
            gpus: self.list(|[count, manufacturer, name, memory]| {
                Some(Gpu {
                    count: count.parse().ok()?,
                    manufacturer: words.share(manufacturer),
                    name: words.share(name),
                    memory_mib: memory.parse().ok()?,
                })
            })?,
            accelerators: self.list(|[count, manufacturer, name]| {
                Some(Accelerator {
                    count: count.parse().ok()?,
                    manufacturer: words.share(manufacturer),
                    name: words.share(name),
                })
            })?,
            neurons: self.list(|[count, cores, name]| {
                let (count, cores) = (count.parse().ok()?, cores.parse().ok()?);
                Some(Neuron { count, cores, name: words.share(name) })
            })?,
            on_demand_price: self.price()?,
            zones: self.zones(zone_count)?,
        })
    }

    fn next(&mut self) -> Result<&'a str, CatalogError> {
        self.column += 1;
        match self.cells.next() {
            Some(cell) => self.cell = cell,
            None => {
                self.cell = "";
                return Err(self.wrong());
            }
        }
        Ok(self.cell)
    }

    /// The complaint about the current cell.
    fn wrong(&self) -> CatalogError {
        CatalogError::TableCell {
            line: self.line,
            column: COLUMNS[self.column - 1],
            text: self.cell.to_owned(),
        }
    }

    fn number(&mut self, within: RangeInclusive<u64>) -> Result<u64, CatalogError> {
        let number = self.next()?.parse().ok();
        number.filter(|number| within.contains(number)).ok_or_else(|| self.wrong())
    }

    fn optional<T: FromStr>(&mut self) -> Result<Option<T>, CatalogError> {
        match self.next()? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.wrong()),
        }
    }

    fn price(&mut self) -> Result<Option<Price>, CatalogError> {
        match self.next()? {
            "" => Ok(None),
            text => parse_price(text).map(Some).ok_or_else(|| self.wrong()),
        }
    }

    /// Entries of exactly `N` parts.
    fn list<T, const N: usize>(
        &mut self,
        mut entry: impl FnMut([&'a str; N]) -> Option<T>,
    ) -> Result<Vec<T>, CatalogError> {
        let cell = self.next()?;
        if cell.is_empty() {
            return Ok(Vec::new());
        }
        let parts = |text: &'a str| <[&str; N]>::try_from(text.split(':').collect::<Vec<_>>()).ok();
        let entries: Option<Vec<T>> = cell.split(';').map(|text| parts(text).and_then(&mut entry)).collect();
        entries.ok_or_else(|| self.wrong())
    }

    fn network_cards(&mut self) -> Result<(u32, Vec<u32>), CatalogError> {
        let cell = self.next()?;
        let (default, runs) = cell.split_once(':').unwrap_or(("0", cell));
        let mut cards = Vec::new();
        for run in runs.split(';').filter(|run| !run.is_empty()) {
            let (interfaces, count) = run.split_once('x').unwrap_or((run, "1"));
            let interfaces: u32 = interfaces.parse().map_err(|_| self.wrong())?;
            let count: usize = count.parse().map_err(|_| self.wrong())?;
            if cards.len().saturating_add(count) > MAX_NETWORK_CARDS {
                return Err(self.wrong());
            }
            cards.extend(std::iter::repeat_n(interfaces, count));
        }
        Ok((default.parse().map_err(|_| self.wrong())?, cards))
    }

    fn zones(&mut self, zone_count: usize) -> Result<Vec<ZoneFacts>, CatalogError> {
        let cell = self.next()?;
        let zone = |text: &str| {
            let (offered, price) = text.strip_prefix('-').map_or((true, text), |price| (false, price));
            let spot_price = if price.is_empty() { None } else { Some(parse_price(price)?) };
            Some(ZoneFacts { offered, spot_price })
        };
        let zones: Option<Vec<ZoneFacts>> = cell.split(',').map(zone).collect();
        match zones {
            Some(zones) if zones.len() == zone_count && self.cells.next().is_none() => Ok(zones),
            _ => Err(self.wrong()),
        }
    }
}
