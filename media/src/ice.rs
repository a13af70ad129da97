//! An ICE-lite agent (RFC 8445 §2.7): it never checks a path itself, it answers the far side's checks and remembers which
//! addresses passed. Pure: time comes in, what to do goes out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::security::IceCredentials;
use crate::stun::{MESSAGE_MAX, Password, Request};

/// Addresses one far side may use at a time: a browser with several networks checks each.
pub const PATHS_MAX: usize = 4;

/// The far side proves at least this often that it still wants a path (RFC 7675 §5.1 has 5 s, browsers 2.5 s). An address
/// without a proof for three times as long may be another's by now.
pub const PATH_LIFE: Duration = Duration::from_secs(15);

/// One leg's agent.
pub struct Agent {
    current: Local,
    /// Those before a restart, until the far side uses the new ones.
    former: Option<Local>,
    /// At most [`PATHS_MAX`].
    paths: Vec<Path>,
    /// Where to send: the path nominated last, before that the first that passed.
    selected: Option<SocketAddr>,
}

struct Local {
    ufrag: String,
    password: Password,
}

impl Local {
    fn new(credentials: &IceCredentials) -> Self {
        Self {
            ufrag: credentials.ufrag.clone(),
            password: Password::new(&credentials.pwd),
        }
    }
}

/// An address from which the far side has proven itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Path {
    address: SocketAddr,
    proven: Instant,
}

/// What a genuine check brings about; its answer has been written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Bytes to send back.
    pub length: usize,
    /// An address that is this leg's from now on.
    pub joined: Option<SocketAddr>,
    /// One that had to make room.
    pub left: Option<SocketAddr>,
    /// What is sent goes to another address than before.
    pub moved: bool,
    /// A fragment that names this leg no more.
    pub retired: Option<String>,
}

/// The check was not made with the password: it is dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not made with the password")]
pub struct Forged;

impl Agent {
    pub fn new(credentials: &IceCredentials) -> Self {
        Self {
            current: Local::new(credentials),
            former: None,
            paths: Vec::with_capacity(PATHS_MAX),
            selected: None,
        }
    }

    /// New credentials (RFC 8445 §9); those before hold until these are used. Returns a fragment that names this leg no more.
    pub fn restart(&mut self, credentials: &IceCredentials) -> Option<String> {
        let before = std::mem::replace(&mut self.current, Local::new(credentials));
        self.former.replace(before).map(|former| former.ufrag)
    }

    /// Where to send.
    pub fn selected(&self) -> Option<SocketAddr> {
        self.selected
    }

    /// Every address that is this leg's.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.paths.iter().map(|path| path.address)
    }

    /// Every fragment that names this leg.
    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        [Some(&self.current), self.former.as_ref()]
            .into_iter()
            .flatten()
            .map(|local| local.ufrag.as_str())
    }

    /// Has the far side proven lately that this address is its own?
    pub fn is_alive(&self, address: SocketAddr, now: Instant) -> bool {
        self.paths.iter().any(|path| {
            path.address == address && now.saturating_duration_since(path.proven) < PATH_LIFE
        })
    }

    /// The address is another leg's from now on.
    pub fn forget(&mut self, address: SocketAddr) {
        self.paths.retain(|path| path.address != address);
        if self.selected == Some(address) {
            self.selected = self.paths.first().map(|path| path.address);
        }
    }

    /// A check whose fragment names this leg came from `source`. `is_free`: the address is nobody else's. The answer is written
    /// to `out`.
    pub fn check(
        &mut self,
        request: &Request<'_>,
        source: SocketAddr,
        is_free: bool,
        now: Instant,
        out: &mut [u8; MESSAGE_MAX],
    ) -> Result<Answered, Forged> {
        let is_current = request.our_ufrag() == self.current.ufrag.as_bytes();
        let local = match &self.former {
            Some(former) if !is_current => former,
            Some(_) | None => &self.current,
        };
        if !request.is_genuine(&local.password) {
            return Err(Forged);
        }
        let (length, is_good) = request.answer(source, &local.password, out);
        let mut answered = Answered {
            length,
            ..Answered::default()
        };
        if !is_good || !is_free {
            return Ok(answered);
        }
        if let Some(path) = self.paths.iter_mut().find(|path| path.address == source) {
            path.proven = now;
        } else {
            answered.joined = Some(source);
            answered.left = self.make_room();
            self.paths.push(Path {
                address: source,
                proven: now,
            });
        }
        // The far side nominates as often as it likes; the last one holds, as after a change of its network.
        if request.use_candidate || self.selected.is_none() {
            answered.moved = self.selected.is_some_and(|before| before != source);
            self.selected = Some(source);
            if is_current {
                answered.retired = self.former.take().map(|former| former.ufrag);
            }
        }
        Ok(answered)
    }

    /// The path that was proven longest ago goes, but never the one in use.
    fn make_room(&mut self) -> Option<SocketAddr> {
        if self.paths.len() < PATHS_MAX {
            return None;
        }
        let (index, _) = self
            .paths
            .iter()
            .enumerate()
            .filter(|(_, path)| Some(path.address) != self.selected)
            .min_by_key(|(_, path)| path.proven)?;
        Some(self.paths.swap_remove(index).address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun;
    use proptest::prelude::*;

    fn credentials(name: &str) -> IceCredentials {
        IceCredentials {
            ufrag: name.into(),
            pwd: format!("the password of {name}"),
        }
    }

    fn address(n: u16) -> SocketAddr {
        ([192, 0, 2, 1], 1_000 + n).into()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test needs some instant to begin with"
    )]
    fn begin() -> Instant {
        Instant::now()
    }

    /// A check as the far side of `local` makes it.
    fn check(
        agent: &mut Agent,
        local: &IceCredentials,
        from: SocketAddr,
        use_candidate: bool,
        now: Instant,
    ) -> Result<Answered, Forged> {
        let name = format!("{}:browser", local.ufrag);
        let datagram = stun::check(&name, &Password::new(&local.pwd), use_candidate, [1; 12]);
        let request = stun::parse(&datagram).unwrap();
        agent.check(&request, from, true, now, &mut [0; MESSAGE_MAX])
    }

    #[test]
    fn a_nomination_from_elsewhere_moves_what_is_sent() {
        let (now, local) = (begin(), credentials("leg"));
        let mut agent = Agent::new(&local);
        let first = check(&mut agent, &local, address(1), false, now).unwrap();
        assert_eq!((first.joined, first.moved), (Some(address(1)), false));
        assert_eq!(agent.selected(), Some(address(1)));
        // Another path is good, but nobody has asked for it.
        let second = check(&mut agent, &local, address(2), false, now).unwrap();
        assert_eq!((second.joined, second.moved), (Some(address(2)), false));
        assert_eq!(agent.selected(), Some(address(1)));
        let third = check(&mut agent, &local, address(2), true, now).unwrap();
        assert_eq!((third.joined, third.moved), (None, true));
        assert_eq!(agent.selected(), Some(address(2)));
    }

    #[test]
    fn without_the_password_nothing_changes() {
        let (now, local) = (begin(), credentials("leg"));
        let mut agent = Agent::new(&local);
        let thief = IceCredentials {
            pwd: "guessed".into(),
            ..local
        };
        assert_eq!(
            check(&mut agent, &thief, address(1), true, now),
            Err(Forged)
        );
        assert_eq!(agent.selected(), None);
        assert_eq!(agent.addresses().count(), 0);
    }

    #[test]
    fn old_credentials_hold_until_the_new_ones_are_used() {
        let (now, before, after) = (begin(), credentials("before"), credentials("after"));
        let mut agent = Agent::new(&before);
        check(&mut agent, &before, address(1), true, now).unwrap();
        assert_eq!(agent.restart(&after), None);
        assert!(check(&mut agent, &before, address(1), true, now).is_ok());
        let moved = check(&mut agent, &after, address(2), true, now).unwrap();
        assert_eq!(moved.retired.as_deref(), Some("before"));
        assert_eq!(
            check(&mut agent, &before, address(1), true, now),
            Err(Forged)
        );
        assert_eq!(agent.ufrags().collect::<Vec<_>>(), ["after"]);
    }

    proptest! {
        #[test]
        fn addresses_are_few_and_the_one_in_use_is_among_them(
            checks in proptest::collection::vec((0..9_u16, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let (mut now, local) = (begin(), credentials("leg"));
            let mut agent = Agent::new(&local);
            let mut known: Vec<SocketAddr> = Vec::new();
            for (from, use_candidate, is_forgotten) in checks {
                now += Duration::from_secs(1);
                let answered = check(&mut agent, &local, address(from), use_candidate, now).unwrap();
                known.retain(|address| Some(*address) != answered.left);
                known.extend(answered.joined);
                if is_forgotten {
                    agent.forget(address(from));
                    known.retain(|known| *known != address(from));
                }
                prop_assert!(known.len() <= PATHS_MAX);
                let mut addresses: Vec<_> = agent.addresses().collect();
                addresses.sort();
                known.sort();
                prop_assert_eq!(&addresses, &known);
                match agent.selected() {
                    Some(selected) => prop_assert!(known.contains(&selected)),
                    None => prop_assert!(known.is_empty()),
                }
            }
        }
    }
}
