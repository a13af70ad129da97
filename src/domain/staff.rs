//! Who works here and for whom: units, users, their roles, extensions, specialists.

mod duty;
mod network;

use serde::{Deserialize, Serialize};

pub use self::duty::{Duty, NotADuty};
pub use self::network::{Network, NotANetwork};
use super::calendar::TimetableEntry;
use super::disposition::Disposition;
use super::disposition::OutsideHotline;
use super::id::{Extension, QueueName, Skill, TrunkName, UnitCode, Username};
use super::organisation::{ConferenceSeat, DutyRoster, UnitEntry};
use super::phone::PhoneNumber;
use super::ticket::RuleSet;
use std::collections::BTreeMap;

/// What a person may do. One role a user; data scope (own unit, own calls, all) follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 坐席人员: answers citizens, registers tickets.
    Agent,
    /// 专席/政策专员: joins three-way calls, reads the ticket at hand.
    Specialist,
    /// 班长.
    TeamLead,
    /// Listens, replays, supervises.
    Supervisor,
    /// 答复认定: judges units' replies; never the handler.
    Reviewer,
    /// 回访人员: calls citizens back.
    Revisitor,
    /// 承办人员 of one member unit.
    UnitHandler,
    /// Head of one member unit.
    UnitHead,
    /// Reads everything de-identified, writes reports.
    Analyst,
    /// Reads reports and the wallboard.
    Leader,
    /// Reads the audit trail and verifies chains.
    Auditor,
    /// Administers organisation and machine tokens; no business commands.
    Admin,
}

impl Role {
    /// Every role, in the order above.
    pub const ALL: [Self; 12] = [
        Self::Agent,
        Self::Specialist,
        Self::TeamLead,
        Self::Supervisor,
        Self::Reviewer,
        Self::Revisitor,
        Self::UnitHandler,
        Self::UnitHead,
        Self::Analyst,
        Self::Leader,
        Self::Auditor,
        Self::Admin,
    ];

    /// The role's name in files, tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Specialist => "specialist",
            Self::TeamLead => "team_lead",
            Self::Supervisor => "supervisor",
            Self::Reviewer => "reviewer",
            Self::Revisitor => "revisitor",
            Self::UnitHandler => "unit_handler",
            Self::UnitHead => "unit_head",
            Self::Analyst => "analyst",
            Self::Leader => "leader",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

/// Kind of body in the organisation tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// 江苏12345 itself.
    Platform,
    /// 设区市 12345.
    City,
    /// 政府部门.
    Department,
    /// 党委部门.
    Party,
    /// 企事业单位.
    Enterprise,
    /// Another government hotline.
    Hotline,
}

/// 成员单位 or a part of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub code: UnitCode,
    pub name: String,
    pub kind: UnitKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitCode>,
}

/// 联络员: whose phone is told when a unit's clock runs out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitContact {
    pub unit: UnitCode,
    pub name: String,
    pub phone: PhoneNumber,
}

/// A person with a login. The password hash lives in storage only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub username: Username,
    pub display_name: String,
    pub role: Role,
    pub unit: UnitCode,
}

/// The person (or the server itself) who wishes something, as far as the rules care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub username: Username,
    pub role: Role,
    pub unit: UnitCode,
}

/// Who wishes: a person, or the server itself where the rules let things happen by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    Person(&'a Actor),
    Server,
}

impl By<'_> {
    /// The name under which the wish is recorded.
    pub fn name(&self) -> &str {
        match self {
            Self::Person(actor) => &actor.username.0,
            Self::Server => "@server",
        }
    }
}

impl<'a> From<&'a Actor> for By<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self::Person(actor)
    }
}

/// A softphone's AOR and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionEntry {
    pub number: Extension,
    /// Digest HA1 secrets are derived from it; kept as given because RFC 8760 needs one hash per algorithm.
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Username>,
    /// Ready once registered.
    #[serde(default)]
    pub auto_ready: bool,
    /// May place calls through a trunk.
    #[serde(default)]
    pub toll: bool,
    /// Its sound must be encrypted (SDES), however it signals; without it an offer of SRTP is taken over TLS alone, none is made.
    #[serde(default)]
    pub srtp: bool,
    #[serde(default)]
    pub skills: BTreeMap<Skill, u8>,
}

/// A carrier or PBX we exchange calls with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkEntry {
    pub name: TrunkName,
    /// Source networks in CIDR notation; a request from elsewhere is not this trunk's.
    pub allow: Vec<String>,
    /// SIP URIs tried in order: fail-over on 503 or silence.
    #[serde(default)]
    pub outbound: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<TrunkDigest>,
    /// Its sound must be encrypted (SDES, RFC 4568), however it signals.
    #[serde(default)]
    pub srtp: bool,
    /// How often its gateways are asked whether they are there; 0 is never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub keep_alive_s: u32,
    /// Whose number 110, 119, 120, 122 and 12395 see of a citizen who is handed to them.
    #[serde(default)]
    pub emergency_caller: EmergencyCaller,
}

/// How a trunk tells an emergency service who needs help. It must be agreed with the carrier: one that does not expect a
/// number that is not ours refuses the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyCaller {
    /// The hotline's own number calls; the agent reads the citizen's out.
    #[default]
    Hotline,
    /// The hotline's own number in From, the citizen's in P-Asserted-Identity (RFC 3325).
    Asserted,
    /// The citizen's number in From.
    From,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// Credentials we present to a carrier that asks for them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkDigest {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for TrunkDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrunkDigest")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// How the matcher picks among free agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    #[default]
    LongestIdle,
}

/// A waiting line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueEntry {
    pub name: QueueName,
    #[serde(default)]
    pub strategy: Strategy,
    #[serde(default = "twenty")]
    pub ring_timeout_s: u32,
    #[serde(default = "sixty")]
    pub wrap_up_s: u32,
    /// Minimum level of each skill an agent must have.
    #[serde(default)]
    pub needs: BTreeMap<Skill, u8>,
    /// Larger goes first when several queues want the same agent.
    #[serde(default)]
    pub priority: i32,
    /// 语种座席: what its callers speak, e.g. `英语`. An agent hands a citizen to such a queue by one choice, and it is
    /// remembered for their number (GB/T 33358).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who else serves its callers once they waited `overflow_after_s`. A language seat has one: nobody waits for a language
    /// alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<QueueName>,
    #[serde(default = "thirty")]
    pub overflow_after_s: u32,
}

const fn twenty() -> u32 {
    20
}

const fn thirty() -> u32 {
    30
}

const fn sixty() -> u32 {
    60
}

/// What a dialled number does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// Straight to a person: no menu, no key (GB/T 33358).
    Queue(QueueName),
    /// Plays a WAV of the prompt folder and hangs up.
    Announce(String),
    /// Rings one extension.
    Extension(Extension),
    /// Runs an IVR flow.
    Flow(String),
}

/// A DID and its entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberEntry {
    pub number: PhoneNumber,
    pub to: Destination,
    pub record: bool,
}

/// A policy specialist who can be joined to a call 三方通话.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialistEntry {
    pub unit: UnitCode,
    pub name: String,
    /// `sip:8800` (an extension or a number reached through a trunk) or a full SIP URI.
    pub reach: String,
    /// e.g. `Mon-Sun 00:00-24:00`; several ranges separated by `;`.
    pub duty: String,
    #[serde(default)]
    pub topics: Vec<String>,
}

/// Where short messages go out and come back from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsGatewayEntry {
    pub name: String,
    pub kind: SmsGatewayKind,
    pub url: String,
    /// The unguessable part of the callback URL.
    pub callback_token: String,
    /// Key of the callback signature; without it callbacks are trusted by token alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for SmsGatewayEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmsGatewayEntry")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Protocol of an SMS gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsGatewayKind {
    Http,
}

/// A working calendar: exceptions to Monday–Friday, and the hours worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarEntry {
    pub name: String,
    /// `builtin:cn-2019-2026`.
    pub source: String,
    /// e.g. `09:00-12:00,14:00-18:00`.
    pub hours: String,
    /// Hours that hold for a part of the year, or from a date on. The first that holds counts.
    #[serde(default, rename = "timetable", skip_serializing_if = "Vec::is_empty")]
    pub timetables: Vec<TimetableEntry>,
    /// Who keeps these hours: these units and everything under them that has no calendar of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitCode>,
}

/// What an organisation file says. What it does not mention stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Organisation {
    pub units: Vec<UnitEntry>,
    pub users: Vec<(User, Password)>,
    pub extensions: Vec<ExtensionEntry>,
    pub trunks: Vec<TrunkEntry>,
    pub queues: Vec<QueueEntry>,
    pub numbers: Vec<NumberEntry>,
    pub specialists: Vec<SpecialistEntry>,
    pub sms_gateways: Vec<SmsGatewayEntry>,
    pub calendars: Vec<CalendarEntry>,
    pub unit_contacts: Vec<UnitContact>,
    /// Rule sets; those there before stay.
    pub rules: Vec<RuleSet>,
    /// Each unit's whole roster, as far as the file names the unit.
    pub duty: BTreeMap<UnitCode, DutyRoster>,
    pub conference: Vec<ConferenceSeat>,
    pub disposition: Disposition,
}

/// A login password as the file gives it.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    Plain(String),
    /// Argon2id in PHC form, `$argon2id$…`.
    Hash(String),
    /// The one the person has already.
    Kept,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Everything the telephone side needs to know about the organisation, swapped whole when it changes.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub extensions: BTreeMap<Extension, ExtensionEntry>,
    pub trunks: Vec<TrunkEntry>,
    pub queues: BTreeMap<QueueName, QueueEntry>,
    pub numbers: BTreeMap<PhoneNumber, NumberEntry>,
    pub specialists: Vec<SpecialistEntry>,
    pub users: BTreeMap<Username, User>,
    /// Hotlines that are not ours: whoever is on a call may pass it on to one, without the right to dial out.
    pub outside: Vec<OutsideHotline>,
}
