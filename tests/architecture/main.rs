//! Is the code still laid out as ARCHITECTURE.md says, and tidy?
//!
//! Every check is a function from text to a list of complaints. One test feeds it the workspace; another feeds
//! it small planted violations, so that a check that went blind fails as well. Nothing here looks at what the
//! code does. Modules in reading order:
//!
//! - `source`, `metadata`: the workspace as values, files and packages;
//! - `layers`: who imports whom, against the table in ARCHITECTURE.md;
//! - `manifests`: what every package, the lock file and every clippy.toml must say;
//! - `modules`, `sizes`, `names`, `words`: files, their headers and lengths, names, what must not be written;
//! - `behaviours`, `samples`: tags, goldens and recorded events, each with its other half;
//! - `docs`: paths, links and commands that pages mention.

mod behaviours;
mod docs;
mod layers;
mod manifests;
mod metadata;
mod modules;
mod names;
mod samples;
mod sizes;
mod source;
mod words;

/// Fails with every complaint on a line of its own.
#[track_caller]
fn none_of(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n  {}", complaints.len(), complaints.join("\n  "));
}
