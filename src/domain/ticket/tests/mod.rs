//! Stories of single tickets, and in `lives` random ones against the rules written down a second time.

mod clocks;
mod kinds;
mod lives;
mod model;
mod offices;
mod shapes;
mod steps;
mod stories;

use super::*;
use crate::domain::id::{CallId, ContactId, RecordingId, RevisitId, SmsId, UnitCode, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Actor, By, Role};
use crate::domain::time::Timestamp;

const DESK: &str = "js-12345";
const LEAD: &str = "nj-cgj";
const OTHER: &str = "nj-gdgs";
const HELPER: &str = "nj-jtj";
/// Under the lead.
const OFFICE: &str = "nj-cgj-ld";

fn at(text: &str) -> Timestamp {
    Timestamp::from_beijing(text.parse().unwrap())
}

fn person(username: &str, role: Role, unit: &str) -> Actor {
    Actor {
        username: username.into(),
        role,
        unit: unit.into(),
    }
}

fn agent() -> Actor {
    person("agent1000", Role::Agent, DESK)
}

fn team_lead() -> Actor {
    person("lead1", Role::TeamLead, DESK)
}

fn reviewer() -> Actor {
    person("reviewer1", Role::Reviewer, DESK)
}

fn revisitor() -> Actor {
    person("revisitor1", Role::Revisitor, DESK)
}

/// Somebody of `unit`.
fn handler(unit: &str) -> Actor {
    person(&format!("{unit}-1"), Role::UnitHandler, unit)
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn phone() -> PhoneNumber {
    PhoneNumber::parse("13812345678").unwrap()
}

fn open() -> Command {
    Command::Open {
        source: Source::Phone,
        contact: Some(ContactId(uuid(1))),
        call: Some(CallId(uuid(2))),
        caller: Some(phone()),
    }
}

fn register(kind: Kind) -> Command {
    Command::Register {
        title: "路灯不亮".to_owned(),
        content: "中山路路灯三天不亮".to_owned(),
        kind,
        petitioner: Petitioner {
            name: "王先生".to_owned(),
            phone: None,
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: Some("中山路1号".to_owned()),
        category: None,
        fields: std::collections::BTreeMap::new(),
    }
}

fn dispatch(lead: &str, co_handlers: &[&str]) -> Command {
    Command::Dispatch {
        lead: lead.into(),
        co_handlers: co_handlers.iter().map(|&unit| unit.into()).collect(),
        basis: Some("城市照明管理规定".to_owned()),
        urgent: false,
    }
}

fn hand_down(unit: &str) -> Command {
    Command::HandDown { unit: unit.into() }
}

fn contact() -> Command {
    Command::RecordContact {
        call: Some(CallId(uuid(3))),
        recording: Some(RecordingId(uuid(4))),
        sms: None,
        summary: "已告知办理程序及期限".to_owned(),
    }
}

fn reply() -> Command {
    Command::Reply {
        text: "3月4日已更换灯具, 现场确认正常".to_owned(),
        no_contact_reason: None,
    }
}

fn review(outcome: ReviewOutcome) -> Command {
    Command::Review {
        outcome,
        remark: "请写明更换日期".to_owned(),
    }
}

fn send_back() -> Command {
    Command::SendBack {
        basis: "该路段路灯由供电公司管养".to_owned(),
        suggestion: "建议转供电公司".to_owned(),
    }
}

fn decide_send_back(granted: bool) -> Command {
    Command::DecideSendBack {
        granted,
        reason: "权属核实".to_owned(),
    }
}

fn extend(working_days: u32) -> Command {
    Command::Extend {
        working_days,
        reason: "配件到货需时".to_owned(),
        told_petitioner: Told::Call(CallId(uuid(5))),
    }
}

fn decide_extension(granted: bool) -> Command {
    Command::DecideExtension {
        granted,
        reason: "客观原因属实".to_owned(),
    }
}

fn change_kind(kind: Kind) -> Command {
    Command::ChangeKind {
        kind,
        reason: "来电实为投诉".to_owned(),
    }
}

fn decide_kind(granted: bool) -> Command {
    Command::DecideKind {
        granted,
        reason: "与录音相符".to_owned(),
    }
}

fn revisited(outcome: RevisitOutcome) -> Command {
    Command::RevisitRecorded {
        revisit: RevisitId(uuid(6)),
        outcome,
        rating: None,
        solved: None,
        recording: Some(RecordingId(uuid(7))),
    }
}

fn rectify() -> Command {
    Command::Rectify {
        finding: "线路仍有虚接".to_owned(),
        measures: "重新敷设电缆".to_owned(),
    }
}

/// One ticket under test: time passes when told, and every granted wish is applied.
struct Case {
    now: Timestamp,
    rules: Rules,
    events: Vec<Event>,
    ticket: Option<Ticket>,
}

impl Case {
    /// Monday 3 March 2025, ten o'clock: no holiday near.
    fn new() -> Self {
        Self {
            now: at("2025-03-03T10:00"),
            rules: Rules::provincial(DESK.into()).with_tree([(OFFICE.into(), LEAD.into())]),
            events: Vec::new(),
            ticket: None,
        }
    }

    fn called() -> Self {
        let mut case = Self::new();
        case.server(open()).unwrap();
        case
    }

    fn registered(kind: Kind) -> Self {
        let mut case = Self::called();
        case.wish(&agent(), register(kind)).unwrap();
        case
    }

    fn dispatched(kind: Kind) -> Self {
        let mut case = Self::registered(kind);
        case.wish(&agent(), dispatch(LEAD, &[HELPER])).unwrap();
        case
    }

    fn handling(kind: Kind) -> Self {
        let mut case = Self::dispatched(kind);
        case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
        case
    }

    fn replied(kind: Kind) -> Self {
        let mut case = Self::handling(kind);
        case.wish(&handler(LEAD), contact()).unwrap();
        case.hear_helper();
        case.wish(&handler(LEAD), reply()).unwrap();
        case
    }

    /// The co-handler says what it has to say.
    fn hear_helper(&mut self) {
        self.wish(&handler(HELPER), Command::Acknowledge).unwrap();
        self.wish(&handler(HELPER), reply()).unwrap();
    }

    fn closed() -> Self {
        let mut case = Self::replied(Kind::Complaint);
        case.wish(&reviewer(), review(ReviewOutcome::Passed))
            .unwrap();
        case
    }

    /// Closed, and the short message was answered 不满意.
    fn dissatisfied() -> Self {
        let mut case = Self::closed();
        let rating = Rating::Dissatisfied;
        case.server(Command::SurveyAnswered { rating }).unwrap();
        case
    }

    fn wish(&mut self, by: &Actor, command: Command) -> Result<(), Refusal> {
        self.decide(By::Person(by), &command)
    }

    fn server(&mut self, command: Command) -> Result<(), Refusal> {
        self.decide(By::Server, &command)
    }

    fn decide(&mut self, by: By<'_>, command: &Command) -> Result<(), Refusal> {
        let events = decide(self.now, self.ticket.as_ref(), command, by, &self.rules)?;
        for event in &events {
            self.ticket = Some(apply(self.ticket.take(), event));
        }
        self.events.extend(events);
        Ok(())
    }

    fn set_clock(&mut self, text: &str) {
        self.now = at(text);
    }

    fn ticket(&self) -> &Ticket {
        self.ticket.as_ref().unwrap()
    }

    fn stage(&self) -> &'static str {
        self.ticket().stage.code()
    }

    fn due(&self, kind: DeadlineKind) -> Option<Timestamp> {
        let deadlines = self.ticket().deadlines();
        deadlines.iter().find(|(k, _)| *k == kind).map(|(_, t)| *t)
    }

    fn handle_by(&self) -> Timestamp {
        self.due(DeadlineKind::HandleBy).unwrap()
    }

    fn follow_up(&self) -> &FollowUp {
        let Stage::Closed { follow_up, .. } = &self.ticket().stage else {
            panic!("not closed but {}", self.stage());
        };
        follow_up
    }

    fn result(&self) -> &FollowUpResult {
        let FollowUp::Ended { result } = self.follow_up() else {
            panic!("the follow-up still runs: {:?}", self.follow_up());
        };
        result
    }
}

/// The code and article of a refusal.
fn why<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> (&'static str, Article) {
    let refusal = refused.unwrap_err();
    (refusal.code(), refusal.article())
}
