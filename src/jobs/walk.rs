//! Through everything that is due, a batch at a time. What could not be done stays due, at the head of every list: a walk
//! goes on behind it, and begins anew when it came to the end, so that one piece holds up no other.

use std::fmt::Display;
use std::sync::Mutex;

use tracing::{error, warn};

use super::Report;
use crate::storage::{Fault, Trouble};

/// Where a job stands in its list.
pub(super) struct Walk<P>(Mutex<Option<P>>);

impl<P> Default for Walk<P> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<P: Copy> Walk<P> {
    /// Behind which place the next batch begins; `None`: at the beginning.
    pub(super) fn place(&self) -> Option<P> {
        *self.0.lock().expect("nobody panics holding the place")
    }

    /// A batch ended at `last`; if it was `full`, there is more behind it.
    pub(super) fn moved(&self, last: Option<P>, full: bool) -> bool {
        let next = last.filter(|_| full);
        *self.0.lock().expect("nobody panics holding the place") = next;
        next.is_some()
    }
}

impl Report {
    /// Counts what came of one piece. What the rules refuse, and what is broken by itself, is told and passed over; when the
    /// world is, nothing else will go better.
    pub(super) fn settle<T, R: Display>(
        &mut self,
        what: impl Display,
        outcome: Result<T, Trouble<R>>,
    ) -> Result<(), Fault> {
        match outcome {
            Ok(_) => self.done += 1,
            Err(Trouble::Refused(refusal)) => {
                warn!("{what} was due but could not be done: {refusal}");
                self.failed += 1;
            }
            Err(Trouble::Fault(fault)) if fault.retry() => return Err(fault),
            Err(Trouble::Fault(fault)) => {
                error!(%fault, "{what} cannot be done: {fault}");
                self.failed += 1;
            }
        }
        Ok(())
    }
}
