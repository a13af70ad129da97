//! Intake's wishes into facts, or the reason why not: articles 8 to 11(2).

use super::command::{Acceptance, Command};
use super::event::Event;
use super::origin::{Origin, SourceGroup};
use super::passed::{PartnerWord, PassedOn, WordKind};
use super::refused::{Ground, NotAccepted, Procedure, RefusalState, SecretKind};
use super::{Classification, EmergencyTransfer, Explanation, Lane, Seal, SeatHandover};
use crate::domain::id::{CallId, UnitCode, Username};
use crate::domain::identity::{Identity, RealName, Verification};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Actor, By, Role};
use crate::domain::ticket::decide::{partner_answered, to_ourselves};
use crate::domain::ticket::event::Event as TicketEvent;
use crate::domain::ticket::refusal::{Article, Refusal, server_only};
use crate::domain::ticket::rules::{FormField, Rules, check_given};
use crate::domain::ticket::state::{Source, Stage, Ticket};
use crate::domain::ticket::{PROSE, check_demand, written};
use crate::domain::time::Timestamp;

const LINE: usize = 200;
/// A superior decides a report within this time, day and night: the petitioner is waiting. Not in the text: policy.
const REPORT_WITHIN_MS: i64 = 30 * 60_000;
const EXPLANATIONS_MAX: usize = 50;
/// A ticket is not sent round for ever.
const PASSED_ON_MAX: usize = 5;
const WORDS_MAX: usize = 100;

const DESK: &[Role] = &[Role::Agent, Role::TeamLead, Role::Supervisor];
const LEADS: &[Role] = &[Role::TeamLead, Role::Supervisor];

/// What `command` leads to.
pub(in crate::domain::ticket) fn decide(
    now: Timestamp,
    ticket: Option<&Ticket>,
    command: &Command,
    by: By<'_>,
    rules: &Rules,
) -> Result<Vec<TicketEvent>, Refusal> {
    let wish = Wish { now, by, rules };
    match (ticket, command) {
        (None, Command::Accept(acceptance)) => wish.accept(acceptance, &rules.desk),
        (None, _) => Err(Refusal::NoSuchTicket),
        (Some(ticket), command) => wish.on(ticket, command),
    }
}

struct Wish<'a> {
    now: Timestamp,
    by: By<'a>,
    rules: &'a Rules,
}

type Named<'a> = (&'a Identity, &'a Option<PhoneNumber>, &'a Option<Identity>);

impl Wish<'_> {
    fn on(&self, ticket: &Ticket, command: &Command) -> Result<Vec<TicketEvent>, Refusal> {
        match command {
            Command::Accept(_) => Err(wrong(ticket)),
            Command::Identify {
                identity,
                mobile,
                legal_person,
            } => {
                let actor = self.one_of(DESK, "11(1)")?;
                alive(ticket)?;
                Ok(vec![
                    self.identified(actor, (identity, mobile, legal_person))?,
                ])
            }
            Command::VerifyIdentity { matches, method } => {
                self.verify_identity(ticket, *matches, method)
            }
            Command::Classify {
                category,
                field,
                department,
                standard,
            } => {
                let department = department.as_ref();
                self.classify(ticket, category, field, department, standard.as_deref())
            }
            Command::Refuse {
                ground,
                explanation,
            } => self.refuse(ticket, ground, explanation),
            Command::ReviewRefusal { granted, reason } => {
                self.review_refusal(ticket, *granted, reason)
            }
            Command::Seal { kind } => {
                let actor = self.one_of(LEADS, "9(3)")?;
                if ticket.intake.is_sealed() {
                    return Err(wrong(ticket));
                }
                Ok(vec![self.sealed(actor, *kind)])
            }
            Command::Explain {
                explanation,
                guidance,
            } => {
                let actor = self.one_of(DESK, "10")?;
                at_desk(ticket)?;
                if ticket.intake.explanations.len() >= EXPLANATIONS_MAX {
                    return Err(wrong(ticket));
                }
                written("解释说明", explanation, PROSE, "10")?;
                optional("引导去向", guidance.as_deref(), PROSE, "10")?;
                Ok(vec![self.explained(actor, explanation, guidance.clone())])
            }
            Command::ReportUp { question } => {
                let actor = self.one_of(DESK, "10")?;
                at_desk(ticket)?;
                if ticket.intake.open_report().is_some() {
                    return Err(Refusal::AwaitingDecision);
                }
                written("请示事项", question, PROSE, "10")?;
                Ok(vec![fact(Event::Reported {
                    at: self.now,
                    by: actor.username.clone(),
                    question: question.clone(),
                    due: self.now.plus_millis(REPORT_WITHIN_MS),
                })])
            }
            Command::DecideReport { in_scope, decision } => {
                self.decide_report(ticket, *in_scope, decision)
            }
            Command::NotifyPetitioner { how } => self.notify(ticket, how),
            Command::HandToSeat { unit, note, call } => {
                let actor = self.one_of(DESK, "11(2)")?;
                before_dispatch(ticket)?;
                ticket
                    .intake
                    .coded(&self.rules.of(self.now, ticket).limits)?;
                written("交接说明", note, PROSE, "11(2)")?;
                Ok(vec![fact(Event::HandedToSeat {
                    seat: SeatHandover {
                        at: self.now,
                        by: actor.username.clone(),
                        unit: unit.clone(),
                        note: note.clone(),
                        call: *call,
                        taken: None,
                        due: Some(self.now.plus_millis(self.seat_time_ms(ticket))),
                        lapsed: false,
                    },
                })])
            }
            Command::TakeAtSeat => self.take_at_seat(ticket),
            Command::AnswerAtSeat { answer, knowledge } => {
                self.answer_at_seat(ticket, answer, knowledge.as_deref())
            }
            Command::EnterLane { lane } => {
                // A call that came in by the channel's own queue is put there by the server.
                let by = match self.by {
                    By::Server => Username(self.by.name().to_owned()),
                    By::Person(_) => self.one_of(DESK, "11(2)")?.username.clone(),
                };
                before_dispatch(ticket)?;
                written("专项通道", lane, LINE, "11(2)")?;
                let profile = self.rules.lane(lane);
                Ok(vec![fact(Event::EnteredLane {
                    lane: Lane {
                        at: self.now,
                        by,
                        code: lane.clone(),
                        restricted: profile.restricted,
                        key_supervision: profile.key_supervision,
                    },
                })])
            }
            Command::PassOn {
                partner,
                reason,
                call,
            } => self.pass_on(ticket, partner, reason, *call),
            Command::HearPartner { kind, text, id } => {
                self.hear_partner(ticket, *kind, text, id.as_deref())
            }
            Command::TakeBack { reason } => {
                let actor = self.one_of(LEADS, "8(4)")?;
                with_partner(ticket)?;
                let Stage::Handling { .. } = ticket.stage else {
                    return Err(wrong(ticket));
                };
                written("收回理由", reason, PROSE, "8(4)")?;
                Ok(vec![fact(Event::TakenBack {
                    at: self.now,
                    by: actor.username.clone(),
                    reason: reason.clone(),
                })])
            }
            Command::NoteEmergency {
                by,
                service,
                call,
                leg,
                location,
            } => {
                server_only(self.by)?;
                Ok(vec![fact(Event::EmergencyTransferred {
                    transfer: EmergencyTransfer {
                        at: self.now,
                        by: by.clone(),
                        service: service.clone(),
                        call: *call,
                        leg: *leg,
                        location: location.clone(),
                        answered_after_ms: None,
                    },
                })])
            }
            Command::EmergencyAnswered {
                leg,
                answered_after_ms,
            } => {
                server_only(self.by)?;
                let waiting =
                    |t: &&EmergencyTransfer| t.leg == *leg && t.answered_after_ms.is_none();
                if !ticket.intake.emergencies.iter().any(|t| waiting(&t)) {
                    return Err(wrong(ticket));
                }
                Ok(vec![fact(Event::EmergencyAnswered {
                    at: self.now,
                    leg: *leg,
                    answered_after_ms: *answered_after_ms,
                })])
            }
        }
    }

    // 转外部平台: articles 8(4) and 9(5).

    /// Only what the desk itself could dispatch, and for few eyes only never. The hotline is dispatched to and takes it in one
    /// breath, so that it has its clocks and its one responsible unit from then on.
    fn pass_on(
        &self,
        ticket: &Ticket,
        partner: &str,
        reason: &str,
        call: Option<CallId>,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(DESK, "8(4)")?;
        let contradiction = |why| {
            Err(Refusal::Contradiction {
                why,
                article: "8(4)",
            })
        };
        if ticket.intake.is_restricted() {
            return contradiction("限定范围的工单不能转外部平台");
        }
        let came_from = ticket.intake.origin.as_ref();
        if came_from.is_some_and(|origin| origin.system == partner) {
            return contradiction("工单来自该平台, 不能转回; 不属于受理范围的请不予受理");
        }
        if ticket.open_opinion().is_some() {
            return Err(Refusal::OpinionAskedFor);
        }
        if ticket.intake.passed_on.len() >= PASSED_ON_MAX {
            return contradiction("该工单已多次转外部平台, 应由本省办理或不予受理");
        }
        written("协作平台", partner, LINE, "8(4)")?;
        written("转出理由", reason, PROSE, "8(4)")?;
        let dispatched = to_ourselves(self.now, ticket, self.by, self.rules)?;
        Ok(vec![
            dispatched,
            TicketEvent::Acknowledged {
                at: self.now,
                by: actor.username.clone(),
                unit: ticket.desk.clone(),
            },
            fact(Event::PassedOn {
                passed: PassedOn {
                    at: self.now,
                    by: actor.username.clone(),
                    partner: partner.to_owned(),
                    reason: reason.to_owned(),
                    call,
                    words: Vec::new(),
                    ended: None,
                },
            }),
        ])
    }

    fn hear_partner(
        &self,
        ticket: &Ticket,
        kind: WordKind,
        text: &str,
        id: Option<&str>,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let by = match (self.by, kind) {
            // What a partner answers when it is given the ticket, or that it does not take it.
            (By::Server, WordKind::Received | WordKind::Returned) => None,
            _ => Some(self.one_of(DESK, "8(4)")?.username.clone()),
        };
        let passed = with_partner(ticket)?;
        written("协作平台回复", text, PROSE, "8(4)")?;
        optional("回复编号", id, LINE, "8(4)")?;
        if id.is_some_and(|id| passed.knows(id)) {
            return Err(Refusal::Contradiction {
                why: "该回复已收到",
                article: "8(4)",
            });
        }
        if passed.words.len() >= WORDS_MAX && kind != WordKind::Result && kind != WordKind::Returned
        {
            return Err(Refusal::Contradiction {
                why: "协作平台回复过多",
                article: "8(4)",
            });
        }
        let heard = fact(Event::PartnerHeard {
            word: PartnerWord {
                at: self.now,
                by: by.clone(),
                kind,
                text: text.to_owned(),
                id: id.map(str::to_owned),
            },
        });
        let mut events = vec![heard];
        match (kind, &ticket.stage) {
            (
                WordKind::Received | WordKind::Progress,
                Stage::Handling { .. } | Stage::Replied { .. } | Stage::Closed { .. },
            )
            | (WordKind::Returned, Stage::Handling { .. }) => {}
            (WordKind::Result, Stage::Handling { .. } | Stage::Closed { .. }) => {
                let by = by.expect("a result is brought in by somebody");
                events.extend(partner_answered(
                    self.now, ticket, self.by, self.rules, by, text,
                )?);
            }
            (_, _) => return Err(wrong(ticket)),
        }
        Ok(events)
    }

    // 统一受理: articles 8 and 11(1).

    fn accept(
        &self,
        acceptance: &Acceptance,
        desk: &UnitCode,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let Acceptance {
            origin,
            demand,
            identity,
            mobile,
            legal_person,
        } = acceptance;
        let actor = self.one_of(DESK, "8")?;
        check_origin(origin)?;
        check_demand(demand)?;
        // Whoever sends it may not know our form: nothing has to be there, and nothing else may.
        let form = self.rules.form(self.now, &actor.unit).into_iter();
        let form: Vec<FormField> = form
            .map(|field| FormField {
                required: false,
                ..field
            })
            .collect();
        check_given(&form, &demand.fields)?;
        let mut events = vec![
            TicketEvent::Opened {
                at: self.now,
                source: Source::Elsewhere,
                contact: None,
                call: None,
                caller: None,
                desk: desk.clone(),
            },
            fact(Event::Originated {
                origin: origin.clone(),
            }),
            TicketEvent::Registered {
                at: self.now,
                by: actor.username.clone(),
                demand: demand.clone(),
            },
        ];
        if let Some(identity) = identity {
            events.push(self.identified(actor, (identity, mobile, legal_person))?);
        }
        Ok(events)
    }

    fn identified(
        &self,
        actor: &Actor,
        (identity, mobile, legal_person): Named<'_>,
    ) -> Result<TicketEvent, Refusal> {
        let today = self.now.in_beijing().date();
        if identity.born().is_some_and(|born| born > today) {
            return Err(Refusal::BadIdentity {
                why: "证件号码中的出生日期晚于今天",
            });
        }
        Ok(fact(Event::Identified {
            at: self.now,
            by: actor.username.clone(),
            real_name: RealName {
                identity: identity.clone(),
                mobile: mobile.clone(),
                legal_person: legal_person.clone(),
                verification: Verification::Stated,
            },
        }))
    }

    fn verify_identity(
        &self,
        ticket: &Ticket,
        matches: bool,
        method: &str,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(DESK, "11(1)")?;
        if ticket.intake.real_name.is_none() {
            return Err(Refusal::Missing {
                field: "实名信息",
                article: "11(1)",
            });
        }
        written("核验方式", method, LINE, "11(1)")?;
        let (at, by, method) = (self.now, actor.username.clone(), method.to_owned());
        let verification = if matches {
            Verification::Verified { at, by, method }
        } else {
            Verification::Mismatch { at, by, method }
        };
        Ok(vec![fact(Event::IdentityVerified { at, verification })])
    }

    // 分类: article 11(2).

    fn classify(
        &self,
        ticket: &Ticket,
        category: &str,
        field: &str,
        department: Option<&UnitCode>,
        standard: Option<&str>,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(DESK, "11(2)")?;
        at_desk(ticket)?;
        written("诉求分类", category, LINE, "11(2)")?;
        written("涉及领域", field, LINE, "11(2)")?;
        Ok(vec![fact(Event::Classified {
            classification: Classification {
                at: self.now,
                by: actor.username.clone(),
                category: category.to_owned(),
                field: field.to_owned(),
                department: department.cloned(),
                standard: standard.map(str::to_owned),
            },
        })])
    }

    // 不予受理: article 9.

    fn refuse(
        &self,
        ticket: &Ticket,
        ground: &Ground,
        explanation: &str,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(DESK, "9")?;
        at_desk(ticket)?;
        if ticket.intake.awaits_review() {
            return Err(Refusal::AwaitingDecision);
        }
        written("解释说明", explanation, PROSE, "10")?;
        check_ground(ground)?;
        if matches!(ground, Ground::Other { .. }) && actor.role != Role::Supervisor {
            return Err(Refusal::NotYours {
                need: "以“其他”为由不予受理应由主管决定",
                article: "9(6)",
            });
        }
        // 9(4) judges the petitioner as much as the matter: a second pair of eyes looks at it, whoever says it.
        let state = match ground {
            Ground::MaliciousOrVague { .. } => RefusalState::AwaitsReview,
            Ground::OutsideJiangsu { .. }
            | Ground::OtherProcedure { .. }
            | Ground::Secret { .. }
            | Ground::Emergency { .. }
            | Ground::Other { .. } => RefusalState::Final,
        };
        let is_final = state == RefusalState::Final;
        let mut events = vec![fact(Event::NotAccepted {
            refusal: NotAccepted {
                at: self.now,
                by: actor.username.clone(),
                ground: ground.clone(),
                explanation: explanation.to_owned(),
                guidance: match ground {
                    Ground::OtherProcedure { procedure, .. } => {
                        Some(self.rules.guidance(self.now, ticket, *procedure))
                    }
                    Ground::OutsideJiangsu { .. }
                    | Ground::Secret { .. }
                    | Ground::MaliciousOrVague { .. }
                    | Ground::Emergency { .. }
                    | Ground::Other { .. } => None,
                },
                state,
            },
        })];
        if let Ground::Secret { kind } = ground {
            events.push(self.sealed(actor, *kind));
        }
        if is_final {
            events.push(self.ended(&actor.username, ground));
        }
        Ok(events)
    }

    fn review_refusal(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(LEADS, "9(4)")?;
        at_desk(ticket)?;
        let refusal = ticket
            .intake
            .refusal
            .as_ref()
            .filter(|refusal| refusal.state == RefusalState::AwaitsReview)
            .ok_or(Refusal::NothingToDecide)?;
        if refusal.by == actor.username {
            return Err(Refusal::NotYours {
                need: "不予受理的复核应由他人进行",
                article: "9(4)",
            });
        }
        written("复核意见", reason, PROSE, "9(4)")?;
        let reviewed = fact(Event::RefusalReviewed {
            at: self.now,
            by: actor.username.clone(),
            granted,
            reason: reason.to_owned(),
        });
        Ok(if granted {
            vec![reviewed, self.ended(&actor.username, &refusal.ground)]
        } else {
            vec![reviewed]
        })
    }

    fn sealed(&self, actor: &Actor, kind: SecretKind) -> TicketEvent {
        fact(Event::Sealed {
            seal: Seal {
                at: self.now,
                by: actor.username.clone(),
                kind,
            },
        })
    }

    fn ended(&self, by: &Username, ground: &Ground) -> TicketEvent {
        TicketEvent::Voided {
            at: self.now,
            by: Some(by.clone()),
            reason: format!(
                "不予受理 (第九条第{}项): {}",
                ground.number(),
                ground.name()
            ),
        }
    }

    // 解释引导, 向上级汇报: article 10.

    fn explained(&self, actor: &Actor, explanation: &str, guidance: Option<String>) -> TicketEvent {
        fact(Event::Explained {
            explanation: Explanation {
                at: self.now,
                by: actor.username.clone(),
                explanation: explanation.to_owned(),
                guidance,
            },
        })
    }

    fn decide_report(
        &self,
        ticket: &Ticket,
        in_scope: bool,
        decision: &str,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(LEADS, "10")?;
        at_desk(ticket)?;
        let report = ticket
            .intake
            .open_report()
            .ok_or(Refusal::NothingToDecide)?;
        if report.by == actor.username {
            return Err(Refusal::NotYours {
                need: "请示事项应由上级决定",
                article: "10",
            });
        }
        written("决定", decision, PROSE, "10")?;
        Ok(vec![fact(Event::ReportDecided {
            at: self.now,
            by: actor.username.clone(),
            in_scope,
            decision: decision.to_owned(),
        })])
    }

    fn notify(&self, ticket: &Ticket, how: &str) -> Result<Vec<TicketEvent>, Refusal> {
        let actor = self.one_of(DESK, "10")?;
        let decided = ticket
            .intake
            .reports
            .last()
            .and_then(|r| r.decision.as_ref());
        if decided.is_none_or(|decision| decision.notice.is_some()) {
            return Err(Refusal::NothingToDecide);
        }
        written("告知方式", how, PROSE, "10")?;
        Ok(vec![fact(Event::PetitionerNotified {
            at: self.now,
            by: actor.username.clone(),
            how: how.to_owned(),
        })])
    }

    // 专席窗口联动: article 11(2).

    /// How long a seat has it, day and night: the petitioner may be waiting.
    fn seat_time_ms(&self, ticket: &Ticket) -> i64 {
        const HOUR_MS: i64 = 60 * 60_000;
        let limits = &self.rules.of(self.now, ticket).limits;
        HOUR_MS * i64::from(limits.seat_answer_hours)
    }

    fn take_at_seat(&self, ticket: &Ticket) -> Result<Vec<TicketEvent>, Refusal> {
        let (actor, seat) = self.at_seat(ticket)?;
        if seat.taken.is_some() {
            return Err(Refusal::TakenBySomebodyElse);
        }
        before_dispatch(ticket)?;
        Ok(vec![fact(Event::TakenAtSeat {
            at: self.now,
            by: actor.username.clone(),
        })])
    }

    fn answer_at_seat(
        &self,
        ticket: &Ticket,
        answer: &str,
        knowledge: Option<&str>,
    ) -> Result<Vec<TicketEvent>, Refusal> {
        let (actor, seat) = self.at_seat(ticket)?;
        let Stage::Registered { promise: None } = ticket.stage else {
            return Err(wrong(ticket));
        };
        ticket
            .intake
            .ready(&self.rules.of(self.now, ticket).limits)?;
        match &seat.taken {
            Some(taken) if taken.by == actor.username => {}
            Some(_) => return Err(Refusal::TakenBySomebodyElse),
            None => {
                return Err(Refusal::Missing {
                    field: "专席接收",
                    article: "11(2)",
                });
            }
        }
        written("答复内容", answer, PROSE, "11(2)")?;
        optional("引用知识", knowledge, LINE, "11(2)")?;
        Ok(vec![TicketEvent::AnsweredOnCall {
            at: self.now,
            by: actor.username.clone(),
            answer: answer.to_owned(),
            knowledge: knowledge.map(str::to_owned),
        }])
    }

    fn at_seat<'t>(&self, ticket: &'t Ticket) -> Result<(&Actor, &'t SeatHandover), Refusal> {
        let actor = self.one_of(&[Role::Specialist], "11(2)")?;
        let seat = ticket.intake.seat.as_ref();
        seat.filter(|seat| seat.unit == actor.unit)
            .map(|seat| (actor, seat))
            .ok_or(Refusal::NotYours {
                need: "该诉求未交本单位专席",
                article: "11(2)",
            })
    }

    fn one_of(&self, roles: &[Role], article: Article) -> Result<&Actor, Refusal> {
        match self.by {
            By::Person(actor) if roles.contains(&actor.role) => Ok(actor),
            By::Person(_) | By::Server => Err(Refusal::NotYours {
                need: "您的岗位不包含此职责",
                article,
            }),
        }
    }
}

/// The partner that has it, or answered it.
fn with_partner(ticket: &Ticket) -> Result<&PassedOn, Refusal> {
    ticket.intake.partner().ok_or_else(|| wrong(ticket))
}

fn fact(event: Event) -> TicketEvent {
    TicketEvent::Intake(event)
}

fn wrong(ticket: &Ticket) -> Refusal {
    Refusal::WrongStage {
        stage: ticket.stage.name(),
    }
}

/// Still the desk's: nobody was given it yet, and it has not come back from anybody.
fn before_dispatch(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.stage {
        Stage::Draft | Stage::Registered { promise: None } => Ok(()),
        Stage::Registered { promise: Some(_) }
        | Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}

/// With the desk, for the first time or again after a send-back.
fn at_desk(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.stage {
        Stage::Draft | Stage::Registered { .. } => Ok(()),
        Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}

fn alive(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.stage {
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. } => Ok(()),
        Stage::Closed { .. } | Stage::Archived { .. } | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}

/// Each ground with what it needs.
fn check_ground(ground: &Ground) -> Result<(), Refusal> {
    match ground {
        Ground::OutsideJiangsu { hotline } => written("应联系的热线或单位", hotline, LINE, "9(1)"),
        Ground::OtherProcedure {
            procedure,
            case_reference,
        } => match (procedure, case_reference) {
            // 已进入信访程序 leaves no other reading; the others may be under way, or still be the way to go.
            (Procedure::Petition, None) => Err(Refusal::Missing {
                field: "信访件编号",
                article: "9(2)",
            }),
            (_, reference) => optional("案号或受理编号", reference.as_deref(), LINE, "9(2)"),
        },
        Ground::Secret { .. } => Ok(()),
        Ground::MaliciousOrVague { asked_for } => {
            written("已向诉求人追问的事实", asked_for, PROSE, "9(4)")
        }
        Ground::Emergency { service } => written("紧急救助号码", service, LINE, "9(5)"),
        Ground::Other { reason } => written("不予受理理由", reason, PROSE, "9(6)"),
    }
}

fn check_origin(origin: &Origin) -> Result<(), Refusal> {
    let profile = origin.group.profile();
    let article = profile.article;
    written("来源系统", &origin.system, LINE, article)?;
    written("来源编号", &origin.id, LINE, article)?;
    match (origin.group, origin.service) {
        (SourceGroup::ProvincialService, None) => Err(Refusal::Missing {
            field: "省级政务服务类型",
            article,
        }),
        (SourceGroup::ProvincialService, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(Refusal::Contradiction {
            why: "只有省级政务服务事项区分服务类型",
            article,
        }),
    }?;
    optional("交办单位", origin.issuer.as_deref(), LINE, article)?;
    optional("文号", origin.document.as_deref(), LINE, article)?;
    if profile.needs_document && (origin.issuer.is_none() || origin.document.is_none()) {
        return Err(Refusal::Missing {
            field: "交办单位和文号",
            article,
        });
    }
    Ok(())
}

/// A text that may be left out, but not given empty.
fn optional(
    field: &'static str,
    text: Option<&str>,
    max: usize,
    article: Article,
) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| written(field, text, max, article))
}
