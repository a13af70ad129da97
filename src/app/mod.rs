//! Composition root: the only part that knows every other; start-up and drain order.
//!
//! Up: storage (migrated, settled after a crash) → recordings recovered → media threads → call control → jobs → HTTP.
//! Down: no new calls → live calls end → journal kept → jobs stop → HTTP ends → recordings sealed → storage closed.

pub mod archive;
mod archivist;
pub mod attachments;
mod disks;
mod jobs;
mod journal;
pub mod keeping;
mod leftovers;
mod ports;
mod prompts;
mod studio;
mod tls;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, bail};
use hotline_media as media;
use hotline_recordings as recordings;
use hotline_sip::digest::Algorithm;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use crate::api::{self, Api};
use crate::clock::Clock;
use crate::config::{Config, Digest, organisation};
use crate::domain::acd::AgentState;
use crate::domain::disposition::unmapped;
use crate::domain::id::{CallId, RecordingId};
use crate::domain::time::Timestamp;
use crate::signalling::control::Settings;
use crate::signalling::media::MediaEvent;
use crate::signalling::shell::{Parts, Signalling};
use crate::signalling::{self};
use crate::storage::recordings::RecordingRow;
use crate::storage::rules::RulesInForce;
use crate::storage::sessions::SessionLimits;
use crate::storage::{self, Aes256, Storage, Vault};
use crate::telemetry::Metrics;

/// The organisation of `serve --demo`.
const DEMO: &str = include_str!("../../deploy/organisation.demo.toml");
/// Media reports waiting for call control; more are dropped, and call control's own timers stand in.
const MEDIA_EVENTS: usize = 65_536;
/// Finished recordings waiting for their row.
const STORED: usize = 4_096;
/// A phone that sent sound and stops for this long is asked whether it lives: a citizen must not listen to nothing.
const SILENCE: Duration = Duration::from_millis(1_500);

/// A server that is up.
pub struct Server {
    pub http: SocketAddr,
    pub sip: SocketAddr,
    pub storage: Storage,
    pub signalling: Signalling,
    clock: Arc<dyn Clock>,
    api: Arc<Api>,
    stop: watch::Sender<bool>,
    jobs: Vec<JoinHandle<()>>,
    journal: JoinHandle<()>,
    serving: JoinHandle<()>,
    engine: media::Engine,
    pool: recordings::WriterPool,
    stored: JoinHandle<()>,
    drain_timeout: Duration,
}

impl Server {
    /// Starts everything. What it returns answers calls and requests already.
    pub async fn start(
        config: &Config,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir).with_context(|| {
            format!("cannot make the data folder {}", config.data_dir.display())
        })?;
        if config.sip.listen.ip().is_unspecified() && config.sip.advertised_address.is_none() {
            bail!(
                "sip.listen is {}: set sip.advertised_address to what phones and carriers can reach",
                config.sip.listen
            );
        }
        let storage = open_storage(config, Arc::clone(&clock)).await?;
        let rules = RulesInForce::new(
            storage
                .rules(&config.sms.signature)
                .await
                .context("cannot read the rules")?,
        );
        let left = storage
            .recover(clock.now(), &rules.now())
            .await
            .context("cannot settle what the last run left")?;
        if left != Default::default() {
            warn!(
                ?left,
                "the last run ended without a farewell; settled: {left:?}"
            );
        }

        let folder = config.recordings_folder();
        let store = recordings::Store::open(&folder)
            .with_context(|| format!("cannot open recordings {}", folder.display()))?;
        recover_recordings(&store, &storage, &*clock).await?;
        leftovers::clear(config, &storage, clock.now()).await;
        let (stored, to_store) = mpsc::channel(STORED);
        let pool = recordings::WriterPool::start(
            store.clone(),
            recordings::PoolOptions::default(),
            move |event| {
                tell_stored(event, &stored);
            },
        )
        .context("cannot start the recorder")?;
        let stored = tokio::spawn(keep_recordings(storage.clone(), to_store));

        let prompts = Arc::new(prompts::Prompts::load(&config.data_dir)?);
        let marks = Arc::new(studio::Marks::default());
        let (media_events, from_media) = mpsc::channel(MEDIA_EVENTS);
        let engine = start_media(config, media_events, pool.recorder(), Arc::clone(&marks))?;
        let studio = studio::Studio::new(
            Arc::clone(&clock),
            engine.clone(),
            pool.recorder(),
            prompts,
            marks,
        );

        let (to_journal, facts) = mpsc::channel(journal::QUEUE);
        let directory = Arc::new(
            storage
                .directory()
                .await
                .context("cannot read the organisation")?,
        );
        let parts = Parts {
            clock: Arc::clone(&clock),
            settings: settings(config),
            directory,
            media: Box::new(studio),
            media_events: from_media,
            journal: to_journal,
        };
        let sip_tls = match &config.sip.tls {
            Some(tls) => Some(tls::for_sip(tls, &config.data_dir)?),
            None => None,
        };
        let signalling = Signalling::start(config.sip.listen, sip_tls, parts)
            .await
            .map_err(|fault| match (fault, &config.sip.tls) {
                (signalling::CannotListen::Tls(fault), Some(tls)) => anyhow::Error::from(fault)
                    .context(cannot_listen("SIP over TLS", "sip.tls.listen", tls.listen)),
                (
                    signalling::CannotListen::Plain(fault) | signalling::CannotListen::Tls(fault),
                    _,
                ) => anyhow::Error::from(fault).context(cannot_listen(
                    "SIP",
                    "sip.listen",
                    config.sip.listen,
                )),
            })?;
        let told: Arc<OnceLock<Signalling>> = Arc::new(OnceLock::from(signalling.clone()));
        let journal = journal::Journal {
            storage: storage.clone(),
            clock: Arc::clone(&clock),
            rules: rules.clone(),
        };
        let journal = tokio::spawn(journal.run(facts, move || told.get().cloned()));

        let disks = Arc::new(disks::Disks::of(config));
        let api = Api::new(api::Parts {
            storage: storage.clone(),
            clock: Arc::clone(&clock),
            calls: Arc::new(ports::Telephone(signalling.clone())),
            recordings: Arc::new(ports::Archives(store.archive().clone())),
            attachments: Arc::new(attachments::Folder::at(config.attachments_folder())),
            archives: archive_maker(config, storage.clone(), Arc::clone(&clock)),
            rules: rules.clone(),
            metrics: {
                let metrics = metrics.clone();
                Box::new(move || metrics.render())
            },
            disks: {
                let disks = Arc::clone(&disks);
                Box::new(move || disks.nearly_full())
            },
            sessions: SessionLimits {
                idle_ms: 1000 * i64::from(config.auth.session_idle_s.get()),
                absolute_ms: 1000 * i64::from(config.auth.session_max_s.get()),
            },
            way: api::Way {
                behind_tls: config.http.behind_tls,
                tls: config.http.tls.is_some(),
                origins: config.http.origins.clone(),
                citizen_calls: config.http.citizen_calls,
            },
        });
        let tls = match &config.http.tls {
            Some(files) => Some(tls::for_http(files, &config.data_dir, config.http.listen)?),
            None => None,
        };
        let listener = TcpListener::bind(config.http.listen)
            .await
            .with_context(|| cannot_listen("HTTP", "http.listen", config.http.listen))?;
        let http = listener
            .local_addr()
            .context("the HTTP listener has no address")?;
        let (stop, stopped) = watch::channel(false);
        let serving = {
            let mut stopped = stopped.clone();
            let router = api::router(Arc::clone(&api));
            tokio::spawn(api::server::serve(listener, tls, router, async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            }))
        };
        let mut jobs = jobs::start(
            config,
            &storage,
            &clock,
            &rules,
            Arc::new(ports::Telephone(signalling.clone())),
            &stopped,
        )?;
        jobs.push(push_boards(Arc::clone(&api), stopped.clone()));
        jobs.push(measure(
            signalling.clone(),
            engine.clone(),
            pool.recorder(),
            disks,
            metrics,
            stopped,
        ));
        info!(%http, sip = %signalling.local(), "ready: HTTP on {http}, SIP on {}", signalling.local());
        Ok(Self {
            http,
            sip: signalling.local(),
            storage,
            signalling,
            clock,
            api,
            stop,
            jobs,
            journal,
            serving,
            engine,
            pool,
            stored,
            drain_timeout: Duration::from_secs(config.drain.timeout_s.into()),
        })
    }

    /// Drains and stops: live calls may go on for the configured time, or until `hurry` resolves.
    pub async fn stop(self, hurry: impl Future<Output = ()>) {
        self.api.drain();
        let until = self.clock.instant() + self.drain_timeout;
        tokio::select! {
            () = self.signalling.drain(until) => {}
            () = hurry => self.signalling.drain(self.clock.instant()).await,
        }
        self.stop.send_replace(true);
        for job in self.jobs {
            wait("a job", job).await;
        }
        wait("HTTP", self.serving).await;
        // Call control is gone and with it the journal's last sender: what waits is kept, then it ends.
        drop(self.signalling);
        wait("the journal", self.journal).await;
        let (engine, pool) = (self.engine, self.pool);
        let sealed = tokio::task::spawn_blocking(move || {
            engine.shutdown();
            pool.drain();
        });
        if sealed.await.is_err() {
            error!("the recordings could not be sealed; the next start recovers them");
        }
        wait("the recordings' rows", self.stored).await;
        self.storage.close().await;
        info!("stopped");
    }

    /// Reads the organisation anew and hands it to call control.
    pub async fn reload(&self) -> anyhow::Result<()> {
        let directory = self
            .storage
            .directory()
            .await
            .context("cannot read the organisation")?;
        self.signalling.directory(Arc::new(directory)).await;
        Ok(())
    }
}

/// Pushes the floor to wallboards until `stopped` says true.
fn push_boards(api: Arc<Api>, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = api.push_boards() => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    })
}

/// Sets the gauges and keeps the metrics small, until `stopped` says true.
fn measure(
    signalling: Signalling,
    engine: media::Engine,
    recorder: recordings::Recorder,
    disks: Arc<disks::Disks>,
    metrics: Metrics,
    mut stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Metrics::UPKEEP);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            let live = signalling.live().await;
            let count = |n: usize| n as f64;
            metrics::gauge!("hotline_calls_live").set(count(live.calls.len()));
            metrics::gauge!("hotline_phones").set(count(live.phones));
            for (reason, dropped) in [
                ("malformed", live.sip.malformed),
                ("stray", live.sip.strays),
                ("full", live.sip.refused_full),
            ] {
                metrics::counter!("hotline_sip_dropped", "reason" => reason).absolute(dropped);
            }
            let waiting = live
                .calls
                .iter()
                .filter(|call| call.state == "queued" || call.state == "offered");
            metrics::gauge!("hotline_queue_waiting").set(count(waiting.count()));
            for state in AgentState::CODES {
                let there = live
                    .agents
                    .iter()
                    .filter(|agent| agent.state.code() == state)
                    .count();
                metrics::gauge!("hotline_agents", "state" => state).set(count(there));
            }
            let sound = engine.metrics();
            metrics::counter!("hotline_rtp_packets_received").absolute(sound.packets_in);
            metrics::counter!("hotline_rtp_packets_sent").absolute(sound.packets_out);
            for (reason, dropped) in [
                ("foreign", sound.foreign),
                ("malformed", sound.malformed),
                ("unknown_payload", sound.unknown_payload),
                ("unexpected", sound.unexpected),
                ("forged", sound.forged),
                ("replayed", sound.replayed),
                ("handshakes", sound.handshakes_refused),
            ] {
                metrics::counter!("hotline_rtp_packets_dropped", "reason" => reason)
                    .absolute(dropped);
            }
            metrics::counter!("hotline_recording_chunks_dropped").absolute(sound.chunks_dropped);
            let kept = recorder.counters();
            metrics::counter!("hotline_recorder_chunks_stray").absolute(kept.chunks_stray);
            metrics::gauge!("hotline_recordings_running").set(count(kept.running));
            disks.measure();
            metrics.upkeep();
        }
    })
}

async fn wait(what: &str, task: JoinHandle<()>) {
    if let Err(fault) = task.await {
        error!(%fault, "{what} ended badly: {fault}");
    }
}

fn cannot_listen(what: &str, key: &str, at: SocketAddr) -> String {
    format!("cannot listen for {what} on {at} ({key}; `ss -lntup` shows who listens there)")
}

/// Makes archives of what is kept under `config`.
pub fn archive_maker(
    config: &Config,
    storage: Storage,
    clock: Arc<dyn Clock>,
) -> Arc<dyn api::ArchiveMaker> {
    let making = archive::Making {
        storage,
        recordings: hotline_recordings::Archive::open(config.recordings_folder()),
        attachments: attachments::Folder::at(config.attachments_folder()),
    };
    let folder = config.data_dir.clone();
    Arc::new(archivist::Archivist::new(making, clock, folder))
}

/// Opens the database of `config`.
pub async fn open_storage(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Storage> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the data folder {}", config.data_dir.display()))?;
    let named = match config.database_file() {
        Some(file) => format!("the database {}", file.display()),
        // The address may hold a password.
        None => "the database of storage.url".to_owned(),
    };
    let file = config.data_key_file();
    let key =
        data_key(&file, &*clock).with_context(|| format!("the data key {}", file.display()))?;
    let vault = Vault::new(Aes256::new(&key));
    Storage::open_sealed(&config.storage_url(), clock, vault)
        .await
        .with_context(|| format!("cannot open {named}"))
}

/// The key that numbers of people are sealed with; made when there is none yet, readable by nobody else.
fn data_key(file: &Path, clock: &dyn Clock) -> anyhow::Result<[u8; 32]> {
    match std::fs::read_to_string(file) {
        Ok(text) => read_key(text.trim()),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {
            let mut key = [0; 32];
            clock.random(&mut key);
            let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut made = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file)
                .context("cannot be made")?;
            made.write_all(text.as_bytes())?;
            made.sync_all()?;
            info!(file = %file.display(), "a data key was made: keep a copy apart from the backups");
            Ok(key)
        }
        Err(fault) => Err(fault).context("cannot be read"),
    }
}

fn read_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    let hex = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    anyhow::ensure!(hex, "holds something else than 64 hexadecimal digits");
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16)?;
    }
    Ok(key)
}

/// `hotline apply`: what changed, a line each. Nothing is changed when anything is wrong.
pub async fn apply(
    storage: &Storage,
    clock: &dyn Clock,
    text: &str,
) -> anyhow::Result<Vec<storage::organisation::Change>> {
    let units = storage.units().await?;
    let directory = storage.directory().await?;
    let disposition = storage.disposition().await?;
    let rules = storage.rules("").await?;
    let known = organisation::Known::new(&units, &directory)
        .with_categories(&disposition.categories)
        .with_origins(&disposition.origins)
        .with_rules(rules.sets());
    let organisation = organisation::parse(text, &known)?;
    match storage.apply(clock.now(), organisation).await {
        Ok(changes) => Ok(changes),
        Err(storage::Trouble::Refused(refused)) => Err(refused.into()),
        Err(storage::Trouble::Fault(fault)) => Err(fault.into()),
    }
}

/// What is not wrong and wants somebody's attention, a line each.
pub async fn warnings(storage: &Storage) -> anyhow::Result<Vec<String>> {
    let categories = storage.disposition().await?.categories;
    let without = unmapped(&categories);
    if without.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "warning: {} of {} categories have no code of GB/T 39666 (key standard): {}",
        without.len(),
        categories.len(),
        shortened(&without, 20)
    )])
}

/// The first `most` of `codes`, and that there are more.
fn shortened(codes: &[&str], most: usize) -> String {
    let more = if codes.len() > most { ", …" } else { "" };
    format!("{}{more}", codes[..codes.len().min(most)].join(", "))
}

/// Brings in the demo organisation.
pub async fn apply_demo(storage: &Storage, clock: &dyn Clock) -> anyhow::Result<()> {
    let changes = apply(storage, clock, DEMO)
        .await
        .context("the demo organisation")?;
    info!(
        changes = changes.len(),
        "demo organisation: {} entries added or changed",
        changes.len()
    );
    Ok(())
}

fn settings(config: &Config) -> Settings {
    let listen = config.sip.listen;
    let advertised = |listen: SocketAddr| {
        let ip = config.sip.advertised_address.unwrap_or(listen.ip());
        SocketAddr::new(ip, listen.port())
    };
    Settings {
        local: listen,
        advertised: advertised(listen),
        tls: config.sip.tls.as_ref().map(|tls| signalling::Address {
            local: tls.listen,
            advertised: advertised(tls.listen),
        }),
        own_number: config.sip.own_number.clone(),
        realm: config.sip.realm.clone(),
        digest: config
            .sip
            .digest
            .algorithms()
            .iter()
            .map(|digest| match digest {
                Digest::Md5 => Algorithm::Md5,
                Digest::Sha256 => Algorithm::Sha256,
            })
            .collect(),
        limits: signalling::Limits {
            calls: config.limits.calls.get() as usize,
            calls_per_second: config.limits.calls_per_second.get(),
        },
        acd: (&config.acd).into(),
    }
}

fn start_media(
    config: &Config,
    events: mpsc::Sender<MediaEvent>,
    recorder: recordings::Recorder,
    marks: Arc<studio::Marks>,
) -> anyhow::Result<media::Engine> {
    let on_event = move |event| {
        if let Some(event) = studio::translate(event, &recorder, &marks)
            && events.try_send(event).is_err()
        {
            metrics::counter!("hotline_media_events_dropped").increment(1);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = match config.media.threads {
        0 => cores.saturating_sub(1).max(1),
        threads => threads,
    };
    let bind_ip = config.sip.listen.ip();
    media::Engine::start(media::Config {
        threads,
        bind_ip,
        advertised_ip: config.sip.advertised_address.or(bind_ip
            .is_unspecified()
            .then_some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
        ports: config.media.port_range.ports(),
        silence_after: SILENCE,
        raise_priority: true,
        ..media::Config::new(Arc::new(on_event))
    })
    .context("cannot start the media engine")
}

/// Recordings of the last run become finished ones, and those without a row get it.
async fn recover_recordings(
    store: &recordings::Store,
    storage: &Storage,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let at = clock.now();
    let recovering = store.clone();
    let recovered = tokio::task::spawn_blocking(move || recovering.recover(at.millis()))
        .await
        .context("recovering recordings")?
        .context("cannot recover recordings")?;
    for one in recovered {
        match one.outcome {
            Ok(manifest) => {
                info!(recording.id = %one.id, duration_ms = manifest.duration_ms, "recording {} was recovered", one.id);
                if let Some(row) = row_of(&manifest) {
                    storage.recording_finished(row).await?;
                }
            }
            Err(fault) => {
                error!(recording.id = %one.id, %fault, "recording {} could not be recovered: {fault}", one.id)
            }
        }
    }
    Ok(())
}

fn tell_stored(event: recordings::Event, stored: &mpsc::Sender<recordings::Manifest>) {
    match event {
        recordings::Event::Stored(manifest) => {
            metrics::counter!("hotline_recordings_stored").increment(1);
            // Called on a thread of the recorder: waiting here holds up nothing but further sealing.
            if stored.blocking_send(manifest).is_err() {
                error!("a recording's row could not be written: storage has stopped");
            }
        }
        recordings::Event::Failed {
            id,
            call_id,
            trouble,
            error,
        } => {
            metrics::counter!("hotline_recordings_failed").increment(1);
            error!(recording.id = %id, call.id = call_id, ?trouble, %error, "recording {id} failed: {error}");
        }
    }
}

async fn keep_recordings(storage: Storage, mut stored: mpsc::Receiver<recordings::Manifest>) {
    while let Some(manifest) = stored.recv().await {
        let Some(row) = row_of(&manifest) else {
            continue;
        };
        while let Err(fault) = storage.recording_finished(row.clone()).await {
            warn!(%fault, "a recording's row is not written yet: {fault}");
            if !fault.retry() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn row_of(manifest: &recordings::Manifest) -> Option<RecordingRow> {
    Some(RecordingRow {
        id: manifest.id.to_string().parse::<RecordingId>().ok()?,
        call: manifest.call_id.parse::<CallId>().ok()?,
        started_at: Timestamp::from_millis(manifest.started_at_ms),
        ended_at: Timestamp::from_millis(manifest.finished_at_ms),
        duration_ms: i64::try_from(manifest.duration_ms).unwrap_or(i64::MAX),
        manifest_sha256: manifest.sha256(),
        manifest: serde_json::to_value(manifest)
            .expect("a manifest has text keys and finite numbers"),
    })
}
