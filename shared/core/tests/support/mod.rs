//! What tests of the core speak in: a world as a few lines, an answer as a few lines, and an auditor that
//! knows the rules but not the solver.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod audit_claims;
pub(crate) mod audit_facts;
pub(crate) mod audit_failed;
pub(crate) mod audit_nodes;
pub(crate) mod audit_topology;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod expression;
pub(crate) mod objects;
pub(crate) mod pods;
pub(crate) mod print;
pub(crate) mod random;
pub(crate) mod script;
