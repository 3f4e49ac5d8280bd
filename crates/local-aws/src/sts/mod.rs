//! AWS Security Token Service: `AssumeRole`, with session tags.
//!
//! Any role of the [account](crate::sigv4::ACCOUNT) may be assumed by whoever signs. The
//! credentials it gives out go into the [`Keyring`](crate::sigv4::Keyring) that all services
//! share.
//!
//! The protocol is AWS Query: a form is sent, XML comes back.
//! See <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.

mod assume_role;
mod wire;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use service_kit::clock::Clock;

use crate::form;
use crate::sigv4::Verifier;
use assume_role::AssumeRole;
use wire::{Answer, StsError};

/// Largest body of a request, in bytes.
const MAX_BODY: usize = 64 << 10;
const VERSION: &str = "2011-06-15";

/// What the service answers from.
#[derive(Debug)]
pub(crate) struct Sts {
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Sts {
    /// Answers a request.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        answer(self, request).await.into_response()
    }
}

async fn answer(sts: &Sts, request: Request) -> Result<Answer, StsError> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| StsError::validation(format!("A request may have {MAX_BODY} bytes.")))?;
    let now_ms = sts.clock.unix_ms();
    let caller = sts.verifier.verify(&parts, &body, now_ms)?;
    let params = form::pairs(&String::from_utf8_lossy(&body));
    let param = |wanted: &str| {
        let found = params.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    match (param("Action"), param("Version")) {
        ("AssumeRole", VERSION) => {
            let session = AssumeRole::parse(&params)?.session(&caller, now_ms)?;
            let answer = session.answer();
            sts.verifier.keys.insert(
                session.credentials,
                session.principal,
                Some(session.expires_ms),
            );
            Ok(answer)
        }
        (action, version) => Err(StsError::unknown_action(action, version)),
    }
}

#[cfg(test)]
mod tests;
