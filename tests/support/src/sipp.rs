//! sipp (Debian `sip-tester`) as carrier and as agents: phones written by other people.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sound::{alaw, tone};

/// A folder with what sipp plays and whom it registers.
#[derive(Debug)]
pub struct Stage {
    folder: PathBuf,
    server: SocketAddr,
    transport: &'static str,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub successful: u64,
    pub failed: u64,
    pub retransmissions: u64,
}

/// A sipp that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Sipp {
    child: Child,
    name: &'static str,
    folder: PathBuf,
}

impl Stage {
    /// Callers say `caller_hz`, agents say `agent_hz`. `transport` is `udp` or `tcp`.
    pub fn new(
        folder: &Path,
        server: SocketAddr,
        transport: &'static str,
        caller_hz: f64,
        agent_hz: f64,
    ) -> Self {
        fs::create_dir_all(folder).expect("the folder can be made");
        for (name, hz) in [("caller.alaw", caller_hz), ("agent.alaw", agent_hz)] {
            // One second: whole periods of every whole-numbered tone.
            let sound: Vec<u8> = tone(hz, 8_000).into_iter().map(alaw).collect();
            fs::write(folder.join(name), sound).expect("the folder can be written to");
        }
        Self {
            folder: folder.to_owned(),
            server,
            transport,
        }
    }

    /// Registers `agent1000` and the `count - 1` after it, whose phones are at `port`.
    pub fn register(&self, count: usize, port: u16) -> Outcome {
        let mut list =
            fs::File::create(self.folder.join("agents.csv")).expect("the folder can be written to");
        writeln!(list, "SEQUENTIAL").expect("the folder can be written to");
        for nth in 0..count {
            let user = format!("agent{}", 1000 + nth);
            writeln!(
                list,
                "{user};[authentication username={user} password=secret]"
            )
            .expect("the folder can be written to");
        }
        let (count, port) = (count.to_string(), port.to_string());
        let keys = [
            "-key",
            "agent_port",
            &port,
            "-key",
            "agent_transport",
            self.transport,
        ];
        let bounds = ["-inf", "agents.csv", "-m", &count, "-r", "100"];
        self.sipp("register", &[&bounds[..], &keys[..]].concat())
            .finish(Duration::from_secs(30))
    }

    /// Phones of agents at `port`, all of them, until `calls` have been answered.
    pub fn agents(&self, port: u16, calls: usize) -> Sipp {
        let (port, calls) = (port.to_string(), calls.to_string());
        self.sipp("agent", &["-p", &port, "-m", &calls, "-aa"])
    }

    /// `calls` calls to `number`, `rate` a second, each talking for `talk`.
    pub fn callers(&self, number: &str, calls: usize, rate: usize, talk: Duration) -> Sipp {
        let (calls, rate, talk) = (
            calls.to_string(),
            rate.to_string(),
            talk.as_millis().to_string(),
        );
        self.sipp(
            "caller",
            &["-s", number, "-m", &calls, "-r", &rate, "-d", &talk],
        )
    }

    fn sipp(&self, name: &'static str, arguments: &[&str]) -> Sipp {
        let scenario =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/sipp/{name}.xml"));
        let stream = if self.transport == "tcp" { "t1" } else { "u1" };
        let output = fs::File::create(self.folder.join(format!("{name}.out")))
            .expect("the folder can be written to");
        let child = Command::new("sipp")
            .current_dir(&self.folder)
            .arg(self.server.to_string())
            .arg("-sf")
            .arg(
                scenario
                    .canonicalize()
                    .expect("the scenario is in the project"),
            )
            .args([
                "-i",
                "127.0.0.1",
                "-t",
                stream,
                "-nostdin",
                "-trace_err",
                "-trace_stat",
                "-fd",
                "1",
            ])
            .args([
                "-stf",
                &format!("{name}.csv"),
                "-error_file",
                &format!("{name}.err"),
            ])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp is installed: apt-get install sip-tester");
        Sipp {
            child,
            name,
            folder: self.folder.clone(),
        }
    }
}

impl Sipp {
    /// Waits until it has done what it was told.
    pub fn finish(mut self, patience: Duration) -> Outcome {
        let started = Instant::now();
        while self.child.try_wait().expect("a child of ours").is_none() {
            assert!(
                started.elapsed() < patience,
                "sipp {} is not done within {patience:?}: {}",
                self.name,
                self.told()
            );
            // A child of another program's making: there is nothing to be woken by.
            std::thread::sleep(Duration::from_millis(20));
        }
        self.outcome()
            .unwrap_or_else(|| panic!("sipp {} wrote no figures: {}", self.name, self.told()))
    }

    /// The last line of its statistics.
    fn outcome(&self) -> Option<Outcome> {
        let text = fs::read_to_string(self.folder.join(format!("{}.csv", self.name))).ok()?;
        let names: Vec<&str> = text.lines().next()?.split(';').collect();
        let figures: Vec<&str> = text.lines().last()?.split(';').collect();
        let figure = |name: &str| {
            let at = names.iter().position(|known| *known == name)?;
            figures.get(at)?.parse().ok()
        };
        Some(Outcome {
            successful: figure("SuccessfulCall(C)")?,
            failed: figure("FailedCall(C)")?,
            retransmissions: figure("Retransmissions(C)")?,
        })
    }

    /// What went wrong, in its own words.
    pub fn told(&self) -> String {
        let read =
            |suffix: &str| fs::read_to_string(self.folder.join(format!("{}.{suffix}", self.name)));
        let errors = read("err").unwrap_or_default();
        format!(
            "{:?}\n{}",
            self.outcome(),
            errors.chars().take(4_000).collect::<String>()
        )
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        // Refused only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
