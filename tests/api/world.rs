//! A whole API over a real database in a folder of its own. Only the outside is played: the telephone, the recording
//! store's files, the SMS provider, and time.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use hotline::api::{
    Api, Audio, CallControl, OwnPhone, Parts, Pending, PhoneEar, PhoneLine, PhoneMouth,
    RecordingReader, ToPhone, Way, router,
};
use hotline::app::attachments::Folder;
use hotline::clock::{Clock, SimClock};
use hotline::config::Config;
use hotline::domain::acd::AgentState;
use hotline::domain::call::AtLine;
use hotline::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Wish, WishedState};
use hotline::domain::id::{CallId, LegId, RecordingId, UnitCode, Username};
use hotline::domain::staff::{Directory, Organisation, Password};
use hotline::domain::staff::{Role, Unit, UnitKind, User};
use hotline::domain::ticket::Rules;
use hotline::domain::time::Timestamp;
use hotline::storage::Storage;
use hotline::storage::rules::RulesInForce;
use hotline::storage::sessions::SessionLimits;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const DESK: &str = "js-12345";
pub(crate) const UNIT: &str = "nj-cgj";
pub(crate) const OTHER_UNIT: &str = "nj-gdgs";
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct World {
    pub(crate) clock: Arc<SimClock>,
    pub(crate) storage: Storage,
    pub(crate) api: Arc<Api>,
    pub(crate) router: Router,
    pub(crate) floor: Arc<Floor>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) rules: RulesInForce,
    /// What is said of a disk that is nearly full.
    pub(crate) full: Arc<Mutex<Option<String>>>,
    _folder: tempfile::TempDir,
}

impl World {
    /// A Friday morning before Spring Festival, one user for each role, named after it.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = "2025-01-24T09:00:00+08:00".parse().unwrap();
        let clock = Arc::new(SimClock::new(start, 42));
        let url = format!("sqlite:{}", folder.path().join("hotline.db").display());
        let storage = Storage::open(&url, clock.clone()).await.unwrap();
        storage.apply(start, organisation()).await.unwrap();
        let floor = Arc::new(Floor::default());
        let shelf = Arc::new(Shelf::default());
        let rules = RulesInForce::new(Rules::provincial(UnitCode::from(DESK)));
        let full = Arc::new(Mutex::new(None));
        let api = Api::new(Parts {
            storage: storage.clone(),
            clock: clock.clone(),
            calls: floor.clone(),
            recordings: shelf.clone(),
            attachments: Arc::new(Folder::at(folder.path().join("attachments"))),
            archives: hotline::app::archive_maker(
                &kept_under(folder.path()),
                storage.clone(),
                clock.clone(),
            ),
            rules: rules.clone(),
            metrics: Box::new(|| "up 1\n".to_owned()),
            disks: {
                let full = Arc::clone(&full);
                Box::new(move || full.lock().unwrap().clone())
            },
            sessions: SessionLimits::default(),
            way: Way {
                behind_tls: true,
                citizen_calls: true,
                ..Way::default()
            },
        });
        Self {
            router: router(Arc::clone(&api)),
            clock,
            storage,
            api,
            floor,
            shelf,
            rules,
            full,
            _folder: folder,
        }
    }

    /// Where everything of this world is kept.
    pub(crate) fn folder(&self) -> &Path {
        self._folder.path()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Somebody without credentials.
    pub(crate) fn nobody(&self) -> Person<'_> {
        Person {
            world: self,
            credentials: Vec::new(),
        }
    }

    /// The user of this role, signed in.
    pub(crate) async fn person(&self, role: Role) -> Person<'_> {
        self.sign_in(role.code()).await
    }

    pub(crate) async fn sign_in(&self, username: &str) -> Person<'_> {
        let body = json!({"username": username, "password": PASSWORD});
        let reply = self.nobody().post("/api/v1/login", body).await;
        assert_eq!(reply.status, StatusCode::OK, "{username}: {:?}", reply.body);
        let cookie = reply.header(header::SET_COOKIE.as_str());
        let (cookie, _) = cookie.split_once(';').unwrap();
        let csrf = reply.json()["csrf"].as_str().unwrap().to_owned();
        Person {
            world: self,
            credentials: vec![
                ("cookie".to_owned(), cookie.to_owned()),
                ("x-csrf-token".to_owned(), csrf),
            ],
        }
    }
}

fn kept_under(folder: &Path) -> Config {
    Config {
        data_dir: folder.to_owned(),
        ..Config::default()
    }
}

/// Somebody who asks, with the headers that say who.
#[derive(Clone)]
pub(crate) struct Person<'w> {
    world: &'w World,
    credentials: Vec<(String, String)>,
}

impl Person<'_> {
    /// A header it sends.
    pub(crate) fn header(&self, name: &str) -> String {
        let held = self.credentials.iter().find(|(known, _)| known == name);
        held.map(|(_, value)| value.clone()).unwrap()
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut person = self.clone();
        person.credentials.push((name.to_owned(), value.to_owned()));
        person
    }

    pub(crate) fn without(&self, name: &str) -> Self {
        let mut person = self.clone();
        person.credentials.retain(|(known, _)| known != name);
        person
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let json = body.map(|body| body.to_string());
        self.raw(method, path, json.is_some(), json.unwrap_or_default())
            .await
    }

    /// The answer's head only, for streams that do not end.
    pub(crate) async fn open(&self, method: Method, path: &str) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.credentials {
            request = request.header(name, value);
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        self.world.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        is_json: bool,
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.credentials {
            request = request.header(name, value);
        }
        if is_json {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.world.send(request.body(body.into()).unwrap()).await
    }
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {:?}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// The body, when it went well.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {:?}", self.status, self.body);
        self.json()
    }

    /// The problem, whose shape is checked.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{:?}",
            self.body
        );
        let problem = self.json();
        for key in ["type", "title", "detail", "code"] {
            assert!(problem[key].is_string(), "{key} in {problem}");
        }
        assert_eq!(problem["status"], self.status.as_u16());
        problem
    }

    /// Status and code of a problem.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = self.problem()["code"].as_str().unwrap().to_owned();
        (self.status.as_u16(), code)
    }
}

fn organisation() -> Organisation {
    let unit = |code: &str, name: &str, kind| Unit {
        code: UnitCode::from(code),
        name: name.to_owned(),
        kind,
        parent: None,
    };
    let user = |role: Role| {
        let unit = match role {
            Role::UnitHandler | Role::UnitHead | Role::Specialist => UNIT,
            _ => DESK,
        };
        let user = User {
            username: Username::from(role.code()),
            display_name: role.code().to_owned(),
            role,
            unit: UnitCode::from(unit),
        };
        (user, Password::Hash(cheap_hash()))
    };
    Organisation {
        units: vec![
            unit(DESK, "江苏12345", UnitKind::Platform).into(),
            unit(UNIT, "南京市城市管理局", UnitKind::Department).into(),
            unit(OTHER_UNIT, "国网南京供电公司", UnitKind::Enterprise).into(),
        ],
        users: Role::ALL.into_iter().map(user).collect(),
        ..Organisation::default()
    }
}

/// The smallest argon2id there is: these tests sign in hundreds of times.
fn cheap_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let params = Params::new(8, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), b"sixteen of bytes")
            .unwrap()
            .to_string()
    })
    .clone()
}

/// The telephone side, played: grants everything and remembers what was wished.
#[derive(Default)]
pub(crate) struct Floor {
    pub(crate) wishes: Mutex<Vec<Wish>>,
    pub(crate) refuse: Mutex<Option<CallRefusal>>,
    pub(crate) calls: Mutex<Vec<LiveCall>>,
    pub(crate) agents: Mutex<Vec<LiveAgent>>,
    pub(crate) sick: Mutex<bool>,
    pub(crate) places: Mutex<Option<(CallId, RecordingId)>>,
    pub(crate) directory: Mutex<Option<Arc<Directory>>>,
    /// What phones at WebSockets did and said.
    pub(crate) heard: Mutex<Vec<String>>,
}

impl CallControl for Floor {
    fn wish(&self, wish: Wish) -> Pending<'_, Result<Granted, CallRefusal>> {
        let granted = match &wish {
            Wish::ExtendWrapUp { .. } => Granted::State(AgentState::WrapUp),
            Wish::SetState { state, .. } => Granted::State(match state {
                WishedState::Ready => AgentState::Ready,
                WishedState::Break { reason } => AgentState::Break {
                    reason: reason.clone(),
                },
                WishedState::Offline => AgentState::Offline,
            }),
            Wish::Refer { .. } => Granted::Done,
            Wish::Call { .. } => Granted::Leg(LegId(uuid::Uuid::from_u128(7))),
            Wish::PlaceCall { .. } => {
                let (call, recording) = self.places.lock().unwrap().expect("a call to place");
                Granted::Placed { call, recording }
            }
        };
        self.wishes.lock().unwrap().push(wish);
        let answer = match self.refuse.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => Ok(granted),
        };
        Box::pin(async move { answer })
    }

    fn live(&self) -> Pending<'_, (Vec<LiveCall>, Vec<LiveAgent>)> {
        let calls = self.calls.lock().unwrap().clone();
        let agents = self.agents.lock().unwrap().clone();
        Box::pin(async move { (calls, agents) })
    }

    fn organisation_changed(&self, directory: Arc<Directory>) -> Pending<'_, ()> {
        *self.directory.lock().unwrap() = Some(directory);
        Box::pin(async {})
    }

    fn healthy(&self) -> Pending<'_, bool> {
        let healthy = !*self.sick.lock().unwrap();
        Box::pin(async move { healthy })
    }

    /// Agents have an extension each.
    fn phone(&self, person: &Username) -> Pending<'_, Option<OwnPhone>> {
        let own = (person.0 == "agent").then(|| OwnPhone {
            extension: "agent1000".to_owned(),
            sip_uri: "sip:agent1000@192.0.2.1".to_owned(),
        });
        Box::pin(async move { own })
    }

    fn open_line(
        &self,
        _remote: SocketAddr,
        encrypted: bool,
        at: AtLine,
    ) -> Pending<'_, Option<PhoneLine>> {
        let who = match at {
            AtLine::Unknown => "somebody".to_owned(),
            AtLine::Person(person) => person.0,
            AtLine::Citizen => "a citizen".to_owned(),
        };
        self.heard
            .lock()
            .unwrap()
            .push(format!("{who} opened, encrypted: {encrypted}"));
        let (says, mouth) = tokio::sync::mpsc::channel(16);
        let line = PhoneLine {
            ear: Box::new(Parrot(says)),
            mouth: Box::new(Beak(mouth)),
        };
        Box::pin(async move { Some(line) })
    }
}

/// Says again what it hears, and says goodbye when asked to or when its person is signed out.
struct Parrot(tokio::sync::mpsc::Sender<ToPhone>);

struct Beak(tokio::sync::mpsc::Receiver<ToPhone>);

impl PhoneEar for Parrot {
    fn message(&self, bytes: Bytes) -> Pending<'_, bool> {
        let says = match &bytes[..] {
            b"replace me" => ToPhone::Replaced,
            _ => ToPhone::Message(Arc::from(&bytes[..])),
        };
        Box::pin(async move { self.0.send(says).await.is_ok() })
    }

    fn signed_out(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            let _ = self.0.send(ToPhone::SignedOut).await;
        })
    }

    fn closed(&self) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

impl PhoneMouth for Beak {
    fn next(&mut self) -> Pending<'_, Option<ToPhone>> {
        Box::pin(self.0.recv())
    }
}

/// Sound files, in memory.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) files: Mutex<HashMap<(RecordingId, Option<u8>), Bytes>>,
}

impl RecordingReader for Shelf {
    fn peaks(&self, id: RecordingId) -> Pending<'_, io::Result<Option<Bytes>>> {
        let known = self.files.lock().unwrap().contains_key(&(id, None));
        Box::pin(async move { Ok(known.then(|| Bytes::from_static(b"{\"data\":[]}"))) })
    }

    fn audio(
        &self,
        id: RecordingId,
        track: Option<u8>,
    ) -> Pending<'_, io::Result<Option<Box<dyn Audio>>>> {
        let file = self.files.lock().unwrap().get(&(id, track)).cloned();
        Box::pin(async move { Ok(file.map(|file| Box::new(File(file)) as Box<dyn Audio>)) })
    }
}

struct File(Bytes);

impl Audio for File {
    fn length_bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&mut self, offset: u64, length: usize) -> Pending<'_, io::Result<Bytes>> {
        let start = usize::try_from(offset).unwrap().min(self.0.len());
        let end = (start + length).min(self.0.len());
        let part = self.0.slice(start..end);
        Box::pin(async move { Ok(part) })
    }
}
