//! 答复认定: article 11(4).

use super::{PROSE, Wish, optional, written, wrong};
use crate::domain::staff::Role;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{FollowUpResult, Missed, ReviewOutcome, Stage, Ticket};

impl Wish<'_> {
    /// A reply that passes closes the ticket at once: 办结 follows from it and leaves nobody anything to decide,
    /// and the citizen is asked in the same breath.
    pub(super) fn review(
        &self,
        ticket: &Ticket,
        outcome: ReviewOutcome,
        remark: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(&[Role::Reviewer], "11(4)")?;
        let Stage::Replied { work, .. } = &ticket.stage else {
            return Err(wrong(ticket));
        };
        if ticket.handled_by(&actor.username) {
            return Err(Refusal::ReviewerHandled);
        }
        if outcome.passed() {
            // What was asked for gets its answer: a closed ticket has nobody left to give one.
            if work.extension.is_some() || work.kind_change.is_some() {
                return Err(Refusal::AwaitingDecision);
            }
            optional("审核意见", (!remark.is_empty()).then_some(remark), PROSE)?;
        } else {
            written("审核意见", remark, PROSE, "11(4)")?;
        }
        let at = self.now;
        let reviewed = Event::Reviewed {
            at,
            by: actor.username.clone(),
            outcome,
            remark: remark.to_owned(),
        };
        if !outcome.passed() {
            return Ok(vec![reviewed]);
        }
        let ask = match ticket.phone() {
            Some(phone) => Event::SurveyRequested {
                at,
                phone: phone.clone(),
            },
            None => Event::FollowUpEnded {
                result: FollowUpResult::NotReached {
                    why: Missed::NoPhone,
                },
            },
        };
        Ok(vec![reviewed, Event::Closed { at }, ask])
    }
}

impl ReviewOutcome {
    /// The outcome for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "通过",
            Self::NotNormative => "不规范",
            Self::NotSpecific => "不具体",
            Self::NotComplete => "不完整",
        }
    }

    /// Is the reply good enough to close on?
    pub const fn passed(self) -> bool {
        match self {
            Self::Passed => true,
            Self::NotNormative | Self::NotSpecific | Self::NotComplete => false,
        }
    }
}
