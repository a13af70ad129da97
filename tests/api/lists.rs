//! Every list is read to its end by pages of one: nothing twice, nothing left out, also where all began at the same instant.

use std::time::Duration;

use hotline::domain::id::TicketId;
use hotline::domain::staff::{By, Role};
use hotline::domain::ticket;
use hotline::domain::watch::Policy;
use hotline::jobs::{Job as _, Watcher};
use serde_json::json;

use crate::clocks::{at_the_end_of_2026, recount};
use crate::desks::cdr;
use crate::duty::at_night;
use crate::sms::{accepts, called_back, provider, read_callbacks, use_gateway};
use crate::tickets::{closed, registered};
use crate::world::{Person, UNIT, World};

/// More pages than anything here has.
const ENDLESS: usize = 200;

/// Reads a list whole and one by one; both are the same, at least two items.
async fn reads_alike(person: &Person<'_>, path: &str) {
    let and = if path.contains('?') { '&' } else { '?' };
    let whole = person.get(&format!("{path}{and}limit=100")).await.ok();
    let whole = whole["items"].as_array().unwrap().clone();
    assert!(whole.len() >= 2, "{path} has too little to page: {whole:?}");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..ENDLESS {
        let page = person
            .get(&format!("{path}{and}limit=1{cursor}"))
            .await
            .ok();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, whole, "{path}");
}

/// Three of everything a ticket can lead to, all within one instant.
async fn furnished(world: &World) {
    let supervisor = world.person(Role::Supervisor).await;
    let mut tickets = Vec::new();
    for n in 1..=3 {
        let id = closed(world).await;
        let dissatisfied = ticket::Command::SurveyAnswered {
            rating: ticket::Rating::Dissatisfied,
        };
        let ticket: TicketId = id.parse().unwrap();
        world
            .storage
            .command(
                world.now(),
                By::Server,
                ticket,
                dissatisfied,
                &world.rules.now(),
                None,
            )
            .await
            .unwrap();
        let case = json!({"ticket": id, "level": "track", "reason": "跟踪", "unit": UNIT});
        supervisor.post("/api/v1/supervision", case).await.ok();
        let entry = json!({"ground": "other", "ticket": id, "unit": UNIT, "facts": "未落实", "evidence": "时间线"});
        supervisor.post("/api/v1/accountability", entry).await.ok();
        let hold = json!({"held": {"ticket": id}, "reason": "行政复议"});
        supervisor.post("/api/v1/holds", hold).await.ok();
        let mark = json!({"reason": "晚报报道", "link": "https://example.com/a"});
        let path = format!("/api/v1/tickets/{id}/marks/assigned");
        supervisor.put(&path, mark).await.ok();
        let item = json!({"agenda": "热线整合进度", "held_at": "2025-01-24T15:00:00+08:00"});
        supervisor.post("/api/v1/conference/items", item).await.ok();
        world
            .storage
            .call_written(cdr(n, world.now(), 1_000, None))
            .await
            .unwrap();
        tickets.push(id);
    }
    for _ in 0..2 {
        let (lead, member) = (registered(world).await, registered(world).await);
        let body =
            json!({"title": "路灯", "kind": "same_event", "lead": lead, "members": [member]});
        supervisor.post("/api/v1/clusters", body).await.ok();
    }
}

#[tokio::test]
async fn every_list_is_read_to_its_end_one_by_one() {
    let world = World::new().await;
    furnished(&world).await;
    let watcher = Watcher {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        policy: Policy::default(),
    };
    // What is not quite still is not looked at yet.
    world.pass(Duration::from_secs(60));
    watcher.run_once(world.now()).await.unwrap();
    let supervisor = world.person(Role::Supervisor).await;
    for path in [
        "/api/v1/accountability",
        "/api/v1/calls",
        "/api/v1/clusters",
        "/api/v1/conference/items",
        "/api/v1/findings",
        "/api/v1/holds",
        "/api/v1/key-marks",
        "/api/v1/revisits",
        "/api/v1/supervision",
        "/api/v1/tickets",
        "/api/v1/tickets?q=路灯",
        "/api/v1/tickets?view=dispatch",
    ] {
        reads_alike(&supervisor, path).await;
    }
    let unit = world.person(Role::UnitHandler).await;
    reads_alike(&unit, "/api/v1/unit_notices").await;
    reads_alike(&unit, "/api/v1/tickets").await;
    reads_alike(&world.person(Role::Auditor).await, "/api/v1/audit").await;
}

#[tokio::test]
async fn what_a_notice_moved_is_read_to_its_end() {
    let world = World::new().await;
    at_the_end_of_2026(&world).await;
    let admin = world.person(Role::Admin).await;
    let notice = json!({"year": 2027, "title": "国办发明电〔2026〕9号", "off": ["2027-01-01"]});
    let published = admin.post("/api/v1/calendar_changes", notice).await.ok();
    recount(&world).await;
    let revision = &published["revision"];
    reads_alike(
        &admin,
        &format!("/api/v1/calendar_changes/{revision}/moved"),
    )
    .await;
}

#[tokio::test]
async fn callouts_are_read_to_their_end() {
    let (world, id) = at_night().await;
    let lead = world.person(Role::TeamLead).await;
    for _ in 0..2 {
        let path = format!("/api/v1/tickets/{id}/callout");
        let started = lead.post(&path, json!({"reason": "主管道爆裂"})).await.ok();
        let path = format!(
            "/api/v1/callouts/{}/commands/cancel",
            started["id"].as_str().unwrap()
        );
        lead.post(&path, json!({"reason": "已到场"})).await.ok();
    }
    reads_alike(&lead, "/api/v1/callouts").await;
}

#[tokio::test]
async fn what_nobody_understood_is_read_to_its_end() {
    let world = World::new().await;
    let (url, _) = provider(accepts()).await;
    use_gateway(&world, &url).await;
    for n in 0..3 {
        let body = json!({"id": format!("r-{n}"), "from": "anonymous", "text": "1"});
        called_back(&world, "reply", body).await;
    }
    assert_eq!(read_callbacks(&world).await.done, 3);
    reads_alike(
        &world.person(Role::TeamLead).await,
        "/api/v1/messages/quarantine",
    )
    .await;
}
