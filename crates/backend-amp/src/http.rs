//! The one pooled HTTP client, for the data plane and the AWS SDK alike.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector as SdkConnector, HttpConnectorFuture, HttpConnectorSettings,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::{BoxError, Error, Settings};

/// Load balancers of AWS close a connection after 60 idle seconds: we do so before them.
const IDLE: Duration = Duration::from_secs(50);
/// What one read may take. Six times as much, the default, is kept for good once an answer was big,
/// and saves nothing beside the copy that follows.
const READ_BUFFER: usize = 64 << 10;
/// More is not reserved on a server's word alone.
const MAX_RESERVED: usize = 4 << 20;

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A shared pool of connections; TLS and its roots are built when the first request is sent.
///
/// Redirects are not followed: a signed request is for one host, and a PromQL answer has no other
/// place. Compression is not asked for: inflating costs more CPU than a Lambda saves in transfer
/// inside one region, and the size limit holds for what is really read.
#[derive(Clone)]
pub(crate) struct Http(Arc<Inner>);

struct Inner {
    pool: OnceLock<Pool>,
    ca_file: Option<PathBuf>,
    connect_timeout: Duration,
    max_body: usize,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self(Arc::new(Inner {
            pool: OnceLock::new(),
            ca_file: settings.ca_file.clone(),
            connect_timeout: settings.connect_timeout,
            max_body: settings.max_body,
        }))
    }

    /// Sends one request and reads the whole answer, of any status.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Error> {
        let response = self.pool()?.request(request).await.map_err(|err| {
            let message = if err.is_connect() { "no connection" } else { "the connection broke" };
            Error::unreachable(message, err)
        })?;
        let (parts, body) = response.into_parts();
        let body = read(body, self.0.max_body).await?;
        Ok(Response::from_parts(parts, body))
    }

    fn pool(&self) -> Result<&Pool, Error> {
        if let Some(pool) = self.0.pool.get() {
            return Ok(pool);
        }
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(self.0.connect_timeout));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(self.0.ca_file.as_deref())?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pool = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(READ_BUFFER)
            .build(connector);
        Ok(self.0.pool.get_or_init(|| pool))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// Trusts the public authorities, and those in `ca_file`.
fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, Error> {
    let failed = |err| Error::unreachable("TLS could not be set up", err);
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        let unreadable =
            |err| Error::unreachable("the file of private authorities is unreadable", err);
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots.add(certificate.map_err(unreadable)?).map_err(failed)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(failed)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Error> {
    let too_large = Error::TooLarge { limit };
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if expected > limit {
        return Err(too_large);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|err| Error::unreachable("the connection broke", err))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(too_large);
        }
        if whole.is_empty() {
            if body.is_end_stream() {
                return Ok(data);
            }
            whole.reserve(expected.clamp(data.len(), MAX_RESERVED));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

impl HttpClient for Http {
    /// The SDK's own timeouts are off: every call here has a deadline.
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl SdkConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.clone();
        HttpConnectorFuture::new(async move {
            let request = buffered(request).map_err(ConnectorError::user)?;
            let response =
                http.send(request).await.map_err(|err| ConnectorError::io(err.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|err| ConnectorError::other(err.into(), None))
        })
    }
}

fn buffered(request: HttpRequest) -> Result<Request<Full<Bytes>>, BoxError> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let body = body.bytes().ok_or("a streaming request")?;
    Ok(Request::from_parts(parts, Full::new(Bytes::copy_from_slice(body))))
}

/// A header of an answer, if it is text.
pub(crate) fn text_header<'a, T>(response: &'a Response<T>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
