//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Node autoscaling for EKS with nothing running in the cluster.
#[derive(Debug, Parser)]
#[command(name = "joiner", version, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub request: Request,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Request {
    /// Say which machines would be launched for the pending pods of manifests, and why pods fit nowhere
    Plan(PlanArguments),
    /// Run a cluster in virtual time, where pods come and go and nodes follow
    Simulate(crate::simulate::SimulateArguments),
    /// List the instance types of an EC2NodeClass: capacity, labels, zones, prices
    Types(TypesArguments),
    /// See whether a cluster and a deployment have all that is needed
    Doctor(crate::doctor::DoctorArguments),
    /// Look at messages that were given up, and send them again
    Replay(crate::replay::ReplayArguments),
    /// Do a deployment's work for a cluster in this process, with state in memory
    Local(crate::local::LocalArguments),
    /// Print the names of sample events, or one of them
    Events(crate::events::EventsArguments),
    /// Print the custom resource definitions
    Crds,
    /// Print the version
    Version,
}

/// What manifests and facts to work on.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// Recorded EC2 facts and prices, JSON or table, gzipped or plain; the built-in ones when absent
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Manifests: YAML or JSON, a folder of them, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE", num_args = 1.., allow_hyphen_values = false)]
    pub files: Vec<String>,
    /// More manifests
    #[arg(value_name = "MANIFESTS")]
    pub more_files: Vec<String>,
    /// Name of the cluster, in place of ${CLUSTER_NAME} in manifests
    #[arg(long, value_name = "NAME", default_value = "demo")]
    pub cluster: String,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// Manifests and facts.
    #[command(flatten)]
    pub input: InputArguments,
    /// Settings of the decision: now, preferencePolicy, minValuesPolicy, spotToSpotConsolidation,
    /// unavailableOfferings, mode
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// How pods are packed into machines
    #[arg(long, value_enum, default_value_t = Packing::FirstFit)]
    pub packing: Packing,

    /// How far consolidation goes, with --disrupt
    #[arg(long, value_enum, default_value_t = Consolidation::Reference)]
    pub consolidation: Consolidation,
    /// Say which nodes would be taken away instead
    #[arg(long)]
    pub disrupt: bool,
    /// Form of the answer
    #[arg(short = 'o', long, value_enum, default_value_t = OutputForm::Text)]
    pub output: OutputForm,
}

/// Arguments of `types`.
#[derive(Debug, Args)]
pub struct TypesArguments {
    /// Manifests and facts.
    #[command(flatten)]
    pub input: InputArguments,
    /// Form of the answer
    #[arg(short = 'o', long, value_enum, default_value_t = OutputForm::Text)]
    pub output: OutputForm,
}

/// How AWS is reached; what is silent comes from the environment, as for the AWS command line.
#[derive(Debug, Clone, Args)]
pub struct AwsArguments {
    /// Region, such as eu-central-1
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// One address for every service: an emulator
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
}

/// How pods are packed into machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Packing {
    /// Each pod into the first machine that takes it, largest pods first
    FirstFit,
    /// As cheap as can be found, never dearer than first-fit
    Cost,
}

/// How far consolidation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Consolidation {
    /// As Karpenter: at most 100 nodes together, replaced by one
    Reference,
    /// As a deployment does: replaced by any number, when that saves at least 5 %
    Several,
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// For programs
    Json,
    /// For people
    Text,
}
