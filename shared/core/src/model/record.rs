//! How do values look in a record, and is what is read back a value at all?
//!
//! Records outlive the version that wrote them, so types whose insides are their own business are written in a
//! plain form, and reading goes through the same checks as any other input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Allowed, LabelKey, Quantity, QuantityError, ResourceName, Resources};

/// Admitted values as they are written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum WrittenAllowed {
    /// One of these.
    Only(BTreeSet<Arc<str>>),
    /// Anything but these, and within the bounds.
    AllBut {
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        except: BTreeSet<Arc<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<i64>,
    },
}

/// Bounds between which there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no number is at least {low} and at most {high}")]
pub(crate) struct EmptyRange {
    low: i64,
    high: i64,
}

impl From<Allowed> for WrittenAllowed {
    fn from(allowed: Allowed) -> Self {
        match allowed {
            Allowed::Only(values) => WrittenAllowed::Only(values),
            Allowed::AllBut { except, at_least, at_most } => {
                WrittenAllowed::AllBut { except, at_least, at_most }
            }
        }
    }
}

impl TryFrom<WrittenAllowed> for Allowed {
    type Error = EmptyRange;

    fn try_from(written: WrittenAllowed) -> Result<Self, EmptyRange> {
        Ok(match written {
            WrittenAllowed::Only(values) => Allowed::Only(values),
            // Narrowing never leaves such bounds behind: it comes to "no value" instead.
            WrittenAllowed::AllBut { at_least: Some(low), at_most: Some(high), .. } if low > high => {
                return Err(EmptyRange { low, high });
            }
            WrittenAllowed::AllBut { except, at_least, at_most } => {
                Allowed::AllBut { except, at_least, at_most }
            }
        })
    }
}

/// Amounts by the names Kubernetes uses.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct WrittenResources(BTreeMap<String, Quantity>);

impl From<Resources> for WrittenResources {
    fn from(resources: Resources) -> Self {
        let entries = resources.iter().map(|(name, amount)| (name.as_str().to_owned(), amount));
        WrittenResources(entries.collect())
    }
}

impl From<WrittenResources> for Resources {
    fn from(written: WrittenResources) -> Self {
        written.0.into_iter().map(|(name, amount)| (ResourceName::from(name.as_str()), amount)).collect()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> String {
        quantity.to_string()
    }
}

impl TryFrom<String> for Quantity {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, QuantityError> {
        text.parse()
    }
}

impl From<LabelKey> for String {
    fn from(key: LabelKey) -> String {
        key.as_str().to_owned()
    }
}

impl From<String> for LabelKey {
    fn from(key: String) -> Self {
        LabelKey::new(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_with_nothing_between_them_are_refused() {
        let bounds = |low, high| WrittenAllowed::AllBut {
            except: BTreeSet::new(),
            at_least: Some(low),
            at_most: Some(high),
        };
        let single = Allowed::AllBut { except: BTreeSet::new(), at_least: Some(4), at_most: Some(4) };
        assert_eq!(Allowed::try_from(bounds(4, 4)), Ok(single));
        assert_eq!(Allowed::try_from(bounds(5, 4)), Err(EmptyRange { low: 5, high: 4 }));
    }
}
