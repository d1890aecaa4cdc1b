//! How is a server or a function run as a child? With its output in a file, ended with its owner, and with the last
//! lines at hand when it fails.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::guard;
use crate::setup_error::SetupError;

/// How a child is started.
#[derive(Debug, Clone)]
pub struct Launch {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    clean: bool,
}

impl Launch {
    /// A program under a name of the caller's choice, which also names its log.
    pub fn new(name: &str, program: impl Into<PathBuf>) -> Self {
        Launch {
            name: name.to_owned(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            clean: false,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl Into<OsString>) -> Self {
        self.env.push((key.to_owned(), value.into()));
        self
    }

    /// Gives it no variable but those set here.
    #[must_use]
    pub fn clean_env(mut self) -> Self {
        self.clean = true;
        self
    }

    /// Starts it; output goes to `<folder>/log/<name>.log`, after what is there.
    ///
    /// # Errors
    /// The program or the log cannot be opened.
    pub fn start(self, folder: &Path) -> Result<Process, SetupError> {
        let log = folder.join("log").join(format!("{}.log", self.name));
        let fault = |e: &std::io::Error| {
            SetupError::because(format!("starting {} ({})", self.name, self.program.display()), e)
        };
        let opened = fs::create_dir_all(folder.join("log"))
            .and_then(|()| File::options().create(true).append(true).open(&log))
            .and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) = opened.map_err(|e| fault(&e))?;
        let mut command = Command::new(&self.program);
        if self.clean {
            command.env_clear();
        }
        command.args(&self.args).envs(self.env.iter().map(|(key, value)| (key, value)));
        // A group of its own: an interrupt from the keyboard reaches the test, and the test ends its children.
        command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
        let child = command.spawn().map_err(|e| fault(&e))?;
        guard::started(child.id());
        Ok(Process { name: self.name, child, log, ended: None })
    }
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The file with its output.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            // An error means that it cannot be waited for, which only happens once it was.
            self.ended = self.child.try_wait().ok().flatten();
            if self.ended.is_some() {
                guard::ended(self.pid());
            }
        }
        self.ended
    }

    /// Ends it as the kernel would (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
            guard::ended(self.pid());
        }
    }

    /// The last lines it wrote.
    pub fn tail(&self, lines: usize) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// An error that says what was expected of it, whether it is alive, and what it wrote last.
    pub fn fault(&mut self, expected: &str) -> SetupError {
        let state =
            self.ended().map_or_else(|| "is running".to_owned(), |status| format!("ended ({status})"));
        let (name, tail) = (&self.name, self.tail(15));
        SetupError::new(format!("{name} {state}, expected: {expected}. Its last lines:\n{tail}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_folder::RunFolder;

    #[test]
    fn a_child_leaves_its_output_and_ends_with_its_owner() {
        let folder = RunFolder::new("process").unwrap();
        let mut shell = Launch::new("speaker", "sh").args(["-c", "echo $WORD; exit 3"]).env("WORD", "hello");
        shell = shell.arg("unused");
        let mut speaker = shell.start(folder.path()).unwrap();
        while speaker.ended().is_none() {
            std::thread::yield_now();
        }
        assert_eq!((speaker.ended().unwrap().code(), speaker.tail(5).as_str()), (Some(3), "hello"));

        let sleeper = Launch::new("sleeper", "sleep").arg("600").start(folder.path()).unwrap();
        let proc = PathBuf::from(format!("/proc/{}", sleeper.pid()));
        drop(sleeper);
        assert!(!proc.exists());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let folder = RunFolder::new("process").unwrap();
        let fault = Launch::new("ghost", "no-such-program").start(folder.path()).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "starting ghost (no-such-program): No such file or directory (os error 2)"
        );
    }
}
