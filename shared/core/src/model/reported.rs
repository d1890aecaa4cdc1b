//! Conditions of pools and classes (api 0.1): what was said, and what is to be said.

use std::sync::Arc;

use jiff::Timestamp;

use super::ConditionStatus;

/// A condition that a pool or a class carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCondition {
    /// Such as `Ready`; whoever wrote it may know kinds that nothing here does.
    pub kind: Arc<str>,
    /// Its truth.
    pub status: ConditionStatus,
    /// Machine-readable reason.
    pub reason: Arc<str>,
    /// For people.
    pub message: Arc<str>,
    /// Generation of the object it speaks of.
    pub observed_generation: Option<i64>,
    /// When the truth last changed.
    pub since: Timestamp,
}

/// A condition to write on a pool or a class; those of claims are of their own kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCondition {
    /// Such as `Ready` (api 1.3, 3.7).
    pub kind: &'static str,
    /// Its truth.
    pub status: ConditionStatus,
    /// Machine-readable reason.
    pub reason: Arc<str>,
    /// For people.
    pub message: Arc<str>,
    /// Generation of the object it speaks of.
    pub observed_generation: i64,
}

/// What makes an object stored but without effect: it passed admission, and cannot be used as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Machine-readable reason, as `ValidationSucceeded` carries it.
    pub reason: Arc<str>,
    /// For people: every fault with its field and remedy.
    pub message: Arc<str>,
}
