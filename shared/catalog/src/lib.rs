//! EC2 instance types: what EC2 and the price list say about them, and what they look like to one node class.
//!
//! Facts come in as a [`Recording`] (the answers of EC2 and the price list, JSON) or as the compact table this
//! crate embeds, and become a [`Catalog`]. A catalog and a node class give the [`InstanceType`]s that
//! scheduling chooses from. Nothing here calls AWS, reads a clock or remembers what was refused: those come in
//! as arguments. Modules in reading order:
//!
//! - `facts`: the catalog and what it holds of every type;
//! - `recording`, `table`, `branch_interfaces`: where the facts are read from;
//! - `derive`: facts and a node class to instance types;
//! - `report`: instance types as JSON and as text.
//!
//! [`InstanceType`]: joiner_core::model::InstanceType

mod branch_interfaces;
mod derive;
mod error;
mod facts;
mod recording;
mod report;
mod table;

pub use derive::AwsSettings;
pub use error::CatalogError;
pub use facts::{Accelerator, Architecture, Catalog, Gpu, Neuron, TypeFacts, ZoneFacts};
pub use recording::{
    AcceleratorInfo, Accelerators, CoreInfo, EbsInfo, EbsOptimizedInfo, EfaInfo, GpuDevice, GpuInfo,
    InstanceStorageInfo, InstanceTypeInfo, MemoryInfo, NetworkCard, NetworkInfo, NeuronDevice, NeuronInfo,
    ProcessorInfo, RecordedZone, Recording, VCpuInfo,
};
pub use report::{types_report, types_table};
