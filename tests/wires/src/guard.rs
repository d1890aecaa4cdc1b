//! Who stops the servers when a test process dies, in whatever way? A small shell beside it, that reads names of
//! children and folders from a pipe and clears them away when the pipe closes.
//!
//! A process that is killed runs no destructors, and neither do statics of a test that ends well. The pipe closes
//! in every case.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Positional parameters are the folders, `pids` the processes.
const SCRIPT: &str = r#"
pids=""
without() { left=""; for p in $pids; do [ "$p" = "$1" ] || left="$left $p"; done; pids=$left; }
while IFS=' ' read -r verb what; do
  case "$verb" in
    run) pids="$pids $what" ;;
    ran) without "$what" ;;
    folder) set -- "$@" "$what" ;;
    keep) n=$#; while [ "$n" -gt 0 ]; do d=$1; shift; [ "$d" = "$what" ] || set -- "$@" "$d"; n=$((n-1)); done ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
[ "$#" -eq 0 ] || { sleep 0.2; rm -rf "$@"; }
"#;

static PIPE: LazyLock<Option<Mutex<ChildStdin>>> = LazyLock::new(|| {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that an interrupt from the keyboard leaves it alive to clear up.
    let child = shell.process_group(0).spawn().ok()?;
    child.stdin.map(Mutex::new)
});

fn say(verb: &str, what: &str) {
    if let Some(pipe) = PIPE.as_ref() {
        let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
        // Without its guard a test still stops its servers when it ends well.
        let _ = pipe.write_all(format!("{verb} {what}\n").as_bytes());
    }
}

/// A child was started.
pub(crate) fn started(pid: u32) {
    say("run", &pid.to_string());
}

/// A child ended and was waited for: its id may be another's from now on.
pub(crate) fn ended(pid: u32) {
    say("ran", &pid.to_string());
}

/// A folder goes with this process.
pub(crate) fn owns(folder: &Path) {
    say("folder", &folder.to_string_lossy());
}

/// A folder stays after this process.
pub(crate) fn keeps(folder: &Path) {
    say("keep", &folder.to_string_lossy());
}
