//! The `joiner` command, as a library so that tests run what users run.
//!
//! Modules in reading order: [`args`] (what can be asked), [`plan`] (what would be launched), with its answer as
//! JSON in [`answer`] and as text in [`table`], [`disrupt`] (which nodes would go), [`simulate`] (a cluster in virtual time), [`types`] (what can be bought), [`fault`] (what goes wrong),
//! [`output`] (where answers go), and [`sample`] (made-up workloads for benchmarks).
//!
//! Of a deployment: [`events`] (what its functions are sent), [`doctor`] (what it lacks), [`replay`] (what it gave
//! up), [`local`] (its work in this process). The last three reach AWS and need the feature `aws`.

pub mod answer;
pub mod args;
pub mod disrupt;
pub mod doctor;
pub mod events;
pub mod fault;
pub mod local;
pub mod output;
pub mod plan;
#[cfg(feature = "aws")]
mod reach;
pub mod replay;
pub mod sample;
pub mod simulate;
pub mod table;
pub mod types;

use args::{Arguments, OutputForm, Request};
use fault::Fault;
use output::Answer;

/// Answers one command line.
///
/// # Errors
/// Bad input, with what, where and the remedy.
pub fn run(arguments: &Arguments) -> Result<Answer, Fault> {
    match &arguments.request {
        Request::Doctor(asked) => doctor::doctor(asked),
        Request::Replay(asked) => replay::replay(asked).map(Answer::of),
        Request::Local(asked) => local::local(asked).map(Answer::of),
        at_the_desk => without_a_deployment(at_the_desk).map(Answer::of),
    }
}

/// What needs files only.
fn without_a_deployment(request: &Request) -> Result<String, Fault> {
    match request {
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
        Request::Events(asked) => events::events(asked),
        // Answered above.
        Request::Doctor(_) | Request::Replay(_) | Request::Local(_) => Ok(String::new()),
        Request::Version => Ok(format!("joiner {}\n", env!("CARGO_PKG_VERSION"))),
    }
}
