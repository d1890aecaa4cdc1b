//! Metrics as lines of the log, in the embedded metric format that CloudWatch makes metrics of.
//!
//! Every value stands under its cluster, so that one cluster's metrics never carry another's name. Further
//! dimensions are few: each combination is a metric that costs money by the month.
//!
//! - [`table`]: which metrics there are, and what they mean;
//! - [`emf`]: the form of a line;
//! - `facts`: what facts count for;
//! - `calls`: what calls of the cloud took.

mod calls;
pub mod emf;
mod facts;
pub mod table;

pub(crate) use calls::{CallLedger, Timed};
pub use emf::Sample;
pub(crate) use facts::samples;
pub use table::{METRICS, Metric};
