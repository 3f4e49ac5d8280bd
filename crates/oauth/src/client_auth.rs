//! Which client asks, and whether it is that client (OAuth 2.1, section 2.4).

mod assertion;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};

pub use assertion::AssertionAudience;

use crate::client::{AuthMethod, Client, ClientId, Secrets};
use crate::error::{ErrorCode, Failure, OauthError};
use crate::form::{Form, decode};
use crate::secret::SecretHash;
use crate::store::Store;
use crate::time::Time;

/// The ways that clients may prove who they are, as they are published (RFC 8414, section 2:
/// `token_endpoint_auth_methods_supported`).
pub(crate) const AUTH_METHODS: [&str; 4] =
    ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
/// What a client may sign its assertion with (`token_endpoint_auth_signing_alg_values_supported`).
pub(crate) const ASSERTION_ALGORITHMS: [&str; 2] = ["RS256", "ES256"];

/// Who a request says it is from, and how it proves it. Secret and assertion are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientProof {
    id: ClientId,
    presented: Presented,
}

#[derive(Clone, PartialEq, Eq)]
enum Presented {
    Nothing,
    Basic(String),
    Post(String),
    Assertion(String),
}

/// The one answer to whom is not a client: an unknown one is not told from a wrong secret.
fn refused() -> OauthError {
    OauthError::new(ErrorCode::InvalidClient, "the client is unknown or has not proven who it is")
}

fn ambiguous(why: &'static str) -> OauthError {
    OauthError::new(ErrorCode::InvalidRequest, why)
}

impl ClientProof {
    /// What the header and the form say.
    ///
    /// A `client_id` beside the header is taken when both name the same client, since the Python SDK
    /// of MCP sends both; a second secret never is. An assertion needs none beside it (RFC 7521,
    /// section 4.2).
    ///
    /// # Errors
    /// `invalid_request` when there are two proofs or two clients, else `invalid_client`.
    pub fn of(headers: &HeaderMap, form: &Form) -> Result<Self, OauthError> {
        let in_form = form.get("client_id").map(str::parse::<ClientId>).transpose();
        let in_form = in_form.map_err(|_| refused())?;
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next();
        // An HTTP API joins two headers by a comma, which no credentials of this kind have.
        let joined = value.is_some_and(|value| value.as_bytes().contains(&b','));
        if joined || values.next().is_some() {
            return Err(ambiguous("there is more than one Authorization header"));
        }
        let secret = form.get("client_secret");
        if let Some(assertion) = form.get("client_assertion") {
            if value.is_some() || secret.is_some() {
                return Err(ambiguous("there is an assertion and another proof"));
            }
            if form.get("client_assertion_type") != Some(assertion::JWT_BEARER) {
                return Err(refused());
            }
            let id =
                in_form.or_else(|| assertion::claimed_client(assertion)).ok_or_else(refused)?;
            return Ok(Self { id, presented: Presented::Assertion(assertion.to_owned()) });
        }
        let Some(value) = value else {
            let id = in_form.ok_or_else(refused)?;
            let presented =
                secret.map_or(Presented::Nothing, |secret| Presented::Post(secret.to_owned()));
            return Ok(Self { id, presented });
        };
        let (id, password) = basic(value.as_bytes()).ok_or_else(refused)?;
        if secret.is_some() {
            return Err(ambiguous("there is a secret in the header and another in the body"));
        }
        if in_form.is_some_and(|in_form| in_form != id) {
            return Err(ambiguous("the header and the body name two clients"));
        }
        Ok(Self { id, presented: Presented::Basic(password) })
    }

    /// The client that it is said to be.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.id
    }

    /// The client, once it is proven, whichever way: `client` is what is known under the id. An
    /// assertion is good once; that it was used is kept in `store`.
    ///
    /// # Errors
    /// As [`check`](Self::check), or when the store does not answer. Whoever has signed an assertion
    /// with the client's key is told what else is wrong with it.
    pub async fn prove<S: Store>(
        &self,
        client: Option<Client>,
        audience: AssertionAudience<'_>,
        store: &S,
        now: Time,
    ) -> Result<Client, Failure> {
        let Presented::Assertion(assertion) = &self.presented else {
            return Ok(self.check(client, now)?);
        };
        let client = client.filter(|client| is_there(client, now)).ok_or_else(refused)?;
        let AuthMethod::PrivateKeyJwt(keys) = &client.auth_method else {
            return Err(refused().into());
        };
        let once = assertion::check(assertion, &client.id, keys, audience, now)?;
        // Of any number at a time one is the first.
        if store.count(&once.key, once.window).await? != 1 {
            return Err(assertion::wrong("the assertion was used before").into());
        }
        Ok(client)
    }

    /// The client, once it is proven by what needs no store: a secret, or being public. An assertion
    /// proves nothing here; ask [`prove`](Self::prove). `client` is what is known under the id.
    ///
    /// # Errors
    /// `invalid_client`, with the same words and after the same work whether there is no such client,
    /// it has ended, the secret is wrong, or it is sent in another way than registered.
    pub fn check(&self, client: Option<Client>, now: Time) -> Result<Client, OauthError> {
        let client = client.filter(|client| is_there(client, now));
        let nobody = Secrets { current: SecretHash::of(self.id.as_str()), other: None };
        let (method, presented) = (client.as_ref().map(|it| &it.auth_method), &self.presented);
        let proven = match (method, presented) {
            (Some(AuthMethod::None), Presented::Nothing) => true,
            (Some(AuthMethod::Basic(secrets)), Presented::Basic(secret))
            | (Some(AuthMethod::Post(secrets)), Presented::Post(secret)) => secrets.accept(secret),
            (_, Presented::Basic(secret) | Presented::Post(secret)) => {
                let _ = nobody.accept(secret);
                false
            }
            (_, Presented::Nothing | Presented::Assertion(_)) => false,
        };
        client.filter(|_| proven).ok_or_else(refused)
    }
}

fn is_there(client: &Client, now: Time) -> bool {
    client.expires_at.is_none_or(|end| !end.has_come(now))
}

impl fmt::Debug for ClientProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientProof({})", self.id)
    }
}

/// Id and secret, each of which was encoded as in a form before they were joined (RFC 6749, section
/// 2.3.1).
fn basic(value: &[u8]) -> Option<(ClientId, String)> {
    let (scheme, rest) = value.split_at_checked("basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim_ascii_start()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((decode(id).ok()?.parse().ok()?, decode(secret).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{ClientOrigin, GrantType};
    use proptest::prelude::*;

    const NOW: Time = Time(1_750_000_000);
    const ID: &str = "c_2yjU0sUuC3";
    const SECRET: &str = "c5Vd8xk3Zl_q-1";

    fn secrets() -> Secrets {
        Secrets { current: SecretHash::of(SECRET), other: Some(SecretHash::of("the-next")) }
    }

    fn client(id: &str, auth_method: AuthMethod) -> Client {
        Client {
            id: id.parse().unwrap(),
            origin: ClientOrigin::Registered,
            name: None,
            redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            auth_method,
            scopes: "mcp/invoke".parse().unwrap(),
            tenant: None,
            created_at: NOW,
            expires_at: None,
            registration_token: None,
        }
    }

    fn basic(pair: impl AsRef<[u8]>) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn proof(authorization: &[&str], form: &str) -> Result<ClientProof, OauthError> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        ClientProof::of(&headers, &Form::parse(form).unwrap())
    }

    /// `None` when the client is let in, else the code of the error.
    #[track_caller]
    fn asked(client: &Client, authorization: &[&str], form: &str) -> Option<&'static str> {
        let checked = proof(authorization, form).and_then(|proof| {
            let known = Some(client.clone()).filter(|client| client.id == *proof.client_id());
            proof.check(known, NOW)
        });
        match checked {
            Ok(checked) => {
                assert_eq!(checked, *client);
                None
            }
            Err(error) => Some(error.code.as_str()),
        }
    }

    #[test]
    fn t16_t17_an_unknown_client_is_not_told_from_a_wrong_secret() {
        for (method, wrong, unknown) in [
            (AuthMethod::Basic(secrets()), (basic(format!("{ID}:no")), ""), (basic("x:no"), "")),
            (
                AuthMethod::Post(secrets()),
                (String::new(), "client_id=c_2yjU0sUuC3&client_secret=no"),
                (String::new(), "client_id=x&client_secret=no"),
            ),
        ] {
            let answer = |(header, form): (String, &str), client: Option<Client>| {
                let header = Some(&*header).filter(|header| !header.is_empty());
                proof(header.as_slice(), form).unwrap().check(client, NOW).unwrap_err()
            };
            let client = client(ID, method);
            let ended = Client { expires_at: Some(NOW), ..client.clone() };
            let expected = answer(wrong.clone(), Some(client));
            assert_eq!(expected.code, ErrorCode::InvalidClient);
            assert_eq!(answer(unknown, None), expected);
            assert_eq!(answer(wrong.clone(), None), expected, "deleted");
            assert_eq!(answer(wrong, Some(ended)), expected, "ended");
        }
    }

    #[test]
    fn the_id_of_an_unknown_client_is_no_secret_that_lets_it_in() {
        let proof = proof(&[&basic("x:x")], "").unwrap();
        assert!(proof.check(None, NOW).is_err());
    }

    #[test]
    fn both_secrets_are_good_while_one_takes_the_place_of_the_other() {
        let client = client(ID, AuthMethod::Basic(secrets()));
        for secret in [SECRET, "the-next"] {
            assert_eq!(asked(&client, &[&basic(format!("{ID}:{secret}"))], ""), None);
        }
    }

    #[test]
    fn t18_t19_one_secret_and_one_client_are_sent() {
        let (client, header) =
            (client(ID, AuthMethod::Basic(secrets())), basic(format!("{ID}:{SECRET}")));
        for (form, expected) in [
            ("client_id=c_2yjU0sUuC3", None),
            ("client_id=", None),
            ("client_id=another", Some("invalid_request")),
            ("client_secret=c5Vd8xk3Zl_q-1", Some("invalid_request")),
            ("client_id=c_2yjU0sUuC3&client_secret=x", Some("invalid_request")),
        ] {
            assert_eq!(asked(&client, &[&header], form), expected, "{form}");
        }
    }

    #[test]
    fn t20_id_and_secret_are_decoded_as_in_a_form() {
        let secret = "a:b %+ü";
        let secrets = Secrets { current: SecretHash::of(secret), other: None };
        let client = client("https://a.example/c", AuthMethod::Basic(secrets));
        for (pair, expected) in [
            ("https%3A%2F%2Fa.example%2Fc:a%3Ab+%25%2B%C3%BC", None),
            ("https%3a%2f%2fa.example%2fc:a:b%20%25%2b%c3%bc", None),
            ("https://a.example/c:a:b %+ü", Some("invalid_client")),
        ] {
            assert_eq!(asked(&client, &[&basic(pair)], ""), expected, "{pair}");
        }
        let plain = self::client(ID, AuthMethod::Basic(self::secrets()));
        let encoded = STANDARD.encode(format!("{ID}:{SECRET}"));
        for scheme in ["basic", "BASIC", "Basic "] {
            assert_eq!(asked(&plain, &[&format!("{scheme} {encoded}")], ""), None, "{scheme}");
        }
    }

    #[test]
    fn t21_malformed_basic_proves_nobody() {
        let client = client(ID, AuthMethod::Basic(secrets()));
        let unpadded = basic(format!("{ID}:{SECRET}")).trim_end_matches('=').to_owned() + "=";
        for value in [
            "Basic",
            "Basic ",
            "Basic !!!",
            &basic("nocolon"),
            &basic(b"\xff:\xff"),
            &basic(format!("{ID}%:{SECRET}")),
            &basic(format!(":{SECRET}")),
            &unpadded,
        ] {
            assert_eq!(asked(&client, &[value], ""), Some("invalid_client"), "{value}");
        }
    }

    #[test]
    fn t22_a_client_proves_itself_as_it_is_registered() {
        let header = basic(format!("{ID}:{SECRET}"));
        let post = &*format!("client_id={ID}&client_secret={SECRET}");
        let bare = &*format!("client_id={ID}");
        let assertion = &*format!("client_id={ID}&client_assertion=e30.e30.e30");
        for (method, header_ok, post_ok, bare_ok) in [
            (AuthMethod::Basic(secrets()), true, false, false),
            (AuthMethod::Post(secrets()), false, true, false),
            (AuthMethod::None, false, false, true),
        ] {
            let client = client(ID, method);
            let expected = |ok: bool| (!ok).then_some("invalid_client");
            assert_eq!(asked(&client, &[&header], ""), expected(header_ok), "{client:?}");
            assert_eq!(asked(&client, &[], post), expected(post_ok), "{client:?}");
            assert_eq!(asked(&client, &[], bare), expected(bare_ok), "{client:?}");
            assert_eq!(asked(&client, &[], assertion), expected(false), "{client:?}");
            assert_eq!(asked(&client, &[], ""), expected(false), "{client:?}");
        }
    }

    #[test]
    fn t23_two_headers_are_malformed_and_a_bearer_token_is_no_client() {
        let client = client(ID, AuthMethod::Basic(secrets()));
        let good = basic(format!("{ID}:{SECRET}"));
        let joined = format!("{good},{good}");
        assert_eq!(asked(&client, &[&good, &good], ""), Some("invalid_request"));
        assert_eq!(asked(&client, &[&joined], ""), Some("invalid_request"));
        assert_eq!(asked(&client, &["Bearer e30.e30.e30"], ""), Some("invalid_client"));
        let public = self::client(ID, AuthMethod::None);
        let form = format!("client_id={ID}");
        assert_eq!(asked(&public, &["Bearer e30.e30.e30"], &form), Some("invalid_client"));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let proof = proof(&[&basic(format!("{ID}:{SECRET}"))], "").unwrap();
        assert_eq!(format!("{proof:?}"), format!("ClientProof({ID})"));
    }

    proptest! {
        #[test]
        fn no_header_panics(
            header in "(?i:basic) {0,2}[A-Za-z0-9+/=]{0,20}|[ -~]{0,20}",
            form in "(client_(id|secret)=[a-z]{0,3}&){0,3}",
        ) {
            let _ = proof(&[&header], &form);
        }

        #[test]
        fn what_is_encoded_for_the_header_is_read_back(secret in "\\PC{1,20}") {
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
            };
            let secrets = Secrets { current: SecretHash::of(&secret), other: None };
            let client = client(ID, AuthMethod::Basic(secrets));
            let header = basic(format!("{}:{}", encode(ID), encode(&secret)));
            prop_assert_eq!(asked(&client, &[&header], ""), None);
        }
    }
}
