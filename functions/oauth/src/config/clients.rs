//! `OAUTH_CLIENTS`: what an operator writes of a client.

use std::fmt::Display;
use std::str::FromStr;

use auth::{Scopes, TenantId};
use oauth::{
    AuthMethod, Client, ClientId, ClientOrigin, GrantType, NotClientKeys, RedirectUri, SecretHash,
    Secrets, Time,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The clients that are configured.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients(pub(super) Vec<Client>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    client_id: String,
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    grant_types: Option<Vec<String>>,
    scope: String,
    tenant: Option<String>,
    token_endpoint_auth_method: Option<String>,
    client_secret_sha256: Option<String>,
    jwks: Option<Box<RawValue>>,
}

/// What is wrong with the list.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotClients {
    #[error("must be a JSON array of clients: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{client:?}: {what}")]
    Client { client: String, what: String },
}

impl FromStr for Clients {
    type Err = NotClients;

    fn from_str(json: &str) -> Result<Self, NotClients> {
        let mut clients: Vec<Client> = Vec::new();
        for entry in serde_json::from_str::<Vec<Entry>>(json)? {
            let name = entry.client_id.clone();
            let fault = |what| NotClients::Client { client: name.clone(), what };
            let client = client(entry).map_err(fault)?;
            if clients.iter().any(|other| other.id == client.id) {
                return Err(fault("is there twice".to_owned()));
            }
            clients.push(client);
        }
        Ok(Self(clients))
    }
}

fn client(entry: Entry) -> Result<Client, String> {
    let grant_types: Vec<_> = match entry.grant_types {
        None => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        Some(names) => {
            let grant = |name: String| {
                GrantType::parse(&name).ok_or_else(|| format!("{name:?} is no grant type"))
            };
            names.into_iter().map(grant).collect::<Result<_, _>>()?
        }
    };
    let auth_method =
        auth_method(entry.token_endpoint_auth_method, entry.client_secret_sha256, entry.jwks)?;
    if auth_method == AuthMethod::None && grant_types.contains(&GrantType::ClientCredentials) {
        return Err("client_credentials needs a client that can prove who it is".to_owned());
    }
    let redirect_uris = entry.redirect_uris.iter().map(|uri| parse::<RedirectUri>(uri));
    let redirect_uris = redirect_uris.collect::<Result<Vec<_>, _>>()?;
    if redirect_uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
        return Err("authorization_code needs redirect_uris".to_owned());
    }
    Ok(Client {
        id: parse::<ClientId>(&entry.client_id)?,
        origin: ClientOrigin::Configured,
        name: entry.client_name,
        redirect_uris,
        grant_types,
        auth_method,
        scopes: parse::<Scopes>(&entry.scope)?,
        tenant: entry.tenant.as_deref().map(parse::<TenantId>).transpose()?,
        created_at: Time(0),
        expires_at: None,
        registration_token: None,
    })
}

/// How the client proves who it is, by what is there to prove it.
fn auth_method(
    method: Option<String>,
    secret: Option<String>,
    jwks: Option<Box<RawValue>>,
) -> Result<AuthMethod, String> {
    let secrets = secret.map(|text| {
        let hash = SecretHash::from_text(&text);
        let current = hash.ok_or("client_secret_sha256 is not the base64url of 32 bytes")?;
        Ok::<_, &str>(Secrets { current, other: None })
    });
    match (method.as_deref(), secrets.transpose()?, jwks) {
        (None | Some("none"), None, None) => Ok(AuthMethod::None),
        (None | Some("client_secret_basic"), Some(secrets), None) => Ok(AuthMethod::Basic(secrets)),
        (Some("client_secret_post"), Some(secrets), None) => Ok(AuthMethod::Post(secrets)),
        (None | Some("private_key_jwt"), None, Some(jwks)) => jwks
            .get()
            .parse()
            .map(AuthMethod::PrivateKeyJwt)
            .map_err(|err: NotClientKeys| err.to_string()),
        (method, ..) => {
            let method = method.unwrap_or("no token_endpoint_auth_method");
            Err(format!("{method} does not go with what is there to prove it"))
        }
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|err| format!("{text:?}: {err}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<Client>, String> {
        json.parse::<Clients>().map(|clients| clients.0).map_err(|err| err.to_string())
    }

    #[test]
    fn an_operator_writes_clients_of_people_and_of_machines() {
        let hash = SecretHash::of("secret").to_text();
        let clients = read(&format!(
            r#"[{{"client_id":"app","redirect_uris":["https://app.example/cb"],"scope":"mcp/invoke"}},
                {{"client_id":"batch","client_secret_sha256":"{hash}","scope":"a b","tenant":"acme",
                  "grant_types":["client_credentials"]}}]"#
        ))
        .unwrap();
        assert!(clients.iter().all(|client| client.origin == ClientOrigin::Configured));
        assert!(clients[0].is_public() && clients[0].may(GrantType::RefreshToken));
        let AuthMethod::Basic(secrets) = &clients[1].auth_method else { panic!() };
        assert!(secrets.accept("secret"));
        assert_eq!(clients[1].tenant, Some("acme".parse().unwrap()));
        let key = r#"{"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let signs = format!(
            r#"[{{"client_id":"c","scope":"a","grant_types":["client_credentials"],"jwks":{{"keys":[{key}]}}}}]"#
        );
        assert!(matches!(read(&signs).unwrap()[0].auth_method, AuthMethod::PrivateKeyJwt(_)));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_client_it_is_about() {
        for (client, expected) in [
            (r#"{"client_id":"a b","scope":""}"#, "redirect_uris"),
            (r#"{"client_id":"a b","scope":"","grant_types":[]}"#, "not a client id"),
            (r#"{"client_id":"a","scope":"","grant_types":["password"]}"#, "no grant type"),
            (
                r#"{"client_id":"a","scope":"","grant_types":["client_credentials"]}"#,
                "prove who it is",
            ),
            (r#"{"client_id":"a","scope":"","client_secret_sha256":"x"}"#, "32 bytes"),
            (r#"{"client_id":"a","scope":"","jwks":{"keys":[]}}"#, "no key"),
            (
                r#"{"client_id":"a","scope":"","token_endpoint_auth_method":"client_secret_post"}"#,
                "does not go",
            ),
            (r#"{"client_id":"a","scope":"","redirect_uris":["http://a/"]}"#, "redirect URI"),
            (r#"{"client_id":"a","scope":"","secret":"x"}"#, "unknown field"),
        ] {
            let told = read(&format!("[{client}]")).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
        let one = r#"{"client_id":"a","scope":"","grant_types":[]}"#;
        assert!(read(&format!("[{one},{one}]")).unwrap_err().contains("twice"));
    }
}
