//! What the verification of a token costs when its key is at hand; the budget is 150 µs, of which
//! half may be ours. That is also held to, on any machine: see [`TIMES`].
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up stops")]
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use auth::{Issuer, KeySet, Profile, verify};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::Criterion;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use serde_json::json;
use signer::{Pair, Signer};

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../src/signer.rs"]
mod signer;

const NOW: u64 = 1_790_000_000;
const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE";

/// As many times what its signature alone costs a verification may cost, but not quite.
const TIMES: f64 = 2.0;

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
        hold(&signer, &token, || drop(verify(black_box(&token), &keys, &issuer, now).unwrap()));
    }
    criterion.final_summary();
}

/// Fails when `whole`, the verification of this token, costs too much beside its signature.
fn hold(signer: &Signer, token: &str, whole: impl Fn()) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signature_alone = || match &signer.pair {
        Pair::Es256 { pair, .. } => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key())
                .verify(black_box(signed.as_bytes()), &signature)
                .unwrap();
        }
        Pair::Rs256 { pair, .. } => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key())
                .verify(black_box(signed.as_bytes()), &signature)
                .unwrap();
        }
    };
    // By turns, each a few at a time, and the best of many: whoever else is busy on this machine is
    // not always in between.
    let mut best = [Duration::MAX; 2];
    for _ in 0..300 {
        best[0] = best[0].min(a_few(&whole));
        best[1] = best[1].min(a_few(signature_alone));
    }
    let [whole, alone] = best;
    let ratio = whole.as_secs_f64() / alone.as_secs_f64();
    println!("{}: {whole:?}, {ratio:.2} times its signature alone", signer.alg());
    // Nothing is known of builds that are not optimized.
    assert!(ratio < TIMES || cfg!(debug_assertions), "too much beside the signature");
}

fn a_few(work: impl Fn()) -> Duration {
    const FEW: u32 = 5;
    let started = Instant::now();
    (0..FEW).for_each(|_| work());
    started.elapsed() / FEW
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
