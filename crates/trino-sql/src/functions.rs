//! Functions of Trino that DataFusion has not.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray as _, Date32Array, Int64Array, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use regex::Regex;

use crate::{dates, json, print};

const MILLIS: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = ScalarUDF> {
    Kind::ALL
        .into_iter()
        .map(|kind| ScalarUDF::from(Function { kind, signature: kind.signature() }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    DateAdd,
    DateDiff,
    DateFormat,
    DateParse,
    FromIso8601Date,
    FromIso8601Timestamp,
    JsonExtract,
    JsonExtractScalar,
    Millis,
    RegexpExtract,
    Varchar,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::DateAdd,
        Self::DateDiff,
        Self::DateFormat,
        Self::DateParse,
        Self::FromIso8601Date,
        Self::FromIso8601Timestamp,
        Self::JsonExtract,
        Self::JsonExtractScalar,
        Self::Millis,
        Self::RegexpExtract,
        Self::Varchar,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::DateAdd => "trino_date_add",
            Self::DateDiff => "trino_date_diff",
            Self::DateFormat => "trino_date_format",
            Self::DateParse => "date_parse",
            Self::FromIso8601Date => "from_iso8601_date",
            Self::FromIso8601Timestamp => "from_iso8601_timestamp",
            Self::JsonExtract => "trino_json_extract",
            Self::JsonExtractScalar => "json_extract_scalar",
            Self::Millis => "trino_millis",
            Self::RegexpExtract => "trino_regexp_extract",
            Self::Varchar => "trino_varchar",
        }
    }

    fn signature(self) -> Signature {
        let text = || DataType::Utf8;
        let of = match self {
            Self::Millis | Self::Varchar => return Signature::any(1, Volatility::Immutable),
            Self::DateAdd => vec![text(), DataType::Int64, MILLIS],
            Self::DateDiff => vec![text(), MILLIS, MILLIS],
            Self::DateFormat => vec![MILLIS, text()],
            Self::FromIso8601Date | Self::FromIso8601Timestamp => vec![text()],
            Self::DateParse | Self::JsonExtract | Self::JsonExtractScalar => vec![text(), text()],
            Self::RegexpExtract => vec![text(), text(), DataType::Int64],
        };
        Signature::exact(of, Volatility::Immutable)
    }

    fn returns(self) -> DataType {
        match self {
            Self::DateAdd | Self::DateParse | Self::Millis => MILLIS,
            Self::DateDiff => DataType::Int64,
            Self::FromIso8601Date => DataType::Date32,
            Self::FromIso8601Timestamp => {
                DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
            }
            _ => DataType::Utf8,
        }
    }

    fn run(self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let argument = |index: usize| {
            let missing = || DataFusionError::Internal(format!("{self:?} has too few arguments"));
            arguments.get(index).ok_or_else(missing)
        };
        let first = argument(0)?;
        let rows = 0..first.len();
        Ok(match self {
            Self::Varchar => Arc::new(StringArray::from(print::texts(first)?)),
            Self::Millis => millis(first)?,
            Self::FromIso8601Date => {
                let texts = first.as_string::<i32>();
                let day = |row| texts_at(texts, row, dates::from_iso8601_date, invalid);
                Arc::new(rows.map(day).collect::<Result<Date32Array>>()?)
            }
            Self::FromIso8601Timestamp => {
                let texts = first.as_string::<i32>();
                let at = |row| texts_at(texts, row, dates::from_iso8601, invalid);
                let array = rows.map(at).collect::<Result<TimestampMillisecondArray>>()?;
                Arc::new(array.with_timezone("UTC"))
            }
            Self::DateParse => {
                let (texts, formats) = (first.as_string::<i32>(), argument(1)?.as_string::<i32>());
                let at = |row| {
                    let parse = |text: &str| dates::parse(text, formats.value(row));
                    if formats.is_null(row) {
                        Ok(None)
                    } else {
                        texts_at(texts, row, parse, invalid)
                    }
                };
                Arc::new(rows.map(at).collect::<Result<TimestampMillisecondArray>>()?)
            }
            Self::DateFormat => {
                let times = first.as_primitive::<TimestampMillisecondType>();
                let formats = argument(1)?.as_string::<i32>();
                let text = |row| {
                    let known = times.is_valid(row) && formats.is_valid(row);
                    known.then(|| dates::format(times.value(row), formats.value(row))).flatten()
                };
                Arc::new(rows.map(text).collect::<StringArray>())
            }
            Self::DateDiff => {
                let units = first.as_string::<i32>();
                let from = argument(1)?.as_primitive::<TimestampMillisecondType>();
                let to = argument(2)?.as_primitive::<TimestampMillisecondType>();
                let diff = |row| {
                    let known = units.is_valid(row) && from.is_valid(row) && to.is_valid(row);
                    known.then(|| dates::diff(units.value(row), from.value(row), to.value(row)))
                };
                Arc::new(rows.map(|row| diff(row).flatten()).collect::<Int64Array>())
            }
            Self::DateAdd => {
                let units = first.as_string::<i32>();
                let counts = argument(1)?.as_primitive::<Int64Type>();
                let to = argument(2)?.as_primitive::<TimestampMillisecondType>();
                let sum = |row| {
                    let known = units.is_valid(row) && counts.is_valid(row) && to.is_valid(row);
                    known.then(|| dates::add(units.value(row), counts.value(row), to.value(row)))
                };
                let sums = rows.map(|row| sum(row).flatten());
                Arc::new(sums.collect::<TimestampMillisecondArray>())
            }
            Self::JsonExtract | Self::JsonExtractScalar => {
                let (texts, paths) = (first.as_string::<i32>(), argument(1)?.as_string::<i32>());
                let at = |row| {
                    let known = texts.is_valid(row) && paths.is_valid(row);
                    let (text, path) = known.then(|| (texts.value(row), paths.value(row)))?;
                    match self {
                        Self::JsonExtract => Some(json::at(text, path)?.to_string()),
                        _ => json::scalar_at(text, path),
                    }
                };
                Arc::new(rows.map(at).collect::<StringArray>())
            }
            Self::RegexpExtract => {
                let (texts, patterns) = (first.as_string::<i32>(), argument(1)?.as_string::<i32>());
                let groups = argument(2)?.as_primitive::<Int64Type>();
                // A pattern is mostly the same in all rows.
                let mut compiled: Option<(String, Regex)> = None;
                let mut found = Vec::with_capacity(texts.len());
                for row in rows {
                    if texts.is_null(row) || patterns.is_null(row) || groups.is_null(row) {
                        found.push(None);
                        continue;
                    }
                    let pattern = patterns.value(row);
                    if compiled.as_ref().is_none_or(|(known, _)| known != pattern) {
                        let regex = Regex::new(pattern)
                            .map_err(|err| DataFusionError::Execution(err.to_string()))?;
                        compiled = Some((pattern.to_owned(), regex));
                    }
                    let captures =
                        compiled.as_ref().and_then(|(_, regex)| regex.captures(texts.value(row)));
                    let group = usize::try_from(groups.value(row)).unwrap_or(usize::MAX);
                    let group = captures.as_ref().and_then(|captures| captures.get(group));
                    found.push(group.map(|group| group.as_str().to_owned()));
                }
                Arc::new(StringArray::from(found))
            }
        })
    }
}

/// Any time as milliseconds in UTC; a text is read as ISO 8601.
fn millis(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            let at = |row| texts_at(texts, row, dates::from_iso8601, invalid);
            Ok(Arc::new((0..texts.len()).map(at).collect::<Result<TimestampMillisecondArray>>()?))
        }
        DataType::Timestamp(unit, Some(_)) => {
            let utc = DataType::Timestamp(*unit, Some("UTC".into()));
            Ok(cast(&cast(array, &utc)?, &MILLIS)?)
        }
        _ => Ok(cast(array, &MILLIS)?),
    }
}

fn invalid(text: &str) -> DataFusionError {
    DataFusionError::Execution(format!("INVALID_FUNCTION_ARGUMENT: Invalid format: \"{text}\""))
}

fn texts_at<T>(
    texts: &StringArray,
    row: usize,
    read: impl Fn(&str) -> Option<T>,
    fault: impl Fn(&str) -> DataFusionError,
) -> Result<Option<T>> {
    if texts.is_null(row) {
        return Ok(None);
    }
    let text = texts.value(row);
    read(text).map(Some).ok_or_else(|| fault(text))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    kind: Kind,
    signature: Signature,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.kind.returns())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        Ok(ColumnarValue::Array(self.kind.run(&arrays)?))
    }
}
