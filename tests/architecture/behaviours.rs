//! Does every tagged behaviour have a test with the same tag, and every tagged test a place in the code?
//!
//! A comment that reads "behaviour", a colon and `area/claim` stands once in the code, at the branch that makes it
//! true, and at the test that would fail without it: in Rust behind `//`, in scenario files behind `#`.

use std::collections::BTreeMap;

use crate::none_of;
use crate::source::{FILES, File};

const TAG: &str = "behaviour: ";

/// The tags of a text, with the comment mark its language has.
fn tags<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| {
        let (before, tag) = line.split_once(TAG)?;
        let comment = before.trim_end().strip_suffix(mark)?;
        let opens = comment.is_empty() || comment.ends_with([' ', '\t']);
        opens.then(|| tag.split_whitespace().next().unwrap_or_default())
    })
}

/// `area/claim`, in small letters, digits and dashes.
fn is_well_formed(tag: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    tag.split_once('/').is_some_and(|(area, claim)| is_word(area) && is_word(claim))
}

/// Tags without their other half, tags at two places of the code, and tags nobody can read.
fn orphans(files: &[File]) -> Vec<String> {
    let mut code: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut tests: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        if file.is_rust() {
            tags(file.shipped(), "//").for_each(|tag| code.entry(tag).or_default().push(&file.path));
            tags(file.tested(), "//").for_each(|tag| tests.entry(tag).or_default().push(&file.path));
        } else if file.path.starts_with("tests/") {
            tags(&file.text, "#").for_each(|tag| tests.entry(tag).or_default().push(&file.path));
        }
    }
    let mut found = Vec::new();
    for (tag, places) in &code {
        if places.len() > 1 {
            found.push(format!("{tag}: in the code more than once: {}", places.join(", ")));
        }
        if !tests.contains_key(tag) {
            found.push(format!("{tag}: no test claims it ({})", places[0]));
        }
    }
    let lost = tests.iter().filter(|(tag, _)| !code.contains_key(*tag));
    found.extend(lost.map(|(tag, places)| format!("{tag}: no code claims it ({})", places[0])));
    let unreadable = code.keys().chain(tests.keys()).filter(|tag| !is_well_formed(tag));
    found.extend(unreadable.map(|tag| format!("{tag}: write area/claim")));
    found
}

#[test]
fn every_tagged_behaviour_has_code_and_a_test() {
    none_of(&orphans(&FILES));
}

#[test]
fn orphaned_tags_are_caught() {
    let tag = |tag: &str| format!("  // {TAG}{tag}\n");
    let code =
        |path: &str, tags: &[&str]| File::planted(path, &tags.iter().map(|t| tag(t)).collect::<String>());
    let paired = code("shared/core/src/a.rs", &["fit/a", "fit/b"]);
    let test = code("shared/core/src/tests/a.rs", &["fit/a"]);
    let script = File::planted("tests/scenarios/b.txt", &format!("# {TAG}fit/b\n"));
    assert_eq!(orphans(&[paired.clone(), test.clone(), script]), Vec::<String>::new());
    assert_eq!(orphans(&[paired, test.clone()]), ["fit/b: no test claims it (shared/core/src/a.rs)"]);
    assert_eq!(
        orphans(std::slice::from_ref(&test)),
        ["fit/a: no code claims it (shared/core/src/tests/a.rs)"]
    );
    let twice = code("shared/core/src/a.rs", &["fit/a", "fit/a"]);
    let expected = "fit/a: in the code more than once: shared/core/src/a.rs, shared/core/src/a.rs";
    assert_eq!(orphans(&[twice, test]), [expected]);
}

#[test]
fn unreadable_tags_are_caught() {
    for (tag, is_fine) in [("a/b-2", true), ("a", false), ("a/", false), ("A/b", false), ("a/b_c", false)] {
        assert_eq!(is_well_formed(tag), is_fine, "{tag}");
    }
}
