//! The SDK of AWS against a router, without a socket.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Body;
use http::header;
use tower::ServiceExt as _;

/// Hands what the SDK would send to the router.
#[derive(Debug, Clone)]
struct InProcess(Router);

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let router = self.0.clone();
        HttpConnectorFuture::new(async move {
            let mut request = request.try_into_http1x().unwrap();
            let host = request.uri().authority().unwrap().as_str().parse().unwrap();
            request.headers_mut().insert(header::HOST, host);
            let body = |body: SdkBody| Body::from(body.bytes().unwrap().to_vec());
            let answer = router.oneshot(request.map(body)).await.unwrap();
            let (parts, body) = answer.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Ok(HttpResponse::try_from(http::Response::from_parts(parts, body.into())).unwrap())
        })
    }
}

/// A client for the SDK that sends everything to this router.
pub(crate) fn http_client(router: Router) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcess(router));
    http_client_fn(move |_, _| connector.clone())
}
