//! What the pages say, and how names of strangers are made fit to be shown.

use std::borrow::Cow;

use auth::Registry;

use crate::refusal::Refusal;

/// The longest name that is shown, in characters.
const MAX_NAME: usize = 64;

/// A name as it may be shown: without what hides, turns text around or breaks lines, at most 64
/// characters long. `None` when nothing is left.
pub(super) fn display_name(name: &str) -> Option<String> {
    let visible = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    let visible: String = visible.filter(|c| !is_hidden(*c)).collect();
    let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = match words.char_indices().nth(MAX_NAME) {
        None => words,
        Some(_) => words.chars().take(MAX_NAME - 1).chain(['…']).collect(),
    };
    (!name.is_empty()).then_some(name)
}

/// Characters that are not seen themselves and change how others are: of direction, joiners,
/// fillers, variation selectors, tags.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// What a scope allows, to follow "It will be able to".
pub(super) fn of_scope(scope: &str) -> Cow<'_, str> {
    match scope {
        Registry::MCP_INVOKE => "speak to this server for you".into(),
        Registry::PROMETHEUS_READ => "read your metrics".into(),
        Registry::PROMETHEUS_WRITE => "read and change your metrics".into(),
        Registry::CASES_READ => "read your support cases".into(),
        "openid" => "know who you are".into(),
        "offline_access" => "stay connected while you are away".into(),
        other => format!("use what is called “{other}”").into(),
    }
}

/// The title and the text of an error page.
pub(super) fn of_refusal(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::Malformed => (
            "This link is broken",
            "The application sent a request that cannot be read. Begin again from the application.",
        ),
        Refusal::TooLong => (
            "This link is too long",
            "The application sent more than a request may have. Begin again from the application.",
        ),
        Refusal::TooBig => (
            "This is too big",
            "More was sent than a form of this server has. Begin again from the application.",
        ),
        Refusal::UnknownClient => (
            "This application is not known",
            "It was never registered here, or it is so long ago that it was forgotten. Remove this \
             server from the application, add it again, and connect.",
        ),
        Refusal::RedirectUri => (
            "This address is not the application's",
            "The application asks for an answer at an address that it has not registered. To be \
             safe, you are not sent there. If you followed a link to get here, do not use it again.",
        ),
        Refusal::NotBegun => (
            "No login was begun here",
            "This browser has not begun this login. If you followed a link to get here, do not use \
             it again. If not, allow cookies for this server and begin again from the application.",
        ),
        Refusal::Expired => {
            ("This took too long", "The login has ended. Begin again from the application.")
        }
        Refusal::AlreadyUsed => (
            "This was already used",
            "The question was answered before. If the application is not connected, begin again \
             from there.",
        ),
        Refusal::Mismatch => (
            "This login does not fit",
            "What came back does not belong to the login that was begun last in this browser. \
             Begin again from the application.",
        ),
        Refusal::NotVouchedFor => (
            "You cannot log in",
            "Your login was not accepted. If you should have access, ask who runs this server.",
        ),
        Refusal::Forged => (
            "This answer was not taken",
            "It was not sent from the page that was last shown to you. Nothing was allowed. Begin \
             again from the application.",
        ),
        Refusal::TooMany => (
            "Too many attempts",
            "There were too many requests from your network. Wait a minute, then begin again from \
             the application.",
        ),
        Refusal::Unavailable => (
            "Not available right now",
            "A part of this service does not answer. Nothing was allowed. Try again in a minute.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k01_names_are_cut_and_rid_of_what_misleads() {
        let long = "x".repeat(5000);
        for (name, shown) in [
            ("Editor", Some("Editor")),
            ("  My\n\tEditor\u{0} 2 ", Some("My Editor 2")),
            ("evil\u{202e}txt.exe", Some("eviltxt.exe")),
            ("\u{2066}a\u{2069}\u{200b}b\u{feff}", Some("ab")),
            ("a\u{e0041}\u{3164}b", Some("ab")),
            ("Ünïcode 編集", Some("Ünïcode 編集")),
            ("a\u{2028}b", Some("a b")),
            ("", None),
            (" \u{200b}\n", None),
        ] {
            assert_eq!(display_name(name).as_deref(), shown, "{name:?}");
        }
        assert_eq!(display_name(&"x".repeat(64)), Some("x".repeat(64)));
        assert_eq!(display_name(&long), Some("x".repeat(63) + "…"));
    }

    proptest! {
        #[test]
        fn no_name_is_long_or_has_what_hides(name in any::<String>()) {
            if let Some(shown) = display_name(&name) {
                prop_assert!((1..=64).contains(&shown.chars().count()));
                prop_assert!(!shown.chars().any(|c| c.is_control() || is_hidden(c)));
            }
        }
    }
}
