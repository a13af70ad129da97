//! Facts into state. Decides nothing.

use super::case::{
    Answer, Case, Cause, Closing, Judgement, Level, Measure, Meeting, Proposal, Receipt, Rung,
    Settled,
};
use super::event::CaseEvent;
use crate::domain::id::Username;
use crate::domain::time::Timestamp;

/// The case after `event`.
pub fn apply(case: Option<Case>, event: &CaseEvent) -> Case {
    let Some(mut case) = case else {
        let CaseEvent::Opened {
            at,
            ticket,
            number,
            unit,
            owner,
            rule,
            reason,
            level,
            notice,
            due,
        } = event.clone()
        else {
            panic!("the first event of a case is Opened");
        };
        return Case {
            ticket,
            number,
            unit,
            opened_at: at,
            rungs: vec![rung(level, at, owner.clone(), reason.clone(), notice, due)],
            owner,
            cause: Cause { rule, reason },
            meetings: Vec::new(),
            proposals: Vec::new(),
            measures: Vec::new(),
            closed: None,
        };
    };
    match event.clone() {
        CaseEvent::Opened { .. } => panic!("a case is opened once"),
        CaseEvent::Stepped {
            at,
            by,
            level,
            reason,
            notice,
            due,
        } => {
            case.rungs.push(rung(level, at, by, reason, notice, due));
        }
        CaseEvent::Assigned { owner, .. } => case.owner = Some(owner),
        CaseEvent::Received { at, by } => case.rung_mut().received = Some(Receipt { at, by }),
        CaseEvent::Answered { at, by, text } => case.rung_mut().answers.push(Answer {
            at,
            by,
            text,
            judged: None,
        }),
        CaseEvent::Judged {
            at,
            by,
            verdict,
            remark,
        } => {
            let answer = case
                .rung_mut()
                .answers
                .last_mut()
                .expect("an answer is judged");
            answer.judged = Some(Judgement {
                at,
                by,
                verdict,
                remark,
            });
        }
        CaseEvent::Lapsed { .. } => case.rung_mut().lapsed = true,
        CaseEvent::Convened {
            at,
            by,
            attendees,
            minutes,
            lead,
        } => case.meetings.push(Meeting {
            at,
            by,
            attendees,
            minutes,
            lead,
            rebound_at: None,
        }),
        CaseEvent::Rebound { at, lead, .. } => {
            let meeting = case
                .meetings
                .last_mut()
                .expect("a lead is appointed by a meeting");
            meeting.rebound_at = Some(at);
            case.unit = lead;
        }
        CaseEvent::Proposed {
            at,
            by,
            trigger,
            reason,
        } => case.proposals.push(Proposal {
            at,
            by,
            trigger,
            reason,
            settled: None,
        }),
        CaseEvent::Confirmed {
            at,
            by,
            proposal,
            kind,
            notice,
            addressee,
            text,
        } => {
            settle(&mut case, proposal, at, &by, true, "");
            case.measures.push(Measure {
                at,
                by,
                kind,
                notice,
                addressee,
                text,
                proposal,
            });
        }
        CaseEvent::Dismissed {
            at,
            by,
            proposal,
            reason,
        } => settle(&mut case, proposal, at, &by, false, &reason),
        CaseEvent::Closed {
            at,
            by,
            outcome,
            evidence,
            finding,
        } => {
            case.closed = Some(Closing {
                at,
                by,
                outcome,
                evidence,
                finding,
            });
        }
    }
    case
}

const fn rung(
    level: Level,
    at: Timestamp,
    by: Option<Username>,
    reason: String,
    notice: Option<u64>,
    due: Timestamp,
) -> Rung {
    Rung {
        level,
        at,
        by,
        reason,
        notice,
        due,
        lapsed: false,
        received: None,
        answers: Vec::new(),
    }
}

fn settle(
    case: &mut Case,
    proposal: usize,
    at: Timestamp,
    by: &Username,
    confirmed: bool,
    reason: &str,
) {
    let proposal = case
        .proposals
        .get_mut(proposal)
        .expect("only what was proposed is settled");
    proposal.settled = Some(Settled {
        at,
        by: by.clone(),
        confirmed,
        reason: reason.to_owned(),
    });
}
