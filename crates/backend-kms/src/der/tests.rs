use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

// Public keys and signatures of OpenSSL; the thumbprints are those of a script in Python.
const P256_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnMLeOZcIycr6nvhL/orEoW5HyiKbszgv8tvMmAQ\
    3cZTY/uTK8YxXhohVUh0x1kpLHPBHE4s08rodiEH7xKQXVw==";
const P256_KID: &str = "IQJ3_07nzNJ9hwZW1eAPrTYb_cf56XpdPM3yPjcPSDA";
const RSA_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3eZ9jqVKDuQ9+lPiAtgjQN2pdv7GxKAy\
    FVCT1O4BRjH2ydwhYA4uglfzCQCsKWtm7Glm0dIdVtsfN/Qp7Sob+k3cIINZQobKE0C2KBKqtixIpQ1noyjWj8XpFLqpEF\
    0b/6INxBgdoP8B0cG2hdoWvu5YDwiQp7/Gfiy4CJNZfWKkIfT3GScNqPFtUubejk4BIkh5IISs8iYx//MYGZk4CWmCP21o\
    yABkrQ2x6fbyfAYQ9KL8cYgvoEBo0c5AzbpoCAdLkXkuI8D+eebgmApVK6Je8HVC1Doq7VD703Gu8Om3GEL85eRVzP5JGQ\
    I2Do4b+2cHmql0lkm5ZS7Dme3IbQIDAQAB";
const RSA_KID: &str = "BY-bJTOh3EoiqVWTix6vb2sHGMOCuOAB4VZCU0pimuw";
const P384_KEY: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEiKztXxH89eeQj4hUJO/QPMhcjvgsdVTCyiOR8OBB/T\
    F4n5IMEooeW3UsPyGQmGXzy3komPHstPSv8vY5uwlg4wEhPU6eYW0SCb9sUwy3AR4liDrfmCZ6psmd3oTdrqjk";
const SECP256K1_KEY: &str = "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEF2Qh18zmOqpcbz88p8bBFO4Iw0RDn8If4fEabh\
    5AHs87QSQeYUz8HWwEljufTyMPjzxjvGaJ3GT9WZTraUkKNg==";
/// Of `header.claims` by the key on P-256.
const SIGNATURES: [&str; 4] = [
    "3043021f4f94910816ab6eec58809144eb96faccb3358bb043fe44db6e229e23f0e30402201987d824829b01d78e0f\
     2da77ae98646ce17e384eb7bea4e06aa53411552972a",
    "3044022017230d85a2cb6b73da9080eeb18b0235e3bf570cd39f6441a0a41b3d8d170a7f0220040a615d840f270c61\
     fe9907f86ac4b8cdd1beba00eee1e1a120bd72d3982671",
    "3045022100a58346e5c3c046fdeaf21d15832ac84bb20381b76572acd09f43650e34c7861702207c0261309a5e0b63\
     943bab0ff6d39b3854311e2c13febdbb292626a32bee54a4",
    "3046022100ccebad1be59e8bfec703fbb2a038f245654a405a0f0d2c74c3caf7ee24445e93022100eeeb5d4f684d7f\
     dd0f47a57dc33e8dadb5f99982f92b876499a3babee1f24246",
];

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// An `INTEGER` (X.690, section 8.3).
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(number.len() - 1);
    let number = &number[zeros..];
    let sign = (number[0] >= 0x80).then_some(0);
    let length = u8::try_from(number.len() + sign.iter().len()).unwrap();
    [2, length].into_iter().chain(sign).chain(number.iter().copied()).collect()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    let inner = parts.concat();
    [vec![0x30, u8::try_from(inner.len()).unwrap()], inner].concat()
}

#[test]
fn both_kinds_of_public_key_are_read_and_called_by_their_thumbprint() {
    for (info, kind, kid) in [(P256_KEY, Kind::P256, P256_KID), (RSA_KEY, Kind::Rsa, RSA_KID)] {
        let (found, key) = public_key(&decoded(info)).unwrap();
        assert_eq!((found, key.kid()), (kind, kid));
    }
}

#[test]
fn a_public_key_of_another_kind_is_refused_and_so_is_half_of_one() {
    for other in [P384_KEY, SECP256K1_KEY, ""] {
        assert_eq!(public_key(&decoded(other)), None);
    }
    for key in [P256_KEY, RSA_KEY].map(decoded) {
        for end in 0..key.len() {
            assert_eq!(public_key(&key[..end]), None, "{end}");
        }
        assert_eq!(public_key(&[&key[..], &[0]].concat()), None, "more than the key");
    }
}

#[test]
fn what_openssl_signed_verifies_with_numbers_of_one_length() {
    let point = decoded(P256_KEY).split_off(26);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    for (signature, length) in SIGNATURES.into_iter().zip(69..) {
        let der = bytes(signature);
        assert_eq!(der.len(), length);
        key.verify(b"header.claims", &p256_signature(&der).unwrap()).unwrap();
    }
}

#[test]
fn short_numbers_and_such_with_the_high_bit_have_their_place() {
    let number = |length: usize, first: u8| {
        let mut number = [0; 32];
        number[32 - length..].fill(0x55);
        number[32 - length] = first;
        number
    };
    for (r, s, length) in [
        (number(32, 0x7f), number(32, 0x7f), 70),
        (number(32, 0x80), number(32, 0x7f), 71),
        (number(32, 0x7f), number(32, 0xff), 71),
        (number(32, 0x80), number(32, 0xff), 72),
        (number(31, 0xff), number(31, 0x01), 69),
        (number(31, 0x7f), number(16, 0x80), 54),
        (number(1, 0x80), number(1, 0x01), 9),
        (number(1, 0x01), number(1, 0x01), 8),
    ] {
        let der = sequence(&[integer(&r), integer(&s)]);
        assert_eq!(der.len(), length);
        assert_eq!(p256_signature(&der), Some(*[r, s].concat().first_chunk().unwrap()));
    }
}

#[test]
fn what_is_no_signature_of_p256_is_refused() {
    let one = || integer(&[1]);
    let whole = sequence(&[one(), one()]);
    for (what, der) in [
        ("nothing", Vec::new()),
        ("the fixed form", vec![1; 64]),
        ("one number", sequence(&[one()])),
        ("three numbers", sequence(&[one(), one(), one()])),
        ("more after it", [&whole[..], &[0]].concat()),
        ("its end missing", whole[..whole.len() - 1].to_vec()),
        ("a negative number", sequence(&[vec![2, 1, 0x80], one()])),
        ("a zero too many", sequence(&[vec![2, 2, 0, 1], one()])),
        ("a number without a byte", sequence(&[vec![2, 0], one()])),
        ("33 bytes", sequence(&[integer(&[1; 33]), one()])),
        ("a text", sequence(&[vec![4, 1, 1], one()])),
        ("a set", [&[0x31], &whole[1..]].concat()),
        ("a length in two bytes", [&[0x30, 0x81], &whole[1..]].concat()),
        ("a length that is open", [&[0x30, 0x80], &whole[2..], &[0, 0]].concat()),
    ] {
        assert_eq!(p256_signature(&der), None, "{what}");
    }
}

proptest! {
    #[test]
    fn all_numbers_come_back_in_64_bytes(numbers in any::<[u8; 64]>(), zeros in 0..32usize) {
        let mut numbers = numbers;
        numbers[..zeros].fill(0);
        let (r, s) = numbers.split_at(32);
        prop_assert_eq!(p256_signature(&sequence(&[integer(r), integer(s)])), Some(numbers));
    }

    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        let _ = (p256_signature(&bytes), public_key(&bytes));
    }
}
