//! What is known of a demand beside its text, and what the desk does with it before (or instead of) a dispatch: where it
//! came from (article 8), who asks (article 11(1)), what it is about (article 11(2)), that it is not accepted and why
//! (articles 9 and 10), and which seat or channel has it.
//!
//! A facet of the ticket with wishes and facts of its own; [`decide`] and [`apply`] are those of the ticket's, for these.

mod command;
mod decide;
mod event;
mod origin;
mod passed;
mod refused;

use serde::{Deserialize, Serialize};

use super::deadline::{Deadline, Due};
use super::refusal::Refusal;
use super::rules::Limits;
use super::state::{Stage, Ticket};
use crate::domain::id::{CallId, LegId, UnitCode, Username};
use crate::domain::identity::RealName;
use crate::domain::time::Timestamp;

pub use command::{Acceptance, Command};
pub(super) use decide::decide;
pub use event::Event;
pub use origin::{Channel, Origin, ServiceType, SourceGroup, SourceProfile};
pub use passed::{PartnerWord, PassedOn, WordKind};
pub use refused::{Ground, Guidance, NotAccepted, Procedure, RefusalState, SecretKind};

/// The facet. All of it is optional: a ticket of a plain call has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intake {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_name: Option<RealName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<NotAccepted>,
    /// Article 9(3): its content is for named roles only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explanations: Vec<Explanation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<SeatHandover>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emergencies: Vec<EmergencyTransfer>,
    /// Each time it was passed on to another platform; the last may be under way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed_on: Vec<PassedOn>,
}

/// 诉求的内容、领域、部门 as codes; its nature is the demand's kind (article 11(2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    pub at: Timestamp,
    pub by: Username,
    /// Of the organisation's category tree.
    pub category: String,
    /// 涉及领域.
    pub field: String,
    /// 涉及部门: who would be competent, dispatched or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<UnitCode>,
    /// The category's code in GB/T 39666, as it was mapped when it was coded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
}

/// Content that may not be seen, found or analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub at: Timestamp,
    pub by: Username,
    pub kind: SecretKind,
}

/// 解释引导 by whoever received it first (article 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub at: Timestamp,
    pub by: Username,
    pub explanation: String,
    /// Where the petitioner was sent.
    pub guidance: Option<String>,
}

/// 首接人员无法认定的, 及时向上级汇报 (article 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub at: Timestamp,
    pub by: Username,
    pub question: String,
    /// The superior decides by then.
    pub due: Timestamp,
    /// It was late, and that is on record.
    #[serde(default)]
    pub lapsed: bool,
    pub decision: Option<ReportDecision>,
}

impl Report {
    /// Its clock, on natural time: somebody is on the line.
    pub(super) fn clock(&self) -> Deadline {
        natural(self.at, self.due)
    }
}

/// A clock on natural time, with its reminders.
fn natural(from: Timestamp, due: Timestamp) -> Deadline {
    let all_ms = due.millis_since(from);
    Deadline::Set(Due {
        from,
        half: from.plus_millis(all_ms / 2),
        most: from.plus_millis(all_ms * 4 / 5),
        due,
        limit: None,
    })
}

/// What the superior decided, and how the petitioner learnt of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportDecision {
    pub at: Timestamp,
    pub by: Username,
    pub in_scope: bool,
    pub decision: String,
    pub notice: Option<Notice>,
}

/// 告知.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub at: Timestamp,
    pub by: Username,
    pub how: String,
}

/// 专席窗口联动: a dedicated seat of a unit has the demand, with the ticket before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatHandover {
    pub at: Timestamp,
    pub by: Username,
    pub unit: UnitCode,
    /// What the seat should know.
    pub note: String,
    /// The call that was handed over warm.
    pub call: Option<CallId>,
    pub taken: Option<Taken>,
    /// By when it is answered; of those handed over before seats had a clock, `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// It was not, and that is on record: the demand is the desk's again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lapsed: bool,
}

impl SeatHandover {
    /// Its clock, while the demand waits for the seat.
    pub(super) fn clock(&self) -> Option<Deadline> {
        let due = self.due.filter(|_| !self.lapsed)?;
        Some(natural(self.at, due))
    }
}

/// Who took it, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub at: Timestamp,
    pub by: Username,
}

/// 专项服务通道, e.g. for enterprises or the business environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub at: Timestamp,
    pub by: Username,
    pub code: String,
    /// Seen by leads and the assigned units only, as the channel was when it was entered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// 重点督办 from the start, as the channel was when it was entered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key_supervision: bool,
}

/// A call that was handed to an emergency service 一键转接 (article 9(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyTransfer {
    pub at: Timestamp,
    pub by: Username,
    /// `110`, `119`, `120`, …
    pub service: String,
    pub call: CallId,
    pub leg: LegId,
    /// What the service was told of the place.
    pub location: Option<String>,
    /// From the command to the service's answer.
    pub answered_after_ms: Option<i64>,
}

impl Intake {
    /// Nothing to write down.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Is its content for named roles only?
    pub const fn is_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// Is it for leads and the assigned units only: by its source (article 8(6)) or by its special channel?
    pub fn is_restricted(&self) -> bool {
        let by_source = |origin: &Origin| origin.group.profile().restricted;
        self.origin.as_ref().is_some_and(by_source)
            || self.lane.as_ref().is_some_and(|lane| lane.restricted)
    }

    /// The partner that works on it, or answered it.
    pub fn partner(&self) -> Option<&PassedOn> {
        self.passed_on
            .last()
            .filter(|passed| passed.ended.is_none())
    }

    /// Did `partner` say the word of this id already?
    pub fn heard(&self, partner: &str, id: &str) -> bool {
        let mut all = self.passed_on.iter();
        all.any(|passed| passed.partner == partner && passed.knows(id))
    }

    /// Whatever a partner had to do with it is over.
    pub(super) fn partner_ended(&mut self, at: Timestamp) {
        if let Some(open) = self.passed_on.last_mut() {
            open.ended.get_or_insert(at);
        }
    }

    /// The seat that has it.
    pub fn seat_unit(&self) -> Option<&UnitCode> {
        self.seat.as_ref().map(|seat| &seat.unit)
    }

    /// A refusal that somebody else has to look at.
    pub fn awaits_review(&self) -> bool {
        self.refusal
            .as_ref()
            .is_some_and(|refusal| refusal.state == RefusalState::AwaitsReview)
    }

    /// 不予受理, where it stands: nobody has to look at it any more, and nobody thought otherwise.
    pub fn not_accepted(&self) -> Option<&NotAccepted> {
        self.refusal.as_ref().filter(|refusal| match refusal.state {
            RefusalState::Final => true,
            RefusalState::AwaitsReview => false,
            RefusalState::Reviewed { granted, .. } => granted,
        })
    }

    /// The report that waits for a superior.
    pub fn open_report(&self) -> Option<&Report> {
        self.reports
            .last()
            .filter(|report| report.decision.is_none())
    }

    /// May the desk dispose of it now? Not while a superior has to speak first, and not what is sealed.
    pub(super) fn ready(&self, limits: &Limits) -> Result<(), Refusal> {
        if self.is_sealed() {
            return Err(Refusal::Sealed);
        }
        if self.awaits_review() || self.open_report().is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        self.coded(limits)
    }

    /// Was it coded before the desk disposes of it, where the rules ask for that (article 11(2))?
    pub(super) fn coded(&self, limits: &Limits) -> Result<(), Refusal> {
        if limits.classify_first && self.classification.is_none() {
            return Err(Refusal::NotClassified);
        }
        Ok(())
    }

    /// When an open report lapses.
    pub(super) fn report_lapses_at(&self) -> Option<Timestamp> {
        let open = self.open_report()?;
        (!open.lapsed).then(|| open.due.plus_millis(1))
    }

    /// When a seat that has not answered loses the demand.
    pub(super) fn seat_lapses_at(&self) -> Option<Timestamp> {
        let seat = self.seat.as_ref().filter(|seat| !seat.lapsed)?;
        seat.due.map(|due| due.plus_millis(1))
    }
}

impl Ticket {
    /// Does it wait at the desk to be coded first?
    pub fn wants_codes(&self, limits: &Limits) -> bool {
        matches!(self.stage, Stage::Draft | Stage::Registered { .. })
            && self.intake.coded(limits).is_err()
    }
}

/// The facet after `event`.
pub(super) fn apply(intake: &mut Intake, event: &Event) {
    match event.clone() {
        Event::Originated { origin } => intake.origin = Some(origin),
        Event::Identified { real_name, .. } => intake.real_name = Some(real_name),
        Event::IdentityVerified { verification, .. } => {
            intake
                .real_name
                .as_mut()
                .expect("only what was stated is verified")
                .verification = verification;
        }
        Event::Classified { classification } => intake.classification = Some(classification),
        Event::NotAccepted { refusal } => intake.refusal = Some(refusal),
        Event::RefusalReviewed {
            at,
            by,
            granted,
            reason,
        } => {
            let refusal = intake.refusal.as_mut().expect("a proposed refusal");
            refusal.state = RefusalState::Reviewed {
                at,
                by,
                granted,
                reason,
            };
        }
        Event::Sealed { seal } => intake.seal = Some(seal),
        Event::Explained { explanation } => intake.explanations.push(explanation),
        Event::Reported {
            at,
            by,
            question,
            due,
        } => intake.reports.push(Report {
            at,
            by,
            question,
            due,
            lapsed: false,
            decision: None,
        }),
        Event::ReportLapsed { .. } => open(intake).lapsed = true,
        Event::ReportDecided {
            at,
            by,
            in_scope,
            decision,
        } => {
            open(intake).decision = Some(ReportDecision {
                at,
                by,
                in_scope,
                decision,
                notice: None,
            });
        }
        Event::PetitionerNotified { at, by, how } => {
            let decided = intake
                .reports
                .iter_mut()
                .rev()
                .find_map(|r| r.decision.as_mut());
            decided.expect("a decided report").notice = Some(Notice { at, by, how });
        }
        Event::HandedToSeat { seat } => intake.seat = Some(seat),
        Event::TakenAtSeat { at, by } => {
            intake.seat.as_mut().expect("a seat").taken = Some(Taken { at, by });
        }
        Event::SeatLapsed { .. } => intake.seat.as_mut().expect("a seat").lapsed = true,
        Event::EnteredLane { lane } => intake.lane = Some(lane),
        Event::PassedOn { passed } => intake.passed_on.push(passed),
        Event::PartnerHeard { word } => {
            let (at, kind) = (word.at, word.kind);
            let open = intake.passed_on.last_mut();
            open.expect("a partner that has it").words.push(word);
            if kind == WordKind::Returned {
                intake.partner_ended(at);
            }
        }
        Event::TakenBack { at, .. } => intake.partner_ended(at),
        Event::EmergencyTransferred { transfer } => intake.emergencies.push(transfer),
        Event::EmergencyAnswered {
            leg,
            answered_after_ms,
            ..
        } => {
            let waiting =
                |t: &&mut EmergencyTransfer| t.leg == leg && t.answered_after_ms.is_none();
            if let Some(transfer) = intake.emergencies.iter_mut().find(waiting) {
                transfer.answered_after_ms = Some(answered_after_ms);
            }
        }
    }
}

fn open(intake: &mut Intake) -> &mut Report {
    intake.reports.last_mut().expect("an open report")
}

#[cfg(test)]
mod tests;
