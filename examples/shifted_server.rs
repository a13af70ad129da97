//! The server, whole, on a clock that whoever starts it may move: for stories that cross days.
//! `shifted_server 2026-06-09T09:00:00+08:00` starts it at that instant with the demonstration organisation, configured
//! by the environment as `hotline serve` is. Each line of its standard input is an instant from which its wall clock
//! goes on; the line is said back once that is so. Monotonic time, and with it telephony, is the machine's.
//!
//! The program that is shipped has none of this ([decision 0025](../docs/decisions/0025-a-server-on-a-moved-clock.md)).

use std::future::ready;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use hotline::app::{self, Server};
use hotline::clock::{Clock, SystemClock};
use hotline::config::Config;
use hotline::domain::time::Timestamp;
use hotline::telemetry;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

#[tokio::main]
async fn main() {
    let start = std::env::args().nth(1).expect("the instant to start at");
    let clock = Arc::new(MovedClock::default());
    clock.go_on_from(start.parse().expect("an instant as RFC 3339 writes it"));
    let mut config = Config::load(None, std::env::vars()).expect("a configuration");
    config.http.citizen_calls = true;
    let metrics = telemetry::init(&config.log).expect("a log");
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened for");
    let storage = app::open_storage(&config, clock.clone()).await;
    let storage = storage.expect("a database");
    app::apply_demo(&storage, &*clock).await.expect("applied");
    storage.close().await;
    let server = Server::start(&config, clock.clone(), metrics).await;
    let server = server.expect("a server");
    std::thread::spawn(move || listen(&clock));
    terminate.recv().await;
    server.stop(ready(())).await;
}

/// Moves the clock line by line, for as long as somebody is there to say so.
fn listen(clock: &MovedClock) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        clock.go_on_from(line.parse().expect("an instant as RFC 3339 writes it"));
        writeln!(std::io::stdout(), "{line}").expect("somebody reads this");
    }
}

/// The machine's clock, its wall moved by so many milliseconds.
#[derive(Debug, Default)]
struct MovedClock {
    by_ms: AtomicI64,
}

impl MovedClock {
    fn go_on_from(&self, at: Timestamp) {
        let by_ms = at.millis_since(SystemClock.now());
        self.by_ms.store(by_ms, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        SystemClock
            .now()
            .plus_millis(self.by_ms.load(Ordering::SeqCst))
    }

    fn instant(&self) -> Instant {
        SystemClock.instant()
    }

    fn new_id(&self) -> Uuid {
        // Ids are ordered by their time, so they follow the wall.
        let ms = u64::try_from(self.now().millis()).expect("after 1970");
        let mut random = [0; 10];
        self.random(&mut random);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }

    fn random(&self, out: &mut [u8]) {
        SystemClock.random(out);
    }
}
