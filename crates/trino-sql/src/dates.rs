//! Trino's arithmetic and formats of times, on milliseconds since 1970 in UTC.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit};

use crate::print::civil;

/// Whole units from one moment to another: `date_diff`.
pub(crate) fn diff(unit: &str, from: i64, to: i64) -> Option<i64> {
    let exact = |millis: i64| Some((to - from) / millis);
    match unit.to_ascii_lowercase().as_str() {
        "millisecond" => exact(1),
        "second" => exact(1_000),
        "minute" => exact(60_000),
        "hour" => exact(3_600_000),
        "day" => exact(86_400_000),
        "week" => exact(7 * 86_400_000),
        "month" => months(from, to),
        "quarter" => Some(months(from, to)? / 3),
        "year" => Some(months(from, to)? / 12),
        _ => None,
    }
}

fn months(from: i64, to: i64) -> Option<i64> {
    let span = civil(from)?.until((Unit::Month, civil(to)?)).ok()?;
    Some(i64::from(span.get_months()))
}

/// So many units later: `date_add`.
pub(crate) fn add(unit: &str, count: i64, to: i64) -> Option<i64> {
    let span = Span::new();
    let span = match unit.to_ascii_lowercase().as_str() {
        "millisecond" => span.try_milliseconds(count),
        "second" => span.try_seconds(count),
        "minute" => span.try_minutes(count),
        "hour" => span.try_hours(count),
        "day" => span.try_days(count),
        "week" => span.try_weeks(count),
        "month" => span.try_months(count),
        "quarter" => span.try_months(count.checked_mul(3)?),
        "year" => span.try_years(count),
        _ => return None,
    };
    millis(civil(to)?.checked_add(span.ok()?).ok()?)
}

/// A moment as ISO 8601 writes it, with or without a time and a zone; without, it is UTC.
pub(crate) fn from_iso8601(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    if let Ok(at) = text.parse::<DateTime>() {
        return millis(at);
    }
    millis(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()))
}

/// Days since 1970 of `2026-11-01`.
pub(crate) fn from_iso8601_date(text: &str) -> Option<i32> {
    let date: Date = text.trim().parse().ok()?;
    let days = date.since((Unit::Day, jiff::civil::date(1970, 1, 1))).ok()?.get_days();
    Some(days)
}

fn millis(at: DateTime) -> Option<i64> {
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// MySQL's format, which `date_format` and `date_parse` have, as that of strftime.
fn strftime(format: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(ch) = rest.next() {
        if ch != '%' {
            text.push(ch);
            continue;
        }
        let known = match rest.next()? {
            'Y' => "%Y",
            'y' => "%y",
            'm' => "%m",
            'c' => "%-m",
            'd' => "%d",
            'e' => "%-d",
            'H' | 'k' => "%H",
            'h' | 'I' | 'l' => "%I",
            'i' => "%M",
            's' | 'S' => "%S",
            'f' => "%6f",
            'p' => "%p",
            'M' => "%B",
            'b' => "%b",
            'W' => "%A",
            'a' => "%a",
            'j' => "%j",
            'T' => "%H:%M:%S",
            'r' => "%I:%M:%S %p",
            'v' => "%V",
            'x' => "%G",
            '%' => "%%",
            _ => return None,
        };
        text.push_str(known);
    }
    Some(text)
}

/// `date_format`.
pub(crate) fn format(at: i64, format: &str) -> Option<String> {
    let (at, format) = (civil(at)?, strftime(format)?);
    let mut text = String::new();
    write!(text, "{}", at.strftime(&format)).ok()?;
    Some(text)
}

/// `date_parse`.
pub(crate) fn parse(text: &str, format: &str) -> Option<i64> {
    let parsed = jiff::fmt::strtime::parse(strftime(format)?, text).ok()?;
    let date = parsed.to_date().ok()?;
    let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
    millis(date.to_datetime(time))
}
