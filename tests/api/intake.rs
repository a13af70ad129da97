//! Demands from elsewhere, who asks, what is not accepted, and whose matter it is: over HTTP.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router, routing};
use hotline::domain::disposition::{
    CategoryEntry, DispatchRule, Disposition, LaneEntry, OriginEntry,
};
use hotline::domain::staff::{By, Organisation, Role};
use hotline::domain::ticket::intake::SourceGroup;
use hotline::domain::ticket::{Command, Limits, Rating, RuleSet};
use hotline::domain::time::Timestamp;
use hotline::domain::watch::Policy;
use hotline::gateways::origin::{NotDelivered, OriginClient};
use hotline::jobs::{Delivery, Job, OriginFeedback, OriginGateway, Pending, Watcher};
use hotline::storage::intake::Feedback;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::TcpListener;

use crate::tickets::{PHONE, command, registered};
use crate::world::{Person, UNIT, World};

const RESIDENT: &str = "11010519491231002X";

pub(crate) fn origin(system: &str, group: SourceGroup, url: Option<String>) -> OriginEntry {
    OriginEntry {
        system: system.to_owned(),
        name: system.to_owned(),
        group,
        url,
        secret: Some("shared".to_owned()),
        partner: false,
    }
}

pub(crate) async fn prepared(url: Option<String>) -> World {
    let world = World::new().await;
    let category = |code: &str, name: &str, parent: Option<&str>, initials: &str| CategoryEntry {
        code: code.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        field: "城市管理".to_owned(),
        initials: initials.to_owned(),
        standard: parent.map(|_| "02.01.03".to_owned()),
        city: None,
    };
    let rule = DispatchRule {
        name: "市政照明".to_owned(),
        category: Some("01".to_owned()),
        keywords: vec!["路灯".to_owned()],
        place: None,
        competent: UNIT.into(),
        supervising: None,
        basis: "《城市照明管理规定》".to_owned(),
        priority: 0,
        from: None,
        until: None,
    };
    let file = Organisation {
        disposition: Disposition {
            categories: vec![
                category("01", "城市管理", None, "csgl"),
                category("0101", "路灯照明", Some("01"), "ldzm"),
            ],
            lanes: vec![LaneEntry {
                code: "enterprise".to_owned(),
                name: "企业诉求".to_owned(),
                queue: None,
                unit: None,
                rules: None,
                restricted: false,
                key_supervision: false,
                statistics: "enterprise".to_owned(),
            }],
            origins: vec![
                origin("nj-12345", SourceGroup::CrossCity, url),
                origin("szfb", SourceGroup::AssignedTask, None),
            ],
            rules: vec![rule],
            hotlines: Vec::new(),
        },
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    world
}

pub(crate) fn demand(id: &str) -> Value {
    json!({"system": "nj-12345", "origin_id": id, "channel": "platform", "title": "路灯不亮", "content": "路灯坏了三天",
        "kind": "complaint", "address": "南京市中山路1号", "raw": {"工单": id, "电话": PHONE},
        "petitioner": {"name": "王小明", "phone": PHONE, "applicant": "person",
            "identity": {"id_kind": "resident_id", "id_number": RESIDENT}}})
}

#[tokio::test]
async fn a_demand_from_another_city_is_one_ticket_however_often_it_is_told() {
    let world = prepared(None).await;
    let agent = world.person(Role::Agent).await;
    let first = agent.post("/api/v1/intake", demand("NJ-1")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{:?}", first.body);
    let again = agent.post("/api/v1/intake", demand("NJ-1")).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["ticket"], first.json()["ticket"]);
    let at_once = || agent.post("/api/v1/intake", demand("NJ-2"));
    let both = futures_util::future::join_all((0..8).map(|_| at_once())).await;
    let new = both
        .iter()
        .filter(|reply| reply.json()["new"] == true)
        .count();
    assert_eq!(new, 1);

    let id = first.json()["ticket"].as_str().unwrap().to_owned();
    let ticket = agent.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(ticket["stage"], "registered");
    assert_eq!(ticket["ticket"]["intake"]["origin"]["group"], "cross_city");
    let lead = world.person(Role::TeamLead).await;
    let raw = lead.get(&format!("/api/v1/tickets/{id}/origin")).await.ok();
    assert_eq!(
        raw["raw"],
        json!({"工单": "NJ-1", "电话": PHONE}).to_string()
    );
    let listed = agent.get("/api/v1/tickets?source=cross_city").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    let mut unknown = demand("NJ-3");
    unknown["system"] = "nowhere".into();
    let refused = agent.post("/api/v1/intake", unknown).await;
    assert_eq!(refused.refusal(), (422, "unknown_origin".to_owned()));
    let mut wrong = demand("NJ-4");
    wrong["petitioner"]["identity"]["id_number"] = "110105194912310021".into();
    let refused = agent.post("/api/v1/intake", wrong).await;
    assert_eq!(refused.refusal(), (422, "bad_identity".to_owned()));
    assert!(
        !refused.problem()["detail"]
            .as_str()
            .unwrap()
            .contains("1949")
    );
}

#[tokio::test]
async fn an_identity_is_masked_everywhere_and_seen_whole_only_with_a_purpose_on_record() {
    let world = prepared(None).await;
    let agent = world.person(Role::Agent).await;
    let accepted = agent.post("/api/v1/intake", demand("NJ-1")).await.json();
    let id = accepted["ticket"].as_str().unwrap();
    for role in [
        Role::Agent,
        Role::TeamLead,
        Role::Supervisor,
        Role::Reviewer,
        Role::Auditor,
    ] {
        let person = world.person(role).await;
        for path in [
            format!("/api/v1/tickets/{id}"),
            format!("/api/v1/tickets/{id}/events"),
        ] {
            let shown = person.get(&path).await.ok().to_string();
            assert!(!shown.contains(RESIDENT), "{}: {path}", role.code());
            assert!(
                shown.contains("110***********002X"),
                "{}: {shown}",
                role.code()
            );
        }
    }
    let path = format!("/api/v1/tickets/{id}/unmask");
    let without = agent.post(&path, json!({"purpose": " "})).await;
    assert_eq!(without.refusal(), (409, "missing".to_owned()));
    let whole = agent.post(&path, json!({"purpose": "核对身份"})).await.ok();
    assert_eq!(whole["identity"]["id_number"], RESIDENT);
    let auditor = world.person(Role::Auditor).await;
    assert_eq!(
        auditor.post(&path, json!({"purpose": "x"})).await.status,
        403
    );
    let trail = auditor.get("/api/v1/audit?action=unmasked").await.ok();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);
    assert_eq!(trail["items"][0]["object"], id);

    let body = json!({"identity": {"id_kind": "resident_id", "id_number": RESIDENT}});
    let history = agent.post("/api/v1/petitioners/history", body).await.ok();
    assert_eq!(history["items"][0]["id"], id);
    // Nobody has to read the number first: a ticket knows whose history it is.
    let of_ticket = json!({"ticket": id});
    let history = agent
        .post("/api/v1/petitioners/history", of_ticket)
        .await
        .ok();
    assert_eq!(history["items"][0]["id"], id);
    let plain = registered(&world).await;
    let of_nobody = json!({"ticket": plain});
    let nobody = agent.post("/api/v1/petitioners/history", of_nobody).await;
    assert_eq!(nobody.status, 404);
    let trail = auditor.get("/api/v1/audit?action=history_read").await.ok();
    assert_eq!(trail["items"].as_array().unwrap().len(), 2);
    assert!(!trail.to_string().contains(RESIDENT));
}

#[tokio::test]
async fn what_was_not_accepted_is_listed_by_its_ground_and_what_is_secret_is_gone_for_all_but_one()
{
    let world = prepared(None).await;
    let agent = world.person(Role::Agent).await;
    let outside = registered(&world).await;
    let free = json!({"ground": {"code": "because"}, "explanation": "不予受理"});
    let path = format!("/api/v1/tickets/{outside}/commands/refuse");
    assert_eq!(
        agent.post(&path, free).await.refusal(),
        (422, "invalid_body".to_owned())
    );
    let refuse = json!({"ground": {"code": "outside_jiangsu", "hotline": "上海12345"}, "explanation": "请拨打上海12345"});
    let refused = command(&agent, &outside, "refuse", refuse).await;
    assert_eq!(refused["stage_name"], "不予受理");
    let other = registered(&world).await;
    let path = format!("/api/v1/tickets/{other}/commands/refuse");
    let sixth =
        json!({"ground": {"code": "other", "reason": "市场调查"}, "explanation": "不属于受理范围"});
    let no = agent.post(&path, sixth).await;
    assert_eq!(no.refusal(), (409, "not_yours".to_owned()));
    assert_eq!(no.json()["article"], "9(6)");

    let secret = registered(&world).await;
    let seal =
        json!({"ground": {"code": "secret", "kind": "commercial"}, "explanation": "涉及商业秘密"});
    let supervisor = world.person(Role::Supervisor).await;
    command(&supervisor, &secret, "refuse", seal).await;
    let lead = world.person(Role::TeamLead).await;
    assert_eq!(
        lead.get(&format!("/api/v1/tickets/{secret}")).await.status,
        404
    );
    assert_eq!(
        supervisor
            .get(&format!("/api/v1/tickets/{secret}"))
            .await
            .status,
        200
    );
    let all = lead.get("/api/v1/tickets").await.ok().to_string();
    assert!(!all.contains(&secret) && all.contains(&outside));
    let counts = lead.get("/api/v1/refusals").await.ok();
    assert_eq!(
        counts["items"],
        json!([{"ground": 1, "count": 1}, {"ground": 3, "count": 1}])
    );
    let listed = lead.get("/api/v1/tickets?refusal=1").await.ok();
    assert_eq!(listed["items"][0]["id"], outside);
}

#[tokio::test]
async fn a_task_of_the_province_is_for_leads_and_its_units() {
    let world = prepared(None).await;
    let lead = world.person(Role::TeamLead).await;
    let mut task = demand("SZF-1");
    task["system"] = "szfb".into();
    let missing = lead.post("/api/v1/intake", task.clone()).await;
    assert_eq!(missing.refusal(), (409, "missing".to_owned()));
    assert_eq!(missing.json()["article"], "8(6)");
    task["issuer"] = "省政府办公厅".into();
    task["document"] = "苏政办〔2025〕1号".into();
    let id = lead.post("/api/v1/intake", task).await.ok()["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/tickets/{id}");
    let agent = world.person(Role::Agent).await;
    assert_eq!(agent.get(&path).await.status, 404);
    assert_eq!(lead.get(&path).await.status, 200);
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let unit = world.person(Role::UnitHandler).await;
    assert_eq!(unit.get(&path).await.status, 200);
}

/// Rules for what the province assigns and for what national platforms send, and a channel with rules, eyes and
/// supervision of its own.
async fn with_profiles() -> World {
    let world = prepared(None).await;
    let set = |version: &str, sources: &[SourceGroup], days| RuleSet {
        version: version.to_owned(),
        title: version.to_owned(),
        sources: sources.to_vec(),
        limits: Limits {
            other_days: days,
            ..Limits::default()
        },
        ..RuleSet::provincial()
    };
    let of_system = |version: &str, system: &str, days| RuleSet {
        systems: vec![system.to_owned()],
        ..set(version, &[], days)
    };
    let file = Organisation {
        rules: vec![
            set("交办件办法", &[SourceGroup::AssignedTask], 2),
            set("督查件办法", &[SourceGroup::NationalPlatform], 10),
            of_system("监管件办法", "hlw-jg", 7),
            of_system("好差评办法", "hcp", 3),
            set("营商专席办法", &[], 1),
        ],
        disposition: Disposition {
            lanes: vec![LaneEntry {
                code: "business".to_owned(),
                name: "营商环境投诉举报专席".to_owned(),
                queue: None,
                unit: None,
                rules: Some("营商专席办法".to_owned()),
                restricted: true,
                key_supervision: true,
                statistics: "business".to_owned(),
            }],
            origins: vec![
                origin("hlw-dc", SourceGroup::NationalPlatform, None),
                origin("hlw-jg", SourceGroup::NationalPlatform, None),
                origin("hcp", SourceGroup::CoBuilt, None),
                origin("zfrx", SourceGroup::CoBuilt, None),
            ],
            ..Disposition::default()
        },
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    let rules = world.storage.rules("江苏12345").await.unwrap();
    world.rules.replace(rules);
    world
}

#[tokio::test]
async fn each_source_keeps_its_own_clock_and_says_so() {
    let world = with_profiles().await;
    let lead = world.person(Role::TeamLead).await;
    let mut due = Vec::new();
    for (system, id) in [("szfb", "A-1"), ("hlw-dc", "B-1"), ("nj-12345", "C-1")] {
        let mut body = demand(id);
        body["system"] = system.into();
        if system == "szfb" {
            body["issuer"] = "省政府办公厅".into();
            body["document"] = "苏政办〔2025〕1号".into();
        }
        let ticket = lead.post("/api/v1/intake", body).await.ok()["ticket"].clone();
        let id = ticket.as_str().unwrap();
        let ticket = command(&lead, id, "dispatch", json!({"lead": UNIT})).await;
        due.push((
            ticket["rules"].clone(),
            ticket["rule_profile"]["scope"].clone(),
            ticket["deadlines"][0]["due"].clone(),
        ));
    }
    // From Friday 24 January 2025: two, ten and five working days over Spring Festival.
    assert_eq!(
        due,
        [
            (
                json!("交办件办法"),
                json!("source"),
                json!("2025-01-27T18:00:00.000+08:00")
            ),
            (
                json!("督查件办法"),
                json!("source"),
                json!("2025-02-13T18:00:00.000+08:00")
            ),
            (
                json!("苏政办发〔2020〕29号"),
                json!("province"),
                json!("2025-02-07T18:00:00.000+08:00")
            ),
        ]
    );
}

#[tokio::test]
async fn each_platform_of_a_group_may_have_a_clock_of_its_own() {
    let world = with_profiles().await;
    let lead = world.person(Role::TeamLead).await;
    let mut held = Vec::new();
    for system in ["hlw-dc", "hlw-jg", "hcp", "zfrx"] {
        let mut body = demand("A-1");
        body["system"] = system.into();
        let ticket = lead.post("/api/v1/intake", body).await.ok()["ticket"].clone();
        let id = ticket.as_str().unwrap();
        let path = format!("/api/v1/tickets/{id}");
        // The page says it before anybody disposes of it.
        let before = lead.get(&path).await.ok()["rule_profile"].clone();
        let ticket = command(&lead, id, "dispatch", json!({"lead": UNIT})).await;
        assert_eq!(ticket["rule_profile"], before, "{system}");
        held.push((
            ticket["rules"].clone(),
            before["scope"].clone(),
            ticket["deadlines"][0]["due"].clone(),
        ));
    }
    // From Friday 24 January 2025: ten, seven, three and five working days over Spring Festival.
    let one = |rules: &str, scope: &str, day: &str| {
        (
            json!(rules),
            json!(scope),
            json!(format!("{day}T18:00:00.000+08:00")),
        )
    };
    assert_eq!(
        held,
        [
            one("督查件办法", "source", "2025-02-13"),
            one("监管件办法", "system", "2025-02-10"),
            one("好差评办法", "system", "2025-02-05"),
            one("苏政办发〔2020〕29号", "province", "2025-02-07"),
        ]
    );
    let sets = lead.get("/api/v1/rules").await.ok();
    let sets = sets["items"].as_array().unwrap();
    let named = |version: &str| sets.iter().find(|set| set["version"] == version).unwrap();
    assert_eq!(named("监管件办法")["systems"], json!(["hlw-jg"]));
    assert_eq!(named("督查件办法")["systems"], json!([]));
}

#[tokio::test]
async fn a_special_channel_has_rules_eyes_and_supervision_of_its_own() {
    let world = with_profiles().await;
    let lead = world.person(Role::TeamLead).await;
    let agent = world.person(Role::Agent).await;
    let id = registered(&world).await;
    let path = format!("/api/v1/tickets/{id}");
    let before = agent.get(&path).await.ok();
    assert_eq!(before["rule_profile"]["scope"], "province");
    let ticket = command(&lead, &id, "enter_lane", json!({"lane": "business"})).await;
    // Before it is dispatched the page says which rules would hold.
    assert_eq!(ticket["rule_profile"]["version"], "营商专席办法");
    assert_eq!(ticket["rule_profile"]["scope"], "lane");
    assert_eq!(agent.get(&path).await.status, 404);
    let listed = agent.get("/api/v1/tickets").await.ok();
    assert_eq!(listed["items"], json!([]));
    let ticket = command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    assert_eq!(
        ticket["deadlines"][0]["due"],
        "2025-01-26T18:00:00.000+08:00"
    );
    // What is named by a channel is nobody else's.
    let other = registered(&world).await;
    let ticket = command(&lead, &other, "dispatch", json!({"lead": UNIT})).await;
    assert_eq!(ticket["rules"], "苏政办发〔2020〕29号");
    let lanes = agent.get("/api/v1/lanes").await.ok();
    let business = lanes["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|lane| lane["code"] == "business")
        .unwrap()
        .clone();
    assert_eq!(business["rules"], "营商专席办法");
    // The watcher marks it as a key matter of article 25.
    world.pass(Duration::from_secs(60));
    let watcher = Watcher {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        policy: Policy::default(),
    };
    while watcher.run_once(world.now()).await.unwrap().done > 0 {}
    let supervisor = world.person(Role::Supervisor).await;
    let marks = supervisor.get(&format!("{path}/marks")).await.ok();
    let text = marks.to_string();
    assert!(
        text.contains("key_lane") && text.contains("assigned"),
        "{text}"
    );
}

#[tokio::test]
async fn the_rules_propose_a_unit_and_say_why() {
    let world = prepared(None).await;
    let lead = world.person(Role::TeamLead).await;
    let id = registered(&world).await;
    let unknown = json!({"category": "9999", "field": "城市管理"});
    let path = format!("/api/v1/tickets/{id}/commands/classify");
    assert_eq!(
        lead.post(&path, unknown).await.refusal(),
        (422, "unknown_category".to_owned())
    );
    let coded = json!({"category": "0101", "field": "城市管理", "department": UNIT});
    let told = json!({"category": "0101", "field": "城市管理", "standard": "1"});
    let refused = lead.post(&path, told).await.status;
    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    let view = command(&lead, &id, "classify", coded).await;
    let classified = &view["ticket"]["intake"]["classification"];
    assert_eq!(classified["standard"], "02.01.03", "{view}");
    let proposals = lead
        .get(&format!("/api/v1/tickets/{id}/proposals"))
        .await
        .ok();
    let best = &proposals["items"][0];
    assert_eq!(
        (&best["unit"], &best["part"]),
        (&json!(UNIT), &json!("competent"))
    );
    assert_eq!(best["basis"], "《城市照明管理规定》");
    assert_eq!(best["met"], json!(["分类“01”", "关键词“路灯”"]));
    let found = lead.get("/api/v1/categories?q=ldzm").await.ok();
    assert_eq!(found["items"][0]["code"], "0101");
    assert_eq!(found["items"][0]["standard"], "02.01.03");
    let warnings = hotline::app::warnings(&world.storage).await.unwrap();
    assert_eq!(
        warnings,
        ["warning: 1 of 2 categories have no code of GB/T 39666 (key standard): 01"]
    );
    command(&lead, &id, "enter_lane", json!({"lane": "enterprise"})).await;
    let listed = lead.get("/api/v1/tickets?lane=enterprise").await.ok();
    assert_eq!(listed["items"][0]["id"], id);
}

#[tokio::test]
async fn a_demand_that_is_being_written_is_advised_on_and_nothing_of_it_is_kept() {
    let world = prepared(None).await;
    let agent = world.person(Role::Agent).await;
    let content = "中山路1号小区东门外的三盏路灯从上周五起不亮, 夜里出门看不清路, 已有老人摔倒";
    let told = json!({"title": "路灯不亮", "content": content, "kind": "complaint", "address": "中山路1号",
        "petitioner": {"name": "王小明", "phone": PHONE, "applicant": "person"}});
    let known = agent.post("/api/v1/tickets", told).await.ok();
    let known = known["id"].as_str().unwrap();
    world.pass(Duration::from_secs(60));
    let watcher = Watcher {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        policy: Policy::default(),
    };
    watcher.run_once(world.now()).await.unwrap();
    let draft = agent
        .post(
            "/api/v1/tickets",
            json!({"title": "待登记", "content": "待登记", "kind": "complaint",
            "petitioner": {"name": "李四", "phone": "13900000001", "applicant": "person"}}),
        )
        .await
        .ok();
    let path = format!("/api/v1/tickets/{}/advice", draft["id"].as_str().unwrap());
    let written = json!({"title": "路灯不亮", "content": content, "address": "中山路1号", "category": "0101"});
    let advice = agent.post(&path, written).await.ok();
    assert_eq!(advice["similar"][0]["ticket_id"], known);
    assert_eq!(advice["similar"][0]["same_person"], false);
    assert_eq!(advice["proposals"][0]["unit"], UNIT);
    let nothing = agent.post(&path, json!({})).await.ok();
    assert_eq!(nothing, json!({"similar": [], "proposals": []}));
    let long = agent
        .post(&path, json!({"content": "长".repeat(12_001)}))
        .await;
    assert_eq!(long.refusal(), (422, "too_long".to_owned()));
    let unit = world.person(Role::UnitHandler).await;
    assert_eq!(unit.post(&path, json!({})).await.status, 403);
    let after = agent
        .get(&format!(
            "/api/v1/tickets/{}",
            draft["id"].as_str().unwrap()
        ))
        .await
        .ok();
    assert_eq!(after["version"], draft["version"]);
}

#[tokio::test]
async fn a_specialist_at_a_dedicated_seat_sees_the_ticket_once_it_is_handed_over() {
    let world = prepared(None).await;
    let agent = world.person(Role::Agent).await;
    let specialist = world.person(Role::Specialist).await;
    let id = registered(&world).await;
    let path = format!("/api/v1/tickets/{id}");
    assert_eq!(specialist.get(&path).await.status, 404);
    command(
        &agent,
        &id,
        "hand_to_seat",
        json!({"unit": UNIT, "note": "咨询路灯权属"}),
    )
    .await;
    assert_eq!(specialist.get(&path).await.status, 200);
    command(&specialist, &id, "take_at_seat", json!({})).await;
    let closed = command(
        &specialist,
        &id,
        "answer_at_seat",
        json!({"answer": "由市政维护", "knowledge": "路灯权属 v2"}),
    )
    .await;
    assert_eq!(closed["stage"], "closed");
}

pub(crate) type Inbox = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// The HTTP client behind the port, as the composition root joins them.
struct Way(OriginClient);

impl OriginGateway for Way {
    fn deliver<'a>(
        &'a self,
        now: Timestamp,
        to: &'a OriginEntry,
        feedback: &'a Feedback,
    ) -> Pending<'a, Delivery> {
        Box::pin(async move {
            let (id, body) = (feedback.id.to_string(), feedback.body.to_string());
            match self.0.deliver(now, to, &id, body).await {
                Ok(receipt) => Delivery::Done(receipt),
                Err(NotDelivered::Later(why)) => Delivery::Later(why),
                Err(NotDelivered::Refused(why)) => Delivery::Refused(why),
            }
        })
    }
}

/// Another platform, by HTTP: away for the first `failures` requests, then it takes what comes and answers its own number.
pub(crate) async fn another_platform(failures: u32) -> (String, Inbox) {
    platform_that_answers(failures, StatusCode::OK).await
}

pub(crate) async fn platform_that_answers(failures: u32, status: StatusCode) -> (String, Inbox) {
    let inbox = Inbox::default();
    let failures = Arc::new(Mutex::new(failures));
    let take = {
        let failures = failures.clone();
        async move |State(inbox): State<Inbox>, headers: HeaderMap, Json(body): Json<Value>| {
            let mut left = failures.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
            }
            inbox.lock().unwrap().push((headers, body));
            (status, Json(json!({"id": "SH-77"})))
        }
    };
    let router = Router::new()
        .route("/", routing::post(take))
        .with_state(inbox.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, inbox)
}

#[tokio::test]
async fn what_became_of_it_goes_back_to_the_city_it_came_from_and_is_tried_until_it_is_there() {
    let (url, inbox) = another_platform(1).await;
    let world = prepared(Some(url)).await;
    let agent = world.person(Role::Agent).await;
    let id = agent.post("/api/v1/intake", demand("NJ-1")).await.ok()["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    let coded = json!({"category": "0101", "field": "城市管理"});
    command(&agent, &id, "classify", coded).await;
    command(
        &agent,
        &id,
        "answer_on_call",
        json!({"answer": "已通知维修"}),
    )
    .await;
    let job = OriginFeedback {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        gateway: Arc::new(Way(OriginClient::new(Duration::from_secs(5)).unwrap())),
    };
    let first = job.run_once(world.now()).await.unwrap();
    assert_eq!((first.done, first.failed), (0, 1));
    world.pass(Duration::from_secs(120));
    let second = job.run_once(world.now()).await.unwrap();
    assert_eq!((second.done, second.failed), (1, 0));
    let told = inbox.lock().unwrap();
    let (headers, body) = &told[0];
    assert_eq!(
        (&body["origin_id"], &body["outcome"]),
        (&json!("NJ-1"), &json!("closed"))
    );
    assert_eq!(body["answer"], "已通知维修");
    assert_eq!(
        (&body["category"], &body["standard"]),
        (&json!("0101"), &json!("02.01.03"))
    );
    assert!(
        headers["x-hotline-signature"]
            .to_str()
            .unwrap()
            .starts_with("t=")
    );
    assert!(headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn what_the_citizen_said_when_called_back_goes_to_the_city_too() {
    use hotline::domain::id::{CallId, RecordingId};
    let (url, inbox) = another_platform(0).await;
    let world = prepared(Some(url)).await;
    let agent = world.person(Role::Agent).await;
    let id = agent.post("/api/v1/intake", demand("NJ-1")).await.ok()["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    answered_by_its_unit(&world, &agent, &id).await;
    assert_eq!(delivered(&world).await, 1);
    // 短信回访: not satisfied, so somebody calls; what comes of that is the last word.
    rated(&world, &id, Rating::Dissatisfied).await;
    assert_eq!(delivered(&world).await, 0);
    let revisitor = world.person(Role::Revisitor).await;
    let planned = revisitor.get("/api/v1/revisits?stage=planned").await.ok();
    let commands = format!(
        "/api/v1/revisits/{}/commands",
        planned["items"][0]["id"].as_str().unwrap()
    );
    let placed = (
        CallId(uuid::Uuid::from_u128(5)),
        RecordingId(uuid::Uuid::from_u128(6)),
    );
    *world.floor.places.lock().unwrap() = Some(placed);
    revisitor
        .post(&format!("{commands}/call"), json!({}))
        .await
        .ok();
    let said = json!({"outcome": "satisfied", "rating": "satisfied", "remark": "灯已亮"});
    revisitor
        .post(&format!("{commands}/record"), said)
        .await
        .ok();
    assert_eq!(delivered(&world).await, 1);
    let told = inbox.lock().unwrap();
    let kinds: Vec<_> = told.iter().map(|(_, body)| &body["kind"]).collect();
    assert_eq!(kinds, ["result", "revisit"]);
    let revisit = &told[1].1;
    assert_eq!(revisit["origin_id"], "NJ-1");
    assert_eq!(
        revisit["result"],
        json!({"result": "satisfied", "rating": "satisfied"})
    );
}

/// A unit takes the ticket, answers it, and the answer passes.
async fn answered_by_its_unit(world: &World, desk: &Person<'_>, id: &str) {
    command(desk, id, "dispatch", json!({"lead": UNIT})).await;
    let unit = world.person(Role::UnitHandler).await;
    command(&unit, id, "acknowledge", json!({})).await;
    let text = json!({"text": "已更换灯泡", "no_contact_reason": "电话无人接听"});
    command(&unit, id, "reply", text).await;
    let reviewer = world.person(Role::Reviewer).await;
    command(&reviewer, id, "review", json!({"outcome": "passed"})).await;
}

/// The citizen answers the short message.
pub(crate) async fn rated(world: &World, id: &str, rating: Rating) {
    let id = id.parse().unwrap();
    let answered = Command::SurveyAnswered { rating };
    world
        .storage
        .command(
            world.now(),
            By::Server,
            id,
            answered,
            &world.rules.now(),
            None,
        )
        .await
        .unwrap();
}

/// How many pieces of feedback arrived now.
pub(crate) async fn delivered(world: &World) -> u64 {
    let job = OriginFeedback {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        gateway: Arc::new(Way(OriginClient::new(Duration::from_secs(5)).unwrap())),
    };
    u64::from(job.run_once(world.now()).await.unwrap().done)
}

#[tokio::test]
async fn an_emergency_is_in_the_ticket_of_its_call() {
    use hotline::domain::call::wish::{LiveCall, Wish};
    use hotline::domain::id::{CallId, TicketId};
    let world = prepared(None).await;
    let id = registered(&world).await;
    let call = CallId(uuid::Uuid::from_u128(9));
    let ticket: TicketId = id.parse().unwrap();
    *world.floor.calls.lock().unwrap() = vec![LiveCall {
        id: call,
        caller: "138****5678".to_owned(),
        called: "12345".to_owned(),
        state: "talking",
        queue: None,
        position: None,
        agent: Some("agent".into()),
        legs: Vec::new(),
        parties: Vec::new(),
        recording: true,
        contact: None,
        ticket: Some(ticket),
    }];
    let agent = world.person(Role::Agent).await;
    let path = format!("/api/v1/calls/{call}/commands/emergency");
    let granted = agent
        .post(&path, json!({"service": "120", "location": "中山路1号"}))
        .await
        .ok();
    assert_eq!(granted["granted"], "leg_added");
    // Before it rings, call control knows what to tell the service: which ticket, and where.
    let number = agent.get(&format!("/api/v1/tickets/{id}")).await.ok()["number"].clone();
    let told = world.floor.wishes.lock().unwrap().remove(0);
    let reference = format!("ticket={};place=中山路1号", number.as_str().unwrap());
    assert_eq!(told, Wish::Refer { call, reference });
    let shown = agent.get(&format!("/api/v1/tickets/{id}")).await.ok();
    let transfer = &shown["ticket"]["intake"]["emergencies"][0];
    assert_eq!(
        (&transfer["service"], &transfer["location"]),
        (&json!("120"), &json!("中山路1号"))
    );
    assert_eq!(transfer["by"], "agent");
}

#[tokio::test]
async fn who_writes_hears_at_once_that_it_arrived_and_a_platform_does_not() {
    let world = prepared(None).await;
    let agent = world.person(Role::Agent).await;
    for (id, channel, told) in [("A", "web", 1), ("B", "platform", 0), ("C", "phone", 0)] {
        let mut demand = demand(id);
        demand["channel"] = channel.into();
        let ticket = agent.post("/api/v1/intake", demand).await.ok()["ticket"].clone();
        let path = format!("/api/v1/tickets/{}/messages", ticket.as_str().unwrap());
        let messages = agent.get(&path).await.ok();
        assert_eq!(
            messages["items"].as_array().unwrap().len(),
            told,
            "{channel}"
        );
    }
}

#[tokio::test]
async fn what_concerns_a_party_department_is_passed_to_it_and_counted_apart() {
    use hotline::domain::staff::{Unit, UnitKind};
    let world = prepared(None).await;
    let party = Unit {
        code: "js-xcb".into(),
        name: "中共江苏省委宣传部".to_owned(),
        kind: UnitKind::Party,
        parent: None,
    };
    let file = Organisation {
        units: vec![party.into()],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    let lead = world.person(Role::TeamLead).await;
    let (assigned, passed) = (registered(&world).await, registered(&world).await);
    command(&lead, &assigned, "dispatch", json!({"lead": UNIT})).await;
    command(&lead, &passed, "dispatch", json!({"lead": "js-xcb"})).await;
    for (handover, id) in [("assigned", assigned), ("passed_for_acceptance", passed)] {
        let listed = lead
            .get(&format!("/api/v1/tickets?handover={handover}"))
            .await
            .ok();
        let ids: Vec<_> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].clone())
            .collect();
        assert_eq!(ids, [json!(id)]);
    }
}
