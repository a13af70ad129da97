//! A contact 服务会话: one citizen at the phone, from the first ring to the end of wrap-up, and what the agent says
//! it was. Its ticket lives on; the contact ends with the agent's work after the call.

use serde::{Deserialize, Serialize};

use super::id::{CallId, TicketId, Username};
use super::phone::PhoneNumber;
use super::staff::{By, Role};
use super::ticket::{PROSE, Refusal, server_only, written};
use super::time::Timestamp;

/// One citizen at the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub call: CallId,
    /// `None`: the network gave no number.
    pub caller: Option<PhoneNumber>,
    pub ticket: TicketId,
    pub started_at: Timestamp,
    /// Who answered, last.
    pub agent: Option<Username>,
    pub stage: ContactStage,
}

/// Where a contact stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum ContactStage {
    /// The citizen is on the line.
    Live { disposition: Option<Disposition> },
    /// 话后处理: the citizen hung up, the agent is still writing.
    WrapUp {
        since: Timestamp,
        disposition: Option<Disposition>,
    },
    Ended {
        at: Timestamp,
        outcome: ContactOutcome,
    },
}

impl ContactStage {
    /// The stage's name in tables and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Live { .. } => "live",
            Self::WrapUp { .. } => "wrap_up",
            Self::Ended { .. } => "ended",
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Live { .. } => "通话中",
            Self::WrapUp { .. } => "话后处理",
            Self::Ended { .. } => "已结束",
        }
    }
}

/// How a contact ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ContactOutcome {
    /// The citizen hung up before anybody answered.
    Abandoned,
    Disposed {
        disposition: Disposition,
    },
    /// Wrap-up ran out before the agent said what it was.
    Undisposed,
}

/// What the agent says the contact was (article 11(2), article 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Disposition {
    /// 直接解答.
    AnsweredOnCall,
    /// 三方通话.
    ThreeWay,
    /// 派发工单.
    Dispatched,
    /// 不予受理, with the explanation given to the citizen.
    Refused {
        ground: RefusalGround,
        explanation: String,
    },
    /// Nobody spoke, or the line broke.
    NoDemand,
}

impl Disposition {
    /// The disposition's name in tables and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AnsweredOnCall => "answered_on_call",
            Self::ThreeWay => "three_way",
            Self::Dispatched => "dispatched",
            Self::Refused { .. } => "refused",
            Self::NoDemand => "no_demand",
        }
    }
}

/// Article 9's six grounds, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalGround {
    /// 非江苏省行政管辖权范围.
    OutsideJiangsu,
    /// 信访、仲裁、行政复议、诉讼程序.
    OtherProcedure,
    /// 国家秘密、商业秘密、个人隐私.
    Secret,
    /// 恶意侮辱、诽谤, 或内容不具体.
    MaliciousOrVague,
    /// 110、119、120和水上救援.
    Emergency,
    /// 其他: only a supervisor may say so.
    Other,
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum ContactCommand {
    /// A call is being answered. By the server only.
    Open {
        call: CallId,
        #[serde(default)]
        caller: Option<PhoneNumber>,
        ticket: TicketId,
    },
    /// An agent picked up. By the server only.
    Answered { agent: Username },
    /// The call is over. By the server only.
    HungUp,
    /// What it was; may be corrected until wrap-up ends.
    Dispose { disposition: Disposition },
    /// Ends wrap-up: the agent is done, or their time is.
    FinishWrapUp,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ContactEvent {
    Opened {
        at: Timestamp,
        call: CallId,
        caller: Option<PhoneNumber>,
        ticket: TicketId,
    },
    Answered {
        at: Timestamp,
        agent: Username,
    },
    WrapUpStarted {
        at: Timestamp,
    },
    Disposed {
        at: Timestamp,
        by: Username,
        disposition: Disposition,
    },
    Ended {
        at: Timestamp,
        outcome: ContactOutcome,
    },
}

impl ContactEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Answered { .. } => "answered",
            Self::WrapUpStarted { .. } => "wrap_up_started",
            Self::Disposed { .. } => "disposed",
            Self::Ended { .. } => "ended",
        }
    }

    /// Why the contact's ticket draft is nobody's to register, where it ended so. One that nobody disposed of is looked at by a
    /// person.
    pub const fn nothing_asked(&self) -> Option<&'static str> {
        match self {
            Self::Ended {
                outcome: ContactOutcome::Abandoned,
                ..
            } => Some("来电人在人工接听前挂机"),
            Self::Ended {
                outcome:
                    ContactOutcome::Disposed {
                        disposition: Disposition::NoDemand,
                    },
                ..
            } => Some("来电无诉求"),
            Self::Opened { .. }
            | Self::Answered { .. }
            | Self::WrapUpStarted { .. }
            | Self::Disposed { .. }
            | Self::Ended { .. } => None,
        }
    }
}

/// What `command` leads to, or why not.
pub fn decide(
    now: Timestamp,
    contact: Option<&Contact>,
    command: &ContactCommand,
    by: By<'_>,
) -> Result<Vec<ContactEvent>, Refusal> {
    let Some(contact) = contact else {
        let ContactCommand::Open {
            call,
            caller,
            ticket,
        } = command
        else {
            return Err(Refusal::WrongStage { stage: "未开始" });
        };
        server_only(by)?;
        return Ok(vec![ContactEvent::Opened {
            at: now,
            call: *call,
            caller: caller.clone(),
            ticket: *ticket,
        }]);
    };
    let wrong = || Refusal::WrongStage {
        stage: contact.stage.name(),
    };
    match command {
        ContactCommand::Open { .. } => Err(wrong()),
        ContactCommand::Answered { agent } => {
            server_only(by)?;
            let ContactStage::Live { .. } = contact.stage else {
                return Err(wrong());
            };
            Ok(vec![ContactEvent::Answered {
                at: now,
                agent: agent.clone(),
            }])
        }
        ContactCommand::HungUp => {
            server_only(by)?;
            let ContactStage::Live { .. } = contact.stage else {
                return Err(wrong());
            };
            Ok(vec![match contact.agent {
                Some(_) => ContactEvent::WrapUpStarted { at: now },
                None => ContactEvent::Ended {
                    at: now,
                    outcome: ContactOutcome::Abandoned,
                },
            }])
        }
        ContactCommand::Dispose { disposition } => {
            let by = contact.disposer(by, disposition)?;
            match contact.stage {
                ContactStage::Live { .. } | ContactStage::WrapUp { .. } => {}
                ContactStage::Ended { .. } => return Err(wrong()),
            }
            Ok(vec![ContactEvent::Disposed {
                at: now,
                by,
                disposition: disposition.clone(),
            }])
        }
        ContactCommand::FinishWrapUp => {
            match by {
                By::Server => {}
                By::Person(actor) if contact.agent.as_ref() == Some(&actor.username) => {}
                By::Person(_) => return Err(NOT_YOURS),
            }
            let ContactStage::WrapUp { disposition, .. } = &contact.stage else {
                return Err(wrong());
            };
            let outcome = match (disposition.clone(), by) {
                (Some(disposition), _) => ContactOutcome::Disposed { disposition },
                (None, By::Server) => ContactOutcome::Undisposed,
                (None, By::Person(_)) => {
                    return Err(Refusal::Missing {
                        field: "处置结果",
                        article: "11(2)",
                    });
                }
            };
            Ok(vec![ContactEvent::Ended { at: now, outcome }])
        }
    }
}

impl Contact {
    /// The contact's own agent, or their lead. Article 9(6) is no catch-all: it takes a supervisor.
    fn disposer(&self, by: By<'_>, disposition: &Disposition) -> Result<Username, Refusal> {
        let By::Person(actor) = by else {
            return Err(NOT_YOURS);
        };
        let leads = matches!(actor.role, Role::TeamLead | Role::Supervisor);
        if !leads && self.agent.as_ref() != Some(&actor.username) {
            return Err(NOT_YOURS);
        }
        match disposition {
            Disposition::AnsweredOnCall
            | Disposition::ThreeWay
            | Disposition::Dispatched
            | Disposition::NoDemand => {}
            Disposition::Refused {
                ground,
                explanation,
            } => {
                if *ground == RefusalGround::Other && actor.role != Role::Supervisor {
                    return Err(Refusal::NotYours {
                        need: "以“其他”为由不予受理应由主管决定",
                        article: "9(6)",
                    });
                }
                written("解释说明", explanation, PROSE, "10")?;
            }
        }
        Ok(actor.username.clone())
    }
}

/// The contact after `event`.
pub fn apply(contact: Option<Contact>, event: &ContactEvent) -> Contact {
    let Some(mut contact) = contact else {
        let ContactEvent::Opened {
            at,
            call,
            caller,
            ticket,
        } = event.clone()
        else {
            panic!("the first event of a contact is Opened");
        };
        return Contact {
            call,
            caller,
            ticket,
            started_at: at,
            agent: None,
            stage: ContactStage::Live { disposition: None },
        };
    };
    match event.clone() {
        ContactEvent::Opened { .. } => panic!("a contact is opened once"),
        ContactEvent::Answered { agent, .. } => contact.agent = Some(agent),
        ContactEvent::WrapUpStarted { at } => {
            let ContactStage::Live { disposition } = contact.stage else {
                panic!("wrap-up follows the call");
            };
            contact.stage = ContactStage::WrapUp {
                since: at,
                disposition,
            };
        }
        ContactEvent::Disposed { disposition: d, .. } => match &mut contact.stage {
            ContactStage::Live { disposition } | ContactStage::WrapUp { disposition, .. } => {
                *disposition = Some(d);
            }
            ContactStage::Ended { .. } => panic!("an ended contact is not disposed again"),
        },
        ContactEvent::Ended { at, outcome } => {
            contact.stage = ContactStage::Ended { at, outcome };
        }
    }
    contact
}

const NOT_YOURS: Refusal = Refusal::NotYours {
    need: "仅限接听该来电的坐席",
    article: "6",
};

#[cfg(test)]
mod tests;
