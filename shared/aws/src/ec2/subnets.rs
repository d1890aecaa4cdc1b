//! Into which subnet of a zone does a machine go (aws 5.1)?
//!
//! Where a zone has several subnets of a class, the one with most free addresses. What was launched since EC2 was
//! asked last is taken off in memory; a subnet that turned out to be full comes last for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use joiner_core::model::Subnet;

use super::failure::Ec2Failure;

/// How long EC2's count is believed.
const COUNT_LASTS: SignedDuration = SignedDuration::from_secs(60);
/// How long a full subnet is avoided, as the reference does.
const FULL_LASTS: SignedDuration = SignedDuration::from_secs(180);

/// A subnet, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
struct Room {
    /// Free addresses, less those of machines launched since.
    free: i64,
    /// When EC2 said so.
    counted_at: Option<Timestamp>,
    /// Until when it is taken to be full.
    full_until: Option<Timestamp>,
}

/// What this process knows of free addresses.
#[derive(Debug, Default)]
pub(super) struct SubnetBook {
    rooms: Mutex<BTreeMap<Arc<str>, Room>>,
    /// Held while EC2 is asked, so that launches of one plan ask once.
    asking: tokio::sync::Mutex<()>,
}

impl SubnetBook {
    /// One subnet for each zone. EC2 is asked only where there is a choice, and at most once a minute.
    // behaviour: launch/most-free-addresses-first
    pub(super) async fn choose(
        &self,
        client: &aws_sdk_ec2::Client,
        subnets: &[Subnet],
        now: Timestamp,
    ) -> Result<BTreeMap<Arc<str>, Arc<str>>, Ec2Failure> {
        let contested: Vec<&Subnet> = subnets
            .iter()
            .filter(|subnet| subnets.iter().any(|o| o.zone.name == subnet.zone.name && o.id != subnet.id))
            .collect();
        if !contested.is_empty() {
            let _asking = self.asking.lock().await;
            if contested.iter().any(|subnet| self.is_stale(&subnet.id, now)) {
                self.count(client, &contested, now).await?;
            }
        }
        Ok(self.roomiest(subnets, now))
    }

    fn is_stale(&self, subnet: &str, now: Timestamp) -> bool {
        let counted_at = self.lock().get(subnet).and_then(|room| room.counted_at);
        counted_at.is_none_or(|at| now.duration_since(at) >= COUNT_LASTS)
    }

    async fn count(
        &self,
        client: &aws_sdk_ec2::Client,
        subnets: &[&Subnet],
        now: Timestamp,
    ) -> Result<(), Ec2Failure> {
        let ids = subnets.iter().map(|subnet| subnet.id.to_string()).collect();
        let answer =
            client.describe_subnets().set_subnet_ids(Some(ids)).send().await.map_err(Ec2Failure::of)?;
        let mut rooms = self.lock();
        for subnet in answer.subnets() {
            let Some(id) = subnet.subnet_id() else { continue };
            let room = rooms.entry(id.into()).or_default();
            room.free = subnet.available_ip_address_count().unwrap_or_default().into();
            room.counted_at = Some(now);
        }
        Ok(())
    }

    fn roomiest(&self, subnets: &[Subnet], now: Timestamp) -> BTreeMap<Arc<str>, Arc<str>> {
        let rooms = self.lock();
        let free = |subnet: &Subnet| rooms.get(&subnet.id).map_or(0, |room| room.free_at(now));
        let mut chosen: BTreeMap<Arc<str>, &Subnet> = BTreeMap::new();
        for subnet in subnets {
            let best = chosen.entry(Arc::clone(&subnet.zone.name)).or_insert(subnet);
            if free(subnet) > free(best) {
                *best = subnet;
            }
        }
        chosen.into_iter().map(|(zone, subnet)| (zone, Arc::clone(&subnet.id))).collect()
    }

    /// Takes off addresses that a launch will need, or gives them back (negative).
    pub(super) fn debit(&self, subnet: &str, addresses: i64) {
        if let Some(room) = self.lock().get_mut(subnet) {
            room.free -= addresses;
        }
    }

    /// Remembers that a subnet is full.
    pub(super) fn mark_full(&self, subnet: &str, now: Timestamp) {
        self.lock().entry(subnet.into()).or_default().full_until = Some(now + FULL_LASTS);
    }

    /// Whether every subnet that a class has in a zone is full.
    // behaviour: launch/a-zone-is-full-when-all-its-subnets-are
    pub(super) fn is_zone_full(&self, subnets: &[Subnet], zone: &str, now: Timestamp) -> bool {
        let rooms = self.lock();
        let full = |subnet: &Subnet| rooms.get(&subnet.id).is_some_and(|room| room.is_full(now));
        let mut there = subnets.iter().filter(|subnet| *subnet.zone.name == *zone).peekable();
        there.peek().is_some() && there.all(full)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Room>> {
        // A panic elsewhere leaves whole entries behind: they are still good.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn is_full(&self, now: Timestamp) -> bool {
        self.full_until.is_some_and(|until| now < until)
    }

    fn free_at(&self, now: Timestamp) -> i64 {
        if self.is_full(now) { i64::MIN } else { self.free }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use joiner_core::model::Zone;

    fn subnet(id: &str, zone: &str) -> Subnet {
        Subnet { id: id.into(), zone: Zone { name: zone.into(), id: None } }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn book(counts: &[(&str, i64)]) -> SubnetBook {
        let book = SubnetBook::default();
        for (id, free) in counts {
            let room = Room { free: *free, counted_at: Some(at(0)), full_until: None };
            book.lock().insert((*id).into(), room);
        }
        book
    }

    // behaviour: launch/most-free-addresses-first
    #[test]
    fn the_subnet_with_most_room_is_used_until_it_has_less() {
        let subnets = [subnet("s-1", "a"), subnet("s-2", "a"), subnet("s-3", "b")];
        let book = book(&[("s-1", 10), ("s-2", 11)]);
        let chosen = |book: &SubnetBook| -> Vec<String> {
            book.roomiest(&subnets, at(1)).values().map(ToString::to_string).collect()
        };
        assert_eq!(chosen(&book), ["s-2", "s-3"]);
        book.debit("s-2", 2);
        assert_eq!(chosen(&book), ["s-1", "s-3"]);
        book.debit("s-2", -1);
        assert_eq!(chosen(&book), ["s-1", "s-3"], "ties stay with the first");
    }

    // behaviour: launch/a-zone-is-full-when-all-its-subnets-are
    #[test]
    fn a_full_subnet_comes_last_for_three_minutes() {
        let subnets = [subnet("s-1", "a"), subnet("s-2", "a")];
        let book = book(&[("s-1", 100), ("s-2", 1)]);
        book.mark_full("s-1", at(10));
        assert_eq!(book.roomiest(&subnets, at(11)).get("a").map(|id| &**id), Some("s-2"));
        assert!(!book.is_zone_full(&subnets, "a", at(11)));
        book.mark_full("s-2", at(20));
        assert!(book.is_zone_full(&subnets, "a", at(189)));
        assert!(!book.is_zone_full(&subnets, "a", at(190)));
        assert!(!book.is_zone_full(&subnets, "elsewhere", at(20)));
    }
}
