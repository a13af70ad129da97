//! A carrier's day: sipp brings the calls and answers them, and phones do what people do with them, against the real
//! program.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::http::Person;
use testkit::phone::{Call, Phone};
use testkit::server::{free_port, organisation};
use testkit::sipp::{Outcome, Stage};
use testkit::site::{SOON, Site};
use testkit::sound::share_of;
use testkit::story::channels;

const CALLER: f64 = 440.0;
const AGENT: f64 = 700.0;
const OTHER: f64 = 1_000.0;
const AGENTS: usize = 120;

/// The load organisation, small enough for a test, with somebody who may look at everything, a phone that may dial
/// outside, a number that leads to one phone, and a trunk with two ways out.
fn bench(outbound: [&str; 2]) -> String {
    let text = organisation("bench")
        .replace("count = 2000", &format!("count = {AGENTS}"))
        .replace("\"sip:127.0.0.1:5090\"", &format!("{outbound:?}"));
    let hash = text
        .lines()
        .find(|line| line.starts_with("password = \"$argon2id$"))
        .expect("passwords are given as hashes");
    format!(
        "{text}\n\
         [[user]]\nusername = \"supervisor\"\ndisplay_name = \"值班主任\"\nrole = \"supervisor\"\n\
         unit = \"js-12345\"\n{hash}\n\
         [[extension]]\nnumber = \"8600\"\npassword = \"secret\"\ntoll = true\n\
         [[extension]]\nnumber = \"8700\"\npassword = \"secret\"\n\
         [[number]]\nnumber = \"12300\"\nextension = \"8700\"\n"
    )
}

fn site(outbound: [&str; 2], settings: &[(&str, &str)]) -> Site {
    Site::new(env!("CARGO_BIN_EXE_hotline"), &bench(outbound), settings)
}

fn without_a_way_out() -> Site {
    site(["sip:127.0.0.1:9"; 2], &[])
}

#[test]
fn two_hundred_calls_are_bridged_recorded_and_kept() {
    const CALLS: usize = 200;
    let site = without_a_way_out();
    let server = &site.server;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stage = Stage::new(folder.path(), server.sip, "udp", CALLER, AGENT);
    let phones = free_port().port();
    assert_eq!(stage.register(AGENTS, phones).successful, AGENTS as u64);
    let agents = stage.agents(phones, CALLS);
    let callers = stage.callers("12345", CALLS, 20, Duration::from_secs(2));
    let all = |outcome: Outcome| (outcome.successful, outcome.failed);
    assert_eq!(
        all(callers.finish(Duration::from_secs(90))),
        (CALLS as u64, 0),
        "{}",
        server.log()
    );
    assert_eq!(all(agents.finish(SOON)), (CALLS as u64, 0));

    let supervisor = site.supervisor();
    let calls = all_calls(&supervisor, CALLS);
    assert_eq!(calls.len(), CALLS, "one record a call");
    for call in &calls {
        assert_eq!(call["termination"]["result"], "success", "{call}");
        assert!(
            call["contact_id"].is_string() && call["ticket_id"].is_string(),
            "{call}"
        );
        assert!(call["agent"].is_string(), "{call}");
        let ticket = supervisor.get(&format!(
            "/api/v1/tickets/{}",
            call["ticket_id"].as_str().expect("a text")
        ));
        assert_eq!(ticket["stage"], "draft", "{ticket}");
        check_sound(
            &supervisor,
            call["recording_id"].as_str().expect("a recording"),
        );
    }
    assert_eq!(
        server.metric("hotline_calls_ended_total{result=\"success\"}"),
        CALLS as f64,
        "one end a call"
    );
    site.close();
}

/// Every call's record, once all have ended and their recordings are stored.
fn all_calls(supervisor: &Person, count: usize) -> Vec<Value> {
    supervisor.wait_for("/api/v1/calls?limit=200", SOON, |page| {
        let items = page["items"].as_array().expect("items");
        let whole = |call: &&Value| {
            let Some(recording) = call["recording_id"].as_str() else {
                return false;
            };
            !call["termination"].is_null()
                && supervisor
                    .try_get(&format!("/api/v1/recordings/{recording}"))
                    .0
                    == 200
        };
        (items.len() == count && items.iter().all(|call| whole(&call))).then(|| items.clone())
    })
}

/// The left channel holds what the caller said, the right one what the agent said, and neither the other's.
fn check_sound(person: &Person, recording: &str) {
    let (left, right) = channels(&person.bytes(&format!("/api/v1/recordings/{recording}/audio")));
    let quarter_seconds = |hz: f64, samples: &[i16]| {
        samples
            .chunks_exact(2_000)
            .filter(|window| share_of(hz, window) > 0.8)
            .count()
    };
    // Two seconds of talk, less half a second of beginning and end.
    for (hz, samples, side) in [(CALLER, &left, "left"), (AGENT, &right, "right")] {
        assert!(
            quarter_seconds(hz, samples) >= 6,
            "{recording}: {hz} Hz is not on the {side}"
        );
    }
    for (hz, samples, side) in [(AGENT, &left, "left"), (CALLER, &right, "right")] {
        let bleeds = samples
            .chunks_exact(2_000)
            .any(|window| share_of(hz, window) > 0.01);
        assert!(!bleeds, "{recording}: {hz} Hz is on the {side}");
    }
}

#[test]
fn phones_and_carriers_may_come_over_tcp() {
    let site = without_a_way_out();
    let mut agent = Phone::over_tcp(site.server.sip, "agent1000", "secret");
    assert_eq!(agent.register(3600), 200);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stage = Stage::new(folder.path(), site.server.sip, "tcp", CALLER, AGENT);
    let callers = stage.callers("12345", 1, 1, Duration::from_secs(3));
    let ringing = agent.ring();
    let there = agent.answer(ringing, AGENT);
    assert!(
        there.audio.hears(CALLER, true, SOON),
        "{}",
        site.server.log()
    );
    agent.wait_bye(&there);
    let outcome = callers.finish(SOON);
    assert_eq!(
        (outcome.successful, outcome.failed),
        (1, 0),
        "{}",
        site.server.log()
    );

    let mut citizen = Phone::over_tcp(site.server.sip, "13800000009", "");
    let (mut here, there) = site.bridged((&mut citizen, CALLER), (&mut agent, AGENT));
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    assert_eq!(
        site.record(&here.call_id)["termination"]["result"],
        "success"
    );
    site.close();
}

#[test]
fn a_caller_who_gives_up_while_it_rings_stops_the_ringing() {
    let site = without_a_way_out();
    let mut desk = site.phone("8700");
    let mut citizen = site.citizen("13800000001");
    let dialling = citizen.dial("12300");
    let ringing = desk.ring();
    assert_eq!(citizen.cancel(&dialling), 487);
    desk.wait_cancel(&ringing);
    let record = site.record(&dialling.call_id);
    assert_eq!(
        record["termination"],
        json!({"result": "caller", "reason": "cancelled"})
    );
    assert_eq!(record["answered_at"], Value::Null);
    site.close();
}

#[test]
fn agents_who_do_not_take_the_call_are_passed_over() {
    let site = without_a_way_out();
    let mut agents: Vec<Phone> = (1000..1004)
        .map(|nth| site.phone(&format!("agent{nth}")))
        .collect();
    let mut last = agents.pop().expect("four phones");
    let mut citizen = site.citizen("13800000002");
    let mut call = citizen.call("12345", CALLER).expect("12345 answers");
    for (phone, status) in agents.iter_mut().zip([486, 480, 603]) {
        let ringing = phone.ring();
        phone.refuse(&ringing, status);
    }
    let ringing = last.ring();
    let there = last.answer(ringing, AGENT);
    assert!(
        call.audio.hears(AGENT, true, SOON),
        "the fourth agent is heard"
    );
    citizen.hang_up(&mut call);
    last.wait_bye(&there);
    let record = site.record(&call.call_id);
    assert_eq!(record["agent"], "agent1003");
    let refusals: Vec<&Value> = record["legs"]
        .as_array()
        .expect("legs")
        .iter()
        .map(|leg| &leg["status"])
        .collect();
    assert_eq!(
        refusals,
        [
            &Value::Null,
            &json!(486),
            &json!(480),
            &json!(603),
            &Value::Null
        ]
    );
    site.close();
}

#[test]
fn a_carrier_that_is_full_or_silent_is_passed_over() {
    let (full, silent, good) = (free_port(), free_port(), free_port());
    for (first, is_silent) in [(full, false), (silent, true)] {
        let site = site([&format!("sip:{first}"), &format!("sip:{good}")], &[]);
        let mut first = Phone::at(first, site.server.sip, "carrier-a", "");
        let mut second = Phone::at(good, site.server.sip, "carrier-b", "");
        let mut desk = site.phone("8600");
        let dialled = "013912345678";
        let there = std::thread::scope(|scope| {
            let desk = scope.spawn(move || (desk.call(dialled, AGENT), desk));
            let asked = first.ring_silently();
            assert!(asked.dialled().contains(dialled));
            if !is_silent {
                first.refuse(&asked, 503);
            }
            let ringing = second.ring();
            assert!(ringing.dialled().contains(dialled));
            assert!(
                ringing.caller().contains("12345"),
                "the outside sees the hotline: {}",
                ringing.caller()
            );
            let citizen = second.answer(ringing, CALLER);
            let (call, mut desk) = desk.join().expect("no panic");
            let mut call = call.expect("the second carrier answers");
            assert!(call.audio.hears(CALLER, true, SOON));
            assert!(citizen.audio.hears(AGENT, true, SOON));
            desk.hang_up(&mut call);
            second.wait_bye(&citizen);
            call
        });
        let record = site.record(&there.call_id);
        assert_eq!(record["direction"], "outbound");
        assert_eq!(record["termination"]["result"], "success");
        let reason = if is_silent { "silence" } else { "refused" };
        let series = format!("hotline_trunk_failovers_total{{reason=\"{reason}\"}}");
        assert_eq!(site.server.metric(&series), 1.0);
        site.close();
    }
}

#[test]
fn a_call_that_offers_nothing_is_offered_to() {
    let site = without_a_way_out();
    let mut agent = site.phone("agent1000");
    let mut citizen = site.citizen("13800000003");
    let mut call = citizen
        .call_without_offer("12345", CALLER)
        .expect("12345 answers");
    let ringing = agent.ring();
    let there = agent.answer(ringing, AGENT);
    assert!(call.audio.hears(AGENT, true, SOON));
    assert!(there.audio.hears(CALLER, true, SOON));
    citizen.hang_up(&mut call);
    agent.wait_bye(&there);
    assert_eq!(
        site.record(&call.call_id)["termination"]["result"],
        "success"
    );
    site.close();
}

#[test]
fn the_hold_key_of_a_phone_holds() {
    let site = without_a_way_out();
    let mut agent = site.phone("agent1000");
    let mut citizen = site.citizen("13800000004");
    let (mut here, mut there) = site.bridged((&mut citizen, CALLER), (&mut agent, AGENT));
    let answer = agent.reoffer(&mut there, "sendonly");
    assert!(answer.contains("a=recvonly"), "{answer}");
    assert!(
        here.audio.hears(AGENT, false, SOON),
        "a held citizen does not hear the agent"
    );
    assert!(
        there.audio.hears(CALLER, false, SOON),
        "nor the agent the citizen"
    );
    let answer = agent.reoffer(&mut there, "sendrecv");
    assert!(!answer.contains("a=recvonly"), "{answer}");
    assert!(here.audio.hears(AGENT, true, SOON), "resumed");
    assert!(there.audio.hears(CALLER, true, SOON), "resumed");
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    site.close();
}

#[test]
fn a_phone_hands_its_citizen_on() {
    let site = without_a_way_out();
    let mut agent = site.phone("agent1000");
    let mut desk = site.phone("8700");
    let mut citizen = site.citizen("13800000005");
    let (mut here, mut there) = site.bridged((&mut citizen, CALLER), (&mut agent, AGENT));

    // First the other does not want it: the agent has the citizen again.
    assert_eq!(agent.refer(&mut there, "8700"), 202);
    let ringing = desk.ring();
    desk.refuse(&ringing, 486);
    assert!(
        here.audio.hears(AGENT, true, SOON),
        "a transfer that fails leaves the agent with the citizen"
    );
    let told = [agent.wait_notify(), agent.wait_notify()];
    assert!(
        told[0].starts_with("SIP/2.0 100") && told[1].starts_with("SIP/2.0 486"),
        "{told:?}"
    );

    assert_eq!(agent.refer(&mut there, "8700"), 202);
    let ringing = desk.ring();
    let other = desk.answer(ringing, OTHER);
    assert!(
        here.audio.hears(OTHER, true, SOON),
        "the citizen hears who took over"
    );
    assert!(other.audio.hears(CALLER, true, SOON), "and is heard");
    let told = [agent.wait_notify(), agent.wait_notify()];
    assert!(
        told[0].starts_with("SIP/2.0 100") && told[1].starts_with("SIP/2.0 200"),
        "{told:?}"
    );
    agent.wait_bye(&there);
    citizen.hang_up(&mut here);
    desk.wait_bye(&other);
    let record = site.record(&here.call_id);
    assert_eq!(record["termination"]["result"], "success");
    site.close();
}

#[test]
fn a_draining_server_ends_its_calls_and_takes_no_new_ones() {
    let site = without_a_way_out();
    let mut agent = site.phone("agent1000");
    let mut citizen = site.citizen("13800000006");
    let mut carrier = site.citizen("carrier");
    assert_eq!(carrier.options().status_code().code(), 200);
    let (mut here, there) = site.bridged((&mut citizen, CALLER), (&mut agent, AGENT));
    site.server.terminate();
    site.server.wait_for_line("draining", SOON);
    let answer = carrier.options();
    assert_eq!(answer.status_code().code(), 503);
    let late = carrier.dial("12345");
    assert_eq!(carrier.outcome(&late), 503);
    assert!(
        here.audio.hears(AGENT, true, SOON),
        "the call that was up goes on"
    );
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    let mut site = site;
    assert!(site.server.ended(SOON).success(), "{}", site.server.log());
    assert_eq!(site.place.check(), Vec::<String>::new());
}

#[test]
fn a_full_house_tells_when_to_try_again() {
    let site = site(["sip:127.0.0.1:9"; 2], &[("LIMITS__CALLS", "2")]);
    let mut citizens: Vec<Phone> = (0..3)
        .map(|n| site.citizen(&format!("1380000010{n}")))
        .collect();
    let mut calls: Vec<Call> = citizens
        .iter_mut()
        .take(2)
        .map(|phone| phone.call("12345", CALLER).expect("there is room"))
        .collect();
    let refused = citizens[2].dial("12345");
    let answer = citizens[2].answer_to(&refused);
    assert_eq!(answer.status_code().code(), 503);
    assert!(answer.to_string().contains("Retry-After: 5"), "{answer}");
    let full = "hotline_calls_refused_total{reason=\"too_many_calls\"}";
    assert_eq!(site.server.metric(full), 1.0);
    citizens[0].hang_up(&mut calls[0]);
    site.record(&calls[0].call_id);
    assert!(
        citizens[2].call("12345", CALLER).is_ok(),
        "there is room again"
    );
    citizens[1].hang_up(&mut calls[1]);
    drop(site);
}
