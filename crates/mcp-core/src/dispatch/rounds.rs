//! The rounds of a request (specification 2026-07-28, MRTR): what one leaves, sealed, for the next,
//! and what a client may be asked at all.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{missing_capability, refusal};
use crate::context::CallContext;
use crate::input::{InputRequest, InputRequired, InputResponses, Interrupt};
use crate::jsonrpc::{ErrorObject, Request};
use crate::server::Parts;
use crate::state::digest;

const STATE: &str = "state";
/// How long a person may take to answer.
const STATE_LIFETIME: Duration = Duration::from_secs(600);

/// What a call is about, for the seal of its state: the same for every round of it.
pub(super) fn subject(method: &str, name: &str, arguments: &Value) -> Vec<u8> {
    digest(&json!([method, name, arguments])).to_vec()
}

/// What a round leaves for the next: the answers so far, so that none is asked for twice, and the
/// handler's own state. As bytes, the answers are one line of JSON, and the state what follows it.
struct Left {
    answers: InputResponses,
    state: Option<Vec<u8>>,
}

impl Left {
    fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(&self.answers)?;
        if let Some(state) = &self.state {
            bytes.push(b'\n');
            bytes.extend_from_slice(state);
        }
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
        let answers = serde_json::from_slice(parts.next().unwrap_or_default())?;
        Ok(Self { answers, state: parts.next().map(<[u8]>::to_vec) })
    }
}

impl Parts {
    /// The context of a round: with the answers it brings, and what the round before left once that
    /// is seen to be of this caller and request. Clients with a handshake have no rounds.
    pub(super) fn rounds(
        &self,
        request: &Request,
        cx: &CallContext,
        name: &str,
        arguments: &Value,
    ) -> Result<CallContext, ErrorObject> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Params {
            input_responses: Option<InputResponses>,
            request_state: Option<String>,
        }
        if !cx.exchange().version.features().stateless {
            return Ok(cx.clone());
        }
        let Params { input_responses, request_state } = request.params.read()?;
        let mut left = match request_state {
            None => Left { answers: InputResponses::default(), state: None },
            Some(sealed) => {
                let refused = |err: &dyn std::error::Error| {
                    ErrorObject::invalid_params(format!(
                        "requestState: {err}; repeat the request without requestState"
                    ))
                };
                let subject = subject(&request.method, name, arguments);
                let bytes = cx.unseal(STATE, &subject, &sealed).map_err(|err| refused(&err))?;
                Left::from_bytes(&bytes).map_err(|err| refused(&err))?
            }
        };
        left.answers.merge(input_responses.unwrap_or_default());
        Ok(cx.answered(left.answers, left.state))
    }

    /// The reply of a handler that did not end with a result.
    pub(super) fn interrupted(
        &self,
        interrupt: Interrupt,
        cx: &CallContext,
        subject: &[u8],
    ) -> Result<Bytes, ErrorObject> {
        match interrupt {
            Interrupt::Protocol(error) => Err(error),
            interrupt if !cx.exchange().version.features().stateless => {
                Err(ErrorObject::invalid_request(refusal(&interrupt)))
            }
            Interrupt::MissingCapability(needed) => Err(missing_capability(&needed)),
            Interrupt::InputRequired(required) => self.next_round(required, cx, subject),
            Interrupt::Cancelled => {
                Err(ErrorObject::invalid_request(refusal(&Interrupt::Cancelled)))
            }
            // Only tools run as tasks.
            Interrupt::Task | Interrupt::Parked(_) => Err(ErrorObject::internal()),
        }
    }

    fn next_round(
        &self,
        required: InputRequired,
        cx: &CallContext,
        subject: &[u8],
    ) -> Result<Bytes, ErrorObject> {
        let InputRequired { requests, state } = askable(required, cx)?;
        let left = Left { answers: cx.settled(&requests), state };
        let mut result = json!({"resultType": "input_required"});
        if !requests.is_empty() {
            result["inputRequests"] = json!(requests);
        }
        if left.state.is_some() || !left.answers.is_empty() {
            let bytes = left.to_bytes().map_err(|err| super::internal("requestState", &err))?;
            let sealed = cx.seal(STATE, subject, Some(STATE_LIFETIME), &bytes);
            result["requestState"] = json!(sealed);
        }
        Ok(self.named(result, cx.exchange().version.features()))
    }
}

/// The questions of a handler, once it is seen that this client can be asked them: a round asks
/// something or has a state, and asks only what was declared.
pub(super) fn askable(
    required: InputRequired,
    cx: &CallContext,
) -> Result<InputRequired, ErrorObject> {
    if required.requests.is_empty() && required.state.is_none() {
        tracing::error!("a handler asked for input without a question or a state");
        return Err(ErrorObject::internal());
    }
    let mut needed = required.requests.values().map(InputRequest::needs);
    match needed.find(|capability| !cx.can_ask(capability)) {
        Some(lacking) => Err(missing_capability(&lacking)),
        None => Ok(required),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_a_round_leaves_is_what_the_next_one_finds(
            answer in ".{0,20}",
            state in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
        ) {
            let answers: InputResponses = serde_json::from_value(json!({"a\nb": answer})).unwrap();
            let left = Left { answers, state };
            let found = Left::from_bytes(&left.to_bytes().unwrap()).unwrap();
            prop_assert_eq!((found.answers, found.state), (left.answers, left.state));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Left::from_bytes(&bytes);
        }
    }
}
