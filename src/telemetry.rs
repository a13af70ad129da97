//! What the server tells its keepers: log lines, metrics, and the one line about a bug.
//!
//! Metrics are counted where things happen, by their names in [`METRICS`]; this is the one place that says what they
//! mean. Health is `api`'s.

use std::io::IsTerminal;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

use crate::config::{Format, Log};

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    #[error("the log was set up twice: {0}")]
    Log(#[from] TryInitError),
    #[error("metrics: {0}")]
    Metrics(#[from] BuildError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Every metric: what counts it, its name (a counter's is shown with `_total`), what it means.
const METRICS: &[(Kind, &str, &str)] = &[
    (Kind::Gauge, "hotline_phones", "Phones registered now."),
    (
        Kind::Counter,
        "hotline_rtp_packets_received",
        "RTP packets accepted.",
    ),
    (
        Kind::Counter,
        "hotline_rtp_packets_sent",
        "RTP packets sent.",
    ),
    (
        Kind::Counter,
        "hotline_rtp_packets_dropped",
        "RTP packets not accepted, by reason.",
    ),
    (
        Kind::Counter,
        "hotline_recording_chunks_dropped",
        "Stretches of sound lost because the recorder was full.",
    ),
    (
        Kind::Counter,
        "hotline_recorder_chunks_stray",
        "Stretches of sound for a recording that does not run. Not zero: a bug.",
    ),
    (
        Kind::Gauge,
        "hotline_recordings_running",
        "Recordings running now.",
    ),
    (
        Kind::Gauge,
        "hotline_disk_free_bytes",
        "Room left on the disks of the database (disk=data) and of the recordings.",
    ),
    (
        Kind::Gauge,
        "hotline_disk_size_bytes",
        "Size of these disks.",
    ),
    (Kind::Gauge, "hotline_calls_live", "Calls up now."),
    (
        Kind::Gauge,
        "hotline_queue_waiting",
        "Callers waiting now, by queue.",
    ),
    (Kind::Gauge, "hotline_agents", "Agents now, by state."),
    (
        Kind::Counter,
        "hotline_calls_started",
        "Calls let in or placed.",
    ),
    (
        Kind::Counter,
        "hotline_calls_ended",
        "Calls ended, by whose doing (result).",
    ),
    (
        Kind::Counter,
        "hotline_calls_refused",
        "Calls not let in, by reason.",
    ),
    (
        Kind::Counter,
        "hotline_calls_requeued",
        "Callers put back at the head of a queue because their agent was lost.",
    ),
    (
        Kind::Counter,
        "hotline_calls_to_language_seats",
        "Citizens given to a language seat by an agent.",
    ),
    (
        Kind::Counter,
        "hotline_calls_overflowed",
        "Callers whom nobody of their own queue served within its bound.",
    ),
    (
        Kind::Counter,
        "hotline_three_way_calls",
        "Calls a specialist was joined to.",
    ),
    (
        Kind::Counter,
        "hotline_trunk_failovers",
        "Outbound calls that went on to a trunk's next address, by reason.",
    ),
    (
        Kind::Gauge,
        "hotline_trunk_up",
        "1 where a carrier's gateway answers OPTIONS, 0 where it does not, NaN where it is asked no more; by trunk and gateway.",
    ),
    (
        Kind::Counter,
        "hotline_names_failed",
        "Lookups of a carrier's host name that came to nothing.",
    ),
    (
        Kind::Counter,
        "hotline_specialist_failovers",
        "Specialists who did not come, and the next on duty was rung.",
    ),
    (
        Kind::Counter,
        "hotline_websockets_refused",
        "Phones' WebSockets not let in, by reason.",
    ),
    (
        Kind::Counter,
        "hotline_legs_rerouted",
        "Legs whose phone came back by another connection in mid-call.",
    ),
    (
        Kind::Counter,
        "hotline_legs_broken",
        "WebRTC legs that lost their other end or never had one, by reason.",
    ),
    (
        Kind::Counter,
        "hotline_sdp_refused",
        "Calls whose session could not be agreed on.",
    ),
    (
        Kind::Counter,
        "hotline_acd_reaped",
        "Calls the distributor dropped because nobody spoke for them. Not zero: a bug.",
    ),
    (
        Kind::Counter,
        "hotline_sip_connections_refused",
        "SIP connections closed because too many were open.",
    ),
    (
        Kind::Counter,
        "hotline_sip_handshakes_failed",
        "TLS handshakes of SIP that failed, by side: a phone's that came to us, ours with a carrier.",
    ),
    (
        Kind::Counter,
        "hotline_sip_dropped",
        "SIP messages not taken, by reason: malformed, belonging to nothing here (stray), tables full.",
    ),
    (
        Kind::Counter,
        "hotline_sip_wrong_credentials",
        "Digest answers that were wrong.",
    ),
    (
        Kind::Counter,
        "hotline_media_failures",
        "Media legs that broke.",
    ),
    (
        Kind::Counter,
        "hotline_media_refused",
        "Commands the media engine could not take, by command.",
    ),
    (
        Kind::Counter,
        "hotline_recordings_failed",
        "Recordings that could not be kept whole.",
    ),
    (
        Kind::Counter,
        "hotline_panics",
        "Bugs that ended one call or one request. Not zero: look for \"bug\" in the log.",
    ),
    (
        Kind::Counter,
        "http_requests_total",
        "HTTP requests, by method, route and status.",
    ),
    (
        Kind::Histogram,
        "http_request_seconds",
        "Time to answer an HTTP request, by route.",
    ),
    (
        Kind::Counter,
        "hotline_recordings_stored",
        "Recordings sealed into the chain.",
    ),
    (
        Kind::Histogram,
        "hotline_storage_write_seconds",
        "Time from handing a change to the database until it is durable.",
    ),
    (
        Kind::Counter,
        "hotline_emergency_calls",
        "Emergency services rung beside a citizen.",
    ),
    (
        Kind::Gauge,
        "hotline_duty_gaps",
        "Closed stretches of the next two days in which a unit has nobody on duty.",
    ),
    (
        Kind::Counter,
        "hotline_callouts_escalated",
        "Call-outs that reached nobody and were told to the platform's own duty.",
    ),
    (
        Kind::Counter,
        "hotline_journal_retries",
        "Writes of calls and agent states that had to wait for the database.",
    ),
    (
        Kind::Counter,
        "hotline_journal_lost",
        "Writes of calls and agent states that could not be kept. Not zero: look at the disk.",
    ),
    (
        Kind::Counter,
        "hotline_media_events_dropped",
        "Media events lost because call control was behind.",
    ),
    (
        Kind::Counter,
        "job_done_total",
        "Pieces of work done, by job.",
    ),
    (
        Kind::Counter,
        "job_failed_total",
        "Pieces of work given up, by job.",
    ),
    (
        Kind::Counter,
        "job_faults_total",
        "Runs that failed as a whole, by job.",
    ),
    (
        Kind::Gauge,
        "job_lag_seconds",
        "How late the oldest piece of work is, by job.",
    ),
    (
        Kind::Counter,
        "sms_callbacks_total",
        "Callbacks of SMS gateways, by kind and outcome.",
    ),
];

/// From a cache hit to the longest a person waits.
const SECONDS: &[f64] = &[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

/// The metrics page.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// How often [`Metrics::upkeep`] is due.
    pub const UPKEEP: Duration = Duration::from_secs(5);

    /// The page in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what was observed into the buckets. Not called, a server nobody scrapes keeps every observation.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Sets up log, metrics and the panic hook. Once in a process.
pub fn init(log: &Log) -> Result<Metrics, Error> {
    init_log(log)?;
    let metrics = Metrics(exporter()?.install_recorder()?);
    describe();
    std::panic::set_hook(Box::new(tell_bug));
    Ok(metrics)
}

fn init_log(log: &Log) -> Result<(), Error> {
    use tracing_subscriber::util::SubscriberInitExt as _;
    // The DTLS crate warns, with a dump, of what strangers send: that is counted, not told.
    let filter = EnvFilter::builder()
        .parse(&log.level)?
        .add_directive("dimpl=error".parse()?);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match log.format {
        Format::Text => lines.finish().try_init()?,
        Format::Json => lines.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}

fn exporter() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
}

fn describe() {
    for (kind, name, meaning) in METRICS.iter().copied() {
        match kind {
            Kind::Counter => metrics::describe_counter!(name, meaning),
            Kind::Gauge => metrics::describe_gauge!(name, meaning),
            Kind::Histogram => metrics::describe_histogram!(name, meaning),
        }
    }
}

/// A bug is one line, whoever catches it afterwards.
fn tell_bug(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    metrics::counter!("hotline_panics").increment(1);
    tracing::error!(place, thread, "bug: {message}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_page_says_what_is_counted_and_what_it_means() {
        let recorder = exporter().unwrap().build_recorder();
        let page = Metrics(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            describe();
            metrics::counter!("hotline_calls_started").increment(2);
            metrics::counter!("http_requests_total", "route" => "/healthz").increment(1);
            metrics::histogram!("http_request_seconds").record(0.02);
        });
        page.upkeep();
        let text = page.render();
        for line in [
            "# HELP hotline_calls_started_total Calls let in or placed.",
            "# TYPE hotline_calls_started_total counter",
            "hotline_calls_started_total 2",
            "http_requests_total{route=\"/healthz\"} 1",
            "http_request_seconds_bucket{le=\"0.03\"} 1",
            "http_request_seconds_bucket{le=\"0.01\"} 0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    /// Reads the sources: a metric without a meaning here helps nobody at night.
    #[test]
    fn every_metric_counted_anywhere_is_described() {
        let mut undescribed = Vec::new();
        each_source(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut |text| {
                for (kind, macro_name) in [
                    (Kind::Counter, "counter!("),
                    (Kind::Gauge, "gauge!("),
                    (Kind::Histogram, "histogram!("),
                ] {
                    for (at, _) in text.match_indices(macro_name) {
                        let before = text[..at].chars().next_back();
                        let name = text[at + macro_name.len()..].trim_start();
                        // Those that describe, and those in this test, are no counting.
                        let (Some(':' | ' '), Some(name)) = (before, name.strip_prefix('"')) else {
                            continue;
                        };
                        let name = name.split('"').next().unwrap_or_default();
                        let known = METRICS.iter().any(|(k, n, _)| *k == kind && *n == name);
                        if !known && name.contains(|c: char| c.is_ascii_lowercase()) {
                            undescribed.push(format!("{kind:?} {name}"));
                        }
                    }
                }
            },
        );
        assert_eq!(undescribed, Vec::<String>::new());
    }

    fn each_source(folder: &Path, read: &mut impl FnMut(&str)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                each_source(&path, read);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                read(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
