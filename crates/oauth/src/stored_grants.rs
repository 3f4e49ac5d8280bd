//! What a resource server asks of us: whether a token's grant still holds.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use auth::{Grants, Holds};

use crate::client::ClientId;
use crate::grant::GrantId;
use crate::store::Store;
use crate::time::Time;

/// The grants of a store, for a resource server in the same process.
#[derive(Debug)]
pub struct StoredGrants<S>(pub Arc<S>);

impl<S: Store + Debug> Grants for StoredGrants<S> {
    fn hold<'a>(&'a self, grant: Option<&'a str>, client: &'a str, now: SystemTime) -> Holds<'a> {
        Box::pin(async move {
            // What is no id is nobody's.
            let Ok(client) = client.parse::<ClientId>() else { return Ok(false) };
            let grant = grant.map(|id| GrantId(id.to_owned()));
            Ok(self.0.holds(grant.as_ref(), &client, Time::of(now)).await?)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use auth::{Issuer, Rejection, Unverifiable, Verifier};
    use service_kit::clock::ManualClock;

    use super::*;
    use crate::access_token::tests::{NOW, issuer};
    use crate::token::tests::{World, machine};

    const MINUTE: Duration = Duration::from_secs(60);

    /// A resource server that asks `world`, and its clock.
    fn resource_server(world: &World) -> (Verifier, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(NOW.0 * 1000));
        let issuer =
            Issuer { known_keys: world.keys.key_set().ok(), check_grants: true, ..issuer() };
        let issuer = Issuer { jwks_uri: "http://127.0.0.1:1/".parse().unwrap(), ..issuer };
        let grants = Arc::new(StoredGrants(Arc::clone(&world.store)));
        (Verifier::with_grants(vec![issuer], grants, clock.clone()), clock)
    }

    #[tokio::test]
    async fn j37_a_token_that_was_made_of_a_revoked_grant_is_refused_within_a_minute() {
        let world = World::new().await;
        let token = world.ask(&world.code_form()).await.unwrap().access_token;
        let (server, clock) = resource_server(&world);
        assert!(server.verify(&token).await.is_ok());
        world.store.revoke_grant(&world.grant).await.unwrap();
        clock.advance(MINUTE);
        let refused = server.verify(&token).await;
        assert_eq!(refused, Err(Unverifiable::Rejected(Rejection::Revoked)));
    }

    #[tokio::test]
    async fn d19_the_tokens_of_a_deleted_client_are_refused_within_a_minute() {
        let world = World::new().await;
        let machine = machine();
        assert!(world.store.add_client(&machine).await.unwrap());
        let form = "grant_type=client_credentials";
        let of_machine = world.ask_at(NOW, &machine, form).await.unwrap().access_token;
        let of_person = world.ask(&world.code_form()).await.unwrap().access_token;
        let (server, clock) = resource_server(&world);
        for (client, token) in [(&machine, of_machine), (&world.client, of_person)] {
            assert!(server.verify(&token).await.is_ok());
            world.store.delete_client(&client.id, NOW).await.unwrap();
            assert!(server.verify(&token).await.is_ok(), "for a minute");
            clock.advance(MINUTE);
            let refused = server.verify(&token).await;
            assert_eq!(refused, Err(Unverifiable::Rejected(Rejection::Revoked)));
        }
    }
}
