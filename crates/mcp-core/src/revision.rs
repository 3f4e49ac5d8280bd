//! The five revisions of the protocol, and the one table that says how they differ.
//!
//! Everything else in the workspace asks [`ProtocolVersion::features`] what a peer knows, never
//! which revision it speaks.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::jsonrpc::ErrorCode;

/// A revision of the Model Context Protocol, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolVersion {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26: Streamable HTTP, batches.
    V2025_03_26,
    /// 2025-06-18: structured output, titles, the version header.
    V2025_06_18,
    /// 2025-11-25: icons, tool-argument errors as results. The last with a handshake.
    V2025_11_25,
    /// 2026-07-28: stateless, per-request metadata.
    V2026_07_28,
}

use ProtocolVersion::{V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28};

impl ProtocolVersion {
    /// Every revision served, newest first: the order a client should prefer them in.
    pub const ALL: [Self; 5] = [V2026_07_28, V2025_11_25, V2025_06_18, V2025_03_26, V2024_11_05];
    /// The newest revision that begins with `initialize`: what a handshake falls back to.
    pub const NEWEST_LEGACY: Self = V2025_11_25;
    /// What a request is taken for that names no revision at all (specification, Streamable HTTP
    /// of 2025-06-18: "SHOULD assume protocol version 2025-03-26").
    pub const ASSUMED: Self = V2025_03_26;

    /// The date that names it on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            V2024_11_05 => "2024-11-05",
            V2025_03_26 => "2025-03-26",
            V2025_06_18 => "2025-06-18",
            V2025_11_25 => "2025-11-25",
            V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision an `initialize` that asks for `requested` is answered with: the same where it
    /// has a handshake, else the newest that has one.
    #[must_use]
    pub fn negotiate(requested: &str) -> Self {
        match requested.parse() {
            Ok(version) if version <= Self::NEWEST_LEGACY => version,
            _ => Self::NEWEST_LEGACY,
        }
    }

    /// What a peer of this revision knows.
    #[must_use]
    pub const fn features(self) -> &'static Features {
        match self {
            V2024_11_05 => &FEATURES[0],
            V2025_03_26 => &FEATURES[1],
            V2025_06_18 => &FEATURES[2],
            V2025_11_25 => &FEATURES[3],
            V2026_07_28 => &FEATURES[4],
        }
    }

    /// Its place in tables with a row a revision, oldest first.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProtocolVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The text is not the date of a revision this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a protocol revision that is served here")]
pub struct UnknownVersion;

impl FromStr for ProtocolVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or(UnknownVersion)
    }
}

/// Which JSON a revision lets a schema or a structured result be at its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structured {
    /// It knows no structured results.
    Unknown,
    /// Objects only.
    Object,
    /// Any value.
    Any,
}

/// One row of the table: what a peer of one revision knows.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// Each request carries version and capabilities in `_meta`; there is no handshake, no `ping`,
    /// and failures have HTTP statuses of their own.
    pub stateless: bool,
    /// A body may be an array of messages.
    pub batches: bool,
    /// An error reply must have an id, null where it could not be read.
    pub error_id_required: bool,
    /// Closing the response stream cancels the call.
    pub disconnect_cancels: bool,
    /// `annotations` of a tool.
    pub tool_annotations: bool,
    /// `title` beside a name.
    pub titles: bool,
    /// `icons`, and `description` and `websiteUrl` of an implementation.
    pub icons: bool,
    /// `outputSchema` and `structuredContent`.
    pub structured: Structured,
    /// Content of type `audio`.
    pub audio: bool,
    /// Content of type `resource_link`, and `_meta` on what is listed.
    pub resource_links: bool,
    /// `message` in a progress notification.
    pub progress_message: bool,
    /// The capability `completions`.
    pub completions_capability: bool,
    /// Bad tool arguments are a result with `isError`, which the model sees, not a protocol error.
    pub argument_errors_as_results: bool,
    /// The code for a resource that does not exist.
    pub resource_not_found: ErrorCode,
    /// `resultType`, caching hints and the server's name in every result.
    pub result_envelope: bool,
}

/// Oldest first; each row says what changed.
const FEATURES: [Features; 5] = {
    let v2024_11_05 = Features {
        stateless: false,
        batches: false,
        error_id_required: true,
        disconnect_cancels: false,
        tool_annotations: false,
        titles: false,
        icons: false,
        structured: Structured::Unknown,
        audio: false,
        resource_links: false,
        progress_message: false,
        completions_capability: false,
        argument_errors_as_results: false,
        resource_not_found: ErrorCode::ResourceNotFound,
        result_envelope: false,
    };
    let v2025_03_26 = Features {
        batches: true,
        tool_annotations: true,
        audio: true,
        progress_message: true,
        completions_capability: true,
        ..v2024_11_05
    };
    let v2025_06_18 = Features {
        batches: false,
        titles: true,
        structured: Structured::Object,
        resource_links: true,
        ..v2025_03_26
    };
    let v2025_11_25 = Features {
        error_id_required: false,
        icons: true,
        argument_errors_as_results: true,
        ..v2025_06_18
    };
    let v2026_07_28 = Features {
        stateless: true,
        disconnect_cancels: true,
        structured: Structured::Any,
        resource_not_found: ErrorCode::InvalidParams,
        result_envelope: true,
        ..v2025_11_25
    };
    [v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_from_its_own_name_only() {
        for version in ProtocolVersion::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
        }
        for bad in ["", "1.0", "2025-06-18 ", "2026-07-29", "9999-01-01"] {
            assert_eq!(bad.parse::<ProtocolVersion>(), Err(UnknownVersion), "{bad:?}");
        }
    }

    #[test]
    fn a_handshake_never_ends_on_a_revision_without_one() {
        for (asked, given) in [
            ("2024-11-05", V2024_11_05),
            ("2025-03-26", V2025_03_26),
            ("2025-11-25", V2025_11_25),
            ("2026-07-28", V2025_11_25),
            ("1.0", V2025_11_25),
            ("9999-01-01", V2025_11_25),
        ] {
            assert_eq!(ProtocolVersion::negotiate(asked), given, "{asked}");
        }
    }
}
