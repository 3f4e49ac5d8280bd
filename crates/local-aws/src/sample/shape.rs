//! The value of a series as a function of time.

use super::clockwork::{self, SCRAPE, STARTED, TOUCHED};

/// What a value does over time. `during` is what the incident makes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// Always the same.
    Fixed(f64),
    /// Up and down with the load of the day, with noise. In the incident it is `during` times as
    /// high.
    Gauge { base: f64, during: f64, whole: bool },
    /// Grows by `rate` a second on average, with `swing` (-1 to 1) over the day. In the incident the part that it touches,
    /// [`TOUCHED`], adds `during` a second instead.
    Counter { rate: f64, during: f64, swing: f64, whole: bool },
    /// How many copies of a process serve, of so many.
    Serving(f64),
    /// How many do not.
    Missing,
    /// The time in seconds.
    Now,
    /// When the process was started, in Unix seconds.
    Started,
    /// How often the process was killed.
    Kills,
}

/// What happens to a process each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing.
    Calm,
    /// The incident touches it.
    Touched,
    /// The incident touches it, and it is killed and started anew.
    Killed,
}

/// Daily swing of gauges.
const SWING: f64 = 0.22;

impl Shape {
    /// The value at `t` (Unix seconds) of the series with this seed; `None` where there is no
    /// sample.
    pub(super) fn at(self, t: f64, seed: u64, fate: Fate) -> Option<f64> {
        let killed = fate == Fate::Killed;
        if t < STARTED {
            return None;
        }
        let away = killed && clockwork::is_away(t);
        let value = match self {
            Self::Serving(copies) => return Some(if away { copies - 1.0 } else { copies }),
            Self::Missing => return Some(if away { 1.0 } else { 0.0 }),
            Self::Kills => return Some(if killed { clockwork::kills(t) } else { 0.0 }),
            _ if away => return None,
            Self::Fixed(value) => value,
            Self::Now => t,
            Self::Started => clockwork::started(t, killed),
            Self::Gauge { base, during, whole } => {
                let factor =
                    if fate != Fate::Calm && clockwork::in_incident(t) { during } else { 1.0 };
                let noise = 0.12 * (clockwork::drift(seed, t, 600.0) - 0.5)
                    + 0.05 * (clockwork::drift(!seed, t, SCRAPE) - 0.5);
                let value = base * factor * (1.0 + SWING * clockwork::season(t) + noise);
                round(value.max(0.0), whole)
            }
            Self::Counter { rate, during, swing, whole } => {
                let (calm, touched) = counted(t, swing, seed, fate);
                round(rate * calm + during * touched, whole)
            }
        };
        Some(value)
    }
}

/// Seconds' worth of work that a process has done at `t` since it was started: untouched by the
/// incident, and touched.
fn counted(t: f64, swing: f64, seed: u64, fate: Fate) -> (f64, f64) {
    let (mut inside, mut all) = clockwork::work(t, swing);
    if fate == Fate::Killed {
        let before = clockwork::work(clockwork::started(t, true).max(STARTED), swing);
        inside -= before.0;
        all -= before.1;
    }
    let touched = if fate == Fate::Calm { 0.0 } else { TOUCHED * inside };
    // Noise may hold a counter back by less than it grows at its slowest between two samples.
    let slowest = (1.0 - swing.abs()) * (1.0 - TOUCHED);
    let noise = 0.3 * 900.0 * clockwork::drift(seed, t, 900.0)
        + 0.5 * SCRAPE * clockwork::hashed(seed, (t / SCRAPE).floor() as i64);
    (all - touched + slowest * noise, touched)
}

/// Rounded so that text holds it exactly: to a whole number, or to three decimals.
fn round(value: f64, whole: bool) -> f64 {
    if whole { value.floor() } else { (value * 1e3).round() / 1e3 }
}

/// The part of log-logistic times (`median` in seconds) that is at most `bound` seconds: a
/// stand-in for the latencies of a service, with a long tail.
pub(super) fn share_within(bound: f64, median: f64) -> f64 {
    if bound.is_infinite() {
        return 1.0;
    }
    1.0 / (1.0 + (median / bound).powi(3))
}

/// The mean of the times whose distribution [`share_within`] tells.
pub(super) fn mean(median: f64) -> f64 {
    let third = std::f64::consts::FRAC_PI_3;
    median * third / third.sin()
}

/// The time that a part `quantile` of them stays within.
pub(super) fn quantile(quantile: f64, median: f64) -> f64 {
    median * (quantile / (1.0 - quantile)).cbrt()
}

#[cfg(test)]
mod tests {
    use super::super::clockwork::{AWAY, DAY, INCIDENT, KILLED};
    use super::*;

    const COUNTER: Shape = Shape::Counter { rate: 3.0, during: 0.0, swing: 0.5, whole: false };

    #[test]
    fn a_counter_never_decreases_but_when_its_process_is_killed() {
        for fate in [Fate::Calm, Fate::Touched, Fate::Killed] {
            let mut before = 0.0;
            let mut resets = 0;
            for n in 0..6_000 {
                let t = STARTED + 2.0 * DAY + 7.0 + f64::from(n) * SCRAPE;
                let Some(value) = COUNTER.at(t, 99, fate) else {
                    continue;
                };
                assert!(value >= 0.0);
                resets += usize::from(value < before);
                before = value;
            }
            let expected = if fate == Fate::Killed { 2 } else { 0 };
            assert_eq!(resets, expected, "{fate:?}");
        }
    }

    #[test]
    fn a_counter_grows_at_its_rate() {
        let day = |n: f64| COUNTER.at(STARTED + n * DAY, 1, Fate::Calm).unwrap();
        let rate = (day(9.0) - day(8.0)) / DAY;
        assert!((rate - 3.0).abs() < 0.02, "{rate}");
    }

    #[test]
    fn the_incident_shows_in_what_it_touches() {
        let gauge = Shape::Gauge { base: 100.0, during: 4.0, whole: false };
        let (calm, hot) = (STARTED + INCIDENT.0 - 60.0, STARTED + INCIDENT.0 + 60.0);
        let at = |t: f64, fate| gauge.at(t, 5, fate).unwrap();
        assert!(at(hot, Fate::Touched) > 3.0 * at(calm, Fate::Touched));
        assert!(at(hot, Fate::Calm) < 1.5 * at(calm, Fate::Calm));
    }

    #[test]
    fn a_killed_process_has_no_samples_while_it_is_away() {
        let gone = STARTED + KILLED + 1.0;
        assert_eq!(COUNTER.at(gone, 1, Fate::Killed), None);
        assert_eq!(Shape::Serving(1.0).at(gone, 1, Fate::Killed), Some(0.0));
        assert_eq!(Shape::Serving(1.0).at(gone + AWAY, 1, Fate::Killed), Some(1.0));
        assert_eq!(Shape::Kills.at(gone, 1, Fate::Killed), Some(1.0));
        assert_eq!(COUNTER.at(STARTED - 1.0, 1, Fate::Calm), None);
    }

    #[test]
    fn values_survive_their_decimal_text() {
        for n in 0..2_000 {
            let t = STARTED + f64::from(n) * 4_321.0;
            let value = COUNTER.at(t, 3, Fate::Touched).unwrap();
            let text = format!("{value}");
            assert_eq!(text.parse::<f64>().unwrap(), value);
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert!(decimals <= 3, "{text}");
        }
    }

    #[test]
    fn quantiles_and_shares_tell_the_same() {
        assert_eq!(share_within(f64::INFINITY, 0.04), 1.0);
        assert!((share_within(quantile(0.99, 0.04), 0.04) - 0.99).abs() < 1e-9);
        assert!((mean(1.0) - 1.209).abs() < 1e-3);
    }
}
