//! The use cases over ports that answer at once, for what a world that runs by itself does not show: exact
//! moments of death, views with holes, marks left behind.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without, it may demand")]

mod classes;
mod disrupt;
mod fake;
mod interrupt;
mod objects;
mod pools;
mod provision;
mod replace;
mod sweep;
mod terminate;
mod upkeep;
