//! One server and everybody outside it on simulated time: call control, phones, network, media side, a database that is
//! slow and sometimes fails. Nothing happens but by [`World::run_until`], one thing at a time, and after each the laws
//! are checked.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hotline::clock::{Clock, SimClock};
use hotline::domain::acd;
use hotline::domain::call::AtLine;
use hotline::domain::call::wish::{CallRefusal, Granted, Wish};
use hotline::domain::caller::Known;
use hotline::domain::id::Username;
use hotline::domain::staff::Directory;
use hotline::domain::time::Timestamp;
use hotline::signalling::Limits;
use hotline::signalling::control::{Control, Effect, Input, Settings};
use hotline::signalling::journal::{CommitToken, Entry};
use hotline::signalling::transport::Farewell;
use hotline_sip::digest::Algorithm;
use hotline_sip::endpoint::Flow;
use hotline_sip::header::Transport;

use crate::laws::Laws;
use crate::network::{Dice, Network, Weather};
use crate::phone::{News, Phone};
use crate::studio::{Desk, Studio};

pub(crate) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5060);
/// How often the media side listens to its legs, and the slow laws are looked at.
const LISTEN: Duration = Duration::from_millis(250);

/// Commits what it is given, in order, after a while; or not.
pub(crate) struct Database {
    dice: Dice,
    /// Slowest commit, milliseconds.
    pub(crate) slowest_ms: u64,
    /// Chances of 100 that a commit is refused.
    pub(crate) failing: u64,
    /// What it says of whoever calls.
    pub(crate) known: Known,
    commits: BTreeMap<(Instant, u64), CommitToken>,
    last: Option<Instant>,
    pub(crate) entries: Vec<(Instant, Entry)>,
}

impl Database {
    fn commit(&mut self, now: Instant, token: CommitToken) {
        let done = now + self.dice.millis(1, self.slowest_ms);
        // One writer: nothing overtakes.
        let done = self.last.map_or(done, |last| last.max(done));
        self.last = Some(done);
        self.commits.insert((done, token.0), token);
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<SimClock>,
    pub(crate) begun: Instant,
    pub(crate) control: Control,
    pub(crate) phones: Vec<Phone>,
    by_ip: BTreeMap<IpAddr, usize>,
    /// WebSockets that are up, and whose they are.
    connections: BTreeMap<u64, usize>,
    last_connection: u64,
    /// Pages that were let go.
    pub(crate) farewells: Vec<(usize, Farewell)>,
    pub(crate) network: Network,
    pub(crate) studio: Arc<Mutex<Studio>>,
    pub(crate) database: Database,
    pub(crate) laws: Laws,
    pub(crate) dice: Dice,
    listens_at: Instant,
    /// Ticks in a row that came at once: a machine that asks for time and does not use it spins.
    spins: u32,
    trace: u64,
    verbose: bool,
}

impl World {
    pub(crate) fn new(seed: u64, directory: Directory, weather: Weather, limits: Limits) -> Self {
        let mut dice = Dice::new(seed);
        // A Monday morning, in office hours.
        let clock = Arc::new(SimClock::new(
            Timestamp::from_millis(1_781_485_200_000),
            dice.roll(),
        ));
        let studio = Arc::new(Mutex::new(Studio::new(Arc::clone(&clock), dice.fork())));
        let settings = Settings {
            local: SERVER,
            advertised: SERVER,
            tls: None,
            own_number: "12345".to_owned(),
            realm: "hotline".to_owned(),
            digest: vec![Algorithm::Md5, Algorithm::Sha256],
            limits,
            acd: acd::Rules {
                silence_rest: Duration::from_secs(20),
                ..acd::Rules::default()
            },
        };
        let desk = Box::new(Desk(Arc::clone(&studio)));
        let control = Control::new(
            Arc::<SimClock>::clone(&clock),
            settings,
            Arc::new(directory),
            desk,
        );
        let begun = clock.instant();
        let database = Database {
            dice: dice.fork(),
            slowest_ms: 20,
            failing: 0,
            known: Known::default(),
            commits: BTreeMap::new(),
            last: None,
            entries: Vec::new(),
        };
        Self {
            begun,
            control,
            phones: Vec::new(),
            by_ip: BTreeMap::new(),
            connections: BTreeMap::new(),
            last_connection: 0,
            farewells: Vec::new(),
            network: Network::new(dice.fork(), weather),
            studio,
            database,
            laws: Laws::default(),
            listens_at: begun,
            spins: 0,
            trace: 0xcbf2_9ce4_8422_2325,
            verbose: std::env::var_os("HOTLINE_TRACE").is_some(),
            dice,
            clock,
        }
    }

    pub(crate) fn add_phone(
        &mut self,
        name: &str,
        address: SocketAddr,
        password: Option<&str>,
    ) -> usize {
        let phone = Phone::new(name, address, password, self.dice.fork());
        self.phones.push(phone);
        self.by_ip.insert(address.ip(), self.phones.len() - 1);
        self.phones.len() - 1
    }

    /// A page is loaded, or comes back: a WebSocket with the login of `person`.
    pub(crate) fn connect(&mut self, phone: usize, instance: u32, person: &str) {
        self.last_connection += 1;
        let connection = self.last_connection;
        self.connections.insert(connection, phone);
        let flow = self.flow_of(self.phones[phone].address, Some(connection));
        self.with_phone(phone, |phone, _| phone.connect(instance, connection));
        let at = AtLine::Person(Username::from(person));
        self.tell(Input::Connected { flow, at });
    }

    /// The WebSocket of a page is gone, with everything that was under way on it.
    pub(crate) fn cut(&mut self, phone: usize) {
        let connection = self.phones[phone].page.and_then(|page| page.connection);
        let Some(connection) = connection else {
            return;
        };
        self.connections.remove(&connection);
        self.with_phone(phone, |phone, now| phone.cut(now));
        let flow = self.flow_of(self.phones[phone].address, Some(connection));
        self.tell(Input::TransportFailed { flow });
    }

    /// The login behind a page is over.
    pub(crate) fn sign_out(&mut self, phone: usize) {
        let connection = self.phones[phone].page.and_then(|page| page.connection);
        let flow = self.flow_of(self.phones[phone].address, connection);
        self.tell(Input::SignedOut { flow });
    }

    fn flow_of(&self, remote: SocketAddr, connection: Option<u64>) -> Flow {
        Flow {
            transport: match connection {
                Some(_) => Transport::Wss,
                None => Transport::Udp,
            },
            local: SERVER,
            remote,
            connection,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.instant()
    }

    /// What everything that happened so far comes to, in one number.
    pub(crate) const fn trace(&self) -> u64 {
        self.trace
    }

    // ---- what is done from outside ---------------------------------------------------------------------------------

    /// Lets the owner of a phone do something with it.
    pub(crate) fn with_phone<T>(
        &mut self,
        phone: usize,
        act: impl FnOnce(&mut Phone, Instant) -> T,
    ) -> T {
        let now = self.now();
        let done = act(&mut self.phones[phone], now);
        // What the phone says of its owner's doing is no news to its owner.
        self.drain_phone(phone);
        done
    }

    pub(crate) fn wish(&mut self, wish: Wish) -> Result<Granted, CallRefusal> {
        self.note(|| format!("wish {wish:?}"));
        let outcome = self.control.wish(wish);
        self.note(|| format!("  {outcome:?}"));
        self.drain_control();
        outcome
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.note(|| format!("tell {input:?}"));
        self.control.handle(input);
        self.drain_control();
    }

    /// Power fails at a phone.
    pub(crate) fn kill(&mut self, phone: usize) {
        let name = self.phones[phone].name.clone();
        self.note(|| format!("{name} dies"));
        let now = self.now();
        let ip = self.phones[phone].address.ip();
        self.laws.phone_died(now, ip, &self.control);
        self.phones[phone].die();
    }

    pub(crate) fn revive(&mut self, phone: usize) {
        self.phones[phone].alive = true;
    }

    // ---- time ------------------------------------------------------------------------------------------------------

    /// Lets time pass until `end`, or until a phone has something to say to its owner.
    pub(crate) fn run_until(&mut self, end: Instant) -> Vec<(usize, News)> {
        loop {
            let next = self.next();
            let at = next.min(end);
            let now = self.now();
            if at > now {
                self.spins = 0;
                // The clock counts microseconds.
                let step = at.duration_since(now).as_nanos().div_ceil(1_000);
                self.clock
                    .advance(Duration::from_micros(u64::try_from(step).unwrap()));
            }
            if next > end {
                return Vec::new();
            }
            self.spins += 1;
            assert!(
                self.spins < 10_000,
                "somebody asks for a tick again and again: {:?}",
                self.control
            );
            let news = self.step();
            if !news.is_empty() {
                return news;
            }
        }
    }

    fn next(&self) -> Instant {
        let phones = self.phones.iter().filter_map(Phone::poll_timeout).min();
        let studio = self.studio.lock().unwrap().next();
        let commit = self.database.commits.keys().next().map(|(at, _)| *at);
        let others = [
            self.control.poll_timeout(),
            self.network.next(),
            studio,
            commit,
            phones,
        ];
        others
            .into_iter()
            .flatten()
            .min()
            .map_or(self.listens_at, |at| at.min(self.listens_at))
    }

    /// The one thing that is due first.
    fn step(&mut self) -> Vec<(usize, News)> {
        let now = self.now();
        if let Some(datagram) = self.network.arrives(now) {
            let is_up = |connection| self.connections.contains_key(&connection);
            if datagram
                .connection
                .is_some_and(|connection| !is_up(connection))
            {
                return Vec::new();
            }
            if datagram.to == SERVER {
                let flow = self.flow_of(datagram.from, datagram.connection);
                self.control.handle(Input::Datagram {
                    flow,
                    bytes: datagram.bytes.to_vec(),
                });
                self.drain_control();
            } else if let Some(&phone) = self.by_ip.get(&datagram.to.ip())
                && self.phones[phone].alive
            {
                self.phones[phone].received(now, &datagram.bytes);
                return self.drain_phone(phone);
            }
            return Vec::new();
        }
        let report = self.studio.lock().unwrap().reports(now);
        if let Some(event) = report {
            self.tell(Input::Media(event));
            return Vec::new();
        }
        if let Some((&(at, number), &token)) = self.database.commits.first_key_value()
            && at <= now
        {
            self.database.commits.remove(&(at, number));
            let failing = self.database.failing;
            let kept = !self.database.dice.in_100(failing);
            self.laws.committed(token, kept);
            let known = self.database.known.clone();
            self.tell(Input::Committed {
                token,
                kept: kept.then_some(known),
            });
            return Vec::new();
        }
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.control.poll_timeout()) {
            self.control.handle(Input::Tick);
            self.drain_control();
            return Vec::new();
        }
        if let Some(phone) = self
            .phones
            .iter()
            .position(|phone| due(phone.poll_timeout()))
        {
            self.phones[phone].tick(now);
            return self.drain_phone(phone);
        }
        if now >= self.listens_at {
            self.listens_at = now + LISTEN;
            let (phones, by_ip) = (&self.phones, &self.by_ip);
            let speaks = |from: SocketAddr| {
                by_ip
                    .get(&from.ip())
                    .is_some_and(|&phone| phones[phone].speaks(from))
            };
            self.studio.lock().unwrap().listen(now, speaks);
            self.laws.watch(
                now,
                &self.control,
                &self.studio.lock().unwrap(),
                &self.phones,
            );
        }
        Vec::new()
    }

    fn drain_phone(&mut self, phone: usize) -> Vec<(usize, News)> {
        let now = self.now();
        let from = self.phones[phone].address;
        let alive = self.phones[phone].alive;
        let (sends, news) = self.phones[phone].drain(now);
        for bytes in sends.into_iter().filter(|_| alive) {
            self.note_bytes(from, SERVER, &bytes);
            match self.phones[phone].page {
                None => self.network.send(now, from, SERVER, bytes),
                Some(page) => {
                    if let Some(connection) = page.connection {
                        self.network.send_on(now, connection, from, SERVER, bytes);
                    }
                }
            }
        }
        news.into_iter().map(|news| (phone, news)).collect()
    }

    fn drain_control(&mut self) {
        let now = self.now();
        let told = std::mem::take(&mut self.studio.lock().unwrap().told);
        for line in told {
            self.note(|| format!("  studio: {line}"));
        }
        while let Some(effect) = self.control.poll_effect() {
            match effect {
                Effect::Send { flow, bytes } => {
                    self.laws.sent(&bytes);
                    self.note_bytes(SERVER, flow.remote, &bytes);
                    match flow.connection {
                        None => self.network.send(now, SERVER, flow.remote, bytes),
                        Some(connection) if self.connections.contains_key(&connection) => {
                            let to = flow.remote;
                            self.network.send_on(now, connection, SERVER, to, bytes);
                        }
                        Some(_) => self.control.handle(Input::TransportFailed { flow }),
                    }
                }
                Effect::Close { flow, farewell } => {
                    self.note(|| format!("  farewell {farewell:?} to {}", flow.remote));
                    let phone = flow.connection.and_then(|id| self.connections.remove(&id));
                    if let Some(phone) = phone {
                        self.farewells.push((phone, farewell));
                        self.phones[phone].cut(now);
                    }
                }
                Effect::Journal { entry, token } => {
                    self.note(|| format!("  journal: {entry:?}"));
                    self.laws.journalled(&entry, token);
                    if let Some(token) = token {
                        self.database.commit(now, token);
                    }
                    self.database.entries.push((now, entry));
                }
                Effect::Changed => {}
            }
        }
        self.laws
            .check(now, &self.control, &self.studio.lock().unwrap());
    }

    // ---- the trace -------------------------------------------------------------------------------------------------

    fn note(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        self.hash(line.as_bytes());
        if self.verbose {
            self.print(&line);
        }
    }

    fn note_bytes(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.hash(bytes);
        if self.verbose {
            let text = String::from_utf8_lossy(bytes);
            let first = text.lines().next().unwrap_or_default();
            let header = |name: &str| {
                text.lines()
                    .find(|line| line.starts_with(name))
                    .unwrap_or_default()
            };
            let line = format!(
                "  {from} → {to} {first} | {} {}",
                header("CSeq"),
                header("Call-ID")
            );
            self.print(&line);
        }
    }

    #[expect(clippy::print_stderr, reason = "asked for by HOTLINE_TRACE")]
    fn print(&self, line: &str) {
        eprintln!(
            "{:>10.3} {line}",
            self.now().duration_since(self.begun).as_secs_f64()
        );
    }

    fn hash(&mut self, bytes: &[u8]) {
        let elapsed = self
            .now()
            .duration_since(self.begun)
            .as_micros()
            .to_le_bytes();
        for byte in elapsed.iter().chain(bytes) {
            self.trace = (self.trace ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
