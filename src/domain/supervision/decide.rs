//! Wishes into facts, or the reason why not.

use super::case::{Case, Level, MeasureKind, Outcome, Policy, Trigger, Verdict};
use super::command::CaseCommand;
use super::event::CaseEvent;
use super::refusal::Refusal;
use crate::domain::calendar::NoDeadline;
use crate::domain::id::{UnitCode, Username};
use crate::domain::staff::{Actor, By, Role};
use crate::domain::ticket::{Article, Rules};
use crate::domain::time::Timestamp;

/// Longest texts, in characters.
const LINE: usize = 200;
const PROSE: usize = 10_000;
const ATTENDEES_MAX: usize = 50;

/// What `command` leads to, wished at `now` by `by`. `next_notice` is the next free number of this year's register; the
/// event that uses it says so.
pub fn decide(
    now: Timestamp,
    case: Option<&Case>,
    command: &CaseCommand,
    by: By<'_>,
    rules: &Rules,
    policy: &Policy,
    next_notice: u64,
) -> Result<Vec<CaseEvent>, Refusal> {
    let wish = Wish {
        now,
        by,
        rules,
        policy,
        next_notice,
    };
    let Some(case) = case else {
        return wish.open(command);
    };
    if !case.is_open() {
        return Err(Refusal::AlreadyClosed);
    }
    wish.on(case, command)
}

struct Wish<'a> {
    now: Timestamp,
    by: By<'a>,
    rules: &'a Rules,
    policy: &'a Policy,
    next_notice: u64,
}

impl Wish<'_> {
    fn open(&self, command: &CaseCommand) -> Result<Vec<CaseEvent>, Refusal> {
        let CaseCommand::Open {
            ticket,
            number,
            unit,
            level,
            reason,
            rule,
            trigger,
        } = command
        else {
            return Err(Refusal::NoSuchCase);
        };
        written("立案事由", reason, PROSE, "24")?;
        let owner = match self.by {
            By::Server => None,
            By::Person(actor) => {
                may_step(actor, *level)?;
                if rule.is_some() || trigger.is_some() {
                    return Err(NOT_A_PERSONS);
                }
                Some(actor.username.clone())
            }
        };
        if *level == Level::Account {
            return Err(Refusal::NoSuchProposal);
        }
        let opened = CaseEvent::Opened {
            at: self.now,
            ticket: *ticket,
            number: number.clone(),
            unit: unit.clone(),
            owner,
            rule: rule.clone(),
            reason: reason.clone(),
            level: *level,
            notice: self.notice(*level),
            due: self.due(self.policy.days(*level))?,
        };
        let proposed = trigger.map(|trigger| self.proposed(None, trigger, reason.clone()));
        Ok(std::iter::once(opened).chain(proposed).collect())
    }

    fn on(&self, case: &Case, command: &CaseCommand) -> Result<Vec<CaseEvent>, Refusal> {
        match command {
            CaseCommand::Open { .. } => Err(Refusal::AlreadyOpen),
            CaseCommand::Assign { owner } => {
                let actor = self.overseer(&[Role::Supervisor, Role::TeamLead])?;
                Ok(vec![CaseEvent::Assigned {
                    at: self.now,
                    by: actor.username.clone(),
                    owner: owner.clone(),
                }])
            }
            CaseCommand::StepUp {
                level,
                reason,
                answer_days,
            } => self.step_up(case, *level, reason, *answer_days),
            CaseCommand::Receive => self.receive(case),
            CaseCommand::Answer { text } => self.answer(case, text),
            CaseCommand::Judge { verdict, remark } => self.judge(case, *verdict, remark),
            CaseCommand::Convene {
                attendees,
                minutes,
                lead,
            } => self.convene(case, attendees, minutes, lead.as_ref()),
            CaseCommand::Rebind { co_handlers } => self.rebind(case, co_handlers),
            CaseCommand::Propose { trigger, reason } => {
                let by = match self.by {
                    By::Server => None,
                    By::Person(_) => Some(self.supervisor()?.username.clone()),
                };
                written("研判依据", reason, PROSE, "26")?;
                if case.open_proposals().any(|open| open.trigger == *trigger) {
                    return Err(Refusal::AlreadyProposed);
                }
                Ok(vec![self.proposed(by, *trigger, reason.clone())])
            }
            CaseCommand::Confirm {
                proposal,
                kind,
                addressee,
                text,
            } => self.confirm(case, *proposal, *kind, addressee, text),
            CaseCommand::Dismiss { proposal, reason } => {
                let actor = self.supervisor()?;
                open_proposal(case, *proposal)?;
                written("不予采纳的理由", reason, PROSE, "26")?;
                Ok(vec![CaseEvent::Dismissed {
                    at: self.now,
                    by: actor.username.clone(),
                    proposal: *proposal,
                    reason: reason.clone(),
                }])
            }
            CaseCommand::Close {
                outcome,
                evidence,
                finding,
            } => self.close(case, *outcome, evidence, finding.as_deref()),
            CaseCommand::Sweep { ticket_done } => self.sweep(case, *ticket_done),
        }
    }

    /// Up by hand, over steps if need be; the last step is taken by confirming a proposal.
    fn step_up(
        &self,
        case: &Case,
        level: Level,
        reason: &str,
        answer_days: Option<u32>,
    ) -> Result<Vec<CaseEvent>, Refusal> {
        let By::Person(actor) = self.by else {
            return Err(NOT_THE_SERVERS);
        };
        may_step(actor, level)?;
        if level <= case.level() {
            return Err(Refusal::NotUp {
                now: case.level().name(),
            });
        }
        if level == Level::Account {
            return Err(Refusal::NoSuchProposal);
        }
        written("升级事由", reason, PROSE, "24")?;
        let days = answer_days.unwrap_or_else(|| self.policy.days(level));
        if !(1..=self.policy.answer_days_max).contains(&days) {
            return Err(Refusal::BadLimit {
                max: self.policy.answer_days_max,
            });
        }
        let by = Some(actor.username.clone());
        Ok(vec![self.stepped(by, level, reason.to_owned(), days)?])
    }

    fn receive(&self, case: &Case) -> Result<Vec<CaseEvent>, Refusal> {
        let actor = self.unit_member(case)?;
        if case.rung().notice.is_none() {
            return Err(Refusal::NoNotice);
        }
        if case.rung().received.is_some() {
            return Err(Refusal::AlreadyReceived);
        }
        Ok(vec![CaseEvent::Received {
            at: self.now,
            by: actor.username.clone(),
        }])
    }

    /// Late answers are taken too: that they are late is on record.
    fn answer(&self, case: &Case, text: &str) -> Result<Vec<CaseEvent>, Refusal> {
        let actor = self.unit_member(case)?;
        let rung = case.rung();
        if rung.notice.is_none() {
            return Err(Refusal::NoNotice);
        }
        if rung.received.is_none() {
            return Err(Refusal::NotReceived);
        }
        if rung.is_answered() {
            return Err(Refusal::AlreadyAnswered);
        }
        if !rung.awaits_answer() {
            return Err(Refusal::AnswerWaits);
        }
        written("反馈内容", text, PROSE, "24")?;
        Ok(vec![CaseEvent::Answered {
            at: self.now,
            by: actor.username.clone(),
            text: text.to_owned(),
        }])
    }

    fn judge(
        &self,
        case: &Case,
        verdict: Verdict,
        remark: &str,
    ) -> Result<Vec<CaseEvent>, Refusal> {
        let actor = self.owner(case)?;
        let waits = case
            .rung()
            .answers
            .last()
            .is_some_and(|answer| answer.judged.is_none());
        if !waits {
            return Err(Refusal::NothingToJudge);
        }
        if verdict != Verdict::Accepted || !remark.is_empty() {
            written("认定意见", remark, PROSE, "24")?;
        }
        let judged = CaseEvent::Judged {
            at: self.now,
            by: actor.username.clone(),
            verdict,
            remark: remark.to_owned(),
        };
        // 督办后答复内容涉及推诿、不作为.
        let evasive = verdict == Verdict::Evasive && case.level() >= Level::Supervise;
        let proposed = evasive.then(|| {
            let reason = format!("{}反馈被认定为推诿、不作为: {remark}", case.level().name());
            self.proposal(case, Trigger::StillInactive, reason)
        });
        Ok(std::iter::once(judged).chain(proposed.flatten()).collect())
    }

    fn convene(
        &self,
        case: &Case,
        attendees: &[UnitCode],
        minutes: &str,
        lead: Option<&UnitCode>,
    ) -> Result<Vec<CaseEvent>, Refusal> {
        let actor = self.supervisor()?;
        if case.level() != Level::Coordinate {
            return Err(Refusal::NotCoordinating);
        }
        if attendees.is_empty() || attendees.len() > ATTENDEES_MAX {
            return Err(Refusal::BadAttendees { max: ATTENDEES_MAX });
        }
        for unit in attendees.iter().chain(lead) {
            written("单位代码", &unit.0, LINE, "26")?;
        }
        written("会议纪要", minutes, PROSE, "26")?;
        let convened = CaseEvent::Convened {
            at: self.now,
            by: actor.username.clone(),
            attendees: attendees.to_vec(),
            minutes: minutes.to_owned(),
            lead: lead.cloned(),
        };
        let failed = case.failed_meetings() + usize::from(lead.is_none());
        let proposed = (lead.is_none() && failed >= self.policy.failed_meetings).then(|| {
            let reason = format!("专题协调会议已召开{failed}次, 仍未明确牵头办理责任部门");
            self.proposal(case, Trigger::CoordinationFailed, reason)
        });
        Ok(std::iter::once(convened)
            .chain(proposed.flatten())
            .collect())
    }

    /// The dispatcher's own right decides at the ticket; here only that somebody was appointed.
    fn rebind(&self, case: &Case, co_handlers: &[UnitCode]) -> Result<Vec<CaseEvent>, Refusal> {
        let By::Person(actor) = self.by else {
            return Err(NOT_THE_SERVERS);
        };
        let meeting = case.meetings.last().ok_or(Refusal::NoLeadAppointed)?;
        let lead = meeting.lead.as_ref().ok_or(Refusal::NoLeadAppointed)?;
        if meeting.rebound_at.is_some() {
            return Err(Refusal::AlreadyRebound);
        }
        Ok(vec![CaseEvent::Rebound {
            at: self.now,
            by: actor.username.clone(),
            lead: lead.clone(),
            co_handlers: co_handlers.to_vec(),
        }])
    }

    fn confirm(
        &self,
        case: &Case,
        proposal: usize,
        kind: MeasureKind,
        addressee: &str,
        text: &str,
    ) -> Result<Vec<CaseEvent>, Refusal> {
        let actor = self.supervisor()?;
        open_proposal(case, proposal)?;
        written("送达对象", addressee, LINE, "26")?;
        written("文书内容", text, PROSE, "26")?;
        let by = &actor.username;
        let confirmed = CaseEvent::Confirmed {
            at: self.now,
            by: by.clone(),
            proposal,
            kind,
            notice: self.next_notice,
            addressee: addressee.to_owned(),
            text: text.to_owned(),
        };
        let stepped = if case.level() < Level::Account {
            let reason = case.proposals[proposal].trigger.name().to_owned();
            let days = self.policy.days(Level::Account);
            Some(self.stepped(Some(by.clone()), Level::Account, reason, days)?)
        } else {
            None
        };
        Ok(std::iter::once(confirmed).chain(stepped).collect())
    }

    fn close(
        &self,
        case: &Case,
        outcome: Outcome,
        evidence: &str,
        finding: Option<&str>,
    ) -> Result<Vec<CaseEvent>, Refusal> {
        let actor = self.owner(case)?;
        written("办结佐证", evidence, PROSE, "24")?;
        let level = case.level();
        // 经研判有能力办或创造条件可以办而不办 is what supervision is about: whether it was so is written down.
        match finding {
            Some(finding) => written("研判结论", finding, PROSE, "26")?,
            None if level >= Level::Recheck => {
                return Err(Refusal::Missing {
                    field: "研判结论",
                    article: "26",
                });
            }
            None => {}
        }
        if case.open_proposals().next().is_some() {
            return Err(Refusal::ProposalOpen);
        }
        match (outcome, level) {
            (Outcome::Unfounded, Level::Recheck)
            | (Outcome::Resolved | Outcome::ToAccountability, Level::Track | Level::Account)
            | (Outcome::ToAccountability, Level::Urge | Level::Recheck | Level::Supervise) => {}
            (Outcome::Unfounded, _) => return Err(Refusal::OnlyARecheckIsUnfounded),
            (Outcome::Resolved, Level::Urge | Level::Recheck | Level::Supervise) => {
                if !case.rung().is_answered() {
                    return Err(Refusal::NoAcceptedAnswer);
                }
            }
            (Outcome::Resolved | Outcome::ToAccountability, Level::Coordinate) => {
                if case.meetings.last().is_none_or(|m| m.rebound_at.is_none()) {
                    return Err(Refusal::NotRebound);
                }
            }
        }
        Ok(vec![CaseEvent::Closed {
            at: self.now,
            by: Some(actor.username.clone()),
            outcome,
            evidence: evidence.to_owned(),
            finding: finding.map(str::to_owned),
        }])
    }

    /// What silence leads to: from tracking to urging, from urging to supervision, from supervision to a proposal.
    fn sweep(&self, case: &Case, ticket_done: bool) -> Result<Vec<CaseEvent>, Refusal> {
        if !matches!(self.by, By::Server) {
            return Err(NOT_A_PERSONS);
        }
        if case.wake_at().is_none_or(|at| self.now < at) {
            return Err(Refusal::NothingDue);
        }
        if ticket_done && case.level() <= Level::Urge {
            return Ok(vec![CaseEvent::Closed {
                at: self.now,
                by: None,
                outcome: Outcome::Resolved,
                evidence: "工单已办结".to_owned(),
                finding: None,
            }]);
        }
        let lapsed = CaseEvent::Lapsed {
            due: case.rung().due,
        };
        let next = match case.level() {
            Level::Track => Some((Level::Urge, "跟踪期满, 事项仍未办结")),
            Level::Urge => Some((Level::Supervise, "催办期满, 承办单位未反馈")),
            Level::Recheck | Level::Supervise | Level::Coordinate | Level::Account => None,
        };
        let follows = match next {
            Some((level, reason)) => {
                let days = self.policy.days(level);
                Some(self.stepped(None, level, reason.to_owned(), days)?)
            }
            None if case.level() == Level::Supervise => {
                let reason = "督办反馈时限届满, 承办单位未作出合格反馈".to_owned();
                self.proposal(case, Trigger::StillInactive, reason)
            }
            None => None,
        };
        Ok(std::iter::once(lapsed).chain(follows).collect())
    }

    fn stepped(
        &self,
        by: Option<Username>,
        level: Level,
        reason: String,
        days: u32,
    ) -> Result<CaseEvent, NoDeadline> {
        Ok(CaseEvent::Stepped {
            at: self.now,
            by,
            level,
            reason,
            notice: self.notice(level),
            due: self.due(days)?,
        })
    }

    /// By rule, unless the same is proposed already.
    fn proposal(&self, case: &Case, trigger: Trigger, reason: String) -> Option<CaseEvent> {
        let open = case.open_proposals().any(|open| open.trigger == trigger);
        (!open).then(|| self.proposed(None, trigger, reason))
    }

    const fn proposed(&self, by: Option<Username>, trigger: Trigger, reason: String) -> CaseEvent {
        CaseEvent::Proposed {
            at: self.now,
            by,
            trigger,
            reason,
        }
    }

    fn notice(&self, level: Level) -> Option<u64> {
        level.form().map(|_| self.next_notice)
    }

    fn due(&self, days: u32) -> Result<Timestamp, NoDeadline> {
        self.rules.due(self.now, days)
    }

    fn overseer(&self, roles: &[Role]) -> Result<&Actor, Refusal> {
        match self.by {
            By::Person(actor) if roles.contains(&actor.role) => Ok(actor),
            By::Person(_) | By::Server => Err(Refusal::NotYours {
                need: "应由督办人员进行",
                article: "24",
            }),
        }
    }

    fn supervisor(&self) -> Result<&Actor, Refusal> {
        self.overseer(&[Role::Supervisor])
    }

    /// A supervisor, or the team lead whose case it is.
    fn owner(&self, case: &Case) -> Result<&Actor, Refusal> {
        let actor = self.overseer(&[Role::Supervisor, Role::TeamLead])?;
        let own = case.owner.as_ref() == Some(&actor.username);
        if actor.role == Role::TeamLead && !own {
            return Err(Refusal::NotYours {
                need: "应由本事项的督办人进行",
                article: "24",
            });
        }
        Ok(actor)
    }

    fn unit_member(&self, case: &Case) -> Result<&Actor, Refusal> {
        match self.by {
            By::Person(actor)
                if matches!(actor.role, Role::UnitHandler | Role::UnitHead)
                    && actor.unit == case.unit =>
            {
                Ok(actor)
            }
            By::Person(_) | By::Server => Err(Refusal::NotYours {
                need: "应由被督办单位进行",
                article: "24",
            }),
        }
    }
}

const NOT_A_PERSONS: Refusal = Refusal::NotYours {
    need: "该操作由系统自动执行",
    article: "24",
};
const NOT_THE_SERVERS: Refusal = Refusal::NotYours {
    need: "该操作应由人员进行",
    article: "24",
};

/// A team lead tracks and urges; all above is the supervisor's.
fn may_step(actor: &Actor, level: Level) -> Result<(), Refusal> {
    match (actor.role, level) {
        (Role::Supervisor, _) | (Role::TeamLead, Level::Track | Level::Urge) => Ok(()),
        _ => Err(Refusal::NotYours {
            need: "应由督办人员进行",
            article: "24",
        }),
    }
}

fn open_proposal(case: &Case, at: usize) -> Result<(), Refusal> {
    match case.proposals.get(at) {
        Some(proposal) if proposal.settled.is_none() => Ok(()),
        Some(_) | None => Err(Refusal::NoSuchProposal),
    }
}

/// A text a person must have written, not longer than can be read.
pub(in crate::domain) fn written(
    field: &'static str,
    text: &str,
    max: usize,
    article: Article,
) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Missing { field, article });
    }
    if text.chars().count() > max {
        return Err(Refusal::TooLong { field, max });
    }
    Ok(())
}
