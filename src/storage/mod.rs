//! What must survive: SQLite by default, PostgreSQL by URL; one file per aggregate.
//!
//! [`Storage`] is the whole of it. Each aggregate's file adds its methods and names its types:
//!
//! - [`organisation`], [`callouts`]: units, users, extensions, trunks, queues, numbers, specialists, gateways, calendars
//! - [`sessions`], [`tokens`]: who is logged in, which machine may ask
//! - [`idempotency`]: a request repeated is answered, not repeated
//! - [`calls`], [`contacts`]: an answered call made durable before its 200 OK leaves; call records; contacts
//! - [`tickets`], [`revisits`]: carried out once, chained and followed up ([`chronicle`], [`follow_up`]); [`ticket_lists`]
//! - [`sweep`]: what time alone brings about in tickets, many in one transaction
//! - [`kpis`]: figures of calls and agents
//! - [`rules`]: rule sets, calendars, published notices
//! - [`supervision`], [`event_clusters`], [`accountability`], [`holds`]: beside tickets, changed the same way; what is kept
//!   from somebody in a ticket is kept in them too ([`about`])
//! - [`watch`]: what the rules see in tickets; can be deleted and found again
//! - [`notices`], [`citizens`]: what units are told, what citizens can ask
//! - [`news`]: what was committed, for whoever watches
//! - [`sms`], [`outbox`]: what goes out after the commit, and what comes back
//! - [`recordings`], [`agent_states`], [`audit`]: evidence
//! - [`recovery`], [`check`], [`backup`]: after a crash, against tampering, against fire
//!
//! A change, its events and the follow-up work are one transaction. Nothing here knows HTTP, SIP or an SMS
//! provider; time comes in as an argument, secrets and ids from the clock given to [`Storage::open`].

pub mod about;
pub mod accountability;
pub mod agent_states;
pub mod archive;
pub mod attachments;
pub mod audit;
pub mod backup;
pub mod callers;
pub mod callouts;
pub mod calls;
pub mod check;
mod chronicle;
pub mod citizens;
pub mod conference;
pub mod contacts;
mod db;
pub mod event_clusters;
pub mod flagged;
mod follow_up;
pub mod holds;
pub mod idempotency;
pub mod intake;
pub mod kpis;
pub mod lacks;
mod migrations;
pub mod news;
pub mod notices;
pub mod organisation;
pub mod outbox;
mod page;
pub mod recordings;
pub mod recovery;
pub mod revisits;
pub mod rules;
pub mod sessions;
pub mod sms;
pub mod statistics;
pub mod supervision;
pub mod sweep;
pub mod ticket_lists;
pub mod tickets;
pub mod tokens;
pub mod watch;

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Clock;
pub use chronicle::ChainedEvent;
pub use db::vault::{Aes256, Cipher, Vault};
use db::{Db, values};
pub use page::{BadCursor, Cursor, Listing, Page};

/// The database, open and up to date. Cheap to clone; every clone is the same database.
#[derive(Clone)]
pub struct Storage {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// What every database keeps sealed, to know its key again.
const KEY_PROOF: &str = "hotline12345proof";

/// The world failed. Whether to ask again is known here, where the database's words are understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Overloaded or locked; nothing was changed. Ask again shortly.
    #[error("database busy: {0}")]
    Busy(String),
    /// Not reachable, not allowed, or no room left. Ask again when somebody has looked after it.
    #[error("database down: {0}")]
    Down(String),
    /// A row is there already, or one it needs is not. Asking again changes nothing.
    #[error("database refused the row: {0}")]
    Conflict(String),
    /// What is stored is not what this version writes. Give up and call for help.
    #[error("database corrupt: {0}")]
    Corrupt(String),
}

impl Fault {
    /// Whether the same wish may succeed a little later.
    pub const fn retry(&self) -> bool {
        match self {
            Self::Busy(_) | Self::Down(_) => true,
            Self::Conflict(_) | Self::Corrupt(_) => false,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let words = error.message().to_owned();
                let code = error.code().unwrap_or_default().into_owned();
                match error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
                    Some(_) => db::sqlite::fault(code.parse().unwrap_or(0), words),
                    None => db::postgres::fault(&code, words),
                }
            }
            sqlx::Error::PoolTimedOut => Self::Busy(
                "no connection came free: all are in use, or the server does not answer".to_owned(),
            ),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Configuration(_) => Self::Down(error.to_string()),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// A wish that was not granted: the rules said no, or the world failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble<R> {
    #[error("{0}")]
    Refused(R),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl<R> Trouble<R> {
    /// Where the rules cannot say no, a refusal is a fault.
    fn or_fault(self, explain: impl FnOnce(R) -> Fault) -> Fault {
        match self {
            Self::Refused(refusal) => explain(refusal),
            Self::Fault(fault) => fault,
        }
    }

    /// The same trouble where more may be refused.
    fn widen<W: From<R>>(self) -> Trouble<W> {
        match self {
            Self::Refused(refusal) => Trouble::Refused(refusal.into()),
            Self::Fault(fault) => Trouble::Fault(fault),
        }
    }
}

impl Storage {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`), creating and migrating it as needed.
    pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let db = Db::open(url, Arc::clone(&clock), None).await?;
        Ok(Self { db, clock })
    }

    /// As [`Storage::open`]; what names people is sealed on its way in and opened on its way out. Another key than the
    /// one the database was begun with is refused.
    pub async fn open_sealed(
        url: &str,
        clock: Arc<dyn Clock>,
        vault: Vault,
    ) -> Result<Self, Fault> {
        let vault = Arc::new(vault);
        let proof = vault.seal(KEY_PROOF).into_owned();
        let db = Db::open(url, Arc::clone(&clock), Some(vault)).await?;
        let known: String = db
            .write(proof, |tx, proof| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO data_key (name, proof) VALUES ('first', $1) \
                         ON CONFLICT (name) DO NOTHING",
                        &values![*proof],
                    )
                    .await?;
                    let row = tx.row("SELECT proof FROM data_key", &[]).await?;
                    row.ok_or_else(|| Fault::Corrupt("the data key's proof is gone".to_owned()))?
                        .get("proof")
                })
            })
            .await?;
        if known != KEY_PROOF {
            db.close().await;
            return Err(Fault::Down(
                "the data key is not the one this database was begun with".to_owned(),
            ));
        }
        Ok(Self { db, clock })
    }

    /// Finishes the writes that were handed over, then closes.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// The database answers: for `/readyz`.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.db.rows("SELECT 1 AS one", &[]).await?;
        Ok(())
    }

    fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// A new secret of 256 bits, as text fit for a header or a cookie.
    fn new_secret(&self) -> String {
        let mut bytes = [0; 32];
        self.clock.random(&mut bytes);
        hex(&bytes)
    }
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

/// SHA-256, in hexadecimal. Secrets of 256 random bits are kept as this: they need no salt and no slow hash.
fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("our own types have text keys and finite numbers")
}
