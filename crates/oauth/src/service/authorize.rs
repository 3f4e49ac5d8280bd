//! `GET /oauth/authorize`: from a client's request to a login, a question, or at once to a code.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use super::exchange::Exchange;
use super::respond::{self, Interrupted};
use super::{Login, Server};
use crate::authorize::{AuthorizationRequest, Next, Prompt, authorize, client_id, read_query};
use crate::client::Client;
use crate::consent::{Approval, FreshGrant, approve};
use crate::cookie::Cookie;
use crate::limits::Counted;
use crate::login::Begun;
use crate::page::LoginPage;
use crate::paths;
use crate::secret::{Secret, SecretHash};
use crate::store::{Store, StoreError};
use crate::time::Time;
use crate::transaction::{Session, TransactionState};

/// A session is not written again for less than this, in seconds.
const UNUSED: i64 = 60;

impl<S: Store> Server<S> {
    pub(super) async fn authorize(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let now = exchange.now;
        self.limits.count(&self.store, Counted::Authorization(exchange.source), now).await?;
        let form = read_query(exchange.query().unwrap_or_default())?;
        let id = client_id(&form)?;
        exchange.said.client = Some(id.clone());
        let client = self.client(&id, exchange).await?;
        let request = authorize(&form, client.as_ref(), &self.settings, now)?;
        // `authorize` refuses when there is no client.
        let client = client.ok_or(crate::Refusal::UnknownClient)?;
        let session = self.session(exchange).await?;
        let remembered = match &session {
            Some((_, session)) => {
                self.store.consent(&request.consent_key(&session.subject)).await?
            }
            None => None,
        };
        let known = session.as_ref().map(|(_, session)| session);
        let next = request.next(&client, known, remembered.as_ref(), &self.settings, now)?;
        match (next, session) {
            (Next::Approve, Some((_, session))) => {
                self.grant(&request, &client, &session, exchange).await
            }
            (Next::AskConsent { session }, _) => {
                let step = TransactionState::Consent { session };
                let cookie = self.begin(request, step, now).await?;
                let mut response = self.to_consent();
                response.headers_mut().append(header::SET_COOKIE, cookie);
                Ok(response)
            }
            _ => self.begin_login(request, &client, now).await,
        }
    }

    /// Keeps a request until its person has answered; the cookie is all that leads to it.
    async fn begin(
        &self,
        request: AuthorizationRequest,
        step: TransactionState,
        now: Time,
    ) -> Result<HeaderValue, Interrupted> {
        let id = Secret::random()?;
        let transaction = request.into_transaction(id.hash(), step, &self.settings, now);
        self.store.add_transaction(&transaction).await?;
        let max_age = self.settings.lifetimes.transaction;
        Ok(self.cookies.set(Cookie::Transaction, &id, max_age).map_err(http::Error::from)?)
    }

    async fn begin_login(
        &self,
        request: AuthorizationRequest,
        client: &Client,
        now: Time,
    ) -> Result<Response<Bytes>, Interrupted> {
        let again = matches!(request.prompt, Prompt::AsNeeded { login: true, .. });
        let (mut response, step) = match &self.login {
            Login::Development(_) => {
                let state = Secret::random()?;
                let page = LoginPage { client, state: state.expose(), wrong: None }.respond();
                (page, TransactionState::of_login_here(&state))
            }
            Login::Provider(broker) => {
                let Begun { location, step } = broker.begin(again).await?;
                (respond::return_to(&location)?, step)
            }
        };
        let cookie = self.begin(request, step, now).await?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    pub(super) fn to_consent(&self) -> Response<Bytes> {
        respond::see_other(HeaderValue::from_static(paths::CONSENT))
    }

    /// Who is logged in in this browser, and the cookie that says so.
    pub(super) async fn session<'a>(
        &self,
        exchange: &Exchange<'a>,
    ) -> Result<Option<(&'a str, Session)>, StoreError> {
        let Some(cookie) = self.cookies.read(Cookie::Session, &exchange.head.headers) else {
            return Ok(None);
        };
        let session = self.store.session(SecretHash::of(cookie)).await?;
        let is_live = |it: &Session| it.is_live(&self.settings.lifetimes, exchange.now);
        let Some(mut session) = session.filter(is_live) else { return Ok(None) };
        if session.used_at.0 + UNUSED <= exchange.now.0 {
            session.used_at = exchange.now;
            self.store.put_session(&session).await?;
        }
        Ok(Some((cookie, session)))
    }

    /// Grants a request, and sends the browser to the client with a code.
    pub(super) async fn grant(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        session: &Session,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let (fresh, now) = (FreshGrant::random()?, exchange.now);
        let Approval { grant, code, remember, location } =
            approve(request, client, session, fresh, &self.settings, now)?;
        exchange.said.grant = Some(grant.id.clone());
        self.store.add_grant(&grant, &code).await?;
        if let Some((key, consent)) = remember {
            self.store.put_consent(&key, &consent).await?;
        }
        Ok(respond::return_to(&location)?)
    }
}
