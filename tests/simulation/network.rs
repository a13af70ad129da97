//! What chance decides, and the network between the phones and the server: it delays, reorders, doubles and loses.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Seeded choices (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Another stream of choices, so that one part's appetite does not change another part's luck.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.roll())
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    pub(crate) fn in_100(&mut self, chances: u64) -> bool {
        self.roll() % 100 < chances
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.roll() % (to - from))
    }

    /// From `from` to `to` seconds, by the millisecond.
    pub(crate) fn seconds(&mut self, from: u64, to: u64) -> Duration {
        self.millis(from * 1000, to * 1000)
    }
}

/// How bad the network is, in chances of 100 a datagram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Held up by up to a second, and so overtaken.
    pub(crate) held_up: u64,
}

impl Weather {
    pub(crate) const FAIR: Self = Self {
        lost: 0,
        doubled: 0,
        held_up: 0,
    };
}

#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    /// The WebSocket it is sent on: what is under way when that is cut never arrives.
    pub(crate) connection: Option<u64>,
    pub(crate) bytes: Arc<[u8]>,
}

/// How long a message on a connection takes. They arrive in order.
const ON_A_CONNECTION: Duration = Duration::from_millis(5);

pub(crate) struct Network {
    dice: Dice,
    weather: Weather,
    flying: BTreeMap<(Instant, u64), Datagram>,
    sent: u64,
}

impl Network {
    pub(crate) fn new(dice: Dice, weather: Weather) -> Self {
        Self {
            dice,
            weather,
            flying: BTreeMap::new(),
            sent: 0,
        }
    }

    pub(crate) fn send(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        bytes: Arc<[u8]>,
    ) {
        if self.dice.in_100(self.weather.lost) {
            return;
        }
        let copies = 1 + u8::from(self.dice.in_100(self.weather.doubled));
        for _ in 0..copies {
            let held_up = self.dice.in_100(self.weather.held_up);
            let delay = self.dice.millis(1, if held_up { 1_000 } else { 20 });
            self.sent += 1;
            self.flying.insert(
                (now + delay, self.sent),
                Datagram {
                    from,
                    to,
                    connection: None,
                    bytes: Arc::clone(&bytes),
                },
            );
        }
    }

    /// Sends on a connection: nothing is lost or overtaken while it holds.
    pub(crate) fn send_on(
        &mut self,
        now: Instant,
        connection: u64,
        from: SocketAddr,
        to: SocketAddr,
        bytes: Arc<[u8]>,
    ) {
        self.sent += 1;
        let datagram = Datagram {
            from,
            to,
            connection: Some(connection),
            bytes,
        };
        self.flying
            .insert((now + ON_A_CONNECTION, self.sent), datagram);
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.flying.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn arrives(&mut self, now: Instant) -> Option<Datagram> {
        let first = self
            .flying
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }
}
