//! `output=columns`: one time axis for all series, one row of numbers a series.

use backend_amp::{Error, Series};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::time::UnixMillis;
use crate::window::Window;

/// A number as JSON has it where it can: NaN and the infinities are strings, a gap is `null`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure(pub(crate) Option<f64>);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => to.serialize_none(),
            Some(value) if value.is_nan() => to.serialize_str("NaN"),
            Some(value) if value.is_infinite() => {
                to.serialize_str(if value > 0.0 { "+Inf" } else { "-Inf" })
            }
            // `3` and not `3.0`.
            Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
                to.serialize_i64(value as i64)
            }
            Some(value) => to.serialize_f64(value),
        }
    }
}

/// The moments of all samples, in Unix milliseconds, ascending; with a window also its points at
/// which no series has a sample.
pub(crate) fn axis(series: &[Series<'_>], window: Option<&Window>) -> Result<Vec<i64>, Error> {
    let mut times = Vec::new();
    if let Some(window) = window {
        let step = window.step.0 as i64;
        times.extend((0..window.points() as i64).map(|point| window.start.0 + point * step));
    }
    for series in series {
        for point in series.points() {
            times.push(millis(point?.time));
        }
    }
    times.sort_unstable();
    times.dedup();
    Ok(times)
}

/// Unix seconds in milliseconds, Prometheus' own resolution.
pub(crate) fn millis(seconds: f64) -> i64 {
    // Half away from zero, without a call into the mathematics library for each sample.
    let millis = seconds * 1e3;
    (millis + 0.5_f64.copysign(millis)) as i64
}

/// The time axis in Unix seconds, as Prometheus writes them.
pub(crate) struct Axis<'a>(pub(crate) &'a [i64]);

impl Serialize for Axis<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(self.0.len()))?;
        for at in self.0 {
            seq.serialize_element(&Figure(Some(UnixMillis(*at).as_secs())))?;
        }
        seq.end()
    }
}

/// One series on the axis.
#[derive(Debug, Serialize)]
pub(crate) struct Column<'a> {
    metric: &'a RawValue,
    values: Vec<Figure>,
}

impl<'a> Column<'a> {
    /// The samples of `series` on `axis`, which was made of this series too.
    pub(crate) fn new(series: &Series<'a>, axis: &[i64]) -> Self {
        let mut values = vec![Figure(None); axis.len()];
        let mut at = 0;
        // Each point was read once for the axis, which fails where one cannot be.
        for point in series.points().map_while(Result::ok) {
            let time = millis(point.time);
            while axis.get(at).is_some_and(|moment| *moment < time) {
                at += 1;
            }
            if let Some(place) = values.get_mut(at) {
                *place = Figure(Some(point.value));
            }
        }
        Self { metric: series.metric, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;

    #[test]
    fn gaps_are_null_and_what_is_no_number_is_a_string() {
        let json = r#"[{"metric":{"a":"1"},"values":[[10,"1.5"],[25,"NaN"]]},
            {"metric":{"a":"2"},"values":[[10,"3"],[20,"-Inf"],[25,"1e300"]]}]"#;
        let series: Vec<Series<'_>> = serde_json::from_str(json).unwrap();
        let window = Window {
            start: UnixMillis(10_000),
            end: UnixMillis(30_000),
            step: Millis(5_000),
            auto: false,
        };
        let axis = axis(&series, Some(&window)).unwrap();
        let columns: Vec<_> = series.iter().map(|series| Column::new(series, &axis)).collect();
        insta::assert_snapshot!(serde_json::to_string(&Axis(&axis)).unwrap(), @"[10,15,20,25,30]");
        insta::assert_snapshot!(
            serde_json::to_string(&columns).unwrap(),
            @r#"[{"metric":{"a":"1"},"values":[1.5,null,null,"NaN",null]},{"metric":{"a":"2"},"values":[3,null,"-Inf",1e+300,null]}]"#
        );
    }
}
