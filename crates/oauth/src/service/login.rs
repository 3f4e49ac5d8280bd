//! Login: the form of the development login, and the way back from an identity provider.

use bytes::Bytes;
use http::{Response, header};

use super::exchange::Exchange;
use super::respond::{self, Interrupted};
use super::{Login, Server};
use crate::authorize::read_query;
use crate::consent::SentFrom;
use crate::cookie::Cookie;
use crate::form::Form;
use crate::limits::Counted;
use crate::login::{Person, callback};
use crate::page::LoginPage;
use crate::refusal::{Refusal, Stop};
use crate::secret::{Secret, SecretHash};
use crate::store::{Store, StoreError};
use crate::transaction::{Transaction, TransactionState};

impl<S: Store> Server<S> {
    /// `POST /oauth/login`
    pub(super) async fn login(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let Login::Development(people) = &self.login else { return Ok(respond::not_found()) };
        let form = form(exchange)?;
        let transaction = self.transaction(exchange).await?;
        let (sent_from, now) = (sent_from(exchange), exchange.now);
        let person =
            people.submitted(&form, sent_from, transaction.as_ref(), &self.settings, now)?;
        // `submitted` refuses when there is none.
        let transaction = transaction.ok_or(Refusal::NotBegun)?;
        if let Some(person) = person {
            return self.logged_in(person, &transaction, exchange).await;
        }
        self.limits.count(&self.store, Counted::WrongPassword(exchange.source), now).await?;
        exchange.said.error = Some("wrong_password".into());
        let client = self.client(&transaction.request.client, exchange).await?;
        let client = client.ok_or(Refusal::UnknownClient)?;
        let field = |name| form.get(name).unwrap_or_default();
        Ok(LoginPage { client: &client, state: field("state"), wrong: Some(field("user")) }
            .respond())
    }

    /// `GET /oauth/callback`: somebody comes back from an identity provider.
    pub(super) async fn callback(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let Login::Provider(broker) = &self.login else { return Ok(respond::not_found()) };
        let form = read_query(exchange.query().unwrap_or_default())?;
        let transaction = self.transaction(exchange).await?;
        let (upstream, now) = (broker.upstream(), exchange.now);
        let back = callback(&form, transaction.as_ref(), upstream, &self.settings, now);
        if let (Err(Stop::Return { .. }), Some(transaction)) = (&back, &transaction) {
            self.take_answer(transaction).await?;
        }
        let code = back?;
        let person = broker.finish(&code, now).await?;
        // `callback` refuses when there is none.
        let transaction = transaction.as_ref().ok_or(Refusal::NotBegun)?;
        self.logged_in(person, transaction, exchange).await
    }

    /// Begins a session, in the place of one that the browser may have had, and asks for consent.
    pub(super) async fn logged_in(
        &self,
        person: Person,
        transaction: &Transaction,
        exchange: &Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let lifetimes = &self.settings.lifetimes;
        let cookie = Secret::random()?;
        let session = person.into_session(&cookie, lifetimes, exchange.now);
        self.store.put_session(&session).await?;
        let asked = TransactionState::Consent { session: session.hash };
        if !self.store.advance_transaction(transaction.hash, &transaction.step, &asked).await? {
            return Err(Refusal::AlreadyUsed.into());
        }
        if let Some(before) = self.cookies.read(Cookie::Session, &exchange.head.headers) {
            self.store.delete_session(SecretHash::of(before)).await?;
        }
        let cookie = self.cookies.set(Cookie::Session, &cookie, lifetimes.session);
        let mut response = self.to_consent();
        let cookie = cookie.map_err(http::Error::from)?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// The transaction that this browser began last.
    pub(super) async fn transaction(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Option<Transaction>, StoreError> {
        let Some(cookie) = self.cookies.read(Cookie::Transaction, &exchange.head.headers) else {
            return Ok(None);
        };
        let transaction = self.store.transaction(SecretHash::of(cookie)).await?;
        exchange.said.client = transaction.as_ref().map(|it| it.request.client.clone());
        Ok(transaction)
    }
}

/// The form that a page of ours sent.
pub(super) fn form(exchange: &Exchange<'_>) -> Result<Form, Refusal> {
    let form = Form::of_request(&exchange.head.headers, exchange.query(), exchange.body);
    form.map_err(|_| Refusal::Malformed)
}

pub(super) fn sent_from<'a>(exchange: &Exchange<'a>) -> SentFrom<'a> {
    SentFrom { origin: exchange.header("origin"), site: exchange.header("sec-fetch-site") }
}
