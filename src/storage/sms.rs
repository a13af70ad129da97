//! Short messages: what goes out, what became of it, and what citizens answered.
//!
//! A message has one id for ever; it is the idempotency key at the gateway. It is marked `submitting` before it
//! leaves. Whoever then dies or times out does not know whether it left, so it is `unknown` and never sent again
//! blindly: no citizen gets it twice, and the ledger does not claim what it does not know.
//!
//! Callbacks are stored as they came before they are acknowledged; each receipt and each reply counts once; what
//! cannot be matched is kept in quarantine for a person.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::chronicle::Chronicler;
use super::db::{Personal, Row, Select, Tx, Writing, values};
use super::outbox::{self, WorkKind};
use super::tickets::{CommandRefusal, TicketRecord};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::callout::says_received;
use crate::domain::id::{SmsId, TicketId};
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::{
    Match, Said, Submission, SurveyCode, match_reply, no_such_number, read_reply, survey_text,
};
use crate::domain::staff::By;
use crate::domain::ticket::{Command, Rating, Rules, SurveyFailure};
use crate::domain::time::Timestamp;

/// What is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsState {
    /// Written with its ticket's change; nobody has tried to send it.
    Queued,
    /// On its way to the gateway.
    Submitting,
    /// The gateway has it.
    Accepted,
    Delivered,
    /// Refused by the gateway, or not delivered.
    Failed,
    /// It may have left, or not. Never sent again.
    Unknown,
}

impl SmsState {
    const ALL: [Self; 6] = [
        Self::Queued,
        Self::Submitting,
        Self::Accepted,
        Self::Delivered,
        Self::Failed,
        Self::Unknown,
    ];

    /// The state's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// 短信回访: it asks, and its failure is the survey's.
    Survey,
    /// 延时告知: by when the citizen will be answered now.
    ExtensionTold,
    /// 书面办理意见: its number and check code.
    WrittenOpinion,
    /// To a unit's people: a clock runs out.
    Reminder,
    /// To whoever is on duty.
    Callout,
    /// 受理回执: that a demand came in, and its number.
    Receipt,
}

impl Purpose {
    /// The purpose's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::ExtensionTold => "extension_told",
            Self::WrittenOpinion => "written_opinion",
            Self::Reminder => "reminder",
            Self::Callout => "callout",
            Self::Receipt => "receipt",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    pub id: SmsId,
    pub ticket: TicketId,
    pub phone: PhoneNumber,
    pub text: String,
    /// [`Purpose::code`].
    pub purpose: String,
    pub state: SmsState,
    pub gateway: Option<String>,
    pub message_id: Option<String>,
    /// Why it failed, or why nothing is known.
    pub reason: Option<String>,
    pub queued_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Which callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackKind {
    Receipt,
    Reply,
}

impl CallbackKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Reply => "reply",
        }
    }
}

/// A callback as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub gateway: String,
    pub kind: CallbackKind,
    pub received_at: Timestamp,
    pub body: Vec<u8>,
}

/// A gateway's word about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub message_id: String,
    pub delivered: bool,
    /// The gateway's own word, e.g. `UNDELIV`.
    pub status: String,
}

/// What a citizen sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The gateway's id of this message.
    pub id: String,
    pub from: String,
    pub text: String,
}

/// What became of a receipt or a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Matched,
    /// Told before; nothing was done.
    Again,
    /// Kept for a person; the code says why.
    Quarantined(&'static str),
}

/// A survey that nobody answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilentSurvey {
    /// Its time was over.
    pub since: Timestamp,
    pub sms: SmsId,
    pub ticket: TicketId,
}

/// Something that could not be matched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quarantined {
    pub id: Uuid,
    pub gateway: String,
    pub kind: String,
    pub at: Timestamp,
    pub why: String,
    pub content: serde_json::Value,
    /// A person read it.
    pub resolved_at: Option<Timestamp>,
    pub resolved_by: Option<String>,
    pub resolution: Option<String>,
}

impl Storage {
    /// One message.
    pub async fn sms(&self, id: SmsId) -> Result<Option<Sms>, Fault> {
        let select = Select::new(SMS).and("id =", id);
        let rows = self.db.select(select).await?;
        rows.first().map(sms_of).transpose()
    }

    /// A ticket's messages, in order.
    pub async fn sms_of_ticket(&self, ticket: TicketId) -> Result<Vec<Sms>, Fault> {
        let select = Select::new(SMS)
            .and("ticket_id =", ticket)
            .text(" ORDER BY queued_at, id");
        self.db.select(select).await?.iter().map(sms_of).collect()
    }

    /// Takes a queued message to hand it to `gateway`, durably, before it leaves. `None`: somebody took it
    /// before; whatever became of it, it is not to be sent.
    pub async fn submit_sms(
        &self,
        now: Timestamp,
        id: SmsId,
        gateway: &str,
    ) -> Result<Option<Sms>, Fault> {
        self.db
            .write((now, id, gateway.to_owned()), |tx, (now, id, gateway)| {
                Box::pin(async move {
                    let taken = tx
                        .row(
                            "UPDATE sms SET state = 'submitting', gateway = $2, updated_at = $3 \
                             WHERE id = $1 AND state = 'queued' RETURNING id, ticket_id, phone, \
                             text, purpose, state, gateway, message_id, reason, queued_at, updated_at",
                            &values![*id, *gateway, *now],
                        )
                        .await?;
                    taken.as_ref().map(sms_of).transpose()
                })
            })
            .await
    }

    /// Writes down what came of it. A failure ends the survey in the same transaction.
    pub async fn sms_submitted(
        &self,
        now: Timestamp,
        id: SmsId,
        submission: Submission,
        rules: &Arc<Rules>,
    ) -> Result<(), Fault> {
        self.as_server(
            now,
            rules,
            (id, submission),
            |server, tx, (id, submission)| Box::pin(server.submitted(tx, *id, submission)),
        )
        .await
    }

    /// Stores a callback as it came, with the work of reading it: to be awaited before it is acknowledged.
    pub async fn sms_callback(&self, callback: Callback) -> Result<Uuid, Fault> {
        let (id, work) = (self.new_id(), self.new_id());
        self.db
            .write((id, work, callback), |tx, (id, work, callback)| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO sms_callback (id, gateway, kind, received_at, body) \
                         VALUES ($1, $2, $3, $4, $5)",
                        &values![
                            *id,
                            callback.gateway,
                            callback.kind.code(),
                            callback.received_at,
                            callback.body
                        ],
                    )
                    .await?;
                    let (now, kind) = (callback.received_at, WorkKind::SmsCallback);
                    outbox::enqueue(tx, *work, now, kind, &id.to_string()).await?;
                    Ok(*id)
                })
            })
            .await
    }

    /// A stored callback.
    pub async fn callback(&self, id: Uuid) -> Result<Option<Callback>, Fault> {
        let row = self
            .db
            .row(
                "SELECT gateway, kind, received_at, body FROM sms_callback WHERE id = $1",
                &values![id],
            )
            .await?;
        row.map(|row| {
            Ok(Callback {
                gateway: row.get("gateway")?,
                kind: match row.get::<String>("kind")?.as_str() {
                    "receipt" => CallbackKind::Receipt,
                    "reply" => CallbackKind::Reply,
                    other => return Err(Fault::Corrupt(format!("callback of kind {other}"))),
                },
                received_at: row.get("received_at")?,
                body: row.get("body")?,
            })
        })
        .transpose()
    }

    /// Hears a gateway's receipt.
    pub async fn sms_receipt(
        &self,
        now: Timestamp,
        gateway: &str,
        receipt: Receipt,
        rules: &Arc<Rules>,
    ) -> Result<Heard, Fault> {
        let given = (gateway.to_owned(), receipt);
        self.as_server(now, rules, given, |server, tx, (gateway, receipt)| {
            Box::pin(server.hear_receipt(tx, gateway, receipt))
        })
        .await
    }

    /// Hears a citizen's reply: a survey's answer goes to its ticket.
    pub async fn sms_reply(
        &self,
        now: Timestamp,
        gateway: &str,
        reply: Reply,
        rules: &Arc<Rules>,
    ) -> Result<Heard, Fault> {
        let given = (gateway.to_owned(), reply);
        self.as_server(now, rules, given, |server, tx, (gateway, reply)| {
            Box::pin(server.hear_reply(tx, gateway, reply))
        })
        .await
    }

    /// Puts a whole callback that cannot be read into quarantine.
    pub async fn sms_unreadable(
        &self,
        now: Timestamp,
        gateway: &str,
        kind: CallbackKind,
        callback: Uuid,
        why: &'static str,
    ) -> Result<(), Fault> {
        let id = self.new_id();
        let given = (id, now, gateway.to_owned(), kind, callback, why);
        self.db
            .write(given, |tx, (id, now, gateway, kind, callback, why)| {
                Box::pin(async move {
                    let content = json!({ "callback": callback.to_string() });
                    quarantine(tx, *id, *now, gateway, kind.code(), why, "", content).await
                })
            })
            .await
    }

    /// What could not be matched, newest first; with `unread`, only what nobody has read.
    pub async fn sms_quarantine(
        &self,
        page: &Page,
        unread: bool,
    ) -> Result<Listing<Quarantined>, Fault> {
        let mut select = Select::new(QUARANTINE);
        if unread {
            select = select.text(" AND resolved_at IS NULL");
        }
        if let Some(after) = &page.after {
            select = select.before("at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows
            .iter()
            .map(quarantined)
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok(Listing::cut(items, page, |item| Cursor {
            at: item.at.millis(),
            id: item.id.to_string(),
        }))
    }

    /// What `from` wrote and nobody has read, newest first, among the newest 1,000 replies that wait.
    pub async fn unread_replies(&self, from: &PhoneNumber) -> Result<Vec<Quarantined>, Fault> {
        const LOOKED_AT: i64 = 1_000;
        let select = Select::new(QUARANTINE)
            .text(" AND resolved_at IS NULL")
            .and("kind =", "reply")
            .text(" ORDER BY at DESC, id DESC")
            .bind(" LIMIT", LOOKED_AT);
        let rows = self.db.select(select).await?;
        let waiting = rows.iter().map(quarantined);
        let is_theirs = |reply: &Quarantined| {
            let sender = reply.content["from"].as_str().map(PhoneNumber::parse);
            sender.is_some_and(|sender| sender.is_ok_and(|sender| sender == *from))
        };
        waiting
            .filter(|reply| reply.as_ref().map_or(true, is_theirs))
            .collect()
    }

    /// A person reads what could not be matched: it answers a ticket's survey, or nothing. The ticket may refuse, and
    /// then nothing has happened. `false`: it is not there, or somebody has read it already.
    pub async fn read_quarantined(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Uuid,
        answer: Option<(TicketId, Rating)>,
        remark: String,
        rules: &Arc<Rules>,
    ) -> Result<bool, Trouble<CommandRefusal>> {
        let given = (id, answer, remark);
        self.chronicle(now, by, rules, given, |reader, tx, (id, answer, remark)| {
            Box::pin(async move {
                let read = tx
                    .execute(
                        "UPDATE sms_quarantine SET resolved_at = $2, resolved_by = $3, \
                             resolution = $4 WHERE id = $1 AND resolved_at IS NULL",
                        &values![*id, reader.now, reader.by.name(), *remark],
                    )
                    .await?;
                if read == 1
                    && let Some((ticket, rating)) = answer
                {
                    let command = Command::ReadSurvey { rating: *rating };
                    reader
                        .change_ticket(tx, *ticket, &command)
                        .await
                        .map_err(Trouble::widen)?;
                }
                Ok(read == 1)
            })
        })
        .await
    }

    /// Tickets whose survey was not answered within the limit of the ticket's own rules: each is to be sent
    /// [`Command::SurveyFailed`] with [`SurveyFailure::Silent`].
    pub async fn silent_surveys(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, SmsId)>,
        limit: u32,
    ) -> Result<Vec<SilentSurvey>, Fault> {
        let (since, last) = after.unwrap_or((Timestamp::MIN, SmsId(Uuid::nil())));
        let rows = self
            .db
            .rows(
                "SELECT silent_at, sms_id, ticket_id FROM survey WHERE closed_at IS NULL AND silent_at < $1 \
                 AND (silent_at, sms_id) > ($2, $3) ORDER BY silent_at, sms_id LIMIT $4",
                &values![now, since, last, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(SilentSurvey {
                    since: row.get("silent_at")?,
                    sms: row.get("sms_id")?,
                    ticket: row.get("ticket_id")?,
                })
            })
            .collect()
    }
}

const QUEUED: Writing = Writing {
    before: "INSERT INTO sms (id, ticket_id, phone, text, state, queued_at, updated_at, purpose) VALUES",
    after: "",
};
const SMS: &str = "SELECT id, ticket_id, phone, text, purpose, state, gateway, message_id, reason, \
                   queued_at, updated_at FROM sms WHERE 1 = 1";

const QUARANTINE: &str = "SELECT id, gateway, kind, at, why, json, resolved_at, resolved_by, resolution \
                          FROM sms_quarantine WHERE 1 = 1";

fn quarantined(row: &Row) -> Result<Quarantined, Fault> {
    Ok(Quarantined {
        id: row.get("id")?,
        gateway: row.get("gateway")?,
        kind: row.get("kind")?,
        at: row.get("at")?,
        why: row.get("why")?,
        content: row.json("json")?,
        resolved_at: row.opt("resolved_at")?,
        resolved_by: row.opt("resolved_by")?,
        resolution: row.opt("resolution")?,
    })
}

fn sms_of(row: &Row) -> Result<Sms, Fault> {
    let state: String = row.get("state")?;
    Ok(Sms {
        id: row.get("id")?,
        ticket: row.get("ticket_id")?,
        phone: row.get("phone")?,
        text: row.get("text")?,
        purpose: row.get("purpose")?,
        state: SmsState::ALL
            .into_iter()
            .find(|known| known.code() == state)
            .ok_or_else(|| Fault::Corrupt(format!("unknown SMS state {state:?}")))?,
        gateway: row.opt("gateway")?,
        message_id: row.opt("message_id")?,
        reason: row.opt("reason")?,
        queued_at: row.get("queued_at")?,
        updated_at: row.get("updated_at")?,
    })
}

async fn quarantine(
    tx: &mut Tx,
    id: Uuid,
    now: Timestamp,
    gateway: &str,
    kind: &str,
    why: &str,
    message_id: &str,
    content: serde_json::Value,
) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO sms_quarantine (id, gateway, kind, at, why, message_id, json) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &values![id, gateway, kind, now, why, message_id, to_json(&content)],
    )
    .await?;
    Ok(())
}

impl Chronicler<'_> {
    /// Queues a survey: the message, the open question, and the work of sending it.
    pub(super) async fn ask_by_sms(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        phone: &PhoneNumber,
    ) -> Result<(), Fault> {
        let sms = SmsId(self.clock.new_id());
        let code = self.open_survey(tx, record, sms, phone).await?;
        let text = survey_text(&self.rules.signature, code, public_title(record));
        let message = Message {
            ticket: record.id,
            phone,
            purpose: Purpose::Survey,
            text,
            not_before: self.now,
        };
        self.queue(tx, sms, &message).await
    }

    /// Sends the ticket's open survey once more, under the same code: an answer to either message is its answer.
    pub(super) async fn ask_again(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        phone: &PhoneNumber,
        why: SurveyFailure,
    ) -> Result<(), Fault> {
        let sms = SmsId(self.clock.new_id());
        let row = tx
            .row(
                "UPDATE survey SET sms_id = $2, asked_at = $3, silent_at = $4 WHERE ticket_id = $1 \
                 AND closed_at IS NULL RETURNING code",
                &values![record.id, sms, self.now, self.silent_at(record)],
            )
            .await?
            .ok_or_else(|| Fault::Corrupt("a survey is sent again that is not open".to_owned()))?;
        let code = code_of(&row)?;
        let later = match why {
            // A phone that is off now may be on in the afternoon.
            SurveyFailure::Undelivered => RESEND_UNDELIVERED_AFTER_MS,
            SurveyFailure::Silent | SurveyFailure::WrongNumber => 0,
        };
        let message = Message {
            ticket: record.id,
            phone,
            purpose: Purpose::Survey,
            text: survey_text(&self.rules.signature, code, public_title(record)),
            not_before: self.now.plus_millis(later),
        };
        self.queue(tx, sms, &message).await
    }

    /// Queues a message that asks nothing.
    pub(super) async fn tell_by_sms(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        phone: &PhoneNumber,
        purpose: Purpose,
        text: String,
    ) -> Result<SmsId, Fault> {
        let sms = SmsId(self.clock.new_id());
        let message = Message {
            ticket,
            phone,
            purpose,
            text,
            not_before: self.now,
        };
        self.queue(tx, sms, &message).await?;
        Ok(sms)
    }

    /// Queues a message to somebody on duty.
    pub(super) async fn queue_callout_sms(
        &self,
        tx: &mut Tx,
        sms: SmsId,
        ticket: TicketId,
        phone: PhoneNumber,
        text: String,
    ) -> Result<(), Fault> {
        let message = Message {
            ticket,
            phone: &phone,
            purpose: Purpose::Callout,
            text,
            not_before: self.now,
        };
        self.queue(tx, sms, &message).await
    }

    async fn queue(&self, tx: &mut Tx, id: SmsId, message: &Message<'_>) -> Result<(), Fault> {
        tx.put(
            QUEUED,
            &values![
                id,
                message.ticket,
                message.phone.clone(),
                message.text,
                "queued",
                self.now,
                self.now,
                message.purpose.code()
            ],
        )
        .await?;
        let work = self.clock.new_id();
        let kind = WorkKind::SmsSend;
        outbox::enqueue(tx, work, message.not_before, kind, &id.to_string()).await
    }

    /// When silence is the answer to what is asked now.
    fn silent_at(&self, record: &TicketRecord) -> Timestamp {
        let limits = &self.rules.of(self.now, &record.ticket).limits;
        self.now
            .plus_millis(i64::from(limits.survey_answer_hours) * 3_600_000)
    }

    /// Opens a survey under a code that no other open survey of the phone has.
    async fn open_survey(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        sms: SmsId,
        phone: &PhoneNumber,
    ) -> Result<SurveyCode, Fault> {
        let mut taken: Vec<SurveyCode> = open_surveys(tx, phone)
            .await?
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        let mut entropy = [0; 2];
        self.clock.random(&mut entropy);
        loop {
            let code = SurveyCode::choose(u16::from_le_bytes(entropy), &taken)
                .ok_or_else(|| Fault::Busy("every survey code of a phone is open".to_owned()))?;
            let opened = tx
                .execute(
                    "INSERT INTO survey (sms_id, ticket_id, phone, code, asked_at, silent_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    &values![
                        sms,
                        record.id,
                        phone.clone(),
                        code.to_string(),
                        self.now,
                        self.silent_at(record)
                    ],
                )
                .await?;
            if opened == 1 {
                return Ok(code);
            }
            // Somebody opened it in the same moment.
            taken.push(code);
        }
    }

    /// Closes a ticket's open surveys; `outcome` says how.
    pub(super) async fn close_surveys(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        outcome: &(impl Serialize + Sync),
    ) -> Result<(), Fault> {
        tx.execute(
            "UPDATE survey SET closed_at = $2, outcome = $3 \
             WHERE ticket_id = $1 AND closed_at IS NULL",
            &values![ticket, self.now, to_json(outcome)],
        )
        .await?;
        Ok(())
    }

    async fn submitted(
        &self,
        tx: &mut Tx,
        id: SmsId,
        submission: &Submission,
    ) -> Result<(), Fault> {
        let (state, message_id, reason) = match submission {
            Submission::Accepted { message_id } => ("accepted", Some(message_id.as_str()), None),
            Submission::Refused { reason } => ("failed", None, Some(reason.as_str())),
            Submission::NotSent { reason } => ("queued", None, Some(reason.as_str())),
            Submission::Unknown { reason } => ("unknown", None, Some(reason.as_str())),
        };
        // `unknown` too: a late answer is better knowledge than none. `queued`: given up without a new attempt.
        let row = tx
            .row(
                "UPDATE sms SET state = $2, message_id = $3, reason = $4, updated_at = $5 \
                 WHERE id = $1 AND (state = 'submitting' OR (state = 'unknown' AND $2 = 'accepted') \
                 OR (state = 'queued' AND $2 = 'failed')) RETURNING gateway",
                &values![id, state, message_id, reason, self.now],
            )
            .await?;
        let Some(row) = row else { return Ok(()) };
        match submission {
            Submission::Accepted { message_id } => {
                let gateway: String = row.get("gateway")?;
                meet(tx).await?;
                self.hear_early_receipts(tx, &gateway, message_id).await
            }
            Submission::Refused { reason } => self.survey_failed(tx, id, reason).await,
            Submission::NotSent { .. } | Submission::Unknown { .. } => Ok(()),
        }
    }

    /// A gateway may tell of a delivery before its answer to the submission is written here: such a receipt was
    /// put into quarantine as unknown, and comes out again.
    async fn hear_early_receipts(
        &self,
        tx: &mut Tx,
        gateway: &str,
        message_id: &str,
    ) -> Result<(), Fault> {
        let early = tx
            .rows(
                "DELETE FROM sms_quarantine WHERE gateway = $1 AND message_id = $2 \
                 AND kind = 'receipt' RETURNING json",
                &values![gateway, message_id],
            )
            .await?;
        for row in &early {
            let content: serde_json::Value = row.json("json")?;
            let receipt = Receipt {
                message_id: message_id.to_owned(),
                delivered: content["delivered"].as_bool().unwrap_or(false),
                status: content["status"].as_str().unwrap_or_default().to_owned(),
            };
            self.apply_receipt(tx, gateway, &receipt).await?;
        }
        Ok(())
    }

    async fn hear_receipt(
        &self,
        tx: &mut Tx,
        gateway: &str,
        receipt: &Receipt,
    ) -> Result<Heard, Fault> {
        let seen = format!("receipt:{}:{}", receipt.message_id, receipt.status);
        if !self.first_time(tx, gateway, &seen).await? {
            return Ok(Heard::Again);
        }
        meet(tx).await?;
        if self.apply_receipt(tx, gateway, receipt).await? {
            return Ok(Heard::Matched);
        }
        let why = "unknown_message";
        let content = json!({
            "message_id": receipt.message_id,
            "delivered": receipt.delivered,
            "status": receipt.status,
        });
        let id = self.clock.new_id();
        let message_id = &receipt.message_id;
        quarantine(
            tx, id, self.now, gateway, "receipt", why, message_id, content,
        )
        .await?;
        Ok(Heard::Quarantined(why))
    }

    /// Whether a message of ours was meant.
    async fn apply_receipt(
        &self,
        tx: &mut Tx,
        gateway: &str,
        receipt: &Receipt,
    ) -> Result<bool, Fault> {
        let known = tx
            .row(
                "SELECT id FROM sms WHERE gateway = $1 AND message_id = $2 \
                 ORDER BY queued_at DESC LIMIT 1",
                &values![gateway, receipt.message_id],
            )
            .await?;
        let Some(known) = known else { return Ok(false) };
        let id: SmsId = known.get("id")?;
        let state = if receipt.delivered {
            "delivered"
        } else {
            "failed"
        };
        // The first final word stands.
        let changed = tx
            .row(
                "UPDATE sms SET state = $2, reason = $3, updated_at = $4 \
                 WHERE id = $1 AND state = 'accepted' RETURNING id",
                &values![id, state, receipt.status, self.now],
            )
            .await?;
        if let Some(row) = changed
            && !receipt.delivered
        {
            self.survey_failed(tx, row.get("id")?, &receipt.status)
                .await?;
        }
        Ok(true)
    }

    async fn hear_reply(&self, tx: &mut Tx, gateway: &str, reply: &Reply) -> Result<Heard, Fault> {
        if !self
            .first_time(tx, gateway, &format!("reply:{}", reply.id))
            .await?
        {
            return Ok(Heard::Again);
        }
        if says_received(&reply.text)
            && let Ok(from) = PhoneNumber::parse(&reply.from)
            && self.callout_answered(tx, &from).await?
        {
            return Ok(Heard::Matched);
        }
        let why = match self.match_survey(tx, reply).await? {
            Ok((ticket, said)) => {
                let answer = match said {
                    Said::Rated(rating) => Command::SurveyAnswered { rating },
                    Said::WrongNumber => Command::SurveyFailed {
                        why: SurveyFailure::WrongNumber,
                    },
                };
                match self.change_ticket(tx, ticket, &answer).await {
                    Ok(_) => return Ok(Heard::Matched),
                    Err(Trouble::Refused(refusal)) => refusal.code(),
                    Err(Trouble::Fault(fault)) => return Err(fault),
                }
            }
            Err(why) => why,
        };
        let content = json!({ "id": reply.id, "from": reply.from, "text": reply.text });
        let id = self.clock.new_id();
        quarantine(tx, id, self.now, gateway, "reply", why, "", content).await?;
        Ok(Heard::Quarantined(why))
    }

    /// Whose survey a reply answers and with what; or why that cannot be said.
    async fn match_survey(
        &self,
        tx: &mut Tx,
        reply: &Reply,
    ) -> Result<Result<(TicketId, Said), &'static str>, Fault> {
        let Ok(from) = PhoneNumber::parse(&reply.from) else {
            return Ok(Err("no_phone_number"));
        };
        let Some(read) = read_reply(&reply.text) else {
            return Ok(Err("not_a_rating"));
        };
        let open = open_surveys(tx, &from).await?;
        Ok(match match_reply(&open, &read) {
            Match::Matched(ticket) => Ok((ticket, read.said)),
            Match::Ambiguous => Err("several_surveys_open"),
            Match::None => Err("no_such_survey"),
        })
    }

    /// The message did not arrive: its survey ends, if it asked one and the ticket has not moved on already. Nobody has the
    /// number, by `status`: then it is not sent again either.
    async fn survey_failed(&self, tx: &mut Tx, sms: SmsId, status: &str) -> Result<(), Fault> {
        let survey = tx
            .row(
                "SELECT ticket_id FROM survey WHERE sms_id = $1 AND closed_at IS NULL",
                &values![sms],
            )
            .await?;
        let Some(survey) = survey else { return Ok(()) };
        let ticket: TicketId = survey.get("ticket_id")?;
        let why = if no_such_number(status) {
            SurveyFailure::WrongNumber
        } else {
            SurveyFailure::Undelivered
        };
        let failed = Command::SurveyFailed { why };
        match self.change_ticket(tx, ticket, &failed).await {
            Ok(_) | Err(Trouble::Refused(_)) => Ok(()),
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    }

    async fn first_time(&self, tx: &mut Tx, gateway: &str, id: &str) -> Result<bool, Fault> {
        let inserted = tx
            .execute(
                "INSERT INTO sms_seen (gateway, id, at) VALUES ($1, $2, $3) \
                 ON CONFLICT (gateway, id) DO NOTHING",
                &values![gateway, id, self.now],
            )
            .await?;
        Ok(inserted == 1)
    }
}

/// Lets acceptances and receipts pass one at a time. Else, on PostgreSQL, a message's acceptance and its early
/// receipt could miss each other: neither sees what the other has not committed.
async fn meet(tx: &mut Tx) -> Result<(), Fault> {
    tx.execute("UPDATE chain SET seq = seq + 1 WHERE name = 'sms'", &[])
        .await?;
    Ok(())
}

/// The open surveys of a phone, oldest first. Numbers come with and without +86: both are the same phone.
async fn open_surveys(
    tx: &mut Tx,
    phone: &PhoneNumber,
) -> Result<Vec<(SurveyCode, TicketId)>, Fault> {
    let national = phone.as_str().strip_prefix("+86").unwrap_or(phone.as_str());
    let rows = tx
        .rows(
            "SELECT code, ticket_id FROM survey WHERE phone IN ($1, $2) AND closed_at IS NULL \
             ORDER BY asked_at, sms_id",
            &values![
                Personal(national.to_owned()),
                Personal(format!("+86{national}"))
            ],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((code_of(row)?, row.get("ticket_id")?)))
        .collect()
}

fn code_of(row: &Row) -> Result<SurveyCode, Fault> {
    let code: String = row.get("code")?;
    code.parse()
        .map_err(|_| Fault::Corrupt("a survey with a foreign code".to_owned()))
}

/// The title, where it may be quoted to whoever holds the phone.
fn public_title(record: &TicketRecord) -> Option<&str> {
    record
        .ticket
        .demand
        .as_ref()
        .filter(|demand| !demand.petitioner.secrecy)
        .map(|demand| demand.title.as_str())
}

/// How long an undelivered survey waits before it is sent once more.
const RESEND_UNDELIVERED_AFTER_MS: i64 = 4 * 3_600_000;

/// A message about to be queued.
struct Message<'a> {
    ticket: TicketId,
    phone: &'a PhoneNumber,
    purpose: Purpose,
    text: String,
    not_before: Timestamp,
}
