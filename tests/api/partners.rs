//! Tickets that another platform works on, and the directory of hotlines that are not ours: over HTTP, with the other platform
//! played by a real HTTP server.

use std::time::Duration;

use axum::http::StatusCode;
use hotline::domain::disposition::{Disposition, OriginEntry, OutsideHotline};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Organisation, Role};
use hotline::domain::ticket::Rating;
use hotline::domain::ticket::intake::SourceGroup;
use hotline::jobs::{Deadlines, Job};
use serde_json::{Value, json};

use crate::intake::{
    another_platform, delivered, demand, origin, platform_that_answers, prepared, rated,
};
use crate::tickets::{PHONE, command, registered};
use crate::world::{DESK, Person, UNIT, World};

/// A hotline with Shanghai's and the police as partners, both at `url`.
async fn with_partners(url: &str) -> World {
    let world = prepared(None).await;
    let partner = |system: &str, group| OriginEntry {
        partner: true,
        ..origin(system, group, Some(url.to_owned()))
    };
    let file = Organisation {
        disposition: Disposition {
            origins: vec![
                partner("sh-12345", SourceGroup::RegionalPlatform),
                partner("js-110", SourceGroup::ProvincialService),
            ],
            ..Disposition::default()
        },
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    world
}

async fn passed_on(agent: &Person<'_>, id: &str) -> Value {
    let to = json!({"partner": "sh-12345", "reason": "事发地在上海市"});
    command(agent, id, "pass_on", to).await
}

/// The partner's machine, as an administrator lets it in.
async fn machine<'a>(world: &'a World, system: &str) -> Person<'a> {
    let admin = world.person(Role::Admin).await;
    let wish = json!({"name": system, "role": "agent", "unit": DESK, "scopes": ["intake:write"],
        "expires_at": "2026-01-01T00:00:00+08:00"});
    let made = admin.post("/api/v1/tokens", wish).await.ok();
    let secret = made["secret"].as_str().unwrap();
    world
        .nobody()
        .with("authorization", &format!("Bearer {secret}"))
}

fn word(ticket: &Value, id: &str, kind: &str, text: &str) -> Value {
    json!({"system": "sh-12345", "ticket": ticket["number"], "id": id, "kind": kind, "text": text})
}

/// Kinds of what waits at `inbox`, taken out.
fn told(inbox: &crate::intake::Inbox) -> Vec<Value> {
    let told = std::mem::take(&mut *inbox.lock().unwrap());
    told.into_iter().map(|(_, body)| body).collect()
}

fn kinds(told: &[Value]) -> Vec<&str> {
    told.iter()
        .map(|body| body["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_ticket_passed_on_is_answered_by_the_partner_and_answered_for_by_us() {
    let (url, inbox) = another_platform(1).await;
    let world = with_partners(&url).await;
    let agent = world.person(Role::Agent).await;
    let id = registered(&world).await;
    let path = format!("/api/v1/tickets/{id}/commands/pass_on");
    let nobody = json!({"partner": "nj-12345", "reason": "外省"});
    let refused = agent.post(&path, nobody).await;
    assert_eq!(refused.refusal(), (422, "unknown_partner".to_owned()));
    let ticket = passed_on(&agent, &id).await;
    // Ours all the while, with a clock and somebody who waits.
    assert_eq!(
        (&ticket["stage"], &ticket["unit"]),
        (&json!("handling"), &json!(DESK))
    );
    assert_eq!(ticket["deadlines"][0]["kind"], "handle_by");
    let waits = agent.get("/api/v1/tickets?view=follow_partner").await.ok();
    assert_eq!(waits["items"][0]["id"], id, "{waits}");

    // Away at first; then it has the ticket, once, under the same key.
    assert_eq!(delivered(&world).await, 0);
    world.pass(Duration::from_secs(120));
    assert_eq!(delivered(&world).await, 1);
    let (headers, sent) = inbox.lock().unwrap().remove(0);
    assert_eq!(headers["idempotency-key"].to_str().unwrap(), sent["id"]);
    assert_eq!(
        (&sent["kind"], &sent["ticket"], &sent["petitioner"]["phone"]),
        (&json!("passed_on"), &ticket["number"], &json!(PHONE))
    );
    assert_eq!(sent["due"], ticket["deadlines"][0]["due"]);
    let shown = agent.get(&format!("/api/v1/tickets/{id}")).await.ok();
    let words = &shown["ticket"]["intake"]["passed_on"][0]["words"];
    assert_eq!(
        (&words[0]["kind"], &words[0]["text"]),
        (&json!("received"), &json!("编号 SH-77"))
    );

    // Its result comes by machine, counts once, and is reviewed as any answer.
    let partner = machine(&world, "sh-12345").await;
    let say = async |body: Value| partner.post("/api/v1/intake/words", body).await;
    let result = word(&ticket, "w-1", "result", "上海市绿化市容局已修复");
    // Neither does a machine speak for another system, nor does another hear of the ticket.
    let mut stranger = result.clone();
    stranger["system"] = "js-110".into();
    assert_eq!(
        say(stranger.clone()).await.refusal(),
        (403, "other_system".to_owned())
    );
    let other = machine(&world, "js-110").await;
    let demand = json!({"system": "sh-12345", "origin_id": "1", "channel": "platform", "kind": "help_request",
        "title": "路灯不亮", "content": "路灯三天不亮", "petitioner": {"name": "王先生", "phone": PHONE, "applicant": "person"}});
    for (path, said) in [
        ("/api/v1/intake/words", &result),
        ("/api/v1/intake", &demand),
    ] {
        let refused = other.post(path, said.clone()).await;
        assert_eq!(refused.refusal(), (403, "other_system".to_owned()));
    }
    let unknown = other.post("/api/v1/intake/words", stranger).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(say(result.clone()).await.status, StatusCode::CREATED);
    let again = say(result).await;
    assert_eq!(
        (again.status, again.json()["new"].clone()),
        (StatusCode::OK, json!(false))
    );
    let reviewer = world.person(Role::Reviewer).await;
    let closed = command(&reviewer, &id, "review", json!({"outcome": "passed"})).await;
    assert_eq!(closed["stage"], "closed");
    let messages = agent
        .get(&format!("/api/v1/tickets/{id}/messages"))
        .await
        .ok();
    let surveys = messages["items"].as_array().unwrap();
    assert_eq!(surveys.len(), 1, "the citizen is asked: {messages}");
    let code = agent
        .get(&format!("/api/v1/tickets/{id}/query_code"))
        .await
        .ok();
    let asked = json!({"number": code["number"], "code": code["code"]});
    let seen = world
        .nobody()
        .post("/api/v1/public/ticket", asked)
        .await
        .ok();
    assert_eq!(seen["reply"], "上海市绿化市容局已修复");
    rated(&world, &id, Rating::Satisfied).await;
    assert_eq!(delivered(&world).await, 1);
    assert_eq!(kinds(&told(&inbox)), ["closed"]);
}

#[tokio::test]
async fn what_a_partner_returns_or_refuses_is_the_desks_again_and_keeps_its_promise() {
    let (url, inbox) = another_platform(0).await;
    let world = with_partners(&url).await;
    let agent = world.person(Role::Agent).await;
    let id = registered(&world).await;
    let ticket = passed_on(&agent, &id).await;
    assert_eq!(delivered(&world).await, 1);
    let promised = ticket["deadlines"][0]["due"].clone();
    let partner = machine(&world, "sh-12345").await;
    let returned = word(&ticket, "w-1", "returned", "事发地在江苏省");
    let reply = partner.post("/api/v1/intake/words", returned).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
    let back = agent.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(back["stage"], "registered");
    assert_eq!(back["deadlines"][0]["due"], promised);
    // It has no more to say of it.
    let late = word(&ticket, "w-2", "result", "已办");
    let reply = partner.post("/api/v1/intake/words", late).await;
    assert_eq!(reply.status, 404);

    // Taken back by a lead it is told so.
    passed_on(&agent, &id).await;
    assert_eq!(delivered(&world).await, 1);
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "take_back", json!({"reason": "核实为本省事项"})).await;
    assert_eq!(delivered(&world).await, 1);
    assert_eq!(
        kinds(&told(&inbox)),
        ["passed_on", "passed_on", "taken_back"]
    );
    // What comes back before it left was never there.
    let hasty = registered(&world).await;
    passed_on(&agent, &hasty).await;
    let mistaken = json!({"reason": "误选平台"});
    command(&lead, &hasty, "take_back", mistaken).await;
    delivered(&world).await;
    assert_eq!(kinds(&told(&inbox)), Vec::<&str>::new());
    let ticket = command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    assert_eq!(ticket["deadlines"][0]["due"], promised);

    // A platform that does not take it says so by HTTP.
    let (url, _) = platform_that_answers(0, StatusCode::UNPROCESSABLE_ENTITY).await;
    let world = with_partners(&url).await;
    let agent = world.person(Role::Agent).await;
    let id = registered(&world).await;
    passed_on(&agent, &id).await;
    assert_eq!(delivered(&world).await, 0);
    let back = agent.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(back["stage"], "registered");
    let said = &back["ticket"]["intake"]["passed_on"][0]["words"][0];
    assert_eq!(
        (&said["kind"], &said["text"]),
        (&json!("returned"), &json!("对方平台未接收: HTTP 422"))
    );
}

#[tokio::test]
async fn urging_and_supervision_of_it_are_told_to_the_partner() {
    let (url, inbox) = another_platform(0).await;
    let world = with_partners(&url).await;
    let agent = world.person(Role::Agent).await;
    let id = registered(&world).await;
    let ticket = passed_on(&agent, &id).await;
    delivered(&world).await;
    told(&inbox);
    let supervisor = world.person(Role::Supervisor).await;
    let case = json!({"ticket": id, "level": "supervise", "reason": "群众多次反映"});
    supervisor.post("/api/v1/supervision", case).await.ok();
    // An answer that says nothing goes back, and a limit that comes near is told.
    let partner = machine(&world, "sh-12345").await;
    let result = word(&ticket, "w-1", "result", "已转相关部门");
    partner.post("/api/v1/intake/words", result).await.ok();
    let reviewer = world.person(Role::Reviewer).await;
    let poor = json!({"outcome": "not_specific", "remark": "请说明办理情况"});
    let again = command(&reviewer, &id, "review", poor).await;
    assert_eq!(again["stage"], "handling");
    world.pass(Duration::from_secs(60 * 24 * 3600));
    let sweep = Deadlines::new(world.storage.clone(), world.rules.clone());
    sweep.run_once(world.now()).await.unwrap();
    delivered(&world).await;
    let told = told(&inbox);
    assert_eq!(kinds(&told), ["supervision", "supplement", "urge"]);
    assert_eq!(
        (&told[0]["level"], &told[0]["text"]),
        (&json!("supervise"), &json!("群众多次反映"))
    );
    assert_eq!(told[1]["text"], "请说明办理情况");
    assert_eq!(told[2]["overdue"], true);
}

#[tokio::test]
async fn only_what_the_desk_could_dispatch_is_passed_on_and_never_to_where_it_came_from() {
    let (url, _) = another_platform(0).await;
    let world = with_partners(&url).await;
    let agent = world.person(Role::Agent).await;
    let supervisor = world.person(Role::Supervisor).await;
    let refused = async |person: &Person<'_>, id: &str| {
        let to = json!({"partner": "sh-12345", "reason": "外省"});
        let path = format!("/api/v1/tickets/{id}/commands/pass_on");
        person.post(&path, to).await.refusal()
    };
    let sealed = registered(&world).await;
    command(&supervisor, &sealed, "seal", json!({"kind": "privacy"})).await;
    let no = refused(&supervisor, &sealed).await;
    assert_eq!(no, (409, "sealed".to_owned()));
    let dispatched = registered(&world).await;
    command(&agent, &dispatched, "dispatch", json!({"lead": UNIT})).await;
    let no = refused(&agent, &dispatched).await;
    assert_eq!(no, (409, "wrong_stage".to_owned()));
    let outside = registered(&world).await;
    let ground = json!({"ground": {"code": "outside_jiangsu", "hotline": "上海12345"}, "explanation": "请拨打上海12345"});
    command(&agent, &outside, "refuse", ground).await;
    let no = refused(&agent, &outside).await;
    assert_eq!(no, (409, "wrong_stage".to_owned()));
    let mut theirs = demand("SH-1");
    theirs["system"] = "sh-12345".into();
    let theirs = agent.post("/api/v1/intake", theirs).await.ok()["ticket"].clone();
    let no = refused(&agent, theirs.as_str().unwrap()).await;
    assert_eq!(no, (409, "contradiction".to_owned()));
}

#[tokio::test]
async fn what_110_sends_is_answered_to_110() {
    let (url, inbox) = another_platform(0).await;
    let world = with_partners(&url).await;
    let agent = world.person(Role::Agent).await;
    let mut body = demand("JQ-1");
    body["system"] = "js-110".into();
    body["channel"] = "police110".into();
    body["service"] = "joint_handling".into();
    let id = agent.post("/api/v1/intake", body).await.ok()["ticket"].clone();
    let id = id.as_str().unwrap();
    command(&agent, id, "answer_on_call", json!({"answer": "已处置"})).await;
    assert_eq!(delivered(&world).await, 1);
    let told = told(&inbox);
    assert_eq!(
        (&told[0]["kind"], &told[0]["origin_id"], &told[0]["answer"]),
        (&json!("result"), &json!("JQ-1"), &json!("已处置"))
    );
}

#[tokio::test]
async fn the_directory_names_the_hotline_for_what_is_not_this_provinces() {
    let world = prepared(None).await;
    let one = |code: &str, name: &str, region: &str, number: &str, purpose: &str| OutsideHotline {
        code: code.to_owned(),
        name: name.to_owned(),
        region: region.to_owned(),
        number: PhoneNumber::parse(number).unwrap(),
        purpose: purpose.to_owned(),
        partner: None,
    };
    let file = Organisation {
        disposition: Disposition {
            hotlines: vec![
                one(
                    "sh",
                    "上海12345",
                    "上海市",
                    "02112345",
                    "上海市政务服务热线",
                ),
                one(
                    "zj",
                    "浙江12345",
                    "浙江省",
                    "057112345",
                    "浙江省政务服务热线",
                ),
                one("110", "公安110", "全国", "110", "报警求助"),
            ],
            ..Disposition::default()
        },
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    let agent = world.person(Role::Agent).await;
    for (typed, found) in [
        ("", vec!["110", "sh", "zj"]),
        ("%E4%B8%8A%E6%B5%B7", vec!["sh"]),
        ("0571", vec!["zj"]),
        ("%E6%8A%A5%E8%AD%A6", vec!["110"]),
        ("nowhere", vec![]),
    ] {
        let listed = agent
            .get(&format!("/api/v1/outside_hotlines?q={typed}"))
            .await
            .ok();
        let mut codes: Vec<_> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        codes.sort_unstable();
        assert_eq!(codes, found, "{typed}");
    }
}
