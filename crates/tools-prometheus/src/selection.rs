//! Which series of a query's answer are given, in which layout, and what the text says of them.

use std::fmt::Write as _;

use backend_amp::{Data, Error, Series};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answer::Question;
use crate::arguments::Output;
use crate::budget::{self, DEFAULT_BYTES, FULL_BYTES, Page};
use crate::columns::{Axis, Column, Figure};
use crate::stats::Stats;
use crate::table::{self, Table};

/// Bytes that a text may have, and of these what a line about a cursor takes.
const TEXT_BYTES: usize = 4_950;
const CURSOR_BYTES: usize = 400;

/// One series in the layout that was asked for.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Item<'a> {
    Whole(Series<'a>),
    Figures(Figures<'a>),
    Column(Column<'a>),
}

/// One series in figures; their definitions are those of [`crate::stats`].
#[derive(Serialize)]
pub(crate) struct Figures<'a> {
    metric: &'a RawValue,
    n: usize,
    first: Figure,
    last: Figure,
    min: Figure,
    avg: Figure,
    p95: Figure,
    max: Figure,
    slope_per_second: Figure,
    gaps: Option<u64>,
    nan: usize,
}

impl<'a> Figures<'a> {
    fn new(metric: &'a RawValue, stats: &Stats) -> Self {
        let figure = |value| Figure(Some(value));
        Self {
            metric,
            n: stats.n,
            first: figure(stats.first),
            last: figure(stats.last),
            min: figure(stats.min),
            avg: figure(stats.avg),
            p95: figure(stats.p95),
            max: figure(stats.max),
            slope_per_second: figure(stats.slope),
            gaps: stats.gaps,
            nan: stats.nan,
        }
    }
}

/// What is computed of each series before any is chosen.
pub(crate) struct Measured {
    kind: Kind,
    pub(crate) has_histograms: bool,
}

enum Kind {
    /// The values of a vector.
    Values(Vec<f64>),
    /// The figures of a matrix.
    Stats(Vec<Stats>),
}

/// The series that are given, in their layout and order.
pub(crate) struct Selected<'a> {
    pub(crate) page: Page,
    /// Indices of series by rank; as they came when everything is given.
    order: Vec<usize>,
    pub(crate) ranking: u64,
    pub(crate) rule: String,
    pub(crate) items: Vec<Item<'a>>,
}

impl Measured {
    pub(crate) fn new(data: &Data<'_>, question: &Question<'_>) -> Result<Self, Error> {
        let series = data.series();
        let has_histograms = series.iter().any(|s| s.histogram.is_some() || s.histograms.is_some());
        let (mut times, mut values) = (Vec::new(), Vec::new());
        let kind = if matches!(data, Data::Matrix(_)) {
            let mut all = Vec::with_capacity(series.len());
            for series in series {
                times.clear();
                values.clear();
                for point in series.points() {
                    let point = point?;
                    times.push(crate::columns::millis(point.time));
                    values.push(point.value);
                }
                all.push(Stats::of(&times, &mut values, question.window));
            }
            Kind::Stats(all)
        } else {
            let value = |series: &Series<'_>| match series.points().next() {
                Some(point) => point.map(|point| point.value),
                None => Ok(f64::NAN),
            };
            Kind::Values(series.iter().map(value).collect::<Result<_, _>>()?)
        };
        Ok(Self { kind, has_histograms })
    }

    pub(crate) fn samples(&self) -> usize {
        match &self.kind {
            Kind::Values(values) => values.len(),
            Kind::Stats(stats) => stats.iter().map(|stats| stats.n).sum(),
        }
    }

    /// By what series are ranked.
    fn key(&self, i: usize) -> f64 {
        match &self.kind {
            Kind::Values(values) => values[i],
            Kind::Stats(stats) => stats[i].max,
        }
    }

    pub(crate) fn select<'a>(
        &self,
        series: &[Series<'a>],
        question: &Question<'_>,
        moments: &[i64],
    ) -> Selected<'a> {
        let budget = match question.output {
            Output::Full => FULL_BYTES,
            // The axis is part of every answer in columns.
            Output::Columns => DEFAULT_BYTES.saturating_sub(json_len(&Axis(moments))),
            Output::Auto | Output::Summary => DEFAULT_BYTES,
        };
        let fill = |order: &[usize], from: usize| {
            let mut items = Vec::new();
            let page = Page::fill(from, order.len(), budget, |rank| {
                let item = self.item(&series[order[rank]], order[rank], question.output, moments);
                let bytes = json_len(&item);
                items.push(item);
                bytes
            });
            items.truncate(page.given.len());
            (page, items)
        };
        let order: Vec<usize> = (0..series.len()).collect();
        if question.from.is_none()
            && let (page, items) = fill(&order, 0)
            && page.is_whole()
        {
            return Selected { page, order, ranking: 0, rule: String::new(), items };
        }
        let order = budget::largest_first(series.len(), |i| self.key(i));
        let ranking = budget::digest(order.iter().map(|i| series[*i].metric.get()));
        let (page, items) = fill(&order, question.from.map_or(0, |from| from.rank));
        let key = match self.kind {
            Kind::Values(_) => "value",
            Kind::Stats(_) => "max",
        };
        let mut rule = match page.given.start {
            0 => format!("top {} by {key}", page.given.len()),
            start => format!("ranks {} to {} by {key}", start + 1, page.given.end),
        };
        if let [only] = items.as_slice()
            && json_len(only) > budget
        {
            let _ = write!(rule, ", alone because it is more than {budget} bytes");
        }
        Selected { page, order, ranking, rule, items }
    }

    fn item<'a>(&self, series: &Series<'a>, i: usize, output: Output, moments: &[i64]) -> Item<'a> {
        match (output, &self.kind) {
            (Output::Summary, Kind::Stats(stats)) => {
                Item::Figures(Figures::new(series.metric, &stats[i]))
            }
            (Output::Columns, _) => Item::Column(Column::new(series, moments)),
            _ => Item::Whole(*series),
        }
    }

    /// A line each: of all series on the first page, of those given on later ones.
    pub(crate) fn describe(
        &self,
        text: &mut String,
        series: &[Series<'_>],
        selected: &Selected<'_>,
    ) -> Result<(), Error> {
        let Selected { page, order, .. } = selected;
        let shown = if page.given.start == 0 { order } else { &order[page.given.clone()] };
        let reserved = if page.is_whole() { 40 } else { CURSOR_BYTES };
        let room = TEXT_BYTES.saturating_sub(text.len() + reserved);
        match &self.kind {
            _ if shown.is_empty() => Ok(()),
            Kind::Values(values) => table::write_vector(text, series, values, shown, room),
            Kind::Stats(stats) => {
                Table::new(series, stats, shown)?.write(text, room);
                Ok(())
            }
        }
    }
}

/// The bytes of `value` as JSON.
fn json_len(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // What cannot be written fits nowhere, and fails with its reason when it is written.
    serde_json::to_writer(&mut counter, value).map_or(usize::MAX, |()| counter.0)
}
