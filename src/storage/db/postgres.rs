//! PostgreSQL: a pool; a unit of work is one transaction, run again when it collided with another.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection, PgConnection, PgExecutor, SqlStr};
use tokio::sync::broadcast;

use super::value::Cells;
use super::vault::Vault;
use super::{Dialect, Link, Tx, Value, Work, contained, is_kept};
use crate::storage::Fault;
use crate::storage::migrations::migrator;
use crate::storage::news::{News, tell};

/// Connections of one node. When all are busy the next waits [`ACQUIRE_TIMEOUT`] and is then told
/// [`Fault::Busy`].
const CONNECTIONS: u32 = 24;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a unit of work is run before its collision is told.
const ATTEMPTS: u32 = 8;

/// The pool.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    vault: Option<Arc<Vault>>,
    news: broadcast::Sender<News>,
}

impl Postgres {
    pub(super) async fn open(
        url: &str,
        vault: Option<Arc<Vault>>,
        news: broadcast::Sender<News>,
    ) -> Result<Self, Fault> {
        let options = PgConnectOptions::from_str(url)
            // The error may quote the URL, which holds a password.
            .map_err(|_| {
                Fault::Down("storage.url is not understood: want postgres://user@host/name".into())
            })?
            .application_name("hotline")
            .options([
                ("lock_timeout", "5s"),
                ("statement_timeout", "60s"),
                ("idle_in_transaction_session_timeout", "60s"),
            ])
            .statement_cache_capacity(256)
            .disable_statement_logging();
        // The pool would try again and again and then only say that it had no connection: ask once, and say why.
        let probe = PgConnection::connect_with(&options);
        tokio::time::timeout(ACQUIRE_TIMEOUT, probe)
            .await
            .map_err(|_| Fault::Down("the database server does not answer".to_owned()))??
            .close()
            .await?;
        // Migrations rewrite whole tables: with millions of tickets that takes minutes.
        let patient = options.clone().options([("statement_timeout", "0")]);
        let mut patient = PgConnection::connect_with(&patient).await?;
        migrator(Dialect::Postgres)
            .run(&mut patient)
            .await
            .map_err(|error| Fault::Corrupt(format!("migrations: {error}")))?;
        patient.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await?;
        Ok(Self { pool, vault, news })
    }

    pub(super) async fn write<G, T, E, F>(&self, given: G, work: F) -> Result<T, E>
    where
        E: From<Fault>,
        F: for<'t> Fn(&'t mut Tx, &'t G) -> Work<'t, T, E>,
    {
        let mut attempt = 1;
        loop {
            let begun = self.pool.begin().await.map_err(Fault::from)?;
            let mut tx = Tx::new(Link::Postgres(begun), self.vault.clone());
            let worked = contained(work(&mut tx, &given)).await;
            let facts = std::mem::take(&mut tx.facts);
            let again = attempt < ATTEMPTS;
            attempt += 1;
            match worked {
                Ok(done) => match commit(tx).await {
                    Ok(()) => {
                        tell(&self.news, facts);
                        return Ok(done);
                    }
                    Err(error) if again && is_collision(&error) => {}
                    Err(error) => return Err(Fault::from(error).into()),
                },
                // Dropping the transaction rolls it back.
                Err(_) if again && tx.collided => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) async fn rows(&self, sql: SqlStr, values: &[Value]) -> Result<Vec<Cells>, Fault> {
        Ok(rows(&self.pool, sql, values).await?)
    }

    pub(super) async fn snapshot(&self) -> Result<Tx, Fault> {
        let begun = self
            .pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        Ok(Tx::new(Link::Postgres(begun), self.vault.clone()))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

async fn commit(tx: Tx) -> Result<(), sqlx::Error> {
    match tx.link {
        Link::Postgres(link) => link.commit().await,
        Link::Writer(_) | Link::Reader(_) => {
            unreachable!("a unit of work on PostgreSQL holds a connection of PostgreSQL")
        }
    }
}

fn query(sql: SqlStr, values: &[Value]) -> Query<'static, sqlx::Postgres, PgArguments> {
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
    link: &mut PgConnection,
    sql: SqlStr,
    values: &[Value],
) -> Result<u64, sqlx::Error> {
    Ok(query(sql, values).execute(link).await?.rows_affected())
}

pub(super) async fn rows(
    link: impl PgExecutor<'_>,
    sql: SqlStr,
    values: &[Value],
) -> Result<Vec<Cells>, sqlx::Error> {
    let rows = query(sql, values).fetch_all(link).await?;
    Ok(rows.into_iter().map(Cells::Postgres).collect())
}

/// serialization_failure and deadlock_detected: the transaction may simply be run again.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

/// What a SQLSTATE (PostgreSQL appendix A) means for whoever asked.
pub(in crate::storage) fn fault(code: &str, words: String) -> Fault {
    match code {
        // Collisions, lock_not_available, too_many_connections, query_canceled.
        "40001" | "40P01" | "55P03" | "53300" | "57014" => Fault::Busy(words),
        _ if code.starts_with("23") => Fault::Conflict(words),
        // Connection, authorisation, resources (disk full), operator intervention, system error; no such
        // database; read-only after a failover.
        "3D000" | "25006" => Fault::Down(words),
        _ if ["08", "28", "53", "57", "58"].contains(&code.get(..2).unwrap_or_default()) => {
            Fault::Down(words)
        }
        _ => Fault::Corrupt(words),
    }
}
