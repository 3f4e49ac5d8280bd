//! The order of `sort_by_label`: numbers inside of texts count as numbers.

use std::cmp::Ordering;

use crate::Labels;

/// Compares by the values of these labels, one after the other, then by all labels.
pub(crate) fn compare_by(a: &Labels, b: &Labels, names: &[String]) -> Ordering {
    let value = |labels: &'_ Labels, name: &str| labels.get(name).unwrap_or_default().to_owned();
    let differing = names.iter().map(|name| compare(&value(a, name), &value(b, name)));
    differing.fold(Ordering::Equal, Ordering::then).then_with(|| a.cmp(b))
}

/// Compares two texts; runs of digits by their number, the rest byte by byte.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([x, ..], [y, ..]) = (a, b) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right) = (split_number(&mut a), split_number(&mut b));
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        } else {
            (a, b) = (&a[1..], &b[1..]);
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Takes the digits at the front, without leading zeros.
fn split_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts_are_compared_as_numbers() {
        let sorted = ["", "a", "a1b2", "a1b10", "a2", "a10", "b"];
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("x007", "x7"), Ordering::Equal);
    }
}
