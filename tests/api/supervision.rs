//! Supervision over HTTP: the ladder, its papers, and the appointed lead at the ticket's front door.

use std::time::Duration;

use hotline::domain::staff::Role;
use serde_json::{Value, json};

use crate::tickets::{command, registered};
use crate::world::{OTHER_UNIT, Person, UNIT, World};

async fn dispatched(world: &World) -> String {
    let id = registered(world).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    id
}

async fn opened(world: &World, ticket: &str, level: &str) -> Value {
    let supervisor = world.person(Role::Supervisor).await;
    let body = json!({"ticket": ticket, "level": level, "reason": "群众多次反映"});
    let reply = supervisor.post("/api/v1/supervision", body).await;
    assert_eq!(reply.status, 201, "{:?}", reply.body);
    reply.json()
}

async fn wish(person: &Person<'_>, case: &Value, name: &str, body: Value) -> Value {
    let id = case["id"].as_str().unwrap();
    let path = format!("/api/v1/supervision/{id}/commands/{name}");
    person.post(&path, body).await.ok()
}

#[tokio::test]
async fn a_unit_receives_the_notice_answers_and_the_case_closes_with_evidence() {
    let world = World::new().await;
    let ticket = dispatched(&world).await;
    let case = opened(&world, &ticket, "supervise").await;
    assert_eq!(case["unit"], UNIT);
    // Three working days from Friday 24 January 2025: the 26th and 27th are, then after Spring Festival.
    assert_eq!(case["due"], "2025-02-05T18:00:00.000+08:00");
    assert_eq!(case["notices"][0]["number"], "12345督办〔2025〕1号");

    let unit = world.person(Role::UnitHandler).await;
    let id = case["id"].as_str().unwrap();
    let paper = unit
        .get(&format!("/api/v1/supervision/{id}/notices/1?as=html"))
        .await;
    assert_eq!(paper.header("content-type"), "text/html; charset=utf-8");
    let paper = String::from_utf8(paper.body.to_vec()).unwrap();
    assert!(paper.contains("南京市城市管理局") && paper.contains("路灯不亮"));
    assert!(!paper.contains("王小明"), "no citizen on a notice: {paper}");

    wish(&unit, &case, "receive", json!({})).await;
    wish(&unit, &case, "answer", json!({"text": "已更换并加装路灯"})).await;
    let supervisor = world.person(Role::Supervisor).await;
    wish(&supervisor, &case, "judge", json!({"verdict": "accepted"})).await;
    let closing =
        json!({"outcome": "resolved", "evidence": "现场照片", "finding": "可以办而未及时办"});
    let closed = wish(&supervisor, &case, "close", closing).await;
    assert_eq!(closed["open"], false);
    // Whoever did something is named, in one case and in a list of them.
    let acted = ["supervisor", "unit_handler"];
    let listed = supervisor.get("/api/v1/supervision").await.ok();
    for names in [&closed["names"], &listed["items"][0]["names"]] {
        let names = names.as_object().unwrap();
        assert_eq!(names.keys().collect::<Vec<_>>(), acted);
        assert!(names.values().all(|name| name.as_str() != Some("")));
    }
    let auditor = world.person(Role::Auditor).await;
    let chain = auditor
        .get(&format!("/api/v1/supervision/{id}/events"))
        .await
        .ok();
    let names: Vec<_> = chain["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["opened", "received", "answered", "judged", "closed"]
    );
    assert_eq!(world.storage.check(world.now()).await.unwrap(), []);
}

#[tokio::test]
async fn a_case_goes_to_somebody_on_the_list_of_owners_and_to_nobody_else() {
    let world = World::new().await;
    let ticket = dispatched(&world).await;
    let case = opened(&world, &ticket, "supervise").await;
    let lead = world.person(Role::TeamLead).await;
    let owners = lead.get("/api/v1/supervision/owners").await.ok();
    let owners: Vec<_> = owners["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|owner| owner["username"].as_str().unwrap())
        .collect();
    assert_eq!(owners, ["supervisor", "team_lead"]);
    let given = wish(&lead, &case, "assign", json!({"owner": "team_lead"})).await;
    assert_eq!(given["owner"], "team_lead");
    let path = format!(
        "/api/v1/supervision/{}/commands/assign",
        case["id"].as_str().unwrap()
    );
    let refused = lead.post(&path, json!({"owner": "unit_handler"})).await;
    assert_eq!(refused.refusal(), (422, "no_such_owner".to_owned()));
    let unit = world.person(Role::UnitHandler).await;
    assert_eq!(unit.get("/api/v1/supervision/owners").await.status, 403);
}

#[tokio::test]
async fn a_refused_wish_cites_its_article_and_a_stranger_unit_sees_nothing() {
    let world = World::new().await;
    let ticket = dispatched(&world).await;
    let case = opened(&world, &ticket, "supervise").await;
    let id = case["id"].as_str().unwrap();
    let supervisor = world.person(Role::Supervisor).await;
    let path = format!("/api/v1/supervision/{id}/commands/step_up");
    let down = supervisor
        .post(&path, json!({"level": "urge", "reason": "降级"}))
        .await;
    assert_eq!(down.refusal(), (409, "not_up".to_owned()));
    assert_eq!(down.json()["article"], "24");

    let body = json!({"ticket": registered(&world).await, "level": "urge", "reason": "催"});
    let nobody = supervisor.post("/api/v1/supervision", body).await;
    assert_eq!(nobody.refusal(), (409, "nobody_to_supervise".to_owned()));

    let body = json!({"ticket": ticket, "level": "track", "reason": "跟踪", "unit": OTHER_UNIT});
    let other = supervisor.post("/api/v1/supervision", body).await.ok();
    let unit = world.person(Role::UnitHead).await;
    let listed = unit.get("/api/v1/supervision").await.ok();
    let listed: Vec<_> = listed["items"].as_array().unwrap().iter().collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], id);
    let path = format!("/api/v1/supervision/{}", other["id"].as_str().unwrap());
    assert_eq!(unit.get(&path).await.status, 404);
}

#[tokio::test]
async fn the_appointed_lead_gets_the_ticket_by_the_tickets_own_rules() {
    let world = World::new().await;
    let ticket = dispatched(&world).await;
    let case = opened(&world, &ticket, "coordinate").await;
    let supervisor = world.person(Role::Supervisor).await;
    let meeting =
        json!({"attendees": [UNIT, OTHER_UNIT], "minutes": "由供电公司牵头", "lead": OTHER_UNIT});
    wish(&supervisor, &case, "convene", meeting).await;
    let id = case["id"].as_str().unwrap();
    for (name, body) in [
        (
            "convene",
            json!({"attendees": [UNIT], "minutes": "x", "lead": "nobody"}),
        ),
        ("rebind", json!({"co_handlers": ["nobody"]})),
    ] {
        let path = format!("/api/v1/supervision/{id}/commands/{name}");
        let nowhere = supervisor.post(&path, body).await;
        assert_eq!(
            nowhere.refusal(),
            (422, "unknown_unit".to_owned()),
            "{name}"
        );
    }
    // The present unit still has it: the ticket refuses, and nothing has happened in the case either.
    let path = format!("/api/v1/supervision/{id}/commands/rebind");
    let refused = supervisor.post(&path, json!({})).await;
    assert_eq!(refused.refusal(), (409, "wrong_stage".to_owned()));

    let unit = world.person(Role::UnitHandler).await;
    let wanted = json!({"basis": "非本单位职责", "suggestion": "建议转供电公司"});
    command(&unit, &ticket, "acknowledge", json!({})).await;
    command(&unit, &ticket, "send_back", wanted).await;
    let lead = world.person(Role::TeamLead).await;
    let granted = json!({"granted": true, "reason": "按会议纪要"});
    command(&lead, &ticket, "decide_send_back", granted).await;
    let rebound = wish(&supervisor, &case, "rebind", json!({"co_handlers": [UNIT]})).await;
    assert_eq!(rebound["unit"], OTHER_UNIT);
    let now = supervisor
        .get(&format!("/api/v1/tickets/{ticket}"))
        .await
        .ok();
    assert_eq!(
        (&now["unit"], &now["stage"]),
        (&json!(OTHER_UNIT), &json!("dispatched"))
    );
    assert_eq!(world.storage.check(world.now()).await.unwrap(), []);
}

#[tokio::test]
async fn opening_twice_with_one_key_opens_once() {
    let world = World::new().await;
    let ticket = dispatched(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let supervisor = supervisor.with("idempotency-key", "k1");
    let body = json!({"ticket": ticket, "level": "urge", "reason": "催办"});
    let first = supervisor
        .post("/api/v1/supervision", body.clone())
        .await
        .ok();
    world.pass(Duration::from_secs(60));
    let second = supervisor.post("/api/v1/supervision", body).await.ok();
    assert_eq!(first["id"], second["id"]);
    let all = supervisor.get("/api/v1/supervision").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}
