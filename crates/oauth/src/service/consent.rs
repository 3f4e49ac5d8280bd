//! `/oauth/consent`: the question, and the answer to it.

use bytes::Bytes;
use http::Response;

use super::Server;
use super::exchange::Exchange;
use super::login::{form, sent_from};
use super::respond::Interrupted;
use crate::client::Client;
use crate::consent::{Answer, Presented, answer, csrf_token, deny, may_answer};
use crate::page::ConsentPage;
use crate::refusal::Refusal;
use crate::store::Store;
use crate::transaction::{Transaction, TransactionState};

impl<S: Store> Server<S> {
    /// `GET`: asks, unless the person has agreed to the same before.
    pub(super) async fn ask_consent(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let transaction = self.transaction(exchange).await?.ok_or(Refusal::NotBegun)?;
        let presented = self.session(exchange).await?;
        let session = presented.as_ref().map(|(_, session)| session);
        may_answer(&transaction, session, &self.settings, exchange.now)?;
        // `may_answer` refuses when nobody is logged in.
        let (cookie, session) = presented.ok_or(Refusal::Forged)?;
        let client = self.client_of(&transaction, exchange).await?;
        let request = &transaction.request;
        let remembered = self.store.consent(&request.consent_key(&session.subject)).await?;
        if request.is_agreed(&client, remembered.as_ref(), exchange.now) {
            self.take_answer(&transaction).await?;
            return self.grant(request, &client, &session, exchange).await;
        }
        let csrf = csrf_token(cookie, transaction.hash);
        Ok(ConsentPage { client: &client, request, session: &session, csrf: &csrf }.respond()?)
    }

    /// `POST`: does as the person says.
    pub(super) async fn answer_consent(
        &self,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let form = form(exchange)?;
        let transaction = self.transaction(exchange).await?;
        let session = self.session(exchange).await?;
        let presented = session.as_ref().map(|(cookie, session)| Presented { cookie, session });
        let (from, settings) = (sent_from(exchange), &self.settings);
        let answer = answer(&form, from, transaction.as_ref(), presented, settings, exchange.now)?;
        // `answer` refuses when there is neither.
        let transaction = transaction.ok_or(Refusal::NotBegun)?;
        let (_, session) = session.ok_or(Refusal::Forged)?;
        match answer {
            Answer::Approve => {
                let client = self.client_of(&transaction, exchange).await?;
                self.take_answer(&transaction).await?;
                self.grant(&transaction.request, &client, &session, exchange).await
            }
            Answer::Deny => {
                self.take_answer(&transaction).await?;
                Err(deny(&transaction.request, settings).into())
            }
        }
    }

    /// The first answer counts, and no other. The browser keeps its cookie, so that whoever goes
    /// back and answers again is told why nothing comes of it.
    pub(super) async fn take_answer(&self, transaction: &Transaction) -> Result<(), Interrupted> {
        let done = TransactionState::Done;
        if self.store.advance_transaction(transaction.hash, &transaction.step, &done).await? {
            Ok(())
        } else {
            Err(Refusal::AlreadyUsed.into())
        }
    }

    /// The client that asks, if it still is one.
    async fn client_of(
        &self,
        transaction: &Transaction,
        exchange: &Exchange<'_>,
    ) -> Result<Client, Interrupted> {
        let client = self.client(&transaction.request.client, exchange).await?;
        let client =
            client.filter(|it| it.expires_at.is_none_or(|end| !end.has_come(exchange.now)));
        Ok(client.ok_or(Refusal::UnknownClient)?)
    }
}
