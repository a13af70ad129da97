//! The whole story once, with real sound: a citizen dials 12345, an agent answers, a specialist is joined, the ticket goes
//! to its unit and back, the SMS survey is answered "dissatisfied", a person calls back, the unit puts it right.
//!
//! Run by `tests/journey.rs` against a server of its own and by `cargo xtask try` against the running demo.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Person;
use crate::phone::Phone;
use crate::sms_provider::SmsProvider;
use crate::sound::{likeness, share_of};

const CITIZEN: f64 = 440.0;
const AGENT: f64 = 700.0;
const SPECIALIST: f64 = 1_000.0;
const REVISITOR: f64 = 1_300.0;
const SOON: Duration = Duration::from_secs(15);

/// Where the server and the outside world are. Users, phones and the gateway are the demo organisation's.
pub struct World {
    pub http: String,
    pub sip: SocketAddr,
    /// Where the demo's trunk expects its carrier.
    pub carrier: SocketAddr,
    pub sms: SmsProvider,
    /// What the citizen says; a tone when there is no speech at hand.
    pub speech: Option<Vec<i16>>,
}

/// What was made on the way.
pub struct Chain {
    pub call: String,
    pub recording: String,
    pub ticket: String,
    pub revisit_recordings: Vec<String>,
    pub events: Vec<String>,
}

/// Tells the story; panics where the server does not play its part.
pub fn run(world: &World, tell: &mut dyn FnMut(&str)) -> Chain {
    let base = world.http.as_str();
    let login = |user: &str| Person::login(base, user, "hotline-demo");
    let caller = "13812345678";

    let mut agent_phone = Phone::new(world.sip, "agent1000", "secret");
    let mut specialist_phone = Phone::new(world.sip, "8800", "secret");
    let mut revisitor_phone = Phone::new(world.sip, "8600", "secret");
    for phone in [
        &mut agent_phone,
        &mut specialist_phone,
        &mut revisitor_phone,
    ] {
        assert_eq!(phone.register(3600), 200, "{} registers", phone.user);
    }
    tell("phones registered: agent1000, specialist 8800, revisitor 8600");

    // The citizen calls through the carrier.
    let mut citizen_phone = Phone::at(world.carrier, world.sip, caller, "");
    let mut citizen = citizen_phone.call("12345", CITIZEN).expect("12345 answers");
    if let Some(speech) = &world.speech {
        citizen.audio.say(speech);
    }
    let ringing = agent_phone.ring();
    assert!(
        ringing.caller().contains(caller),
        "the agent sees who calls"
    );
    let agent = agent_phone.answer(ringing, AGENT);
    assert!(
        citizen.audio.hears(AGENT, true, SOON),
        "the citizen hears the agent"
    );
    if world.speech.is_none() {
        assert!(
            agent.audio.hears(CITIZEN, true, SOON),
            "the agent hears the citizen"
        );
    }
    tell("12345 answered at once, no key pressed; the agent answered; both hear each other");

    let desk = login("agent1000");
    let call = desk.wait_for(
        &format!("/api/v1/calls?sip_call_id={}", citizen.call_id),
        SOON,
        |list| Some(list["items"][0].clone()).filter(|call| call["agent"] == "agent1000"),
    );
    let (call_id, ticket) = (text(&call["id"]), text(&call["ticket_id"]));
    let command = |name: &str, body: Value| {
        desk.post(&format!("/api/v1/calls/{call_id}/commands/{name}"), &body)
    };

    command("hold", json!({}));
    assert!(
        citizen.audio.hears(AGENT, false, SOON),
        "a held citizen does not hear the agent"
    );
    command("resume", json!({}));
    assert!(
        citizen.audio.hears(AGENT, true, SOON),
        "the citizen hears the agent again"
    );

    command("consult", json!({"target": "nj-cgj"}));
    let ringing = specialist_phone.ring();
    let specialist = specialist_phone.answer(ringing, SPECIALIST);
    assert!(
        agent.audio.hears(SPECIALIST, true, SOON),
        "the agent hears the specialist"
    );
    assert!(
        citizen.audio.hears(SPECIALIST, false, SOON),
        "a consultation is not for the citizen's ears"
    );
    command("conference", json!({}));
    assert!(
        citizen.audio.hears(SPECIALIST, true, SOON),
        "the citizen hears the specialist"
    );
    assert!(citizen.audio.hears(AGENT, true, SOON), "and the agent");
    assert!(
        specialist.audio.hears(AGENT, true, SOON),
        "the specialist hears the agent"
    );
    tell("held, resumed, specialist consulted and joined: three-way, everybody hears everybody");

    let legs = desk.get(&format!("/api/v1/calls/{call_id}"));
    let specialist_leg = legs["legs"]
        .as_array()
        .expect("legs")
        .iter()
        .find(|leg| leg["role"] == "specialist")
        .expect("a leg");
    command("drop_leg", json!({"leg": specialist_leg["id"]}));
    specialist_phone.wait_bye(&specialist);
    assert!(
        citizen.audio.hears(AGENT, true, SOON),
        "the two go on talking"
    );
    citizen_phone.hang_up(&mut citizen);
    agent_phone.wait_bye(&agent);
    agent.audio.stop();

    let ended = desk.wait_for(&format!("/api/v1/calls/{call_id}"), SOON, |call| {
        Some(call.clone()).filter(|call| !call["termination"].is_null())
    });
    assert_eq!(ended["termination"]["result"], "success");
    assert_eq!(ended["three_way"], true);
    let recording = text(&ended["recording_id"]);
    let manifest = wait_recording(&desk, &recording);
    let (left, right) = channels(&desk.bytes(&format!("/api/v1/recordings/{recording}/audio")));
    match &world.speech {
        None => assert!(best_share(CITIZEN, &left) > 0.5, "left is the citizen"),
        Some(speech) => {
            // A word of half a second out of the middle must be there, whole, in what was recorded.
            let word = &speech[speech.len() / 2..][..4_000];
            let likeness = likeness(word, &left, left.len());
            assert!(
                likeness > 0.9,
                "left is the citizen's speech, alike only {likeness:.2}"
            );
        }
    }
    assert!(best_share(AGENT, &right) > 0.5, "right is our side");
    assert!(
        best_share(AGENT, &left) < 0.1,
        "the agent is not on the citizen's track"
    );
    tell(&format!(
        "call {call_id}: success, recorded as {recording}, {} ms, left citizen, right us",
        manifest["duration_ms"]
    ));

    // The ticket.
    let unit = login("unit_handler");
    let reviewer = login("reviewer");
    let act = |person: &Person, name: &str, body: Value| {
        person.post(&format!("/api/v1/tickets/{ticket}/commands/{name}"), &body)
    };
    act(
        &desk,
        "register",
        json!({
            "title": "路灯不亮",
            "content": "中山路 12 号门前路灯连续三天不亮, 夜间出行不便。",
            "kind": "help_request",
            "petitioner": {"name": "王先生", "phone": caller, "applicant": "person"},
            "address": "南京市玄武区中山路 12 号",
        }),
    );
    act(
        &desk,
        "note_three_way",
        json!({"specialist": "城管专席 陈刚", "unit": "nj-cgj", "call": call_id, "recording": recording}),
    );
    act(
        &desk,
        "dispatch",
        json!({"lead": "nj-cgj", "basis": "市政照明设施养护"}),
    );
    act(&unit, "acknowledge", json!({}));
    act(
        &unit,
        "reply",
        json!({
            "text": "经核查, 该处线路接头损坏, 城管局已于当日 18 时安排李强更换接头并恢复照明。",
            "no_contact_reason": "三方通话中已与诉求人沟通办理程序及期限。",
        }),
    );
    let closed = act(
        &reviewer,
        "review",
        json!({"outcome": "passed", "remark": "答复规范、具体、完整。"}),
    );
    assert_eq!(closed["stage"], "closed", "{closed}");
    tell(&format!(
        "ticket {ticket}: registered, dispatched, acknowledged, replied, reviewed, closed"
    ));

    // The survey by SMS, answered "dissatisfied".
    let message = world.sms.wait_for(1, SOON);
    let sms_text = message["text"].as_str().expect("a text").to_owned();
    assert!(
        sms_text.starts_with("【"),
        "a signature stands in front: {sms_text}"
    );
    assert_eq!(message["to"], caller);
    let status = SmsProvider::reply(
        base,
        "main",
        "demo-callback-token",
        "demo-callback-secret",
        "r1",
        caller,
        "不满意",
    );
    assert_eq!(status, 200, "a signed callback is taken");
    tell(&format!("SMS survey sent and answered 不满意: {sms_text}"));

    // A person calls back, twice: dissatisfied, put right, satisfied.
    let revisitor = login("revisitor");
    let mut revisit_recordings = Vec::new();
    for (round, outcome) in [("first", "dissatisfied"), ("second", "satisfied")] {
        let revisit = revisitor.wait_for(
            &format!("/api/v1/revisits?ticket={ticket}&stage=planned"),
            SOON,
            |list| {
                list["items"]
                    .as_array()?
                    .iter()
                    .find(|revisit| revisit["round"] == round)
                    .map(|revisit| text(&revisit["id"]))
            },
        );
        let placed = revisitor.post(
            &format!("/api/v1/revisits/{revisit}/commands/call"),
            &json!({}),
        );
        let ringing = revisitor_phone.ring();
        let revisitor_call = revisitor_phone.answer(ringing, REVISITOR);
        let ringing = citizen_phone.ring();
        let mut citizen = citizen_phone.answer(ringing, CITIZEN);
        assert!(
            citizen.audio.hears(REVISITOR, true, SOON),
            "the citizen hears the revisitor"
        );
        assert!(
            revisitor_call.audio.hears(CITIZEN, true, SOON),
            "the revisitor hears the citizen"
        );
        citizen_phone.hang_up(&mut citizen);
        revisitor_phone.wait_bye(&revisitor_call);
        let recording = text(&placed["recording"]);
        let audit = login("supervisor");
        wait_recording(&audit, &recording);
        let rating = if outcome == "satisfied" {
            "satisfied"
        } else {
            "dissatisfied"
        };
        revisitor.post(
            &format!("/api/v1/revisits/{revisit}/commands/record"),
            &json!({"outcome": outcome, "rating": rating, "remark": "电话回访"}),
        );
        tell(&format!(
            "manual revisit {revisit} ({round}): {outcome}, recorded as {recording}"
        ));
        revisit_recordings.push(recording);
        if round == "first" {
            act(
                &unit,
                "rectify",
                json!({"finding": "接头更换后再次松动。", "measures": "整段线路更换, 并安排夜间巡查一周。"}),
            );
            tell("the unit verified and put it right");
        }
    }

    let events = reviewer.get(&format!("/api/v1/tickets/{ticket}/events"));
    let events: Vec<String> = events["items"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| {
            format!(
                "{:>3}  {}  {}",
                event["seq"],
                event["at"].as_str().unwrap_or(""),
                name_of(event)
            )
        })
        .collect();
    Chain {
        call: call_id,
        recording,
        ticket,
        revisit_recordings,
        events,
    }
}

fn wait_recording(person: &Person, recording: &str) -> Value {
    let path = format!("/api/v1/recordings/{recording}");
    let started = std::time::Instant::now();
    loop {
        let (status, body) = person.try_get(&path);
        if status == 200 {
            return body;
        }
        assert!(
            started.elapsed() < SOON,
            "recording {recording} is not stored within {SOON:?}: {status} {body}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn name_of(event: &Value) -> String {
    event["event"]["event"]
        .as_str()
        .or_else(|| event["event"].as_str())
        .or_else(|| event["name"].as_str())
        .unwrap_or("?")
        .to_owned()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
        .to_owned()
}

/// Both channels of a stereo WAV.
pub fn channels(wav: &[u8]) -> (Vec<i16>, Vec<i16>) {
    let mut reader = hound::WavReader::new(wav).expect("a WAV that opens");
    assert_eq!(reader.spec().channels, 2);
    let samples: Vec<i16> = reader
        .samples()
        .collect::<Result<_, _>>()
        .expect("whole samples");
    samples
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .unzip()
}

/// The largest share of `hz` in any half second.
pub fn best_share(hz: f64, samples: &[i16]) -> f64 {
    samples
        .chunks_exact(4_000)
        .map(|window| share_of(hz, window))
        .fold(0.0, f64::max)
}
