//! How does what the API server writes to its audit log reach a function? As CloudWatch Logs delivers it to whoever
//! subscribed: lines in order, some at a time, packed.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::lambda::LambdaFunction;
use crate::setup_error::SetupError;

/// Between two deliveries. Of a real subscription this is seconds.
const PERIOD: Duration = Duration::from_millis(500);
/// Most bytes of lines in a delivery.
const MOST_BYTES: usize = 512 * 1024;

/// A subscription. Dropping it ends it.
pub struct Subscription {
    task: JoinHandle<()>,
}

impl Subscription {
    /// Delivers what is written to a file from now on.
    pub fn start(cluster: &str, log: &Path, function: LambdaFunction) -> Self {
        let (cluster, log) = (cluster.to_owned(), log.to_owned());
        let task = tokio::spawn(async move {
            let mut tail = Tail { log, at: 0, rest: String::new() };
            loop {
                tokio::time::sleep(PERIOD).await;
                for lines in tail.lines() {
                    let event = delivery(&cluster, &lines);
                    // As CloudWatch does: what fails is tried again, for a while.
                    for _ in 0..3 {
                        if function.invoke(&event).await.is_ok() {
                            break;
                        }
                    }
                }
            }
        });
        Subscription { task }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The end of a growing file.
struct Tail {
    log: PathBuf,
    at: u64,
    rest: String,
}

impl Tail {
    /// Whole lines since the last look, in portions.
    fn lines(&mut self) -> Vec<Vec<String>> {
        let mut text = std::mem::take(&mut self.rest);
        if let Ok(new) = self.read() {
            text.push_str(&new);
        }
        let end = text.rfind('\n').map_or(0, |at| at + 1);
        self.rest = text.split_off(end);
        let (mut portions, mut size) = (vec![Vec::new()], 0);
        for line in text.lines() {
            if size + line.len() > MOST_BYTES && size > 0 {
                portions.push(Vec::new());
                size = 0;
            }
            size += line.len();
            if let Some(portion) = portions.last_mut() {
                portion.push(line.to_owned());
            }
        }
        portions.retain(|portion| !portion.is_empty());
        portions
    }

    fn read(&mut self) -> std::io::Result<String> {
        let mut file = std::fs::File::open(&self.log)?;
        file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        self.at += file.read_to_end(&mut bytes)? as u64;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The event of a subscription for lines of a cluster's audit log.
pub fn delivery(cluster: &str, lines: &[String]) -> Value {
    let events: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| json!({"id": at.to_string(), "timestamp": 0, "message": line}))
        .collect();
    let data = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": format!("/aws/eks/{cluster}/cluster"),
        "logStream": "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["joiner"],
        "logEvents": events,
    });
    let packed = pack(&data.to_string()).unwrap_or_default();
    json!({"awslogs": {"data": STANDARD.encode(packed)}})
}

fn pack(text: &str) -> Result<Vec<u8>, SetupError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    packed.map_err(|e| SetupError::because("packing log lines", &e))
}
