//! Off-hours duty over HTTP: a burst main at night, and whoever is on the roster is called until somebody has it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hotline::domain::call::wish::{CallRefusal, Granted, Purpose, Wish};
use hotline::domain::id::{CallId, RecordingId};
use hotline::domain::organisation::Lack;
use hotline::domain::staff::Role;
use hotline::jobs::{CallOuts, DutyGaps, Job, Pending, Telephone};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tickets::{command, registered};
use crate::world::{OTHER_UNIT, UNIT, World};

/// The telephone side, played: remembers who was rung.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<Vec<String>>,
    sick: Mutex<bool>,
}

impl Telephone for Bell {
    fn place(&self, wish: Wish) -> Pending<'_, Result<Granted, CallRefusal>> {
        let answer = match wish {
            Wish::PlaceCall {
                to,
                by,
                purpose: Purpose::Duty { .. },
            } if !*self.sick.lock().unwrap() => {
                let line = format!("{} for {}", to.as_str(), by.username);
                self.rung.lock().unwrap().push(line);
                Ok(Granted::Placed {
                    call: CallId(Uuid::from_u128(1)),
                    recording: RecordingId(Uuid::from_u128(2)),
                })
            }
            _ => Err(CallRefusal::NoPhone),
        };
        Box::pin(async move { answer })
    }
}

/// One minute after the other, the job looks at the clock.
pub(crate) async fn minutes(world: &World, bell: &Arc<Bell>, n: u64) {
    let job = CallOuts {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        telephone: bell.clone(),
    };
    job.run_once(world.now()).await.unwrap();
    for _ in 0..n {
        world.pass(Duration::from_secs(60));
        job.run_once(world.now()).await.unwrap();
    }
}

fn roster() -> Value {
    json!({"lines": [{"person": "刘洋", "phone": "13900008701", "when": "Mon-Sun 00:00-24:00",
        "deputy": {"person": "张伟", "phone": "13900008702"}}]})
}

pub(crate) async fn at_night() -> (World, String) {
    let world = World::new().await;
    // 22:00, a Friday.
    world.pass(Duration::from_secs(13 * 3600));
    let head = world.person(Role::UnitHead).await;
    let path = format!("/api/v1/units/{UNIT}/duty");
    assert_eq!(head.put(&path, roster()).await.status, 204);
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    (world, id)
}

#[tokio::test]
async fn those_on_duty_are_rung_and_texted_in_turn_until_one_of_them_has_it() {
    let (world, id) = at_night().await;
    let lead = world.person(Role::TeamLead).await;
    let path = format!("/api/v1/tickets/{id}/callout");
    let started = lead.post(&path, json!({"reason": "主管道爆裂"})).await.ok();
    assert_eq!(started["stage"]["stage"], "calling");
    assert_eq!(started["unit"], UNIT);
    let bell = Arc::new(Bell::default());
    minutes(&world, &bell, 4).await;
    let rung = bell.rung.lock().unwrap().clone();
    assert_eq!(
        rung,
        ["13900008701 for team_lead", "13900008702 for team_lead"]
    );
    let messages = lead
        .get(&format!("/api/v1/tickets/{id}/messages"))
        .await
        .ok();
    assert_eq!(messages["items"].as_array().unwrap().len(), 2);

    let callout = started["id"].as_str().unwrap();
    let unit = world.person(Role::UnitHandler).await;
    let path = format!("/api/v1/callouts/{callout}/commands/acknowledge");
    let done = unit.post(&path, json!({"person": "张伟"})).await.ok();
    assert_eq!(done["stage"]["how"], "page");
    minutes(&world, &bell, 10).await;
    assert_eq!(
        bell.rung.lock().unwrap().len(),
        2,
        "nobody is called any more"
    );

    let auditor = world.person(Role::Auditor).await;
    let path = format!("/api/v1/callouts/{callout}/events");
    let log = auditor.get(&path).await.ok();
    let names: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "started",
            "called",
            "rang",
            "passed",
            "called",
            "rang",
            "acknowledged"
        ]
    );
    assert!(
        !log.to_string().contains("13900008701"),
        "an auditor sees masked numbers"
    );
}

#[tokio::test]
async fn without_a_phone_the_messages_go_out_all_the_same_and_nobody_answering_is_escalated() {
    let (world, id) = at_night().await;
    let lead = world.person(Role::TeamLead).await;
    let path = format!("/api/v1/tickets/{id}/callout");
    lead.post(&path, json!({"reason": "主管道爆裂"})).await.ok();
    let bell = Arc::new(Bell::default());
    *bell.sick.lock().unwrap() = true;
    minutes(&world, &bell, 13).await;
    let listed = lead.get("/api/v1/callouts?stage=escalated").await.ok();
    assert_eq!(listed["items"][0]["stage"]["why"], "nobody_answered");
    let messages = lead
        .get(&format!("/api/v1/tickets/{id}/messages"))
        .await
        .ok();
    assert_eq!(messages["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_unit_publishes_its_own_roster_only_and_a_bad_line_is_refused() {
    let world = World::new().await;
    let head = world.person(Role::UnitHead).await;
    let theirs = format!("/api/v1/units/{OTHER_UNIT}/duty");
    assert_eq!(head.put(&theirs, roster()).await.refusal().0, 404);
    let own = format!("/api/v1/units/{UNIT}/duty");
    let mut bad = roster();
    bad["lines"][0]["when"] = "always".into();
    assert_eq!(
        head.put(&own, bad).await.refusal(),
        (422, "invalid_duty".to_owned())
    );
    assert_eq!(head.put(&own, roster()).await.status, 204);
    let read = head.get(&own).await.ok();
    assert_eq!(read["lines"][0]["deputy"]["person"], "张伟");
    let on_duty = json!([
        {"person": "刘洋", "phone": "13900008701", "deputy": false},
        {"person": "张伟", "phone": "13900008702", "deputy": true},
    ]);
    assert_eq!(read["on_duty"], on_duty);
    let auditor = world.person(Role::Auditor).await;
    assert_eq!(
        auditor.get(&own).await.ok()["lines"][0]["phone"],
        "139****8701"
    );
}

#[tokio::test]
async fn a_closed_hour_without_duty_is_listed_before_it_begins() {
    let world = World::new().await;
    let job = DutyGaps {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
    };
    job.run_once(world.now()).await.unwrap();
    let lead = world.person(Role::TeamLead).await;
    let gaps = lead.get("/api/v1/duty/gaps").await.ok();
    let first = &gaps["items"][0];
    assert_eq!(
        first["from"], "2025-01-24T12:00:00.000+08:00",
        "the lunch of that Friday"
    );
    let head = world.person(Role::UnitHead).await;
    let path = format!("/api/v1/units/{UNIT}/duty");
    head.put(&path, roster()).await;
    world.pass(Duration::from_secs(300));
    job.run_once(world.now()).await.unwrap();
    let own = head.get("/api/v1/duty/gaps").await.ok();
    assert_eq!(own["items"], json!([]));
    let all = lead.get("/api/v1/duty/gaps").await.ok();
    assert!(
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|gap| gap["unit"] == OTHER_UNIT)
    );
}

#[tokio::test]
async fn what_article_7_asks_is_listed_where_it_lacks_and_units_are_asked_as_of_a_day() {
    let world = World::new().await;
    let head = world.person(Role::UnitHead).await;
    let lacks = head.get("/api/v1/lacks").await.ok();
    assert_eq!(
        lacks["items"].as_array().unwrap().len(),
        1,
        "a unit sees its own"
    );
    assert_eq!(
        lacks["items"][0]["lacks"],
        json!(["process", "sign", "handle", "review", "duty"])
    );
    // Since when, once somebody looked.
    assert_eq!(lacks["items"][0]["since"], json!({}));
    let lacking = [(UNIT.into(), Lack::Process)].into();
    world
        .storage
        .keep_lacks(world.now(), lacking)
        .await
        .unwrap();
    let lacks = head.get("/api/v1/lacks").await.ok();
    assert_eq!(
        lacks["items"][0]["since"],
        json!({"process": world.now()}),
        "the rest was not seen yet"
    );
    let unit = head.get(&format!("/api/v1/units/{UNIT}")).await.ok();
    assert_eq!(unit["successor"], UNIT);
    let then = head
        .get("/api/v1/units?as_of=1999-01-01T00:00:00Z")
        .await
        .ok();
    assert_eq!(then["items"].as_array().unwrap().len(), 3);
    assert_eq!(head.get("/api/v1/units/nobody").await.status, 404);
}

/// From a ticket, from the event it is one of, and by their names.
async fn items_are_found_from_what_they_link(world: &World, item: &str) {
    let office = world.person(Role::Supervisor).await;
    let wish = |name: &str| format!("/api/v1/conference/items/{item}/commands/{name}");
    let (lead, member, other) = (
        registered(world).await,
        registered(world).await,
        registered(world).await,
    );
    let body = json!({"title": "路灯", "kind": "same_event", "lead": lead, "members": [member]});
    let cluster = office.post("/api/v1/clusters", body).await.ok()["id"].clone();
    let nothing = json!({"cluster": uuid::Uuid::from_u128(9)});
    assert_eq!(
        office.post(&wish("link_cluster"), nothing).await.refusal(),
        (409, "contradiction".to_owned())
    );
    let nothing = json!({"ticket": uuid::Uuid::from_u128(9)});
    assert_eq!(
        office.post(&wish("link_ticket"), nothing).await.refusal().0,
        404
    );
    let link = json!({"cluster": cluster});
    let linked = office.post(&wish("link_cluster"), link).await.ok();
    assert_eq!(linked["links"][cluster.as_str().unwrap()], "路灯");
    let link = json!({"ticket": other});
    let linked = office.post(&wish("link_ticket"), link).await.ok();
    assert!(linked["links"][&other].is_string());
    let unlinked = registered(world).await;
    let cluster = cluster.as_str().unwrap().to_owned();
    for (asked, found) in [
        (format!("ticket={member}"), 1),
        (format!("ticket={other}"), 1),
        (format!("ticket={unlinked}"), 0),
        (format!("cluster={cluster}"), 1),
        (format!("cluster={}", uuid::Uuid::from_u128(9)), 0),
    ] {
        let path = format!("/api/v1/conference/items?{asked}");
        let items = office.get(&path).await.ok();
        assert_eq!(items["items"].as_array().unwrap().len(), found, "{asked}");
    }
}

#[tokio::test]
async fn what_the_conference_decided_is_followed_until_it_is_done() {
    let world = World::new().await;
    let office = world.person(Role::Supervisor).await;
    let item = json!({"agenda": "热线整合进度", "held_at": "2025-01-24T15:00:00+08:00"});
    let entered = office.post("/api/v1/conference/items", item).await.ok();
    let id = entered["id"].as_str().unwrap();
    let wish = |name: &str| format!("/api/v1/conference/items/{id}/commands/{name}");
    let due = "2025-01-27T18:00:00+08:00";
    let nobody = json!({"decision": "牵头整合", "unit": "nobody", "due": due});
    assert_eq!(
        office.post(&wish("decide"), nobody).await.refusal(),
        (422, "unknown_unit".to_owned())
    );
    let decided = json!({"decision": "牵头整合", "unit": UNIT, "due": due});
    assert_eq!(
        office.post(&wish("decide"), decided).await.ok()["overdue"],
        false
    );
    items_are_found_from_what_they_link(&world, id).await;
    world.pass(Duration::from_secs(5 * 86_400));
    let auditor = world.person(Role::Auditor).await;
    let listed = auditor
        .get("/api/v1/conference/items?stage=decided")
        .await
        .ok();
    assert_eq!(listed["items"][0]["overdue"], true);
    let office = world.person(Role::Supervisor).await;
    office
        .post(&wish("close"), json!({"evidence": "已完成"}))
        .await
        .ok();
    let own = office
        .post(&wish("check"), json!({"met": true, "finding": "属实"}))
        .await;
    assert_eq!(
        (own.refusal().1.as_str(), own.json()["article"].as_str()),
        ("not_yours", Some("4"))
    );
    let auditor = world.person(Role::Auditor).await;
    let trail = auditor
        .get("/api/v1/audit?action=conference_item")
        .await
        .ok();
    assert_eq!(trail["items"].as_array().unwrap().len(), 5);
}
