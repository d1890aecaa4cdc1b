//! Cluster events into messages.

fn main() -> std::process::ExitCode {
    joiner_runtime::run(joiner_runtime::Duty::Relay)
}
