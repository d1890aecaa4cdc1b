//! Overlays: prices and extra capacity as the user states them, applied before anything is scheduled
//! (scheduling 7.2, api 4.1).

use std::sync::Arc;

use crate::model::{
    InstanceType, NodeOverlay, NodePool, Offering, Price, PriceChange, Requirement, Requirements,
    ResourceName, Snapshot, keys,
};

/// Overlays in the order they are processed: heaviest first, later names first among equals.
fn ordered(overlays: &[NodeOverlay]) -> Vec<&NodeOverlay> {
    let mut order: Vec<&NodeOverlay> = overlays.iter().collect();
    order.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| b.name.cmp(&a.name)));
    order
}

/// The offerings of a type that an overlay speaks of.
fn touched(overlay: &NodeOverlay, pool: &NodePool, instance_type: &InstanceType) -> Vec<usize> {
    let wanted: Requirements = overlay.requirements.iter().cloned().collect();
    let mut own = instance_type.requirements.clone();
    own.add_all(&Requirements::from_labels(&pool.template.labels));
    own.add(Requirement::new(keys::NODE_POOL, crate::model::Allowed::one(&pool.name)));
    if !own.is_compatible(&wanted, false) {
        return Vec::new();
    }
    let matches = |o: &Offering| wanted.is_compatible(&o.requirements, true);
    (0..instance_type.offerings.len()).filter(|at| matches(&instance_type.offerings[*at])).collect()
}

/// What an overlay has been seen to claim, per pool and type.
#[derive(PartialEq, Eq)]
enum Claimed {
    Price(usize),
    Capacity(ResourceName),
}

/// Overlays without those that contradict an equally heavy one; the later one processed loses everywhere.
// behaviour: scheduling/overlays-of-equal-weight-conflict
pub(crate) fn valid(snapshot: &Snapshot) -> Vec<NodeOverlay> {
    let mut accepted: Vec<NodeOverlay> = Vec::new();
    for overlay in ordered(&snapshot.node_overlays) {
        let rivals: Vec<&NodeOverlay> = accepted.iter().filter(|o| o.weight == overlay.weight).collect();
        let clash = |pool: &NodePool| {
            let types = snapshot.instance_types.get(&pool.template.node_class.name);
            types.into_iter().flat_map(|t| t.iter()).any(|t| {
                let own = claims(overlay, pool, t);
                rivals.iter().any(|rival| claims(rival, pool, t).iter().any(|c| own.contains(c)))
            })
        };
        if rivals.is_empty() || !snapshot.node_pools.iter().any(clash) {
            accepted.push(overlay.clone());
        }
    }
    accepted
}

fn claims(overlay: &NodeOverlay, pool: &NodePool, instance_type: &InstanceType) -> Vec<Claimed> {
    let touched = touched(overlay, pool, instance_type);
    if touched.is_empty() {
        return Vec::new();
    }
    let prices = touched.into_iter().filter(|_| overlay.price.is_some()).map(Claimed::Price);
    prices.chain(overlay.capacity.iter().map(|(name, _)| Claimed::Capacity(name.clone()))).collect()
}

/// The types as a pool sees them under valid overlays.
pub(crate) fn apply(
    types: &Arc<Vec<InstanceType>>,
    pool: &NodePool,
    overlays: &[NodeOverlay],
) -> Vec<InstanceType> {
    let mut seen: Vec<InstanceType> = types.to_vec();
    let order = ordered(overlays);
    for (instance_type, original) in seen.iter_mut().zip(types.iter()) {
        let mut priced = vec![false; original.offerings.len()];
        let mut sized: Vec<&ResourceName> = Vec::new();
        for overlay in &order {
            let touched = touched(overlay, pool, original);
            if let Some(change) = overlay.price {
                for at in touched.iter().copied() {
                    if !std::mem::replace(&mut priced[at], true) {
                        let price = &mut instance_type.offerings[at].price;
                        *price = changed(*price, change);
                    }
                }
            }
            for (name, amount) in overlay.capacity.iter().filter(|_| !touched.is_empty()) {
                if !sized.contains(&name) {
                    sized.push(name);
                    instance_type.capacity.set(name.clone(), *amount);
                }
            }
        }
    }
    seen
}

/// The types of a pool as it sees them, in name order; none when the pool or its class is not known.
pub fn instance_types_of(snapshot: &Snapshot, pool: &str) -> Arc<Vec<InstanceType>> {
    let pool = snapshot.node_pools.iter().find(|p| &*p.name == pool);
    let types = pool.and_then(|p| Some((p, snapshot.instance_types.get(&p.template.node_class.name)?)));
    let Some((pool, types)) = types else { return Arc::default() };
    if snapshot.node_overlays.is_empty() {
        return types.clone();
    }
    Arc::new(apply(types, pool, &valid(snapshot)))
}

fn changed(price: Price, change: PriceChange) -> Price {
    let nano = price.nano_usd_per_hour;
    let nano = match change {
        PriceChange::Absolute(price) => price.nano_usd_per_hour,
        PriceChange::Adjust(by) => nano.saturating_add(by),
        PriceChange::AdjustMilliPercent(by) => {
            let share = i128::from(nano) * i128::from(by) / 100_000;
            nano.saturating_add(i64::try_from(share).unwrap_or(i64::MAX))
        }
    };
    Price { nano_usd_per_hour: nano.max(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjustments_are_relative_or_absolute_and_never_below_nothing() {
        let base = Price::from_usd_per_hour(0.5);
        for (change, usd) in [
            (PriceChange::Absolute(Price::from_usd_per_hour(0.125)), 0.125),
            (PriceChange::Adjust(100_000_000), 0.6),
            (PriceChange::Adjust(-900_000_000), 0.0),
            (PriceChange::AdjustMilliPercent(10_000), 0.55),
            (PriceChange::AdjustMilliPercent(-100_000), 0.0),
        ] {
            assert_eq!(changed(base, change), Price::from_usd_per_hour(usd), "{change:?}");
        }
    }
}
