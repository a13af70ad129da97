//! An SMS provider: takes messages over HTTP as the outside world does, keeps them, and calls back with signed replies.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A running provider. It stops with the process.
pub struct SmsProvider {
    pub address: SocketAddr,
    delay_ms: Arc<AtomicU64>,
    inbox: Arc<(Mutex<Vec<Value>>, Condvar)>,
}

impl SmsProvider {
    /// Listens at `address`.
    pub fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("the provider's port is free");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let inbox = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let delay_ms = Arc::<AtomicU64>::default();
        let (taken, delay) = (Arc::clone(&inbox), Arc::clone(&delay_ms));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (taken, delay) = (Arc::clone(&taken), Arc::clone(&delay));
                std::thread::spawn(move || serve(stream, &taken, &delay));
            }
        });
        Self {
            address,
            delay_ms,
            inbox,
        }
    }

    /// From now on it thinks this long about each message it has taken before it says so.
    pub fn think_for(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).expect("a short delay");
        self.delay_ms.store(millis, Ordering::SeqCst);
    }

    /// Every message taken so far, in order.
    pub fn messages(&self) -> Vec<Value> {
        self.inbox.0.lock().expect("no panic holds this").clone()
    }

    /// Waits until at least `count` messages have come; the last of them.
    pub fn wait_for(&self, count: usize, patience: Duration) -> Value {
        let started = Instant::now();
        let mut messages = self.inbox.0.lock().expect("no panic holds this");
        while messages.len() < count {
            let left = patience.saturating_sub(started.elapsed());
            assert!(
                !left.is_zero(),
                "message {count} did not come within {patience:?}"
            );
            messages = self
                .inbox
                .1
                .wait_timeout(messages, left)
                .expect("no panic holds this")
                .0;
        }
        messages[count - 1].clone()
    }

    /// Calls the server back: the citizen at `from` answered `text`.
    pub fn reply(
        base: &str,
        gateway: &str,
        token: &str,
        secret: &str,
        id: &str,
        from: &str,
        text: &str,
    ) -> u16 {
        let body =
            json!({"id": id, "from": from, "text": text, "at": "2026-01-01T00:00:00Z"}).to_string();
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
        mac.update(format!("{at}.{body}").as_bytes());
        let signature: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        reqwest::blocking::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .expect("a client")
            .post(format!("{base}/gateway/sms/{gateway}/{token}/reply"))
            .header("X-Hotline-Signature", format!("t={at},v1={signature}"))
            .header("Content-Type", "application/json")
            .body(body)
            .send()
            .expect("the server answers")
            .status()
            .as_u16()
    }
}

/// One HTTP/1.1 connection, requests one after the other.
fn serve(stream: TcpStream, inbox: &(Mutex<Vec<Value>>, Condvar), delay_ms: &AtomicU64) {
    let Ok(mut writer) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let message: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let mut messages = inbox.0.lock().expect("no panic holds this");
        messages.push(message);
        let answer = json!({"message_id": format!("p{}", messages.len())}).to_string();
        drop(messages);
        inbox.1.notify_all();
        std::thread::sleep(Duration::from_millis(delay_ms.load(Ordering::SeqCst)));
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if writer.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}
