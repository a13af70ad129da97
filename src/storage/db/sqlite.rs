//! SQLite: one writer that commits in groups, a pool of readers.
//!
//! WAL with `synchronous=FULL`: a commit is on the disk before it is answered. One such commit costs a sync of
//! the disk (a thousand a second at best), so the writer gathers what is waiting, gives each unit of work a
//! savepoint in one transaction, commits once, and then answers them all.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqlStr, SqliteConnection, SqliteExecutor};
use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::{error, warn};

use super::value::Cells;
use super::vault::Vault;
use super::{Dialect, Link, Tx, Value, Work, contained, is_kept};
use crate::storage::Fault;
use crate::storage::migrations::migrator;
use crate::storage::news::{News, tell};

/// Units of work waiting for the writer. When it is full the next one is told [`Fault::Busy`] at once: at this
/// length the disk is seconds behind, and whoever asks is better served by a clear no than by waiting.
const MAILBOX: usize = 4096;
/// Units of work in one commit, so that the first of them does not wait for ever.
const GROUP_MAX: usize = 256;
const READERS: u32 = 8;
/// How long another process (`hotline apply` beside a running server) may hold the write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The writer's mailbox and the readers' pool.
#[derive(Clone)]
pub(crate) struct Sqlite {
    mailbox: mpsc::Sender<Letter>,
    readers: SqlitePool,
    vault: Option<Arc<Vault>>,
}

enum Letter {
    Job(Job),
    /// Everything before it is committed; answer and stop.
    Close(oneshot::Sender<()>),
}

/// A unit of work with its answer inside. Given a fault instead of a transaction it passes the fault on.
type Job = Box<dyn for<'t> FnOnce(Result<&'t mut Tx, Fault>) -> Running<'t> + Send>;
type Running<'t> = std::pin::Pin<Box<dyn Future<Output = Ran> + Send + 't>>;

/// What a unit of work came to, before the commit.
struct Ran {
    /// Whether what it wrote is to stay.
    keep: bool,
    /// Answers the caller with the outcome of the commit.
    answer: Box<dyn FnOnce(Result<(), Fault>) + Send>,
}

impl Sqlite {
    pub(super) async fn open(
        url: &str,
        vault: Option<Arc<Vault>>,
        news: broadcast::Sender<News>,
    ) -> Result<Self, Fault> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| Fault::Down(format!("storage.url is not understood: {error}")))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            // Checkpoints every 16 MB: fewer stalls of the writer than at the default 4 MB.
            .pragma("wal_autocheckpoint", "4096")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        if let Some(folder) = options.get_filename().parent()
            && !folder.as_os_str().is_empty()
        {
            create_folder(folder)?;
        }
        let mut writer = SqliteConnection::connect_with(&options).await?;
        migrator(Dialect::Sqlite)
            .run(&mut writer)
            .await
            .map_err(|error| Fault::Corrupt(format!("migrations: {error}")))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        let (mailbox, letters) = mpsc::channel(MAILBOX);
        let tx = Tx::new(Link::Writer(writer), vault.clone());
        tokio::spawn(write_in_groups(tx, letters, news));
        Ok(Self {
            mailbox,
            readers,
            vault,
        })
    }

    pub(super) async fn write<G, T, E, F>(&self, given: G, work: F) -> Result<T, E>
    where
        G: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t G) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let (asker, answered) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            Box::pin(async move {
                let result = match tx {
                    Ok(tx) => contained(work(tx, &given)).await,
                    Err(fault) => Err(fault.into()),
                };
                Ran {
                    keep: result.is_ok(),
                    answer: Box::new(move |committed| {
                        let answer = match committed {
                            Ok(()) => result,
                            // A refusal stands whatever became of the commit: nothing was to be kept.
                            Err(fault) => result.and(Err(fault.into())),
                        };
                        // The asker may have gone away; the work is done all the same.
                        let _ = asker.send(answer);
                    }),
                }
            })
        });
        self.mailbox
            .try_send(Letter::Job(job))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => {
                    Fault::Busy("too many writes are waiting for the disk".to_owned())
                }
                mpsc::error::TrySendError::Closed(_) => closed(),
            })?;
        answered.await.unwrap_or_else(|_| Err(closed().into()))
    }

    pub(super) async fn rows(&self, sql: SqlStr, values: &[Value]) -> Result<Vec<Cells>, Fault> {
        Ok(rows(&self.readers, sql, values).await?)
    }

    pub(super) async fn snapshot(&self) -> Result<Tx, Fault> {
        // A deferred transaction sees the database as of its first read.
        let mut tx = Tx::new(
            Link::Reader(self.readers.begin().await?),
            self.vault.clone(),
        );
        tx.rows("SELECT count(*) FROM sqlite_schema", &[]).await?;
        Ok(tx)
    }

    pub(super) async fn close(&self) {
        let (asker, answered) = oneshot::channel();
        if self.mailbox.send(Letter::Close(asker)).await.is_ok() {
            // An error means that the writer is gone already, which is what we want.
            let _ = answered.await;
        }
        self.readers.close().await;
    }
}

fn closed() -> Fault {
    Fault::Down("the database is closed".to_owned())
}

/// Makes the folder, readable by nobody else: what is in it is about people.
fn create_folder(folder: &Path) -> Result<(), Fault> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Fault::Down(format!("cannot make folder {}: {error}", folder.display())))
}

/// The writer: the one task that changes the database.
async fn write_in_groups(
    mut tx: Tx,
    mut letters: mpsc::Receiver<Letter>,
    news: broadcast::Sender<News>,
) {
    while let Some(letter) = letters.recv().await {
        let first = match letter {
            Letter::Job(job) => job,
            Letter::Close(asker) => {
                close_writer(tx).await;
                let _ = asker.send(());
                return;
            }
        };
        if let Some(asker) = write_group(&mut tx, first, &mut letters, &news).await {
            close_writer(tx).await;
            let _ = asker.send(());
            return;
        }
    }
    close_writer(tx).await;
}

/// Runs `first` and whatever is waiting in one transaction. Returns who asked to close meanwhile.
async fn write_group(
    tx: &mut Tx,
    first: Job,
    letters: &mut mpsc::Receiver<Letter>,
    news: &broadcast::Sender<News>,
) -> Option<oneshot::Sender<()>> {
    if let Err(fault) = tx.execute("BEGIN IMMEDIATE", &[]).await {
        warn!(fault = %fault, "the writer could not begin: {fault}");
        let ran = first(Err(fault)).await;
        (ran.answer)(Ok(()));
        return None;
    }
    let mut kept = Vec::new();
    let mut facts = Vec::new();
    let mut close = None;
    let mut next = Some(first);
    let mut broken = None;
    let mut run = 0;
    while let Some(job) = next.take() {
        run += 1;
        match run_in_savepoint(tx, job).await {
            Ok(Some(answer)) => {
                kept.push(answer);
                facts.append(&mut tx.facts);
            }
            Ok(None) => {}
            Err(fault) => {
                broken = Some(fault);
                break;
            }
        }
        if run < GROUP_MAX {
            match letters.try_recv() {
                Ok(Letter::Job(job)) => next = Some(job),
                Ok(Letter::Close(asker)) => close = Some(asker),
                Err(_) => {}
            }
        }
    }
    let committed = match broken {
        None => tx.execute("COMMIT", &[]).await.map(|_| ()),
        Some(fault) => Err(fault),
    };
    if let Err(fault) = &committed {
        error!(fault = %fault, group = kept.len(), "a group of {} writes was lost: {fault}", kept.len());
        // Already rolled back when the disk was full (SQLite does so by itself): then this says so.
        let _ = tx.execute("ROLLBACK", &[]).await;
    } else {
        tell(news, facts);
    }
    for answer in kept {
        answer(committed.clone());
    }
    close
}

type Answer = Box<dyn FnOnce(Result<(), Fault>) + Send>;

/// Runs one unit of work; its answer when it is to be kept. `Err` means that the whole transaction is gone.
async fn run_in_savepoint(tx: &mut Tx, job: Job) -> Result<Option<Answer>, Fault> {
    if let Err(fault) = tx.execute("SAVEPOINT unit_of_work", &[]).await {
        let ran = job(Err(fault.clone())).await;
        (ran.answer)(Ok(()));
        return Err(fault);
    }
    tx.begin_work();
    let ran = job(Ok(tx)).await;
    if ran.keep {
        return match tx.execute("RELEASE unit_of_work", &[]).await {
            Ok(_) => Ok(Some(ran.answer)),
            Err(fault) => {
                (ran.answer)(Err(fault.clone()));
                Err(fault)
            }
        };
    }
    (ran.answer)(Ok(()));
    let cause = tx.fault.take();
    let undone = match tx.execute("ROLLBACK TO unit_of_work", &[]).await {
        Ok(_) => tx.execute("RELEASE unit_of_work", &[]).await,
        failed => failed,
    };
    // A full disk makes SQLite roll back everything by itself: then the savepoint is gone, and the disk is why.
    undone.map(|_| None).map_err(|fault| cause.unwrap_or(fault))
}

async fn close_writer(tx: Tx) {
    if let Link::Writer(link) = tx.link
        && let Err(fault) = link.close().await
    {
        warn!(%fault, "the database did not close cleanly: {fault}");
    }
}

fn query(sql: SqlStr, values: &[Value]) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    values.iter().fold(
        sqlx::query(sql).persistent(is_kept(values)),
        |query, value| match value {
            Value::Int(value) => query.bind(*value),
            Value::Text(value) | Value::Personal(value) | Value::Secret(value) => {
                query.bind(value.clone())
            }
            Value::Bytes(value) => query.bind(value.clone()),
        },
    )
}

pub(super) async fn execute(
    link: &mut SqliteConnection,
    sql: SqlStr,
    values: &[Value],
) -> Result<u64, sqlx::Error> {
    Ok(query(sql, values).execute(link).await?.rows_affected())
}

pub(super) async fn rows(
    link: impl SqliteExecutor<'_>,
    sql: SqlStr,
    values: &[Value],
) -> Result<Vec<Cells>, sqlx::Error> {
    let rows = query(sql, values).fetch_all(link).await?;
    Ok(rows.into_iter().map(Cells::Sqlite).collect())
}

/// What SQLite's result code (<https://sqlite.org/rescode.html>) means for whoever asked.
pub(in crate::storage) fn fault(code: i32, words: String) -> Fault {
    match code & 0xff {
        // SQLITE_BUSY, SQLITE_LOCKED
        5 | 6 => Fault::Busy(words),
        // SQLITE_CONSTRAINT
        19 => Fault::Conflict(words),
        // SQLITE_PERM, READONLY, IOERR, FULL, CANTOPEN: the disk or its rights.
        3 | 8 | 10 | 13 | 14 => Fault::Down(words),
        // SQLITE_ERROR, CORRUPT, NOTADB and the rest: the file is not what this program wrote.
        _ => Fault::Corrupt(words),
    }
}
