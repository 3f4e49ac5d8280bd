//! A token issuer as Cognito is one, and one as our own: keys that live as long as the run, tokens that do not expire in it.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use serde_json::{Value, json};

/// The protected resource, `MCP_RESOURCE`.
pub(super) const RESOURCE: &str = "https://mcp.example.com/mcp";

const URL: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Bench0001";
const CLIENT: &str = "3n4b5urk1ft4fl3mg5e62d9ado";
const OWN_URL: &str = "https://mcp.example.com";
/// The client of our own issuer's token, as the upstream knows it.
pub(super) const OWN_CLIENT: &str = "c_2yjU0sUuC3hFeNqXf7vL9A";
/// Key names of the length of Cognito's.
const RS256_KID: &str = "1BoUmS0S+5vFCcGZcSnG7F7pq5Gyr4pt7STkp7DaM2s=";
const ES256_KID: &str = "pC/7vmhzz2lnrTEIsP0aks+R11Y8h+rIqzUpUM1QM2A=";

/// What a run needs of it.
pub(super) struct Issuer {
    /// `AUTH_ISSUERS`, with the keys in it.
    pub(super) config: String,
    /// A token signed with RSA, as Cognito does.
    pub(super) rs256: String,
    /// The same, signed on P-256.
    pub(super) es256: String,
    /// One of our own authorization server, signed with RSA; its grant is checked.
    pub(super) own: String,
}

impl Issuer {
    pub(super) fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let rsa = rsa_key()?;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        let p256 = pkcs8.as_ref();
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p256, &random)?;

        let public = PublicKeyComponents::<Vec<u8>>::from(rsa.public());
        // An uncompressed point: a byte 4, x, y.
        let (x, y) = p256.public_key().as_ref()[1..].split_at(32);
        let rsa_jwk = json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": RS256_KID,
            "n": encode(&public.n), "e": encode(&public.e)});
        let keys = json!([
            rsa_jwk,
            {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": ES256_KID,
             "x": encode(x), "y": encode(y)},
        ]);
        let config = json!([{
            "issuer": URL, "profile": "cognito", "clients": [CLIENT], "jwks": {"keys": keys},
            // Nothing listens there, so that the first call does not go out to the network.
            "jwks_uri": "http://127.0.0.1:1/jwks.json",
        }, {
            "issuer": OWN_URL, "profile": "at+jwt", "check_grants": true,
            "jwks": {"keys": [rsa_jwk]}, "jwks_uri": "http://127.0.0.1:1/jwks.json",
        }]);
        let with_rsa = |message: &[u8]| {
            let mut signature = vec![0; rsa.public().modulus_len()];
            rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
            Ok(signature)
        };
        let with_p256 = |message: &[u8]| Ok(p256.sign(&random, message)?.as_ref().to_vec());
        Ok(Self {
            config: config.to_string(),
            rs256: token(&json!({"kid": RS256_KID, "alg": "RS256"}), &of_cognito(), with_rsa)?,
            es256: token(&json!({"kid": ES256_KID, "alg": "ES256"}), &of_cognito(), with_p256)?,
            own: token(
                &json!({"typ": "at+jwt", "alg": "RS256", "kid": RS256_KID}),
                &of_our_own(),
                with_rsa,
            )?,
        })
    }
}

/// A key of 2048 bits, which *ring* does not make.
fn rsa_key() -> Result<RsaKeyPair> {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)?;
    Ok(RsaKeyPair::from_der(key.to_pkcs1_der()?.as_bytes())?)
}

/// What an access token says that Cognito gives a person's client.
fn of_cognito() -> Value {
    json!({
        "sub": "d572c92f-9748-4df9-a0d9-416bdd312e95",
        "iss": URL,
        "version": 2,
        "client_id": CLIENT,
        "origin_jti": "a527e182-0f53-488e-a5ae-5bbab4173d0e",
        "event_id": "0f2f7d0e-97e5-4c3e-b0a3-c0e0d8a1b5f7",
        "token_use": "access",
        "scope": "openid prometheus-mcp-server/read",
        "auth_time": 1_763_600_000,
        "exp": 4_102_444_800_u64,
        "iat": 1_763_600_000,
        "jti": "dfee0489-03ec-4a04-ae91-8cf98ba8cf78",
        "username": "d572c92f-9748-4df9-a0d9-416bdd312e95",
    })
}

/// What one says that our own authorization server gives.
fn of_our_own() -> Value {
    json!({
        "iss": OWN_URL,
        "sub": "d572c92f-9748-4df9-a0d9-416bdd312e95",
        "aud": RESOURCE,
        "client_id": OWN_CLIENT,
        "scope": "openid prometheus-mcp-server/read",
        "iat": 1_763_600_000,
        "exp": 4_102_444_800_u64,
        "jti": "xT5vPq0r9mJfKcWb2hYd4g",
        "gid": "Zk3nB8sLwQe1uVtRa6yXoA",
        "auth_time": 1_763_600_000,
    })
}

fn token(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, ring::error::Unspecified>,
) -> Result<String> {
    let part = |value: &Value| encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
