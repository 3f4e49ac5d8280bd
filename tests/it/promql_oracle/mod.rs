//! Holds our PromQL evaluator to a real Prometheus over the sample metrics.

mod queries;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use local_aws::sample::{SampleMetrics, Window};
use promql::{Error, Labels, Sample, Series, Storage, Value as Answer, format_value};
use serde_json::Value;
use tests::prometheus::Prometheus;

use queries::{INSTANT, KNOWN_DIFFERENCES, RANGE};

const MINUTE_MS: i64 = 60_000;
/// 2026-11-19 14:00 UTC; the incident lasts from 14:05 to 14:35.
const TWO_O_CLOCK_MS: i64 = 1_795_096_800_000;
const INSTANTS_MS: [i64; 3] = [
    TWO_O_CLOCK_MS - 7 * MINUTE_MS + 123,
    TWO_O_CLOCK_MS + 20 * MINUTE_MS,
    TWO_O_CLOCK_MS + 38 * MINUTE_MS + 30_000,
];
const RANGE_MS: (i64, i64) = (TWO_O_CLOCK_MS - 15 * MINUTE_MS, TWO_O_CLOCK_MS + 45 * MINUTE_MS);
/// The samples both sides know.
const SAMPLES_MS: (i64, i64) = (TWO_O_CLOCK_MS - 60 * MINUTE_MS, TWO_O_CLOCK_MS + 46 * MINUTE_MS);

/// How far two floats may be apart, relative to the larger one: additions in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Clone, Copy)]
enum Times {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

/// What an answer says.
#[derive(Debug)]
enum Said {
    Samples {
        kind: String,
        series: BTreeMap<String, Vec<(i64, f64)>>,
        /// The first value of each series, in the order of the answer.
        order: Vec<f64>,
    },
    Text(String),
    Error {
        kind: &'static str,
        message: String,
    },
}

impl Said {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Samples { series, .. } if series.is_empty())
    }
}

#[test]
fn the_evaluator_agrees_with_prometheus() {
    let metrics = SampleMetrics::new();
    let window = metrics.between(SAMPLES_MS.0, SAMPLES_MS.1);
    let mut openmetrics = Vec::new();
    window.write_openmetrics(&mut openmetrics).expect("memory can be written to");
    let openmetrics = String::from_utf8(openmetrics).expect("OpenMetrics is UTF-8");
    let server = Prometheus::start(&openmetrics, "/workspaces/ws-oracle").expect("it starts");

    let (start, end) = RANGE_MS;
    let instants = INSTANT.iter().map(|query| (*query, INSTANTS_MS.map(Times::Instant).to_vec()));
    let ranges = RANGE
        .iter()
        .map(|(query, step)| (*query, vec![Times::Range { start, end, step: step * 1_000 }]));
    let (mut asked, mut agreed, mut silent, mut faults) = (0, 0, 0, Vec::new());
    for (query, times) in instants.chain(ranges) {
        let mut answered = false;
        let differences: Vec<String> = times
            .into_iter()
            .filter_map(|times| {
                let ours = ours(&window, query, times);
                answered |= !ours.is_empty();
                difference(query, &ours, &theirs(&server, query, times))
            })
            .collect();
        asked += 1;
        silent += usize::from(!answered);
        agreed += usize::from(differences.is_empty());
        let known = KNOWN_DIFFERENCES.iter().find(|(listed, _)| *listed == query);
        match (known, differences.first()) {
            (None, Some(difference)) => faults.push(format!("{query}\n    {difference}")),
            (Some(_), None) => faults.push(format!("{query}\n    agrees: no longer a difference")),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
    assert!(faults.is_empty(), "of {asked} queries:\n{}", faults.join("\n"));
    assert!(silent <= 3, "{silent} questions select nothing");
    assert!(asked >= 80 && agreed * 100 >= asked * 95, "only {agreed} of {asked} agree");
}

fn ours(storage: &Window<'_>, query: &str, times: Times) -> Said {
    let storage: &dyn Storage = storage;
    let answer = match times {
        Times::Instant(time) => promql::instant(storage, query, time),
        Times::Range { start, end, step } => promql::range(storage, query, start, end, step),
    };
    let number = |sample: Sample| (sample.timestamp_ms, sample.value);
    match answer {
        Ok(Answer::Scalar(sample)) => said("scalar", [(Labels::default(), vec![number(sample)])]),
        Ok(Answer::String { value, .. }) => Said::Text(value),
        Ok(Answer::Vector(vector)) => said(
            "vector",
            vector.into_iter().map(|(labels, sample)| (labels, vec![number(sample)])),
        ),
        Ok(Answer::Matrix(matrix)) => {
            let series =
                |series: Series| (series.labels, series.samples.into_iter().map(number).collect());
            said("matrix", matrix.into_iter().map(series))
        }
        Err(Error::Execution(message)) => Said::Error { kind: "execution", message },
        Err(error) => Said::Error { kind: "bad_data", message: error.to_string() },
    }
}

fn said(kind: &str, series: impl IntoIterator<Item = (Labels, Vec<(i64, f64)>)>) -> Said {
    let (mut order, mut by_labels) = (Vec::new(), BTreeMap::new());
    for (labels, samples) in series {
        order.extend(samples.first().map(|(_, value)| *value));
        by_labels.insert(labels.to_string(), samples);
    }
    Said::Samples { kind: kind.into(), series: by_labels, order }
}

fn theirs(server: &Prometheus, query: &str, times: Times) -> Said {
    let seconds = |ms: i64| format_value(ms as f64 / 1_000.0);
    let (path, parameters) = match times {
        Times::Instant(time) => ("query", vec![("time", seconds(time))]),
        Times::Range { start, end, step } => {
            let times = [("start", start), ("end", end), ("step", step)];
            ("query_range", times.map(|(name, ms)| (name, seconds(ms))).to_vec())
        }
    };
    let answer = post(server.base_url(), path, query, &parameters);
    if answer["status"] == "error" {
        let kind = if answer["errorType"] == "bad_data" { "bad_data" } else { "execution" };
        return Said::Error { kind, message: text(&answer["error"]) };
    }
    let kind = text(&answer["data"]["resultType"]);
    let result = &answer["data"]["result"];
    let item = |item: &Value| {
        let metric = item["metric"].as_object().expect("labels");
        let labels = metric.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let samples = match item.get("values") {
            Some(values) => values.as_array().expect("samples").iter().map(sample).collect(),
            None => vec![sample(&item["value"])],
        };
        (labels, samples)
    };
    match kind.as_str() {
        "string" => Said::Text(text(&result[1])),
        "scalar" => said("scalar", [(Labels::default(), vec![sample(result)])]),
        _ => said(&kind, result.as_array().expect("series").iter().map(item)),
    }
}

/// `[1795096800.5, "1.5"]`
fn sample(pair: &Value) -> (i64, f64) {
    let seconds = pair[0].as_f64().expect("a time");
    ((seconds * 1_000.0).round() as i64, text(&pair[1]).parse().expect("a value"))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Sends a form. HTTP/1.0, so that the answer ends with the connection.
fn post(base_url: &str, path: &str, query: &str, parameters: &[(&str, String)]) -> Value {
    let (address, prefix) =
        base_url.trim_start_matches("http://").split_once('/').expect("a URL with a path");
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let others: String =
        parameters.iter().map(|(name, value)| format!("&{name}={value}")).collect();
    let form = format!("query={encoded}{others}");
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "POST /{prefix}/api/v1/{path} HTTP/1.0\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The first difference between two answers.
fn difference(query: &str, ours: &Said, theirs: &Said) -> Option<String> {
    match (ours, theirs) {
        (Said::Text(ours), Said::Text(theirs)) if ours == theirs => None,
        (
            Said::Error { kind, message },
            Said::Error { kind: their_kind, message: their_message },
            // Prometheus names the parameter before the message.
        ) if kind == their_kind && their_message.ends_with(message) => None,
        (
            Said::Samples { kind, series, order },
            Said::Samples { kind: their_kind, series: their_series, order: their_order },
        ) => {
            if kind != their_kind {
                return Some(format!("ours is a {kind}, theirs a {their_kind}"));
            }
            let names: Vec<_> = series.keys().chain(their_series.keys()).collect();
            let by_series = names.into_iter().find_map(|name| {
                let (ours, theirs) = (series.get(name), their_series.get(name));
                (!same_samples(ours?, theirs?)).then(|| first_unequal(name, ours, theirs))
            });
            let missing = their_series.keys().find(|name| !series.contains_key(*name));
            let added = series.keys().find(|name| !their_series.contains_key(*name));
            missing
                .map(|name| format!("ours lacks {name}"))
                .or_else(|| added.map(|name| format!("ours adds {name}")))
                .or(by_series)
                .or_else(|| {
                    // PromQL defines an order for few results; equal values have none there either.
                    let starts = ["sort", "topk", "bottomk"].iter().any(|f| query.starts_with(f));
                    let same =
                        !starts || order.iter().zip(their_order).all(|(a, b)| same_float(*a, *b));
                    (!same).then(|| format!("ours in order {order:?}, theirs {their_order:?}"))
                })
        }
        _ => Some(format!("ours: {ours:?}\n    theirs: {theirs:?}")),
    }
}

fn same_samples(ours: &[(i64, f64)], theirs: &[(i64, f64)]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(a, b)| a.0 == b.0 && same_float(a.1, b.1))
}

fn first_unequal(
    name: &str,
    ours: Option<&Vec<(i64, f64)>>,
    theirs: Option<&Vec<(i64, f64)>>,
) -> String {
    let pairs = ours.into_iter().flatten().zip(theirs.into_iter().flatten());
    let unequal = pairs.into_iter().find(|(a, b)| a.0 != b.0 || !same_float(a.1, b.1));
    format!("{name}: {unequal:?}, {:?} and {:?} samples", ours.map(Vec::len), theirs.map(Vec::len))
}

fn same_float(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}
