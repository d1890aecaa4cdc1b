//! What can be wrong with a catalog, said so that the reader knows what to mend.

/// Why a catalog could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The gzip stream is broken or ends too early.
    #[error("the catalog is not a whole gzip stream; it may have been cut short, fetch it again")]
    Gzip(#[source] std::io::Error),
    /// Unpacked, the catalog is larger than any region's could be.
    #[error("the catalog is larger than {limit_bytes} bytes when unpacked")]
    TooLarge {
        /// The most that is read.
        limit_bytes: u64,
    },
    /// Neither a recording nor a table.
    #[error("the catalog is neither a JSON recording nor a catalog table")]
    UnknownForm,
    /// Not the JSON of a recording.
    #[error("the catalog is not a recording: {0}")]
    Json(#[from] serde_json::Error),
    /// A recording without a region.
    #[error("the catalog names no region")]
    NoRegion,
    /// A recording without zones.
    #[error("the catalog has no availability zones; instance types could not be placed anywhere")]
    NoZones,
    /// A recording without usable instance types.
    #[error("the catalog has no instance types")]
    NoInstanceTypes,
    /// A recording in which no type is offered anywhere.
    #[error("the catalog has no offerings; no instance type is sold in any zone")]
    NoOfferings,
    /// EC2's answer lacks something that sizes the machine.
    #[error("instance type {instance_type} has no {fact}")]
    Missing {
        /// The type, or its place in the list when it has no name.
        instance_type: String,
        /// The field, as EC2 spells it.
        fact: &'static str,
    },
    /// A field holds something no machine can have.
    #[error("instance type {instance_type} has an odd {fact}: {value:?}")]
    Odd {
        /// The type.
        instance_type: String,
        /// The field, as EC2 spells it.
        fact: &'static str,
        /// What it holds.
        value: String,
    },
    /// A type that is listed twice.
    #[error("instance type {instance_type} is listed twice")]
    Duplicate {
        /// The type.
        instance_type: String,
    },
    /// An offering or a price in a zone that is not among the zones.
    #[error("instance type {instance_type} is offered in zone {zone}, which the catalog does not list")]
    UnknownZone {
        /// The type.
        instance_type: String,
        /// The zone.
        zone: String,
    },
    /// A price below zero or beyond reason.
    #[error("instance type {instance_type} costs {usd_per_hour} USD per hour, which is not a price")]
    NotAPrice {
        /// The type.
        instance_type: String,
        /// The amount.
        usd_per_hour: f64,
    },
    /// A table written by another version of this crate.
    #[error("line {line} of the catalog table is not the expected header: {text:?}")]
    TableHeader {
        /// The line, counted from one.
        line: usize,
        /// What it holds.
        text: String,
    },
    /// A cell of the table that cannot be read.
    #[error("line {line} of the catalog table, column {column}: {text:?} cannot be read")]
    TableCell {
        /// The line, counted from one.
        line: usize,
        /// The column.
        column: &'static str,
        /// What it holds.
        text: String,
    },
}
