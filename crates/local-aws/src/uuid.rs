//! Random identifiers in the form of RFC 9562.

use service_kit::random::{self, RandomError};

/// A UUID of version 4.
pub(crate) fn v4() -> Result<String, RandomError> {
    let mut bytes = [0; 16];
    random::fill(&mut bytes)?;
    Ok(of(bytes, 4))
}

/// These bytes as a UUID of this version.
pub(crate) fn of(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = format!("{:032x}", u128::from_be_bytes(bytes));
    for dash in [20, 16, 12, 8] {
        text.insert(dash, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_the_variant_are_in_their_places() {
        assert_eq!(of([0xff; 16], 4), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(of([0; 16], 8), "00000000-0000-8000-8000-000000000000");
        assert_ne!(v4().unwrap(), v4().unwrap());
    }
}
