//! Bytes that nobody expects, sent to the program as they are.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::running::Running;

/// What comes for these bytes, when no more follow. Who is cut off has been answered too.
fn exchange(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let sent = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    match sent.and_then(|()| stream.read_to_end(&mut answer).map(drop)) {
        Ok(()) => {}
        Err(err) => assert_ne!(err.kind(), std::io::ErrorKind::WouldBlock, "no answer"),
    }
    answer
}

const KNOWN_NAMES: [&str; 12] = [
    "authorization",
    "host",
    "content-length",
    "transfer-encoding",
    "content-type",
    "expect",
    "upgrade",
    "x-forwarded-for",
    "x-amzn-trace-id",
    "x-amz-date",
    "x-amz-security-token",
    "mcp-protocol-version",
];

/// A header line's value: any bytes but the end of the line, a token that is `good` up to some
/// byte, or what looks like a signature.
fn value(good: String) -> impl Strategy<Value = Vec<u8>> {
    const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=[A-Z0-9]{0,20}/[0-9]{0,9}/[a-z0-9-]{0,12}/\
         execute-api/aws4_request, SignedHeaders=[a-z;-]{0,20}, Signature=[0-9a-f]{0,64}";
    let bytes = proptest::collection::vec(any::<u8>(), 0..80);
    let token = (0..good.len(), any::<u8>()).prop_map(move |(at, byte)| {
        let mut token = format!("Bearer {good}").into_bytes();
        token[at] = byte;
        token
    });
    prop_oneof![bytes, SIGNATURE.prop_map(String::into_bytes), token].prop_map(|mut value| {
        value.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        value
    })
}

/// A request line, headers, and the beginning of a body.
fn request(good: String) -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![Just("GET"), Just("POST"), Just("DELETE"), Just("OPTIONS"), Just("X")];
    let path = prop_oneof![
        Just(b"/mcp".to_vec()),
        Just(b"/.well-known/oauth-protected-resource/mcp".to_vec()),
        "/(mcp|health|tools|tools/ListMetrics|openapi.json|\\.well-known)[!-~]{0,20}"
            .prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    let name = prop_oneof![
        3 => proptest::sample::select(&KNOWN_NAMES[..]).prop_map(str::to_owned),
        1 => "[!-~]{1,20}",
    ];
    let headers = proptest::collection::vec((name, value(good)), 0..5);
    let body = proptest::collection::vec(any::<u8>(), 0..60);
    (method, path, headers, body).prop_map(|(method, path, headers, body)| {
        let head = [method.as_bytes(), b" ", &path, b" HTTP/1.1\r\nconnection: close\r\n"];
        let mut bytes = head.concat();
        for (name, value) in headers {
            bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes.extend(body);
        bytes
    })
}

#[test]
fn x13_no_bytes_in_a_request_make_a_5xx_or_end_the_server() {
    let issuers_own = &[][..];
    for (arguments, variables) in [
        (&[][..], issuers_own),
        (&["--gateway", "none"], issuers_own),
        (&[], &[("AUTH_MODE", "jwt+iam")]),
        (&["--stage", "prod"], &[("AUTH_MODE", "iam")]),
    ] {
        let mut program = Running::start_with(arguments, variables);
        let iam_only = variables == [("AUTH_MODE", "iam")];
        let good = if iam_only { "x.y.z".repeat(8) } else { program.token() };
        program.remember_parts(&good);
        let mut runner =
            TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
        let sent = runner.run(&request(good), |bytes| {
            let answer = exchange(&program.address, &bytes);
            let head = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
            prop_assert!(answer.is_empty() || head.starts_with("HTTP/1.1 "), "{head}");
            prop_assert!(!head.starts_with("HTTP/1.1 5"), "{head}");
            Ok(())
        });
        sent.unwrap_or_else(|err| panic!("{arguments:?} {variables:?}: {err}"));
        assert!(program.child.try_wait().unwrap().is_none(), "it ended: {}", program.output());
        assert!(!program.output().contains("panicked"), "{}", program.output());
    }
}
