//! The window of a range query: start, end and step, resolved and held to Prometheus' limit.

use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND, TimeError, UnixMillis, WEEK, YEAR, shown};

/// The most points a series may have in one range query; Prometheus' own limit.
pub const MAX_POINTS: u64 = 11_000;

/// How many points a series `step=auto` aims at.
const AUTO_POINTS: u64 = 250;

/// Steps a person would choose.
const GRID: [u64; 22] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    WEEK,
    30 * DAY,
    YEAR,
];

/// The step of a range query as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepChoice {
    /// About 250 points, on a step a person would choose.
    Auto,
    /// Exactly this.
    Every(Millis),
}

impl std::str::FromStr for StepChoice {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        let millis = match text.parse::<Millis>() {
            Ok(step) => step.0,
            // Out of range and NaN become 0 or the largest number; both are refused below.
            Err(_) => (text.parse::<f64>().unwrap_or(0.0) * 1e3).round() as u64,
        };
        if millis == 0 || millis > 20_000 * YEAR {
            return Err(TimeError::NotAStep(shown(text)));
        }
        Ok(Self::Every(Millis(millis)))
    }
}

/// The window of a range query, resolved: what is sent and what is echoed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first point.
    pub start: UnixMillis,
    /// The last moment; the last point is at most one step before it.
    pub end: UnixMillis,
    /// The distance between two points.
    pub step: Millis,
    /// Whether the step was chosen here (`step=auto`).
    pub auto: bool,
}

impl Window {
    /// Resolves `start`, `end` and `step` of a call.
    ///
    /// # Errors
    /// [`TimeError`] when one of them cannot be read, when the window is backwards, or when it
    /// has more than [`MAX_POINTS`] points.
    pub fn resolve(start: &str, end: &str, step: &str, now: UnixMillis) -> Result<Self, TimeError> {
        let start = UnixMillis::parse(start, now)?;
        let end = UnixMillis::parse(end, now)?;
        let choice: StepChoice = step.parse()?;
        if end < start {
            return Err(TimeError::Backwards { start, end });
        }
        let length = Millis((end.0 - start.0) as u64);
        let (step, auto) = match choice {
            StepChoice::Auto => (auto_step(length), true),
            StepChoice::Every(step) => (step, false),
        };
        let points = points(length, step);
        if points > MAX_POINTS {
            return Err(TimeError::TooManyPoints { step, points, fitting: fitting_step(length) });
        }
        Ok(Self { start, end, step, auto })
    }

    /// Points a series has when none is missing.
    pub fn points(&self) -> u64 {
        points(Millis((self.end.0 - self.start.0) as u64), self.step)
    }
}

fn points(length: Millis, step: Millis) -> u64 {
    length.0 / step.0 + 1
}

/// The step on the grid whose number of points is nearest to 250, as a ratio.
fn auto_step(length: Millis) -> Millis {
    let off = |step: u64| {
        let wanted = length.0 as f64 / AUTO_POINTS as f64;
        (wanted.max(1.0) / step as f64).ln().abs()
    };
    let nearest = GRID.into_iter().min_by(|a, b| off(*a).total_cmp(&off(*b)));
    Millis(nearest.unwrap_or(SECOND)).max(fitting_step(length))
}

/// The smallest step on the grid with at most [`MAX_POINTS`] points.
fn fitting_step(length: Millis) -> Millis {
    let fits = |step: &u64| points(length, Millis(*step)) <= MAX_POINTS;
    // A window longer than 11,000 years fits two-year steps.
    Millis(GRID.into_iter().find(fits).unwrap_or(2 * YEAR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-20T12:00:00Z.
    const NOW: UnixMillis = UnixMillis(1_795_176_000_000);

    #[test]
    fn a_step_is_a_duration_or_seconds_or_auto() {
        let every = |millis| Ok(StepChoice::Every(Millis(millis)));
        for (text, expected) in [
            ("15s", every(15_000)),
            ("15", every(15_000)),
            ("0.5", every(500)),
            ("1h30m", every(5_400_000)),
            ("auto", Ok(StepChoice::Auto)),
        ] {
            assert_eq!(text.parse::<StepChoice>(), expected, "{text:?}");
        }
        for text in ["0", "0s", "-15s", "-1", "NaN", "inf", "", "fast", "1m1h", "1m1m", "1.5h"] {
            let refused = TimeError::NotAStep(text.to_owned());
            assert_eq!(text.parse::<StepChoice>(), Err(refused), "{text:?}");
        }
    }

    #[test]
    fn auto_takes_about_250_points_on_a_human_grid() {
        for (start, step, points) in [
            ("10s", "1s", 11),
            ("15m", "5s", 181),
            ("1h", "15s", 241),
            ("6h", "2m", 181),
            ("24h", "5m", 289),
            ("7d", "30m", 337),
            ("30d", "3h", 241),
            ("1y", "2d", 183),
        ] {
            let window = Window::resolve(start, "now", "auto", NOW).unwrap();
            assert_eq!((window.step.to_string().as_str(), window.points()), (step, points));
            assert!(window.auto);
        }
    }

    #[test]
    fn more_than_11000_points_are_refused_with_a_step_that_fits() {
        let error = Window::resolve("7d", "now", "15s", NOW).unwrap_err();
        assert_eq!(
            error.to_string(),
            "step 15s over this window is 40321 points a series, more than 11000: use step 1m or auto"
        );
        assert!(Window::resolve("7d", "now", "1m", NOW).is_ok());
        assert!(Window::resolve("10999s", "now", "1", NOW).is_ok());
        assert!(Window::resolve("11000s", "now", "1", NOW).is_err());
    }

    #[test]
    fn a_backwards_window_is_refused() {
        let error = Window::resolve("now", "now-1h", "15s", NOW).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the window ends (2026-11-20T11:00:00Z) before it starts (2026-11-20T12:00:00Z): swap start and end"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(start in ".{0,20}", step in ".{0,20}") {
            let _ = Window::resolve(&start, "now", &step, NOW);
        }

        #[test]
        fn auto_never_exceeds_the_limit(length in 0..15_000 * YEAR) {
            prop_assert!(points(Millis(length), auto_step(Millis(length))) <= MAX_POINTS);
        }
    }
}
