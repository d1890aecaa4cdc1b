//! The simulated world from outside: its cluster by itself, a plain handler in it, and the product in it.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot be read has failed")]

mod cluster;
mod node_life;
mod plain_handler;
mod scenarios;
mod storms;
mod support;
