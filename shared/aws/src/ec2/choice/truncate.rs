//! Which types are named to EC2, when more would do than a request should list (aws 6.2)?

use std::collections::BTreeSet;

use joiner_core::model::{Allowed, Requirements};

use super::Candidate;

/// Most types of one request.
const MOST_TYPES: usize = 60;

/// A key of which so many different values must stay.
struct Floor<'a> {
    key: &'a str,
    allowed: &'a Allowed,
    at_least: usize,
}

impl Floor<'_> {
    /// The values that a type adds to the choice.
    fn values<'b>(&self, candidate: &'b Candidate<'_>) -> Vec<&'b str> {
        match candidate.instance_type.requirements.get(self.key).map(|requirement| &requirement.allowed) {
            Some(Allowed::Only(values)) => {
                values.iter().map(|value| &**value).filter(|value| self.allowed.admits(value)).collect()
            }
            Some(Allowed::AllBut { .. }) | None => Vec::new(),
        }
    }
}

/// The cheapest types, cheapest first, at most sixty, that together keep every flexibility floor. `None` when
/// there are none, or no sixty of them keep the floors.
// behaviour: launch/at-most-sixty-types-that-keep-the-floors
pub(super) fn cheapest<'a>(
    mut candidates: Vec<Candidate<'a>>,
    wanted: &Requirements,
) -> Option<Vec<Candidate<'a>>> {
    candidates
        .sort_by(|a, b| (a.cheapest(), &a.instance_type.name).cmp(&(b.cheapest(), &b.instance_type.name)));
    if candidates.is_empty() {
        return None;
    }
    let floors: Vec<Floor<'_>> = wanted
        .iter()
        .filter_map(|requirement| {
            let at_least = usize::try_from(requirement.min_values?).ok()?;
            Some(Floor { key: requirement.key.as_str(), allowed: &requirement.allowed, at_least })
        })
        .collect();
    let first = candidates.iter().take(MOST_TYPES);
    if floors.iter().all(|floor| is_kept(floor, first.clone())) {
        candidates.truncate(MOST_TYPES);
        return Some(candidates);
    }
    let needed = needed(&candidates, &floors)?;
    let mut room = MOST_TYPES.checked_sub(needed.len())?;
    let mut at = 0;
    candidates.retain(|_| {
        let keep = needed.contains(&at) || room > 0;
        room -= usize::from(keep && !needed.contains(&at));
        at += 1;
        keep
    });
    Some(candidates)
}

fn is_kept<'b, 'a: 'b>(floor: &Floor<'_>, candidates: impl Iterator<Item = &'b Candidate<'a>>) -> bool {
    let values: BTreeSet<&str> = candidates.flat_map(|candidate| floor.values(candidate)).collect();
    values.len() >= floor.at_least
}

/// Indices of the cheapest types that bring a value some floor still lacks.
fn needed(candidates: &[Candidate<'_>], floors: &[Floor<'_>]) -> Option<BTreeSet<usize>> {
    let mut needed = BTreeSet::new();
    for floor in floors {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for (at, candidate) in candidates.iter().enumerate() {
            if seen.len() >= floor.at_least {
                break;
            }
            let before = seen.len();
            seen.extend(floor.values(candidate));
            if seen.len() > before {
                needed.insert(at);
            }
        }
        if seen.len() < floor.at_least {
            return None;
        }
    }
    Some(needed)
}
