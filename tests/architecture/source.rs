//! The files of the workspace as values. Reads the disk once; every other module works on what it returns.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One file, by its path from the root of the workspace, with `/` between the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: String,
    /// Empty when the file is not UTF-8.
    pub(crate) text: String,
    pub(crate) bytes: usize,
}

impl File {
    /// A planted file.
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), bytes: text.len() }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.name() == "tests.rs"
            || self.name().ends_with("_tests.rs")
            || self.path.split('/').any(|part| part == "tests" || part == "benches")
    }

    /// The text without the test module that closes it, when it has one.
    pub(crate) fn shipped(&self) -> &str {
        if self.is_test() { "" } else { &self.text[..self.tests_start()] }
    }

    /// The part of the text that is test code.
    pub(crate) fn tested(&self) -> &str {
        if self.is_test() { &self.text } else { &self.text[self.tests_start()..] }
    }

    /// Where the inline test module begins: at its `cfg(test)`, or at the end of the text.
    fn tests_start(&self) -> usize {
        const MARK: &str = "#[cfg(test)]\nmod ";
        self.text
            .match_indices(MARK)
            .find(|(at, _)| {
                self.text[at + MARK.len()..].lines().next().is_some_and(|line| line.ends_with('{'))
            })
            .map_or(self.text.len(), |(at, _)| at)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the tests package is a folder of the workspace").to_path_buf()
}

/// All files, in path order.
pub(crate) static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let (root, mut found) = (root(), Vec::new());
    walk(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
});

/// The text of one file; empty when there is none.
pub(crate) fn text_of(path: &str) -> &'static str {
    FILES.iter().find(|file| file.path == path).map_or("", |file| &file.text)
}

/// A path seen from a folder, with `..` resolved.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !is_foreign(&name) {
                walk(root, &path, found);
            }
            continue;
        }
        // A file may vanish between listing and reading while somebody edits; then it is not there.
        let Ok(bytes) = fs::read(&path) else { continue };
        let relative =
            path.strip_prefix(root).expect("found below the root").to_string_lossy().replace('\\', "/");
        found.push(File {
            path: relative,
            bytes: bytes.len(),
            text: String::from_utf8(bytes).unwrap_or_default(),
        });
    }
}

/// Folders that builds and tools leave behind.
fn is_foreign(name: &str) -> bool {
    let dotted = name.starts_with('.') && !matches!(name, ".ci" | ".cargo" | ".github");
    dotted || matches!(name, "target" | "node_modules" | "cdk.out")
}

#[test]
fn only_an_inline_test_module_counts_as_tests_of_a_source_file() {
    let inline = File::planted("shared/a/src/b.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n");
    assert_eq!((inline.shipped(), inline.tested()), ("fn a() {}\n", "#[cfg(test)]\nmod tests {\n}\n"));
    let beside = File::planted("shared/a/src/b.rs", "#[cfg(test)]\nmod tests;\nfn a() {}\n");
    assert_eq!((beside.shipped(), beside.tested()), (beside.text.as_str(), ""));
    let whole = File::planted("shared/a/src/tests/b.rs", "fn a() {}\n");
    assert_eq!((whole.shipped(), whole.tested()), ("", "fn a() {}\n"));
}
