//! Deadlines in order. Each owner has at most one and knows it, so moving one costs two tree operations and nothing is
//! ever scanned.

use std::collections::BTreeSet;
use std::time::Instant;

/// Owners of deadlines, ordered by when they are due.
#[derive(Debug)]
pub(crate) struct Schedule<K> {
    due: BTreeSet<(Instant, K)>,
}

impl<K: Ord + Copy> Schedule<K> {
    pub(crate) fn new() -> Self {
        Self {
            due: BTreeSet::new(),
        }
    }

    /// Replaces the owner's deadline. `old` must be what it was set to before.
    pub(crate) fn set(&mut self, owner: K, old: Option<Instant>, new: Option<Instant>) {
        if old == new {
            return;
        }
        if let Some(at) = old {
            self.due.remove(&(at, owner));
        }
        if let Some(at) = new {
            self.due.insert((at, owner));
        }
    }

    /// When the next deadline falls.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one owner whose deadline has come.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<K> {
        let (at, owner) = *self.due.first()?;
        (at <= now).then(|| {
            self.due.remove(&(at, owner));
            owner
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn owners_come_in_the_order_of_their_last_deadline() {
        #[expect(
            clippy::disallowed_methods,
            reason = "an Instant has no other origin; only differences to it are used"
        )]
        let start = Instant::now();
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        let mut schedule = Schedule::new();
        schedule.set('a', None, at(1));
        schedule.set('b', None, at(2));
        schedule.set('c', None, at(2));
        schedule.set('a', at(1), at(3));
        schedule.set('c', at(2), None);
        assert_eq!(schedule.next(), at(2));
        assert_eq!(schedule.pop(start), None, "nothing is due yet");
        let late = start + Duration::from_secs(9);
        assert_eq!(schedule.pop(late), Some('b'));
        assert_eq!(schedule.pop(late), Some('a'));
        assert_eq!(schedule.pop(late), None);
        assert_eq!(schedule.next(), None);
    }
}
