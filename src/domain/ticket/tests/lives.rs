//! Random lives: any command, by anybody, at any time. What is granted is held against the regulation written down a
//! second time as tables, and against a slow count of working days; state is held against its own events.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::model::{After, Model, Who, end_of_working_day};
use super::*;
use crate::domain::attachment::{FileSheet, MediaType, Purpose};
use crate::domain::calendar::Calendar;
use crate::domain::id::{AttachmentId, LegId};
use crate::domain::identity::{IdKind, Identity};

/// Command, stages it may be granted in, who may wish it (`*`: the server).
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("register", &["draft", "registered"], CALL_TAKERS),
    ("answer_on_call", &["registered"], CALL_TAKERS),
    (
        "note_three_way",
        &["draft", "registered", "dispatched", "handling"],
        &["*", "agent", "specialist", "team_lead"],
    ),
    ("dispatch", &["registered"], CALL_TAKERS),
    ("acknowledge", WITH_UNITS, UNIT),
    ("hand_down", WITH_UNITS, UNIT),
    (
        "record_contact",
        WITH_UNITS,
        &["*", "unit_handler", "unit_head"],
    ),
    ("reply", WITH_UNITS, UNIT),
    ("review", &["replied"], &["reviewer"]),
    ("send_back", &["dispatched", "handling"], UNIT),
    ("decide_send_back", &["dispatched", "handling"], DECIDERS),
    ("extend", &["dispatched", "handling"], UNIT),
    ("decide_extension", WITH_UNITS, DECIDERS),
    (
        "change_kind",
        &["dispatched", "handling"],
        &[
            "agent",
            "team_lead",
            "supervisor",
            "unit_handler",
            "unit_head",
        ],
    ),
    ("decide_kind", WITH_UNITS, DECIDERS),
    (
        "void",
        &["draft", "registered"],
        &["*", "agent", "team_lead", "supervisor"],
    ),
    ("archive", &["closed"], &["*", "team_lead", "supervisor"]),
    (
        "reopen",
        &["closed"],
        &["agent", "team_lead", "supervisor", "revisitor"],
    ),
    ("survey_answered", &["closed"], &["*"]),
    ("survey_failed", &["closed"], &["*"]),
    ("read_survey", &["closed"], &["revisitor", "team_lead"]),
    ("revisit_recorded", &["closed"], &["revisitor"]),
    ("rectify", &["closed"], UNIT),
    (
        "request_written_opinion",
        &["dispatched", "handling", "replied", "closed"],
        &["agent", "team_lead", "supervisor", "revisitor"],
    ),
    (
        "issue_written_opinion",
        &["dispatched", "handling", "replied", "closed"],
        UNIT,
    ),
    (
        "sweep",
        &[
            "draft",
            "registered",
            "dispatched",
            "handling",
            "replied",
            "closed",
        ],
        &["*"],
    ),
    ("attach", UNTIL_ARCHIVED, ATTACHERS),
];
/// The same of intake, articles 8 to 11(2).
const INTAKE: &[(&str, &[&str], &[&str])] = &[
    ("identify", UNTIL_CLOSED, CALL_TAKERS),
    ("verify_identity", ALWAYS, CALL_TAKERS),
    ("classify", AT_DESK, CALL_TAKERS),
    ("refuse", AT_DESK, CALL_TAKERS),
    ("review_refusal", AT_DESK, LEADS),
    ("seal", ALWAYS, LEADS),
    ("explain", AT_DESK, CALL_TAKERS),
    ("report_up", AT_DESK, CALL_TAKERS),
    ("decide_report", AT_DESK, LEADS),
    ("notify_petitioner", ALWAYS, CALL_TAKERS),
    ("hand_to_seat", AT_DESK, CALL_TAKERS),
    ("take_at_seat", AT_DESK, &["specialist"]),
    ("answer_at_seat", &["registered"], &["specialist"]),
    ("enter_lane", AT_DESK, DESK_OR_SERVER),
    ("pass_on", &["registered"], CALL_TAKERS),
    (
        "hear_partner",
        &["handling", "replied", "closed"],
        &["*", "agent", "team_lead", "supervisor"],
    ),
    ("take_back", &["handling"], LEADS),
    ("note_emergency", ALWAYS, &["*"]),
    ("emergency_answered", ALWAYS, &["*"]),
];
const AT_DESK: &[&str] = &["draft", "registered"];
const UNTIL_CLOSED: &[&str] = &["draft", "registered", "dispatched", "handling", "replied"];
const UNTIL_ARCHIVED: &[&str] = &[
    "draft",
    "registered",
    "dispatched",
    "handling",
    "replied",
    "closed",
];
const ALWAYS: &[&str] = &[
    "draft",
    "registered",
    "dispatched",
    "handling",
    "replied",
    "closed",
    "archived",
    "voided",
];
const LEADS: &[&str] = &["team_lead", "supervisor"];
const ATTACHERS: &[&str] = &[
    "agent",
    "team_lead",
    "supervisor",
    "revisitor",
    "unit_handler",
    "unit_head",
];
const CALL_TAKERS: &[&str] = &["agent", "team_lead", "supervisor"];
const DESK_OR_SERVER: &[&str] = &["agent", "team_lead", "supervisor", "*"];
const UNIT: &[&str] = &["unit_handler", "unit_head"];
const DECIDERS: &[&str] = &["reviewer", "team_lead", "supervisor"];
const WITH_UNITS: &[&str] = &["dispatched", "handling", "replied"];

/// The only ways from one stage to another.
const MOVES: &[(&str, &str, &str)] = &[
    ("draft", "register", "registered"),
    ("draft", "void", "voided"),
    ("registered", "void", "voided"),
    ("registered", "answer_on_call", "closed"),
    ("registered", "answer_at_seat", "closed"),
    ("draft", "refuse", "voided"),
    ("registered", "refuse", "voided"),
    ("draft", "review_refusal", "voided"),
    ("registered", "review_refusal", "voided"),
    ("registered", "dispatch", "dispatched"),
    ("registered", "pass_on", "handling"),
    ("handling", "hear_partner", "replied"),
    ("handling", "hear_partner", "registered"),
    ("handling", "take_back", "registered"),
    ("dispatched", "acknowledge", "handling"),
    ("dispatched", "decide_send_back", "registered"),
    ("handling", "decide_send_back", "registered"),
    ("handling", "reply", "replied"),
    ("replied", "review", "handling"),
    ("replied", "review", "closed"),
    ("closed", "reopen", "registered"),
    ("closed", "archive", "archived"),
];

/// One thing somebody tries.
#[derive(Debug, Clone)]
struct Try {
    command: usize,
    /// Somebody from the table's own list for that command, or anybody at all.
    fitting: bool,
    who: usize,
    choice: usize,
    minutes: i64,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    // Mostly minutes, sometimes days, now and then a clock that was set back.
    let minutes = prop_oneof![
        8 => 0i64..90,
        2 => 0i64..3 * 1440,
        1 => -1440i64..0,
    ];
    let one = (
        any::<usize>(),
        0..10u8,
        any::<usize>(),
        any::<usize>(),
        minutes,
    )
        .prop_map(|(command, fitting, who, choice, minutes)| Try {
            command,
            fitting: fitting > 0,
            who,
            choice,
            minutes,
        });
    prop::collection::vec(one, 1..120)
}

fn beginnings() -> impl Strategy<Value = Beginning> {
    prop_oneof![
        6 => Just(Beginning::Called),
        1 => Just(Beginning::AtSeat),
        2 => Just(Beginning::WithPartner),
        1 => Just(Beginning::Asked),
        4 => Just(Beginning::Dissatisfied),
    ]
}

/// Enough people that everybody meets, few enough that they often do; `x` changed jobs more than once.
fn people() -> Vec<Actor> {
    let mut people: Vec<Actor> = Role::ALL
        .into_iter()
        .map(|role| person(role.code(), role, DESK))
        .collect();
    for unit in [LEAD, OTHER, HELPER, OFFICE] {
        people.push(handler(unit));
        people.push(person(&format!("{unit}-head"), Role::UnitHead, unit));
        people.push(person("x", Role::UnitHandler, unit));
    }
    people.push(person("x", Role::Reviewer, DESK));
    people.push(person("x", Role::Revisitor, DESK));
    people.push(person("specialist2", Role::Specialist, DESK));
    people.push(person("lead2", Role::TeamLead, DESK));
    people
}

fn pick<T: Clone>(from: &[T], choice: usize) -> T {
    from[choice % from.len()].clone()
}

fn command(name: &str, choice: usize) -> Command {
    let yes = !choice.is_multiple_of(3);
    match name {
        "register" => register(pick(&Kind::ALL, choice)),
        "answer_on_call" => Command::AnswerOnCall {
            answer: "答".to_owned(),
            knowledge: None,
        },
        "note_three_way" => Command::NoteThreeWay {
            specialist: "李专员".to_owned(),
            unit: LEAD.into(),
            call: None,
            recording: None,
            result: None,
        },
        "dispatch" => match choice % 5 {
            0 => dispatch(OTHER, &[HELPER]),
            1 => dispatch(LEAD, &[LEAD]),
            2 => dispatch(LEAD, &[HELPER, OTHER]),
            _ => dispatch(LEAD, &[]),
        },
        "acknowledge" => Command::Acknowledge,
        "hand_down" => hand_down(pick(&[OFFICE, OFFICE, HELPER], choice)),
        "record_contact" => contact(),
        "reply" => reply(),
        "review" if yes => review(ReviewOutcome::Passed),
        "review" => review(ReviewOutcome::NotComplete),
        "send_back" => send_back(),
        "decide_send_back" => decide_send_back(yes),
        "extend" => extend((choice % 7) as u32),
        "decide_extension" => decide_extension(yes),
        "change_kind" => change_kind(pick(&Kind::ALL, choice)),
        "decide_kind" => decide_kind(yes),
        "void" => Command::Void {
            reason: "误拨".to_owned(),
        },
        "archive" => Command::Archive,
        "reopen" => Command::Reopen {
            reason: "未解决".to_owned(),
        },
        "survey_answered" => Command::SurveyAnswered {
            rating: pick(&Rating::ALL, choice),
        },
        "survey_failed" => Command::SurveyFailed {
            why: SurveyFailure::Silent,
        },
        "revisit_recorded" => revisited(pick(
            &[
                RevisitOutcome::Dissatisfied,
                RevisitOutcome::Satisfied,
                RevisitOutcome::Dissatisfied,
                RevisitOutcome::NoAnswer,
            ],
            choice,
        )),
        "rectify" => rectify(),
        "read_survey" => Command::ReadSurvey {
            rating: pick(&Rating::ALL, choice),
        },
        "request_written_opinion" => Command::RequestWrittenOpinion,
        "issue_written_opinion" => Command::IssueWrittenOpinion {
            text: "经核查".to_owned(),
        },
        "sweep" => Command::Sweep,
        "attach" => Command::Attach {
            id: AttachmentId(uuid(choice as u128)),
            file: file(choice),
        },
        other => Command::Intake(intake_command(other, choice)),
    }
}

/// A photograph, each another one.
fn file(choice: usize) -> FileSheet {
    FileSheet {
        name: "现场.jpg".to_owned(),
        media: MediaType::Jpeg,
        bytes: 1_000,
        sha256: format!("{choice:064x}"),
        purpose: Purpose::Demand,
    }
}

fn intake_command(name: &str, choice: usize) -> intake::Command {
    let yes = !choice.is_multiple_of(3);
    let text = || "说明".to_owned();
    let leg = LegId(uuid((choice % 4) as u128));
    match name {
        "identify" => intake::Command::Identify {
            identity: Identity::parse(IdKind::ResidentId, "11010519491231002X").unwrap(),
            mobile: None,
            legal_person: None,
        },
        "verify_identity" => intake::Command::VerifyIdentity {
            matches: yes,
            method: text(),
        },
        "classify" => intake::Command::Classify {
            category: text(),
            field: text(),
            department: None,
            standard: None,
        },
        "refuse" => intake::Command::Refuse {
            // Mostly what somebody else has to look at: the others end a life.
            ground: match choice % 12 {
                0 => intake::Ground::OutsideJiangsu { hotline: text() },
                1 => intake::Ground::Secret {
                    kind: intake::SecretKind::Commercial,
                },
                2 => intake::Ground::Emergency { service: text() },
                3 => intake::Ground::Other { reason: text() },
                _ => intake::Ground::MaliciousOrVague { asked_for: text() },
            },
            explanation: text(),
        },
        "review_refusal" => intake::Command::ReviewRefusal {
            granted: choice.is_multiple_of(5),
            reason: text(),
        },
        "seal" => intake::Command::Seal {
            kind: intake::SecretKind::Privacy,
        },
        "explain" => intake::Command::Explain {
            explanation: text(),
            guidance: None,
        },
        "report_up" => intake::Command::ReportUp { question: text() },
        "decide_report" => intake::Command::DecideReport {
            in_scope: yes,
            decision: text(),
        },
        "notify_petitioner" => intake::Command::NotifyPetitioner { how: text() },
        "hand_to_seat" => intake::Command::HandToSeat {
            unit: pick(&[DESK, LEAD], choice).into(),
            note: text(),
            call: None,
        },
        "take_at_seat" => intake::Command::TakeAtSeat,
        "answer_at_seat" => intake::Command::AnswerAtSeat {
            answer: text(),
            knowledge: None,
        },
        "enter_lane" => intake::Command::EnterLane { lane: text() },
        "pass_on" => pass_on(),
        "hear_partner" => intake::Command::HearPartner {
            kind: match choice % 7 {
                0 | 1 => intake::WordKind::Received,
                2 => intake::WordKind::Progress,
                3 => intake::WordKind::Returned,
                _ => intake::WordKind::Result,
            },
            text: text(),
            id: choice.is_multiple_of(5).then(|| (choice % 4).to_string()),
        },
        "take_back" => intake::Command::TakeBack { reason: text() },
        "note_emergency" => intake::Command::NoteEmergency {
            by: "agent1000".into(),
            service: "119".to_owned(),
            call: CallId(uuid(2)),
            leg,
            location: None,
        },
        "emergency_answered" => intake::Command::EmergencyAnswered {
            leg,
            answered_after_ms: 900,
        },
        other => panic!("{other} is not in the table"),
    }
}

fn pass_on() -> intake::Command {
    intake::Command::PassOn {
        partner: "sh-12345".to_owned(),
        reason: "上海市管辖".to_owned(),
        call: None,
    }
}

/// What the model remembers of a life, from the events alone.
#[derive(Default)]
struct Memory {
    unit: Option<UnitCode>,
    handle_by: Option<Timestamp>,
    handlers: BTreeSet<Username>,
    reviewers: BTreeSet<Username>,
    dispatched_at: Option<Timestamp>,
    window: Option<Timestamp>,
    proved: bool,
    kind: Option<Kind>,
    kind_asked_by: Option<Username>,
    dissatisfied_calls: u32,
}

impl Memory {
    /// Holds one granted event against the rules, and remembers it.
    fn witness(&mut self, now: Timestamp, event: &Event) {
        match event {
            Event::Registered { demand, .. } => self.kind = Some(demand.kind),
            Event::Dispatched {
                lead,
                handle,
                acknowledge,
                send_back_until,
                ..
            } => {
                let short = self.kind == Some(Kind::Inquiry);
                let promised = self
                    .handle_by
                    .unwrap_or_else(|| end_of_working_day(now, if short { 3 } else { 5 }));
                assert_eq!(
                    handle.due(),
                    Some(promised),
                    "a second dispatch keeps the promise"
                );
                let window = end_of_working_day(now, if short { 1 } else { 2 });
                assert_eq!(*send_back_until, Some(window));
                let calendar = Calendar::statutory();
                assert_eq!(
                    calendar.working_ms_between(now, acknowledge.due().unwrap()),
                    Ok(3_600_000)
                );
                self.unit = Some(lead.clone());
                self.handle_by = Some(promised);
                self.window = Some(window);
                self.dispatched_at = Some(now);
                self.proved = false;
            }
            Event::Acknowledged { by, .. }
            | Event::OpinionGiven { by, .. }
            | Event::HandedDown { by, .. } => {
                self.handlers.insert(by.clone());
            }
            Event::ContactRecorded { by, unit, .. } => {
                self.handlers.extend(by.clone());
                self.proved |= Some(unit) == self.unit.as_ref();
            }
            Event::Replied { by, unit, .. } => {
                assert!(self.proved, "no reply without proof of contact");
                assert_eq!(Some(unit), self.unit.as_ref(), "the lead answers");
                self.handlers.insert(by.clone());
            }
            Event::Reviewed { by, .. } => {
                assert!(!self.handlers.contains(by), "nobody judges their own work");
                self.reviewers.insert(by.clone());
            }
            Event::SendBackRequested { by, unit, .. } => {
                assert!(now <= self.window.unwrap());
                assert_eq!(Some(unit), self.unit.as_ref());
                self.handlers.insert(by.clone());
            }
            Event::SendBackDecided { granted: true, .. } => self.unit = None,
            Event::ExtensionRequested { by, unit, .. } => {
                assert!(now <= self.handle_by.unwrap());
                assert_eq!(Some(unit), self.unit.as_ref());
                self.handlers.insert(by.clone());
            }
            Event::ExtensionGranted { handle, .. } => {
                assert!(handle.due() > self.handle_by);
                self.handle_by = handle.due();
            }
            // Asked for by one, decided by another; the promise moves with it, and by nothing else (R060).
            Event::KindChangeRequested { by, from, to, .. } => {
                assert_ne!(from, to);
                assert_eq!(Some(*from), self.kind);
                self.kind_asked_by = Some(by.clone());
            }
            Event::KindChanged {
                by, kind, moved, ..
            } => {
                assert_ne!(Some(by), self.kind_asked_by.as_ref());
                let same_limits = (self.kind == Some(Kind::Inquiry)) == (*kind == Kind::Inquiry);
                assert_eq!(moved.is_empty(), same_limits);
                for one in moved {
                    match one.deadline {
                        DeadlineKind::HandleBy => self.handle_by = one.new.due(),
                        DeadlineKind::SendBackBy => self.window = one.new.due(),
                        _ => {}
                    }
                }
                self.kind = Some(*kind);
            }
            Event::Reopened { .. } => {
                *self = Self {
                    kind: self.kind,
                    handlers: std::mem::take(&mut self.handlers),
                    reviewers: std::mem::take(&mut self.reviewers),
                    ..Self::default()
                };
            }
            Event::Revisited {
                by,
                outcome,
                recording,
                ..
            } => {
                assert!(!self.handlers.contains(by) && !self.reviewers.contains(by));
                assert!(recording.is_some());
                if *outcome == RevisitOutcome::Dissatisfied {
                    self.dissatisfied_calls += 1;
                }
            }
            Event::RectificationOrdered { .. } => assert_eq!(self.dissatisfied_calls, 1),
            Event::Rectified { by, unit, .. } => {
                assert_eq!(Some(unit), self.unit.as_ref());
                self.handlers.insert(by.clone());
            }
            Event::FollowUpEnded {
                result: FollowUpResult::Unsatisfied { .. },
            } => assert_eq!(self.dissatisfied_calls, 2),
            Event::Marked { due, mark, .. } => {
                assert_eq!(*mark == Mark::Lapsed, now > *due);
            }
            // The hotline answers for it, and says what the partner found: it need not have called.
            Event::Intake(intake::Event::PassedOn { .. }) => {
                assert_eq!(self.unit.as_ref(), Some(&DESK.into()));
                self.proved = true;
            }
            Event::Intake(event) if event.comes_back() => self.unit = None,
            Event::Opened { .. }
            | Event::ThreeWayNoted { .. }
            | Event::AnsweredOnCall { .. }
            | Event::Closed { .. }
            | Event::SurveyRequested { .. }
            | Event::SendBackDecided { granted: false, .. }
            | Event::ExtensionDeclined { .. }
            | Event::KindChangeDeclined { .. }
            | Event::Attached { .. }
            | Event::Voided { .. }
            | Event::Archived { .. }
            | Event::SurveyAnswered { .. }
            | Event::SurveyFailed { .. }
            | Event::RevisitPlanned { .. }
            | Event::SurveyResent { .. }
            | Event::DeadlinesMoved { .. }
            | Event::Inherited { .. }
            | Event::WrittenOpinionRequested { .. }
            | Event::WrittenOpinionIssued { .. }
            | Event::FollowUpEnded { .. }
            | Event::Intake(_) => {}
        }
    }
}

/// Where a life begins: few would get far enough to meet what comes late.
#[derive(Debug, Clone, Copy)]
enum Beginning {
    /// A fresh draft.
    Called,
    /// A specialist has taken the demand at their seat.
    AtSeat,
    /// Another platform works on it.
    WithPartner,
    /// Closed, and the citizen was asked.
    Asked,
    /// Closed, and the citizen is not satisfied.
    Dissatisfied,
}

/// Lives `tries` and counts what was granted.
fn live(beginning: Beginning, tries: &[Try], seen: &mut BTreeMap<&'static str, u32>) {
    let people = people();
    let mut case = match beginning {
        Beginning::Called => Case::called(),
        Beginning::AtSeat => {
            let mut case = Case::called();
            for (actor, command) in to_seat() {
                case.wish(&actor, command).unwrap();
            }
            case
        }
        Beginning::WithPartner => {
            let mut case = Case::called();
            for (actor, command) in to_partner() {
                case.wish(&actor, command).unwrap();
            }
            case
        }
        Beginning::Asked => Case::closed(),
        Beginning::Dissatisfied => Case::dissatisfied(),
    };
    let mut memory = Memory::default();
    let mut model = model_of(beginning);
    for event in &case.events {
        memory.witness(case.now, event);
    }
    for attempt in tries {
        case.now = case.now.plus_millis(attempt.minutes * 60_000);
        let before = case.ticket().clone();
        let stage = before.stage.code();
        // Three tries of four could fit the stage; the others test that nothing else does.
        let table = if attempt.command.is_multiple_of(4) {
            INTAKE
        } else {
            TABLE
        };
        let possible: Vec<_> = table
            .iter()
            .filter(|(_, stages, _)| attempt.choice % 4 == 0 || stages.contains(&stage))
            .copied()
            .collect();
        if possible.is_empty() {
            continue;
        }
        let (name, stages, roles) = pick(&possible, attempt.command / 4);
        let suits = |actor: &&Actor| !attempt.fitting || roles.contains(&actor.role.code());
        let suited: Vec<&Actor> = people.iter().filter(suits).collect();
        let by = match suited.as_slice() {
            [] => By::Server,
            _ if roles.contains(&"*") && attempt.who % 2 == 0 => By::Server,
            suited => By::Person(pick(suited, attempt.who)),
        };
        let known = case.events.len();
        let command = command(name, attempt.choice);
        let refused = case.decide(by, &command).err();
        if command != Command::Sweep {
            let granted = model.grants(case.now, &who(by), &command);
            assert_eq!(
                granted,
                refused.is_none(),
                "{command:?} by {by:?}: {refused:?}\n{model:#?}"
            );
            if granted {
                model.carry_out(case.now, &who(by), &command);
            }
        }
        if command == Command::Sweep && matches!(by, By::Server) {
            assert!(!model.seat_is_late(case.now) || refused.is_none());
            model.swept(case.now);
        }
        if let Some(refusal) = refused {
            assert!(!refusal.detail().is_empty() && !refusal.article().is_empty());
            assert_eq!(*case.ticket(), before, "a refusal changes nothing");
            continue;
        }
        *seen.entry(name).or_default() += 1;

        let role = match by {
            By::Person(actor) => actor.role.code(),
            By::Server => "*",
        };
        assert!(stages.contains(&stage), "{name} was granted in {stage}");
        assert!(roles.contains(&role), "{name} was granted to {role}");
        let after = case.stage();
        *seen.entry(after).or_default() += 1;
        assert!(
            stage == after || MOVES.contains(&(stage, name, after)),
            "{name} moved {stage} to {after}"
        );
        for event in &case.events[known..] {
            memory.witness(case.now, event);
            *seen.entry(event.name()).or_default() += 1;
            if let Event::FollowUpEnded {
                result: FollowUpResult::Unsatisfied { .. },
            } = event
            {
                *seen.entry("unsatisfied").or_default() += 1;
            }
        }
        // Exactly one unit answers for it, and it is the one last dispatched to, or the desk.
        let responsible = memory.unit.clone().unwrap_or_else(|| DESK.into());
        assert_eq!(*case.ticket().responsible(), responsible);
        agree(&model, &case);
        // The promise runs from the first dispatch until closing, and moved only where the memory saw a cause.
        let promise = case.due(DeadlineKind::HandleBy);
        if promise.is_some() || WITH_UNITS.contains(&after) {
            assert_eq!(promise, memory.handle_by);
        }
    }
    assert_eq!(fold(&case.events).as_ref(), Some(case.ticket()));
    let stored: Vec<Event> = case
        .events
        .iter()
        .map(|event| serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap())
        .collect();
    assert_eq!(stored, case.events);
    let shown = serde_json::to_string(case.ticket()).unwrap();
    let read: Ticket = serde_json::from_str(&shown).unwrap();
    assert_eq!(read, *case.ticket());
}

fn to_seat() -> [(Actor, Command); 3] {
    let hand = intake_command("hand_to_seat", 0);
    [
        (agent(), register(Kind::Inquiry)),
        (agent(), Command::Intake(hand)),
        (
            person("specialist", Role::Specialist, DESK),
            Command::Intake(intake::Command::TakeAtSeat),
        ),
    ]
}

fn to_partner() -> [(Actor, Command); 2] {
    [
        (agent(), register(Kind::Complaint)),
        (agent(), Command::Intake(pass_on())),
    ]
}

/// The model at the point where a life begins.
fn model_of(beginning: Beginning) -> Model {
    let mut model = Model::called();
    match beginning {
        Beginning::Called => return model,
        Beginning::AtSeat => {
            for (actor, command) in to_seat() {
                model.carry_out(Case::new().now, &who(By::Person(&actor)), &command);
            }
            return model;
        }
        Beginning::WithPartner => {
            for (actor, command) in to_partner() {
                model.carry_out(Case::new().now, &who(By::Person(&actor)), &command);
            }
            return model;
        }
        Beginning::Asked | Beginning::Dissatisfied => {}
    }
    let now = Case::new().now;
    let (lead, helper) = (handler(LEAD), handler(HELPER));
    let (agent, reviewer) = (agent(), reviewer());
    for (by, command) in [
        (By::Person(&agent), register(Kind::Complaint)),
        (By::Person(&agent), dispatch(LEAD, &[HELPER])),
        (By::Person(&lead), Command::Acknowledge),
        (By::Person(&lead), contact()),
        (By::Person(&helper), Command::Acknowledge),
        (By::Person(&helper), reply()),
        (By::Person(&lead), reply()),
        (By::Person(&reviewer), review(ReviewOutcome::Passed)),
    ] {
        assert!(model.grants(now, &who(by), &command), "{command:?}");
        model.carry_out(now, &who(by), &command);
    }
    if let Beginning::Dissatisfied = beginning {
        let rating = Rating::Dissatisfied;
        let answered = Command::SurveyAnswered { rating };
        model.carry_out(now, &who(By::Server), &answered);
    }
    model
}

fn who(by: By<'_>) -> Who {
    match by {
        By::Server => Who {
            role: "*",
            name: String::new(),
            unit: String::new(),
        },
        By::Person(actor) => Who {
            role: actor.role.code(),
            name: actor.username.0.clone(),
            unit: actor.unit.0.clone(),
        },
    }
}

/// Code and model say the same of where the ticket stands, who answers for it, and by when.
fn agree(model: &Model, case: &Case) {
    assert_eq!(model.stage, case.stage());
    assert_eq!(model.responsible(), case.ticket().responsible().0);
    assert_eq!(model.reopened, case.ticket().reopened);
    let kinds = [
        DeadlineKind::AcknowledgeBy,
        DeadlineKind::HandleBy,
        DeadlineKind::ReplyBy,
    ];
    let clocks = case.ticket().clocks();
    let counted: BTreeSet<_> = clocks
        .iter()
        .filter(|clock| kinds.contains(&clock.kind))
        .map(|clock| {
            let due = clock.running.deadline.due().unwrap();
            (clock.kind, clock.unit.0.clone(), due)
        })
        .collect();
    assert_eq!(counted, model.deadlines());
    let todos = case.ticket().todos();
    let at_seat = todos.iter().find(|todo| todo.task == Task::AnswerAtSeat);
    assert_eq!(at_seat.map(|todo| &*todo.unit.0), model.waits_at_seat());
    let after = match &case.ticket().stage {
        Stage::Closed { follow_up, .. } => Some(match follow_up {
            FollowUp::Surveying => After::Surveying {
                sent: 1 + u32::try_from(case.ticket().surveys.last().unwrap().resent.len())
                    .unwrap(),
            },
            FollowUp::Revisiting { round, .. } => After::Revisiting(match round {
                Round::First => 1,
                Round::Second => 2,
            }),
            FollowUp::Rectifying { .. } => After::Rectifying,
            FollowUp::Ended { .. } => After::Ended,
        }),
        _ => None,
    };
    assert_eq!(after, model.follow_up());
    // Closed for good means asked, or exempt: nothing is archived in between.
    if let Stage::Archived { result, .. } = &case.ticket().stage {
        let asked = !case.ticket().surveys.is_empty() || case.ticket().phone().is_none();
        assert!(asked || *result == FollowUpResult::Exempt);
    }
}

/// Lives in the gate; `HOTLINE_LIVES=100000` for more.
fn lives() -> u32 {
    let given = std::env::var("HOTLINE_LIVES").ok();
    given.map_or(3_000, |number| {
        number.parse().expect("HOTLINE_LIVES is a number")
    })
}

#[test]
fn random_lives_keep_the_rules() {
    let seen = RefCell::new(BTreeMap::new());
    let mut runner = TestRunner::new(Config {
        cases: lives(),
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&(beginnings(), tries()), |(beginning, tries)| {
            live(beginning, &tries, &mut seen.borrow_mut());
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    // The lives went everywhere: a rule nobody met is a rule nobody tested.
    let seen = seen.into_inner();
    for (name, ..) in TABLE.iter().chain(INTAKE) {
        assert!(seen.contains_key(name), "nobody was granted {name}");
    }
    for name in [
        "archived",
        "voided",
        "extension_granted",
        "kind_changed",
        "handed_down",
        "unsatisfied",
        "opinion_given",
        "marked",
        "survey_resent",
        "written_opinion_issued",
        "taken_back",
    ] {
        assert!(seen.contains_key(name), "no life reached {name}: {seen:?}");
    }
}
