//! Tokens with the claims Cognito gives them, and with any others that a test wants.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Cognito, CognitoError};
use crate::uuid;

/// Which token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token: `token_use` is `access`, the client is in `client_id`.
    Access,
    /// An ID token: `token_use` is `id`, the client is in `aud`.
    Id,
}

/// A token to be made by [`Cognito::mint`].
///
/// ```
/// use local_aws::cognito::Mint;
///
/// let client = Mint::access("local-client").with_scopes(["mcp/invoke"]);
/// let person = Mint::access("web").with_user("ada").with_scopes(["openid", "mcp/invoke"]);
/// let expired = Mint::access("local-client").with_lifetime_s(-30);
/// let confused = Mint::id("web", "ada").with_claim("iss", serde_json::json!(["a", "b"]));
/// let forged = Mint::access("local-client").with_header("jku", "http://127.0.0.1/".into());
/// ```
#[derive(Debug, Clone)]
pub struct Mint {
    kind: TokenKind,
    client: String,
    user: Option<String>,
    scopes: Vec<String>,
    lifetime_s: i64,
    header: Vec<(String, Value)>,
    claims: Vec<(String, Option<Value>)>,
}

impl Mint {
    /// An access token for this client, which acts for nobody, has no scopes, and is valid for an
    /// hour. The client need not be one of the pool's.
    pub fn access(client: impl Into<String>) -> Self {
        Self {
            kind: TokenKind::Access,
            client: client.into(),
            user: None,
            scopes: Vec::new(),
            lifetime_s: 3_600,
            header: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// The ID token of a user, for this client.
    pub fn id(client: impl Into<String>, user: impl Into<String>) -> Self {
        Self { kind: TokenKind::Id, ..Self::access(client).with_user(user) }
    }

    /// The token of the user with this name.
    pub fn with_user(self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..self }
    }

    /// Grants these scopes. An ID token does not tell them.
    pub fn with_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// For how many seconds it is valid. The validity of a token with a negative number ended so
    /// many seconds ago, after an hour.
    pub fn with_lifetime_s(self, lifetime_s: i64) -> Self {
        Self { lifetime_s, ..self }
    }

    /// Sets a claim, whatever Cognito would put there.
    pub fn with_claim(mut self, name: impl Into<String>, value: Value) -> Self {
        self.claims.push((name.into(), Some(value)));
        self
    }

    /// Leaves a claim out.
    pub fn without_claim(mut self, name: impl Into<String>) -> Self {
        self.claims.push((name.into(), None));
        self
    }

    /// Sets a member of the JWS header. The signature remains one by RS256 and the pool's key.
    pub fn with_header(mut self, name: impl Into<String>, value: Value) -> Self {
        self.header.push((name.into(), value));
        self
    }
}

impl Cognito {
    /// Makes a token, signed with the newest key.
    ///
    /// # Errors
    /// When there is no key, or no randomness for its id.
    pub async fn mint(&self, mint: &Mint) -> Result<String, CognitoError> {
        let key = self.keys.signing().await?;
        let mut header = object(json!({"kid": key.id, "alg": "RS256"}));
        header.extend(mint.header.iter().cloned());
        let mut claims = self.claims(mint)?;
        for (name, value) in &mint.claims {
            match value {
                Some(value) => claims.insert(name.clone(), value.clone()),
                None => claims.shift_remove(name),
            };
        }
        let part = |part: Map<String, Value>| {
            BASE64_URL_SAFE_NO_PAD.encode(Value::Object(part).to_string())
        };
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }

    /// The claims in Cognito's order.
    fn claims(&self, mint: &Mint) -> Result<Map<String, Value>, CognitoError> {
        let now_s = self.clock.unix_ms().div_euclid(1_000);
        let issued_s = if mint.lifetime_s < 0 { now_s + mint.lifetime_s - 3_600 } else { now_s };
        let expires_s = now_s + mint.lifetime_s;
        let (issuer, jti, scope) = (self.issuer(), uuid::v4()?, mint.scopes.join(" "));
        let client = &mint.client;
        let mut claims = object(match (mint.kind, mint.user.as_deref()) {
            (TokenKind::Access, None) => json!({
                "sub": client,
                "token_use": "access",
                "scope": scope,
                "auth_time": issued_s,
                "iss": issuer,
                "exp": expires_s,
                "iat": issued_s,
                "version": 2,
                "jti": jti,
                "client_id": client,
            }),
            (TokenKind::Access, Some(user)) => json!({
                "sub": subject(user),
                "iss": issuer,
                "version": 2,
                "client_id": client,
                "origin_jti": uuid::v4()?,
                "token_use": "access",
                "scope": scope,
                "auth_time": issued_s,
                "exp": expires_s,
                "iat": issued_s,
                "jti": jti,
                "username": user,
            }),
            (TokenKind::Id, user) => json!({
                "sub": subject(user.unwrap_or_default()),
                "iss": issuer,
                "cognito:username": user.unwrap_or_default(),
                "origin_jti": uuid::v4()?,
                "aud": client,
                "token_use": "id",
                "auth_time": issued_s,
                "exp": expires_s,
                "iat": issued_s,
                "jti": jti,
            }),
        });
        if let Some(tenant) = self.client(client).and_then(|client| client.tenant.as_deref()) {
            claims.insert("tenant_id".to_owned(), tenant.into());
        }
        Ok(claims)
    }
}

/// The `sub` of a user: a UUID, always the same for a name.
fn subject(user: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(user)[..16]);
    uuid::of(bytes, 8)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
