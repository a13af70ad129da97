//! Hearing recordings: by ranges, by the right people, never without a trace.

use axum::body::Bytes;
use axum::http::Method;
use hotline::domain::call::{Cdr, Direction, Termination, TerminationResult};
use hotline::domain::id::{CallId, RecordingId, Username};
use hotline::domain::staff::Role;
use hotline::storage::Page;
use hotline::storage::audit::AuditFilter;
use hotline::storage::recordings::RecordingRow;
use serde_json::json;
use uuid::Uuid;

use crate::world::{Person, World};

const RECORDING: RecordingId = RecordingId(Uuid::from_u128(9));
const CALLER: &str = "13812345678";

/// One finished call of `agent`, recorded: 1000 bytes of sound.
async fn recorded(world: &World) {
    let now = world.now();
    let call = CallId(Uuid::from_u128(1));
    let cdr = Cdr {
        id: call,
        sip_call_id: "abc@carrier".to_owned(),
        direction: Direction::Inbound,
        caller: CALLER.to_owned(),
        called: "12345".to_owned(),
        started_at: now,
        answered_at: Some(now),
        ended_at: Some(now),
        wait_ms: Some(3000),
        termination: Some(Termination {
            result: TerminationResult::Success,
            reason: "caller_hung_up".to_owned(),
        }),
        legs: Vec::new(),
        queue: None,
        agent: Some(Username::from("agent")),
        recording_id: Some(RECORDING),
        contact_id: None,
        ticket_id: None,
        three_way: false,
    };
    world.storage.call_written(cdr).await.unwrap();
    let row = RecordingRow {
        id: RECORDING,
        call,
        started_at: now,
        ended_at: now,
        duration_ms: 1000,
        manifest_sha256: "00".repeat(32),
        manifest: json!({
            "parties": [{"track": 0, "role": "citizen", "label": CALLER}],
            "files": [{"name": format!("{RECORDING}.wav"), "bytes": 1000, "sha256": "ab".repeat(32)}],
        }),
    };
    world.storage.recording_finished(row).await.unwrap();
    let sound = (0..1000u32).map(|n| (n % 251) as u8).collect::<Vec<_>>();
    let mut files = world.shelf.files.lock().unwrap();
    files.insert((RECORDING, None), Bytes::from(sound));
}

fn path(rest: &str) -> String {
    format!("/api/v1/recordings/{RECORDING}{rest}")
}

async fn deeds(world: &World) -> Vec<(String, String, String)> {
    let trail = world
        .storage
        .audit_trail(&AuditFilter::default(), &Page::default())
        .await
        .unwrap();
    trail
        .items
        .into_iter()
        .map(|entry| (entry.deed.by.0, entry.deed.action, entry.deed.object))
        .filter(|(_, action, _)| action != "login")
        .collect()
}

#[tokio::test]
async fn a_replay_by_ranges_gives_each_byte_once_and_leaves_its_trace() {
    let world = World::new().await;
    recorded(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let whole = supervisor.get(&path("/audio")).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("content-type"), "audio/wav");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let etag = whole.header("etag");

    let mut heard = Vec::new();
    for range in ["bytes=0-99", "bytes=100-899", "bytes=-100"] {
        let part = supervisor
            .with("range", range)
            .with("if-range", &etag)
            .get(&path("/audio"))
            .await;
        assert_eq!(part.status, 206, "{range}");
        assert!(part.header("content-range").ends_with("/1000"), "{range}");
        heard.extend_from_slice(&part.body);
    }
    assert_eq!(heard, whole.body);

    let listened = (
        "supervisor".to_owned(),
        "listen".to_owned(),
        RECORDING.to_string(),
    );
    assert_eq!(deeds(&world).await, vec![listened; 4]);
}

#[tokio::test]
async fn a_download_is_told_apart_from_listening() {
    let world = World::new().await;
    recorded(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let file = supervisor.get(&path("/audio?download=true")).await;
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"{RECORDING}.wav\"")
    );
    assert_eq!(deeds(&world).await[0].1, "download");
}

#[tokio::test]
async fn a_head_tells_the_length_and_takes_nothing() {
    let world = World::new().await;
    recorded(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let head = supervisor.ask(Method::HEAD, &path("/audio"), None).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), "1000");
    assert!(head.body.is_empty());
    assert!(deeds(&world).await.is_empty());
}

#[tokio::test]
async fn a_range_past_the_end_is_refused_with_the_length() {
    let world = World::new().await;
    recorded(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let beyond = supervisor.with("range", "bytes=1000-");
    let reply = beyond.get(&path("/audio")).await;
    assert_eq!(reply.refusal(), (416, "no_such_range".to_owned()));
    assert_eq!(reply.header("content-range"), "bytes */1000");
    let stale = supervisor
        .with("range", "bytes=0-1")
        .with("if-range", "\"another\"");
    assert_eq!(stale.get(&path("/audio")).await.status, 200);
}

#[tokio::test]
async fn an_agent_hears_their_own_calls_only() {
    let world = World::new().await;
    recorded(&world).await;
    let own = world.person(Role::Agent).await;
    assert_eq!(own.get(&path("/audio")).await.status, 200);
    assert_eq!(own.get(&path("/peaks")).await.status, 200);
    let other = world.person(Role::Revisitor).await;
    for rest in ["", "/audio", "/peaks"] {
        let reply = other.get(&path(rest)).await;
        assert_eq!(reply.refusal(), (404, "not_found".to_owned()), "{rest}");
    }
    assert_eq!(own.get(&path("/audio?track=2")).await.status, 404);
}

#[tokio::test]
async fn numbers_are_masked_for_those_who_need_not_call_back() {
    let world = World::new().await;
    recorded(&world).await;
    let shows = async |person: &Person<'_>, path: &str| {
        let reply = person.get(path).await;
        assert_eq!(reply.status, 200);
        String::from_utf8_lossy(&reply.body).contains(CALLER)
    };
    let call = format!("/api/v1/calls/{}", Uuid::from_u128(1));
    for (role, whole) in [
        (Role::Agent, true),
        (Role::Supervisor, true),
        (Role::Reviewer, false),
        (Role::Auditor, false),
    ] {
        let person = world.person(role).await;
        assert_eq!(shows(&person, &path("")).await, whole, "{role:?}");
        assert_eq!(shows(&person, "/api/v1/calls").await, whole, "{role:?}");
        assert_eq!(shows(&person, &call).await, whole, "{role:?}");
    }
    // Nor can the number be found out by asking for it.
    let auditor = world.person(Role::Auditor).await;
    let asked = format!("/api/v1/calls?caller={CALLER}");
    assert_eq!(auditor.get(&asked).await.status, 403);
    let supervisor = world.person(Role::Supervisor).await;
    let found = supervisor.get(&asked).await.ok();
    assert_eq!(found["items"][0]["sip_call_id"], "abc@carrier");
    assert_eq!(found["next_cursor"], json!(null));
}
