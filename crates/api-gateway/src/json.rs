//! Writing JSON strings. A body that is JSON itself has an escape in every six bytes or so, for
//! which a writer that copies the runs between escapes pays half as much again as this one.

/// Appends `text` as a JSON string, looking at eight bytes at a time.
pub(crate) fn push_string(json: &mut Vec<u8>, text: &str) {
    json.reserve(text.len() + text.len() / 4 + 2);
    json.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(word) = rest.first_chunk::<8>() {
        // All eight, and off again with those from the first escape on.
        json.extend_from_slice(word);
        let clean = clean_bytes(u64::from_le_bytes(*word));
        if clean == 8 {
            rest = &rest[8..];
        } else {
            json.truncate(json.len() - (8 - clean));
            push_escape(json, word[clean]);
            rest = &rest[clean + 1..];
        }
    }
    for &byte in rest {
        match byte {
            b'"' | b'\\' | 0..0x20 => push_escape(json, byte),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
}

/// How many of the eight bytes, from the lowest, need no escape.
const fn clean_bytes(word: u64) -> usize {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // Sets the high bit of each byte below `limit`; above the lowest such byte, perhaps of others.
    const fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(each(limit)) & !word & each(0x80)
    }
    let quote = below(word ^ each(b'"'), 1);
    let backslash = below(word ^ each(b'\\'), 1);
    ((quote | backslash | below(word, 0x20)).trailing_zeros() / 8) as usize
}

#[inline]
fn push_escape(json: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return push_long_escape(json, byte),
    };
    json.extend_from_slice(&[b'\\', short]);
}

#[cold]
fn push_long_escape(json: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
    json.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[high], HEX[low]]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(text in "(\\PC|[\"\\\\]|[\\x00-\\x1f]|ü){0,64}") {
            let mut json = b"before".to_vec();
            push_string(&mut json, &text);
            prop_assert!(json.starts_with(b"before\""));
            prop_assert_eq!(serde_json::from_slice::<String>(&json[6..]).unwrap(), text);
        }
    }
}
