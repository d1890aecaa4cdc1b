//! How is the API server reached? By endpoint and token, or as a kubeconfig says.
//!
//! One connection carries all requests (HTTP/2 where the server speaks it): fourteen lists or watches at once cost
//! one handshake, and a watch that is let go does not close it.

use std::path::Path;
use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use joiner_ports::error::BoxError;
use kube::Config;
use kube::client::{Body, Client, ClientBuilder, ConfigExt};
use kube::config::{KubeConfigOptions, Kubeconfig};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use tower::ServiceExt;

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// A connection unused for this long is not used again: what lies between may have forgotten it, above all when
/// the process was frozen meanwhile.
const IDLE_LIMIT: Duration = Duration::from_secs(45);
/// How often a connection in use is asked for a sign of life, and how long that may take.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_LIMIT: Duration = Duration::from_secs(5);
/// Room for answers under way: a list of all pods is hundreds of megabytes.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// An API server by its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeEndpoint {
    /// Such as `https://ABC.gr7.eu-west-1.eks.amazonaws.com`.
    pub url: String,
    /// Its certificate authority, PEM.
    pub ca_pem: String,
}

/// The API server cannot be reached the way it was said.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The endpoint is no address.
    #[error("{url:?} is not the address of an API server; write such as https://host")]
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// The kubeconfig cannot be used.
    #[error("the kubeconfig {file} cannot be used; name a file and a context that exist")]
    Kubeconfig {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// Certificates or keys cannot be used.
    #[error("the certificates for the API server cannot be used")]
    Certificates(#[source] BoxError),
    /// A proxy is asked for.
    #[error(
        "the kubeconfig names a proxy, which is not supported; take proxy-url out or use another context"
    )]
    Proxy,
}

/// A client of an endpoint, without credentials of its own.
///
/// # Errors
/// The address or the certificate authority cannot be used.
pub(crate) fn to_endpoint(endpoint: &KubeEndpoint) -> Result<Client, ConnectError> {
    let wrong = |source: BoxError| ConnectError::Address { url: endpoint.url.clone(), source };
    let url: http::Uri = endpoint.url.parse().map_err(|e: http::uri::InvalidUri| wrong(e.into()))?;
    if url.host().is_none() || url.scheme().is_none() {
        return Err(wrong("it has no scheme or no host".into()));
    }
    let mut config = Config::new(url);
    config.root_cert = Some(certificates(&endpoint.ca_pem)?);
    client(&config)
}

/// A client as a kubeconfig says; the file's own context unless one is named.
///
/// # Errors
/// The file, its context, or what it refers to cannot be used.
pub(crate) async fn by_kubeconfig(file: &Path, context: Option<&str>) -> Result<Client, ConnectError> {
    let wrong = |source: BoxError| ConnectError::Kubeconfig { file: file.display().to_string(), source };
    let kubeconfig = Kubeconfig::read_from(file).map_err(|e| wrong(e.into()))?;
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|e| wrong(e.into()))?;
    if config.proxy_url.is_some() {
        return Err(ConnectError::Proxy);
    }
    client(&config)
}

fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, ConnectError> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|e| ConnectError::Certificates(e.into()))?;
    if read.is_empty() {
        let why = "there is no certificate in the certificate authority of the endpoint";
        return Err(ConnectError::Certificates(why.into()));
    }
    Ok(read.into_iter().map(|certificate| certificate.to_vec()).collect())
}

fn client(config: &Config) -> Result<Client, ConnectError> {
    let unusable = |source: BoxError| ConnectError::Certificates(source);
    // Whoever comes first installs one; which of two equal ones that is does not matter.
    let _ = aws_lc_rs::default_provider().install_default();
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT_LIMIT));
    http.set_nodelay(true);
    let tls = config.rustls_client_config().map_err(|e| unusable(e.into()))?;
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = ServerName::try_from(name.clone()).map_err(|e| unusable(e.into()))?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = https.enable_all_versions().wrap_connector(http);
    let transport: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_LIMIT)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_LIMIT)
        .build(connector);
    let transport = transport.map_err(BoxError::from);
    let builder = ClientBuilder::new(transport, "default").with_layer(&config.base_uri_layer());
    match config.auth_layer().map_err(|e| unusable(e.into()))? {
        Some(credentials) => Ok(builder.with_layer(&credentials).build()),
        None => Ok(builder.build()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str, ca_pem: &str) -> String {
        let endpoint = KubeEndpoint { url: url.into(), ca_pem: ca_pem.into() };
        let error = to_endpoint(&endpoint).map(|_| ()).expect_err("it is refused");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {source}")
    }

    #[test]
    fn an_endpoint_that_cannot_be_used_is_told_with_the_reason() {
        assert_eq!(
            refusal("localhost", ""),
            "\"localhost\" is not the address of an API server; write such as https://host: it has no scheme or no host"
        );
        assert_eq!(
            refusal("https://localhost", "nothing"),
            "the certificates for the API server cannot be used: there is no certificate in the certificate authority of the endpoint"
        );
    }

    #[tokio::test]
    async fn a_kubeconfig_that_is_not_there_is_named() {
        let error = by_kubeconfig(Path::new("no/such/file"), None).await.map(|_| ()).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "the kubeconfig no/such/file cannot be used; name a file and a context that exist"
        );
    }
}
