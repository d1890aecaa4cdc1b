//! Which port is free, and does a server answer there yet?

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Process;
use crate::setup_error::SetupError;

/// Ports to choose from: below those that kernels hand to outgoing connections, which would take one between the
/// choice and its use.
const FIRST: u32 = 15_000;
const COUNT: u32 = 15_000;

/// A port of 127.0.0.1 that nothing listens on. Test processes start looking at different places, so that two of
/// them hardly ever choose the same one.
///
/// # Errors
/// None is free.
pub fn free_port() -> Result<u16, SetupError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let at = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST;
        let Ok(port) = u16::try_from(at) else { continue };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(SetupError::new(format!("no port of 127.0.0.1 from {FIRST} to {} is free", FIRST + COUNT)))
}

/// Status of a plain GET, or `None` when nobody answers.
pub async fn http_status(address: SocketAddr, path: &str) -> Option<u16> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut head = [0_u8; 12];
        stream.read_exact(&mut head).await.ok()?;
        std::str::from_utf8(&head[9..]).ok()?.parse().ok()
    };
    tokio::time::timeout(Duration::from_secs(5), ask).await.ok().flatten()
}

/// Asks again and again until the answer is yes, while a process is alive.
///
/// # Errors
/// The process ends, or the time is over; with its last lines.
pub async fn ready<F>(
    process: &mut Process,
    limit: Duration,
    what: &str,
    mut asked: impl FnMut() -> F,
) -> Result<(), SetupError>
where
    F: Future<Output = bool>,
{
    let begin = Instant::now();
    while !asked().await {
        if process.ended().is_some() || begin.elapsed() > limit {
            return Err(process.fault(&format!("{what} within {} s", limit.as_secs())));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_are_handed_out_differ_and_can_be_bound() {
        let (one, other) = (free_port().unwrap(), free_port().unwrap());
        assert_ne!(one, other);
        TcpListener::bind((Ipv4Addr::LOCALHOST, one)).unwrap();
    }
}
