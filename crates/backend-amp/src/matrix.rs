//! The fast way through the one answer that gets big: a matrix, as Prometheus writes it.

use memchr::memmem;

use crate::{Series, Values};

/// Cuts the body into its series without looking at each sample: half of what reading a big answer
/// costs would go into that, and the samples are read later anyway.
///
/// `None` when anything is not just as Prometheus writes it, with spaces, warnings or histograms:
/// then serde reads it all. What is cut out as samples is looked at when it is read or written.
pub(crate) fn cut(body: &str) -> Option<Vec<Series<'_>>> {
    let head = r#"{"status":"success","data":{"resultType":"matrix","result":["#;
    let mut rest = body.strip_prefix(head)?;
    let mut all = Vec::new();
    loop {
        // Inside a string the quotes would be escaped, so this is where the labels end.
        let (metric, samples) = split(rest.strip_prefix(r#"{"metric":"#)?, r#"},"values":[["#, 1)?;
        let samples = samples.strip_prefix(r#","values":"#)?;
        let (values, after) = split(samples, "]]", 2)?;
        all.push(Series {
            metric: serde_json::from_str(metric).ok()?,
            value: None,
            values: Some(Values(values)),
            histogram: None,
            histograms: None,
        });
        rest = after.strip_prefix('}')?;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    (rest.trim_end() == "]}}").then_some(all)
}

/// Splits `text` at the first `needle`, of which the first `kept` bytes stay on the left.
fn split<'a>(text: &'a str, needle: &str, kept: usize) -> Option<(&'a str, &'a str)> {
    let at = memmem::find(text.as_bytes(), needle.as_bytes())?;
    text.split_at_checked(at + kept)
}
