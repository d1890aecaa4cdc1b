//! The programs that look at the deployment as its users' programs do: SAM, cfn-lint, the CDK.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use joiner_wires::python;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Runs what waits, to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime for one test").block_on(future)
}

/// The Python environment with SAM and cfn-lint in it; the first call on a machine installs it.
pub(crate) fn environment() -> PathBuf {
    block_on(python::environment("deployment", REQUIREMENTS)).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Runs a program that never asks the account of whoever runs the tests.
pub(crate) fn run(command: &mut Command) -> Output {
    command
        .env_remove("AWS_PROFILE")
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SAM_CLI_TELEMETRY", "0");
    command.output().unwrap_or_else(|fault| panic!("{command:?} cannot be run: {fault}"))
}

/// What a program prints, once it has ended well.
pub(crate) fn output(command: &mut Command) -> String {
    let output = run(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// Copies a file or a folder with everything below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("a folder to copy to");
        fs::copy(from, to).unwrap_or_else(|fault| panic!("{} cannot be copied: {fault}", from.display()));
        return;
    }
    for entry in fs::read_dir(from).expect("a folder of the repository").flatten() {
        let name = entry.file_name();
        if !matches!(name.to_str(), Some("node_modules" | "target" | "cdk.out")) {
            copy(&entry.path(), &to.join(name));
        }
    }
}
