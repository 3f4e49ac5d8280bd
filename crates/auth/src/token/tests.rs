use super::*;
use crate::signer::{Signer, base64};
use proptest::prelude::*;

/// What is found in a request with these `Authorization` headers and this query.
fn found(headers: &[&[u8]], query: Option<&str>) -> Result<Option<String>, CredentialsError> {
    let mut map = HeaderMap::new();
    for value in headers {
        map.append(header::AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
    }
    Bearer::of(&map, query).map(|bearer| bearer.map(|bearer| bearer.token().to_owned()))
}

#[test]
fn j03_j04_the_scheme_is_bearer_in_any_case_and_one_space_follows_it() {
    let malformed = Err(CredentialsError::Malformed);
    for (value, expected) in [
        (&b"Bearer a.b.c"[..], Ok(Some("a.b.c".to_owned()))),
        (b"bearer a.b.c", Ok(Some("a.b.c".to_owned()))),
        (b"BEARER a.b.c", Ok(Some("a.b.c".to_owned()))),
        (b"Bearer AZaz09-._~+/==", Ok(Some("AZaz09-._~+/==".to_owned()))),
        (b"Bearer  a.b.c", malformed.clone()),
        (b"Bearer\ta.b.c", malformed.clone()),
        (b"Bearer \ta.b.c", malformed.clone()),
        (b"Bearer", malformed.clone()),
        (b"Bearer ", malformed.clone()),
        (b"Bearer a.b.c ", malformed.clone()),
        (b"Bearer a b", malformed.clone()),
        (b"Bearer a\"b", malformed.clone()),
        (b"Bearer \xff", malformed.clone()),
        (b"", Ok(None)),
        (b"a.b.c", Ok(None)),
        (b"Bearera.b.c", Ok(None)),
        (b"Bearer:a.b.c", Ok(None)),
        (b"Basic dTpw", Ok(None)),
        (b"Basic \xff", Ok(None)),
        (b"Digest username=\"u\", realm=\"r\"", Ok(None)),
        (b"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c", Ok(None)),
    ] {
        let text = String::from_utf8_lossy(value);
        assert_eq!(found(&[value], None), expected, "{text:?}");
    }
    assert_eq!(found(&[], None), Ok(None));
}

#[test]
fn j25_of_two_sets_of_credentials_none_is_taken() {
    for headers in [
        &[&b"Bearer a"[..], b"Bearer b"][..],
        &[b"Bearer a", b"Bearer a"],
        &[b"Basic dTpw", b"Bearer b"],
        &[b"Bearer a", b""],
        &[b"Bearer a,Bearer b"],
        &[b"Bearer a, bearer b"],
        &[b"Bearer a,b"],
        &[b"Bearer a,"],
        &[b",Bearer a"],
        &[b"Basic dTpw,Bearer b"],
        &[b"Digest a=\"b\",\tBEARER b"],
    ] {
        assert_eq!(found(headers, None), Err(CredentialsError::Several), "{headers:?}");
    }
}

#[test]
fn j26_a_token_in_the_query_is_no_token_and_spoils_the_one_in_the_header() {
    for query in [
        "access_token=a",
        "access_token",
        "x=1&access_token=a",
        "access_token=a&x",
        "access%5Ftoken=a",
        "access%5ftoken=a",
        "%61ccess_toke%6E",
    ] {
        assert_eq!(found(&[], Some(query)), Ok(None), "{query}");
        assert_eq!(found(&[b"Bearer a"], Some(query)), Err(CredentialsError::Several), "{query}");
    }
    for query in ["", "x=access_token", "xaccess_token=a", "access_tokens=a", "access%255Ftoken=a"]
    {
        assert_eq!(found(&[b"Bearer a"], Some(query)), Ok(Some("a".to_owned())), "{query}");
    }
}

#[test]
fn j41_no_debug_output_shows_a_token() {
    let token = Signer::es256("k").token(r#"{"alg":"ES256","kid":"k"}"#, r#"{"sub":"secret"}"#);
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let bearer = Bearer::of(&headers, None).unwrap().unwrap();
    let shown = format!("{bearer:?} {:?}", Unverified::parse(bearer.token()).unwrap());
    for part in token.split('.').chain(["secret"]) {
        assert!(!shown.contains(part), "{shown}");
    }
}

fn rejection(token: &str) -> Option<Rejection> {
    Unverified::parse(token).and_then(|token| token.kid().map(drop)).err()
}

fn with_header(header: &str) -> Option<Rejection> {
    rejection(&format!("{}.e30.AA", base64(header)))
}

fn with_claims(claims: &str) -> Option<Rejection> {
    rejection(&format!("{}.{}.AA", base64(r#"{"alg":"ES256","kid":"k"}"#), base64(claims)))
}

#[test]
fn j27_a_token_over_8_kib_is_refused_before_it_is_parsed() {
    let of_length = |length: usize| {
        // A name that makes the signature of 8192 bytes in all whole base64.
        let start = format!("{}.e30.", base64(r#"{"alg":"ES256","kid":"key"}"#));
        format!("{start}{}", "A".repeat(length - start.len()))
    };
    assert_eq!(rejection(&of_length(8192)), None);
    assert_eq!(rejection(&of_length(8193)), Some(Rejection::TooLong));
    assert_eq!(rejection(&of_length(6 << 20)), Some(Rejection::TooLong));
    assert_eq!(rejection(&".".repeat(8193)), Some(Rejection::TooLong));
}

#[test]
fn j28_json_is_an_object_without_duplicates_of_bounded_depth() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        with_claims(&format!(r#"{{"a":{open}{close}}}"#))
    };
    assert_eq!(deep(100), None);
    assert_eq!(deep(1000), Some(Rejection::Malformed));
    assert_eq!(deep(5000), Some(Rejection::TooLong));
    for json in [
        r#"{"sub":"a","sub":"a"}"#,
        r#"{"exp":1,"ex\u0070":2}"#,
        r#"{"x":1,"y":2,"x":3}"#,
        "[]",
        "null",
        "\"{}\"",
        "",
        "{}{}",
        "{} x",
        "\u{feff}{}",
        r#"{"a":1,}"#,
        r#"{"a":1e999}"#,
        r#"{"a":"\ud800"}"#,
        "{\"a\":\"\n\"}",
        "{'a':1}",
    ] {
        assert_eq!(with_claims(json), Some(Rejection::Malformed), "claims {json}");
        assert_eq!(with_header(json), Some(Rejection::Malformed), "header {json}");
    }
    for header in
        [r#"{"alg":"ES256","kid":"k","alg":"none"}"#, r#"{"kid":"k","alg":"ES256","k\u0069d":"l"}"#]
    {
        assert_eq!(with_header(header), Some(Rejection::Malformed), "{header}");
    }
    let not_utf8 =
        format!("{}.{}.AA", base64(r#"{"alg":"a","kid":"k"}"#), base64(b"{\"a\":\"\xff\"}"));
    assert_eq!(rejection(&not_utf8), Some(Rejection::Malformed));
}

#[test]
fn j29_a_token_is_three_parts_of_canonical_base64url() {
    let good = Signer::es256("k").token(r#"{"alg":"ES256","kid":"k"}"#, "{}");
    assert_eq!(rejection(&good), None);
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    for token in [
        String::new(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}.{signature}.{signature}"),
        format!("{good}="),
        format!("{good}=="),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}\n.{signature}"),
        format!("{header}. {claims}.{signature}"),
        // `{}` is `e30`: the two bits left over must be nought.
        format!("{header}.e31.{signature}"),
        format!("{header}.{claims}.AB"),
        format!("{header}.{claims}.A"),
        // The other alphabet.
        format!("{header}.{claims}.+/+/"),
    ] {
        assert_eq!(rejection(&token), Some(Rejection::Malformed), "{token:?}");
    }
}

#[test]
fn j11_j12_a_header_that_brings_a_key_or_changes_the_meaning_is_refused() {
    for member in [
        r#""jku":"https://evil.example/keys""#,
        r#""jwk":{"kty":"oct","k":"AA"}"#,
        r#""x5u":"https://evil.example/cert""#,
        r#""x5c":["AA"]"#,
        r#""crit":["exp"]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""crit":[]"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
        r#""jku":null"#,
        r#""j\u006bu":"https://evil.example/keys""#,
        r#""typ":7"#,
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"k",{member}}}"#);
        assert_eq!(with_header(&header), Some(Rejection::Header), "{header}");
    }
    assert_eq!(with_header(r#"{"alg":"ES256","kid":"k","x5t":"AA","unknown":[1]}"#), None);
}

#[test]
fn j08_j10_a_kid_is_there_and_fit_to_be_looked_up() {
    for kid in ["../../dev/null", "' OR 1=1", "https://evil.example/key", "a\\u0000", "", " ", "é"]
    {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#);
        assert_eq!(with_header(&header), Some(Rejection::Kid), "{kid}");
    }
    let long = |length: usize| {
        with_header(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(length)))
    };
    assert_eq!(long(128), None);
    assert_eq!(long(129), Some(Rejection::Kid));
    assert_eq!(long(10_000), Some(Rejection::TooLong));
    assert_eq!(with_header(r#"{"alg":"ES256"}"#), Some(Rejection::Kid));
    for kid in ["null", "7", "true", r#"["k"]"#, r#"{"k":"k"}"#] {
        let header = format!(r#"{{"alg":"ES256","kid":{kid}}}"#);
        assert_eq!(with_header(&header), Some(Rejection::Header), "{kid}");
    }
}

#[test]
fn an_algorithm_is_a_text() {
    assert_eq!(with_header(r#"{"kid":"k"}"#), Some(Rejection::Algorithm));
    for alg in ["null", "1", r#"["ES256"]"#] {
        let header = format!(r#"{{"alg":{alg},"kid":"k"}}"#);
        assert_eq!(with_header(&header), Some(Rejection::Header), "{alg}");
    }
}

proptest! {
    #[test]
    fn no_header_panics(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..3), query in "\\PC{0,20}") {
        let mut headers = HeaderMap::new();
        for value in &values {
            let mut value = value.clone();
            value.retain(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..));
            headers.append(header::AUTHORIZATION, http::HeaderValue::from_bytes(&value).unwrap());
        }
        let _ = Bearer::of(&headers, Some(&query));
    }

    #[test]
    fn no_text_panics(token in "\\PC{0,60}|([A-Za-z0-9_-]{0,20}\\.){0,4}[A-Za-z0-9_-]{0,20}") {
        let _ = Unverified::parse(&token);
    }

    #[test]
    fn no_content_panics(header in any::<Vec<u8>>(), claims in any::<Vec<u8>>()) {
        let _ = Unverified::parse(&format!("{}.{}.AA", base64(&header), base64(&claims)));
        let header = base64(r#"{"alg":"ES256","kid":"k"}"#);
        let _ = Unverified::parse(&format!("{header}.{}.AA", base64(&claims)));
    }

    #[test]
    fn what_is_parsed_is_exactly_what_was_sent(claims in "[a-z]{0,12}", signature in any::<Vec<u8>>()) {
        let claims = serde_json::json!({ "iss": claims }).to_string();
        let header = base64(r#"{"alg":"ES256","kid":"k"}"#);
        let (signed, sent) = (format!("{header}.{}", base64(&claims)), base64(&signature));
        let token = format!("{signed}.{sent}");
        let parsed = Unverified::parse(&token).unwrap();
        prop_assert_eq!(parsed.signed, signed.as_bytes());
        prop_assert_eq!(parsed.signature, signature);
    }
}
