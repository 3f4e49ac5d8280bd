use super::*;
use crate::signer::{Signer, base64};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The names of the keys that are left of a set.
fn names(keys: &[Value]) -> Vec<String> {
    match KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()) {
        Ok(set) => set.iter().map(|key| key.kid().to_owned()).collect(),
        Err(NotAKeySet::Empty) => Vec::new(),
        Err(err) => panic!("{err}"),
    }
}

/// `key` with members replaced, or removed where `changes` has null.
fn changed(key: &Value, changes: &Value) -> Value {
    let mut key = key.clone();
    let members = key.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.shift_remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    key
}

/// An RSA key in form: an odd modulus of so many bits.
fn rsa_of(bits: usize) -> Value {
    let mut n = vec![0xff; bits.div_ceil(8)];
    n[0] = 0xff >> (n.len() * 8 - bits);
    json!({ "kty": "RSA", "kid": "rsa", "n": base64(n), "e": "AQAB" })
}

#[test]
fn a_key_is_taken_with_as_little_as_it_needs() {
    let ec = Signer::es256("ec").jwk();
    for key in [
        ec.clone(),
        changed(&ec, &json!({ "use": null, "alg": null })),
        changed(&ec, &json!({ "key_ops": ["verify"], "unknown": { "x": [1] } })),
        rsa_of(2048),
        rsa_of(4096),
        rsa_of(8192),
        changed(&rsa_of(2048), &json!({ "alg": "RS256", "use": "sig" })),
        changed(&rsa_of(2048), &json!({ "e": base64([3]) })),
        changed(&rsa_of(2048), &json!({ "e": base64([0, 1, 0, 1]) })),
        // A sign byte in front, as Java writes it.
        changed(&rsa_of(2048), &json!({ "n": base64([vec![0], vec![0xff; 256]].concat()) })),
    ] {
        assert_eq!(names(std::slice::from_ref(&key)), [key["kid"].as_str().unwrap()], "{key}");
    }
}

#[test]
fn a_set_is_written_as_it_is_read() {
    let ec = changed(&Signer::es256("ec").jwk(), &json!({ "unknown": 1, "use": null }));
    let rsa = changed(&rsa_of(2048), &json!({ "e": base64([0, 1, 0, 1]) }));
    let bad = changed(&rsa_of(1024), &json!({ "kid": "weak" }));
    let set: KeySet = json!({ "keys": [rsa, bad, ec] }).to_string().parse().unwrap();
    assert_eq!(set.len(), 2);
    let written: Value = serde_json::from_str(&set.to_string()).unwrap();
    assert_eq!(written, serde_json::to_value(&set).unwrap());
    let expected = [
        json!({ "kty": "EC", "crv": "P-256", "x": ec["x"], "y": ec["y"], "kid": "ec",
                "alg": "ES256", "use": "sig" }),
        json!({ "kty": "RSA", "n": rsa["n"], "e": "AQAB", "kid": "rsa", "alg": "RS256",
                "use": "sig" }),
    ];
    assert_eq!(written, json!({ "keys": expected }));
    assert_eq!(set.to_string().parse::<KeySet>().unwrap(), set);
}

#[test]
fn j30_j36_a_key_that_must_not_be_used_is_left_out_and_the_others_stay() {
    let good = Signer::es256("good").jwk();
    let ec = Signer::es256("bad").jwk();
    let rsa = changed(&rsa_of(2048), &json!({ "kid": "bad" }));
    let x = ec["x"].as_str().unwrap();
    for bad in [
        json!({ "kty": "oct", "kid": "bad", "alg": "HS256", "k": "AAAA" }),
        json!({ "kty": "OKP", "kid": "bad", "crv": "Ed25519", "x": x }),
        json!({ "kty": "EC", "kid": "bad", "crv": "P-384", "x": x, "y": x }),
        json!({ "kid": "bad" }),
        json!({}),
        json!(null),
        json!("bad"),
        json!([]),
        // Not for us.
        changed(&ec, &json!({ "use": "enc" })),
        changed(&ec, &json!({ "use": "" })),
        changed(&ec, &json!({ "use": ["sig"] })),
        changed(&ec, &json!({ "key_ops": [] })),
        changed(&ec, &json!({ "key_ops": ["sign", "encrypt"] })),
        changed(&ec, &json!({ "key_ops": "verify" })),
        // An algorithm that is not that of its kind, or that we do not have.
        changed(&ec, &json!({ "alg": "RS256" })),
        changed(&ec, &json!({ "alg": "ES384" })),
        changed(&ec, &json!({ "alg": "none" })),
        changed(&ec, &json!({ "crv": "secp256k1" })),
        changed(&ec, &json!({ "crv": null })),
        changed(&rsa, &json!({ "alg": "RS384" })),
        changed(&rsa, &json!({ "alg": "PS256" })),
        changed(&rsa, &json!({ "alg": "RSA-OAEP" })),
        changed(&rsa, &json!({ "alg": "HS256" })),
        // Weak, or no key at all.
        changed(&rsa_of(1024), &json!({ "kid": "bad" })),
        changed(&rsa_of(2047), &json!({ "kid": "bad" })),
        changed(&rsa_of(8200), &json!({ "kid": "bad" })),
        changed(&rsa, &json!({ "n": "" })),
        changed(&rsa, &json!({ "n": base64([0; 256]) })),
        changed(&rsa, &json!({ "n": base64([0xfe; 256]) })),
        changed(&rsa, &json!({ "n": null })),
        changed(&rsa, &json!({ "e": null })),
        changed(&rsa, &json!({ "e": "" })),
        changed(&rsa, &json!({ "e": base64([0]) })),
        changed(&rsa, &json!({ "e": base64([1]) })),
        changed(&rsa, &json!({ "e": base64([0, 0, 1]) })),
        changed(&rsa, &json!({ "e": base64([1, 0, 0]) })),
        changed(&rsa, &json!({ "e": base64([1, 0, 0, 0, 1]) })),
        changed(&rsa, &json!({ "e": "AQAB=" })),
        changed(&rsa, &json!({ "e": 65537 })),
        changed(&ec, &json!({ "x": base64([7; 31]) })),
        changed(&ec, &json!({ "y": base64([7; 33]) })),
        changed(&ec, &json!({ "x": "" })),
        changed(&ec, &json!({ "y": null })),
        changed(&ec, &json!({ "x": format!("{x}=") })),
        // Names that are not looked up.
        changed(&ec, &json!({ "kid": null })),
        changed(&ec, &json!({ "kid": "" })),
        changed(&ec, &json!({ "kid": 7 })),
        changed(&ec, &json!({ "kid": "../bad" })),
        changed(&ec, &json!({ "kid": "k".repeat(10_000) })),
    ] {
        assert_eq!(names(&[bad.clone(), good.clone()]), ["good"], "{bad}");
        assert_eq!(names(std::slice::from_ref(&bad)), [""; 0], "{bad}");
    }
}

#[test]
fn j08_of_two_keys_of_one_name_none_is_taken() {
    let (one, two) = (Signer::es256("k").jwk(), Signer::es256("k").jwk());
    let other = Signer::es256("other").jwk();
    assert_eq!(names(&[one.clone(), two.clone()]), [""; 0]);
    assert_eq!(names(&[one.clone(), other.clone(), two.clone()]), ["other"]);
    assert_eq!(names(&[one.clone(), two, other, one.clone()]), ["other"]);
    // One that cannot be used anyway takes no name away.
    assert_eq!(names(&[changed(&one, &json!({ "use": "enc" })), one]), ["k"]);
}

#[test]
fn j36_what_is_no_key_set_is_refused_as_a_whole() {
    let good = Signer::es256("k").jwk();
    for text in [
        String::new(),
        "<html>not found</html>".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":null}"#.to_owned(),
        format!(r#"{{"keys":[{good}"#),
        format!(r#"{{"keys":[{good}]}} trailing"#),
        format!(r#"{{"keys":[{good},]}}"#),
        format!(r#"{{"keys":[],"keys":[{good}]}}"#),
    ] {
        let result = text.parse::<KeySet>();
        assert!(matches!(result, Err(NotAKeySet::Malformed(_))), "{text}: {result:?}");
    }
    assert!(matches!(r#"{"keys":[]}"#.parse::<KeySet>(), Err(NotAKeySet::Empty)));
    let of_length = |length: usize| {
        let document = json!({ "keys": [good] }).to_string();
        format!("{document}{}", " ".repeat(length - document.len()))
    };
    assert!(of_length(65_536).parse::<KeySet>().is_ok());
    assert!(matches!(of_length(65_537).parse::<KeySet>(), Err(NotAKeySet::TooBig(65_537))));
    let deep = format!(r#"{{"keys":[{good},{}{}]}}"#, "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(deep.parse::<KeySet>().unwrap().iter().count(), 1);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>(), text in "[\\[\\]{}\":,a-z0-9 ]{0,60}") {
        let _ = KeySet::parse(&bytes);
        let _ = KeySet::parse(text.as_bytes());
        let _ = KeySet::parse(format!(r#"{{"keys":[{text}]}}"#).as_bytes());
    }

    #[test]
    fn no_member_panics(name in "kid|kty|use|key_ops|alg|n|e|crv|x|y", value in "[A-Za-z0-9_=/.-]{0,50}") {
        for key in [json!({ "kty": "EC", "kid": "k", "crv": "P-256", "x": "AA", "y": "AA" }), rsa_of(2048)] {
            let _ = names(&[changed(&key, &json!({ name.as_str(): value }))]);
        }
    }
}
