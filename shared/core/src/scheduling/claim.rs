//! Machines being put together in this pass, and whether one more pod goes onto one (scheduling 3.4 to 3.7).

use super::amounts::Amounts;
use super::bits::Bits;
use super::class::Class;
use super::plan::MinValuesPolicy;
use super::reserve::{ReservationBook, Reservations};
use super::sets::{SetId, Undefined};
use super::template::Template;
use super::topology::{HostId, Topology, TopologyNo};
use super::values::{KeyId, ValueSet};
use super::world::World;
use crate::model::HostPort;

/// A machine being put together.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) template: usize,
    pub(crate) set: SetId,
    pub(crate) types: Bits,
    /// Of its pods, without daemons.
    pub(crate) requests: Amounts,
    pub(crate) host: HostId,
    /// Indices into the snapshot's pods.
    pub(crate) pods: Vec<usize>,
    pub(crate) ports: Vec<HostPort>,
    pub(crate) min_values: Vec<(KeyId, u32)>,
    pub(crate) min_values_relaxed: bool,
}

/// Scratch rows, so that trying allocates nothing.
#[derive(Debug)]
pub(crate) struct Scratch {
    row: Bits,
    pub(crate) survivors: Bits,
    total: Amounts,
    with_daemons: Amounts,
}

impl Scratch {
    pub(crate) fn new(len: usize) -> Self {
        let (row, survivors) = (Bits::none(len), Bits::none(len));
        Scratch { row, survivors, total: Amounts::default(), with_daemons: Amounts::default() }
    }
}

/// What has to change when the pod goes there; the surviving types stand in the scratch.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) set: SetId,
    pub(crate) min_values: Option<Vec<(KeyId, u32)>>,
    pub(crate) reservations: Option<Reservations>,
}

/// Why the pod does not go there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    /// And never will within this pass.
    Never,
    /// As things stand.
    NotNow,
    /// Only because the reservations are spoken for.
    Reserved,
}

/// A candidate machine: one in flight, or one that would be opened.
pub(crate) struct Candidate<'a> {
    pub(crate) template: &'a Template,
    pub(crate) set: SetId,
    pub(crate) types: &'a Bits,
    pub(crate) requests: &'a Amounts,
    pub(crate) host: HostId,
    pub(crate) ports: &'a [HostPort],
    pub(crate) min_values: &'a [(KeyId, u32)],
    /// Whether floors may be lowered: only for a machine just opened.
    pub(crate) is_new: bool,
}

/// The rest of what admission looks at.
pub(crate) struct Desk<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) topology: &'a mut Topology,
    pub(crate) book: &'a ReservationBook,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) min_values_policy: MinValuesPolicy,
    pub(crate) strict_reservations: bool,
}

/// Whether a host-name rule lets a machine pass that has no name yet.
pub(crate) fn admits_unnamed(rule: Option<&ValueSet>) -> bool {
    rule.is_none_or(|rule| rule.open && !rule.is_bounded())
}

impl Candidate<'_> {
    /// Whether a pod of the class goes onto the candidate.
    pub(crate) fn admit(
        &self,
        class: &Class,
        template_index: usize,
        desk: &mut Desk<'_>,
    ) -> Result<Admission, No> {
        if !class.tolerates[template_index] || !admits_unnamed(class.host_rule.as_ref()) {
            return Err(No::Never);
        }
        let merged =
            desk.world.sets.merge(&desk.world.universe, self.set, class.set, Undefined::WellKnownAllowed);
        let own = merged.map_err(|_| No::Never)?;
        desk.scratch.total.set_sum(self.requests, &class.requests);
        desk.scratch.row.copy_from(self.types);
        self.template.table.keep_fitting(&desk.scratch.total, &mut desk.scratch.row);
        if desk.scratch.row.is_empty() {
            return Err(No::Never);
        }
        let mut no = No::Never;
        for reach in class.reach.iter().filter(|r| admits_unnamed(r.host_rule.as_ref())) {
            let sets = &mut desk.world.sets;
            let Ok(with_volumes) =
                sets.merge(&desk.world.universe, own, reach.set, Undefined::WellKnownAllowed)
            else {
                continue;
            };
            match self.admit_at(class, with_volumes, desk) {
                Ok(admission) => return Ok(admission),
                Err(No::Reserved) => no = No::Reserved,
                Err(No::NotNow) if no == No::Never => no = No::NotNow,
                Err(_) => {}
            }
        }
        Err(no)
    }

    fn admit_at(&self, class: &Class, base: SetId, desk: &mut Desk<'_>) -> Result<Admission, No> {
        let world = (&desk.world.universe, &desk.world.sets);
        let tightened = match desk.topology.tighten(world, &class.asker(), base, self.host) {
            Ok(tightened) => tightened,
            Err(TopologyNo::Never(_)) => return Err(No::Never),
            Err(TopologyNo::NotNow(_)) => return Err(self.now_or_never(class, base, desk)),
        };
        let set = if tightened.is_empty() {
            base
        } else {
            let topology = desk.world.sets.intern(tightened.into_vec());
            let sets = &mut desk.world.sets;
            match sets.merge(&desk.world.universe, base, topology, Undefined::WellKnownAllowed) {
                Ok(set) => set,
                Err(_) => return Err(self.now_or_never(class, base, desk)),
            }
        };
        self.survivors(class, set, desk);
        let min_values = if desk.scratch.survivors.is_empty() { Err(No::Never) } else { self.floors(desk) };
        match min_values {
            Ok(min_values) => {
                let reservations = self.reservations(set, desk)?;
                Ok(Admission { set, min_values, reservations })
            }
            // A rule may pick another domain later, so only what fails without the rule fails for good.
            Err(_) if set != base => Err(self.now_or_never(class, base, desk)),
            Err(no) => Err(no),
        }
    }

    /// Whether the candidate fails the pod even without topology rules.
    fn now_or_never(&self, class: &Class, base: SetId, desk: &mut Desk<'_>) -> No {
        self.survivors(class, base, desk);
        if desk.scratch.survivors.is_empty() { No::Never } else { No::NotNow }
    }

    /// Leaves in the scratch the types that are compatible, large enough and on offer (scheduling 3.6).
    // behaviour: scheduling/types-survive-compat-fit-and-offering
    fn survivors(&self, class: &Class, set: SetId, desk: &mut Desk<'_>) {
        let fitting = self.template.table.fitting(&desk.world.universe, &desk.world.sets, set);
        let scratch = &mut *desk.scratch;
        scratch.survivors.clear();
        let ports = &class.spec.host_ports;
        let clashes = |taken: &[HostPort]| ports.iter().any(|p| taken.iter().any(|t| t.conflicts_with(p)));
        if !ports.is_empty() && clashes(self.ports) {
            return;
        }
        for group in &self.template.daemons {
            if !ports.is_empty() && clashes(&group.ports) {
                continue;
            }
            scratch.row.copy_from(self.types);
            scratch.row.and(&fitting.compatible);
            scratch.row.and(&fitting.offered);
            scratch.row.and(&group.types);
            scratch.with_daemons.set_sum(&scratch.total, &group.overhead);
            self.template.table.keep_fitting(&scratch.with_daemons, &mut scratch.row);
            scratch.survivors.or(&scratch.row);
        }
    }

    /// Checks flexibility floors on the survivors; `Some` carries lowered ones (scheduling 3.7).
    // behaviour: scheduling/min-values
    fn floors(&self, desk: &mut Desk<'_>) -> Result<Option<Vec<(KeyId, u32)>>, No> {
        let mut lowered: Option<Vec<(KeyId, u32)>> = None;
        for (at, (key, floor)) in self.min_values.iter().enumerate() {
            let found = self.template.table.distinct_values(*key, &desk.scratch.survivors);
            if found >= *floor {
                continue;
            }
            if !self.is_new || desk.min_values_policy == MinValuesPolicy::Strict {
                return Err(No::Never);
            }
            lowered.get_or_insert_with(|| self.min_values.to_vec())[at].1 = found;
        }
        Ok(lowered)
    }

    fn reservations(&self, set: SetId, desk: &mut Desk<'_>) -> Result<Option<Reservations>, No> {
        if desk.book.is_empty() {
            return Ok(None);
        }
        let wanted = desk.book.wanted(
            self.host,
            &self.template.table,
            (set, &desk.scratch.survivors),
            (desk.world, desk.strict_reservations),
        );
        wanted.map(Some).map_err(|()| No::Reserved)
    }
}

impl InFlight {
    pub(crate) fn candidate<'a>(&'a self, template: &'a Template) -> Candidate<'a> {
        Candidate {
            template,
            set: self.set,
            types: &self.types,
            requests: &self.requests,
            host: self.host,
            ports: &self.ports,
            min_values: &self.min_values,
            is_new: false,
        }
    }

    /// Takes the pod as admitted.
    pub(crate) fn take(&mut self, pod: usize, class: &Class, admission: Admission, survivors: &Bits) {
        self.set = admission.set;
        self.types.copy_from(survivors);
        self.requests.add(&class.requests);
        self.ports.extend(class.spec.host_ports.iter().cloned());
        if let Some(lowered) = admission.min_values {
            self.min_values = lowered;
            self.min_values_relaxed = true;
        }
        self.pods.push(pod);
    }
}
