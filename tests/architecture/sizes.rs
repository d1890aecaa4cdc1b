//! How long may a file be? Limits that may be undercut, and a list of exceptions that may only shrink.

use crate::none_of;
use crate::source::{FILES, File};

/// Path and lines of files that were over their limit when the limit came; see [`overlong`].
const EXCEPTIONS: &str = include_str!("oversize.txt");

const MODULE_LINES: usize = 500;
const TEST_FILE_LINES: usize = 600;
const CRATE_ROOT_LINES: usize = 120;
const FUNCTION_MAIN_LINES: usize = 60;
/// A golden that nobody can review proves only that something changed.
const GOLDEN_LINES: usize = 150;
const GOLDEN_BYTES: usize = 96 * 1024;

fn limit(file: &File) -> usize {
    match file.name() {
        "lib.rs" => CRATE_ROOT_LINES,
        "main.rs" if file.path.starts_with("functions/") => FUNCTION_MAIN_LINES,
        _ if file.is_test() => TEST_FILE_LINES,
        _ => MODULE_LINES,
    }
}

/// Files over their limit. An exception must state the exact length: whoever shortens the file lowers the number,
/// nobody raises it.
fn overlong(files: &[File], exceptions: &str) -> Vec<String> {
    let excepted: Vec<(&str, usize)> = exceptions.lines().filter_map(exception).collect();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let (path, lines, limit) = (&file.path, file.text.lines().count(), limit(file));
        match excepted.iter().find(|(excepted, _)| excepted == path) {
            Some((_, stated)) if lines <= limit => {
                found.push(format!(
                    "{path}: {lines} lines are within {limit}, drop its exception of {stated}"
                ));
            }
            Some((_, stated)) if lines != *stated => {
                found.push(format!("{path}: {lines} lines, its exception says {stated}"));
            }
            None if lines > limit => found.push(format!("{path}: {lines} lines, at most {limit}")),
            _ => {}
        }
    }
    let gone = excepted.iter().filter(|(path, _)| !files.iter().any(|file| file.path == *path));
    found.extend(gone.map(|(path, _)| format!("{path}: has an exception and does not exist")));
    found
}

fn exception(line: &str) -> Option<(&str, usize)> {
    let (path, lines) = line.trim().rsplit_once(' ')?;
    (!path.starts_with('#')).then(|| (path.trim(), lines.parse().unwrap_or(0)))
}

/// Expected outputs too large to be read in a review. Compressed ones are compared by value, never read.
fn monsters(files: &[File]) -> Vec<String> {
    let goldens =
        files.iter().filter(|file| file.path.starts_with("tests/") && file.name().contains("expected"));
    let large = goldens.filter(|file| {
        let packed = file.name().ends_with(".gz");
        file.bytes > GOLDEN_BYTES || (!packed && file.text.lines().count() > GOLDEN_LINES)
    });
    large.map(|file| format!("{}: split it, {GOLDEN_LINES} lines at most", file.path)).collect()
}

#[test]
fn files_stay_short() {
    none_of(&overlong(&FILES, EXCEPTIONS));
}

#[test]
fn goldens_stay_small_enough_to_review() {
    none_of(&monsters(&FILES));
}

/// A file of that many lines.
fn lines(path: &str, count: usize) -> File {
    File::planted(path, &"x\n".repeat(count))
}

#[test]
fn a_file_is_caught_one_line_past_its_limit() {
    let limits = [
        ("shared/a/src/b.rs", MODULE_LINES),
        ("shared/a/src/tests/b.rs", TEST_FILE_LINES),
        ("shared/a/src/lib.rs", CRATE_ROOT_LINES),
        ("functions/a/src/main.rs", FUNCTION_MAIN_LINES),
    ];
    for (path, limit) in limits {
        assert_eq!(overlong(&[lines(path, limit)], ""), Vec::<String>::new());
        assert_eq!(
            overlong(&[lines(path, limit + 1)], ""),
            [format!("{path}: {} lines, at most {limit}", limit + 1)]
        );
    }
}

#[test]
fn an_exception_may_shrink_and_must_go() {
    let cases = [
        (510, ""),
        (511, "a.rs: 511 lines, its exception says 510"),
        (509, "a.rs: 509 lines, its exception says 510"),
        (500, "a.rs: 500 lines are within 500, drop its exception of 510"),
    ];
    for (count, expected) in cases {
        assert_eq!(overlong(&[lines("a.rs", count)], "# why\na.rs 510\n").join("; "), expected);
    }
    assert_eq!(overlong(&[], "a.rs 510\n"), ["a.rs: has an exception and does not exist"]);
}

#[test]
fn a_monster_golden_is_caught() {
    let mut packed = lines("tests/golden/a.expected.json.gz", GOLDEN_LINES + 1);
    assert_eq!(monsters(&[packed.clone()]), Vec::<String>::new());
    packed.bytes = GOLDEN_BYTES + 1;
    let planted = [packed, lines("tests/golden/b.expected.txt", GOLDEN_LINES + 1)];
    let expected = ["tests/golden/a.expected.json.gz", "tests/golden/b.expected.txt"];
    assert_eq!(monsters(&planted), expected.map(|path| format!("{path}: split it, 150 lines at most")));
}
