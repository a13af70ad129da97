//! Live calls and the floor, as far as HTTP reaches them.

use hotline::domain::acd::AgentState;
use hotline::domain::call::wish::{CallCommand, CallRefusal, LiveAgent, LiveCall, Wish};
use hotline::domain::id::{CallId, LegId, UnitCode, Username};
use hotline::domain::staff::Organisation;
use hotline::domain::staff::{QueueEntry, Role, SpecialistEntry};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{UNIT, World};

const CALL: Uuid = Uuid::from_u128(1);

fn path(command: &str) -> String {
    format!("/api/v1/calls/{CALL}/commands/{command}")
}

#[tokio::test]
async fn each_command_reaches_the_telephone_side_as_it_was_meant() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let leg = LegId(Uuid::from_u128(2));
    let text = |text: &str| text.to_owned();
    #[rustfmt::skip]
    let table = [
        ("hold", json!({}), CallCommand::Hold),
        ("resume", json!({}), CallCommand::Resume),
        ("consult", json!({"target": "sip:8800"}), CallCommand::Consult { target: text("sip:8800") }),
        ("transfer", json!({}), CallCommand::Transfer { target: None }),
        ("transfer", json!({"target": "agent1001"}), CallCommand::Transfer { target: Some(text("agent1001")) }),
        ("hand_to_queue", json!({"queue": "en"}), CallCommand::HandToQueue { queue: "en".into() }),
        ("conference", json!({}), CallCommand::Conference),
        ("drop_leg", json!({"leg": leg}), CallCommand::DropLeg { leg }),
        ("hang_up", json!({}), CallCommand::HangUp),
        ("monitor", json!({}), CallCommand::Monitor),
        ("whisper", json!({}), CallCommand::Whisper),
        ("barge", json!({}), CallCommand::Barge),
        ("take_over", json!({}), CallCommand::TakeOver),
        ("pause_recording", json!({"reason": "身份证号"}), CallCommand::PauseRecording { reason: text("身份证号") }),
        ("resume_recording", json!({}), CallCommand::ResumeRecording),
    ];
    for (name, body, expected) in table {
        let granted = lead.post(&path(name), body).await.ok();
        assert_eq!(granted["granted"], "leg_added", "{name}");
        let wish = world.floor.wishes.lock().unwrap().pop();
        let Some(Wish::Call { by, call, command }) = wish else {
            panic!("{name}: {wish:?}");
        };
        assert_eq!((call, command), (CallId(CALL), expected));
        assert_eq!(by.username, Username::from("team_lead"));
    }
}

#[tokio::test]
async fn listening_in_and_taking_over_is_for_leads() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    for name in ["monitor", "whisper", "barge", "take_over"] {
        let reply = agent.post(&path(name), json!({})).await;
        assert_eq!(reply.refusal(), (403, "forbidden".to_owned()), "{name}");
    }
    assert!(world.floor.wishes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_the_telephone_side_refuses_is_told_in_chinese() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    let table = [
        (CallRefusal::NoSuchCall, 404, "no_such_call"),
        (CallRefusal::NotYourCall, 403, "not_your_call"),
        (CallRefusal::WrongState("保持中"), 409, "wrong_state"),
        (CallRefusal::BadTarget("x".to_owned()), 422, "bad_target"),
        (CallRefusal::NoPhone, 409, "no_phone"),
        (CallRefusal::Busy, 409, "busy"),
        (CallRefusal::Overloaded, 503, "overloaded"),
        (CallRefusal::NoRecording, 409, "no_recording"),
    ];
    for (refusal, status, code) in table {
        *world.floor.refuse.lock().unwrap() = Some(refusal.clone());
        let reply = agent.post(&path("hold"), json!({})).await;
        assert_eq!(reply.refusal(), (status, code.to_owned()));
        assert_eq!(reply.json()["detail"], refusal.to_string());
    }
}

#[tokio::test]
async fn the_directory_says_who_is_on_duty_now() {
    let world = World::new().await;
    let specialist = |name: &str, duty: &str| SpecialistEntry {
        unit: UnitCode::from(UNIT),
        name: name.to_owned(),
        reach: "sip:8800".to_owned(),
        duty: duty.to_owned(),
        topics: vec!["占道经营".to_owned()],
    };
    let organisation = Organisation {
        specialists: vec![
            specialist("always", "Mon-Sun 00:00-24:00"),
            specialist("weekends", "Sat-Sun 09:00-18:00"),
        ],
        ..Organisation::default()
    };
    world
        .storage
        .apply(world.now(), organisation)
        .await
        .unwrap();
    let agent = world.person(Role::Agent).await;
    let listed = agent.get("/api/v1/specialists").await.ok();
    let duty: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), item["on_duty"].clone()))
        .collect();
    assert_eq!(
        duty,
        [
            ("always", Value::Bool(true)),
            ("weekends", Value::Bool(false))
        ]
    );
}

#[tokio::test]
async fn queues_and_agents_are_shown_as_they_stand() {
    let world = World::new().await;
    let queue: QueueEntry = serde_json::from_value(json!({"name": "main"})).unwrap();
    let organisation = Organisation {
        queues: vec![queue],
        ..Organisation::default()
    };
    world
        .storage
        .apply(world.now(), organisation)
        .await
        .unwrap();
    let call = |n, state| LiveCall {
        id: CallId(Uuid::from_u128(n)),
        caller: "138****5678".to_owned(),
        called: "12345".to_owned(),
        state,
        queue: Some("main".to_owned()),
        position: None,
        agent: None,
        legs: Vec::new(),
        parties: Vec::new(),
        recording: true,
        contact: None,
        ticket: None,
    };
    *world.floor.calls.lock().unwrap() =
        vec![call(1, "queued"), call(2, "offered"), call(3, "held")];
    *world.floor.agents.lock().unwrap() = vec![LiveAgent {
        username: Username::from("agent1000"),
        display_name: "坐席 1000".to_owned(),
        state: AgentState::Break {
            reason: "午餐".to_owned(),
        },
        since: world.now(),
        wrap_up_until: None,
        call: Some(CallId(CALL)),
    }];
    let lead = world.person(Role::TeamLead).await;
    let queues = lead.get("/api/v1/queues").await.ok();
    assert_eq!(queues["items"][0]["waiting"], 2);
    assert_eq!(queues["items"][0]["talking"], 1);
    let agents = lead.get("/api/v1/agents").await.ok();
    let expected = json!({"username": "agent1000", "display_name": "坐席 1000", "state": "break",
        "reason": "午餐", "since": "2025-01-24T09:00:00.000+08:00", "wrap_up_until": null, "call": CALL});
    assert_eq!(agents["items"][0], expected);
    let leader = world.person(Role::Leader).await;
    let agents = leader.get("/api/v1/agents").await.ok();
    assert_eq!(agents["items"][0]["call"], Value::Null);
}

#[tokio::test]
async fn the_audit_trail_is_read_by_pages_and_filters() {
    let world = World::new().await;
    for _ in 0..3 {
        world.person(Role::Agent).await;
    }
    let auditor = world.person(Role::Auditor).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/audit?by=agent&action=login&limit=2".to_owned();
    loop {
        let page = auditor.get(&path).await.ok();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["seq"].as_i64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => {
                path = format!("/api/v1/audit?by=agent&action=login&limit=2&cursor={cursor}")
            }
            None => break,
        }
    }
    assert_eq!(seen, [3, 2, 1]);
}
