//! Asking KMS.

use std::sync::Arc;

use async_trait::async_trait;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::KeyUsageType::SignVerify;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use oauth::{Jwk, KeyRing, Signer, SigningError};
use service_kit::clock::Clock;

use crate::client::Lazy;
use crate::der::{self, Kind};
use crate::{Error, KeyId, Settings};

/// The longest message that is signed, in bytes: KMS hashes it itself.
pub const MAX_MESSAGE: usize = 4096;

const GET_PUBLIC_KEY: &str = "kms:GetPublicKey";
const SIGN: &str = "kms:Sign";

/// The keys of one region. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Kms(Arc<Lazy>);

impl Kms {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(
        settings: Settings,
        https: &https::Client,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Lazy::new(settings, https, credentials, clock)))
    }

    /// The keys of an authorization server: one that signs, and those that will or did. One question
    /// each.
    ///
    /// # Errors
    /// As [`Kms::key`]: a key that cannot be published is not left out, for tokens might be refused.
    pub async fn key_ring(&self, active: &KeyId, published: &[KeyId]) -> Result<KeyRing, Error> {
        let mut ring = KeyRing::new(self.key(active).await?);
        for key in published {
            ring = ring.with_published(self.key(key).await?.public);
        }
        Ok(ring)
    }

    /// A key that signs, found by its name.
    ///
    /// # Errors
    /// [`Error::WrongKind`] unless it is for signing, and of RSA or on P-256; what KMS says.
    pub async fn key(&self, name: &KeyId) -> Result<KmsKey, Error> {
        let asked = self.0.get().get_public_key().key_id(name.as_str());
        let found = asked.send().await.map_err(|err| Error::of(GET_PUBLIC_KEY, name, err))?;
        let unexpected = |what| Error::UnexpectedReply { key: name.clone(), what };
        let info = found.public_key.ok_or_else(|| unexpected("no public key"))?;
        let usage = found.key_usage;
        let known = der::public_key(info.as_ref()).filter(|_| usage == Some(SignVerify));
        let (kind, public) = known.ok_or_else(|| Error::WrongKind {
            key: name.clone(),
            spec: found.key_spec.as_ref().map_or("unknown", KeySpec::as_str).to_owned(),
            usage: usage.as_ref().map_or("unknown", KeyUsageType::as_str).to_owned(),
        })?;
        let id = found.key_id.ok_or_else(|| unexpected("no ARN"))?;
        Ok(KmsKey { kms: self.clone(), name: name.clone(), id, kind, public })
    }
}

/// A private key in KMS.
#[derive(Debug, Clone)]
pub struct KmsKey {
    kms: Kms,
    /// As it was asked for.
    name: KeyId,
    /// As KMS knows it: an alias may be another key's by now.
    id: String,
    kind: Kind,
    public: Jwk,
}

#[async_trait]
impl Signer for KmsKey {
    fn public(&self) -> &Jwk {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let bytes = message.len();
        if bytes > MAX_MESSAGE {
            return Err(Error::TooLong { bytes }.into());
        }
        let algorithm = match self.kind {
            Kind::Rsa => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
            Kind::P256 => SigningAlgorithmSpec::EcdsaSha256,
        };
        let asked = self.kms.0.get().sign().key_id(&self.id).message(Blob::new(message));
        let asked = asked.message_type(MessageType::Raw).signing_algorithm(algorithm);
        let signed = asked.send().await.map_err(|err| Error::of(SIGN, &self.name, err))?;
        let unexpected = |what| Error::UnexpectedReply { key: self.name.clone(), what };
        let signature = signed.signature.ok_or_else(|| unexpected("no signature"))?.into_inner();
        match self.kind {
            Kind::Rsa => Ok(signature),
            Kind::P256 => {
                let numbers = der::p256_signature(&signature);
                Ok(numbers.ok_or_else(|| unexpected("no signature in DER"))?.to_vec())
            }
        }
    }
}
