//! How much of a large answer is given, by which rule, and where the rest is.
//!
//! Items are put in a stated order, given from the front until the budget is spent, and the rest
//! is had by cursor. Nothing is cut inside an item: one that is larger than the whole budget is
//! given alone.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Bytes of JSON that the items of an answer may take by default.
pub(crate) const DEFAULT_BYTES: usize = 100_000;

/// Bytes of JSON that `output=full` may take. A Lambda function can answer 6 MB, in which JSON
/// inside JSON is escaped.
pub(crate) const FULL_BYTES: usize = 4_000_000;

/// Part of an answer: which of its ranked items are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Ranks, from 0.
    pub(crate) given: Range<usize>,
    /// Items in the whole answer.
    pub(crate) total: usize,
}

impl Page {
    /// As many items from rank `from` on as `budget` bytes hold, and at least one. `size` tells
    /// the bytes of the item of a rank.
    pub(crate) fn fill(
        from: usize,
        total: usize,
        budget: usize,
        mut size: impl FnMut(usize) -> usize,
    ) -> Self {
        let mut spent: usize = 0;
        let fits = |rank: &usize| {
            // And one for the comma.
            spent = spent.saturating_add(size(*rank) + 1);
            spent <= budget
        };
        let from = from.min(total);
        let more = (from..total).take_while(fits).count();
        Self { given: from..(from + more.max(1)).min(total), total }
    }

    /// Whether this is everything.
    pub(crate) fn is_whole(&self) -> bool {
        self.given == (0..self.total)
    }

    /// The rank at which the next page starts, if there is one.
    pub(crate) fn next(&self) -> Option<usize> {
        (self.given.end < self.total).then_some(self.given.end)
    }
}

/// What an answer says about what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Truncated {
    /// Items in this answer.
    pub(crate) returned: usize,
    /// Items in the whole.
    pub(crate) total: usize,
    /// Which ones: `top 20 by max`.
    pub(crate) rule: String,
    /// The `cursor` of the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// What the cursor of a query holds: the question as it was resolved, and how far the answer went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The rank that comes next.
    pub(crate) rank: usize,
    /// A digest of the ranking: another one means that the data has changed.
    pub(crate) ranking: u64,
    /// The moment that `now` was when the first page was made, in Unix milliseconds.
    pub(crate) now: i64,
}

/// Ranks by `key`, largest first; NaN last; equals in the order they came.
pub(crate) fn largest_first(count: usize, key: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| {
        let (a, b) = (key(*a), key(*b));
        a.is_nan().cmp(&b.is_nan()).then_with(|| b.total_cmp(&a))
    });
    order
}

/// A digest of `items` in their order (FNV-1a, 64 bits). It guards against accidents; whoever
/// could forge it can only confuse their own answer.
pub(crate) fn digest<'a>(items: impl Iterator<Item = &'a str>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    items.fold(0xcbf2_9ce4_8422_2325, |hash, item| step(item.bytes().fold(hash, step), 0xff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_item_larger_than_the_budget_is_given_whole_and_alone() {
        let sizes = [10, 500, 10];
        let page = |from| Page::fill(from, 3, 100, |rank| sizes[rank]);
        assert_eq!(page(0).given, 0..1);
        assert_eq!(page(1).given, 1..2);
        assert_eq!(page(2).given, 2..3);
        assert_eq!(page(2).next(), None);
    }

    #[test]
    fn nothing_is_a_whole_answer() {
        let page = Page::fill(0, 0, 100, |_| 1);
        assert!(page.is_whole());
        assert_eq!(page.next(), None);
    }

    #[test]
    fn a_rank_beyond_the_end_gives_nothing() {
        assert_eq!(Page::fill(9, 3, 100, |_| 1).given, 3..3);
    }

    #[test]
    fn the_largest_come_first_and_nan_last() {
        let keys = [1.0, f64::NAN, 3.0, 1.0, f64::INFINITY, -f64::NAN];
        assert_eq!(largest_first(6, |i| keys[i]), [4, 2, 0, 3, 1, 5]);
    }

    #[test]
    fn a_digest_sees_the_order_and_the_borders() {
        let of = |items: &[&str]| digest(items.iter().copied());
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }

    proptest! {
        #[test]
        fn following_the_pages_gives_each_item_exactly_once(
            sizes in proptest::collection::vec(0_usize..400, 0..80),
            budget in 0_usize..1000,
        ) {
            let mut given = Vec::new();
            let mut from = Some(0);
            while let Some(rank) = from {
                let page = Page::fill(rank, sizes.len(), budget, |rank| sizes[rank]);
                let spent: usize = sizes[page.given.clone()].iter().map(|size| size + 1).sum();
                prop_assert!(spent <= budget || page.given.len() == 1);
                given.extend(page.given.clone());
                from = page.next();
            }
            prop_assert_eq!(given, (0..sizes.len()).collect::<Vec<_>>());
        }
    }
}
