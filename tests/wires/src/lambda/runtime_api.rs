//! The Runtime API of one environment: the next event, its answer, and what failed.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::setup_error::SetupError;

const PREFIX: &str = "/2018-06-01/runtime/";

/// What a function said about an event: its answer, or its error.
pub(super) type Said = Result<Value, Value>;

/// An event to deliver.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) deadline: SystemTime,
    pub(super) said: oneshot::Sender<Said>,
}

/// What is going on between the function and its caller.
#[derive(Debug, Default)]
struct Desk {
    waiting: Option<Delivery>,
    in_hand: Option<(String, oneshot::Sender<Said>)>,
    first_poll: Option<Instant>,
    init_error: Option<Value>,
}

/// The listening part. Dropping it closes the port.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<Infallible>,
}

#[derive(Debug, Default)]
struct Shared {
    desk: Mutex<Desk>,
    arrived: Notify,
    polled: Notify,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RuntimeApi {
    pub(super) async fn start() -> Result<Self, SetupError> {
        let fault = |e: std::io::Error| SetupError::because("listening for a function", &e);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let shared = Arc::new(Shared::default());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(RuntimeApi { address, shared, accepting })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// When the function first asked for an event: its cold start ends there.
    pub(super) fn first_poll(&self) -> Option<Instant> {
        self.shared.desk().first_poll
    }

    /// Waits until the function asks for its first event.
    pub(super) async fn polled(&self) {
        while self.first_poll().is_none() {
            self.shared.polled.notified().await;
        }
    }

    /// What the function said about its own start, if that failed.
    pub(super) fn init_error(&self) -> Option<Value> {
        self.shared.desk().init_error.clone()
    }

    /// Hands an event to the function, as soon as it asks.
    pub(super) fn deliver(&self, delivery: Delivery) {
        self.shared.desk().waiting = Some(delivery);
        self.shared.arrived.notify_one();
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(request, Arc::clone(&shared)));
            // A connection ends with its function.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match (head.method, parts.as_slice()) {
        (Method::GET, ["invocation", "next"]) => next(&shared).await,
        (Method::POST, ["invocation", id, "response"]) => said(&shared, id, Ok(json_of(&body))),
        (Method::POST, ["invocation", id, "error"]) => said(&shared, id, Err(json_of(&body))),
        (Method::POST, ["init", "error"]) => {
            shared.desk().init_error = Some(json_of(&body));
            plain(StatusCode::ACCEPTED)
        }
        _ => plain(StatusCode::NOT_FOUND),
    }
}

/// An empty answer is none.
fn json_of(body: &Bytes) -> Value {
    let text = String::from_utf8_lossy(body);
    if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_else(|_| text.into()) }
}

fn plain(status: StatusCode) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Response::builder().status(status).body(Full::default())?)
}

async fn next(shared: &Shared) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    shared.desk().first_poll.get_or_insert_with(Instant::now);
    shared.polled.notify_waiters();
    shared.polled.notify_one();
    loop {
        let taken = shared.desk().waiting.take();
        let Some(Delivery { id, event, deadline, said }) = taken else {
            shared.arrived.notified().await;
            continue;
        };
        shared.desk().in_hand = Some((id.clone(), said));
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:joiner",
            );
        return Ok(response.body(Full::new(event.into()))?);
    }
}

fn said(
    shared: &Shared,
    id: &str,
    what: Said,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let in_hand = shared.desk().in_hand.take();
    match in_hand {
        Some((expected, answer)) if expected == id => {
            // The caller may have given up on it.
            let _ = answer.send(what);
            plain(StatusCode::ACCEPTED)
        }
        other => {
            shared.desk().in_hand = other;
            plain(StatusCode::BAD_REQUEST)
        }
    }
}
