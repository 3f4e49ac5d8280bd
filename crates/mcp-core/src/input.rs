//! Multi round-trip requests: a handler that needs something from the client ends its call with
//! the questions, and is called again with the answers (specification 2026-07-28, MRTR).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::context::CallContext;
use crate::jsonrpc::ErrorObject;
use crate::message::Capability;

/// One question to the client, by the method that would have asked it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InputRequest {
    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    pub method: &'static str,
    /// Its parameters.
    pub params: Value,
}

impl InputRequest {
    /// What the client must be able to do to answer it.
    pub(crate) fn needs(&self) -> Capability {
        match self.method {
            "sampling/createMessage" => Capability::Sampling,
            "roots/list" => Capability::Roots,
            _ if self.params["mode"] == "url" => Capability::ElicitationUrl,
            _ => Capability::Elicitation,
        }
    }
}

/// The answers a retried request carries, by the ids of the questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InputResponses(BTreeMap<String, Value>);

impl InputResponses {
    /// Takes over the answers of a later round.
    pub fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.0.get(id)
    }

    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(id, _)| keep(id));
        Self(kept.map(|(id, answer)| (id.clone(), answer.clone())).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the question `id` is answered.
    #[must_use]
    pub fn answer(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }
}

/// Ends a call with questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputRequired {
    /// The questions, by ids of the handler's choice.
    pub requests: BTreeMap<String, InputRequest>,
    /// What the handler wants to find in [`CallContext::state`] on the next round. It is sealed
    /// before it leaves, but the client can read it.
    pub state: Option<Vec<u8>>,
}

/// A reason why a handler does not end with its own result.
#[derive(Clone, Debug, PartialEq)]
pub enum Interrupt {
    /// The client must answer first.
    InputRequired(InputRequired),
    /// The client cannot do what the call needs.
    MissingCapability(Capability),
    /// The call goes on as a task; see [`CallContext::continue_as_task`].
    Task,
    /// The work goes on elsewhere, and this finds it again; see [`CallContext::park`].
    Parked(Vec<u8>),
    /// The work of a parked call was stopped.
    Cancelled,
    /// A protocol error of the handler's choice.
    Protocol(ErrorObject),
}

/// What a person did with a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Elicited<T> {
    /// Filled it in.
    Accepted(T),
    /// Said no.
    Declined,
    /// Closed it without a choice.
    Cancelled,
}

/// Collects the questions of one round: take what is answered, ask for what is not, then
/// [`Ask::finish`]. An answer that was taken is there on every later round too.
///
/// ```
/// # use mcp_core::{Ask, CallContext, Elicited, Interrupt};
/// # use serde_json::{Value, json};
/// fn name(cx: &CallContext) -> Result<Option<String>, Interrupt> {
///     let mut ask = Ask::new(cx);
///     let form = json!({"type": "object", "properties": {"name": {"type": "string"}}});
///     let answer = ask.elicit::<Value>("user_name", "What is your name?", form)?;
///     ask.finish()?;
///     Ok(match answer {
///         Some(Elicited::Accepted(form)) => form["name"].as_str().map(str::to_owned),
///         _ => None,
///     })
/// }
/// ```
#[derive(Debug)]
pub struct Ask<'a> {
    cx: &'a CallContext,
    pending: InputRequired,
}

impl<'a> Ask<'a> {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(cx: &'a CallContext) -> Self {
        Self { cx, pending: InputRequired::default() }
    }

    /// The person's answer to the form `schema` (flat, of primitive properties), or the question is
    /// put on the list. A form that was filled in but does not read as `T` is asked again.
    ///
    /// # Errors
    /// [`Interrupt::MissingCapability`] when the client has no forms; a protocol error when the
    /// answer is no elicitation result at all.
    pub fn elicit<T: DeserializeOwned>(
        &mut self,
        id: &str,
        message: &str,
        schema: Value,
    ) -> Result<Option<Elicited<T>>, Interrupt> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Action {
            Accept,
            Decline,
            Cancel,
        }
        #[derive(Deserialize)]
        struct Wire {
            action: Action,
            #[serde(default)]
            content: Value,
        }
        let answered = self.answer::<Wire>(id, &Capability::Elicitation)?.and_then(|wire| {
            Some(match wire.action {
                Action::Accept => Elicited::Accepted(serde_json::from_value(wire.content).ok()?),
                Action::Decline => Elicited::Declined,
                Action::Cancel => Elicited::Cancelled,
            })
        });
        if answered.is_none() {
            let params = json!({"mode": "form", "message": message, "requestedSchema": schema});
            self.ask(id, "elicitation/create", params);
        }
        Ok(answered)
    }

    /// What the client's model says to `params` (of `sampling/createMessage`), or the question is
    /// put on the list. Deprecated by 2026-07-28, for servers that still need it.
    ///
    /// # Errors
    /// As [`Ask::elicit`].
    pub fn sample(&mut self, id: &str, params: Value) -> Result<Option<Value>, Interrupt> {
        let answered = self.answer(id, &Capability::Sampling)?;
        if answered.is_none() {
            self.ask(id, "sampling/createMessage", params);
        }
        Ok(answered)
    }

    /// The client's roots (`{"roots": […]}`), or the question is put on the list. Deprecated by
    /// 2026-07-28.
    ///
    /// # Errors
    /// As [`Ask::elicit`].
    pub fn roots(&mut self, id: &str) -> Result<Option<Value>, Interrupt> {
        let answered = self.answer(id, &Capability::Roots)?;
        if answered.is_none() {
            self.ask(id, "roots/list", json!({}));
        }
        Ok(answered)
    }

    /// What to find in [`CallContext::state`] on the next round.
    pub fn remember(&mut self, state: impl Into<Vec<u8>>) {
        self.pending.state = Some(state.into());
    }

    /// Goes on when nothing is left to ask.
    ///
    /// # Errors
    /// [`Interrupt::InputRequired`] with what is.
    pub fn finish(self) -> Result<(), Interrupt> {
        if self.pending.requests.is_empty() {
            Ok(())
        } else {
            Err(Interrupt::InputRequired(self.pending))
        }
    }

    fn answer<T: DeserializeOwned>(
        &self,
        id: &str,
        needs: &Capability,
    ) -> Result<Option<T>, Interrupt> {
        if !self.cx.can_ask(needs) {
            return Err(Interrupt::MissingCapability(needs.clone()));
        }
        let Some(answer) = self.cx.take_answer(id) else {
            return Ok(None);
        };
        serde_json::from_value(answer.clone()).map(Some).map_err(|err| {
            Interrupt::Protocol(ErrorObject::invalid_params(format!(
                "inputResponses[{id:?}]: {err}"
            )))
        })
    }

    fn ask(&mut self, id: &str, method: &'static str, params: Value) {
        self.pending.requests.insert(id.to_owned(), InputRequest { method, params });
    }
}
