//! Several demands about one matter: 重复件 of one citizen, 同一事件 of many. Nobody is lost by it: every demand stays a
//! ticket with its own citizen, clocks and survey, and is counted once; the cluster says that they are one matter, names
//! the ticket that leads, and lets one reply be carried to each ticket's own front door.

mod similar;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use similar::{Candidate, SimilarPolicy, Suggestion, suggest};

use super::id::{TicketId, Username};
use super::staff::{Actor, By, Role};
use super::time::Timestamp;

/// Tickets a cluster may hold: a carried command walks over all of them.
pub const MEMBERS_MAX: usize = 500;
const TITLE_MAX: usize = 200;
const REASON_MAX: usize = 2_000;

/// One matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCluster {
    pub title: String,
    pub kind: ClusterKind,
    /// The ticket whose handling leads; one of the members.
    pub lead: TicketId,
    pub members: BTreeSet<TicketId>,
    pub opened_at: Timestamp,
    pub opened_by: Username,
    /// Commands carried to every member, with what came of them.
    pub carried: Vec<Carried>,
    pub dissolved: Option<Dissolved>,
}

/// What the demands have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// 重复件: one citizen, the same demand.
    Duplicate,
    /// 同一事件: many citizens, the same event.
    SameEvent,
}

impl ClusterKind {
    /// The kind's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::SameEvent => "same_event",
        }
    }
}

/// One command, carried to the members' front doors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub at: Timestamp,
    pub by: Username,
    /// The ticket's own word for it.
    pub command: String,
    /// Members that granted it.
    pub granted: usize,
    pub refused: Vec<RefusedMember>,
}

/// A member that said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedMember {
    pub ticket: TicketId,
    /// The refusal's code.
    pub code: String,
}

/// The end of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dissolved {
    pub at: Timestamp,
    pub by: Username,
    pub reason: String,
}

/// A wish. `POST /clusters/{id}/commands/{command}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClusterCommand {
    /// 并单.
    Open {
        title: String,
        kind: ClusterKind,
        lead: TicketId,
        #[serde(default)]
        members: BTreeSet<TicketId>,
    },
    Join {
        tickets: BTreeSet<TicketId>,
    },
    /// 拆单: one demand goes its own way again.
    Leave {
        ticket: TicketId,
        reason: String,
    },
    ChooseLead {
        ticket: TicketId,
    },
    /// What came of a carried command. By the server, for the person who carried it.
    NoteCarried {
        #[serde(rename = "of")]
        name: String,
        granted: usize,
        refused: Vec<RefusedMember>,
    },
    Dissolve {
        reason: String,
    },
}

/// A fact about one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ClusterEvent {
    Opened {
        at: Timestamp,
        by: Username,
        title: String,
        kind: ClusterKind,
        lead: TicketId,
        members: BTreeSet<TicketId>,
    },
    Joined {
        at: Timestamp,
        by: Username,
        tickets: BTreeSet<TicketId>,
    },
    Left {
        at: Timestamp,
        by: Username,
        ticket: TicketId,
        reason: String,
    },
    LeadChosen {
        at: Timestamp,
        by: Username,
        ticket: TicketId,
    },
    Carried {
        at: Timestamp,
        by: Username,
        command: String,
        granted: usize,
        refused: Vec<RefusedMember>,
    },
    Dissolved {
        at: Timestamp,
        by: Username,
        reason: String,
    },
}

impl ClusterEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::LeadChosen { .. } => "lead_chosen",
            Self::Carried { .. } => "carried",
            Self::Dissolved { .. } => "dissolved",
        }
    }
}

/// Why a wish is not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("没有这个合并事项")]
    NoSuchCluster,
    #[error("该合并事项已解散")]
    AlreadyDissolved,
    #[error("您无权执行该操作: 应由{need}进行")]
    NotYours { need: &'static str },
    #[error("{field}不能为空, 且不超过{max}字")]
    BadText { field: &'static str, max: usize },
    #[error("合并事项应有2至{MEMBERS_MAX}件工单")]
    BadSize,
    #[error("工单{number}已并入其他事项")]
    InAnother { number: String },
    #[error("没有这件工单, 或工单已作废")]
    NoSuchTicket,
    #[error("该工单不在本合并事项中")]
    NotAMember,
    #[error("牵头工单不能拆出, 请先另选牵头工单")]
    LeadStays,
    #[error("该操作不能对合并事项统一执行")]
    NotCarried,
    #[error("该幂等键已用于内容不同的请求")]
    KeyUsed,
}

impl Refusal {
    /// Stable; programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCluster => "no_such_cluster",
            Self::AlreadyDissolved => "already_dissolved",
            Self::NotYours { .. } => "not_yours",
            Self::BadText { .. } => "bad_text",
            Self::BadSize => "bad_size",
            Self::InAnother { .. } => "in_another_cluster",
            Self::NoSuchTicket => "no_such_ticket",
            Self::NotAMember => "not_a_member",
            Self::LeadStays => "lead_stays",
            Self::NotCarried => "not_carried",
            Self::KeyUsed => "idempotency_key_reused",
        }
    }

    /// Merging rests on whole-process handling (article 11) and the coordinator's right to merge and split (article 5).
    pub const fn article(&self) -> &'static str {
        match self {
            Self::NotYours { .. } => "5",
            _ => "11",
        }
    }

    /// For the person, in Chinese.
    pub fn detail(&self) -> String {
        self.to_string()
    }
}

/// The ticket commands that may be carried to every member.
pub const CARRIED: [&str; 6] = [
    "dispatch",
    "acknowledge",
    "record_contact",
    "reply",
    "review",
    "rectify",
];

/// What `command` leads to, or why not. That the tickets exist and are in no other cluster is storage's to say.
pub fn decide(
    now: Timestamp,
    cluster: Option<&EventCluster>,
    command: &ClusterCommand,
    by: By<'_>,
) -> Result<Vec<ClusterEvent>, Refusal> {
    let By::Person(actor) = by else {
        return Err(Refusal::NotYours { need: "人员" });
    };
    let person = actor.username.clone();
    let Some(cluster) = cluster else {
        let ClusterCommand::Open {
            title,
            kind,
            lead,
            members,
        } = command
        else {
            return Err(Refusal::NoSuchCluster);
        };
        desk(actor)?;
        short("标题", title, TITLE_MAX)?;
        let mut members = members.clone();
        members.insert(*lead);
        sized(&members)?;
        return Ok(vec![ClusterEvent::Opened {
            at: now,
            by: person,
            title: title.clone(),
            kind: *kind,
            lead: *lead,
            members,
        }]);
    };
    if cluster.dissolved.is_some() {
        return Err(Refusal::AlreadyDissolved);
    }
    let event = match command {
        ClusterCommand::Open { .. } => return Err(Refusal::AlreadyDissolved),
        ClusterCommand::Join { tickets } => {
            desk(actor)?;
            let new: BTreeSet<_> = tickets.difference(&cluster.members).copied().collect();
            if new.is_empty() {
                return Ok(Vec::new());
            }
            sized(&cluster.members.union(&new).copied().collect())?;
            ClusterEvent::Joined {
                at: now,
                by: person,
                tickets: new,
            }
        }
        ClusterCommand::Leave { ticket, reason } => {
            coordinator(actor)?;
            member(cluster, *ticket)?;
            if *ticket == cluster.lead {
                return Err(Refusal::LeadStays);
            }
            short("拆单理由", reason, REASON_MAX)?;
            ClusterEvent::Left {
                at: now,
                by: person,
                ticket: *ticket,
                reason: reason.clone(),
            }
        }
        ClusterCommand::ChooseLead { ticket } => {
            desk(actor)?;
            member(cluster, *ticket)?;
            ClusterEvent::LeadChosen {
                at: now,
                by: person,
                ticket: *ticket,
            }
        }
        ClusterCommand::NoteCarried {
            name,
            granted,
            refused,
        } => {
            if !CARRIED.contains(&name.as_str()) {
                return Err(Refusal::NotCarried);
            }
            ClusterEvent::Carried {
                at: now,
                by: person,
                command: name.clone(),
                granted: *granted,
                refused: refused.clone(),
            }
        }
        ClusterCommand::Dissolve { reason } => {
            coordinator(actor)?;
            short("解散理由", reason, REASON_MAX)?;
            ClusterEvent::Dissolved {
                at: now,
                by: person,
                reason: reason.clone(),
            }
        }
    };
    Ok(vec![event])
}

/// The cluster after `event`.
pub fn apply(cluster: Option<EventCluster>, event: &ClusterEvent) -> EventCluster {
    let Some(mut cluster) = cluster else {
        let ClusterEvent::Opened {
            at,
            by,
            title,
            kind,
            lead,
            members,
        } = event.clone()
        else {
            panic!("the first event of a cluster is Opened");
        };
        return EventCluster {
            title,
            kind,
            lead,
            members,
            opened_at: at,
            opened_by: by,
            carried: Vec::new(),
            dissolved: None,
        };
    };
    match event.clone() {
        ClusterEvent::Opened { .. } => panic!("a cluster is opened once"),
        ClusterEvent::Joined { tickets, .. } => cluster.members.extend(tickets),
        ClusterEvent::Left { ticket, .. } => {
            cluster.members.remove(&ticket);
        }
        ClusterEvent::LeadChosen { ticket, .. } => cluster.lead = ticket,
        ClusterEvent::Carried {
            at,
            by,
            command,
            granted,
            refused,
        } => cluster.carried.push(Carried {
            at,
            by,
            command,
            granted,
            refused,
        }),
        ClusterEvent::Dissolved { at, by, reason } => {
            cluster.dissolved = Some(Dissolved { at, by, reason });
        }
    }
    cluster
}

fn desk(actor: &Actor) -> Result<(), Refusal> {
    match actor.role {
        Role::Agent | Role::TeamLead | Role::Supervisor => Ok(()),
        _ => Err(Refusal::NotYours {
            need: "受理人员"
        }),
    }
}

/// Who may split what was merged.
fn coordinator(actor: &Actor) -> Result<(), Refusal> {
    match actor.role {
        Role::TeamLead | Role::Supervisor => Ok(()),
        _ => Err(Refusal::NotYours {
            need: "班长或督办人员",
        }),
    }
}

fn member(cluster: &EventCluster, ticket: TicketId) -> Result<(), Refusal> {
    if cluster.members.contains(&ticket) {
        Ok(())
    } else {
        Err(Refusal::NotAMember)
    }
}

fn sized(members: &BTreeSet<TicketId>) -> Result<(), Refusal> {
    if (2..=MEMBERS_MAX).contains(&members.len()) {
        Ok(())
    } else {
        Err(Refusal::BadSize)
    }
}

fn short(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.chars().count() > max {
        return Err(Refusal::BadText { field, max });
    }
    Ok(())
}
