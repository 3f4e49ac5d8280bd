//! Series laid over the steps of a query.

use std::collections::HashMap;

use crate::{Error, Labels};

/// One series over the steps of a query: at each step a value or a gap.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) labels: Labels,
    pub(crate) values: Vec<Option<f64>>,
}

impl Track {
    /// The same labels with each value passed through `function`.
    pub(crate) fn map(mut self, function: impl Fn(f64) -> f64) -> Self {
        for value in self.values.iter_mut().flatten() {
            *value = function(*value);
        }
        self
    }

    /// The same labels with each value passed through `function`, which also gets the index of
    /// the step and may leave a gap.
    pub(crate) fn filter_map(mut self, function: impl Fn(usize, f64) -> Option<f64>) -> Self {
        for (step, slot) in self.values.iter_mut().enumerate() {
            *slot = slot.and_then(|value| function(step, value));
        }
        self
    }

    pub(crate) fn without_metric_name(mut self) -> Self {
        self.labels = self.labels.without_metric_name();
        self
    }

    pub(crate) fn is_gap(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }
}

/// Drops tracks without a value and joins those whose labels have become equal. Two values for
/// the same labels at one step are an error.
pub(crate) fn merge(tracks: Vec<Track>) -> Result<Vec<Track>, Error> {
    let mut merged: Vec<Track> = Vec::with_capacity(tracks.len());
    let mut places: HashMap<Labels, usize> = HashMap::with_capacity(tracks.len());
    for track in tracks {
        if track.is_gap() {
            continue;
        }
        let Some(&place) = places.get(&track.labels) else {
            places.insert(track.labels.clone(), merged.len());
            merged.push(track);
            continue;
        };
        for (slot, value) in merged[place].values.iter_mut().zip(track.values) {
            if slot.is_some() && value.is_some() {
                return Err(Error::Execution(
                    "vector cannot contain metrics with the same labelset".into(),
                ));
            }
            *slot = slot.or(value);
        }
    }
    Ok(merged)
}
