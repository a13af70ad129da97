//! What a citizen can ask without a login: how a ticket stands, by its number and code; whether a written opinion is
//! what its unit issued, by its number and check code.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::chronicle::Chronicler;
use super::db::{Secret, Tx, values};
use super::sms::Purpose;
use super::tickets::{TicketRecord, record_of};
use super::{Fault, Storage, hex};
use crate::domain::id::{SmsId, TicketId, UnitCode};
use crate::domain::sms::written_opinion_text;
use crate::domain::time::Timestamp;

/// A written opinion 书面办理意见 as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpinionRecord {
    /// The ticket's number, and the opinion's among the ticket's.
    pub number: String,
    pub ticket: TicketId,
    pub unit: UnitCode,
    /// The unit's name on that day.
    pub unit_name: String,
    pub issued_at: Timestamp,
    pub text: String,
    /// Of the text's bytes.
    pub sha256: String,
    /// Whoever shows it holds the opinion.
    pub code: String,
    /// The message that told the citizen.
    pub sms: Option<SmsId>,
}

impl Storage {
    /// The ticket of this number, for whoever has its code.
    pub async fn ticket_for_citizen(
        &self,
        number: &str,
        code: &str,
    ) -> Result<Option<TicketRecord>, Fault> {
        let row = self
            .db
            .row(
                "SELECT id, number, version, updated_at, json FROM ticket \
                 WHERE number = $1 AND stage <> 'draft' AND EXISTS (SELECT 1 FROM query_code \
                 WHERE ticket_id = id AND code = $2)",
                &values![number, code],
            )
            .await?;
        row.as_ref().map(record_of).transpose()
    }

    /// The code with which a citizen asks after a ticket; for who may tell it to them.
    pub async fn query_code(&self, ticket: TicketId) -> Result<Option<String>, Fault> {
        let row = self
            .db
            .row(
                "SELECT code FROM query_code WHERE ticket_id = $1",
                &values![ticket],
            )
            .await?;
        row.map(|row| row.get("code")).transpose()
    }

    /// The written opinion of this number, for whoever has its check code.
    pub async fn written_opinion(
        &self,
        number: &str,
        code: &str,
    ) -> Result<Option<OpinionRecord>, Fault> {
        let row = self
            .db
            .row(
                "SELECT number, ticket_id, unit, unit_name, issued_at, text, sha256, code, sms_id \
                 FROM written_opinion WHERE number = $1 AND code = $2",
                &values![number, code],
            )
            .await?;
        row.as_ref().map(opinion_of).transpose()
    }

    /// A ticket's written opinions, in order.
    pub async fn written_opinions(&self, ticket: TicketId) -> Result<Vec<OpinionRecord>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT number, ticket_id, unit, unit_name, issued_at, text, sha256, code, sms_id \
                 FROM written_opinion WHERE ticket_id = $1 ORDER BY issued_at, number",
                &values![ticket],
            )
            .await?;
        rows.iter().map(opinion_of).collect()
    }
}

fn opinion_of(row: &super::db::Row) -> Result<OpinionRecord, Fault> {
    Ok(OpinionRecord {
        number: row.get("number")?,
        ticket: row.get("ticket_id")?,
        unit: row.get("unit")?,
        unit_name: row.get("unit_name")?,
        issued_at: row.get("issued_at")?,
        text: row.get("text")?,
        sha256: row.get("sha256")?,
        code: row.get("code")?,
        sms: row.opt("sms_id")?,
    })
}

impl Chronicler<'_> {
    /// Gives a new ticket the code with which its citizen can ask after it.
    pub(super) async fn give_query_code(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), Fault> {
        tx.execute(
            "INSERT INTO query_code (ticket_id, code) VALUES ($1, $2)",
            &values![ticket, self.digits()],
        )
        .await?;
        Ok(())
    }

    /// Numbers, stores and delivers what a unit issued.
    pub(super) async fn issue_opinion(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        unit: &UnitCode,
        count: u32,
        text: &str,
    ) -> Result<(), Fault> {
        let number = format!("{}-{count}", record.number);
        let code = self.digits();
        let mut sms = None;
        if let Some(phone) = record.ticket.phone() {
            let told = written_opinion_text(&self.rules.signature, &number, &code);
            let purpose = Purpose::WrittenOpinion;
            sms = Some(
                self.tell_by_sms(tx, record.id, phone, purpose, told)
                    .await?,
            );
        }
        let unit_name = super::organisation::unit_name(tx, unit, self.now).await?;
        tx.execute(
            "INSERT INTO written_opinion (number, ticket_id, unit, unit_name, issued_at, text, \
             sha256, code, sms_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &values![
                number,
                record.id,
                unit.clone(),
                unit_name,
                self.now,
                Secret(text.to_owned()),
                hex(&Sha256::digest(text.as_bytes())),
                code,
                sms
            ],
        )
        .await?;
        Ok(())
    }

    /// Eight random digits: easy to say on the telephone, and with few tries an hour not to be guessed.
    fn digits(&self) -> String {
        let mut bytes = [0; 8];
        self.clock.random(&mut bytes);
        format!("{:08}", u64::from_le_bytes(bytes) % 100_000_000)
    }
}
