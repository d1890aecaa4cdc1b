//! The instance types of a pool as tables: for a requirement set, a total of requests, which types are left?

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::amounts::{Amounts, ResourceId, ResourceIds};
use super::bits::Bits;
use super::sets::{SetId, Sets};
use super::values::{KeyId, Universe, ValueSet};
use crate::model::{InstanceType, Price, Requirements};

/// Types grouped by what they say of one key.
#[derive(Debug)]
struct KeyColumn {
    key: KeyId,
    groups: Vec<(ValueSet, Bits)>,
    undefined: Bits,
}

/// Types in the order of one resource, with the rows of those that have at least so much.
#[derive(Debug)]
struct Threshold {
    amounts: Vec<i64>,
    at_least: Vec<Bits>,
}

/// A reservation's id and the instances left in it.
type ReservationLeft = (Arc<str>, u32);

/// Offerings that are bought under the same requirements, and the types that have one available.
#[derive(Debug)]
pub(crate) struct OfferingClass {
    pub(crate) requirements: SetId,
    pub(crate) available: Bits,
    pub(crate) reservation: Option<ReservationLeft>,
}

/// What a requirement set leaves of the table, types and available offerings taken together.
#[derive(Debug, Clone)]
pub(crate) struct Fitting {
    /// Types whose own requirements meet the set.
    pub(crate) compatible: Bits,
    /// Those of all types with an available offering that goes with the set.
    pub(crate) offered: Bits,
}

/// The compiled instance types that one or more pools choose from.
#[derive(Debug)]
pub(crate) struct TypeTable {
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) allocatable: Vec<Amounts>,
    pub(crate) capacity: Vec<Amounts>,
    /// Types that have no negative amount; the others take nothing.
    sound: Bits,
    columns: Vec<KeyColumn>,
    thresholds: Vec<Threshold>,
    pub(crate) offerings: Vec<OfferingClass>,
    /// Per type: offering class and price, available ones only, cheapest first.
    pub(crate) prices: Vec<Vec<(u32, Price)>>,
    fitting: RefCell<FxHashMap<SetId, Rc<Fitting>>>,
    column_rows: RefCell<FxHashMap<(KeyId, ValueSet), Rc<Bits>>>,
}

impl TypeTable {
    pub(crate) fn build(
        types: &[InstanceType],
        universe: &mut Universe,
        sets: &mut Sets,
        resources: &mut ResourceIds,
    ) -> Self {
        let allocatable: Vec<Amounts> = types.iter().map(|t| resources.compile(&t.allocatable())).collect();
        let mut sound = Bits::none(types.len());
        for (at, amounts) in allocatable.iter().enumerate() {
            if amounts.iter().all(|(_, amount)| amount >= 0) {
                sound.set(at);
            }
        }
        let thresholds =
            (0..resources.len()).map(|id| Threshold::build(&allocatable, id)).collect::<Vec<_>>();
        let (offerings, prices) = build_offerings(types, universe, sets);
        TypeTable {
            names: types.iter().map(|t| t.name.clone()).collect(),
            capacity: types.iter().map(|t| resources.compile(&t.capacity)).collect(),
            allocatable,
            sound,
            columns: build_columns(types, universe),
            thresholds,
            offerings,
            prices,
            fitting: RefCell::default(),
            column_rows: RefCell::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Types and offerings that go with a requirement set; computed once per set.
    pub(crate) fn fitting(&self, universe: &Universe, sets: &Sets, set: SetId) -> Rc<Fitting> {
        if let Some(known) = self.fitting.borrow().get(&set) {
            return known.clone();
        }
        let mut compatible = Bits::all(self.len());
        for (key, values) in sets.entries(set) {
            if let Some(row) = self.column_row(universe, *key, values) {
                compatible.and(&row);
            }
        }
        let mut offered = Bits::none(self.len());
        for class in &self.offerings {
            if sets.intersects(universe, set, class.requirements) {
                offered.or(&class.available);
            }
        }
        let fitting = Rc::new(Fitting { compatible, offered });
        self.fitting.borrow_mut().insert(set, fitting.clone());
        fitting
    }

    /// Types whose requirement on a key meets the values; `None` where no type says anything of the key.
    pub(crate) fn column_row(&self, universe: &Universe, key: KeyId, values: &ValueSet) -> Option<Rc<Bits>> {
        let column = self.columns.iter().find(|c| c.key == key)?;
        if let Some(known) = self.column_rows.borrow().get(&(key, values.clone())) {
            return Some(known.clone());
        }
        let mut row = column.undefined.clone();
        for (theirs, types) in &column.groups {
            if universe.goes_with(key, theirs, values) {
                row.or(types);
            }
        }
        let row = Rc::new(row);
        self.column_rows.borrow_mut().insert((key, values.clone()), row.clone());
        Some(row)
    }

    /// What the types say of a key: distinct value sets.
    pub(crate) fn values_of(&self, key: KeyId) -> impl Iterator<Item = (&ValueSet, &Bits)> {
        self.columns.iter().filter(move |c| c.key == key).flat_map(|c| &c.groups).map(|(v, b)| (v, b))
    }

    /// Narrows a row to the types on which the total fits.
    pub(crate) fn keep_fitting(&self, total: &Amounts, row: &mut Bits) {
        row.and(&self.sound);
        for (id, wanted) in total.iter() {
            if wanted <= 0 {
                continue;
            }
            match self.thresholds.get(id).and_then(|t| t.row(wanted)) {
                Some(fitting) => row.and(fitting),
                None => row.clear(),
            }
        }
    }

    /// How many distinct values of a key the types of a row offer (scheduling 3.7).
    pub(crate) fn distinct_values(&self, key: KeyId, row: &Bits) -> u32 {
        let mut seen = ValueSet::none();
        for (values, types) in self.values_of(key) {
            if types.meets(row) {
                seen.list_all(values);
            }
        }
        seen.listed_count()
    }
}

impl Threshold {
    fn build(allocatable: &[Amounts], id: ResourceId) -> Self {
        let mut order: Vec<usize> = (0..allocatable.len()).collect();
        order.sort_unstable_by_key(|at| std::cmp::Reverse(allocatable[*at].get(id)));
        let (mut amounts, mut at_least) = (Vec::new(), Vec::new());
        let mut row = Bits::none(allocatable.len());
        for (index, at) in order.iter().enumerate() {
            row.set(*at);
            let amount = allocatable[*at].get(id);
            let next = order.get(index + 1).map(|n| allocatable[*n].get(id));
            if amount > 0 && next != Some(amount) {
                amounts.push(amount);
                at_least.push(row.clone());
            }
        }
        amounts.reverse();
        at_least.reverse();
        Threshold { amounts, at_least }
    }

    fn row(&self, wanted: i64) -> Option<&Bits> {
        self.at_least.get(self.amounts.partition_point(|amount| *amount < wanted))
    }
}

fn build_columns(types: &[InstanceType], universe: &mut Universe) -> Vec<KeyColumn> {
    let mut columns: Vec<KeyColumn> = Vec::new();
    let mut by_key: FxHashMap<KeyId, usize> = FxHashMap::default();
    let mut groups: Vec<FxHashMap<ValueSet, usize>> = Vec::new();
    for (at, instance_type) in types.iter().enumerate() {
        for requirement in instance_type.requirements.iter() {
            let (key, values) = universe.compile(requirement);
            let column = *by_key.entry(key).or_insert_with(|| {
                columns.push(KeyColumn { key, groups: Vec::new(), undefined: Bits::all(types.len()) });
                groups.push(FxHashMap::default());
                columns.len() - 1
            });
            let rows = &mut columns[column].groups;
            let group = *groups[column].entry(values).or_insert_with_key(|values| {
                rows.push((values.clone(), Bits::none(types.len())));
                rows.len() - 1
            });
            rows[group].1.set(at);
        }
    }
    for column in &mut columns {
        for (_, types) in &column.groups {
            column.undefined.and_not(types);
        }
    }
    columns
}

type Prices = Vec<Vec<(u32, Price)>>;

fn build_offerings(
    types: &[InstanceType],
    universe: &mut Universe,
    sets: &mut Sets,
) -> (Vec<OfferingClass>, Prices) {
    let mut classes: Vec<OfferingClass> = Vec::new();
    // Types sold alike share one requirements value, so its address finds the class without comparing.
    let mut by_address: FxHashMap<*const Requirements, u32> = FxHashMap::default();
    let mut by_identity: FxHashMap<(SetId, Option<ReservationLeft>), u32> = FxHashMap::default();
    let mut prices: Prices = Vec::with_capacity(types.len());
    for (at, instance_type) in types.iter().enumerate() {
        let mut own = Vec::with_capacity(instance_type.offerings.len());
        for offering in instance_type.offerings.iter().filter(|o| o.available) {
            let address = Arc::as_ptr(&offering.requirements);
            let known = offering.reservation.is_none().then(|| by_address.get(&address)).flatten();
            let class = known.copied().unwrap_or_else(|| {
                let (requirements, _) = sets.compile(universe, offering.requirements.iter());
                let reservation = offering.reservation.as_ref().map(|r| (r.id.clone(), r.remaining));
                *by_identity.entry((requirements, reservation.clone())).or_insert_with(|| {
                    classes.push(OfferingClass {
                        requirements,
                        available: Bits::none(types.len()),
                        reservation,
                    });
                    (classes.len() - 1) as u32
                })
            });
            by_address.insert(address, class);
            classes[class as usize].available.set(at);
            own.push((class, offering.price));
        }
        own.sort_by_key(|(class, price)| (*price, *class));
        prices.push(own);
    }
    (classes, prices)
}
