//! A client: it registers, sends people to log in, and gets and refreshes tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::ask::changed;
use super::{Ask, Browser, Reply, SCOPE, SECRET, Site};

// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:33418/";

#[derive(Clone)]
pub(crate) struct App {
    site: Site,
    pub(crate) id: String,
    pub(crate) proof: Proof,
    pub(crate) redirect_uri: String,
    /// What it was told when it registered.
    pub(crate) registration: Value,
}

/// How it proves who it is.
#[derive(Clone)]
pub(crate) enum Proof {
    None,
    Basic(String),
    Post(String),
}

impl App {
    /// One on somebody's machine, as anybody can register it.
    pub(crate) async fn new(site: &Site) -> Self {
        let body = json!({
            "client_name": "Editor", "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "none",
        });
        Self::registered(site, &body).await
    }

    /// One that has a secret.
    pub(crate) async fn confidential(site: &Site, method: &str) -> Self {
        let body = json!({
            "redirect_uris": [REDIRECT], "token_endpoint_auth_method": method,
        });
        Self::registered(site, &body).await
    }

    pub(crate) async fn registered(site: &Site, body: &Value) -> Self {
        let reply = site.send(Ask::json("/dcr", body)).await;
        Self::of(site, reply.is(201).json())
    }

    /// As it was told.
    pub(crate) fn of(site: &Site, registration: Value) -> Self {
        let text = |name: &str| registration[name].as_str().unwrap_or_default().to_owned();
        Self {
            site: site.clone(),
            id: text("client_id"),
            proof: match registration["token_endpoint_auth_method"].as_str() {
                Some("none") => Proof::None,
                Some("client_secret_basic") => Proof::Basic(text("client_secret")),
                Some("client_secret_post") => Proof::Post(text("client_secret")),
                other => panic!("{other:?}"),
            },
            redirect_uri: registration["redirect_uris"][0].as_str().unwrap_or_default().to_owned(),
            registration,
        }
    }

    /// One of the operator's.
    pub(crate) fn configured(site: &Site, id: &str) -> Self {
        let proof = match id {
            "editor" | "reader" | "kiosk" | "nobody" => Proof::None,
            "portal" => Proof::Post(SECRET.to_owned()),
            _ => Proof::Basic(SECRET.to_owned()),
        };
        Self {
            site: site.clone(),
            id: id.to_owned(),
            proof,
            redirect_uri: format!("https://{id}.example/cb"),
            registration: Value::Null,
        }
    }

    /// Its token for looking after itself, and where.
    pub(crate) fn management(&self) -> (String, String) {
        let text = |name: &str| self.registration[name].as_str().unwrap().to_owned();
        let path = text("registration_client_uri").replace(&self.site.issuer, "");
        (path, text("registration_access_token"))
    }

    /// Where it sends people.
    pub(crate) fn link(&self, changes: &[(&str, &str)]) -> String {
        let resource = format!("{}/mcp", self.site.issuer);
        let right = [
            ("client_id", &*self.id),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", SCOPE),
            ("state", "s-1"),
            ("resource", &resource),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(changed(&right, changes)).finish();
        format!("/oauth/authorize?{query}")
    }

    /// A form of its own, with its proof.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Ask {
        let mut all = fields.to_vec();
        match &self.proof {
            Proof::None => all.push(("client_id", &self.id)),
            Proof::Post(secret) => {
                all.extend([("client_id", &*self.id), ("client_secret", secret)])
            }
            Proof::Basic(_) => {}
        }
        let ask = Ask::form(path, &all);
        match &self.proof {
            Proof::Basic(secret) => ask.header("authorization", basic(&self.id, secret)),
            _ => ask,
        }
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Reply {
        self.site.send(self.post("/oauth/token", fields)).await
    }

    /// What redeems a code.
    pub(crate) fn redemption(&self, code: &str, changes: &[(&str, &str)]) -> Ask {
        let right = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", &self.redirect_uri),
        ];
        self.post("/oauth/token", &changed(&right, changes))
    }

    pub(crate) async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Reply {
        self.site.send(self.redemption(code, changes)).await
    }

    pub(crate) async fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> Reply {
        let right = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token(&changed(&right, changes)).await
    }

    /// A fresh code of Ada's.
    pub(crate) async fn code(&self) -> String {
        Browser::new(&self.site).agree(self, &[]).await.code(&self.redirect_uri)
    }

    /// Tokens of Ada's.
    pub(crate) async fn tokens(&self) -> Tokens {
        Tokens::of(&self.redeem(&self.code().await, &[]).await)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(reply: &Reply) -> Self {
        reply.is(200);
        Self { access: reply.member("access_token"), refresh: reply.member("refresh_token") }
    }
}

/// The header, as RFC 6749 wants it (section 2.3.1).
pub(crate) fn basic(id: &str, secret: &str) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// What a token says, with nothing verified.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
