//! What no client can ask of Cognito, to try things out with: tokens that are to be refused, and new
//! keys. Who has a client's secret may.
//!
//! | | |
//! | --- | --- |
//! | `POST /local/token` | an access token, or with `token_use=id` an ID token, for any client (`for_client`), with any `scope`, and with `expired=true` too late |
//! | `POST /local/rotate` | [`Cognito::rotate`] |

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::{Json, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::token::{NOT_STORED, Refusal, authenticate, params};
use super::{Cognito, Mint};

/// `POST /local/token`
pub(super) async fn token(
    State(cognito): State<Arc<Cognito>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let params = params(&headers, &body)?;
    let client = authenticate(&cognito, &headers, &params)?;
    let of = params.get("for_client").unwrap_or(&client.id).as_str();
    let mint = match params.get("token_use").map(String::as_str) {
        None | Some("access") => Mint::access(of),
        Some("id") => Mint::id(of, "ada"),
        Some(_) => return Err(Refusal::InvalidRequest),
    };
    let mint = match params.get("scope") {
        Some(scope) => mint.with_scopes(scope.split(' ')),
        None => mint.with_scopes(&client.scopes),
    };
    let mint = match params.contains_key("expired") {
        true => mint.with_lifetime_s(-60),
        false => mint,
    };
    let token = cognito.mint(&mint).await?;
    Ok((NOT_STORED, Json(json!({"access_token": token, "token_type": "Bearer"}))).into_response())
}

/// `POST /local/rotate`
pub(super) async fn rotate(
    State(cognito): State<Arc<Cognito>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    authenticate(&cognito, &headers, &params(&headers, &body)?)?;
    cognito.rotate().await?;
    Ok(StatusCode::NO_CONTENT)
}
