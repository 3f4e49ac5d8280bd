//! Values, as Trino prints them.

use datafusion::arrow::array::{Array, AsArray as _, ListArray};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int32Type, TimestampMillisecondType};
use datafusion::arrow::datatypes::{Float32Type, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The text of each value; `None` is NULL.
pub(crate) fn texts(array: &dyn Array) -> Result<Vec<Option<String>>, ArrowError> {
    let rows = 0..array.len();
    match array.data_type() {
        DataType::Timestamp(_, zone) => {
            let zone = if zone.is_some() { " UTC" } else { "" };
            let to = DataType::Timestamp(TimeUnit::Millisecond, None);
            let millis = datafusion::arrow::compute::cast(&without_zone(array)?, &to)?;
            let millis = millis.as_primitive::<TimestampMillisecondType>();
            Ok(rows
                .map(|row| millis.is_valid(row).then(|| moment(millis.value(row)) + zone))
                .collect())
        }
        DataType::Date32 => {
            let days = array.as_primitive::<datafusion::arrow::datatypes::Date32Type>();
            Ok(rows.map(|row| days.is_valid(row).then(|| day(days.value(row)))).collect())
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            Ok(rows.map(|row| values.is_valid(row).then(|| double(values.value(row)))).collect())
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            let text = |row| double(f64::from(values.value(row)));
            Ok(rows.map(|row| values.is_valid(row).then(|| text(row))).collect())
        }
        DataType::List(_) => {
            let lists: &ListArray = array.as_list::<i32>();
            rows.map(|row| lists.is_valid(row).then(|| list(&lists.value(row))).transpose())
                .collect()
        }
        DataType::Int32 => {
            let values = array.as_primitive::<Int32Type>();
            Ok(rows
                .map(|row| values.is_valid(row).then(|| values.value(row).to_string()))
                .collect())
        }
        _ => {
            let options = FormatOptions::new().with_null("null");
            let formatter = ArrayFormatter::try_new(array, &options)?;
            rows.map(|row| {
                let text = |row| formatter.value(row).try_to_string();
                array.is_valid(row).then(|| text(row)).transpose()
            })
            .collect()
        }
    }
}

/// A moment with a zone, as the same moment in UTC.
fn without_zone(array: &dyn Array) -> Result<datafusion::arrow::array::ArrayRef, ArrowError> {
    let DataType::Timestamp(unit, _) = array.data_type() else {
        return datafusion::arrow::compute::cast(array, array.data_type());
    };
    let utc = DataType::Timestamp(*unit, Some("UTC".into()));
    let zoned = datafusion::arrow::compute::cast(array, &utc)?;
    match array.data_type() {
        DataType::Timestamp(_, Some(_)) => {
            datafusion::arrow::compute::cast(&zoned, &DataType::Timestamp(*unit, None))
        }
        _ => datafusion::arrow::compute::cast(array, array.data_type()),
    }
}

fn list(values: &dyn Array) -> Result<String, ArrowError> {
    let texts = texts(values)?;
    let texts: Vec<_> =
        texts.into_iter().map(|text| text.unwrap_or_else(|| "null".to_owned())).collect();
    Ok(format!("[{}]", texts.join(", ")))
}

/// `2026-11-01 10:11:12.345`, of milliseconds since 1970.
pub(crate) fn moment(millis: i64) -> String {
    match civil(millis) {
        Some(at) => format!("{} {}", at.date(), time(at)),
        None => "out of range".to_owned(),
    }
}

fn time(at: DateTime) -> String {
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        at.hour(),
        at.minute(),
        at.second(),
        at.subsec_nanosecond() / 1_000_000
    )
}

/// The calendar's view of milliseconds since 1970.
pub(crate) fn civil(millis: i64) -> Option<DateTime> {
    Some(Timestamp::from_millisecond(millis).ok()?.to_zoned(TimeZone::UTC).datetime())
}

/// `2026-11-01`, of days since 1970.
fn day(days: i32) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = epoch.checked_add(Span::new().try_days(days).unwrap_or_default());
    date.map_or_else(|_| "out of range".to_owned(), |date| date.to_string())
}

/// A `double` as Java prints it: `0.5`, `1.0E10`.
pub(crate) fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}
