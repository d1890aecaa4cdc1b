//! What every manifest, the lock file and every clippy.toml must say.

use std::collections::BTreeMap;

use crate::metadata::{PACKAGES, Package};
use crate::none_of;
use crate::source::{FILES, File, text_of};

const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// The lines of one table of a manifest, comments left out.
fn table<'a>(manifest: &'a str, header: &'a str) -> impl Iterator<Item = &'a str> {
    let body = manifest.lines().map(str::trim).skip_while(move |line| *line != header).skip(1);
    body.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Packages that do not take the lints of the workspace, or name a version of their own.
fn strays(manifests: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in manifests {
        if !table(&file.text, "[lints]").any(|line| line == "workspace = true") {
            found.push(format!("{}: [lints] workspace = true is missing", file.path));
        }
        for header in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            let own = table(&file.text, header).filter(|line| !line.contains("workspace = true"));
            found.extend(own.map(|line| format!("{}: not taken from the workspace: {line}", file.path)));
        }
    }
    found
}

/// Crates that do not come from the public registry. Those of the workspace have no source.
fn foreign_sources(lock: &str) -> Vec<String> {
    lock.lines().filter(|line| line.starts_with("source") && *line != REGISTRY).map(str::to_owned).collect()
}

/// Keys and values of a flat TOML file; a value may span lines.
fn settings(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.split_once(" = ").unwrap_or(("", line));
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-') {
            name.clone_into(&mut key);
            value.clone_into(found.entry(key.clone()).or_default());
        } else {
            found.entry(key.clone()).or_default().push_str(line);
        }
    }
    found
}

/// Settings of the root that the clippy.toml of a crate does not repeat: it replaces the root's, whole.
fn unrepeated(root: &str, path: &str, text: &str) -> Vec<String> {
    let own = settings(text);
    let missing = settings(root).into_iter().filter(|(key, value)| own.get(key) != Some(value));
    missing.map(|(key, value)| format!("{path}: must repeat {key} = {value}")).collect()
}

/// Dependencies that no file of the package names.
fn unused(packages: &[Package], files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let prefix = format!("{}/", package.folder());
        let sources: Vec<&File> =
            files.iter().filter(|file| file.is_rust() && file.path.starts_with(&prefix)).collect();
        for dependency in &package.dependencies {
            let name = dependency.name.replace('-', "_");
            let derived = DERIVED.contains(&dependency.name.as_str());
            if !derived && !sources.iter().any(|file| file.text.contains(&name)) {
                found.push(format!("{}: nothing names {}", package.manifest, dependency.name));
            }
        }
    }
    found
}

/// Named only by what a derive writes: the custom resource derive of `kube` refers to it.
const DERIVED: [&str; 1] = ["k8s-openapi"];

/// Versions in the root manifest that no package takes.
fn untaken(root: &str, packages: &[Package]) -> Vec<String> {
    let names = table(root, "[workspace.dependencies]").filter_map(|line| line.split_once(" = "));
    let taken =
        |name: &str| packages.iter().any(|package| package.dependencies.iter().any(|d| d.name == name));
    names
        .filter(|(name, _)| !name.starts_with("joiner-") && !taken(name))
        .map(|(name, _)| format!("Cargo.toml: no package takes {name}"))
        .collect()
}

#[test]
fn packages_take_lints_and_versions_from_the_workspace() {
    let own = |file: &&File| PACKAGES.iter().any(|package| package.manifest == file.path);
    none_of(&strays(&FILES.iter().filter(own).cloned().collect::<Vec<_>>()));
}

#[test]
fn every_declared_dependency_is_used() {
    none_of(&unused(&PACKAGES, &FILES));
    none_of(&untaken(text_of("Cargo.toml"), &PACKAGES));
}

#[test]
fn crates_come_from_the_public_registry_only() {
    none_of(&foreign_sources(text_of("Cargo.lock")));
}

#[test]
fn a_clippy_toml_of_a_crate_repeats_the_settings_of_the_root() {
    let own = FILES.iter().filter(|file| file.name() == "clippy.toml" && file.path != "clippy.toml");
    none_of(
        &own.flat_map(|file| unrepeated(text_of("clippy.toml"), &file.path, &file.text)).collect::<Vec<_>>(),
    );
}

#[test]
fn stray_manifests_are_caught() {
    let good = "[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n";
    assert_eq!(strays(&[File::planted("a/Cargo.toml", good)]), Vec::<String>::new());
    let bad = "[lints.rust]\nworkspace = true\n[dependencies]\n# why\nserde = \"1\"\n";
    let expected = [
        "a/Cargo.toml: [lints] workspace = true is missing",
        "a/Cargo.toml: not taken from the workspace: serde = \"1\"",
    ];
    assert_eq!(strays(&[File::planted("a/Cargo.toml", bad)]), expected);
}

#[test]
fn a_source_outside_the_registry_is_caught() {
    let git = "source = \"git+https://example.org/x#1\"";
    assert_eq!(foreign_sources(&format!("name = \"x\"\n{REGISTRY}\n{git}\n")), [git]);
}

#[test]
fn a_forgotten_or_changed_clippy_setting_is_caught() {
    let root = "a-b = 70\nc = [\n  \"x\",\n]\n";
    assert_eq!(unrepeated(root, "p", "c = [\n\"x\",\n]\n# more\nd = 1\na-b = 70\n"), Vec::<String>::new());
    assert_eq!(
        unrepeated(root, "p", "a-b = 71\n"),
        ["p: must repeat a-b = 70", "p: must repeat c = [\"x\",]"]
    );
}

#[test]
fn a_dependency_nobody_uses_is_caught() {
    let answer = serde_json::json!({"packages": [{"name": "joiner-a", "manifest_path": "a/Cargo.toml",
        "dependencies": [{"name": "left-pad"}, {"name": "serde"}]}]});
    let packages = crate::metadata::packages(&answer, "");
    let files = [File::planted("a/src/lib.rs", "use serde::Serialize;"), File::planted("b.rs", "left_pad")];
    assert_eq!(unused(&packages, &files), ["a/Cargo.toml: nothing names left-pad"]);
    let root = "[workspace.dependencies]\nserde = \"1\"\nclap = \"4\"\njoiner-a = { path = \"a\" }\n";
    assert_eq!(untaken(root, &packages), ["Cargo.toml: no package takes clap"]);
}
