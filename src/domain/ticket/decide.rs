//! Wishes into facts, or the reason why not. One function a command, in the order of a ticket's life.

use super::command::{Command, Told};
use super::event::Event;
use super::refusal::{Article, Refusal, server_only};
use super::rules::Rules;
use super::state::{
    Assignment, Demand, FollowUp, FollowUpResult, Missed, Petitioner, Rating, ReviewOutcome,
    RevisitOutcome, Round, Source, Stage, SurveyFailure, Ticket, Work,
};
use crate::domain::id::{UnitCode, Username};
use crate::domain::staff::{Actor, By, Role};
use crate::domain::time::Timestamp;

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
            },
        ) => wish.register_by_hand(Demand {
            title: title.clone(),
            content: content.clone(),
            kind: *kind,
            petitioner: petitioner.clone(),
            address: address.clone(),
            category: category.clone(),
        }),
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
            } => self.register(
                ticket,
                Demand {
                    title: title.clone(),
                    content: content.clone(),
                    kind: *kind,
                    petitioner: petitioner.clone(),
                    address: address.clone(),
                    category: category.clone(),
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
            } => self.dispatch(ticket, lead, co_handlers, basis.as_deref()),
            Command::Acknowledge => self.acknowledge(ticket),
            Command::RecordContact {
                call,
                recording,
                sms,
                summary,
            } => {
                let unit = self.contacting_unit(ticket)?;
                if call.is_none() && recording.is_none() && sms.is_none() {
                    return Err(Refusal::ContactWithoutLink);
                }
                written("沟通内容", summary, PROSE, "11(3)")?;
                Ok(vec![Event::ContactRecorded {
                    at: self.now,
                    by: self.person_name(),
                    unit,
                    call: *call,
                    recording: *recording,
                    sms: *sms,
                    summary: summary.clone(),
                }])
            }
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
            Command::Void { reason } => self.void(ticket, reason),
            Command::Archive => self.archive(ticket),
            Command::Reopen { reason } => self.reopen(ticket, reason),
            Command::SurveyAnswered { rating } => self.survey_answered(ticket, *rating),
            Command::SurveyFailed { why } => self.survey_failed(ticket, *why),
            Command::RevisitRecorded {
                revisit,
                outcome,
                rating,
                recording,
            } => {
                let (actor, round) = self.revisiting(ticket)?;
                let rating = outcome.rating(*rating)?;
                if rating.is_some() && recording.is_none() {
                    return Err(Refusal::RevisitWithoutRecording);
                }
                let revisited = Event::Revisited {
                    at: self.now,
                    by: actor.username.clone(),
                    revisit: *revisit,
                    round,
                    outcome: *outcome,
                    rating,
                    recording: *recording,
                };
                Ok(vec![
                    revisited,
                    self.after_revisit(ticket, round, *outcome, rating)?,
                ])
            }
            Command::Rectify { finding, measures } => self.rectify(ticket, finding, measures),
            Command::Sweep => self.sweep(ticket),
        }
    }

    // 统一受理, 分类处置: articles 11(1) and 11(2).

    fn register_by_hand(&self, demand: Demand) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        check(&demand)?;
        Ok(vec![
            Event::Opened {
                at: self.now,
                source: Source::Desk,
                contact: None,
                call: None,
                caller: None,
                desk: self.rules.desk.clone(),
            },
            Event::Registered {
                at: self.now,
                by: actor.username.clone(),
                demand,
            },
        ])
    }

    fn register(&self, ticket: &Ticket, mut demand: Demand) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        // What is dispatched has its clock running by kind; changing that is another matter than writing it down.
        let (Stage::Draft | Stage::Registered { promise: None }) = ticket.stage else {
            return Err(wrong(ticket));
        };
        check(&demand)?;
        let phone = &mut demand.petitioner.phone;
        *phone = phone.take().or_else(|| ticket.caller.clone());
        Ok(vec![Event::Registered {
            at: self.now,
            by: actor.username.clone(),
            demand,
        }])
    }

    fn answer_on_call(
        &self,
        ticket: &Ticket,
        answer: &str,
        knowledge: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        let Stage::Registered { promise: None } = ticket.stage else {
            return Err(wrong(ticket));
        };
        written("答复内容", answer, PROSE, "11(2)")?;
        optional("引用知识", knowledge, LINE)?;
        Ok(vec![Event::AnsweredOnCall {
            at: self.now,
            by: actor.username.clone(),
            answer: answer.to_owned(),
            knowledge: knowledge.map(str::to_owned),
        }])
    }

    fn note_three_way(
        &self,
        ticket: &Ticket,
        specialist: &str,
        result: Option<&str>,
    ) -> Result<(), Refusal> {
        match self.by {
            By::Server => {}
            By::Person(_) => {
                self.desk_person(&[Role::Agent, Role::Specialist, Role::TeamLead], "11(2)")?;
            }
        }
        written("政策专员", specialist, LINE, "11(2)")?;
        optional("通话结果", result, PROSE)?;
        match ticket.stage {
            Stage::Draft
            | Stage::Registered { .. }
            | Stage::Dispatched { .. }
            | Stage::Handling { .. } => Ok(()),
            Stage::Replied { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => Err(wrong(ticket)),
        }
    }

    fn dispatch(
        &self,
        ticket: &Ticket,
        lead: &UnitCode,
        co_handlers: &[UnitCode],
        basis: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        let Stage::Registered { promise } = &ticket.stage else {
            return Err(wrong(ticket));
        };
        let demand = ticket
            .demand
            .as_ref()
            .expect("a registered ticket has its demand");
        check_units(lead, co_handlers, &ticket.desk)?;
        optional("派单依据", basis, PROSE)?;
        let (now, rules) = (self.now, self.rules);
        let limits = &rules.limits;
        // A second dispatch keeps the citizen's promise; only the new unit's own windows start now.
        let (version, handle) = match promise {
            Some(promise) => (promise.rules.clone(), promise.handle.deadline),
            None => (
                rules.version.clone(),
                rules.in_days(now, limits.handle_days(demand.kind))?,
            ),
        };
        Ok(vec![Event::Dispatched {
            at: now,
            by: actor.username.clone(),
            lead: lead.clone(),
            co_handlers: co_handlers.to_vec(),
            basis: basis.map(str::to_owned),
            rules: version,
            acknowledge: rules.in_hours(now, limits.acknowledge_hours)?,
            handle,
            send_back_until: rules.due(now, limits.send_back_days(demand.kind))?,
        }])
    }

    // 限时办理: article 11(3).

    fn acknowledge(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        let (actor, _, assignment) = self.assigned(ticket)?;
        if assignment.acknowledged.is_some() {
            return Err(Refusal::AlreadyAcknowledged);
        }
        Ok(vec![Event::Acknowledged {
            at: self.now,
            by: actor.username.clone(),
            unit: assignment.unit.clone(),
        }])
    }

    /// The unit that spoke with the petitioner; for a call the server placed itself, the lead.
    fn contacting_unit(&self, ticket: &Ticket) -> Result<UnitCode, Refusal> {
        match self.by {
            By::Server => Ok(with_units(ticket)?.lead.unit.clone()),
            By::Person(_) => Ok(self.assigned(ticket)?.2.unit.clone()),
        }
    }

    fn reply(
        &self,
        ticket: &Ticket,
        text: &str,
        no_contact_reason: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, work, assignment) = self.assigned(ticket)?;
        if assignment.acknowledged.is_none() {
            return Err(Refusal::NotAcknowledged);
        }
        written("答复内容", text, PROSE, "11(3)")?;
        optional("未联系原因", no_contact_reason, PROSE)?;
        let at = self.now;
        let by = actor.username.clone();
        let unit = assignment.unit.clone();
        let text = text.to_owned();
        if unit != work.lead.unit {
            return Ok(vec![Event::OpinionGiven { at, by, unit, text }]);
        }
        let Stage::Handling { .. } = ticket.stage else {
            return Err(wrong(ticket));
        };
        if work.send_back.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        if !assignment.contacted && no_contact_reason.is_none() {
            return Err(Refusal::NoContactProof);
        }
        Ok(vec![Event::Replied {
            at,
            by,
            unit,
            text,
            no_contact_reason: no_contact_reason.map(str::to_owned),
        }])
    }

    // 答复认定: article 11(4). None of this moves a clock but a granted extension.

    /// A reply that passes closes the ticket at once: 办结 follows from it and leaves nobody anything to decide,
    /// and the citizen is asked in the same breath.
    fn review(
        &self,
        ticket: &Ticket,
        outcome: ReviewOutcome,
        remark: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(&[Role::Reviewer], "11(4)")?;
        let Stage::Replied { .. } = ticket.stage else {
            return Err(wrong(ticket));
        };
        if ticket.handled_by(&actor.username) {
            return Err(Refusal::ReviewerHandled);
        }
        if outcome.passed() {
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

    fn send_back(
        &self,
        ticket: &Ticket,
        basis: &str,
        suggestion: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, work) = self.lead(ticket)?;
        not_replied(ticket)?;
        if work.send_back.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        if self.now > work.send_back_until {
            return Err(Refusal::SendBackWindowClosed {
                since: work.send_back_until,
            });
        }
        written("退回依据", basis, PROSE, "11(4)")?;
        written("办理建议", suggestion, PROSE, "11(4)")?;
        Ok(vec![Event::SendBackRequested {
            at: self.now,
            by: actor.username.clone(),
            unit: actor.unit.clone(),
            basis: basis.to_owned(),
            suggestion: suggestion.to_owned(),
        }])
    }

    fn decide_send_back(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(DECIDERS, "11(4)")?;
        if with_units(ticket)?.send_back.is_none() {
            return Err(Refusal::NothingToDecide);
        }
        written("审核理由", reason, PROSE, "11(4)")?;
        Ok(vec![Event::SendBackDecided {
            at: self.now,
            by: actor.username.clone(),
            granted,
            reason: reason.to_owned(),
        }])
    }

    fn extend(
        &self,
        ticket: &Ticket,
        working_days: u32,
        reason: &str,
        told_petitioner: &Told,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, work) = self.lead(ticket)?;
        not_replied(ticket)?;
        if work.extension.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        let handle_by = work.promise.handle.deadline.due;
        if self.now > handle_by {
            return Err(Refusal::AlreadyOverdue { since: handle_by });
        }
        let limits = &self.rules.limits;
        if work.promise.extensions >= limits.extensions_max {
            return Err(Refusal::NoExtensionsLeft {
                max: limits.extensions_max,
            });
        }
        let kind = ticket
            .demand
            .as_ref()
            .expect("a dispatched ticket has its demand")
            .kind;
        let max = limits.handle_days(kind);
        if !(1..=max).contains(&working_days) {
            return Err(Refusal::ExtensionTooLong { max });
        }
        written("延时理由", reason, PROSE, "11(4)")?;
        match told_petitioner {
            Told::Call(_) | Told::Sms(_) => {}
            Told::NotNeeded(why) => written("无需告知的原因", why, PROSE, "11(4)")?,
        }
        Ok(vec![Event::ExtensionRequested {
            at: self.now,
            by: actor.username.clone(),
            unit: actor.unit.clone(),
            working_days,
            reason: reason.to_owned(),
            told_petitioner: told_petitioner.clone(),
        }])
    }

    fn decide_extension(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(DECIDERS, "11(4)")?;
        let work = with_units(ticket)?;
        let request = work.extension.as_ref().ok_or(Refusal::NothingToDecide)?;
        written("审核理由", reason, PROSE, "11(4)")?;
        let at = self.now;
        let by = actor.username.clone();
        let reason = reason.to_owned();
        if !granted {
            return Ok(vec![Event::ExtensionDeclined { at, by, reason }]);
        }
        let old = work.promise.handle.deadline;
        let due = self.rules.due(old.due, request.working_days)?;
        let handle = self.rules.deadline(old.from, due)?;
        Ok(vec![Event::ExtensionGranted {
            at,
            by,
            reason,
            handle,
        }])
    }

    // 办结回访: article 11(5).

    fn survey_answered(&self, ticket: &Ticket, rating: Rating) -> Result<Vec<Event>, Refusal> {
        self.survey_open(ticket)?;
        let at = self.now;
        let next = if rating.is_satisfied() {
            Event::FollowUpEnded {
                result: FollowUpResult::Satisfied { rating },
            }
        } else {
            self.plan_revisit(Round::First)?
        };
        Ok(vec![Event::SurveyAnswered { at, rating }, next])
    }

    fn survey_failed(&self, ticket: &Ticket, why: SurveyFailure) -> Result<Vec<Event>, Refusal> {
        self.survey_open(ticket)?;
        let missed = match why {
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

    fn survey_open(&self, ticket: &Ticket) -> Result<(), Refusal> {
        server_only(self.by)?;
        let Stage::Closed {
            follow_up: FollowUp::Surveying,
            ..
        } = ticket.stage
        else {
            return Err(Refusal::NoOpenSurvey);
        };
        Ok(())
    }

    fn plan_revisit(&self, round: Round) -> Result<Event, Refusal> {
        let days = self.rules.limits.revisit_days;
        Ok(Event::RevisitPlanned {
            round,
            revisit: self.rules.in_days(self.now, days)?,
        })
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
                    rectify: self
                        .rules
                        .in_days(self.now, self.rules.limits.rectify_days)?,
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

    fn rectify(
        &self,
        ticket: &Ticket,
        finding: &str,
        measures: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.unit_person()?;
        let Stage::Closed {
            follow_up: FollowUp::Rectifying { .. },
            ..
        } = ticket.stage
        else {
            return Err(Refusal::NothingToRectify);
        };
        if actor.unit != *ticket.responsible() {
            return Err(NOT_ASSIGNED);
        }
        written("核实情况", finding, PROSE, "11(5)")?;
        written("整改措施", measures, PROSE, "11(5)")?;
        let rectified = Event::Rectified {
            at: self.now,
            by: actor.username.clone(),
            unit: actor.unit.clone(),
            finding: finding.to_owned(),
            measures: measures.to_owned(),
        };
        Ok(vec![rectified, self.plan_revisit(Round::Second)?])
    }

    // The ends of a ticket, and its beginning again.

    /// Before dispatch only: what a unit has is ended by a reply.
    fn void(&self, ticket: &Ticket, reason: &str) -> Result<Vec<Event>, Refusal> {
        match (&ticket.stage, self.by) {
            (Stage::Draft, By::Server) => {}
            (Stage::Draft, By::Person(_)) => {
                self.desk_person(REGISTRARS, "6")?;
            }
            // What a citizen asked is in the books: striking it out takes a second pair of eyes.
            (Stage::Registered { .. }, _) => {
                self.desk_person(LEADS, "6")?;
            }
            (
                Stage::Dispatched { .. }
                | Stage::Handling { .. }
                | Stage::Replied { .. }
                | Stage::Closed { .. }
                | Stage::Archived { .. }
                | Stage::Voided { .. },
                _,
            ) => return Err(wrong(ticket)),
        }
        written("作废理由", reason, PROSE, "11")?;
        Ok(vec![Event::Voided {
            at: self.now,
            by: self.person_name(),
            reason: reason.to_owned(),
        }])
    }

    fn archive(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        match self.by {
            By::Server => {}
            By::Person(_) => {
                self.desk_person(LEADS, "12")?;
            }
        }
        let Stage::Closed { follow_up, .. } = &ticket.stage else {
            return Err(wrong(ticket));
        };
        match follow_up {
            FollowUp::Ended { .. } => Ok(vec![Event::Archived { at: self.now }]),
            FollowUp::Surveying | FollowUp::Revisiting { .. } | FollowUp::Rectifying { .. } => {
                Err(Refusal::FollowUpOpen)
            }
        }
    }

    fn reopen(&self, ticket: &Ticket, reason: &str) -> Result<Vec<Event>, Refusal> {
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

    /// Each clock's furthest unrecorded mark. The ticket still runs: a lapse is a fact, not an end.
    fn sweep(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        server_only(self.by)?;
        let marks: Vec<Event> = ticket
            .clocks()
            .into_iter()
            .filter_map(|(deadline, unit, clock)| {
                Some(Event::Marked {
                    deadline,
                    unit: unit.clone(),
                    mark: clock.reached(self.now)?,
                    due: clock.deadline.due,
                })
            })
            .collect();
        if marks.is_empty() {
            return Err(Refusal::NothingDue);
        }
        Ok(marks)
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

    /// A person of an assigned unit, the work, and that unit's part in it.
    fn assigned<'t>(
        &self,
        ticket: &'t Ticket,
    ) -> Result<(&Actor, &'t Work, &'t Assignment), Refusal> {
        let actor = self.unit_person()?;
        let work = with_units(ticket)?;
        let assignment = work.assignment(&actor.unit).ok_or(NOT_ASSIGNED)?;
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
const LEADS: &[Role] = &[Role::TeamLead, Role::Supervisor];

const NOT_ASSIGNED: Refusal = Refusal::NotYours {
    need: "仅限承办单位办理",
    article: "7",
};

impl ReviewOutcome {
    /// Is the reply good enough to close on?
    pub const fn passed(self) -> bool {
        match self {
            Self::Passed => true,
            Self::NotNormative | Self::NotSpecific | Self::NotComplete => false,
        }
    }
}

impl RevisitOutcome {
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

fn not_replied(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.stage {
        Stage::Dispatched { .. } | Stage::Handling { .. } => Ok(()),
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}

fn check(demand: &Demand) -> Result<(), Refusal> {
    let Demand {
        title,
        content,
        kind: _,
        petitioner:
            Petitioner {
                name,
                phone: _,
                applicant: _,
                secrecy: _,
            },
        address,
        category,
    } = demand;
    written("标题", title, LINE, "11(1)")?;
    written("诉求内容", content, PROSE, "11(1)")?;
    written("诉求人姓名", name, LINE, "11(1)")?;
    optional("地址", address.as_deref(), LINE)?;
    optional("诉求分类", category.as_deref(), LINE)
}

/// Whether the units exist is the directory's business, not ours.
fn check_units(lead: &UnitCode, co_handlers: &[UnitCode], desk: &UnitCode) -> Result<(), Refusal> {
    let bad = |why| Err(Refusal::BadAssignment { why });
    let mut seen = vec![lead];
    if co_handlers.len() > CO_HANDLERS_MAX {
        return bad("会办单位过多");
    }
    for unit in co_handlers {
        if seen.contains(&unit) {
            return bad("同一单位不能重复承办");
        }
        seen.push(unit);
    }
    if seen.iter().any(|unit| unit.0.trim().is_empty()) {
        return bad("单位代码为空");
    }
    if seen.contains(&desk) {
        return bad("工单应派给成员单位");
    }
    Ok(())
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
