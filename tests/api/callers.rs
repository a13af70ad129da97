//! What is known of numbers that call: language seats, flagged numbers; and what demands are counted by.

use std::time::Duration;

use hotline::domain::call::wish::{CallCommand, LiveCall, Wish};
use hotline::domain::call::{Cdr, Direction};
use hotline::domain::contact::ContactCommand;
use hotline::domain::id::{CallId, ContactId, QueueName, TicketId, Username};
use hotline::domain::staff::{By, Organisation, QueueEntry, Role, Strategy};
use hotline::storage::contacts::Answered;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

const NUMBER: &str = "13812345678";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn queue(name: &str, language: Option<&str>) -> QueueEntry {
    QueueEntry {
        name: QueueName::from(name),
        strategy: Strategy::LongestIdle,
        ring_timeout_s: 20,
        wrap_up_s: 60,
        needs: std::collections::BTreeMap::new(),
        priority: 0,
        language: language.map(str::to_owned),
        overflow: language.map(|_| QueueName::from("main")),
        overflow_after_s: 30,
    }
}

/// A citizen of this number whom the user `agent` answered: call and contact.
async fn answered(world: &World, n: u128, number: &str) -> (CallId, ContactId) {
    let call = CallId(Uuid::from_u128(n));
    let contact = ContactId(Uuid::from_u128(n + 1_000));
    let cdr = Cdr {
        id: call,
        sip_call_id: format!("call-{n}"),
        direction: Direction::Inbound,
        caller: number.to_owned(),
        called: "12345".to_owned(),
        started_at: world.now(),
        answered_at: Some(world.now()),
        ended_at: None,
        wait_ms: None,
        termination: None,
        legs: Vec::new(),
        queue: Some(QueueName::from("main")),
        agent: None,
        recording_id: None,
        contact_id: None,
        ticket_id: None,
        three_way: false,
    };
    let answered = Answered {
        cdr,
        contact,
        ticket: TicketId(Uuid::from_u128(n + 2_000)),
    };
    let rules = world.rules.now();
    let kept = world.storage.answered(world.now(), answered, &rules).await;
    kept.unwrap();
    let agent = Username::from("agent");
    let picked_up = ContactCommand::Answered { agent };
    let told = world
        .storage
        .contact_command(world.now(), By::Server, contact, picked_up, &rules);
    told.await.unwrap();
    (call, contact)
}

#[tokio::test]
async fn a_citizen_is_given_to_a_language_seat_and_their_number_is_remembered() {
    let world = World::new().await;
    let organisation = Organisation {
        queues: vec![queue("main", None), queue("en", Some("英语"))],
        ..Organisation::default()
    };
    let applied = world.storage.apply(world.now(), organisation).await;
    applied.unwrap();
    let (call, contact) = answered(&world, 1, NUMBER).await;
    world.floor.calls.lock().unwrap().push(LiveCall {
        id: call,
        caller: "138****5678".to_owned(),
        called: "12345".to_owned(),
        state: "talking",
        queue: Some("main".to_owned()),
        position: None,
        agent: Some(Username::from("agent")),
        legs: Vec::new(),
        parties: Vec::new(),
        recording: true,
        contact: Some(contact),
        ticket: None,
    });
    let agent = world.person(Role::Agent).await;
    let queues = agent.get("/api/v1/queues").await.ok();
    let languages: Vec<_> = queues["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| queue["language"].clone())
        .collect();
    assert_eq!(languages, [json!("英语"), Value::Null]);

    let seen = format!("/api/v1/contacts/{contact}");
    assert_eq!(agent.get(&seen).await.ok()["language_seat"], Value::Null);
    let path = format!("/api/v1/calls/{call}/commands/hand_to_queue");
    agent.post(&path, json!({"queue": "en"})).await.ok();
    let wish = world.floor.wishes.lock().unwrap().pop();
    let Some(Wish::Call { command, .. }) = wish else {
        panic!("{wish:?}");
    };
    let queue = QueueName::from("en");
    assert_eq!(command, CallCommand::HandToQueue { queue });
    let seat = &agent.get(&seen).await.ok()["language_seat"];
    assert_eq!(
        (&seat["queue"], &seat["by"]),
        (&json!("en"), &json!("agent"))
    );

    // Said without handing anybody over, and taken back.
    let language = format!("{seen}/language");
    let no = agent.put(&language, json!({"queue": "main"})).await;
    assert_eq!(no.refusal(), (422, "no_such_seat".to_owned()));
    let forgotten = agent.put(&language, json!({"queue": null})).await.ok();
    assert_eq!(forgotten["language_seat"], Value::Null);
}

#[tokio::test]
async fn a_flagged_number_is_proposed_granted_looked_at_again_and_ends_by_itself() {
    let world = World::new().await;
    let (_, contact) = answered(&world, 1, NUMBER).await;
    let (_, stranger) = answered(&world, 2, "13900000000").await;
    let agent = world.person(Role::Agent).await;
    let supervisor = world.person(Role::Supervisor).await;
    let all = "/api/v1/flagged_numbers";
    let propose = |evidence: Value| json!({"evidence": evidence, "reason": "三次来电辱骂"});
    // Contacts of one number, and not none.
    for evidence in [json!([]), json!([contact, stranger])] {
        let no = agent.post(all, propose(evidence)).await;
        assert_eq!(no.refusal(), (409, "no_evidence".to_owned()));
        assert_eq!(no.json()["article"], "9(4)");
    }
    let proposed = agent.post(all, propose(json!([contact]))).await.ok();
    assert_eq!(
        (&proposed["stage"], &proposed["phone"]),
        (&json!("proposed"), &json!(NUMBER))
    );
    let command =
        |name: &str| format!("{all}/{}/commands/{name}", proposed["id"].as_str().unwrap());
    let grant = json!({"days": 30, "review_after_days": 10});
    let lead = world.person(Role::TeamLead).await;
    let no = lead.post(&command("grant"), grant.clone()).await;
    assert_eq!(no.refusal(), (403, "forbidden".to_owned()));
    let no = supervisor
        .post(
            &command("grant"),
            json!({"days": 91, "review_after_days": 10}),
        )
        .await;
    assert_eq!(no.refusal(), (409, "bad_time".to_owned()));
    let granted = supervisor.post(&command("grant"), grant).await.ok();
    assert_eq!(
        (&granted["stage"], &granted["review_due"]),
        (&json!("standing"), &json!(false))
    );

    // The agent who answers sees why; who need not call back sees no number.
    let seen = format!("/api/v1/contacts/{contact}");
    assert_eq!(
        agent.get(&seen).await.ok()["flag"]["reason"],
        "三次来电辱骂"
    );
    let auditor = world.person(Role::Auditor).await;
    let listed = auditor.get(all).await.ok();
    assert_eq!(listed["items"][0]["phone"], "138****5678");
    let trail = auditor.get("/api/v1/audit?limit=50").await.ok();
    let trail = trail.to_string();
    assert!(trail.contains("flag_proposed") && trail.contains("flag_granted"));
    assert!(!trail.contains(NUMBER), "no whole number in the trail");

    world.pass(10 * DAY);
    let supervisor = world.person(Role::Supervisor).await;
    let due = format!("{all}?review_due=true");
    assert_eq!(
        supervisor.get(&due).await.ok()["items"][0]["review_due"],
        true
    );
    let review = json!({"remark": "仍有来电", "review_after_days": 60});
    supervisor.post(&command("review"), review).await.ok();
    assert_eq!(supervisor.get(&due).await.ok()["items"], json!([]));
    world.pass(20 * DAY);
    let agent = world.person(Role::Agent).await;
    assert_eq!(agent.get(&seen).await.ok()["flag"], Value::Null);
    let events = supervisor_events(&world, &proposed).await;
    assert_eq!(events, ["proposed", "granted", "reviewed"]);
}

async fn supervisor_events(world: &World, flag: &Value) -> Vec<String> {
    let supervisor = world.person(Role::Supervisor).await;
    let id = flag["id"].as_str().unwrap();
    let path = format!("/api/v1/flagged_numbers/{id}/events");
    let events = supervisor.get(&path).await.ok();
    let names = events["items"].as_array().unwrap().iter();
    names
        .map(|event| event["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn demands_of_a_period_are_counted_and_refusals_drawn() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    let demand = json!({
        "title": "路灯不亮", "content": "晚上漆黑一片", "kind": "complaint",
        "petitioner": {"name": "王女士", "phone": NUMBER, "applicant": "enterprise", "secrecy": false},
    });
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let opened = agent.post("/api/v1/tickets", demand.clone()).await.ok();
        tickets.push(opened["id"].as_str().unwrap().to_owned());
    }
    let refuse = json!({"ground": {"code": "outside_jiangsu", "hotline": "上海12345"}, "explanation": "请拨打上海12345"});
    for ticket in &tickets[..2] {
        let path = format!("/api/v1/tickets/{ticket}/commands/refuse");
        agent.post(&path, refuse.clone()).await.ok();
    }
    let lead = world.person(Role::TeamLead).await;
    let counted = lead.get("/api/v1/statistics").await.ok();
    let figures = &counted["figures"];
    assert_eq!(figures.as_array().unwrap().len(), 1, "{figures}");
    assert_eq!(figures[0]["applicant"], "enterprise");
    assert_eq!(figures[0]["demands"], 3);
    assert_eq!(figures[0]["refused"], json!([2, 0, 0, 0, 0, 0]));
    let one = lead
        .get("/api/v1/refusals/sample?ground=1&limit=1")
        .await
        .ok();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let drawn = one["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(tickets[..2].contains(&drawn));
    let no = lead.get("/api/v1/refusals/sample?ground=7").await;
    assert_eq!(no.problem()["code"], "invalid_ground");
    let no = agent.get("/api/v1/statistics").await;
    assert_eq!(no.refusal(), (403, "forbidden".to_owned()));
}
