//! Samples, read one by one out of raw JSON.

use std::iter::FusedIterator;

use crate::Error;

/// A value at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Seconds since the Unix epoch.
    pub time: f64,
    /// May be NaN or infinite.
    pub value: f64,
}

/// The points of a series, in order; ends after the first that is none.
///
/// Reads what Prometheus writes, `[[1435781430.781,"1"],…]`, with or without spaces; of other
/// text the first point is an error.
#[derive(Debug, Clone)]
pub struct Points<'a> {
    rest: &'a [u8],
}

impl<'a> Points<'a> {
    /// The points of a matrix' `[[time,"value"],…]`, or the one of a vector's or scalar's
    /// `[time,"value"]`.
    pub fn of(json: &'a str) -> Self {
        let whole = json.as_bytes();
        let rest = match whole.strip_prefix(b"[").map(<[u8]>::trim_ascii_start) {
            Some(inner @ [b'[' | b']', ..]) => inner,
            _ => whole,
        };
        Self { rest }
    }

    /// `[time,"value"]`, and what separates it from the next.
    fn point(&mut self) -> Option<Point> {
        self.expect(b'[')?;
        let time = self.number(b',')?;
        self.expect(b'"')?;
        let value = self.number(b'"')?;
        self.expect(b']')?;
        // At the end there is no comma.
        let _ = self.expect(b',');
        Some(Point { time, value })
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.rest = match self.rest {
            [first, rest @ ..] if *first == byte => rest,
            rest => rest.trim_ascii_start().strip_prefix(&[byte])?,
        };
        Some(())
    }

    /// A number and the byte that ends it. The nearest `f64`, bit for bit as the standard library
    /// reads it; most samples are short and take the fast way.
    fn number(&mut self, end: u8) -> Option<f64> {
        if let Some((value, rest)) = short_decimal(self.rest)
            && let Some(rest) = rest.strip_prefix(&[end])
        {
            self.rest = rest;
            return Some(value);
        }
        let length = self.rest.iter().position(|&byte| byte == end)?;
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest.get(1..)?;
        str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
    }
}

impl Iterator for Points<'_> {
    type Item = Result<Point, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.rest.trim_ascii_start(), b"" | b"]") {
            return None;
        }
        let point = self.point();
        if point.is_none() {
            self.rest = b"";
        }
        Some(point.ok_or_else(|| Error::unexpected("a sample is not [time, \"value\"]")))
    }
}

impl FusedIterator for Points<'_> {}

/// `-?[0-9]+(\.[0-9]+)?` of at most 15 digits, and what follows. Both the digits and the power of
/// ten are exact as `f64`, so their quotient is correctly rounded.
fn short_decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    static POWERS: [f64; 15] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14];
    let (negative, text) = match text {
        [b'-', text @ ..] => (true, text),
        text => (false, text),
    };
    let (whole, mut rest) = digits(0, text);
    let mut count = text.len() - rest.len();
    if count == 0 {
        return None;
    }
    let (mut number, mut decimals) = (whole, 0);
    if let [b'.', fraction @ ..] = rest {
        (number, rest) = digits(whole, fraction);
        decimals = fraction.len() - rest.len();
        count += decimals;
        if decimals == 0 {
            return None;
        }
    }
    if count > 15 {
        return None;
    }
    let value = number as f64 / POWERS.get(decimals)?;
    Some((if negative { -value } else { value }, rest))
}

/// Appends the digits that `text` begins with to `number`; wraps beyond 19 of them.
fn digits(mut number: u64, mut text: &[u8]) -> (u64, &[u8]) {
    if let Some((eight, rest)) = text.split_first_chunk()
        && let Some(value) = eight_digits(*eight)
    {
        number = number.wrapping_mul(100_000_000).wrapping_add(value);
        text = rest;
    }
    while let [byte, rest @ ..] = text
        && byte.is_ascii_digit()
    {
        number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        text = rest;
    }
    (number, text)
}

/// Eight digits at once, when they are: pairs, then fours, then all are joined, in one register.
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let text = u64::from_le_bytes(text);
    let digits = text.wrapping_sub(0x3030_3030_3030_3030);
    // A byte below '0' or above '9' sets its highest bit in one of them.
    if (text.wrapping_add(0x4646_4646_4646_4646) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(json: &str) -> Vec<Option<(f64, f64)>> {
        Points::of(json).map(|point| point.ok().map(|p| (p.time, p.value))).collect()
    }

    fn read(number: &str) -> Option<f64> {
        let text = format!("{number}\"");
        let mut points = Points { rest: text.as_bytes() };
        points.number(b'"')
    }

    #[test]
    fn points_are_read_with_and_without_spaces() {
        for (json, expected) in [
            ("[]", vec![]),
            ("[ ]", vec![]),
            ("[[1,\"2\"]]", vec![Some((1.0, 2.0))]),
            ("[[1.5,\"-2\"],[2.5,\"1e3\"]]", vec![Some((1.5, -2.0)), Some((2.5, 1000.0))]),
            ("[ [ 1 , \"2\" ] , [ 3 , \"4\" ] ]", vec![Some((1.0, 2.0)), Some((3.0, 4.0))]),
            (
                "[[1,\"+Inf\"],[2,\"-Inf\"]]",
                vec![Some((1.0, f64::INFINITY)), Some((2.0, f64::NEG_INFINITY))],
            ),
        ] {
            assert_eq!(points(json), expected, "{json}");
        }
        let nan = points("[[1,\"NaN\"]]");
        assert!(nan[0].unwrap().1.is_nan());
    }

    #[test]
    fn what_is_no_sample_is_an_error_and_the_end() {
        for json in [
            "[[1,2]]",
            "[[1]]",
            "[[\"1\",\"2\"]]",
            "[1,2]",
            "[[1,\"x\"],[2,\"3\"]]",
            "[[1,\"2\",3]]",
            "{}",
            "[null]",
        ] {
            assert_eq!(points(json), [None], "{json}");
        }
    }

    #[test]
    fn the_value_of_a_vector_is_one_point() {
        let points: Vec<Point> = Points::of("[1435781451.781,\"1\"]").map(Result::unwrap).collect();
        assert_eq!(points, [Point { time: 1_435_781_451.781, value: 1.0 }]);
    }

    proptest! {
        #[test]
        fn eight_bytes_are_a_number_only_when_all_are_digits(bytes: [u8; 8], number in 0_u64..100_000_000) {
            let digits = bytes.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(eight_digits(bytes).is_some(), digits);
            let text: [u8; 8] = format!("{number:08}").into_bytes().try_into().unwrap();
            prop_assert_eq!(eight_digits(text), Some(number));
            for byte in [b'/', b':', b'.', b'"', 0, 0x7f, 0x80, 0xff] {
                for at in 0..8 {
                    let mut text = text;
                    text[at] = byte;
                    prop_assert_eq!(eight_digits(text), None);
                }
            }
        }

        #[test]
        fn numbers_are_those_of_the_standard_library(text in "-?[0-9]{1,17}(\\.[0-9]{0,17})?") {
            prop_assert_eq!(
                read(&text).map(f64::to_bits),
                text.parse().ok().map(f64::to_bits)
            );
        }

        #[test]
        fn any_float_survives(value: f64) {
            prop_assert_eq!(read(&value.to_string()).unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]0-9,\". NaInf+-]{0,40}") {
            let mut points = Points { rest: text.as_bytes() };
            // Each step consumes or ends.
            prop_assert!(points.by_ref().count() <= text.len());
        }
    }
}
