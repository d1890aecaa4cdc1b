//! `joiner local`: a deployment's work for one cluster in this process, with queues and state in memory.

use std::path::PathBuf;

use clap::Args;

use crate::args::AwsArguments;
use crate::fault::Fault;

/// Arguments of `local`.
#[derive(Debug, Args)]
pub struct LocalArguments {
    /// Name of the EKS cluster
    #[arg(long, value_name = "NAME")]
    pub cluster: String,
    /// How its API server is reached
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: PathBuf,
    /// Context of the kubeconfig; its own when absent
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// AWS.
    #[command(flatten)]
    pub aws: AwsArguments,
    /// The price list cannot be reached from here: use recorded prices
    #[arg(long)]
    pub isolated: bool,
    /// Log more: what was not done, and why
    #[arg(long)]
    pub debug: bool,
}

/// Works until it is interrupted (Ctrl-C); what is in hand then is finished.
///
/// # Errors
/// The cluster cannot be reached as described, or this build has no AWS.
#[cfg(not(feature = "aws"))]
pub fn local(_: &LocalArguments) -> Result<String, Fault> {
    Err(Fault::not_built("local"))
}

/// Works until it is interrupted (Ctrl-C); what is in hand then is finished.
///
/// # Errors
/// The cluster cannot be reached as described, or this build has no AWS.
#[cfg(feature = "aws")]
pub fn local(asked: &LocalArguments) -> Result<String, Fault> {
    use joiner_runtime::config::{LogLevel, TypesConfig};

    let run = joiner_runtime::local::LocalRun {
        cluster: crate::reach::cluster(&asked.cluster)?,
        kubeconfig: asked.kubeconfig.clone(),
        context: asked.context.clone(),
        aws: crate::reach::settings(&asked.aws),
        settings: joiner_app::Settings::DEFAULT,
        types: TypesConfig { vm_memory_overhead_milli: 75, reserved_enis: 0, is_isolated: asked.isolated },
    };
    joiner_runtime::logs::start(if asked.debug { LogLevel::Debug } else { LogLevel::Info });
    crate::reach::wait_for(async {
        // Without a way to hear Ctrl-C the process ends at once, which is safe: whoever runs next goes on.
        let stop = async { drop(tokio::signal::ctrl_c().await) };
        let ended = run.until(stop).await;
        ended.map_err(|error| Fault::bad_input(crate::reach::told(&error), "nothing was changed"))
    })?;
    Ok(String::new())
}
