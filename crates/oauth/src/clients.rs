//! Registered clients look themselves up and delete themselves (RFC 7592).

use crate::client::{Client, ClientId, ClientOrigin};
use crate::error::{ErrorCode, OauthError};
use crate::register::ClientInformation;
use crate::secret::SecretHash;
use crate::store::{Store, StoreError};
use crate::time::Time;

/// Why a client is not told or done what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManageError {
    /// There is no such client, it did not register itself, or the token is not its own: 401,
    /// which of these is not told.
    #[error(transparent)]
    Refused(OauthError),
    /// The store does not answer: 503.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is registered of the client `id`, without its secret, for who shows its registration
/// access token. `clients_url` is the URL before the id, as at registration.
///
/// # Errors
/// [`ManageError`].
pub async fn read_client<S: Store>(
    store: &S,
    id: &str,
    token: Option<&str>,
    clients_url: &str,
    now: Time,
) -> Result<ClientInformation, ManageError> {
    let client = own_client(store, id, token, now).await?;
    Ok(ClientInformation::of(&client, clients_url, token.unwrap_or_default()))
}

/// Deletes the client `id`, and with it all that it was allowed, for who shows its registration
/// access token.
///
/// # Errors
/// [`ManageError`].
pub async fn delete_client<S: Store>(
    store: &S,
    id: &str,
    token: Option<&str>,
    now: Time,
) -> Result<(), ManageError> {
    let client = own_client(store, id, token, now).await?;
    Ok(store.delete_client(&client.id, now).await?)
}

/// The client that `token` belongs to. A hash is compared in any case, if only with one that
/// nothing has.
async fn own_client<S: Store>(
    store: &S,
    id: &str,
    token: Option<&str>,
    now: Time,
) -> Result<Client, ManageError> {
    let client = match id.parse::<ClientId>() {
        Ok(id) => store.client(&id).await?,
        Err(_) => None,
    };
    let client = client.filter(|client| {
        client.origin == ClientOrigin::Registered
            && client.expires_at.is_none_or(|end| !end.has_come(now))
    });
    let own = client.as_ref().and_then(|client| client.registration_token);
    let fits = own.unwrap_or_else(|| SecretHash::of("")).is_of(token.unwrap_or("-"));
    client
        .filter(|_| own.is_some() && token.is_some() && fits)
        .ok_or_else(|| ManageError::Refused(not_its_own()))
}

/// Whatever is wrong.
pub(crate) fn not_its_own() -> OauthError {
    let text = "the registration access token is not valid for this client";
    OauthError::new(ErrorCode::InvalidToken, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::memory::MemoryStore;
    use crate::metadata::ClientMetadata;
    use crate::register::{Minted, Registrant, RegistrationPolicy, register};

    const NOW: Time = Time(1_800_000_000);
    const URL: &str = "https://host.example/clients/";

    /// A client in the store, and its token.
    async fn registered(store: &MemoryStore, change: impl FnOnce(&mut Client)) -> (String, String) {
        let request = br#"{"redirect_uris":["https://host.example/cb"],"client_name":"One"}"#;
        let policy = RegistrationPolicy {
            registrant: Registrant::Anybody,
            scopes: "mcp/invoke".parse().unwrap(),
            unused: Duration::from_secs(3600),
            clients_url: URL.to_owned(),
        };
        let minted = Minted::random().unwrap();
        let token = minted.registration_token.expose().to_owned();
        let request = ClientMetadata::parse(request).unwrap();
        let (mut client, _) = register(&request, &policy, NOW, minted).unwrap();
        change(&mut client);
        assert!(store.add_client(&client).await.unwrap());
        (client.id.to_string(), token)
    }

    /// What a refusal says, for one way to ask and the other.
    async fn refusals(
        store: &MemoryStore,
        id: &str,
        token: Option<&str>,
        now: Time,
    ) -> [String; 2] {
        let read = read_client(store, id, token, URL, now).await.unwrap_err();
        let deleted = delete_client(store, id, token, now).await.unwrap_err();
        [read.to_string(), deleted.to_string()]
    }

    const REFUSED: &str =
        "invalid_token: the registration access token is not valid for this client";

    #[tokio::test]
    async fn d17_whatever_is_wrong_the_refusal_is_the_same() {
        let store = MemoryStore::default();
        let (one, token) = registered(&store, |_| ()).await;
        let (_, other) = registered(&store, |_| ()).await;
        let path = format!("..%2f{one}");
        let long = "c".repeat(5000);
        for (id, token) in [
            (&*one, None),
            (&one, Some("")),
            (&one, Some("-")),
            (&one, Some("wrong")),
            (&one, Some(&*other)),
            (&one, Some(&*token.to_uppercase())),
            ("c_unknown", Some(&*token)),
            ("c_unknown", None),
            ("c_unknown", Some("")),
            ("", Some(&token)),
            (&path, Some(&token)),
            ("c\u{e9}\n", Some(&token)),
            (&long, Some(&token)),
        ] {
            assert_eq!(refusals(&store, id, token, NOW).await, [REFUSED; 2], "{id:?} {token:?}");
        }
        let ended = NOW.after(Duration::from_secs(3600));
        assert_eq!(refusals(&store, &one, Some(&token), ended).await, [REFUSED; 2]);
        assert!(read_client(&store, &one, Some(&token), URL, NOW).await.is_ok());
    }

    #[tokio::test]
    async fn d18_a_client_reads_itself_without_its_secret_and_deletes_itself_once() {
        let store = MemoryStore::default();
        let (id, token) = registered(&store, |_| ()).await;
        let (other, others) = registered(&store, |_| ()).await;
        let read = read_client(&store, &id, Some(&token), URL, NOW).await.unwrap();
        assert_eq!(
            serde_json::to_value(&read).unwrap(),
            serde_json::json!({
                "client_id": id, "client_id_issued_at": NOW.0, "client_secret_expires_at": 0,
                "client_name": "One", "redirect_uris": ["https://host.example/cb"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"], "token_endpoint_auth_method": "client_secret_basic",
                "registration_access_token": token, "registration_client_uri": format!("{URL}{id}"),
            })
        );
        assert!(!format!("{read:?}").contains(&token));
        delete_client(&store, &id, Some(&token), NOW).await.unwrap();
        assert_eq!(refusals(&store, &id, Some(&token), NOW).await, [REFUSED; 2]);
        assert!(read_client(&store, &other, Some(&others), URL, NOW).await.is_ok());
    }

    #[tokio::test]
    async fn d20_a_client_that_did_not_register_itself_is_not_managed() {
        let store = MemoryStore::default();
        for origin in [ClientOrigin::Configured, ClientOrigin::MetadataDocument] {
            let (id, token) = registered(&store, |client| client.origin = origin).await;
            assert_eq!(refusals(&store, &id, Some(&token), NOW).await, [REFUSED; 2]);
        }
        let (id, _) = registered(&store, |client| client.registration_token = None).await;
        for token in [None, Some(""), Some("-")] {
            assert_eq!(refusals(&store, &id, token, NOW).await, [REFUSED; 2]);
        }
    }
}
