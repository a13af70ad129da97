//! Where time and ids come from. Everything else receives them: a test can then advance a year at once and
//! replay a seed to the last id.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::domain::time::Timestamp;

/// Wall time for durable facts, monotonic time for live machines.
pub trait Clock: Send + Sync + 'static {
    /// Wall time now, UTC milliseconds.
    fn now(&self) -> Timestamp;
    /// Monotonic time now.
    fn instant(&self) -> Instant;
    /// A new time-ordered id (UUID version 7).
    fn new_id(&self) -> Uuid;
    /// Fills `out` with bytes fit for secrets in production, seeded bytes in simulation.
    fn random(&self, out: &mut [u8]);
}

/// The machine's clock and the operating system's random source.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the monotonic clock"
    )]
    fn instant(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn random(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system has a random source");
    }
}

/// A clock that moves only when told, with ids and random bytes that follow from its seed.
#[derive(Debug)]
pub struct SimClock {
    start: Instant,
    wall_ms: AtomicI64,
    elapsed_us: AtomicU64,
    seed: Mutex<u64>,
}

impl SimClock {
    /// A clock standing at `wall`, its random stream begun from `seed`.
    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant has no other origin; only differences to it are used"
    )]
    pub fn new(wall: Timestamp, seed: u64) -> Self {
        Self {
            start: Instant::now(),
            wall_ms: AtomicI64::new(wall.millis()),
            elapsed_us: AtomicU64::new(0),
            seed: Mutex::new(seed),
        }
    }

    /// Moves wall and monotonic time forward together.
    pub fn advance(&self, by: Duration) {
        let us =
            u64::try_from(by.as_micros()).expect("a simulated step fits 64 bits of microseconds");
        self.elapsed_us.fetch_add(us, Ordering::SeqCst);
        self.wall_ms
            .fetch_add((us / 1000).cast_signed(), Ordering::SeqCst);
    }

    /// Steps the wall clock alone, as an operator or a bad time server does.
    pub fn step_wall(&self, by_ms: i64) {
        self.wall_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    fn next_u64(&self) -> u64 {
        // SplitMix64: short, seeded, good enough to spread simulated choices.
        let mut state = self
            .seed
            .lock()
            .expect("no panic happens while the seed is held");
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall_ms.load(Ordering::SeqCst))
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.elapsed_us.load(Ordering::SeqCst))
    }

    fn new_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.random(&mut random);
        let ms = u64::try_from(self.now().millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }

    fn random(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}
