//! 办结回访: article 11(5), and the ends of a ticket.

use super::{LEADS, NOT_ASSIGNED, PROSE, Wish, written, wrong};
use crate::domain::calendar::Limit;
use crate::domain::id::{RecordingId, RevisitId, Username};
use crate::domain::staff::{Actor, By, Role};
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::{Refusal, server_only};
use crate::domain::ticket::state::{
    FollowUp, FollowUpResult, Missed, Rating, RevisitOutcome, Round, Stage, Survey, SurveyFailure,
    Ticket,
};

impl Wish<'_> {
    pub(super) fn survey_answered(
        &self,
        ticket: &Ticket,
        rating: Rating,
    ) -> Result<Vec<Event>, Refusal> {
        server_only(self.by)?;
        self.survey_brought(ticket, rating, None)
    }

    /// What a citizen wrote beside a rating is read by a person who had no part in the matter.
    pub(super) fn read_survey(
        &self,
        ticket: &Ticket,
        rating: Rating,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(&[Role::Revisitor, Role::TeamLead], "11(5)")?;
        if ticket.handled_by(&actor.username) || ticket.reviewed_by(&actor.username) {
            return Err(Refusal::RevisitorInvolved);
        }
        self.survey_brought(ticket, rating, Some(actor.username.clone()))
    }

    fn survey_brought(
        &self,
        ticket: &Ticket,
        rating: Rating,
        read_by: Option<Username>,
    ) -> Result<Vec<Event>, Refusal> {
        survey_open(ticket)?;
        let at = self.now;
        let next = if rating.is_satisfied() {
            Event::FollowUpEnded {
                result: FollowUpResult::Satisfied { rating },
            }
        } else {
            self.plan_revisit(ticket, Round::First)?
        };
        let answered = Event::SurveyAnswered {
            at,
            rating,
            read_by,
        };
        Ok(vec![answered, next])
    }

    pub(super) fn survey_failed(
        &self,
        ticket: &Ticket,
        why: SurveyFailure,
    ) -> Result<Vec<Event>, Refusal> {
        server_only(self.by)?;
        let survey = survey_open(ticket)?;
        let sent = 1 + survey.resent.len();
        let may_resend = sent < self.limits(ticket).survey_sends as usize;
        let missed = match why {
            SurveyFailure::Undelivered | SurveyFailure::Silent if may_resend => {
                return Ok(vec![Event::SurveyResent {
                    at: self.now,
                    phone: survey.phone.clone(),
                    why,
                }]);
            }
            SurveyFailure::Undelivered => Missed::Undelivered,
            SurveyFailure::WrongNumber => Missed::WrongNumber,
            SurveyFailure::Silent => Missed::Silent,
        };
        Ok(vec![
            Event::SurveyFailed { at: self.now, why },
            Event::FollowUpEnded {
                result: FollowUpResult::NotReached { why: missed },
            },
        ])
    }

    pub(super) fn plan_revisit(&self, ticket: &Ticket, round: Round) -> Result<Event, Refusal> {
        let days = Limit::WorkingDays(self.limits(ticket).revisit_days);
        Ok(Event::RevisitPlanned {
            round,
            revisit: self.starting_now(ticket, &ticket.desk, days)?,
        })
    }

    pub(super) fn revisit_recorded(
        &self,
        ticket: &Ticket,
        revisit: RevisitId,
        outcome: RevisitOutcome,
        rating: Option<Rating>,
        solved: Option<bool>,
        recording: Option<RecordingId>,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, round) = self.revisiting(ticket)?;
        let rating = outcome.rating(rating)?;
        outcome.solved(solved)?;
        if rating.is_some() && recording.is_none() {
            return Err(Refusal::RevisitWithoutRecording);
        }
        let revisited = Event::Revisited {
            at: self.now,
            by: actor.username.clone(),
            revisit,
            round,
            outcome,
            rating,
            solved,
            recording,
        };
        Ok(vec![
            revisited,
            self.after_revisit(ticket, round, outcome, rating)?,
        ])
    }

    /// Who revisits, and which round it is: somebody who neither handled nor reviewed the ticket.
    fn revisiting(&self, ticket: &Ticket) -> Result<(&Actor, Round), Refusal> {
        let actor = self.desk_person(&[Role::Revisitor], "11(5)")?;
        if ticket.handled_by(&actor.username) || ticket.reviewed_by(&actor.username) {
            return Err(Refusal::RevisitorInvolved);
        }
        let Stage::Closed {
            follow_up: FollowUp::Revisiting { round, .. },
            ..
        } = ticket.stage
        else {
            return Err(Refusal::NoOpenRevisit);
        };
        Ok((actor, round))
    }

    fn after_revisit(
        &self,
        ticket: &Ticket,
        round: Round,
        outcome: RevisitOutcome,
        rating: Option<Rating>,
    ) -> Result<Event, Refusal> {
        let missed = |why| Event::FollowUpEnded {
            result: FollowUpResult::NotReached { why },
        };
        Ok(match (outcome, rating) {
            (RevisitOutcome::NoAnswer, _) => missed(Missed::NoAnswer),
            (RevisitOutcome::WrongNumber, _) => missed(Missed::WrongNumber),
            (RevisitOutcome::Refused, _) => missed(Missed::Refused),
            (RevisitOutcome::Satisfied, rating) => Event::FollowUpEnded {
                result: FollowUpResult::Satisfied {
                    rating: rating.expect("a satisfied citizen has a rating"),
                },
            },
            (RevisitOutcome::Dissatisfied, rating) => match round {
                Round::First => Event::RectificationOrdered {
                    unit: ticket.responsible().clone(),
                    rectify: self.starting_now(
                        ticket,
                        ticket.responsible(),
                        Limit::WorkingDays(self.limits(ticket).rectify_days),
                    )?,
                },
                Round::Second => Event::FollowUpEnded {
                    result: FollowUpResult::Unsatisfied {
                        rating: rating.expect("a dissatisfied citizen has a rating"),
                        finding: ticket
                            .rectifications
                            .last()
                            .expect("the second revisit follows a rectification")
                            .finding
                            .clone(),
                    },
                },
            },
        })
    }

    pub(super) fn rectify(
        &self,
        ticket: &Ticket,
        finding: &str,
        measures: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.unit_person()?;
        if !is_rectifying(ticket) {
            return Err(Refusal::NothingToRectify);
        }
        super::not_a_partners(ticket)?;
        if !ticket.is_answered_by(&actor.unit) {
            return Err(NOT_ASSIGNED);
        }
        written("核实情况", finding, PROSE, "11(5)")?;
        written("整改措施", measures, PROSE, "11(5)")?;
        let rectified = Event::Rectified {
            at: self.now,
            by: actor.username.clone(),
            unit: ticket.responsible().clone(),
            finding: finding.to_owned(),
            measures: measures.to_owned(),
        };
        Ok(vec![rectified, self.plan_revisit(ticket, Round::Second)?])
    }

    pub(super) fn archive(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        match self.by {
            By::Server => {}
            By::Person(_) => {
                self.desk_person(LEADS, "12")?;
            }
        }
        let Stage::Closed { follow_up, .. } = &ticket.stage else {
            return Err(wrong(ticket));
        };
        if ticket.open_opinion().is_some() {
            return Err(Refusal::OpinionAskedFor);
        }
        match follow_up {
            FollowUp::Ended { .. } => Ok(vec![Event::Archived { at: self.now }]),
            FollowUp::Surveying | FollowUp::Revisiting { .. } | FollowUp::Rectifying { .. } => {
                Err(Refusal::FollowUpOpen)
            }
        }
    }

    pub(super) fn reopen(&self, ticket: &Ticket, reason: &str) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(
            &[
                Role::Agent,
                Role::TeamLead,
                Role::Supervisor,
                Role::Revisitor,
            ],
            "6",
        )?;
        let Stage::Closed { .. } = ticket.stage else {
            return Err(wrong(ticket));
        };
        written("重办理由", reason, PROSE, "11(5)")?;
        Ok(vec![Event::Reopened {
            at: self.now,
            by: actor.username.clone(),
            reason: reason.to_owned(),
        }])
    }
}

/// Does the citizen wait for what was wrong to be put right?
pub(super) const fn is_rectifying(ticket: &Ticket) -> bool {
    matches!(
        ticket.stage,
        Stage::Closed {
            follow_up: FollowUp::Rectifying { .. },
            ..
        }
    )
}

/// The survey that waits for its answer.
fn survey_open(ticket: &Ticket) -> Result<&Survey, Refusal> {
    match ticket.stage {
        Stage::Closed {
            follow_up: FollowUp::Surveying,
            ..
        } => ticket.surveys.last().ok_or(Refusal::NoOpenSurvey),
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(Refusal::NoOpenSurvey),
    }
}

impl RevisitOutcome {
    /// Whether it was solved can be said by a citizen who was reached, and by nobody else.
    pub(in crate::domain) fn solved(self, solved: Option<bool>) -> Result<(), Refusal> {
        match self {
            Self::Satisfied | Self::Dissatisfied => Ok(()),
            Self::NoAnswer | Self::WrongNumber | Self::Refused if solved.is_none() => Ok(()),
            Self::NoAnswer | Self::WrongNumber | Self::Refused => Err(Refusal::RatingContradicts),
        }
    }

    /// The citizen's rating. What a revisitor wrote must agree with itself: who was not reached has none, and
    /// 不满意 is not a good one.
    pub(in crate::domain) fn rating(
        self,
        given: Option<Rating>,
    ) -> Result<Option<Rating>, Refusal> {
        let default = match self {
            Self::Satisfied => Some(Rating::Satisfied),
            Self::Dissatisfied => Some(Rating::Dissatisfied),
            Self::NoAnswer | Self::WrongNumber | Self::Refused => None,
        };
        match (default, given) {
            (_, None) => Ok(default),
            (Some(default), Some(given)) if given.is_satisfied() == default.is_satisfied() => {
                Ok(Some(given))
            }
            (_, Some(_)) => Err(Refusal::RatingContradicts),
        }
    }
}
