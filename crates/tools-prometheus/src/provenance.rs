//! Where an answer comes from and what it cost.

use backend_amp::{CallStats, Target};
use serde::Serialize;

use crate::time::UnixMillis;
use crate::window::Window;

/// Goes with every result, so that it can be checked and repeated.
#[derive(Debug, Serialize)]
pub(crate) struct Provenance<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// The window of a range query, resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Echo>,
    /// The moment of an instant query, resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// What ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    promql: Option<&'a str>,
    /// Samples in the whole answer, before anything was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<usize>,
    http_calls: u32,
    elapsed_ms: u64,
    /// How old the cached address of the workspace is.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_age_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Echo {
    start: String,
    end: String,
    step: String,
    points: u64,
    /// Why this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_reason: Option<&'static str>,
}

impl<'a> Provenance<'a> {
    /// What `target` was asked, and what finding and asking it cost.
    pub(crate) fn of(target: &Target, asked: CallStats) -> Self {
        let cost = target.stats + asked;
        Self {
            workspace: target.workspace.as_ref().map(ToString::to_string),
            region: target.region.as_ref().map(ToString::to_string),
            cache_age_seconds: target.cache_age.map(|age| age.as_secs()),
            ..Self::cost(cost)
        }
    }

    /// An answer that is of no workspace.
    pub(crate) fn cost(cost: CallStats) -> Self {
        Self {
            workspace: None,
            region: None,
            window: None,
            time: None,
            promql: None,
            samples: None,
            http_calls: cost.http_calls,
            elapsed_ms: cost.elapsed.as_millis() as u64,
            cache_age_seconds: None,
        }
    }

    /// An answer about a region.
    pub(crate) fn with_region(self, region: String) -> Self {
        Self { region: Some(region), ..self }
    }

    /// An answer to PromQL at `time`, or over `window`.
    pub(crate) fn with_query(
        self,
        promql: &'a str,
        time: UnixMillis,
        window: Option<&Window>,
        samples: usize,
    ) -> Self {
        Self {
            promql: Some(promql),
            samples: Some(samples),
            time: window.is_none().then(|| time.to_string()),
            window: window.map(|window| Echo {
                start: window.start.to_string(),
                end: window.end.to_string(),
                step: window.step.to_string(),
                points: window.points(),
                step_reason: window.auto.then_some("auto: about 250 points"),
            }),
            ..self
        }
    }
}
