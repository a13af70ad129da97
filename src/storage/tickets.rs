//! Tickets 工单: the state as it is now, and the chain of events it came from.
//!
//! A wish is carried out in one transaction: the row is locked, the rules decide, the events are appended to the
//! ticket's hash chain, the state they lead to is stored beside them, and what follows from them is written down
//! ([`follow_up`](super::follow_up)). A refused wish leaves nothing behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use uuid::Uuid;

use super::chronicle::{Chain, Chronicler, Kind, Subject};
use super::db::{Personal, Row, Select, Tx, Value, Writing, count_up, values};
use super::idempotency::Once;
use super::news::{Fact, Moved, Secrecy, Whose};
use super::sms::Purpose;
use super::ticket_lists::{Listed, View, acted, wanted};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::id::{ClusterId, QueueName, TicketId, UnitCode};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{By, Role};
use crate::domain::ticket::proof::{OnRecord, proves_contact};
use crate::domain::ticket::{
    Command, Event, Refusal, Rules, Ticket, Told, apply, decide, fold, intake,
};
use crate::domain::time::Timestamp;

/// A ticket as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketRecord {
    pub id: TicketId,
    /// For people: `20261123-000001`, the day it was opened and its number of that day.
    pub number: String,
    /// Number of its last event; it grows with every change.
    pub version: u64,
    pub updated_at: Timestamp,
    pub ticket: Ticket,
}

/// One fact in a ticket's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketEvent {
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    /// A username, `token:…`, or `@server`.
    pub actor: String,
    pub event: Event,
    pub prev_hash: String,
    pub hash: String,
}

/// Which tickets, among those the asker may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// [`Stage::code`](crate::domain::ticket::Stage::code).
    pub stage: Option<String>,
    /// A unit that answers for it or has a part in it.
    pub unit: Option<UnitCode>,
    /// The petitioner's number or the one that called.
    pub phone: Option<PhoneNumber>,
    /// Only those with a deadline that ran out before this instant.
    pub overdue_at: Option<Timestamp>,
    pub number: Option<String>,
    pub view: Option<View>,
    /// Words of the title.
    pub text: Option<String>,
    /// [`SourceGroup::code`](crate::domain::ticket::intake::SourceGroup::code).
    pub source: Option<String>,
    /// The number of a ground of article 9: tickets that were not accepted for it.
    pub refusal: Option<u32>,
    /// [`Handover::code`](super::intake::Handover::code).
    pub handover: Option<String>,
    /// A special channel's code.
    pub lane: Option<String>,
    /// The whole identity number of who asks.
    pub identity: Option<String>,
    /// Members of this same-event cluster.
    pub cluster: Option<ClusterId>,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefusal {
    #[error(transparent)]
    Rules(#[from] Refusal),
    /// The idempotency key was used with another body.
    #[error("该幂等键已用于内容不同的请求")]
    KeyUsed,
}

/// What a list of tickets runs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Along {
    Tickets,
    /// Rows that bear a ticket's `listed_at`.
    Listed,
    /// Those of one word.
    Words,
}

/// What a person may see of all tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    All,
    /// Those in which this unit or one under it has a part (article 7).
    Unit(UnitCode),
    /// Those in which this unit itself has a part.
    Seat(UnitCode),
    Nothing,
}

impl Sight {
    pub(super) fn of(by: By<'_>) -> Self {
        match by {
            By::Server => Self::All,
            By::Person(actor) => match actor.role {
                Role::Agent
                | Role::TeamLead
                | Role::Supervisor
                | Role::Reviewer
                | Role::Revisitor
                | Role::Analyst
                | Role::Auditor => Self::All,
                Role::UnitHandler | Role::UnitHead => Self::Unit(actor.unit.clone()),
                Role::Specialist => Self::Seat(actor.unit.clone()),
                Role::Leader | Role::Admin => Self::Nothing,
            },
        }
    }

    /// `above` a unit are those above it.
    fn covers(&self, ticket: &Ticket, above: impl Fn(&UnitCode) -> Vec<UnitCode>) -> bool {
        match self {
            Self::All => true,
            Self::Unit(unit) => parts_of(ticket)
                .into_iter()
                .any(|part| part == unit || above(part).contains(unit)),
            Self::Seat(unit) => parts_of(ticket).contains(&unit),
            Self::Nothing => false,
        }
    }
}

/// What is sealed (article 9(3)) is seen by supervisors only, what is restricted (article 8(6), or by its special channel)
/// by leads and the units that have it.
fn may_see(by: By<'_>, ticket: &Ticket, above: impl Fn(&UnitCode) -> Vec<UnitCode>) -> bool {
    Sight::of(by).covers(ticket, above)
        && (!ticket.intake.is_sealed() || sees_sealed(by))
        && (!ticket.intake.is_restricted() || sees_restricted(by))
}

pub(super) fn sees_sealed(by: By<'_>) -> bool {
    match by {
        By::Server => true,
        By::Person(actor) => actor.role == Role::Supervisor,
    }
}

pub(super) fn sees_restricted(by: By<'_>) -> bool {
    match by {
        By::Server => true,
        By::Person(actor) => match actor.role {
            Role::TeamLead
            | Role::Supervisor
            | Role::Reviewer
            | Role::Auditor
            | Role::Specialist
            | Role::UnitHandler
            | Role::UnitHead => true,
            Role::Agent | Role::Revisitor | Role::Analyst | Role::Leader | Role::Admin => false,
        },
    }
}

/// The units with a part in a ticket now: lead, co-handlers, those it was handed down to, those whose specialist was joined to the call, and the seat
/// it was handed to.
fn parts_of(ticket: &Ticket) -> Vec<&UnitCode> {
    let assigned = ticket
        .work()
        .into_iter()
        .flat_map(|work| work.assignments().flat_map(|part| part.units()));
    let mut units: Vec<_> = assigned
        .chain(ticket.three_ways.iter().map(|three_way| &three_way.unit))
        .chain(ticket.intake.seat_unit())
        .collect();
    units.sort();
    units.dedup();
    units
}

impl Storage {
    /// Opens a ticket without a call, by [`Command::Register`] (or, by the server, [`Command::Open`]).
    pub async fn open_ticket(
        &self,
        now: Timestamp,
        by: By<'_>,
        command: Command,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<TicketRecord, Trouble<CommandRefusal>> {
        self.carry_out(now, by, None, command, rules, once).await
    }

    /// Carries out a command on a ticket. One that was carried out before under the same [`Once`] is not
    /// carried out again; the ticket is answered as it stands.
    pub async fn command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: TicketId,
        command: Command,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<TicketRecord, Trouble<CommandRefusal>> {
        self.carry_out(now, by, Some(id), command, rules, once)
            .await
    }

    /// One ticket, if `by` may see it.
    pub async fn ticket(&self, by: By<'_>, id: TicketId) -> Result<Option<TicketRecord>, Fault> {
        let row = self.db.row(TICKET, &values![id]).await?;
        let record = row.as_ref().map(record_of).transpose()?;
        let Some(record) = record else {
            return Ok(None);
        };
        let above = self.units_above(by, &record).await?;
        let seen = may_see(by, &record.ticket, |part| {
            above.get(part).cloned().unwrap_or_default()
        });
        Ok(seen.then_some(record))
    }

    /// For somebody of a unit: the units above each part of a ticket, as it was last listed.
    async fn units_above(
        &self,
        by: By<'_>,
        record: &TicketRecord,
    ) -> Result<BTreeMap<UnitCode, Vec<UnitCode>>, Fault> {
        let Sight::Unit(_) = Sight::of(by) else {
            return Ok(BTreeMap::new());
        };
        let rows = self
            .db
            .rows(
                "SELECT unit FROM ticket_unit WHERE ticket_id = $1 AND tie = 'above'",
                &values![record.id],
            )
            .await?;
        let above: Vec<UnitCode> = rows
            .iter()
            .map(|row| row.get("unit"))
            .collect::<Result<_, _>>()?;
        let parts = parts_of(&record.ticket).into_iter().cloned();
        Ok(parts.map(|part| (part, above.clone())).collect())
    }

    /// A ticket's whole chain, in order. Whether somebody may see it is asked of [`Storage::ticket`].
    pub async fn ticket_events(&self, id: TicketId) -> Result<Vec<TicketEvent>, Fault> {
        let rows = self.db.rows(EVENTS, &values![id]).await?;
        rows.iter().map(event_of).collect()
    }

    /// The tickets that `by` may see, newest first. A search by words looks at the latest [`WALKED_MAX`] tickets with its
    /// rarest word.
    pub async fn tickets(
        &self,
        by: By<'_>,
        filter: &TicketFilter,
        page: &Page,
    ) -> Result<Listing<TicketRecord>, Fault> {
        let sight = Sight::of(by);
        let mut words = filter.text.as_deref().map(wanted).unwrap_or_default();
        if filter.text.is_some() && words.is_empty() {
            return Ok(Listing::empty());
        }
        let along_unit = filter.view.is_none() && sight == Sight::All;
        // A list runs along one index, newest first, so that its first page comes without reading the rest; whatever else is
        // asked is checked row by row.
        let (mut select, along) = match (&filter.view, &sight, &filter.unit) {
            (_, Sight::Nothing, _) => return Ok(Listing::empty()),
            (Some(View::Waiting(task)), Sight::All, _) => (
                Select::new(WAITING).and("head = 1 AND task =", task.code()),
                Along::Listed,
            ),
            (Some(View::Waiting(task)), Sight::Unit(unit) | Sight::Seat(unit), _) => (
                Select::new(WAITING)
                    .and("owner =", unit.clone())
                    .and("task =", task.code()),
                Along::Listed,
            ),
            (Some(View::Mine), _, _) => (
                Select::new(MINE).and("username =", by.name()),
                Along::Listed,
            ),
            (Some(View::DueSoon(_) | View::Overdue(_)), _, _) => {
                (Select::new(TICKETS), Along::Tickets)
            }
            (None, Sight::Unit(unit), _) => (
                Select::new(OF_UNIT)
                    .and("ticket_unit.unit =", unit.clone())
                    .text(" AND tie <> 'answers'"),
                Along::Listed,
            ),
            (None, Sight::Seat(unit), _) => (
                Select::new(OF_UNIT)
                    .and("ticket_unit.unit =", unit.clone())
                    .text(" AND tie = 'part'"),
                Along::Listed,
            ),
            (None, Sight::All, Some(unit)) => (
                Select::new(OF_UNIT)
                    .and("ticket_unit.unit =", unit.clone())
                    .text(" AND tie <> 'above'"),
                Along::Listed,
            ),
            (None, Sight::All, None) if !words.is_empty() => {
                let rarest = self.rarest(&words).await?;
                let mut walk = Select::new(WALKED).and("word =", words.remove(rarest));
                if let Some(after) = &page.after {
                    walk = walk.before("listed_at", "ticket_id", after);
                }
                let walk = walk
                    .text(" ORDER BY listed_at DESC, ticket_id DESC")
                    .bind(" LIMIT", WALKED_MAX)
                    .text(") AS found JOIN ticket ON id = ticket_id WHERE 1 = 1");
                (walk, Along::Words)
            }
            (None, Sight::All, None) => (Select::new(TICKETS), Along::Tickets),
        };
        select = match filter.view {
            Some(View::DueSoon(now)) => {
                select.and(CLOCK_RUNS_OUT, now).bind(" AND ends_at >=", now)
            }
            Some(View::Overdue(now)) => select.and(
                "id IN (SELECT ticket_id FROM ticket_todo WHERE ends_at <",
                now,
            ),
            Some(View::Waiting(_) | View::Mine) | None => select,
        };
        if let Some(View::DueSoon(_) | View::Overdue(_)) = filter.view {
            select = match &sight {
                Sight::Unit(unit) | Sight::Seat(unit) => select.bind(" AND owner =", unit.clone()),
                Sight::All | Sight::Nothing => select,
            };
            select = select.text(")");
        }
        if filter.view.is_some() {
            select = match sight {
                Sight::Unit(unit) => select.and(TIED, unit).text(" AND u.tie <> 'answers') = 1"),
                Sight::Seat(unit) => select.and(TIED, unit).text(" AND u.tie = 'part') = 1"),
                Sight::All | Sight::Nothing => select,
            };
        }
        // A list of all that a unit has runs along its rows already.
        if let Some(unit) = filter.unit.as_ref().filter(|_| !along_unit) {
            select = select
                .and(TIED, unit.clone())
                .text(" AND u.tie <> 'above') = 1");
        }
        for word in words {
            let has_word = match along {
                Along::Words => WORD_OF_FOUND,
                Along::Listed | Along::Tickets => WORD_OF_TICKET,
            };
            select = select.and(has_word, word).text(") = 1");
        }
        if !sees_sealed(by) {
            select = select.text(" AND sealed = 0");
        }
        if !sees_restricted(by) {
            select = select.text(" AND restricted = 0");
        }
        if let Some(phone) = &filter.phone {
            select = select
                .and("(phone =", phone.clone())
                .bind(" OR caller =", phone.clone())
                .text(")");
        }
        if let Some(cluster) = filter.cluster {
            select = select
                .and(
                    "id IN (SELECT ticket_id FROM cluster_ticket WHERE cluster_id =",
                    cluster,
                )
                .text(")");
        }
        if let Some(after) = &page.after {
            select = match along {
                Along::Listed => select.before("listed_at", "ticket_id", after),
                Along::Tickets => select.before("opened_at", "id", after),
                Along::Words => select,
            };
        }
        let rows = self
            .db
            .select(
                select
                    .and_some("stage =", filter.stage.clone())
                    .and_some("due_at <", filter.overdue_at)
                    .and_some("number =", filter.number.clone())
                    .and_some("source =", filter.source.clone())
                    .and_some("refusal =", filter.refusal)
                    .and_some("lane =", filter.lane.clone())
                    .and_some("handover =", filter.handover.clone())
                    .and_some("identity =", filter.identity.clone().map(Personal))
                    .text(match along {
                        Along::Listed | Along::Words => " ORDER BY listed_at DESC, ticket_id DESC",
                        Along::Tickets => " ORDER BY opened_at DESC, id DESC",
                    })
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.ticket.opened_at.millis(),
            id: record.id.to_string(),
        }))
    }

    /// Which of `words` the fewest tickets have; beyond so many it makes no difference.
    async fn rarest(&self, words: &[String]) -> Result<usize, Fault> {
        const COUNTED: i64 = 20_000;
        let mut rarest = (COUNTED + 1, 0);
        for (index, word) in words.iter().enumerate() {
            let row = self
                .db
                .row(
                    "SELECT COUNT(*) AS tickets FROM \
                     (SELECT 1 AS one FROM ticket_word WHERE word = $1 LIMIT $2) AS counted",
                    &values![word.as_str(), COUNTED],
                )
                .await?;
            let tickets = row.map_or(Ok(0), |row| row.get("tickets"))?;
            rarest = rarest.min((tickets, index));
        }
        Ok(rarest.1)
    }

    /// The tickets in which a reminder or a lapse is to be recorded by now, the longest waiting first: the
    /// deadline sweep sends each [`Command::Sweep`].
    pub async fn due(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, TicketId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, TicketId)>, Fault> {
        let (since, last) = after.unwrap_or((Timestamp::MIN, TicketId(Uuid::nil())));
        let rows = self
            .db
            .rows(
                "SELECT id, wake_at FROM ticket WHERE wake_at <= $1 AND (wake_at, id) > ($2, $3) \
                 ORDER BY wake_at, id LIMIT $4",
                &values![now, since, last, limit],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("wake_at")?, row.get("id")?)))
            .collect()
    }

    /// What `unit` replied to the last other tickets it answers for, each with the ticket's number.
    pub async fn replies_of_unit(
        &self,
        unit: &UnitCode,
        but: TicketId,
    ) -> Result<Vec<(String, String)>, Fault> {
        const LAST: u32 = 100;
        let rows = self
            .db
            .rows(
                "SELECT id, number, version, updated_at, json FROM ticket WHERE unit = $1 \
                 AND id <> $2 AND sealed = 0 ORDER BY opened_at DESC, id DESC LIMIT $3",
                &values![unit.clone(), but, LAST],
            )
            .await?;
        let records = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        let reply = |record: TicketRecord| {
            let text = record.ticket.reply()?.text.clone();
            Some((record.number, text))
        };
        Ok(records.into_iter().filter_map(reply).collect())
    }

    /// The tickets whose clocks were counted on a calendar older than change `revision`: each is to be sent
    /// [`Command::Recount`].
    pub async fn counted_before(
        &self,
        revision: u64,
        after: Option<(u64, TicketId)>,
        limit: u32,
    ) -> Result<Vec<(u64, TicketId)>, Fault> {
        let (since, last) = after.unwrap_or((0, TicketId(Uuid::nil())));
        let rows = self
            .db
            .rows(
                "SELECT id, counted_after FROM ticket WHERE running = 1 AND counted_after < $1 \
                 AND (counted_after, id) > ($2, $3) ORDER BY counted_after, id LIMIT $4",
                &values![revision, since, last, limit],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("counted_after")?, row.get("id")?)))
            .collect()
    }
}

const TICKETS: &str = "SELECT id, number, version, updated_at, json FROM ticket WHERE 1 = 1";
const WAITING: &str = "SELECT id, number, version, updated_at, json \
                       FROM ticket_todo JOIN ticket ON id = ticket_id WHERE 1 = 1";
const MINE: &str = "SELECT id, number, version, updated_at, json \
                    FROM ticket_person JOIN ticket ON id = ticket_id WHERE 1 = 1";
const CLOCK_RUNS_OUT: &str = "id IN (SELECT ticket_id FROM ticket_todo WHERE soon_at <=";
const OF_UNIT: &str = "SELECT id, number, version, updated_at, json \
                       FROM ticket_unit JOIN ticket ON id = ticket_id WHERE 1 = 1";
/// The walk along one word's tickets: closed by what [`Storage::tickets`] adds.
const WALKED: &str = "SELECT id, number, version, updated_at, json FROM \
                      (SELECT listed_at, ticket_id FROM ticket_word WHERE 1 = 1";
/// Tickets a search by words looks at.
const WALKED_MAX: i64 = 50_000;
// Scalar, and not EXISTS: PostgreSQL makes joins of those, guesses one row for each, and reads whole words.
const TIED: &str = "(SELECT 1 FROM ticket_unit u WHERE u.ticket_id = id AND u.unit =";
const WORD_OF_TICKET: &str =
    "(SELECT 1 FROM ticket_word w WHERE w.listed_at = opened_at AND w.ticket_id = id AND w.word =";
const WORD_OF_FOUND: &str = "(SELECT 1 FROM ticket_word w WHERE w.listed_at = found.listed_at \
                             AND w.ticket_id = found.ticket_id AND w.word =";
pub(super) const TICKET: &str =
    "SELECT id, number, version, updated_at, json FROM ticket WHERE id = $1";
const EVENTS: &str = "SELECT seq, at, actor, json, prev_hash, hash FROM event \
                      WHERE subject = $1 AND kind = 'ticket' ORDER BY seq";

impl Subject for TicketRecord {
    type Id = TicketId;
    type Command = Command;
    type Refusal = CommandRefusal;

    const KEY_USED: CommandRefusal = CommandRefusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx.row(TICKET, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: TicketId,
        new: bool,
        command: &Command,
    ) -> Result<Self, Trouble<CommandRefusal>> {
        let done = if new {
            chronicler.open_ticket(tx, id, command).await
        } else {
            chronicler.change_ticket(tx, id, command).await
        };
        done.map_err(Trouble::widen)
    }
}

impl Chronicler<'_> {
    /// Opens ticket `id`.
    pub(super) async fn open_ticket(
        &self,
        tx: &mut Tx,
        id: TicketId,
        command: &Command,
    ) -> Result<TicketRecord, Trouble<Refusal>> {
        let events =
            decide(self.now, None, command, self.by, self.rules).map_err(Trouble::Refused)?;
        let ticket = fold(&events).expect("opening a ticket is at least one event");
        let mut chain = Chain::new();
        self.append_all(tx, (Kind::Ticket, id.0), &mut chain, &events, Event::name)
            .await?;
        let record = TicketRecord {
            id,
            number: next_number(tx, self.now).await?,
            version: chain.version,
            updated_at: self.now,
            ticket,
        };
        tx.execute(
            "INSERT INTO ticket (id, version, head_hash, updated_at, stage, unit, phone, due_at, \
             wake_at, json, running, counted_after, number, opened_at, caller, contact_id, call_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            &[
                &self.columns(&record, &chain)[..],
                &values![
                    record.number,
                    self.now,
                    record.ticket.caller,
                    record.ticket.contact,
                    record.ticket.call
                ],
            ]
            .concat(),
        )
        .await?;
        self.store_tied(tx, &record, &BTreeMap::new(), false)
            .await?;
        Listed::of(&record.ticket)
            .store(tx, id, record.ticket.opened_at, None)
            .await?;
        acted(tx, self.by, id, record.ticket.opened_at).await?;
        self.follow_up(tx, &record, &events).await?;
        self.watch(tx, id, 1, &events).await?;
        tx.tell(self.moved(&record));
        Ok(record)
    }

    /// Carries `command` out on ticket `id`.
    pub(super) async fn change_ticket(
        &self,
        tx: &mut Tx,
        id: TicketId,
        command: &Command,
    ) -> Result<TicketRecord, Trouble<Refusal>> {
        let locked = lock(tx, id)
            .await?
            .filter(|locked| {
                may_see(self.by, &locked.record.ticket, |part| {
                    self.rules.above(part)
                })
            })
            .ok_or(Trouble::Refused(Refusal::NoSuchTicket))?;
        self.change_locked(tx, locked, command).await
    }

    /// The same of a ticket in hand. Counted on the calendar as it is now, it is refused before anything is written.
    pub(super) async fn change_locked(
        &self,
        tx: &mut Tx,
        locked: Locked,
        command: &Command,
    ) -> Result<TicketRecord, Trouble<Refusal>> {
        let Locked {
            mut record,
            mut chain,
            counted_after,
        } = locked;
        let id = record.id;
        let listed_before = Listed::of(&record.ticket);
        let mut ticket = record.ticket;
        let tied_before = self.tied(&ticket);
        let mut events = Vec::new();
        // Whatever is decided is decided by the calendar as it is published now.
        if counted_after < self.rules.change.revision {
            let server = self.as_server();
            let recounted = decide(
                self.now,
                Some(&ticket),
                &Command::Recount,
                server.by,
                self.rules,
            );
            events = recounted.unwrap_or_default();
            server
                .append_all(tx, (Kind::Ticket, id.0), &mut chain, &events, Event::name)
                .await?;
            ticket = after(ticket, &events);
        }
        if *command != Command::Recount {
            let decided = decide(self.now, Some(&ticket), command, self.by, self.rules)
                .map_err(Trouble::Refused)?;
            check_proof(tx, id, &ticket, command).await?;
            self.append_all(tx, (Kind::Ticket, id.0), &mut chain, &decided, Event::name)
                .await?;
            ticket = after(ticket, &decided);
            events.extend(decided);
        }
        if let Some(lane) = self.lane_by_queue(tx, &ticket, command).await? {
            let server = self.as_server();
            let entered = decide(self.now, Some(&ticket), &lane, server.by, self.rules);
            // What the rules do not grant is left to whoever is at the desk.
            let entered = entered.unwrap_or_default();
            server
                .append_all(tx, (Kind::Ticket, id.0), &mut chain, &entered, Event::name)
                .await?;
            ticket = after(ticket, &entered);
            events.extend(entered);
        }
        record.ticket = ticket;
        if !events.is_empty() {
            record.version = chain.version;
            record.updated_at = self.now;
        }
        tx.put(CHANGED, &self.columns(&record, &chain)).await?;
        let moved = counted_after < self.rules.change.revision;
        self.store_tied(tx, &record, &tied_before, moved).await?;
        let opened_at = record.ticket.opened_at;
        Listed::of(&record.ticket)
            .store(tx, id, opened_at, Some(&listed_before))
            .await?;
        acted(tx, self.by, id, opened_at).await?;
        self.follow_up(tx, &record, &events).await?;
        let first = record.version + 1 - events.len() as u64;
        self.watch(tx, id, first, &events).await?;
        if !events.is_empty() {
            tx.tell(self.moved(&record));
        }
        Ok(record)
    }

    /// 专项服务通道: a call that came in by a channel's own queue is of that channel from the moment it is registered.
    async fn lane_by_queue(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        command: &Command,
    ) -> Result<Option<Command>, Fault> {
        let (Command::Register { .. }, Some(call), None) =
            (command, ticket.call, &ticket.intake.lane)
        else {
            return Ok(None);
        };
        let row = tx
            .row("SELECT queue FROM call WHERE id = $1", &values![call])
            .await?;
        let queue: Option<QueueName> = row.map(|row| row.opt("queue")).transpose()?.flatten();
        let lane = queue.and_then(|queue| self.rules.lane_of_queue(&queue).map(str::to_owned));
        Ok(lane.map(|lane| Command::Intake(intake::Command::EnterLane { lane })))
    }

    /// What is told of it.
    fn moved(&self, record: &TicketRecord) -> Fact {
        let ticket = &record.ticket;
        let parts: Vec<UnitCode> = parts_of(ticket).into_iter().cloned().collect();
        let above = parts.iter().flat_map(|part| self.rules.above(part));
        Fact {
            moved: Moved::Ticket {
                id: record.id,
                stage: ticket.stage.code(),
                version: record.version,
            },
            secrecy: Secrecy {
                sealed: ticket.intake.is_sealed(),
                restricted: ticket.intake.is_restricted(),
            },
            whose: Whose::Units {
                above: above.collect(),
                parts,
            },
        }
    }
}

/// Reads a ticket and keeps everybody else from changing it until this unit of work ends.
async fn lock(tx: &mut Tx, id: TicketId) -> Result<Option<Locked>, Fault> {
    let row = tx
        .row(
            "UPDATE ticket SET version = version WHERE id = $1 \
             RETURNING id, number, version, updated_at, json, head_hash, counted_after",
            &values![id],
        )
        .await?;
    row.as_ref().map(Locked::of_row).transpose()
}

/// A ticket that nobody else changes until this unit of work ends.
pub(super) struct Locked {
    pub(super) record: TicketRecord,
    chain: Chain,
    /// The change of calendars its deadlines were counted after.
    pub(super) counted_after: u64,
}

impl Locked {
    /// From the columns `id, number, version, updated_at, json, head_hash, counted_after`.
    pub(super) fn of_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            record: record_of(row)?,
            chain: Chain::of_row(row)?,
            counted_after: row.get("counted_after")?,
        })
    }
}

/// The columns of [`Chronicler::columns`].
const CHANGED: Writing = Writing {
    before: "WITH v (id, version, head_hash, updated_at, stage, unit, phone, due_at, wake_at, json, running, \
             counted_after) AS (VALUES",
    after: ") UPDATE ticket SET version = v.version, head_hash = v.head_hash, updated_at = v.updated_at, \
            stage = v.stage, unit = v.unit, phone = v.phone, due_at = v.due_at, wake_at = v.wake_at, json = v.json, \
            running = v.running, counted_after = v.counted_after FROM v WHERE ticket.id = v.id",
};

fn after(ticket: Ticket, events: &[Event]) -> Ticket {
    events
        .iter()
        .fold(ticket, |ticket, event| apply(Some(ticket), event))
}

impl Chronicler<'_> {
    /// What lists and the sweep find a ticket by, beside its state.
    fn columns(&self, record: &TicketRecord, chain: &Chain) -> [Value; 12] {
        let ticket = &record.ticket;
        values![
            record.id,
            chain.version,
            chain.head_hash(),
            record.updated_at,
            ticket.stage.code(),
            ticket.responsible().clone(),
            ticket.phone().cloned(),
            ticket.due_at(),
            ticket.wake_at(),
            to_json(ticket),
            i64::from(!ticket.clocks().is_empty()),
            self.rules.change.revision
        ]
    }
}

impl Chronicler<'_> {
    /// The units that list a ticket, each with its tie: it has a part in it, it answers for it without one as the desk does, or
    /// it stands above one with a part.
    fn tied(&self, ticket: &Ticket) -> BTreeMap<UnitCode, &'static str> {
        let parts = parts_of(ticket);
        let above = parts.iter().flat_map(|part| self.rules.above(part));
        let mut tied: BTreeMap<_, _> = above.map(|unit| (unit, "above")).collect();
        tied.insert(ticket.responsible().clone(), "answers");
        tied.extend(parts.into_iter().map(|part| (part.clone(), "part")));
        tied
    }

    /// `again`: units may have moved since it was listed.
    async fn store_tied(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        before: &BTreeMap<UnitCode, &'static str>,
        again: bool,
    ) -> Result<(), Fault> {
        let tied = self.tied(&record.ticket);
        if tied == *before && !again {
            return Ok(());
        }
        tx.execute(
            "DELETE FROM ticket_unit WHERE ticket_id = $1",
            &values![record.id],
        )
        .await?;
        for (unit, tie) in tied {
            tx.execute(
                "INSERT INTO ticket_unit (ticket_id, unit, listed_at, tie) VALUES ($1, $2, $3, $4)",
                &values![record.id, unit, record.ticket.opened_at, tie],
            )
            .await?;
        }
        Ok(())
    }
}

/// What a command names as proof is looked up, and must be about this ticket.
async fn check_proof(
    tx: &mut Tx,
    id: TicketId,
    ticket: &Ticket,
    command: &Command,
) -> Result<(), Trouble<Refusal>> {
    let (call, recording, sms) = match command {
        Command::RecordContact {
            call,
            recording,
            sms,
            ..
        } => (*call, *recording, *sms),
        Command::Extend {
            told_petitioner: Told::Call(call),
            ..
        } => (Some(*call), None, None),
        Command::Extend {
            told_petitioner: Told::Sms(sms),
            ..
        } => (None, None, Some(*sms)),
        _ => return Ok(()),
    };
    let proves =
        |named: Option<&OnRecord>| proves_contact(id, ticket, named).map_err(Trouble::Refused);
    if let Some(call) = call {
        let row = tx.row(CALL, &values![call]).await?;
        proves(row.as_ref().map(call_on_record).transpose()?.as_ref())?;
    }
    if let Some(recording) = recording {
        let row = tx.row(RECORDED_CALL, &values![recording]).await?;
        proves(row.as_ref().map(call_on_record).transpose()?.as_ref())?;
    }
    if let Some(sms) = sms {
        let row = tx.row(MESSAGE, &values![sms]).await?;
        proves(row.as_ref().map(message_on_record).transpose()?.as_ref())?;
    }
    Ok(())
}

const CALL: &str =
    "SELECT ticket_id, contact_id, caller, called, started_at, answered_at FROM call WHERE id = $1";
/// While a call goes on its record names the recording; the recording's own row comes when it is sealed.
const RECORDED_CALL: &str = "SELECT ticket_id, contact_id, caller, called, started_at, answered_at FROM call \
    WHERE recording_id = $1 OR id = (SELECT call_id FROM recording WHERE id = $1)";
const MESSAGE: &str = "SELECT ticket_id, queued_at, purpose, state FROM sms WHERE id = $1";

fn call_on_record(row: &Row) -> Result<OnRecord, Fault> {
    Ok(OnRecord::Call {
        ticket: row.opt("ticket_id")?,
        contact: row.opt("contact_id")?,
        parties: [row.get("caller")?, row.get("called")?],
        started_at: row.get("started_at")?,
        answered: row.opt::<Timestamp>("answered_at")?.is_some(),
    })
}

fn message_on_record(row: &Row) -> Result<OnRecord, Fault> {
    let purpose: String = row.get("purpose")?;
    let state: String = row.get("state")?;
    Ok(OnRecord::Message {
        ticket: row.get("ticket_id")?,
        queued_at: row.get("queued_at")?,
        tells_petitioner: [Purpose::ExtensionTold, Purpose::WrittenOpinion]
            .iter()
            .any(|telling| telling.code() == purpose),
        failed: state == "failed",
    })
}

/// The day's next number. The day is Beijing's.
async fn next_number(tx: &mut Tx, now: Timestamp) -> Result<String, Fault> {
    let day = now.in_beijing().strftime("%Y%m%d").to_string();
    let number = count_up(tx, &format!("ticket-{day}"), 1).await?;
    Ok(format!("{day}-{number:06}"))
}

pub(super) fn record_of(row: &Row) -> Result<TicketRecord, Fault> {
    Ok(TicketRecord {
        id: row.get("id")?,
        number: row.get("number")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
        ticket: row.json("json")?,
    })
}

fn event_of(row: &Row) -> Result<TicketEvent, Fault> {
    Ok(TicketEvent {
        seq: row.get("seq")?,
        at: row.get("at")?,
        actor: row.get("actor")?,
        event: row.json("json")?,
        prev_hash: row.get("prev_hash")?,
        hash: row.get("hash")?,
    })
}
