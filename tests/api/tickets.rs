//! A ticket's life over HTTP, who sees what of it, and requests that come twice.

use std::time::Duration;

use hotline::domain::call::wish::{Purpose, Wish};
use hotline::domain::id::{CallId, RecordingId};
use hotline::domain::staff::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{OTHER_UNIT, Person, UNIT, World};

pub(crate) const PHONE: &str = "13812345678";

pub(crate) fn demand() -> Value {
    json!({"title": "路灯不亮", "content": "小区门口的路灯坏了三天", "kind": "complaint", "address": "中山路1号",
        "petitioner": {"name": "王小明", "phone": PHONE, "applicant": "person"}})
}

/// Carries out a command that must be granted; the ticket afterwards.
pub(crate) async fn command(person: &Person<'_>, id: &str, name: &str, body: Value) -> Value {
    let path = format!("/api/v1/tickets/{id}/commands/{name}");
    let reply = person.post(&path, body).await;
    assert_eq!(reply.status, 200, "{name}: {:?}", reply.body);
    reply.json()
}

/// Registers a ticket at the desk; its id.
pub(crate) async fn registered(world: &World) -> String {
    let lead = world.person(Role::TeamLead).await;
    let reply = lead.post("/api/v1/tickets", demand()).await;
    assert_eq!(reply.status, 201, "{:?}", reply.body);
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// Takes a registered ticket to its closing: the survey is in the outbox then.
pub(crate) async fn closed(world: &World) -> String {
    let id = registered(world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    let reviewer = world.person(Role::Reviewer).await;
    command(
        &lead,
        &id,
        "dispatch",
        json!({"lead": UNIT, "basis": "城市照明"}),
    )
    .await;
    command(&unit, &id, "acknowledge", json!({})).await;
    let text = json!({"text": "已更换灯泡", "no_contact_reason": "电话无人接听"});
    command(&unit, &id, "reply", text).await;
    command(&reviewer, &id, "review", json!({"outcome": "passed"})).await;
    id
}

#[tokio::test]
async fn a_ticket_goes_from_the_desk_to_the_unit_and_back() {
    let world = World::new().await;
    let id = closed(&world).await;
    let auditor = world.person(Role::Auditor).await;
    let ticket = auditor.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(ticket["stage"], "closed");
    assert_eq!(ticket["ticket"]["stage"]["follow_up"]["step"], "surveying");

    let events = auditor
        .get(&format!("/api/v1/tickets/{id}/events"))
        .await
        .ok();
    let events = events["items"].as_array().unwrap();
    let names: Vec<_> = events.iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "opened",
            "registered",
            "dispatched",
            "acknowledged",
            "replied",
            "reviewed",
            "closed",
            "survey_requested"
        ]
    );
    for (n, pair) in events.windows(2).enumerate() {
        assert_eq!(
            pair[1]["prev_hash"],
            pair[0]["hash"],
            "after event {}",
            n + 1
        );
    }
}

#[tokio::test]
async fn a_dispatched_ticket_shows_its_clocks() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let ticket = command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    assert_eq!(ticket["unit"], UNIT);
    // Five working days from Friday 24 January 2025: the 26th and 27th, then after Spring Festival.
    let deadlines: Vec<_> = ticket["deadlines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|clock| (&clock["kind"], &clock["due"], &clock["working_left_ms"]))
        .collect();
    let hour = 3_600_000;
    assert_eq!(
        deadlines,
        [
            (
                &json!("handle_by"),
                &json!("2025-02-07T18:00:00.000+08:00"),
                &json!(42 * hour)
            ),
            (
                &json!("acknowledge_by"),
                &json!("2025-01-24T10:00:00.000+08:00"),
                &json!(hour)
            ),
            (
                &json!("send_back_by"),
                &json!("2025-01-27T18:00:00.000+08:00"),
                &json!(21 * hour)
            ),
        ]
    );
    assert_eq!(ticket["deadlines"][0]["overdue"], false);
    world.pass(Duration::from_secs(3601));
    let lead = world.person(Role::TeamLead).await;
    let later = lead.get("/api/v1/tickets?overdue=true").await.ok();
    assert_eq!(later["items"][0]["id"], id.as_str());
    assert_eq!(later["items"][0]["deadlines"][1]["overdue"], true);
}

#[tokio::test]
async fn a_refused_command_cites_its_article_in_chinese_and_changes_nothing() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let path = format!("/api/v1/tickets/{id}/commands/reply");
    let reply = unit.post(&path, json!({"text": "已办"})).await;
    assert_eq!(reply.refusal(), (409, "not_acknowledged".to_owned()));
    assert_eq!(reply.json()["article"], "11(3)");
    assert_eq!(reply.json()["detail"], "请先签收工单, 再答复");
    let events = lead.get(&format!("/api/v1/tickets/{id}/events")).await.ok();
    assert_eq!(events["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_unit_sees_the_tickets_it_has_a_part_in() {
    let world = World::new().await;
    let ours = registered(&world).await;
    let theirs = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    command(&lead, &ours, "dispatch", json!({"lead": UNIT})).await;
    command(&lead, &theirs, "dispatch", json!({"lead": OTHER_UNIT})).await;
    let listed = unit.get("/api/v1/tickets").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["id"], ours.as_str());
    for rest in ["", "/events"] {
        let reply = unit.get(&format!("/api/v1/tickets/{theirs}{rest}")).await;
        assert_eq!(reply.refusal(), (404, "not_found".to_owned()), "{rest}");
    }
    let path = format!("/api/v1/tickets/{theirs}/commands/acknowledge");
    assert_eq!(unit.post(&path, json!({})).await.status, 404);
}

#[tokio::test]
async fn the_petitioner_is_shown_to_whom_it_concerns() {
    let world = World::new().await;
    let id = registered(&world).await;
    for (role, number, name) in [
        (Role::Agent, true, true),
        (Role::Revisitor, true, true),
        (Role::Reviewer, false, true),
        (Role::Analyst, false, false),
        (Role::Auditor, false, false),
    ] {
        let person = world.person(role).await;
        for rest in ["", "/events"] {
            let reply = person.get(&format!("/api/v1/tickets/{id}{rest}")).await;
            let text = String::from_utf8(reply.body.to_vec()).unwrap();
            assert_eq!(text.contains(PHONE), number, "{role:?} {rest}");
            assert_eq!(text.contains("王小明"), name, "{role:?} {rest}");
            assert_eq!(text.contains("中山路"), name, "{role:?} {rest}");
        }
    }
    let analyst = world.person(Role::Analyst).await;
    let asked = format!("/api/v1/tickets?phone={PHONE}");
    assert_eq!(analyst.get(&asked).await.status, 403);
    let agent = world.person(Role::Agent).await;
    let found = agent.get(&asked).await.ok();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_unit_calls_the_petitioner_and_proves_it() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    let path = format!("/api/v1/tickets/{id}/call");
    assert_eq!(unit.post(&path, json!({})).await.status, 404);
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    command(&unit, &id, "acknowledge", json!({})).await;
    let place = (CallId(Uuid::from_u128(5)), RecordingId(Uuid::from_u128(6)));
    *world.floor.places.lock().unwrap() = Some(place);
    let placed = unit.post(&path, json!({})).await.ok();
    assert_eq!(placed["granted"], "placed");
    let wish = world.floor.wishes.lock().unwrap().pop();
    assert!(
        matches!(&wish, Some(Wish::PlaceCall { to, purpose: Purpose::Contact { .. }, .. }) if to.as_str() == PHONE),
        "{wish:?}"
    );
    let proof = json!({"call": placed["call"], "recording": placed["recording"], "summary": "约定明日上门"});
    command(&unit, &id, "record_contact", proof).await;
    let replied = command(&unit, &id, "reply", json!({"text": "已更换灯泡"})).await;
    assert_eq!(replied["stage"], "replied");
}

#[tokio::test]
async fn the_same_request_twice_is_done_once_and_answered_alike() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let keyed = lead.with("idempotency-key", "k-1");
    let first = keyed.post("/api/v1/tickets", demand()).await;
    world.pass(Duration::from_secs(60));
    let again = keyed.post("/api/v1/tickets", demand()).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    let all = lead.get("/api/v1/tickets").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);

    let mut other = demand();
    other["title"] = json!("路灯亮了");
    let reply = keyed.post("/api/v1/tickets", other).await;
    assert_eq!(reply.refusal(), (422, "idempotency_key_reused".to_owned()));
    // The key is one person's: somebody else's request is another.
    let agent = world.person(Role::Agent).await;
    let own = agent.with("idempotency-key", "k-1");
    let own = own.post("/api/v1/tickets", demand()).await;
    assert_ne!(own.ok()["id"], first.json()["id"]);
}

#[tokio::test]
async fn a_refusal_is_remembered_too() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let keyed = lead.with("idempotency-key", "k-2");
    let path = format!("/api/v1/tickets/{id}/commands/archive");
    let first = keyed.post(&path, json!({})).await;
    assert_eq!(first.refusal(), (409, "wrong_stage".to_owned()));
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let again = keyed.post(&path, json!({})).await;
    assert_eq!(again.problem(), first.problem());
    let bad = lead.with("idempotency-key", &"k".repeat(129));
    let bad = bad.post(&path, json!({})).await;
    assert_eq!(bad.refusal(), (400, "invalid_idempotency_key".to_owned()));
}

#[tokio::test]
async fn lists_page_without_loss_while_tickets_are_added() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, registered(&world).await);
        world.pass(Duration::from_millis(1));
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/tickets?limit=2".to_owned();
    loop {
        let page = lead.get(&path).await.ok();
        for item in page["items"].as_array().unwrap() {
            seen.push(item["id"].as_str().unwrap().to_owned());
        }
        registered(&world).await;
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/tickets?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_statutory_calendar_answers_by_http() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    for (day, kind) in [
        ("2025-01-24", "workday"),
        ("2025-01-25", "weekend"),
        ("2025-01-26", "makeup"),
        ("2025-01-28", "holiday"),
        ("2031-01-02", "unpublished"),
    ] {
        let path = format!("/api/v1/calendars/statutory/days/{day}");
        assert_eq!(agent.get(&path).await.ok(), json!({"kind": kind}), "{day}");
    }
    let path = "/api/v1/calendars/statutory/deadline";
    let due = agent
        .post(
            path,
            json!({"from": "2025-01-24T09:00:00+08:00", "working_days": 3}),
        )
        .await;
    assert_eq!(
        due.ok(),
        json!({"due": "2025-02-05T18:00:00.000+08:00", "counted": ["2025-01-26", "2025-01-27", "2025-02-05"]})
    );
    let unknown = agent
        .post(
            path,
            json!({"from": "2030-12-31T09:00:00+08:00", "working_hours": 1}),
        )
        .await;
    assert_eq!(unknown.refusal(), (409, "calendar_unpublished".to_owned()));
    assert_eq!(unknown.json()["article"], "11(3)");
}

#[tokio::test]
async fn twenty_at_once_under_one_key_make_one_ticket() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let keyed = lead.with("idempotency-key", "k-3");
    let ask = || keyed.post("/api/v1/tickets", demand());
    let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
    let ids: std::collections::BTreeSet<_> = answers
        .iter()
        .map(|answer| answer.ok()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
    let all = lead.get("/api/v1/tickets").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_kind_is_asked_for_by_one_and_decided_by_another() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    let reviewer = world.person(Role::Reviewer).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let wish = json!({"kind": "inquiry", "reason": "只问收费标准"});
    command(&lead, &id, "change_kind", wish).await;
    let path = format!("/api/v1/tickets/{id}/commands/decide_kind");
    let granted = json!({"granted": true, "reason": "与录音相符"});
    let own = lead.post(&path, granted.clone()).await;
    assert_eq!(own.refusal(), (409, "own_request".to_owned()));
    assert_eq!(own.json()["article"], "11(3)");
    let waits = reviewer.get("/api/v1/tickets?view=decide_kind").await.ok();
    assert_eq!(waits["items"][0]["id"], id.as_str());
    let ticket = command(&reviewer, &id, "decide_kind", granted).await;
    assert_eq!(ticket["ticket"]["demand"]["kind"], "inquiry");
    // Three working days from Friday 24 January 2025 instead of five.
    assert_eq!(
        ticket["deadlines"][0]["due"],
        "2025-02-05T18:00:00.000+08:00"
    );
    assert_eq!(
        ticket["ticket"]["kind_changes"][0]["request"]["from"],
        "complaint"
    );
    let told = unit.get("/api/v1/unit_notices").await.ok();
    let told = told["items"].as_array().unwrap();
    assert!(
        told.iter()
            .any(|notice| notice["text"].as_str().unwrap().contains("变更为咨询"))
    );
}
