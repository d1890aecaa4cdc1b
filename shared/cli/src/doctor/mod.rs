//! `joiner doctor`: has a cluster, and a deployment for it, all that is needed? What is missing is told before it
//! hurts, with what to do.
//!
//! - [`facts`]: what is looked at; [`judge`]: what that means, by pure functions;
//! - [`check`]: a verdict, and how it is shown;
//! - `gather`, `repair`: looking, and the few repairs that are one safe call.

pub mod check;
pub mod facts;
#[cfg(feature = "aws")]
mod gather;
pub mod judge;
#[cfg(feature = "aws")]
mod repair;

use std::path::PathBuf;

use clap::Args;

use crate::args::{AwsArguments, OutputForm};
use crate::fault::Fault;
use crate::output::Answer;

/// What the table and the queues are called after, unless it is said.
pub const STACK: &str = "joiner";

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Name of the EKS cluster
    #[arg(long, value_name = "NAME")]
    pub cluster: String,
    /// How its API server is reached; as EKS says when absent
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Name of the deployment's stack, which its queues and its table begin with
    #[arg(long, value_name = "NAME", default_value = STACK)]
    pub stack: String,
    /// Name of the table; that of the stack when absent
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Role of nodes; those that EC2NodeClasses name when absent
    #[arg(long, value_name = "NAME")]
    pub node_role: Option<String>,
    /// Set missing discovery tags and create the access entry of the node role
    #[arg(long)]
    pub fix: bool,
    /// AWS.
    #[command(flatten)]
    pub aws: AwsArguments,
    /// Form of the answer
    #[arg(short = 'o', long, value_enum, default_value_t = OutputForm::Text)]
    pub output: OutputForm,
}

/// The checks; exit code 0 when all is well, 1 when something is missing, 2 when something could not be looked at.
///
/// # Errors
/// Nothing can be looked at, or this build has no AWS.
#[cfg(not(feature = "aws"))]
pub fn doctor(_: &DoctorArguments) -> Result<Answer, Fault> {
    Err(Fault::not_built("doctor"))
}

/// The checks; exit code 0 when all is well, 1 when something is missing, 2 when something could not be looked at.
///
/// # Errors
/// Nothing can be looked at, or this build has no AWS.
#[cfg(feature = "aws")]
pub fn doctor(asked: &DoctorArguments) -> Result<Answer, Fault> {
    crate::reach::wait_for(async {
        let practice = gather::Practice::open(asked).await?;
        let mut facts = practice.gather(asked).await;
        let mut done = Vec::new();
        if asked.fix {
            done = repair::repair(&practice, &facts).await;
            if !done.is_empty() {
                facts = practice.gather(asked).await;
            }
        }
        let checks = judge::judge(&facts);
        let text = match asked.output {
            OutputForm::Json => crate::output::json(&check::as_json(&checks, &done)),
            OutputForm::Text => check::as_text(&checks, &done),
        };
        Ok(Answer { text, exit_code: check::exit_code(&checks) })
    })
}
