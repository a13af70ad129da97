//! A call: one or more legs that belong together, and the record it leaves.

pub mod wish;

use serde::{Deserialize, Serialize};

use super::id::{CallId, ContactId, LegId, QueueName, RecordingId, TicketId, Username};
use super::time::Timestamp;

/// Whose doing the end of a call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminationResult {
    /// The parties spoke and one of them hung up.
    Success,
    /// The caller gave up or misdialled.
    Caller,
    /// We failed or refused.
    Ours,
    /// The network, a carrier or the called phone failed.
    Upstream,
    /// The server died while the call was up.
    Unknown,
}

/// Why and by whose fault a call ended. Every ended call has exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    pub result: TerminationResult,
    /// A stable code, e.g. `caller_hung_up`, `abandoned_in_queue`, `no_media`, `busy_486`.
    pub reason: String,
}

/// Who is at the other end of a WebSocket, as far as is known without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtLine {
    /// Nobody yet: a phone that proves itself by each request.
    Unknown,
    /// This person, by their login.
    Person(Username),
    /// A citizen who calls from a page of ours. They can dial our numbers and nothing else.
    Citizen,
}

/// What a leg's party is to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    Citizen,
    Agent,
    Specialist,
    Supervisor,
    /// An extension that is none of the above, e.g. an echo test.
    Extension,
}

/// Media quality of one leg, from RTCP and our own counting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    pub packets_received: u64,
    pub packets_lost: u64,
    pub packets_sent: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1), microseconds.
    pub jitter_us: u64,
}

/// One leg of an ended or running call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    pub id: LegId,
    pub role: LegRole,
    /// Phone number or extension.
    pub party: String,
    pub sip_call_id: String,
    pub started_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Final SIP status that ended the attempt, when it was not answered.
    pub status: Option<u16>,
    pub quality: Quality,
}

/// The record of one call 话单: written at answer, completed at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cdr {
    pub id: CallId,
    pub sip_call_id: String,
    pub direction: Direction,
    /// Whole number: masked by the API according to role.
    pub caller: String,
    pub called: String,
    pub started_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// From answer to the first agent's answer (or to the end when nobody answered), milliseconds.
    pub wait_ms: Option<i64>,
    pub termination: Option<Termination>,
    pub legs: Vec<Leg>,
    pub queue: Option<QueueName>,
    pub agent: Option<Username>,
    pub recording_id: Option<RecordingId>,
    pub contact_id: Option<ContactId>,
    pub ticket_id: Option<TicketId>,
    /// What the agent counted it as: `three_way` once a specialist was joined.
    pub three_way: bool,
}

/// Seen from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
    /// Between our own extensions.
    Internal,
}
