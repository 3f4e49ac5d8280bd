//! `jsonwebtoken`, another implementation with other cryptography, as the oracle: whatever we accept,
//! it accepts. What it accepts and we do not is meant.
#![expect(clippy::disallowed_methods, reason = "here jsonwebtoken is what we are compared with")]

use std::sync::OnceLock;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use proptest::prelude::*;
use serde_json::json;

use super::tests::{NOW, RESOURCE, at, claims, header, issuer, key_set};
use super::*;
use crate::signer::{Pair, Signer};

/// What the oracle says, told as strictly as it can be; its clock is the system's, so it is not
/// asked about `exp`.
fn oracle(token: &str, jwk: &Value, issuer: &Issuer) -> Result<Value, jsonwebtoken::errors::Error> {
    let jwk: Jwk = serde_json::from_value(jwk.clone()).unwrap();
    let algorithm = jwk.common.key_algorithm.unwrap().to_string().parse().unwrap();
    let mut rules = Validation::new(algorithm);
    rules.validate_exp = false;
    rules.validate_nbf = true;
    rules.set_issuer(&[&issuer.url]);
    rules.set_audience(&[RESOURCE]);
    rules.set_required_spec_claims(&["exp", "iss", "sub"]);
    if issuer.profile != Profile::Cognito {
        rules.required_spec_claims.insert("aud".to_owned());
    }
    Ok(decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &rules)?.claims)
}

fn signers() -> &'static [Signer; 2] {
    static SIGNERS: OnceLock<[Signer; 2]> = OnceLock::new();
    SIGNERS.get_or_init(|| [Signer::es256("ec"), Signer::rs256("TYdgOXYU2PU/AzG+")])
}

#[test]
fn a_token_that_the_oracle_signs_is_accepted_by_both() {
    for signer in signers() {
        let (algorithm, key) = match &signer.pair {
            Pair::Es256 { der, .. } => {
                (jsonwebtoken::Algorithm::ES256, EncodingKey::from_ec_der(der))
            }
            Pair::Rs256 { der, .. } => {
                (jsonwebtoken::Algorithm::RS256, EncodingKey::from_rsa_der(der))
            }
        };
        for profile in [Profile::Cognito, Profile::AccessToken, Profile::Oidc] {
            let mut header = Header::new(algorithm);
            header.kid = Some(signer.kid.clone());
            if profile == Profile::AccessToken {
                header.typ = Some("at+jwt".to_owned());
            }
            let token = encode(&header, &claims(profile), &key).unwrap();
            let issuer = issuer(profile);
            let ours = verify(&token, &key_set(&[signer]), &issuer, at(NOW));
            assert_eq!(ours.map(|claims| claims.expires_at), Ok(NOW + 3600));
            assert!(oracle(&token, &signer.jwk(), &issuer).is_ok());
        }
    }
}

/// The default rules of the oracle let these pass; ours are there because of them.
#[test]
fn j12_j13_j14_j15_what_the_oracle_lets_pass_is_refused() {
    let signer = &signers()[0];
    let issuer = issuer(Profile::AccessToken);
    let both = |header_more: Value, claims_more: Value| {
        let merge = |mut base: Value, more: Value| {
            base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            base.to_string()
        };
        let token = signer.token(
            &merge(header(signer, issuer.profile), header_more),
            &merge(claims(issuer.profile), claims_more),
        );
        assert!(oracle(&token, &signer.jwk(), &issuer).is_ok());
        verify(&token, &key_set(&[signer]), &issuer, at(NOW)).unwrap_err()
    };
    assert_eq!(both(json!({ "crit": ["exp"] }), json!({})), Rejection::Header);
    assert_eq!(both(json!({ "jku": "https://evil.example" }), json!({})), Rejection::Header);
    assert_eq!(both(json!({ "zip": "DEF" }), json!({})), Rejection::Header);
    assert_eq!(both(json!({ "typ": "JWT" }), json!({})), Rejection::NotAnAccessToken);
    assert_eq!(both(json!({ "kid": "other" }), json!({})), Rejection::UnknownKey);
    assert_eq!(both(json!({}), json!({ "iat": NOW + 3600 })), Rejection::NotYet);
    assert_eq!(both(json!({}), json!({ "exp": NOW - 30 })), Rejection::Expired);
    let two = json!({ "iss": ["https://evil.example", issuer.url] });
    assert_eq!(both(json!({}), two), Rejection::Issuer);
    let two = json!({ "aud": ["https://other.example", RESOURCE] });
    assert_eq!(both(json!({}), two), Rejection::Audience);
}

#[test]
fn j30_a_token_of_a_weak_key_is_refused_though_the_oracle_takes_it() {
    use rsa::pkcs1::EncodeRsaPrivateKey;
    use rsa::traits::PublicKeyParts;

    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
    let base64 = |number: &rsa::BigUint| crate::signer::base64(number.to_bytes_be());
    let weak = json!({
        "kty": "RSA", "kid": "weak", "alg": "RS256", "n": base64(key.n()), "e": base64(key.e()),
    });
    let mut header = Header::new(jsonwebtoken::Algorithm::RS256);
    header.kid = Some("weak".to_owned());
    let signing = EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes());
    let token = encode(&header, &claims(Profile::Cognito), &signing).unwrap();
    let issuer = issuer(Profile::Cognito);
    assert!(oracle(&token, &weak, &issuer).is_ok());
    let keys: KeySet = json!({ "keys": [weak, signers()[0].jwk()] }).to_string().parse().unwrap();
    assert_eq!(verify(&token, &keys, &issuer, at(NOW)), Err(Rejection::UnknownKey));
}

/// A change to a token, before or after it is signed.
#[derive(Clone, Debug)]
enum Change {
    Header(&'static str, Value),
    Claim(&'static str, Value),
    /// Of the text, at a place of it.
    Text(prop::sample::Index, char),
    /// A bit of the signature.
    Signature(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Append(&'static str),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (NOW - 100..NOW + 100).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..4e9).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        prop::sample::select(vec![
            json!(RESOURCE),
            json!([RESOURCE]),
            json!(["https://other.example", RESOURCE]),
            json!(issuer(Profile::Cognito).url),
            json!([issuer(Profile::Oidc).url]),
            json!("access"),
            json!("JWT"),
            json!("at+jwt"),
            json!("ES256"),
            json!("RS256"),
            json!("HS256"),
            json!("none"),
            json!("ec"),
            json!({}),
        ]),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    // The oracle insists on the types of some members that we ignore (`cty`, `x5t`): not those.
    let in_header = prop::sample::select(vec![
        "alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "zip", "unknown",
    ]);
    let in_claims = prop::sample::select(vec![
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "azp",
        "scope",
        "token_use",
        "typ",
        "unknown",
    ]);
    let text = any::<prop::sample::Index>();
    prop_oneof![
        2 => (in_header, value()).prop_map(|(name, value)| Change::Header(name, value)),
        6 => (in_claims, value()).prop_map(|(name, value)| Change::Claim(name, value)),
        1 => (text, "[A-Za-z0-9_.=-]").prop_map(|(at, text)| {
            Change::Text(at, text.chars().next().unwrap_or('.'))
        }),
        1 => (any::<prop::sample::Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Signature(at, bit)),
        1 => any::<prop::sample::Index>().prop_map(Change::Cut),
        1 => prop::sample::select(vec!["=", "A", ".", ".AA", "\n", " "]).prop_map(Change::Append),
    ]
}

fn mutated(signer: &Signer, profile: Profile, changes: &[Change]) -> String {
    let (mut header, mut claims) = (header(signer, profile), claims(profile));
    for change in changes {
        match change {
            Change::Header(name, value) => header[*name] = value.clone(),
            Change::Claim(name, value) => claims[*name] = value.clone(),
            _ => {}
        }
    }
    let mut token = signer.token(&header.to_string(), &claims.to_string());
    for change in changes {
        match change {
            Change::Text(at, char) if !token.is_empty() => {
                let at = at.index(token.len());
                token.replace_range(at..=at, char.encode_utf8(&mut [0; 4]));
            }
            Change::Signature(at, bit) => {
                let Ok(parsed) = Unverified::parse(&token) else { continue };
                let mut signature = parsed.signature.clone();
                let at = at.index(signature.len().max(1));
                let Some(byte) = signature.get_mut(at) else { continue };
                *byte ^= 1 << bit;
                let signed = str::from_utf8(parsed.signed).unwrap();
                token = format!("{signed}.{}", crate::signer::base64(signature));
            }
            Change::Cut(at) if !token.is_empty() => token.truncate(at.index(token.len())),
            Change::Append(text) => token.push_str(text),
            _ => {}
        }
    }
    token
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_we_accept_the_oracle_accepts(
        which in 0..2_usize,
        profile in prop::sample::select(vec![Profile::Cognito, Profile::AccessToken, Profile::Oidc]),
        changes in prop::collection::vec(change(), 0..4),
    ) {
        let signer = &signers()[which];
        let token = mutated(signer, profile, &changes);
        let keys = key_set(&[&signers()[0], &signers()[1]]);
        let issuer = issuer(profile);
        if verify(&token, &keys, &issuer, at(NOW)).is_ok() {
            let theirs = oracle(&token, &signer.jwk(), &issuer);
            prop_assert!(theirs.is_ok(), "{:?}", theirs);
        }
    }
}
