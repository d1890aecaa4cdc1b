//! What cargo knows of the packages: names, targets and direct dependencies, as values.

use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::source::root;

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Path of its manifest from the root.
    pub(crate) manifest: String,
    /// Root files of its targets, from the root.
    pub(crate) targets: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One direct dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether only tests, examples and benchmarks see it.
    pub(crate) dev: bool,
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
}

impl Package {
    /// The name in the layer table.
    pub(crate) fn short(&self) -> &str {
        short(&self.name)
    }

    /// The folder, from the root.
    pub(crate) fn folder(&self) -> &str {
        self.manifest.trim_end_matches("Cargo.toml").trim_end_matches('/')
    }
}

/// `joiner-core` is `core` in the layer table.
pub(crate) fn short(name: &str) -> &str {
    name.strip_prefix("joiner-").unwrap_or(name)
}

/// The packages of this workspace.
pub(crate) static PACKAGES: LazyLock<Vec<Package>> = LazyLock::new(|| {
    let prefix = format!("{}/", root().to_string_lossy());
    packages(&ask(&["--no-deps"]), &prefix)
});

/// The answer of `cargo metadata`.
pub(crate) fn ask(arguments: &[&str]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(["metadata", "--format-version", "1"]).args(arguments);
    let output = command.output().expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata answers JSON")
}

/// Reads the answer; `prefix` is the root, cut from paths.
pub(crate) fn packages(answer: &Value, prefix: &str) -> Vec<Package> {
    let relative = |path: &Value| text(path).trim_start_matches(prefix).to_owned();
    let read = |package: &Value| Package {
        name: text(&package["name"]).to_owned(),
        manifest: relative(&package["manifest_path"]),
        targets: list(&package["targets"]).iter().map(|target| relative(&target["src_path"])).collect(),
        dependencies: list(&package["dependencies"]).iter().map(dependency).collect(),
    };
    list(&answer["packages"]).iter().map(read).collect()
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: text(&value["name"]).to_owned(),
        dev: value["kind"] == "dev",
        features: list(&value["features"]).iter().map(|feature| text(feature).to_owned()).collect(),
        default_features: value["uses_default_features"] == true,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The elements of an array; none when it is something else.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
