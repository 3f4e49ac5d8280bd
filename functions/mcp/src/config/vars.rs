//! The variables this function reads.

use auth::env::DOOR_VARS;
use service_kit::env::{Var, join};

/// Every variable this function reads.
pub const VARS: &[Var] =
    &join::<{ SERVER.len() + DOOR_VARS.len() + GRANTS.len() + TOOLS.len() }>(&[
        SERVER, DOOR_VARS, GRANTS, TOOLS,
    ]);

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

const TOOLS: &[Var] = &[
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
    Var::new(
        "AWS_REGION",
        None,
        "The region of workspaces when a call names none, and of DynamoDB. AWS Lambda sets it.",
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
    Var::new("AWS_ENDPOINT_URL", None, "The same for all of AWS; those of one service go before."),
    Var::secret(
        "AWS_ACCESS_KEY_ID",
        "Credentials for Amazon Managed Prometheus, STS and DynamoDB. AWS Lambda sets them.",
    ),
    Var::secret("AWS_SECRET_ACCESS_KEY", "See `AWS_ACCESS_KEY_ID`."),
    Var::secret("AWS_SESSION_TOKEN", "See `AWS_ACCESS_KEY_ID`; not needed for long-term keys."),
];
