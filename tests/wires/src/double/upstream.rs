//! How does a request go on to moto?

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::Answer;

/// What can go wrong on the way; the client sees a closed connection.
pub(super) type WireError = Box<dyn std::error::Error + Send + Sync>;

/// Sends a request on, with the same head and a body, and brings the answer.
pub(super) async fn forward(moto: SocketAddr, head: &Parts, body: Bytes) -> Result<Answer, WireError> {
    let stream = TcpStream::connect(moto).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder().method(head.method.clone()).uri(head.uri.clone());
    for (name, value) in head.headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH) {
        request = request.header(name, value);
    }
    let response = sender.send_request(request.body(Full::new(body))?).await?;
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("text/xml").to_owned();
    let body = response.into_body().collect().await?.to_bytes();
    driver.abort();
    Ok(Answer { status, content_type, body })
}
