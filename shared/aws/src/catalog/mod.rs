//! Which instance types can be bought, as EC2 and the price list say: from the process's memory, else from the
//! row another process wrote, else from EC2 itself.
//!
//! - `discover`, `answers`, `prices`: asking EC2 and the price list;
//! - `merge`: prices where the new answer has none;
//! - `shelf`: the row between processes;
//! - `expansion`, `reservations`: what one class sees.

mod answers;
mod discover;
mod expansion;
mod merge;
mod prices;
mod reservations;
mod shelf;

use std::sync::Arc;

use aws_sdk_ec2::error::DisplayErrorContext;
use jiff::{SignedDuration, Timestamp};
use joiner_catalog::{AwsSettings as TypeSettings, Catalog};
use joiner_core::model::{InstanceType, NodeClass, Unavailable};
use joiner_ports::{BoxError, InstanceTypeError, InstanceTypeSource};

use crate::client::Clients;
use crate::expiring::read_clock;
use expansion::Expansions;
use reservations::ReservationCounts;
pub use shelf::CatalogShelf;
use shelf::{Place, Shelved};

/// What this module asks of AWS.
pub const ACTIONS: &[&str] = &[
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSpotPriceHistory",
    "pricing:GetProducts",
];

/// How long types and prices are good before they are asked for again (aws 1.1, 2).
pub const REFRESH_PERIOD: SignedDuration = SignedDuration::from_hours(12);
/// How long a process works with the row it has read before it looks whether there is a newer one.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// When the embedded catalog was written, as far as rows are concerned: anything else is newer.
const STAND_IN: Timestamp = Timestamp::MIN;

/// What an operator sets about instance types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogSettings {
    /// Memory of the hypervisor and interfaces kept from pods (aws 1.2).
    pub types: TypeSettings,
    /// Whether the price list cannot be reached from the network the functions run in (aws 9.4).
    pub is_isolated: bool,
}

/// What a refresh did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogRefresh {
    /// What is there is younger than [`REFRESH_PERIOD`].
    NotDue,
    /// A new catalog was written.
    Written {
        /// Types in it.
        types: usize,
    },
}

/// A catalog in memory.
#[derive(Debug, Clone)]
struct Held {
    shelved: Shelved,
    looked_at: Timestamp,
}

/// The instance types of one account and region; serves every cluster there.
#[derive(Debug)]
pub struct Ec2Catalog {
    clients: Arc<Clients>,
    place: Place,
    shelf: CatalogShelf,
    settings: CatalogSettings,
    held: tokio::sync::Mutex<Option<Held>>,
    expansions: Expansions,
    reservations: ReservationCounts,
}

impl Ec2Catalog {
    /// The catalog of the account and region that the clients work in.
    pub fn new(clients: Arc<Clients>, account: &str, shelf: CatalogShelf, settings: CatalogSettings) -> Self {
        let place = Place { account: account.into(), region: clients.region().into() };
        Ec2Catalog {
            clients,
            place,
            shelf,
            settings,
            held: tokio::sync::Mutex::new(None),
            expansions: Expansions::default(),
            reservations: ReservationCounts::new(),
        }
    }

    /// Asks EC2 and the price list again if what is there is older than [`REFRESH_PERIOD`], and writes the
    /// answer down for all processes. Doing it twice at a time is harmless.
    ///
    /// # Errors
    /// `Unavailable` when EC2 does not say which types there are, or the row cannot be written; what was there
    /// before stays.
    pub async fn refresh(&self, now: Timestamp) -> Result<CatalogRefresh, InstanceTypeError> {
        let written_at = self.shelf.written_at(&self.place).await.map_err(InstanceTypeError::Unavailable)?;
        // behaviour: catalog/a-young-catalog-is-not-asked-for-again
        if written_at.is_some_and(|at| now.duration_since(at) < REFRESH_PERIOD) {
            return Ok(CatalogRefresh::NotDue);
        }
        let before = match self.shelf.read(&self.place).await {
            Ok(before) => before,
            // A row of another version of the table: the new one replaces it.
            Err(error) => {
                tracing::warn!(error = %DisplayErrorContext(&*error), "the catalog that was written cannot be read");
                None
            }
        };
        let catalog = self.discover(before.as_ref().map(|shelved| &*shelved.catalog), now).await;
        let shelved = Shelved { catalog: catalog.map_err(InstanceTypeError::Unavailable)?, written_at: now };
        self.shelf.write(&self.place, &shelved).await.map_err(InstanceTypeError::Unavailable)?;
        let types = shelved.catalog.types().len();
        *self.held.lock().await = Some(Held { shelved, looked_at: now });
        Ok(CatalogRefresh::Written { types })
    }

    async fn discover(&self, before: Option<&Catalog>, now: Timestamp) -> Result<Arc<Catalog>, BoxError> {
        let is_priced = !self.settings.is_isolated && prices::are_listed(&self.place.region);
        let price_list = is_priced.then(|| self.clients.pricing());
        let found = discover::discover(self.clients.ec2(), price_list, &self.place.region, now).await?;
        for (prices, error) in
            [("spot", found.without_spot_prices), ("on-demand", found.without_on_demand_prices)]
        {
            if let Some(error) = error {
                let error = DisplayErrorContext(&*error);
                tracing::warn!(prices, %error, "prices cannot be had, older ones stand in for them");
            }
        }
        let mut recording = found.recording;
        merge::fill_prices(&mut recording, before, Catalog::embedded());
        let (catalog, left_out) = recording.into_catalog_leaving_out_odd()?;
        for odd in left_out {
            tracing::warn!(%odd, "an instance type is left out");
        }
        Ok(Arc::new(catalog.with_date(&now.strftime("%Y-%m-%d").to_string())))
    }

    /// The catalog to work with: held, written by another process, asked for now, or the one that comes with the
    /// product, in this order.
    async fn catalog(&self, now: Timestamp) -> Result<Arc<Catalog>, InstanceTypeError> {
        let mut held = self.held.lock().await;
        if let Some(known) = &*held
            && (SignedDuration::ZERO..LOOK_AGAIN).contains(&now.duration_since(known.looked_at))
        {
            return Ok(Arc::clone(&known.shelved.catalog));
        }
        let newer = self.newer(held.as_ref()).await.unwrap_or_else(|error| {
            tracing::warn!(error = %DisplayErrorContext(&*error), "the catalog's row cannot be read");
            None
        });
        let shelved = match (newer, held.take().filter(|known| known.shelved.written_at > STAND_IN)) {
            (Some(newer), _) => newer,
            (None, Some(known)) => known.shelved,
            (None, None) => self.ask(now).await?,
        };
        let catalog = Arc::clone(&shelved.catalog);
        *held = Some(Held { shelved, looked_at: now });
        Ok(catalog)
    }

    /// The row, unless it is the one that is held.
    async fn newer(&self, held: Option<&Held>) -> Result<Option<Shelved>, BoxError> {
        if let Some(known) = held {
            let written_at = self.shelf.written_at(&self.place).await?;
            if written_at.is_none_or(|at| at <= known.shelved.written_at) {
                return Ok(None);
            }
        }
        self.shelf.read(&self.place).await
    }

    /// Asks EC2, and writes the answer down for the processes to come. When EC2 does not answer either, the
    /// embedded catalog stands in, where it is of this region.
    async fn ask(&self, now: Timestamp) -> Result<Shelved, InstanceTypeError> {
        let error = match self.discover(None, now).await {
            Ok(catalog) => {
                let shelved = Shelved { catalog, written_at: now };
                if let Err(error) = self.shelf.write(&self.place, &shelved).await {
                    tracing::warn!(error = %DisplayErrorContext(&*error), "the catalog cannot be written down");
                }
                return Ok(shelved);
            }
            Err(error) => error,
        };
        let embedded = Catalog::embedded();
        // behaviour: catalog/the-embedded-catalog-is-the-last-resort
        if *self.place.region != *embedded.region() {
            return Err(InstanceTypeError::Unavailable(error));
        }
        let of = embedded.recorded_on().unwrap_or("an unknown day");
        let error = DisplayErrorContext(&*error);
        tracing::warn!(%error, "EC2 does not tell its instance types; working with those of {of}");
        Ok(Shelved { catalog: Arc::new(embedded.clone()), written_at: STAND_IN })
    }

    /// The types of a class at a moment.
    async fn types_of(
        &self,
        class: &NodeClass,
        marks: &[Unavailable],
        now: Timestamp,
    ) -> Result<Arc<Vec<InstanceType>>, InstanceTypeError> {
        // behaviour: catalog/a-class-without-subnets-has-no-types
        if class.zones.is_empty() {
            let why = format!(
                "EC2NodeClass {}: status.subnets is empty; its subnetSelectorTerms select no subnet, or it was \
                 not resolved yet",
                class.name
            );
            return Err(InstanceTypeError::Rejected(why));
        }
        let catalog = self.catalog(now).await?;
        let class = self.reservations.fill(self.clients.ec2(), class, now).await;
        Ok(self.expansions.of(&catalog, &class, &self.settings.types, marks))
    }
}

impl InstanceTypeSource for Ec2Catalog {
    async fn of(
        &self,
        class: &NodeClass,
        unavailable: &[Unavailable],
    ) -> Result<Arc<Vec<InstanceType>>, InstanceTypeError> {
        self.types_of(class, unavailable, read_clock()).await
    }
}
