//! TLS of other people's making: openssl(1) carries the bytes, as a phone that comes or as a carrier that is called.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use crate::phone::PATIENCE;

/// A certificate that vouches for itself.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    /// For `name` as subjectAltName has it: `IP:127.0.0.1`, `DNS:carrier.example`.
    pub fn new(folder: &Path, name: &str) -> Self {
        let file = |end: &str| folder.join(format!("{}.{end}", name.replace([':', '.'], "-")));
        let made = Self {
            certificate: file("crt"),
            key: file("key"),
        };
        // Another folder's is somebody else's.
        let place = folder.file_name().expect("a folder has a name");
        let subject = format!("/CN={} of {}", name, place.display());
        let status = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ])
            .args(["-nodes", "-days", "2", "-subj", &subject])
            .args(["-addext", &format!("subjectAltName={name}")])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(&made.key)
            .arg("-out")
            .arg(&made.certificate)
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("there is an openssl program").success());
        made
    }
}

/// One connection over TLS. Dropped, it is cut.
#[derive(Debug)]
pub struct Wire {
    child: Child,
    said: ChildStdin,
    heard: Receiver<Vec<u8>>,
}

impl Wire {
    /// Connects as a phone that takes nobody for the server but who has this certificate. `version` is `-tls1_2` or `-tls1_3`.
    pub fn connect(server: SocketAddr, certificate: &Path, version: &str) -> Self {
        let mut command = Command::new("openssl");
        command
            .args([
                "s_client",
                "-quiet",
                version,
                "-connect",
                &server.to_string(),
            ])
            .args([
                "-verify_return_error",
                "-verify_ip",
                &server.ip().to_string(),
                "-CAfile",
            ])
            .arg(certificate);
        Self::run(command)
    }

    /// Waits at `address` as a carrier with this certificate.
    pub fn listen(address: SocketAddr, shown: &Certificate) -> Self {
        let mut command = Command::new("openssl");
        command
            .args([
                "s_server",
                "-quiet",
                "-accept",
                &address.to_string(),
                "-cert",
            ])
            .arg(&shown.certificate)
            .arg("-key")
            .arg(&shown.key);
        let wire = Self::run(command);
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < PATIENCE, "openssl does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        wire
    }

    fn run(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is an openssl program");
        let said = child.stdin.take().expect("piped above");
        let mut out = child.stdout.take().expect("piped above");
        let (tell, heard) = sync_channel(64);
        std::thread::spawn(move || {
            let mut buffer = [0; 8_192];
            while let Ok(length @ 1..) = out.read(&mut buffer) {
                if tell.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, said, heard }
    }

    /// What came, within `turn`.
    pub fn read(&self, turn: Duration) -> Option<Vec<u8>> {
        self.heard.recv_timeout(turn).ok()
    }

    pub fn write(&self, bytes: &[u8]) {
        let mut said = &self.said;
        said.write_all(bytes).expect("the connection is up");
        said.flush().expect("the connection is up");
    }

    /// The connection came to nothing, or has ended.
    pub fn ends(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if self.child.try_wait().expect("a child of ours").is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
