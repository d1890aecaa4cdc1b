//! Where the input comes from: files, folders, standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::documents::Source;
use super::problem::{ReadError, ReadErrors};

/// Endings of the files that are read in folders.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Replaced by the name of the cluster wherever it stands.
const CLUSTER_NAME: &str = "${CLUSTER_NAME}";

impl Source {
    /// Reads what `-f` names: a file, `-` for standard input, or all YAML and JSON files in a folder, in name
    /// order. `${CLUSTER_NAME}` is replaced.
    ///
    /// # Errors
    /// What cannot be opened or is not UTF-8.
    pub fn open(argument: &str, cluster: &str) -> Result<Vec<Source>, ReadErrors> {
        let texts = if argument == "-" {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes);
            read.and_then(text_of)
                .map(|text| vec![("stdin".to_owned(), text)])
                .map_err(|e| failed("stdin", &e))
        } else {
            files(Path::new(argument)).and_then(|files| files.iter().map(|file| open_file(file)).collect())
        };
        let named = |(name, text): (String, String)| Source {
            name: name.into(),
            text: if text.contains(CLUSTER_NAME) { text.replace(CLUSTER_NAME, cluster) } else { text },
        };
        Ok(texts?.into_iter().map(named).collect())
    }
}

fn open_file(file: &Path) -> Result<(String, String), ReadErrors> {
    let name = file.display().to_string();
    let text = fs::read(file).and_then(text_of).map_err(|error| failed(&name, &error))?;
    Ok((name, text))
}

fn text_of(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn failed(name: &str, error: &io::Error) -> ReadErrors {
    ReadErrors(vec![ReadError {
        place: None,
        object: None,
        field: None,
        problem: format!("cannot read {name}: {error}"),
        remedy: "give a YAML or JSON file, a folder of them, or - for standard input".to_owned(),
    }])
}

/// The file itself, or the files to read below a folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, ReadErrors> {
    let is_folder = fs::metadata(path).map(|meta| meta.is_dir());
    if !is_folder.map_err(|error| failed(&path.display().to_string(), &error))? {
        return Ok(vec![path.to_owned()]);
    }
    let (mut found, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| failed(&folder.display().to_string(), &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let is_manifest = path.extension().and_then(|e| e.to_str()).is_some_and(|e| ENDINGS.contains(&e));
            // Links to folders are not followed, so that no folder is walked for ever.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if is_manifest {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
