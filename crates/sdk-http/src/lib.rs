//! What every client of the AWS SDK gets from us: connections and the time.

use std::sync::Arc;
use std::time::SystemTime;

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::Request;
use https::BoxError;
use service_kit::clock::Clock;

/// Sends over the pool that everything else is sent over. It knows no timeout of the SDK's but
/// those around a whole call.
#[derive(Debug, Clone)]
pub struct SdkHttp {
    /// The pool.
    pub https: https::Client,
    /// The biggest answer that is read, in bytes.
    pub max_body: usize,
}

impl HttpClient for SdkHttp {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { https, max_body } = self.clone();
        HttpConnectorFuture::new(async move {
            let request = buffered(request).map_err(ConnectorError::user)?;
            let answer = https.send(request, max_body).await;
            let answer = answer.map_err(|err| ConnectorError::io(err.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from))
                .map_err(|err| ConnectorError::other(err.into(), None))
        })
    }
}

fn buffered(request: HttpRequest) -> Result<Request<Bytes>, BoxError> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let body = body.bytes().ok_or("a streaming request")?;
    Ok(Request::from_parts(parts, Bytes::copy_from_slice(body)))
}

/// The time that requests are signed at.
#[derive(Debug, Clone)]
pub struct SdkTime(pub Arc<dyn Clock>);

impl TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}
