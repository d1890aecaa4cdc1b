//! Announcements of EC2 into steps.

fn main() -> std::process::ExitCode {
    joiner_runtime::run(joiner_runtime::Duty::Interrupt)
}
