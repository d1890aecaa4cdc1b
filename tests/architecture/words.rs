//! What must not be written: words that stand for a habit, by where they count. The list is `words.txt`.

use crate::none_of;
use crate::source::{FILES, File};

/// `scope | words | why`, one a line.
const WORDS: &str = include_str!("words.txt");
/// The list itself, and planted violations, hold the words.
const OWN: &str = "tests/architecture/words.txt";
const PLANTED: &str = include_str!("words_planted.txt");
const OWN_PLANTED: &str = "tests/architecture/words_planted.txt";

/// One line of the list.
struct Ban<'a> {
    scope: &'a str,
    words: &'a str,
    why: &'a str,
}

fn bans(list: &str) -> Vec<Ban<'_>> {
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(ban).collect()
}

fn ban(line: &str) -> Ban<'_> {
    let mut parts = line.splitn(3, '|').map(str::trim);
    let mut next = || parts.next().expect("scope | words | why");
    Ban { scope: next(), words: next(), why: next() }
}

/// The part of a file that a ban looks at.
fn looked_at<'a>(file: &'a File, scope: &str) -> &'a str {
    let binary = file.path.contains("/bin/") || file.name() == "main.rs";
    let of =
        |crates: &[&str]| crates.iter().any(|name| file.path.starts_with(&format!("shared/{name}/src/")));
    let shipped = |crates: &[&str]| of(crates) && !binary;
    match scope {
        "everywhere" => &file.text,
        "pages" if file.path.ends_with(".md") => &file.text,
        "rust" if file.is_rust() => &file.text,
        "tests" if file.is_rust() => file.tested(),
        "pure" if shipped(&["core", "api", "catalog"]) => file.shipped(),
        "core" if shipped(&["core"]) => file.shipped(),
        _ => "",
    }
}

/// Whether the words stand in the line, not as the middle of a longer word.
fn holds(line: &str, words: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let opens = inside(words.chars().next());
    let closes = inside(words.chars().last());
    let line = line.to_ascii_lowercase();
    line.match_indices(&words.to_ascii_lowercase()).any(|(at, found)| {
        let (before, after) = (&line[..at], &line[at + found.len()..]);
        let cut_before = (opens || found.starts_with('/')) && inside(before.chars().last());
        let cut_after = closes && inside(after.chars().next());
        !cut_before && !cut_after
    })
}

/// What a pure crate does counts, not what its comments say: an example may read a file.
fn is_remark(scope: &str, line: &str) -> bool {
    matches!(scope, "pure" | "core") && line.trim_start().starts_with("//")
}

/// Lines that hold what is banned where they stand. `leave` lines of the list take their words out first.
fn violations(files: &[File], list: &str) -> Vec<String> {
    let bans = bans(list);
    let (leaves, bans): (Vec<Ban<'_>>, Vec<Ban<'_>>) = bans.into_iter().partition(|ban| ban.scope == "leave");
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != OWN && file.path != OWN_PLANTED) {
        let lower = file.text.to_ascii_lowercase();
        for ban in bans.iter().filter(|ban| lower.contains(&ban.words.to_ascii_lowercase())) {
            let skipped = file.text.lines().count() - looked_at(file, ban.scope).lines().count();
            let first = if file.text.starts_with(looked_at(file, ban.scope)) { 0 } else { skipped };
            for (index, line) in looked_at(file, ban.scope).lines().enumerate() {
                if is_remark(ban.scope, line) {
                    continue;
                }
                let left = leaves.iter().fold(line.to_owned(), |line, leave| line.replace(leave.words, ""));
                if holds(&left, ban.words) {
                    found.push(format!("{}:{}: `{}`: {}", file.path, first + index + 1, ban.words, ban.why));
                }
            }
        }
    }
    found
}

#[test]
fn nothing_banned_is_written() {
    none_of(&violations(&FILES, WORDS));
}

/// Each planted line is `path | text`; every one of them must be caught, save those after `fine:`.
#[test]
fn every_banned_word_is_caught_where_it_counts() {
    let (bad, fine) = PLANTED.split_once("fine:\n").expect("two parts");
    let planted = |line: &str| {
        let (path, text) = line.split_once(" | ").expect("path | text");
        File::planted(path, text)
    };
    let missed: Vec<&str> =
        bad.lines().filter(|line| violations(&[planted(line)], WORDS).is_empty()).collect();
    assert_eq!(missed, Vec::<&str>::new());
    none_of(&fine.lines().flat_map(|line| violations(&[planted(line)], WORDS)).collect::<Vec<_>>());
    let tried = |ban: &Ban<'_>| bad.lines().any(|line| holds(planted(line).text.as_str(), ban.words));
    let untried: Vec<&str> =
        bans(WORDS).iter().filter(|ban| ban.scope != "leave" && !tried(ban)).map(|ban| ban.words).collect();
    assert_eq!(untried, Vec::<&str>::new(), "plant one of each");
}
