//! The server as its keepers know it: a program in a folder of its own, started, read, killed. Ports are free ones, which
//! the program's own "ready" line tells.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A start longer than this is a failure, whatever the machine does besides.
const START: Duration = Duration::from_secs(60);
/// Ports of one place: enough for 250 bridged calls, and one above them for SIP.
const PORTS: u16 = 1_002;
/// Places at once, in all processes of tests together. All below the ports the system hands out by itself.
const PLACES: u16 = 20;

/// Where a server lives: its program, its folder, its settings. Outlives every run of the server.
#[derive(Debug, Clone)]
pub struct Place {
    program: PathBuf,
    pub folder: PathBuf,
    settings: Vec<(String, String)>,
    /// What the server is started by: `chrt`, `taskset`.
    launcher: Vec<String>,
}

impl Place {
    /// `program` with its data in `folder`, at ports nobody else has.
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let (sip, media) = free_ports();
        let folder = folder.into();
        let mut place = Self {
            program: program.into(),
            folder: folder.clone(),
            settings: Vec::new(),
            launcher: Vec::new(),
        };
        place.set("DATA_DIR", folder.join("data").display());
        place.set("HTTP__LISTEN", "127.0.0.1:0");
        place.set("SIP__LISTEN", sip);
        place.set("MEDIA__PORT_RANGE", media);
        place
    }

    /// Sets `HOTLINE__key`, e.g. `LIMITS__CALLS`.
    pub fn set(&mut self, key: &str, value: impl std::fmt::Display) {
        let name = format!("HOTLINE__{key}");
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_string()));
    }

    /// The server is started by this program, which becomes it: `["taskset", "-c", "1"]`.
    pub fn start_by(&mut self, launcher: &[&str]) {
        self.launcher = launcher.iter().map(|word| (*word).to_owned()).collect();
    }

    /// Where recordings are kept.
    pub fn recordings(&self) -> PathBuf {
        let set = self
            .settings
            .iter()
            .find(|(name, _)| name == "HOTLINE__RECORDINGS__URL");
        match set {
            Some((_, url)) => url.trim_start_matches("file:").into(),
            None => self.folder.join("data/recordings"),
        }
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .output()
            .expect("the program can be started")
    }

    /// Brings an organisation in; panics when it is refused.
    pub fn apply(&self, organisation: &str) {
        let path = self.folder.join("organisation.toml");
        let mut file = File::create(&path).expect("the folder can be written to");
        file.write_all(organisation.as_bytes())
            .expect("the folder can be written to");
        let output = self.run(&["apply", path.to_str().expect("a plain path")]);
        assert!(
            output.status.success(),
            "apply: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// `hotline check`: the differences it found.
    pub fn check(&self) -> Vec<String> {
        let output = self.run(&["check"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(0) => Vec::new(),
            Some(1) => said.lines().map(ToOwned::to_owned).collect(),
            _ => panic!(
                "check could not be done: {said}{}",
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }

    /// Starts the server and waits until it says it is ready.
    pub fn start(&self) -> Server {
        let started = Instant::now();
        let mut child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let log = Arc::new(Log::default());
        let stderr = child.stderr.take().expect("piped above");
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || log.read(BufReader::new(stderr))
        });
        let mut server = Server {
            child,
            log,
            reader: Some(reader),
            http: String::new(),
            sip: SocketAddr::from(([127, 0, 0, 1], 0)),
            ready_after: Duration::ZERO,
        };
        // "… ready: HTTP on 127.0.0.1:1, SIP on 127.0.0.1:2 http=…"
        let ready = server.wait_for_line("ready: HTTP on ", START);
        server.ready_after = started.elapsed();
        let after = |word: &str| {
            let rest = &ready[ready.find(word).expect("the line has both") + word.len()..];
            rest.split([',', ' '])
                .next()
                .expect("split gives one")
                .to_owned()
        };
        server.http = format!("http://{}", after("HTTP on "));
        server.sip = after("SIP on ").parse().expect("an address");
        server
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = self.program.as_os_str();
        let mut words = self.launcher.iter().map(OsStr::new).chain([program]);
        let mut command = Command::new(words.next().expect("the program is one"));
        command.args(words).args(arguments);
        command.current_dir(&self.folder);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOTLINE_")) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A server that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Arc<Log>,
    reader: Option<JoinHandle<()>>,
    pub http: String,
    pub sip: SocketAddr,
    /// From starting the program to its word that it is ready.
    pub ready_after: Duration,
}

impl Server {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: no farewell.
    pub fn kill(&mut self) {
        // Refused only when it is dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("reading lines does not panic");
        }
    }

    /// SIGTERM: asks it to drain.
    pub fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status();
        assert!(status.expect("there is a kill program").success());
    }

    /// SIGTERM, and the end of the process.
    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.ended(START)
    }

    /// Waits for the end of the process.
    pub fn ended(&mut self, patience: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(
                started.elapsed() < patience,
                "the server does not stop:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// It has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// Everything it said so far.
    pub fn log(&self) -> String {
        self.log
            .lines
            .lock()
            .expect("no panic holds this")
            .join("\n")
    }

    /// Waits until it has said a line with `text` in it.
    pub fn wait_for_line(&self, text: &str, patience: Duration) -> String {
        let started = Instant::now();
        let mut lines = self.log.lines.lock().expect("no panic holds this");
        loop {
            if let Some(line) = lines.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let left = patience.saturating_sub(started.elapsed());
            assert!(
                !left.is_zero() && !self.log.ended.load(Ordering::SeqCst),
                "no line with {text:?} within {patience:?}:\n{}",
                lines.join("\n")
            );
            lines = self
                .log
                .more
                .wait_timeout(lines, left)
                .expect("no panic holds this")
                .0;
        }
    }

    /// One series of the metrics page, 0 when it was never counted. `series` is a name, with labels if it has some.
    pub fn metric(&self, series: &str) -> f64 {
        let page =
            reqwest::blocking::get(format!("{}/metrics", self.http)).expect("the server answers");
        let page = page.text().expect("text");
        let value = page
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().expect("a number"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What the server said, line by line.
#[derive(Debug, Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    more: Condvar,
    ended: AtomicBool,
}

impl Log {
    fn read(&self, from: impl std::io::BufRead) {
        for line in from.lines().map_while(Result::ok) {
            self.lines.lock().expect("no panic holds this").push(line);
            self.more.notify_all();
        }
        let _lines = self.lines.lock().expect("no panic holds this");
        self.ended.store(true, Ordering::SeqCst);
        self.more.notify_all();
    }
}

/// An address for SIP and a range for RTP that nobody else has: this process never gives them out again, another is found
/// out by its SIP port.
fn free_ports() -> (SocketAddr, String) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..10 * PLACES {
        let nth = NEXT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(std::process::id() as u16)
            % PLACES;
        let first = 11_000 + nth * PORTS;
        let sip = SocketAddr::from(([127, 0, 0, 1], first + PORTS - 2));
        if UdpSocket::bind(sip).is_ok() && TcpListener::bind(sip).is_ok() {
            return (sip, format!("{first}-{}", first + PORTS - 3));
        }
    }
    panic!("{PLACES} servers run on this machine already");
}

/// A UDP port of loopback that nobody has just now.
pub fn free_port() -> SocketAddr {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    socket.local_addr().expect("a bound socket has an address")
}

/// The demo's and the bench's organisation, where tests change what they must.
pub fn organisation(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../deploy/organisation.{name}.toml"));
    std::fs::read_to_string(path).expect("the organisation is in the project")
}
