//! From the state of a pass to the plan people and launchers read (scheduling 8.1, 8.2).

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::claim::InFlight;
use super::plan::{MinValuesPolicy, Plan, ProposedClaim};
use super::reason::{Refusal, Unschedulable, WhyNot};
use super::sets::SetId;
use super::solve::{Failure, Pass};
use super::template::Template;
use super::types::TypeTable;
use super::values::ValueSet;
use crate::model::{Allowed, LabelKey, Price, Quantity, Requirement, Resources, keys};

/// Most instance types a claim lists (scheduling 8.2).
const MAX_INSTANCE_TYPES: usize = 600;

type PriceOrder = Rc<Vec<(Price, u32)>>;

impl Pass<'_> {
    pub(crate) fn finish(&mut self, failures: &BTreeMap<usize, Failure>) -> Plan {
        let snapshot = self.context.snapshot;
        let mut plan = Plan::default();
        for node in &self.nodes {
            if !node.pods.is_empty() {
                let keys = node.pods.iter().map(|pod| snapshot.pods[*pod].key.clone());
                plan.existing.entry(node.name.clone()).or_default().extend(keys);
            }
        }
        let reasons = self.reasons(failures);
        for (pod, why) in failures.keys().zip(reasons) {
            plan.unschedulable.push(Unschedulable { pod: snapshot.pods[*pod].key.clone(), why });
        }
        for node in self.nodes.iter().filter(|node| self.simulated && node.is_unsettled) {
            let moved = node.pods.iter().filter(|pod| !self.displaced.contains(pod));
            plan.unschedulable.extend(moved.map(|pod| Unschedulable {
                pod: snapshot.pods[*pod].key.clone(),
                why: WhyNot::UnsettledNode(node.name.clone()),
            }));
        }
        let mut orders: FxHashMap<(*const TypeTable, SetId), PriceOrder> = FxHashMap::default();
        let claims = std::mem::take(&mut self.claims);
        for claim in std::mem::take(&mut self.order).into_iter().map(|at| &claims[at as usize]) {
            match self.propose(claim, &mut orders) {
                Ok(proposed) => plan.claims.push(proposed),
                Err(why) => plan.unschedulable.extend(claim.pods.iter().map(|pod| Unschedulable {
                    pod: snapshot.pods[*pod].key.clone(),
                    why: WhyNot::Pools(vec![(
                        self.context.templates[claim.template].name.clone(),
                        why.clone(),
                    )]),
                })),
            }
        }
        plan.unschedulable.sort_by(|a, b| a.pod.cmp(&b.pod));
        plan
    }

    fn propose(
        &mut self,
        claim: &InFlight,
        orders: &mut FxHashMap<(*const TypeTable, SetId), PriceOrder>,
    ) -> Result<ProposedClaim, Refusal> {
        let template = &self.context.templates[claim.template];
        let set = self.pin_reservations(claim);
        let order = orders
            .entry((Rc::as_ptr(&template.table), set))
            .or_insert_with(|| Rc::new(self.price_order(template, set)))
            .clone();
        let cheapest = order.iter().filter(|(_, at)| claim.types.has(*at as usize)).take(MAX_INSTANCE_TYPES);
        let (mut instance_types, mut kept) = (Vec::new(), super::bits::Bits::none(template.table.len()));
        let mut cheapest_price = None;
        for (price, at) in cheapest {
            cheapest_price.get_or_insert(*price);
            kept.set(*at as usize);
            instance_types.push(template.table.names[*at as usize].clone());
        }
        self.check_floors_after_truncation(claim, template, &kept)?;
        let mut requirements = self.world.sets.decompile(&self.world.universe, set);
        for (key, floor) in &claim.min_values {
            let key = self.world.universe.key_name(*key).as_str();
            let allowed = requirements.get(key).map_or(Allowed::any(), |r| r.allowed.clone());
            requirements.add(Requirement { key: LabelKey::new(key), allowed, min_values: Some(*floor) });
        }
        Ok(ProposedClaim {
            node_pool: template.name.clone(),
            pods: claim.pods.iter().map(|pod| self.context.snapshot.pods[*pod].key.clone()).collect(),
            instance_types,
            requests: self.requests(claim, template, &claim.types),
            requirements,
            cheapest_price: cheapest_price.unwrap_or_default(),
            min_values_relaxed: claim.min_values_relaxed,
        })
    }

    /// A claim that holds reservations may only be launched into those.
    fn pin_reservations(&mut self, claim: &InFlight) -> SetId {
        let Some(held) = self.book.held(claim.host) else { return claim.set };
        let (universe, sets) = (&mut self.world.universe, &mut self.world.sets);
        let capacity_type = universe.key(&LabelKey::new(keys::CAPACITY_TYPE));
        let reserved = universe.value(capacity_type, &Arc::from("reserved"));
        let id = universe.key(&LabelKey::new(keys::RESERVATION_ID));
        let mut ids = ValueSet::none();
        for reservation in held {
            ids.list(universe.value(id, reservation));
        }
        let set = sets.with(claim.set, capacity_type, ValueSet::one(reserved));
        sets.with(set, id, ids)
    }

    /// All types of a table that can be bought under a set, cheapest first, by name among equals.
    fn price_order(&self, template: &Template, set: SetId) -> Vec<(Price, u32)> {
        let table = &template.table;
        let fits: Vec<bool> = table
            .offerings
            .iter()
            .map(|class| self.world.sets.intersects(&self.world.universe, set, class.requirements))
            .collect();
        let mut order: Vec<(Price, u32)> = (0..table.len())
            .filter_map(|at| {
                let cheapest = table.prices[at].iter().find(|(class, _)| fits[*class as usize])?;
                Some((cheapest.1, at as u32))
            })
            .collect();
        // Types are in name order already.
        order.sort_by_key(|(price, at)| (*price, *at));
        order
    }

    fn check_floors_after_truncation(
        &self,
        claim: &InFlight,
        template: &Template,
        kept: &super::bits::Bits,
    ) -> Result<(), Refusal> {
        if self.knobs.min_values_policy != MinValuesPolicy::Strict {
            return Ok(());
        }
        let short: Vec<(Arc<str>, u32, u32)> = claim
            .min_values
            .iter()
            .map(|(key, floor)| (*key, *floor, template.table.distinct_values(*key, kept)))
            .filter(|(_, floor, found)| found < floor)
            .map(|(key, floor, found)| (self.world.universe.key_name(key).as_str().into(), floor, found))
            .collect();
        if short.is_empty() { Ok(()) } else { Err(Refusal::MinValues { floors: short }) }
    }

    /// Pods' requests and the least that daemons add on any type that is left (scheduling 6.4).
    fn requests(&self, claim: &InFlight, template: &Template, types: &super::bits::Bits) -> Resources {
        let mut requests = Resources::new();
        for pod in &claim.pods {
            requests.add(&self.context.snapshot.pods[*pod].spec.requests);
        }
        let left = template.daemons.iter().filter(|group| group.types.meets(types));
        let least = left.map(|group| group.overhead.clone()).reduce(|mut least, other| {
            for id in 0..self.world.resources.len() {
                least.set(id, least.get(id).min(other.get(id)));
            }
            least
        });
        let overhead = least.into_iter().flat_map(|least| least.iter().collect::<Vec<_>>());
        for (id, amount) in overhead.filter(|(_, amount)| *amount > 0) {
            let amount: Quantity = self.world.resources.quantity(id, amount);
            requests.add(&[(self.world.resources.name(id).clone(), amount)].into_iter().collect());
        }
        requests
    }
}
