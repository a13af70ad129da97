//! What the desks' pages live on: lists with counters, what one may do, figures, marks, the organisation as text.

use std::time::Duration;

use axum::http::Method;
use hotline::domain::acd::AgentState;
use hotline::domain::call::{Cdr, Direction, Termination, TerminationResult};
use hotline::domain::id::{CallId, RecordingId};
use hotline::domain::staff::Role;
use hotline::domain::time::Timestamp;
use hotline::storage::agent_states::AgentStateChange;
use hotline::storage::recordings::RecordingRow;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tickets::{command, registered};
use crate::world::{OTHER_UNIT, Person, UNIT, World};

async fn counters(person: &Person<'_>) -> Value {
    let answer = person.get("/api/v1/tickets/counters").await.ok();
    answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["view"].as_str().unwrap().to_owned(),
                item["tickets"].clone(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn listed(person: &Person<'_>, query: &str) -> Vec<String> {
    let answer = person.get(&format!("/api/v1/tickets?{query}")).await.ok();
    let items = answer["items"].as_array().unwrap();
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[tokio::test]
async fn a_list_holds_what_its_counter_counts_while_a_ticket_moves() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    let reviewer = world.person(Role::Reviewer).await;
    let first = registered(&world).await;
    world.pass(Duration::from_millis(1));
    let second = registered(&world).await;
    assert_eq!(counters(&lead).await["dispatch"], 2);
    assert_eq!(
        listed(&lead, "view=dispatch").await,
        [second.as_str(), first.as_str()]
    );
    assert_eq!(listed(&lead, "view=mine").await.len(), 2);

    let to = json!({"lead": UNIT, "co_handlers": [OTHER_UNIT]});
    command(&lead, &first, "dispatch", to).await;
    // Two units owe their acknowledgement; for the desk it is one ticket.
    assert_eq!(counters(&lead).await["acknowledge"], 1);
    assert_eq!(counters(&unit).await["acknowledge"], 1);
    assert_eq!(listed(&unit, "view=acknowledge").await, [first.as_str()]);
    command(&unit, &first, "acknowledge", json!({})).await;
    assert_eq!(counters(&unit).await["acknowledge"], 0);
    assert_eq!(
        counters(&lead).await["acknowledge"],
        1,
        "the co-handler still owes it"
    );

    let ask = json!({"basis": "道路养护不属本单位", "suggestion": "转交通运输局"});
    command(&unit, &first, "send_back", ask).await;
    assert_eq!(counters(&reviewer).await["decide_send_back"], 1);
    assert_eq!(
        listed(&reviewer, "view=decide_send_back").await,
        [first.as_str()]
    );
    let no = json!({"granted": false, "reason": "属于本单位职责"});
    command(&reviewer, &first, "decide_send_back", no).await;
    assert_eq!(counters(&reviewer).await["decide_send_back"], 0);

    // The first waits for its co-handler's opinion; the second has none to wait for.
    command(&lead, &second, "dispatch", json!({"lead": UNIT})).await;
    command(&unit, &second, "acknowledge", json!({})).await;
    let reply = json!({"text": "已处理", "no_contact_reason": "电话无人接听"});
    command(&unit, &second, "reply", reply).await;
    assert_eq!(listed(&reviewer, "view=review").await, [second.as_str()]);
    let bounced = json!({"outcome": "not_specific", "remark": "请说明完成时间"});
    command(&reviewer, &second, "review", bounced).await;
    assert_eq!(listed(&unit, "view=reply_again").await, [second.as_str()]);
    assert_eq!(listed(&unit, "view=handle").await, [first.as_str()]);

    let unknown = lead.get("/api/v1/tickets?view=everything").await;
    assert_eq!(unknown.refusal(), (400, "invalid_view".to_owned()));
}

#[tokio::test]
async fn a_clock_that_is_nearly_over_shows_before_it_is_over() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let id = registered(&world).await;
    let ticket = command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let acknowledge = &ticket["deadlines"][1];
    assert_eq!(acknowledge["unit"], UNIT);
    assert_eq!(acknowledge["left_ms"], 3_600_000);
    assert_eq!(acknowledge["working_left_ms"], 3_600_000);
    assert_eq!(counters(&lead).await["due_soon"], 0);
    world.pass(Duration::from_secs(50 * 60));
    let lead = world.person(Role::TeamLead).await;
    assert_eq!(counters(&lead).await["due_soon"], 1);
    assert_eq!(listed(&lead, "view=due_soon").await, [id.as_str()]);
    world.pass(Duration::from_secs(11 * 60));
    let now = counters(&lead).await;
    assert_eq!((&now["due_soon"], &now["overdue"]), (&json!(0), &json!(1)));
    assert_eq!(listed(&lead, "view=overdue").await, [id.as_str()]);
    let ticket = lead.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(ticket["deadlines"][1]["left_ms"], -60_000);
}

#[tokio::test]
async fn a_ticket_is_found_by_what_a_person_types() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let id = registered(&world).await;
    let ticket = lead.get(&format!("/api/v1/tickets/{id}")).await.ok();
    let number = ticket["number"].as_str().unwrap();
    for typed in [number, "13812345678", "%E8%B7%AF%E7%81%AF"] {
        assert_eq!(
            listed(&lead, &format!("q={typed}")).await,
            [id.as_str()],
            "{typed}"
        );
    }
    assert_eq!(
        listed(&lead, "q=%E5%81%9C%E6%B0%B4").await,
        Vec::<String>::new()
    );
    // Whose numbers are masked cannot search by them.
    let analyst = world.person(Role::Analyst).await;
    assert_eq!(
        analyst.get("/api/v1/tickets?q=13812345678").await.status,
        403
    );
}

#[tokio::test]
async fn what_one_may_do_is_what_the_rules_would_grant() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    let id = registered(&world).await;
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let actions = unit
        .get(&format!("/api/v1/tickets/{id}/actions"))
        .await
        .ok();
    let action = |name: &str| {
        let items = actions["items"].as_array().unwrap();
        items.iter().find(|item| item["command"] == name).cloned()
    };
    assert_eq!(action("acknowledge").unwrap()["refusal"], Value::Null);
    assert_eq!(
        action("reply").unwrap()["refusal"]["code"],
        "not_acknowledged"
    );
    assert_eq!(action("reply").unwrap()["refusal"]["article"], "11(3)");
    assert_eq!(action("dispatch"), None, "not a unit's to do");
    assert_eq!(action("refuse"), None, "nor to refuse a demand");
    let fresh = registered(&world).await;
    let of_the_desk = lead
        .get(&format!("/api/v1/tickets/{fresh}/actions"))
        .await
        .ok();
    let granted: Vec<_> = of_the_desk["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["refusal"].is_null())
        .map(|item| item["command"].as_str().unwrap())
        .collect();
    for command in [
        "classify",
        "refuse",
        "report_up",
        "identify",
        "hand_to_seat",
        "enter_lane",
    ] {
        assert!(granted.contains(&command), "{command} of {granted:?}");
    }
    assert!(
        !granted.contains(&"decide_report"),
        "nothing was reported yet"
    );
    // After two working days the window for sending back has closed by itself.
    world.pass(Duration::from_secs(4 * 24 * 3600));
    let unit = world.person(Role::UnitHandler).await;
    let actions = unit
        .get(&format!("/api/v1/tickets/{id}/actions"))
        .await
        .ok();
    let items = actions["items"].as_array().unwrap();
    let back = items
        .iter()
        .find(|item| item["command"] == "send_back")
        .unwrap();
    assert_eq!(back["refusal"]["code"], "send_back_window_closed");
}

pub(crate) fn cdr(n: u128, started_at: Timestamp, wait_ms: i64, agent: Option<&str>) -> Cdr {
    Cdr {
        id: CallId(Uuid::from_u128(n)),
        sip_call_id: format!("call-{n}"),
        direction: Direction::Inbound,
        caller: "13812345678".to_owned(),
        called: "12345".to_owned(),
        started_at,
        answered_at: Some(started_at),
        ended_at: Some(started_at.plus_millis(wait_ms + 60_000)),
        wait_ms: Some(wait_ms),
        termination: Some(Termination {
            result: TerminationResult::Success,
            reason: "caller_hung_up".to_owned(),
        }),
        legs: Vec::new(),
        queue: Some("main".into()),
        agent: agent.map(Into::into),
        recording_id: Some(RecordingId(Uuid::from_u128(n))),
        contact_id: None,
        ticket_id: None,
        three_way: false,
    }
}

#[tokio::test]
async fn figures_follow_from_calls_and_agents_states() {
    let world = World::new().await;
    let nine = world.now();
    for (n, minute, wait_ms, agent) in [
        (1, 0, 4_000, Some("agent")),
        (2, 1, 20_000, Some("agent")),
        (3, 16, 40_000, None),
    ] {
        let at = nine.plus_millis(minute * 60_000);
        world
            .storage
            .call_written(cdr(n, at, wait_ms, agent))
            .await
            .unwrap();
    }
    let change = |seconds: i64, state| AgentStateChange {
        username: "agent".into(),
        at: nine.plus_millis(seconds * 1000),
        state,
        call: None,
    };
    let changes = vec![
        change(0, AgentState::Ready),
        change(4, AgentState::Talking),
        change(64, AgentState::WrapUp),
        change(84, AgentState::Ready),
        change(100, AgentState::Offline),
    ];
    world.storage.agent_states_changed(changes).await.unwrap();
    world.pass(Duration::from_secs(1800));
    let supervisor = world.person(Role::Supervisor).await;
    let answer = supervisor.get("/api/v1/kpis").await.ok();
    let value = |code: &str| {
        let kpis = answer["kpis"].as_array().unwrap();
        let kpi = kpis.iter().find(|kpi| kpi["code"] == code).unwrap();
        assert!(kpi["definition"].as_str().unwrap().len() > 10);
        kpi["value"].as_f64()
    };
    assert_eq!(value("offered"), Some(3.0));
    assert_eq!(value("service_level_15_s"), Some(1.0 / 3.0));
    assert_eq!(value("service_level_30_s"), Some(2.0 / 3.0));
    assert_eq!(value("asa_ms"), Some(12_000.0));
    assert_eq!(value("aht_ms"), Some(70_000.0));
    assert_eq!(value("occupancy"), Some(0.8));
    let trend = answer["trend"].as_array().unwrap();
    // From midnight, a quarter of an hour each.
    assert_eq!(trend.len(), 38);
    assert_eq!(trend[36]["answered"], 2);
    assert_eq!(trend[37]["abandoned"], 1);
    assert_eq!(answer["queues"][0]["queue"], "main");
    let backwards =
        "/api/v1/kpis?since=2025-01-25T00:00:00%2B08:00&until=2025-01-24T00:00:00%2B08:00";
    assert_eq!(supervisor.get(backwards).await.refusal().0, 400);
}

#[tokio::test]
async fn a_place_in_a_recording_is_marked_and_every_listener_is_named() {
    let world = World::new().await;
    let id = RecordingId(Uuid::from_u128(1));
    let at = world.now();
    world
        .storage
        .call_written(cdr(1, at, 0, Some("agent")))
        .await
        .unwrap();
    let row = RecordingRow {
        id,
        call: CallId(Uuid::from_u128(1)),
        started_at: at,
        ended_at: at.plus_millis(60_000),
        duration_ms: 60_000,
        manifest_sha256: "0".repeat(64),
        manifest: json!({"parties": []}),
    };
    world.storage.recording_finished(row).await.unwrap();
    world
        .shelf
        .files
        .lock()
        .unwrap()
        .insert((id, None), "RIFF".into());
    let supervisor = world.person(Role::Supervisor).await;
    supervisor
        .get(&format!("/api/v1/recordings/{id}/audio"))
        .await;
    let listens = supervisor
        .get(&format!("/api/v1/recordings/{id}/listens"))
        .await
        .ok();
    assert_eq!(listens["items"][0]["by_name"], "supervisor");
    assert_eq!(listens["items"][0]["action"], "listen");

    let path = format!("/api/v1/recordings/{id}/marks");
    let late = supervisor
        .post(&path, json!({"offset_ms": 60_001, "text": "结束后"}))
        .await;
    assert_eq!(late.refusal(), (422, "invalid_mark".to_owned()));
    let mark = supervisor
        .post(&path, json!({"offset_ms": 5_000, "text": "问候语"}))
        .await
        .ok();
    let reviewer = world.person(Role::Reviewer).await;
    let seen = reviewer.get(&path).await.ok();
    assert_eq!(seen["items"][0]["text"], "问候语");
    let one = format!("{path}/{}", mark["id"].as_str().unwrap());
    // Another's mark is not one's to take back.
    assert_eq!(reviewer.ask(Method::DELETE, &one, None).await.status, 404);
    assert_eq!(supervisor.ask(Method::DELETE, &one, None).await.status, 204);
}

#[tokio::test]
async fn who_listens_in_on_a_call_is_written_down_first() {
    let world = World::new().await;
    let supervisor = world.person(Role::Supervisor).await;
    let call = Uuid::from_u128(9);
    for deed in ["monitor", "take_over"] {
        let path = format!("/api/v1/calls/{call}/commands/{deed}");
        supervisor.post(&path, json!({})).await.ok();
    }
    let auditor = world.person(Role::Auditor).await;
    let trail = auditor
        .get(&format!("/api/v1/audit?object={call}"))
        .await
        .ok();
    let deeds: Vec<_> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["by"].as_str().unwrap(),
                entry["action"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        deeds,
        [("supervisor", "take_over"), ("supervisor", "monitor")]
    );
}

#[tokio::test]
async fn an_organisation_is_shown_as_a_difference_before_it_is_taken() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).await;
    let text = |toml: &str| json!({ "toml": toml });
    let bad = admin
        .post(
            "/api/v1/organisation/preview",
            text("[[queue]]\nname = \"main\"\nwrap_up_s = \"long\"\n"),
        )
        .await
        .ok();
    assert_eq!(bad["faults"][0]["line"], 3);

    let change = "[[user]]\nusername = \"agent\"\ndisplay_name = \"坐席 1\"\nrole = \"agent\"\nunit = \"js-12345\"\n\
                  [[queue]]\nname = \"main\"\nwrap_up_s = 45\n\
                  [[sms_gateway]]\nname = \"main\"\nkind = \"http\"\nurl = \"http://127.0.0.1:9000/submit\"\n\
                  callback_token = \"a-long-callback-token\"\nsecret = \"very-secret-words\"\n";
    let preview = admin
        .post("/api/v1/organisation/preview", text(change))
        .await;
    let shown = String::from_utf8(preview.body.to_vec()).unwrap();
    assert!(!shown.contains("very-secret"), "{shown}");
    let preview = preview.ok();
    let kinds: Vec<_> = preview["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["queue", "sms_gateway", "user"]);
    let user = &preview["changes"][2];
    assert_eq!(
        user["fields"],
        json!([{"field": "display_name", "before": "agent", "after": "坐席 1"}])
    );
    let organisation = admin.get("/api/v1/organisation").await.ok();
    assert_eq!(organisation["queues"], json!([]), "a preview keeps nothing");

    let applied = admin
        .post("/api/v1/organisation/apply", text(change))
        .await
        .ok();
    assert_eq!(applied["changes"], preview["changes"]);
    let directory = world.floor.directory.lock().unwrap().clone().unwrap();
    assert_eq!(directory.queues[&"main".into()].wrap_up_s, 45);
    // The password they had still lets them in.
    world.sign_in("agent").await;
    let auditor = world.person(Role::Auditor).await;
    let trail = auditor.get("/api/v1/audit?action=apply").await.ok();
    assert_eq!(trail["items"][0]["by"], "admin");
    let verified = auditor.get("/api/v1/audit/verification").await.ok();
    assert_eq!(verified["whole"], true);
    assert!(verified["entries"].as_i64().unwrap() > 1);

    let unknown = "[[user]]\nusername = \"new\"\ndisplay_name = \"新\"\nrole = \"agent\"\nunit = \"js-12345\"\n";
    let refused = admin
        .post("/api/v1/organisation/apply", text(unknown))
        .await;
    assert_eq!(refused.refusal(), (422, "invalid_organisation".to_owned()));
}
