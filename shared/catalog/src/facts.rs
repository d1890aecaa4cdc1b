//! The catalog: what is known of every instance type of a region, whoever asks.

use std::io::Read;
use std::sync::{Arc, LazyLock};

use flate2::read::MultiGzDecoder;
use joiner_core::model::{Price, Zone};

use crate::recording::Recording;
use crate::{CatalogError, table};

/// The most a catalog may unpack to: about a hundred times the largest region today.
const UNPACKED_LIMIT_BYTES: u64 = 512 << 20;

/// A pebibyte: beyond any machine, and small enough that no sum of bytes overflows.
pub(crate) const MAX_MEMORY_MIB: u64 = 1 << 30;

/// The embedded table: us-east-1, written by `examples/generate.rs`.
pub(crate) const EMBEDDED_TABLE: &[u8] = include_bytes!("../data/us-east-1.tsv");

/// Processor architecture, in the words of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// `x86_64`.
    Amd64,
    /// `arm64`.
    Arm64,
}

impl Architecture {
    /// The value of the architecture label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Architecture::Amd64 => "amd64",
            Architecture::Arm64 => "arm64",
        }
    }
}

/// One model of GPU in a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// How many of it; zero for a fraction of one.
    pub count: u32,
    /// As EC2 spells it: `NVIDIA`, `AMD`, `Habana`.
    pub manufacturer: Arc<str>,
    /// As EC2 spells it.
    pub name: Arc<str>,
    /// Memory of one, in MiB.
    pub memory_mib: u64,
}

/// One model of inference accelerator in a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accelerator {
    /// How many of it.
    pub count: u32,
    /// As EC2 spells it.
    pub manufacturer: Arc<str>,
    /// As EC2 spells it.
    pub name: Arc<str>,
}

/// One model of Neuron device in a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neuron {
    /// How many of it.
    pub count: u32,
    /// Cores of one.
    pub cores: u32,
    /// As EC2 spells it.
    pub name: Arc<str>,
}

/// A type in one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ZoneFacts {
    /// Whether it is offered there.
    pub offered: bool,
    /// Its spot price there, when one is known.
    pub spot_price: Option<Price>,
}

/// What EC2 and the price list say about one instance type, as far as nodes depend on it (aws 1.2, 1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeFacts {
    /// Its name, such as `m5.large`.
    pub name: Arc<str>,
    /// vCPUs by default.
    pub vcpus: u32,
    /// Memory in MiB, before the hypervisor takes its share.
    pub memory_mib: u64,
    /// The first architecture of its list that Kubernetes has a name for.
    pub architecture: Architecture,
    /// Whether it is sold on demand.
    pub on_demand: bool,
    /// Whether it is sold as spot.
    pub spot: bool,
    /// `nitro`, `xen`, or nothing for bare metal.
    pub hypervisor: Arc<str>,
    /// Processor manufacturer as EC2 spells it.
    pub cpu_manufacturer: Arc<str>,
    /// Sustained clock speed in MHz, zero when unknown.
    pub clock_mhz: u32,
    /// Most EBS bandwidth in Mbps, for types that are EBS-optimised by default.
    pub ebs_mbps: Option<u32>,
    /// Sum of the baseline bandwidths of its network cards, in Mbps.
    pub network_mbps: Option<u32>,
    /// Whether traffic between such machines is encrypted.
    pub encrypts_in_transit: bool,
    /// Whether Nitro Enclaves can be used.
    pub enclaves: bool,
    /// Whether virtual machines can run inside.
    pub nested_virtualization: bool,
    /// Whether it has an elastic network adapter at all.
    pub ena: bool,
    /// Size of its instance store in GB, when it has one.
    pub local_storage_gb: Option<u32>,
    /// Whether the instance store is NVMe.
    pub local_storage_nvme: bool,
    /// IPv4 addresses per network interface, the primary one included.
    pub ipv4_per_interface: u32,
    /// Which of `network_cards` pods' addresses are on.
    pub default_card: u32,
    /// Most network interfaces of each card, by card index.
    pub network_cards: Vec<u32>,
    /// Most EFA interfaces, zero where there is no EFA.
    pub efa_interfaces: u32,
    /// Branch network interfaces for pods, zero where trunking does not work.
    pub branch_interfaces: u32,
    /// GPUs by model.
    pub gpus: Vec<Gpu>,
    /// Inference accelerators by model.
    pub accelerators: Vec<Accelerator>,
    /// Neuron devices by model.
    pub neurons: Vec<Neuron>,
    /// On-demand price, when one is known.
    pub on_demand_price: Option<Price>,
    /// One entry per zone of the catalog, in its order.
    pub zones: Vec<ZoneFacts>,
}

/// The instance types of a region, in name order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    pub(crate) region: Arc<str>,
    pub(crate) recorded_on: Option<Arc<str>>,
    pub(crate) zones: Vec<Zone>,
    pub(crate) types: Vec<TypeFacts>,
}

impl Catalog {
    /// The catalog that comes with the product: us-east-1 on the day it was recorded.
    pub fn embedded() -> &'static Catalog {
        static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
            Catalog::read(EMBEDDED_TABLE).expect("the tests read the very table that is embedded")
        });
        &EMBEDDED
    }

    /// Reads a recording or a table, gzipped or plain.
    ///
    /// # Errors
    /// Broken compression or JSON, and facts that are missing or impossible.
    pub fn read(bytes: &[u8]) -> Result<Self, CatalogError> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Self::read_plain(&unpack(bytes)?);
        }
        Self::read_plain(bytes)
    }

    fn read_plain(bytes: &[u8]) -> Result<Self, CatalogError> {
        if bytes.starts_with(table::MAGIC.as_bytes()) {
            let text = std::str::from_utf8(bytes).map_err(|_| CatalogError::UnknownForm)?;
            return table::decode(text);
        }
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => serde_json::from_slice::<Recording>(bytes)?.into_catalog(),
            _ => Err(CatalogError::UnknownForm),
        }
    }

    /// The compact table this catalog can be read back from.
    pub fn to_table(&self) -> String {
        table::encode(self)
    }

    /// The same catalog, dated.
    #[must_use]
    pub fn with_date(mut self, date: &str) -> Self {
        self.recorded_on = Some(date.into());
        self
    }

    /// The day the facts are of, when that is known.
    pub fn recorded_on(&self) -> Option<&str> {
        self.recorded_on.as_deref()
    }

    /// The region, such as `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The region's zones, in name order.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// All types, in name order.
    pub fn types(&self) -> &[TypeFacts] {
        &self.types
    }

    /// One type by name.
    pub fn get(&self, name: &str) -> Option<&TypeFacts> {
        self.types.binary_search_by(|facts| (*facts.name).cmp(name)).ok().map(|at| &self.types[at])
    }
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, CatalogError> {
    let mut plain = Vec::new();
    let mut limited = MultiGzDecoder::new(bytes).take(UNPACKED_LIMIT_BYTES);
    limited.read_to_end(&mut plain).map_err(CatalogError::Gzip)?;
    if plain.len() as u64 == UNPACKED_LIMIT_BYTES {
        return Err(CatalogError::TooLarge { limit_bytes: UNPACKED_LIMIT_BYTES });
    }
    Ok(plain)
}
