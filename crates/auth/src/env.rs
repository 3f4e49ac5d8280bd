//! The variables of every program that has a door.

use service_kit::env::Var;

/// The variables that say whose tokens are taken.
pub const VARS: &[Var] = &[
    Var {
        name: "MCP_RESOURCE",
        default: None,
        doc: "The URL that clients reach the server at, `https://host/mcp`: the identifier of the \
              protected resource, and the audience of its tokens.",
        secret: false,
    },
    Var {
        name: "AUTH_ISSUERS",
        default: None,
        doc: "Whose tokens are accepted: a JSON array, see `docs/security/doors.md`.",
        secret: false,
    },
];
