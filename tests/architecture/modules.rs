//! Is every Rust file compiled, and does it say in its header what it is for?

use std::collections::BTreeSet;

use crate::metadata::PACKAGES;
use crate::none_of;
use crate::source::{FILES, File, join};

/// Rust files that no target reaches through `mod`. Such a file looks like code and is never compiled.
fn unreached(files: &[File], targets: &[String]) -> Vec<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<(String, bool)> = targets.iter().map(|target| (target.clone(), true)).collect();
    while let Some((path, is_target)) = open.pop() {
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        if reached.insert(path.clone()) {
            open.extend(children(file, is_target).into_iter().map(|child| (child, false)));
        }
    }
    let lost = files.iter().filter(|file| file.is_rust() && !reached.contains(&file.path));
    lost.map(|file| format!("{}: no mod reaches it", file.path)).collect()
}

/// Where the modules that a file declares may live.
fn children(file: &File, is_target: bool) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let stem = file.name().trim_end_matches(".rs");
    let own = if is_target || stem == "mod" { folder.to_owned() } else { join(folder, stem) };
    let mut found = Vec::new();
    let mut elsewhere = None;
    for line in file.text.lines().map(str::trim) {
        if let Some(path) = line.split("#[path = \"").nth(1).and_then(|rest| rest.split('"').next()) {
            elsewhere = Some(join(folder, path));
        }
        if let Some(name) = declared(line) {
            found.extend(elsewhere.take());
            found.push(join(&own, &format!("{name}.rs")));
            found.push(join(&own, &format!("{name}/mod.rs")));
        }
    }
    found
}

/// The name in `mod name;`, whatever stands before `mod`.
fn declared(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.rsplit_once("mod ")?;
    let before = before.trim();
    let introduces =
        before.is_empty() || before.ends_with("pub") || before.ends_with(')') || before.ends_with(']');
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (introduces && is_name && !line.starts_with("//")).then_some(name)
}

/// Files that do not begin with a `//!` header.
fn headless(files: &[File]) -> Vec<String> {
    let lost = files.iter().filter(|file| file.is_rust() && !file.text.trim_start().starts_with("//!"));
    lost.map(|file| format!("{}: no //! header", file.path)).collect()
}

#[test]
fn every_rust_file_is_compiled() {
    let targets: Vec<String> = PACKAGES.iter().flat_map(|package| package.targets.clone()).collect();
    none_of(&unreached(&FILES, &targets));
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    none_of(&headless(&FILES));
}

#[test]
fn a_file_no_mod_reaches_is_caught() {
    let planted = [
        File::planted("a/src/lib.rs", "mod b;\npub(crate) mod c;\n#[cfg(test)]\nmod tests;\n// mod lost;\n"),
        File::planted("a/src/b.rs", "#[path = \"../extra/e.rs\"] mod e;\nmod d;\n"),
        File::planted("a/src/b/d.rs", ""),
        File::planted("a/src/c/mod.rs", "pub mod f;"),
        File::planted("a/src/c/f.rs", ""),
        File::planted("a/src/d.rs", ""),
        File::planted("a/src/lost.rs", ""),
        File::planted("a/src/tests.rs", ""),
        File::planted("a/extra/e.rs", ""),
        File::planted("a/notes.md", ""),
    ];
    let expected = ["a/src/d.rs: no mod reaches it", "a/src/lost.rs: no mod reaches it"];
    assert_eq!(unreached(&planted, &["a/src/lib.rs".to_owned()]), expected);
}

#[test]
fn a_file_without_a_header_is_caught() {
    let planted =
        [File::planted("a.rs", "\n//! Why.\n"), File::planted("b.rs", "// Why.\n"), File::planted("c", "")];
    assert_eq!(headless(&planted), ["b.rs: no //! header"]);
}
