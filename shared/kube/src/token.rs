//! Who are we to the API server? A bearer token that someone else makes, kept until it is about to expire or was
//! not accepted.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use joiner_ports::error::BoxError;
use tokio::sync::Mutex;

/// A token this close to its end is replaced before it is used: a request may take that long.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken {
    /// The secret itself.
    pub secret: String,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Makes tokens.
pub trait TokenSource: Send + Sync {
    /// A fresh token.
    ///
    /// # Errors
    /// None can be had now.
    fn token(&self) -> impl Future<Output = Result<BearerToken, BoxError>> + Send;
}

type Fresh<'a> = Pin<Box<dyn Future<Output = Result<BearerToken, BoxError>> + Send + 'a>>;

/// [`TokenSource`] behind a pointer.
trait AnySource: Send + Sync {
    fn fresh(&self) -> Fresh<'_>;
}

impl<T: TokenSource> AnySource for T {
    fn fresh(&self) -> Fresh<'_> {
        Box::pin(self.token())
    }
}

/// The token in use.
pub(crate) struct TokenKeeper {
    source: Box<dyn AnySource>,
    kept: Mutex<Option<BearerToken>>,
}

impl TokenKeeper {
    /// Keeps tokens of a source.
    pub(crate) fn new(source: impl TokenSource + 'static) -> Self {
        TokenKeeper { source: Box::new(source), kept: Mutex::new(None) }
    }

    /// The token to use at this moment.
    pub(crate) async fn current(&self, now: Timestamp) -> Result<BearerToken, BoxError> {
        let mut kept = self.kept.lock().await;
        match kept.as_ref().filter(|token| now + MARGIN < token.expires_at) {
            Some(token) => Ok(token.clone()),
            None => Ok(kept.insert(self.source.fresh().await?).clone()),
        }
    }

    /// Lets go of a token that was not accepted, unless another is in use by now.
    pub(crate) async fn refused(&self, token: &BearerToken) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref() == Some(token) {
            *kept = None;
        }
    }
}

impl BearerToken {
    /// The header that carries it.
    pub(crate) fn header(&self) -> Result<HeaderValue, BoxError> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.secret))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct Numbered(AtomicI64);

    impl TokenSource for Numbered {
        async fn token(&self) -> Result<BearerToken, BoxError> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let expires_at = Timestamp::from_second((number + 1) * 900)?;
            Ok(BearerToken { secret: format!("token-{number}"), expires_at })
        }
    }

    #[tokio::test]
    async fn a_token_is_kept_until_a_minute_before_its_end_or_a_refusal() {
        let keeper = TokenKeeper::new(Numbered(AtomicI64::new(0)));
        let at = |second| Timestamp::from_second(second).unwrap();
        let secret = async |second| keeper.current(at(second)).await.unwrap().secret;
        assert_eq!(secret(0).await, "token-0");
        assert_eq!(secret(839).await, "token-0");
        assert_eq!(secret(840).await, "token-1");
        let stale = BearerToken { secret: "token-0".into(), expires_at: at(900) };
        keeper.refused(&stale).await;
        assert_eq!(secret(841).await, "token-1");
        let used = keeper.current(at(842)).await.unwrap();
        keeper.refused(&used).await;
        assert_eq!(secret(843).await, "token-2");
    }

    #[test]
    fn a_token_does_not_show_its_secret() {
        let token = BearerToken { secret: "hidden".into(), expires_at: Timestamp::UNIX_EPOCH };
        assert_eq!(format!("{token:?}"), "BearerToken { expires_at: 1970-01-01T00:00:00Z, .. }");
        assert!(token.header().unwrap().is_sensitive());
    }
}
