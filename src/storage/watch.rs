//! What the rules of articles 25, 26 and 28 see: which tickets are to be looked at again, what is looked up for them, and
//! what was found. A ticket's change puts it into the queue in its own transaction; everything found can be deleted and
//! found again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::about::unless_kept;
use super::audit::{Deed, append};
use super::chronicle::Chronicler;
use super::db::{Row, Select, Tx, Writing, values};
use super::event_clusters::print_demand;
use super::{Cursor, Fault, Listing, Page, Storage};
use crate::domain::id::{CallId, TicketId, UnitCode, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::By;
use crate::domain::supervision::{Case, Outcome};
use crate::domain::ticket::Event;
use crate::domain::time::Timestamp;
use crate::domain::watch::{
    Category, Context, Earlier, Finding, LinkedCall, Sketch, Twin, similarity, text_of,
};

/// A ticket that waits to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub ticket: TicketId,
    pub since: Timestamp,
    turn: i64,
}

/// A ticket's events with what was looked up for them.
#[derive(Debug, Clone)]
pub struct Watched {
    pub number: String,
    pub events: Vec<Event>,
    pub context: Context,
    /// Findings for which a case was opened before, by [`Finding::key`].
    pub opened: BTreeSet<String>,
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FindingRow {
    pub ticket: TicketId,
    pub number: String,
    pub kind: String,
    pub rule: String,
    pub seq: u64,
    pub unit: UnitCode,
    pub category: Option<String>,
    pub article: String,
    pub at: Timestamp,
    pub reason: String,
    pub other: Option<TicketId>,
}

/// Which findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// [`FindingKind::code`](crate::domain::watch::FindingKind::code).
    pub kind: Option<&'static str>,
    pub category: Option<Category>,
    pub unit: Option<UnitCode>,
    pub article: Option<String>,
    pub ticket: Option<TicketId>,
}

/// A key matter marked by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyMark {
    pub ticket: TicketId,
    pub number: String,
    pub category: Category,
    pub at: Timestamp,
    pub by: Username,
    pub reason: String,
    pub link: Option<String>,
}

/// Replies of one unit that a reply is compared with: the latest before it.
const COMPARED: i64 = 200;
/// And not older than this.
const COMPARED_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// A sketch this much alike is worth reading the text, in thousandths.
const LOOK_CLOSER: u32 = 600;
/// Earlier tickets of the same number.
const EARLIER: i64 = 5;

impl Storage {
    /// The tickets that have waited since `until` at the latest, the longest waiting first.
    pub async fn watch_due(&self, until: Timestamp, limit: u32) -> Result<Vec<Due>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT ticket_id, since, turn FROM watch_due WHERE since <= $1 \
                 ORDER BY since, ticket_id LIMIT $2",
                &values![until, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Due {
                    ticket: row.get("ticket_id")?,
                    since: row.get("since")?,
                    turn: row.get("turn")?,
                })
            })
            .collect()
    }

    /// Everything the rules want to know of one ticket. `staff` are the numbers of everybody who works here.
    pub async fn watched(
        &self,
        ticket: TicketId,
        staff: &BTreeSet<PhoneNumber>,
    ) -> Result<Option<Watched>, Fault> {
        let row = self
            .db
            .row(
                "SELECT number, opened_at FROM ticket WHERE id = $1",
                &values![ticket],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let events: Vec<Event> = self
            .ticket_events(ticket)
            .await?
            .into_iter()
            .map(|event| event.event)
            .collect();
        let cases = self.rule_cases(ticket).await?;
        let context = Context {
            twins: self.twins(ticket, &events).await?,
            calls: self.linked_calls(&events).await?,
            staff_numbers: surveyed(&events)
                .filter(|phone| staff.contains(phone))
                .cloned()
                .collect(),
            earlier: self.earlier(ticket, row.get("opened_at")?, &events).await?,
            confirmed: cases
                .iter()
                .filter(|(_, confirmed)| **confirmed)
                .map(|(key, _)| key.clone())
                .collect(),
        };
        Ok(Some(Watched {
            number: row.get("number")?,
            events,
            context,
            opened: cases.into_keys().collect(),
        }))
    }

    /// Keeps what was found, in place of what was found before, and settles the ticket unless it changed meanwhile.
    pub async fn watch_settled(
        &self,
        due: Due,
        events: Vec<Event>,
        found: Vec<Finding>,
    ) -> Result<(), Fault> {
        self.db
            .write((due, events, found), |tx, (due, events, found)| {
                Box::pin(async move {
                    store(tx, due.ticket, found).await?;
                    print_demand(tx, due.ticket, events).await?;
                    tx.execute(
                        "DELETE FROM watch_due WHERE ticket_id = $1 AND turn = $2",
                        &values![due.ticket, due.turn],
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Forgets everything that was found and every sketch, and puts every ticket into the queue.
    pub async fn watch_anew(&self, now: Timestamp) -> Result<(), Fault> {
        self.db
            .write(now, |tx, now| {
                Box::pin(async move {
                    tx.execute("DELETE FROM finding", &[]).await?;
                    tx.execute("DELETE FROM reply_print", &[]).await?;
                    index_replies(tx).await?;
                    tx.execute(
                        "INSERT INTO watch_due (ticket_id, since, turn) SELECT id, CAST($1 AS BIGINT), 1 FROM ticket \
                         WHERE true ON CONFLICT (ticket_id) DO UPDATE SET turn = watch_due.turn + 1",
                        &values![*now],
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The numbers of everybody who works here, as far as they are written down.
    pub async fn staff_numbers(&self) -> Result<BTreeSet<PhoneNumber>, Fault> {
        let directory = self.directory().await?;
        let rosters = self.duty_rosters().await?;
        let on_duty = rosters.values().flat_map(|roster| {
            roster.0.iter().flat_map(|entry| {
                let deputy = entry.deputy.iter().map(|deputy| deputy.phone.clone());
                std::iter::once(entry.phone.clone()).chain(deputy)
            })
        });
        let specialists = directory.specialists.iter();
        Ok(specialists
            .filter_map(|specialist| number_in(&specialist.reach))
            .chain(on_duty)
            .collect())
    }

    /// Findings, the latest first. One that takes a second ticket to see is about both.
    pub async fn findings(
        &self,
        by: By<'_>,
        filter: &FindingFilter,
        page: &Page,
    ) -> Result<Listing<FindingRow>, Fault> {
        let mut select = Select::new(FINDINGS)
            .and_some("f.kind =", filter.kind)
            .and_some("f.category =", filter.category.map(Category::code))
            .and_some("f.unit =", filter.unit.clone())
            .and_some("f.article =", filter.article.clone())
            .and_some("f.ticket_id =", filter.ticket);
        select = unless_kept(select, by, "t.id IN (f.ticket_id, f.other_id)");
        if let Some(after) = &page.after {
            select = select.before(
                "f.at",
                "f.ticket_id || '/' || f.kind || '/' || f.rule || '/' || f.seq || '/' || f.unit",
                after,
            );
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY f.at DESC, f.ticket_id || '/' || f.kind || '/' || f.rule || '/' || f.seq || '/' || f.unit DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(finding_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |row| Cursor {
            at: row.at.millis(),
            id: format!(
                "{}/{}/{}/{}/{}",
                row.ticket, row.kind, row.rule, row.seq, row.unit
            ),
        }))
    }

    /// Marks a key matter by hand; the latest reason stands.
    pub async fn mark_key(&self, mark: KeyMark) -> Result<(), Fault> {
        self.db
            .write(mark, |tx, mark| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO key_mark (ticket_id, category, at, actor, reason, link) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (ticket_id, category) \
                         DO UPDATE SET at = $3, actor = $4, reason = $5, link = $6",
                        &values![
                            mark.ticket,
                            mark.category.code(),
                            mark.at,
                            mark.by,
                            mark.reason,
                            mark.link.clone()
                        ],
                    )
                    .await?;
                    let detail = serde_json::json!({
                        "category": mark.category.code(), "reason": mark.reason, "link": mark.link,
                    });
                    append(
                        tx,
                        &deed(mark.at, &mark.by, "key_marked", mark.ticket, detail),
                    )
                    .await
                })
            })
            .await
    }

    /// Takes a mark by hand away; whether there was one.
    pub async fn unmark_key(
        &self,
        now: Timestamp,
        by: Username,
        ticket: TicketId,
        category: Category,
    ) -> Result<bool, Fault> {
        self.db
            .write(
                (now, by, ticket, category),
                |tx, (now, by, ticket, category)| {
                    Box::pin(async move {
                        let gone = tx
                            .execute(
                                "DELETE FROM key_mark WHERE ticket_id = $1 AND category = $2",
                                &values![*ticket, category.code()],
                            )
                            .await?;
                        if gone > 0 {
                            let detail = serde_json::json!({"category": category.code()});
                            append(tx, &deed(*now, by, "key_unmarked", *ticket, detail)).await?;
                        }
                        Ok(gone > 0)
                    })
                },
            )
            .await
    }

    /// Marks by hand, the latest first.
    pub async fn key_marks(
        &self,
        by: By<'_>,
        ticket: Option<TicketId>,
        category: Option<Category>,
        page: &Page,
    ) -> Result<Listing<KeyMark>, Fault> {
        let mut select = Select::new(
            "SELECT m.ticket_id, t.number, m.category, m.at, m.actor, m.reason, m.link FROM key_mark m \
             JOIN ticket t ON t.id = m.ticket_id WHERE 1 = 1",
        )
        .and_some("m.ticket_id =", ticket)
        .and_some("m.category =", category.map(Category::code));
        select = unless_kept(select, by, "t.id = m.ticket_id");
        if let Some(after) = &page.after {
            select = select.before("m.at", "m.ticket_id || m.category", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY m.at DESC, m.ticket_id || m.category DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(mark_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |mark| Cursor {
            at: mark.at.millis(),
            id: format!("{}{}", mark.ticket, mark.category.code()),
        }))
    }

    /// For each reply, the earlier one of the same unit that is most like it.
    async fn twins(
        &self,
        ticket: TicketId,
        events: &[Event],
    ) -> Result<BTreeMap<u64, Twin>, Fault> {
        let mut twins = BTreeMap::new();
        for (event, seq) in events.iter().zip(1..) {
            let Event::Replied { at, unit, text, .. } = event else {
                continue;
            };
            let Some(sketch) = Sketch::of(text) else {
                continue;
            };
            let rows = self
                .db
                .rows(
                    "SELECT ticket_id, seq, sketch FROM reply_print WHERE unit = $1 AND at >= $2 \
                     AND (at, ticket_id, seq) < ($3, $4, $5) AND ticket_id <> $4 \
                     AND NOT EXISTS (SELECT 1 FROM cluster_ticket a, cluster_ticket b \
                         WHERE a.ticket_id = $4 AND b.ticket_id = reply_print.ticket_id \
                         AND a.cluster_id = b.cluster_id) \
                     ORDER BY at DESC, ticket_id DESC, seq DESC LIMIT $6",
                    &values![
                        unit.clone(),
                        at.plus_millis(-COMPARED_MS),
                        *at,
                        ticket,
                        seq,
                        COMPARED
                    ],
                )
                .await?;
            let mut best: Option<(u32, TicketId, u64)> = None;
            for row in &rows {
                let other: String = row.get("sketch")?;
                let other = Sketch::from_hex(&other)
                    .ok_or_else(|| Fault::Corrupt("a sketch that is none".to_owned()))?;
                let likeness = sketch.likeness(&other);
                if likeness >= LOOK_CLOSER && best.is_none_or(|(most, ..)| likeness > most) {
                    best = Some((likeness, row.get("ticket_id")?, row.get("seq")?));
                }
            }
            if let Some((_, other, at)) = best
                && let Some(twin) = self.twin(text, other, at).await?
            {
                twins.insert(seq, twin);
            }
        }
        Ok(twins)
    }

    /// Reads the other reply: a sketch only said where to look.
    async fn twin(&self, text: &str, other: TicketId, seq: u64) -> Result<Option<Twin>, Fault> {
        let row = self
            .db
            .row(
                "SELECT t.number, e.json FROM ticket t JOIN event e ON e.subject = t.id \
                 WHERE t.id = $1 AND e.seq = $2",
                &values![other, seq],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Event::Replied { text: theirs, .. } = row.json("json")? else {
            return Ok(None);
        };
        Ok(Some(Twin {
            ticket: other,
            number: row.get("number")?,
            likeness: similarity(text, &theirs),
        }))
    }

    async fn linked_calls(&self, events: &[Event]) -> Result<BTreeMap<CallId, LinkedCall>, Fault> {
        let mut calls = BTreeMap::new();
        for event in events {
            let Event::ContactRecorded {
                call: Some(call), ..
            } = event
            else {
                continue;
            };
            let row = self
                .db
                .row(
                    "SELECT caller, called, answered_at FROM call WHERE id = $1",
                    &values![*call],
                )
                .await?;
            if let Some(row) = row {
                calls.insert(
                    *call,
                    LinkedCall {
                        answered: row.opt::<Timestamp>("answered_at")?.is_some(),
                        parties: [row.get("caller")?, row.get("called")?],
                    },
                );
            }
        }
        Ok(calls)
    }

    /// Earlier tickets of the same number, as they stood when this one was registered.
    async fn earlier(
        &self,
        ticket: TicketId,
        opened_at: Timestamp,
        events: &[Event],
    ) -> Result<Vec<Earlier>, Fault> {
        let registered = events.iter().rev().find_map(|event| match event {
            Event::Registered { at, demand, .. } => Some((*at, demand.petitioner.phone.clone()?)),
            _ => None,
        });
        let Some((at, phone)) = registered else {
            return Ok(Vec::new());
        };
        let rows = self
            .db
            .rows(
                "SELECT t.id, t.number, e.at, e.json FROM (SELECT id, number, opened_at FROM ticket \
                 WHERE phone = $1 AND opened_at <= $2 AND id <> $3 ORDER BY opened_at DESC, id DESC \
                 LIMIT $4) t JOIN event e ON e.subject = t.id \
                 WHERE e.at <= $5 AND e.name IN ('registered', 'replied', 'closed') \
                 ORDER BY t.opened_at DESC, t.id, e.seq",
                &values![phone, opened_at, ticket, EARLIER, at],
            )
            .await?;
        let mut found: Vec<Earlier> = Vec::new();
        let mut open: Option<(TicketId, Earlier)> = None;
        for row in &rows {
            let id: TicketId = row.get("id")?;
            if open.as_ref().is_none_or(|(known, _)| *known != id) {
                open = Some((id, nothing_yet(row)?));
            }
            let Some((_, earlier)) = &mut open else {
                continue;
            };
            match row.json::<Event>("json")? {
                Event::Registered { demand, .. } => {
                    earlier.text = text_of(&demand);
                    earlier.category = demand.category;
                }
                Event::Replied { unit, .. } => {
                    earlier.unit = unit;
                    earlier.replied = true;
                }
                Event::Closed { at } => {
                    earlier.closed_at = at;
                    found.retain(|known| known.ticket != id);
                    found.push(earlier.clone());
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The cases that rules opened about a ticket, and whether they ended with the suspicion confirmed.
    async fn rule_cases(&self, ticket: TicketId) -> Result<BTreeMap<String, bool>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT rule, json FROM supervision WHERE ticket_id = $1 AND rule IS NOT NULL",
                &values![ticket],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let case: Case = row.json("json")?;
                let confirmed = case.closed.is_some_and(|closing| match closing.outcome {
                    Outcome::Resolved | Outcome::ToAccountability => true,
                    Outcome::Unfounded => false,
                });
                Ok((row.get("rule")?, confirmed))
            })
            .collect()
    }
}

/// The number in `sip:13812345678@trunk`, if it is one.
fn number_in(reach: &str) -> Option<PhoneNumber> {
    let user = reach.strip_prefix("sip:").unwrap_or(reach);
    PhoneNumber::parse(user.split('@').next()?).ok()
}

const FINDINGS: &str = "SELECT f.ticket_id, t.number, f.kind, f.rule, f.seq, f.unit, f.category, f.article, \
    f.at, f.reason, f.other_id FROM finding f JOIN ticket t ON t.id = f.ticket_id WHERE 1 = 1";

fn nothing_yet(row: &Row) -> Result<Earlier, Fault> {
    Ok(Earlier {
        ticket: row.get("id")?,
        number: row.get("number")?,
        closed_at: row.get("at")?,
        unit: UnitCode(String::new()),
        replied: false,
        text: String::new(),
        category: None,
    })
}

fn surveyed(events: &[Event]) -> impl Iterator<Item = &PhoneNumber> {
    events.iter().filter_map(|event| match event {
        Event::SurveyRequested { phone, .. } => Some(phone),
        _ => None,
    })
}

fn deed(
    at: Timestamp,
    by: &Username,
    action: &str,
    ticket: TicketId,
    detail: serde_json::Value,
) -> Deed {
    Deed {
        at,
        by: by.clone(),
        action: action.to_owned(),
        object: ticket.to_string(),
        detail,
    }
}

/// Replaces a ticket's findings.
async fn store(tx: &mut Tx, ticket: TicketId, found: &[Finding]) -> Result<(), Fault> {
    tx.execute("DELETE FROM finding WHERE ticket_id = $1", &values![ticket])
        .await?;
    for finding in found {
        tx.execute(
            "INSERT INTO finding (ticket_id, kind, rule, seq, unit, category, article, at, reason, other_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (ticket_id, kind, rule, seq, unit) DO NOTHING",
            &values![
                ticket,
                finding.kind.code(),
                finding.rule.code(),
                finding.seq,
                finding.unit.clone(),
                finding.kind.category().map(Category::code),
                finding.article,
                finding.at,
                finding.reason.clone(),
                finding.other
            ],
        )
        .await?;
    }
    Ok(())
}

/// Sketches every reply there is, in pages.
async fn index_replies(tx: &mut Tx) -> Result<(), Fault> {
    let (mut subject, mut seq) = (String::new(), 0_u64);
    loop {
        let rows = tx
            .rows(
                "SELECT subject, seq, json FROM event WHERE name = 'replied' AND kind = 'ticket' \
                 AND (subject, seq) > ($1, $2) ORDER BY subject, seq LIMIT 1000",
                &values![subject, seq],
            )
            .await?;
        let Some(last) = rows.last() else { break };
        for row in &rows {
            let event: Event = row.json("json")?;
            print(tx, row.get("subject")?, row.get("seq")?, &event).await?;
        }
        subject = last.get("subject")?;
        seq = last.get("seq")?;
    }
    Ok(())
}

/// Sketches one event, if it is a reply long enough to be somebody's own.
async fn print(tx: &mut Tx, ticket: TicketId, seq: u64, event: &Event) -> Result<(), Fault> {
    let Event::Replied { at, unit, text, .. } = event else {
        return Ok(());
    };
    let Some(sketch) = Sketch::of(text) else {
        return Ok(());
    };
    tx.execute(
        "INSERT INTO reply_print (ticket_id, seq, unit, at, sketch) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (ticket_id, seq) DO NOTHING",
        &values![ticket, seq, unit.clone(), *at, sketch.to_hex()],
    )
    .await?;
    Ok(())
}

impl Chronicler<'_> {
    /// Puts a ticket into the queue, with the sketches of what was replied. `first` is the first event's number.
    pub(super) async fn watch(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        first: u64,
        events: &[Event],
    ) -> Result<(), Fault> {
        for (event, seq) in events.iter().zip(first..) {
            print(tx, ticket, seq, event).await?;
        }
        self.watch_again(tx, ticket).await
    }

    /// Something beside the ticket changed that its findings depend on.
    pub(super) async fn watch_again(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), Fault> {
        tx.put(WATCH, &values![ticket, self.now, 1_i64]).await
    }
}

const WATCH: Writing = Writing {
    before: "INSERT INTO watch_due (ticket_id, since, turn) VALUES",
    after: " ON CONFLICT (ticket_id) DO UPDATE SET turn = watch_due.turn + 1",
};

fn finding_of(row: &Row) -> Result<FindingRow, Fault> {
    Ok(FindingRow {
        ticket: row.get("ticket_id")?,
        number: row.get("number")?,
        kind: row.get("kind")?,
        rule: row.get("rule")?,
        seq: row.get("seq")?,
        unit: row.get("unit")?,
        category: row.opt("category")?,
        article: row.get("article")?,
        at: row.get("at")?,
        reason: row.get("reason")?,
        other: row.opt("other_id")?,
    })
}

fn mark_of(row: &Row) -> Result<KeyMark, Fault> {
    let category: String = row.get("category")?;
    Ok(KeyMark {
        ticket: row.get("ticket_id")?,
        number: row.get("number")?,
        category: Category::from_code(&category)
            .ok_or_else(|| Fault::Corrupt(format!("category {category:?}")))?,
        at: row.get("at")?,
        by: row.get("actor")?,
        reason: row.get("reason")?,
        link: row.opt("link")?,
    })
}
