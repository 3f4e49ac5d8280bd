//! RSA keys for RS256, made on the spot: none is kept anywhere.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use crypto_bigint::{U1024, U2048};
use crypto_primes::hazmat::SmallFactorsSieve;
use crypto_primes::{Flavor, is_prime};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use service_kit::random;
use sha2::{Digest as _, Sha256};

use super::CognitoError;

/// The public exponent.
const E: u32 = 65_537;
const PRIME_BITS: NonZeroU32 = NonZeroU32::new(1_024).unwrap();
const PRIME_BYTES: usize = 128;

/// An RSA key of 2048 bits that signs RS256.
pub(super) struct Key {
    /// Its name in JWKS: 32 bytes in base64 with padding, as Cognito's are.
    pub(super) id: String,
    pair: RsaKeyPair,
    modulus: Vec<u8>,
}

impl Key {
    /// A new key. This takes a processor some tenths of a second.
    pub(super) fn generate() -> Result<Self, CognitoError> {
        loop {
            // Inverses that do not exist and primes that are the same are about as likely as an
            // error of the hardware, but cost nothing to try again.
            if let Some(components) = components(prime()?, prime()?) {
                let pair = RsaKeyPair::from_components(&components)
                    .map_err(|rejected| CognitoError::Key(rejected.to_string()))?;
                let modulus = components.public_key.n;
                let id = BASE64_STANDARD.encode(Sha256::digest(&modulus));
                return Ok(Self { id, pair, modulus });
            }
        }
    }

    /// The signature of `message`, RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CognitoError> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|unspecified| CognitoError::Key(unspecified.to_string()))?;
        Ok(signature)
    }

    /// The public half as a JWK (RFC 7517), with the members Cognito gives it.
    pub(super) fn jwk(&self) -> Value {
        let exponent = &E.to_be_bytes()[1..];
        json!({
            "alg": "RS256",
            "e": BASE64_URL_SAFE_NO_PAD.encode(exponent),
            "kid": self.id,
            "kty": "RSA",
            "n": BASE64_URL_SAFE_NO_PAD.encode(&self.modulus),
            "use": "sig",
        })
    }
}

impl fmt::Debug for Key {
    /// Tells its name only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// The first prime from a random number on whose two highest bits are set, so that the product of
/// two has all its bits.
fn prime() -> Result<U1024, CognitoError> {
    loop {
        let mut start = [0; PRIME_BYTES];
        random::fill(&mut start)?;
        start[0] |= 0b1100_0000;
        let sieve = SmallFactorsSieve::new(U1024::from_be_slice(&start), PRIME_BITS, false)
            .map_err(|err| CognitoError::Key(err.to_string()))?;
        // There is none when the random number was the very last.
        if let Some(prime) = sieve.into_iter().find(|number| is_prime(Flavor::Any, number)) {
            return Ok(prime);
        }
    }
}

/// The numbers of a key (RFC 8017, section 3.2), big-endian.
fn components(one: U1024, other: U1024) -> Option<KeyPairComponents<Vec<u8>>> {
    let (p, q) = (one.max(other), one.min(other));
    let p_1 = p.wrapping_sub(&U1024::ONE);
    let q_1 = q.wrapping_sub(&U1024::ONE);
    let order: U2048 = p_1.concatenating_mul(&q_1);
    let n: U2048 = p.concatenating_mul(&q);

    let inverse = |number: U1024, modulus: &U1024| {
        number.invert_mod(&modulus.to_nz().into_option()?).into_option()
    };
    let d = U2048::from_u32(E).invert_mod(&order.to_nz().into_option()?).into_option()?;
    let bytes = |number: &U1024| number.to_be_bytes().as_ref().to_vec();
    Some(KeyPairComponents {
        public_key: PublicKeyComponents {
            n: n.to_be_bytes().as_ref().to_vec(),
            e: E.to_be_bytes()[1..].to_vec(),
        },
        // A number without zeros before it, where the others are padded to the length of a prime.
        d: d.to_be_bytes().as_ref().iter().copied().skip_while(|byte| *byte == 0).collect(),
        p: bytes(&p),
        q: bytes(&q),
        dP: bytes(&inverse(U1024::from_u32(E), &p_1)?),
        dQ: bytes(&inverse(U1024::from_u32(E), &q_1)?),
        qInv: bytes(&inverse(q, &p)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    #[test]
    fn what_a_key_signs_its_public_half_verifies_and_another_does_not() {
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_ne!(key.id, other.id);
        let signature = key.sign(b"header.claims").unwrap();
        for (jwk, message, ok) in [
            (key.jwk(), &b"header.claims"[..], true),
            (key.jwk(), b"header.other", false),
            (other.jwk(), b"header.claims", false),
        ] {
            let number =
                |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
            assert_eq!(number("n").len(), 256);
            let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
            let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature);
            assert_eq!(verified.is_ok(), ok);
        }
    }

    #[test]
    fn a_key_is_published_as_cognito_does_and_debug_tells_its_name_only() {
        let key = Key::generate().unwrap();
        let jwk = key.jwk();
        let members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!((&jwk["e"], jwk["kid"].as_str()), (&json!("AQAB"), Some(key.id.as_str())));
        assert_eq!((key.id.len(), key.id.ends_with('=')), (44, true));
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id));
    }

    /// Of two primes in about two hundred the private exponent is a byte shorter than the modulus.
    #[test]
    fn a_short_private_exponent_makes_a_key_too() {
        let [p, q] = [
            concat!(
                "D1200B37AA9F27939076F1646B6FAC188AE684EDD8B4F163A08F6D68C466AFAA",
                "A4E6A9211BCE07DC9A7010A04F2BCA81E64348219888440BCDB6775DB3ED9C45",
                "1DE42E6145AE48DA1E1FE44F0AFE9644246D9DA7D0333E33203C20B39A64900D",
                "F93D719C1F368CD80848029C863D207393F035E245B5F0A4AF98DF54A816DCDB"
            ),
            concat!(
                "D131A6F9D64D850243EB31BB091D6C751C7CC4122A5EBCEB773C01C538B1D1E1",
                "9BAA866A0E06A54B79FB4C19A8168FED2CE968163B1377181AAFC1213604E4AE",
                "6557C8B90972360AE7CE31AF7EA1FB0C94039348AEB7B2AD89EC0FF8538A305F",
                "E9E81EC8F3ADC7BF6DCDDD66660BADADC971AE6D4B66A8A29994A232DBB49BDF"
            ),
        ]
        .map(U1024::from_be_hex);
        let components = components(p, q).unwrap();
        assert!(components.d.len() < components.public_key.n.len());
        RsaKeyPair::from_components(&components).unwrap();
    }

    #[test]
    fn one_prime_twice_makes_no_key() {
        let prime = prime().unwrap();
        assert!(components(prime, prime).is_none());
    }
}
