//! A person's or a machine's HTTP client: logs in, keeps cookie and CSRF token, says what the server said.

use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use serde_json::Value;

/// One logged-in person.
pub struct Person {
    base: String,
    client: Client,
    cookie: String,
    csrf: String,
}

impl Person {
    /// Logs in at `base`, e.g. `http://127.0.0.1:8080`.
    pub fn login(base: &str, username: &str, password: &str) -> Self {
        let client = Client::builder()
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client");
        let response = client
            .post(format!("{base}/api/v1/login"))
            .json(&serde_json::json!({"username": username, "password": password}))
            .send()
            .expect("the server answers");
        assert_eq!(response.status(), 200, "{username} may log in");
        let cookie = response.headers()["set-cookie"]
            .to_str()
            .expect("text")
            .split(';')
            .next()
            .expect("a value")
            .to_owned();
        let body: Value = response.json().expect("JSON");
        let csrf = body["csrf"].as_str().expect("a token").to_owned();
        Self {
            base: base.to_owned(),
            client,
            cookie,
            csrf,
        }
    }

    /// The cookie, for a WebSocket.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// GET, 200 expected.
    pub fn get(&self, path: &str) -> Value {
        self.response(path).json().expect("JSON")
    }

    /// The bytes of GET, 200 expected.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        self.response(path).bytes().expect("a body").to_vec()
    }

    fn response(&self, path: &str) -> Response {
        let response = self
            .client
            .get(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .send()
            .expect("the server answers");
        assert_eq!(response.status(), 200, "GET {path}");
        response
    }

    /// GET, whatever comes.
    pub fn try_get(&self, path: &str) -> (u16, Value) {
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie);
        let response = request.send().expect("the server answers");
        let status = response.status().as_u16();
        (status, response.json().unwrap_or(Value::Null))
    }

    /// POST, whatever comes.
    pub fn try_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self
            .client
            .post(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .header("X-CSRF-Token", &self.csrf)
            .json(body)
            .send()
            .expect("the server answers");
        let status = response.status().as_u16();
        (status, response.json().unwrap_or(Value::Null))
    }

    /// POST of bytes; the error when no answer came.
    pub fn upload(&self, path: &str, bytes: Vec<u8>) -> reqwest::Result<u16> {
        let response = self
            .client
            .post(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .header("X-CSRF-Token", &self.csrf)
            .body(bytes)
            .send()?;
        Ok(response.status().as_u16())
    }

    /// POST; the answer as it begins to come, its body unread.
    pub fn begin(&self, path: &str, body: &Value) -> Response {
        self.client
            .post(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .header("X-CSRF-Token", &self.csrf)
            .json(body)
            .send()
            .expect("the server answers")
    }

    /// POST with an Idempotency-Key; the error when no answer came.
    pub fn post_once(&self, path: &str, key: &str, body: &Value) -> reqwest::Result<(u16, Value)> {
        let response = self
            .client
            .post(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .header("X-CSRF-Token", &self.csrf)
            .header("Idempotency-Key", key)
            .json(body)
            .send()?;
        let status = response.status().as_u16();
        Ok((status, response.json()?))
    }

    /// POST, success expected.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(path, body);
        assert!(
            matches!(status, 200..=299),
            "POST {path} {body}: {status} {answer}"
        );
        answer
    }

    /// GETs `path` until `wanted` finds what it looks for.
    pub fn wait_for<T>(
        &self,
        path: &str,
        patience: Duration,
        wanted: impl Fn(&Value) -> Option<T>,
    ) -> T {
        let started = Instant::now();
        loop {
            let value = self.get(path);
            if let Some(found) = wanted(&value) {
                return found;
            }
            assert!(
                started.elapsed() < patience,
                "GET {path}: not what was waited for within {patience:?}: {value}"
            );
            // Asking a running server over HTTP: there is nothing to be woken by.
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
