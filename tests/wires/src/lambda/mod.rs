//! How do function binaries run without Lambda? Each behind a Runtime API on loopback, fed as Lambda would feed it.
//!
//! - `runtime_api`: the HTTP interface a function polls, for one process;
//! - [`environment`]: one process behind it: started cold, used again, killed at its time limit;
//! - [`function`]: a function with as many environments as its callers need at a time;
//! - [`pump`], [`sqs_event`]: queues delivered to it, as Lambda's event source mapping does;
//! - [`binaries`]: the functions, built as the tests are.

pub mod binaries;
pub mod environment;
pub mod function;
pub mod pump;
mod runtime_api;
pub mod sqs_event;

pub use environment::InvocationFault;
pub use function::{FunctionSpec, LambdaFunction};
pub use pump::{Mapping, Pump};
