//! The data plane: Prometheus' HTTP API, for one workspace.
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use promql::{Error, Matcher, Value};
use serde_json::json;

use super::Amp;
use super::params::Params;
use super::wire::{ApiError, Metric, QueryData, Success};
use crate::sample::Window;

/// Most points of a series in a range.
const MAX_POINTS: i64 = 11_000;

type Answer<T> = Result<Success<T>, ApiError>;

/// `query`: an expression at one time.
pub(super) async fn query(State(amp): State<Arc<Amp>>, params: Params) -> Answer<QueryData> {
    let limit = params.limit("limit")?;
    let time = params.time("time")?.unwrap_or_else(|| amp.clock.unix_ms());
    let query = params.get("query").unwrap_or_default().to_owned();
    evaluate(amp, limit, move |window| promql::instant(&window, &query, time)).await
}

/// `query_range`: an expression at each step of a window.
pub(super) async fn query_range(State(amp): State<Arc<Amp>>, params: Params) -> Answer<QueryData> {
    let limit = params.limit("limit")?;
    let start = params.required_time("start")?;
    let end = params.required_time("end")?;
    if end < start {
        let reason = "end timestamp must not be before start time";
        return Err(ApiError::invalid("end", reason));
    }
    let step = params.required_duration("step")?;
    if step <= 0 {
        let reason = "zero or negative query resolution step widths are not accepted. \
                      Try a positive integer";
        return Err(ApiError::invalid("step", reason));
    }
    if end.saturating_sub(start) / step > MAX_POINTS {
        return Err(ApiError::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. \
             Try decreasing the query resolution (?step=XX)",
        ));
    }
    let query = params.get("query").unwrap_or_default().to_owned();
    evaluate(amp, limit, move |window| promql::range(&window, &query, start, end, step)).await
}

/// `labels`: the names of labels.
pub(super) async fn labels(
    State(amp): State<Arc<Amp>>,
    params: Params,
) -> Answer<BTreeSet<String>> {
    collected(&amp, &params, |window, matchers| window.label_names(matchers))
}

/// `label/{name}/values`: the values of one label.
pub(super) async fn label_values(
    State(amp): State<Arc<Amp>>,
    Path((_, name)): Path<(String, String)>,
    params: Params,
) -> Answer<BTreeSet<String>> {
    let legal = |(n, c): (usize, char)| {
        c == '_' || c.is_ascii_alphabetic() || (n > 0 && c.is_ascii_digit())
    };
    if name.is_empty() || !name.chars().enumerate().all(legal) {
        return Err(ApiError::bad_data(format!("invalid label name: {name:?}")));
    }
    collected(&amp, &params, |window, matchers| window.label_values(&name, matchers))
}

/// `series`: the labels of series.
pub(super) async fn series(
    State(amp): State<Arc<Amp>>,
    params: Params,
) -> Answer<Vec<serde_json::Value>> {
    let selectors = selectors(&params)?;
    if selectors.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let limit = params.limit("limit")?;
    let window = window(&amp, &params)?;
    let found: BTreeSet<_> =
        selectors.iter().flat_map(|matchers| window.series(matchers)).collect();
    let truncated = found.len() > limit;
    let found = found.into_iter().take(limit).map(|labels| json!(Metric(labels)));
    Ok(Success::limited(found.collect(), truncated))
}

/// `metadata`: what exporters declare about metrics.
pub(super) async fn metadata(
    State(amp): State<Arc<Amp>>,
    params: Params,
) -> Answer<BTreeMap<&'static str, serde_json::Value>> {
    let limit = params.limit("limit")?;
    let wanted = params.get("metric");
    let known = amp.metrics.metadata().iter();
    let known = known.filter(|(name, _)| wanted.is_none_or(|wanted| wanted == **name)).take(limit);
    let described = known.map(|(name, metadata)| {
        let (kind, help) = (metadata.kind.as_str(), metadata.help);
        (*name, json!([{"type": kind, "help": help, "unit": ""}]))
    });
    Ok(Success::new(described.collect()))
}

/// Evaluates on a thread of its own: an expression may take a second.
async fn evaluate<F>(amp: Arc<Amp>, limit: usize, expression: F) -> Answer<QueryData>
where
    F: FnOnce(Window<'_>) -> Result<Value, Error> + Send + 'static,
{
    let evaluated = tokio::task::spawn_blocking(move || {
        let now = amp.clock.unix_ms();
        expression(amp.metrics.until(now))
    });
    let evaluated = evaluated.await.map_err(|err| ApiError::internal(err.to_string()))?;
    let mut data = QueryData(evaluated.map_err(|err| ApiError::promql("query", &err))?);
    let truncated = data.limit(limit);
    Ok(Success::limited(data, truncated))
}

/// What `list` finds for each selector, together; for all series when there is no selector.
fn collected<'a>(
    amp: &'a Amp,
    params: &Params,
    list: impl for<'s> Fn(Window<'s>, &'s [Matcher]) -> BTreeSet<&'s str>,
) -> Answer<BTreeSet<String>> {
    let mut selectors = selectors(params)?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let limit = params.limit("limit")?;
    let window: Window<'a> = window(amp, params)?;
    let found: BTreeSet<_> = selectors.iter().flat_map(|matchers| list(window, matchers)).collect();
    let truncated = found.len() > limit;
    let found = found.into_iter().take(limit).map(str::to_owned).collect();
    Ok(Success::limited(found, truncated))
}

fn selectors(params: &Params) -> Result<Vec<Vec<Matcher>>, ApiError> {
    let selectors = params.all("match[]").map(promql::matchers);
    selectors.collect::<Result<_, _>>().map_err(|err| ApiError::promql("match[]", &err))
}

/// The samples between `start` and `end`, where these are given.
fn window<'a>(amp: &'a Amp, params: &Params) -> Result<Window<'a>, ApiError> {
    let start = params.time("start")?.unwrap_or(i64::MIN);
    let end = params.time("end")?.unwrap_or(i64::MAX);
    Ok(amp.metrics.until(amp.clock.unix_ms()).narrowed(start, end))
}
