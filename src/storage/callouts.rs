//! Call-outs 应急叫应: their state, their whole log, and the work each step asks for: a call and a message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::about::unless_kept;
use super::chronicle::Chronicler;
use super::db::{Row, Select, Tx, values};
use super::news::{Fact, Moved, Secrecy, Whose, secrecy};
use super::outbox::{self, WorkKind};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::callout::{CallOut, Command, Event, Policy, apply, decide, text};
use crate::domain::id::{CallOutId, SmsId, TicketId, UnitCode, Username};
use crate::domain::organisation::Span;
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::By;
use crate::domain::ticket::{Refusal, Rules};
use crate::domain::time::Timestamp;

/// A call-out as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallOutRecord {
    pub id: CallOutId,
    pub callout: CallOut,
}

/// One line of a call-out's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallOutEvent {
    pub seq: u64,
    pub at: Timestamp,
    /// A username, or `@server`.
    pub actor: String,
    pub event: Event,
}

/// Which call-outs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallOutFilter {
    pub ticket: Option<TicketId>,
    pub unit: Option<UnitCode>,
    /// [`Stage::code`](crate::domain::callout::Stage::code).
    pub stage: Option<String>,
}

/// A stretch in which a unit will have nobody on duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DutyGap {
    pub unit: UnitCode,
    pub span: Span,
    pub noticed_at: Timestamp,
}

impl Storage {
    /// Starts a call-out with [`Command::Start`].
    pub async fn start_callout(
        &self,
        now: Timestamp,
        by: By<'_>,
        command: Command,
        rules: &Arc<Rules>,
    ) -> Result<CallOutRecord, Trouble<Refusal>> {
        self.chronicle(now, by, rules, command, |chronicler, tx, command| {
            Box::pin(chronicler.start_callout(tx, command))
        })
        .await
    }

    /// Carries out a command on a call-out.
    pub async fn callout_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: CallOutId,
        command: Command,
        rules: &Arc<Rules>,
    ) -> Result<CallOutRecord, Trouble<Refusal>> {
        let wish = (id, command);
        self.chronicle(now, by, rules, wish, |chronicler, tx, (id, command)| {
            Box::pin(chronicler.change_callout(tx, *id, command))
        })
        .await
    }

    /// One call-out.
    pub async fn callout(&self, id: CallOutId) -> Result<Option<CallOutRecord>, Fault> {
        let row = self
            .db
            .row("SELECT id, json FROM callout WHERE id = $1", &values![id])
            .await?;
        row.as_ref().map(record_of).transpose()
    }

    /// A call-out's whole log, in order.
    pub async fn callout_log(&self, id: CallOutId) -> Result<Vec<CallOutEvent>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT seq, at, actor, json FROM callout_event WHERE callout_id = $1 ORDER BY seq",
                &values![id],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(CallOutEvent {
                    seq: row.get("seq")?,
                    at: row.get("at")?,
                    actor: row.get("actor")?,
                    event: row.json("json")?,
                })
            })
            .collect()
    }

    /// Call-outs, the latest first.
    pub async fn callouts(
        &self,
        by: By<'_>,
        filter: &CallOutFilter,
        page: &Page,
    ) -> Result<Listing<CallOutRecord>, Fault> {
        let mut select = Select::new("SELECT id, json FROM callout WHERE 1 = 1");
        select = unless_kept(select, by, "t.id = ticket_id");
        if let Some(after) = &page.after {
            select = select.before("started_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .and_some("ticket_id =", filter.ticket)
                    .and_some("unit =", filter.unit.clone())
                    .and_some("stage =", filter.stage.clone())
                    .text(" ORDER BY started_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.callout.started_at.millis(),
            id: record.id.to_string(),
        }))
    }

    /// The call-outs whose next step is due: each is to be sent [`Command::Tick`].
    pub async fn callouts_due(&self, now: Timestamp, limit: u32) -> Result<Vec<CallOutId>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT id FROM callout WHERE wake_at <= $1 ORDER BY wake_at, id LIMIT $2",
                &values![now, limit],
            )
            .await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// Writes down the gaps there are between now and `until`, and which known gaps are filled; the ones that were not
    /// known before.
    pub async fn notice_duty_gaps(
        &self,
        now: Timestamp,
        until: Timestamp,
        gaps: Vec<(UnitCode, Span)>,
    ) -> Result<Vec<DutyGap>, Fault> {
        self.db
            .write((now, until, gaps), |tx, (now, until, gaps)| {
                Box::pin(notice(tx, *now, *until, gaps))
            })
            .await
    }

    /// The gaps that are not over yet, the next first.
    pub async fn duty_gaps(&self, now: Timestamp) -> Result<Vec<DutyGap>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT unit, starts_at, ends_at, noticed_at FROM duty_gap \
                 WHERE ends_at > $1 AND filled_at IS NULL ORDER BY starts_at, unit",
                &values![now],
            )
            .await?;
        rows.iter().map(gap_of).collect()
    }

    /// The units that had nobody on duty at some moment from `since` to `now`.
    pub async fn unmanned(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<BTreeSet<UnitCode>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT DISTINCT unit FROM duty_gap WHERE starts_at <= $2 AND ends_at > $1 \
                 AND (filled_at IS NULL OR (filled_at > starts_at AND filled_at > $1))",
                &values![since, now],
            )
            .await?;
        rows.iter().map(|row| row.get("unit")).collect()
    }
}

impl Chronicler<'_> {
    async fn start_callout(
        &self,
        tx: &mut Tx,
        command: &Command,
    ) -> Result<CallOutRecord, Trouble<Refusal>> {
        let events = decide(self.now, None, command, self.by, Policy::default())
            .map_err(Trouble::Refused)?;
        let callout = events
            .iter()
            .fold(None, |callout, event| Some(apply(callout, event)))
            .expect("starting is at least one event");
        let record = CallOutRecord {
            id: CallOutId(self.clock.new_id()),
            callout,
        };
        tx.execute(
            "INSERT INTO callout (id, stage, wake_at, json, ticket_id, unit, started_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &values![
                record.id,
                record.callout.stage.code(),
                record.callout.wake_at(),
                to_json(&record.callout),
                record.callout.ticket,
                record.callout.unit,
                record.callout.started_at
            ],
        )
        .await?;
        self.keep_callout_events(tx, &record, 0, &events).await?;
        Ok(record)
    }

    async fn change_callout(
        &self,
        tx: &mut Tx,
        id: CallOutId,
        command: &Command,
    ) -> Result<CallOutRecord, Trouble<Refusal>> {
        let row = tx
            .row(
                "UPDATE callout SET stage = stage WHERE id = $1 RETURNING id, json",
                &values![id],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::WrongStage { stage: "不存在" }))?;
        let mut record = record_of(&row)?;
        let policy = record.callout.policy;
        let events = decide(self.now, Some(&record.callout), command, self.by, policy)
            .map_err(Trouble::Refused)?;
        record.callout = events
            .iter()
            .fold(record.callout, |callout, event| apply(Some(callout), event));
        tx.execute(
            "UPDATE callout SET stage = $2, wake_at = $3, json = $4 WHERE id = $1",
            &values![
                id,
                record.callout.stage.code(),
                record.callout.wake_at(),
                to_json(&record.callout)
            ],
        )
        .await?;
        let last = tx
            .row(
                "SELECT max(seq) AS seq FROM callout_event WHERE callout_id = $1",
                &values![id],
            )
            .await?
            .and_then(|row| row.opt::<u64>("seq").transpose())
            .transpose()?
            .unwrap_or(0);
        self.keep_callout_events(tx, &record, last, &events).await?;
        Ok(record)
    }

    async fn keep_callout_events(
        &self,
        tx: &mut Tx,
        record: &CallOutRecord,
        mut seq: u64,
        events: &[Event],
    ) -> Result<(), Fault> {
        for event in events {
            seq += 1;
            tx.execute(
                "INSERT INTO callout_event (callout_id, seq, at, actor, name, json) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &values![
                    record.id,
                    seq,
                    self.now,
                    self.by.name(),
                    event.name(),
                    to_json(event)
                ],
            )
            .await?;
            match event {
                Event::Called { rung, .. } => {
                    let work = self.clock.new_id();
                    let subject = record.id.to_string();
                    outbox::enqueue(tx, work, self.now, WorkKind::DutyCall, &subject).await?;
                    let phone = record.callout.ladder[*rung].phone.clone();
                    self.text_duty(tx, record, phone).await?;
                }
                Event::Escalated { .. } => {
                    for rung in &record.callout.beyond {
                        self.text_duty(tx, record, rung.phone.clone()).await?;
                    }
                }
                Event::Started { .. }
                | Event::Rang { .. }
                | Event::Passed { .. }
                | Event::Acknowledged { .. }
                | Event::Cancelled { .. } => {}
            }
        }
        let ticket = record.callout.ticket;
        let fact = Fact {
            moved: Moved::CallOut {
                id: record.id,
                ticket,
            },
            secrecy: secrecy(tx, [ticket]).await?,
            whose: Whose::of(&record.callout.unit),
        };
        tx.tell(fact);
        Ok(())
    }

    async fn text_duty(
        &self,
        tx: &mut Tx,
        record: &CallOutRecord,
        phone: PhoneNumber,
    ) -> Result<(), Fault> {
        let ticket = record.callout.ticket;
        let number: String = tx
            .row("SELECT number FROM ticket WHERE id = $1", &values![ticket])
            .await?
            .ok_or_else(|| Fault::Conflict("a call-out of no ticket".to_owned()))?
            .get("number")?;
        let sms = SmsId(self.clock.new_id());
        let text = text(&self.rules.signature, &number);
        self.queue_callout_sms(tx, sms, ticket, phone, text).await
    }

    /// Somebody answered a message: the call-outs that are open and have their number. Whether there was one.
    pub(super) async fn callout_answered(
        &self,
        tx: &mut Tx,
        phone: &PhoneNumber,
    ) -> Result<bool, Fault> {
        let answered = Command::Answered {
            phone: phone.clone(),
        };
        let open = tx
            .rows(
                "SELECT id FROM callout WHERE stage IN ('calling', 'escalated') ORDER BY id",
                &[],
            )
            .await?;
        self.tell_callouts(tx, &open, &answered).await
    }

    /// The unit acknowledged the ticket: nobody needs calling out for it any more.
    pub(super) async fn callouts_acknowledged(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        by: &Username,
    ) -> Result<(), Fault> {
        let open = tx
            .rows(
                "SELECT id FROM callout WHERE stage IN ('calling', 'escalated') AND ticket_id = $1 \
                 ORDER BY id",
                &values![ticket],
            )
            .await?;
        let acknowledged = Command::TicketAcknowledged { by: by.clone() };
        self.tell_callouts(tx, &open, &acknowledged).await?;
        Ok(())
    }

    /// Whether any of them took it.
    async fn tell_callouts(
        &self,
        tx: &mut Tx,
        callouts: &[Row],
        command: &Command,
    ) -> Result<bool, Fault> {
        let server = self.as_server();
        let mut taken = false;
        for row in callouts {
            match server.change_callout(tx, row.get("id")?, command).await {
                Ok(_) => taken = true,
                Err(Trouble::Refused(_)) => {}
                Err(Trouble::Fault(fault)) => return Err(fault),
            }
        }
        Ok(taken)
    }
}

async fn notice(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    gaps: &[(UnitCode, Span)],
) -> Result<Vec<DutyGap>, Fault> {
    let known = tx
        .rows(
            "SELECT unit, starts_at, ends_at, noticed_at FROM duty_gap \
             WHERE ends_at > $1 AND starts_at < $2 AND filled_at IS NULL",
            &values![now, until],
        )
        .await?;
    let known = known.iter().map(gap_of).collect::<Result<Vec<_>, _>>()?;
    // A gap that is seen in part (it began, or the look ahead cuts it) is the same gap.
    let meet = |a: &Span, b: &Span| a.from < b.until && b.from < a.until;
    let mut seen: BTreeMap<&UnitCode, Vec<&Span>> = BTreeMap::new();
    for (unit, span) in gaps {
        seen.entry(unit).or_default().push(span);
    }
    let mut noticed: BTreeMap<&UnitCode, Vec<&Span>> = BTreeMap::new();
    for gap in &known {
        noticed.entry(&gap.unit).or_default().push(&gap.span);
    }
    let among = |of: &BTreeMap<&UnitCode, Vec<&Span>>, unit: &UnitCode, span: &Span| {
        let spans = of.get(unit);
        spans.is_some_and(|spans| spans.iter().any(|known| meet(known, span)))
    };
    for gap in &known {
        if !among(&seen, &gap.unit, &gap.span) {
            tx.execute(
                "UPDATE duty_gap SET filled_at = $3 WHERE unit = $1 AND starts_at = $2",
                &values![gap.unit, gap.span.from, now],
            )
            .await?;
            tx.tell(duty(&gap.unit));
        }
    }
    let mut new = Vec::new();
    for (unit, span) in gaps {
        if among(&noticed, unit, span) {
            continue;
        }
        tx.execute(
            "INSERT INTO duty_gap (unit, starts_at, ends_at, noticed_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (unit, starts_at) DO UPDATE SET ends_at = excluded.ends_at, \
             noticed_at = excluded.noticed_at, filled_at = NULL",
            &values![unit.clone(), span.from, span.until, now],
        )
        .await?;
        tx.tell(duty(unit));
        new.push(DutyGap {
            unit: unit.clone(),
            span: *span,
            noticed_at: now,
        });
    }
    Ok(new)
}

/// Who is on duty in `unit`, or is not, has changed.
pub(super) fn duty(unit: &UnitCode) -> Fact {
    Fact {
        moved: Moved::Duty { unit: unit.clone() },
        secrecy: Secrecy::default(),
        whose: Whose::of(unit),
    }
}

fn record_of(row: &Row) -> Result<CallOutRecord, Fault> {
    Ok(CallOutRecord {
        id: row.get("id")?,
        callout: row.json("json")?,
    })
}

fn gap_of(row: &Row) -> Result<DutyGap, Fault> {
    Ok(DutyGap {
        unit: row.get("unit")?,
        span: Span {
            from: row.get("starts_at")?,
            until: row.get("ends_at")?,
        },
        noticed_at: row.get("noticed_at")?,
    })
}
