//! One small layer over both databases: statements with `$1` parameters, rows, and units of work.
//!
//! Each aggregate is written once against [`Tx`] and [`Db`]; [`sqlite`] and [`postgres`] hold only what
//! differs: opening, the words of their errors, and how a unit of work becomes durable.
//!
//! A unit of work runs in one transaction and is answered after its commit. On SQLite all of them pass through
//! one writer that commits many at once ([`sqlite::writer`]); on PostgreSQL each has a connection of the pool,
//! and is run again when the database says it collided with another. So a unit of work may run more than once:
//! it touches nothing but its `Tx`.
//!
//! PostgreSQL runs at READ COMMITTED. Whoever must be alone with a row begins with an
//! `UPDATE … RETURNING` of it, which locks on PostgreSQL and is the same text on SQLite.

pub(super) mod postgres;
pub(super) mod sqlite;
mod value;
pub(super) mod vault;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use sqlx::{SqlSafeStr, SqlStr};
use tokio::sync::broadcast;

use super::news::{self, Fact, News};
use super::{Cursor, Fault};
use crate::clock::Clock;
use value::Cells;
pub(super) use value::{Bind, Personal, Row, Secret, Value, values};
use vault::Vault;

/// A boxed future, as a unit of work returns it.
pub(super) type Work<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// An open database. Cheap to clone.
#[derive(Clone)]
pub(super) struct Db {
    engine: Engine,
    vault: Option<Arc<Vault>>,
    news: broadcast::Sender<News>,
    /// For the metric only.
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// Which database this is, for the few statements that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Db {
    /// Opens (and for SQLite creates) the database and brings its tables up to date.
    pub(super) async fn open(
        url: &str,
        clock: Arc<dyn Clock>,
        vault: Option<Arc<Vault>>,
    ) -> Result<Self, Fault> {
        let (news, sealing) = (news::channel(), vault.clone());
        let engine = if url.starts_with("sqlite:") {
            Engine::Sqlite(sqlite::Sqlite::open(url, sealing, news.clone()).await?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Engine::Postgres(postgres::Postgres::open(url, sealing, news.clone()).await?)
        } else {
            return Err(Fault::Down(
                "storage.url must begin with sqlite: or postgres://".to_owned(),
            ));
        };
        Ok(Self {
            engine,
            vault,
            news,
            clock,
        })
    }

    /// What is committed from now on.
    pub(super) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Runs `work` in one transaction; answers after the commit, or with nothing changed.
    ///
    /// `given` is what the work reads; it is handed in by reference so that the work can be run again.
    pub(super) async fn write<G, T, E, F>(&self, given: G, work: F) -> Result<T, E>
    where
        G: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t G) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let begun = self.clock.instant();
        let done = match &self.engine {
            Engine::Sqlite(db) => db.write(given, work).await,
            Engine::Postgres(db) => db.write(given, work).await,
        };
        let took = self.clock.instant().saturating_duration_since(begun);
        metrics::histogram!("hotline_storage_write_seconds").record(took);
        done
    }

    /// Reads outside any transaction.
    pub(super) async fn rows(
        &self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Fault> {
        self.rows_of(sql.into_sql_str(), values).await
    }

    /// Reads the first row, if any.
    pub(super) async fn row(
        &self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Reads what a [`Select`] asks for.
    pub(super) async fn select(&self, select: Select) -> Result<Vec<Row>, Fault> {
        self.rows_of(
            sqlx::AssertSqlSafe(select.sql).into_sql_str(),
            &select.values,
        )
        .await
    }

    async fn rows_of(&self, sql: SqlStr, values: &[Value]) -> Result<Vec<Row>, Fault> {
        let values = sealed(self.vault.as_deref(), values);
        let rows = match &self.engine {
            Engine::Sqlite(db) => db.rows(sql, &values).await,
            Engine::Postgres(db) => db.rows(sql, &values).await,
        }?;
        Ok(opened(self.vault.as_ref(), rows))
    }

    /// A transaction that sees one moment of the database and writes nothing.
    pub(super) async fn snapshot(&self) -> Result<Tx, Fault> {
        match &self.engine {
            Engine::Sqlite(db) => db.snapshot().await,
            Engine::Postgres(db) => db.snapshot().await,
        }
    }

    /// Finishes what was handed over and closes every connection.
    pub(super) async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(db) => db.close().await,
            Engine::Postgres(db) => db.close().await,
        }
    }
}

/// One transaction, while it is open.
pub(super) struct Tx {
    link: Link,
    /// The database said that this transaction collided with another and may be run again.
    collided: bool,
    vault: Option<Arc<Vault>>,
    /// The first thing that went wrong in the present unit of work.
    fault: Option<Fault>,
    /// Rows that wait for [`Tx::flush`], when the present unit of work gathers.
    gathered: Option<Vec<Gathered>>,
    /// What the present unit of work moved: told when it is committed.
    facts: Vec<Fact>,
}

/// A statement that writes rows: what stands before their values, and after them. The order of the values is the
/// columns'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Writing {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
}

/// Rows of one [`Writing`].
struct Gathered {
    writing: Writing,
    width: usize,
    values: Vec<Value>,
}

/// SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535.
const PARAMETERS_MAX: usize = 32_000;

enum Link {
    /// The writer's connection; it begins and commits by itself.
    Writer(sqlx::SqliteConnection),
    Reader(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    const fn new(link: Link, vault: Option<Arc<Vault>>) -> Self {
        Self {
            link,
            collided: false,
            vault,
            fault: None,
            gathered: None,
            facts: Vec::new(),
        }
    }

    /// A unit of work begins: nothing has gone wrong in it, it moved nothing, and it does not gather.
    fn begin_work(&mut self) {
        self.fault = None;
        self.gathered = None;
        self.facts.clear();
    }

    /// Something moved on. It is told after the commit, once, as it then stands.
    pub(super) fn tell(&mut self, fact: Fact) {
        match self.facts.iter_mut().find(|known| known.is_of(&fact)) {
            Some(known) => *known = fact,
            None => self.facts.push(fact),
        }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self.link {
            Link::Writer(_) | Link::Reader(_) => Dialect::Sqlite,
            Link::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement; the number of rows it touched.
    pub(super) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, Fault> {
        self.execute_text(sql.into_sql_str(), values).await
    }

    /// Runs a statement put together from our own schema's names, never from input.
    pub(super) async fn execute_text(
        &mut self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<u64, Fault> {
        let values = &*sealed(self.vault.as_deref(), values);
        let done = match &mut self.link {
            Link::Writer(link) => sqlite::execute(link, sql, values).await,
            Link::Reader(link) => sqlite::execute(link, sql, values).await,
            Link::Postgres(link) => postgres::execute(link, sql, values).await,
        };
        self.told(done)
    }

    /// Runs a statement and reads its rows.
    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Fault> {
        self.rows_text(sql.into_sql_str(), values).await
    }

    /// As [`Tx::execute_text`].
    pub(super) async fn rows_text(
        &mut self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<Vec<Row>, Fault> {
        let values = &*sealed(self.vault.as_deref(), values);
        let rows = match &mut self.link {
            Link::Writer(link) => sqlite::rows(&mut *link, sql, values).await,
            Link::Reader(link) => sqlite::rows(&mut **link, sql, values).await,
            Link::Postgres(link) => postgres::rows(&mut **link, sql, values).await,
        };
        let rows = self.told(rows)?;
        Ok(opened(self.vault.as_ref(), rows))
    }

    /// Runs a statement and reads its first row, if any.
    pub(super) async fn row(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Reads what a [`Select`] asks for.
    pub(super) async fn select(&mut self, select: Select) -> Result<Vec<Row>, Fault> {
        let sql = sqlx::AssertSqlSafe(select.sql).into_sql_str();
        self.rows_text(sql, &select.values).await
    }

    /// From now on what is [`put`](Tx::put) waits, so that many rows cost one statement. Until [`Tx::flush`] this unit of
    /// work does not read what it put.
    pub(super) fn gather(&mut self) {
        self.gathered = Some(Vec::new());
    }

    /// Writes one row: at once, or with the others.
    pub(super) async fn put(&mut self, writing: Writing, row: &[Value]) -> Result<(), Fault> {
        let Some(gathered) = &mut self.gathered else {
            return self.write_rows(writing, row.len(), row).await;
        };
        match gathered.iter_mut().find(|rows| rows.writing == writing) {
            Some(rows) => rows.values.extend_from_slice(row),
            None => gathered.push(Gathered {
                writing,
                width: row.len(),
                values: row.to_vec(),
            }),
        }
        Ok(())
    }

    /// Writes what was gathered, kind by kind in the order they first came, and gathers no more.
    pub(super) async fn flush(&mut self) -> Result<(), Fault> {
        for rows in self.gathered.take().unwrap_or_default() {
            for some in rows.values.chunks(PARAMETERS_MAX / rows.width * rows.width) {
                self.write_rows(rows.writing, rows.width, some).await?;
            }
        }
        Ok(())
    }

    async fn write_rows(
        &mut self,
        writing: Writing,
        width: usize,
        values: &[Value],
    ) -> Result<(), Fault> {
        let mut sql = writing.before.to_owned();
        for number in 1..=values.len() {
            sql.push_str(match number - 1 {
                0 => " ($",
                before if before % width == 0 => "), ($",
                _ => ", $",
            });
            sql.push_str(&number.to_string());
        }
        sql.push(')');
        sql.push_str(writing.after);
        self.execute_text(sqlx::AssertSqlSafe(sql).into_sql_str(), values)
            .await?;
        Ok(())
    }

    fn told<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, Fault> {
        result.map_err(|error| {
            self.collided |= postgres::is_collision(&error);
            let fault = Fault::from(error);
            self.fault.get_or_insert_with(|| fault.clone());
            fault
        })
    }
}

/// Whether the database is to keep a statement for the next time. One with many rows is seldom asked again with as many.
const fn is_kept(values: &[Value]) -> bool {
    values.len() <= 64
}

/// The parameters as they go to the database.
fn sealed<'v>(vault: Option<&Vault>, values: &'v [Value]) -> Cow<'v, [Value]> {
    match vault {
        Some(vault) => values.iter().map(|value| value.sealed(vault)).collect(),
        None => Cow::Borrowed(values),
    }
}

/// The rows as they are read.
fn opened(vault: Option<&Arc<Vault>>, rows: Vec<Cells>) -> Vec<Row> {
    rows.into_iter()
        .map(|cells| Row::new(cells, vault.cloned()))
        .collect()
}

/// A list's statement, grown by the filters that were given. Only texts of ours enter it: input is bound.
pub(super) struct Select {
    sql: String,
    values: Vec<Value>,
}

impl Select {
    /// `sql` ends inside a WHERE clause, e.g. `… WHERE 1 = 1`.
    pub(super) fn new(sql: &'static str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds ` AND <condition> $n`.
    #[must_use]
    pub(super) fn and(mut self, condition: &'static str, value: impl Bind) -> Self {
        self.sql.push_str(" AND ");
        self.push(condition, value);
        self
    }

    /// As [`Select::and`], when there is a value.
    #[must_use]
    pub(super) fn and_some(self, condition: &'static str, value: Option<impl Bind>) -> Self {
        match value {
            Some(value) => self.and(condition, value),
            None => self,
        }
    }

    /// Adds ` AND <column> IN ($n, …)`.
    #[must_use]
    pub(super) fn among(
        mut self,
        column: &'static str,
        values: impl IntoIterator<Item = impl Bind>,
    ) -> Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(column);
        self.sql.push_str(" IN (NULL");
        for value in values {
            self.push(",", value);
        }
        self.sql.push(')');
        self
    }

    /// Keeps what comes after `place` in a list that runs from the greatest `(at, id)` down.
    #[must_use]
    pub(super) fn before(mut self, at: &'static str, id: &'static str, place: &Cursor) -> Self {
        self.sql.push_str(" AND (");
        self.sql.push_str(at);
        self.sql.push_str(", ");
        self.sql.push_str(id);
        self.push(") < (", place.at);
        self.push(",", place.id.as_str());
        self.sql.push(')');
        self
    }

    /// Adds a text of ours as it is.
    #[must_use]
    pub(super) fn text(mut self, text: &'static str) -> Self {
        self.sql.push_str(text);
        self
    }

    /// Adds `<text> $n`.
    #[must_use]
    pub(super) fn bind(mut self, text: &'static str, value: impl Bind) -> Self {
        self.push(text, value);
        self
    }

    fn push(&mut self, text: &'static str, value: impl Bind) {
        self.values.push(value.bind());
        self.sql.push_str(text);
        self.sql.push_str(" $");
        self.sql.push_str(&self.values.len().to_string());
    }
}

/// Takes the next `count` numbers of the counter `name`; the last of them. Whoever counts keeps others from
/// counting until their unit of work ends, so there are no gaps.
pub(super) async fn count_up(tx: &mut Tx, name: &str, count: u64) -> Result<u64, Fault> {
    tx.row(
        "INSERT INTO counter (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = counter.value + $2 RETURNING value",
        &values![name, count],
    )
    .await?
    .ok_or_else(|| Fault::Corrupt("a counter without a row".to_owned()))?
    .get("value")
}

/// Runs a unit of work so that its panic ends it alone, not the writer that serves everybody.
async fn contained<T, E: From<Fault>>(mut work: Work<'_, T, E>) -> Result<T, E> {
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(Fault::Corrupt(words_of(&*panic)).into())),
        }
    })
    .await
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no words".to_owned());
    format!("a unit of work panicked: {words}")
}
