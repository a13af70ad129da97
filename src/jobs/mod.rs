//! Work that nobody asks for. Each [`Job`] does one batch when told what time it is; [`keep_running`] tells it, again
//! and again, until the server stops. Everything is a row before it is done, so a restart forgets nothing and a test
//! advances a year at once.

mod deadlines;
mod duty;
mod feedback;
mod flags;
mod lacks;
mod recount;
mod retention;
mod sms_callbacks;
mod sms_sending;
mod supervision;
mod surveys;
mod watcher;

use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

pub use deadlines::Deadlines;
pub use duty::{CallOuts, DutyGaps, Telephone};
pub use feedback::{Delivery, OriginFeedback, OriginGateway};
pub use flags::Flags;
pub use lacks::Lacks;
pub use recount::Recount;
pub use retention::{Disposer, RetentionSweep};
pub use sms_callbacks::SmsCallbacks;
pub use sms_sending::{SmsGateway, SmsSending};
pub use supervision::Supervision;
pub use surveys::Surveys;
pub use watcher::Watcher;

use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::storage::Fault;

/// What a job or a gateway answers, later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What one batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Pieces of work that are settled now.
    pub done: u32,
    /// Pieces that went wrong: to be tried again, or put aside for a person.
    pub failed: u32,
    /// How long the oldest piece had waited.
    pub lag_ms: i64,
    /// The batch was full and there is probably more.
    pub more: bool,
}

impl Report {
    fn waited(&mut self, now: Timestamp, since: Timestamp) {
        self.lag_ms = self.lag_ms.max(now.millis_since(since));
    }
}

/// One kind of work.
pub trait Job: Send + Sync + 'static {
    /// For logs and metrics.
    fn name(&self) -> &'static str;
    /// How often to look.
    fn every(&self) -> Duration;
    /// Does what is due at `now`, at most one batch of it.
    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>>;
}

/// Runs `job` until `stop` says true. A fault of the world is told and tried again at the next tick.
pub async fn keep_running(job: &dyn Job, clock: &dyn Clock, mut stop: watch::Receiver<bool>) {
    let name = job.name();
    let mut tick = tokio::time::interval(job.every());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
        }
        while !*stop.borrow() {
            match job.run_once(clock.now()).await {
                Ok(report) => {
                    tell(name, report);
                    if !report.more {
                        break;
                    }
                }
                Err(fault) => {
                    metrics::counter!("job_faults_total", "job" => name).increment(1);
                    warn!(job = name, %fault, "job {name} could not run: {fault}");
                    break;
                }
            }
        }
    }
}

fn tell(name: &'static str, report: Report) {
    let Report {
        done,
        failed,
        lag_ms,
        more: _,
    } = report;
    metrics::counter!("job_done_total", "job" => name).increment(done.into());
    metrics::counter!("job_failed_total", "job" => name).increment(failed.into());
    // Milliseconds below 2^53 are whole in a float.
    metrics::gauge!("job_lag_seconds", "job" => name).set(lag_ms as f64 / 1000.0);
    if done + failed > 0 {
        info!(
            job = name,
            done, failed, lag_ms, "job {name}: {done} done, {failed} failed"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::clock::SimClock;

    /// Three full batches, a fault, and then it asks the server to stop.
    struct Counting {
        runs: AtomicU32,
        stop: watch::Sender<bool>,
    }

    impl Job for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn every(&self) -> Duration {
            Duration::from_millis(1)
        }

        fn run_once(&self, _: Timestamp) -> Pending<'_, Result<Report, Fault>> {
            let run = self.runs.fetch_add(1, Ordering::Relaxed);
            let more = Report {
                more: true,
                ..Report::default()
            };
            Box::pin(async move {
                match run {
                    0..3 => Ok(more),
                    3 => Err(Fault::Busy("locked".to_owned())),
                    _ => {
                        self.stop.send_replace(true);
                        Ok(more)
                    }
                }
            })
        }
    }

    #[tokio::test]
    async fn a_job_empties_its_queue_survives_a_fault_and_stops_when_told() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let (stop, stopped) = watch::channel(false);
        let job = Counting {
            runs: AtomicU32::new(0),
            stop,
        };
        keep_running(&job, &clock, stopped).await;
        assert_eq!(job.runs.load(Ordering::Relaxed), 5);
    }
}
