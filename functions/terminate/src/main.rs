//! Machines that go.

fn main() -> std::process::ExitCode {
    joiner_runtime::run(joiner_runtime::Duty::Terminate)
}
