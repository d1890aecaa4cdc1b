//! Where do the files of one run of a server go? Into a folder of its own below the temporary one, which goes with
//! its owner, unless the test failed or `JOINER_KEEP` is set.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::guard;
use crate::setup_error::SetupError;

/// A folder for logs, certificates and data of one run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes a new, empty folder, readable by its owner alone.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written to.
    pub fn new(name: &str) -> Result<Self, SetupError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("joiner-{name}-{}-{count}", std::process::id()));
        let made = fs::create_dir_all(&path).and_then(|()| private(&path));
        made.map_err(|e| SetupError::because(format!("making the folder {}", path.display()), &e))?;
        if !is_kept() {
            guard::owns(&path);
        }
        Ok(RunFolder { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file in it and answers with its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, SetupError> {
        let path = self.path.join(name);
        let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = parent.and_then(|()| fs::write(&path, text));
        written.map_err(|e| SetupError::because(format!("writing {}", path.display()), &e))?;
        Ok(path)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if is_kept() || std::thread::panicking() {
            guard::keeps(&self.path);
            println!("files of this run are in {}", self.path.display());
        } else {
            // What cannot be removed now is removed by the guard.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn is_kept() -> bool {
    std::env::var_os("JOINER_KEEP").is_some()
}

fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}
