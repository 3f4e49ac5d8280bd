use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LAMBDA: (&str, &str) = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
const IAM: (&str, &str) = ("AUTH_MODE", "iam");

#[test]
fn what_lambda_sets_is_enough_but_for_who_may_call() {
    let lambda = Lambda::from_env(&BTreeMap::from([LAMBDA, IAM])).unwrap();
    assert_eq!(lambda.mode, Mode::Buffered);
    assert!(!lambda.config.http.streaming && !lambda.config.http.origins.loopback);
    assert_eq!(lambda.config.http.body_limit, 1 << 20);
}

#[test]
fn by_default_tokens_are_asked_for_and_on_lambda_somebody_must_be_asked() {
    let told = |env: &[(&str, &str)]| {
        let env: BTreeMap<_, _> = env.iter().copied().collect();
        Lambda::from_env(&env).unwrap_err().to_string()
    };
    let err = told(&[LAMBDA]);
    assert!(err.contains("MCP_RESOURCE") && err.contains("AUTH_ISSUERS"), "{err}");
    let err = told(&[LAMBDA, ("AUTH_MODE", "none"), ("LIST_ONLY_CALLABLE_TOOLS", "maybe")]);
    assert!(err.contains("never for AWS Lambda"), "{err}");
    assert!(err.contains("LIST_ONLY_CALLABLE_TOOLS"), "{err}");
    assert!(told(&[LAMBDA, ("AUTH_MODE", "off")]).contains("AUTH_MODE"));
}

/// A token for a URL of this machine is good on every machine.
#[test]
fn x10_a_resource_of_http_is_for_no_function_on_lambda() {
    let issuers = r#"[{"issuer":"https://as.example.com","profile":"at+jwt"}]"#;
    for (resource, mode, good) in [
        ("http://127.0.0.1:8787/mcp", "jwt", false),
        ("http://localhost/mcp", "jwt+iam", false),
        ("https://mcp.example.com/mcp", "jwt", true),
    ] {
        let env = BTreeMap::from([
            LAMBDA,
            ("AUTH_MODE", mode),
            ("MCP_RESOURCE", resource),
            ("AUTH_ISSUERS", issuers),
        ]);
        let faults = Lambda::from_env(&env).map_or_else(|err| err.faults, |_| Vec::new());
        let names: Vec<_> = faults.iter().map(|fault| fault.name.to_string()).collect();
        assert_eq!(names, if good { &[][..] } else { &["MCP_RESOURCE"] }, "{resource}");
        let mut local = Reader::new(&env, VARS);
        let config = Config::read(&mut local);
        assert!(local.finish(|| config).is_ok(), "{resource} on a machine of one's own");
    }
}

#[test]
fn who_lets_everyone_in_listens_on_this_machine_only() {
    let config = |mode| {
        let env = BTreeMap::from([("AUTH_MODE", mode)]);
        let mut env = Reader::new(&env, VARS);
        let config = Config::read(&mut env);
        env.finish(|| config).unwrap()
    };
    let (open, guarded) = (config("none"), config("iam"));
    assert!(open.door.is_none() && guarded.door.is_some());
    for (address, loopback) in [
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("0.0.0.0", false),
        ("::", false),
        ("192.168.1.7", false),
        ("::ffff:10.0.0.1", false),
    ] {
        let address: IpAddr = address.parse().unwrap();
        for open in [&open, &Config::default()] {
            assert_eq!(open.check_bind(address).is_ok(), loopback, "{address}");
        }
        assert_eq!(guarded.check_bind(address), Ok(()), "{address}");
    }
}

#[test]
fn everything_set_is_understood() {
    let key = "0123456789abcdef".repeat(4);
    let env = BTreeMap::from([
        LAMBDA,
        IAM,
        ("RESPONSE_MODE", "streaming"),
        ("ALLOWED_ORIGINS", "https://a.example, https://b.example"),
        ("MCP_STATE_KEY", key.as_str()),
        ("PROMETHEUS_URL", "http://localhost:9090"),
        ("PROMETHEUS_MAX_SAMPLES", "1000"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", "http://localhost:4566"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]);
    let config = Lambda::from_env(&env).unwrap().config;
    assert!(config.http.streaming);
    let origins: Vec<_> = config.http.origins.exact.iter().map(Origin::as_str).collect();
    assert_eq!(origins, ["https://a.example", "https://b.example"]);
    assert_eq!(config.state_key.as_ref().unwrap().0[..2], [0x01, 0x23]);
    assert_eq!(config.prometheus.control_plane_endpoint.as_deref(), Some("http://localhost:4566"));
    assert!(config.credentials.is_some());
}

#[test]
fn a_workspace_beside_a_server_that_has_none_is_refused() {
    let url = |url| {
        let env =
            [LAMBDA, IAM, ("PROMETHEUS_URL", url), ("PROMETHEUS_WORKSPACE_ID", "ws-1a2b3c4d")];
        Lambda::from_env(&BTreeMap::from(env)).map(|_| ())
    };
    assert!(url("http://localhost:9090").is_err());
    assert_eq!(url("https://aps-workspaces.us-east-1.amazonaws.com"), Ok(()));
}

#[test]
fn all_faults_are_told_together_and_no_secret_is() {
    let env = BTreeMap::from([
        LAMBDA,
        IAM,
        ("MCP_STATE_KEY", "tooshort-and-private"),
        ("PROMETHEUS_URL", "not a url"),
        ("PROMETHEUS_WORKSPACE_ID", "prod"),
        ("ALLOWED_ORIGINS", "https://a.example/path"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ]);
    let err = Lambda::from_env(&env).unwrap_err().to_string();
    for name in [
        "MCP_STATE_KEY",
        "PROMETHEUS_URL",
        "PROMETHEUS_WORKSPACE_ID",
        "ALLOWED_ORIGINS",
        "AWS_ACCESS_KEY_ID",
    ] {
        assert!(err.contains(name), "{name}: {err}");
    }
    assert!(!err.contains("private") && !err.contains("AKIDEXAMPLE"), "{err}");
}

const AWS: [(&str, &str); 5] = [
    LAMBDA,
    IAM,
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

fn of_grants(more: &[(&'static str, &'static str)]) -> Result<Option<[String; 4]>, String> {
    const RESOURCE: (&str, &str) = ("MCP_RESOURCE", "https://mcp.example.com/mcp");
    const ISSUERS: (&str, &str) = (
        "AUTH_ISSUERS",
        r#"[{"issuer":"https://a","profile":"at+jwt","check_grants":true},
            {"issuer":"https://b","profile":"at+jwt"}]"#,
    );
    let env = AWS.into_iter().chain([("AUTH_MODE", "jwt"), RESOURCE, ISSUERS]);
    let read = Lambda::from_env(&BTreeMap::from_iter(env.chain(more.iter().copied())));
    read.map_err(|err| err.to_string()).map(|lambda| {
        let settings = lambda.config.grants?;
        let endpoint = settings.endpoint.unwrap_or_default();
        Some([settings.region, endpoint, settings.clients, settings.refresh_tokens])
    })
}

#[test]
fn grants_are_asked_about_in_the_tables_of_the_authorization_server() {
    const ALL: (&str, &str) = ("AWS_ENDPOINT_URL", "http://localhost:1");
    const OWN: (&str, &str) = ("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:2");
    const CLIENTS: (&str, &str) = ("OAUTH_CLIENTS_TABLE", "c");
    const REFRESH_TOKENS: (&str, &str) = ("OAUTH_REFRESH_TOKENS_TABLE", "r");
    for (variables, endpoint, clients, refresh_tokens) in [
        (&[][..], "", "mcp-clients", "mcp-refresh-tokens"),
        (&[ALL, CLIENTS], "http://localhost:1", "c", "mcp-refresh-tokens"),
        (&[ALL, OWN, REFRESH_TOKENS], "http://localhost:2", "mcp-clients", "r"),
    ] {
        let told = of_grants(variables).unwrap().unwrap();
        assert_eq!(told, ["eu-central-1", endpoint, clients, refresh_tokens]);
    }
    let unchecked = r#"[{"issuer":"https://a","profile":"at+jwt"}]"#;
    for unasked in [("AUTH_ISSUERS", unchecked), IAM] {
        assert_eq!(of_grants(&[unasked, ("AWS_REGION", "")]), Ok(None));
    }
}

#[test]
fn grants_that_could_not_be_asked_about_are_refused() {
    for (variables, named) in [
        (&[("AWS_REGION", "")][..], "AWS_REGION"),
        (&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")], "AWS credentials"),
        (&[("OAUTH_REFRESH_TOKENS_TABLE", "mcp-clients")], "OAUTH_REFRESH_TOKENS_TABLE"),
    ] {
        let told = of_grants(variables).unwrap_err();
        assert!(told.contains(named), "{variables:?}: {told}");
    }
}

fn of_tenants(more: &[(&'static str, &'static str)]) -> Result<TenantSettings, String> {
    let env = AWS.into_iter().chain(more.iter().copied());
    let read = Lambda::from_env(&BTreeMap::from_iter(env));
    read.map(|lambda| lambda.config.tenants.unwrap()).map_err(|err| err.to_string())
}

#[test]
fn tenants_have_workspaces_or_a_role_or_both() {
    const WORKSPACES: (&str, &str) = ("TENANT_WORKSPACES", r#"{"acme":"ws-1","blue":"ws-2"}"#);
    const ROLE: (&str, &str) = ("TENANT_ROLE_ARN", "arn:aws:iam::123456789012:role/tenants");
    for (variables, workspaces, role) in
        [(&[WORKSPACES][..], 2, false), (&[ROLE], 0, true), (&[WORKSPACES, ROLE], 2, true)]
    {
        let settings = of_tenants(variables).unwrap();
        assert_eq!(settings.workspaces.map_or(0, |workspaces| workspaces.len()), workspaces);
        assert_eq!(settings.role.is_some(), role);
    }
    let sts = of_tenants(&[
        ROLE,
        ("AWS_ENDPOINT_URL", "http://localhost:1"),
        ("AWS_ENDPOINT_URL_STS", "http://localhost:2"),
    ]);
    let sts = sts.unwrap().role.unwrap();
    assert_eq!(sts.region, "eu-central-1");
    assert_eq!(sts.endpoint.as_deref(), Some("http://localhost:2"));
}

#[test]
fn tenants_that_could_not_be_told_apart_are_refused() {
    const OF: &str = "TENANT_WORKSPACES";
    const ONE: (&str, &str) = (OF, r#"{"acme":"ws-1"}"#);
    for (variables, named) in [
        (&[(OF, "acme")][..], OF),
        (&[(OF, r#"["ws-1"]"#)], OF),
        (&[(OF, r#"{"acme":"prod"}"#)], "acme"),
        (&[(OF, r#"{"-acme":"ws-1"}"#)], "-acme"),
        (&[(OF, r#"{"acme":"ws-1","acme":"ws-2"}"#)], "is there twice"),
        (&[("TENANT_ROLE_ARN", "tenants")], "TENANT_ROLE_ARN"),
        (&[ONE, ("PROMETHEUS_WORKSPACE_ID", "ws-9")], "PROMETHEUS_WORKSPACE_ID"),
        (&[ONE, ("PROMETHEUS_URL", "http://localhost:9090")], "PROMETHEUS_URL"),
        (&[ONE, ("AWS_REGION", "")], "AWS_REGION"),
        (&[ONE, ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")], "AWS credentials"),
    ] {
        let told = of_tenants(variables).unwrap_err();
        assert!(told.contains(named), "{variables:?}: {told}");
    }
}

fn of_cases(variables: &[(&str, &str)]) -> Result<Option<CaseSettings>, String> {
    let mut env = BTreeMap::from([
        LAMBDA,
        IAM,
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]);
    env.extend(variables.iter().copied());
    Lambda::from_env(&env).map(|lambda| lambda.config.cases).map_err(|err| err.to_string())
}

const DATABASE: (&str, &str) = ("ATHENA_DATABASE", "case_insights_a-1");
const WORK_GROUP: (&str, &str) = ("ATHENA_WORKGROUP", "CaseInsights-a-1");

#[test]
fn cases_need_a_database_and_a_work_group_and_the_rest_has_defaults() {
    assert!(of_cases(&[]).unwrap().is_none());
    let cases = of_cases(&[DATABASE, WORK_GROUP]).unwrap().unwrap();
    let CaseSettings { athena, bedrock, tools } = cases;
    assert_eq!((athena.database, athena.work_group), (DATABASE.1.into(), WORK_GROUP.1.into()));
    assert_eq!((athena.max_bytes, athena.usd_per_terabyte), (Some(10_000_000_000), 5.0));
    assert_eq!((athena.endpoint, athena.glue_endpoint, bedrock.endpoint), (None, None, None));
    assert_eq!(tools.table, "case_summary");
    let models: Vec<_> = bedrock.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(models, ["eu.anthropic.claude-haiku-4-5-20251001-v1:0"]);

    let cases = of_cases(&[
        DATABASE,
        WORK_GROUP,
        ("ATHENA_TABLE", "cases"),
        ("ATHENA_MAX_BYTES", "0"),
        ("BEDROCK_MODEL_IDS", "one, two=1.00/5.00"),
        ("AWS_ENDPOINT_URL", "http://localhost:1"),
        ("AWS_ENDPOINT_URL_GLUE", "http://localhost:2"),
    ]);
    let CaseSettings { athena, bedrock, tools } = cases.unwrap().unwrap();
    assert_eq!((athena.max_bytes, tools.table.as_str()), (None, "cases"));
    assert_eq!(athena.endpoint.as_deref(), Some("http://localhost:1"));
    assert_eq!(athena.glue_endpoint.as_deref(), Some("http://localhost:2"));
    assert_eq!(bedrock.endpoint.as_deref(), Some("http://localhost:1"));
    assert_eq!((bedrock.models.len(), bedrock.models[1].id.as_str()), (2, "two"));
}

#[test]
fn cases_that_could_not_be_read_are_refused() {
    for (variables, named) in [
        (&[DATABASE][..], "ATHENA_WORKGROUP"),
        (&[WORK_GROUP], "ATHENA_DATABASE"),
        (&[("ATHENA_DATABASE", "a\"b"), WORK_GROUP], "ATHENA_DATABASE"),
        (&[DATABASE, WORK_GROUP, ("ATHENA_TABLE", "a b")], "ATHENA_TABLE"),
        (&[DATABASE, WORK_GROUP, ("ATHENA_MAX_BYTES", "10 GB")], "ATHENA_MAX_BYTES"),
        (&[DATABASE, WORK_GROUP, ("ATHENA_USD_PER_TERABYTE", "NaN")], "ATHENA_USD_PER_TERABYTE"),
        (&[DATABASE, WORK_GROUP, ("BEDROCK_MODEL_IDS", "a model")], "BEDROCK_MODEL_IDS"),
        (&[DATABASE, WORK_GROUP, ("BEDROCK_MODEL_IDS", "one,")], "BEDROCK_MODEL_IDS"),
        (&[DATABASE, WORK_GROUP, ("AWS_REGION", "")], "AWS_REGION"),
        (
            &[DATABASE, WORK_GROUP, ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")],
            "AWS credentials",
        ),
    ] {
        let told = of_cases(variables).unwrap_err();
        assert!(told.contains(named), "{variables:?}: {told}");
    }
}

proptest! {
    #[test]
    fn a_state_key_is_read_back_and_no_text_panics(
        key in any::<[u8; 32]>(),
        text in ".*|.{64}|[0-9a-fA-F]{63,65}",
    ) {
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(digits.parse::<StateKey>().unwrap().0, key);
        prop_assert_eq!(digits.to_uppercase().parse::<StateKey>().unwrap().0, key);
        let legal = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        prop_assert_eq!(text.parse::<StateKey>().is_ok(), legal);
    }

    #[test]
    fn a_list_of_origins_renders_back(
        origins in proptest::collection::vec("https?://[a-z]{1,8}(:[0-9]{1,4})?", 1..5),
    ) {
        let list: OriginList = origins.join(" , ").parse().unwrap();
        let read: Vec<_> = list.0.iter().map(Origin::as_str).collect();
        prop_assert_eq!(read, origins);
    }

    #[test]
    fn no_value_panics_and_no_secret_is_told(
        origins in "[^\0]*|(https?://[ -~]{0,9},?){1,3}",
        url in "[^\0]*",
        (key, id, secret, token) in
            ("hunter2[ -~]{0,60}", "hunter2[ -~]*", "hunter2[ -~]*", "hunter2[ -~]*"),
        lone in any::<bool>(),
    ) {
        let mut env = BTreeMap::from([
            LAMBDA,
            IAM,
        IAM,
            ("ALLOWED_ORIGINS", origins.as_str()),
            ("PROMETHEUS_URL", url.as_str()),
            ("MCP_STATE_KEY", key.as_str()),
            ("AWS_ACCESS_KEY_ID", id.as_str()),
            ("AWS_SESSION_TOKEN", token.as_str()),
        ]);
        if !lone {
            env.insert("AWS_SECRET_ACCESS_KEY", secret.as_str());
        }
        // `u` is no hexadecimal digit, so the key is a fault.
        let err = Lambda::from_env(&env).unwrap_err();
        let told = format!("{err} {err:?}");
        prop_assert!(told.contains("MCP_STATE_KEY"), "{}", told);
        prop_assert!(!told.contains("hunter2"), "{}", told);
    }
}
