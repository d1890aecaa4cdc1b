//! Claims from launch to usable; pools and classes; the sweep.

fn main() -> std::process::ExitCode {
    joiner_runtime::run(joiner_runtime::Duty::Lifecycle)
}
