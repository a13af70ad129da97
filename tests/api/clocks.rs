//! Clocks over HTTP: what a notice moves, what everybody sees of the time that is left, what units are told, and what
//! citizens can ask.

use std::time::Duration;

use hotline::domain::staff::Role;
use hotline::domain::time::Timestamp;
use hotline::jobs::{Deadlines, Job as _, Recount};
use serde_json::{Value, json};

use crate::tickets::{closed, command, demand, registered};
use crate::world::{UNIT, World};

fn deadline<'a>(ticket: &'a Value, kind: &str) -> &'a Value {
    let deadlines = ticket["deadlines"].as_array().unwrap();
    let found = deadlines.iter().find(|deadline| deadline["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {deadlines:?}"))
}

pub(crate) async fn recount(world: &World) -> u32 {
    let job = Recount::new(world.storage.clone(), world.rules.clone());
    job.run_once(world.now()).await.unwrap().done
}

/// Dispatched on the last working afternoon before a year that nobody has announced.
pub(crate) async fn at_the_end_of_2026(world: &World) -> String {
    let then: Timestamp = "2026-12-31T17:30:00+08:00".parse().unwrap();
    let ahead = u64::try_from(then.millis_since(world.now())).unwrap();
    world.pass(Duration::from_millis(ahead));
    let id = registered(world).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    id
}

#[tokio::test]
async fn a_notice_sets_what_waited_for_it_and_lists_old_and_new() {
    let world = World::new().await;
    let id = at_the_end_of_2026(&world).await;
    let path = format!("/api/v1/tickets/{id}");
    let unit = world.person(Role::UnitHandler).await;
    let before = unit.get(&path).await.ok();
    let promise = deadline(&before, "handle_by");
    assert_eq!(promise["due"], Value::Null);
    assert_eq!(promise["awaits"], 2027);
    assert_eq!(promise["limit"], json!({"working_days": 5}));
    assert_eq!(promise["overdue"], false);

    let admin = world.person(Role::Admin).await;
    let notice = json!({"year": 2027, "title": "国办发明电〔2026〕9号", "off": ["2027-01-01"]});
    let published = admin.post("/api/v1/calendar_changes", notice).await;
    assert_eq!(published.status, 201, "{:?}", published.body);
    let revision = published.json()["revision"].as_u64().unwrap();
    let day = unit
        .get("/api/v1/calendars/statutory/days/2027-01-04")
        .await
        .ok();
    assert_eq!(day["kind"], "workday");
    assert_eq!(recount(&world).await, 1);
    assert_eq!(recount(&world).await, 0);

    let after = unit.get(&path).await.ok();
    let promise = deadline(&after, "handle_by");
    assert_eq!(promise["due"], "2027-01-08T18:00:00.000+08:00");
    let moved = admin
        .get(&format!("/api/v1/calendar_changes/{revision}/moved"))
        .await
        .ok();
    let moved = moved["items"].as_array().unwrap();
    assert_eq!(moved.len(), 3);
    let handle = moved.iter().find(|m| m["deadline"] == "handle_by").unwrap();
    assert_eq!(handle["old"], Value::Null);
    assert_eq!(handle["new"], promise["due"]);
    let events = unit.get(&format!("{path}/events")).await.ok();
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["name"], "deadlines_moved");
    assert_eq!(last["event"]["cause"]["title"], "国办发明电〔2026〕9号");
    assert_eq!(last["actor"], "@server");
}

#[tokio::test]
async fn what_is_no_notice_is_refused() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).await;
    for (body, status) in [
        (json!({"year": 2027, "title": "t", "off": []}), 422),
        (
            json!({"year": 2027, "title": "t", "off": ["2028-01-01"]}),
            422,
        ),
        (
            json!({"year": 2027, "title": "t", "off": ["2027-1-1"]}),
            400,
        ),
        (
            json!({"year": 2027, "title": "", "off": ["2027-01-01"]}),
            422,
        ),
        (
            json!({"year": 2027, "title": "t", "off": ["2027-01-01"], "work": ["2027-01-04"]}),
            422,
        ),
        (
            json!({"year": 2027, "title": "t", "off": vec!["2027-01-01"; 200]}),
            422,
        ),
    ] {
        let reply = admin.post("/api/v1/calendar_changes", body.clone()).await;
        assert_eq!(reply.status, status, "{body}");
    }
    let none = admin.get("/api/v1/calendar_changes").await.ok();
    // The organisation file's own calendar is the only change.
    let titles: Vec<_> = none["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["by"])
        .collect();
    assert!(titles.iter().all(|by| *by == "@apply"), "{titles:?}");
}

#[tokio::test]
async fn citizen_unit_and_platform_are_told_the_same_remaining_time() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let code = lead
        .get(&format!("/api/v1/tickets/{id}/query_code"))
        .await
        .ok();
    for hours in [0, 3, 30, 24 * 20] {
        world.pass(Duration::from_secs(hours * 3600));
        let path = format!("/api/v1/tickets/{id}");
        let lead = world.person(Role::TeamLead).await;
        let at_desk = lead.get(&path).await.ok();
        let unit = world.person(Role::UnitHandler).await;
        let at_unit = unit.get(&path).await.ok();
        let listed = unit.get("/api/v1/tickets").await.ok();
        let citizen = world
            .nobody()
            .post("/api/v1/public/ticket", code.clone())
            .await;
        assert_eq!(citizen.status, 200, "{:?}", citizen.body);
        let clock = deadline(&at_desk, "handle_by");
        assert_eq!(deadline(&at_unit, "handle_by"), clock);
        assert_eq!(deadline(&listed["items"][0], "handle_by"), clock);
        assert_eq!(citizen.json()["answer_by"], *clock);
        assert_eq!(clock["overdue"], hours == 24 * 20);
    }
}

#[tokio::test]
async fn a_citizen_asks_by_number_and_code_and_is_told_nothing_of_anybody() {
    let world = World::new().await;
    let id = closed(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let question = lead
        .get(&format!("/api/v1/tickets/{id}/query_code"))
        .await
        .ok();
    let nobody = world.nobody();
    let answer = nobody
        .post("/api/v1/public/ticket", question.clone())
        .await
        .ok();
    assert_eq!(answer["stage"], "closed");
    assert_eq!(answer["reply"], "已更换灯泡");
    assert_eq!(answer["unit"], "南京市城市管理局");
    let told = answer.to_string();
    for secret in ["王小明", "13812345678", "中山路", "team_lead"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    // Guessing ends after ten.
    let wrong = json!({"number": question["number"], "code": "00000000"});
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(
            nobody
                .post("/api/v1/public/ticket", wrong.clone())
                .await
                .status,
        );
    }
    assert_eq!(statuses[..10], [404; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    let even_right = nobody.post("/api/v1/public/ticket", question).await;
    assert_eq!(even_right.status, 429);
}

#[tokio::test]
async fn a_citizen_whose_demand_was_not_accepted_reads_why() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let supervisor = world.person(Role::Supervisor).await;
    let ticket = lead.post("/api/v1/tickets", demand()).await.ok();
    let id = ticket["id"].as_str().unwrap();
    let question = lead
        .get(&format!("/api/v1/tickets/{id}/query_code"))
        .await
        .ok();
    let nobody = world.nobody();
    let ask = async || {
        nobody
            .post("/api/v1/public/ticket", question.clone())
            .await
            .ok()
    };
    let explanation = "未说明时间、地点，请补充后再次来电。";
    let refuse = json!({"ground": {"code": "malicious_or_vague", "asked_for": "时间和地点"}, "explanation": explanation});
    command(&lead, id, "refuse", refuse).await;
    // Somebody else has to look at it first: until then nothing is said.
    let waits = ask().await;
    assert_eq!(
        (&waits["stage"], &waits["not_accepted"]),
        (&json!("registered"), &json!(null))
    );
    let counted = supervisor.get("/api/v1/tickets/counters").await.ok();
    let waiting = |view: &str| {
        let lists = counted["items"].as_array().unwrap();
        let list = lists.iter().find(|list| list["view"] == view).unwrap();
        list["tickets"].clone()
    };
    assert_eq!(
        (waiting("review_refusal"), waiting("dispatch")),
        (json!(1), json!(0))
    );
    let listed = supervisor
        .get("/api/v1/tickets?view=review_refusal")
        .await
        .ok();
    assert_eq!(listed["items"][0]["id"], id);

    let review = json!({"granted": true, "reason": "确不具体"});
    command(&supervisor, id, "review_refusal", review).await;
    let told = ask().await;
    assert_eq!(told["stage_name"], "不予受理");
    assert_eq!(told["not_accepted"]["number"], 4);
    assert_eq!(told["not_accepted"]["explanation"], explanation);
    assert_eq!(
        told["steps"].as_array().unwrap().last().unwrap()["what"],
        "不予受理"
    );
    assert!(!told.to_string().contains("已作废"));
}

#[tokio::test]
async fn a_written_opinion_is_numbered_delivered_and_verified_by_whoever_holds_it() {
    let world = World::new().await;
    let id = closed(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    command(&lead, &id, "request_written_opinion", json!({})).await;
    let text = "经核查, 小区门口路灯已于1月24日修复。";
    command(&unit, &id, "issue_written_opinion", json!({"text": text})).await;
    let path = format!("/api/v1/tickets/{id}");
    let issued = lead.get(&format!("{path}/written_opinions")).await.ok();
    let opinion = issued["items"][0].clone();
    let ticket = lead.get(&path).await.ok();
    let number = format!("{}-1", ticket["number"].as_str().unwrap());
    assert_eq!(opinion["number"], number);
    let messages = lead.get(&format!("{path}/messages")).await.ok();
    let message = messages["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|message| message["purpose"] == "written_opinion")
        .unwrap()
        .clone();
    assert_eq!(message["id"], opinion["sms_id"]);
    let told = message["text"].as_str().unwrap();
    let code: String = told
        .split("校验码")
        .nth(1)
        .unwrap()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let verify = async |number: &str, code: &str| {
        let question = json!({"number": number, "code": code});
        world
            .nobody()
            .post("/api/v1/public/written_opinion", question)
            .await
    };
    let genuine = verify(&number, &code).await.ok();
    assert_eq!(genuine["text"], text);
    assert_eq!(genuine["unit"], "南京市城市管理局");
    assert_eq!(genuine["sha256"], opinion["sha256"]);
    assert_eq!(verify(&number, "12345678").await.status, 404);
    assert_eq!(verify("20250124-000009-1", &code).await.status, 404);
}

#[tokio::test]
async fn a_unit_is_told_of_what_came_and_what_runs_out() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let id = lead.post("/api/v1/tickets", demand()).await.json()["id"].clone();
    let id = id.as_str().unwrap();
    command(&lead, id, "dispatch", json!({"lead": UNIT})).await;
    world.pass(Duration::from_secs(61 * 60));
    let job = Deadlines::new(world.storage.clone(), world.rules.clone());
    job.run_once(world.now()).await.unwrap();
    let unit = world.person(Role::UnitHandler).await;
    let notices = unit.get("/api/v1/unit_notices?unread=true").await.ok();
    let texts: Vec<_> = notices["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| notice["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("签收时限已超时"), "{texts:?}");
    assert!(texts[1].contains("待签收"), "{texts:?}");
    let first = notices["items"][0]["id"].as_str().unwrap();
    let read = unit
        .post(&format!("/api/v1/unit_notices/{first}/read"), json!({}))
        .await;
    assert_eq!(read.status, 204);
    let left = unit.get("/api/v1/unit_notices?unread=true").await.ok();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deadline_leads_to_the_words_it_rests_on() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let ticket = command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let version = ticket["rules"].as_str().unwrap();
    let cited = deadline(&ticket, "handle_by")["article"].as_str().unwrap();
    let article = lead.get(&format!("/api/v1/articles/{cited}")).await.ok();
    assert_eq!(article["name"], "第十一条第（三）项");
    assert!(
        article["text"]
            .as_str()
            .unwrap()
            .contains("5个工作日内答复服务对象")
    );
    let rules = lead.get("/api/v1/rules").await.ok();
    assert_eq!(rules["items"][0]["version"], version);
    assert_eq!(rules["items"][0]["limits"]["inquiry_days"], 3);
    assert_eq!(lead.get("/api/v1/articles/35").await.status, 404);
}

#[tokio::test]
async fn a_reply_is_checked_and_its_steps_are_told() {
    let world = World::new().await;
    let id = closed(&world).await;
    let reviewer = world.person(Role::Reviewer).await;
    let found = reviewer
        .get(&format!("/api/v1/tickets/{id}/reply_checks"))
        .await
        .ok();
    let kinds: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["kind"])
        .collect();
    assert_eq!(kinds, ["empty", "no_date", "nobody_to_ask"]);
    let steps = reviewer
        .get(&format!("/api/v1/tickets/{id}/steps"))
        .await
        .ok();
    let names: Vec<_> = steps["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["name"])
        .collect();
    assert_eq!(names, ["接听", "登记", "转交办", "解答", "回访"]);
}

#[tokio::test]
async fn every_answer_says_what_time_it_is_by_the_clock_that_deadlines_run_by() {
    let world = World::new().await;
    let asked = async || world.nobody().get("/healthz").await.header("date");
    assert_eq!(asked().await, "Fri, 24 Jan 2025 01:00:00 GMT");
    world.pass(Duration::from_secs(3 * 86_400 + 1));
    assert_eq!(asked().await, "Mon, 27 Jan 2025 01:00:01 GMT");
}
