//! Do names say something: of files, of types, of tests?

use std::collections::{BTreeMap, BTreeSet};

use crate::none_of;
use crate::source::{FILES, File};

/// Names of drawers. A helper lives beside the type it helps.
const DRAWERS: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "misc", "shared_code", "stuff"];
/// Endings that name no duty.
const EMPTY_ENDINGS: [&str; 5] = ["Manager", "Helper", "Helpers", "Util", "Utils"];
/// Types that two crates may both call by the same name: the wire shape and the value it is read into.
const TWINS: &str = include_str!("twins.txt");

/// Files and folders named like a drawer.
fn drawers(files: &[File]) -> Vec<String> {
    let is_drawer = |part: &str| DRAWERS.contains(&part.split('.').next().unwrap_or_default());
    let named = files.iter().filter(|file| file.is_rust() && file.path.split('/').any(is_drawer));
    named.map(|file| format!("{}: a drawer, name what is in it", file.path)).collect()
}

/// Public types that a line declares at module level.
fn public_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let name =
        ["struct ", "enum ", "trait ", "type ", "union "].iter().find_map(|kind| rest.strip_prefix(kind))?;
    name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
}

/// Crates that define each public type.
fn owners(files: &[File]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let Some((owner, _)) = file.path.split_once("/src/") else { continue };
        for name in file.shipped().lines().filter_map(public_type) {
            owners.entry(name).or_default().insert(owner.rsplit('/').next().unwrap_or(owner));
        }
    }
    owners
}

/// Names with two owners and no leave for it, leaves nobody needs, and names that say nothing.
fn unclear_types(files: &[File], twins: &str) -> Vec<String> {
    let twins: BTreeSet<String> =
        twins.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let owners = owners(files);
    let described = |name: &str, crates: &BTreeSet<&str>| {
        format!("{name}: {}", crates.iter().copied().collect::<Vec<_>>().join(", "))
    };
    let shared: BTreeSet<String> = owners
        .iter()
        .filter(|(_, crates)| crates.len() > 1)
        .map(|(name, crates)| described(name, crates))
        .collect();
    let mut found: Vec<String> =
        shared.difference(&twins).map(|twin| format!("one name, two types: {twin}")).collect();
    found.extend(twins.difference(&shared).map(|twin| format!("twins.txt lists what is no twin: {twin}")));
    let empty = owners.keys().filter(|name| EMPTY_ENDINGS.iter().any(|ending| name.ends_with(ending)));
    found.extend(empty.map(|name| format!("{name}: names no duty")));
    found
}

/// Names of the test functions of a text.
fn tests(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        is_test |= line.ends_with("test]") && line.starts_with("#[");
        if is_test && let Some(name) = line.split("fn ").nth(1) {
            found.extend(name.split('(').next());
            is_test = false;
        }
    }
    found
}

/// Test names that are no claims: `test_x`, `x_works`, and series that differ by a number only.
fn no_claims(file: &File) -> Vec<String> {
    let names = tests(&file.text);
    let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').to_owned();
    let is_series = |name: &str| {
        let stem = stem(name);
        stem != name
            && (!stem.contains('_') || names.iter().filter(|other| self::numbered(other, &stem)).count() > 1)
    };
    let is_empty = |name: &&&str| name.starts_with("test_") || name.ends_with("_works") || is_series(name);
    names.iter().filter(is_empty).map(|name| format!("{}: {name} is no claim", file.path)).collect()
}

/// Whether a name is the stem with a number behind it.
fn numbered(name: &str, stem: &str) -> bool {
    name.strip_prefix(stem).is_some_and(|end| end.chars().all(|c| c.is_ascii_digit() || c == '_'))
}

#[test]
fn no_file_is_a_drawer() {
    none_of(&drawers(&FILES));
}

#[test]
fn one_public_type_has_one_name() {
    none_of(&unclear_types(&FILES, TWINS));
}

#[test]
fn tests_are_named_as_claims() {
    none_of(&FILES.iter().filter(|file| file.is_rust()).flat_map(no_claims).collect::<Vec<_>>());
}

#[test]
fn drawers_are_caught() {
    for path in ["a/src/utils.rs", "a/src/common/mod.rs", "tests/helpers/x.rs"] {
        assert_eq!(drawers(&[File::planted(path, "")]), [format!("{path}: a drawer, name what is in it")]);
    }
    assert_eq!(
        drawers(&[File::planted("a/src/commonly.rs", ""), File::planted("docs/misc.md", "")]).len(),
        0
    );
}

#[test]
fn unclear_type_names_are_caught() {
    let files = [
        File::planted(
            "shared/api/src/a.rs",
            "pub struct Pool<T> {}\npub(crate) struct Inner;\npub enum Twin {}\n",
        ),
        File::planted("shared/core/src/a.rs", "pub enum Pool {}\nstruct Inner;\npub type Twin = u8;\n"),
        File::planted("shared/core/src/b.rs", "pub trait NodeManager {}\n"),
    ];
    let expected = [
        "one name, two types: Pool: api, core",
        "twins.txt lists what is no twin: Gone: api, core",
        "NodeManager: names no duty",
    ];
    assert_eq!(unclear_types(&files, "# leave\nTwin: api, core\nGone: api, core\n"), expected);
}

#[test]
fn names_without_a_claim_are_caught() {
    let text = |name: &str| File::planted("a.rs", &format!("#[test]\nfn {name}() {{}}\nfn free_1() {{}}\n"));
    for name in ["test_all", "parser_works", "case_1", "case2"] {
        assert_eq!(no_claims(&text(name)), [format!("a.rs: {name} is no claim")]);
    }
    assert_eq!(no_claims(&text("types_are_capped_at_600")), Vec::<String>::new());
    let series = "#[test]\nfn a_b_1() {}\n#[tokio::test]\nasync fn a_b_2() {}\n";
    assert_eq!(no_claims(&File::planted("a.rs", series)).len(), 2);
}
