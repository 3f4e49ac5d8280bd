//! Routes that demand a signature.

use super::*;
use crate::sigv4::Principal;
use crate::sigv4::tests::{NOW as SIGNED_AT, Signer, signed};

fn verifier() -> Verifier {
    Verifier {
        keys: Credentials::default().into(),
        region: "eu-west-1".to_owned(),
        service: "execute-api",
    }
}

fn gateway(kind: Kind, signers: Option<Signers>) -> Gateway {
    let api = api(kind, &[("POST /mcp", Authorization::Iam)]);
    let gateway = Gateway::new(api, Arc::new(ManualClock::new(SIGNED_AT)));
    match signers {
        Some(signers) => gateway.with_signers(signers),
        None => gateway,
    }
}

#[tokio::test]
async fn whoever_signed_is_in_the_context() {
    for kind in KINDS {
        let gateway = gateway(kind, Some(Signers::Verified(verifier())));
        let parts = sign("/mcp?a=%20b", b"body");
        let request = Request::from_parts(parts, Bytes::from_static(b"body"));
        let admitted = gateway.admit(request, SOURCE).await.unwrap();
        let arn = "arn:aws:iam::000000000000:user/local";
        let context = admitted.context();
        match kind {
            Kind::Rest => {
                let identity = &context["identity"];
                assert_eq!(identity["userArn"], arn);
                assert_eq!(identity["accountId"], "000000000000");
                assert_eq!(identity["accessKey"], Credentials::default().access_key_id);
                assert_eq!(identity["caller"], identity["user"]);
                assert!(identity["caller"].as_str().unwrap().starts_with("AIDA"));
                assert_eq!(identity["cognitoIdentityId"], Value::Null);
                assert_eq!(context.get("authorizer"), None);
            }
            Kind::Http => {
                let iam = &context["authorizer"]["iam"];
                assert_eq!(iam["userArn"], arn);
                assert_eq!(iam["accountId"], "000000000000");
                assert_eq!(iam["callerId"], iam["userId"]);
            }
        }
    }
}

fn sign(target: &str, body: &[u8]) -> http::request::Parts {
    signed(&Signer::of("execute-api"), "POST", target, body)
}

#[tokio::test]
async fn a_request_that_is_not_signed_or_was_changed_is_403_with_the_texts_of_aws() {
    let gateway = gateway(Kind::Rest, Some(Signers::Verified(verifier())));
    let unsigned = request("POST", "/mcp", &[]).into_parts().0;
    let bearer = request("POST", "/mcp", &[("authorization", "Bearer t")]).into_parts().0;
    let good = sign("/mcp", b"body");
    let other_query = {
        let mut parts = sign("/mcp?a=1", b"body");
        parts.uri = "/mcp?a=2".parse().unwrap();
        parts
    };
    for (parts, body, error_type) in [
        (unsigned, "body", "MissingAuthenticationTokenException"),
        (bearer, "body", "IncompleteSignatureException"),
        (good.clone(), "tampered", "InvalidSignatureException"),
        (other_query, "body", "InvalidSignatureException"),
    ] {
        let request = Request::from_parts(parts, Bytes::from(body));
        let refusal = gateway.admit(request, SOURCE).await.unwrap_err();
        let (status, body, told) = answer(&gateway, &refusal);
        assert_eq!((status, told.unwrap()), (403, HeaderValue::from_static(error_type)));
        assert!(body["message"].is_string());
    }
    let later =
        Gateway::new(gateway.api().clone(), Arc::new(ManualClock::new(SIGNED_AT + 600_000)))
            .with_signers(Signers::Verified(verifier()));
    let request = Request::from_parts(good, Bytes::from_static(b"body"));
    let refusal = later.admit(request, SOURCE).await.unwrap_err();
    assert!(refusal.to_string().starts_with("Signature expired"), "{refusal}");
}

#[tokio::test]
async fn a_signature_covers_the_stage() {
    let mut api = api(Kind::Rest, &[("POST /mcp", Authorization::Iam)]);
    api.domain_name = None;
    let gateway = Gateway::new(api, Arc::new(ManualClock::new(SIGNED_AT)))
        .with_signers(Signers::Verified(verifier()));
    let request = Request::from_parts(sign("/prod/mcp", b""), Bytes::new());
    assert!(gateway.admit(request, SOURCE).await.is_ok());
    let mut parts = sign("/mcp", b"");
    parts.uri = "/prod/mcp".parse().unwrap();
    assert!(gateway.admit(Request::from_parts(parts, Bytes::new()), SOURCE).await.is_err());
}

#[tokio::test]
async fn a_principal_may_be_assumed_and_without_any_signer_nobody_comes_in() {
    let principal = Principal {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        account: "123456789012".to_owned(),
        arn: "arn:aws:sts::123456789012:assumed-role/agent/run-1".to_owned(),
        user_id: "AROAEXAMPLE:run-1".to_owned(),
        session_tags: Default::default(),
    };
    let assumed = gateway(Kind::Rest, Some(Signers::Assumed(principal.clone())));
    let admitted = admit(&assumed, "POST", "/mcp", &[]).await.unwrap();
    assert_eq!(admitted.context()["identity"]["userArn"], principal.arn);
    assert_eq!(admitted.context()["identity"]["caller"], "AROAEXAMPLE:run-1");
    let nobody = gateway(Kind::Rest, None);
    let request = Request::from_parts(sign("/mcp", b""), Bytes::new());
    let refusal = nobody.admit(request, SOURCE).await.unwrap_err();
    assert_eq!(answer(&nobody, &refusal).0, 403);
}
