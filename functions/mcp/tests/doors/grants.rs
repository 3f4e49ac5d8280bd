//! Tokens whose grants are kept, in a DynamoDB of this machine, by the authorization server's own
//! store.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use dynoxide::Database;
use oauth::contract::{NOW, client_id, grant_and_code};
use oauth::{AuthMethod, Client, ClientId, ClientOrigin, GrantId, Store as _};
use serde_json::{Value, json};
use service_kit::clock::{ManualClock, SystemClock};
use store_dynamodb::{DynamoStore, Settings, Tables};
use tokio::net::TcpListener;

use crate::log::Log;
use crate::site::{Answer, Site};

const SECOND: Duration = Duration::from_secs(1);
const TABLES: [(&str, &str); 3] = [
    ("mcp-clients", "clientId"),
    ("mcp-auth-codes", "code"),
    ("mcp-refresh-tokens", "refreshToken"),
];

/// The function, and what it asks.
struct World {
    database: Database,
    store: DynamoStore,
    clock: Arc<ManualClock>,
    site: Site,
}

impl World {
    async fn new() -> Self {
        let database = Database::memory().unwrap();
        for (table, key) in TABLES {
            let request = json!({
                "TableName": table,
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            });
            database.create_table(serde_json::from_value(request).unwrap()).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let clock = Arc::new(ManualClock::new(NOW.0 * 1000));
        let site = site(&clock, true, &url);
        Self { database, store: store(url), clock, site }
    }

    /// A grant that somebody gave a client.
    async fn granted(&self) -> (ClientId, GrantId) {
        let (grant, code) = grant_and_code(client_id().unwrap()).unwrap();
        self.store.add_grant(&grant, &code).await.unwrap();
        (grant.client, grant.id)
    }

    /// A client on its own behalf.
    async fn machine(&self) -> ClientId {
        let client = Client {
            id: client_id().unwrap(),
            origin: ClientOrigin::Configured,
            name: None,
            redirect_uris: Vec::new(),
            grant_types: Vec::new(),
            auth_method: AuthMethod::None,
            scopes: "mcp/invoke".parse().unwrap(),
            tenant: None,
            created_at: NOW,
            expires_at: None,
            registration_token: None,
        };
        assert!(self.store.add_client(&client).await.unwrap());
        client.id
    }

    async fn list(&self, claims: Value) -> Answer {
        self.site.list(&format!("Bearer {}", self.site.issuer.access_token(claims))).await
    }
}

/// The function that asks at `url`; whether grants are checked, `check` says.
fn site(clock: &Arc<ManualClock>, check: bool, url: &str) -> Site {
    let entry = |issuer: &crate::issuer::Issuer| {
        let mut entry = issuer.entry();
        entry["profile"] = "at+jwt".into();
        entry["check_grants"] = check.into();
        entry["clients"] = json!([]);
        json!([entry])
    };
    let variables = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL_DYNAMODB", url),
    ];
    Site::at(clock.clone(), entry, &variables)
}

fn store(url: String) -> DynamoStore {
    let [clients, codes, refresh_tokens] = TABLES.map(|(table, _)| table.to_owned());
    let tables = Tables { clients, codes, refresh_tokens };
    let credentials = Credentials::new("AKIDEXAMPLE", "hunter2", None, None, "tests");
    DynamoStore::new(
        Settings { region: "eu-west-1".to_owned(), endpoint: Some(url), tables },
        &https::Client::new(https::Settings::default()),
        SharedCredentialsProvider::new(credentials),
        Arc::new(SystemClock),
    )
}

fn of_person((client, grant): &(ClientId, GrantId)) -> Value {
    json!({"client_id": client.as_str(), "gid": grant.0})
}

fn of_machine(client: &ClientId) -> Value {
    json!({"sub": client.as_str(), "client_id": client.as_str()})
}

#[tokio::test]
async fn j37_a_revoked_grants_token_is_refused_once_it_is_asked_about_again() {
    let world = World::new().await;
    let [granted, other] = [world.granted().await, world.granted().await];
    assert_eq!(world.list(of_person(&granted)).await.status, 200);
    world.store.revoke_grant(&granted.1).await.unwrap();
    world.clock.advance(59 * SECOND);
    assert_eq!(world.list(of_person(&granted)).await.status, 200);
    world.clock.advance(SECOND);
    let log = Log::capture();
    world.list(of_person(&granted)).await.assert_invalid_token("a minute later");
    let log = log.text();
    assert!(log.contains("its grant does not hold"), "{log}");
    // A token that the client was given before, and uses for the first time.
    let mut another = of_person(&granted);
    another["jti"] = "another".into();
    world.list(another).await.assert_invalid_token("another of the same grant");
    assert_eq!(world.list(of_person(&other)).await.status, 200);
}

#[tokio::test]
async fn j37_a_grant_that_is_unknown_or_anothers_or_missing_is_none() {
    let world = World::new().await;
    let [(client, grant), (stranger, _)] = [world.granted().await, world.granted().await];
    for claims in [
        json!({"client_id": client.as_str(), "gid": "unknown"}),
        json!({"client_id": client.as_str(), "gid": "x".repeat(300)}),
        json!({"client_id": client.as_str()}),
        json!({"client_id": stranger.as_str(), "gid": grant.0}),
    ] {
        world.list(claims.clone()).await.assert_invalid_token(&claims.to_string());
    }
    // A machine that the operator configured is kept nowhere.
    assert_eq!(world.list(of_machine(&client)).await.status, 200);
    assert_eq!(world.list(of_person(&(client, grant))).await.status, 200);
}

#[tokio::test]
async fn d19_the_tokens_of_a_deleted_client_are_refused_within_a_minute() {
    let world = World::new().await;
    let (granted, machine) = (world.granted().await, world.machine().await);
    for (client, claims) in [(&granted.0, of_person(&granted)), (&machine, of_machine(&machine))] {
        assert_eq!(world.list(claims.clone()).await.status, 200);
        world.store.delete_client(client, NOW).await.unwrap();
        assert_eq!(world.list(claims.clone()).await.status, 200);
        world.clock.advance(60 * SECOND);
        world.list(claims).await.assert_invalid_token(client.as_str());
    }
}

#[tokio::test]
async fn while_it_cannot_be_told_only_who_was_let_in_within_the_minute_is_let_in() {
    let world = World::new().await;
    let [granted, other] = [world.granted().await, world.granted().await];
    assert_eq!(world.list(of_person(&granted)).await.status, 200);
    let request = json!({"TableName": "mcp-refresh-tokens"});
    world.database.delete_table(serde_json::from_value(request).unwrap()).unwrap();
    world.clock.advance(59 * SECOND);
    assert_eq!(world.list(of_person(&granted)).await.status, 200);

    let log = Log::capture();
    let answer = world.list(of_person(&other)).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!((answer.header("retry-after"), answer.challenge()), (Some("2"), None));
    assert_eq!(answer.text(), r#"{"error":"temporarily_unavailable"}"#);
    world.clock.advance(SECOND);
    assert_eq!(world.list(of_person(&granted)).await.status, 503);

    let log = log.text();
    let lines = |part| log.lines().filter(|line| line.contains(part)).collect::<Vec<_>>();
    let causes = lines("it cannot be told whether a grant holds");
    assert_eq!(causes.len(), 2, "{log}");
    assert!(causes[0].contains("WARN") && causes[0].contains("ResourceNotFound"), "{log}");
    let refused = lines("refused at the door");
    assert_eq!(refused.len(), 2, "{log}");
    assert!(refused[0].contains("ERROR") && refused[0].contains("unavailable"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

/// Nothing listens where the function would ask.
#[tokio::test]
async fn nobody_is_asked_about_tokens_that_are_not_checked_or_not_good() {
    let clock = Arc::new(ManualClock::new(NOW.0 * 1000));
    let claims = json!({"client_id": "c_one", "gid": "g-1"});
    let list = async |check, claims| {
        let site = site(&clock, check, "http://127.0.0.1:1");
        site.list(&format!("Bearer {}", site.issuer.access_token(claims))).await
    };
    assert_eq!(list(false, claims.clone()).await.status, 200);
    assert_eq!(list(true, claims.clone()).await.status, 503);
    let mut expired = claims;
    expired["exp"] = (NOW.0 - 60).into();
    list(true, expired).await.assert_invalid_token("expired");
}
