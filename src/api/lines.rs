//! Who may open a phone's WebSocket, and how many: pages of ours, phones on private ways, so many of each.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::HeaderValue;

use crate::domain::id::Username;

/// WebSockets of people who are logged in. One more is refused.
const PAGES_MAX: usize = 4096;
/// Of one person: a few tabs, and those that vanished and are not yet missed.
const PAGES_OF_ONE_MAX: usize = 16;
/// WebSockets of those who came without a login: they prove themselves, if at all, by each request.
const PHONES_MAX: usize = 512;
/// Of one source.
const PHONES_OF_ONE_MAX: usize = 64;

/// What decides who comes in.
pub(super) struct Doors {
    /// Origins beside our own, as browsers write them.
    origins: Vec<String>,
    /// We speak TLS ourselves, or a front before us does.
    encrypted: bool,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    pages: HashMap<Username, usize>,
    phones: HashMap<IpAddr, usize>,
}

/// One WebSocket's place; given back when dropped.
pub(crate) struct Place {
    who: Who,
    counts: Arc<Mutex<Counts>>,
}

enum Who {
    Page(Username),
    Phone(IpAddr),
}

impl Doors {
    pub(super) fn new(origins: Vec<String>, encrypted: bool) -> Self {
        Self {
            origins,
            encrypted,
            counts: Arc::default(),
        }
    }

    /// The page stands on this server (its Origin names the host that was asked) or on one that was named in the configuration.
    pub(crate) fn is_ours(&self, origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
        let (Ok(origin), host) = (origin.to_str(), host.and_then(|host| host.to_str().ok())) else {
            return false;
        };
        if self
            .origins
            .iter()
            .any(|known| known.eq_ignore_ascii_case(origin))
        {
            return true;
        }
        // A page that came in the clear is not ours where we are reached by TLS: somebody on the way may have written it.
        let authority = match origin.split_once("://") {
            Some(("https", authority)) => Some(authority),
            Some(("http", authority)) if !self.encrypted => Some(authority),
            Some(_) | None => None,
        };
        authority.is_some_and(|authority| {
            host.is_some_and(|host| !host.is_empty() && host.eq_ignore_ascii_case(authority))
        })
    }

    /// Nobody on the way can read along.
    pub(crate) fn is_private(&self, peer: IpAddr) -> bool {
        self.encrypted || peer.to_canonical().is_loopback()
    }

    pub(crate) const fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// A place for one more, if there is one.
    pub(crate) fn take(&self, person: Option<&Username>, source: IpAddr) -> Option<Place> {
        let mut counts = held(&self.counts);
        let who = match person {
            Some(person) => {
                count(&mut counts.pages, person, PAGES_OF_ONE_MAX, PAGES_MAX)?;
                Who::Page(person.clone())
            }
            None => {
                count(&mut counts.phones, &source, PHONES_OF_ONE_MAX, PHONES_MAX)?;
                Who::Phone(source)
            }
        };
        let counts = Arc::clone(&self.counts);
        Some(Place { who, counts })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = held(&self.counts);
        match &self.who {
            Who::Page(person) => discount(&mut counts.pages, person),
            Who::Phone(source) => discount(&mut counts.phones, source),
        }
    }
}

fn held(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts
        .lock()
        .expect("no panic happens while the counts are held")
}

fn count<K: Eq + Hash + Clone>(
    counts: &mut HashMap<K, usize>,
    key: &K,
    of_one_max: usize,
    max: usize,
) -> Option<()> {
    let (all, own) = (
        counts.values().sum::<usize>(),
        counts.get(key).copied().unwrap_or(0),
    );
    if all >= max || own >= of_one_max {
        return None;
    }
    counts.insert(key.clone(), own + 1);
    Some(())
}

fn discount<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(own) = counts.get_mut(key) {
        *own -= 1;
        if *own == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(doors: &Doors, origin: &str, host: &str) -> bool {
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        doors.is_ours(&value(origin), Some(&value(host)))
    }

    #[test]
    fn a_page_is_ours_by_its_origin() {
        let plain = Doors::new(vec!["https://desk.example".to_owned()], false);
        let encrypted = Doors::new(Vec::new(), true);
        let table = [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true, false),
            ("https://hotline.example", "hotline.example", true, true),
            ("https://HOTLINE.example", "hotline.EXAMPLE", true, true),
            (
                "https://hotline.example:8443",
                "hotline.example",
                false,
                false,
            ),
            ("https://desk.example", "hotline.example", true, false),
            (
                "https://desk.example.evil.example",
                "hotline.example",
                false,
                false,
            ),
            (
                "https://hotline.example.evil.example",
                "hotline.example",
                false,
                false,
            ),
            ("ftp://hotline.example", "hotline.example", false, false),
            ("null", "hotline.example", false, false),
            ("https://", "", false, false),
        ];
        for (origin, host, by_plain, by_encrypted) in table {
            assert_eq!(
                is_ours(&plain, origin, host),
                by_plain,
                "{origin} at {host}"
            );
            assert_eq!(
                is_ours(&encrypted, origin, host),
                by_encrypted,
                "{origin} at {host}"
            );
        }
        assert!(!plain.is_ours(&HeaderValue::from_static("https://a.example"), None));
    }

    #[test]
    fn places_are_counted_and_given_back() {
        let doors = Doors::new(Vec::new(), true);
        let (wang, here) = (Username::from("wang"), IpAddr::from([192, 0, 2, 1]));
        let taken: Vec<Place> = std::iter::from_fn(|| doors.take(Some(&wang), here)).collect();
        assert_eq!(taken.len(), PAGES_OF_ONE_MAX);
        assert!(doors.take(Some(&"li".into()), here).is_some());
        let phones: Vec<Place> = std::iter::from_fn(|| doors.take(None, here)).collect();
        assert_eq!(phones.len(), PHONES_OF_ONE_MAX);
        drop((taken, phones));
        assert!(doors.take(Some(&wang), here).is_some() && doors.take(None, here).is_some());
        let counts = held(&doors.counts);
        assert!(counts.pages.is_empty() && counts.phones.is_empty());
    }
}
