//! The rules a second time, written from the requirements and not from the code: who may wish what when, what it leads
//! to, and by when. It knows nothing of events, of `decide` or of the calendar; [`lives`](super::lives) holds the code
//! against it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};

use super::*;
use crate::domain::id::LegId;
use crate::domain::ticket::intake::WordKind::{Progress, Received, Result, Returned};

/// 2025 as the State Council's notice has it: days off, and weekend days that are worked.
const OFF: &[(&str, &str)] = &[
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    // 2026, as far as a life goes.
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
];
const WORKED: &[&str] = &[
    "2025-01-26",
    "2025-02-08",
    "2025-04-27",
    "2025-09-28",
    "2025-10-11",
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
];

fn is_worked(day: Date) -> bool {
    let text = day.to_string();
    if WORKED.contains(&text.as_str()) {
        return true;
    }
    let off = OFF
        .iter()
        .any(|(first, last)| *first <= text.as_str() && text.as_str() <= *last);
    !off && !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The day of dispatch is not counted; due at the end of business on the `n`th working day (requirements §3.1).
pub(super) fn end_of_working_day(from: Timestamp, n: u32) -> Timestamp {
    let mut day = from.in_beijing().date();
    let mut left = n;
    while left > 0 {
        day = day.tomorrow().unwrap();
        if is_worked(day) {
            left -= 1;
        }
    }
    at(&format!("{day}T18:00"))
}

/// `hours` of 9–12 and 14–18 from the next working minute on.
fn working_hours(from: Timestamp, hours: i64) -> Timestamp {
    let mut left = hours * 3_600_000;
    let mut day = from.in_beijing().date();
    loop {
        if is_worked(day) {
            for (opens, closes) in [("09:00", "12:00"), ("14:00", "18:00")] {
                let start = at(&format!("{day}T{opens}")).max(from);
                let room = at(&format!("{day}T{closes}")).millis_since(start);
                if room >= left {
                    return start.plus_millis(left);
                }
                left -= room.max(0);
            }
        }
        day = day.tomorrow().unwrap();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Surveying { sent: u32 },
    Revisiting(u32),
    Rectifying,
    Ended,
}

/// One unit's part.
#[derive(Debug, Clone, Default)]
struct Part {
    acknowledge_by: Option<Timestamp>,
    reply_by: Option<Timestamp>,
    acknowledged: bool,
    contacted: bool,
    heard: bool,
    /// A sub-unit has it.
    handed: Option<String>,
}

/// A ticket as the requirements see it.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) stage: &'static str,
    kind: Kind,
    has_phone: bool,
    promised: Option<Timestamp>,
    promised_from: Option<Timestamp>,
    promised_days: u32,
    extensions: u32,
    lead: Option<String>,
    parts: BTreeMap<String, Part>,
    window: Option<Timestamp>,
    /// Pending, and whether a coordinator decides.
    asked_back: Option<bool>,
    asked_for_time: Option<u32>,
    /// To what, and by whom.
    asked_kind: Option<(Kind, String)>,
    /// Working days of a later lead's own limit.
    own_days: u32,
    decided_backs: u32,
    coordinated: bool,
    dispatched_from: Option<Timestamp>,
    by_reply: bool,
    after: Option<After>,
    opinion_asked: bool,
    handlers: BTreeSet<String>,
    reviewers: BTreeSet<String>,
    pub(super) reopened: u32,
    intake: Intake,
}

/// What the desk knows of the petitioner and the demand before anybody works on it: articles 8 to 11(2).
#[derive(Debug, Clone, Default)]
struct Intake {
    named: bool,
    sealed: bool,
    /// Who proposed not to accept it; somebody else has to look at that.
    proposed_by: Option<String>,
    /// Who asked the superior.
    asked_up_by: Option<String>,
    /// The superior decided, and the petitioner does not know it yet.
    untold: bool,
    explained: usize,
    seat: Option<Seat>,
    /// Emergency services that ring.
    ringing: Vec<LegId>,
    /// Another platform works on it, or answered it; and how often that was tried.
    partner: bool,
    passed_on: u32,
    /// Ids of what that partner said.
    told: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Seat {
    unit: String,
    taken_by: Option<String>,
    /// Two hours, day and night.
    due: Timestamp,
    lapsed: bool,
}

/// Whoever wishes: role (`*` for the server), name, unit.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) role: &'static str,
    pub(super) name: String,
    pub(super) unit: String,
}

const TAKERS: &[&str] = &["agent", "team_lead", "supervisor"];
const DECIDE: &[&str] = &["reviewer", "team_lead", "supervisor"];
const UNITS: &[&str] = &["unit_handler", "unit_head"];
const WITH_UNITS: &[&str] = &["dispatched", "handling", "replied"];

impl Model {
    /// After the phone rang.
    pub(super) fn called() -> Self {
        Self {
            stage: "draft",
            kind: Kind::Complaint,
            has_phone: true,
            promised: None,
            promised_from: None,
            promised_days: 0,
            extensions: 0,
            lead: None,
            parts: BTreeMap::new(),
            window: None,
            asked_back: None,
            asked_for_time: None,
            asked_kind: None,
            own_days: 0,
            decided_backs: 0,
            coordinated: false,
            dispatched_from: None,
            by_reply: false,
            after: None,
            opinion_asked: false,
            handlers: BTreeSet::new(),
            reviewers: BTreeSet::new(),
            reopened: 0,
            intake: Intake::default(),
        }
    }

    fn is_inquiry(&self) -> bool {
        self.kind == Kind::Inquiry
    }

    /// R055, R056.
    fn handle_days(&self) -> u32 {
        if self.is_inquiry() { 3 } else { 5 }
    }

    /// Not in the regulation: a co-handler is heard a day before the lead answers.
    fn heard_days(&self) -> u32 {
        self.handle_days() - 1
    }

    /// R063.
    fn window_days(&self) -> u32 {
        if self.is_inquiry() { 1 } else { 2 }
    }

    fn is_lead(&self, who: &Who) -> bool {
        let units = UNITS.contains(&who.role) && !self.intake.partner;
        units && self.lead.is_some() && self.lead == self.acts_for(who)
    }

    /// R023: only an assigned unit acts, or its sub-unit that was given the work. For whom?
    fn acts_for(&self, who: &Who) -> Option<String> {
        if self.parts.contains_key(&who.unit) {
            return Some(who.unit.clone());
        }
        let has_it = |part: &Part| part.handed.as_ref() == Some(&who.unit);
        let found = self.parts.iter().find(|(_, part)| has_it(part));
        found.map(|(unit, _)| unit.clone())
    }

    fn part(&self, who: &Who) -> Option<&Part> {
        // R031: what another platform works on is no unit's.
        (UNITS.contains(&who.role) && !self.intake.partner)
            .then(|| self.parts.get(&self.acts_for(who)?))
            .flatten()
    }

    fn part_mut(&mut self, who: &Who) -> &mut Part {
        let unit = self.acts_for(who).unwrap();
        self.parts.get_mut(&unit).unwrap()
    }

    fn has_units(&self) -> bool {
        WITH_UNITS.contains(&self.stage)
    }

    fn took_part(&self, who: &Who) -> bool {
        self.handlers.contains(&who.name) || self.reviewers.contains(&who.name)
    }

    /// Whether the requirements grant `command` to `who` at `now`.
    pub(super) fn grants(&self, now: Timestamp, who: &Who, command: &Command) -> bool {
        let role = who.role;
        let lead_works = self.is_lead(who) && ["dispatched", "handling"].contains(&self.stage);
        match command {
            Command::Register { .. } => {
                TAKERS.contains(&role)
                    && (self.stage == "draft"
                        || (self.stage == "registered" && self.promised.is_none()))
            }
            Command::AnswerOnCall { .. } => {
                TAKERS.contains(&role)
                    && self.stage == "registered"
                    && self.promised.is_none()
                    && self.may_be_disposed()
            }
            Command::NoteThreeWay { .. } => {
                ["*", "agent", "specialist", "team_lead"].contains(&role)
                    && ["draft", "registered", "dispatched", "handling"].contains(&self.stage)
            }
            Command::Dispatch {
                lead, co_handlers, ..
            } => {
                let may = if self.coordinated {
                    role == "supervisor"
                } else {
                    TAKERS.contains(&role)
                };
                may && self.stage == "registered"
                    && !co_handlers.contains(lead)
                    && self.may_be_disposed()
            }
            Command::Acknowledge => {
                self.has_units() && self.part(who).is_some_and(|part| !part.acknowledged)
            }
            // R023: down, to the only sub-unit there is, once.
            Command::HandDown { unit } => {
                self.has_units()
                    && who.unit == LEAD
                    && unit.0 == OFFICE
                    && self.part(who).is_some_and(|part| part.handed.is_none())
            }
            Command::RecordContact { .. } => {
                self.has_units() && (role == "*" || self.part(who).is_some())
            }
            Command::Reply { .. } => {
                let Some(part) = self.part(who).filter(|part| part.acknowledged) else {
                    return false;
                };
                if !self.is_lead(who) {
                    return self.has_units();
                }
                // R054; and co-handlers are heard first, as long as their own time lasts.
                let awaited = self.parts.iter().any(|(unit, part)| {
                    Some(unit) != self.lead.as_ref()
                        && !part.heard
                        && part.reply_by.is_some_and(|by| now <= by)
                });
                self.stage == "handling" && self.asked_back.is_none() && part.contacted && !awaited
            }
            // R061; and R066: nothing is closed over a request that waits.
            Command::Review { outcome, .. } => {
                let waits = self.asked_for_time.is_some() || self.asked_kind.is_some();
                role == "reviewer"
                    && self.stage == "replied"
                    && !self.handlers.contains(&who.name)
                    && !(waits && *outcome == ReviewOutcome::Passed)
            }
            // R063, R067.
            Command::SendBack { .. } => {
                lead_works
                    && self.asked_back.is_none()
                    && !self.coordinated
                    && self.window.is_some_and(|window| now <= window)
            }
            Command::DecideSendBack { .. } => {
                self.has_units()
                    && match self.asked_back {
                        Some(true) => role == "supervisor",
                        Some(false) => DECIDE.contains(&role),
                        None => false,
                    }
            }
            // R064.
            Command::Extend { working_days, .. } => {
                lead_works
                    && self.asked_for_time.is_none()
                    && self.promised.is_some_and(|promised| now <= promised)
                    && self.extensions < 1
                    && (1..=self.handle_days()).contains(working_days)
            }
            Command::DecideExtension { .. } => {
                self.has_units() && self.asked_for_time.is_some() && DECIDE.contains(&role)
            }
            // R060: asked for by unit or agent, never to outlive a limit that is over, decided by somebody else.
            Command::ChangeKind { kind, .. } => {
                let is_longer = self.is_inquiry() && *kind != Kind::Inquiry;
                (TAKERS.contains(&role) || self.is_lead(who))
                    && ["dispatched", "handling"].contains(&self.stage)
                    && self.asked_kind.is_none()
                    && *kind != self.kind
                    && !(is_longer && self.promised.is_some_and(|promised| now > promised))
            }
            Command::DecideKind { .. } => {
                let by_another = |(_, asker): &(Kind, String)| *asker != who.name;
                self.has_units()
                    && DECIDE.contains(&role)
                    && self.asked_kind.as_ref().is_some_and(by_another)
            }
            Command::Void { .. } => match self.stage {
                "draft" => role == "*" || TAKERS.contains(&role),
                "registered" => ["team_lead", "supervisor"].contains(&role),
                _ => false,
            },
            Command::Archive => {
                ["*", "team_lead", "supervisor"].contains(&role)
                    && self.stage == "closed"
                    && self.after == Some(After::Ended)
                    && !self.opinion_asked
            }
            Command::Reopen { .. } => {
                ["agent", "team_lead", "supervisor", "revisitor"].contains(&role)
                    && self.stage == "closed"
            }
            Command::SurveyAnswered { .. } | Command::SurveyFailed { .. } => {
                role == "*" && self.is_surveying()
            }
            Command::ReadSurvey { .. } => {
                ["revisitor", "team_lead"].contains(&role)
                    && self.is_surveying()
                    && !self.took_part(who)
            }
            // R071.
            Command::RevisitRecorded { .. } => {
                role == "revisitor"
                    && self.stage == "closed"
                    && matches!(self.after, Some(After::Revisiting(_)))
                    && !self.took_part(who)
            }
            // R072.
            Command::Rectify { .. } => {
                self.is_lead(who) && self.stage == "closed" && self.after == Some(After::Rectifying)
            }
            // R075.
            Command::RequestWrittenOpinion => {
                ["agent", "team_lead", "supervisor", "revisitor"].contains(&role)
                    && self.has_a_unit()
                    && !self.opinion_asked
                    && !self.intake.partner
            }
            Command::IssueWrittenOpinion { .. } => {
                self.is_lead(who) && self.has_a_unit() && self.opinion_asked
            }
            Command::Intake(wish) => self.grants_intake(who, wish),
            // Article 12: until it is archived, by the desk or whoever has a part in it.
            Command::Attach { .. } => {
                let desk = ["agent", "team_lead", "supervisor", "revisitor"].contains(&role);
                (desk || (self.has_a_unit() && self.part(who).is_some()))
                    && !["archived", "voided"].contains(&self.stage)
            }
            // Nothing changed in the calendar of these lives.
            Command::Open { .. } | Command::Recount => false,
            Command::Sweep => panic!("time is not a wish: see `must_sweep`"),
        }
    }

    fn at_desk(&self) -> bool {
        ["draft", "registered"].contains(&self.stage)
    }

    fn never_dispatched(&self) -> bool {
        self.at_desk() && self.promised.is_none()
    }

    /// R036, R037, R042: not what is sealed, and not before whoever has to speak first has spoken.
    fn may_be_disposed(&self) -> bool {
        let intake = &self.intake;
        !intake.sealed && intake.proposed_by.is_none() && intake.asked_up_by.is_none()
    }

    /// Articles 8 to 11(2).
    fn grants_intake(&self, who: &Who, wish: &intake::Command) -> bool {
        let (role, intake) = (who.role, &self.intake);
        let desk = TAKERS.contains(&role);
        let leads = ["team_lead", "supervisor"].contains(&role);
        let by_another = |first: &Option<String>| first.as_ref().is_some_and(|by| *by != who.name);
        match wish {
            // A demand from elsewhere is a ticket of its own.
            intake::Command::Accept(_) => false,
            intake::Command::Identify { .. } => desk && (self.at_desk() || self.has_units()),
            intake::Command::VerifyIdentity { .. } => desk && intake.named,
            intake::Command::Classify { .. } => desk && self.at_desk(),
            // R034: 9(6) is for a supervisor to say.
            intake::Command::Refuse { ground, .. } => {
                let may = match ground {
                    intake::Ground::Other { .. } => role == "supervisor",
                    _ => desk,
                };
                may && self.at_desk() && intake.proposed_by.is_none()
            }
            intake::Command::ReviewRefusal { .. } => {
                leads && self.at_desk() && by_another(&intake.proposed_by)
            }
            intake::Command::Seal { .. } => leads && !intake.sealed,
            intake::Command::Explain { .. } => desk && self.at_desk() && intake.explained < 50,
            intake::Command::ReportUp { .. } => {
                desk && self.at_desk() && intake.asked_up_by.is_none()
            }
            intake::Command::DecideReport { .. } => {
                leads && self.at_desk() && by_another(&intake.asked_up_by)
            }
            intake::Command::NotifyPetitioner { .. } => desk && intake.untold,
            // R051.
            intake::Command::HandToSeat { .. } => desk && self.never_dispatched(),
            intake::Command::TakeAtSeat => {
                let free = self
                    .seat_of(who)
                    .is_some_and(|seat| seat.taken_by.is_none());
                free && self.never_dispatched()
            }
            intake::Command::AnswerAtSeat { .. } => {
                let own = |seat: &Seat| seat.taken_by.as_ref() == Some(&who.name);
                self.seat_of(who).is_some_and(own)
                    && self.stage == "registered"
                    && self.promised.is_none()
                    && self.may_be_disposed()
            }
            // R052: the server where the call came in by the channel's queue.
            intake::Command::EnterLane { .. } => (desk || role == "*") && self.never_dispatched(),
            // R031: what the desk could dispatch itself.
            intake::Command::PassOn { .. } => {
                let may = if self.coordinated {
                    role == "supervisor"
                } else {
                    desk
                };
                may && self.stage == "registered"
                    && self.may_be_disposed()
                    && !self.opinion_asked
                    && intake.passed_on < 5
            }
            // By its machine, or by whoever was told; the server itself knows only whether it was taken.
            intake::Command::HearPartner { kind, id, .. } => {
                let may = desk || (role == "*" && (*kind == Received || *kind == Returned));
                let now = match kind {
                    Received | Progress => ["handling", "replied", "closed"].contains(&self.stage),
                    Returned => self.stage == "handling",
                    Result => {
                        self.stage == "handling"
                            || (self.stage == "closed" && self.after == Some(After::Rectifying))
                    }
                };
                let new = id.as_ref().is_none_or(|id| !intake.told.contains(id));
                may && intake.partner && now && new
            }
            intake::Command::TakeBack { .. } => leads && intake.partner && self.stage == "handling",
            intake::Command::NoteEmergency { .. } => role == "*",
            intake::Command::EmergencyAnswered { leg, .. } => {
                role == "*" && intake.ringing.contains(leg)
            }
        }
    }

    /// A seat that should have answered by now, and of which that is not recorded.
    pub(super) fn seat_is_late(&self, now: Timestamp) -> bool {
        let late = |seat: &Seat| !seat.lapsed && now > seat.due;
        self.never_dispatched() && self.intake.seat.as_ref().is_some_and(late)
    }

    /// Time was asked what it brought about.
    pub(super) fn swept(&mut self, now: Timestamp) {
        if self.seat_is_late(now) {
            self.intake.seat.as_mut().unwrap().lapsed = true;
        }
    }

    /// The seat the demand waits at: registered, in time, and nobody else has to say something first.
    pub(super) fn waits_at_seat(&self) -> Option<&str> {
        let seat = self.intake.seat.as_ref().filter(|seat| !seat.lapsed)?;
        let undecided = self.intake.proposed_by.is_some() || self.intake.asked_up_by.is_some();
        (self.stage == "registered" && self.promised.is_none() && !undecided).then_some(&seat.unit)
    }

    fn seat_of(&self, who: &Who) -> Option<&Seat> {
        let seat = self.intake.seat.as_ref();
        seat.filter(|seat| who.role == "specialist" && seat.unit == who.unit)
    }

    fn carry_out_intake(&mut self, now: Timestamp, who: &Who, wish: &intake::Command) {
        match wish {
            intake::Command::PassOn { .. } => {
                self.dispatch(now, &DESK.into(), &[]);
                self.parts.get_mut(DESK).unwrap().acknowledged = true;
                self.stage = "handling";
                self.handlers.insert(who.name.clone());
                self.intake.partner = true;
                self.intake.passed_on += 1;
                self.intake.told.clear();
            }
            intake::Command::HearPartner { kind, id, .. } => {
                self.intake.told.extend(id.clone());
                match kind {
                    Received | Progress => {}
                    Returned => self.back_from_partner(),
                    Result => {
                        self.handlers.insert(who.name.clone());
                        if self.stage == "closed" {
                            self.after = Some(After::Revisiting(2));
                        } else {
                            self.stage = "replied";
                        }
                    }
                }
            }
            intake::Command::TakeBack { .. } => self.back_from_partner(),
            _ => {}
        }
        let intake = &mut self.intake;
        let me = || Some(who.name.clone());
        match wish {
            intake::Command::Identify { .. } => intake.named = true,
            intake::Command::Refuse { ground, .. } => {
                intake.sealed |= matches!(ground, intake::Ground::Secret { .. });
                match ground {
                    intake::Ground::MaliciousOrVague { .. } => intake.proposed_by = me(),
                    _ => self.stage = "voided",
                }
            }
            intake::Command::ReviewRefusal { granted, .. } => {
                intake.proposed_by = None;
                if *granted {
                    self.stage = "voided";
                }
            }
            intake::Command::Seal { .. } => intake.sealed = true,
            intake::Command::Explain { .. } => intake.explained += 1,
            intake::Command::ReportUp { .. } => {
                intake.asked_up_by = me();
                intake.untold = false;
            }
            intake::Command::DecideReport { .. } => {
                intake.asked_up_by = None;
                intake.untold = true;
            }
            intake::Command::NotifyPetitioner { .. } => intake.untold = false,
            intake::Command::HandToSeat { unit, .. } => {
                intake.seat = Some(Seat {
                    unit: unit.0.clone(),
                    taken_by: None,
                    due: now.plus_millis(2 * 3_600_000),
                    lapsed: false,
                });
            }
            intake::Command::TakeAtSeat => intake.seat.as_mut().unwrap().taken_by = me(),
            intake::Command::AnswerAtSeat { .. } => {
                self.stage = "closed";
                self.by_reply = false;
                self.after = Some(After::Ended);
            }
            intake::Command::NoteEmergency { leg, .. } => intake.ringing.push(*leg),
            intake::Command::EmergencyAnswered { leg, .. } => {
                let at = intake.ringing.iter().position(|ringing| ringing == leg);
                intake.ringing.remove(at.unwrap());
            }
            intake::Command::Accept(_)
            | intake::Command::VerifyIdentity { .. }
            | intake::Command::Classify { .. }
            | intake::Command::EnterLane { .. }
            | intake::Command::PassOn { .. }
            | intake::Command::HearPartner { .. }
            | intake::Command::TakeBack { .. } => {}
        }
    }

    /// To the desk; the citizen's promise stands.
    fn back_from_partner(&mut self) {
        self.stage = "registered";
        self.lead = None;
        self.parts.clear();
        self.window = None;
        self.asked_for_time = None;
        self.asked_kind = None;
        self.intake.partner = false;
    }

    fn is_surveying(&self) -> bool {
        self.stage == "closed" && matches!(self.after, Some(After::Surveying { .. }))
    }

    fn has_a_unit(&self) -> bool {
        self.has_units() || (self.stage == "closed" && self.by_reply)
    }

    /// What a granted command leads to.
    pub(super) fn carry_out(&mut self, now: Timestamp, who: &Who, command: &Command) {
        if UNITS.contains(&who.role) {
            self.handlers.insert(who.name.clone());
        }
        match command {
            Command::Register { kind, .. } => {
                self.kind = *kind;
                self.stage = "registered";
            }
            Command::AnswerOnCall { .. } => {
                self.stage = "closed";
                self.by_reply = false;
                self.after = Some(After::Ended);
            }
            Command::Dispatch {
                lead, co_handlers, ..
            } => self.dispatch(now, lead, co_handlers),
            Command::Acknowledge => {
                self.part_mut(who).acknowledged = true;
                if self.stage == "dispatched" && self.is_lead(who) {
                    self.stage = "handling";
                }
            }
            Command::HandDown { unit } => self.part_mut(who).handed = Some(unit.0.clone()),
            Command::RecordContact { .. } => {
                let unit = match who.role {
                    "*" => self.lead.clone().unwrap(),
                    _ => self.acts_for(who).unwrap(),
                };
                self.parts.get_mut(&unit).unwrap().contacted = true;
            }
            Command::Reply { .. } if self.is_lead(who) => self.stage = "replied",
            Command::Reply { .. } => self.part_mut(who).heard = true,
            Command::Review { outcome, .. } => {
                self.reviewers.insert(who.name.clone());
                if *outcome == ReviewOutcome::Passed {
                    self.stage = "closed";
                    self.by_reply = true;
                    self.after = Some(match self.has_phone {
                        true => After::Surveying { sent: 1 },
                        false => After::Ended,
                    });
                } else {
                    self.stage = "handling";
                }
            }
            Command::SendBack { .. } => self.asked_back = Some(self.decided_backs + 1 >= 2),
            Command::DecideSendBack { granted, .. } => {
                self.coordinated |= self.asked_back.take().unwrap();
                self.decided_backs += 1;
                if *granted {
                    self.stage = "registered";
                    self.lead = None;
                    self.parts.clear();
                    self.window = None;
                    self.asked_for_time = None;
                    self.asked_kind = None;
                }
            }
            Command::Extend { working_days, .. } => self.asked_for_time = Some(*working_days),
            Command::DecideExtension { granted, .. } => {
                let days = self.asked_for_time.take().unwrap();
                if *granted {
                    self.extensions += 1;
                    self.promised_days += days;
                    let from = self.promised_from.unwrap();
                    self.promised = Some(end_of_working_day(from, self.promised_days));
                    // A later lead's own limit is as much longer.
                    self.own_days += days;
                    self.count_own();
                }
            }
            Command::ChangeKind { kind, .. } => self.asked_kind = Some((*kind, who.name.clone())),
            Command::DecideKind { granted, .. } => {
                let (kind, _) = self.asked_kind.take().unwrap();
                if *granted {
                    self.change_kind(kind);
                }
            }
            Command::Void { .. } => self.stage = "voided",
            Command::Archive => self.stage = "archived",
            Command::Reopen { .. } => {
                let kept = self.clone();
                *self = Self {
                    stage: "registered",
                    kind: kept.kind,
                    has_phone: kept.has_phone,
                    handlers: kept.handlers,
                    reviewers: kept.reviewers,
                    decided_backs: kept.decided_backs,
                    opinion_asked: kept.opinion_asked,
                    reopened: kept.reopened + 1,
                    intake: kept.intake,
                    ..Self::called()
                };
                self.intake.partner = false;
            }
            Command::SurveyAnswered { rating } | Command::ReadSurvey { rating } => {
                self.after = Some(match rating {
                    Rating::VerySatisfied | Rating::Satisfied | Rating::BasicallySatisfied => {
                        After::Ended
                    }
                    // R070.
                    Rating::Dissatisfied | Rating::VeryDissatisfied => After::Revisiting(1),
                });
            }
            // R068: once more, then it is an outcome of its own (R073).
            Command::SurveyFailed { .. } => {
                self.after = Some(match self.after {
                    Some(After::Surveying { sent: 1 }) => After::Surveying { sent: 2 },
                    _ => After::Ended,
                });
            }
            Command::RevisitRecorded { outcome, .. } => {
                let first = self.after == Some(After::Revisiting(1));
                self.after = Some(match outcome {
                    RevisitOutcome::Dissatisfied if first => After::Rectifying,
                    _ => After::Ended,
                });
            }
            Command::Rectify { .. } => self.after = Some(After::Revisiting(2)),
            Command::RequestWrittenOpinion => self.opinion_asked = true,
            Command::IssueWrittenOpinion { .. } => self.opinion_asked = false,
            Command::Intake(wish) => self.carry_out_intake(now, who, wish),
            Command::NoteThreeWay { .. }
            | Command::Open { .. }
            | Command::Sweep
            | Command::Recount
            | Command::Attach { .. } => {}
        }
    }

    /// R060: every limit that hangs on the kind, from where it started; what was granted on top of it stays on top.
    fn change_kind(&mut self, kind: Kind) {
        let before = self.handle_days();
        self.kind = kind;
        self.promised_days = self.promised_days - before + self.handle_days();
        self.own_days = self.own_days - before + self.handle_days();
        let from = self.promised_from.unwrap();
        self.promised = Some(end_of_working_day(from, self.promised_days));
        let from = self.dispatched_from.unwrap();
        self.window = Some(end_of_working_day(from, self.window_days()));
        let heard = end_of_working_day(from, self.heard_days());
        for (unit, part) in &mut self.parts {
            if Some(unit) != self.lead.as_ref() && !part.heard {
                part.reply_by = Some(heard);
            }
        }
        self.count_own();
    }

    /// A later lead's own limit, where it has one.
    fn count_own(&mut self) {
        let by = end_of_working_day(self.dispatched_from.unwrap(), self.own_days);
        let lead = self.lead.clone().unwrap();
        let own = &mut self.parts.get_mut(&lead).unwrap().reply_by;
        *own = own.map(|_| by);
    }

    fn dispatch(&mut self, now: Timestamp, lead: &UnitCode, co_handlers: &[UnitCode]) {
        let again = self.promised.is_some();
        let own = end_of_working_day(now, self.handle_days());
        if !again {
            self.promised = Some(own);
            self.promised_from = Some(now);
            self.promised_days = self.handle_days();
        }
        let part = |reply_by| Part {
            acknowledge_by: Some(working_hours(now, 1)),
            reply_by,
            ..Part::default()
        };
        let heard = end_of_working_day(now, self.heard_days());
        self.parts = co_handlers
            .iter()
            .map(|unit| (unit.0.clone(), part(Some(heard))))
            .collect();
        self.parts
            .insert(lead.0.clone(), part(again.then_some(own)));
        self.lead = Some(lead.0.clone());
        self.window = Some(end_of_working_day(now, self.window_days()));
        self.own_days = self.handle_days();
        self.dispatched_from = Some(now);
        self.asked_back = None;
        self.asked_for_time = None;
        self.asked_kind = None;
        self.stage = "dispatched";
    }

    /// Who answers for it: exactly one at every instant (R007).
    pub(super) fn responsible(&self) -> &str {
        self.lead.as_deref().unwrap_or(DESK)
    }

    /// The deadlines of units that run, and the promise.
    pub(super) fn deadlines(&self) -> BTreeSet<(DeadlineKind, String, Timestamp)> {
        let mut due = BTreeSet::new();
        if self.has_units() || self.stage == "registered" {
            let promise = self.promised.into_iter();
            due.extend(
                promise.map(|by| (DeadlineKind::HandleBy, self.responsible().to_owned(), by)),
            );
        }
        if !self.has_units() {
            return due;
        }
        for (unit, part) in &self.parts {
            if let (Some(by), false) = (part.acknowledge_by, part.acknowledged) {
                due.insert((DeadlineKind::AcknowledgeBy, unit.clone(), by));
            }
            let answered =
                part.heard || (self.stage == "replied" && self.lead.as_ref() == Some(unit));
            if let (Some(by), false) = (part.reply_by, answered) {
                due.insert((DeadlineKind::ReplyBy, unit.clone(), by));
            }
        }
        due
    }

    /// What runs after closing.
    pub(super) fn follow_up(&self) -> Option<After> {
        (self.stage == "closed").then_some(self.after).flatten()
    }
}
