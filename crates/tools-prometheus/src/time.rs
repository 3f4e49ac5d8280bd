//! Times and durations as an agent writes them, resolved against a `now` that comes in.
//!
//! Accepted for a time: RFC 3339 (`2026-11-20T10:00:00Z`), Unix seconds (`1763632800`, `1763632800.5`),
//! `now`, `now-1h`, `now+5m`, and a bare duration (`1h`, `-1h`), which means *ago*. Durations are
//! Prometheus' own (`1h30m`, `2d`, `1w`, `500ms`; units from large to small, each once).
//! <https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations>

use std::fmt;

use thiserror::Error;

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
pub(crate) const WEEK: u64 = 7 * DAY;
pub(crate) const YEAR: u64 = 365 * DAY;

/// Units of a duration, large to small; `ms` stands before `m` and `s` when text is matched.
const UNITS: [(&str, u64); 7] =
    [("y", YEAR), ("w", WEEK), ("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)];

/// Why a time, a duration, a step or a window is refused. Each text says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not one of the accepted forms of a time.
    #[error(
        "`{0}` is not a time: write RFC 3339 (2026-11-20T10:00:00Z), Unix seconds, now, now-1h, or 1h (ago)"
    )]
    NotATime(String),
    /// Unix milliseconds where seconds are meant.
    #[error("`{text}` looks like milliseconds: write Unix seconds ({seconds})")]
    Milliseconds {
        /// What came.
        text: String,
        /// The same number in seconds.
        seconds: i64,
    },
    /// A time that no calendar of four-digit years has.
    #[error("`{0}` is outside the years 1 to 9999")]
    OutOfRange(String),
    /// Not a Prometheus duration.
    #[error("`{0}` is not a duration: write for example 30s, 5m, 1h30m, 2d")]
    NotADuration(String),
    /// Not a step.
    #[error("`{0}` is not a step: write a duration (15s, 5m), seconds (15) or auto")]
    NotAStep(String),
    /// The window ends before it starts.
    #[error("the window ends ({end}) before it starts ({start}): swap start and end")]
    Backwards {
        /// The resolved start.
        start: UnixMillis,
        /// The resolved end.
        end: UnixMillis,
    },
    /// More points a series than Prometheus gives.
    #[error(
        "step {step} over this window is {points} points a series, more than 11000: use step {fitting} or auto"
    )]
    TooManyPoints {
        /// The step that was asked for.
        step: Millis,
        /// The points it makes.
        points: u64,
        /// The smallest step on the grid that fits.
        fitting: Millis,
    },
}

/// A length of time in milliseconds. Written as Prometheus writes durations: `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    /// This length in seconds.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, size) in UNITS {
            // Weeks and years read well only when nothing is left over.
            if size >= WEEK && !rest.is_multiple_of(size) {
                continue;
            }
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for Millis {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::NotADuration(shown(text));
        let mut rest = text;
        let mut total: u64 = 0;
        let mut larger = u64::MAX;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at(digits);
            let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, tail) = tail.split_at(letters);
            let size = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size);
            let size = size.filter(|size| *size < larger).ok_or_else(bad)?;
            let number: u64 = number.parse().map_err(|_| bad())?;
            total = number
                .checked_mul(size)
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= 20_000 * YEAR)
                .ok_or_else(bad)?;
            larger = size;
            rest = tail;
        }
        if text.is_empty() { Err(bad()) } else { Ok(Self(total)) }
    }
}

/// A point in time, in milliseconds since the Unix epoch. Written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This time in Unix seconds.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Reads a time as an agent writes it; see the module's own words for the forms.
    ///
    /// # Errors
    /// [`TimeError`] when the text is none of them, or lies outside the years 1 to 9999.
    pub fn parse(text: &str, now: UnixMillis) -> Result<Self, TimeError> {
        let text = text.trim();
        let at = if let Some(offset) = text.strip_prefix("now") {
            now.0.checked_add(signed_offset(offset, text)?)
        } else if let Ok(ago) = text.strip_prefix('-').unwrap_or(text).parse::<Millis>() {
            now.0.checked_sub(ago.0 as i64)
        } else if let Some(seconds) = text.parse::<f64>().ok().filter(|s| s.is_finite()) {
            if (1e11..1e14).contains(&seconds) {
                let seconds = (seconds / 1e3) as i64;
                return Err(TimeError::Milliseconds { text: shown(text), seconds });
            }
            Some((seconds * 1e3).round() as i64)
        } else {
            let at: jiff::Timestamp = text.parse().map_err(|_| TimeError::NotATime(shown(text)))?;
            Some(at.as_millisecond())
        };
        at.map(Self)
            .filter(|at| (-62_135_596_800_000..253_370_764_800_000).contains(&at.0))
            .ok_or_else(|| TimeError::OutOfRange(shown(text)))
    }
}

/// What follows `now`: nothing, or a sign and a duration, spaces allowed around the sign.
fn signed_offset(offset: &str, whole: &str) -> Result<i64, TimeError> {
    let offset = offset.trim_start();
    if offset.is_empty() {
        return Ok(0);
    }
    let (sign, length) = match offset.split_at_checked(1) {
        Some(("-", length)) => (-1, length),
        Some(("+", length)) => (1, length),
        _ => return Err(TimeError::NotATime(shown(whole))),
    };
    let length: Millis = length.trim_start().parse()?;
    Ok(sign * length.0 as i64)
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => at.fmt(f),
            Err(_) => write!(f, "{}", self.as_secs()),
        }
    }
}

/// A piece of the caller's text, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    crate::text::printable(text, 60).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-20T12:00:00Z.
    const NOW: UnixMillis = UnixMillis(1_795_176_000_000);

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = UnixMillis::parse(text, NOW).map_or_else(|e| e.to_string(), |t| t.to_string());
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn every_documented_form_of_a_time_is_read() {
        for (text, expected) in [
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00.25+02:00", "2026-11-20T08:00:00.25Z"),
            ("1795176000", "2026-11-20T12:00:00Z"),
            ("1795176000.5", "2026-11-20T12:00:00.5Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("now", "2026-11-20T12:00:00Z"),
            (" now-1h ", "2026-11-20T11:00:00Z"),
            ("now - 1h", "2026-11-20T11:00:00Z"),
            ("now+5m", "2026-11-20T12:05:00Z"),
            ("1h", "2026-11-20T11:00:00Z"),
            ("-1h30m", "2026-11-20T10:30:00Z"),
            ("now-2d", "2026-11-18T12:00:00Z"),
            ("1w", "2026-11-13T12:00:00Z"),
            ("500ms", "2026-11-20T11:59:59.5Z"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused_with_what_to_write() {
        let forms = "write RFC 3339 (2026-11-20T10:00:00Z), Unix seconds, now, now-1h, or 1h (ago)";
        for text in ["", "yesterday", "nowish", "now*1h", "2026-11-20T10:00:00", "NaN", "inf"] {
            check(text, &format!("`{text}` is not a time: {forms}"));
        }
        check("now-1x", "`1x` is not a duration: write for example 30s, 5m, 1h30m, 2d");
        check(
            "1795176000000",
            "`1795176000000` looks like milliseconds: write Unix seconds (1795176000)",
        );
        check("-9e15", "`-9e15` is outside the years 1 to 9999");
        check("now-9000y", "`now-9000y` is outside the years 1 to 9999");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = UnixMillis::parse(&text, NOW);
        }

        #[test]
        fn a_written_duration_reads_back(millis in 0..200 * YEAR) {
            prop_assert_eq!(Millis(millis).to_string().parse(), Ok(Millis(millis)));
        }

        #[test]
        fn a_written_time_reads_back(millis in -60_000_000_000_000..250_000_000_000_000_i64) {
            let at = UnixMillis(millis);
            prop_assert_eq!(UnixMillis::parse(&at.to_string(), NOW), Ok(at));
        }
    }
}
