//! Facts into state. Nothing is decided here: an event that does not fit the state was never emitted by
//! [`decide`](super::decide), so meeting one is a bug (or a database edited by hand, which the hash chain shows first).

use super::deadline::{DeadlineKind, Moved, Running};
use super::event::Event;
use super::intake::{self, Intake};
use super::state::{
    Assignment, Closing, ContactProof, Decision, Extension, ExtensionRequest, FollowUp,
    FollowUpResult, Issued, KindChange, KindChangeRequest, Promise, Receipt, Rectification, Reply,
    Review, RevisitResult, SendBack, SendBackRequest, Stage, Survey, ThreeWay, Ticket, Work,
    WrittenOpinion,
};
use crate::domain::id::UnitCode;

/// The ticket after all of `events`, from the first one on.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Ticket> {
    events
        .into_iter()
        .fold(None, |ticket, event| Some(apply(ticket, event)))
}

/// The ticket after `event`.
pub fn apply(ticket: Option<Ticket>, event: &Event) -> Ticket {
    let Some(mut ticket) = ticket else {
        return open(event);
    };
    match event.clone() {
        Event::Opened { .. } => panic!("a ticket is opened once"),
        Event::Registered { demand, .. } => {
            ticket.demand = Some(demand);
            ticket.stage = Stage::Registered { promise: None };
        }
        Event::ThreeWayNoted {
            at,
            specialist,
            unit,
            call,
            recording,
            result,
        } => ticket.three_ways.push(ThreeWay {
            at,
            specialist,
            unit,
            call,
            recording,
            result,
        }),
        Event::AnsweredOnCall {
            at,
            by,
            answer,
            knowledge,
        } => {
            ticket.stage = Stage::Closed {
                at,
                closing: Closing::AnsweredOnCall {
                    by,
                    answer,
                    knowledge,
                },
                follow_up: FollowUp::Ended {
                    result: FollowUpResult::Exempt,
                },
            };
        }
        Event::Dispatched {
            at,
            by,
            lead,
            co_handlers,
            basis,
            rules,
            acknowledge,
            handle,
            send_back_until,
            urgent,
            mut clocks,
        } => {
            let Stage::Registered { promise } = ticket.stage else {
                panic!("only a registered ticket is dispatched");
            };
            let mut assigned = |unit| {
                let own = clocks.remove(&unit);
                let (acknowledge, reply) =
                    own.map_or((acknowledge, None), |own| (own.acknowledge, own.reply));
                Assignment {
                    unit,
                    acknowledge: Running::new(acknowledge),
                    reply: reply.map(Running::new),
                    acknowledged: None,
                    contacted: false,
                    opinion: None,
                    handed_down: Vec::new(),
                }
            };
            let work = Work {
                promise: promise.unwrap_or_else(|| Promise {
                    dispatched_at: at,
                    rules,
                    counted_for: Some(lead.clone()),
                    handle: Running::new(handle),
                    extensions: 0,
                }),
                urgent,
                dispatched_at: at,
                dispatched_by: by,
                basis,
                send_back_until,
                lead: assigned(lead),
                co_handlers: co_handlers.into_iter().map(assigned).collect(),
                send_back: None,
                extension: None,
                kind_change: None,
            };
            ticket.stage = Stage::Dispatched {
                work: Box::new(work),
            };
        }
        Event::Acknowledged { at, by, unit } => {
            ticket.handlers.insert(by.clone());
            assignment_mut(&mut ticket, &unit).acknowledged = Some(Receipt { at, by });
            ticket.stage = match ticket.stage {
                Stage::Dispatched { work } if work.lead.unit == unit => Stage::Handling { work },
                other => other,
            };
        }
        Event::HandedDown {
            by, unit, from, to, ..
        } => {
            ticket.handlers.insert(by);
            let handed = &mut assignment_mut(&mut ticket, &unit).handed_down;
            let kept = handed.iter().position(|unit| *unit == from);
            handed.truncate(kept.map_or(0, |at| at + 1));
            handed.push(to);
        }
        Event::Inherited { from, to, .. } => inherit(&mut ticket, &from, &to),
        Event::ContactRecorded {
            at,
            by,
            unit,
            call,
            recording,
            sms,
            summary,
        } => {
            ticket.handlers.extend(by.clone());
            assignment_mut(&mut ticket, &unit).contacted = true;
            ticket.contacts.push(ContactProof {
                at,
                by,
                unit,
                call,
                recording,
                sms,
                summary,
            });
        }
        Event::OpinionGiven { at, by, unit, text } => {
            ticket.handlers.insert(by.clone());
            let assignment = assignment_mut(&mut ticket, &unit);
            assignment.opinion = Some(Reply {
                at,
                by,
                unit,
                text,
                no_contact_reason: None,
            });
        }
        Event::Replied {
            at,
            by,
            unit,
            text,
            no_contact_reason,
            review,
        } => {
            ticket.handlers.insert(by.clone());
            let Stage::Handling { work } = ticket.stage else {
                panic!("only a ticket in handling is replied to");
            };
            let reply = Reply {
                at,
                by,
                unit,
                text,
                no_contact_reason,
            };
            ticket.stage = Stage::Replied {
                work,
                reply,
                review: review.map(Running::new),
            };
        }
        Event::Reviewed {
            at,
            by,
            outcome,
            remark,
        } => {
            let Stage::Replied {
                work,
                reply,
                review,
            } = ticket.stage
            else {
                panic!("only a reply is reviewed");
            };
            ticket.reviews.push(Review {
                at,
                by,
                reply: reply.clone(),
                outcome,
                remark,
            });
            ticket.stage = if outcome.passed() {
                Stage::Replied {
                    work,
                    reply,
                    review,
                }
            } else {
                Stage::Handling { work }
            };
        }
        Event::Closed { at } => {
            let Stage::Replied { work, reply, .. } = ticket.stage else {
                panic!("only a ticket whose reply passed is closed");
            };
            ticket.stage = Stage::Closed {
                at,
                closing: Closing::Replied { work, reply },
                follow_up: FollowUp::Surveying,
            };
        }
        Event::SurveyRequested { at, phone } => ticket.surveys.push(Survey {
            requested_at: at,
            phone,
            rating: None,
            failed: None,
            resent: Vec::new(),
            read_by: None,
        }),
        Event::SendBackRequested {
            at,
            by,
            unit,
            basis,
            suggestion,
            coordination,
            decide,
        } => {
            ticket.handlers.insert(by.clone());
            work_mut(&mut ticket).send_back = Some(SendBackRequest {
                at,
                by,
                unit,
                basis,
                suggestion,
                coordination,
                decide: decide.map(Running::new),
            });
        }
        Event::SendBackDecided {
            at,
            by,
            granted,
            reason,
        } => {
            let request = work_mut(&mut ticket)
                .send_back
                .take()
                .expect("a send-back is decided after it was asked for");
            if request.coordination {
                ticket.coordinated = Some(at);
            }
            ticket.send_backs.push(SendBack {
                request,
                decision: Decision {
                    at,
                    by,
                    granted,
                    reason,
                },
            });
            if granted {
                let promise = Some(work_mut(&mut ticket).promise.clone());
                ticket.stage = Stage::Registered { promise };
            }
        }
        Event::ExtensionRequested {
            at,
            by,
            unit,
            working_days,
            reason,
            told_petitioner,
            decide,
        } => {
            ticket.handlers.insert(by.clone());
            work_mut(&mut ticket).extension = Some(ExtensionRequest {
                at,
                by,
                unit,
                working_days,
                reason,
                told_petitioner,
                decide: decide.map(Running::new),
            });
        }
        Event::ExtensionGranted {
            at,
            by,
            reason,
            handle,
            reply,
        } => {
            let work = work_mut(&mut ticket);
            work.promise.handle = Running::new(handle);
            work.promise.extensions += 1;
            if let Some(reply) = reply {
                work.lead.reply = Some(Running::new(reply));
            }
            decide_extension(
                &mut ticket,
                Decision {
                    at,
                    by,
                    granted: true,
                    reason,
                },
            );
        }
        Event::ExtensionDeclined { at, by, reason } => decide_extension(
            &mut ticket,
            Decision {
                at,
                by,
                granted: false,
                reason,
            },
        ),
        Event::KindChangeRequested {
            at,
            by,
            unit,
            from,
            to,
            reason,
            decide,
        } => {
            // Who asks from the desk has not handled it by that.
            if unit != ticket.desk {
                ticket.handlers.insert(by.clone());
            }
            work_mut(&mut ticket).kind_change = Some(KindChangeRequest {
                at,
                by,
                unit,
                from,
                to,
                reason,
                decide: decide.map(Running::new),
            });
        }
        Event::KindChanged {
            at,
            by,
            reason,
            kind,
            moved,
        } => {
            for one in moved {
                move_deadline(&mut ticket, &one);
            }
            if let Some(demand) = &mut ticket.demand {
                demand.kind = kind;
            }
            decide_kind(
                &mut ticket,
                Decision {
                    at,
                    by,
                    granted: true,
                    reason,
                },
            );
        }
        Event::KindChangeDeclined { at, by, reason } => decide_kind(
            &mut ticket,
            Decision {
                at,
                by,
                granted: false,
                reason,
            },
        ),
        Event::Attached { attachment } => {
            if attachment.unit != ticket.desk {
                ticket.handlers.insert(attachment.by.clone());
            }
            ticket.attachments.push(attachment);
        }
        Event::Voided { at, by, reason } => ticket.stage = Stage::Voided { at, by, reason },
        Event::Archived { at } => {
            let Stage::Closed {
                closing,
                follow_up: FollowUp::Ended { result },
                ..
            } = ticket.stage
            else {
                panic!("only a closed ticket with a last word is archived");
            };
            ticket.stage = Stage::Archived {
                at,
                closing,
                result,
            };
        }
        Event::Reopened { at, .. } => {
            ticket.intake.partner_ended(at);
            ticket.reopened += 1;
            ticket.coordinated = None;
            ticket.stage = Stage::Registered { promise: None };
        }
        Event::SurveyAnswered {
            rating, read_by, ..
        } => {
            let survey = last_survey(&mut ticket);
            survey.rating = Some(rating);
            survey.read_by = read_by;
        }
        Event::SurveyResent { at, why, .. } => last_survey(&mut ticket).resent.push((at, why)),
        Event::SurveyFailed { why, .. } => last_survey(&mut ticket).failed = Some(why),
        Event::RevisitPlanned { round, revisit } => {
            *follow_up_mut(&mut ticket) = FollowUp::Revisiting {
                round,
                revisit: Running::new(revisit),
            };
        }
        Event::Revisited {
            at,
            by,
            revisit,
            round,
            outcome,
            rating,
            solved,
            recording,
        } => ticket.revisits.push(RevisitResult {
            at,
            by,
            revisit,
            round,
            outcome,
            rating,
            solved,
            recording,
        }),
        Event::RectificationOrdered { rectify, .. } => {
            *follow_up_mut(&mut ticket) = FollowUp::Rectifying {
                rectify: Running::new(rectify),
            };
        }
        Event::Rectified {
            at,
            by,
            unit,
            finding,
            measures,
        } => {
            ticket.handlers.insert(by.clone());
            ticket.rectifications.push(Rectification {
                at,
                by,
                unit,
                finding,
                measures,
            });
        }
        Event::FollowUpEnded { result } => {
            *follow_up_mut(&mut ticket) = FollowUp::Ended { result };
        }
        Event::Marked {
            deadline,
            unit,
            mark,
            ..
        } => clock_mut(&mut ticket, deadline, &unit).marked = Some(mark),
        Event::DeadlinesMoved { moved, .. } => {
            for one in moved {
                move_deadline(&mut ticket, &one);
            }
        }
        Event::WrittenOpinionRequested {
            at,
            by,
            number,
            issue,
        } => ticket.written_opinions.push(WrittenOpinion {
            number,
            requested_at: at,
            requested_by: by,
            issue: Running::new(issue),
            issued: None,
        }),
        Event::WrittenOpinionIssued {
            at,
            by,
            unit,
            number: _,
            text,
        } => {
            ticket.handlers.insert(by.clone());
            open_opinion(&mut ticket).issued = Some(Issued { at, by, unit, text });
        }
        Event::Intake(event) => {
            if event.comes_back() {
                let promise = Some(work_mut(&mut ticket).promise.clone());
                ticket.stage = Stage::Registered { promise };
            }
            intake::apply(&mut ticket.intake, &event);
        }
    }
    ticket
}

fn open(event: &Event) -> Ticket {
    let Event::Opened {
        at,
        source,
        contact,
        call,
        caller,
        desk,
    } = event.clone()
    else {
        panic!("the first event of a ticket is Opened");
    };
    Ticket {
        opened_at: at,
        source,
        contact,
        call,
        caller,
        desk,
        demand: None,
        stage: Stage::Draft,
        handlers: Default::default(),
        three_ways: Vec::new(),
        contacts: Vec::new(),
        send_backs: Vec::new(),
        extensions: Vec::new(),
        kind_changes: Vec::new(),
        reviews: Vec::new(),
        surveys: Vec::new(),
        revisits: Vec::new(),
        rectifications: Vec::new(),
        written_opinions: Vec::new(),
        attachments: Vec::new(),
        coordinated: None,
        reopened: 0,
        intake: Intake::default(),
    }
}

fn decide_extension(ticket: &mut Ticket, decision: Decision) {
    let request = work_mut(ticket)
        .extension
        .take()
        .expect("an extension is decided after it was asked for");
    ticket.extensions.push(Extension { request, decision });
}

fn decide_kind(ticket: &mut Ticket, decision: Decision) {
    let request = work_mut(ticket)
        .kind_change
        .take()
        .expect("a change of kind is decided after it was asked for");
    ticket.kind_changes.push(KindChange { request, decision });
}

/// The work of a ticket that is with its units.
fn work_mut(ticket: &mut Ticket) -> &mut Work {
    match &mut ticket.stage {
        Stage::Dispatched { work } | Stage::Handling { work } | Stage::Replied { work, .. } => work,
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => panic!("this event happens only while units work"),
    }
}

fn assignment_mut<'a>(ticket: &'a mut Ticket, unit: &UnitCode) -> &'a mut Assignment {
    work_mut(ticket)
        .assignments_mut()
        .find(|a| a.unit == *unit)
        .expect("only an assigned unit acts")
}

/// A unit has one part: what the heir had of the ticket already goes into what it inherits, or the other way round where the
/// heir leads.
fn inherit(ticket: &mut Ticket, from: &UnitCode, to: &UnitCode) {
    let (Stage::Dispatched { work }
    | Stage::Handling { work }
    | Stage::Replied { work, .. }
    | Stage::Closed {
        closing: Closing::Replied { work, .. },
        ..
    }) = &mut ticket.stage
    else {
        panic!("only a part that somebody has is inherited");
    };
    let twice = if work.lead.unit == *from { to } else { from };
    if work.assignment(to).is_some() {
        work.co_handlers.retain(|part| part.unit != *twice);
    }
    for part in work.assignments_mut().filter(|part| part.unit == *from) {
        part.unit = to.clone();
        part.handed_down.retain(|below| below != to);
    }
}

fn follow_up_mut(ticket: &mut Ticket) -> &mut FollowUp {
    let Stage::Closed { follow_up, .. } = &mut ticket.stage else {
        panic!("the citizen is asked after closing");
    };
    follow_up
}

fn last_survey(ticket: &mut Ticket) -> &mut Survey {
    ticket
        .surveys
        .last_mut()
        .expect("a survey is answered after it was sent")
}

fn open_opinion(ticket: &mut Ticket) -> &mut WrittenOpinion {
    ticket
        .written_opinions
        .iter_mut()
        .find(|opinion| opinion.issued.is_none())
        .expect("an opinion is issued after it was asked for")
}

fn move_deadline(ticket: &mut Ticket, moved: &Moved) {
    if moved.deadline == DeadlineKind::SendBackBy {
        work_mut(ticket).send_back_until = moved.new.due();
        return;
    }
    *clock_mut(ticket, moved.deadline, &moved.unit) = Running {
        deadline: moved.new,
        marked: moved.marked,
    };
}

fn clock_mut<'a>(ticket: &'a mut Ticket, kind: DeadlineKind, unit: &UnitCode) -> &'a mut Running {
    match kind {
        DeadlineKind::AcknowledgeBy => &mut assignment_mut(ticket, unit).acknowledge,
        DeadlineKind::ReplyBy => running(&mut assignment_mut(ticket, unit).reply),
        DeadlineKind::DecideSendBackBy => {
            let request = work_mut(ticket).send_back.as_mut();
            running(&mut request.expect(RUNS).decide)
        }
        DeadlineKind::DecideExtensionBy => {
            let request = work_mut(ticket).extension.as_mut();
            running(&mut request.expect(RUNS).decide)
        }
        DeadlineKind::DecideKindBy => {
            let request = work_mut(ticket).kind_change.as_mut();
            running(&mut request.expect(RUNS).decide)
        }
        DeadlineKind::ReviewBy => {
            let Stage::Replied { review, .. } = &mut ticket.stage else {
                panic!("{RUNS}");
            };
            running(review)
        }
        DeadlineKind::SendBackBy | DeadlineKind::DecideReportBy | DeadlineKind::AnswerAtSeatBy => {
            panic!("nothing is recorded of a window, and of a report or a seat there")
        }
        DeadlineKind::WrittenOpinionBy => &mut open_opinion(ticket).issue,
        DeadlineKind::HandleBy => match &mut ticket.stage {
            Stage::Registered {
                promise: Some(promise),
            } => &mut promise.handle,
            Stage::Dispatched { work } | Stage::Handling { work } | Stage::Replied { work, .. } => {
                &mut work.promise.handle
            }
            Stage::Draft
            | Stage::Registered { promise: None }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => panic!("{RUNS}"),
        },
        DeadlineKind::RevisitBy | DeadlineKind::RectifyBy => match follow_up_mut(ticket) {
            FollowUp::Revisiting { revisit, .. } => revisit,
            FollowUp::Rectifying { rectify } => rectify,
            FollowUp::Surveying | FollowUp::Ended { .. } => panic!("{RUNS}"),
        },
    }
}

const RUNS: &str = "a mark is recorded while its clock runs";

fn running(clock: &mut Option<Running>) -> &mut Running {
    clock.as_mut().expect(RUNS)
}
