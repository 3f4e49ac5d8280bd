//! Signed statements that are no access tokens, such as the ID token of a login and the assertion of
//! a client: who signed them is verified here, and nothing else about them.

use std::sync::Arc;

use serde_json::{Map, Value};
use service_kit::clock::Clock;

use crate::fetch::Fetcher;
use crate::jwks_uri::JwksUri;
use crate::key::Key;
use crate::key_set::KeySet;
use crate::keys::Keys;
use crate::token::Unverified;
use crate::verifier::Unverifiable;
use crate::verify::{Rejection, check_signature};

/// The keys that an issuer publishes, fetched when they are needed and kept as those of a
/// [`Verifier`](crate::Verifier) are.
#[derive(Debug)]
pub struct PublishedKeys(Keys);

impl PublishedKeys {
    /// The keys at `uri`; `issuer` is for the log. Nothing is fetched yet.
    #[must_use]
    pub fn new(issuer: &str, uri: JwksUri, clock: Arc<dyn Clock>) -> Self {
        Self(Keys::new(issuer, uri, None, Fetcher::new(), clock))
    }

    /// What a JWS in compact form says (RFC 7515), once it is found to be signed with one of these
    /// keys, by RS256 or ES256 as the key is. It must name its key (`kid`).
    ///
    /// **No claim is checked**: neither `iss`, nor `aud`, nor `exp`, nor what kind of token it is.
    ///
    /// # Errors
    /// When it is refused, or the keys cannot be had.
    pub async fn claims(&self, token: &str) -> Result<Map<String, Value>, Unverifiable> {
        let token = Unverified::parse(token)?;
        let key = self.0.find(token.kid()?).await?;
        Ok(signed_with(token, &key)?)
    }
}

/// What a JWS in compact form says (RFC 7515), once it is found to be signed with one of `keys`, by
/// RS256 or ES256 as the key is. It need not name its key (`kid`) where only one is of its kind.
///
/// **No claim is checked**: neither `iss`, nor `aud`, nor `exp`, nor what kind of token it is.
///
/// # Errors
/// Why it is refused.
pub fn signed_claims(token: &str, keys: &KeySet) -> Result<Map<String, Value>, Rejection> {
    let token = Unverified::parse(token)?;
    let key = match token.kid() {
        Ok(kid) => keys.get(kid).ok_or(Rejection::UnknownKey)?,
        Err(unnamed) => {
            let mut fitting = keys.iter().filter(|key| key.algorithm().as_str() == token.alg);
            let key = fitting.next().ok_or(Rejection::Algorithm)?;
            if fitting.next().is_some() {
                return Err(unnamed);
            }
            key
        }
    };
    signed_with(token, key)
}

/// What a JWS in compact form says, **with nothing verified**: to find the keys that it must be
/// verified with, and for nothing else.
///
/// # Errors
/// When it is none.
pub fn unverified_claims(token: &str) -> Result<Map<String, Value>, Rejection> {
    Ok(Unverified::parse(token)?.claims.into_map())
}

fn signed_with(token: Unverified<'_>, key: &Key) -> Result<Map<String, Value>, Rejection> {
    check_signature(&token, key)?;
    Ok(token.claims.into_map())
}

#[cfg(test)]
mod tests {
    use service_kit::clock::ManualClock;

    use super::*;
    use crate::publisher::{Answer, Publisher, jwks};
    use crate::signer::{Signer, base64};

    /// None of these claims would do for an access token.
    const CLAIMS: &str = r#"{"iss":7,"exp":0,"nonce":"n"}"#;

    fn keys(signers: &[&Signer]) -> KeySet {
        jwks(signers).parse().unwrap()
    }

    /// `CLAIMS` under a header of these members.
    fn token(signer: &Signer, header: &str) -> String {
        signer.token(header, CLAIMS)
    }

    fn nonce(claims: &Map<String, Value>) -> Option<&str> {
        claims.get("nonce").and_then(Value::as_str)
    }

    #[tokio::test]
    async fn what_an_issuer_has_signed_is_told_whatever_it_says() {
        let (es, rs) = (Signer::es256("k1"), Signer::rs256("k2"));
        let publisher = Publisher::start(Answer::keys(&[&es, &rs])).await;
        let clock = Arc::new(ManualClock::new(1_750_000_000_000));
        let uri = publisher.issuer().jwks_uri;
        let published = PublishedKeys::new(&publisher.url, uri, clock);
        assert_eq!(publisher.fetches(), 0);
        for (signer, header) in
            [(&es, r#"{"alg":"ES256","kid":"k1"}"#), (&rs, r#"{"alg":"RS256","kid":"k2"}"#)]
        {
            let claims = published.claims(&token(signer, header)).await.unwrap();
            assert_eq!(nonce(&claims), Some("n"));
        }
        let other = Signer::es256("k1");
        for (token, expected) in [
            (token(&other, r#"{"alg":"ES256","kid":"k1"}"#), Rejection::Signature),
            (token(&es, r#"{"alg":"ES256","kid":"k3"}"#), Rejection::UnknownKey),
            (token(&es, r#"{"alg":"ES256"}"#), Rejection::Kid),
            (token(&es, r#"{"alg":"RS256","kid":"k1"}"#), Rejection::Algorithm),
            (token(&es, r#"{"alg":"HS256","kid":"k1"}"#), Rejection::Algorithm),
            (token(&es, r#"{"alg":"none","kid":"k1"}"#), Rejection::Algorithm),
            ("a.b".to_owned(), Rejection::Malformed),
        ] {
            let refused = published.claims(&token).await.unwrap_err();
            assert_eq!(refused, Unverifiable::Rejected(expected), "{token}");
        }
        assert_eq!(publisher.fetches(), 2, "once more for the key that is unknown");
    }

    #[tokio::test]
    async fn keys_that_cannot_be_had_make_no_token_a_bad_one() {
        let publisher = Publisher::start(Answer::of("503 Down", "", "")).await;
        let clock = Arc::new(ManualClock::new(1_750_000_000_000));
        let uri = publisher.issuer().jwks_uri;
        let published = PublishedKeys::new(&publisher.url, uri, clock);
        let signed = token(&Signer::es256("k1"), r#"{"alg":"ES256","kid":"k1"}"#);
        let refused = published.claims(&signed).await;
        assert!(matches!(refused, Err(Unverifiable::Unavailable { .. })), "{refused:?}");
    }

    #[test]
    fn a_key_need_not_be_named_where_one_is_of_its_kind() {
        let (one, two, rsa) = (Signer::es256("k1"), Signer::es256("k2"), Signer::rs256("k3"));
        let unnamed = token(&one, r#"{"alg":"ES256"}"#);
        assert!(signed_claims(&unnamed, &keys(&[&one])).is_ok());
        assert!(signed_claims(&unnamed, &keys(&[&one, &rsa])).is_ok());
        for (set, expected) in [
            (keys(&[&one, &two]), Rejection::Kid),
            (keys(&[&two]), Rejection::Signature),
            (keys(&[&rsa]), Rejection::Algorithm),
        ] {
            assert_eq!(signed_claims(&unnamed, &set), Err(expected), "{set:?}");
        }
        let named = token(&one, r#"{"alg":"ES256","kid":"k1"}"#);
        assert!(signed_claims(&named, &keys(&[&one, &two])).is_ok());
        assert_eq!(signed_claims(&named, &keys(&[&two])), Err(Rejection::UnknownKey));
        for alg in ["none", "HS256", "ES384", "es256"] {
            let token = token(&one, &format!(r#"{{"alg":"{alg}"}}"#));
            assert_eq!(signed_claims(&token, &keys(&[&one])), Err(Rejection::Algorithm), "{alg}");
        }
    }

    #[test]
    fn what_a_token_says_of_itself_needs_no_key() {
        let forged = format!("{}.{}.AA", base64(r#"{"alg":"none"}"#), base64(CLAIMS));
        assert_eq!(nonce(&unverified_claims(&forged).unwrap()), Some("n"));
        assert_eq!(unverified_claims("e30.e30"), Err(Rejection::Malformed));
    }
}
