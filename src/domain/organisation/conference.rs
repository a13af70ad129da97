//! The joint conference 联席会议 of article 4: its members are the heads of member units.

use serde::{Deserialize, Serialize};

use crate::domain::id::{ClusterId, TicketId, UnitCode, Username};
use crate::domain::staff::{Actor, Role};
use crate::domain::ticket::{PROSE, Refusal, written};
use crate::domain::time::Timestamp;

/// Who sits in the conference for a unit, from a day on. A new head is a new seat; the old one stays in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceSeat {
    pub unit: UnitCode,
    pub head: String,
    /// 职务, e.g. 局长.
    pub title: String,
    pub from: Timestamp,
}

/// The members at `at`: each unit's latest head.
pub fn seats_as_of(seats: &[ConferenceSeat], at: Timestamp) -> Vec<&ConferenceSeat> {
    let mut members: Vec<&ConferenceSeat> = Vec::new();
    for seat in seats.iter().filter(|seat| seat.from <= at) {
        match members.iter_mut().find(|known| known.unit == seat.unit) {
            Some(known) if known.from <= seat.from => *known = seat,
            Some(_) => {}
            None => members.push(seat),
        }
    }
    members
}

/// Something the conference took up 联席会议议题: from the agenda to the check that it was done (article 4:
/// 统筹决策及监督检查).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceItem {
    pub entered_at: Timestamp,
    pub entered_by: Username,
    pub agenda: String,
    /// When it is (or was) before the conference.
    pub held_at: Timestamp,
    /// The tickets it is about.
    pub tickets: Vec<TicketId>,
    /// The event clusters it is about 同一事件.
    #[serde(default)]
    pub clusters: Vec<ClusterId>,
    pub decision: Option<ItemDecision>,
    pub closing: Option<ItemClosing>,
    pub check: Option<ItemCheck>,
}

/// What was decided, who carries it out, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDecision {
    pub at: Timestamp,
    pub by: Username,
    pub decision: String,
    pub unit: UnitCode,
    pub due: Timestamp,
}

/// That it was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemClosing {
    pub at: Timestamp,
    pub by: Username,
    pub evidence: String,
}

/// 监督检查: what somebody else found when they looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCheck {
    pub at: Timestamp,
    pub by: Username,
    pub met: bool,
    pub finding: String,
}

/// A wish about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemCommand {
    Enter {
        agenda: String,
        held_at: Timestamp,
        #[serde(default)]
        tickets: Vec<TicketId>,
        #[serde(default)]
        clusters: Vec<ClusterId>,
    },
    LinkTicket {
        ticket: TicketId,
    },
    LinkCluster {
        cluster: ClusterId,
    },
    Decide {
        decision: String,
        unit: UnitCode,
        due: Timestamp,
    },
    Close {
        evidence: String,
    },
    Check {
        met: bool,
        finding: String,
    },
}

/// Tickets, or clusters, of one item.
const LINKS_MAX: usize = 200;
const ARTICLE: &str = "4";

/// The item after `command`, or why not. The office's book is kept by supervisors.
pub fn carry_out(
    now: Timestamp,
    item: Option<ConferenceItem>,
    command: &ItemCommand,
    by: &Actor,
) -> Result<ConferenceItem, Refusal> {
    if by.role != Role::Supervisor {
        return Err(Refusal::NotYours {
            need: "联席会议议题由联席会议办公室登记",
            article: ARTICLE,
        });
    }
    let (at, who) = (now, by.username.clone());
    let Some(mut item) = item else {
        let ItemCommand::Enter {
            agenda,
            held_at,
            tickets,
            clusters,
        } = command
        else {
            return Err(Refusal::WrongStage { stage: "不存在" });
        };
        written("议题", agenda, PROSE, ARTICLE)?;
        few(tickets.len())?;
        few(clusters.len())?;
        return Ok(ConferenceItem {
            entered_at: at,
            entered_by: who,
            agenda: agenda.clone(),
            held_at: *held_at,
            tickets: tickets.clone(),
            clusters: clusters.clone(),
            decision: None,
            closing: None,
            check: None,
        });
    };
    match command {
        ItemCommand::Enter { .. } => return Err(item.wrong()),
        ItemCommand::LinkTicket { ticket } => {
            if item.check.is_some() {
                return Err(item.wrong());
            }
            if !item.tickets.contains(ticket) {
                few(item.tickets.len() + 1)?;
                item.tickets.push(*ticket);
            }
        }
        ItemCommand::LinkCluster { cluster } => {
            if item.check.is_some() {
                return Err(item.wrong());
            }
            if !item.clusters.contains(cluster) {
                few(item.clusters.len() + 1)?;
                item.clusters.push(*cluster);
            }
        }
        ItemCommand::Decide {
            decision,
            unit,
            due,
        } => {
            if item.closing.is_some() {
                return Err(item.wrong());
            }
            written("会议决定", decision, PROSE, ARTICLE)?;
            if *due <= now {
                return Err(Refusal::Contradiction {
                    why: "完成期限应晚于现在",
                    article: ARTICLE,
                });
            }
            item.decision = Some(ItemDecision {
                at,
                by: who,
                decision: decision.clone(),
                unit: unit.clone(),
                due: *due,
            });
        }
        ItemCommand::Close { evidence } => {
            if item.decision.is_none() || item.closing.is_some() {
                return Err(item.wrong());
            }
            written("办结依据", evidence, PROSE, ARTICLE)?;
            item.closing = Some(ItemClosing {
                at,
                by: who,
                evidence: evidence.clone(),
            });
        }
        ItemCommand::Check { met, finding } => {
            let Some(closing) = item.closing.as_ref().filter(|_| item.check.is_none()) else {
                return Err(item.wrong());
            };
            if closing.by == who {
                return Err(Refusal::NotYours {
                    need: "监督检查应由他人进行",
                    article: ARTICLE,
                });
            }
            written("检查结论", finding, PROSE, ARTICLE)?;
            item.check = Some(ItemCheck {
                at,
                by: who,
                met: *met,
                finding: finding.clone(),
            });
        }
    }
    Ok(item)
}

impl ItemCommand {
    /// What it links, which must be there.
    pub fn links(&self) -> (&[TicketId], &[ClusterId]) {
        match self {
            Self::Enter {
                tickets, clusters, ..
            } => (tickets, clusters),
            Self::LinkTicket { ticket } => (std::slice::from_ref(ticket), &[]),
            Self::LinkCluster { cluster } => (&[], std::slice::from_ref(cluster)),
            Self::Decide { .. } | Self::Close { .. } | Self::Check { .. } => (&[], &[]),
        }
    }
}

impl ConferenceItem {
    /// Where it stands, for tables and the API.
    pub const fn stage(&self) -> &'static str {
        match (&self.decision, &self.closing, &self.check) {
            (None, _, _) => "entered",
            (Some(_), None, _) => "decided",
            (Some(_), Some(_), None) => "closed",
            (Some(_), Some(_), Some(_)) => "checked",
        }
    }

    fn wrong(&self) -> Refusal {
        Refusal::WrongStage {
            stage: match self.stage() {
                "entered" => "已列入议题",
                "decided" => "已决定",
                "closed" => "已办结",
                _ => "已检查",
            },
        }
    }
}

fn few(links: usize) -> Result<(), Refusal> {
    if links > LINKS_MAX {
        return Err(Refusal::Contradiction {
            why: "一个议题关联的工单或事件过多",
            article: ARTICLE,
        });
    }
    Ok(())
}
