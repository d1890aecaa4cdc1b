//! The compact form of a catalog: one line per type, cells parted by tabs, so that a new recording shows as a
//! readable difference. Everything derivation needs is in it and nothing else.
//!
//! The first line names format, region, day and zones; the second names the columns. Empty cells mean zero,
//! nothing or unknown. Lists are parted by `;`, what belongs to one entry by `:`. Prices are decimal dollars
//! per hour. `zones` has one entry per zone of the first line, parted by `,`: `-` where the type is not
//! offered, the spot price or nothing where it is, `-` and a price where only a price is known.

mod decimal;
mod decode;
mod encode;

pub(crate) use decode::decode;
pub(crate) use encode::encode;

/// What every table starts with, whatever its version.
pub(crate) const MAGIC: &str = "joiner-catalog ";

/// The version this crate writes and reads.
const VERSION: &str = "1";

/// The columns in order; what each holds is said at the field of the same name in `TypeFacts`.
const COLUMNS: [&str; 20] = [
    "name",
    "vcpus",
    "memory_mib",
    "architecture",
    "flags",
    "hypervisor",
    "cpu_manufacturer",
    "clock_mhz",
    "ebs_mbps",
    "network_mbps",
    "local_storage_gb",
    "ipv4_per_interface",
    "network_cards",
    "efa_interfaces",
    "branch_interfaces",
    "gpus",
    "accelerators",
    "neurons",
    "on_demand_price",
    "zones",
];

/// The yes-or-no facts, one letter each, in the order they are written.
mod flag {
    pub(super) const ON_DEMAND: char = 'o';
    pub(super) const SPOT: char = 's';
    pub(super) const ENCRYPTS_IN_TRANSIT: char = 't';
    pub(super) const ENCLAVES: char = 'e';
    pub(super) const NESTED_VIRTUALIZATION: char = 'v';
    pub(super) const ENA: char = 'a';
    pub(super) const NVME: char = 'n';
}

#[cfg(test)]
mod tests;
