//! Which drift hashes are written where? (api 2.6)
//!
//! A claim carries the hash of its pool and its class as they were when it was launched. Hashes of another version
//! cannot be compared: when an owner carries one, its claims are taken over as they are, but for those that were
//! found drifted before.

use crate::model::{ConditionKind, Labels, NodeClaim, keys};

/// The annotations of a hash and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampKeys {
    /// Of the hash.
    pub hash: &'static str,
    /// Of its version.
    pub version: &'static str,
}

/// Those of a pool.
pub const POOL: StampKeys = StampKeys { hash: keys::POOL_HASH, version: keys::POOL_HASH_VERSION };
/// Those of a class.
pub const CLASS: StampKeys = StampKeys { hash: keys::CLASS_HASH, version: keys::CLASS_HASH_VERSION };

fn has_version(annotations: &Labels, keys: &StampKeys) -> bool {
    annotations.get(keys.version).is_some_and(|version| &**version == keys::HASH_VERSION)
}

fn of(keys: &StampKeys, hash: &str) -> Labels {
    Labels::from([(keys.hash.into(), hash.into()), (keys.version.into(), keys::HASH_VERSION.into())])
}

/// The annotations that an owner lacks.
pub fn owner(annotations: &Labels, keys: &StampKeys, hash: &str) -> Labels {
    let mut wanted = of(keys, hash);
    wanted.retain(|key, value| annotations.get(key) != Some(value));
    wanted
}

/// The annotations of a claim that is launched from an owner as it is.
pub fn launched(keys: &StampKeys, hash: &str) -> Labels {
    of(keys, hash)
}

/// The annotations that claims of an owner need before the owner's own are written: when its version is another.
// behaviour: drift/nodes-of-another-hash-version-are-adopted
pub fn claims<'a>(
    owner: &Labels,
    claims: impl Iterator<Item = &'a NodeClaim>,
    keys: &StampKeys,
    hash: &str,
) -> Vec<(&'a NodeClaim, Labels)> {
    if has_version(owner, keys) {
        return Vec::new();
    }
    let stamp = |claim: &'a NodeClaim| {
        let mut stamp = of(keys, hash);
        if claim.condition(ConditionKind::Drifted).is_some() {
            stamp.remove(keys.hash);
        }
        (claim, stamp)
    };
    claims.filter(|claim| !has_version(&claim.annotations, keys)).map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, at, holds};

    fn stamped(version: &str, hash: &str) -> Labels {
        Labels::from([(POOL.hash.into(), hash.into()), (POOL.version.into(), version.into())])
    }

    // behaviour: drift/nodes-of-another-hash-version-are-adopted
    #[test]
    fn claims_of_another_version_are_taken_over_and_drifted_ones_stay_so() {
        let claim =
            |name: &str, annotations: Labels| NodeClaim { annotations, ..samples::claim("general", name) };
        let mut drifted = claim("drifted", stamped("v3", "1"));
        drifted.conditions.push(holds(ConditionKind::Drifted, at(5)));
        let all = [claim("old", stamped("v3", "1")), claim("own", stamped(keys::HASH_VERSION, "7")), drifted];
        let stamps = claims(&stamped("v3", "1"), all.iter(), &POOL, "9");
        let version = (POOL.version.into(), keys::HASH_VERSION.into());
        assert_eq!(
            stamps.iter().map(|(claim, stamp)| (&*claim.name, stamp.clone())).collect::<Vec<_>>(),
            [("old", stamped(keys::HASH_VERSION, "9")), ("drifted", Labels::from([version]))]
        );
        assert_eq!(claims(&stamped(keys::HASH_VERSION, "8"), all.iter(), &POOL, "9"), []);
    }

    #[test]
    fn an_owner_gets_what_it_lacks() {
        let own = stamped(keys::HASH_VERSION, "9");
        assert_eq!(owner(&Labels::new(), &POOL, "9"), own);
        assert_eq!(owner(&own, &POOL, "9"), Labels::new());
        let hash = (POOL.hash.into(), "10".into());
        assert_eq!(owner(&own, &POOL, "10"), Labels::from([hash]));
    }
}
