//! A year of tickets in simulated time: DAYS days (365) of PER_DAY tickets (37,000) for UNITS units (7,261), each lived
//! through the rules by people who are sometimes late, with a sweep every second that looks only at a queue of
//! wake-up times, as the job does at the table. Checks that no reminder and no lapse is lost or late, and prints how
//! it went. `cargo run --release --example simulated_year -- [DAYS] [PER_DAY] [UNITS]`

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::Write as _;
use std::time::Instant;

use hotline::domain::id::{CallId, RecordingId, RevisitId, UnitCode};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Actor, By, Role};
use hotline::domain::ticket::{
    Applicant, Command, Deadline, DeadlineKind, Event, Kind, Mark, Petitioner, Rating,
    ReviewOutcome, RevisitOutcome, Rules, Stage, SurveyFailure, Ticket, Told, apply, decide,
};
use hotline::domain::time::Timestamp;
use uuid::Uuid;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// The sweep may be this late.
const LAG_MAX: i64 = 2 * SECOND;

/// What happens next to a ticket, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Person,
    Wake,
}

struct Live {
    ticket: Ticket,
    unit: usize,
    random: u64,
    step: u8,
    /// What people did so far: who comes to the same step again is not bound to do the same again.
    turn: u64,
}

struct Year {
    rules: Rules,
    desk: Actor,
    lead: Actor,
    reviewer: Actor,
    revisitor: Actor,
    units: Vec<Actor>,
    queue: BinaryHeap<Reverse<(i64, u64, Next)>>,
    live: HashMap<u64, Live>,
    marks: [u64; 3],
    worst_lag: i64,
    lost: u64,
    commands: u64,
    ended: HashMap<&'static str, u64>,
}

fn main() {
    let mut given = std::env::args()
        .skip(1)
        .map(|n| n.parse::<u64>().expect("a number"));
    let days = given.next().unwrap_or(365);
    let per_day = given.next().unwrap_or(37_000);
    let units = usize::try_from(given.next().unwrap_or(7_261)).expect("fits");
    let person = |name: &str, role, unit: &str| Actor {
        username: name.into(),
        role,
        unit: unit.into(),
    };
    let mut year = Year {
        rules: Rules::provincial("js-12345".into()),
        desk: person("agent1", Role::Agent, "js-12345"),
        lead: person("lead1", Role::TeamLead, "js-12345"),
        reviewer: person("reviewer1", Role::Reviewer, "js-12345"),
        revisitor: person("revisitor1", Role::Revisitor, "js-12345"),
        units: (0..units)
            .map(|n| {
                person(
                    &format!("handler{n}"),
                    Role::UnitHandler,
                    &format!("unit{n}"),
                )
            })
            .collect(),
        queue: BinaryHeap::new(),
        live: HashMap::new(),
        marks: [0; 3],
        worst_lag: 0,
        lost: 0,
        commands: 0,
        ended: HashMap::new(),
    };
    let started = Instant::now();
    let first: Timestamp = "2025-01-01T00:00:00+08:00".parse().expect("a time");
    let mut most_live = 0;
    for day in 0..days {
        let midnight = first.millis() + i64::try_from(day).expect("fits") * DAY;
        for n in 0..per_day {
            let id = day * per_day + n;
            let at = midnight + i64::try_from(spread(id) % 86_400_000).expect("fits");
            year.queue.push(Reverse((at, id, Next::Person)));
        }
        year.until(midnight + DAY);
        most_live = most_live.max(year.live.len());
        if day % 30 == 29 || day + 1 == days {
            say(&format!(
                "day {}: {} live, {} commands, worst lag {} ms, lost {}, {:.0} s",
                day + 1,
                year.live.len(),
                year.commands,
                year.worst_lag,
                year.lost,
                started.elapsed().as_secs_f64()
            ));
        }
    }
    // Whatever runs is run to its end.
    year.until(i64::MAX);
    say(&format!(
        "{} tickets, {units} units, {days} days: {} commands, {} half, {} four fifths, {} lapsed; worst lag {} ms; \
         lost {}; at most {most_live} live at midnight; {:.0} s of a core",
        days * per_day,
        year.commands,
        year.marks[0],
        year.marks[1],
        year.marks[2],
        year.worst_lag,
        year.lost,
        started.elapsed().as_secs_f64()
    ));
    say(&format!("ended: {:?}", year.ended));
    assert!(
        year.lost == 0 && year.worst_lag <= LAG_MAX,
        "a deadline was lost or late"
    );
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads this");
}

/// Splitmix64: the same year at every run.
fn spread(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The window for asking to send a ticket back closes by itself: nobody is reminded of it.
fn is_marked(kind: DeadlineKind) -> bool {
    kind != DeadlineKind::SendBackBy
}

impl Year {
    fn until(&mut self, end: i64) {
        while let Some(Reverse((at, id, next))) = self.queue.peek().copied() {
            if at >= end {
                return;
            }
            self.queue.pop();
            let now = Timestamp::from_millis(at);
            match next {
                Next::Wake => self.sweep(now, id),
                Next::Person => self.person(now, id),
            }
        }
    }

    /// The job looks every second: it finds what was due since.
    fn sweep(&mut self, woken: Timestamp, id: u64) {
        let Some(live) = self.live.get(&id) else {
            return;
        };
        // The row's wake-up time is the newest; an older entry of the queue is none.
        if live.ticket.wake_at().is_none_or(|at| at > woken) {
            return;
        }
        let now = Timestamp::from_millis((woken.millis() + SECOND - 1) / SECOND * SECOND);
        let Ok(events) = decide(
            now,
            Some(&live.ticket),
            &Command::Sweep,
            By::Server,
            &self.rules,
        ) else {
            self.lost += 1;
            return;
        };
        let due: Vec<i64> = live
            .ticket
            .clocks()
            .into_iter()
            .filter(|clock| is_marked(clock.kind))
            .filter_map(|clock| clock.running.next_mark().map(|(_, at)| at.millis()))
            .filter(|at| *at <= now.millis())
            .collect();
        for at in due {
            self.worst_lag = self.worst_lag.max(now.millis() - at);
        }
        for event in &events {
            if let Event::Marked { mark, .. } = event {
                self.marks[*mark as usize] += 1;
            }
        }
        self.applied(id, &events);
    }

    /// Before a person touches a ticket, everything that was due two seconds ago must be on record.
    fn nothing_is_lost(&mut self, now: Timestamp, id: u64) {
        let Some(live) = self.live.get(&id) else {
            return;
        };
        for clock in live.ticket.clocks() {
            let Deadline::Set(due) = clock.running.deadline else {
                continue;
            };
            if !is_marked(clock.kind) {
                continue;
            }
            let before = now.plus_millis(-LAG_MAX);
            let expected = if before > due.due {
                Some(Mark::Lapsed)
            } else if before >= due.most {
                Some(Mark::Most)
            } else if before >= due.half {
                Some(Mark::Half)
            } else {
                None
            };
            if clock.running.marked < expected {
                self.lost += 1;
            }
        }
    }

    fn applied(&mut self, id: u64, events: &[Event]) {
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        for event in events {
            let ticket = std::mem::replace(&mut live.ticket, placeholder());
            live.ticket = apply(Some(ticket), event);
        }
        if let Some(at) = live.ticket.wake_at() {
            self.queue.push(Reverse((at.millis(), id, Next::Wake)));
        }
    }

    fn person(&mut self, now: Timestamp, id: u64) {
        self.nothing_is_lost(now, id);
        let (step, turn, random, unit) = match self.live.get(&id) {
            None => {
                let random = spread(id ^ 0xdead_beef);
                let unit = usize::try_from(random).unwrap_or(0) % self.units.len();
                self.open(now, id, random, unit);
                (0, 0, random, unit)
            }
            Some(live) => (live.step, live.turn, live.random, live.unit),
        };
        let chance = |of: u64| spread(random ^ (u64::from(step) << 32) ^ (turn << 40) ^ of) % 100;
        let handler = self.units[unit].clone();
        let helper = self.units[(unit + 1) % self.units.len()].clone();
        let with_helper = random % 10 == 0;
        let (desk, lead) = (self.desk.clone(), self.lead.clone());
        let (reviewer, revisitor) = (self.reviewer.clone(), self.revisitor.clone());
        let hours = |low: i64, high: i64| {
            low * HOUR
                + i64::try_from(
                    spread(random ^ u64::from(step))
                        % u64::try_from((high - low) * HOUR).expect("positive"),
                )
                .expect("fits")
        };
        // (who, command, next step, and after how long)
        let mut wish: Option<(Option<&Actor>, Command, u8, i64)> = match step {
            0 => Some((
                Some(&desk),
                dispatch(&handler.unit, with_helper.then_some(&helper.unit)),
                1,
                hours(0, 2),
            )),
            1 => Some((
                Some(&handler),
                Command::Acknowledge,
                if with_helper { 2 } else { 4 },
                hours(1, 30),
            )),
            2 => Some((Some(&helper), Command::Acknowledge, 3, hours(1, 60))),
            3 => Some((Some(&helper), reply(), 4, hours(1, 20))),
            4 if chance(1) < 3 => Some((Some(&handler), extend(), 5, hours(1, 9))),
            4 | 6 => Some((Some(&handler), contact(), 7, hours(1, 150))),
            5 => Some((
                Some(&lead),
                Command::DecideExtension {
                    granted: true,
                    reason: "客观原因".to_owned(),
                },
                6,
                hours(1, 40),
            )),
            7 => Some((Some(&handler), reply(), 8, hours(1, 8))),
            8 if chance(2) < 8 => Some((
                Some(&reviewer),
                review(ReviewOutcome::NotSpecific),
                7,
                hours(2, 20),
            )),
            8 => Some((
                Some(&reviewer),
                review(ReviewOutcome::Passed),
                9,
                hours(1, 70),
            )),
            9 if chance(3) < 55 => Some((
                None,
                Command::SurveyFailed {
                    why: SurveyFailure::Silent,
                },
                9,
                hours(72, 73),
            )),
            9 if chance(3) < 92 => Some((
                None,
                Command::SurveyAnswered {
                    rating: Rating::Satisfied,
                },
                12,
                0,
            )),
            9 => Some((
                None,
                Command::SurveyAnswered {
                    rating: Rating::Dissatisfied,
                },
                10,
                hours(4, 90),
            )),
            10 => Some((
                Some(&revisitor),
                revisited(chance(4) < 50),
                11,
                hours(10, 160),
            )),
            11 => Some((
                Some(&handler),
                Command::Rectify {
                    finding: "属实".to_owned(),
                    measures: "已整改".to_owned(),
                },
                10,
                hours(4, 80),
            )),
            _ => None,
        };
        if let Some(live) = self.live.get(&id)
            && let Stage::Closed {
                follow_up: hotline::domain::ticket::FollowUp::Ended { .. },
                ..
            } = live.ticket.stage
        {
            wish = None;
        }
        let Some((who, command, next, after)) = wish else {
            if let Some(live) = self.live.remove(&id) {
                *self.ended.entry(live.ticket.stage.code()).or_default() += 1;
            }
            return;
        };
        self.commands += 1;
        self.live.get_mut(&id).expect("it lives").turn += 1;
        let by = who.map_or(By::Server, By::Person);
        let ticket = self.live.get(&id).map(|live| &live.ticket);
        match decide(now, ticket, &command, by, &self.rules) {
            Ok(events) => {
                self.applied(id, &events);
                let live = self.live.get_mut(&id).expect("it lives");
                live.step = next;
            }
            // Too late to ask, or the co-handler is still awaited: they go on, a day later.
            Err(_) => {
                let live = self.live.get_mut(&id).expect("it lives");
                live.step = match step {
                    4 | 5 => 6,
                    10 | 11 => 12,
                    same => same,
                };
            }
        }
        let at = now.millis() + after.max(SECOND);
        self.queue.push(Reverse((at, id, Next::Person)));
    }

    fn open(&mut self, now: Timestamp, id: u64, random: u64, unit: usize) {
        let kind = if random.is_multiple_of(3) {
            Kind::Inquiry
        } else {
            Kind::Complaint
        };
        let register = Command::Register {
            title: "路灯不亮".to_owned(),
            content: "路灯三天不亮".to_owned(),
            kind,
            petitioner: Petitioner {
                name: "王".to_owned(),
                phone: PhoneNumber::parse("13812345678").ok(),
                applicant: Applicant::Person,
                secrecy: false,
                firm: None,
            },
            address: None,
            category: None,
            fields: std::collections::BTreeMap::new(),
        };
        let events = decide(now, None, &register, By::Person(&self.desk), &self.rules)
            .expect("the desk registers");
        let ticket = hotline::domain::ticket::fold(&events).expect("opened");
        self.commands += 1;
        self.live.insert(
            id,
            Live {
                ticket,
                unit,
                random,
                step: 0,
                turn: 0,
            },
        );
    }
}

/// What stands for a ticket while an event is applied to it.
fn placeholder() -> Ticket {
    apply(
        None,
        &Event::Opened {
            at: Timestamp::from_millis(0),
            source: hotline::domain::ticket::Source::Desk,
            contact: None,
            call: None,
            caller: None,
            desk: "".into(),
        },
    )
}

fn dispatch(lead: &UnitCode, helper: Option<&UnitCode>) -> Command {
    Command::Dispatch {
        lead: lead.clone(),
        co_handlers: helper.into_iter().cloned().collect(),
        basis: None,
        urgent: false,
    }
}

fn contact() -> Command {
    Command::RecordContact {
        call: Some(CallId(Uuid::nil())),
        recording: Some(RecordingId(Uuid::nil())),
        sms: None,
        summary: "已沟通".to_owned(),
    }
}

fn reply() -> Command {
    Command::Reply {
        text: "已更换".to_owned(),
        no_contact_reason: None,
    }
}

fn extend() -> Command {
    Command::Extend {
        working_days: 2,
        reason: "配件".to_owned(),
        told_petitioner: Told::Call(CallId(Uuid::nil())),
    }
}

fn review(outcome: ReviewOutcome) -> Command {
    Command::Review {
        outcome,
        remark: "请写明日期".to_owned(),
    }
}

fn revisited(satisfied: bool) -> Command {
    Command::RevisitRecorded {
        revisit: RevisitId(Uuid::nil()),
        outcome: if satisfied {
            RevisitOutcome::Satisfied
        } else {
            RevisitOutcome::Dissatisfied
        },
        rating: None,
        solved: Some(satisfied),
        recording: Some(RecordingId(Uuid::nil())),
    }
}
