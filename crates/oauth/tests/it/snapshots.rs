//! Whole answers as they are on the wire.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::site::{App, Ask, Browser, Reply, Site};

/// Status, headers and body, with what is random replaced by its name.
fn wire(reply: &Reply) -> String {
    let mut wire = format!("{}\n", reply.status);
    let mut headers: Vec<_> = reply.headers.iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        writeln!(wire, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    let text = match serde_json::from_slice::<Value>(&reply.body) {
        Ok(body) => serde_json::to_string_pretty(&body).unwrap(),
        Err(_) => reply.text().replace("><", ">\n<"),
    };
    let mut wire = format!("{wire}\n{text}");
    if let Ok(body) = serde_json::from_slice::<Value>(&reply.body) {
        let random = [
            "client_id",
            "client_secret",
            "registration_access_token",
            "access_token",
            "refresh_token",
            "id_token",
        ];
        for name in random {
            if let Some(value) = body[name].as_str() {
                wire = wire.replace(value, &format!("({name})"));
            }
        }
        for key in body["keys"].as_array().into_iter().flatten() {
            for name in ["kid", "x", "y"] {
                let value = key[name].as_str().unwrap();
                assert_eq!(value.len(), 43);
                wire = wire.replace(value, &format!("({name})"));
            }
        }
    }
    for cookie in reply.all("set-cookie") {
        let value = cookie.split(['=', ';']).nth(1).unwrap();
        wire = wire.replace(value, "(random)");
    }
    wire
}

#[tokio::test]
async fn the_metadata_and_the_keys() {
    let site = Site::new();
    let document = site.get("/.well-known/oauth-authorization-server").await;
    insta::assert_snapshot!(wire(&document), @r#"
    200
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: public, max-age=300, stale-while-revalidate=300
    content-type: application/json

    {
      "issuer": "http://127.0.0.1:8787",
      "authorization_endpoint": "http://127.0.0.1:8787/oauth/authorize",
      "token_endpoint": "http://127.0.0.1:8787/oauth/token",
      "revocation_endpoint": "http://127.0.0.1:8787/oauth/revoke",
      "userinfo_endpoint": "http://127.0.0.1:8787/oauth/userinfo",
      "jwks_uri": "http://127.0.0.1:8787/oauth/jwks",
      "scopes_supported": [
        "cases/read",
        "mcp/invoke",
        "offline_access",
        "openid",
        "prometheus-mcp-server/read",
        "prometheus-mcp-server/write"
      ],
      "response_types_supported": [
        "code"
      ],
      "response_modes_supported": [
        "query"
      ],
      "grant_types_supported": [
        "authorization_code",
        "refresh_token",
        "client_credentials"
      ],
      "code_challenge_methods_supported": [
        "S256"
      ],
      "token_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "token_endpoint_auth_signing_alg_values_supported": [
        "RS256",
        "ES256"
      ],
      "revocation_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "revocation_endpoint_auth_signing_alg_values_supported": [
        "RS256",
        "ES256"
      ],
      "authorization_response_iss_parameter_supported": true,
      "client_id_metadata_document_supported": true,
      "protected_resources": [
        "http://127.0.0.1:8787/mcp"
      ],
      "prompt_values_supported": [
        "none",
        "login",
        "consent",
        "select_account"
      ],
      "subject_types_supported": [
        "public"
      ],
      "id_token_signing_alg_values_supported": [
        "RS256",
        "ES256"
      ],
      "claims_supported": [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce"
      ],
      "request_parameter_supported": false,
      "request_uri_parameter_supported": false,
      "registration_endpoint": "http://127.0.0.1:8787/dcr"
    }
    "#);
    for (name, url) in document.json().as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = url.as_str().unwrap().strip_prefix(&site.issuer).unwrap();
            assert_ne!(site.get(path).await.status, 404, "{name}");
        }
    }
    let same = site.get("/.well-known/openid-configuration").await;
    assert_eq!(wire(&same), wire(&document));
    let keys = site.get("/oauth/jwks").await;
    insta::assert_snapshot!(wire(&keys), @r#"
    200
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: public, max-age=300, stale-while-revalidate=300
    content-type: application/json

    {
      "keys": [
        {
          "kty": "EC",
          "crv": "P-256",
          "x": "(x)",
          "y": "(y)",
          "kid": "(kid)",
          "alg": "ES256",
          "use": "sig"
        }
      ]
    }
    "#);
    let head = site.send(Ask::new("HEAD", "/oauth/jwks")).await;
    assert_eq!(head.is(200).headers, keys.headers);
}

#[tokio::test]
async fn a_registration_and_its_refusals() {
    let site = Site::new();
    let body = json!({
        "client_name": "Claude", "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let reply = site.send(Ask::json("/dcr", &body)).await;
    insta::assert_snapshot!(wire(&reply), @r#"
    201
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    content-type: application/json

    {
      "client_id": "(client_id)",
      "client_id_issued_at": 1800000000,
      "client_secret": "(client_secret)",
      "client_secret_expires_at": 0,
      "client_name": "Claude",
      "redirect_uris": [
        "https://claude.ai/api/mcp/auth_callback"
      ],
      "grant_types": [
        "authorization_code",
        "refresh_token"
      ],
      "response_types": [
        "code"
      ],
      "token_endpoint_auth_method": "client_secret_post",
      "registration_access_token": "(registration_access_token)",
      "registration_client_uri": "http://127.0.0.1:8787/clients/(client_id)"
    }
    "#);
    let reply = site.send(Ask::json("/dcr", &json!({"redirect_uris": ["javascript:x"]}))).await;
    insta::assert_snapshot!(wire(&reply), @r#"
    400
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    content-type: application/json

    {
      "error": "invalid_redirect_uri",
      "error_description": "a redirect URI is neither https, nor http to localhost, 127.0.0.0/8 or [::1], nor of an app; or it is not in its canonical form"
    }
    "#);
    let reply = site.send(Ask::json("/dcr", &json!({"grant_types": ["client_credentials"]}))).await;
    insta::assert_snapshot!(wire(&reply), @r#"
    401
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    content-type: application/json
    www-authenticate: Bearer error="invalid_token"

    {
      "error": "invalid_token",
      "error_description": "client_credentials needs an initial access token"
    }
    "#);
}

#[tokio::test]
async fn a_token_answer_and_its_refusals() {
    let site = Site::new();
    let app = App::new(&site).await;
    let code = app.code().await;
    insta::assert_snapshot!(wire(&app.redeem(&code, &[]).await), @r#"
    200
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    content-type: application/json

    {
      "access_token": "(access_token)",
      "token_type": "Bearer",
      "expires_in": 900,
      "id_token": "(id_token)",
      "refresh_token": "(refresh_token)",
      "scope": "mcp/invoke offline_access openid prometheus-mcp-server/write"
    }
    "#);
    insta::assert_snapshot!(wire(&app.redeem(&code, &[]).await), @r#"
    400
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    content-type: application/json

    {
      "error": "invalid_grant",
      "error_description": "the code or refresh token is not good for this"
    }
    "#);
    let ask = Ask::form("/oauth/token", &[]).basic("machine:wrong");
    insta::assert_snapshot!(wire(&site.send(ask).await), @r#"
    401
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    content-type: application/json
    www-authenticate: Basic realm="oauth", charset="UTF-8"

    {
      "error": "invalid_client",
      "error_description": "the client is unknown or has not proven who it is"
    }
    "#);
    insta::assert_snapshot!(wire(&site.get("/oauth/token").await), @r#"
    405
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    allow: POST
    cache-control: no-store
    content-type: application/json

    {
      "error": "invalid_request",
      "error_description": "the method is not allowed here"
    }
    "#);
    let revoked = site.send(app.post("/oauth/revoke", &[("token", "x")])).await;
    insta::assert_snapshot!(wire(&revoked), @r#"
    200
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    cache-control: no-store
    "#);
    insta::assert_snapshot!(wire(&site.send(Ask::new("OPTIONS", "/oauth/token")).await), @r#"
    204
    access-control-allow-headers: Authorization, Content-Type, MCP-Protocol-Version
    access-control-allow-methods: POST
    access-control-allow-origin: *
    access-control-expose-headers: WWW-Authenticate, Retry-After
    access-control-max-age: 7200
    cache-control: no-store
    "#);
}

#[tokio::test]
async fn what_browsers_get() {
    let site = Site::https();
    let app = App::configured(&site, "editor");
    insta::assert_snapshot!(wire(&site.get("/oauth/authorize").await), @r#"
    400
    cache-control: no-store
    content-security-policy: default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'
    content-type: text/html; charset=utf-8
    cross-origin-opener-policy: same-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY

    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>This application is not known</title>
    <link rel="stylesheet" href="/oauth/style.css">
    </head>
    <body>
    <main>
    <h1>This application is not known</h1>
    <p>It was never registered here, or it is so long ago that it was forgotten. Remove this server from the application, add it again, and connect.</p>
    </main>
    </body>
    </html>
    "#);
    let mut browser = Browser::new(&site);
    let login = browser.send(Ask::get(&app.link(&[]))).await;
    let headers = wire(&login).split("\n\n").next().unwrap().to_owned();
    insta::assert_snapshot!(headers, @r#"
    200
    cache-control: no-store
    content-security-policy: default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'
    content-type: text/html; charset=utf-8
    cross-origin-opener-policy: same-origin
    referrer-policy: no-referrer
    set-cookie: __Host-mcp_tx=(random); Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure
    x-content-type-options: nosniff
    x-frame-options: DENY
    "#);
    let form = [("user", crate::site::ADA.0), ("password", crate::site::ADA.1)];
    let sent = browser.send(Browser::filled(&login, &form)).await;
    insta::assert_snapshot!(wire(&sent), @r#"
    303
    cache-control: no-store
    location: /oauth/consent
    referrer-policy: no-referrer
    set-cookie: __Host-mcp_sess=(random); Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure
    "#);
    let told = site.get(&app.link(&[("scope", "unknown")])).await;
    insta::assert_snapshot!(wire(&told), @r#"
    303
    cache-control: no-store
    location: https://editor.example/cb?error=invalid_scope&error_description=a%20scope%20is%20unknown&state=s-1&iss=https%3A%2F%2Fmcp.example.com
    referrer-policy: no-referrer
    "#);
    let style = wire(&site.get("/oauth/style.css").await);
    insta::assert_snapshot!(style.split("\n\n").next().unwrap(), @r#"
    200
    cache-control: public, max-age=300
    content-type: text/css; charset=utf-8
    x-content-type-options: nosniff
    "#);
}
