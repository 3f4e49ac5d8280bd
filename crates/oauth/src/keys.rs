//! The keys that access tokens are signed with: one signs, those before and after it are published.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use auth::{KeySet, NotAKeySet};
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::jwks::{Jwk, JwkSet, base64url};

/// A private key, in this process or elsewhere.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync + 'static {
    /// Its public key.
    fn public(&self) -> &Jwk;

    /// The signature over `message`, as a JWS has it (RFC 7518, sections 3.3 and 3.4): of ES256 the
    /// two numbers, 32 bytes each.
    ///
    /// # Errors
    /// When it cannot be made now.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError>;
}

/// A private key in this process, by the name that its public key has. Never shown.
pub struct SigningKey {
    pair: Pair,
    public: Jwk,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Why there is no signing key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotASigningKey {
    /// Neither a key on P-256 nor one of RSA with 2048 to 4096 bits, in PKCS#8.
    #[error("not a private key of P-256 or RSA in PKCS#8: {0}")]
    Rejected(KeyRejected),
    /// The operating system has no randomness to make one.
    #[error("no key could be made")]
    NotMade,
}

/// Nothing can be signed now.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be signed")]
pub struct SigningError(#[source] pub Box<dyn Error + Send + Sync>);

impl SigningError {
    /// For a reason that is in the log only.
    pub fn because(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl SigningKey {
    /// A fresh key on P-256, for a server that forgets its keys when it ends.
    ///
    /// # Errors
    /// [`NotASigningKey::NotMade`]
    pub fn generate() -> Result<Self, NotASigningKey> {
        Self::from_pkcs8(&Self::generate_pkcs8()?)
    }

    /// A fresh key on P-256 in PKCS#8, to be kept in a file that nobody else can read.
    ///
    /// # Errors
    /// [`NotASigningKey::NotMade`]
    pub fn generate_pkcs8() -> Result<Vec<u8>, NotASigningKey> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|document| document.as_ref().to_vec())
            .map_err(|_| NotASigningKey::NotMade)
    }

    /// A key of P-256 or RSA, from DER.
    ///
    /// # Errors
    /// [`NotASigningKey::Rejected`], which tells what is wrong and nothing of the key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NotASigningKey> {
        let p256 =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new());
        if let Ok(pair) = p256 {
            let public = Jwk::p256(pair.public_key().as_ref()).ok_or(NotASigningKey::NotMade)?;
            return Ok(Self { pair: Pair::P256(pair), public });
        }
        let pair = RsaKeyPair::from_pkcs8(der).map_err(NotASigningKey::Rejected)?;
        let numbers = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let public = Jwk::rsa(&numbers.n, &numbers.e);
        Ok(Self { pair: Pair::Rsa(pair), public })
    }
}

#[async_trait]
impl Signer for SigningKey {
    fn public(&self) -> &Jwk {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let random = SystemRandom::new();
        let failed = |_| SigningError::because("ring does not sign");
        match &self.pair {
            Pair::P256(pair) => {
                let signature = pair.sign(&random, message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.public.kid(), self.public.algorithm())
    }
}

/// Keys that are loaded when the first request needs them, and kept.
pub struct Keys {
    load: Box<dyn Fn() -> Loading + Send + Sync>,
    ring: OnceCell<KeyRing>,
}

/// Keys on their way.
pub type Loading = Pin<Box<dyn Future<Output = Result<KeyRing, SigningError>> + Send>>;

impl Keys {
    /// Keys that are elsewhere. A load that fails is tried again by the next request.
    pub fn on_demand(load: impl Fn() -> Loading + Send + Sync + 'static) -> Self {
        Self { load: Box::new(load), ring: OnceCell::new() }
    }

    /// The keys, at once.
    ///
    /// # Errors
    /// When they cannot be had now.
    pub async fn ring(&self) -> Result<&KeyRing, SigningError> {
        self.ring.get_or_try_init(|| (self.load)()).await
    }
}

impl From<KeyRing> for Keys {
    fn from(ring: KeyRing) -> Self {
        let load = || -> Loading { Box::pin(async { Err(SigningError::because("no keys")) }) };
        Self { load: Box::new(load), ring: OnceCell::new_with(Some(ring)) }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.ring.get()).finish()
    }
}

/// The keys of an authorization server: exactly one signs.
///
/// A key is *next* first: published, for at least twice as long as resource servers remember keys.
/// Then it is *active*. Then it is *retiring*: published for as long as the tokens that it signed may
/// live.
#[derive(Debug)]
pub struct KeyRing {
    active: Box<dyn Signer>,
    /// All that are published, the active one first.
    published: JwkSet,
}

impl KeyRing {
    /// With the key that signs.
    #[must_use]
    pub fn new(active: impl Signer) -> Self {
        let published = JwkSet { keys: vec![active.public().clone()] };
        Self { active: Box::new(active), published }
    }

    /// Publishes a key that will sign, or has signed.
    #[must_use]
    pub fn with_published(mut self, key: Jwk) -> Self {
        // Who reads a set drops a key whose name is there twice.
        if self.published.keys.iter().all(|own| own.kid() != key.kid()) {
            self.published.keys.push(key);
        }
        self
    }

    /// The name of the key that signs.
    #[must_use]
    pub fn active(&self) -> &str {
        self.active.public().kid()
    }

    /// A signed token in compact form (RFC 7515, section 3.1).
    ///
    /// # Errors
    /// When the signature cannot be made.
    pub(crate) async fn sign_token(
        &self,
        typ: &str,
        claims: &(impl Serialize + Sync),
    ) -> Result<String, SigningError> {
        #[derive(Serialize)]
        struct Header<'a> {
            typ: &'a str,
            alg: &'a str,
            kid: &'a str,
        }
        let public = self.active.public();
        let header = Header { typ, alg: public.algorithm(), kid: public.kid() };
        let header = serde_json::to_vec(&header).map_err(SigningError::because)?;
        let claims = serde_json::to_vec(claims).map_err(SigningError::because)?;
        let mut token = format!("{}.{}", base64url(header), base64url(claims));
        let signature = self.active.sign(token.as_bytes()).await?;
        token.push('.');
        token.push_str(&base64url(signature));
        Ok(token)
    }

    /// The document at `jwks_uri`.
    #[must_use]
    pub const fn published(&self) -> &JwkSet {
        &self.published
    }

    /// What a resource server reads from that document.
    ///
    /// # Errors
    /// When none of the keys is one that resource servers take.
    pub fn key_set(&self) -> Result<KeySet, NotAKeySet> {
        KeySet::parse(&serde_json::to_vec(&self.published).unwrap_or_default())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rsa::RsaPrivateKey;
    use rsa::pkcs8::EncodePrivateKey as _;
    use std::sync::OnceLock;

    /// A key of RSA, made once: that takes a tenth of a second or more.
    pub(crate) fn rsa_pkcs8() -> &'static [u8] {
        static KEY: OnceLock<Vec<u8>> = OnceLock::new();
        KEY.get_or_init(|| {
            let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
            key.to_pkcs8_der().unwrap().as_bytes().to_vec()
        })
    }

    /// What a resource server takes of what is published.
    fn read(ring: &KeyRing) -> String {
        format!("{:?}", ring.key_set().unwrap())
    }

    #[test]
    fn keys_before_and_after_the_active_one_are_published_with_it() {
        let keys = [(); 3].map(|()| SigningKey::generate().unwrap());
        let kids = keys.each_ref().map(|key| key.public().kid().to_owned());
        let [active, next, retiring] = keys;
        let ring = KeyRing::new(active)
            .with_published(next.public().clone())
            .with_published(retiring.public().clone());
        assert_eq!(ring.active(), kids[0]);
        let read = read(&ring);
        assert!(kids.iter().all(|kid| read.contains(kid)), "{read}");
    }

    #[test]
    fn a_key_that_is_named_twice_is_published_once() {
        let key = SigningKey::generate().unwrap();
        let public = key.public().clone();
        let ring = KeyRing::new(key).with_published(public.clone()).with_published(public);
        assert_eq!(ring.published().keys.len(), 1);
        assert!(read(&ring).contains(ring.active()));
    }

    #[test]
    fn both_kinds_of_key_are_read_and_called_by_what_they_are() {
        let rsa = SigningKey::from_pkcs8(rsa_pkcs8()).unwrap();
        assert_eq!(rsa.public().algorithm(), "RS256");
        let again = SigningKey::from_pkcs8(rsa_pkcs8()).unwrap();
        assert_eq!(rsa.public(), again.public());
        let p256 = SigningKey::generate().unwrap();
        assert_eq!(p256.public().algorithm(), "ES256");
        for key in [rsa, p256] {
            let expected = format!("Key({}, {})", key.public().kid(), key.public().algorithm());
            let read = read(&KeyRing::new(key));
            assert!(read.contains(&expected), "{read}");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let der = rsa_pkcs8();
        let key = SigningKey::from_pkcs8(der).unwrap();
        let Pair::Rsa(_) = &key.pair else { panic!("not RSA") };
        assert_eq!(format!("{key:?}"), format!("SigningKey({}, RS256)", key.public().kid()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let ed25519 = ring::signature::Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        for der in [&[][..], b"-----BEGIN PRIVATE KEY-----", ed25519.unwrap().as_ref()] {
            let error = SigningKey::from_pkcs8(der).unwrap_err();
            assert!(matches!(error, NotASigningKey::Rejected(_)), "{error}");
        }
        let cut = &rsa_pkcs8()[..600];
        assert!(SigningKey::from_pkcs8(cut).is_err());
    }
}
