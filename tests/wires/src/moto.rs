//! How does a test get an AWS of its own? moto, a server that emulates its APIs, in a Python environment of ours.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::loopback::{free_port, http_status, ready};
use crate::process::{Launch, Process};
use crate::python;
use crate::run_folder::RunFolder;
use crate::setup_error::SetupError;

/// What is installed, every version pinned.
const REQUIREMENTS: &str = include_str!("../moto/requirements.txt");

/// A running moto, empty at first. Dropping it ends it.
pub struct Moto {
    process: Process,
    address: SocketAddr,
}

impl Moto {
    /// Starts one; its log goes to the folder. The first call on a machine installs it into the cache.
    ///
    /// # Errors
    /// Python is missing, packages cannot be had, or the server does not come up; with its last lines.
    pub async fn start(folder: &RunFolder) -> Result<Self, SetupError> {
        let environment = python::environment("moto", REQUIREMENTS).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut process = Launch::new("moto", environment.join("bin/python"))
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
            .arg(address.port().to_string())
            .env("PYTHONUNBUFFERED", "1")
            .start(folder.path())?;
        ready(&mut process, Duration::from_secs(60), "moto answers", || async move {
            http_status(address, "/moto-api/").await == Some(200)
        })
        .await?;
        Ok(Moto { process, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The last lines of its log.
    pub fn tail(&self, lines: usize) -> String {
        self.process.tail(lines)
    }
}
