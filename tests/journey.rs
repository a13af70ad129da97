//! One citizen's journey from the first ring to "put right", with real sound, on both databases.

#[path = "support/postgres.rs"]
mod postgres;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use hotline::app::{self, Server};
use hotline::clock::{Clock, SystemClock};
use hotline::config::{Config, Log};
use hotline::telemetry::{self, Metrics};
use testkit::sms_provider::SmsProvider;
use testkit::story::{World, run};

const DEMO: &str = include_str!("../deploy/organisation.demo.toml");

#[test]
fn a_citizen_is_heard_to_the_end_on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    journey(folder.path(), None);
}

#[test]
fn a_citizen_is_heard_to_the_end_on_postgresql() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(postgres::new_database());
    journey(folder.path(), Some(url));
}

fn journey(folder: &Path, storage_url: Option<String>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sms = SmsProvider::start((Ipv4Addr::LOCALHOST, 0).into());
    let carrier = free_port();
    let config = config(folder, storage_url);
    let organisation = DEMO
        .replace("127.0.0.1:5090", &carrier.to_string())
        .replace("127.0.0.1:9000", &sms.address.to_string());

    let server = runtime.block_on(async {
        let storage = app::open_storage(&config, Arc::clone(&clock))
            .await
            .expect("a database");
        app::apply(&storage, &*clock, &organisation)
            .await
            .expect("the demo organisation is sound");
        storage.close().await;
        Server::start(&config, Arc::clone(&clock), metrics())
            .await
            .expect("the server starts")
    });
    let world = World {
        http: format!("http://{}", server.http),
        sip: server.sip,
        carrier,
        sms,
        speech: None,
    };
    let chain = run(&world, &mut |_| {});
    runtime.block_on(server.stop(std::future::pending()));

    let names: Vec<&str> = chain
        .events
        .iter()
        .filter_map(|event| event.rsplit("  ").next())
        .collect();
    assert_eq!(
        names,
        [
            "opened",
            "registered",
            "three_way_noted",
            "dispatched",
            "acknowledged",
            "replied",
            "reviewed",
            "closed",
            "survey_requested",
            "survey_answered",
            "revisit_planned",
            "revisited",
            "rectification_ordered",
            "rectified",
            "revisit_planned",
            "revisited",
            "follow_up_ended",
        ]
    );
    assert_eq!(world.sms.messages().len(), 1, "one survey, sent once");
    let differences = runtime
        .block_on(app::keeping::check(&config, clock))
        .expect("the check runs");
    assert!(differences.is_empty(), "{differences:?}");
}

fn config(folder: &Path, storage_url: Option<String>) -> Config {
    let mut text = format!(
        "data_dir = {folder:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[sip]\nlisten = \"{}\"\n",
        free_port()
    );
    if let Some(url) = storage_url {
        text += &format!("[storage]\nurl = {url:?}\n");
    }
    Config::parse(Path::new("journey.toml"), &text, []).expect("a sound configuration")
}

/// A port that nobody has just now.
fn free_port() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("a bound socket has an address")
}

fn metrics() -> Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS
        .get_or_init(|| telemetry::init(&quiet()).expect("telemetry starts once"))
        .clone()
}

/// Only what went wrong: the story itself is told by its assertions.
fn quiet() -> Log {
    Log {
        level: "warn".to_owned(),
        ..Log::default()
    }
}
