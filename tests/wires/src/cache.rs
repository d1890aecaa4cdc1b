//! Where is what takes long to make kept between runs, and who makes it? Whoever comes first, under a lock; the
//! others wait. A folder counts once its mark is there, which is written last.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup_error::SetupError;

/// `$JOINER_CACHE`, or `joiner` below the user's folder for caches.
///
/// # Errors
/// Neither that nor a home folder is known.
pub(crate) fn root() -> Result<PathBuf, SetupError> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("JOINER_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("joiner")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/joiner")))
        .ok_or_else(|| SetupError::new("no folder for caches: set JOINER_CACHE or HOME"))
}

/// The folder `<name>-<digest of the parts>`, made by `make` if it is not there. `make` is given its final path; what
/// it leaves behind when it fails is left, so that a second try can go on from there.
///
/// # Errors
/// The folder cannot be made; the error of `make`.
pub fn folder(
    name: &str,
    parts: &[&str],
    make: impl FnOnce(&Path) -> Result<(), SetupError>,
) -> Result<PathBuf, SetupError> {
    let root = root()?;
    let path = root.join(format!("{name}-{:016x}", digest(parts)));
    let done = path.join(".complete");
    let fault = |what: &str, e: &std::io::Error| SetupError::because(format!("{what} {}", path.display()), e);
    fs::create_dir_all(&path).map_err(|e| fault("making", &e))?;
    if !done.exists() {
        let lock = File::create(root.join(format!("{name}.lock"))).map_err(|e| fault("locking", &e))?;
        lock.lock().map_err(|e| fault("locking", &e))?;
        if !done.exists() {
            make(&path)?;
            fs::write(&done, "").map_err(|e| fault("finishing", &e))?;
        }
    }
    Ok(path)
}

/// Runs a program to its end and shows what it wrote if it fails.
///
/// # Errors
/// It cannot be started (with the remedy), or it fails.
pub fn run(command: &mut Command, remedy: &str) -> Result<(), SetupError> {
    let shown = format!("{command:?}");
    let output =
        command.output().map_err(|e| SetupError::because(format!("running {shown} ({remedy})"), &e))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(SetupError::new(format!("{shown} failed ({}):\n{tail}", output.status)))
}

/// 64 bits of FNV-1a over texts, each ended by a byte that no text holds.
fn digest(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain(std::iter::once(0xff)));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_their_borders_name_the_folder() {
        let all = [digest(&["a", "bc"]), digest(&["ab", "c"]), digest(&["abc"]), digest(&["a", "bd"])];
        for (at, one) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other != one));
        }
    }
}
