//! `kill -9` at a random moment under live calls, over and over on the same data: whatever was promised is still there
//! afterwards. Every answered call has its record and its ticket, every recording opens and lacks at most a second, no
//! acknowledged write is lost, no message leaves under two ids, and the next start is quick and settles everything.
//!
//! Two rounds on each database, unless HOTLINE_POWER_CUT_ROUNDS says otherwise; HOTLINE_POWER_CUT_SEED repeats the moments.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the outside world lives in real time, and whoever repeats a run needs its seed"
)]

#[path = "support/postgres.rs"]
mod postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use testkit::http::Person;
use testkit::phone::{Call, Phone};
use testkit::server::{Place, Server, organisation};
use testkit::sms_provider::SmsProvider;

const CITIZEN: f64 = 440.0;
const AGENT: f64 = 700.0;
/// Calls that are up at the cut, at least.
const LIVE: usize = 20;
const CITIZENS: usize = 24;
const AGENTS: usize = 26;
const SOON: Duration = Duration::from_secs(30);
const READY_WITHIN: Duration = Duration::from_secs(3);
/// Packets of 20 ms.
const A_SECOND: usize = 50;

#[test]
fn sqlite_keeps_its_promises() {
    power_cuts("sqlite", None);
}

#[test]
fn postgresql_keeps_its_promises() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(postgres::new_database());
    power_cuts("postgresql", Some(url));
}

fn power_cuts(database: &str, storage_url: Option<String>) {
    // One after the other: two such loads at once would measure each other.
    static MACHINE: Mutex<()> = Mutex::new(());
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let rounds = from_env("HOTLINE_POWER_CUT_ROUNDS").unwrap_or(2);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let seed = from_env("HOTLINE_POWER_CUT_SEED").unwrap_or(now.as_secs());
    println!("{database}: {rounds} rounds, HOTLINE_POWER_CUT_SEED={seed}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let provider = SmsProvider::start(([127, 0, 0, 1], 0).into());
    // Most cuts then find a message on its way.
    provider.think_for(Duration::from_millis(150));
    let mut place = Place::new(env!("CARGO_BIN_EXE_hotline"), folder.path());
    if let Some(url) = storage_url {
        place.set("STORAGE__URL", url);
    }
    place.apply(
        &organisation("demo")
            .replace("count = 800", "count = 40")
            .replace("wrap_up_s = 60", "wrap_up_s = 0")
            .replace("127.0.0.1:9000", &provider.address.to_string()),
    );
    let mut random = Random(seed | 1);
    let mut server = place.start();
    let mut figures = Figures::default();
    for round in 0..rounds {
        let cut = load_and_cut(&mut server, round, &mut random);
        server = place.start();
        figures.slowest_start = figures.slowest_start.max(server.ready_after);
        assert!(
            server.ready_after <= READY_WITHIN,
            "ready after {:?}",
            server.ready_after
        );
        settle(&server, &place, &provider, cut, &mut figures);
        println!("{database}: round {round}: {figures:?}");
    }
    assert!(server.stop().success(), "{}", server.log());
    assert_eq!(place.check(), Vec::<String>::new());
}

/// What the rounds so far came to.
#[derive(Debug, Default)]
struct Figures {
    calls_answered: usize,
    up_at_the_cut: usize,
    recordings: usize,
    most_missing_ms: usize,
    writes_acknowledged: usize,
    writes_in_doubt: usize,
    tickets_closed: usize,
    messages_seen: usize,
    messages_in_doubt: usize,
    slowest_start: Duration,
}

/// What was promised before the cut.
#[derive(Default)]
struct Promised {
    /// SIP Call-IDs that got 200 OK.
    answered: Vec<String>,
    /// What agents said, call by call.
    said: Vec<Said>,
    /// Tickets whose registration was acknowledged, with their titles.
    tickets: Vec<(String, String)>,
    /// Tickets whose closing was acknowledged.
    closed: Vec<String>,
    /// Registrations without an answer: key, body.
    in_doubt: Vec<(String, Value)>,
}

struct Said {
    call: String,
    packets: usize,
    at_the_cut: bool,
}

/// Calls and writes that go on until the cut.
struct Load {
    cut: Arc<AtomicBool>,
    up: Arc<AtomicUsize>,
    promised: Arc<Mutex<Promised>>,
    people: Vec<JoinHandle<()>>,
    /// Agents' calls with their sound, judged once the moment of the cut is known.
    talks: Arc<Mutex<Vec<Talk>>>,
}

struct Talk {
    id: String,
    call: Call,
    ended: Option<Instant>,
}

fn load_and_cut(server: &mut Server, round: u64, random: &mut Random) -> Promised {
    let mut load = Load {
        cut: Arc::default(),
        up: Arc::default(),
        promised: Arc::default(),
        people: Vec::new(),
        talks: Arc::default(),
    };
    for nth in 0..AGENTS {
        load.agent(server.sip, nth);
    }
    for nth in 0..CITIZENS {
        load.citizen(server.sip, nth, Random(random.next() | 1));
    }
    for worker in 0..2 {
        load.desk(&server.http, round, worker);
    }
    let started = Instant::now();
    while load.up.load(Ordering::SeqCst) < LIVE {
        assert!(
            started.elapsed() < SOON,
            "{} calls are up:\n{}",
            load.up.load(Ordering::SeqCst),
            server.log()
        );
        assert!(
            load.people.iter().all(|person| !person.is_finished()),
            "somebody left early"
        );
        thread::sleep(Duration::from_millis(20));
    }
    // The random moment.
    thread::sleep(Duration::from_millis(random.next() % 5_000));
    let at = Instant::now();
    server.kill();
    load.cut.store(true, Ordering::SeqCst);
    for person in load.people {
        person.join().expect("nobody was let down before the cut");
    }
    let mut promised = std::mem::take(&mut *load.promised.lock().expect("no panic holds this"));
    for talk in load.talks.lock().expect("no panic holds this").drain(..) {
        promised.said.push(Said {
            packets: talk.call.audio.sent_by(talk.ended.unwrap_or(at)),
            call: talk.id,
            at_the_cut: talk.ended.is_none(),
        });
    }
    promised
}

impl Load {
    /// Answers whatever rings.
    fn agent(&mut self, sip: SocketAddr, nth: usize) {
        let mut phone = Phone::new(sip, &format!("agent{}", 1000 + nth), "secret");
        phone.give_up_when(&self.cut);
        assert_eq!(phone.register(3600), 200);
        let talks = Arc::clone(&self.talks);
        self.people.push(thread::spawn(move || {
            while let Some(ringing) = phone.ring_unless_cut() {
                let id = ringing
                    .header("X-Hotline-Call")
                    .expect("our phones are told which call it is");
                let Some(call) = phone.answer_unless_cut(ringing, AGENT) else {
                    return;
                };
                let ended = phone.bye_unless_cut(&call).then(Instant::now);
                talks
                    .lock()
                    .expect("no panic holds this")
                    .push(Talk { id, call, ended });
            }
        }));
    }

    /// Calls, talks a while, calls again.
    fn citizen(&mut self, sip: SocketAddr, nth: usize, mut random: Random) {
        let mut phone = Phone::new(sip, &format!("138{nth:08}"), "");
        phone.give_up_when(&self.cut);
        let (cut, up, promised) = (
            Arc::clone(&self.cut),
            Arc::clone(&self.up),
            Arc::clone(&self.promised),
        );
        self.people.push(thread::spawn(move || {
            while let Some(outcome) = phone.call_unless_cut("12345", CITIZEN) {
                let mut call = outcome.expect("12345 answers");
                promised
                    .lock()
                    .expect("no panic holds this")
                    .answered
                    .push(call.call_id.clone());
                up.fetch_add(1, Ordering::SeqCst);
                let talk = Duration::from_millis(1_000 + random.next() % 5_000);
                let started = Instant::now();
                while started.elapsed() < talk && !cut.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                up.fetch_sub(1, Ordering::SeqCst);
                phone.hang_up(&mut call);
            }
        }));
    }

    /// Registers tickets; every second one goes all its way, and its petitioner is asked by SMS.
    fn desk(&mut self, http: &str, round: u64, worker: u64) {
        let login = |user: &str| Person::login(http, user, "hotline-demo");
        let [agent, unit, reviewer] = ["agent1000", "unit_handler", "reviewer"].map(login);
        let (cut, promised) = (Arc::clone(&self.cut), Arc::clone(&self.promised));
        self.people.push(thread::spawn(move || {
            for nth in 0_u64.. {
                let name = format!("{round}-{worker}-{nth}");
                let body = ticket(&name, &format!("139{round:02}{worker:01}{nth:05}"));
                let id = match agent.post_once("/api/v1/tickets", &name, &body) {
                    Ok((201, ticket)) => text(&ticket["id"]),
                    Ok((status, answer)) => panic!("a ticket was not registered: {status} {answer}"),
                    Err(_) => {
                        promised.lock().expect("no panic holds this").in_doubt.push((name, body));
                        break;
                    }
                };
                promised.lock().expect("no panic holds this").tickets.push((id.clone(), name));
                if nth % 2 == 1 {
                    continue;
                }
                let steps = [
                    (&agent, "dispatch", json!({"lead": "nj-cgj", "basis": "市政照明设施养护"})),
                    (&unit, "acknowledge", json!({})),
                    (&unit, "reply", json!({
                        "text": "经核查, 该处线路接头损坏, 城管局已于当日 18 时安排李强更换接头并恢复照明。",
                        "no_contact_reason": "三方通话中已与诉求人沟通办理程序及期限。",
                    })),
                    (&reviewer, "review", json!({"outcome": "passed", "remark": "答复规范、具体、完整。"})),
                ];
                for (person, command, body) in steps {
                    let path = format!("/api/v1/tickets/{id}/commands/{command}");
                    match person.post_once(&path, &format!("{command}-{id}"), &body) {
                        Ok((200, _)) => {}
                        Ok((status, answer)) => panic!("{command}: {status} {answer}"),
                        Err(_) => {
                            assert!(wait_for_cut(&cut), "{command} got no answer from a living server");
                            return;
                        }
                    }
                }
                promised.lock().expect("no panic holds this").closed.push(id);
            }
            assert!(wait_for_cut(&cut), "a registration got no answer from a living server");
        }));
    }
}

/// A connection may break a moment before everybody is told of the cut.
fn wait_for_cut(cut: &AtomicBool) -> bool {
    let started = Instant::now();
    while !cut.load(Ordering::SeqCst) && started.elapsed() < SOON {
        thread::sleep(Duration::from_millis(20));
    }
    cut.load(Ordering::SeqCst)
}

fn ticket(name: &str, phone: &str) -> Value {
    json!({
        "title": name,
        "content": "中山路 12 号门前路灯连续三天不亮, 夜间出行不便。",
        "kind": "help_request",
        "petitioner": {"name": "王先生", "phone": phone, "applicant": "person"},
        "address": "南京市玄武区中山路 12 号",
    })
}

/// After the restart: everything that was promised is there.
fn settle(
    server: &Server,
    place: &Place,
    provider: &SmsProvider,
    cut: Promised,
    figures: &mut Figures,
) {
    let supervisor = Person::login(&server.http, "supervisor", "hotline-demo");
    for sip_call_id in &cut.answered {
        let found = supervisor.get(&format!("/api/v1/calls?sip_call_id={sip_call_id}"));
        let [record] = found["items"].as_array().expect("items").as_slice() else {
            panic!("an answered call has one record: {found}")
        };
        assert!(
            !record["termination"].is_null() && record["answered_at"].is_string(),
            "{record}"
        );
        assert!(record["contact_id"].is_string(), "{record}");
        let ticket = supervisor.get(&format!("/api/v1/tickets/{}", text(&record["ticket_id"])));
        // Somebody who was cut off before a person answered asked nothing: their draft is nobody's to register.
        let kept = if record["agent"].is_null() {
            "voided"
        } else {
            "draft"
        };
        assert_eq!(ticket["stage"], kept, "{record} {ticket}");
    }
    figures.calls_answered += cut.answered.len();
    check_sound(place, &cut.said, figures);

    for (id, title) in &cut.tickets {
        let ticket = supervisor.get(&format!("/api/v1/tickets/{id}"));
        assert_eq!(ticket["title"], title.as_str(), "{ticket}");
    }
    let agent = Person::login(&server.http, "agent1000", "hotline-demo");
    for (key, body) in &cut.in_doubt {
        // Asked again with the same key: done now if it was not done then, and never twice.
        let again = || {
            agent
                .post_once("/api/v1/tickets", key, body)
                .expect("an answer")
        };
        let ((status, first), (_, second)) = (again(), again());
        assert_eq!((status, &first["id"]), (201, &second["id"]));
        let phone = text(&body["petitioner"]["phone"]);
        let found = agent.get(&format!("/api/v1/tickets?phone={phone}"));
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    }
    figures.writes_acknowledged += cut.tickets.len();
    figures.writes_in_doubt += cut.in_doubt.len();

    for id in &cut.closed {
        let path = format!("/api/v1/tickets/{id}/messages");
        let messages = supervisor.wait_for(&path, SOON, |page| {
            let settled = |message: &Value| {
                !matches!(message["state"].as_str(), Some("queued" | "submitting"))
            };
            let messages = page["items"].as_array().expect("items");
            messages.iter().all(settled).then(|| messages.clone())
        });
        let [message] = messages.as_slice() else {
            panic!("a closed ticket asks once: {messages:?}")
        };
        match message["state"].as_str() {
            Some("accepted") => {}
            // It may have left before the cut: never sent again.
            Some("unknown") => figures.messages_in_doubt += 1,
            state => panic!("{state:?}: {message}"),
        }
    }
    figures.tickets_closed += cut.closed.len();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let seen = provider.messages();
    figures.messages_seen = seen.len();
    for message in seen {
        ids.entry(text(&message["to"]))
            .or_default()
            .insert(text(&message["id"]));
    }
    for (to, ids) in ids {
        assert_eq!(ids.len(), 1, "{to} was asked under several ids: {ids:?}");
    }
    assert_eq!(place.check(), Vec::<String>::new());
}

/// Every recording opens, and lacks at most a second of what the agent said before the cut.
fn check_sound(place: &Place, said: &[Said], figures: &mut Figures) {
    let mut recordings = BTreeMap::new();
    walk(&place.recordings(), &mut |path| {
        let name = path.to_string_lossy();
        assert!(!name.ends_with(".part"), "{name} was not recovered");
        if name.ends_with(".json") {
            let manifest: Value =
                serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
            recordings.insert(text(&manifest["call_id"]), path.with_extension("wav"));
        }
    });
    for talk in said {
        figures.up_at_the_cut += usize::from(talk.at_the_cut);
        let kept = match recordings.get(&talk.call) {
            Some(path) => {
                figures.recordings += 1;
                frames_with_sound(path)
            }
            None => 0,
        };
        let missing = talk.packets.saturating_sub(kept);
        figures.most_missing_ms = figures.most_missing_ms.max(20 * missing);
        assert!(
            missing <= A_SECOND,
            "call {}: {kept} of {} packets are recorded",
            talk.call,
            talk.packets
        );
    }
}

/// Frames of 20 ms in which our side says something.
fn frames_with_sound(path: &Path) -> usize {
    let reader =
        hound::WavReader::open(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let samples: Vec<i16> = reader
        .into_samples()
        .map(|sample| sample.expect("whole samples"))
        .collect();
    let right: Vec<i16> = samples.chunks_exact(2).map(|pair| pair[1]).collect();
    right
        .chunks_exact(160)
        .filter(|frame| frame.iter().any(|sample| sample.unsigned_abs() > 1_000))
        .count()
}

fn walk(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, see)
        } else {
            see(&path)
        }
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
        .to_owned()
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Xorshift64: moments that can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
