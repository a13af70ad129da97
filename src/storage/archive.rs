//! The archive (article 12): tickets with everything that belongs to them, as a folder that any server of ours can take in.
//!
//! Rows are found by their `ticket_id`, whatever table they are in; events by whose they are; recordings by their calls.
//! What can be computed again (findings, sketches, queues) is left out. [`Storage::export`] writes rows and readable
//! tickets; the sheet with the hash of each file is written last, by whoever adds the recordings.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use tokio::fs;
use uuid::Uuid;

use super::backup::{BackupTrouble, Kind, Table, schema, sql, tables};
use super::db::{Row, Tx, Value, values};
use super::{Fault, Storage, to_json};
use crate::domain::event_cluster::EventCluster;
use crate::domain::id::{ClusterId, RecordingId, TicketId};
use crate::domain::supervision::Case;
use crate::domain::time::Timestamp;

/// Which tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// By number.
    pub numbers: Vec<String>,
    /// All of one matter.
    pub cluster: Option<ClusterId>,
    /// Opened in `[since, until)`.
    pub period: Option<(Timestamp, Timestamp)>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Version of the tables.
    pub schema: i64,
    /// Numbers of the tickets, in order.
    pub tickets: Vec<String>,
    /// Recordings whose files belong to it.
    pub recordings: Vec<RecordingId>,
    /// Hashes of the attachments' files that belong to it.
    pub attachments: BTreeSet<String>,
    /// Paths of the files written, relative to the folder.
    pub files: Vec<String>,
}

/// Tables whose rows are computed, or are work that waits here and nowhere else.
const COMPUTED: [&str; 6] = [
    "watch_due",
    "finding",
    "reply_print",
    "demand_print",
    "outbox",
    "idempotency",
];
/// More in one archive is a backup.
const TICKETS_MAX: usize = 100_000;

/// Folders of an archive.
pub const ROWS: &str = "rows";
pub const TICKETS: &str = "tickets";

/// A ticket for a reader without a server.
#[derive(Serialize)]
struct Readable<'a> {
    number: &'a str,
    ticket: Json,
    events: Vec<Json>,
    /// Cases of supervision, with the minutes of their meetings.
    supervision: Vec<Json>,
}

impl Storage {
    /// The tickets of a selection, oldest first.
    pub async fn selected(&self, selection: &Selection) -> Result<Vec<TicketId>, Fault> {
        let mut ids = BTreeSet::new();
        for number in &selection.numbers {
            let row = self
                .db
                .row(
                    "SELECT id FROM ticket WHERE number = $1",
                    &values![number.clone()],
                )
                .await?
                .ok_or_else(|| Fault::Conflict(format!("there is no ticket {number}")))?;
            ids.insert(row.get::<TicketId>("id")?);
        }
        if let Some(cluster) = selection.cluster {
            let rows = self
                .db
                .rows(
                    "SELECT ticket_id FROM cluster_ticket WHERE cluster_id = $1",
                    &values![cluster],
                )
                .await?;
            for row in &rows {
                ids.insert(row.get::<TicketId>("ticket_id")?);
            }
        }
        if let Some((since, until)) = selection.period {
            let rows = self
                .db
                .rows(
                    "SELECT id FROM ticket WHERE opened_at >= $1 AND opened_at < $2 \
                     ORDER BY opened_at, id LIMIT $3",
                    &values![since, until, TICKETS_MAX as u64 + 1],
                )
                .await?;
            for row in &rows {
                ids.insert(row.get::<TicketId>("id")?);
            }
        }
        if ids.len() > TICKETS_MAX {
            return Err(Fault::Conflict(format!(
                "more than {TICKETS_MAX} tickets: take a shorter period, or a backup"
            )));
        }
        Ok(ids.into_iter().collect())
    }

    /// Writes the rows of `tickets`, and each ticket for a reader, into `folder`, as of one moment.
    pub async fn export(
        &self,
        tickets: &[TicketId],
        folder: &Path,
    ) -> Result<Exported, BackupTrouble> {
        for part in [ROWS, TICKETS] {
            fs::create_dir_all(folder.join(part)).await?;
        }
        let mut tx = self.db.snapshot().await?;
        let tables = tables(&mut tx).await?;
        let mut out = Export {
            folder,
            done: Exported {
                schema: schema(&mut tx).await?,
                tickets: Vec::new(),
                recordings: Vec::new(),
                attachments: BTreeSet::new(),
                files: Vec::new(),
            },
            subjects: BTreeSet::new(),
            calls: Vec::new(),
        };
        let wanted: BTreeSet<Uuid> = tickets.iter().map(|id| id.0).collect();
        let clusters = whole_clusters(&mut tx, &wanted).await?;
        for table in &tables {
            out.table(&mut tx, table, tickets, &clusters).await?;
        }
        // Last: whose events they are is known from the rows.
        let by_name = |name: &str| tables.iter().find(|table| table.name == name);
        for (name, column) in [("recording", "call_id"), ("disposal", "recording_id")] {
            let Some(table) = by_name(name) else { continue };
            let ids = match name {
                "recording" => out.calls.clone(),
                _ => out.done.recordings.iter().map(|id| id.0).collect(),
            };
            out.rows(&mut tx, table, column, &ids).await?;
        }
        if let Some(table) = by_name("legal_hold") {
            let held: Vec<Uuid> = out
                .subjects
                .iter()
                .copied()
                .chain(out.done.recordings.iter().map(|id| id.0))
                .collect();
            out.rows(&mut tx, table, "held_id", &held).await?;
        }
        if let Some(table) = by_name("event") {
            let subjects: Vec<Uuid> = out.subjects.iter().copied().collect();
            out.rows(&mut tx, table, "subject", &subjects).await?;
        }
        for id in tickets {
            out.readable(&mut tx, *id).await?;
        }
        Ok(out.done)
    }

    /// Takes the rows of an archive in, all or none. A row that is there already refuses the whole. Short messages that were
    /// still to be sent are not sent from here.
    pub async fn import(
        &self,
        now: Timestamp,
        folder: &Path,
        version: i64,
    ) -> Result<u64, BackupTrouble> {
        let given = (now, folder.to_owned(), version);
        self.db
            .write(given, |tx, (now, folder, version)| {
                Box::pin(async move {
                    let ours = schema(tx).await?;
                    if ours != *version {
                        return Err(BackupTrouble::Foreign(format!(
                            "tables of version {version}, this database has {ours}"
                        )));
                    }
                    let mut tables = tables(tx).await?;
                    // What others refer to comes first.
                    tables.sort_by_key(|table| table.name != "ticket");
                    let mut count = 0;
                    for table in tables.iter().filter(|table| belongs(table)) {
                        count += take_in(tx, table, folder).await?;
                    }
                    settle(tx, *now).await?;
                    Ok(count)
                })
            })
            .await
    }
}

/// Tables that an archive may hold rows of. Others (people, tokens, the audit trail) are not taken from a folder.
fn belongs(table: &Table) -> bool {
    let by_ticket = table.columns.iter().any(|(name, _)| name == "ticket_id");
    let by_name = [
        "ticket",
        "event",
        "event_cluster",
        "recording",
        "disposal",
        "legal_hold",
    ];
    !COMPUTED.contains(&table.name.as_str())
        && (by_ticket || by_name.contains(&table.name.as_str()))
}

struct Export<'a> {
    folder: &'a Path,
    done: Exported,
    /// Everything with events of its own.
    subjects: BTreeSet<Uuid>,
    calls: Vec<Uuid>,
}

impl Export<'_> {
    /// A table whose rows belong to tickets.
    async fn table(
        &mut self,
        tx: &mut Tx,
        table: &Table,
        tickets: &[TicketId],
        clusters: &[Uuid],
    ) -> Result<(), BackupTrouble> {
        let ids: Vec<Uuid> = tickets.iter().map(|id| id.0).collect();
        match table.name.as_str() {
            name if COMPUTED.contains(&name) => Ok(()),
            "ticket" => self.rows(tx, table, "id", &ids).await,
            "event_cluster" => self.rows(tx, table, "id", clusters).await,
            "cluster_ticket" => self.rows(tx, table, "cluster_id", clusters).await,
            _ if table.columns.iter().any(|(name, _)| name == "ticket_id") => {
                self.rows(tx, table, "ticket_id", &ids).await
            }
            _ => Ok(()),
        }
    }

    /// The rows of `table` whose `column` is one of `ids`, a line each.
    async fn rows(
        &mut self,
        tx: &mut Tx,
        table: &Table,
        column: &str,
        ids: &[Uuid],
    ) -> Result<(), BackupTrouble> {
        let has = |name: &str| table.columns.iter().any(|(known, _)| known == name);
        let order = if has("seq") {
            " ORDER BY seq"
        } else if has("id") {
            " ORDER BY id"
        } else {
            ""
        };
        let query = sql(format!(
            "SELECT * FROM {} WHERE {column} = $1{order}",
            table.name
        ));
        let mut text = String::new();
        for id in ids {
            for row in &tx.rows_text(query.clone(), &values![*id]).await? {
                text.push_str(&to_json(&line_from(row, table)?));
                text.push('\n');
                if has("id") {
                    let own: Uuid = row.get("id")?;
                    match table.name.as_str() {
                        "recording" => self.done.recordings.push(RecordingId(own)),
                        "call" => {
                            self.calls.push(own);
                            self.subjects.insert(own);
                        }
                        _ => {
                            self.subjects.insert(own);
                        }
                    }
                }
                if table.name == "attachment" {
                    self.done.attachments.insert(row.get("sha256")?);
                }
                if table.name == "ticket" {
                    self.done.tickets.push(row.get("number")?);
                }
            }
        }
        if !text.is_empty() {
            self.write(format!("{ROWS}/{}.jsonl", table.name), &text)
                .await?;
        }
        Ok(())
    }

    /// One ticket as a person or another program reads it.
    async fn readable(&mut self, tx: &mut Tx, id: TicketId) -> Result<(), BackupTrouble> {
        let row = tx
            .row(
                "SELECT number, json FROM ticket WHERE id = $1",
                &values![id],
            )
            .await?;
        let Some(row) = row else { return Ok(()) };
        let number: String = row.get("number")?;
        let events = tx
            .rows(
                "SELECT json FROM event WHERE subject = $1 ORDER BY seq",
                &values![id],
            )
            .await?;
        let cases = tx
            .rows(
                "SELECT json FROM supervision WHERE ticket_id = $1 ORDER BY opened_at, id",
                &values![id],
            )
            .await?;
        let json = |row: &Row| row.json("json");
        let readable = Readable {
            number: &number,
            ticket: row.json("json")?,
            events: events.iter().map(json).collect::<Result<_, _>>()?,
            supervision: cases.iter().map(json).collect::<Result<_, _>>()?,
        };
        let text = serde_json::to_string_pretty(&readable).expect("JSON values serialise");
        self.write(format!("{TICKETS}/{number}.json"), &text).await
    }

    async fn write(&mut self, path: String, text: &str) -> Result<(), BackupTrouble> {
        fs::write(self.folder.join(&path), text).await?;
        self.done.files.push(path);
        Ok(())
    }
}

/// The clusters all of whose tickets are wanted: half a matter would not fit anywhere.
async fn whole_clusters(tx: &mut Tx, wanted: &BTreeSet<Uuid>) -> Result<Vec<Uuid>, Fault> {
    let mut whole = BTreeSet::new();
    for id in wanted {
        let row = tx
            .row(
                "SELECT k.id, k.json FROM event_cluster k \
                 JOIN cluster_ticket c ON c.cluster_id = k.id WHERE c.ticket_id = $1",
                &values![*id],
            )
            .await?;
        let Some(row) = row else { continue };
        let cluster: EventCluster = row.json("json")?;
        if cluster
            .members
            .iter()
            .all(|member| wanted.contains(&member.0))
        {
            whole.insert(row.get::<Uuid>("id")?);
        }
    }
    Ok(whole.into_iter().collect())
}

/// A row as another server can read it: opened, with a mark on what was sealed, so that it is sealed there with its own key.
fn line_from(row: &Row, table: &Table) -> Result<Map<String, Json>, Fault> {
    table
        .columns
        .iter()
        .map(|(column, kind)| {
            let value = match kind {
                Kind::Int => row.opt::<i64>(column)?.map_or(Json::Null, Json::from),
                Kind::Bytes => row
                    .opt::<Vec<u8>>(column)?
                    .map_or(Json::Null, |bytes| BASE64.encode(bytes).into()),
                Kind::Text => {
                    let stored = row.stored_text(column)?;
                    match row.opt::<String>(column)? {
                        None => Json::Null,
                        // JSON is looked through and sealed by whoever writes it.
                        Some(text)
                            if stored.as_ref() == Some(&text) || text.starts_with(['{', '[']) =>
                        {
                            Json::from(text)
                        }
                        Some(text) => json!({"personal": text}),
                    }
                }
            };
            Ok((column.clone(), value))
        })
        .collect()
}

fn values_in(line: &str, table: &Table) -> Option<Vec<Value>> {
    let row: Map<String, Json> = serde_json::from_str(line).ok()?;
    if row.len() != table.columns.len() {
        return None;
    }
    let value = |(column, kind): &(String, Kind)| {
        Some(match (kind, row.get(column)?) {
            (Kind::Int, Json::Null) => Value::Int(None),
            (Kind::Int, number) => Value::Int(Some(number.as_i64()?)),
            (Kind::Text, Json::Null) => Value::Text(None),
            (Kind::Text, Json::Object(marked)) => {
                Value::Personal(Some(marked.get("personal")?.as_str()?.to_owned()))
            }
            (Kind::Text, text) => Value::Text(Some(text.as_str()?.to_owned())),
            (Kind::Bytes, Json::Null) => Value::Bytes(None),
            (Kind::Bytes, text) => Value::Bytes(Some(BASE64.decode(text.as_str()?).ok()?)),
        })
    };
    table.columns.iter().map(value).collect()
}

/// One table's rows, if the archive has any.
async fn take_in(tx: &mut Tx, table: &Table, folder: &Path) -> Result<u64, BackupTrouble> {
    let path = folder.join(ROWS).join(format!("{}.jsonl", table.name));
    let text = match fs::read_to_string(&path).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let places: Vec<String> = (1..=names.len()).map(|place| format!("${place}")).collect();
    let insert = sql(format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        names.join(", "),
        places.join(", ")
    ));
    let mut count = 0;
    for line in text.lines() {
        let mut row = values_in(line, table).ok_or_else(|| BackupTrouble::Damaged {
            table: table.name.clone(),
            what: "a row that does not fit the table",
        })?;
        if table.name == "sms" {
            not_from_here(&names, &mut row);
        }
        tx.execute_text(insert.clone(), &row).await?;
        count += 1;
    }
    Ok(count)
}

/// A message that was still to be sent when it was exported is its old server's to send.
fn not_from_here(names: &[&str], row: &mut [Value]) {
    let state = names.iter().position(|name| *name == "state");
    if let Some(Value::Text(Some(state))) = state.and_then(|at| row.get_mut(at))
        && (state == "queued" || state == "submitting")
    {
        "unknown".clone_into(state);
    }
}

/// Numbers that are taken, and everything looked at again.
async fn settle(tx: &mut Tx, now: Timestamp) -> Result<(), Fault> {
    let rows = tx.rows("SELECT number FROM ticket", &[]).await?;
    let mut counters = std::collections::BTreeMap::<String, u64>::new();
    for row in &rows {
        let number: String = row.get("number")?;
        if let Some((day, serial)) = number.split_once('-')
            && let Ok(serial) = serial.parse::<u64>()
        {
            let most = counters.entry(format!("ticket-{day}")).or_default();
            *most = serial.max(*most);
        }
    }
    for row in &tx.rows("SELECT json FROM supervision", &[]).await? {
        let case: Case = row.json("json")?;
        let rungs = case
            .rungs
            .iter()
            .filter_map(|rung| Some((rung.at, rung.notice?)));
        let measures = case
            .measures
            .iter()
            .map(|measure| (measure.at, measure.notice));
        for (at, serial) in rungs.chain(measures) {
            let register = format!("notice-{}", at.in_beijing().year());
            let most = counters.entry(register).or_default();
            *most = serial.max(*most);
        }
    }
    for (name, value) in counters {
        tx.execute(
            "INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE \
             SET value = CASE WHEN counter.value < $2 THEN $2 ELSE counter.value END",
            &values![name, value],
        )
        .await?;
    }
    tx.execute(
        "INSERT INTO watch_due (ticket_id, since, turn) SELECT id, CAST($1 AS BIGINT), 1 FROM ticket \
         WHERE true ON CONFLICT (ticket_id) DO UPDATE SET turn = watch_due.turn + 1",
        &values![now],
    )
    .await?;
    Ok(())
}
