//! Cases of supervision 督办: opened by a person or a rule, stepped up, answered, closed. What a case wishes of its ticket
//! is carried out in the same transaction, through the ticket's own rules.

use std::sync::Arc;

use serde::Serialize;

use uuid::Uuid;

use super::about::{About, unless_kept};
use super::chronicle::{Chain, ChainedEvent, Chronicler, Kind, Subject};
use super::db::{Row, Select, Tx, Value, count_up, values};
use super::idempotency::Once;
use super::news::{Fact, Moved, Whose, secrecy};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::id::{CaseId, TicketId, UnitCode, Username};
use crate::domain::staff::{By, Role};
use crate::domain::supervision::{
    Case, CaseCommand, CaseEvent, Level, Policy, Refusal, apply, decide,
};
use crate::domain::ticket::Rules;
use crate::domain::time::Timestamp;

/// A case as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseRecord {
    pub id: CaseId,
    pub version: u64,
    pub updated_at: Timestamp,
    pub case: Case,
}

/// Which cases, among those the asker may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    pub ticket: Option<TicketId>,
    pub unit: Option<UnitCode>,
    pub owner: Option<Username>,
    pub level: Option<Level>,
    pub open: Option<bool>,
    /// Only open ones whose limit ran out before this instant.
    pub overdue_at: Option<Timestamp>,
    /// Only those with a proposal that waits for a person.
    pub proposed: bool,
}

impl Storage {
    /// Opens a case, or carries out a command on one; as [`Storage::command`] for a ticket.
    pub async fn case_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Option<CaseId>,
        command: CaseCommand,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<CaseRecord, Trouble<Refusal>> {
        self.carry_out(now, by, id, command, rules, once).await
    }

    /// One case, if the asker may know of it.
    pub async fn case(&self, by: By<'_>, id: CaseId) -> Result<Option<CaseRecord>, Fault> {
        let row = self.db.row(CASE, &values![id]).await?;
        let record = row.as_ref().map(record_of).transpose()?;
        let Some(record) = record.filter(|record| sees(by, &record.case)) else {
            return Ok(None);
        };
        let kept = self.keeps_back(by, About::Case, id.0).await?;
        Ok((!kept).then_some(record))
    }

    /// Cases, the latest opened first. A unit sees its own.
    pub async fn cases(
        &self,
        by: By<'_>,
        filter: &CaseFilter,
        page: &Page,
    ) -> Result<Listing<CaseRecord>, Fault> {
        let own = match by {
            By::Person(actor) if is_unit(actor.role) => Some(actor.unit.clone()),
            By::Person(_) | By::Server => None,
        };
        let mut select =
            Select::new("SELECT id, version, updated_at, json FROM supervision WHERE 1 = 1")
                .and_some("unit =", own)
                .and_some("unit =", filter.unit.clone())
                .and_some("ticket_id =", filter.ticket)
                .and_some("owner =", filter.owner.clone())
                .and_some("level =", filter.level.map(Level::code));
        select = unless_kept(select, by, "t.id = ticket_id");
        select = match filter.open {
            Some(true) => select.text(" AND closed_at IS NULL"),
            Some(false) => select.text(" AND closed_at IS NOT NULL"),
            None => select,
        };
        if let Some(now) = filter.overdue_at {
            select = select.and("due_at <", now).text(" AND closed_at IS NULL");
        }
        if filter.proposed {
            select = select.text(" AND proposals > 0");
        }
        if let Some(after) = &page.after {
            select = select.before("opened_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY opened_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.case.opened_at.millis(),
            id: record.id.to_string(),
        }))
    }

    /// The cases whose limit ran out by now, the longest waiting first.
    pub async fn cases_due(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, CaseId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, CaseId)>, Fault> {
        let (since, last) = after.unwrap_or((Timestamp::MIN, CaseId(Uuid::nil())));
        let rows = self
            .db
            .rows(
                "SELECT id, wake_at FROM supervision WHERE wake_at <= $1 AND (wake_at, id) > ($2, $3) \
                 ORDER BY wake_at, id LIMIT $4",
                &values![now, since, last, limit],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("wake_at")?, row.get("id")?)))
            .collect()
    }

    /// The chain of a case in order.
    pub async fn case_events(&self, id: CaseId) -> Result<Vec<ChainedEvent>, Fault> {
        self.chained_events(Kind::Supervision, id.0).await
    }
}

const CASE: &str = "SELECT id, version, updated_at, json FROM supervision WHERE id = $1";

/// The stages after which there is nothing left to urge.
fn is_done(stage: &str) -> bool {
    matches!(stage, "closed" | "archived" | "voided")
}

const fn is_unit(role: Role) -> bool {
    matches!(role, Role::UnitHandler | Role::UnitHead)
}

fn sees(by: By<'_>, case: &Case) -> bool {
    match by {
        By::Person(actor) => !is_unit(actor.role) || actor.unit == case.unit,
        By::Server => true,
    }
}

impl Subject for CaseRecord {
    type Id = CaseId;
    type Command = CaseCommand;
    type Refusal = Refusal;

    const KEY_USED: Refusal = Refusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx.row(CASE, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: CaseId,
        new: bool,
        command: &CaseCommand,
    ) -> Result<Self, Trouble<Refusal>> {
        if new {
            chronicler.open_case(tx, id, command).await
        } else {
            chronicler.change_case(tx, id, command).await
        }
    }
}

impl Chronicler<'_> {
    async fn open_case(
        &self,
        tx: &mut Tx,
        id: CaseId,
        command: &CaseCommand,
    ) -> Result<CaseRecord, Trouble<Refusal>> {
        if let CaseCommand::Open {
            ticket,
            rule: Some(rule),
            ..
        } = command
        {
            let twin = tx
                .row(
                    "SELECT id FROM supervision WHERE ticket_id = $1 AND rule = $2",
                    &values![*ticket, rule.clone()],
                )
                .await?;
            if twin.is_some() {
                return Err(Trouble::Refused(Refusal::AlreadyOpen));
            }
        }
        let events = self.decided(tx, None, command).await?;
        let mut chain = Chain::new();
        self.append_all(
            tx,
            (Kind::Supervision, id.0),
            &mut chain,
            &events,
            CaseEvent::name,
        )
        .await?;
        let case = events
            .iter()
            .fold(None, |case, event| Some(apply(case, event)))
            .expect("opening a case is an event");
        let record = CaseRecord {
            id,
            version: chain.version,
            updated_at: self.now,
            case,
        };
        tx.execute(
            "INSERT INTO supervision (id, updated_at, unit, owner, level, due_at, wake_at, closed_at, \
             proposals, version, head_hash, json, ticket_id, rule, opened_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            &[
                &columns(&record, &chain)[..],
                &values![
                    record.case.ticket,
                    record.case.cause.rule.clone(),
                    record.case.opened_at
                ],
            ]
            .concat(),
        )
        .await?;
        tell(tx, &record).await?;
        let ticket = record.case.ticket;
        self.supervise_partner(tx, ticket, record.case.level(), &events)
            .await?;
        Ok(record)
    }

    async fn change_case(
        &self,
        tx: &mut Tx,
        id: CaseId,
        command: &CaseCommand,
    ) -> Result<CaseRecord, Trouble<Refusal>> {
        // The ticket before the case, as everywhere: two orders of locking would be a deadlock.
        let ticket = tx
            .row(
                "UPDATE ticket SET version = version \
                 WHERE id = (SELECT ticket_id FROM supervision WHERE id = $1) RETURNING stage",
                &values![id],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::NoSuchCase))?;
        let row = tx
            .row(
                "UPDATE supervision SET version = version WHERE id = $1 \
                 RETURNING id, version, updated_at, json, head_hash",
                &values![id],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::NoSuchCase))?;
        let mut record = record_of(&row)?;
        if !sees(self.by, &record.case) {
            return Err(Trouble::Refused(Refusal::NoSuchCase));
        }
        let mut chain = Chain::of_row(&row)?;
        let command = match command {
            CaseCommand::Sweep { .. } => &CaseCommand::Sweep {
                ticket_done: is_done(&ticket.get::<String>("stage")?),
            },
            command => command,
        };
        let events = self.decided(tx, Some(&record.case), command).await?;
        self.append_all(
            tx,
            (Kind::Supervision, id.0),
            &mut chain,
            &events,
            CaseEvent::name,
        )
        .await?;
        record.case = events
            .iter()
            .fold(record.case, |case, event| apply(Some(case), event));
        record.version = chain.version;
        record.updated_at = self.now;
        tx.execute(
            "UPDATE supervision SET updated_at = $2, unit = $3, owner = $4, level = $5, due_at = $6, \
             wake_at = $7, closed_at = $8, proposals = $9, version = $10, head_hash = $11, json = $12 \
             WHERE id = $1",
            &columns(&record, &chain),
        )
        .await?;
        tell(tx, &record).await?;
        let ticket = record.case.ticket;
        self.supervise_partner(tx, ticket, record.case.level(), &events)
            .await?;
        if !record.case.is_open() {
            // What a recheck confirmed is a fact about the ticket.
            self.watch_again(tx, record.case.ticket).await?;
        }
        for event in &events {
            if let Some(wish) = event.for_ticket() {
                self.change_ticket(tx, record.case.ticket, &wish)
                    .await
                    .map_err(Trouble::widen)?;
            }
        }
        Ok(record)
    }

    /// Decides with the year's next register number in hand, and uses it up if an event bears it.
    async fn decided(
        &self,
        tx: &mut Tx,
        case: Option<&Case>,
        command: &CaseCommand,
    ) -> Result<Vec<CaseEvent>, Trouble<Refusal>> {
        let register = format!("notice-{}", self.now.in_beijing().year());
        let next = count_up(tx, &register, 0).await? + 1;
        let policy = Policy::default();
        let events = decide(self.now, case, command, self.by, self.rules, &policy, next)
            .map_err(Trouble::Refused)?;
        let used = events.iter().filter_map(CaseEvent::notice).count();
        if used > 0 {
            count_up(tx, &register, 1).await?;
        }
        Ok(events)
    }
}

async fn tell(tx: &mut Tx, record: &CaseRecord) -> Result<(), Fault> {
    let ticket = record.case.ticket;
    let fact = Fact {
        moved: Moved::Case {
            id: record.id,
            ticket,
            version: record.version,
        },
        secrecy: secrecy(tx, [ticket]).await?,
        whose: Whose::of(&record.case.unit),
    };
    tx.tell(fact);
    Ok(())
}

fn columns(record: &CaseRecord, chain: &Chain) -> [Value; 12] {
    let case = &record.case;
    let proposals = u32::try_from(case.open_proposals().count()).unwrap_or(u32::MAX);
    values![
        record.id,
        record.updated_at,
        case.unit.clone(),
        case.owner.clone(),
        case.level().code(),
        case.rung().due,
        case.wake_at(),
        case.closed.as_ref().map(|closing| closing.at),
        proposals,
        chain.version,
        chain.head_hash(),
        to_json(case)
    ]
}

fn record_of(row: &Row) -> Result<CaseRecord, Fault> {
    Ok(CaseRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
        case: row.json("json")?,
    })
}
