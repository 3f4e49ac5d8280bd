use std::collections::BTreeMap;

use super::*;

/// What a deployment needs, but for the way to log in and the key.
fn deployed() -> BTreeMap<&'static str, String> {
    [
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("OAUTH_ISSUER", "https://mcp.example.com"),
        ("MCP_RESOURCE", "https://mcp.example.com/mcp"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "very-secret"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// The faults of an environment, by variable.
fn faults(changes: &[(&'static str, &str)]) -> Vec<String> {
    let mut env = deployed();
    env.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let faults = Lambda::from_env(&env).map(|_| Vec::new()).unwrap_or_else(|err| err.faults);
    faults.iter().map(|fault| format!("{} {}", fault.name, fault.problem)).collect()
}

#[test]
fn all_that_is_missing_is_told_together() {
    let names: Vec<_> = Lambda::from_env(&BTreeMap::<&str, &str>::new())
        .unwrap_err()
        .faults
        .iter()
        .map(|fault| fault.name.clone())
        .collect();
    for name in [
        "AWS_LAMBDA_RUNTIME_API",
        "OAUTH_ISSUER",
        "MCP_RESOURCE",
        "OAUTH_LOGIN",
        "OAUTH_SIGNING_KEY",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        assert!(names.iter().any(|own| own == name), "{name} is not in {names:?}");
    }
}

#[test]
fn k17_what_is_for_ones_own_machine_is_refused_on_lambda() {
    let faults = faults(&[
        ("OAUTH_DEVELOPMENT_USERS", r#"{"ada":"very-secret"}"#),
        ("OAUTH_SIGNING_KEY", "generated"),
    ]);
    let [login, key] = &faults[..] else { panic!("{faults:?}") };
    assert!(login.starts_with("OAUTH_DEVELOPMENT_USERS") && login.contains("never for AWS Lambda"));
    assert!(key.starts_with("OAUTH_SIGNING_KEY") && key.contains("one's own"), "{key}");
    assert!(!faults.join("").contains("very-secret"));
}

#[test]
fn x10_an_issuer_or_a_resource_of_http_is_refused_on_lambda() {
    let people = ("OAUTH_DEVELOPMENT_USERS", r#"{"ada":"x"}"#);
    let key = ("OAUTH_SIGNING_KEY_FILE", "key.der");
    let faults = faults(&[
        people,
        key,
        ("OAUTH_ISSUER", "http://127.0.0.1:8787"),
        ("MCP_RESOURCE", "http://127.0.0.1:8787/mcp"),
    ]);
    for name in ["OAUTH_ISSUER", "MCP_RESOURCE"] {
        let told = faults.iter().find(|fault| fault.starts_with(name)).unwrap();
        assert!(told.contains("https://"), "{told}");
    }
}

#[test]
fn a_deployment_logs_people_in_elsewhere_and_signs_with_a_key_of_kms() {
    let mut env = deployed();
    env.extend([
        (
            "OAUTH_LOGIN",
            r#"{"issuer":"https://idp.example","profile":"oidc","client_id":"us"}"#.to_owned(),
        ),
        ("OAUTH_LOGIN_CLIENT_SECRET", "very-secret".to_owned()),
        ("OAUTH_SIGNING_KEY", "alias/mcp".to_owned()),
        ("OAUTH_PUBLISHED_KEYS", "alias/next, alias/before".to_owned()),
    ]);
    let config = Lambda::from_env(&env).unwrap().config;
    let LoginSettings::Provider(provider) = &config.login else { panic!() };
    assert_eq!(provider.redirect_uri, "https://mcp.example.com/oauth/callback");
    let KeySettings::Kms { active, published, .. } = &config.keys else { panic!() };
    assert_eq!((active.as_str(), published.len()), ("alias/mcp", 2));
    assert!(!format!("{config:?}").contains("very-secret"));
}

#[test]
fn what_does_not_parse_or_fit_is_a_fault_of_its_variable() {
    for (name, value, expected) in [
        ("OAUTH_ISSUER", "https://mcp.example.com/", "slash"),
        ("OAUTH_ISSUER", "https://mcp.example.com/prod", "path"),
        ("OAUTH_ISSUER", "https://MCP.example.com", "path"),
        ("OAUTH_ISSUER", "http://mcp.example.com", "https"),
        ("OAUTH_ACCESS_TOKEN_SECONDS", "30", "60 to 3600"),
        ("OAUTH_ACCESS_TOKEN_SECONDS", "3601", "60 to 3600"),
        ("OAUTH_REGISTRATION", "maybe", "open or closed"),
        ("OAUTH_INITIAL_ACCESS", r#"{"x":""}"#, "32 bytes"),
        ("OAUTH_CLIENTS", "{}", "array"),
        ("OAUTH_LOGIN", "{}", "missing field"),
        ("OAUTH_SIGNING_KEY", "arn:aws:s3:::bucket", ""),
        ("OAUTH_SCOPES", "a  b", "single spaces"),
        ("OAUTH_DEFAULT_SCOPES", "cases/none", "among OAUTH_SCOPES"),
        ("OAUTH_DEVELOPMENT_USERS", "{}", "is not valid"),
    ] {
        let told = faults(&[(name, value)]);
        let own = told.iter().find(|fault| fault.starts_with(name));
        assert!(own.is_some_and(|fault| fault.contains(expected)), "{name}={value}: {told:?}");
    }
}
