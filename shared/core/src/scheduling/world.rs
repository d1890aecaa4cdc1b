//! What every part of a pass shares: the interners.

use super::amounts::ResourceIds;
use super::sets::Sets;
use super::types::TypeTable;
use super::values::Universe;
use crate::model::InstanceType;

/// Interned keys, values, requirement sets and resource names of one pass.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) universe: Universe,
    pub(crate) sets: Sets,
    pub(crate) resources: ResourceIds,
}

impl World {
    pub(crate) fn new() -> Self {
        World { universe: Universe::default(), sets: Sets::new(), resources: ResourceIds::default() }
    }

    pub(crate) fn table(&mut self, types: &[InstanceType]) -> TypeTable {
        TypeTable::build(types, &mut self.universe, &mut self.sets, &mut self.resources)
    }
}
