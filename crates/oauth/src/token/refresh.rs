//! `grant_type=refresh_token` (OAuth 2.1, section 4.3): each token is used once, but for a short time
//! in which the answer may have been lost.

use super::{
    FreshToken, TokenEndpoint, TokenResponse, asked_scopes, check_resource, invalid_grant, required,
};
use crate::client::Client;
use crate::error::Failure;
use crate::form::Form;
use crate::grant::{Grant, RefreshState, RefreshToken};
use crate::lifetimes::Lifetimes;
use crate::secret::SecretHash;
use crate::store::{Rotated, Store};
use crate::time::Time;

/// What is to be done with a refresh token that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It is good; this is its state afterwards.
    Good(RefreshState),
    /// It was used too often in too short a time: refused, and no harm done.
    TooOften,
    /// It was used long ago, by somebody else.
    Stolen,
}

impl Use {
    fn of(state: RefreshState, lifetimes: &Lifetimes, now: Time) -> Self {
        match state {
            RefreshState::Active => Self::Good(RefreshState::Rotated { at: now, graces: 0 }),
            RefreshState::Rotated { at, .. } if at.after(lifetimes.grace) < now => Self::Stolen,
            RefreshState::Rotated { graces, .. } if graces >= lifetimes.graces => Self::TooOften,
            // The window stays where it was: it cannot be moved on and on.
            RefreshState::Rotated { at, graces } => {
                Self::Good(RefreshState::Rotated { at, graces: graces + 1 })
            }
        }
    }
}

impl<S: Store> TokenEndpoint<'_, S> {
    pub(super) async fn refresh(
        &self,
        client: &Client,
        form: &Form,
        fresh: FreshToken,
        now: Time,
    ) -> Result<TokenResponse, Failure> {
        let hash = SecretHash::of(required(form, "refresh_token")?);
        let (mut used, mut after, grant) = self.usable(hash, client, now).await?;
        check_resource(form, &used.resource)?;
        let scopes = asked_scopes(form, &used.scopes, self.registry)?;
        let mut answer = self.answer_for(&grant, &scopes, &fresh, now).await?;
        let successor = RefreshToken {
            hash: fresh.refresh_token.hash(),
            state: RefreshState::Active,
            expires_at: now.after(self.lifetimes.refresh_token).min(grant.expires_at),
            ..used.clone()
        };
        self.keep(client, now).await?;
        // Who comes at the same time moves the state on, which happens as often as there are graces.
        for _ in 0..=self.lifetimes.graces {
            if self.store.rotate(&used, &after, &successor).await? == Rotated::Now {
                answer.refresh_token = Some(fresh.refresh_token.expose().to_owned());
                return Ok(answer);
            }
            (used, after, _) = self.usable(hash, client, now).await?;
        }
        Err(invalid_grant().into())
    }

    /// The refresh token of this hash as it is, as it will be once it is used, and its grant.
    async fn usable(
        &self,
        hash: SecretHash,
        client: &Client,
        now: Time,
    ) -> Result<(RefreshToken, RefreshToken, Grant), Failure> {
        // To any other client the token is unknown, and stays good for its own.
        let token = self.store.refresh_token(hash).await?.filter(|it| it.client == client.id);
        let token = token.ok_or_else(invalid_grant)?;
        let grant = self.grant(&token.grant, client, now).await?;
        let state = match Use::of(token.state, self.lifetimes, now) {
            Use::Good(state) if !token.expires_at.has_come(now) => state,
            Use::Good(_) | Use::TooOften => return Err(invalid_grant().into()),
            Use::Stolen => {
                tracing::warn!(grant.id = grant.id.0, %client.id, "refresh token used again");
                self.store.revoke_grant(&grant.id).await?;
                return Err(invalid_grant().into());
            }
        };
        let after = RefreshToken { state, ..token.clone() };
        Ok((token, after, grant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t27_t28_a_used_token_is_good_for_a_minute_and_four_times() {
        let lifetimes = Lifetimes::default();
        let rotated = |at, graces| RefreshState::Rotated { at: Time(at), graces };
        for (state, now, expected) in [
            (RefreshState::Active, 1000, Use::Good(rotated(1000, 0))),
            (rotated(1000, 0), 1000, Use::Good(rotated(1000, 1))),
            (rotated(1000, 3), 1060, Use::Good(rotated(1000, 4))),
            (rotated(1000, 4), 1060, Use::TooOften),
            (rotated(1000, 0), 1061, Use::Stolen),
            (rotated(1000, 4), 1061, Use::Stolen),
            // Two clocks differ.
            (rotated(1000, 0), 990, Use::Good(rotated(1000, 1))),
        ] {
            assert_eq!(Use::of(state, &lifetimes, Time(now)), expected, "{state:?} at {now}");
        }
    }
}
