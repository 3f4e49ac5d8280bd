//! Server-sent events, as Streamable HTTP frames messages in them.
//!
//! Source: HTML standard, <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

/// A comment, which clients ignore and proxies count as life.
pub(crate) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Appends one message as one event. `data` stays one line, since some clients read it by lines;
/// JSON has line breaks between its tokens only, where a space means the same.
pub(crate) fn event(out: &mut Vec<u8>, frame: &[u8]) {
    out.reserve(frame.len() + 24);
    out.extend_from_slice(b"event: message\ndata: ");
    let start = out.len();
    out.extend_from_slice(frame);
    for byte in &mut out[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_event_with_one_line_of_data() {
        for (frame, expected) in [
            (&b"{\"a\":1}"[..], &b"event: message\ndata: {\"a\":1}\n\n"[..]),
            (b"{\r\n\"a\\n\": 1\n}", b"event: message\ndata: {  \"a\\n\": 1 }\n\n"),
        ] {
            let mut out = Vec::new();
            event(&mut out, frame);
            assert_eq!(out, expected);
        }
    }
}
