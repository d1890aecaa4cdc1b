//! Do the adapters keep what the ports promise? One suite of claims for each port, tried on what is real and on what
//! stands in for it.

mod access;
mod catalog;
mod cloud;
mod cluster;
mod queue;
mod store;
