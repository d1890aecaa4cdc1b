//! One request and its answer: with the token of the moment, within a time, and once more when the token was not
//! accepted. Other retries belong to the queue.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use joiner_ports::error::BoxError;
use kube::client::{Body, Client};
use serde_json::Value;
use tokio::time::timeout;

use crate::failure::{Failure, Refusal};
use crate::token::{BearerToken, TokenKeeper};

/// How long an answer may take to begin. Older API servers prepare a list of all pods before they say a word.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// How long an answer that has begun may pause.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);
/// How we call ourselves; shows up in the audit log.
const AGENT: &str = concat!("joiner/", env!("CARGO_PKG_VERSION"));

/// How a request body is to be understood.
pub(crate) const JSON: &str = "application/json";
/// A change that names what it writes; lists are replaced whole.
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    content: Option<(&'static str, Vec<u8>)>,
}

impl Ask {
    /// Reads a path.
    pub(crate) fn get(path: String) -> Self {
        Ask { method: Method::GET, path, content: None }
    }

    /// Sends a document.
    pub(crate) fn send(method: Method, path: String, content_type: &'static str, document: &Value) -> Self {
        Ask { method, path, content: Some((content_type, document.to_string().into_bytes())) }
    }

    fn request(&self, token: Option<&BearerToken>) -> Result<Request<Body>, BoxError> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(ACCEPT, JSON)
            .header(USER_AGENT, AGENT);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.header()?);
        }
        let body = match &self.content {
            Some((content_type, bytes)) => {
                request = request.header(CONTENT_TYPE, *content_type);
                Body::from(bytes.clone())
            }
            None => Body::empty(),
        };
        Ok(request.body(body)?)
    }
}

/// The way to an API server.
pub(crate) struct Wire {
    client: Client,
    tokens: Option<TokenKeeper>,
}

impl Wire {
    /// Requests over a client; with tokens unless the client has credentials of its own.
    pub(crate) fn new(client: Client, tokens: Option<TokenKeeper>) -> Self {
        Wire { client, tokens }
    }

    /// Sends a request and returns its answer, of which nothing is read yet.
    pub(crate) async fn open(&self, ask: &Ask) -> Result<Response<Body>, Failure> {
        let (answer, token) = self.attempt(ask).await?;
        let answer = match (&self.tokens, token) {
            (Some(tokens), Some(token)) if answer.status() == StatusCode::UNAUTHORIZED => {
                tokens.refused(&token).await;
                // A server that refused a token ends the connection too: what was on its way then goes over a new one.
                match self.attempt(ask).await {
                    Ok((answer, _)) => answer,
                    Err(_) => self.attempt(ask).await?.0,
                }
            }
            _ => answer,
        };
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (head, mut body) = answer.into_parts();
        let text = collect(&mut body).await?;
        Err(Refusal::read(head.status, &head.headers, &text).into())
    }

    /// Sends a request and returns the whole answer.
    pub(crate) async fn fetch(&self, ask: &Ask) -> Result<String, Failure> {
        let mut body = self.open(ask).await?.into_body();
        String::from_utf8(collect(&mut body).await?).map_err(|e| Failure::NoAnswer(e.into()))
    }

    /// Sends a request and returns the document it is answered with.
    pub(crate) async fn document(&self, ask: &Ask) -> Result<Value, Failure> {
        serde_json::from_str(&self.fetch(ask).await?).map_err(|e| Failure::NoAnswer(e.into()))
    }

    async fn attempt(&self, ask: &Ask) -> Result<(Response<Body>, Option<BearerToken>), Failure> {
        let token = match &self.tokens {
            // Not a decision: how long a token still lasts is a matter of this moment.
            Some(tokens) => Some(tokens.current(Timestamp::now()).await.map_err(Failure::NoAnswer)?),
            None => None,
        };
        let request = ask.request(token.as_ref()).map_err(Failure::NoAnswer)?;
        let answer = timeout(ANSWER_LIMIT, self.client.send(request)).await;
        let answer = answer.map_err(|e| Failure::NoAnswer(e.into()))?;
        Ok((answer.map_err(|e| Failure::NoAnswer(e.into()))?, token))
    }
}

/// The next piece of an answer; none at its end.
pub(crate) async fn next_piece(body: &mut Body) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
    next_piece_within(body, PAUSE_LIMIT).await
}

/// The next piece of an answer that may pause this long.
pub(crate) async fn next_piece_within(
    body: &mut Body,
    limit: Duration,
) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
    loop {
        let frame = timeout(limit, body.frame()).await.map_err(|e| Failure::NoAnswer(e.into()))?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(Failure::NoAnswer(error.into())),
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

async fn collect(body: &mut Body) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(piece) = next_piece(body).await? {
        bytes.extend_from_slice(piece.as_ref());
    }
    Ok(bytes)
}
