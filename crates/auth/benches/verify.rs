//! What the verification of a token costs when its key is at hand; the budget is 150 µs.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up stops")]

use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth::{Issuer, KeySet, Profile, verify};
use criterion::Criterion;
use serde_json::json;
use signer::Signer;

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../src/signer.rs"]
mod signer;

const NOW: u64 = 1_790_000_000;
const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // Named as Cognito names its keys.
    let kid = "TYdgOXYU2PUAzG8pU+G5WNDp/3/7hApwzCNCfsYf4DI=";
    for signer in [Signer::rs256(kid), Signer::es256(kid)] {
        let keys = json!({ "keys": [signer.jwk(), Signer::es256("other").jwk()] });
        let keys: KeySet = keys.to_string().parse().unwrap();
        let (token, issuer) = (token(&signer), issuer());
        let now: SystemTime = UNIX_EPOCH + Duration::from_secs(NOW);
        criterion.bench_function(&format!("verify {}", signer.alg()), |bencher| {
            bencher.iter(|| verify(black_box(&token), &keys, &issuer, now).unwrap());
        });
    }
    criterion.final_summary();
}

/// As Cognito issues it to a person who logged in.
fn token(signer: &Signer) -> String {
    let header = json!({ "kid": signer.kid, "alg": signer.alg() });
    let claims = json!({
        "sub": "94482488-20a1-70c4-3c21-1f8f0bb3c1d2",
        "cognito:groups": ["operators", "us-east-1_EXAMPLE_Google"],
        "iss": ISSUER,
        "version": 2,
        "client_id": "1example23456789",
        "origin_jti": "0d1a2b3c-4d5e-4f60-8a1b-2c3d4e5f6a7b",
        "event_id": "7a1f0c52-9f9d-4b0e-9a6c-3f5b7a0d1e2f",
        "token_use": "access",
        "scope": "openid email mcp/invoke prometheus-mcp-server/read",
        "auth_time": NOW - 60,
        "exp": NOW + 3540,
        "iat": NOW - 60,
        "jti": "2b7c8d9e-0f1a-4b2c-9d3e-4f5a6b7c8d9e",
        "username": "94482488-20a1-70c4-3c21-1f8f0bb3c1d2",
    });
    signer.token(&header.to_string(), &claims.to_string())
}

fn issuer() -> Issuer {
    Issuer {
        url: ISSUER.to_owned(),
        profile: Profile::Cognito,
        audience: "https://mcp.example.com/mcp".to_owned(),
        clients: vec!["1example23456789".to_owned()],
        jwks_uri: format!("{ISSUER}/.well-known/jwks.json").parse().unwrap(),
        known_keys: None,
        tenant_claim: None,
        tenants: [].into(),
        tenant: None,
        scopes: None,
        check_grants: false,
    }
}
