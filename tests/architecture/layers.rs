//! Who imports whom: the table in ARCHITECTURE.md against the manifests, both ways.

use std::collections::BTreeSet;

use crate::metadata::{Dependency, PACKAGES, Package, short};
use crate::none_of;
use crate::source::text_of;

/// First cells of the header of the table.
const HEADER: &str = "| crate | may import |";
/// Stands for every crate of the workspace.
const EVERYTHING: &str = "everything";

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: String,
    may_import: BTreeSet<String>,
    outside: BTreeSet<String>,
    dev: BTreeSet<String>,
}

/// The rows of the layer table of a page.
fn rows(page: &str) -> Vec<Row> {
    let table = page.lines().skip_while(|line| !line.starts_with(HEADER)).skip(2);
    table.take_while(|line| line.starts_with('|')).map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let cell = |at: usize| names(cells.get(at).copied().unwrap_or_default());
    Row { name: cells[0].trim_matches('`').to_owned(), may_import: cell(1), outside: cell(2), dev: cell(3) }
}

/// Names with commas between them; a remark in brackets is for the reader.
fn names(cell: &str) -> BTreeSet<String> {
    let bare = |part: &str| part.split('(').next().unwrap_or_default().trim().trim_matches('`').to_owned();
    cell.split(',').map(bare).filter(|name| !name.is_empty() && name != "-").collect()
}

/// What the table and the packages disagree on.
fn disagreements(rows: &[Row], packages: &[Package]) -> Vec<String> {
    let own: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = Vec::new();
    for row in rows {
        if !packages.iter().any(|package| package.short() == row.name) {
            found.push(format!("the layer table has a row for {}, which is no crate", row.name));
        }
    }
    for package in packages {
        let Some(row) = rows.iter().find(|row| row.name == package.short()) else {
            found.push(format!("{} has no row in the layer table", package.short()));
            continue;
        };
        let undeclared = package.dependencies.iter().filter(|dependency| !declared(row, dependency, &own));
        found.extend(undeclared.map(|dependency| undeclared_edge(package, dependency)));
    }
    found
}

fn declared(row: &Row, dependency: &Dependency, own: &BTreeSet<&str>) -> bool {
    let name = dependency.name.as_str();
    let normal = if own.contains(name) {
        row.may_import.contains(short(name)) || row.may_import.contains(EVERYTHING)
    } else {
        row.outside.contains(name)
    };
    normal || (dependency.dev && row.dev.contains(short(name)))
}

fn undeclared_edge(package: &Package, dependency: &Dependency) -> String {
    let kind = if dependency.dev { "its tests import" } else { "it imports" };
    format!("{}: {kind} {}, which its row does not allow", package.short(), dependency.name)
}

/// Wire shapes may use the derive of the client library, never the client.
fn clients(packages: &[Package]) -> Vec<String> {
    let shapes = packages.iter().filter(|package| package.short() == "api");
    let kube =
        shapes.flat_map(|package| &package.dependencies).filter(|dependency| dependency.name == "kube");
    kube.filter(|kube| kube.default_features || kube.features != ["derive"])
        .map(|kube| format!("api: kube with features {:?}, only derive is allowed", kube.features))
        .collect()
}

#[test]
fn imports_are_those_the_layer_table_allows() {
    none_of(&disagreements(&rows(text_of("ARCHITECTURE.md")), &PACKAGES));
}

#[test]
fn api_knows_shapes_and_no_client() {
    none_of(&clients(&PACKAGES));
}

/// A package with the given dependencies; `dev:` before a name makes it one of its tests.
fn planted(name: &str, dependencies: &[&str]) -> Package {
    let dependency = |text: &&str| Dependency {
        name: text.trim_start_matches("dev:").to_owned(),
        dev: text.starts_with("dev:"),
        features: Vec::new(),
        default_features: true,
    };
    Package {
        name: name.to_owned(),
        manifest: String::new(),
        targets: Vec::new(),
        dependencies: dependencies.iter().map(dependency).collect(),
    }
}

const PAGE: &str = "text\n| crate | may import | outside | tests |\n|---|---|---|---|\n\
    | core | - | serde (keys) | proptest |\n| app | core | `tracing` | sim |\n\n| other | table |\n";

#[test]
fn every_kind_of_disagreement_is_caught() {
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&["serde", "dev:proptest"], &["joiner-core", "tracing", "dev:sim"], ""),
        (&["joiner-app"], &[], "core: it imports joiner-app, which its row does not allow"),
        (&["tokio"], &[], "core: it imports tokio, which its row does not allow"),
        (&["proptest"], &[], "core: it imports proptest, which its row does not allow"),
        (&[], &["dev:insta"], "app: its tests import insta, which its row does not allow"),
    ];
    for (core, app, expected) in cases {
        let packages = [planted("joiner-core", core), planted("joiner-app", app)];
        assert_eq!(disagreements(&rows(PAGE), &packages).join("; "), expected);
    }
}

#[test]
fn a_crate_needs_a_row_and_a_row_a_crate() {
    let found = disagreements(&rows(PAGE), &[planted("joiner-core", &[]), planted("joiner-cli", &[])]);
    let expected =
        ["the layer table has a row for app, which is no crate", "cli has no row in the layer table"];
    assert_eq!(found, expected);
}

#[test]
fn a_client_in_the_api_crate_is_caught() {
    let expected = ["api: kube with features [], only derive is allowed"];
    assert_eq!(clients(&[planted("joiner-api", &["kube"])]), expected);
    assert_eq!(clients(&[planted("joiner-kube", &["kube"])]), Vec::<String>::new());
}
