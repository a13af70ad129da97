//! Live events: who sees what, and what a slow reader is told.

use std::sync::Arc;
use std::time::Duration;

use axum::body::BodyDataStream;
use axum::http::Method;
use futures_util::StreamExt;
use hotline::domain::acd::AgentState;
use hotline::domain::call::wish::{LiveAgent, LiveCall};
use hotline::domain::id::{CallId, Username};
use hotline::domain::staff::{By, Role};
use hotline::domain::ticket::{Command, Rating};
use hotline::jobs::{Deadlines, Job};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::duty::{Bell, at_night, minutes};
use crate::tickets::{closed, command, registered};
use crate::world::{OTHER_UNIT, Person, UNIT, World};

struct Stream(BodyDataStream);

impl Stream {
    async fn open(person: &Person<'_>) -> Self {
        let response = person.open(Method::GET, "/api/v1/live").await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream())
    }

    /// The next event's name and body.
    async fn next(&mut self) -> (String, Value) {
        let chunk = self.0.next().await.unwrap().unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {text}"))
                .trim()
                .to_owned()
        };
        (
            field("event:"),
            serde_json::from_str(&field("data:")).unwrap(),
        )
    }
}

fn call(n: u128, agent: Option<&str>) -> LiveCall {
    LiveCall {
        id: CallId(Uuid::from_u128(n)),
        caller: "138****5678".to_owned(),
        called: "12345".to_owned(),
        state: if agent.is_some() { "talking" } else { "queued" },
        queue: Some("main".to_owned()),
        position: None,
        agent: agent.map(Username::from),
        legs: Vec::new(),
        parties: Vec::new(),
        recording: true,
        contact: None,
        ticket: None,
    }
}

fn busy_floor(world: &World) {
    let agent = |name: &str, state| LiveAgent {
        username: Username::from(name),
        display_name: name.to_owned(),
        state,
        since: world.now(),
        wrap_up_until: None,
        call: None,
    };
    *world.floor.calls.lock().unwrap() =
        vec![call(1, Some("agent")), call(2, Some("else")), call(3, None)];
    *world.floor.agents.lock().unwrap() = vec![
        agent("agent", AgentState::Talking),
        agent("else", AgentState::Talking),
        agent("third", AgentState::Ready),
        agent("fourth", AgentState::Offline),
    ];
}

#[tokio::test]
async fn each_role_sees_its_part_of_the_floor() {
    let world = World::new().await;
    busy_floor(&world);
    for (role, calls, agents) in [
        (Role::TeamLead, 3, 3),
        (Role::Supervisor, 3, 3),
        (Role::Agent, 1, 1),
        (Role::Leader, 0, 0),
    ] {
        let mut stream = Stream::open(&world.person(role).await).await;
        world.api.push_board().await;
        let (name, board) = stream.next().await;
        assert_eq!(name, "board");
        assert_eq!(board["calls"].as_array().unwrap().len(), calls, "{role:?}");
        assert_eq!(
            board["agents"].as_array().unwrap().len(),
            agents,
            "{role:?}"
        );
        for (key, count) in [("waiting", 1), ("talking", 2), ("ready", 1), ("present", 3)] {
            assert_eq!(board[key], count, "{role:?} {key}");
        }
    }
}

#[tokio::test]
async fn an_unchanged_board_is_not_pushed_again() {
    let world = World::new().await;
    busy_floor(&world);
    let mut stream = Stream::open(&world.person(Role::TeamLead).await).await;
    world.api.push_board().await;
    world.api.push_board().await;
    world.floor.calls.lock().unwrap().pop();
    world.api.push_board().await;
    assert_eq!(stream.next().await.1["waiting"], 1);
    assert_eq!(stream.next().await.1["waiting"], 0);
}

#[tokio::test]
async fn a_slow_reader_is_told_to_read_everything_again() {
    let world = World::new().await;
    busy_floor(&world);
    let mut stream = Stream::open(&world.person(Role::TeamLead).await).await;
    for _ in 0..100 {
        world.api.push_board().await;
    }
    assert_eq!(stream.next().await.0, "resync");
    assert_eq!(stream.next().await.0, "board");
}

#[tokio::test]
async fn a_unit_hears_of_its_own_tickets_only() {
    let world = World::new().await;
    let (ours, theirs) = (registered(&world).await, registered(&world).await);
    let mut stream = Stream::open(&world.person(Role::UnitHandler).await).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &theirs, "dispatch", json!({"lead": OTHER_UNIT})).await;
    command(&lead, &ours, "dispatch", json!({"lead": UNIT})).await;
    let (name, ticket) = stream.next().await;
    assert_eq!(name, "ticket");
    assert_eq!(
        ticket,
        json!({"id": ours, "stage": "dispatched", "version": 3})
    );
}

#[tokio::test]
async fn ones_own_line_is_known_before_the_next_board() {
    let world = World::new().await;
    busy_floor(&world);
    let agent = world.person(Role::Agent).await;
    let line = agent.get("/api/v1/me/call").await.ok();
    assert_eq!(line["call"]["id"], Uuid::from_u128(1).to_string());
    assert_eq!(line["agent"]["state"], "talking");
    let supervisor = world.person(Role::Supervisor).await;
    let line = supervisor.get("/api/v1/me/call").await.ok();
    assert_eq!(line, serde_json::json!({"call": null, "agent": null}));
}

#[tokio::test]
async fn more_time_for_wrap_up_needs_a_reason() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    for reason in ["", "  ", &"长".repeat(65)] {
        let body = serde_json::json!({"reason": reason});
        let refused = agent.post("/api/v1/me/wrap_up", body).await.refusal();
        assert_eq!(refused, (422, "reason".to_owned()), "{reason}");
    }
    let body = serde_json::json!({"reason": " 核实信息 "});
    let state = agent.post("/api/v1/me/wrap_up", body).await.ok();
    assert_eq!(state["state"], "wrap_up");
    let wishes = world.floor.wishes.lock().unwrap();
    assert!(matches!(
        &wishes[..],
        [hotline::domain::call::wish::Wish::ExtendWrapUp { reason, .. }] if reason == "核实信息"
    ));
}

/// Sealed as a supervisor does it.
async fn seal(world: &World, id: &str) {
    let supervisor = world.person(Role::Supervisor).await;
    command(&supervisor, id, "seal", json!({"kind": "privacy"})).await;
}

#[tokio::test]
async fn what_jobs_do_is_told_like_what_people_do_and_once() {
    let (world, id) = at_night().await;
    let lead = world.person(Role::TeamLead).await;
    let mut stream = Stream::open(&lead).await;
    let callout = lead
        .post(
            &format!("/api/v1/tickets/{id}/callout"),
            json!({"reason": "爆管"}),
        )
        .await
        .ok();
    let told = json!({"id": callout["id"], "ticket_id": id});
    assert_eq!(stream.next().await, ("callout".to_owned(), told.clone()));
    // Nobody answered: the job goes to the next in turn.
    world.pass(Duration::from_secs(181));
    minutes(&world, &Arc::new(Bell::default()), 0).await;
    assert_eq!(stream.next().await, ("callout".to_owned(), told.clone()));

    let supervisor = world.person(Role::Supervisor).await;
    let case = json!({"ticket": id, "level": "urge", "reason": "催办"});
    let case = supervisor.post("/api/v1/supervision", case).await.ok();
    // The ringing of a phone is told as well.
    let mut next = stream.next().await;
    while next == ("callout".to_owned(), told.clone()) {
        next = stream.next().await;
    }
    let told = json!({"id": case["id"], "ticket_id": id, "version": 1});
    assert_eq!(next, ("supervision".to_owned(), told));

    // On the third day the unit has not acknowledged: the sweep says so, all of its marks at once.
    world.pass(Duration::from_secs(72 * 3600));
    let sweep = Deadlines::new(world.storage.clone(), world.rules.clone());
    assert_eq!(sweep.run_once(world.now()).await.unwrap().done, 1);
    let (name, ticket) = stream.next().await;
    assert_eq!((name.as_str(), &ticket["id"]), ("ticket", &json!(id)));
    // A refused wish moves nothing, and nobody hears of it.
    let lead = world.person(Role::TeamLead).await;
    let refused = lead
        .post(&format!("/api/v1/tickets/{id}/commands/archive"), json!({}))
        .await;
    assert_eq!(refused.status, 409);
    let next = registered(&world).await;
    assert_eq!(stream.next().await.1["id"], next.as_str());
}

#[tokio::test]
async fn a_revisit_is_told_to_whoever_makes_them() {
    let world = World::new().await;
    let id = closed(&world).await;
    let mut revisitor = Stream::open(&world.person(Role::Revisitor).await).await;
    let mut unit = Stream::open(&world.person(Role::UnitHandler).await).await;
    let unhappy = Command::SurveyAnswered {
        rating: Rating::Dissatisfied,
    };
    let (now, key, rules) = (world.now(), id.parse().unwrap(), world.rules.now());
    let answered = world
        .storage
        .command(now, By::Server, key, unhappy, &rules, None);
    answered.await.unwrap();
    let mut names = [revisitor.next().await.0, revisitor.next().await.0];
    names.sort();
    assert_eq!(names, ["revisit", "ticket"]);
    assert_eq!(unit.next().await.0, "ticket");
    let lead = world.person(Role::TeamLead).await;
    let meanwhile = registered(&world).await;
    command(&lead, &meanwhile, "dispatch", json!({"lead": UNIT})).await;
    assert_eq!(
        unit.next().await.1["id"],
        meanwhile.as_str(),
        "a revisit is not a unit's"
    );
}

#[tokio::test]
async fn what_is_sealed_is_told_to_supervisors_alone() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let mut of_lead = Stream::open(&lead).await;
    let mut of_unit = Stream::open(&world.person(Role::UnitHead).await).await;
    let mut of_supervisor = Stream::open(&world.person(Role::Supervisor).await).await;
    seal(&world, &id).await;
    let supervisor = world.person(Role::Supervisor).await;
    let case = json!({"ticket": id, "level": "track", "reason": "跟踪"});
    supervisor.post("/api/v1/supervision", case).await.ok();
    let open = registered(&world).await;
    command(&lead, &open, "dispatch", json!({"lead": UNIT})).await;
    assert_eq!(of_lead.next().await.1["id"], open.as_str());
    assert_eq!(of_unit.next().await.1["id"], open.as_str());
    assert_eq!(of_supervisor.next().await.1["id"], id.as_str());
    assert_eq!(of_supervisor.next().await.1["ticket_id"], id.as_str());
}

#[tokio::test]
async fn a_sweep_of_many_is_one_word() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    for _ in 0..51 {
        let id = registered(&world).await;
        command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    }
    world.pass(Duration::from_secs(61 * 60));
    // Whoever stood idle signs in again.
    let lead = world.person(Role::TeamLead).await;
    let mut stream = Stream::open(&lead).await;
    let sweep = Deadlines::new(world.storage.clone(), world.rules.clone());
    assert_eq!(sweep.run_once(world.now()).await.unwrap().done, 51);
    assert_eq!(stream.next().await, ("resync".to_owned(), json!({})));
    let next = registered(&world).await;
    assert_eq!(stream.next().await.1["id"], next.as_str());
}

#[tokio::test]
async fn an_agent_hears_of_what_the_call_is_about() {
    let world = World::new().await;
    let (mine, other) = (registered(&world).await, registered(&world).await);
    let mut about = call(1, Some("agent"));
    about.ticket = Some(mine.parse().unwrap());
    *world.floor.calls.lock().unwrap() = vec![about];
    let mut stream = Stream::open(&world.person(Role::Agent).await).await;
    world.api.push_board().await;
    assert_eq!(stream.next().await.0, "board");
    let lead = world.person(Role::TeamLead).await;
    for id in [&other, &mine] {
        command(&lead, id, "dispatch", json!({"lead": UNIT})).await;
    }
    let (name, ticket) = stream.next().await;
    assert_eq!((name.as_str(), &ticket["id"]), ("ticket", &json!(mine)));
}
