use super::*;
use crate::caller::CallerKind;
use proptest::prelude::*;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp";

fn caller(scopes: &str) -> Caller {
    Caller {
        kind: CallerKind::Client,
        subject: "client-1".to_owned(),
        client_id: Some("client-1".to_owned()),
        issuer: Some("https://as.example.com".to_owned()),
        tenant: Some("acme".parse().unwrap()),
        scopes: Registry::PROJECT.expand(scopes.parse().unwrap()),
        token_id: Some("jti-1".to_owned()),
    }
}

fn answer(caller: &Caller, arn: &str) -> Value {
    serde_json::from_slice(&policy(caller, &arn.parse().unwrap())).unwrap()
}

fn resources(policy: &Value) -> Vec<&str> {
    let resources = policy["policyDocument"]["Statement"][0]["Resource"].as_array().unwrap();
    resources.iter().map(|resource| resource.as_str().unwrap()).collect()
}

/// As IAM matches a resource: `*` is any text, all else itself.
fn matches(pattern: &str, arn: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == arn,
        Some((before, after)) => arn.strip_prefix(before).is_some_and(|arn| {
            (0..=arn.len()).any(|at| arn.is_char_boundary(at) && matches(after, &arn[at..]))
        }),
    }
}

fn allows(policy: &Value, path: &str) -> bool {
    let arn = format!("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/{path}");
    resources(policy).iter().any(|resource| matches(resource, &arn))
}

#[test]
fn z04_one_policy_opens_every_route_of_the_caller_whichever_was_called_first() {
    let by_mcp = answer(&caller("mcp/invoke"), ARN);
    let by_get = answer(&caller("mcp/invoke"), &ARN.replace("POST/mcp", "GET/mcp"));
    assert_eq!(by_mcp, by_get);
    insta::assert_json_snapshot!(by_mcp, @r#"
    {
      "principalId": "client-1",
      "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [
          {
            "Action": "execute-api:Invoke",
            "Effect": "Allow",
            "Resource": [
              "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/mcp",
              "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/mcp",
              "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/DELETE/mcp",
              "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/tools",
              "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/tools/*",
              "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/openapi.json"
            ]
          }
        ]
      },
      "context": {
        "sub": "client-1",
        "clientId": "client-1",
        "tenantId": "acme",
        "scope": "mcp/invoke",
        "issuer": "https://as.example.com",
        "tokenId": "jti-1"
      }
    }
    "#);
    for path in [
        "prod/POST/mcp",
        "prod/GET/mcp",
        "prod/DELETE/mcp",
        "prod/GET/tools",
        "prod/POST/tools/ExecuteQuery",
        "prod/GET/openapi.json",
    ] {
        assert!(allows(&by_mcp, path), "{path}");
    }
}

#[test]
fn z06_a_kept_policy_opens_no_other_route_stage_or_api() {
    let policy = answer(&caller("prometheus-mcp-server/read"), ARN);
    for path in [
        "prod/DELETE/clients/x",
        "prod/GET/admin",
        "prod/POST/admin",
        "prod/PUT/mcp",
        "prod/POST/mcp/admin",
        "prod/POST/tools",
        "prod/GET/tools/ExecuteQuery",
        "prod/DELETE/tools/ExecuteQuery",
        "prod/POST/openapi.json",
        "prod/POST/toolsmith",
        "dev/POST/mcp",
        "dev/POST/tools/ExecuteQuery",
        "prod2/POST/mcp",
    ] {
        assert!(!allows(&policy, path), "{path}");
    }
    let other = "arn:aws:execute-api:eu-west-1:123456789012:other/prod/POST/mcp";
    assert!(!resources(&policy).iter().any(|resource| matches(resource, other)));
}

#[test]
fn a_caller_without_any_scope_gets_as_far_as_the_function_that_tells_it_which() {
    for scopes in ["", "unknown", "mcp/invoked"] {
        let policy = answer(&caller(scopes), ARN);
        assert_eq!(resources(&policy), [ARN], "{scopes:?}");
    }
}

#[test]
fn z09_what_there_is_not_is_left_out_of_the_context_and_never_null() {
    let bare = Caller { client_id: None, issuer: None, tenant: None, token_id: None, ..caller("") };
    assert_eq!(answer(&bare, ARN)["context"], json!({ "sub": "client-1" }));
    let simple: Value = serde_json::from_slice(&simple(&bare)).unwrap();
    assert_eq!(simple, json!({ "isAuthorized": true, "context": { "sub": "client-1" } }));
}

#[test]
fn z09_too_many_scopes_are_cut_at_a_whole_one() {
    let many: Vec<_> = (0..60).map(|n| format!("scope/{n:02}-{}", "x".repeat(20))).collect();
    let policy = answer(&caller(&many.join(" ")), ARN);
    let scope = policy["context"]["scope"].as_str().unwrap();
    assert!(scope.len() <= 1024 && scope.len() > 950, "{}", scope.len());
    assert!(scope.split(' ').all(|scope| many.iter().any(|one| one == scope)), "{scope}");
}

#[test]
fn z10_the_principal_is_the_subject_and_nothing_counts_usage_by_it() {
    for (subject, id) in [
        ("client-1", "client-1"),
        ("auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe82"),
        ("ada@example.com", "ada@example.com"),
        ("a b%\"ü", "a%20b%25%22%C3%BC"),
    ] {
        let policy = answer(&Caller { subject: subject.to_owned(), ..caller("") }, ARN);
        assert_eq!(policy["principalId"], id);
        assert_eq!(policy["context"]["sub"], subject);
        assert!(policy.get("usageIdentifierKey").is_none());
    }
}

#[test]
fn z12_only_the_stage_of_a_well_formed_arn_is_taken_and_never_its_path() {
    for (arn, stage) in [
        (ARN, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod"),
        (
            "arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3/$default/GET/mcp",
            "arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3/$default",
        ),
        (
            "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1/test-1_x/$default",
            "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1/test-1_x",
        ),
        // The path may be anything: it goes nowhere.
        (
            "arn:aws:execute-api:eu-west-1:123456789012:a1/prod/POST/a/../%2f*?\"",
            "arn:aws:execute-api:eu-west-1:123456789012:a1/prod",
        ),
        (
            "arn:aws:execute-api:eu-west-1:123456789012:a1/prod/",
            "arn:aws:execute-api:eu-west-1:123456789012:a1/prod",
        ),
    ] {
        assert_eq!(arn.parse::<Stage>(), Ok(Stage(stage.to_owned())));
    }
    for arn in [
        "",
        "arn",
        "arn:aws:execute-api",
        "arn:aws:execute-api:eu-west-1:123456789012:a1/prod",
        "arn:aws:execute-api:eu-west-1:123456789012:a1",
        "arn:aws:execute-api:eu-west-1:123456789012:*/prod/POST/mcp",
        "arn:aws:execute-api:eu-west-1:123456789012:a1/*/POST/mcp",
        "arn:aws:execute-api:eu-west-1:*:a1/prod/POST/mcp",
        "arn:aws:execute-api:*:123456789012:a1/prod/POST/mcp",
        "arn:*:execute-api:eu-west-1:123456789012:a1/prod/POST/mcp",
        "arn:aws:execute-api:eu-west-1:12345678901:a1/prod/POST/mcp",
        "arn:aws:execute-api:eu-west-1:1234567890123:a1/prod/POST/mcp",
        "arn:aws:execute-api:eu-west-1:123456789012:/prod/POST/mcp",
        "arn:aws:execute-api:eu-west-1:123456789012:a1//POST/mcp",
        "arn:aws:execute-api:eu-west-1:123456789012:a1/../POST/mcp",
        "arn:aws:execute-api:eu-west-1:123456789012:a1/%2f/POST/mcp",
        "arn:aws:execute-api:eu-west-1:123456789012:a1/$other/POST/mcp",
        "arn:aws:lambda:eu-west-1:123456789012:a1/prod/POST/mcp",
        "arn:evil:execute-api:eu-west-1:123456789012:a1/prod/POST/mcp",
        "x:aws:execute-api:eu-west-1:123456789012:a1/prod/POST/mcp",
    ] {
        assert_eq!(arn.parse::<Stage>(), Err(NotARoute), "{arn:?}");
    }
}

prop_compose! {
    fn any_caller()(
        subject in "\\PC{1,64}|[\"\\\\]{256}|.{1,60}",
        client_id in proptest::option::of("\\PC{1,64}|[\"\\\\]{256}"),
        token_id in proptest::option::of("\\PC{1,64}|[\"\\\\]{256}"),
        tenant in proptest::option::of("[A-Za-z0-9][A-Za-z0-9._-]{0,62}"),
        issuer in proptest::option::of("https://[a-z/]{1,2000}"),
        scopes in "mcp/invoke|[!-~&&[^\"\\\\]]{1,256}( [a-z/]{1,60}){0,60}",
    ) -> Caller {
        Caller {
            kind: CallerKind::Person,
            subject,
            client_id,
            issuer,
            tenant: tenant.map(|tenant| tenant.parse().unwrap()),
            scopes: scopes.parse().unwrap(),
            token_id,
        }
    }
}

prop_compose! {
    fn any_arn()(
        partition in "aws(-[a-z-]{1,20})?",
        region in "[a-z]{2}-[a-z]{4,10}-[0-9]",
        account in "[0-9]{12}",
        api in "[a-z0-9]{1,32}",
        stage in "\\$default|[A-Za-z0-9_-]{1,128}",
        rest in "[A-Z]{0,7}/\\PC{0,20}",
    ) -> String {
        format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{rest}")
    }
}

proptest! {
    #[test]
    fn z05_z09_z14_every_policy_is_narrow_small_and_of_texts(
        caller in any_caller(), arn in any_arn(),
    ) {
        let stage: Stage = arn.parse().unwrap();
        let json = policy(&caller, &stage);
        prop_assert!(json.len() < 8 << 10, "{} bytes", json.len());
        let answer: Value = serde_json::from_slice(&json).unwrap();
        let [statement] = &answer["policyDocument"]["Statement"].as_array().unwrap()[..] else {
            panic!("one statement: {answer}");
        };
        prop_assert_eq!(&statement["Effect"], "Allow");
        for resource in resources(&answer) {
            // The stage is the one that was called, and no wildcard but that for the names of tools.
            let route = resource.strip_prefix(&format!("{}/", stage.0));
            prop_assert!(route.is_some() && arn.starts_with(&stage.0), "{}", resource);
            let wild = resource.contains(['*', '?']);
            prop_assert!(!wild || route == Some("POST/tools/*"), "{}", resource);
        }
        for context in [answer, serde_json::from_slice(&simple(&caller)).unwrap()] {
            for (name, value) in context["context"].as_object().unwrap() {
                let text = value.as_str();
                prop_assert!(text.is_some_and(|text| (1..=1024).contains(&text.len())), "{}", name);
            }
        }
    }

    #[test]
    fn no_arn_panics_and_no_two_subjects_become_one(
        arn in "\\PC*|arn:aws:execute-api:[a-z*-]{0,3}:[0-9]{11,13}:.{0,12}",
        (one, other) in ("[a%2 é]{1,4}", "[a%2 é]{1,4}"),
    ) {
        let _ = arn.parse::<Stage>();
        prop_assert_eq!(principal_id(&one) == principal_id(&other), one == other);
    }
}
