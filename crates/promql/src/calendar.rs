//! Parts of a date: Unix seconds in UTC to year, month, day, hour, minute.

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// The function of a calendar part, from Unix seconds.
pub(crate) fn part(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "minute" => |t| (second_of_day(t) / 60 % 60) as f64,
        "hour" => |t| (second_of_day(t) / 3600) as f64,
        // The first of January 1970 was a Thursday; Sunday is 0.
        "day_of_week" => |t| (day(t) + 4).rem_euclid(7) as f64,
        "day_of_month" => |t| date(t).day as f64,
        "day_of_year" => |t| {
            let today = day(t);
            (today - first_of_month(date(t).year, 1) + 1) as f64
        },
        "days_in_month" => |t| {
            let Date { year, month, .. } = date(t);
            let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            (first_of_month(next.0, next.1) - first_of_month(year, month)) as f64
        },
        "month" => |t| date(t).month as f64,
        "year" => |t| date(t).year as f64,
        _ => return None,
    })
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// Whole seconds, kept to some 30 million years around 1970 so that no sum overflows.
fn whole_seconds(seconds: f64) -> i64 {
    (seconds as i64).clamp(-1_000_000_000_000_000, 1_000_000_000_000_000)
}

/// Days since 1970.
fn day(seconds: f64) -> i64 {
    whole_seconds(seconds).div_euclid(SECONDS_A_DAY)
}

fn second_of_day(seconds: f64) -> i64 {
    whole_seconds(seconds).rem_euclid(SECONDS_A_DAY)
}

/// The civil date, by eras of 400 years that start on the first of March.
fn date(seconds: f64) -> Date {
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    let days = day(seconds) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
    }
}

/// Days since 1970 of the first of a month.
fn first_of_month(year: i64, month: i64) -> i64 {
    let (year, from_march) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let year_of_era = year.rem_euclid(400);
    let of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * from_march + 2) / 5;
    year.div_euclid(400) * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_parts_of_its_date() {
        let names = [
            "year",
            "month",
            "day_of_month",
            "hour",
            "minute",
            "day_of_week",
            "day_of_year",
            "days_in_month",
        ];
        for (seconds, expected) in [
            (0.0, [1970.0, 1.0, 1.0, 0.0, 0.0, 4.0, 1.0, 31.0]),
            // 2024-02-29 23:59:59, a Thursday
            (1_709_251_199.0, [2024.0, 2.0, 29.0, 23.0, 59.0, 4.0, 60.0, 29.0]),
            // 2000-12-31 12:34:56, a Sunday
            (978_266_096.0, [2000.0, 12.0, 31.0, 12.0, 34.0, 0.0, 366.0, 31.0]),
            // 1969-12-31 23:00:00, a Wednesday
            (-3600.0, [1969.0, 12.0, 31.0, 23.0, 0.0, 3.0, 365.0, 31.0]),
            // 2100 is no leap year: 2100-03-01
            (4_107_542_400.0, [2100.0, 3.0, 1.0, 0.0, 0.0, 1.0, 60.0, 31.0]),
        ] {
            let got = names.map(|name| part(name).unwrap()(seconds));
            assert_eq!(got, expected, "{seconds}");
        }
        assert!(part("second").is_none());
    }
}
