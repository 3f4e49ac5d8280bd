//! Which sentences say most: TextRank, and of those the ones that do not repeat each other (MMR).

use std::collections::{HashMap, HashSet};

/// The most sentences that are compared: each with each.
const MOST: usize = 300;
const ROUNDS: usize = 20;
const DAMPING: f64 = 0.85;
/// How much a repetition counts against a sentence.
const REPETITION: f64 = 0.7;
/// Sentences that share so much say the same.
const SAME: f64 = 0.6;
/// Words of fewer characters say nothing.
const SHORT: usize = 4;

/// The indices of up to `wanted` of the sentences, the best first.
pub(super) fn best(sentences: &[&str], wanted: usize) -> Vec<usize> {
    // Of too many, evenly spread ones.
    let step = sentences.len().div_ceil(MOST).max(1);
    let looked: Vec<usize> = (0..sentences.len()).step_by(step).collect();
    let words: Vec<HashSet<String>> =
        looked.iter().filter_map(|at| sentences.get(*at)).map(|text| words_of(text)).collect();
    let scores = ranked(&words);
    let mut left: Vec<usize> = (0..words.len()).filter(|at| !words[*at].is_empty()).collect();
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < wanted && !left.is_empty() {
        let repeats = |at: usize| {
            let like = |other: &usize| similarity(&words[at], &words[*other]);
            chosen.iter().map(like).fold(0.0, f64::max)
        };
        let worth = |at: usize| (1.0 - REPETITION) * scores[at] - REPETITION * repeats(at);
        left.retain(|at| repeats(*at) < SAME);
        let best =
            left.iter().copied().max_by(|a, b| worth(*a).total_cmp(&worth(*b)).then(b.cmp(a)));
        let Some(best) = best else { break };
        left.retain(|at| *at != best);
        chosen.push(best);
    }
    chosen.into_iter().filter_map(|at| looked.get(at).copied()).collect()
}

/// From 0 to 1.
fn ranked(words: &[HashSet<String>]) -> Vec<f64> {
    let count = words.len();
    let mut links: HashMap<(usize, usize), f64> = HashMap::new();
    let mut total = vec![0.0; count];
    for a in 0..count {
        for b in a + 1..count {
            let shared = similarity(&words[a], &words[b]);
            if shared > 0.0 {
                links.insert((a, b), shared);
                total[a] += shared;
                total[b] += shared;
            }
        }
    }
    let mut links: Vec<((usize, usize), f64)> = links.into_iter().collect();
    links.sort_by_key(|(pair, _)| *pair);
    let mut scores = vec![1.0; count];
    for _ in 0..ROUNDS {
        let mut next = vec![1.0 - DAMPING; count];
        for ((a, b), shared) in &links {
            next[*b] += DAMPING * scores[*a] * shared / total[*a];
            next[*a] += DAMPING * scores[*b] * shared / total[*b];
        }
        scores = next;
    }
    let most = scores.iter().copied().fold(1e-9, f64::max);
    scores.into_iter().map(|score| score / most).collect()
}

/// What two sentences share, from 0 to 1.
fn similarity(one: &HashSet<String>, other: &HashSet<String>) -> f64 {
    let shared = one.intersection(other).count() as f64;
    let both = (one.len() + other.len()) as f64 - shared;
    if both == 0.0 { 0.0 } else { shared / both }
}

fn words_of(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= SHORT || !word.is_ascii())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_often_comes_first_and_is_said_once() {
        let sentences = [
            "Requests were throttled because clients retried at once.",
            "Clients retried at once, so requests were throttled.",
            "A certificate expired.",
            "Throttled requests made clients slow.",
        ];
        let best = best(&sentences, 3);
        assert!(best[0] < 2, "{best:?}");
        assert!(!(best.contains(&0) && best.contains(&1)), "{best:?}");
        assert!(best.contains(&2), "{best:?}");
    }

    #[test]
    fn nothing_has_no_best() {
        assert!(best(&[], 3).is_empty());
        assert!(best(&["", "--"], 3).is_empty());
    }
}
