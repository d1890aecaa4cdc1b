//! How does a request come in, and who answers it?

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::call::WireCall;
use super::script::{Script, WireFault};
use super::upstream::{WireError, forward};
use super::{fleet, services};
use crate::setup_error::SetupError;

/// The listening part. Dropping it closes the port.
pub(super) struct Server {
    address: SocketAddr,
    accepting: JoinHandle<Infallible>,
}

impl Server {
    pub(super) async fn start(moto: SocketAddr, script: Arc<Script>) -> Result<Self, SetupError> {
        let fault = |e: std::io::Error| SetupError::because("listening for the wire double", &e);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let accepting = tokio::spawn(accept(listener, moto, script));
        Ok(Server { address, accepting })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, moto: SocketAddr, script: Arc<Script>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let script = Arc::clone(&script);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(request, moto, Arc::clone(&script)));
            // A connection that breaks is what some tests are about.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// An error closes the connection without an answer.
async fn respond(
    request: Request<Incoming>,
    moto: SocketAddr,
    script: Arc<Script>,
) -> Result<Response<Full<Bytes>>, WireError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let call = WireCall::of(&head, body);
    let fault = script.note(&call);
    let answer = match &fault {
        Some(WireFault::Throttled) => {
            let (status, code) = throttle(&call.service);
            Answer::error(&call, status, code, "Request limit exceeded.")
        }
        Some(WireFault::Refused { status, code, message }) => Answer::error(&call, *status, code, message),
        Some(WireFault::AnswerLost) | None => perform(&call, &head, moto, &script).await?,
    };
    if fault == Some(WireFault::AnswerLost) {
        return Err("the test asked to lose this answer".into());
    }
    let response = Response::builder().status(answer.status).header(CONTENT_TYPE, answer.content_type);
    Ok(response.body(Full::new(answer.body))?)
}

/// How a service says that it was called too often.
fn throttle(service: &str) -> (u16, &'static str) {
    match service {
        "ec2" => (503, "RequestLimitExceeded"),
        "iam" | "sts" => (400, "Throttling"),
        _ => (400, "ThrottlingException"),
    }
}

async fn perform(
    call: &WireCall,
    head: &hyper::http::request::Parts,
    moto: SocketAddr,
    script: &Script,
) -> Result<Answer, WireError> {
    if call.action() == "ec2:CreateFleet" {
        return fleet::create(call, head, moto, script).await;
    }
    if let Some(answer) = services::answer(call, script) {
        return Ok(answer);
    }
    let answer = forward(moto, head, call.body.clone()).await?;
    Ok(services::after(call, answer, script))
}
