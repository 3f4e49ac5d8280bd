//! Numbers as JSON Schema sees them: 1 and 1.0 are one number, and nothing is rounded.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::{Number, Value};

/// Every `f64` below this that has no fraction is an exact `i128`.
const INTEGERS: f64 = (1_u128 << 126) as f64;

/// A number in the one form it has: `Float` is never an integer that `Int` can hold.
#[derive(Clone, Copy)]
enum Exactly {
    Int(i128),
    Float(f64),
}

impl Exactly {
    fn new(number: &Number) -> Self {
        if let Some(int) = number.as_i128() {
            return Self::Int(int);
        }
        let float = number.as_f64().unwrap_or_default();
        if float.fract() == 0.0 && float.abs() < INTEGERS {
            Self::Int(float as i128)
        } else {
            Self::Float(float)
        }
    }
}

pub(super) fn compare(left: &Number, right: &Number) -> Ordering {
    use Exactly::{Float, Int};
    // A float that is no `Int` lies between two integers, or beyond them all, where the cast stops.
    let against = |int: i128, float: f64| {
        if int <= float.floor() as i128 { Ordering::Less } else { Ordering::Greater }
    };
    match (Exactly::new(left), Exactly::new(right)) {
        (Int(left), Int(right)) => left.cmp(&right),
        (Float(left), Float(right)) => left.total_cmp(&right),
        (Int(left), Float(right)) => against(left, right),
        (Float(left), Int(right)) => against(right, left).reverse(),
    }
}

/// Feeds what is the same for equal numbers.
pub(super) fn hash(number: &Number, state: &mut impl Hasher) {
    match Exactly::new(number) {
        Exactly::Int(int) => int.hash(state),
        Exactly::Float(float) => float.to_bits().hash(state),
    }
}

pub(super) fn is_integer(number: &Number) -> bool {
    number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Whether `number` is a multiple, by the decimal digits both are written with: 0.3 is one of 0.1.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    if let (Exactly::Int(number), Exactly::Int(of)) = (Exactly::new(number), Exactly::new(of)) {
        return of != 0 && number % of == 0;
    }
    let ((digits, exponent), (of, of_exponent)) = (decimal(number), decimal(of));
    if digits == 0 || of == 0 {
        return of != 0;
    }
    let shift = exponent - of_exponent;
    if shift >= 0 {
        // Both factors are below 2^64, so no product is beyond 128 bits.
        return (0..shift).fold(digits % of, |rest, _| rest * 10 % of) == 0;
    }
    let scale = 10_u128.checked_pow(shift.unsigned_abs());
    let of = scale.and_then(|scale| of.checked_mul(scale));
    of.is_some_and(|of| digits % of == 0)
}

/// The digits of a number without its sign, and the power of ten they are to be multiplied with.
fn decimal(number: &Number) -> (u128, i32) {
    let text = number.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit);
    let digits =
        digits.fold(0_u128, |all, digit| all.saturating_mul(10) + u128::from(digit - b'0'));
    (digits, exponent.parse().unwrap_or(0) - fraction.len() as i32)
}

/// Whether it is a number of things: an integer from 0 on.
pub(crate) fn is_count(value: &Value) -> bool {
    value.as_number().is_some_and(|number| {
        is_integer(number) && number.as_f64().is_some_and(|number| number >= 0.0)
    })
}

/// A number of things; beyond what can be, it is the most that can be.
pub(super) fn count(value: &Value) -> usize {
    let float = || value.as_f64().map_or(0, |float| float as usize);
    value.as_u64().map_or_else(float, |count| usize::try_from(count).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_ordered_without_rounding() {
        let ascending = [
            "-1e300",
            "-9223372036854775808",
            "-9223372036854775807",
            "-1.5",
            "-1",
            "0",
            "1e-300",
            "0.5",
            "1",
            "1.5",
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "18446744073709551615",
            "18446744073709551616",
            "1e300",
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                assert_eq!(compare(&number(left), &number(right)), i.cmp(&j), "{left} {right}");
            }
        }
        for (left, right) in [("1", "1.0"), ("0", "-0.0"), ("1e3", "1000"), ("-2.0", "-2")] {
            assert_eq!(compare(&number(left), &number(right)), Ordering::Equal, "{left} {right}");
        }
    }

    #[test]
    fn a_multiple_is_one_of_the_decimal_that_was_written() {
        for (n, of, is) in [
            ("6", "3", true),
            ("7", "3", false),
            ("-6", "3", true),
            ("0.3", "0.1", true),
            ("4.35", "0.01", true),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("12391239123", "1e-8", true),
            ("1e308", "0.123456789", false),
            ("1e308", "0.5", true),
            ("1e-300", "1e300", false),
            ("0.0", "0.7", true),
            ("18446744073709551615", "5", true),
            ("18446744073709551615", "0.5", true),
            ("18446744073709551615", "1.5", true),
        ] {
            assert_eq!(is_multiple(&number(n), &number(of)), is, "{n} of {of}");
        }
    }

    #[test]
    fn a_count_may_be_written_as_a_float() {
        for (value, read) in [(json!(2), 2), (json!(2.0), 2), (json!(1e300), usize::MAX)] {
            assert!(is_count(&value));
            assert_eq!(count(&value), read);
        }
        for value in [json!(-1), json!(0.5), json!("1")] {
            assert!(!is_count(&value));
        }
    }
}
