//! What is kept, how long, and what may not be deleted (article 12; the periods are not in the text): retention classes as
//! data, and legal holds that keep a ticket's, a call's or a recording's sound beyond any class.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::id::{CallId, RecordingId, TicketId, Username};
use super::staff::{Actor, By, Role};
use super::ticket::{Demand, Kind};
use super::time::Timestamp;

const REASON_MAX: usize = 2_000;

/// How long recordings are kept: the first class that fits, else the default. Nothing is deleted unless this says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    pub classes: Vec<RetentionClass>,
    /// Years for what fits no class; `None`: for ever.
    pub years: Option<u32>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionClass {
    pub name: String,
    /// Empty: every kind.
    pub kinds: Vec<Kind>,
    /// Empty: every category; otherwise the category begins with one of these.
    pub categories: Vec<String>,
    /// `None`: for ever.
    pub years: Option<u32>,
}

/// The name of what fits no class.
pub const DEFAULT_CLASS: &str = "default";

impl Retention {
    /// The class of a demand, and its years.
    pub fn class_of(&self, demand: Option<&Demand>) -> (&str, Option<u32>) {
        let fits = |class: &&RetentionClass| demand.is_some_and(|demand| class.fits(demand));
        match self.classes.iter().find(fits) {
            Some(class) => (&class.name, class.years),
            None => (DEFAULT_CLASS, self.years),
        }
    }

    /// The shortest period of any class: what is younger need not be looked at. `None`: nothing is ever deleted.
    pub fn shortest_years(&self) -> Option<u32> {
        self.classes
            .iter()
            .map(|class| class.years)
            .chain([self.years])
            .flatten()
            .min()
    }
}

impl RetentionClass {
    fn fits(&self, demand: &Demand) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&demand.kind);
        let category = self.categories.is_empty()
            || demand
                .category
                .as_ref()
                .is_some_and(|category| self.categories.iter().any(|c| category.starts_with(c)));
        kind && category
    }
}

/// The instant `years` years after `from` by Beijing's calendar.
pub fn years_after(from: Timestamp, years: u32) -> Timestamp {
    let years = i16::try_from(years).unwrap_or(i16::MAX).min(1000);
    let later = from
        .in_beijing()
        .checked_add(jiff::Span::new().years(years));
    later.map_or(Timestamp::from_millis(i64::MAX), |later| {
        Timestamp::from_millis(later.timestamp().as_millisecond())
    })
}

/// What a hold keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Every recording of the ticket's calls.
    Ticket(TicketId),
    Call(CallId),
    Recording(RecordingId),
}

impl Held {
    /// The kind's name in tables.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ticket(_) => "ticket",
            Self::Call(_) => "call",
            Self::Recording(_) => "recording",
        }
    }

    /// The id, whatever it is of.
    pub const fn id(self) -> uuid::Uuid {
        match self {
            Self::Ticket(id) => id.0,
            Self::Call(id) => id.0,
            Self::Recording(id) => id.0,
        }
    }
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub held: Held,
    pub reason: String,
    pub at: Timestamp,
    pub by: Username,
    pub lifted: Option<Lifted>,
}

/// The end of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    pub at: Timestamp,
    pub by: Username,
    pub reason: String,
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum HoldCommand {
    Place { held: Held, reason: String },
    Lift { reason: String },
}

/// A fact about one hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum HoldEvent {
    Placed {
        at: Timestamp,
        by: Username,
        held: Held,
        reason: String,
    },
    Lifted {
        at: Timestamp,
        by: Username,
        reason: String,
    },
}

impl HoldEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Placed { .. } => "placed",
            Self::Lifted { .. } => "lifted",
        }
    }
}

/// Why a wish is not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("没有这项法定留存")]
    NoSuchHold,
    #[error("没有该留存对象")]
    NothingToHold,
    #[error("您无权执行该操作: 应由{need}进行")]
    NotYours { need: &'static str },
    #[error("理由不能为空, 且不超过{REASON_MAX}字")]
    BadReason,
    #[error("该项留存已解除")]
    AlreadyLifted,
    #[error("录音已按保管期限处置")]
    AlreadyDisposed,
    #[error("该幂等键已用于内容不同的请求")]
    KeyUsed,
}

impl Refusal {
    /// Stable; programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchHold => "no_such_hold",
            Self::NothingToHold => "nothing_to_hold",
            Self::NotYours { .. } => "not_yours",
            Self::BadReason => "bad_reason",
            Self::AlreadyLifted => "already_lifted",
            Self::AlreadyDisposed => "already_disposed",
            Self::KeyUsed => "idempotency_key_reused",
        }
    }

    /// The article the refusal rests on: records are kept and found again.
    pub const fn article(&self) -> &'static str {
        "12"
    }

    /// For the person, in Chinese.
    pub fn detail(&self) -> String {
        self.to_string()
    }
}

/// What `command` leads to, or why not. Whether the held thing exists is storage's to say.
pub fn decide(
    now: Timestamp,
    hold: Option<&Hold>,
    command: &HoldCommand,
    by: By<'_>,
) -> Result<HoldEvent, Refusal> {
    let (HoldCommand::Place { reason, .. } | HoldCommand::Lift { reason }) = command;
    if reason.trim().is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Refusal::BadReason);
    }
    match (hold, command) {
        (None, HoldCommand::Place { held, reason }) => {
            let actor = one_of(by, &[Role::Supervisor, Role::Auditor], "督办人员或审计人员")?;
            Ok(HoldEvent::Placed {
                at: now,
                by: actor.username.clone(),
                held: *held,
                reason: reason.clone(),
            })
        }
        (None, HoldCommand::Lift { .. }) => Err(Refusal::NoSuchHold),
        (Some(hold), HoldCommand::Lift { reason }) => {
            // Whoever only reads evidence may ask that it be kept, not that it be let go.
            let actor = one_of(by, &[Role::Supervisor], "督办人员")?;
            if hold.lifted.is_some() {
                return Err(Refusal::AlreadyLifted);
            }
            Ok(HoldEvent::Lifted {
                at: now,
                by: actor.username.clone(),
                reason: reason.clone(),
            })
        }
        (Some(_), HoldCommand::Place { .. }) => Err(Refusal::AlreadyLifted),
    }
}

/// The hold after `event`.
pub fn apply(hold: Option<Hold>, event: &HoldEvent) -> Hold {
    match (hold, event.clone()) {
        (
            None,
            HoldEvent::Placed {
                at,
                by,
                held,
                reason,
            },
        ) => Hold {
            held,
            reason,
            at,
            by,
            lifted: None,
        },
        (Some(hold), HoldEvent::Lifted { at, by, reason }) => Hold {
            lifted: Some(Lifted { at, by, reason }),
            ..hold
        },
        (None, HoldEvent::Lifted { .. }) => panic!("the first event of a hold is Placed"),
        (Some(_), HoldEvent::Placed { .. }) => panic!("a hold is placed once"),
    }
}

fn one_of<'a>(by: By<'a>, roles: &[Role], need: &'static str) -> Result<&'a Actor, Refusal> {
    match by {
        By::Person(actor) if roles.contains(&actor.role) => Ok(actor),
        By::Person(_) | By::Server => Err(Refusal::NotYours { need }),
    }
}
