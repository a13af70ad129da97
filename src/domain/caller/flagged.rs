//! 重点号码: a number whose calls were malicious again and again (article 9(4)). An agent proposes it with contacts as evidence,
//! a supervisor grants it for a limited time with a day on which it is looked at again, and it ends by itself. Its calls are
//! never refused: they wait behind others, for a while, and a person answers them.

use serde::{Deserialize, Serialize};

use crate::domain::id::{ContactId, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Actor, By, Role};
use crate::domain::time::Timestamp;

/// Longest time a number may be flagged for. Not in the text: policy.
pub const DAYS_MAX: u32 = 90;
/// Contacts that a proposal names.
pub const EVIDENCE_MAX: usize = 20;
const REASON_MAX: usize = 1_000;
const DAY_MS: i64 = 24 * 60 * 60_000;

/// One flag on one number, from proposal to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlaggedNumber {
    pub phone: PhoneNumber,
    pub evidence: Vec<ContactId>,
    pub reason: String,
    pub proposed_at: Timestamp,
    pub proposed_by: Username,
    pub stage: FlagStage,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum FlagStage {
    Proposed,
    Declined {
        at: Timestamp,
        by: Username,
        why: String,
    },
    Standing {
        since: Timestamp,
        by: Username,
        until: Timestamp,
        /// When a supervisor is to look at it again.
        review_at: Timestamp,
    },
    Ended {
        at: Timestamp,
        /// `None`: its time was over.
        by: Option<Username>,
        why: Option<String>,
    },
}

impl FlagStage {
    /// The stage's name in tables and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Declined { .. } => "declined",
            Self::Standing { .. } => "standing",
            Self::Ended { .. } => "ended",
        }
    }
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum FlagCommand {
    Propose {
        phone: PhoneNumber,
        evidence: Vec<ContactId>,
        reason: String,
    },
    Grant {
        days: u32,
        review_after_days: u32,
    },
    Decline {
        reason: String,
    },
    /// Looked at again, and it stays until its day.
    Review {
        remark: String,
        review_after_days: u32,
    },
    Lift {
        reason: String,
    },
    /// Its time is over. By the server only.
    Lapse,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum FlagEvent {
    Proposed {
        at: Timestamp,
        by: Username,
        phone: PhoneNumber,
        evidence: Vec<ContactId>,
        reason: String,
    },
    Granted {
        at: Timestamp,
        by: Username,
        until: Timestamp,
        review_at: Timestamp,
    },
    Declined {
        at: Timestamp,
        by: Username,
        reason: String,
    },
    Reviewed {
        at: Timestamp,
        by: Username,
        remark: String,
        review_at: Timestamp,
    },
    Lifted {
        at: Timestamp,
        by: Username,
        reason: String,
    },
    Lapsed {
        at: Timestamp,
    },
}

impl FlagEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "proposed",
            Self::Granted { .. } => "granted",
            Self::Declined { .. } => "declined",
            Self::Reviewed { .. } => "reviewed",
            Self::Lifted { .. } => "lifted",
            Self::Lapsed { .. } => "lapsed",
        }
    }
}

/// Why a wish is not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("没有这项重点号码记录")]
    NoSuchFlag,
    #[error("您无权执行该操作: 应由{need}进行")]
    NotYours { need: &'static str },
    #[error("理由不能为空, 且不超过{REASON_MAX}字")]
    BadReason,
    #[error("须列明1至{EVIDENCE_MAX}次同一号码的来电作为依据")]
    NoEvidence,
    #[error("重点号码期限为1至{DAYS_MAX}天, 复核日不得晚于到期日")]
    BadTime,
    #[error("该号码已有待审批或生效中的记录")]
    AlreadyFlagged,
    #[error("当前状态不允许该操作")]
    WrongStage,
    #[error("尚未到期")]
    NothingDue,
    #[error("该幂等键已用于内容不同的请求")]
    KeyUsed,
}

impl Refusal {
    /// Stable; programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchFlag => "no_such_flag",
            Self::NotYours { .. } => "not_yours",
            Self::BadReason => "bad_reason",
            Self::NoEvidence => "no_evidence",
            Self::BadTime => "bad_time",
            Self::AlreadyFlagged => "already_flagged",
            Self::WrongStage => "wrong_stage",
            Self::NothingDue => "nothing_due",
            Self::KeyUsed => "idempotency_key_reused",
        }
    }

    /// The article the refusal rests on.
    pub const fn article(&self) -> &'static str {
        "9(4)"
    }

    /// For the person, in Chinese.
    pub fn detail(&self) -> String {
        self.to_string()
    }
}

impl FlaggedNumber {
    /// Its calls wait behind others now.
    pub fn holds(&self, now: Timestamp) -> bool {
        matches!(&self.stage, FlagStage::Standing { until, .. } if now < *until)
    }

    /// A supervisor should look at it again.
    pub fn review_is_due(&self, now: Timestamp) -> bool {
        matches!(&self.stage, FlagStage::Standing { review_at, .. } if *review_at <= now)
    }

    /// When a supervisor is to look at it again.
    pub const fn review_at(&self) -> Option<Timestamp> {
        match &self.stage {
            FlagStage::Standing { review_at, .. } => Some(*review_at),
            FlagStage::Proposed | FlagStage::Declined { .. } | FlagStage::Ended { .. } => None,
        }
    }

    /// When it ends by itself.
    pub const fn ends_at(&self) -> Option<Timestamp> {
        match &self.stage {
            FlagStage::Standing { until, .. } => Some(*until),
            FlagStage::Proposed | FlagStage::Declined { .. } | FlagStage::Ended { .. } => None,
        }
    }

    /// Proposed or standing: a number has one such flag.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, FlagStage::Proposed | FlagStage::Standing { .. })
    }
}

/// What `command` leads to, or why not. That the contacts are of that number, and that it has no other open flag, is storage's to
/// say.
pub fn decide(
    now: Timestamp,
    flag: Option<&FlaggedNumber>,
    command: &FlagCommand,
    by: By<'_>,
) -> Result<FlagEvent, Refusal> {
    let Some(flag) = flag else {
        let FlagCommand::Propose {
            phone,
            evidence,
            reason,
        } = command
        else {
            return Err(Refusal::NoSuchFlag);
        };
        let desk = [Role::Agent, Role::TeamLead, Role::Supervisor];
        let actor = one_of(by, &desk, "坐席、班长或主管")?;
        said(reason)?;
        if evidence.is_empty() || evidence.len() > EVIDENCE_MAX {
            return Err(Refusal::NoEvidence);
        }
        return Ok(FlagEvent::Proposed {
            at: now,
            by: actor.username.clone(),
            phone: phone.clone(),
            evidence: evidence.clone(),
            reason: reason.clone(),
        });
    };
    if *command == FlagCommand::Lapse {
        return match by {
            By::Person(_) => Err(Refusal::NotYours { need: "系统" }),
            By::Server if flag.ends_at().is_some_and(|at| at <= now) => {
                Ok(FlagEvent::Lapsed { at: now })
            }
            By::Server => Err(Refusal::NothingDue),
        };
    }
    let actor = one_of(by, &[Role::Supervisor], "主管")?;
    let by = actor.username.clone();
    match (&flag.stage, command) {
        (FlagStage::Proposed, FlagCommand::Grant { .. } | FlagCommand::Decline { .. })
            if flag.proposed_by == by =>
        {
            Err(Refusal::NotYours {
                need: "提出人以外的主管",
            })
        }
        (
            FlagStage::Proposed,
            FlagCommand::Grant {
                days,
                review_after_days,
            },
        ) => {
            if !(1..=DAYS_MAX).contains(days) || !(1..=*days).contains(review_after_days) {
                return Err(Refusal::BadTime);
            }
            Ok(FlagEvent::Granted {
                at: now,
                by,
                until: after_days(now, *days),
                review_at: after_days(now, *review_after_days),
            })
        }
        (FlagStage::Proposed, FlagCommand::Decline { reason }) => {
            said(reason)?;
            Ok(FlagEvent::Declined {
                at: now,
                by,
                reason: reason.clone(),
            })
        }
        (
            FlagStage::Standing { until, .. },
            FlagCommand::Review {
                remark,
                review_after_days,
            },
        ) => {
            said(remark)?;
            let review_at = after_days(now, *review_after_days);
            if *review_after_days == 0 || *review_after_days > DAYS_MAX {
                return Err(Refusal::BadTime);
            }
            Ok(FlagEvent::Reviewed {
                at: now,
                by,
                remark: remark.clone(),
                // Looking at it makes it no longer.
                review_at: review_at.min(*until),
            })
        }
        (FlagStage::Proposed | FlagStage::Standing { .. }, FlagCommand::Lift { reason }) => {
            said(reason)?;
            Ok(FlagEvent::Lifted {
                at: now,
                by,
                reason: reason.clone(),
            })
        }
        (
            FlagStage::Proposed
            | FlagStage::Declined { .. }
            | FlagStage::Standing { .. }
            | FlagStage::Ended { .. },
            FlagCommand::Propose { .. }
            | FlagCommand::Grant { .. }
            | FlagCommand::Decline { .. }
            | FlagCommand::Review { .. }
            | FlagCommand::Lift { .. }
            | FlagCommand::Lapse,
        ) => Err(Refusal::WrongStage),
    }
}

/// The flag after `event`.
pub fn apply(flag: Option<FlaggedNumber>, event: &FlagEvent) -> FlaggedNumber {
    let Some(mut flag) = flag else {
        let FlagEvent::Proposed {
            at,
            by,
            phone,
            evidence,
            reason,
        } = event.clone()
        else {
            panic!("the first event of a flag is Proposed");
        };
        return FlaggedNumber {
            phone,
            evidence,
            reason,
            proposed_at: at,
            proposed_by: by,
            stage: FlagStage::Proposed,
        };
    };
    flag.stage = match (flag.stage, event.clone()) {
        (
            _,
            FlagEvent::Granted {
                at,
                by,
                until,
                review_at,
            },
        ) => FlagStage::Standing {
            since: at,
            by,
            until,
            review_at,
        },
        (_, FlagEvent::Declined { at, by, reason }) => FlagStage::Declined {
            at,
            by,
            why: reason,
        },
        (
            FlagStage::Standing {
                since, by, until, ..
            },
            FlagEvent::Reviewed { review_at, .. },
        ) => FlagStage::Standing {
            since,
            by,
            until,
            review_at,
        },
        (_, FlagEvent::Lifted { at, by, reason }) => FlagStage::Ended {
            at,
            by: Some(by),
            why: Some(reason),
        },
        (_, FlagEvent::Lapsed { at }) => FlagStage::Ended {
            at,
            by: None,
            why: None,
        },
        (_, FlagEvent::Proposed { .. }) => panic!("a flag is proposed once"),
        (_, FlagEvent::Reviewed { .. }) => panic!("what stands is looked at again"),
    };
    flag
}

fn after_days(from: Timestamp, days: u32) -> Timestamp {
    from.plus_millis(DAY_MS * i64::from(days))
}

fn said(reason: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Refusal::BadReason);
    }
    Ok(())
}

fn one_of<'a>(by: By<'a>, roles: &[Role], need: &'static str) -> Result<&'a Actor, Refusal> {
    match by {
        By::Person(actor) if roles.contains(&actor.role) => Ok(actor),
        By::Person(_) | By::Server => Err(Refusal::NotYours { need }),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::UnitCode;

    const START: i64 = 1_737_680_400_000;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_millis(START + n * DAY_MS)
    }

    fn actor(name: &str, role: Role) -> Actor {
        Actor {
            username: name.into(),
            role,
            unit: UnitCode::from("js-12345"),
        }
    }

    fn propose() -> FlagCommand {
        FlagCommand::Propose {
            phone: PhoneNumber::parse("13800001111").unwrap(),
            evidence: vec![ContactId(Uuid::nil())],
            reason: "三次来电辱骂".to_owned(),
        }
    }

    const GRANT: FlagCommand = FlagCommand::Grant {
        days: 30,
        review_after_days: 10,
    };

    fn review(days: u32) -> FlagCommand {
        FlagCommand::Review {
            remark: "仍有来电".to_owned(),
            review_after_days: days,
        }
    }

    /// A flag proposed by an agent and granted by a supervisor on day 0.
    fn standing() -> FlaggedNumber {
        let agent = actor("agent", Role::Agent);
        let proposed = decide(day(0), None, &propose(), (&agent).into()).unwrap();
        let flag = apply(None, &proposed);
        let lead = actor("supervisor", Role::Supervisor);
        let granted = decide(day(0), Some(&flag), &GRANT, (&lead).into()).unwrap();
        apply(Some(flag), &granted)
    }

    #[test]
    fn it_stands_for_its_time_and_not_a_moment_longer() {
        let flag = standing();
        assert!(flag.holds(day(0)) && flag.holds(day(30).plus_millis(-1)));
        assert!(!flag.holds(day(30)));
        let early = decide(day(29), Some(&flag), &FlagCommand::Lapse, By::Server);
        assert_eq!(early, Err(Refusal::NothingDue));
        let lapsed = decide(day(30), Some(&flag), &FlagCommand::Lapse, By::Server).unwrap();
        let over = apply(Some(flag), &lapsed);
        assert_eq!(over.stage.code(), "ended");
        assert!(!over.is_open());
    }

    #[test]
    fn a_review_is_due_on_its_day_and_makes_nothing_longer() {
        let flag = standing();
        assert!(!flag.review_is_due(day(9)) && flag.review_is_due(day(10)));
        let supervisor = actor("supervisor", Role::Supervisor);
        let reviewed = decide(day(11), Some(&flag), &review(60), (&supervisor).into()).unwrap();
        let flag = apply(Some(flag), &reviewed);
        assert_eq!(flag.ends_at(), Some(day(30)));
        assert!(!flag.review_is_due(day(29)) && flag.review_is_due(day(30)));
        let lift = FlagCommand::Lift {
            reason: "已改正".to_owned(),
        };
        let lifted = decide(day(12), Some(&flag), &lift, (&supervisor).into()).unwrap();
        assert!(!apply(Some(flag), &lifted).holds(day(12)));
    }

    #[test]
    fn who_may_say_what_and_for_how_long() {
        let agent = actor("agent", Role::Agent);
        let supervisor = actor("supervisor", Role::Supervisor);
        let proposed = decide(day(0), None, &propose(), (&agent).into()).unwrap();
        let flag = apply(None, &proposed);
        let table = [
            (&agent, GRANT, "not_yours"),
            (&actor("lead", Role::TeamLead), GRANT, "not_yours"),
            (
                &supervisor,
                FlagCommand::Grant {
                    days: DAYS_MAX + 1,
                    review_after_days: 1,
                },
                "bad_time",
            ),
            (
                &supervisor,
                FlagCommand::Grant {
                    days: 5,
                    review_after_days: 6,
                },
                "bad_time",
            ),
            (
                &supervisor,
                FlagCommand::Decline {
                    reason: " ".to_owned(),
                },
                "bad_reason",
            ),
            (&supervisor, review(5), "wrong_stage"),
            (&supervisor, FlagCommand::Lapse, "not_yours"),
        ];
        for (by, command, code) in table {
            let refused = decide(day(0), Some(&flag), &command, by.into()).unwrap_err();
            assert_eq!(refused.code(), code, "{command:?} by {}", by.username);
        }
        // Nobody grants what they proposed.
        let own = decide(day(0), None, &propose(), (&supervisor).into()).unwrap();
        let refused = decide(
            day(0),
            Some(&apply(None, &own)),
            &GRANT,
            (&supervisor).into(),
        );
        assert_eq!(refused.unwrap_err().code(), "not_yours");
        let handler = actor("handler", Role::UnitHandler);
        let refused = decide(day(0), None, &propose(), (&handler).into());
        assert_eq!(refused.unwrap_err().code(), "not_yours");
    }
}
