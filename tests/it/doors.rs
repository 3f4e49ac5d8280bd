//! The real authorizer before the real MCP function, each in processes of its own, with an issuer.

mod policies;
mod site;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use local_aws::cognito::{Fault, Mint};
use serde_json::json;
use service_kit::clock::{Clock as _, ManualClock, SystemClock};
use tests::emulator::{Front, Settings};

use crate::lambda::DOORS;
use site::{ALLOWED, CHALLENGE, Issuer, REFUSED, Site, granted, reading};

/// Where the challenge of a function reaches the client.
fn challenge_of(front: Front) -> &'static str {
    match front {
        Front::RestV1 => "x-amzn-remapped-www-authenticate",
        Front::HttpV2 => "www-authenticate",
    }
}

#[tokio::test]
async fn j13_j15_j18_j21_j24_z01_z03_who_has_a_good_token_gets_through_both_doors_and_nobody_else()
{
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    for (front, mode) in DOORS {
        let site = Site::start(issuer.server(front, mode)).await;
        let reply = site.list(&issuer.token(&reading("acme")).await).await;
        assert_eq!(reply.status, 200, "{front:?} {mode:?}: {}", site.log());
        assert_eq!(reply.json["result"]["tools"].as_array().map(Vec::len), Some(5));

        for (case, token) in [
            ("garbage", "x.y.z".to_owned()),
            ("expired", issuer.token(&reading("acme").with_lifetime_s(-30)).await),
            ("an ID token", issuer.token(&Mint::id("acme", "ada")).await),
            ("another client's", issuer.token(&reading("nobody")).await),
            ("another pool's", other.token(&reading("acme")).await),
        ] {
            let reply = site.list(&token).await;
            assert_eq!(reply.status, 401, "{case}: {}", site.log());
            assert_eq!(reply.json, json!({"message": "Unauthorized"}), "{case}");
            // An HTTP API has no gateway responses that could bring one.
            let challenge = reply.headers.get("www-authenticate");
            assert_eq!(challenge.is_some_and(|it| it == CHALLENGE), front == Front::RestV1);
        }
        assert_eq!(site.post("/mcp", None).await.status, 401);

        let reply = site.list(&issuer.token(&granted("acme", "cases/write")).await).await;
        assert_eq!(reply.status, 403, "{}", site.log());
        let challenge = reply.headers[challenge_of(front)].to_str().unwrap();
        assert!(challenge.starts_with("Bearer error=\"insufficient_scope\", scope=\"mcp/invoke\""));
        assert_eq!(reply.json["id"], 7);
        // The function heard of these two, and of nobody whom the authorizer had not let pass.
        site.assert_logged("\"message\":\"mcp request\"", 2).await;
        site.assert_logged(ALLOWED, 2).await;
        site.assert_logged(REFUSED, 0).await;
    }
}

#[tokio::test]
async fn z02_j34_an_issuer_that_is_down_at_a_cold_start_is_an_outage_and_no_verdict() {
    let issuer = Issuer::start().await;
    issuer.pool().set_fault(Some(Fault::Status(StatusCode::BAD_GATEWAY)));
    let token = issuer.token(&reading("acme")).await;
    for (front, mode) in DOORS {
        let site = Site::start(issuer.server(front, mode)).await;
        let reply = site.list(&token).await;
        assert_eq!(reply.status, 500, "{front:?}: {}", site.log());
        assert_eq!(reply.headers.get("www-authenticate"), None);
        site.assert_logged("\"decision\":\"error\"", 1).await;
        // What cannot be a token of anybody is told so all the same.
        assert_eq!(site.list("x.y.z").await.status, 401);
    }
}

/// API Gateway's clock stands still, so that it uses what the authorizer said for ever.
#[tokio::test]
async fn z08_behind_a_kept_policy_the_function_refuses_a_token_that_has_ended() {
    let issuer = Issuer::start().await;
    let mut sites = Vec::new();
    for (front, mode) in DOORS {
        let clock = Arc::new(ManualClock::new(SystemClock.unix_ms()));
        let settings = Settings { clock, ..issuer.server(front, mode) };
        let site = Site::start(settings).await;
        // Both processes are warm when it counts.
        assert_eq!(site.list(&issuer.token(&reading("blue")).await).await.status, 200);
        let token = issuer.token(&reading("acme").with_lifetime_s(2)).await;
        assert_eq!(site.list(&token).await.status, 200, "{front:?}: {}", site.log());
        sites.push((front, site, token));
    }
    // Two seconds, five of leeway, and one for the rounding of `exp`.
    let ended_ms = SystemClock.unix_ms() + 8_000;
    while SystemClock.unix_ms() < ended_ms {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for (front, site, token) in sites {
        let reply = site.list(&token).await;
        assert_eq!(reply.status, 401, "{front:?}: {}", site.log());
        let challenge = reply.headers[challenge_of(front)].to_str().unwrap();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
        assert_eq!(reply.json["error"], "invalid_token");
        // The authorizer was not asked again.
        site.assert_logged(ALLOWED, 2).await;
        site.assert_logged(REFUSED, 1).await;
    }
}

#[tokio::test]
async fn an_environment_of_one_tenant_refuses_the_token_of_another() {
    let issuer = Issuer::start().await;
    for (front, mode) in DOORS.into_iter().filter(|(front, _)| *front == Front::RestV1) {
        let tenant_id = Some("acme".to_owned());
        let site = Site::start(Settings { tenant_id, ..issuer.server(front, mode) }).await;
        for (client, status) in [("acme", 200), ("blue", 403), ("acme", 200)] {
            let reply = site.list(&issuer.token(&reading(client)).await).await;
            assert_eq!(reply.status, status, "{client}: {}", site.log());
            if status == 403 {
                assert_eq!(reply.json["error"], "forbidden");
                assert_eq!(reply.headers.get(challenge_of(front)), None);
            }
        }
    }
}
