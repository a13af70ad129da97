//! What is sealed or restricted is kept from whoever may not see it, by whatever id or list they ask: every route of the
//! table, walked by every role, beside an open ticket of which the same is asked.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use hotline::domain::call::{Cdr, Direction, Termination, TerminationResult};
use hotline::domain::disposition::{Disposition, LaneEntry};
use hotline::domain::id::{CallId, RecordingId, TicketId, Username};
use hotline::domain::staff::{By, Organisation, Role};
use hotline::domain::ticket::{Command, Rating};
use hotline::storage::recordings::RecordingRow;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tickets::{command, demand};
use crate::world::{Person, Reply, UNIT, World};

const LANE: &str = "business";

/// A closed ticket with everything there can be beside one. By the beginning of a path: what its id is.
struct Told {
    title: String,
    number: String,
    ticket: String,
    ids: BTreeMap<&'static str, String>,
    /// For the other places in paths.
    places: BTreeMap<&'static str, String>,
}

/// Paths with an id that is not a ticket's matter, or asks the ticket itself when it becomes one.
const OTHERS: [&str; 5] = [
    "/api/v1/calls/{id}",
    "/api/v1/contacts/{id}",
    "/api/v1/messages/quarantine/{id}",
    "/api/v1/conference/items/{id}",
    "/api/v1/tokens/{id}",
];

/// What is not there, or no longer there, for the open ticket either.
const NOT_THERE: [(&str, &str); 2] = [
    // It came by telephone.
    ("GET", "/api/v1/tickets/{id}/origin"),
    // The first who is asked takes it away.
    ("DELETE", "/api/v1/recordings/{id}/marks/{mark}"),
];

impl Told {
    async fn of(world: &World, title: &str, lane: Option<&str>) -> Self {
        let lead = world.person(Role::TeamLead).await;
        let supervisor = world.person(Role::Supervisor).await;
        let unit = world.person(Role::UnitHandler).await;
        let mut what = demand();
        what["title"] = title.into();
        let new = lead.post("/api/v1/tickets", what).await.ok();
        let ticket = new["id"].as_str().unwrap().to_owned();
        if let Some(lane) = lane {
            command(&lead, &ticket, "enter_lane", json!({"lane": lane})).await;
        }
        let photo = format!("/api/v1/tickets/{ticket}/attachments?name=a.jpg&purpose=demand");
        let photo = lead.raw(Method::POST, &photo, false, &b"\xFF\xD8\xFF\xE0 a lamp"[..]);
        let photo = id_in(&photo.await);
        command(&lead, &ticket, "dispatch", json!({"lead": UNIT})).await;

        let made =
            async |person: &Person<'_>, path: &str, body: Value| person.post(path, body).await.ok();
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        let case = json!({"ticket": ticket, "level": "supervise", "reason": title});
        let case = made(&supervisor, "/api/v1/supervision", case).await;
        let callout = format!("/api/v1/tickets/{ticket}/callout");
        let callout = made(&lead, &callout, json!({"reason": title})).await;
        let member = id(&made(&lead, "/api/v1/tickets", demand()).await);
        let cluster =
            json!({"title": title, "kind": "same_event", "lead": member, "members": [ticket]});
        let cluster = made(&lead, "/api/v1/clusters", cluster).await;
        let entry = json!({"ground": "other", "ticket": ticket, "unit": UNIT, "facts": title, "evidence": "时间线"});
        let entry = made(&supervisor, "/api/v1/accountability", entry).await;
        let hold = json!({"held": {"ticket": ticket}, "reason": title});
        let hold = made(&supervisor, "/api/v1/holds", hold).await;
        let mark = format!("/api/v1/tickets/{ticket}/marks/assigned");
        supervisor.put(&mark, json!({"reason": title})).await.ok();
        let recording = recorded(world, &ticket).await;
        let mark = format!("/api/v1/recordings/{recording}/marks");
        let mark = made(&lead, &mark, json!({"offset_ms": 0, "text": title})).await;

        command(&unit, &ticket, "acknowledge", json!({})).await;
        let text = json!({"text": "已更换灯泡", "no_contact_reason": "电话无人接听"});
        command(&unit, &ticket, "reply", text).await;
        let reviewer = world.person(Role::Reviewer).await;
        command(&reviewer, &ticket, "review", json!({"outcome": "passed"})).await;
        let unhappy = Command::SurveyAnswered {
            rating: Rating::Dissatisfied,
        };
        let key: TicketId = ticket.parse().unwrap();
        let rules = world.rules.now();
        let answered = world
            .storage
            .command(world.now(), By::Server, key, unhappy, &rules, None);
        answered.await.unwrap();

        let first = async |path: String, person: &Person<'_>| {
            let list = person.get(&path).await.ok();
            let about = |item: &&Value| item["ticket_id"] == ticket.as_str();
            id(list["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(about)
                .unwrap())
        };
        let revisit = first(format!("/api/v1/revisits?ticket={ticket}"), &supervisor).await;
        let notice = first("/api/v1/unit_notices".to_owned(), &unit).await;
        Self {
            title: title.to_owned(),
            number: new["number"].as_str().unwrap().to_owned(),
            ids: BTreeMap::from([
                ("/api/v1/tickets/{id}", ticket.clone()),
                ("/api/v1/supervision/{id}", id(&case)),
                ("/api/v1/revisits/{id}", revisit),
                ("/api/v1/callouts/{id}", id(&callout)),
                ("/api/v1/clusters/{id}", id(&cluster)),
                ("/api/v1/accountability/{id}", id(&entry)),
                ("/api/v1/holds/{id}", id(&hold)),
                ("/api/v1/unit_notices/{id}", notice),
                ("/api/v1/recordings/{id}", recording),
            ]),
            places: BTreeMap::from([
                ("{attachment}", photo),
                ("{category}", "assigned".to_owned()),
                ("{mark}", id(&mark)),
                ("{serial}", case["notices"][0]["serial"].to_string()),
            ]),
            ticket,
        }
    }

    /// The path with this ticket's things in its places.
    fn filled(&self, path: &str, command: &str) -> String {
        let of = self.ids.iter().find(|(named, _)| path.starts_with(**named));
        let (_, id) = of.unwrap_or_else(|| panic!("what is the id in {path}?"));
        let mut filled = path.replace("{id}", id).replace("{command}", command);
        for (place, with) in &self.places {
            filled = filled.replace(place, with);
        }
        assert!(!filled.contains('{'), "{filled}");
        filled
    }

    /// What `text` tells of it.
    fn told_in<'s>(&'s self, text: &str, also_its_id: bool) -> Vec<&'s str> {
        let mut words = vec![self.title.as_str(), self.number.as_str()];
        if also_its_id {
            words.push(&self.ticket);
        }
        words.retain(|word| text.contains(*word));
        words
    }
}

fn id_in(reply: &Reply) -> String {
    reply.ok()["id"].as_str().unwrap().to_owned()
}

/// A finished call of the ticket, recorded.
async fn recorded(world: &World, ticket: &str) -> String {
    let now = world.now();
    let n = u128::from(
        ticket
            .bytes()
            .fold(0u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)),
    );
    let (call, recording) = (CallId(Uuid::from_u128(n)), RecordingId(Uuid::from_u128(n)));
    let cdr = Cdr {
        id: call,
        sip_call_id: format!("{n}@carrier"),
        direction: Direction::Inbound,
        caller: "13812345678".to_owned(),
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
        recording_id: Some(recording),
        contact_id: None,
        ticket_id: Some(ticket.parse().unwrap()),
        three_way: false,
    };
    world.storage.call_written(cdr).await.unwrap();
    let row = RecordingRow {
        id: recording,
        call,
        started_at: now,
        ended_at: now,
        duration_ms: 1000,
        manifest_sha256: "00".repeat(32),
        manifest: json!({"parties": [], "files": [{"name": format!("{recording}.wav"), "bytes": 4, "sha256": "ab".repeat(32)}]}),
    };
    world.storage.recording_finished(row).await.unwrap();
    let mut files = world.shelf.files.lock().unwrap();
    files.insert((recording, None), Bytes::from_static(b"RIFF"));
    recording.to_string()
}

struct Route {
    method: Method,
    path: String,
    roles: Vec<Role>,
    /// The first of its commands, where it has any.
    command: String,
}

async fn routes(world: &World) -> Vec<Route> {
    let document = world.nobody().get("/api/openapi.json").await.ok();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let roles = operation["x-roles"].as_array().unwrap();
            let parameters = operation["parameters"].as_array();
            let commands = parameters
                .into_iter()
                .flatten()
                .find(|p| p["name"] == "command");
            let commands = commands
                .and_then(|p| p["description"].as_str())
                .unwrap_or_default();
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                roles: Role::ALL
                    .into_iter()
                    .filter(|role| roles.contains(&role.code().into()))
                    .collect(),
                command: commands
                    .split([',', ' '])
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            });
        }
    }
    routes
}

async fn world() -> World {
    let world = World::new().await;
    let file = Organisation {
        disposition: Disposition {
            lanes: vec![LaneEntry {
                code: LANE.to_owned(),
                name: "营商环境投诉举报专席".to_owned(),
                queue: None,
                unit: None,
                rules: None,
                restricted: true,
                key_supervision: false,
                statistics: LANE.to_owned(),
            }],
            ..Disposition::default()
        },
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    world
        .rules
        .replace(world.storage.rules("江苏12345").await.unwrap());
    let line = json!({"person": "刘洋", "phone": "13900008701", "when": "Mon-Sun 00:00-24:00"});
    let head = world.person(Role::UnitHead).await;
    let path = format!("/api/v1/units/{UNIT}/duty");
    let roster = head.put(&path, json!({"lines": [line]})).await;
    assert_eq!(roster.status, 204);
    let placed = (CallId(Uuid::from_u128(1)), RecordingId(Uuid::from_u128(2)));
    *world.floor.places.lock().unwrap() = Some(placed);
    world
}

/// Every route with an id, by every role from which `secret` is kept: nothing there, while of `open` there is.
async fn walk_ids(world: &World, open: &Told, secret: &Told, sees: fn(Role) -> bool) -> usize {
    let mut walked = 0;
    for route in routes(world).await {
        let other = OTHERS.iter().any(|other| route.path.starts_with(other));
        if !route.path.contains("{id}") || other {
            continue;
        }
        for role in route.roles.iter().filter(|role| !sees(**role)) {
            let person = world.person(*role).await;
            let asked = async |of: &Told| {
                let path = of.filled(&route.path, &route.command);
                person.open(route.method.clone(), &path).await.status()
            };
            let what = format!("{} {} {}", role.code(), route.method, route.path);
            assert_eq!(asked(secret).await, StatusCode::NOT_FOUND, "{what}");
            // It was an agent's call.
            let others = *role == Role::Revisitor && route.path.starts_with("/api/v1/recordings");
            if !others && !NOT_THERE.contains(&(route.method.as_str(), &*route.path)) {
                let status = asked(open).await;
                assert!(
                    !matches!(status.as_u16(), 403 | 404 | 500..),
                    "{what}: {status}"
                );
            }
            walked += 1;
        }
    }
    walked
}

/// Every list: who may not see `secret` finds nothing of it, a supervisor does.
async fn walk_lists(world: &World, secret: &Told, sees: fn(Role) -> bool) -> Vec<String> {
    let mut shown = Vec::new();
    for route in routes(world).await {
        let endless = matches!(&*route.path, "/api/v1/live" | "/sip");
        if route.method != Method::GET || route.path.contains('{') || endless {
            continue;
        }
        // A call's record and the trail of deeds name a ticket; they tell nothing of what it says.
        let names_only = matches!(&*route.path, "/api/v1/calls" | "/api/v1/audit");
        for role in route.roles.iter() {
            let list = world.person(*role).await.get(&route.path).await;
            let text = String::from_utf8_lossy(&list.body).into_owned();
            let told = secret.told_in(&text, !names_only);
            if *role == Role::Supervisor && !told.is_empty() {
                shown.push(route.path.clone());
            } else if !sees(*role) {
                assert_eq!(told, [""; 0], "{} {}", role.code(), route.path);
            }
        }
    }
    shown
}

const LISTS: [&str; 7] = [
    "/api/v1/accountability",
    "/api/v1/callouts",
    "/api/v1/clusters",
    "/api/v1/holds",
    "/api/v1/key-marks",
    "/api/v1/revisits",
    "/api/v1/supervision",
];

#[tokio::test]
async fn what_is_sealed_is_found_by_no_other_id_and_in_no_list() {
    let world = world().await;
    let open = Told::of(&world, "路灯不亮一事", None).await;
    let secret = Told::of(&world, "不可外传一事", None).await;
    let supervisor = world.person(Role::Supervisor).await;
    command(
        &supervisor,
        &secret.ticket,
        "seal",
        json!({"kind": "privacy"}),
    )
    .await;
    let sees = |role| role == Role::Supervisor;
    assert!(walk_ids(&world, &open, &secret, sees).await > 150);
    let shown = walk_lists(&world, &secret, sees).await;
    assert!(
        LISTS
            .iter()
            .all(|list| shown.iter().any(|path| path == list)),
        "{shown:?}"
    );

    // Nor does anybody reach for it from outside.
    let lead = world.person(Role::TeamLead).await;
    let auditor = world.person(Role::Auditor).await;
    let taken =
        json!({"held": {"recording": secret.ids["/api/v1/recordings/{id}"]}, "reason": "x"});
    assert_eq!(auditor.post("/api/v1/holds", taken).await.refusal().0, 404);
    let taken = json!({"held": {"ticket": secret.ticket}, "reason": "x"});
    assert_eq!(auditor.post("/api/v1/holds", taken).await.refusal().0, 404);
    let fresh = lead.post("/api/v1/tickets", demand()).await;
    let with = json!({"title": "x", "kind": "same_event", "lead": id_in(&fresh), "members": [secret.ticket]});
    let refused = lead.post("/api/v1/clusters", with).await.refusal();
    assert_eq!(refused, (409, "no_such_ticket".to_owned()));
}

#[tokio::test]
async fn what_is_restricted_is_kept_from_the_desk_in_the_same_ways() {
    let world = world().await;
    let open = Told::of(&world, "路灯不亮一事", None).await;
    let secret = Told::of(&world, "不可外传一事", Some(LANE)).await;
    let sees = |role| !matches!(role, Role::Agent | Role::Revisitor | Role::Analyst);
    assert!(walk_ids(&world, &open, &secret, sees).await > 40);
    let shown = walk_lists(&world, &secret, sees).await;
    assert!(
        LISTS
            .iter()
            .all(|list| shown.iter().any(|path| path == list)),
        "{shown:?}"
    );
}
