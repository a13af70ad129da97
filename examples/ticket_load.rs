//! How fast tickets are found, changed and swept when there are millions of them in PostgreSQL:
//! `cargo run --release --example ticket_load -- postgres://… [N]`. Real tickets of every stage are made through the
//! rules, multiplied to N rows by `psql` (which must be on the PATH), and then asked for as people and jobs ask.
//! The database must be empty.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]

use std::io::Write as _;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline::clock::{Clock as _, SimClock};
use hotline::domain::id::{TicketId, UnitCode};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Actor, By, Role};
use hotline::domain::ticket::{Applicant, Command, Kind, Petitioner, Rating, ReviewOutcome, Rules};
use hotline::domain::time::Timestamp;
use hotline::jobs::{Deadlines, Job as _};
use hotline::storage::rules::RulesInForce;
use hotline::storage::tickets::TicketFilter;
use hotline::storage::{Page, Storage};

const UNITS: u32 = 7_261;
const ASKED: usize = 200;

/// How many in a hundred thousand stand where; most of a year's are archived.
const MIX: &[(&str, u32)] = &[
    ("archived", 94_400),
    ("closed", 3_000),
    ("registered", 100),
    ("dispatched", 500),
    ("handling", 1_700),
    ("replied", 300),
];

#[tokio::main]
async fn main() {
    let mut given = std::env::args().skip(1);
    let url = given
        .next()
        .expect("the address of an empty PostgreSQL database");
    let n: u64 = given
        .next()
        .map_or(1_000_000, |n| n.parse().expect("a number"));
    let now: Timestamp = "2025-12-15T10:00:00+08:00".parse().expect("a time");
    let clock = Arc::new(SimClock::new(now, 1));
    let storage = Storage::open(&url, clock.clone()).await.expect("opens");
    let rules = Arc::new(Rules::provincial("js-12345".into()));
    let bench = Bench {
        storage,
        clock,
        rules,
    };
    bench.templates().await;
    let loading = Instant::now();
    multiply(&url, n);
    say(&format!(
        "{n} tickets loaded in {:.0} s",
        loading.elapsed().as_secs_f64()
    ));
    bench.lists().await;
    bench.commands().await;
    bench.sweep().await;
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads this");
}

/// Who asks for what; the number spreads the questions over units and phones.
type View = Box<dyn Fn(u32) -> (Actor, TicketFilter)>;

struct Bench {
    storage: Storage,
    clock: Arc<SimClock>,
    rules: Arc<Rules>,
}

fn person(name: &str, role: Role, unit: &str) -> Actor {
    Actor {
        username: name.into(),
        role,
        unit: unit.into(),
    }
}

impl Bench {
    async fn wish(&self, by: By<'_>, id: TicketId, command: Command) {
        let now = self.clock.now();
        self.storage
            .command(now, by, id, command, &self.rules, None)
            .await
            .expect("granted");
    }

    /// One real ticket of each stage, of unit `unit0`.
    async fn templates(&self) {
        let agent = person("agent1", Role::Agent, "js-12345");
        let unit = person("handler0", Role::UnitHandler, "unit0");
        let reviewer = person("reviewer1", Role::Reviewer, "js-12345");
        for (stage, _) in MIX {
            let register = Command::Register {
                title: "小区门口路灯不亮".to_owned(),
                content: "小区门口的路灯坏了三天, 晚上出行不便, 希望尽快修复。".repeat(3),
                kind: Kind::Complaint,
                petitioner: Petitioner {
                    name: "王先生".to_owned(),
                    phone: PhoneNumber::parse("13800000000").ok(),
                    applicant: Applicant::Person,
                    secrecy: false,
                },
                address: Some("中山路1号".to_owned()),
                category: None,
            };
            let now = self.clock.now();
            let opened = self
                .storage
                .open_ticket(now, By::Person(&agent), register, &self.rules, None)
                .await;
            let id = opened.expect("registered").id;
            let steps: &[&str] = match *stage {
                "registered" => &[],
                "dispatched" => &["dispatch"],
                "handling" => &["dispatch", "acknowledge"],
                "replied" => &["dispatch", "acknowledge", "reply"],
                "closed" => &["dispatch", "acknowledge", "reply", "review"],
                _ => &[
                    "dispatch",
                    "acknowledge",
                    "reply",
                    "review",
                    "answer",
                    "archive",
                ],
            };
            for step in steps {
                let (by, command) = match *step {
                    "dispatch" => (
                        By::Person(&agent),
                        Command::Dispatch {
                            lead: "unit0".into(),
                            co_handlers: Vec::new(),
                            basis: Some("城市照明管理规定".to_owned()),
                            urgent: false,
                        },
                    ),
                    "acknowledge" => (By::Person(&unit), Command::Acknowledge),
                    "reply" => (
                        By::Person(&unit),
                        Command::Reply {
                            text:
                                "经核实, 已于12月15日更换灯具, 路灯恢复照明, 联系电话025-83666666。"
                                    .to_owned(),
                            no_contact_reason: Some("电话无人接听".to_owned()),
                        },
                    ),
                    "review" => (
                        By::Person(&reviewer),
                        Command::Review {
                            outcome: ReviewOutcome::Passed,
                            remark: String::new(),
                        },
                    ),
                    "answer" => (
                        By::Server,
                        Command::SurveyAnswered {
                            rating: Rating::Satisfied,
                        },
                    ),
                    _ => (By::Server, Command::Archive),
                };
                self.wish(by, id, command).await;
            }
        }
    }

    async fn lists(&self) {
        let views: [(&str, View); 7] = [
            (
                "all, newest first",
                Box::new(|_| {
                    (
                        person("lead1", Role::TeamLead, "js-12345"),
                        TicketFilter::default(),
                    )
                }),
            ),
            (
                "one stage",
                Box::new(|n| {
                    let stage = ["registered", "dispatched", "handling", "replied", "closed"]
                        [n as usize % 5];
                    (
                        person("lead1", Role::TeamLead, "js-12345"),
                        TicketFilter {
                            stage: Some(stage.to_owned()),
                            ..TicketFilter::default()
                        },
                    )
                }),
            ),
            (
                "overdue",
                Box::new(|_| {
                    let now = "2025-12-15T10:00:00+08:00".parse().ok();
                    (
                        person("lead1", Role::TeamLead, "js-12345"),
                        TicketFilter {
                            overdue_at: now,
                            ..TicketFilter::default()
                        },
                    )
                }),
            ),
            (
                "a unit's, for the desk",
                Box::new(|n| {
                    let unit = UnitCode(format!("unit{}", n % UNITS));
                    (
                        person("lead1", Role::TeamLead, "js-12345"),
                        TicketFilter {
                            unit: Some(unit),
                            ..TicketFilter::default()
                        },
                    )
                }),
            ),
            (
                "a unit's own",
                Box::new(|n| {
                    (
                        person("h", Role::UnitHandler, &format!("unit{}", n % UNITS)),
                        TicketFilter::default(),
                    )
                }),
            ),
            (
                "a unit's own to acknowledge",
                Box::new(|n| {
                    let unit = format!("unit{}", n % UNITS);
                    (
                        person("h", Role::UnitHandler, &unit),
                        TicketFilter {
                            stage: Some("dispatched".to_owned()),
                            ..TicketFilter::default()
                        },
                    )
                }),
            ),
            (
                "a phone's",
                Box::new(|n| {
                    let phone =
                        PhoneNumber::parse(&format!("138{:08}", n * 7919 % 100_000_000)).ok();
                    (
                        person("lead1", Role::TeamLead, "js-12345"),
                        TicketFilter {
                            phone,
                            ..TicketFilter::default()
                        },
                    )
                }),
            ),
        ];
        for (name, view) in &views {
            let mut took = Vec::new();
            for n in 0..u32::try_from(ASKED).expect("fits") {
                let (actor, filter) = view(n * 37);
                let asked = Instant::now();
                let page = self
                    .storage
                    .tickets(By::Person(&actor), &filter, &Page::default())
                    .await;
                took.push(asked.elapsed());
                page.expect("listed");
            }
            tell(&format!("list: {name}"), took);
        }
    }

    async fn commands(&self) {
        let mut took = Vec::new();
        for n in 0..u32::try_from(ASKED).expect("fits") {
            let unit = format!("unit{}", n * 37 % UNITS);
            let handler = person("h", Role::UnitHandler, &unit);
            let filter = TicketFilter {
                stage: Some("dispatched".to_owned()),
                ..TicketFilter::default()
            };
            let by = By::Person(&handler);
            let waiting = self.storage.tickets(by, &filter, &Page::default()).await;
            for one in waiting.expect("listed").items.into_iter().take(1) {
                let asked = Instant::now();
                self.wish(By::Person(&handler), one.id, Command::Acknowledge)
                    .await;
                took.push(asked.elapsed());
            }
        }
        tell("command: acknowledge", took);
    }

    /// What is due: found, and then a batch of it swept.
    async fn sweep(&self) {
        let now = self.clock.now().plus_millis(3_600_000);
        let mut took = Vec::new();
        for _ in 0..ASKED {
            let asked = Instant::now();
            self.storage.due(now, 200).await.expect("asked");
            took.push(asked.elapsed());
        }
        tell("sweep: what is due (200)", took);
        let job = Deadlines {
            storage: self.storage.clone(),
            rules: RulesInForce::new((*self.rules).clone()),
        };
        let asked = Instant::now();
        let mut swept = 0;
        for _ in 0..5 {
            swept += job.run_once(now).await.expect("swept").done;
        }
        let took = asked.elapsed();
        say(&format!(
            "sweep: {swept} tickets in {:.2} s, {:.0}/s",
            took.as_secs_f64(),
            f64::from(swept) / took.as_secs_f64()
        ));
    }
}

fn tell(name: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |percent: usize| {
        took.get(took.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    say(&format!(
        "{name}: p50 {:.1} ms, p95 {:.1} ms, worst {:.1} ms ({} times)",
        at(50).as_secs_f64() * 1e3,
        at(95).as_secs_f64() * 1e3,
        took.last().copied().unwrap_or_default().as_secs_f64() * 1e3,
        took.len()
    ));
}

/// N rows over a year, each a template's with its own id, number, unit and phone. A wake-up in the future for what
/// runs, a few of them already due.
fn multiply(url: &str, n: u64) {
    let mut bounds = String::new();
    let mut low = 0;
    for (stage, share) in MIX {
        bounds.push_str(&format!(
            "WHEN m >= {low} AND m < {} THEN '{stage}' ",
            low + share
        ));
        low += share;
    }
    let sql = format!(
        "SET synchronous_commit = off;
CREATE TEMP TABLE template AS SELECT * FROM ticket;
CREATE TEMP TABLE made AS
SELECT g, CASE {bounds} END AS stage, 'unit' || (g * 7919 % {UNITS}) AS unit,
       '138' || lpad((g * 104729 % 100000000)::text, 8, '0') AS phone, 1734199200000 + g * 31536000000 / {n} AS at
FROM (SELECT g, (g * 48271 % 100000) AS m FROM generate_series(1::bigint, {n}::bigint) g) x;
INSERT INTO ticket (id, number, opened_at, caller, contact_id, call_id, version, head_hash, updated_at, stage, unit,
                    phone, due_at, wake_at, json, counted_after, running)
SELECT lpad(to_hex(g), 8, '0') || '-0000-7000-8000-000000000000', 'L' || g, at, phone, NULL, NULL, t.version, t.head_hash, at,
       t.stage, CASE WHEN t.stage = 'registered' THEN t.unit ELSE made.unit END, phone,
       CASE WHEN t.due_at IS NULL THEN NULL ELSE t.due_at + (g % 400 - 20) * 60000 END,
       CASE WHEN t.wake_at IS NULL THEN NULL ELSE t.wake_at + (g % 400 - 20) * 60000 END,
       replace(replace(t.json, '\"unit0\"', '\"' || made.unit || '\"'), '13800000000', phone), t.counted_after, t.running
FROM made JOIN template t ON t.stage = made.stage;
INSERT INTO ticket_unit (ticket_id, unit)
SELECT lpad(to_hex(g), 8, '0') || '-0000-7000-8000-000000000000', unit FROM made WHERE stage <> 'registered';
ANALYZE;"
    );
    let mut psql = Process::new("psql")
        .args(["-q", "-v", "ON_ERROR_STOP=1", url])
        .stdin(Stdio::piped())
        .spawn()
        .expect("psql is on the PATH");
    psql.stdin
        .take()
        .expect("piped")
        .write_all(sql.as_bytes())
        .expect("psql reads");
    assert!(psql.wait().expect("ends").success(), "psql failed");
}
