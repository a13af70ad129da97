//! Writer threads for a server full of calls. Producers (media threads) hand sound over and never wait.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::manifest::Party;
use crate::sheet::Sheet;
use crate::{Begin, Error, Manifest, RecordingId, Store, Writer};

/// Room each queue keeps for begin, pause, resume, join and finish when sound has filled the rest.
const ROOM_FOR_MARKS: usize = 1_024;

/// Recordings waiting to be sealed. Full (a disk that hangs in fsync): the writer threads wait, then their queues fill, then
/// sound is dropped and counted.
const SEAL_QUEUE: usize = 1_024;

/// How often a recording that could not be sealed is tried again.
const SEAL_RETRY: Duration = Duration::from_secs(5);

/// Sizes of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Writer threads; one recording stays with one thread.
    pub threads: usize,
    /// Chunks waiting for each thread. When so many wait, a further chunk is refused and counted, and becomes a gap marked lost.
    pub queue_bound: usize,
    /// How often everything written is brought to the disk, all files in one call: this much sound, and the chunk on its way, is
    /// what a power cut may cost. None leaves it to the kernel, which takes up to 30 s. A crash of the server alone costs none.
    pub sync_every: Option<Duration>,
}

impl Default for PoolOptions {
    /// One thread, which is enough for some thousands of calls, and half a second between syncs.
    fn default() -> Self {
        Self {
            threads: 1,
            queue_bound: 2_048,
            sync_every: Some(Duration::from_millis(500)),
        }
    }
}

/// The sound of one interval, up to about a second: every track of it, each from `start_sample` on.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Position on the recording's own 8 kHz timeline.
    pub start_sample: u64,
    /// Track number and samples.
    pub tracks: Vec<(u8, Vec<i16>)>,
}

/// What became of a recording. Told from a pool thread: whoever listens must not block.
#[derive(Debug)]
pub enum Event {
    /// Sealed into the chain: `recording.stored`.
    Stored(Manifest),
    /// Something failed: `recording.failed`. Told once for each spell of trouble; the recorder keeps trying.
    Failed {
        /// The recording.
        id: RecordingId,
        /// Its call.
        call_id: String,
        /// What could not be done.
        trouble: Trouble,
        /// Why.
        error: Error,
    },
}

/// What could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No file could be made; tried again with each chunk.
    Begin,
    /// Sound could not be written; it is marked lost, and the next chunk is tried.
    Write,
    /// Could not be sealed; tried again every few seconds, and at the next start.
    Seal,
}

/// The producer's side was refused at once; nothing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The thread's queue is full.
    #[error("the recorder cannot keep up")]
    Full,
    /// The pool was drained.
    #[error("the recorder has stopped")]
    Stopped,
}

/// Figures for the metrics page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Chunks refused because a queue was full.
    pub chunks_dropped: u64,
    /// Chunks that came for a recording that is not running.
    pub chunks_stray: u64,
    /// Recordings running.
    pub running: usize,
    /// Jobs waiting now.
    pub waiting: usize,
}

/// The threads. [`WriterPool::drain`] ends them in order; dropping the pool does the same.
pub struct WriterPool {
    recorder: Recorder,
    threads: Vec<JoinHandle<()>>,
    sealer: Option<JoinHandle<()>>,
    syncer: Option<(SyncSender<()>, JoinHandle<()>)>,
}

/// The producers' handle: cheap to clone, never blocks.
#[derive(Clone)]
pub struct Recorder {
    lanes: Arc<[Lane]>,
    figures: Arc<Figures>,
    bound: usize,
}

struct Lane {
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Figures {
    dropped: AtomicU64,
    stray: AtomicU64,
    running: AtomicUsize,
}

enum Job {
    Begin(Begin),
    Chunk(RecordingId, Box<dyn FnOnce() -> Chunk + Send>),
    Join(RecordingId, Party),
    Pause {
        id: RecordingId,
        at_sample: u64,
        by: String,
        why: String,
    },
    Resume {
        id: RecordingId,
        at_sample: u64,
    },
    Finish(Finish),
    Stop,
}

#[derive(Debug)]
struct Finish {
    id: RecordingId,
    end_sample: u64,
    at_ms: i64,
    reason: String,
}

type Listener = Arc<dyn Fn(Event) + Send + Sync>;

impl WriterPool {
    /// Starts the threads.
    pub fn start(
        store: Store,
        options: PoolOptions,
        listener: impl Fn(Event) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener: Listener = Arc::new(listener);
        let figures = Arc::new(Figures::default());
        let (to_sealer, closed) = sync_channel(SEAL_QUEUE);
        let sealer = {
            let (store, listener) = (store.clone(), Arc::clone(&listener));
            thread::Builder::new()
                .name("recording-seal".to_owned())
                .spawn(move || seal_all(&store, &closed, &listener))?
        };
        let mut lanes = Vec::new();
        let mut threads = Vec::new();
        for number in 0..options.threads.max(1) {
            let (jobs, inbox) = sync_channel(options.queue_bound + ROOM_FOR_MARKS);
            let waiting = Arc::new(AtomicUsize::new(0));
            let mut worker = Worker {
                store: store.clone(),
                recordings: HashMap::new(),
                to_sealer: to_sealer.clone(),
                listener: Arc::clone(&listener),
                figures: Arc::clone(&figures),
            };
            lanes.push(Lane {
                jobs,
                waiting: Arc::clone(&waiting),
            });
            threads.push(
                thread::Builder::new()
                    .name(format!("recording-{number}"))
                    .spawn(move || worker.run(&inbox, &waiting))?,
            );
        }
        let syncer = match options.sync_every {
            Some(every) => {
                let folder = File::open(store.archive().root())?;
                let figures = Arc::clone(&figures);
                let (stop, stopped) = sync_channel(0);
                let thread = thread::Builder::new()
                    .name("recording-sync".to_owned())
                    .spawn(move || sync_all(&folder, every, &stopped, &figures))?;
                Some((stop, thread))
            }
            None => None,
        };
        Ok(Self {
            recorder: Recorder {
                lanes: lanes.into(),
                figures,
                bound: options.queue_bound,
            },
            threads,
            sealer: Some(sealer),
            syncer,
        })
    }

    /// The producers' handle.
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Writes and seals everything handed over so far, then ends. Recordings nobody finished are left for
    /// [`Store::recover`].
    pub fn drain(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if self.sealer.is_none() {
            return;
        }
        for lane in self.recorder.lanes.iter() {
            lane.waiting.fetch_add(1, Ordering::Relaxed);
            // An error says that the thread is gone already.
            let _ = lane.jobs.send(Job::Stop);
        }
        // Letting go of the channel is what stops the syncer.
        let syncer = self.syncer.take().map(|(_, thread)| thread);
        for thread in self
            .threads
            .drain(..)
            .chain(self.sealer.take())
            .chain(syncer)
        {
            if thread.join().is_err() {
                tracing::error!("a recording thread had panicked");
            }
        }
    }
}

impl Drop for WriterPool {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Recorder {
    /// Begins a recording.
    pub fn begin(&self, begin: Begin) -> Result<(), Refused> {
        self.send(begin.id, Job::Begin(begin))
    }

    /// Hands over sound. Refused sound needs nothing from the caller: it is counted, and the next chunk's position shows the gap.
    pub fn chunk(&self, id: RecordingId, chunk: Chunk) -> Result<(), Refused> {
        self.chunk_with(id, move || chunk)
    }

    /// Hands over sound that is still encoded: `decode` runs on the writer thread, and not at all when it is refused.
    pub fn chunk_with(
        &self,
        id: RecordingId,
        decode: impl FnOnce() -> Chunk + Send + 'static,
    ) -> Result<(), Refused> {
        if self.lane(id).waiting.load(Ordering::Relaxed) >= self.bound {
            self.figures.dropped.fetch_add(1, Ordering::Relaxed);
            return Err(Refused::Full);
        }
        self.send(id, Job::Chunk(id, Box::new(decode)))
            .inspect_err(|_| {
                self.figures.dropped.fetch_add(1, Ordering::Relaxed);
            })
    }

    /// Says who is on a track that joins late.
    pub fn join(&self, id: RecordingId, party: Party) -> Result<(), Refused> {
        self.send(id, Job::Join(id, party))
    }

    /// Nothing is kept from `at_sample` on.
    pub fn pause(
        &self,
        id: RecordingId,
        at_sample: u64,
        by: impl Into<String>,
        why: impl Into<String>,
    ) -> Result<(), Refused> {
        let (by, why) = (by.into(), why.into());
        self.send(
            id,
            Job::Pause {
                id,
                at_sample,
                by,
                why,
            },
        )
    }

    /// Sound is kept again from `at_sample` on.
    pub fn resume(&self, id: RecordingId, at_sample: u64) -> Result<(), Refused> {
        self.send(id, Job::Resume { id, at_sample })
    }

    /// Ends a recording at `end_sample`; what no chunk covered up to there is a gap. Refused, it may be tried again; never finished, it is recovered at the next start.
    pub fn finish(
        &self,
        id: RecordingId,
        end_sample: u64,
        at_ms: i64,
        reason: impl Into<String>,
    ) -> Result<(), Refused> {
        let reason = reason.into();
        let finish = Finish {
            id,
            end_sample,
            at_ms,
            reason,
        };
        self.send(id, Job::Finish(finish))
    }

    /// Figures for the metrics page.
    pub fn counters(&self) -> Counters {
        let waiting = self.lanes.iter().map(|lane| &lane.waiting);
        Counters {
            chunks_dropped: self.figures.dropped.load(Ordering::Relaxed),
            chunks_stray: self.figures.stray.load(Ordering::Relaxed),
            running: self.figures.running.load(Ordering::Relaxed),
            waiting: waiting.map(|count| count.load(Ordering::Relaxed)).sum(),
        }
    }

    fn lane(&self, id: RecordingId) -> &Lane {
        // The low bits of a UUID version 7 are random.
        let lanes = self.lanes.len() as u128;
        &self.lanes[usize::try_from(id.as_u128() % lanes).expect("less than the lanes")]
    }

    fn send(&self, id: RecordingId, job: Job) -> Result<(), Refused> {
        let lane = self.lane(id);
        // Counted before it is sent, or the thread could take it off first.
        lane.waiting.fetch_add(1, Ordering::Relaxed);
        lane.jobs.try_send(job).map_err(|refused| {
            lane.waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(_) => Refused::Full,
                TrySendError::Disconnected(_) => Refused::Stopped,
            }
        })
    }
}

/// One recording as its thread holds it.
enum Running {
    /// Being written; `failing` so that one full disk is one event.
    Writing { writer: Box<Writer>, failing: bool },
    /// No file could be made yet.
    Waiting(Begin),
}

struct Worker {
    store: Store,
    recordings: HashMap<RecordingId, Running>,
    to_sealer: SyncSender<Closed>,
    listener: Listener,
    figures: Arc<Figures>,
}

/// A recording whose last sound was handed over.
struct Closed {
    running: Running,
    finish: Finish,
    /// Once its sound files are complete: what remains is done on them, not on the writer.
    complete: Option<Sheet>,
}

impl Worker {
    fn run(&mut self, inbox: &Receiver<Job>, waiting: &AtomicUsize) {
        while let Ok(job) = inbox.recv() {
            waiting.fetch_sub(1, Ordering::Relaxed);
            match job {
                Job::Begin(begin) => self.begin(begin),
                Job::Chunk(id, decode) => self.write(id, decode),
                Job::Join(id, party) => self.mark(id, |writer| writer.join(party)),
                Job::Pause {
                    id,
                    at_sample,
                    by,
                    why,
                } => self.mark(id, |writer| writer.pause(at_sample, by, why)),
                Job::Resume { id, at_sample } => self.mark(id, |writer| writer.resume(at_sample)),
                Job::Finish(finish) => self.finish(finish),
                Job::Stop => break,
            }
        }
    }

    fn begin(&mut self, begin: Begin) {
        let id = begin.id;
        if self.recordings.contains_key(&id) {
            return self.fail(&begin, Trouble::Begin, Error::Exists(id));
        }
        let running = match self.store.begin(begin.clone()) {
            Ok(writer) => Running::Writing {
                writer: Box::new(writer),
                failing: false,
            },
            // Nothing that passes with time: to wait for it would be to wait for ever.
            Err(error @ Error::Exists(_)) => return self.fail(&begin, Trouble::Begin, error),
            Err(error) => {
                self.fail(&begin, Trouble::Begin, error);
                Running::Waiting(begin)
            }
        };
        self.figures.running.fetch_add(1, Ordering::Relaxed);
        self.recordings.insert(id, running);
    }

    fn write(&mut self, id: RecordingId, decode: Box<dyn FnOnce() -> Chunk + Send>) {
        let Some(running) = self.recordings.get_mut(&id) else {
            self.figures.stray.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if let Running::Waiting(begin) = running
            && let Ok(writer) = self.store.begin(begin.clone())
        {
            *running = Running::Writing {
                writer: Box::new(writer),
                failing: false,
            };
        }
        let Running::Writing { writer, failing } = running else {
            return;
        };
        let chunk = decode();
        let written = writer.append(chunk.start_sample, &chunk.tracks);
        let first = written.is_err() && !*failing;
        *failing = written.is_err();
        if let Err(error) = written
            && first
        {
            let about = writer.about().clone();
            self.fail(&about, Trouble::Write, error);
        }
    }

    fn mark(&mut self, id: RecordingId, make: impl FnOnce(&mut Writer) -> Result<(), Error>) {
        let Some(Running::Writing { writer, .. }) = self.recordings.get_mut(&id) else {
            return;
        };
        // The mark itself is kept in memory whatever the disk says.
        if let Err(error) = make(writer) {
            let about = writer.about().clone();
            self.fail(&about, Trouble::Write, error);
        }
    }

    fn finish(&mut self, finish: Finish) {
        let Some(running) = self.recordings.remove(&finish.id) else {
            return;
        };
        self.figures.running.fetch_sub(1, Ordering::Relaxed);
        // The sealer outlives the writer threads; if it is gone, recovery seals.
        let _ = self.to_sealer.send(Closed {
            running,
            finish,
            complete: None,
        });
    }

    fn fail(&self, about: &Begin, trouble: Trouble, error: Error) {
        fail(&self.listener, about, trouble, error);
    }
}

fn fail(listener: &Listener, about: &Begin, trouble: Trouble, error: Error) {
    listener(Event::Failed {
        id: about.id,
        call_id: about.call_id.clone(),
        trouble,
        error,
    });
}

/// The one finisher: the chain's order is the order in which recordings get here. Those the disk refuses wait, at most as many
/// as [`SEAL_QUEUE`], for the next that succeeds or for [`SEAL_RETRY`] to pass; what is beyond is left for the next start.
fn seal_all(store: &Store, closed: &Receiver<Closed>, listener: &Listener) {
    let mut refused: VecDeque<Closed> = VecDeque::new();
    loop {
        let next = if refused.is_empty() {
            closed.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            closed.recv_timeout(SEAL_RETRY)
        };
        match next {
            Ok(mut next) => match next.seal(store) {
                Ok(manifest) => {
                    listener(Event::Stored(manifest));
                    seal_refused(store, &mut refused, listener);
                }
                Err(error) => {
                    fail(listener, next.about(), Trouble::Seal, error);
                    if refused.len() < SEAL_QUEUE {
                        refused.push_back(next);
                    }
                }
            },
            Err(RecvTimeoutError::Timeout) => seal_refused(store, &mut refused, listener),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    seal_refused(store, &mut refused, listener);
}

/// Tries them in order. The first that is refused again ends the round and goes to the back, so that it cannot keep the others.
fn seal_refused(store: &Store, refused: &mut VecDeque<Closed>, listener: &Listener) {
    while let Some(mut next) = refused.pop_front() {
        match next.seal(store) {
            Ok(manifest) => listener(Event::Stored(manifest)),
            Err(_) => return refused.push_back(next),
        }
    }
}

/// One syncfs(2) for all recordings in place of an fsync for each: on a disk that syncs in 2 ms, seven hundred of those would
/// take longer than the interval.
fn sync_all(folder: &File, every: Duration, stopped: &Receiver<()>, figures: &Figures) {
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        if figures.running.load(Ordering::Relaxed) > 0
            && let Err(error) = rustix::fs::syncfs(folder)
        {
            tracing::warn!(%error, "recordings could not be brought to the disk");
        }
    }
}

impl Closed {
    fn about(&self) -> &Begin {
        match &self.running {
            Running::Writing { writer, .. } => writer.about(),
            Running::Waiting(begin) => begin,
        }
    }

    fn seal(&mut self, store: &Store) -> Result<Manifest, Error> {
        let sheet = match self.complete.take() {
            Some(sheet) => sheet,
            None => self.complete(store)?,
        };
        let sheet = self.complete.insert(sheet);
        store.seal(sheet, false, self.finish.at_ms, &self.finish.reason)
    }

    fn complete(&mut self, store: &Store) -> Result<Sheet, Error> {
        if let Running::Waiting(begin) = &self.running {
            self.running = Running::Writing {
                writer: Box::new(store.begin(begin.clone())?),
                failing: true,
            };
        }
        let Running::Writing { writer, .. } = &mut self.running else {
            unreachable!("made above");
        };
        writer.extend_to(self.finish.end_sample)?;
        writer.close()
    }
}
