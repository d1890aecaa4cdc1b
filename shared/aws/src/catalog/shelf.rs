//! Where the catalog lies between processes: one row of the table, compressed, so that a cold start reads it in
//! milliseconds instead of asking EC2 for seconds.
//!
//! A region's table is about 35 KB compressed, a tenth of what a row may hold; one row is written and read whole.

use std::io::Write;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use joiner_catalog::Catalog;
use joiner_ports::BoxError;

use crate::store::{PARTITION_KEY, REMOVE_AFTER, SORT_KEY};

/// Largest row, with room for its other fields: DynamoDB takes 400 KB.
const LARGEST_TABLE_BYTES: usize = 390_000;
/// A row that nobody renewed for this long is swept away by the table's expiry.
const ROW_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 14);

/// A catalog and when it was written.
#[derive(Debug, Clone)]
pub(super) struct Shelved {
    pub(super) catalog: Arc<Catalog>,
    pub(super) written_at: Timestamp,
}

/// Keeps the catalogs of accounts and regions in a table, one row each.
#[derive(Debug, Clone)]
pub struct CatalogShelf(Option<(Client, Arc<str>)>);

impl CatalogShelf {
    /// A shelf in the table that the store uses as well; their partitions differ.
    pub fn new(client: Client, table: &str) -> Self {
        CatalogShelf(Some((client, table.into())))
    }

    /// No shelf: what is asked for is known to this process alone.
    pub const fn absent() -> Self {
        CatalogShelf(None)
    }

    /// The catalog of an account and region, if one was written.
    pub(super) async fn read(&self, place: &Place) -> Result<Option<Shelved>, BoxError> {
        let Some((client, table)) = &self.0 else { return Ok(None) };
        let answer = client
            .get_item()
            .table_name(&**table)
            .key(PARTITION_KEY, AttributeValue::S(place.key()))
            .key(SORT_KEY, AttributeValue::S(ONLY.to_owned()))
            .send()
            .await?;
        let Some(row) = answer.item() else { return Ok(None) };
        let field = |name: &str| row.get(name).ok_or_else(|| format!("the row of the catalog has no {name}"));
        let packed = field("table")?.as_b().map_err(|_| "the catalog in its row is not binary")?;
        let written = field("written_at")?.as_n().map_err(|_| "the date of the catalog is not a number")?;
        Ok(Some(Shelved {
            catalog: Arc::new(Catalog::read(packed.as_ref())?),
            written_at: Timestamp::from_second(written.parse()?)?,
        }))
    }

    /// When the catalog was written, without reading it.
    pub(super) async fn written_at(&self, place: &Place) -> Result<Option<Timestamp>, BoxError> {
        let Some((client, table)) = &self.0 else { return Ok(None) };
        let answer = client
            .get_item()
            .table_name(&**table)
            .key(PARTITION_KEY, AttributeValue::S(place.key()))
            .key(SORT_KEY, AttributeValue::S(ONLY.to_owned()))
            .projection_expression("written_at")
            .send()
            .await?;
        let written = answer.item().and_then(|row| row.get("written_at")).and_then(|at| at.as_n().ok());
        written.map(|second| Ok(Timestamp::from_second(second.parse()?)?)).transpose()
    }

    /// Writes the catalog over the one that is there.
    pub(super) async fn write(&self, place: &Place, shelved: &Shelved) -> Result<(), BoxError> {
        let Some((client, table)) = &self.0 else { return Ok(()) };
        let packed = pack(&shelved.catalog)?;
        if packed.len() > LARGEST_TABLE_BYTES {
            let size = packed.len();
            return Err(format!("the catalog has {size} bytes, more than one row takes").into());
        }
        let number = |at: Timestamp| AttributeValue::N(at.as_second().to_string());
        client
            .put_item()
            .table_name(&**table)
            .item(PARTITION_KEY, AttributeValue::S(place.key()))
            .item(SORT_KEY, AttributeValue::S(ONLY.to_owned()))
            .item("table", AttributeValue::B(Blob::new(packed)))
            .item("written_at", number(shelved.written_at))
            .item(REMOVE_AFTER, number(shelved.written_at + ROW_LIFETIME))
            .send()
            .await?;
        Ok(())
    }
}

/// Sort key of the one row there is of a place.
const ONLY: &str = "only";

/// Whose catalog: offerings and the names of zones are those of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: Arc<str>,
    pub(super) region: Arc<str>,
}

impl Place {
    fn key(&self) -> String {
        format!("catalog#{}#{}", self.account, self.region)
    }
}

fn pack(catalog: &Catalog) -> std::io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(catalog.to_table().as_bytes())?;
    packed.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_region_fits_a_row_many_times_and_comes_back_the_same() {
        let packed = pack(Catalog::embedded()).unwrap();
        assert!(packed.len() < LARGEST_TABLE_BYTES / 8, "{} bytes", packed.len());
        assert_eq!(Catalog::read(&packed).unwrap(), *Catalog::embedded());
    }
}
