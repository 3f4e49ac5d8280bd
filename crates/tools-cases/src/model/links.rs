//! Links in what a model wrote. A case could make it write one that carries what other cases say
//! to its author; so only those to AWS stay.

/// Hosts that a case's author cannot read the requests of.
const KNOWN: [&str; 4] =
    ["aws.amazon.com", "docs.aws.amazon.com", "repost.aws", "health.aws.amazon.com"];

/// What stands where a link was.
const REMOVED: &str = "[link removed]";

/// `text` without links to other places than AWS.
pub(super) fn removed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((begin, scheme)) = next(rest) {
        let link = &rest[begin..];
        let after = &link[scheme..];
        let length = after.find(|c: char| c.is_whitespace() || "<>()[]\"'`".contains(c));
        let after = &after[..length.unwrap_or(after.len())];
        out.push_str(&rest[..begin]);
        match is_known(after) {
            true => out.push_str(&link[..scheme + after.len()]),
            false => out.push_str(REMOVED),
        }
        rest = &link[scheme + after.len()..];
    }
    out.push_str(rest);
    out
}

/// Where the next link begins, and how long its scheme is.
fn next(text: &str) -> Option<(usize, usize)> {
    let at = text.find("//")?;
    let before = &text[..at];
    let scheme = match before.strip_suffix(':') {
        Some(before) => {
            let word =
                before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+.-".contains(c));
            at - word.len()
        }
        None => 0,
    };
    Some((at - scheme, scheme + 2))
}

/// Whether what comes after the scheme leads to AWS: host by host, without a user or a port, and
/// without a query that could carry anything.
fn is_known(address: &str) -> bool {
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    KNOWN.contains(&host.trim_end_matches(['.', ',', ';', ':', '!', '*']))
        && !path.contains(['?', '#', '@', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_links_to_aws_stay() {
        for (text, expected) in [
            ("no link", "no link"),
            (
                "see https://docs.aws.amazon.com/lambda/latest/dg/x.html.",
                "see https://docs.aws.amazon.com/lambda/latest/dg/x.html.",
            ),
            ("see https://evil.example/?q=a now", "see [link removed] now"),
            ("![x](http://evil.example/a.png)", "![x]([link removed])"),
            ("HTTPS://EVIL.example", "[link removed]"),
            ("https://docs.aws.amazon.com@evil.example/", "[link removed]"),
            ("https://docs.aws.amazon.com.evil.example/", "[link removed]"),
            ("https://aws.amazon.com/?q=secret", "[link removed]"),
            ("(//evil.example/x)", "([link removed])"),
            ("javascript://x", "[link removed]"),
            ("a https://x.example b https://y.example", "a [link removed] b [link removed]"),
        ] {
            assert_eq!(removed(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_other_host_is_left(before in ".{0,20}", host in "[a-z]{1,9}\\.example", after in ".{0,20}") {
            let out = removed(&format!("{before} https://{host}/{after}"));
            let link = format!("https://{host}");
            prop_assert!(!out.contains(&link), "{}", out);
        }
    }
}
