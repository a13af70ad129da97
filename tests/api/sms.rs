//! Asking the citizen: the survey goes out by a real HTTP provider, the answer comes back signed, and a dissatisfied
//! citizen is called and heard until it is put right.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::{Json, Router, routing};
use hmac::{Hmac, KeyInit, Mac};
use hotline::domain::call::wish::{CallRefusal, Purpose, Wish};
use hotline::domain::id::{CallId, RecordingId, TicketId};
use hotline::domain::sms::Submission;
use hotline::domain::staff::Organisation;
use hotline::domain::staff::{Role, SmsGatewayEntry, SmsGatewayKind};
use hotline::domain::time::Timestamp;
use hotline::gateways::sms::http::HttpGateway;
use hotline::jobs::{
    Deadlines, Job, Pending, Report, SmsCallbacks, SmsGateway, SmsSending, Surveys,
};
use hotline::storage::Page;
use hotline::storage::sms::{Sms, SmsState};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::tickets::{PHONE, closed, command, demand};
use crate::world::{Reply, UNIT, World};

const TOKEN: &str = "9f8e7d6c5b4a";
const SECRET: &str = "shared with the gateway";

/// What the provider was sent: the idempotency key and the body.
type Inbox = Arc<Mutex<Vec<(String, Value)>>>;

/// An SMS provider on the loopback, answering `answer` to whatever it is sent.
pub(crate) async fn provider(answer: (StatusCode, Value)) -> (String, Inbox) {
    let inbox = Inbox::default();
    let submit = async move |State(inbox): State<Inbox>, headers: HeaderMap, Json(body)| {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        inbox.lock().unwrap().push((key, body));
        (answer.0, Json(answer.1.clone()))
    };
    let router = Router::new()
        .route("/submit", routing::post(submit))
        .with_state(inbox.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/submit", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, inbox)
}

pub(crate) fn accepts() -> (StatusCode, Value) {
    (StatusCode::OK, json!({"message_id": "m-1"}))
}

pub(crate) async fn use_gateway(world: &World, url: &str) {
    let gateway = SmsGatewayEntry {
        name: "main".to_owned(),
        kind: SmsGatewayKind::Http,
        url: url.to_owned(),
        callback_token: TOKEN.to_owned(),
        secret: Some(SECRET.to_owned()),
    };
    let organisation = Organisation {
        sms_gateways: vec![gateway],
        ..Organisation::default()
    };
    world
        .storage
        .apply(world.now(), organisation)
        .await
        .unwrap();
}

/// The HTTP client behind the port, as the composition root joins them.
struct Carrier(HttpGateway);

impl SmsGateway for Carrier {
    fn submit<'a>(&'a self, to: &'a SmsGatewayEntry, sms: &'a Sms) -> Pending<'a, Submission> {
        Box::pin(self.0.submit(&to.url, sms.id, &sms.phone, &sms.text))
    }
}

async fn send_messages(world: &World) -> Report {
    send_within(world, Duration::from_secs(10)).await
}

async fn send_within(world: &World, timeout: Duration) -> Report {
    let job = SmsSending {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
        gateway: Arc::new(Carrier(HttpGateway::new(timeout).unwrap())),
        per_second: 50,
    };
    job.run_once(world.now()).await.unwrap()
}

pub(crate) async fn read_callbacks(world: &World) -> Report {
    let job = SmsCallbacks {
        storage: world.storage.clone(),
        rules: world.rules.clone(),
    };
    job.run_once(world.now()).await.unwrap()
}

fn signature(at: Timestamp, body: &str) -> String {
    let at = at.millis() / 1000;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={at},v1={hex}")
}

/// A callback as the gateway sends it, properly signed.
pub(crate) async fn called_back(world: &World, kind: &str, body: Value) -> Reply {
    let body = body.to_string();
    let signed = signature(world.now(), &body);
    let gateway = world.nobody().with("x-hotline-signature", &signed);
    let path = format!("/gateway/sms/main/{TOKEN}/{kind}");
    gateway.raw(Method::POST, &path, true, body).await
}

async fn only_message(world: &World, ticket: &str) -> Sms {
    let ticket: TicketId = ticket.parse().unwrap();
    let messages = world.storage.sms_of_ticket(ticket).await.unwrap();
    assert_eq!(messages.len(), 1);
    messages.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_dissatisfied_citizen_is_called_and_the_unit_puts_it_right() {
    let world = World::new().await;
    let (url, inbox) = provider(accepts()).await;
    use_gateway(&world, &url).await;
    let id = closed(&world).await;

    // 短信回访.
    assert_eq!(send_messages(&world).await.done, 1);
    let (key, sent) = inbox.lock().unwrap()[0].clone();
    assert_eq!((&sent["id"], &sent["to"]), (&json!(key), &json!(PHONE)));
    assert!(sent["text"].as_str().unwrap().contains("“路灯不亮”"));
    let receipt = json!({"message_id": "m-1", "to": PHONE, "status": "delivered", "at": "2025-01-24T09:01:00+08:00"});
    let answer = json!([{"id": "r-1", "from": format!("+86{PHONE}"), "text": "不满意", "at": "2025-01-24T09:05:00+08:00"}]);
    assert_eq!(called_back(&world, "receipt", receipt).await.status, 200);
    assert_eq!(called_back(&world, "reply", answer).await.status, 200);
    assert_eq!(read_callbacks(&world).await.done, 2);
    assert_eq!(only_message(&world, &id).await.state, SmsState::Delivered);

    // 人工回访, by a recorded call.
    let revisitor = world.person(Role::Revisitor).await;
    let planned = revisitor.get("/api/v1/revisits?stage=planned").await.ok();
    let revisit = &planned["items"][0];
    assert_eq!(
        (&revisit["ticket_id"], &revisit["round"], &revisit["phone"]),
        (&json!(id), &json!("first"), &json!(PHONE))
    );
    let (call, recording) = (CallId(Uuid::from_u128(5)), RecordingId(Uuid::from_u128(6)));
    *world.floor.places.lock().unwrap() = Some((call, recording));
    let commands = format!(
        "/api/v1/revisits/{}/commands",
        revisit["id"].as_str().unwrap()
    );
    let calling = revisitor.post(&format!("{commands}/call"), json!({})).await;
    let calling = calling.ok();
    assert_eq!(
        (&calling["stage"], &calling["recording"]),
        (&json!("calling"), &json!(recording))
    );
    let placed = world.floor.wishes.lock().unwrap().pop();
    assert!(
        matches!(&placed, Some(Wish::PlaceCall { to, purpose: Purpose::Revisit { .. }, .. }) if to.as_str() == PHONE),
        "{placed:?}"
    );
    let said =
        json!({"outcome": "dissatisfied", "rating": "very_dissatisfied", "remark": "灯还是不亮"});
    let done = revisitor.post(&format!("{commands}/record"), said).await;
    assert_eq!(done.ok()["stage"], "done");

    // 核实整改, and a second revisit.
    let unit = world.person(Role::UnitHandler).await;
    let ticket = unit.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(ticket["ticket"]["stage"]["follow_up"]["step"], "rectifying");
    let put_right = json!({"finding": "线路老化", "measures": "已更换线路"});
    command(&unit, &id, "rectify", put_right).await;
    let second = revisitor.get("/api/v1/revisits?stage=planned").await.ok();
    assert_eq!(second["items"][0]["round"], "second");

    let events = unit.get(&format!("/api/v1/tickets/{id}/events")).await.ok();
    let names: Vec<_> = events["items"].as_array().unwrap()[7..]
        .iter()
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "survey_requested",
            "survey_answered",
            "revisit_planned",
            "revisited",
            "rectification_ordered",
            "rectified",
            "revisit_planned"
        ]
    );
}

#[tokio::test]
async fn a_revisit_whose_call_cannot_be_placed_goes_back_to_the_list() {
    let world = World::new().await;
    let (url, _) = provider(accepts()).await;
    use_gateway(&world, &url).await;
    closed(&world).await;
    send_messages(&world).await;
    called_back(
        &world,
        "reply",
        json!({"id": "r-1", "from": PHONE, "text": "5"}),
    )
    .await;
    read_callbacks(&world).await;
    let revisitor = world.person(Role::Revisitor).await;
    let listed = revisitor.get("/api/v1/revisits").await.ok();
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let commands = format!("/api/v1/revisits/{id}/commands");

    *world.floor.places.lock().unwrap() = Some((CallId(Uuid::nil()), RecordingId(Uuid::nil())));
    *world.floor.refuse.lock().unwrap() = Some(CallRefusal::NoPhone);
    let refused = revisitor.post(&format!("{commands}/call"), json!({})).await;
    assert_eq!(refused.refusal(), (409, "no_phone".to_owned()));
    let listed = revisitor.get("/api/v1/revisits?stage=planned").await.ok();
    assert_eq!(listed["items"][0]["id"], id.as_str());

    // Without a call there is nothing to write down.
    let said = json!({"outcome": "satisfied"});
    let refused = revisitor.post(&format!("{commands}/record"), said).await;
    assert_eq!(
        refused.refusal(),
        (409, "revisit_without_recording".to_owned())
    );
}

#[tokio::test]
async fn a_message_in_doubt_is_never_sent_again() {
    let world = World::new().await;
    // Takes the request and hangs up without an answer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let taken = tokio::spawn(async move {
        let mut taken = 0;
        while let Ok((stream, _)) = listener.accept().await {
            stream.readable().await.unwrap();
            taken += 1;
            drop(stream);
            if taken == 1 {
                break;
            }
        }
        taken
    });
    use_gateway(&world, &url).await;
    let id = closed(&world).await;
    assert_eq!(send_messages(&world).await.done, 1);
    assert_eq!(taken.await.unwrap(), 1);
    assert_eq!(only_message(&world, &id).await.state, SmsState::Unknown);

    let (url, inbox) = provider(accepts()).await;
    use_gateway(&world, &url).await;
    for _ in 0..10 {
        world.pass(Duration::from_secs(3600));
        assert_eq!(send_messages(&world).await, Report::default());
    }
    assert!(inbox.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_leaves_the_message_in_doubt() {
    let world = World::new().await;
    // Nobody accepts: the connection stands in the kernel's backlog, and the request in its buffer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    use_gateway(&world, &url).await;
    let id = closed(&world).await;
    let report = send_within(&world, Duration::from_millis(50)).await;
    assert_eq!(report.done, 1);
    let message = only_message(&world, &id).await;
    assert_eq!(message.state, SmsState::Unknown);
    assert_eq!(
        message.reason.as_deref(),
        Some("the gateway did not answer in time")
    );
}

#[tokio::test]
async fn a_message_that_did_not_leave_is_sent_when_the_gateway_is_back_under_the_same_id() {
    let world = World::new().await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let (busy, busy_inbox) = provider((StatusCode::SERVICE_UNAVAILABLE, json!({}))).await;
    let (works, inbox) = provider(accepts()).await;
    let id = {
        use_gateway(&world, &nowhere).await;
        closed(&world).await
    };
    for url in [nowhere, busy] {
        use_gateway(&world, &url).await;
        assert_eq!(send_messages(&world).await.failed, 1, "{url}");
        assert_eq!(send_messages(&world).await.failed, 0, "not at once again");
        assert_eq!(only_message(&world, &id).await.state, SmsState::Queued);
        world.pass(Duration::from_secs(60));
    }
    use_gateway(&world, &works).await;
    assert_eq!(send_messages(&world).await.done, 1);
    let message = only_message(&world, &id).await;
    assert_eq!(message.state, SmsState::Accepted);
    let keys = |inbox: &Inbox| inbox.lock().unwrap()[0].0.clone();
    assert_eq!(keys(&busy_inbox), message.id.to_string());
    assert_eq!(keys(&inbox), message.id.to_string());
}

#[tokio::test]
async fn a_provider_that_says_no_or_nonsense_is_taken_at_its_word() {
    for (answer, expected) in [
        ((StatusCode::BAD_REQUEST, json!({})), SmsState::Failed),
        ((StatusCode::FOUND, json!({})), SmsState::Failed),
        (
            (StatusCode::INTERNAL_SERVER_ERROR, json!({})),
            SmsState::Unknown,
        ),
        ((StatusCode::OK, json!({"id": 1})), SmsState::Unknown),
        (
            (StatusCode::OK, json!({"message_id": "m".repeat(100_000)})),
            SmsState::Unknown,
        ),
    ] {
        let world = World::new().await;
        let (url, _) = provider(answer.clone()).await;
        use_gateway(&world, &url).await;
        let id = closed(&world).await;
        assert_eq!(send_messages(&world).await.done, 1);
        // What was refused is to be sent once more, later.
        let ticket: TicketId = id.parse().unwrap();
        let messages = world.storage.sms_of_ticket(ticket).await.unwrap();
        let again = usize::from(expected == SmsState::Failed);
        assert_eq!(messages.len(), 1 + again);
        assert!(
            messages.iter().any(|sms| sms.state == expected),
            "{}",
            answer.0
        );
    }
}

#[tokio::test]
async fn a_callback_needs_the_right_place_and_a_fresh_signature() {
    let world = World::new().await;
    use_gateway(&world, "http://127.0.0.1:9/").await;
    let body = json!({"id": "r-1", "from": PHONE, "text": "1"}).to_string();
    let good = signature(world.now(), &body);
    let old = signature(world.now().plus_millis(-301_000), &body);
    let other = signature(world.now(), "another body");
    let path = format!("/gateway/sms/main/{TOKEN}/reply");
    let table = [
        (path.as_str(), good.as_str(), 200),
        (path.as_str(), "", 401),
        (path.as_str(), old.as_str(), 401),
        (path.as_str(), other.as_str(), 401),
        ("/gateway/sms/main/9f8e7d6c5b4b/reply", good.as_str(), 404),
        ("/gateway/sms/other/9f8e7d6c5b4a/reply", good.as_str(), 404),
        ("/gateway/sms/main/9f8e7d6c5b4a/other", good.as_str(), 404),
    ];
    for (path, signed, status) in table {
        let gateway = world.nobody().with("x-hotline-signature", signed);
        let reply = gateway.raw(Method::POST, path, true, body.clone()).await;
        assert_eq!(reply.status, status, "{path} {signed}");
    }
    let long = "x".repeat(300_000);
    let signed = signature(world.now(), &long);
    let gateway = world.nobody().with("x-hotline-signature", &signed);
    let reply = gateway.raw(Method::POST, &path, true, long).await;
    assert_eq!(reply.refusal(), (413, "body_too_large".to_owned()));
    assert_eq!(read_callbacks(&world).await.done, 1);
}

#[tokio::test]
async fn what_a_callback_says_counts_once_and_what_is_not_understood_is_kept() {
    let world = World::new().await;
    let (url, _) = provider(accepts()).await;
    use_gateway(&world, &url).await;
    let id = closed(&world).await;
    send_messages(&world).await;
    let satisfied = json!({"id": "r-1", "from": PHONE, "text": "1"});
    for (kind, body) in [
        ("reply", satisfied.clone()),
        ("reply", satisfied),
        ("reply", json!({"id": "r-2", "from": PHONE, "text": "5"})),
        (
            "reply",
            json!({"id": "r-3", "from": "anonymous", "text": "1"}),
        ),
        ("reply", json!("good morning")),
        (
            "receipt",
            json!({"message_id": "never sent", "status": "delivered"}),
        ),
        ("receipt", json!({"message_id": "m-1", "status": "dancing"})),
        ("receipt", json!([])),
    ] {
        let reply = called_back(&world, kind, body.clone()).await;
        assert_eq!(reply.status, 200, "{body}");
        // Callbacks are read in the order they came, to the millisecond.
        world.pass(Duration::from_millis(1));
    }
    let report = read_callbacks(&world).await;
    assert_eq!((report.done, report.failed), (6, 2));
    let lead = world.person(Role::TeamLead).await;
    let ticket = lead.get(&format!("/api/v1/tickets/{id}")).await.ok();
    let survey = &ticket["ticket"]["surveys"][0];
    assert_eq!(survey["rating"], "very_satisfied");
    let kept = world
        .storage
        .sms_quarantine(&Page::default(), false)
        .await
        .unwrap();
    let mut whys: Vec<_> = kept.items.iter().map(|kept| kept.why.as_str()).collect();
    whys.sort_unstable();
    assert_eq!(
        whys,
        [
            "no_phone_number",
            "no_such_survey",
            "unknown_message",
            "unknown_status",
            "unreadable"
        ]
    );
}

#[tokio::test]
async fn silence_ends_a_survey_and_is_no_satisfaction() {
    let world = World::new().await;
    let id = closed(&world).await;
    let job = Surveys::new(world.storage.clone(), world.rules.clone());
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 0);
    let sent = async || {
        let ticket: TicketId = id.parse().unwrap();
        world.storage.sms_of_ticket(ticket).await.unwrap().len()
    };
    assert_eq!(sent().await, 1);
    // Asked once more before silence is an answer.
    for asked in [2, 2] {
        world.pass(Duration::from_secs(3 * 24 * 3600 + 1));
        assert_eq!(job.run_once(world.now()).await.unwrap().done, 1);
        assert_eq!(sent().await, asked);
    }
    let lead = world.person(Role::TeamLead).await;
    let ticket = lead.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert_eq!(
        ticket["ticket"]["stage"]["follow_up"]["result"]["result"],
        "not_reached"
    );
}

#[tokio::test]
async fn a_year_in_one_step_records_each_lapse_once() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let reply = lead.post("/api/v1/tickets", demand()).await;
    let id = reply.ok()["id"].as_str().unwrap().to_owned();
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let job = Deadlines::new(world.storage.clone(), world.rules.clone());
    // 50 and 80 % of the working hour for acknowledging, then its end.
    for (minutes, marks) in [(29, 0), (1, 1), (18, 1), (13, 1)] {
        world.pass(Duration::from_secs(minutes * 60));
        let report = job.run_once(world.now()).await.unwrap();
        assert_eq!(report.done, marks, "{}", world.now());
    }
    world.pass(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 1);
    assert_eq!(job.run_once(world.now()).await.unwrap(), Report::default());

    let lead = world.person(Role::TeamLead).await;
    let events = lead.get(&format!("/api/v1/tickets/{id}/events")).await.ok();
    let marks: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["name"] == "marked")
        .map(|event| {
            let event = &event["event"];
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            format!("{} {}", text("deadline"), text("mark"))
        })
        .collect();
    assert_eq!(
        marks,
        [
            "acknowledge_by half",
            "acknowledge_by most",
            "acknowledge_by lapsed",
            "handle_by lapsed"
        ]
    );
}

#[tokio::test]
async fn a_person_reads_what_nobody_could_match_and_sees_it_from_the_ticket() {
    let world = World::new().await;
    let (url, _) = provider(accepts()).await;
    use_gateway(&world, &url).await;
    let id = closed(&world).await;
    send_messages(&world).await;
    for (n, (from, text)) in [(PHONE, "修是修了，就是慢"), ("13700000000", "谢谢")]
        .into_iter()
        .enumerate()
    {
        let body = json!({"id": format!("r-{n}"), "from": from, "text": text});
        assert_eq!(called_back(&world, "reply", body).await.status, 200);
        world.pass(Duration::from_millis(1));
    }
    assert_eq!(read_callbacks(&world).await.done, 2);

    let revisitor = world.person(Role::Revisitor).await;
    let waiting = async |of: &str| {
        let path = format!("/api/v1/messages/quarantine?{of}");
        let kept = revisitor.get(&path).await.ok();
        kept["items"].as_array().unwrap().clone()
    };
    assert_eq!(waiting("unread=true").await.len(), 2);
    let of_ticket = format!("ticket={id}");
    let theirs = waiting(&of_ticket).await;
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0]["content"]["text"], "修是修了，就是慢");
    assert_eq!(theirs[0]["why"], "not_a_rating");

    let path = format!(
        "/api/v1/messages/quarantine/{}/read",
        theirs[0]["id"].as_str().unwrap()
    );
    let reading =
        json!({"ticket_id": id, "rating": "basically_satisfied", "remark": "认可结果，嫌慢"});
    let read = revisitor.post(&path, reading.clone()).await;
    assert_eq!(read.status, 204);
    assert_eq!(revisitor.post(&path, reading).await.status, 404);
    assert_eq!(waiting(&of_ticket).await, Vec::<Value>::new());
    assert_eq!(waiting("unread=true").await.len(), 1);
    assert_eq!(waiting("unread=false").await.len(), 2);
    let ticket = revisitor.get(&format!("/api/v1/tickets/{id}")).await.ok();
    let survey = &ticket["ticket"]["surveys"][0];
    assert_eq!(survey["rating"], "basically_satisfied");
}
