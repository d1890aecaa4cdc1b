//! `joiner simulate`: a cluster in virtual time, where pods come and go and nodes follow.
//!
//! Reading order: this file (what is asked, and the run), [`cast`] (what the run is made of), [`show`] (what is
//! shown while it runs and at its end).

mod cast;
mod show;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use joiner_sim::product;

use crate::args::{InputArguments, OutputForm};
use crate::fault::Fault;
use crate::output;
use show::Show;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// NodePools, EC2NodeClasses and workloads; without any, the workshop's pool and a web deployment
    #[command(flatten)]
    pub input: InputArguments,
    /// What happens when: a YAML list of lines such as {at: 30s, scale: deployment/web, replicas: 12},
    /// {at: 1m, apply: pods.yaml}, {at: 5m, delete: deployment/web}, {at: 2m, refuse: c6a.large us-east-1a on-demand}
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Decides all chance; one seed, one run
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Virtual seconds per second; as fast as possible when absent
    #[arg(long, value_name = "N")]
    pub speed: Option<f64>,
    /// Longest virtual time of the run
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub at_most: SignedDuration,
    /// Let things go wrong for this long: crashes, lost answers, late and doubled messages, short capacity
    #[arg(long, value_name = "TIME")]
    pub storm: Option<SignedDuration>,
    /// Form of the answer
    #[arg(short = 'o', long, value_enum, default_value_t = OutputForm::Text)]
    pub output: OutputForm,
}

/// Runs it. What happens is shown as it happens; the answer is the closing table, or everything as JSON.
///
/// # Errors
/// Bad input, and promises broken by the product.
pub fn simulate(asked: &SimulateArguments) -> Result<String, Fault> {
    let speed = asked.speed.filter(|speed| *speed > 0.0);
    if asked.speed.is_some() && speed.is_none() {
        return Err(Fault::bad_input(
            "--speed is not above zero",
            "write --speed 60 for a minute per second",
        ));
    }
    let (scenario, notes) = cast::scenario(asked)?;
    for note in &notes {
        output::complain(&format!("note: {note}"));
    }
    let mut show = Show::new(asked.output, speed);
    let (report, _) = scenario.play(product::handler, &mut |progress, entries| show.look(progress, entries));
    let broken = report.violations.len();
    let answer = show.close(&report);
    if broken > 0 {
        output::print(&output::Answer::of(answer));
        return Err(Fault::unexpected(format!("{broken} promises were broken with seed {}", report.seed)));
    }
    Ok(answer)
}

/// A time of the command line as the simulation counts.
fn unsigned(time: SignedDuration) -> Duration {
    if time.is_negative() { Duration::ZERO } else { time.unsigned_abs() }
}
