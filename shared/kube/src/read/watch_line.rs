//! What does one line of a watch say?

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::failure::{Failure, Refusal};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Change {
    /// It is there: new, or new to this watch.
    Added,
    /// It is another than before.
    Modified,
    /// It is gone; the object is its last state.
    Deleted,
    /// Nothing; the object says how far the watch has come.
    Bookmark,
    /// The watch ends; the object is a status.
    Error,
}

/// A line.
#[derive(Debug, Deserialize)]
pub(crate) struct WatchLine<'a> {
    /// What happened.
    #[serde(rename = "type")]
    pub(crate) change: Change,
    /// To which object, JSON.
    #[serde(borrow)]
    pub(crate) object: &'a RawValue,
}

impl<'a> WatchLine<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// It is none; or it is the end of the watch, with what the API server says.
    pub(crate) fn read(line: &'a [u8]) -> Result<Self, Failure> {
        let read: WatchLine = serde_json::from_slice(line).map_err(|e| Failure::NoAnswer(e.into()))?;
        match read.change {
            Change::Error => Err(Refusal::from_status(read.object.get().as_bytes(), 500).into()),
            Change::Added | Change::Modified | Change::Deleted | Change::Bookmark => Ok(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_change_or_the_end() {
        let line = WatchLine::read(br#"{"type":"DELETED","object":{"kind":"Pod"}}"#).unwrap();
        assert_eq!((line.change, line.object.get()), (Change::Deleted, r#"{"kind":"Pod"}"#));
        let expired = br#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#;
        let end = WatchLine::read(expired).map(|line| line.change).unwrap_err();
        assert_eq!(end.refused(410).map(|refusal| refusal.message.as_str()), Some("too old"));
    }
}
