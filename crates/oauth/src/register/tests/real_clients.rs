//! The registrations of real clients.

use serde_json::{Value, json};

/// What real clients send.
pub(super) fn real_clients() -> Vec<(&'static str, Value)> {
    let people = json!(["authorization_code", "refresh_token"]);
    vec![
        (
            "claude code",
            json!({
                "client_name": "Claude Code (server)", "application_type": "native",
                "redirect_uris": ["http://localhost:3118/callback"], "grant_types": people,
                "response_types": ["code"], "token_endpoint_auth_method": "none",
                "client_uri": "https://claude.ai/code", "scope": "mcp/invoke",
            }),
        ),
        (
            "claude.ai",
            json!({
                "client_name": "Claude", "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
                "grant_types": people, "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_post",
            }),
        ),
        (
            "vs code",
            json!({
                "client_name": "Visual Studio Code", "application_type": "native",
                "client_uri": "https://code.visualstudio.com",
                "redirect_uris": ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect",
                    "http://127.0.0.1/", "http://127.0.0.1:33418/"],
                "grant_types": ["authorization_code", "refresh_token",
                    "urn:ietf:params:oauth:grant-type:device_code"],
                "response_types": ["code"], "token_endpoint_auth_method": "none",
            }),
        ),
        (
            "cursor",
            json!({
                "client_name": "Cursor", "application_type": "web",
                "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback",
                    "https://www.cursor.com/agents/mcp/oauth/callback",
                    "http://localhost:8787/callback"],
                "grant_types": people, "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
        ),
        (
            "chatgpt",
            json!({
                "client_name": "ChatGPT", "client_uri": "https://chatgpt.com/",
                "redirect_uris": ["https://chatgpt.com/connector/oauth/IbUR3zxyNQ16",
                    "https://chatgpt.com/connector_platform_oauth_redirect"],
                "grant_types": people, "response_types": ["code"],
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
                "token_endpoint_auth_signing_alg": "RS256",
                "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
            }),
        ),
        (
            "codex",
            json!({
                "client_name": "Codex", "application_type": "native",
                "redirect_uris": ["http://127.0.0.1:37819/callback/b0f60ba"],
                "grant_types": people, "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
        ),
        (
            "opencode",
            json!({
                "client_name": "OpenCode", "client_uri": "https://opencode.ai",
                "redirect_uris": ["http://127.0.0.1:19876/mcp/oauth/callback"],
                "grant_types": people, "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
        ),
        (
            "mcp-remote",
            json!({
                "client_name": "MCP CLI Proxy",
                "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
                "redirect_uris": ["http://localhost:3334/oauth/callback"],
                "grant_types": people, "response_types": ["code"],
                "token_endpoint_auth_method": "none", "software_id": "2e6dc280-f3c3-4e01",
                "software_version": "0.15.1", "scope": "openid email profile",
            }),
        ),
    ]
}
