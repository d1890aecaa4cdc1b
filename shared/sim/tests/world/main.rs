//! The simulated world from outside: its cluster by itself, a plain handler in it, and the product in it.

mod cluster;
mod plain_handler;
mod scenarios;
mod storms;
mod support;
