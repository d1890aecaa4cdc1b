//! Reads: a list is taken apart as it arrives, what it held is kept on a shelf, and the shelf follows by watch.

mod follow;
mod lines;
mod list_body;
mod machine;
mod shelf;
mod snapshot;
mod watch_line;

pub(crate) use follow::list;
pub(crate) use lines::Lines;
pub(crate) use shelf::Shelf;
pub(crate) use snapshot::Shelves;
pub(crate) use watch_line::{Change, WatchLine};
