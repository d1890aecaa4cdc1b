//! What may take the place of nodes that go: only what is cheaper for sure (disruption 2.6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::candidate::Candidate;
use crate::model::{Allowed, CapacityType, InstanceType, Offering, Price, Requirement, Requirements, keys};
use crate::scheduling::plan::ProposedClaim;

/// Fewest cheaper types that a lone spot node is replaced for by another spot node.
pub const SPOT_FLEXIBILITY: usize = 15;

/// Why a replacement is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReplacement {
    /// Nothing that would do is cheaper.
    NotCheaper,
    /// Spot nodes are not to be replaced by spot nodes.
    SpotToSpotDisabled,
    /// A lone spot node needs more cheaper types to choose from.
    TooFewSpotTypes {
        /// How many there are.
        found: usize,
    },
    /// What is cheaper does not meet the flexibility floor of this key.
    MinValues(Arc<str>),
}

/// A claim in the place of nodes, with the types it may be bought as, cheapest first.
pub(super) struct Options<'a> {
    claim: ProposedClaim,
    types: Vec<&'a InstanceType>,
    /// Whether offerings of one kind go with the claim, by the address of the requirements they share.
    compatible: BTreeMap<usize, bool>,
}

impl<'a> Options<'a> {
    pub(super) fn new(claim: ProposedClaim, known: &'a [InstanceType]) -> Self {
        let find = |name: &Arc<str>| known.binary_search_by(|t| t.name.cmp(name)).ok().map(|at| &known[at]);
        let types = claim.instance_types.iter().filter_map(find).collect();
        Options { claim, types, compatible: BTreeMap::new() }
    }

    fn is_compatible(&mut self, offering: &Offering) -> bool {
        let requirements = &self.claim.requirements;
        *self
            .compatible
            .entry(Arc::as_ptr(&offering.requirements) as usize)
            .or_insert_with(|| requirements.is_compatible(&offering.requirements, true))
    }

    fn require(&mut self, key: &str, value: &str) {
        self.claim.requirements.add(Requirement::new(key, Allowed::one(value)));
        self.compatible.clear();
    }

    fn admits(&self, capacity_type: CapacityType) -> bool {
        self.claim
            .requirements
            .get(keys::CAPACITY_TYPE)
            .is_none_or(|r| r.allowed.admits(capacity_type.as_str()))
    }

    /// The most that a launch of a type may cost: the dearest offering of the capacity type that would be
    /// bought.
    // behaviour: disruption/worst-launch-price
    fn worst_launch_price(&mut self, instance_type: &InstanceType) -> Option<Price> {
        [CapacityType::Reserved, CapacityType::Spot, CapacityType::OnDemand].into_iter().find_map(
            |capacity_type| {
                instance_type
                    .offerings
                    .iter()
                    .filter(|o| o.available && o.capacity_type == capacity_type && self.is_compatible(o))
                    .map(|o| o.price)
                    .max()
            },
        )
    }

    fn keep_cheaper_than(&mut self, limit: Price) {
        let types = std::mem::take(&mut self.types);
        self.types = types
            .into_iter()
            .filter(|t| self.worst_launch_price(t).is_some_and(|price| price < limit))
            .collect();
    }

    /// The least that a launch may cost at worst, in nano-dollars per hour.
    fn cheapest_launch(&mut self) -> Option<i128> {
        let types = std::mem::take(&mut self.types);
        let prices = types.iter().filter_map(|t| self.worst_launch_price(t));
        let cheapest = prices.map(|price| i128::from(price.nano_usd_per_hour)).min();
        self.types = types;
        cheapest
    }

    /// The first key whose flexibility floor the types do not meet.
    fn unmet_floor(&self) -> Option<Arc<str>> {
        let unmet = |r: &&Requirement| {
            r.min_values.is_some_and(|floor| distinct(&self.types, r.key.as_str()) < floor as usize)
        };
        self.claim.requirements.iter().find(unmet).map(|r| r.key.as_str().into())
    }

    /// The shortest run of cheapest types that meets all floors.
    fn shortest_flexible(&self) -> usize {
        let met = |len: &usize| {
            self.claim.requirements.iter().all(|r| {
                r.min_values
                    .is_none_or(|floor| distinct(&self.types[..*len], r.key.as_str()) >= floor as usize)
            })
        };
        (0..=self.types.len()).find(met).unwrap_or(self.types.len())
    }

    fn finish(mut self) -> Option<ProposedClaim> {
        let cheapest = self.types.first().copied()?;
        let offers: Vec<Price> = cheapest
            .offerings
            .iter()
            .filter(|o| o.available && self.is_compatible(o))
            .map(|o| o.price)
            .collect();
        self.claim.cheapest_price = offers.into_iter().min().unwrap_or_default();
        self.claim.instance_types = self.types.iter().map(|t| t.name.clone()).collect();
        Some(self.claim)
    }
}

fn distinct(types: &[&InstanceType], key: &str) -> usize {
    let values = types.iter().filter_map(|t| t.requirements.get(key)).flat_map(|r| r.allowed.values());
    values.collect::<BTreeSet<_>>().len()
}

fn is_spot(candidate: &Candidate<'_>) -> bool {
    candidate
        .node
        .labels
        .get(keys::CAPACITY_TYPE)
        .is_some_and(|value| &**value == CapacityType::Spot.as_str())
}

/// Narrows a claim that would replace nodes to what is cheaper than they are together.
///
/// # Errors
/// Nothing is left, or a rule of spot capacity forbids it.
pub fn narrow(
    claim: ProposedClaim,
    known: &[InstanceType],
    candidates: &[Candidate<'_>],
    spot_to_spot: bool,
) -> Result<ProposedClaim, NoReplacement> {
    let price: Price = candidates.iter().map(|c| c.price).sum();
    let mut options = Options::new(claim, known);
    if candidates.iter().all(is_spot) && options.admits(CapacityType::Spot) {
        return narrow_spot(options, price, candidates.len(), spot_to_spot);
    }
    options.keep_cheaper_than(price);
    check(&options)?;
    if options.admits(CapacityType::Spot) && options.admits(CapacityType::OnDemand) {
        // A shortage of spot must fail the launch rather than buy something dearer.
        options.require(keys::CAPACITY_TYPE, CapacityType::Spot.as_str());
    }
    options.finish().ok_or(NoReplacement::NotCheaper)
}

// behaviour: disruption/spot-to-spot-needs-15-cheaper-types
fn narrow_spot(
    mut options: Options<'_>,
    price: Price,
    nodes: usize,
    enabled: bool,
) -> Result<ProposedClaim, NoReplacement> {
    if !enabled {
        return Err(NoReplacement::SpotToSpotDisabled);
    }
    options.require(keys::CAPACITY_TYPE, CapacityType::Spot.as_str());
    options.keep_cheaper_than(price);
    check(&options)?;
    if nodes == 1 {
        let found = options.types.len();
        if found < SPOT_FLEXIBILITY {
            return Err(NoReplacement::TooFewSpotTypes { found });
        }
        let keep = SPOT_FLEXIBILITY.max(options.shortest_flexible());
        options.types.truncate(keep);
    }
    options.finish().ok_or(NoReplacement::NotCheaper)
}

fn check(options: &Options<'_>) -> Result<(), NoReplacement> {
    if options.types.is_empty() {
        return Err(NoReplacement::NotCheaper);
    }
    options.unmet_floor().map_or(Ok(()), |key| Err(NoReplacement::MinValues(key)))
}

/// Narrows several claims that would replace nodes together, to what saves at least a share of what they cost: even
/// if each was launched as the dearest type it is left with. What may be spent is shared out in the ratio of the
/// cheapest way to launch each.
///
/// # Errors
/// It saves too little, or a rule of spot capacity forbids it.
// behaviour: disruption/several-replace-several-when-it-saves-enough
pub fn narrow_several(
    claims: Vec<(ProposedClaim, Arc<Vec<InstanceType>>)>,
    candidates: &[Candidate<'_>],
    spot_to_spot: bool,
    least_saving_percent: u32,
) -> Result<Vec<ProposedClaim>, NoReplacement> {
    let price: Price = candidates.iter().map(|c| c.price).sum();
    let kept = i128::from(100_u32.saturating_sub(least_saving_percent));
    let most = i128::from(price.nano_usd_per_hour) * kept / 100;
    let all_spot = candidates.iter().all(is_spot);
    let mut options = Vec::with_capacity(claims.len());
    for (claim, known) in &claims {
        let mut option = Options::new(claim.clone(), known);
        if all_spot && option.admits(CapacityType::Spot) {
            if !spot_to_spot {
                return Err(NoReplacement::SpotToSpotDisabled);
            }
            option.require(keys::CAPACITY_TYPE, CapacityType::Spot.as_str());
        }
        options.push(option);
    }
    let floors: Option<Vec<i128>> = options.iter_mut().map(Options::cheapest_launch).collect();
    let floors = floors.ok_or(NoReplacement::NotCheaper)?;
    let least: i128 = floors.iter().sum();
    if least <= 0 || least > most {
        return Err(NoReplacement::NotCheaper);
    }
    let narrowed = options.into_iter().zip(floors).map(|(option, floor)| {
        let limit = i64::try_from(floor * most / least).unwrap_or(i64::MAX).saturating_add(1);
        narrow_one(option, Price { nano_usd_per_hour: limit }, candidates.len())
    });
    narrowed.collect()
}

fn narrow_one(mut options: Options<'_>, limit: Price, nodes: usize) -> Result<ProposedClaim, NoReplacement> {
    options.keep_cheaper_than(limit);
    check(&options)?;
    let is_spot = options.admits(CapacityType::Spot);
    if is_spot && !options.admits(CapacityType::OnDemand) && nodes == 1 {
        let found = options.types.len();
        if found < SPOT_FLEXIBILITY {
            return Err(NoReplacement::TooFewSpotTypes { found });
        }
        let keep = SPOT_FLEXIBILITY.max(options.shortest_flexible());
        options.types.truncate(keep);
    } else if is_spot && options.admits(CapacityType::OnDemand) {
        // As for one: a shortage of spot must fail the launch rather than buy something dearer.
        options.require(keys::CAPACITY_TYPE, CapacityType::Spot.as_str());
    }
    options.finish().ok_or(NoReplacement::NotCheaper)
}

/// Keeps several nodes from being replaced by one of a type that some of them are already, at a price at which
/// keeping that one would do: {large, large, small} to small is only "delete two".
///
/// # Errors
/// Nothing is left.
// behaviour: disruption/merge-is-no-disguised-delete
pub fn without_same_types(
    claim: ProposedClaim,
    known: &[InstanceType],
    candidates: &[Candidate<'_>],
) -> Result<ProposedClaim, NoReplacement> {
    let listed: BTreeSet<&Arc<str>> = claim.instance_types.iter().collect();
    let mut cap: Option<Price> = None;
    for candidate in candidates {
        let Some(name) = candidate.node.labels.get(keys::INSTANCE_TYPE).filter(|n| listed.contains(n)) else {
            continue;
        };
        let own = Requirements::from_labels(&candidate.node.labels);
        let offerings = known.iter().filter(|t| t.name == *name).flat_map(|t| &t.offerings);
        let cheapest = offerings.filter(|o| own.is_compatible(&o.requirements, true)).map(|o| o.price).min();
        let cheapest = cheapest.unwrap_or_default();
        cap = Some(cap.map_or(cheapest, |present| present.min(cheapest)));
    }
    let mut options = Options::new(claim, known);
    if let Some(cap) = cap {
        options.keep_cheaper_than(cap);
    }
    check(&options)?;
    options.finish().ok_or(NoReplacement::NotCheaper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Labels, Node, NodeClaim, NodePool, Overhead, Resources};
    use crate::samples::{self, at};

    /// Types `t00`, `t01`, ... that cost 1, 2, ... as spot and ten times that on demand.
    fn types(count: usize) -> Vec<InstanceType> {
        let sold_as = |capacity_type: CapacityType| -> Arc<Requirements> {
            let requirement = Requirement::new(keys::CAPACITY_TYPE, Allowed::one(capacity_type.as_str()));
            Arc::new([requirement].into_iter().collect())
        };
        let (spot, on_demand) = (sold_as(CapacityType::Spot), sold_as(CapacityType::OnDemand));
        let offering = |requirements: &Arc<Requirements>, capacity_type, nano| Offering {
            requirements: Arc::clone(requirements),
            capacity_type,
            zone: "zone-a".into(),
            price: Price { nano_usd_per_hour: nano },
            available: true,
            reservation: None,
        };
        let make = |at: usize| {
            let name: Arc<str> = format!("t{at:02}").into();
            let price = at as i64 + 1;
            InstanceType {
                requirements: [Requirement::new(keys::INSTANCE_TYPE, Allowed::one(&name))]
                    .into_iter()
                    .collect(),
                name,
                capacity: Resources::new(),
                overhead: Overhead::default(),
                offerings: vec![
                    offering(&spot, CapacityType::Spot, price),
                    offering(&on_demand, CapacityType::OnDemand, price * 10),
                ],
            }
        };
        (0..count).map(make).collect()
    }

    fn claim(types: &[InstanceType], capacity_types: &[&str], floor: Option<u32>) -> ProposedClaim {
        let allowed = Allowed::Only(capacity_types.iter().map(|c| Arc::from(*c)).collect());
        let mut requirements: Requirements =
            [Requirement::new(keys::CAPACITY_TYPE, allowed)].into_iter().collect();
        let any_type = Requirement::new(keys::INSTANCE_TYPE, Allowed::any());
        requirements.add(Requirement { min_values: floor, ..any_type });
        ProposedClaim {
            node_pool: "general".into(),
            pods: Vec::new(),
            instance_types: types.iter().map(|t| Arc::clone(&t.name)).collect(),
            requirements,
            requests: Resources::new(),
            cheapest_price: Price::default(),
            min_values_relaxed: false,
        }
    }

    /// What is left of the types when nodes sold as told, at these prices, are replaced.
    fn replaced(
        nodes: &[(&str, i64)],
        claim: ProposedClaim,
        types: &[InstanceType],
        spot_to_spot: bool,
    ) -> Result<ProposedClaim, NoReplacement> {
        with_candidates(nodes, |candidates| narrow(claim, types, candidates, spot_to_spot))
    }

    fn with_candidates<T>(nodes: &[(&str, i64)], ask: impl FnOnce(&[Candidate<'_>]) -> T) -> T {
        let (pool, claimed): (NodePool, NodeClaim) =
            (samples::pool("general"), samples::initialized_claim("general", "n", at(0)));
        let nodes: Vec<(Node, i64)> = nodes
            .iter()
            .map(|(sold_as, nano)| {
                let labels = Labels::from([(keys::CAPACITY_TYPE.into(), Arc::from(*sold_as))]);
                (Node { labels, ..samples::node("n") }, *nano)
            })
            .collect();
        let candidates: Vec<Candidate<'_>> = nodes
            .iter()
            .map(|(node, nano)| Candidate {
                claim: &claimed,
                node,
                pool: &pool,
                pods: Vec::new(),
                price: Price { nano_usd_per_hour: *nano },
            })
            .collect();
        ask(&candidates)
    }

    // behaviour: disruption/several-replace-several-when-it-saves-enough
    #[test]
    fn several_take_the_place_of_one_only_when_they_save_enough_at_their_worst() {
        let types = Arc::new(types(5));
        let small = || (claim(&types, &["on-demand"], None), Arc::clone(&types));
        let large = || (claim(&types[2..], &["on-demand"], None), Arc::clone(&types));
        let replaced = |price, claims, percent| {
            let narrowed = with_candidates(&[("on-demand", price)], |candidates| {
                narrow_several(claims, candidates, false, percent)
            });
            narrowed.map(|claims| claims.iter().map(|c| c.instance_types.len()).collect::<Vec<_>>())
        };
        // At the least 10 and 30: 40 together, of which a part of the slack goes to each in that ratio.
        assert_eq!(replaced(40, vec![small(), large()], 0), Ok(vec![1, 1]));
        assert_eq!(replaced(40, vec![small(), large()], 5), Err(NoReplacement::NotCheaper));
        assert_eq!(replaced(80, vec![small(), large()], 0), Ok(vec![2, 3]));
        let dear = replaced(39, vec![small(), large()], 0);
        assert_eq!(dear, Err(NoReplacement::NotCheaper));
    }

    #[test]
    fn spot_nodes_are_not_replaced_by_several_spot_nodes_unless_allowed() {
        let types = Arc::new(types(5));
        let claims = || vec![(claim(&types, &["spot"], None), Arc::clone(&types)); 2];
        let two = |enabled| {
            with_candidates(&[("spot", 9), ("spot", 9)], |candidates| {
                narrow_several(claims(), candidates, enabled, 5).map(|claims| claims.len())
            })
        };
        assert_eq!(two(false), Err(NoReplacement::SpotToSpotDisabled));
        assert_eq!(two(true), Ok(2));
    }

    // behaviour: disruption/spot-to-spot-needs-15-cheaper-types
    #[test]
    fn a_lone_spot_node_needs_fifteen_cheaper_types_and_keeps_no_more() {
        let types = types(30);
        let spot = |price, floor, enabled| {
            let claim = claim(&types, &["spot", "on-demand"], floor);
            replaced(&[("spot", price)], claim, &types, enabled).map(|c| c.instance_types.len())
        };
        assert_eq!(spot(20, None, false), Err(NoReplacement::SpotToSpotDisabled));
        assert_eq!(spot(15, None, true), Err(NoReplacement::TooFewSpotTypes { found: 14 }));
        assert_eq!(spot(16, None, true), Ok(15));
        assert_eq!(spot(25, None, true), Ok(15));
        assert_eq!(spot(25, Some(20), true), Ok(20));
        assert_eq!(spot(16, Some(20), true), Err(NoReplacement::MinValues(keys::INSTANCE_TYPE.into())));
        let both = claim(&types, &["spot"], None);
        let two = replaced(&[("spot", 3), ("spot", 2)], both, &types, true);
        assert_eq!(two.map(|c| c.instance_types.len()), Ok(4), "several together need no flexibility");
    }

    // behaviour: disruption/worst-launch-price
    #[test]
    fn a_replacement_is_cheaper_at_its_worst_and_spot_does_not_fall_back() {
        let types = types(5);
        let open = replaced(&[("on-demand", 30)], claim(&types, &["spot", "on-demand"], None), &types, false);
        let open = open.unwrap();
        assert_eq!(open.instance_types.len(), 5, "spot prices decide while spot is possible");
        let capacity_type = open.requirements.get(keys::CAPACITY_TYPE).unwrap();
        assert_eq!(capacity_type.allowed, Allowed::one("spot"));
        let closed = |price| {
            let claim = claim(&types, &["on-demand"], None);
            replaced(&[("on-demand", price)], claim, &types, false).map(|c| c.instance_types.len())
        };
        assert_eq!(closed(30), Ok(2));
        assert_eq!(closed(10), Err(NoReplacement::NotCheaper));
    }
}
