//! A cluster and an EC2 in memory and in virtual time, for the same handlers that run in Lambda.
//!
//! Nothing here reads the machine's clock, its chance or its network: a seed decides everything, and one seed
//! leaves one trace. Nothing here decides about nodes either; handlers do, through the ports. Modules in
//! reading order:
//!
//! - [`world`]: everything there is, and how it moves from moment to moment;
//! - [`agenda`], [`chance`], [`faults`], [`log`]: time, chance, trouble, and what happened;
//! - [`cluster`], [`ec2`], [`mail`], [`keep`]: the parts of a world; [`objects`] what is written of pools and classes;
//! - [`ports`], [`executor`], [`runtime`], [`product`]: handlers in that world, and the product as one (`drive`: one
//!   future alone);
//! - [`script`], [`script_file`], [`scenario`], [`manifests`]: what the user does, a run from beginning to end, and what it is
//!   made of;
//! - [`book`], [`bound`], [`checks`], [`settle`], [`report`], [`timeline`]: what it came to, what was broken, how it reads.

pub mod agenda;
pub mod book;
pub mod bound;
pub mod chance;
pub mod checks;
pub mod cluster;
mod drive;
pub mod ec2;
pub mod executor;
pub mod faults;
pub mod keep;
pub mod log;
pub mod mail;
pub mod manifests;
pub mod objects;
pub mod ports;
pub mod product;
pub mod report;
pub mod runtime;
pub mod scenario;
pub mod script;
pub mod script_file;
pub mod settle;
pub mod timeline;
pub mod world;
