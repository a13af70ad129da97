//! Wishes into facts, or the reason why not. One function a command; each phase of a
//! ticket's life has a file of its own.

mod acceptance;
mod attach;
mod dispatch;
mod kind;
mod opinion;
mod passed;
mod recount;
mod requests;
mod review;
mod revisit;
mod sweep;
mod work;

use super::command::Command;
use super::deadline::Deadline;
use super::event::Event;
use super::intake;
use super::refusal::{Article, Refusal, server_only};
use super::rules::{Limits, RuleSet, Rules};
use super::state::{Assignment, Demand, Stage, Ticket, Work};
use crate::domain::calendar::Limit;
use crate::domain::id::{UnitCode, Username};
use crate::domain::staff::{Actor, By, Role};
use crate::domain::time::Timestamp;

pub(in crate::domain) use acceptance::check as check_demand;
pub(in crate::domain::ticket) use passed::{partner_answered, to_ourselves};

/// Longest texts, in characters.
const LINE: usize = 200;
pub(in crate::domain) const PROSE: usize = 10_000;
const CO_HANDLERS_MAX: usize = 20;

/// What `command` leads to, wished at `now` by `by` on `ticket` (`None`: there is none yet).
/// The events are to be stored together or not at all.
pub fn decide(
    now: Timestamp,
    ticket: Option<&Ticket>,
    command: &Command,
    by: By<'_>,
    rules: &Rules,
) -> Result<Vec<Event>, Refusal> {
    let wish = Wish { now, by, rules };
    match (ticket, command) {
        (
            None,
            Command::Open {
                source,
                contact,
                call,
                caller,
            },
        ) => {
            server_only(by)?;
            Ok(vec![Event::Opened {
                at: now,
                source: *source,
                contact: *contact,
                call: *call,
                caller: caller.clone(),
                desk: rules.desk.clone(),
            }])
        }
        (
            None,
            Command::Register {
                title,
                content,
                kind,
                petitioner,
                address,
                category,
                fields,
            },
        ) => wish.register_by_hand(Demand {
            title: title.clone(),
            content: content.clone(),
            kind: *kind,
            petitioner: petitioner.clone(),
            address: address.clone(),
            category: category.clone(),
            fields: fields.clone(),
        }),
        (None, Command::Intake(command)) => intake::decide(now, None, command, by, rules),
        (None, _) => Err(Refusal::NoSuchTicket),
        (Some(ticket), command) => wish.on(ticket, command),
    }
}

/// Who wishes, when, and under which rules.
struct Wish<'a> {
    now: Timestamp,
    by: By<'a>,
    rules: &'a Rules,
}

impl Wish<'_> {
    fn on(&self, ticket: &Ticket, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Open { .. } => Err(wrong(ticket)),
            Command::Register {
                title,
                content,
                kind,
                petitioner,
                address,
                category,
                fields,
            } => self.register(
                ticket,
                Demand {
                    title: title.clone(),
                    content: content.clone(),
                    kind: *kind,
                    petitioner: petitioner.clone(),
                    address: address.clone(),
                    category: category.clone(),
                    fields: fields.clone(),
                },
            ),
            Command::AnswerOnCall { answer, knowledge } => {
                self.answer_on_call(ticket, answer, knowledge.as_deref())
            }
            Command::NoteThreeWay {
                specialist,
                unit,
                call,
                recording,
                result,
            } => {
                self.note_three_way(ticket, specialist, result.as_deref())?;
                Ok(vec![Event::ThreeWayNoted {
                    at: self.now,
                    specialist: specialist.clone(),
                    unit: unit.clone(),
                    call: *call,
                    recording: *recording,
                    result: result.clone(),
                }])
            }
            Command::Dispatch {
                lead,
                co_handlers,
                basis,
                urgent,
            } => self.dispatch(ticket, lead, co_handlers, basis.as_deref(), *urgent),
            Command::Acknowledge => self.acknowledge(ticket),
            Command::HandDown { unit } => self.hand_down(ticket, unit),
            Command::RecordContact {
                call,
                recording,
                sms,
                summary,
            } => self.record_contact(ticket, *call, *recording, *sms, summary),
            Command::Reply {
                text,
                no_contact_reason,
            } => self.reply(ticket, text, no_contact_reason.as_deref()),
            Command::Review { outcome, remark } => self.review(ticket, *outcome, remark),
            Command::SendBack { basis, suggestion } => self.send_back(ticket, basis, suggestion),
            Command::DecideSendBack { granted, reason } => {
                self.decide_send_back(ticket, *granted, reason)
            }
            Command::Extend {
                working_days,
                reason,
                told_petitioner,
            } => self.extend(ticket, *working_days, reason, told_petitioner),
            Command::DecideExtension { granted, reason } => {
                self.decide_extension(ticket, *granted, reason)
            }
            Command::ChangeKind { kind, reason } => self.change_kind(ticket, *kind, reason),
            Command::DecideKind { granted, reason } => self.decide_kind(ticket, *granted, reason),
            Command::Attach { id, file } => self.attach(ticket, *id, file),
            Command::Void { reason } => self.void(ticket, reason),
            Command::Archive => self.archive(ticket),
            Command::Reopen { reason } => self.reopen(ticket, reason),
            Command::SurveyAnswered { rating } => self.survey_answered(ticket, *rating),
            Command::ReadSurvey { rating } => self.read_survey(ticket, *rating),
            Command::SurveyFailed { why } => self.survey_failed(ticket, *why),
            Command::RevisitRecorded {
                revisit,
                outcome,
                rating,
                solved,
                recording,
            } => self.revisit_recorded(ticket, *revisit, *outcome, *rating, *solved, *recording),
            Command::Rectify { finding, measures } => self.rectify(ticket, finding, measures),
            Command::RequestWrittenOpinion => self.request_written_opinion(ticket),
            Command::IssueWrittenOpinion { text } => self.issue_written_opinion(ticket, text),
            Command::Sweep => self.sweep(ticket),
            Command::Recount => self.recount(ticket),
            Command::Intake(command) => {
                intake::decide(self.now, Some(ticket), command, self.by, self.rules)
            }
        }
    }

    /// The rule set this ticket keeps.
    fn set(&self, ticket: &Ticket) -> &RuleSet {
        self.rules.of(self.now, ticket)
    }

    fn limits(&self, ticket: &Ticket) -> &Limits {
        &self.set(ticket).limits
    }

    /// `limit` from now on the calendar of `unit`.
    fn starting_now(
        &self,
        ticket: &Ticket,
        unit: &UnitCode,
        limit: Limit,
    ) -> Result<Deadline, Refusal> {
        let convention = self.limits(ticket).convention;
        Ok(self.rules.deadline(unit, self.now, limit, convention)?)
    }

    // Who may.

    fn desk_person(&self, roles: &[Role], article: Article) -> Result<&Actor, Refusal> {
        match self.by {
            By::Person(actor) if roles.contains(&actor.role) => Ok(actor),
            By::Person(_) | By::Server => Err(Refusal::NotYours {
                need: "您的岗位不包含此职责",
                article,
            }),
        }
    }

    fn unit_person(&self) -> Result<&Actor, Refusal> {
        match self.by {
            By::Person(actor) if matches!(actor.role, Role::UnitHandler | Role::UnitHead) => {
                Ok(actor)
            }
            By::Person(_) | By::Server => Err(NOT_ASSIGNED),
        }
    }

    /// A person of an assigned unit, or of a unit below that has it from there (article 7); the work, and that unit's part
    /// in it.
    fn assigned<'t>(
        &self,
        ticket: &'t Ticket,
    ) -> Result<(&Actor, &'t Work, &'t Assignment), Refusal> {
        let actor = self.unit_person()?;
        let work = with_units(ticket)?;
        not_a_partners(ticket)?;
        let assignment = work.part_of(&actor.unit).ok_or(NOT_ASSIGNED)?;
        Ok((actor, work, assignment))
    }

    /// A person of the lead unit.
    fn lead<'t>(&self, ticket: &'t Ticket) -> Result<(&Actor, &'t Work), Refusal> {
        let (actor, work, assignment) = self.assigned(ticket)?;
        if assignment.unit != work.lead.unit {
            return Err(Refusal::NotYours {
                need: "应由牵头单位提出",
                article: "11(4)",
            });
        }
        Ok((actor, work))
    }

    fn person_name(&self) -> Option<Username> {
        match self.by {
            By::Person(actor) => Some(actor.username.clone()),
            By::Server => None,
        }
    }
}

const REGISTRARS: &[Role] = &[Role::Agent, Role::TeamLead, Role::Supervisor];
const DECIDERS: &[Role] = &[Role::Reviewer, Role::TeamLead, Role::Supervisor];
/// Who decides whose duty a demand is when units do not agree (article 26).
const COORDINATORS: &[Role] = &[Role::Supervisor];
const LEADS: &[Role] = &[Role::TeamLead, Role::Supervisor];

const NOT_ASSIGNED: Refusal = Refusal::NotYours {
    need: "仅限承办单位办理",
    article: "7",
};

/// What another platform works on is answered by that platform and followed by the desk: no unit has a part in it.
fn not_a_partners(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.intake.partner() {
        Some(_) => Err(NOT_ASSIGNED),
        None => Ok(()),
    }
}

fn wrong(ticket: &Ticket) -> Refusal {
    Refusal::WrongStage {
        stage: ticket.stage.name(),
    }
}

/// The work of a ticket that is with its units now.
fn with_units(ticket: &Ticket) -> Result<&Work, Refusal> {
    match &ticket.stage {
        Stage::Dispatched { work } | Stage::Handling { work } | Stage::Replied { work, .. } => {
            Ok(work)
        }
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}

/// A text that must say something.
pub(in crate::domain) fn written(
    field: &'static str,
    text: &str,
    max: usize,
    article: Article,
) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Missing { field, article });
    }
    short(field, text, max)
}

/// A text that may be left out, but not given empty.
fn optional(field: &'static str, text: Option<&str>, max: usize) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| written(field, text, max, "11"))
}

fn short(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().nth(max).is_some() {
        return Err(Refusal::TooLong { field, max });
    }
    Ok(())
}
