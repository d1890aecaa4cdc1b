//! Where are the function binaries? Built by cargo, into the folder the tests came from, with the same features, so
//! that nothing is compiled twice.
//!
//! `cargo test` builds no binaries of other packages. One call of cargo per test process makes up for it: together
//! with this package, because the features of shared dependencies follow from what is built together, and the SDKs
//! take minutes. When all is built already, the call takes a second.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use joiner_ports::Duty;
use serde_json::Value;

use crate::setup_error::SetupError;

/// The binary of each function, built if it has to be.
///
/// # Errors
/// Cargo is not there, or the build fails; with its last lines.
pub fn built() -> Result<&'static BTreeMap<Duty, PathBuf>, SetupError> {
    static BUILT: OnceLock<Result<BTreeMap<Duty, PathBuf>, String>> = OnceLock::new();
    BUILT.get_or_init(|| build().map_err(|e| e.to_string())).as_ref().map_err(SetupError::new)
}

/// The package of a function.
fn package(duty: Duty) -> String {
    format!("joiner-{}", duty.as_str())
}

fn build() -> Result<BTreeMap<Duty, PathBuf>, SetupError> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        // What cargo told this test about its own package would make build scripts run again.
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_")
            || matches!(name.as_str(), "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_CRATE_NAME")
        {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["build", "--locked", "--quiet", "--message-format=json", "-p", env!("CARGO_PKG_NAME")]);
    for duty in Duty::ALL {
        cargo.args(["-p", &package(duty)]);
    }
    let (target, profile) = target_folder()?;
    cargo.arg("--target-dir").arg(target);
    if profile == "release" {
        cargo.arg("--release");
    }
    let output =
        cargo.output().map_err(|e| SetupError::because("running cargo to build the functions", &e))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        return Err(SetupError::new(format!("the functions cannot be built:\n{tail}")));
    }
    executables(&String::from_utf8_lossy(&output.stdout))
}

/// The target folder and the profile that this test was built into: `<target>/<profile>/deps/<test>`.
fn target_folder() -> Result<(PathBuf, String), SetupError> {
    let test =
        std::env::current_exe().map_err(|e| SetupError::because("looking for the target folder", &e))?;
    let profile = test.parent().and_then(Path::parent);
    let found = profile.and_then(|profile| {
        Some((profile.parent()?.to_owned(), profile.file_name()?.to_string_lossy().into_owned()))
    });
    found.ok_or_else(|| SetupError::new(format!("{} is not in a target folder of cargo", test.display())))
}

/// The executables that cargo reports, by function.
fn executables(messages: &str) -> Result<BTreeMap<Duty, PathBuf>, SetupError> {
    let reports: Vec<Value> = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |duty: Duty| {
        let report = reports
            .iter()
            .find(|report| report["target"]["name"] == package(duty) && report["executable"].is_string());
        let path = report.and_then(|report| report["executable"].as_str()).map(PathBuf::from);
        let path =
            path.ok_or_else(|| SetupError::new(format!("cargo built no executable of {}", package(duty))))?;
        Ok((duty, path))
    };
    Duty::ALL.into_iter().map(of).collect()
}
