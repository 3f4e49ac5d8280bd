//! The daily rhythm of the sample metrics: when load is high, and when the incident is on.
//!
//! Everything is a function of the time alone. Each day is like the last, which is what lets a
//! counter be computed at any moment without adding up the past.

use std::f64::consts::TAU;

/// Seconds in a day.
pub(super) const DAY: f64 = 86_400.0;
/// When all processes were started, and the first moment with samples: 2026-01-01T00:00:00Z.
pub(super) const STARTED: f64 = 1_767_225_600.0;
/// Seconds between two samples of a series.
pub(super) const SCRAPE: f64 = 30.0;

/// The incident of each day, in seconds after midnight UTC: 14:05 to 14:35.
pub(super) const INCIDENT: (f64, f64) = (14.0 * 3600.0 + 300.0, 14.0 * 3600.0 + 2_100.0);
/// When the first `checkout` pod is killed, each day: 14:12 UTC.
pub(super) const KILLED: f64 = 14.0 * 3600.0 + 720.0;
/// How long it is away then, in seconds.
pub(super) const AWAY: f64 = 60.0;
/// The part of the requests that the incident touches.
pub(super) const TOUCHED: f64 = 0.6;

/// Waves of a day: cycles, share, and phase in cycles. The shares add up to 1, and whole cycles
/// make each day alike.
const WAVES: [(f64, f64, f64); 3] = [(1.0, 0.62, 0.375), (3.0, 0.23, 0.625), (20.0, 0.15, 0.7)];

/// Load at `t` (Unix seconds) around its mean: -1 to 1, highest in the afternoon UTC.
pub(super) fn season(t: f64) -> f64 {
    WAVES
        .iter()
        .map(|(cycles, share, phase)| share * (TAU * (cycles * t / DAY - phase)).sin())
        .sum()
}

/// The integral of [`season`] from midnight to `clock` (seconds), up to a constant.
fn season_integral(clock: f64) -> f64 {
    WAVES
        .iter()
        .map(|(cycles, share, phase)| {
            let speed = TAU * cycles / DAY;
            -share / speed * (TAU * (cycles * clock / DAY - phase)).cos()
        })
        .sum()
}

/// Whether the incident is on at `t` (Unix seconds).
pub(super) fn in_incident(t: f64) -> bool {
    let clock = t.rem_euclid(DAY);
    (INCIDENT.0..INCIDENT.1).contains(&clock)
}

/// Whether the killed pod is away at `t` (Unix seconds).
pub(super) fn is_away(t: f64) -> bool {
    let clock = t.rem_euclid(DAY);
    (KILLED..KILLED + AWAY).contains(&clock)
}

/// When a process that serves at `t` was started, in Unix seconds.
pub(super) fn started(t: f64, killed_daily: bool) -> f64 {
    if !killed_daily {
        return STARTED;
    }
    (t - KILLED - AWAY).div_euclid(DAY) * DAY + KILLED + AWAY
}

/// How often a pod that is killed daily was killed before `t`.
pub(super) fn kills(t: f64) -> f64 {
    ((t - STARTED - KILLED) / DAY).ceil().max(0.0)
}

/// Work done since [`STARTED`] by something that does one unit a second on average, with `swing`
/// (0 to 1) around it over the day: inside all incidents, and in all.
///
/// Work is the integral of `1 + swing × season`, so it never decreases.
pub(super) fn work(t: f64, swing: f64) -> (f64, f64) {
    let since = t - STARTED;
    let (day, clock) = (since.div_euclid(DAY), since.rem_euclid(DAY));
    let today = |clock: f64| clock + swing * season_integral(clock);
    let (begin, end) = (today(INCIDENT.0), today(INCIDENT.1));
    let inside = day * (end - begin) + today(clock.clamp(INCIDENT.0, INCIDENT.1)) - begin;
    (inside, day * DAY + today(clock) - today(0.0))
}

/// A number from 0 to 1 that depends on `seed` and `slot` alone.
pub(super) fn hashed(seed: u64, slot: i64) -> f64 {
    let mixed = mix(seed ^ mix(slot.cast_unsigned()));
    // 53 bits fill a float exactly.
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// Slow noise from 0 to 1 that depends on `seed` and the time alone: a new value each `period`
/// seconds, and straight lines between.
pub(super) fn drift(seed: u64, t: f64, period: f64) -> f64 {
    let slot = (t / period).floor();
    let part = t / period - slot;
    let (here, next) = (hashed(seed, slot as i64), hashed(seed, slot as i64 + 1));
    here + (next - here) * part
}

/// A seed from text: FNV-1a, then mixed.
pub(super) fn seed<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.into_iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(hash)
}

/// The finaliser of SplitMix64.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_what_adding_up_the_rate_gives() {
        // From an evening over a night to the middle of the next incident, a second at a time.
        let start = STARTED + 20.0 * 3600.0;
        let end = STARTED + DAY + INCIDENT.0 + 900.0;
        let (mut inside, mut all) = (0.0, 0.0);
        let mut t = start + 0.5;
        while t < end {
            let rate = 1.0 + 0.5 * season(t);
            all += rate;
            inside += if in_incident(t) { rate } else { 0.0 };
            t += 1.0;
        }
        let (before, after) = (work(start, 0.5), work(end, 0.5));
        let (inside_at_once, all_at_once) = (after.0 - before.0, after.1 - before.1);
        assert!((all - all_at_once).abs() < 1e-3, "{all} {all_at_once}");
        assert!((inside - inside_at_once).abs() < 1e-3, "{inside} {inside_at_once}");
    }

    #[test]
    fn load_is_highest_in_the_afternoon() {
        let hour = |hour: f64| season(STARTED + hour * 3600.0);
        assert!(hour(15.0) > 0.3 && hour(3.0) < -0.3);
        for minute in 0..1_440 {
            assert!(season(f64::from(minute) * 60.0).abs() <= 1.0);
        }
    }

    #[test]
    fn a_process_that_is_killed_daily_starts_anew_after_each_kill() {
        let killed = STARTED + 3.0 * DAY + KILLED;
        assert_eq!(started(killed - 1.0, false), STARTED);
        assert_eq!(started(killed - 1.0, true), killed + AWAY - DAY);
        assert_eq!(started(killed + AWAY, true), killed + AWAY);
        assert_eq!((kills(killed - 1.0), kills(killed + 1.0)), (3.0, 4.0));
        assert!(is_away(killed) && is_away(killed + AWAY - 1.0) && !is_away(killed + AWAY));
    }

    #[test]
    fn noise_stays_in_its_range_and_repeats_itself() {
        for n in 0..1_000 {
            let t = f64::from(n) * 7.3;
            let value = drift(42, t, 60.0);
            assert!((0.0..=1.0).contains(&value));
            assert_eq!(value, drift(42, t, 60.0));
        }
        assert_ne!(hashed(1, 1), hashed(1, 2));
        assert_ne!(seed(["a", "b"]), seed(["ab"]));
    }
}
