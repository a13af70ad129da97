//! A call-out 应急叫应: a sudden or urgent matter when the offices are closed. Those on duty are called and sent a
//! message one after the other, each with their deputy, until somebody says they have it; if nobody does, the platform's
//! own duty takes over. Natural time, not working time (article 13). Every step is in the log.
//!
//! A durable machine: [`decide`] and [`apply`]; its next step is due at [`CallOut::wake_at`].

use serde::{Deserialize, Serialize};

use super::id::{CallId, TicketId, UnitCode, Username};
use super::organisation::DutyRoster;
use super::phone::PhoneNumber;
use super::staff::{By, Role};
use super::ticket::{PROSE, Refusal, server_only, written};
use super::time::Timestamp;

/// How long and how often. Not in the text of the regulation: policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// From calling somebody to calling the next.
    pub answer_within_ms: i64,
    /// How often the whole list is gone through.
    pub rounds: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            answer_within_ms: 3 * 60_000,
            rounds: 2,
        }
    }
}

/// Somebody who may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    pub person: String,
    pub phone: PhoneNumber,
    /// 副班 of the one before.
    pub deputy: bool,
}

/// Everybody on duty at `at`, each followed by their deputy.
pub fn ladder(roster: &DutyRoster, at: Timestamp) -> Vec<Rung> {
    roster
        .on_duty(at)
        .flat_map(|entry| {
            let first = Rung {
                person: entry.person.clone(),
                phone: entry.phone.clone(),
                deputy: false,
            };
            let deputy = entry.deputy.as_ref().map(|deputy| Rung {
                person: deputy.person.clone(),
                phone: deputy.phone.clone(),
                deputy: true,
            });
            std::iter::once(first).chain(deputy)
        })
        .collect()
}

/// One call-out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOut {
    pub ticket: TicketId,
    pub unit: UnitCode,
    pub reason: String,
    pub started_at: Timestamp,
    /// Whose phone is joined to the person called.
    pub started_by: Username,
    pub ladder: Vec<Rung>,
    /// The platform's own duty: told when the ladder is at its end.
    pub beyond: Vec<Rung>,
    pub policy: Policy,
    pub stage: Stage,
}

/// Where a call-out stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// This rung of the ladder was called; the next is when `until` comes.
    Calling {
        round: u32,
        rung: usize,
        until: Timestamp,
    },
    /// Nobody said they have it. It stays open until somebody does.
    Escalated { at: Timestamp, why: Escalation },
    Acknowledged {
        at: Timestamp,
        by: String,
        how: Means,
    },
    Cancelled {
        at: Timestamp,
        by: Username,
        reason: String,
    },
}

impl Stage {
    /// The stage's name in tables and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Calling { .. } => "calling",
            Self::Escalated { .. } => "escalated",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Calling { .. } => "叫应中",
            Self::Escalated { .. } => "已升级",
            Self::Acknowledged { .. } => "已应答",
            Self::Cancelled { .. } => "已取消",
        }
    }
}

/// Why the platform's own duty is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escalation {
    /// The roster has a gap now.
    NobodyOnDuty,
    NobodyAnswered,
}

/// How somebody said that they have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// They said so on the phone, and the desk wrote it down.
    Phone,
    /// They answered the message.
    Sms,
    /// They pressed the button, or acknowledged the ticket.
    Page,
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The ladders are the server's to fill in.
    Start {
        ticket: TicketId,
        unit: UnitCode,
        reason: String,
        ladder: Vec<Rung>,
        beyond: Vec<Rung>,
    },
    /// Goes on when it is time. By the server only.
    Tick,
    /// What became of ringing the present rung. By the server only.
    Rang { outcome: Ring },
    /// Somebody has it.
    Acknowledge {
        person: String,
        #[serde(default)]
        remark: Option<String>,
    },
    /// The message was answered from `phone`. By the server only.
    Answered { phone: PhoneNumber },
    /// The unit acknowledged the ticket itself. By the server only.
    TicketAcknowledged { by: Username },
    /// It is not needed any more.
    Cancel { reason: String },
}

/// What became of ringing somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// The call was placed and is recorded.
    Placed(CallId),
    /// It could not be placed; the code says why. The message goes out all the same.
    Failed(String),
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Started {
        at: Timestamp,
        by: Username,
        ticket: TicketId,
        unit: UnitCode,
        reason: String,
        ladder: Vec<Rung>,
        beyond: Vec<Rung>,
        policy: Policy,
    },
    /// Ring and text this one: storage adds the work.
    Called {
        at: Timestamp,
        round: u32,
        rung: usize,
        until: Timestamp,
    },
    /// What became of the call.
    Rang {
        at: Timestamp,
        rung: usize,
        outcome: Ring,
    },
    /// Nobody said anything in time.
    Passed {
        at: Timestamp,
        round: u32,
        rung: usize,
    },
    Escalated {
        at: Timestamp,
        why: Escalation,
    },
    Acknowledged {
        at: Timestamp,
        by: String,
        how: Means,
        remark: Option<String>,
    },
    Cancelled {
        at: Timestamp,
        by: Username,
        reason: String,
    },
}

impl Event {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Called { .. } => "called",
            Self::Rang { .. } => "rang",
            Self::Passed { .. } => "passed",
            Self::Escalated { .. } => "escalated",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// What `command` leads to, or why not.
pub fn decide(
    now: Timestamp,
    callout: Option<&CallOut>,
    command: &Command,
    by: By<'_>,
    policy: Policy,
) -> Result<Vec<Event>, Refusal> {
    match (callout, command) {
        (
            None,
            Command::Start {
                ticket,
                unit,
                reason,
                ladder,
                beyond,
            },
        ) => {
            let by = desk(by)?;
            written("紧急事由", reason, PROSE, ARTICLE)?;
            let started = Event::Started {
                at: now,
                by,
                ticket: *ticket,
                unit: unit.clone(),
                reason: reason.clone(),
                ladder: ladder.clone(),
                beyond: beyond.clone(),
                policy,
            };
            let next = if ladder.is_empty() {
                Event::Escalated {
                    at: now,
                    why: Escalation::NobodyOnDuty,
                }
            } else {
                called(now, 1, 0, policy)
            };
            Ok(vec![started, next])
        }
        (None, _) => Err(Refusal::WrongStage { stage: "不存在" }),
        (Some(callout), command) => callout.decide(now, command, by),
    }
}

impl CallOut {
    /// When the next step is due.
    pub const fn wake_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Calling { until, .. } => Some(until),
            Stage::Escalated { .. } | Stage::Acknowledged { .. } | Stage::Cancelled { .. } => None,
        }
    }

    /// Is somebody still wanted?
    pub const fn is_open(&self) -> bool {
        match self.stage {
            Stage::Calling { .. } | Stage::Escalated { .. } => true,
            Stage::Acknowledged { .. } | Stage::Cancelled { .. } => false,
        }
    }

    /// Who is being called now.
    pub fn present(&self) -> Option<&Rung> {
        match self.stage {
            Stage::Calling { rung, .. } => self.ladder.get(rung),
            Stage::Escalated { .. } | Stage::Acknowledged { .. } | Stage::Cancelled { .. } => None,
        }
    }

    fn decide(&self, now: Timestamp, command: &Command, by: By<'_>) -> Result<Vec<Event>, Refusal> {
        let acknowledged = |by: String, how, remark| Event::Acknowledged {
            at: now,
            by,
            how,
            remark,
        };
        match command {
            Command::Start { .. } => Err(self.wrong()),
            Command::Tick => {
                server_only(by)?;
                self.tick(now)
            }
            Command::Rang { outcome } => {
                server_only(by)?;
                let Stage::Calling { rung, .. } = self.stage else {
                    return Err(self.wrong());
                };
                Ok(vec![Event::Rang {
                    at: now,
                    rung,
                    outcome: outcome.clone(),
                }])
            }
            Command::Acknowledge { person, remark } => {
                self.open()?;
                written("应答人", person, 100, ARTICLE)?;
                if let Some(remark) = remark {
                    written("说明", remark, PROSE, ARTICLE)?;
                }
                let how = self.acknowledger(by)?;
                Ok(vec![acknowledged(person.clone(), how, remark.clone())])
            }
            Command::Answered { phone } => {
                server_only(by)?;
                self.open()?;
                let rung = self.rung_of(phone).ok_or_else(|| self.wrong())?;
                Ok(vec![acknowledged(rung.person.clone(), Means::Sms, None)])
            }
            Command::TicketAcknowledged { by: who } => {
                server_only(by)?;
                self.open()?;
                Ok(vec![acknowledged(who.0.clone(), Means::Page, None)])
            }
            Command::Cancel { reason } => {
                let by = desk(by)?;
                self.open()?;
                written("取消理由", reason, PROSE, ARTICLE)?;
                Ok(vec![Event::Cancelled {
                    at: now,
                    by,
                    reason: reason.clone(),
                }])
            }
        }
    }

    fn tick(&self, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let Stage::Calling { round, rung, until } = self.stage else {
            return Err(self.wrong());
        };
        if now < until {
            return Err(Refusal::NothingDue);
        }
        let passed = Event::Passed {
            at: now,
            round,
            rung,
        };
        let next = if rung + 1 < self.ladder.len() {
            called(now, round, rung + 1, self.policy)
        } else if round < self.policy.rounds {
            called(now, round + 1, 0, self.policy)
        } else {
            Event::Escalated {
                at: now,
                why: Escalation::NobodyAnswered,
            }
        };
        Ok(vec![passed, next])
    }

    /// Whoever was called, by their number with or without the country's code.
    fn rung_of(&self, phone: &PhoneNumber) -> Option<&Rung> {
        let national = |phone: &PhoneNumber| {
            let text = phone.as_str();
            text.strip_prefix("+86").unwrap_or(text).to_owned()
        };
        let wanted = national(phone);
        self.ladder
            .iter()
            .chain(&self.beyond)
            .find(|rung| national(&rung.phone) == wanted)
    }

    /// The unit itself, or the desk that heard it on the phone.
    fn acknowledger(&self, by: By<'_>) -> Result<Means, Refusal> {
        match by {
            By::Person(actor)
                if matches!(actor.role, Role::UnitHandler | Role::UnitHead)
                    && actor.unit == self.unit =>
            {
                Ok(Means::Page)
            }
            by => desk(by).map(|_| Means::Phone),
        }
    }

    fn open(&self) -> Result<(), Refusal> {
        if self.is_open() {
            Ok(())
        } else {
            Err(self.wrong())
        }
    }

    const fn wrong(&self) -> Refusal {
        Refusal::WrongStage {
            stage: self.stage.name(),
        }
    }
}

/// The call-out after `event`.
pub fn apply(callout: Option<CallOut>, event: &Event) -> CallOut {
    let Some(mut callout) = callout else {
        let Event::Started {
            at,
            by,
            ticket,
            unit,
            reason,
            ladder,
            beyond,
            policy,
        } = event.clone()
        else {
            panic!("the first event of a call-out is Started");
        };
        return CallOut {
            ticket,
            unit,
            reason,
            started_at: at,
            started_by: by,
            ladder,
            beyond,
            policy,
            // The event that follows in the same breath says what is next.
            stage: Stage::Escalated {
                at,
                why: Escalation::NobodyOnDuty,
            },
        };
    };
    match event.clone() {
        Event::Started { .. } => panic!("a call-out is started once"),
        Event::Called {
            round, rung, until, ..
        } => callout.stage = Stage::Calling { round, rung, until },
        Event::Rang { .. } | Event::Passed { .. } => {}
        Event::Escalated { at, why } => callout.stage = Stage::Escalated { at, why },
        Event::Acknowledged { at, by, how, .. } => {
            callout.stage = Stage::Acknowledged { at, by, how };
        }
        Event::Cancelled { at, by, reason } => {
            callout.stage = Stage::Cancelled { at, by, reason };
        }
    }
    callout
}

/// What the message to somebody on duty says. The demand itself is read behind a login.
pub fn text(signature: &str, ticket_number: &str) -> String {
    format!(
        "【{signature}】紧急工单{ticket_number}需要您立即处置, 请登录系统办理。能够处置请回复“收到”。"
    )
}

/// Does a reply say that its sender has it?
pub fn says_received(reply: &str) -> bool {
    let reply = reply.trim();
    ["收到", "确认"].iter().any(|word| reply.starts_with(word))
}

/// Off-hours duty rests on article 13.
const ARTICLE: &str = "13";

const fn called(now: Timestamp, round: u32, rung: usize, policy: Policy) -> Event {
    Event::Called {
        at: now,
        round,
        rung,
        until: now.plus_millis(policy.answer_within_ms),
    }
}

fn desk(by: By<'_>) -> Result<Username, Refusal> {
    match by {
        By::Person(actor)
            if matches!(actor.role, Role::Agent | Role::TeamLead | Role::Supervisor) =>
        {
            Ok(actor.username.clone())
        }
        By::Person(_) | By::Server => Err(Refusal::NotYours {
            need: "紧急叫应由话务人员发起",
            article: ARTICLE,
        }),
    }
}

#[cfg(test)]
mod tests;
