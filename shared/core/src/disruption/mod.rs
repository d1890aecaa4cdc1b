//! Disruption: which nodes may be taken away, and what keeps each of the others?
//!
//! Reading order: [`cron`] and [`budget`] (how many at once), [`calm`] (since when), [`candidate`] and
//! [`blocked`] (which, and why not), [`emptiness`] (the first method).

pub mod blocked;
pub mod budget;
pub mod calm;
pub mod candidate;
pub mod cron;
pub mod emptiness;
