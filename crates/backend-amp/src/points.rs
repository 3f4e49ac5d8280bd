//! Samples, read one by one out of raw JSON.

use std::iter::FusedIterator;

use serde_json::value::RawValue;

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
/// `RawValue` has checked that the text is JSON; the fast way here reads only what Prometheus
/// writes, `[[1435781430.781,"1"],…]`, with or without spaces.
#[derive(Debug, Clone)]
pub struct Points<'a> {
    rest: &'a [u8],
}

impl<'a> Points<'a> {
    /// The points of a matrix' `[[time,"value"],…]`, or the one of a vector's or scalar's
    /// `[time,"value"]`.
    pub fn of(raw: &'a RawValue) -> Self {
        let whole = raw.get().as_bytes();
        let rest = match whole.strip_prefix(b"[").map(<[u8]>::trim_ascii_start) {
            Some(inner @ [b'[' | b']', ..]) => inner,
            _ => whole,
        };
        Self { rest }
    }

    pub(crate) fn none() -> Self {
        Self { rest: b"" }
    }

    /// `[time,"value"]`, and what separates it from the next.
    fn point(&mut self) -> Option<Point> {
        self.expect(b'[')?;
        let time = number(self.until(b',')?.trim_ascii())?;
        self.expect(b'"')?;
        let value = number(self.until(b'"')?)?;
        self.expect(b']')?;
        self.rest = self.rest.trim_ascii_start();
        match self.rest {
            [b',', rest @ ..] => self.rest = rest.trim_ascii_start(),
            // The end of the matrix.
            [b']'] => self.rest = b"",
            _ => {}
        }
        Some(Point { time, value })
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.rest = self.rest.trim_ascii_start().strip_prefix(&[byte])?;
        Some(())
    }

    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let length = self.rest.iter().position(|&byte| byte == end)?;
        let (before, rest) = self.rest.split_at(length);
        self.rest = rest.get(1..)?;
        Some(before)
    }
}

impl Iterator for Points<'_> {
    type Item = Result<Point, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.rest, b"" | b"]") {
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

/// The nearest `f64`, bit for bit as the standard library reads it, but several times faster for
/// up to 15 digits, which is what most samples are.
fn number(text: &[u8]) -> Option<f64> {
    short_decimal(text).or_else(|| str::from_utf8(text).ok()?.parse().ok())
}

/// `-?[0-9]+(\.[0-9]+)?` of at most 15 digits. Both the digits and the power of ten are exact as
/// `f64`, so their quotient is correctly rounded.
fn short_decimal(text: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut whole: u64 = 0;
    let mut point = None;
    for (at, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => whole = whole * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let fraction = match point {
        Some(at) => digits.len() - at - 1,
        None => 0,
    };
    if whole >= 1 << 53 || (point.is_some() && fraction == 0) {
        return None;
    }
    let value = whole as f64 / POWERS.get(fraction)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(json: &str) -> Vec<Option<(f64, f64)>> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        Points::of(raw)
            .map(|point| point.ok().map(|p| (p.time, p.value)))
            .collect()
    }

    #[test]
    fn points_are_read_with_and_without_spaces() {
        for (json, expected) in [
            ("[]", vec![]),
            ("[ ]", vec![]),
            ("[[1,\"2\"]]", vec![Some((1.0, 2.0))]),
            (
                "[[1.5,\"-2\"],[2.5,\"1e3\"]]",
                vec![Some((1.5, -2.0)), Some((2.5, 1000.0))],
            ),
            (
                "[ [ 1 , \"2\" ] , [ 3 , \"4\" ] ]",
                vec![Some((1.0, 2.0)), Some((3.0, 4.0))],
            ),
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
        let raw: &RawValue = serde_json::from_str("[1435781451.781,\"1\"]").unwrap();
        let points: Vec<Point> = Points::of(raw).map(Result::unwrap).collect();
        assert_eq!(
            points,
            [Point {
                time: 1_435_781_451.781,
                value: 1.0
            }]
        );
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "-?[0-9]{1,17}(\\.[0-9]{0,17})?") {
            prop_assert_eq!(
                number(text.as_bytes()).map(f64::to_bits),
                text.parse().ok().map(f64::to_bits)
            );
        }

        #[test]
        fn any_float_survives(value: f64) {
            prop_assert_eq!(number(value.to_string().as_bytes()).unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]0-9,\". NaInf+-]{0,40}") {
            let mut points = Points { rest: text.as_bytes() };
            // Each step consumes or ends.
            prop_assert!(points.by_ref().count() <= text.len());
        }
    }
}
