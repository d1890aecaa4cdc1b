//! Pending pods into machines.

fn main() -> std::process::ExitCode {
    joiner_runtime::run(joiner_runtime::Duty::Provision)
}
