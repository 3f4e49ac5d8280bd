use super::*;

const FORM: &str = "grant_type=client_credentials";

pub(crate) fn machine() -> Client {
    let secrets = Secrets { current: SecretHash::of("s"), other: None };
    Client {
        origin: ClientOrigin::Configured,
        auth_method: AuthMethod::Basic(secrets),
        tenant: Some("acme".parse().unwrap()),
        expires_at: None,
        // The worst that may be configured: all of it, and to refresh as well.
        ..client("c_machine", &[GrantType::ClientCredentials, GrantType::RefreshToken])
    }
}

#[tokio::test]
async fn t25_a_machine_acts_for_itself_and_never_refreshes() {
    let world = World::new().await;
    let answer = world.ask_at(NOW, &machine(), FORM).await.unwrap();
    let mut told = serde_json::to_value(&answer).unwrap();
    let [_, mut claims] = look_into(&answer.access_token);
    claims["jti"] = "(random)".into();
    told["access_token"] = claims;
    insta::assert_json_snapshot!(told, @r#"
    {
      "access_token": {
        "iss": "https://mcp.example.com",
        "sub": "c_machine",
        "aud": "https://mcp.example.com/mcp",
        "client_id": "c_machine",
        "scope": "prometheus-mcp-server/write",
        "iat": 1750000000,
        "exp": 1750000900,
        "jti": "(random)",
        "tenant_id": "acme"
      },
      "token_type": "Bearer",
      "expires_in": 900,
      "scope": "prometheus-mcp-server/write"
    }
    "#);
    let keys = world.keys.key_set().unwrap();
    let verified = Verified::of(&answer.access_token, &keys, &issuer(), NOW).unwrap();
    let caller = verified.claims.into_caller(Registry::PROJECT);
    assert_eq!(caller.kind, auth::CallerKind::Client);
    assert_eq!(caller.tenant, Some("acme".parse().unwrap()));
}

#[tokio::test]
async fn t25_a_machine_gets_no_scopes_of_people_and_no_more_than_it_has() {
    let world = World::new().await;
    for scope in [
        "openid",
        "offline_access",
        "profile",
        "mcp/invoke+openid",
        "mcp/invoke+offline_access",
        "cases/read",
        "prometheus-mcp-server/writer",
        "+",
        "mcp/invoke++mcp/invoke",
    ] {
        let answer = world.ask_at(NOW, &machine(), &format!("{FORM}&scope={scope}")).await;
        assert_eq!(refusal(answer), "invalid_scope", "{scope}");
    }
    for scope in ["mcp/invoke", "prometheus-mcp-server/read"] {
        let answer = world.ask_at(NOW, &machine(), &format!("{FORM}&scope={scope}")).await;
        assert_eq!(answer.unwrap().scope, scope);
    }
    let of_people = Client { scopes: "offline_access openid".parse().unwrap(), ..machine() };
    assert_eq!(refusal(world.ask_at(NOW, &of_people, FORM).await), "invalid_scope");
}

#[tokio::test]
async fn a_machine_gets_tokens_for_our_resource_only() {
    let world = World::new().await;
    let form = |resource| format!("{FORM}&resource={resource}");
    let answer = world.ask_at(NOW, &machine(), &form("https://other.example/mcp")).await;
    assert_eq!(refusal(answer), "invalid_target");
    assert!(world.ask_at(NOW, &machine(), &form(RESOURCE)).await.is_ok());
}
