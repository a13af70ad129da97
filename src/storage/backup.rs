//! Backup and restore: every table as JSON lines, with counts and hashes.
//!
//! The copy is taken in one snapshot while the server runs. It says nothing that only one database understands,
//! so what was taken from SQLite restores into PostgreSQL and the other way round. Sessions are left out: nobody
//! should be logged in by a restore.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use tokio::fs::{self, File};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::db::{Dialect, Row, Tx, Value, values};
use super::{Fault, Storage, hex, to_json};
use crate::domain::time::Timestamp;

const FORMAT: &str = "hotline-backup/1";
const SHEET: &str = "backup.json";
/// Rows read at a time.
const PAGE: usize = 1000;
/// Tables a backup does not carry.
const LEFT_OUT: [&str; 2] = ["session", "_sqlx_migrations"];

/// What a backup holds: the sheet beside its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSheet {
    pub format: String,
    /// Version of the tables; a backup restores into the same version only.
    pub schema: i64,
    pub taken_at: Timestamp,
    pub tables: Vec<TableSheet>,
}

/// One table's file, `<name>.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSheet {
    pub name: String,
    pub rows: u64,
    pub sha256: String,
}

/// Why a backup was not taken, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupTrouble {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("the folder holds files already: a backup wants a new one")]
    FolderInUse,
    #[error("the database holds rows already (table {0}): a restore wants an empty one")]
    DatabaseInUse(String),
    #[error("not a backup this version understands: {0}")]
    Foreign(String),
    #[error("table {table}: the file is not what the sheet says ({what})")]
    Damaged { table: String, what: &'static str },
}

pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<(String, Kind)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Bytes,
}

impl Storage {
    /// Copies every table into `folder`, which must be new or empty, as of one moment.
    pub async fn backup(
        &self,
        now: Timestamp,
        folder: &Path,
    ) -> Result<BackupSheet, BackupTrouble> {
        // Readable by nobody else: what is in it is about people.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .await?;
        if fs::read_dir(folder).await?.next_entry().await?.is_some() {
            return Err(BackupTrouble::FolderInUse);
        }
        let mut tx = self.db.snapshot().await?;
        let mut sheet = BackupSheet {
            format: FORMAT.to_owned(),
            schema: schema(&mut tx).await?,
            taken_at: now,
            tables: Vec::new(),
        };
        for table in tables(&mut tx).await? {
            sheet.tables.push(copy_out(&mut tx, &table, folder).await?);
        }
        // Last: a folder with a sheet is a whole backup.
        let mut file = File::create_new(folder.join(SHEET)).await?;
        file.write_all(to_json(&sheet).as_bytes()).await?;
        file.sync_all().await?;
        Ok(sheet)
    }

    /// Fills the empty database from `folder`, whole or not at all.
    pub async fn restore(&self, folder: &Path) -> Result<BackupSheet, BackupTrouble> {
        let sheet = sheet_of(folder).await?;
        for table in &sheet.tables {
            verify(table, folder).await?;
        }
        self.db
            .write((sheet, folder.to_owned()), |tx, (sheet, folder)| {
                Box::pin(async move {
                    let version = schema(tx).await?;
                    if sheet.schema != version {
                        return Err(BackupTrouble::Foreign(format!(
                            "tables of version {}, this database has {version}",
                            sheet.schema
                        )));
                    }
                    let tables = tables(tx).await?;
                    empty(tx, &tables).await?;
                    for sheet in &sheet.tables {
                        let table = tables
                            .iter()
                            .find(|table| table.name == sheet.name)
                            .ok_or_else(|| {
                                BackupTrouble::Foreign(format!("table {}", sheet.name))
                            })?;
                        copy_in(tx, table, folder).await?;
                    }
                    Ok(sheet.clone())
                })
            })
            .await
    }
}

/// The sheet of the backup in `folder`.
pub async fn sheet_of(folder: &Path) -> Result<BackupSheet, BackupTrouble> {
    let text = fs::read_to_string(folder.join(SHEET)).await?;
    let sheet: BackupSheet =
        serde_json::from_str(&text).map_err(|error| BackupTrouble::Foreign(error.to_string()))?;
    if sheet.format != FORMAT {
        return Err(BackupTrouble::Foreign(sheet.format));
    }
    Ok(sheet)
}

impl BackupSheet {
    /// Are its rows sealed with a key? Then nobody reads them without it.
    pub fn is_sealed(&self) -> bool {
        let proof = |table: &TableSheet| table.name == "data_key" && table.rows > 0;
        self.tables.iter().any(proof)
    }
}

pub(super) async fn schema(tx: &mut Tx) -> Result<i64, Fault> {
    tx.row("SELECT max(version) AS version FROM _sqlx_migrations", &[])
        .await?
        .ok_or_else(|| Fault::Corrupt("no migrations".to_owned()))?
        .get("version")
}

/// Every table with its columns, for the test that both databases have the same.
#[cfg(test)]
pub(super) async fn shape(tx: &mut Tx) -> Result<Vec<(String, Vec<(String, String)>)>, Fault> {
    let columns = |table: &Table| {
        table
            .columns
            .iter()
            .map(|(name, kind)| (name.clone(), format!("{kind:?}")))
            .collect()
    };
    let tables = tables(tx).await?;
    Ok(tables
        .iter()
        .map(|table| (table.name.clone(), columns(table)))
        .collect())
}

/// Every table and its columns, as the database itself says.
pub(super) async fn tables(tx: &mut Tx) -> Result<Vec<Table>, Fault> {
    let rows = match tx.dialect() {
        Dialect::Sqlite => {
            tx.rows(
                "SELECT m.name AS table_name, c.name AS column_name, lower(c.type) AS kind \
                 FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 ORDER BY m.name, c.cid",
                &[],
            )
            .await?
        }
        Dialect::Postgres => {
            tx.rows(
                "SELECT table_name::text AS table_name, column_name::text AS column_name, \
                 data_type::text AS kind FROM information_schema.columns \
                 WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
                &[],
            )
            .await?
        }
    };
    let mut tables: Vec<Table> = Vec::new();
    for row in &rows {
        let name: String = row.get("table_name")?;
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let kind = match row.get::<String>("kind")?.as_str() {
            "integer" | "bigint" => Kind::Int,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            other => return Err(Fault::Corrupt(format!("column of kind {other} in {name}"))),
        };
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(Table {
                name,
                columns: Vec::new(),
            });
        }
        let table = tables.last_mut().expect("one was pushed if there was none");
        table.columns.push((row.get("column_name")?, kind));
    }
    Ok(tables)
}

/// Our own schema's names only.
pub(super) fn sql(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

async fn copy_out(tx: &mut Tx, table: &Table, folder: &Path) -> Result<TableSheet, BackupTrouble> {
    let mut file = BufWriter::new(File::create_new(file_of(table, folder)).await?);
    let mut hash = Sha256::new();
    let mut count = 0;
    let mut pages = Pages::open(tx, table).await?;
    loop {
        let rows = pages.next(tx, table).await?;
        for row in &rows {
            let line = to_json(&line_of(row, table)?) + "\n";
            hash.update(&line);
            file.write_all(line.as_bytes()).await?;
            count += 1;
        }
        if rows.len() < PAGE {
            break;
        }
    }
    file.flush().await?;
    file.get_ref().sync_all().await?;
    Ok(TableSheet {
        name: table.name.clone(),
        rows: count,
        sha256: hex(&hash.finalize()),
    })
}

fn file_of(table: &Table, folder: &Path) -> std::path::PathBuf {
    folder.join(format!("{}.jsonl", table.name))
}

/// Reads a table in pages: by row id on SQLite, through a cursor (closed with the snapshot) on PostgreSQL. Each
/// table's cursor has a name of its own, because the driver keeps a statement's columns by its text.
struct Pages {
    last_rowid: i64,
    dialect: Dialect,
}

impl Pages {
    async fn open(tx: &mut Tx, table: &Table) -> Result<Self, Fault> {
        let dialect = tx.dialect();
        if dialect == Dialect::Postgres {
            let declare = format!(
                "DECLARE pages_of_{0} NO SCROLL CURSOR FOR SELECT * FROM {0}",
                table.name
            );
            tx.execute_text(sql(declare), &[]).await?;
        }
        Ok(Self {
            last_rowid: i64::MIN,
            dialect,
        })
    }

    async fn next(&mut self, tx: &mut Tx, table: &Table) -> Result<Vec<Row>, Fault> {
        match self.dialect {
            Dialect::Sqlite => {
                let page = format!(
                    "SELECT rowid AS page_rowid, * FROM {} WHERE rowid > $1 ORDER BY rowid LIMIT {PAGE}",
                    table.name
                );
                let rows = tx.rows_text(sql(page), &values![self.last_rowid]).await?;
                if let Some(last) = rows.last() {
                    self.last_rowid = last.get("page_rowid")?;
                }
                Ok(rows)
            }
            Dialect::Postgres => {
                tx.rows_text(
                    sql(format!("FETCH FORWARD {PAGE} FROM pages_of_{}", table.name)),
                    &[],
                )
                .await
            }
        }
    }
}

fn line_of(row: &Row, table: &Table) -> Result<Map<String, Json>, Fault> {
    table
        .columns
        .iter()
        .map(|(column, kind)| {
            let value = match kind {
                Kind::Int => row.opt::<i64>(column)?.map_or(Json::Null, Json::from),
                // Sealed as it lies: a backup says no more than the database.
                Kind::Text => row.stored_text(column)?.map_or(Json::Null, Json::from),
                Kind::Bytes => row
                    .opt::<Vec<u8>>(column)?
                    .map_or(Json::Null, |bytes| BASE64.encode(bytes).into()),
            };
            Ok((column.clone(), value))
        })
        .collect()
}

/// The file holds what the sheet says.
async fn verify(sheet: &TableSheet, folder: &Path) -> Result<(), BackupTrouble> {
    let damaged = |what| BackupTrouble::Damaged {
        table: sheet.name.clone(),
        what,
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !sheet.name.bytes().all(plain) {
        return Err(BackupTrouble::Foreign(format!("table {:?}", sheet.name)));
    }
    let mut file = File::open(folder.join(format!("{}.jsonl", sheet.name))).await?;
    let mut hash = Sha256::new();
    let mut rows = 0;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut chunk).await?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
        rows += chunk[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    if hex(&hash.finalize()) != sheet.sha256 {
        return Err(damaged("hash"));
    }
    if rows != sheet.rows {
        return Err(damaged("number of rows"));
    }
    Ok(())
}

/// Refuses a database that holds anything; rows that the migrations made are replaced.
async fn empty(tx: &mut Tx, tables: &[Table]) -> Result<(), BackupTrouble> {
    for table in tables {
        if table.name == "chain" {
            tx.execute("DELETE FROM chain", &[]).await?;
            continue;
        }
        // The proof that comes with the backup is of the key its rows are sealed with.
        if table.name == "data_key" {
            tx.execute("DELETE FROM data_key", &[]).await?;
            continue;
        }
        let any = format!("SELECT 1 AS one FROM {} LIMIT 1", table.name);
        if !tx.rows_text(sql(any), &[]).await?.is_empty() {
            return Err(BackupTrouble::DatabaseInUse(table.name.clone()));
        }
    }
    Ok(())
}

async fn copy_in(tx: &mut Tx, table: &Table, folder: &Path) -> Result<(), BackupTrouble> {
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let mut insert = format!("INSERT INTO {} ({}) VALUES (", table.name, names.join(", "));
    for place in 1..=names.len() {
        let comma = if place == 1 { "" } else { ", " };
        write!(insert, "{comma}${place}").expect("writing to a String does not fail");
    }
    insert.push(')');
    let insert = sql(insert);

    let mut lines = BufReader::new(File::open(file_of(table, folder)).await?).lines();
    while let Some(line) = lines.next_line().await? {
        let row = values_of(&line, table).ok_or_else(|| BackupTrouble::Damaged {
            table: table.name.clone(),
            what: "a row that does not fit the table",
        })?;
        tx.execute_text(insert.clone(), &row).await?;
    }
    Ok(())
}

fn values_of(line: &str, table: &Table) -> Option<Vec<Value>> {
    let row: Map<String, Json> = serde_json::from_str(line).ok()?;
    if row.len() != table.columns.len() {
        return None;
    }
    let value = |(column, kind): &(String, Kind)| {
        Some(match (kind, row.get(column)?) {
            (Kind::Int, Json::Null) => Value::Int(None),
            (Kind::Int, number) => Value::Int(Some(number.as_i64()?)),
            (Kind::Text, Json::Null) => Value::Text(None),
            (Kind::Text, text) => Value::Text(Some(text.as_str()?.to_owned())),
            (Kind::Bytes, Json::Null) => Value::Bytes(None),
            (Kind::Bytes, text) => Value::Bytes(Some(BASE64.decode(text.as_str()?).ok()?)),
        })
    };
    table.columns.iter().map(value).collect()
}
