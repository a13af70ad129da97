//! How many connections may be open: from everywhere together, and from one source.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

/// From everywhere together; one more is closed at once.
pub(super) const CONNECTIONS_MAX: usize = 10_000;
/// From one address: all phones of a building behind one router, and no more.
const CONNECTIONS_OF_ONE_MAX: usize = 1_000;

/// Counts connections. Bounded by what it allows.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    source: IpAddr,
    places: Places,
}

impl Places {
    /// A place for a connection from there; `None` when there is none left.
    pub(super) fn take(&self, source: IpAddr) -> Option<Place> {
        // An IPv4 address is one source, however the socket writes it.
        let source = source.to_canonical();
        let mut counts = self.counts();
        let of_source = counts.by_source.get(&source).copied().unwrap_or_default();
        if counts.all >= CONNECTIONS_MAX || of_source >= CONNECTIONS_OF_ONE_MAX {
            return None;
        }
        counts.all += 1;
        counts.by_source.insert(source, of_source + 1);
        let places = self.clone();
        Some(Place { source, places })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().expect("no panic happens while counting")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.counts();
        counts.all -= 1;
        if let Some(of_source) = counts.by_source.get_mut(&self.source) {
            *of_source -= 1;
            if *of_source == 0 {
                counts.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_cannot_take_all_places_and_gives_back_what_it_took() {
        let places = Places::default();
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let mut taken: Vec<Place> = std::iter::from_fn(|| places.take(one)).collect();
        assert_eq!(taken.len(), CONNECTIONS_OF_ONE_MAX);
        assert!(places.take("::ffff:192.0.2.1".parse().unwrap()).is_none());
        assert!(places.take("192.0.2.2".parse().unwrap()).is_some());
        taken.pop();
        assert!(places.take(one).is_some());
        drop(taken);
        assert!(places.counts().by_source.is_empty());
    }
}
