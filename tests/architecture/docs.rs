//! Do the pages speak of things that exist: paths, links, crates, commands?

use crate::metadata::PACKAGES;
use crate::none_of;
use crate::source::{FILES, File, join, text_of};

/// Pages whose paths in backticks are checked. Others may speak of the past.
const MAPS: [&str; 2] = ["ARCHITECTURE.md", "README.md"];
/// A token in backticks that begins so is meant as a path.
const TOP: [&str; 8] = ["functions/", "shared/", "infra/", "events/", "tests/", "docs/", "examples/", ".ci/"];
const FILE_ENDINGS: [&str; 5] = [".md", ".toml", ".rs", ".yaml", ".sh"];

/// Tokens in backticks, fenced blocks left out.
fn quoted(page: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

fn is_path(token: &str) -> bool {
    let plain = !token.contains([' ', '<', '{', '=', '$', '(']);
    plain
        && (TOP.iter().any(|top| token.starts_with(top))
            || FILE_ENDINGS.iter().any(|end| token.ends_with(end)))
}

/// Whether a file or folder of that path exists; what follows a `*` may be anything.
fn exists(path: &str, files: &[File]) -> bool {
    let wanted = path.split('*').next().unwrap_or_default().trim_end_matches('/');
    let below = format!("{wanted}/");
    files.iter().any(|file| file.path == wanted || file.path.starts_with(&below))
        || (path.contains('*') && files.iter().any(|file| file.path.starts_with(wanted)))
}

/// Paths and crates in backticks that are gone.
fn gone(page: &File, files: &[File], crates: &[&str]) -> Vec<String> {
    let is_crate = |token: &str| token.starts_with("joiner-") && !token.contains(['*', ' ']);
    let lost = quoted(&page.text).into_iter().filter(|token| {
        (is_path(token) && !exists(token, files)) || (is_crate(token) && !crates.contains(token))
    });
    lost.map(|token| format!("{}: `{token}` does not exist", page.path)).collect()
}

/// Links to files that are not there.
fn broken_links(page: &File, files: &[File]) -> Vec<String> {
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let targets = page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', '<']));
    let broken =
        local.filter(|target| !exists(&join(folder, target.split('#').next().unwrap_or(target)), files));
    broken.map(|target| format!("{}: links to {target}, which does not exist", page.path)).collect()
}

/// Commands of the fenced blocks of a page that the CI script does not run.
fn untried(page: &str, script: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        let command = line.split(" #").next().unwrap_or(line).trim();
        if fenced && command.starts_with("cargo ") && !script.contains(command) {
            found.push(format!("README.md: CI does not run `{command}`"));
        }
    }
    found
}

#[test]
fn maps_name_what_exists() {
    let crates: Vec<&str> = PACKAGES.iter().map(|package| package.name.as_str()).collect();
    let pages = FILES.iter().filter(|file| MAPS.contains(&file.path.as_str()));
    none_of(&pages.flat_map(|page| gone(page, &FILES, &crates)).collect::<Vec<_>>());
}

#[test]
fn links_lead_somewhere() {
    let pages = FILES.iter().filter(|file| file.path.ends_with(".md"));
    none_of(&pages.flat_map(|page| broken_links(page, &FILES)).collect::<Vec<_>>());
}

#[test]
fn commands_of_the_readme_are_run_by_ci() {
    none_of(&untried(text_of("README.md"), text_of(".ci/run")));
}

#[test]
fn a_path_or_crate_that_is_gone_is_caught() {
    let files = [File::planted("shared/core/src/lib.rs", ""), File::planted("docs/a/b.md", "")];
    let text = "`shared/core/`, `docs/*/b.md`, `shared/gone`, `x.md`, `joiner-core`, `joiner-gone`, `joiner-*`, \
        `karpenter.sh/v1`, `docs/<area>.md`\n```\n`tests/fenced`\n```\n";
    let expected = ["`shared/gone`", "`x.md`", "`joiner-gone`"];
    let found = gone(&File::planted("README.md", text), &files, &["joiner-core"]);
    assert_eq!(found, expected.map(|token| format!("README.md: {token} does not exist")));
}

#[test]
fn a_broken_link_is_caught() {
    let text = "[a](b.md) [c](../d.md#e) [f](https://example.org/x) [g](#h) [i](gone.md)";
    let page = File::planted("docs/a.md", text);
    let files = [page.clone(), File::planted("docs/b.md", ""), File::planted("d.md", "")];
    assert_eq!(broken_links(&page, &files), ["docs/a.md: links to gone.md, which does not exist"]);
}

#[test]
fn a_command_ci_does_not_run_is_caught() {
    let page = "```sh\ncargo test --workspace   # all\ncargo run -- plan\n```\ncargo fmt\n";
    assert_eq!(untried(page, "cargo test --workspace"), ["README.md: CI does not run `cargo run -- plan`"]);
}
