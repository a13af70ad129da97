//! The rules in force, as the organisation file and the published notices have them: rule sets, calendars, who keeps
//! which. Read whole into [`Rules`]; a counter tells every process when to read them again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

use super::about::unless_kept;
use super::chronicle::Chronicler;
use super::db::{Row, Select, Tx, count_up, values};
use super::organisation::{CALENDAR, LANE, RULES, entries, heirs_at, units_at};
use super::{Cursor, Fault, Listing, Page, Storage, to_json};
use crate::domain::calendar::{Calendar, Notice};
use crate::domain::disposition::LaneEntry;
use crate::domain::id::{TicketId, UnitCode};
use crate::domain::staff::{By, CalendarEntry, UnitKind};
use crate::domain::ticket::{CalendarChange, LaneProfile, Moved, RuleSet, Rules};
use crate::domain::time::Timestamp;

/// The calendar that everybody keeps who has none of their own.
pub const STATUTORY: &str = "statutory";
/// The desk of an organisation without a platform unit.
const DESK: &str = "js-12345";

/// The rules in force, one for the whole process: swapped whole when something is published. Cheap to clone.
#[derive(Clone)]
pub struct RulesInForce(Arc<watch::Sender<Arc<Rules>>>);

impl RulesInForce {
    pub fn new(rules: Rules) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(rules))))
    }

    /// As they are at this moment. Whoever decides something asks once.
    pub fn now(&self) -> Arc<Rules> {
        self.0.borrow().clone()
    }

    /// From now on these.
    pub fn replace(&self, rules: Rules) {
        self.0.send_replace(Arc::new(rules));
    }
}

/// One change of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeRecord {
    /// From 1.
    pub revision: u64,
    pub at: Timestamp,
    /// Who published it; `@apply` for the organisation file.
    pub by: String,
    pub title: String,
    /// The notice, where it was one.
    pub notice: Option<Notice>,
}

impl Storage {
    /// Reads the rules. `signature` signs short messages.
    pub async fn rules(&self, signature: &str) -> Result<Rules, Fault> {
        let mut tx = self.db.snapshot().await?;
        let now = self.clock.now();
        let units = units_at(&mut tx, now).await?;
        let heirs = heirs_at(&mut tx, now).await?;
        let calendars: Vec<CalendarEntry> = entries(&mut tx, CALENDAR).await?;
        let sets: Vec<RuleSet> = entries(&mut tx, RULES).await?;
        let lanes: Vec<LaneEntry> = entries(&mut tx, LANE).await?;
        let changes = tx.rows(CHANGES, &[]).await?;
        let changes = changes
            .iter()
            .map(change_of)
            .collect::<Result<Vec<_>, _>>()?;
        let desk = units
            .iter()
            .find(|unit| unit.kind == UnitKind::Platform)
            .map_or_else(|| UnitCode::from(DESK), |unit| unit.code.clone());
        let tree = units
            .into_iter()
            .filter_map(|unit| Some((unit.code, unit.parent?)));
        let profile = |lane: LaneEntry| {
            let profile = LaneProfile {
                rules: lane.rules,
                restricted: lane.restricted,
                key_supervision: lane.key_supervision,
                queue: lane.queue,
            };
            (lane.code, profile)
        };
        let mut rules = Rules::provincial(desk)
            .with_tree(tree)
            .with_heirs(heirs)
            .with_lanes(lanes.into_iter().map(profile));
        signature.clone_into(&mut rules.signature);
        for set in sets {
            rules = rules.with_set(set);
        }
        let notices: Vec<&Notice> = changes.iter().filter_map(|c| c.notice.as_ref()).collect();
        let calendars = calendars_of(&calendars, &notices)?;
        if let Some((_, calendar)) = calendars.get(STATUTORY) {
            rules = rules.with_default_calendar(calendar.clone());
        }
        for (units, calendar) in calendars.values() {
            rules = rules.with_calendar(units, calendar);
        }
        if let Some(last) = changes.last() {
            rules.change = CalendarChange {
                revision: last.revision,
                title: last.title.clone(),
            };
        }
        Ok(rules)
    }

    /// Grows whenever the rules are to be read again.
    pub async fn rules_version(&self) -> Result<u64, Fault> {
        let row = self.db.row(VERSION, &[]).await?;
        row.map_or(Ok(0), |row| row.get("value"))
    }

    /// A working calendar by name, with every notice published so far; `statutory` is there even before any
    /// organisation file was applied.
    pub async fn calendar(&self, name: &str) -> Result<Option<Calendar>, Fault> {
        let mut tx = self.db.snapshot().await?;
        let entries: Vec<CalendarEntry> = entries(&mut tx, CALENDAR).await?;
        let changes = tx.rows(CHANGES, &[]).await?;
        let changes = changes
            .iter()
            .map(change_of)
            .collect::<Result<Vec<_>, _>>()?;
        let notices: Vec<&Notice> = changes.iter().filter_map(|c| c.notice.as_ref()).collect();
        let mut calendars = calendars_of(&entries, &notices)?;
        Ok(calendars.remove(name).map(|(_, calendar)| calendar))
    }

    /// Publishes a notice: from now on its days hold. Deadlines that run are counted again by the job `recount`.
    pub async fn publish_notice(
        &self,
        now: Timestamp,
        by: By<'_>,
        notice: Notice,
    ) -> Result<ChangeRecord, Fault> {
        let by = by.name().to_owned();
        self.db
            .write((now, by, notice), |tx, (now, by, notice)| {
                Box::pin(calendar_changed(tx, *now, by, &notice.title, Some(notice)))
            })
            .await
    }

    /// Every change of a calendar, in order.
    pub async fn calendar_changes(&self) -> Result<Vec<ChangeRecord>, Fault> {
        let rows = self.db.rows(CHANGES, &[]).await?;
        rows.iter().map(change_of).collect()
    }
}

/// One deadline that a change of calendars moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveRecord {
    pub id: Uuid,
    pub ticket: TicketId,
    pub number: String,
    /// [`DeadlineKind::code`](crate::domain::ticket::DeadlineKind::code).
    pub deadline: String,
    pub unit: UnitCode,
    /// `None`: it waited for a calendar.
    pub old: Option<Timestamp>,
    pub new: Option<Timestamp>,
    pub at: Timestamp,
}

impl Storage {
    /// What change `revision` moved so far, by ticket.
    pub async fn moved_deadlines(
        &self,
        by: By<'_>,
        revision: u64,
        page: &Page,
    ) -> Result<Listing<MoveRecord>, Fault> {
        let mut select = Select::new(
            "SELECT m.id, m.ticket_id, t.number, m.deadline, m.unit, m.old_due, m.new_due, m.at \
             FROM deadline_move m JOIN ticket t ON t.id = m.ticket_id WHERE 1 = 1",
        )
        .and("m.revision =", revision);
        select = unless_kept(select, by, "t.id = m.ticket_id");
        if let Some(after) = &page.after {
            select = select.before("m.at", "m.id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY m.at DESC, m.id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(move_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |one| Cursor {
            at: one.at.millis(),
            id: one.id.to_string(),
        }))
    }
}

fn move_of(row: &Row) -> Result<MoveRecord, Fault> {
    Ok(MoveRecord {
        id: row.get("id")?,
        ticket: row.get("ticket_id")?,
        number: row.get("number")?,
        deadline: row.get("deadline")?,
        unit: row.get("unit")?,
        old: row.opt("old_due")?,
        new: row.opt("new_due")?,
        at: row.get("at")?,
    })
}

impl Chronicler<'_> {
    pub(super) async fn list_move(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        revision: u64,
        moved: &Moved,
    ) -> Result<(), Fault> {
        tx.execute(
            "INSERT INTO deadline_move (id, revision, ticket_id, deadline, unit, old_due, new_due, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &values![
                self.clock.new_id(),
                revision,
                ticket,
                moved.deadline.code(),
                moved.unit.clone(),
                moved.old.due(),
                moved.new.due(),
                self.now
            ],
        )
        .await?;
        Ok(())
    }
}

const CHANGES: &str =
    "SELECT revision, at, actor, title, notice FROM calendar_change ORDER BY revision";
const VERSION: &str = "SELECT value FROM counter WHERE name = 'rules'";

fn change_of(row: &Row) -> Result<ChangeRecord, Fault> {
    Ok(ChangeRecord {
        revision: row.get("revision")?,
        at: row.get("at")?,
        by: row.get("actor")?,
        title: row.get("title")?,
        notice: row
            .opt::<String>("notice")?
            .map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|bad| Fault::Corrupt(format!("a calendar notice: {bad}")))?,
    })
}

/// Each calendar with the units that keep it, under its name.
fn calendars_of(
    entries: &[CalendarEntry],
    notices: &[&Notice],
) -> Result<BTreeMap<String, (Vec<UnitCode>, Calendar)>, Fault> {
    let known = |calendar: Calendar| {
        let days = notices
            .iter()
            .fold((**calendar.days()).clone(), |days, notice| {
                days.with(notice)
            });
        calendar.on(&Arc::new(days))
    };
    let mut calendars = BTreeMap::from([(
        STATUTORY.to_owned(),
        (Vec::new(), known(Calendar::statutory())),
    )]);
    for entry in entries {
        let calendar = Calendar::of(entry)
            .map_err(|bad| Fault::Corrupt(format!("calendar {}: {bad}", entry.name)))?;
        calendars.insert(entry.name.clone(), (entry.units.clone(), known(calendar)));
    }
    Ok(calendars)
}

/// Writes a calendar's change down, and that the rules are to be read again.
pub(super) async fn calendar_changed(
    tx: &mut Tx,
    now: Timestamp,
    by: &str,
    title: &str,
    notice: Option<&Notice>,
) -> Result<ChangeRecord, Fault> {
    // The counter first: it is the lock under which revisions are numbered.
    rules_changed(tx).await?;
    let revision = count_up(tx, "calendar_change", 1).await?;
    tx.execute(
        "INSERT INTO calendar_change (revision, at, actor, title, notice) \
         VALUES ($1, $2, $3, $4, $5)",
        &values![revision, now, by, title, notice.map(to_json)],
    )
    .await?;
    Ok(ChangeRecord {
        revision,
        at: now,
        by: by.to_owned(),
        title: title.to_owned(),
        notice: notice.cloned(),
    })
}

pub(super) async fn rules_changed(tx: &mut Tx) -> Result<(), Fault> {
    count_up(tx, "rules", 1).await?;
    Ok(())
}
