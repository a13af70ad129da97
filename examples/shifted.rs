//! The server with the demonstration organisation, on a clock that can be moved ahead: browser tests of deadlines begin
//! with it. Configured as `hotline serve` is; `advance <seconds>` on its standard input moves the wall clock, and is
//! answered with `advanced <seconds>` on its standard output. Machines that live on monotonic time go on as they were.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use hotline::app::{self, Server};
use hotline::clock::{Clock, SystemClock};
use hotline::config::Config;
use hotline::domain::time::Timestamp;
use hotline::telemetry;
use uuid::Uuid;

/// The machine's clock, so much ahead.
#[derive(Default)]
struct Shifted {
    by_ms: AtomicI64,
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        SystemClock
            .now()
            .plus_millis(self.by_ms.load(Ordering::SeqCst))
    }

    fn instant(&self) -> Instant {
        SystemClock.instant()
    }

    fn new_id(&self) -> Uuid {
        SystemClock.new_id()
    }

    fn random(&self, out: &mut [u8]) {
        SystemClock.random(out);
    }
}

fn main() -> anyhow::Result<()> {
    let config = Config::load(None, std::env::vars())?;
    let metrics = telemetry::init(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let clock = Arc::new(Shifted::default());
    // The story begins on a morning of its own: `HOTLINE_SHIFTED_FROM=2026-03-02T09:00:00+08:00`.
    if let Ok(from) = std::env::var("HOTLINE_SHIFTED_FROM") {
        let from: Timestamp = from.parse().context("HOTLINE_SHIFTED_FROM is not a time")?;
        let by = from.millis_since(SystemClock.now());
        clock.by_ms.store(by, Ordering::SeqCst);
    }
    let server = runtime.block_on(async {
        let storage = app::open_storage(&config, clock.clone()).await?;
        app::apply_demo(&storage, &*clock).await?;
        storage.close().await;
        Server::start(&config, clock.clone(), metrics).await
    })?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let seconds: i64 = line
            .strip_prefix("advance ")
            .and_then(|seconds| seconds.trim().parse().ok())
            .with_context(|| format!("not understood: {line}"))?;
        clock.by_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
        writeln!(std::io::stdout(), "advanced {seconds}").context("nobody reads this")?;
    }
    // Whoever held the clock is gone.
    runtime.block_on(server.stop(std::future::ready(())));
    Ok(())
}
