//! The variables this function reads.

use auth::env::DOOR_VARS;
use service_kit::env::{Var, join};

/// Every variable this function reads.
pub const VARS: &[Var] = &join::<
    { SERVER.len() + DOOR_VARS.len() + GRANTS.len() + METRICS.len() + CASES.len() + AWS.len() },
>(&[SERVER, DOOR_VARS, GRANTS, METRICS, CASES, AWS]);

const SERVER: &[Var] = &[
    Var::new(
        "AWS_LAMBDA_RUNTIME_API",
        None,
        "Address of the Runtime API, `host:port`. AWS Lambda sets it.",
    ),
    Var::new(
        "LOG_LEVEL",
        Some("info"),
        "What is logged: a level, or levels for targets (`warn,backend_amp=debug`).",
    ),
    Var::new(
        "RESPONSE_MODE",
        Some("buffered"),
        "How answers travel, `buffered` or `streaming`; what the API Gateway integration is set to. \
         The local server streams unless it is set.",
    ),
    Var::new(
        "ALLOWED_ORIGINS",
        None,
        "Origins of web pages that may call, separated by commas, such as `https://app.example.com`. \
         Requests without `Origin` are not from a web page and are not concerned.",
    ),
    Var::new(
        "MAX_REQUEST_BYTES",
        Some("1048576"),
        "The biggest request body that is read, in bytes.",
    ),
    Var::secret(
        "MCP_STATE_KEY",
        "64 hexadecimal digits that seal cursors and request state. Instances that share it understand \
         each other's; without it each draws its own, and a client whose next request meets another \
         instance is told to begin again.",
    ),
    Var::new(
        "LIST_ONLY_CALLABLE_TOOLS",
        Some("false"),
        "Whether `tools/list` leaves out what the caller's scopes do not allow, `true` or `false`.",
    ),
];

const GRANTS: &[Var] = &[
    Var::new(
        "OAUTH_CLIENTS_TABLE",
        Some("mcp-clients"),
        "The DynamoDB table of our own authorization server's clients; for issuers with `check_grants`.",
    ),
    Var::new(
        "OAUTH_REFRESH_TOKENS_TABLE",
        Some("mcp-refresh-tokens"),
        "Its table of refresh tokens and grants; for issuers with `check_grants`.",
    ),
];

const METRICS: &[Var] = &[
    Var::new(
        "PROMETHEUS_URL",
        None,
        "The server to ask when a call names no workspace: any that speaks Prometheus' HTTP API, or a \
         workspace of Amazon Managed Prometheus (`https://aps-workspaces.REGION.amazonaws.com/workspaces/ID`).",
    ),
    Var::new(
        "PROMETHEUS_WORKSPACE_ID",
        None,
        "The workspace to ask when a call names none, `ws-…`.",
    ),
    Var::new(
        "PROMETHEUS_SIGV4",
        None,
        "Whether requests to `PROMETHEUS_URL` are signed, `true` or `false`; by default those to Amazon \
         Managed Prometheus are.",
    ),
    Var::new(
        "PROMETHEUS_CA_FILE",
        None,
        "A file of certificates in PEM: authorities to trust beside the public ones, such as that of a \
         private Prometheus server.",
    ),
    Var::new(
        "PROMETHEUS_MAX_SAMPLES",
        None,
        "The most samples a query to Amazon Managed Prometheus may process; one that needs more is \
         refused, and not billed.",
    ),
    Var::new(
        "PROMETHEUS_WARN_SAMPLES",
        None,
        "From how many samples on a query to Amazon Managed Prometheus answers with a warning.",
    ),
    Var::new(
        "PROMETHEUS_TIMEOUT_MS",
        Some("60000"),
        "The longest any question to a server may take, in milliseconds.",
    ),
    Var::new(
        "TENANT_WORKSPACES",
        None,
        "The workspace of each tenant: a JSON object, `{\"acme\": \"ws-…\"}`. It is the tenant's default, and \
         the only one it may ask; callers of other tenants, and of none, may ask none.",
    ),
    Var::new(
        "TENANT_ROLE_ARN",
        None,
        "The role that is assumed for each tenant, with the session tag `tenant_id`: what a tenant may ask, \
         the role's policies decide. Callers of no tenant may ask nothing.",
    ),
];

const CASES: &[Var] = &[
    Var::new(
        "ATHENA_DATABASE",
        None,
        "The database of the support cases, such as `case_insights_ID`. Without it there are no tools for them.",
    ),
    Var::new(
        "ATHENA_WORKGROUP",
        None,
        "The work group that their queries run in, such as `CaseInsights-ID`; it says where results go.",
    ),
    Var::new("ATHENA_TABLE", Some("case_summary"), "The table of the support cases."),
    Var::new(
        "ATHENA_MAX_BYTES",
        Some("10000000000"),
        "The most that a query may read, in bytes; one that is known to need more is refused, and one that \
         reads more is stopped. 0 for no limit.",
    ),
    Var::new(
        "ATHENA_USD_PER_TERABYTE",
        Some("5.00"),
        "What Athena bills for a terabyte that is read, in US dollars, to tell what a query cost.",
    ),
    Var::new(
        "BEDROCK_MODEL_IDS",
        None,
        "The models that read cases, separated by commas, in the order in which they are tried: ids of models \
         or inference profiles, or their ARNs, each with `=1.00/5.00` after it for the dollars that a million \
         tokens read and written cost. By default the Claude Haiku 4.5 of the region.",
    ),
];

const AWS: &[Var] = &[
    Var::new(
        "AWS_REGION",
        None,
        "The region of workspaces when a call names none, and of DynamoDB, Athena, Glue and Bedrock. AWS \
         Lambda sets it.",
    ),
    Var::new(
        "AWS_ENDPOINT_URL_AMP",
        None,
        "Where the control plane of Amazon Managed Prometheus is, when not at AWS.",
    ),
    Var::new(
        "AWS_ENDPOINT_URL_DYNAMODB",
        None,
        "Where DynamoDB is, when not at AWS; for issuers with `check_grants`.",
    ),
    Var::new("AWS_ENDPOINT_URL_STS", None, "Where STS is, when not at AWS; for `TENANT_ROLE_ARN`."),
    Var::new("AWS_ENDPOINT_URL_ATHENA", None, "Where Athena is, when not at AWS."),
    Var::new("AWS_ENDPOINT_URL_GLUE", None, "Where Glue is, when not at AWS."),
    Var::new("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", None, "Where Bedrock is, when not at AWS."),
    Var::new("AWS_ENDPOINT_URL", None, "The same for all of AWS; those of one service go before."),
    Var::secret(
        "AWS_ACCESS_KEY_ID",
        "Credentials for Amazon Managed Prometheus, STS, DynamoDB, Athena, Glue and Bedrock. AWS Lambda sets them.",
    ),
    Var::secret("AWS_SECRET_ACCESS_KEY", "See `AWS_ACCESS_KEY_ID`."),
    Var::secret("AWS_SESSION_TOKEN", "See `AWS_ACCESS_KEY_ID`; not needed for long-term keys."),
];
