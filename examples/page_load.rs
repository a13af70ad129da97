//! What a call costs the whole server when its agent sits at a browser's page, beside the same call with a desk phone:
//! `page_load [CALLS] [SECONDS] [ROUNDS] -- [LAUNCHER…] SERVER`, e.g. `page_load 100 10 3 -- taskset -c 1 hotline`.
//!
//! A server of its own each time, its data in memory. Every agent registers (a page with its login at `/sip`, or a phone by UDP),
//! every citizen dials 12345 by plain SIP and RTP; queued, offered, bridged, recorded. Then a window is measured: G.711,
//! 50 packets a second each way on every leg. Packets carry the time they were sent at, before they are sealed, and are timed
//! when they are read, before they are opened: one clock. The last row is the tool itself: packets sent to its own port.
//! Speaking and listening is one thread, signalling another, which sleeps while the window is open.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement of real time prints its figures"
)]

use std::cell::RefCell;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use testkit::http::Person;
use testkit::page::Page;
use testkit::page_sound::PageSound;
use testkit::phone::{Call, Phone};
use testkit::server::{Place, Server, organisation};

const FRAME: Duration = Duration::from_millis(20);
/// From the last bridge to the window, and from the window to the first goodbye.
const SETTLE: Duration = Duration::from_secs(2);
/// Packets between two connectivity checks of a page, as browsers space them.
const CHECK: u32 = 125;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut halves = words.split(|word| word == "--");
    let numbers: Vec<u32> = halves
        .next()
        .unwrap_or_default()
        .iter()
        .map(|word| word.parse().expect("CALLS, SECONDS and ROUNDS are numbers"))
        .collect();
    let number = |at: usize, usual| numbers.get(at).copied().unwrap_or(usual);
    let (calls, seconds, rounds) = (number(0, 100), number(1, 10), number(2, 1));
    let start = halves
        .next()
        .filter(|words| !words.is_empty())
        .expect("-- and how the server is started");
    println!(
        "agents     server %   media %   tool %   MB fresh / registered / up / after   to the agent, to the citizen, tool alone: lost, p50 / p99 ms"
    );
    let mut spent = [0.0; 2];
    for _ in 0..rounds {
        for (kind, spent) in [Kind::Phones, Kind::Pages].into_iter().zip(&mut spent) {
            *spent += measure(kind, calls, Duration::from_secs(seconds.into()), start);
        }
    }
    let [phones, pages] = spent.map(|spent| spent / f64::from(rounds));
    println!(
        "{calls} calls: {phones:.2} % with phones, {pages:.2} % with pages; a page's leg costs {:+.4} % of a core more",
        (pages - phones) / f64::from(calls)
    );
}

/// Where the agents sit.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Phones,
    Pages,
}

enum Agent {
    Phone(Box<Phone>),
    Page(Box<Page>),
}

/// One round; the server's share of a core in percent.
fn measure(kind: Kind, calls: u32, window: Duration, start: &[String]) -> f64 {
    let folder = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let (program, launcher) = start.split_last().expect("the program is one word");
    let program = Path::new(program).canonicalize();
    let mut place = Place::new(program.expect("the server's program"), folder.path());
    place.start_by(&launcher.iter().map(String::as_str).collect::<Vec<_>>());
    place.apply(&organisation("bench").replace("count = 2000", &format!("count = {calls}")));
    let mut server = place.start();
    let fresh = resident_mb(server.pid());
    let mut agents: Vec<Agent> = (0..calls)
        .map(|nth| agent(kind, &server, &format!("agent{}", 1000 + nth)))
        .collect();
    let registered = resident_mb(server.pid());

    let sound = Sound::start();
    let mut up = Vec::new();
    for (nth, agent) in agents.iter_mut().enumerate() {
        let mut citizen = Phone::new(server.sip, &format!("138{nth:08}"), "");
        citizen.is_measured = true;
        let here = citizen.call("12345", 0.0).expect("12345 answers");
        // Who has been ready longest is offered the call: the agents in the order they registered in.
        let there = take(agent, &sound);
        sound.add(&here.audio.socket(), here.audio.remote(), Way::ToAgent);
        up.push((citizen, here, there));
    }
    std::thread::sleep(SETTLE);
    let (cpu, own) = (cpu(server.pid()), cpu(std::process::id()));
    sound.open_window();
    std::thread::sleep(window);
    sound.close_window();
    let (cpu, own) = (
        cpu.until(self::cpu(server.pid())),
        own.until(self::cpu(std::process::id())),
    );
    let talking = resident_mb(server.pid());
    std::thread::sleep(SETTLE);
    let ways = sound.stop();

    for ((mut citizen, mut here, there), agent) in up.into_iter().zip(&mut agents) {
        citizen.hang_up(&mut here);
        match (agent, there) {
            (Agent::Phone(phone), Some(call)) => phone.wait_bye(&call),
            (Agent::Phone(_), None) => unreachable!("a phone's call is kept"),
            (Agent::Page(page), _) => {
                let bye = page.wait_for(|heard| heard.0.starts_with("BYE "));
                page.respond(&bye, "200 OK", "", "");
            }
        }
    }
    std::thread::sleep(SETTLE);
    let after = resident_mb(server.pid());
    server.stop();
    let share = |spent: Duration| spent.as_secs_f64() / window.as_secs_f64() * 100.0;
    print!(
        "{:8}   {:8.2}  {:8.2}  {:7.2}   {fresh:.1} / {registered:.1} / {talking:.1} / {after:.1}",
        format!("{kind:?}").to_lowercase(),
        share(cpu.all),
        share(cpu.media),
        share(own.all),
    );
    for heard in ways {
        let Heard { sent, mut late_ns } = heard;
        late_ns.sort_unstable();
        let at = |share: f64| {
            let place = (late_ns.len() as f64 * share) as usize;
            late_ns.get(place).map_or(f64::NAN, |ns| *ns as f64 / 1e6)
        };
        let lost = sent as i64 - late_ns.len() as i64;
        print!("   {lost} of {sent}, {:.3} / {:.3}", at(0.5), at(0.99));
    }
    println!();
    share(cpu.all)
}

fn agent(kind: Kind, server: &Server, user: &str) -> Agent {
    match kind {
        Kind::Phones => {
            let mut phone = Phone::new(server.sip, user, "secret");
            phone.is_measured = true;
            assert_eq!(phone.register(3600), 200, "{user} registers");
            Agent::Phone(Box::new(phone))
        }
        Kind::Pages => {
            let person = Person::login(&server.http, user, "hotline-demo");
            let page = Page::open(&server.http, user, Some(person.cookie()));
            let mut page = page.expect("the page is let in");
            let registered = page.register(user, &format!("00000000-0000-4000-8000-{user:0>12}"));
            assert_eq!(registered.status(), Some(200), "{registered:?}");
            Agent::Page(Box::new(page))
        }
    }
}

/// Takes the call that rings; a phone's is to be kept.
fn take(agent: &mut Agent, sound: &Sound) -> Option<Call> {
    match agent {
        Agent::Phone(phone) => {
            let ringing = phone.ring();
            let call = phone.answer(ringing, 0.0);
            sound.add(&call.audio.socket(), call.audio.remote(), Way::ToCitizen);
            Some(call)
        }
        Agent::Page(page) => {
            let invite = page.ring();
            let mut own = PageSound::new(0.0);
            own.answered(&invite);
            page.answer(&invite, &own.answer());
            page.wait_for(|heard| heard.0.starts_with("ACK "));
            assert!(own.connects(), "the page and the server shake hands");
            sound.add_page(own);
            None
        }
    }
}

/// Which way somebody's words go.
#[derive(Debug, Clone, Copy)]
enum Way {
    ToAgent,
    ToCitizen,
    /// Back to the tool: what is its own of each figure.
    Back,
}

/// What was said one way while the window was open, and how late it was heard.
#[derive(Debug, Default)]
struct Heard {
    sent: u64,
    late_ns: Vec<u64>,
}

/// Who speaks and listens at one port.
struct Voice {
    socket: UdpSocket,
    remote: SocketAddr,
    page: Option<PageSound>,
    way: Way,
    due: Instant,
    said: u32,
}

/// The thread that speaks and listens for everybody.
struct Sound {
    begin: Instant,
    window: Arc<Window>,
    new: SyncSender<Voice>,
    thread: std::thread::JoinHandle<[Heard; 3]>,
}

/// In nanoseconds since the beginning.
#[derive(Debug)]
struct Window {
    opens: AtomicU64,
    closes: AtomicU64,
    is_over: AtomicBool,
}

impl Window {
    fn holds(&self, at: u64) -> bool {
        (self.opens.load(Ordering::Relaxed)..self.closes.load(Ordering::Relaxed)).contains(&at)
    }
}

impl Sound {
    fn start() -> Self {
        let (new, voices) = sync_channel(16);
        let window = Arc::new(Window {
            opens: AtomicU64::new(u64::MAX),
            closes: AtomicU64::new(u64::MAX),
            is_over: AtomicBool::new(false),
        });
        let begin = Instant::now();
        let thread = std::thread::spawn({
            let window = Arc::clone(&window);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, converse(begin, &window, &voices))
            }
        });
        let sound = Self {
            begin,
            window,
            new,
            thread,
        };
        let own = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
        sound.add(&own, own.local_addr().expect("it is bound"), Way::Back);
        sound
    }

    fn add(&self, socket: &UdpSocket, remote: SocketAddr, way: Way) {
        self.speak(socket, remote, way, None);
    }

    fn add_page(&self, page: PageSound) {
        let (socket, remote) = (page.socket.try_clone(), page.address());
        let socket = socket.expect("a socket can be cloned");
        self.speak(&socket, remote, Way::ToCitizen, Some(page));
    }

    fn speak(&self, socket: &UdpSocket, remote: SocketAddr, way: Way, page: Option<PageSound>) {
        let socket = socket.try_clone().expect("a socket can be cloned");
        socket.set_nonblocking(true).expect("it can");
        let voice = Voice {
            socket,
            remote,
            page,
            way,
            due: Instant::now(),
            said: 0,
        };
        self.new.send(voice).expect("the thread takes it");
    }

    fn open_window(&self) {
        let now = self.begin.elapsed().as_nanos() as u64;
        self.window.opens.store(now, Ordering::Relaxed);
    }

    fn close_window(&self) {
        let now = self.begin.elapsed().as_nanos() as u64;
        self.window.closes.store(now, Ordering::Relaxed);
    }

    fn stop(self) -> [Heard; 3] {
        self.window.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the thread ends in peace")
    }
}

/// A datagram at a voice's port, and when it was read.
type Arrived = (usize, u64, Vec<u8>);

async fn converse(begin: Instant, window: &Window, new: &Receiver<Voice>) -> [Heard; 3] {
    let mut voices: Vec<Voice> = Vec::new();
    let mut ways: [Heard; 3] = Default::default();
    let arrived: Rc<RefCell<Vec<Arrived>>> = Rc::default();
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    while !window.is_over.load(Ordering::Relaxed) {
        tick.tick().await;
        while let Ok(mut voice) = new.try_recv() {
            // They are spread over the 20 ms.
            voice.due = Instant::now() + FRAME * (voices.len() as u32 * 7 % 20) / 20;
            let socket = voice.socket.try_clone().expect("a socket can be cloned");
            let socket = tokio::net::UdpSocket::from_std(socket).expect("it does not block");
            let (nth, arrived) = (voices.len(), Rc::clone(&arrived));
            tokio::task::spawn_local(listen(begin, nth, socket, arrived));
            voices.push(voice);
        }
        for (ssrc, voice) in voices.iter_mut().enumerate() {
            while Instant::now() >= voice.due {
                voice.due += FRAME;
                let at = voice.speak(begin, ssrc as u32);
                ways[voice.way as usize].sent += u64::from(window.holds(at));
            }
        }
        for (nth, read_at, datagram) in arrived.take() {
            let voice = &mut voices[nth];
            let Some(sent_at) = voice.sent_at(&datagram) else {
                continue;
            };
            if window.holds(sent_at) {
                let heard = match voice.way {
                    Way::ToAgent => Way::ToCitizen,
                    Way::ToCitizen => Way::ToAgent,
                    Way::Back => Way::Back,
                };
                let late = read_at.saturating_sub(sent_at);
                ways[heard as usize].late_ns.push(late);
            }
        }
    }
    ways
}

async fn listen(
    begin: Instant,
    nth: usize,
    socket: tokio::net::UdpSocket,
    arrived: Rc<RefCell<Vec<Arrived>>>,
) {
    let mut buffer = [0; 2_048];
    loop {
        if let Ok(length) = socket.recv(&mut buffer).await {
            let read_at = begin.elapsed().as_nanos() as u64;
            let datagram = buffer[..length].to_vec();
            arrived.borrow_mut().push((nth, read_at, datagram));
        }
    }
}

impl Voice {
    /// Says 20 ms; when.
    fn speak(&mut self, begin: Instant, ssrc: u32) -> u64 {
        let mut packet = [0xD5; 172];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[2..4].copy_from_slice(&(self.said as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(self.said * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(0x1000 + ssrc).to_be_bytes());
        let at = begin.elapsed().as_nanos() as u64;
        packet[12..20].copy_from_slice(&at.to_be_bytes());
        if let Some(page) = &mut self.page {
            if self.said.is_multiple_of(CHECK) {
                let check = page.check();
                self.send(&check);
            }
            let sealed = self.page.as_mut().expect("it is one").seal(&packet);
            self.send(&sealed);
        } else {
            self.send(&packet);
        }
        self.said += 1;
        at
    }

    fn send(&self, datagram: &[u8]) {
        let sent = self.socket.send_to(datagram, self.remote);
        sent.expect("a datagram leaves");
    }

    /// When a packet of ours was sent. Music and prompts, reports and answers to checks are none.
    fn sent_at(&mut self, datagram: &[u8]) -> Option<u64> {
        let opened;
        let packet = match &mut self.page {
            Some(page) => {
                opened = page.open(datagram)?;
                &opened[..]
            }
            None => datagram,
        };
        let is_ours = packet.len() == 172 && packet[20..].iter().all(|code| *code == 0xD5);
        is_ours.then(|| u64::from_be_bytes(packet[12..20].try_into().expect("eight bytes")))
    }
}

/// Processor time of a process.
#[derive(Debug, Clone, Copy)]
struct Cpu {
    all: Duration,
    /// Of its media threads.
    media: Duration,
}

impl Cpu {
    fn until(self, later: Self) -> Self {
        Self {
            all: later.all - self.all,
            media: later.media - self.media,
        }
    }
}

fn cpu(pid: u32) -> Cpu {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    // proc(5): utime and stime are the 12th and 13th after the name, in hundredths of a second.
    let (_, after_name) = stat.rsplit_once(") ").expect("it has a name");
    let ticks = after_name.split(' ').skip(11).take(2);
    let all: u64 = ticks.map(|t| t.parse::<u64>().expect("a number")).sum();
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    let media = threads.flatten().filter_map(|thread| {
        let read = |name: &str| std::fs::read_to_string(thread.path().join(name)).ok();
        read("comm").filter(|name| name.starts_with("media-"))?;
        read("schedstat")?.split(' ').next()?.parse::<u64>().ok()
    });
    Cpu {
        all: Duration::from_millis(all * 10),
        media: Duration::from_nanos(media.sum()),
    }
}

fn resident_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.map_or(f64::NAN, |kib: f64| kib / 1024.0)
}
