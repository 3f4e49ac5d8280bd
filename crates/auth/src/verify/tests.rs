mod claim_rules;

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::*;
use crate::signer::{Pair, Signer, base64};

/// When it is: long enough ago that another implementation's clock is later.
pub(super) const NOW: i64 = 1_750_000_000;
pub(super) const RESOURCE: &str = "https://mcp.example.com/mcp";
const CLIENT: &str = "1example23456789";

pub(super) fn issuer(profile: Profile) -> Issuer {
    let url = match profile {
        Profile::Cognito => "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE",
        Profile::AccessToken => "https://mcp.example.com",
        Profile::Oidc => "https://login.example.com/realms/a",
    };
    Issuer {
        url: url.to_owned(),
        profile,
        audience: RESOURCE.to_owned(),
        clients: if profile == Profile::Cognito { vec![CLIENT.to_owned()] } else { Vec::new() },
        jwks_uri: format!("{url}/.well-known/jwks.json").parse().unwrap(),
        known_keys: None,
        tenant_claim: None,
        tenants: BTreeMap::new(),
        tenant: None,
        scopes: None,
        check_grants: false,
    }
}

pub(super) fn header(signer: &Signer, profile: Profile) -> Value {
    let mut header = json!({ "kid": signer.kid, "alg": signer.alg() });
    if profile == Profile::AccessToken {
        header["typ"] = "at+jwt".into();
    }
    header
}

pub(super) fn claims(profile: Profile) -> Value {
    let mut claims = json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "iss": issuer(profile).url,
        "client_id": CLIENT,
        "scope": "prometheus-mcp-server/read",
        "iat": NOW - 60,
        "exp": NOW + 3600,
        "jti": "4b3c2a1d-0000-4000-8000-000000000000",
    });
    match profile {
        Profile::Cognito => {
            claims["token_use"] = "access".into();
            claims["version"] = 2.into();
            claims["auth_time"] = (NOW - 60).into();
        }
        Profile::AccessToken | Profile::Oidc => claims["aud"] = RESOURCE.into(),
    }
    claims
}

pub(super) fn key_set(signers: &[&Signer]) -> KeySet {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({ "keys": keys }).to_string().parse().unwrap()
}

pub(super) fn at(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}

/// `base` with members replaced, or removed where `changes` has [`GONE`].
fn changed(base: &Value, changes: &Value) -> Value {
    let mut base = base.clone();
    let members = base.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value == GONE {
            members.shift_remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

const GONE: &str = "(gone)";

/// One issuer with one key.
struct World {
    signer: Signer,
    keys: KeySet,
    issuer: Issuer,
}

impl World {
    fn new(profile: Profile) -> Self {
        let signer = Signer::es256("key-1");
        Self { keys: key_set(&[&signer]), signer, issuer: issuer(profile) }
    }

    /// A token that is good but for these changes.
    fn token(&self, header_changes: &Value, claim_changes: &Value) -> String {
        let header = changed(&header(&self.signer, self.issuer.profile), header_changes);
        let claims = changed(&claims(self.issuer.profile), claim_changes);
        self.signer.token(&header.to_string(), &claims.to_string())
    }

    fn verify(&self, token: &str) -> Result<Claims, Rejection> {
        verify(token, &self.keys, &self.issuer, at(NOW))
    }

    fn with_header(&self, changes: &Value) -> Result<Claims, Rejection> {
        self.verify(&self.token(changes, &json!({})))
    }

    fn with(&self, changes: &Value) -> Result<Claims, Rejection> {
        self.verify(&self.token(&json!({}), changes))
    }

    #[track_caller]
    fn refuses(&self, changes: &Value, expected: Rejection) {
        assert_eq!(self.with(changes), Err(expected), "{changes}");
    }

    #[track_caller]
    fn accepts(&self, changes: &Value) -> Claims {
        self.with(changes).unwrap_or_else(|err| panic!("{changes}: {err}"))
    }
}

const PROFILES: [Profile; 3] = [Profile::Cognito, Profile::AccessToken, Profile::Oidc];

#[test]
fn a_good_token_says_who_calls_and_what_they_may() {
    for profile in PROFILES {
        let world = World::new(profile);
        let expected = Claims {
            issuer: world.issuer.url.clone(),
            subject: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee".to_owned(),
            client_id: Some(CLIENT.to_owned()),
            scopes: "prometheus-mcp-server/read".parse().unwrap(),
            tenant: None,
            expires_at: NOW + 3600,
            token_id: Some("4b3c2a1d-0000-4000-8000-000000000000".to_owned()),
            grant: None,
        };
        assert_eq!(world.with(&json!({})), Ok(expected), "{profile:?}");
    }
}

#[test]
fn j29_both_algorithms_are_verified_each_with_its_key() {
    let (rsa, ec) = (Signer::rs256("rsa+key="), Signer::es256("ec"));
    let keys = key_set(&[&rsa, &ec]);
    let issuer = issuer(Profile::Cognito);
    for signer in [&rsa, &ec] {
        let (header, claims) = (header(signer, issuer.profile), claims(issuer.profile));
        let token = signer.token(&header.to_string(), &claims.to_string());
        assert!(verify(&token, &keys, &issuer, at(NOW)).is_ok(), "{}", signer.alg());
        assert_eq!(
            verify(&token, &key_set(&[&Signer::es256("other")]), &issuer, at(NOW)),
            Err(Rejection::UnknownKey)
        );
        let (signed, _) = token.rsplit_once('.').unwrap();
        let right = signer.sign(signed.as_bytes());
        for wrong in [signer.sign(b"other"), vec![0; right.len()], right[1..].to_vec()] {
            let token = format!("{signed}.{}", base64(wrong));
            assert_eq!(verify(&token, &keys, &issuer, at(NOW)), Err(Rejection::Signature));
        }
    }
}

#[test]
fn j05_a_token_without_a_signature_is_refused() {
    let world = World::new(Profile::Cognito);
    for alg in ["none", "NoNe", "NONE", ""] {
        let token = world.token(&json!({ "alg": alg }), &json!({}));
        assert_eq!(world.verify(&token), Err(Rejection::Algorithm), "{alg}");
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert_eq!(world.verify(&format!("{signed}.")), Err(Rejection::Algorithm), "{alg}");
    }
    let token = world.token(&json!({}), &json!({}));
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(world.verify(&format!("{signed}.")), Err(Rejection::Signature));
    assert_eq!(world.verify(signed), Err(Rejection::Malformed));
}

#[test]
fn j06_a_public_key_is_no_shared_secret() {
    let world = World::new(Profile::Cognito);
    let jwk = world.signer.jwk();
    let decode = |name: &str| {
        use ::base64::Engine as _;
        let text = jwk[name].as_str().unwrap();
        ::base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let point = [vec![4], decode("x"), decode("y")].concat();
    // SubjectPublicKeyInfo: id-ecPublicKey on prime256v1.
    let mut der = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00".to_vec();
    der.extend(&point);
    let body = {
        use ::base64::Engine as _;
        ::base64::engine::general_purpose::STANDARD.encode(&der)
    };
    let (first, second) = body.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
    for secret in [point, der, pem.into_bytes(), jwk.to_string().into_bytes()] {
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        for alg in ["HS256", "ES256", "RS256"] {
            let token = world.token(&json!({ "alg": alg }), &json!({}));
            let (signed, _) = token.rsplit_once('.').unwrap();
            let tag = ring::hmac::sign(&secret, signed.as_bytes());
            let expected = if alg == "ES256" { Rejection::Signature } else { Rejection::Algorithm };
            assert_eq!(world.verify(&format!("{signed}.{}", base64(tag))), Err(expected));
        }
    }
}

#[test]
fn j07_the_algorithm_is_the_one_of_the_key() {
    let world = World::new(Profile::Cognito);
    for alg in ["RS256", "RS384", "PS256", "ES384", "HS256", "EdDSA", "es256", "ES256 "] {
        assert_eq!(world.with_header(&json!({ "alg": alg })), Err(Rejection::Algorithm), "{alg}");
    }
    let rsa = Signer::rs256("key-1");
    let world = World { keys: key_set(&[&rsa]), signer: rsa, ..world };
    assert!(world.with(&json!({})).is_ok());
    for alg in ["ES256", "RS384", "RS512", "PS256", "HS256", "rs256"] {
        assert_eq!(world.with_header(&json!({ "alg": alg })), Err(Rejection::Algorithm), "{alg}");
    }
}

#[test]
fn j08_a_token_says_which_key_even_when_there_is_one() {
    let world = World::new(Profile::Cognito);
    assert_eq!(world.with_header(&json!({ "kid": GONE })), Err(Rejection::Kid));
    assert_eq!(world.with_header(&json!({ "kid": "key-2" })), Err(Rejection::UnknownKey));
    assert_eq!(world.with_header(&json!({ "kid": "KEY-1" })), Err(Rejection::UnknownKey));
}

#[test]
fn j29_what_was_signed_by_another_or_altered_is_refused() {
    let world = World::new(Profile::Cognito);
    let good = world.token(&json!({}), &json!({}));
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let other = world.token(&json!({}), &json!({ "scope": "prometheus-mcp-server/write" }));
    let [_, other_claims, other_signature] = other.split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let stranger = Signer::es256("key-1");
    let forged = stranger.sign(format!("{header}.{claims}").as_bytes());
    for (claims, signature) in [
        (claims, other_signature.to_owned()),
        (other_claims, signature.to_owned()),
        (claims, base64(forged)),
        (claims, base64([0; 64])),
        (claims, base64([0xff; 64])),
        (claims, base64([])),
        (claims, signature[..signature.len() - 2].to_owned() + "A"),
        (claims, format!("{signature}AAAA")),
    ] {
        let token = format!("{header}.{claims}.{signature}");
        assert!(
            matches!(world.verify(&token), Err(Rejection::Signature | Rejection::Malformed)),
            "{signature}"
        );
    }
}

#[test]
fn j29_a_signature_has_the_form_that_jws_gives_it() {
    // A DER signature of the same numbers, as `openssl dgst` would make it.
    let world = World::new(Profile::Cognito);
    let token = world.token(&json!({}), &json!({}));
    let (signed, _) = token.rsplit_once('.').unwrap();
    let Pair::Es256 { der, .. } = &world.signer.pair else { panic!() };
    let random = ring::rand::SystemRandom::new();
    let asn1 = &ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
    let pair = ring::signature::EcdsaKeyPair::from_pkcs8(asn1, der, &random).unwrap();
    let signature = base64(pair.sign(&random, signed.as_bytes()).unwrap());
    assert_eq!(world.verify(&format!("{signed}.{signature}")), Err(Rejection::Signature));
}

#[test]
fn j30_a_point_that_is_not_on_the_curve_verifies_nothing() {
    let mut world = World::new(Profile::Cognito);
    let mut jwk = world.signer.jwk();
    jwk["y"] = base64([7; 32]).into();
    world.keys = json!({ "keys": [jwk] }).to_string().parse().unwrap();
    world.refuses(&json!({}), Rejection::Signature);
}

#[test]
fn j30_a_key_for_encryption_verifies_nothing() {
    let mut world = World::new(Profile::Cognito);
    let mut jwk = world.signer.jwk();
    jwk["use"] = "enc".into();
    let other = Signer::es256("other").jwk();
    world.keys = json!({ "keys": [jwk, other] }).to_string().parse().unwrap();
    world.refuses(&json!({}), Rejection::UnknownKey);
}
