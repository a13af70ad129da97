//! A carrier's day: sipp brings the calls and answers them, against the real program.

use std::time::Duration;

use serde_json::Value;
use testkit::http::Person;
use testkit::server::{Place, free_port, organisation};
use testkit::sipp::{Outcome, Stage};
use testkit::sound::share_of;
use testkit::story::channels;

const CALLER: f64 = 440.0;
const AGENT: f64 = 700.0;
const AGENTS: usize = 120;
const SOON: Duration = Duration::from_secs(30);

/// The load organisation, small enough for a test, with somebody who may look at everything.
fn bench() -> String {
    let text = organisation("bench").replace("count = 2000", &format!("count = {AGENTS}"));
    let hash = text
        .lines()
        .find(|line| line.starts_with("password = \"$argon2id$"))
        .expect("a hash");
    format!(
        "{text}\n[[user]]\nusername = \"supervisor\"\ndisplay_name = \"值班主任\"\nrole = \"supervisor\"\n\
         unit = \"js-12345\"\n{hash}\n"
    )
}

#[test]
fn two_hundred_calls_are_bridged_recorded_and_kept() {
    const CALLS: usize = 200;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = Place::new(env!("CARGO_BIN_EXE_hotline"), folder.path());
    place.apply(&bench());
    let mut server = place.start();

    let stage = Stage::new(
        &folder.path().join("sipp"),
        server.sip,
        "udp",
        CALLER,
        AGENT,
    );
    let phones = free_port().port();
    assert_eq!(stage.register(AGENTS, phones).successful, AGENTS as u64);
    let agents = stage.agents(phones, CALLS);
    let callers = stage.callers("12345", CALLS, 20, Duration::from_secs(2));
    let all = |outcome: Outcome| (outcome.successful, outcome.failed);
    assert_eq!(
        all(callers.finish(Duration::from_secs(90))),
        (CALLS as u64, 0),
        "{}",
        server.log()
    );
    assert_eq!(all(agents.finish(SOON)), (CALLS as u64, 0));

    let supervisor = Person::login(&server.http, "supervisor", "hotline-demo");
    let calls = all_calls(&supervisor, CALLS);
    assert_eq!(calls.len(), CALLS, "one record a call");
    for call in &calls {
        assert_eq!(call["termination"]["result"], "success", "{call}");
        assert!(
            call["contact_id"].is_string() && call["ticket_id"].is_string(),
            "{call}"
        );
        assert!(call["agent"].is_string(), "{call}");
        let ticket = supervisor.get(&format!(
            "/api/v1/tickets/{}",
            call["ticket_id"].as_str().expect("a text")
        ));
        assert_eq!(ticket["stage"], "draft", "{ticket}");
        check_sound(
            &supervisor,
            call["recording_id"].as_str().expect("a recording"),
        );
    }
    assert_eq!(
        server.metric("hotline_calls_ended_total{result=\"success\"}"),
        CALLS as f64,
        "one end a call"
    );
    assert_eq!(server.metric("hotline_panics_total"), 0.0);
    assert!(server.stop().success(), "{}", server.log());
    assert_eq!(place.check(), Vec::<String>::new());
}

/// Every call's record, once all have ended and their recordings are stored.
fn all_calls(supervisor: &Person, count: usize) -> Vec<Value> {
    supervisor.wait_for("/api/v1/calls?limit=200", SOON, |page| {
        let items = page["items"].as_array().expect("items");
        let whole = |call: &&Value| {
            let Some(recording) = call["recording_id"].as_str() else {
                return false;
            };
            !call["termination"].is_null()
                && supervisor
                    .try_get(&format!("/api/v1/recordings/{recording}"))
                    .0
                    == 200
        };
        (items.len() == count && items.iter().all(|call| whole(&call))).then(|| items.clone())
    })
}

/// The left channel holds what the caller said, the right one what the agent said, and neither the other's.
fn check_sound(person: &Person, recording: &str) {
    let (left, right) = channels(&person.bytes(&format!("/api/v1/recordings/{recording}/audio")));
    let quarter_seconds = |hz: f64, samples: &[i16]| {
        samples
            .chunks_exact(2_000)
            .filter(|window| share_of(hz, window) > 0.8)
            .count()
    };
    // Two seconds of talk, less half a second of beginning and end.
    for (hz, samples, side) in [(CALLER, &left, "left"), (AGENT, &right, "right")] {
        assert!(
            quarter_seconds(hz, samples) >= 6,
            "{recording}: {hz} Hz is not on the {side}"
        );
    }
    for (hz, samples, side) in [(AGENT, &left, "left"), (CALLER, &right, "right")] {
        let bleeds = samples
            .chunks_exact(2_000)
            .any(|window| share_of(hz, window) > 0.01);
        assert!(!bleeds, "{recording}: {hz} Hz is on the {side}");
    }
}
