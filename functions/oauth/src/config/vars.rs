//! The variables this function reads.

use service_kit::env::Var;

/// Every variable this function reads.
pub const VARS: &[Var] = &[
    Var::new(
        "AWS_LAMBDA_RUNTIME_API",
        None,
        "Address of the Runtime API, `host:port`. AWS Lambda sets it.",
    ),
    Var::new(
        "LOG_LEVEL",
        Some("info"),
        "What is logged: a level, or levels for targets (`warn,oauth=debug`).",
    ),
    Var::new(
        "OAUTH_ISSUER",
        None,
        "The URL that clients reach this server at, `https://host`, without a path: `iss` of its tokens, and \
         what stands before each endpoint. Required.",
    ),
    Var::new(
        "MCP_RESOURCE",
        None,
        "The URL of the MCP server that tokens are for, `https://host/mcp`: `aud` of the tokens. The same as \
         there, to the letter. Required.",
    ),
    Var::new(
        "OAUTH_SCOPES",
        Some(
            "cases/read mcp/invoke offline_access openid prometheus-mcp-server/read prometheus-mcp-server/write",
        ),
        "The scopes that clients may ask for, with single spaces between.",
    ),
    Var::new(
        "OAUTH_DEFAULT_SCOPES",
        Some("mcp/invoke prometheus-mcp-server/read"),
        "What a client gets that asks for no scope.",
    ),
    Var::new(
        "OAUTH_LOGIN",
        None,
        "Who knows the people: a JSON object of an OpenID provider, `{\"issuer\", \"profile\", \"client_id\"}`. `profile` is \
         `cognito` or `oidc`; `client_id` is the client of this server there, which may send people back to \
         `OAUTH_ISSUER/oauth/callback`. What else there may be: `scope` (by default `openid profile email`), \
         `tenant_claim`, the claim with a person's tenant, without which nobody is let in, and `mfa`, `true` if \
         people must have proven themselves twice. Required.",
    ),
    Var::secret("OAUTH_LOGIN_CLIENT_SECRET", "The secret of that client, if it has one."),
    Var::secret(
        "OAUTH_DEVELOPMENT_USERS",
        "People who may log in, for a machine of one's own only: a JSON object of names and passwords, \
         `{\"ada\": \"…\"}`. Random ones: they are not hashed slowly.",
    ),
    Var::new(
        "OAUTH_REGISTRATION",
        Some("open"),
        "Who may register clients (RFC 7591): `open`, anybody, for people to log in with; or `closed`, only \
         who has an initial access token.",
    ),
    Var::new(
        "OAUTH_INITIAL_ACCESS",
        None,
        "Who may register clients that act on their own behalf: a JSON object of the SHA-256 of each initial \
         access token, in base64url, to the tenant of what is registered with it, or to an empty text, \
         `{\"…\": \"acme\"}`.",
    ),
    Var::new(
        "OAUTH_CLIENTS",
        None,
        "Clients that need not register: a JSON array of `{\"client_id\", …}`. What else there may be: \
         `client_name`, `redirect_uris`, `grant_types`, `scope`, `tenant`, and how it proves who it is, \
         `client_secret_sha256` (in base64url), `jwks`, or nothing, with `token_endpoint_auth_method`.",
    ),
    Var::new(
        "OAUTH_ACCESS_TOKEN_SECONDS",
        Some("900"),
        "How long an access token is good, 60 to 3600.",
    ),
    Var::new(
        "OAUTH_CLIENTS_TABLE",
        Some("mcp-clients"),
        "The DynamoDB table of clients; its partition key is the string `clientId`.",
    ),
    Var::new(
        "OAUTH_CODES_TABLE",
        Some("mcp-auth-codes"),
        "The DynamoDB table of codes, logins, sessions and counts; its partition key is the string `code`.",
    ),
    Var::new(
        "OAUTH_REFRESH_TOKENS_TABLE",
        Some("mcp-refresh-tokens"),
        "The DynamoDB table of refresh tokens, grants and consents; its partition key is the string \
         `refreshToken`.",
    ),
    Var::new(
        "OAUTH_SIGNING_KEY",
        None,
        "The key of AWS KMS that signs: its id, its ARN or an alias (RSA from 2048 bits, or P-256; for signing). \
         Or `generated`, a fresh key at each start, for a machine of one's own only.",
    ),
    Var::new(
        "OAUTH_PUBLISHED_KEYS",
        None,
        "Keys of AWS KMS that will sign or have signed, separated by commas: they are published too.",
    ),
    Var::new(
        "OAUTH_SIGNING_KEY_FILE",
        None,
        "A file with the key that signs, in PKCS#8 (DER), instead of one of AWS KMS.",
    ),
    Var::new("AWS_REGION", None, "The region of tables and keys. AWS Lambda sets it. Required."),
    Var::new("AWS_ENDPOINT_URL_DYNAMODB", None, "Where DynamoDB is, when not at AWS."),
    Var::new("AWS_ENDPOINT_URL_KMS", None, "Where AWS KMS is, when not at AWS."),
    Var::new(
        "AWS_ENDPOINT_URL",
        None,
        "The same for all of AWS; `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_KMS` go before.",
    ),
    Var::secret(
        "AWS_ACCESS_KEY_ID",
        "Credentials for tables and keys. AWS Lambda sets them. Required.",
    ),
    Var::secret("AWS_SECRET_ACCESS_KEY", "See `AWS_ACCESS_KEY_ID`."),
    Var::secret("AWS_SESSION_TOKEN", "See `AWS_ACCESS_KEY_ID`; not needed for long-term keys."),
];
