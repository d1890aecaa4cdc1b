//! The `joiner` command, as a library so that tests run what users run.
//!
//! Modules in reading order: [`args`] (what can be asked), [`plan`] (what would be launched), with its answer as
//! JSON in [`answer`] and as text in [`table`], [`disrupt`] (which nodes would go), [`simulate`] (a cluster in virtual time), [`types`] (what can be bought), [`fault`] (what goes wrong),
//! [`output`] (where answers go), and [`sample`] (made-up workloads for benchmarks).

pub mod answer;
pub mod args;
pub mod disrupt;
pub mod fault;
pub mod output;
pub mod plan;
pub mod sample;
pub mod simulate;
pub mod table;
pub mod types;

use args::{Arguments, OutputForm, Request};
use fault::Fault;

/// Answers one command line; the answer is text for standard output.
///
/// # Errors
/// Bad input, with what, where and the remedy.
pub fn run(arguments: &Arguments) -> Result<String, Fault> {
    match &arguments.request {
        Request::Plan(asked) => {
            let question = plan::question(asked)?;
            if question.disrupt {
                let rounds = disrupt::rounds(&question);
                return Ok(match asked.output {
                    OutputForm::Json => output::json(&disrupt::answer(&rounds)),
                    OutputForm::Text => disrupt::text(&rounds),
                });
            }
            let planned = plan::plan(question);
            Ok(match asked.output {
                OutputForm::Json => output::json(&answer::answer(&planned)),
                OutputForm::Text => table::text(&planned),
            })
        }
        Request::Simulate(asked) => simulate::simulate(asked),
        Request::Types(asked) => types::types(asked),
        Request::Crds => joiner_api::crd::crds_yaml().map_err(|error| Fault::unexpected(error.to_string())),
        Request::Version => Ok(format!("joiner {}\n", env!("CARGO_PKG_VERSION"))),
    }
}
