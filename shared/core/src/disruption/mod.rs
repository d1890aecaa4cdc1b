//! Disruption: which nodes may be taken away, and what keeps each of the others?
//!
//! Reading order: [`cron`] and [`budget`] (how many at once), [`calm`] (since when), [`candidate`] and
//! [`blocked`] (which, and why not), [`emptiness`] (the first method), [`cost`] (what is disturbed),
//! [`replacement`] (what may take the place of nodes), [`balance`] (is it worth it), [`consolidation`] and
//! [`drift`] (the other methods), [`rounds`] (all methods in their order),
//! [`revalidate`] (is an answer still right later).

pub mod balance;
pub mod blocked;
pub mod budget;
pub mod calm;
pub mod candidate;
pub mod consolidation;
pub mod cost;
pub mod cron;
pub mod drift;
pub mod emptiness;
pub mod replacement;
pub mod revalidate;
pub mod rounds;
