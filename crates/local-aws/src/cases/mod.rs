//! Support cases that nobody had: deterministic, always up to yesterday, and with all that real ones
//! have.
//!
//! About 2,000 cases of 12 accounts over 14 months. Some have no summary yet, some a category that
//! is written in another way or not at all, some a subject with quotes and newlines; one is there
//! twice, five give orders to whoever reads them.

mod config;
mod words;

use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

pub use config::CasesConfig;
use words::{
    ACCOUNTS, CAUSES, Cause, ODD_CATEGORIES, ODD_SUBJECTS, ORDERS, OTHER_LANGUAGES, PEOPLE,
    SERVICES, SEVERITIES, Service,
};

/// How many are made; those that are not fetched yet are not there.
const CASES: u64 = 2_000;
/// How far back they go, in days: 14 months.
const DAYS: u64 = 426;

/// A support case, as the table has it. `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of the table's columns, which docs/cases.md tells"
)]
pub struct Case {
    pub caseid: String,
    pub subject: String,
    pub servicecode: String,
    pub categorycode: String,
    pub severitycode: String,
    pub submittedby: String,
    pub timecreated: String,
    pub case_retrieval_date: String,
    pub case_summary: Option<String>,
    pub rca_category: Option<String>,
    pub rca_reason: Option<String>,
    pub rca_retrieval_date: Option<String>,
    pub lifecycle_category: Option<String>,
    pub lifecycle_reason: Option<String>,
    pub lifecycle_retrieval_date: Option<String>,
    pub account_number: String,
    pub case_number: String,
    /// No column: whether its texts give orders to their reader.
    pub injection: bool,
}

/// The columns, in the order of [`Case::row`]; the last two are partitions.
pub(crate) const COLUMNS: [&str; 18] = [
    "caseid",
    "displayid",
    "subject",
    "servicecode",
    "categorycode",
    "severitycode",
    "submittedby",
    "timecreated",
    "case_retrieval_date",
    "case_summary",
    "rca_category",
    "rca_reason",
    "rca_retrieval_date",
    "lifecycle_category",
    "lifecycle_reason",
    "lifecycle_retrieval_date",
    "account_number",
    "case_number",
];

impl Case {
    /// What it has in each of [`COLUMNS`].
    pub(crate) fn row(self) -> Vec<Option<String>> {
        vec![
            Some(self.caseid),
            Some(self.case_number.clone()),
            Some(self.subject),
            Some(self.servicecode),
            Some(self.categorycode),
            Some(self.severitycode),
            Some(self.submittedby),
            Some(self.timecreated),
            Some(self.case_retrieval_date),
            self.case_summary,
            self.rca_category,
            self.rca_reason,
            self.rca_retrieval_date,
            self.lifecycle_category,
            self.lifecycle_reason,
            self.lifecycle_retrieval_date,
            Some(self.account_number),
            Some(self.case_number),
        ]
    }
}

/// The day on which the cases were fetched last: they come at ten past two in the morning, UTC.
pub(crate) fn fetched_on(now: SystemTime) -> Date {
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC);
    let today = now.date();
    if now.time() >= jiff::civil::time(2, 10, 0, 0) { today } else { before(today, 1) }
}

/// The cases that were fetched up to `now`, in no order; the same all day long.
pub fn cases(now: SystemTime) -> Vec<Case> {
    let last = fetched_on(now);
    let mut cases: Vec<Case> = (0..CASES).map(|index| case(index, last)).collect();
    if let Some(first) = cases.first().cloned() {
        // Fetched again a day later, with another cause.
        let day = first.case_retrieval_date.get(..10).and_then(|day| day.parse::<Date>().ok());
        let again = day.map_or(last, |day| before(day, -1));
        cases.push(Case {
            case_retrieval_date: fetched_at(again),
            rca_category: Some("Service Event".to_owned()),
            ..first
        });
    }
    cases
}

fn case(index: u64, last: Date) -> Case {
    let mut dice = Dice(index);
    // More of them lately; all of them before the day they are fetched on.
    let back = (dice.below(DAYS) + dice.below(DAYS)).abs_diff(DAYS) % DAYS + 1;
    let back = match index {
        0 => 40,
        1 => DAYS,
        _ => back,
    };
    let created = before(last, back as i64);
    let time = format!("{:02}:{:02}:{:02}", dice.below(24), dice.below(60), dice.below(60));
    let service = weighted(&SERVICES, |service| service.weight, dice.below(100));
    let cause = weighted(&CAUSES, |cause| cause.weight, dice.below(100));
    let cause = incident(service, created, last).unwrap_or(cause);
    let (severity, _) = weighted(&SEVERITIES, |(_, weight)| *weight, dice.below(100));
    let account = pick(&ACCOUNTS, dice.next());
    let number = format!("17{:013}", Dice(index ^ 0x5eed).below(10_u64.pow(13)));
    let [seen, why, helped] = [
        pick(&cause.seen, dice.next()),
        pick(&cause.why, dice.next()),
        pick(&cause.helped, dice.next()),
    ]
    .map(|sentence| sentence.replace("{}", service.name));
    let fetched = fetched_at(before(created, -1));
    let lifecycle = pick(&cause.lifecycle, dice.next());
    let mut case = Case {
        caseid: format!("case-{account}-muen-{}-{:016x}", created.year(), dice.next()),
        subject: seen.trim_end_matches('.').to_owned(),
        servicecode: service.code.to_owned(),
        categorycode: pick(&service.categories, dice.next()).to_owned(),
        severitycode: (*severity).to_owned(),
        submittedby: format!("{}@example.com", pick(&PEOPLE, dice.next())),
        timecreated: format!("{created}T{time}.{:03}Z", dice.below(1_000)),
        case_retrieval_date: fetched.clone(),
        case_summary: Some(format!("{seen} {why} {helped}")),
        rca_category: Some(cause.name.to_owned()),
        rca_reason: Some(why),
        rca_retrieval_date: Some(fetched.clone()),
        lifecycle_category: Some(lifecycle.to_owned()),
        lifecycle_reason: Some(format!("{lifecycle} would have helped: {helped}")),
        lifecycle_retrieval_date: Some(fetched),
        account_number: account.to_owned(),
        case_number: number,
        injection: false,
    };
    make_odd(index, &mut case);
    case
}

/// Three weeks ago one table was hot for two days.
fn incident(service: &Service, created: Date, last: Date) -> Option<&'static Cause> {
    let hot = created <= before(last, 20) && created >= before(last, 22);
    let throttled = || CAUSES.iter().find(|cause| cause.name == "Throttling");
    (hot && service.name == "DynamoDB").then(throttled).flatten()
}

/// What real data has beside the usual.
fn make_odd(index: u64, case: &mut Case) {
    match index % 100 {
        7 | 57 => {
            case.case_summary = None;
            case.lifecycle_category = None;
        }
        3 | 33 | 66 => case.rca_category = Some("Quota reached".to_owned()),
        13 => case.rca_category = pick(&ODD_CATEGORIES, index / 100).map(str::to_owned),
        21 | 46 => {
            let (subject, summary) = pick(&OTHER_LANGUAGES, index / 100);
            case.subject = subject.to_owned();
            case.case_summary = Some(summary.to_owned());
        }
        77 => case.subject = pick(&ODD_SUBJECTS, index / 100).to_owned(),
        90 if index / 100 < ORDERS.len() as u64 => {
            let order = pick(&ORDERS, index / 100);
            case.case_summary = Some(format!("{order} The customer pasted this text."));
            case.subject = order.chars().take(60).collect();
            case.injection = true;
        }
        99 if index == 99 => {
            let sentence = "The customer described each step of the migration at length. ";
            case.case_summary = Some(sentence.repeat(70).chars().take(4_000).collect());
        }
        _ => {}
    }
}

fn fetched_at(day: Date) -> String {
    format!("{day}T02:10:00")
}

/// So many days earlier.
fn before(day: Date, days: i64) -> Date {
    day.checked_sub(Span::new().days(days)).unwrap_or(Date::MIN)
}

fn pick<T: Copy>(options: &[T], by: u64) -> T {
    options[(by % options.len() as u64) as usize]
}

fn weighted<T>(options: &[T], weight: impl Fn(&T) -> u64, at: u64) -> &T {
    let mut left = at;
    for option in options {
        match left.checked_sub(weight(option)) {
            Some(rest) => left = rest,
            None => return option,
        }
    }
    &options[0]
}

/// Numbers that look random, and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::time::{Duration, UNIX_EPOCH};

    /// 2026-12-01T12:00:00Z
    const NOON: Duration = Duration::from_secs(1_796_126_400);

    fn at(offset_hours: u64) -> Vec<Case> {
        cases(UNIX_EPOCH + NOON + Duration::from_secs(offset_hours * 3_600))
    }

    #[test]
    fn they_are_the_same_all_day_and_move_on_at_night() {
        assert_eq!(at(0), at(11));
        assert_eq!(at(0), at(14));
        assert_ne!(at(0), at(15), "ten past two has passed");
    }

    #[test]
    fn they_are_what_a_year_of_support_leaves_behind() {
        let cases = at(0);
        assert_eq!(cases.len(), 2_001);
        let accounts: BTreeSet<_> = cases.iter().map(|case| &case.account_number).collect();
        assert_eq!(accounts.len(), 12);
        assert_eq!(accounts.iter().filter(|account| account.starts_with('0')).count(), 1);
        let numbers: BTreeSet<_> = cases.iter().map(|case| &case.case_number).collect();
        assert_eq!(numbers.len(), 2_000, "one is there twice");
        let count = |of: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| of(case)).count();
        assert_eq!(count(&|case| case.case_summary.is_none()), 40);
        assert_eq!(count(&|case| case.rca_category.as_deref() == Some("Quota reached")), 60);
        assert_eq!(count(&|case| case.injection), 5);
        assert_eq!(count(&|case| case.subject.contains("DROP TABLE")), 5, "one of them an order");
        assert_eq!(count(&|case| case.case_summary.as_ref().is_some_and(|s| s.len() == 4_000)), 1);
        assert!(count(&|case| case.severitycode == "critical") > 50);
        let known =
            |case: &Case| CAUSES.iter().any(|c| case.rca_category.as_deref() == Some(c.name));
        let odd = count(&|case| !known(case)) - 60;
        assert_eq!(odd, 20, "one of a hundred has a category that is none");
        let created: BTreeSet<_> = cases.iter().map(|case| &case.timecreated[..10]).collect();
        assert_eq!(created.last().copied(), Some("2026-11-30"), "up to yesterday");
        assert_eq!(created.first().copied(), Some("2025-10-01"));
        assert!(
            cases.iter().all(|case| case.case_retrieval_date.as_str() > &case.timecreated[..10])
        );
        let services: BTreeSet<_> = cases.iter().map(|case| &case.servicecode).collect();
        assert_eq!(services.len(), SERVICES.len());
    }

    #[test]
    fn a_case_has_a_value_for_each_column() {
        assert!(at(0).into_iter().all(|case| case.row().len() == COLUMNS.len()));
    }

    #[test]
    fn weights_are_of_a_hundred() {
        assert_eq!(SERVICES.iter().map(|service| service.weight).sum::<u64>(), 100);
        assert_eq!(CAUSES.iter().map(|cause| cause.weight).sum::<u64>(), 100);
        assert_eq!(SEVERITIES.iter().map(|(_, weight)| weight).sum::<u64>(), 100);
    }
}
