//! The JWKS endpoint, and the ways in which it can be made to misbehave.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Json, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::Cognito;

/// How JWKS is answered when it is not answered well.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// With this status, and no keys.
    Status(StatusCode),
    /// Well, but only after this time.
    Slow(Duration),
    /// With a set that is valid, and has at least so many bytes.
    Huge(usize),
    /// With a page for people, and the status 200.
    Html,
    /// With a redirection (302) to this address.
    Redirect(String),
    /// With these members of `keys` before the good ones: keys that are malformed, weak, not for
    /// signatures, or that have the name of a good one.
    Keys(Vec<Value>),
}

impl Cognito {
    /// Answers JWKS so from now on; `None` ends it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

/// `GET /{pool}/.well-known/jwks.json`
pub(super) async fn jwks(State(cognito): State<Arc<Cognito>>) -> Response {
    cognito.jwks_requests.fetch_add(1, Ordering::Relaxed);
    let fault = cognito.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut keys = match cognito.keys.published().await {
        Ok(keys) => keys,
        Err(err) => {
            tracing::error!(%err, "no keys to publish");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    match fault {
        None => {}
        Some(Fault::Status(status)) => return status.into_response(),
        Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
        Some(Fault::Huge(bytes)) => {
            return Json(json!({"keys": keys, "padding": " ".repeat(bytes)})).into_response();
        }
        Some(Fault::Html) => return Html("<!doctype html><title>Sign in</title>").into_response(),
        Some(Fault::Redirect(to)) => {
            return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
        }
        Some(Fault::Keys(bad)) => {
            keys.splice(0..0, bad);
        }
    }
    Json(json!({"keys": keys})).into_response()
}
