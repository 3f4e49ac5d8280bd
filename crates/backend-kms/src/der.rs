//! DER as KMS writes it, to the numbers that JOSE wants.

use oauth::Jwk;
use pkcs1::RsaPublicKey;
use spki::der::asn1::UintRef;
use spki::der::{self, Decode as _, Reader as _, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// `rsaEncryption` (RFC 8017, appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-ecPublicKey` and `secp256r1` (RFC 5480, section 2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// What a key is, and so what it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RSA: RS256.
    Rsa,
    /// On the curve P-256: ES256.
    P256,
}

/// The public key of a `SubjectPublicKeyInfo` (RFC 5280, section 4.1); `None` for one of another
/// kind.
pub(crate) fn public_key(info: &[u8]) -> Option<(Kind, Jwk)> {
    let SubjectPublicKeyInfoRef { algorithm, subject_public_key } =
        SubjectPublicKeyInfoRef::from_der(info).ok()?;
    let key = subject_public_key.as_bytes()?;
    if algorithm.oid == RSA {
        let numbers = RsaPublicKey::from_der(key).ok()?;
        let (n, e) = (numbers.modulus.as_bytes(), numbers.public_exponent.as_bytes());
        Some((Kind::Rsa, Jwk::rsa(n, e)))
    } else {
        algorithm.assert_oids(EC, P256).ok()?;
        Some((Kind::P256, Jwk::p256(key)?))
    }
}

/// The two numbers of an `ECDSA-Sig-Value` (RFC 3279, section 2.2.3), 32 bytes each.
pub(crate) fn p256_signature(signature: &[u8]) -> Option<[u8; 64]> {
    let (r, s) = two_numbers(signature).ok()?;
    let mut fixed = [0; 64];
    let (left, right) = fixed.split_at_mut(32);
    for (half, number) in [(left, r), (right, s)] {
        // DER has no zeros in front but one that makes a number positive, and this is gone already.
        let zeros = half.len().checked_sub(number.as_bytes().len())?;
        half[zeros..].copy_from_slice(number.as_bytes());
    }
    Some(fixed)
}

fn two_numbers(sequence: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = SliceReader::new(sequence)?;
    let numbers = reader.sequence(|inner| Ok((inner.decode()?, inner.decode()?)))?;
    reader.finish(numbers)
}

#[cfg(test)]
mod tests;
