//! How fast tickets are found, changed and swept when there are millions of them in PostgreSQL:
//! `cargo run --release --example ticket_load -- postgres://… [N]`. Real tickets of every stage are made through the
//! rules, multiplied to N rows by `psql` (which must be on the PATH), and then asked for as people and jobs ask.
//! The database must be empty; N = 0 asks one that was filled before.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]

use std::io::Write as _;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline::clock::{Clock as _, SimClock};
use hotline::domain::id::{TicketId, UnitCode};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Actor, By, Role};
use hotline::domain::ticket::{
    Applicant, Command, Kind, Petitioner, Rating, ReviewOutcome, Rules, Task,
};
use hotline::domain::time::Timestamp;
use hotline::jobs::{Deadlines, Job as _};
use hotline::storage::rules::RulesInForce;
use hotline::storage::ticket_lists::View as Listed;
use hotline::storage::tickets::TicketFilter;
use hotline::storage::{Page, Storage};

const UNITS: u32 = 7_261;
const AGENTS: u32 = 4_700;
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
    // Ids of their own at each run: the database may have been filled by an earlier one.
    let clock = Arc::new(SimClock::new(now, std::process::id().into()));
    let storage = Storage::open(&url, clock.clone()).await.expect("opens");
    let rules = Arc::new(Rules::provincial("js-12345".into()));
    let bench = Bench {
        storage,
        clock,
        rules,
    };
    if n > 0 {
        bench.templates().await;
        let loading = Instant::now();
        multiply(&url, n);
        say(&format!(
            "{n} tickets loaded in {:.0} s",
            loading.elapsed().as_secs_f64()
        ));
    }
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
                    firm: None,
                },
                address: Some("中山路1号".to_owned()),
                category: None,
                fields: std::collections::BTreeMap::new(),
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
        let lead = || person("lead1", Role::TeamLead, "js-12345");
        let agent = |n: u32| person(&format!("agent{}", n % AGENTS), Role::Agent, "js-12345");
        let unit = |n: u32| UnitCode(format!("unit{}", n % UNITS));
        let handler = move |n: u32| person("h", Role::UnitHandler, &unit(n).0);
        let now = self.clock.now();
        let all = TicketFilter::default;
        let view = move |view| TicketFilter {
            view: Some(view),
            ..all()
        };
        let text = move |text: &str| TicketFilter {
            text: Some(text.to_owned()),
            ..all()
        };
        let stage = move |stage: &str| TicketFilter {
            stage: Some(stage.to_owned()),
            ..all()
        };
        let stages = ["registered", "dispatched", "handling", "replied", "closed"];
        let views: Vec<(&str, View)> = vec![
            ("all, newest first", Box::new(move |_| (lead(), all()))),
            (
                "one stage",
                Box::new(move |n| (lead(), stage(stages[n as usize % 5]))),
            ),
            (
                "waiting for dispatch",
                Box::new(move |_| (lead(), view(Listed::Waiting(Task::Dispatch)))),
            ),
            (
                "waiting for review",
                Box::new(move |_| (lead(), view(Listed::Waiting(Task::Review)))),
            ),
            (
                "handling, in the whole province",
                Box::new(move |_| (lead(), view(Listed::Waiting(Task::Handle)))),
            ),
            (
                "due soon",
                Box::new(move |_| (lead(), view(Listed::DueSoon(now)))),
            ),
            (
                "overdue",
                Box::new(move |_| (lead(), view(Listed::Overdue(now)))),
            ),
            (
                "an agent's own",
                Box::new(move |n| (agent(n), view(Listed::Mine))),
            ),
            (
                "a unit's, for the desk",
                Box::new(move |n| {
                    let filter = TicketFilter {
                        unit: Some(unit(n)),
                        ..all()
                    };
                    (lead(), filter)
                }),
            ),
            ("a unit's own", Box::new(move |n| (handler(n), all()))),
            (
                "a unit's own to acknowledge",
                Box::new(move |n| (handler(n), view(Listed::Waiting(Task::Acknowledge)))),
            ),
            (
                "a unit's own overdue",
                Box::new(move |n| (handler(n), view(Listed::Overdue(now)))),
            ),
            (
                "a phone's",
                Box::new(move |n| {
                    let phone =
                        PhoneNumber::parse(&format!("138{:08}", n * 7919 % 100_000_000)).ok();
                    (lead(), TicketFilter { phone, ..all() })
                }),
            ),
            (
                "a number",
                Box::new(move |n| {
                    let number = Some(format!("L{}", n * 7919 + 1));
                    (lead(), TicketFilter { number, ..all() })
                }),
            ),
            (
                "words of a title, one in 800",
                Box::new(move |_| (lead(), text("玄武湖路灯不亮"))),
            ),
            (
                "words of a title, one in 20",
                Box::new(move |_| (lead(), text("路灯"))),
            ),
            (
                "words that no title has together",
                Box::new(move |_| (lead(), text("路灯漏水"))),
            ),
            (
                "words of a title, among a unit's own",
                Box::new(move |n| (handler(n), text("玄武湖"))),
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
        let mut took = Vec::new();
        for n in 0..u32::try_from(ASKED).expect("fits") {
            let own = (n % 2 == 1).then(|| unit(n * 37));
            let me = agent(n).username;
            let asked = Instant::now();
            let counted = self.storage.ticket_counters(now, &me, own.as_ref());
            counted.await.expect("counted");
            took.push(asked.elapsed());
        }
        tell("counters of every list", took);
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
            self.storage.due(now, None, 200).await.expect("asked");
            took.push(asked.elapsed());
        }
        tell("sweep: what is due (200)", took);
        let job = Deadlines::new(
            self.storage.clone(),
            RulesInForce::new((*self.rules).clone()),
        );
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

/// N rows over a year, each a template's with its own id, number, unit, people, phone and title; and what lists find it by. A
/// wake-up in the future for what runs, a few of them already due. Events are the templates' alone: lists read none.
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
        "SET synchronous_commit = off; SET work_mem = '256MB';
-- Indexes are made once all rows are there.
CREATE TEMP TABLE aside AS SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('ticket', 'ticket_unit', 'ticket_todo', 'ticket_person', 'ticket_word') AND indexdef NOT LIKE 'CREATE UNIQUE%';
DO $$ DECLARE one RECORD; BEGIN FOR one IN SELECT * FROM aside LOOP EXECUTE 'DROP INDEX ' || one.indexname; END LOOP; END $$;
CREATE TEMP TABLE template AS SELECT * FROM ticket;
CREATE TEMP TABLE template_todo AS SELECT o.*, t.stage FROM ticket_todo o JOIN ticket t ON t.id = o.ticket_id;
CREATE TEMP TABLE made AS
SELECT g, lpad(to_hex(g), 8, '0') || '-0000-7000-8000-000000000000' AS id,
       CASE {bounds} END AS stage, 'unit' || (g * 7919 % {UNITS}) AS unit, (g % 400 - 20) * 60000 AS shift,
       '138' || lpad((g * 104729 % 100000000)::text, 8, '0') AS phone, 1734199200000 + g * 31536000000 / {n} AS at,
       (ARRAY['中山路','玄武湖','鼓楼','新街口','观前街','太湖','金鸡湖','云龙湖','瘦西湖','大运河','北固山','海州','洪泽湖','清江浦',
              '盐都','亭湖','高港','海陵','宿城','宿豫','江宁','浦口','六合','溧水','高淳','惠山','滨湖','锡山','吴江','吴中',
              '相城','虎丘','昆山','太仓','常熟','张家港','江阴','宜兴','溧阳','金坛'])[1 + g % 40]
       || (ARRAY['路灯不亮','井盖破损','供水中断','暖气不热','噪音扰民','垃圾堆放','违章搭建','占道经营','道路积水','公交晚点',
                 '社保转移','医保报销','学区划分','欠薪投诉','物业收费','电梯故障','燃气漏气','消防通道','油烟扰民','房屋漏水'])[1 + g / 40 % 20] AS title
FROM (SELECT g, (g * 48271 % 100000) AS m FROM generate_series(1::bigint, {n}::bigint) g) x;
INSERT INTO ticket (id, number, opened_at, caller, contact_id, call_id, version, head_hash, updated_at, stage, unit,
                    phone, due_at, wake_at, json, counted_after, running)
SELECT made.id, 'L' || g, at, made.phone, NULL, NULL, t.version, t.head_hash, at,
       t.stage, CASE WHEN t.stage = 'registered' THEN t.unit ELSE made.unit END, made.phone, t.due_at + shift, t.wake_at + shift,
       replace(replace(replace(t.json, '\"unit0\"', '\"' || made.unit || '\"'), '13800000000', made.phone), '小区门口路灯不亮', title),
       t.counted_after, t.running
FROM made JOIN template t ON t.stage = made.stage;
INSERT INTO ticket_unit (ticket_id, unit, listed_at, tie)
SELECT id, CASE stage WHEN 'registered' THEN 'js-12345' ELSE unit END, at, CASE stage WHEN 'registered' THEN 'answers' ELSE 'part' END FROM made;
INSERT INTO ticket_todo (ticket_id, task, owner, head, listed_at, soon_at, ends_at)
SELECT made.id, o.task, CASE WHEN o.owner = 'unit0' THEN made.unit ELSE o.owner END, o.head, at, o.soon_at + shift, o.ends_at + shift
FROM made JOIN template_todo o ON o.stage = made.stage;
INSERT INTO ticket_person (username, listed_at, ticket_id) SELECT 'agent' || (g * 31 % {AGENTS}), at, id FROM made;
INSERT INTO ticket_person (username, listed_at, ticket_id)
SELECT 'handler-' || unit, at, id FROM made WHERE stage NOT IN ('registered', 'dispatched');
-- In the order of its key: in any other, sixty million rows are as many pages read and written again.
INSERT INTO ticket_word (word, listed_at, ticket_id)
SELECT DISTINCT substr(title, i, 2) COLLATE \"C\", at, id FROM made, generate_series(1, 6) i WHERE i < length(title) ORDER BY 1, 2, 3;
DO $$ DECLARE one RECORD; BEGIN FOR one IN SELECT * FROM aside LOOP EXECUTE one.indexdef; END LOOP; END $$;
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
