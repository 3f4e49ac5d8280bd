//! The Cognito API and its sign-in pages, driven over plain HTTP as an administrator, a client and a browser do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::stand_ins::server::{Server, text};

pub(super) const USER: &str = "ann";
pub(super) const SCOPES: [&str; 2] = ["prometheus-mcp-server/read", "prometheus-mcp-server/write"];
const PASSWORD: &str = "Correct-horse-1";
const CALLBACK: &str = "https://client.example/callback?from=cognito";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server that speaks Cognito's wire API, with a user pool made for one test.
pub(super) struct Pool {
    server: Server,
    pub(super) id: String,
}

/// An app client.
pub(super) struct Client {
    pub(super) id: String,
    secret: Option<String>,
}

/// What a sign-in gives.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) id: Option<String>,
}

impl Pool {
    /// A pool of `server` with one user and the scopes of [`SCOPES`].
    pub(super) async fn create(server: Server) -> Self {
        let mut pool = Self { server, id: String::new() };
        let created = pool.api("CreateUserPool", json!({"PoolName": "lambda-mcp"})).await;
        pool.id = text(&created["UserPool"]["Id"]);
        let scopes =
            ["read", "write"].map(|name| json!({"ScopeName": name, "ScopeDescription": name}));
        let server =
            json!({"Identifier": "prometheus-mcp-server", "Name": "Metrics", "Scopes": scopes});
        pool.api("CreateResourceServer", server).await;
        pool.api("AdminCreateUser", json!({"Username": USER, "MessageAction": "SUPPRESS"})).await;
        let password = json!({"Username": USER, "Password": PASSWORD, "Permanent": true});
        pool.api("AdminSetUserPassword", password).await;
        let domain = pool.id.to_lowercase().replace('_', "-");
        pool.api("CreateUserPoolDomain", json!({"Domain": domain})).await;
        pool
    }

    /// `iss` of its tokens.
    pub(super) fn issuer(&self) -> String {
        let region = self.id.split('_').next().unwrap_or_default();
        format!("https://cognito-idp.{region}.amazonaws.com/{}", self.id)
    }

    pub(super) fn jwks_uri(&self) -> String {
        format!("{}/{}/.well-known/jwks.json", self.server.url, self.id)
    }

    /// The published keys, as they come.
    pub(super) async fn jwks(&self) -> Bytes {
        let request = Request::get(self.jwks_uri()).body(Full::default()).expect("a request");
        let response = self.server.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    /// A client with a secret, for `client_credentials`.
    pub(super) async fn machine(&self) -> Client {
        self.client(json!({"GenerateSecret": true, "AllowedOAuthFlows": ["client_credentials"]}))
            .await
    }

    /// A public client, through which a person signs in.
    pub(super) async fn app(&self) -> Client {
        let flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
        self.client(json!({
            "AllowedOAuthFlows": ["code"],
            "CallbackURLs": [CALLBACK],
            "SupportedIdentityProviders": ["COGNITO"],
            "ExplicitAuthFlows": flows,
        }))
        .await
    }

    async fn client(&self, mut options: Value) -> Client {
        let person = options["GenerateSecret"].is_null();
        options["ClientName"] = json!("a client");
        options["AllowedOAuthFlowsUserPoolClient"] = json!(true);
        let openid = person.then_some("openid");
        options["AllowedOAuthScopes"] = openid.into_iter().chain(SCOPES).collect();
        let created = self.api("CreateUserPoolClient", options).await;
        let client = &created["UserPoolClient"];
        let secret = client["ClientSecret"].as_str().map(str::to_owned);
        Client { id: text(&client["ClientId"]), secret }
    }

    /// A token for `client` itself.
    pub(super) async fn client_credentials(&self, client: &Client, scope: &str) -> String {
        let secret = client.secret.as_deref().expect("a client with a secret");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client.id),
            ("client_secret", secret),
            ("scope", scope),
        ];
        self.token(&form).await.expect("a token").access
    }

    /// The user signs in on the page of the pool, and `client` redeems the code with PKCE.
    pub(super) async fn code_flow(&self, client: &Client, scope: &str) -> Tokens {
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("state", "a-state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let page = Request::get(format!("{}/oauth2/authorize?{query}", self.server.url));
        let page = self.server.send(page.body(Full::default()).expect("a request")).await;
        assert_eq!(page.status(), StatusCode::OK);
        let page = String::from_utf8(page.into_body().into()).expect("a page");
        let mut fields = hidden_fields(&page);
        fields.extend([("username", USER), ("password", PASSWORD)]);
        let signed_in = self.post("/login", &fields).await;
        assert_eq!(signed_in.status(), StatusCode::FOUND);
        let location = signed_in.headers()[LOCATION].to_str().expect("a location");
        let answer = location.strip_prefix(&format!("{CALLBACK}&")).expect("the registered URI");
        let (code, state) = answer.split_once("&state=").expect("a code and a state");
        assert_eq!(state, "a-state");
        let code = code.strip_prefix("code=").expect("a code");
        let redeem = |verifier| {
            [
                ("grant_type", "authorization_code"),
                ("client_id", &*client.id),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", verifier),
            ]
        };
        assert_eq!(self.token(&redeem(CHALLENGE)).await.err().as_deref(), Some("invalid_grant"));
        self.token(&redeem(VERIFIER)).await.expect("tokens")
    }

    /// The user signs in with a password over the API, without OAuth.
    pub(super) async fn password_sign_in(&self, client: &Client) -> Tokens {
        let parameters = json!({"USERNAME": USER, "PASSWORD": PASSWORD});
        let wanted = json!({
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client.id, "AuthParameters": parameters,
        });
        let result = self.api("InitiateAuth", wanted).await;
        let tokens = &result["AuthenticationResult"];
        let id = tokens["IdToken"].as_str().map(str::to_owned);
        Tokens { access: text(&tokens["AccessToken"]), id }
    }

    /// What the token endpoint gives, or the `error` it answers.
    async fn token(&self, fields: &[(&str, &str)]) -> Result<Tokens, String> {
        let response = self.post("/oauth2/token", fields).await;
        let answer: Value = serde_json::from_slice(response.body()).expect("JSON");
        if response.status() != StatusCode::OK {
            return Err(text(&answer["error"]));
        }
        let id = answer["id_token"].as_str().map(str::to_owned);
        Ok(Tokens { access: text(&answer["access_token"]), id })
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        let request = Request::post(format!("{}{path}", self.server.url))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form(fields)))
            .expect("a request");
        self.server.send(request).await
    }

    /// One operation of the API, on this pool once there is one.
    async fn api(&self, operation: &str, mut body: Value) -> Value {
        if !self.id.is_empty() {
            body["UserPoolId"] = json!(self.id);
        }
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        self.server.api("cognito-idp", &target, &body).await
    }
}

/// `token` with the value of one claim replaced, under the old signature.
pub(super) fn altered(token: &str, from: &str, to: &str) -> String {
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("not a token")
    };
    let claims = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let claims = String::from_utf8(claims).expect("JSON");
    assert!(claims.contains(from));
    let payload = URL_SAFE_NO_PAD.encode(claims.replace(from, to));
    format!("{header}.{payload}.{signature}")
}

fn form(fields: &[(&str, &str)]) -> String {
    let encode =
        |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// What a browser sends of a form without being asked.
fn hidden_fields(page: &str) -> Vec<(&str, &str)> {
    let inputs = page.split("<input type=\"hidden\" name=\"").skip(1);
    let field = |input| {
        let (name, rest) = str::split_once(input, "\" value=\"")?;
        Some((name, rest.split_once('"')?.0))
    };
    inputs.filter_map(field).collect()
}
