//! Signs tokens, for tests and benches. Keys are made anew in each process and never written down.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};

/// A private key with a name.
pub(crate) struct Signer {
    pub(crate) kid: String,
    pub(crate) pair: Pair,
}

/// The private key. `der` is what other implementations read it from: PKCS#8, or PKCS#1 for RSA.
pub(crate) enum Pair {
    Es256 { pair: EcdsaKeyPair, der: Vec<u8> },
    Rs256 { pair: RsaKeyPair, der: Vec<u8> },
}

impl Signer {
    pub(crate) fn es256(kid: &str) -> Self {
        let (curve, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let der = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap().as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(curve, &der, &random).unwrap();
        Self { kid: kid.to_owned(), pair: Pair::Es256 { pair, der } }
    }

    /// Takes a tenth of a second or more.
    pub(crate) fn rs256(kid: &str) -> Self {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let der = key.to_pkcs1_der().unwrap().as_bytes().to_vec();
        let pair = RsaKeyPair::from_der(&der).unwrap();
        Self { kid: kid.to_owned(), pair: Pair::Rs256 { pair, der } }
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Es256 { .. } => "ES256",
            Pair::Rs256 { .. } => "RS256",
        }
    }

    /// The public key as an issuer publishes it.
    pub(crate) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Es256 { pair, .. } => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({
                    "kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y),
                    "kid": self.kid, "alg": "ES256", "use": "sig",
                })
            }
            Pair::Rs256 { pair, .. } => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({
                    "kty": "RSA", "n": base64(public.n), "e": base64(public.e),
                    "kid": self.kid, "alg": "RS256", "use": "sig",
                })
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es256 { pair, .. } => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Rs256 { pair, .. } => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A token of two texts as they are, which need not be JSON.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64(header), base64(claims));
        let signature = base64(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
