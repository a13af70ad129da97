//! Which wishes the rules would grant a person now, and why not the others: what a page offers before anything is
//! written. The rules themselves are asked, with texts filled in, so that a page cannot know better than they.

use std::collections::BTreeMap;

use super::command::{Command, Told};
use super::decide::decide;
use super::intake::{self, Ground, SecretKind};
use super::refusal::Refusal;
use super::rules::{FormField, Rules};
use super::state::{Applicant, Kind, Petitioner, Rating, ReviewOutcome, Ticket};
use crate::domain::id::{CallId, UnitCode};
use crate::domain::identity::{IdKind, Identity};
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use uuid::Uuid;

/// A command this person's post includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    /// [`Command::name`].
    pub command: &'static str,
    /// Why not now; `None` when it would be granted.
    pub refusal: Option<Refusal>,
}

/// The commands that `by` could give for this ticket, those refused for now with the reason. What is not this person's
/// to do at all is left out.
pub fn possible(now: Timestamp, ticket: &Ticket, by: By<'_>, rules: &Rules) -> Vec<Possible> {
    let fields = filled_in(now, by, rules);
    examples(another_kind(ticket), a_unit_below(by, rules), fields)
        .into_iter()
        .filter_map(|command| {
            let refusal = decide(now, Some(ticket), &command, by, rules).err();
            let mine = !matches!(refusal, Some(Refusal::NotYours { .. }));
            mine.then_some(Possible {
                command: command.name(),
                refusal,
            })
        })
        .collect()
}

/// A kind the demand is not of.
fn another_kind(ticket: &Ticket) -> Kind {
    match &ticket.demand {
        Some(demand) if demand.kind == Kind::Inquiry => Kind::HelpRequest,
        Some(_) | None => Kind::Inquiry,
    }
}

/// A unit under this person's, if there is one.
fn a_unit_below(by: By<'_>, rules: &Rules) -> UnitCode {
    let own = match by {
        By::Person(actor) => rules.one_below(&actor.unit),
        By::Server => None,
    };
    own.cloned().unwrap_or_else(|| UnitCode("…".to_owned()))
}

/// What the form of this person's desk asks, filled in.
fn filled_in(now: Timestamp, by: By<'_>, rules: &Rules) -> BTreeMap<String, String> {
    let By::Person(actor) = by else {
        return BTreeMap::new();
    };
    let form = rules.form(now, &actor.unit).into_iter();
    let fill = |field: FormField| {
        let value = field.choices.into_iter().next();
        (field.key, value.unwrap_or_else(|| "…".to_owned()))
    };
    form.map(fill).collect()
}

/// One complete example of each command a person may give.
fn examples(other_kind: Kind, below: UnitCode, fields: BTreeMap<String, String>) -> Vec<Command> {
    let text = || "…".to_owned();
    let unit = || UnitCode("…".to_owned());
    vec![
        Command::Register {
            title: text(),
            content: text(),
            kind: Kind::Inquiry,
            petitioner: Petitioner {
                name: text(),
                phone: None,
                applicant: Applicant::Person,
                secrecy: false,
                firm: None,
            },
            address: None,
            category: None,
            fields,
        },
        Command::AnswerOnCall {
            answer: text(),
            knowledge: None,
        },
        Command::Dispatch {
            lead: unit(),
            co_handlers: Vec::new(),
            basis: None,
            urgent: false,
        },
        Command::Acknowledge,
        Command::HandDown { unit: below },
        Command::RecordContact {
            call: Some(CallId(Uuid::nil())),
            recording: None,
            sms: None,
            summary: text(),
        },
        Command::Reply {
            text: text(),
            no_contact_reason: Some(text()),
        },
        Command::SendBack {
            basis: text(),
            suggestion: text(),
        },
        Command::Extend {
            working_days: 1,
            reason: text(),
            told_petitioner: Told::NotNeeded(text()),
        },
        Command::DecideSendBack {
            granted: false,
            reason: text(),
        },
        Command::DecideExtension {
            granted: false,
            reason: text(),
        },
        Command::ChangeKind {
            kind: other_kind,
            reason: text(),
        },
        Command::DecideKind {
            granted: false,
            reason: text(),
        },
        Command::Review {
            outcome: ReviewOutcome::NotComplete,
            remark: text(),
        },
        Command::Rectify {
            finding: text(),
            measures: text(),
        },
        Command::NoteThreeWay {
            specialist: text(),
            unit: unit(),
            call: None,
            recording: None,
            result: None,
        },
        Command::ReadSurvey {
            rating: Rating::Satisfied,
        },
        Command::RequestWrittenOpinion,
        Command::IssueWrittenOpinion { text: text() },
        Command::Reopen { reason: text() },
        Command::Archive,
        Command::Void { reason: text() },
    ]
    .into_iter()
    .chain(at_intake().into_iter().map(Command::Intake))
    .collect()
}

/// The same of the intake facet. A refusal's example is of the ground that everybody at the desk may name.
fn at_intake() -> Vec<intake::Command> {
    let text = || "…".to_owned();
    vec![
        intake::Command::Classify {
            category: text(),
            field: text(),
            department: None,
            standard: None,
        },
        intake::Command::Refuse {
            ground: Ground::OutsideJiangsu { hotline: text() },
            explanation: text(),
        },
        intake::Command::ReviewRefusal {
            granted: false,
            reason: text(),
        },
        intake::Command::Seal {
            kind: SecretKind::Privacy,
        },
        intake::Command::Explain {
            explanation: text(),
            guidance: None,
        },
        intake::Command::ReportUp { question: text() },
        intake::Command::DecideReport {
            in_scope: true,
            decision: text(),
        },
        intake::Command::NotifyPetitioner { how: text() },
        intake::Command::HandToSeat {
            unit: UnitCode("…".to_owned()),
            note: text(),
            call: None,
        },
        intake::Command::TakeAtSeat,
        intake::Command::AnswerAtSeat {
            answer: text(),
            knowledge: None,
        },
        intake::Command::EnterLane { lane: text() },
        intake::Command::PassOn {
            partner: text(),
            reason: text(),
            call: None,
        },
        intake::Command::HearPartner {
            kind: intake::WordKind::Result,
            text: text(),
            id: None,
        },
        intake::Command::TakeBack { reason: text() },
        intake::Command::Identify {
            identity: Identity::parse(IdKind::Passport, "E00000000")
                .expect("a passport's number has this form"),
            mobile: None,
            legal_person: None,
        },
        intake::Command::VerifyIdentity {
            matches: true,
            method: text(),
        },
    ]
}
