//! Merging, key matters, the ledger and holds over HTTP.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline::domain::staff::Role;
use serde_json::{Value, json};

use crate::tickets::{closed, command, registered};
use crate::world::{Person, UNIT, World};

async fn wish(person: &Person<'_>, path: &str, body: Value) -> Value {
    person.post(path, body).await.ok()
}

#[tokio::test]
async fn one_reply_is_carried_to_every_member_and_a_refusal_holds_nobody_up() {
    let world = World::new().await;
    let (a, b, c) = (
        registered(&world).await,
        registered(&world).await,
        registered(&world).await,
    );
    let agent = world.person(Role::Agent).await;
    let body = json!({"title": "路灯", "kind": "same_event", "lead": a, "members": [b, c]});
    let cluster = wish(&agent, "/api/v1/clusters", body).await;
    let id = cluster["id"].as_str().unwrap();
    let carry = |name: &str| format!("/api/v1/clusters/{id}/carry/{name}");
    // From a matter to its tickets, and from a ticket to its matter.
    let other = registered(&world).await;
    let members = agent
        .get(&format!("/api/v1/tickets?cluster={id}"))
        .await
        .ok();
    let members: BTreeSet<_> = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        members,
        BTreeSet::from([a.as_str(), b.as_str(), c.as_str()])
    );
    let of_b = agent
        .get(&format!("/api/v1/clusters?ticket={b}"))
        .await
        .ok();
    assert_eq!(of_b["items"][0]["id"], id);
    let of_other = agent
        .get(&format!("/api/v1/clusters?ticket={other}"))
        .await
        .ok();
    assert_eq!(of_other["items"], json!([]));
    // One of them is on its way already.
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &c, "dispatch", json!({"lead": UNIT})).await;
    let nowhere = lead
        .post(&carry("dispatch"), json!({"lead": "nobody"}))
        .await;
    assert_eq!(nowhere.refusal(), (422, "unknown_unit".to_owned()));
    let done = wish(&lead, &carry("dispatch"), json!({"lead": UNIT})).await;
    assert_eq!(done["granted"], json!([a, b]));
    // By name, whoever did something: who opened it, who carried.
    let names = json!({"agent": "agent", "team_lead": "team_lead"});
    assert_eq!(done["cluster"]["names"], names);
    assert_eq!(done["refused"][0]["ticket_id"], c.as_str());
    assert_eq!(done["refused"][0]["code"], "wrong_stage");

    let unit = world.person(Role::UnitHandler).await;
    wish(&unit, &carry("acknowledge"), json!({})).await;
    let reply = json!({"text": "已统一修复", "no_contact_reason": "同一事件统一答复"});
    wish(&unit, &carry("reply"), reply).await;
    let reviewer = world.person(Role::Reviewer).await;
    let done = wish(&reviewer, &carry("review"), json!({"outcome": "passed"})).await;
    assert_eq!(done["granted"].as_array().unwrap().len(), 3);
    for ticket in [a, b, c] {
        let messages = lead
            .get(&format!("/api/v1/tickets/{ticket}/messages"))
            .await
            .ok();
        assert_eq!(
            messages["items"].as_array().unwrap().len(),
            1,
            "{ticket} has its own survey"
        );
        let steps = lead
            .get(&format!("/api/v1/tickets/{ticket}/steps"))
            .await
            .ok();
        assert_eq!(steps["missing"], json!([]));
    }
    let chain = agent
        .get(&format!("/api/v1/clusters/{id}/events"))
        .await
        .ok();
    assert_eq!(chain["items"].as_array().unwrap().len(), 5);
    // What is no command of all is none.
    let void = lead.post(&carry("void"), json!({"reason": "x"})).await;
    assert_eq!(void.status, 404);
    assert_eq!(world.storage.check(world.now()).await.unwrap(), []);
}

#[tokio::test]
async fn media_reports_are_marked_by_hand_with_their_link() {
    let world = World::new().await;
    let id = registered(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let path = format!("/api/v1/tickets/{id}/marks/assigned");
    let bad = json!({"reason": "报道", "link": "javascript:alert(1)"});
    assert_eq!(
        supervisor.put(&path, bad).await.refusal(),
        (422, "invalid_link".to_owned())
    );
    let empty = supervisor.put(&path, json!({"reason": " "})).await;
    assert_eq!(empty.json()["article"], "25");
    let mark = json!({"reason": "晚报报道", "link": "https://example.com/a"});
    supervisor.put(&path, mark).await.ok();
    let listed = supervisor
        .get("/api/v1/key-marks?category=assigned")
        .await
        .ok();
    assert_eq!(listed["items"][0]["ticket_id"], id.as_str());
    let shown = supervisor
        .get(&format!("/api/v1/tickets/{id}/marks"))
        .await
        .ok();
    assert_eq!(shown["by_hand"][0]["link"], "https://example.com/a");
    let gone = supervisor
        .ask(axum::http::Method::DELETE, &path, None)
        .await;
    assert_eq!(gone.status, 204);
    let auditor = world.person(Role::Auditor).await;
    let trail = auditor
        .get(&format!("/api/v1/audit?object={id}"))
        .await
        .ok();
    let deeds: Vec<_> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deed| deed["action"].as_str().unwrap())
        .collect();
    assert_eq!(deeds, ["key_unmarked", "key_marked"]);
}

#[tokio::test]
async fn the_ledger_takes_a_second_pair_of_eyes() {
    let world = World::new().await;
    let ticket = closed(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let entry = json!({"ground": "other", "ticket": ticket, "unit": UNIT, "person": "承办科长",
        "leaders": ["分管局长"], "facts": "多次承诺未落实", "evidence": "时间线"});
    let recorded = wish(&supervisor, "/api/v1/accountability", entry.clone()).await;
    assert_eq!(
        (&recorded["article"], &recorded["approved"]),
        (&json!("28(7)"), &Value::Null)
    );
    let id = recorded["id"].as_str().unwrap();
    let path = format!("/api/v1/accountability/{id}/commands/decide");
    let own = supervisor
        .post(&path, json!({"approved": true, "reason": "属实"}))
        .await;
    assert_eq!(own.refusal(), (409, "own_entry".to_owned()));
    assert_eq!(own.json()["article"], "28");
    let mut unknown = entry;
    unknown["unit"] = json!("no-such-unit");
    let refused = supervisor.post("/api/v1/accountability", unknown).await;
    assert_eq!(refused.refusal(), (409, "no_such_unit".to_owned()));
    let auditor = world.person(Role::Auditor).await;
    let ledger = auditor
        .get("/api/v1/accountability?decided=false")
        .await
        .ok();
    assert_eq!(ledger["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_auditor_holds_and_a_supervisor_lifts() {
    let world = World::new().await;
    let ticket = registered(&world).await;
    let auditor = world.person(Role::Auditor).await;
    let body = json!({"held": {"ticket": ticket}, "reason": "行政复议"});
    let hold = wish(&auditor, "/api/v1/holds", body).await;
    let id = hold["id"].as_str().unwrap();
    let path = format!("/api/v1/holds/{id}/commands/lift");
    assert_eq!(
        auditor.post(&path, json!({"reason": "x"})).await.status,
        403
    );
    let nothing = json!({"held": {"call": "00000000-0000-7000-8000-000000000000"}, "reason": "x"});
    let refused = auditor.post("/api/v1/holds", nothing).await;
    assert_eq!(refused.refusal(), (409, "nothing_to_hold".to_owned()));
    world.pass(Duration::from_secs(60));
    let supervisor = world.person(Role::Supervisor).await;
    let lifted = wish(&supervisor, &path, json!({"reason": "复议终结"})).await;
    assert_eq!(lifted["lifted_by"], "supervisor");
    let standing = supervisor.get("/api/v1/holds?standing=true").await.ok();
    assert_eq!(standing["items"], json!([]));
}
