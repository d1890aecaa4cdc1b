//! `joiner replay`: which messages were given up and why, and sending them again. Sending again is safe at any time: a
//! message is a hint to look, and what is true is read anew.
//!
//! - `work`: looking and sending; `letter`: one message in words.

#[cfg(feature = "aws")]
mod letter;
#[cfg(feature = "aws")]
mod work;

use clap::{Args, Subcommand};

use crate::args::{AwsArguments, OutputForm};
use crate::fault::Fault;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// What to do with dead letters.
    #[command(subcommand)]
    pub deed: ReplayDeed,
}

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub enum ReplayDeed {
    /// List them with the reasons
    List {
        /// Where they are.
        #[command(flatten)]
        place: ReplayPlace,
        /// Form of the answer
        #[arg(short = 'o', long, value_enum, default_value_t = OutputForm::Text)]
        output: OutputForm,
    },
    /// Show one of them
    Show {
        /// Its id, as the list names it
        id: String,
        /// Where they are.
        #[command(flatten)]
        place: ReplayPlace,
    },
    /// Send one or all of them to the queues they came from
    Send {
        /// Its id, as the list names it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
        /// Where they are.
        #[command(flatten)]
        place: ReplayPlace,
    },
}

/// Where dead letters are.
#[derive(Debug, Args)]
pub struct ReplayPlace {
    /// Name of the deployment's stack, which its queues begin with
    #[arg(long, value_name = "NAME", default_value = crate::doctor::STACK)]
    pub stack: String,
    /// Clusters that are served; when named, messages of others are told
    #[arg(long = "cluster", value_name = "NAME")]
    pub clusters: Vec<String>,
    /// Only letters of this function, such as lifecycle
    #[arg(long, value_name = "FUNCTION")]
    pub function: Option<String>,
    /// AWS.
    #[command(flatten)]
    pub aws: AwsArguments,
}

/// Does it, and says what was found or done.
///
/// # Errors
/// A queue is not there or cannot be reached, there is no such letter, or this build has no AWS.
#[cfg(not(feature = "aws"))]
pub fn replay(_: &ReplayArguments) -> Result<String, Fault> {
    Err(Fault::not_built("replay"))
}

/// Does it, and says what was found or done.
///
/// # Errors
/// A queue is not there or cannot be reached, there is no such letter, or this build has no AWS.
#[cfg(feature = "aws")]
pub fn replay(asked: &ReplayArguments) -> Result<String, Fault> {
    crate::reach::wait_for(work::work(&asked.deed))
}
