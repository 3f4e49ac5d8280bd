//! Days in UTC, as the data counts them: `timecreated` is ISO 8601 with `Z`, so that texts compare
//! as the moments do.

use std::time::SystemTime;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use mcp_core::ToolError;
use serde::{Deserialize, Serialize};

use crate::errors::refused;
use crate::text::printable;

/// Days that may be looked back.
const CENTURY: u32 = 36_500;

/// Days from the first to the last one, both of them included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Days {
    /// `2026-11-01`.
    pub(crate) first: String,
    /// `2026-11-30`.
    pub(crate) last: String,
    /// The day after, `2026-12-01`.
    pub(crate) end: String,
}

impl Days {
    /// # Errors
    /// [`ToolError::Failed`] for what is no day, or days in the wrong order.
    pub(crate) fn between(first: &str, last: &str) -> Result<Self, ToolError> {
        let day = |name: &str, text: &str| {
            let unread = |_| {
                let text = format!("{name}: there is no such day; expected YYYY-MM-DD");
                refused("bad_date", &text, "2026-11-30 is one")
            };
            text.parse::<Date>().map_err(unread)
        };
        let (first, last) = (day("start_date", first)?, day("end_date", last)?);
        if first > last {
            return Err(refused(
                "bad_date",
                &format!("end_date {last} is before start_date {first}"),
                "exchange them; both days are included",
            ));
        }
        Ok(Self::of(first, last))
    }

    /// So many days, a century at most, before the one of `now`, which is one more of them.
    pub(crate) fn back(now: SystemTime, days: u32) -> Self {
        let today = today(now);
        let first = today.checked_sub(i64::from(days.min(CENTURY)).days()).unwrap_or(Date::MIN);
        Self::of(first, today)
    }

    /// As many days, before these.
    pub(crate) fn before(&self) -> Self {
        let read = |text: &str| text.parse::<Date>().unwrap_or(Date::MIN);
        let (first, end) = (read(&self.first), read(&self.end));
        let length = first.until(end).map_or(0, |span| i64::from(span.get_days()));
        let last = first.yesterday().unwrap_or(Date::MIN);
        Self::of(first.checked_sub(length.days()).unwrap_or(Date::MIN), last)
    }

    /// From the first of these to the last of `other`.
    pub(crate) fn until(&self, other: &Self) -> Self {
        Self { first: self.first.clone(), last: other.last.clone(), end: other.end.clone() }
    }

    fn of(first: Date, last: Date) -> Self {
        let end = last.tomorrow().unwrap_or(Date::MAX);
        Self { first: first.to_string(), last: last.to_string(), end: end.to_string() }
    }
}

/// The day of a moment.
pub(crate) fn today(now: SystemTime) -> Date {
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::MAX);
    now.to_zoned(TimeZone::UTC).date()
}

/// The day of a moment as the data writes it: `2026-11-30` of `2026-11-30T10:11:12.345Z`.
pub(crate) fn day_of(moment: &str) -> String {
    let day: String = moment.chars().take(10).collect();
    printable(&day, 10).into_owned()
}

/// A moment as the data writes it.
pub(crate) fn moment(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| format!("{time:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn days_are_days_of_the_calendar_in_order() {
        let november = Days::between("2026-11-01", "2026-11-30").unwrap();
        assert_eq!(november.end, "2026-12-01");
        assert_eq!(Days::between("2028-02-29", "2028-02-29").unwrap().end, "2028-03-01");
        for (first, last) in [
            ("2026-02-29", "2026-03-01"),
            ("2026-13-01", "2026-12-01"),
            ("2026-11-30", "2026-11-01"),
            ("'; DROP", "2026-11-01"),
        ] {
            assert!(Days::between(first, last).is_err(), "{first} {last}");
        }
        assert_eq!(Days::between("9999-12-31", "9999-12-31").unwrap().last, "9999-12-31");
    }

    #[test]
    fn so_many_days_back_and_as_many_before() {
        // 2026-12-01T00:00:00Z
        let now = UNIX_EPOCH + Duration::from_secs(1_796_083_200);
        let days = Days::back(now, 30);
        assert_eq!((days.first.as_str(), days.last.as_str()), ("2026-11-01", "2026-12-01"));
        let before = days.before();
        assert_eq!((before.first.as_str(), before.end.as_str()), ("2026-10-01", "2026-11-01"));
        assert_eq!(Days::back(now, 0).first, "2026-12-01");
        assert_eq!(Days::back(now, u32::MAX).first, "1926-12-26");
        assert_eq!(moment(now).unwrap(), "2026-12-01T00:00:00Z");
    }
}
