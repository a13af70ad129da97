//! Demands that come from elsewhere: one ticket for each id of their origin, the payload kept as it came, and what goes
//! back. Also what lists find a ticket by that its intake knows: source, identity, refusal, channel, seal.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::chronicle::Chronicler;
use super::db::{Personal, Row, Secret, Tx, values};
use super::organisation::{ENTRY, ORIGIN};
use super::outbox::{self, WorkKind};
use super::sms::Purpose;
use super::tickets::{TICKET, TicketRecord, record_of};
use super::{Fault, Storage, Trouble, to_json};
use crate::domain::disposition::{CategoryEntry, OriginEntry};
use crate::domain::id::{TicketId, UnitCode};
use crate::domain::sms::receipt_text;
use crate::domain::staff::{By, Unit, UnitKind};
use crate::domain::supervision::{CaseEvent, Level};
use crate::domain::ticket::intake::{Command, Event, Origin};
use crate::domain::ticket::{
    Closing, DeadlineKind, Event as TicketEvent, Mark, Refusal, Rules, Stage, Ticket,
};
use crate::domain::time::Timestamp;

/// What a demand led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub record: TicketRecord,
    /// `false`: this id had its ticket already.
    pub new: bool,
}

/// How a ticket reached its lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// 交办.
    Assigned,
    /// 由省委部门受理.
    PassedForAcceptance,
}

impl Handover {
    /// The code in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::PassedForAcceptance => "passed_for_acceptance",
        }
    }
}

/// What came, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RawOrigin {
    pub system: String,
    pub origin_id: String,
    pub received_at: Timestamp,
    pub raw_sha256: String,
    pub raw: String,
}

/// Something that goes back to where a demand came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedback {
    pub id: Uuid,
    pub ticket: TicketId,
    pub system: String,
    /// `result` or `revisit` to an origin; `passed_on`, `taken_back`, `supplement`, `rectify`, `urge`, `supervision` or
    /// `closed` to a partner that works on the ticket.
    pub kind: String,
    pub body: serde_json::Value,
    /// What it answered, once it has it.
    pub receipt: Option<String>,
    pub sent_at: Option<Timestamp>,
}

/// The kind that gives a partner the whole ticket.
pub const PASSED_ON: &str = "passed_on";

impl Feedback {
    /// Is it for whoever works on the ticket, and not for where the demand came from?
    pub fn is_for_partner(&self) -> bool {
        !matches!(self.kind.as_str(), "result" | "revisit")
    }
}

/// How often each ground of article 9 was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RefusalCount {
    pub ground: u32,
    pub count: u64,
}

impl Storage {
    /// Opens the ticket of a demand that came from elsewhere, by [`Command::Accept`]. Told twice, the ticket there is
    /// is answered.
    pub async fn accept(
        &self,
        now: Timestamp,
        by: By<'_>,
        command: Command,
        raw: String,
        rules: &Arc<Rules>,
    ) -> Result<Accepted, Trouble<Refusal>> {
        self.chronicle(
            now,
            by,
            rules,
            (command, raw),
            |chronicler, tx, (command, raw)| Box::pin(chronicler.accept(tx, command, raw)),
        )
        .await
    }

    /// What came of a ticket's origin, as it came.
    pub async fn raw_origin(&self, ticket: TicketId) -> Result<Option<RawOrigin>, Fault> {
        let row = self
            .db
            .row(
                "SELECT system, origin_id, received_at, raw_sha256, raw FROM ticket_origin \
                 WHERE ticket_id = $1",
                &values![ticket],
            )
            .await?;
        row.map(|row| {
            Ok(RawOrigin {
                system: row.get("system")?,
                origin_id: row.get("origin_id")?,
                received_at: row.get("received_at")?,
                raw_sha256: row.get("raw_sha256")?,
                raw: row.get("raw")?,
            })
        })
        .transpose()
    }

    /// One piece of feedback.
    pub async fn feedback(&self, id: Uuid) -> Result<Option<Feedback>, Fault> {
        let row = self
            .db
            .row(
                "SELECT id, ticket_id, system, kind, json, receipt, sent_at FROM origin_feedback WHERE id = $1",
                &values![id],
            )
            .await?;
        row.as_ref().map(feedback_of).transpose()
    }

    /// What went back for a ticket or is about to, in order.
    pub async fn feedback_of_ticket(&self, ticket: TicketId) -> Result<Vec<Feedback>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT id, ticket_id, system, kind, json, receipt, sent_at FROM origin_feedback \
                 WHERE ticket_id = $1 ORDER BY created_at, id",
                &values![ticket],
            )
            .await?;
        rows.iter().map(feedback_of).collect()
    }

    /// The origin has it, and answered `receipt`.
    pub async fn feedback_sent(
        &self,
        now: Timestamp,
        id: Uuid,
        receipt: String,
    ) -> Result<(), Fault> {
        self.db
            .write((now, id, receipt), |tx, (now, id, receipt)| {
                Box::pin(async move {
                    tx.execute(
                        "UPDATE origin_feedback SET sent_at = $2, receipt = $3 WHERE id = $1",
                        &values![*id, *now, Secret(receipt.clone())],
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Refusals of each ground between two instants.
    pub async fn refusal_counts(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<RefusalCount>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT refusal, count(*) AS count FROM ticket WHERE refusal IS NOT NULL \
                 AND opened_at >= $1 AND opened_at < $2 GROUP BY refusal ORDER BY refusal",
                &values![since, until],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(RefusalCount {
                    ground: row.get("refusal")?,
                    count: row.get("count")?,
                })
            })
            .collect()
    }
}

/// Units over one another that are asked whether they are the Party's.
const ABOVE_MAX: usize = 16;
const STAND: &str = "SELECT json FROM unit_stand WHERE code = $1 AND valid_from <= $2 \
                     ORDER BY valid_from DESC LIMIT 1";

async fn known(tx: &mut Tx, origin: &Origin) -> Result<TicketRecord, Fault> {
    let gone = || Fault::Corrupt("an origin without its ticket".to_owned());
    let row = tx
        .row(
            "SELECT ticket_id FROM ticket_origin WHERE system = $1 AND origin_id = $2",
            &values![origin.system, origin.id],
        )
        .await?
        .ok_or_else(gone)?;
    let ticket: TicketId = row.get("ticket_id")?;
    let row = tx.row(TICKET, &values![ticket]).await?.ok_or_else(gone)?;
    record_of(&row)
}

impl Chronicler<'_> {
    async fn accept(
        &self,
        tx: &mut Tx,
        command: &Command,
        raw: &str,
    ) -> Result<Accepted, Trouble<Refusal>> {
        let Command::Accept(acceptance) = command else {
            return Err(Trouble::Refused(Refusal::NoSuchTicket));
        };
        let origin = &acceptance.origin;
        let id = TicketId(self.clock.new_id());
        // The row is written first: of two who bring the same demand the second waits here and finds the first's ticket.
        let first = tx
            .execute(
                "INSERT INTO ticket_origin (ticket_id, source, channel, system, origin_id, \
                 received_at, raw_sha256, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                 ON CONFLICT (system, origin_id) DO NOTHING",
                &values![
                    id,
                    origin.group.code(),
                    to_json(&origin.channel),
                    origin.system,
                    origin.id,
                    origin.received_at,
                    origin.raw_sha256,
                    Secret(raw.to_owned())
                ],
            )
            .await?;
        if first == 0 {
            return Ok(Accepted {
                record: known(tx, origin).await?,
                new: false,
            });
        }
        let command = crate::domain::ticket::Command::Intake(command.clone());
        let record = self.open_ticket(tx, id, &command).await?;
        Ok(Accepted { record, new: true })
    }

    /// Writes down what lists find the ticket by.
    pub(super) async fn intake_changed(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        event: &Event,
    ) -> Result<(), Fault> {
        match event {
            Event::Originated { origin } => self.say_received(tx, record, origin).await?,
            Event::Identified { .. }
            | Event::NotAccepted { .. }
            | Event::RefusalReviewed { .. }
            | Event::Sealed { .. }
            | Event::EnteredLane { .. } => {}
            Event::IdentityVerified { .. }
            | Event::Classified { .. }
            | Event::Explained { .. }
            | Event::Reported { .. }
            | Event::ReportLapsed { .. }
            | Event::ReportDecided { .. }
            | Event::PetitionerNotified { .. }
            | Event::HandedToSeat { .. }
            | Event::TakenAtSeat { .. }
            | Event::SeatLapsed { .. }
            | Event::EmergencyTransferred { .. }
            | Event::EmergencyAnswered { .. }
            | Event::PassedOn { .. }
            | Event::PartnerHeard { .. }
            | Event::TakenBack { .. } => return Ok(()),
        }
        let intake = &record.ticket.intake;
        let identity = intake
            .real_name
            .as_ref()
            .map(|named| Personal(named.identity.number().to_owned()));
        let refused = matches!(record.ticket.stage, Stage::Voided { .. });
        let ground = intake
            .refusal
            .as_ref()
            .filter(|_| refused)
            .map(|refusal| u32::from(refusal.ground.number()));
        tx.execute(
            "UPDATE ticket SET source = $2, identity = $3, refusal = $4, lane = $5, sealed = $6, \
             restricted = $7 WHERE id = $1",
            &values![
                record.id,
                intake.origin.as_ref().map(|origin| origin.group.code()),
                identity,
                ground,
                intake.lane.as_ref().map(|lane| lane.code.clone()),
                intake.is_sealed(),
                intake.is_restricted()
            ],
        )
        .await?;
        Ok(())
    }

    /// A first word at once, where nobody is on the line.
    async fn say_received(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        origin: &Origin,
    ) -> Result<(), Fault> {
        let Some(phone) = record
            .ticket
            .phone()
            .filter(|_| origin.channel.wants_receipt())
        else {
            return Ok(());
        };
        let text = receipt_text(&self.rules.signature, &record.number);
        self.tell_by_sms(tx, record.id, phone, Purpose::Receipt, text)
            .await?;
        Ok(())
    }

    /// What concerns a Party department or a unit under one is passed to it for acceptance, and counted apart from what is assigned
    /// (article 3).
    pub(super) async fn handed_over(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        lead: &UnitCode,
    ) -> Result<(), Fault> {
        // What another platform works on is with ourselves: nobody was given it.
        if *lead == self.rules.desk {
            return Ok(());
        }
        let mut handover = Handover::Assigned;
        let mut next = Some(lead.clone());
        // 省委部门及其下属单位. Bounded: a tree that bites its tail is left where it began.
        for _ in 0..ABOVE_MAX {
            let Some(code) = next.take() else { break };
            let stand = tx.row(STAND, &values![code, self.now]).await?;
            let unit: Option<Unit> = stand.map(|row| row.json("json")).transpose()?;
            let Some(unit) = unit else { break };
            if unit.kind == UnitKind::Party {
                handover = Handover::PassedForAcceptance;
                break;
            }
            next = unit.parent;
        }
        tx.execute(
            "UPDATE ticket SET handover = $2 WHERE id = $1",
            &values![ticket, handover.code()],
        )
        .await?;
        Ok(())
    }

    /// Results and revisits go back to where the demand came from, if it wants them.
    pub(super) async fn feed_back(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        event: &TicketEvent,
    ) -> Result<(), Fault> {
        self.tell_partner(tx, record, event).await?;
        let Some(origin) = &record.ticket.intake.origin else {
            return Ok(());
        };
        if !origin.group.profile().feedback && !is_partner(tx, &origin.system).await? {
            return Ok(());
        }
        let ticket = &record.ticket;
        let (kind, body) = match event {
            TicketEvent::Closed { at } | TicketEvent::AnsweredOnCall { at, .. } => {
                let answer = match &ticket.stage {
                    Stage::Closed { closing, .. } => match closing {
                        Closing::AnsweredOnCall { answer, .. } => Some(answer.as_str()),
                        Closing::Replied { reply, .. } => Some(reply.text.as_str()),
                    },
                    _ => None,
                };
                let unit = ticket.responsible();
                (
                    "result",
                    json!({"outcome": "closed", "at": at, "unit": unit, "answer": answer}),
                )
            }
            TicketEvent::Voided { at, reason, .. } => {
                let mut said = json!({"outcome": "not_accepted", "at": at, "answer": reason});
                if let Some(refusal) = ticket.intake.not_accepted() {
                    said["explanation"] = refusal.explanation.clone().into();
                    if let Some(guidance) = &refusal.guidance {
                        said["guidance"] = json!({"text": guidance.text, "law": guidance.law});
                    }
                }
                ("result", said)
            }
            TicketEvent::FollowUpEnded { result } => {
                ("revisit", json!({"at": self.now, "result": result}))
            }
            _ => return Ok(()),
        };
        let mut body = body;
        body["origin_id"] = json!(origin.id);
        self.send(tx, record, &origin.system, kind, body).await
    }

    /// What another platform that works on the ticket has to know: the ticket itself, that it is ours again, that its answer
    /// is not good enough, that the citizen was not satisfied, that time runs out, that it is over.
    async fn tell_partner(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        event: &TicketEvent,
    ) -> Result<(), Fault> {
        let ticket = &record.ticket;
        let Some(passed) = ticket.intake.passed_on.last() else {
            return Ok(());
        };
        let open = passed.ended.is_none();
        let (kind, body) = match event {
            TicketEvent::Intake(Event::PassedOn { passed }) => {
                let due = ticket.promise().and_then(|p| p.handle.deadline.due());
                let asker = ticket.demand.as_ref().map(|demand| &demand.petitioner);
                // 要求保密: whoever asked is reached through us.
                let asker = asker.filter(|asker| !asker.secrecy);
                let whole = json!({
                    "at": passed.at, "reason": passed.reason, "call": passed.call, "due": due,
                    "title": ticket.demand.as_ref().map(|demand| &demand.title),
                    "content": ticket.demand.as_ref().map(|demand| &demand.content),
                    "demand_kind": ticket.demand.as_ref().map(|demand| demand.kind),
                    "address": ticket.demand.as_ref().and_then(|demand| demand.address.as_ref()),
                    "petitioner": asker.map(|asker| json!({
                        "name": asker.name, "phone": asker.phone, "applicant": asker.applicant,
                    })),
                });
                (PASSED_ON, whole)
            }
            TicketEvent::Intake(Event::TakenBack { at, reason, .. }) => {
                ("taken_back", json!({"at": at, "text": reason}))
            }
            TicketEvent::Reopened { at, reason, .. } if passed.ended == Some(*at) => {
                ("taken_back", json!({"at": at, "text": reason}))
            }
            TicketEvent::Reviewed {
                at,
                outcome,
                remark,
                ..
            } if open && !outcome.passed() => ("supplement", json!({"at": at, "text": remark})),
            TicketEvent::RectificationOrdered { rectify, .. } if open => {
                ("rectify", json!({"at": self.now, "due": rectify.due()}))
            }
            TicketEvent::Marked {
                deadline: DeadlineKind::HandleBy | DeadlineKind::RectifyBy,
                mark,
                due,
                ..
            } if open && awaits_partner(ticket) => (
                "urge",
                json!({"at": self.now, "due": due, "overdue": *mark == Mark::Lapsed}),
            ),
            TicketEvent::FollowUpEnded { result } if open => {
                ("closed", json!({"at": self.now, "result": result}))
            }
            _ => return Ok(()),
        };
        self.send(tx, record, &passed.partner, kind, body).await
    }

    /// 联合督办: what happens in a case about a ticket that a partner works on is told to that partner.
    pub(super) async fn supervise_partner(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        level: Level,
        events: &[CaseEvent],
    ) -> Result<(), Fault> {
        let row = tx.row(TICKET, &values![ticket]).await?;
        let Some(record) = row.as_ref().map(record_of).transpose()? else {
            return Ok(());
        };
        let Some(partner) = record.ticket.intake.partner().map(|p| p.partner.clone()) else {
            return Ok(());
        };
        for event in events {
            let (reason, due) = match event {
                CaseEvent::Opened { reason, due, .. } | CaseEvent::Stepped { reason, due, .. } => {
                    (reason, due)
                }
                _ => continue,
            };
            let body = json!({
                "at": self.now, "level": level.code(), "name": level.name(), "text": reason, "due": due,
            });
            self.send(tx, &record, &partner, "supervision", body)
                .await?;
        }
        Ok(())
    }

    /// Puts one message to another platform into the outbox.
    async fn send(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        system: &str,
        kind: &str,
        body: serde_json::Value,
    ) -> Result<(), Fault> {
        let id = self.clock.new_id();
        let mut whole = json!({"id": id, "kind": kind, "ticket": record.number});
        if let (Some(whole), serde_json::Value::Object(body)) = (whole.as_object_mut(), body) {
            whole.extend(body);
            if let Some((category, standard)) = coded(tx, &record.ticket).await? {
                whole.insert("category".to_owned(), category.into());
                whole.insert("standard".to_owned(), standard.into());
            }
        }
        tx.execute(
            "INSERT INTO origin_feedback (id, ticket_id, system, kind, json, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &values![id, record.id, system, kind, to_json(&whole), self.now],
        )
        .await?;
        let work = self.clock.new_id();
        outbox::enqueue(
            tx,
            work,
            self.now,
            WorkKind::OriginFeedback,
            &id.to_string(),
        )
        .await
    }
}

/// What a ticket is about: our code, and GB/T 39666's. Of a demand that nobody coded, by what its origin said.
async fn coded(tx: &mut Tx, ticket: &Ticket) -> Result<Option<(String, Option<String>)>, Fault> {
    if let Some(coded) = &ticket.intake.classification {
        return Ok(Some((coded.category.clone(), coded.standard.clone())));
    }
    let demand = ticket.demand.as_ref();
    let Some(category) = demand.and_then(|demand| demand.category.clone()) else {
        return Ok(None);
    };
    let row = tx
        .row(
            "SELECT json FROM organisation_entry WHERE kind = 'category' AND name = $1",
            &values![category.clone()],
        )
        .await?;
    let entry: Option<CategoryEntry> = row.map(|row| row.json("json")).transpose()?;
    Ok(Some((category, entry.and_then(|entry| entry.standard))))
}

/// Is it the partner's turn, and not the reviewer's?
const fn awaits_partner(ticket: &Ticket) -> bool {
    matches!(ticket.stage, Stage::Handling { .. } | Stage::Closed { .. })
}

/// Is the system one that tickets are exchanged with both ways?
async fn is_partner(tx: &mut Tx, system: &str) -> Result<bool, Fault> {
    let row = tx.row(ENTRY, &values![ORIGIN, system]).await?;
    let entry: Option<OriginEntry> = row.map(|row| row.json("json")).transpose()?;
    Ok(entry.is_some_and(|entry| entry.partner))
}

fn feedback_of(row: &Row) -> Result<Feedback, Fault> {
    Ok(Feedback {
        id: row.get("id")?,
        ticket: row.get("ticket_id")?,
        system: row.get("system")?,
        kind: row.get("kind")?,
        body: row.json("json")?,
        receipt: row.opt("receipt")?,
        sent_at: row.opt("sent_at")?,
    })
}
