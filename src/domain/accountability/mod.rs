//! The accountability ledger 问责台账 (article 28): what a person writes down about a unit, the person directly
//! responsible and its leaders, each apart, and another person's approval. What can be computed is computed by the rules of
//! [`watch`](super::watch) and not written here.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::id::{TicketId, UnitCode, Username};
use super::staff::{Actor, By, Role};
use super::time::Timestamp;

const LINE: usize = 200;
const PROSE: usize = 10_000;
const LEADERS_MAX: usize = 20;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub ground: Ground,
    /// 因故意或过失: said of mishandling (article 28(2)), and of nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culpability: Option<Culpability>,
    pub ticket: Option<TicketId>,
    /// 责任单位.
    pub unit: UnitCode,
    /// 直接责任人.
    pub person: Option<String>,
    /// 领导干部.
    pub leaders: Vec<String>,
    pub facts: String,
    pub evidence: String,
    pub at: Timestamp,
    pub by: Username,
    pub decision: Option<Decision>,
}

/// The situations of article 28, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// 28(1): 推诿扯皮、敷衍拖延, 不作为、慢作为、乱作为.
    Inaction,
    /// 28(2): 处置不当, 激化矛盾.
    Mishandling,
    /// 28(3): 牵头单位不履行职责, 反复退回.
    LeadFailed,
    /// 28(4): 会办单位不配合, 逾期未落实.
    CoHandlerFailed,
    /// 28(5): 不按规定程序办理或回复信息不实.
    Untrue,
    /// 28(6): 履行第七条职责不到位.
    DutiesUnmet,
    /// 28(7): 其他.
    Other,
}

impl Ground {
    /// Every ground, in the article's order.
    pub const ALL: [Self; 7] = [
        Self::Inaction,
        Self::Mishandling,
        Self::LeadFailed,
        Self::CoHandlerFailed,
        Self::Untrue,
        Self::DutiesUnmet,
        Self::Other,
    ];

    /// The item it is.
    pub const fn article(self) -> &'static str {
        match self {
            Self::Inaction => "28(1)",
            Self::Mishandling => "28(2)",
            Self::LeadFailed => "28(3)",
            Self::CoHandlerFailed => "28(4)",
            Self::Untrue => "28(5)",
            Self::DutiesUnmet => "28(6)",
            Self::Other => "28(7)",
        }
    }
}

/// 故意, 过失: how those responsible stood to what they did (article 28(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Culpability {
    Intent,
    Negligence,
}

/// Whether the entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at: Timestamp,
    pub by: Username,
    pub approved: bool,
    pub reason: String,
}

/// A wish. `POST /accountability/{id}/commands/{command}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum EntryCommand {
    Record {
        ground: Ground,
        /// For mishandling.
        #[serde(default)]
        culpability: Option<Culpability>,
        #[serde(default)]
        ticket: Option<TicketId>,
        unit: UnitCode,
        #[serde(default)]
        person: Option<String>,
        #[serde(default)]
        leaders: Vec<String>,
        facts: String,
        evidence: String,
    },
    /// 审批, by somebody else.
    Decide { approved: bool, reason: String },
}

/// A fact about one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EntryEvent {
    Recorded {
        at: Timestamp,
        by: Username,
        ground: Ground,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        culpability: Option<Culpability>,
        ticket: Option<TicketId>,
        unit: UnitCode,
        person: Option<String>,
        leaders: Vec<String>,
        facts: String,
        evidence: String,
    },
    Decided {
        at: Timestamp,
        by: Username,
        approved: bool,
        reason: String,
    },
}

impl EntryEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "recorded",
            Self::Decided { .. } => "decided",
        }
    }
}

/// Why a wish is not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("没有这条问责台账记录")]
    NoSuchEntry,
    #[error("您无权执行该操作: 应由督办人员进行")]
    NotYours,
    #[error("{field}不能为空, 且不超过{max}字")]
    BadText { field: &'static str, max: usize },
    #[error("领导干部最多{LEADERS_MAX}人")]
    TooManyLeaders,
    #[error("处置不当应注明故意或者过失")]
    CulpabilityMissing,
    #[error("只有处置不当区分故意和过失")]
    CulpabilityElsewhere,
    #[error("没有这家单位")]
    NoSuchUnit,
    #[error("登记人不能审批自己登记的事项")]
    OwnEntry,
    #[error("该事项已审批")]
    AlreadyDecided,
    #[error("该幂等键已用于内容不同的请求")]
    KeyUsed,
}

impl Refusal {
    /// Stable; programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchEntry => "no_such_entry",
            Self::NotYours => "not_yours",
            Self::BadText { .. } => "bad_text",
            Self::TooManyLeaders => "too_many_leaders",
            Self::CulpabilityMissing => "culpability_missing",
            Self::CulpabilityElsewhere => "culpability_elsewhere",
            Self::NoSuchUnit => "no_such_unit",
            Self::OwnEntry => "own_entry",
            Self::AlreadyDecided => "already_decided",
            Self::KeyUsed => "idempotency_key_reused",
        }
    }

    /// The article the refusal rests on.
    pub const fn article(&self) -> &'static str {
        match self {
            Self::CulpabilityMissing | Self::CulpabilityElsewhere => "28(2)",
            Self::NoSuchEntry
            | Self::NotYours
            | Self::BadText { .. }
            | Self::TooManyLeaders
            | Self::NoSuchUnit
            | Self::OwnEntry
            | Self::AlreadyDecided
            | Self::KeyUsed => "28",
        }
    }

    /// For the person, in Chinese.
    pub fn detail(&self) -> String {
        self.to_string()
    }
}

/// What `command` leads to, or why not. Whether the unit and the ticket exist is storage's to say.
pub fn decide(
    now: Timestamp,
    entry: Option<&Entry>,
    command: &EntryCommand,
    by: By<'_>,
) -> Result<EntryEvent, Refusal> {
    let actor = supervisor(by)?;
    match (entry, command) {
        (
            None,
            EntryCommand::Record {
                ground,
                culpability,
                ticket,
                unit,
                person,
                leaders,
                facts,
                evidence,
            },
        ) => {
            match (ground, culpability) {
                (Ground::Mishandling, None) => return Err(Refusal::CulpabilityMissing),
                (Ground::Mishandling, Some(_)) | (_, None) => {}
                (_, Some(_)) => return Err(Refusal::CulpabilityElsewhere),
            }
            written("事实", facts, PROSE)?;
            written("证据", evidence, PROSE)?;
            if leaders.len() > LEADERS_MAX {
                return Err(Refusal::TooManyLeaders);
            }
            for name in person.iter().chain(leaders) {
                written("姓名职务", name, LINE)?;
            }
            Ok(EntryEvent::Recorded {
                at: now,
                by: actor.username.clone(),
                ground: *ground,
                culpability: *culpability,
                ticket: *ticket,
                unit: unit.clone(),
                person: person.clone(),
                leaders: leaders.clone(),
                facts: facts.clone(),
                evidence: evidence.clone(),
            })
        }
        (None, EntryCommand::Decide { .. }) => Err(Refusal::NoSuchEntry),
        (Some(_), EntryCommand::Record { .. }) => Err(Refusal::AlreadyDecided),
        (Some(entry), EntryCommand::Decide { approved, reason }) => {
            if entry.decision.is_some() {
                return Err(Refusal::AlreadyDecided);
            }
            if entry.by == actor.username {
                return Err(Refusal::OwnEntry);
            }
            written("审批意见", reason, PROSE)?;
            Ok(EntryEvent::Decided {
                at: now,
                by: actor.username.clone(),
                approved: *approved,
                reason: reason.clone(),
            })
        }
    }
}

/// The entry after `event`.
pub fn apply(entry: Option<Entry>, event: &EntryEvent) -> Entry {
    match (entry, event.clone()) {
        (
            None,
            EntryEvent::Recorded {
                at,
                by,
                ground,
                culpability,
                ticket,
                unit,
                person,
                leaders,
                facts,
                evidence,
            },
        ) => Entry {
            ground,
            culpability,
            ticket,
            unit,
            person,
            leaders,
            facts,
            evidence,
            at,
            by,
            decision: None,
        },
        (
            Some(entry),
            EntryEvent::Decided {
                at,
                by,
                approved,
                reason,
            },
        ) => Entry {
            decision: Some(Decision {
                at,
                by,
                approved,
                reason,
            }),
            ..entry
        },
        (None, EntryEvent::Decided { .. }) => panic!("the first event of an entry is Recorded"),
        (Some(_), EntryEvent::Recorded { .. }) => panic!("an entry is recorded once"),
    }
}

fn supervisor(by: By<'_>) -> Result<&Actor, Refusal> {
    match by {
        By::Person(actor) if actor.role == Role::Supervisor => Ok(actor),
        By::Person(_) | By::Server => Err(Refusal::NotYours),
    }
}

fn written(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.chars().count() > max {
        return Err(Refusal::BadText { field, max });
    }
    Ok(())
}
