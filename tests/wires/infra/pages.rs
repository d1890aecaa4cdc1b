//! Do the pages for operators say what the code says: settings, metrics, error texts, parameters?

use std::fs;
use std::path::Path;

use joiner_ports::Duty;
use joiner_runtime::config::SETTINGS;
use joiner_runtime::metrics::METRICS;
use joiner_runtime::metrics::emf::CLUSTER;

use crate::documents::{DOCUMENTS, root};

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap_or_else(|fault| panic!("docs/{name}: {fault}"))
}

/// Rows that should be on a page and are not.
fn missing(page: &str, rows: impl Iterator<Item = String>) -> Vec<String> {
    let lines: Vec<&str> = page.lines().collect();
    rows.filter(|row| !lines.contains(&row.as_str())).collect()
}

#[test]
fn every_setting_is_on_the_page_as_the_code_has_it() {
    let rows = SETTINGS.iter().map(|setting| {
        let default = match setting.default {
            None => "must be set".to_owned(),
            Some("") => "empty".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        let names: Vec<&str> = setting.duties.iter().map(|duty| duty.as_str()).collect();
        let readers = if names.len() == Duty::ALL.len() { "all".to_owned() } else { names.join(", ") };
        format!("| `{}` | {default} | {readers} | {} |", setting.name, setting.meaning)
    });
    assert_eq!(missing(&page("operations.md"), rows), Vec::<String>::new());
}

#[test]
fn every_metric_is_on_the_page_as_the_code_has_it() {
    let rows = METRICS.iter().map(|metric| {
        let dimensions: Vec<String> =
            [CLUSTER].iter().chain(metric.dimensions).map(|name| format!("`{name}`")).collect();
        let unit = metric.unit.as_str().to_lowercase();
        format!("| `{}` | {unit} | {} | {} |", metric.name, dimensions.join(", "), metric.meaning)
    });
    assert_eq!(missing(&page("operations.md"), rows), Vec::<String>::new());
}

/// The text of every Rust file below a folder, lines that a backslash continues put together.
fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of the repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
}

/// Texts in code marks in the first cell of the rows that begin with one.
fn quoted(page: &str) -> Vec<&str> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split(" | ").next().unwrap_or(row));
    cells.flat_map(|cell| cell.split('`').step_by(2)).filter(|text| !text.trim().is_empty()).collect()
}

#[test]
fn error_texts_on_the_page_are_those_of_the_program() {
    let mut code = String::new();
    sources(&root().join("shared"), &mut code);
    let page = page("troubleshooting.md");
    let texts = quoted(&page);
    assert!(texts.len() > 25);
    for text in texts {
        for part in text.split('…').map(str::trim).filter(|part| !part.is_empty()) {
            assert!(code.contains(part), "no error says {part:?}");
        }
    }
}

/// Parameters that a page sets in a command exist.
#[test]
fn parameters_in_commands_exist() {
    let parameters = |template: &serde_json::Value| -> Vec<String> {
        template["Parameters"].as_object().expect("parameters").keys().cloned().collect()
    };
    let known = [parameters(&DOCUMENTS.template.0), parameters(&DOCUMENTS.cluster.0)].concat();
    for name in ["deployment.md", "operations.md", "cost.md", "troubleshooting.md"] {
        let page = page(name);
        let words = page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '=' || c == '_'));
        let set = words.filter_map(|word| word.split_once('=')).map(|(name, _)| name);
        let ours =
            set.filter(|name| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase));
        for parameter in ours.filter(|name| !["Key", "Value", "OutputKey", "Name"].contains(name)) {
            let is_gate = parameter == "SpotToSpotConsolidation";
            assert!(is_gate || known.iter().any(|one| one == parameter), "docs/{name} sets {parameter}");
        }
    }
}
