//! Why a selection holds no case: which filter emptied it, and what is nearest to it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use backend_athena::{Query, Stats, Watched, text};

use crate::answer::Table;
use crate::cases::Cases;
use crate::days::{Days, day_of};
use crate::domain::nearest;
use crate::provenance::Aside;
use crate::selection::{Selection, quoted};
use crate::text::{count, printable};

/// The longest that is spent on finding out.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many kinds of cases are told apart.
const KINDS: usize = 5_000;

/// Cases that no filter tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    in_time: bool,
    named: bool,
    account: String,
    service: String,
    severity: String,
    rca: String,
    lifecycle: String,
    cases: u64,
    first: String,
    last: String,
}

impl Cases {
    /// Hints for whoever selected nothing. One more query, of which all filters are columns.
    /// And what that cost.
    pub(crate) async fn hints(
        &self,
        selection: &Selection,
        deadline: Instant,
    ) -> (Vec<String>, Option<Aside>) {
        let until = deadline.min(Instant::now() + PATIENCE);
        match self.kinds(selection, until).await {
            Some((kinds, aside)) => (explain(selection, &kinds), Some(aside)),
            None => {
                let unknown = "which filter left nothing could not be found out in time";
                (vec![unknown.to_owned()], None)
            }
        }
    }

    async fn kinds(&self, selection: &Selection, until: Instant) -> Option<(Vec<Kind>, Aside)> {
        let mut stats = Stats::default();
        let Days { first, end, .. } = selection.days.clone().unwrap_or_else(|| Days {
            first: String::new(),
            last: String::new(),
            end: "~".to_owned(),
        });
        let case = selection.case.clone().unwrap_or_default();
        let query = Query {
            sql: format!(
                "SELECT CASE WHEN timecreated >= ? AND timecreated < ? THEN 1 ELSE 0 END AS in_time, \
                 CASE WHEN case_number = ? OR lower(caseid) = ? THEN 1 ELSE 0 END AS named, \
                 account_number, lower(trim(coalesce(servicecode, ''))) AS service, \
                 lower(trim(coalesce(severitycode, ''))) AS severity, \
                 lower(trim(coalesce(rca_category, ''))) AS rca, \
                 lower(trim(coalesce(lifecycle_category, ''))) AS lifecycle, count(DISTINCT case_number) AS cases, \
                 min(timecreated) AS first, max(timecreated) AS last FROM {} \
                 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 8 DESC LIMIT {KINDS}",
                quoted(&self.settings().table)
            ),
            parameters: [&first, &end, &case, &case].map(|value| text(value)).to_vec(),
            reuse: self.reuse(),
        };
        let athena = self.athena();
        let held = athena.start(query, until, &mut stats).await.ok()?;
        let watched = athena.watch(held.id(), until, &mut stats, |_| {}).await.ok()?;
        let Watched::Succeeded(execution) = watched else { return None };
        held.release();
        let rows = athena.rows(&execution, KINDS, until, &mut stats).await.ok()?;
        let table = Table::from(rows);
        let kind = |row: &Vec<Option<String>>| {
            let cell = |name: &str| table.cell(row, name).unwrap_or_default().to_owned();
            Kind {
                in_time: cell("in_time") == "1",
                named: cell("named") == "1",
                account: cell("account_number"),
                service: cell("service"),
                severity: cell("severity"),
                rca: cell("rca"),
                lifecycle: cell("lifecycle"),
                cases: table.number(row, "cases"),
                first: cell("first"),
                last: cell("last"),
            }
        };
        Some((table.rows.iter().map(kind).collect(), Aside::of(self, &execution)))
    }

    /// How old the rows of a canned query may be.
    pub(crate) fn reuse(&self) -> Option<Duration> {
        Some(self.settings().reuse).filter(|age| !age.is_zero())
    }
}

/// A filter: its name, what it asks for, whether it lets a kind pass, and what it looks at.
struct Filter<'a> {
    name: &'static str,
    value: String,
    passes: Box<dyn Fn(&Kind) -> bool + 'a>,
    looks_at: Option<fn(&Kind) -> &str>,
}

fn filters(selection: &Selection) -> Vec<Filter<'_>> {
    let Selection { days, account, case, services, severity, rca, lifecycle } = selection;
    let mut filters = Vec::new();
    let mut add = |name, value: Option<String>, passes, looks_at| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            filters.push(Filter { name, value, passes, looks_at });
        }
    };
    let dates = days.as_ref().map(|Days { first, last, .. }| format!("{first} to {last}"));
    add("dates", dates, Box::new(|kind| kind.in_time), None);
    add("case_id", case.clone(), Box::new(|kind| kind.named), None);
    add(
        "account_number",
        account.clone(),
        Box::new(|kind| Some(&kind.account) == account.as_ref()),
        Some(|kind| &kind.account),
    );
    add(
        "service_code",
        Some(services.join(" or ")),
        Box::new(|kind| services.contains(&kind.service)),
        Some(|kind| &kind.service),
    );
    add(
        "severity_code",
        severity.clone(),
        Box::new(|kind| Some(&kind.severity) == severity.as_ref()),
        Some(|kind| &kind.severity),
    );
    add(
        "rca_category",
        Some(rca.join(" or ")),
        Box::new(|kind| rca.contains(&kind.rca)),
        Some(|kind| &kind.rca),
    );
    add(
        "lifecycle_category",
        Some(lifecycle.join(" or ")),
        Box::new(|kind| lifecycle.contains(&kind.lifecycle)),
        Some(|kind| &kind.lifecycle),
    );
    filters
}

fn explain(selection: &Selection, kinds: &[Kind]) -> Vec<String> {
    if kinds.is_empty() {
        return vec!["the table has no cases at all: its crawler may not have run yet".to_owned()];
    }
    let filters = filters(selection);
    let cases = |passes: &dyn Fn(&Kind) -> bool| -> u64 {
        kinds.iter().filter(|kind| passes(kind)).map(|kind| kind.cases).sum()
    };
    let mut hints = Vec::new();
    for Filter { name, value, passes, looks_at } in &filters {
        if cases(passes) > 0 {
            continue;
        }
        let value = printable(value, 80);
        let mut hint = format!("{name} {value} matches no case");
        match looks_at {
            None if *name == "dates" => {
                let first = kinds.iter().map(|kind| kind.first.as_str()).min().unwrap_or_default();
                let last = kinds.iter().map(|kind| kind.last.as_str()).max().unwrap_or_default();
                hint.push_str(&format!(": cases run from {} to {}", day_of(first), day_of(last)));
            }
            None => {}
            Some(looks_at) => {
                let there: BTreeSet<&str> = kinds.iter().map(looks_at).collect();
                let near = nearest(&value, there.iter().copied());
                let shown: Vec<_> = match near.is_empty() {
                    true => kinds.iter().map(looks_at).filter(|value| !value.is_empty()).collect(),
                    false => near,
                };
                let mut told: Vec<String> = Vec::new();
                for value in shown {
                    let value = printable(value, 60).into_owned();
                    if !told.contains(&value) && told.len() < 5 {
                        told.push(value);
                    }
                }
                hint.push_str(&format!("; there are {}", told.join(", ")));
            }
        }
        hints.push(hint);
    }
    if hints.is_empty() {
        for (at, filter) in filters.iter().enumerate() {
            let others = |kind: &Kind| {
                filters.iter().enumerate().all(|(other, f)| other == at || (f.passes)(kind))
            };
            let without = cases(&others);
            if without > 0 {
                hints.push(format!(
                    "without {} {} there would be {}",
                    filter.name,
                    printable(&filter.value, 80),
                    count("case", without)
                ));
            }
        }
    }
    if hints.is_empty() {
        hints
            .push("each filter matches some cases, but no two or more of them the same".to_owned());
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{service_codes, spellings};

    fn kind(service: &str, severity: &str, rca: &str, cases: u64) -> Kind {
        Kind {
            in_time: true,
            named: false,
            account: "012345678901".into(),
            service: service.into(),
            severity: severity.into(),
            rca: rca.into(),
            lifecycle: String::new(),
            cases,
            first: "2025-10-02T00:00:00Z".into(),
            last: "2026-11-29T00:00:00Z".into(),
        }
    }

    #[test]
    fn the_filter_that_left_nothing_is_named() {
        let kinds = [
            kind("aws-lambda", "low", "throttling", 9),
            kind("amazon-dynamodb", "critical", "limit reached", 3),
        ];
        let selection = Selection::default();
        let rca = |text| Selection { rca: spellings(text), ..selection.clone() };
        let service = |text| Selection { services: service_codes(text), ..selection.clone() };
        for (selection, told) in [
            (rca("throtling"), "rca_category throtling matches no case; there are throttling"),
            (service("lambada"), "service_code lambada matches no case; there are aws-lambda"),
            (
                service("zzz"),
                "service_code zzz matches no case; there are aws-lambda, amazon-dynamodb",
            ),
            (
                Selection { severity: Some("critical".into()), ..service("lambda") },
                "without service_code aws-lambda there would be 3 cases",
            ),
        ] {
            assert_eq!(explain(&selection, &kinds)[0], told);
        }
        let out_of_time: Vec<_> =
            kinds.iter().map(|kind| Kind { in_time: false, ..kind.clone() }).collect();
        let days = Some(Days::between("2024-01-01", "2024-01-31").unwrap());
        assert_eq!(
            explain(&Selection { days, ..selection.clone() }, &out_of_time),
            [
                "dates 2024-01-01 to 2024-01-31 matches no case: cases run from 2025-10-02 to 2026-11-29"
            ]
        );
        assert!(explain(&selection, &[])[0].contains("no cases at all"));
    }
}
