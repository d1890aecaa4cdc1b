//! Nodes that should go, and the steps of their commands.

fn main() -> std::process::ExitCode {
    joiner_runtime::run(joiner_runtime::Duty::Disrupt)
}
