//! Where do Python programs come from? An environment of ours in the cache, with every package pinned.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::setup_error::SetupError;

const REMEDY: &str = "tests on real wires need Python 3.11 or later with venv and pip";

/// The environment of that name with what the list says in it; programs are in its folder `bin`. The first call on a
/// machine installs it.
///
/// # Errors
/// Python is missing, or packages cannot be had.
pub async fn environment(name: &'static str, requirements: &'static str) -> Result<PathBuf, SetupError> {
    let made = tokio::task::spawn_blocking(move || {
        cache::folder(name, &[requirements], |path| {
            eprintln!("installing {name} into {}: once", path.display());
            install(path, requirements)
        })
    });
    made.await.map_err(|e| SetupError::because(format!("installing {name}"), &e))?
}

fn install(path: &Path, requirements: &str) -> Result<(), SetupError> {
    cache::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(path), REMEDY)?;
    let list = path.join("requirements.txt");
    std::fs::write(&list, requirements)
        .map_err(|e| SetupError::because(format!("writing {}", list.display()), &e))?;
    let mut pip = Command::new(path.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
    ]);
    cache::run(pip.arg(&list), REMEDY)
}
