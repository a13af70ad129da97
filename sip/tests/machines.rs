//! Calls between two endpoints, told as stories: what the network does to them and how both sides agree in the end.

mod pair;

use std::time::Duration;

use hotline_sip::endpoint::{Config, EndCause, Event, NoResponse, Refused, Timers};
use hotline_sip::header::{HeaderName, Headers, Reason, Transport};
use hotline_sip::message::{Message, Method, Status};
use pair::{ANSWER, CALLEE, CALLER, GOOD, Link, OFFER, World, account, address, name};

const SECOND: Duration = Duration::from_secs(1);

fn cause(event: Event) -> EndCause {
    match event {
        Event::Ended { cause, .. } => cause,
        other => panic!("not an end: {other:?}"),
    }
}

fn failure(event: Event) -> u16 {
    match event {
        Event::Failed { status, .. } => status.code(),
        other => panic!("not a failure: {other:?}"),
    }
}

fn sdp(event: Event) -> Option<Vec<u8>> {
    match event {
        Event::Incoming { offer: sdp, .. }
        | Event::Answered { sdp, .. }
        | Event::Progress { sdp, .. }
        | Event::Offered { sdp, .. }
        | Event::OfferAnswered { sdp, .. }
        | Event::Acked { answer: sdp, .. } => sdp,
        other => panic!("no session in {other:?}"),
    }
}

#[test]
fn a_call_rings_is_answered_and_ends_leaving_nothing_behind() {
    let mut world = World::new(1, GOOD);
    let caller = world.call();
    world.settle();
    assert_eq!(world.count(CALLEE, "100 INVITE"), 1);
    let Event::Incoming {
        leg,
        offer,
        request,
        ..
    } = world.expect(CALLEE, "Incoming")
    else {
        panic!("a call comes in")
    };
    assert_eq!(offer.as_deref(), Some(OFFER));
    assert_eq!(request.uri.user(), Some("12345"));
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(now, leg, Status::RINGING, None, false)
    });
    world.settle();
    assert_eq!(sdp(world.expect(CALLER, "Progress")), None);
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, leg, ANSWER.to_vec())
    });
    world.settle();
    assert_eq!(
        sdp(world.expect(CALLER, "Answered")).as_deref(),
        Some(ANSWER)
    );
    assert_eq!(sdp(world.expect(CALLEE, "Acked")), None);
    world.pass(60 * SECOND);
    let reason = Reason::new("Q.850", 16, "Normal call clearing");
    world.wish(CALLER, |endpoint, now| {
        endpoint.bye(now, caller, Some(&reason))
    });
    world.settle();
    assert_eq!(cause(world.expect(CALLER, "Ended")), EndCause::ByeSent);
    match world.expect(CALLEE, "Ended") {
        Event::Ended {
            cause: EndCause::ByeReceived,
            reason: Some(reason),
            ..
        } => assert_eq!(reason.cause(), Some(16)),
        other => panic!("{other:?}"),
    }
    world.forget();
    world.assert_empty();
    assert_eq!(world.ends[CALLER].endpoint.stats().retransmissions, 0);
    assert_eq!(world.ends[CALLEE].endpoint.stats().retransmissions, 0);
}

// ---- what gets lost ------------------------------------------------------------------------------------------------

#[test]
fn a_lost_ack_is_sent_again_when_the_200_comes_again() {
    let mut world = World::new(2, GOOD);
    world.lose("ACK", 3);
    let (_, callee) = {
        let caller = world.call();
        world.settle();
        (caller, world.incoming())
    };
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.pass(10 * SECOND);
    world.expect(CALLER, "Answered");
    world.expect(CALLEE, "Acked");
    assert_eq!(world.count(CALLEE, "200 INVITE"), 4);
    assert_eq!(world.count(CALLER, "ACK"), 4);
}

#[test]
fn a_lost_200_comes_again() {
    let mut world = World::new(3, GOOD);
    world.lose("200 INVITE", 2);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.pass(10 * SECOND);
    world.expect(CALLER, "Answered");
    world.expect(CALLEE, "Acked");
    assert_eq!(
        world.count(CALLER, "INVITE"),
        1,
        "100 Trying stops the INVITE"
    );
}

#[test]
fn an_answer_that_is_never_acknowledged_is_hung_up_after_32_s() {
    let mut world = World::new(4, GOOD);
    world.lose("ACK", 100);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.pass(33 * SECOND);
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::AckTimeout);
    assert_eq!(cause(world.expect(CALLER, "Ended")), EndCause::ByeReceived);
    assert!(!world.told(CALLEE, "Acked"));
    world.forget();
    world.assert_empty();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let mut world = World::new(5, GOOD);
    world.lose("ACK", 1);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.pass(Duration::from_millis(400));
    assert_eq!(world.count(CALLEE, "BYE"), 0, "RFC 3261 §15");
    world.pass(SECOND);
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeSent);
    assert_eq!(cause(world.expect(CALLER, "Ended")), EndCause::ByeReceived);
    world.forget();
    world.assert_empty();
}

#[test]
fn a_call_into_silence_fails_with_408_after_32_s_and_seven_invites() {
    let mut world = World::new(6, GOOD);
    world.lose("INVITE", 100);
    world.call();
    world.pass(31 * SECOND);
    assert!(!world.told(CALLER, "Failed"));
    world.pass(2 * SECOND);
    assert_eq!(failure(world.expect(CALLER, "Failed")), 408);
    assert_eq!(world.count(CALLER, "INVITE"), 7);
    world.assert_empty();
}

#[test]
fn tcp_repeats_no_request() {
    let mut world = World::new(7, GOOD);
    world.transport = Transport::Tcp;
    world.lose("INVITE", 100);
    world.call();
    world.pass(40 * SECOND);
    assert_eq!(world.count(CALLER, "INVITE"), 1);
    assert_eq!(failure(world.expect(CALLER, "Failed")), 408);
    world.assert_empty();
}

#[test]
fn a_call_over_tcp_stays_on_its_connection() {
    let mut world = World::new(8, GOOD);
    world.transport = Transport::Tcp;
    let (caller, _) = world.call_up();
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.settle();
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeReceived);
    world.forget();
    world.assert_empty();
    assert_eq!(world.ends[CALLER].endpoint.stats().retransmissions, 0);
}

#[test]
fn a_refusal_is_repeated_until_its_ack_comes() {
    let mut world = World::new(9, GOOD);
    world.lose("ACK", 2);
    world.call();
    world.settle();
    let callee = world.incoming();
    let mut headers = Headers::new();
    headers.push(HeaderName::RetryAfter, 30);
    world.wish(CALLEE, |endpoint, now| {
        endpoint.reject(now, callee, Status::SERVICE_UNAVAILABLE, &headers)
    });
    world.pass(5 * SECOND);
    match world.expect(CALLER, "Failed") {
        Event::Failed {
            status,
            retry_after,
            ..
        } => {
            assert_eq!(
                (status, retry_after),
                (Status::SERVICE_UNAVAILABLE, Some(30))
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::Rejected);
    assert_eq!(world.count(CALLEE, "503 INVITE"), 3);
    world.forget();
    world.assert_empty();
}

// ---- giving up -----------------------------------------------------------------------------------------------------

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut world = World::new(10, GOOD);
    world.lose("100 INVITE", 1);
    let caller = world.call();
    world.wish(CALLER, |endpoint, now| endpoint.cancel(now, caller, None));
    assert_eq!(failure(world.expect(CALLER, "Failed")), 487);
    world.pass(Duration::from_millis(400));
    assert_eq!(world.count(CALLER, "CANCEL"), 0, "RFC 3261 §9.1");
    world.pass(SECOND);
    assert_eq!(world.count(CALLER, "CANCEL"), 1);
    world.incoming();
    assert!(matches!(
        world.expect(CALLEE, "Cancelled"),
        Event::Cancelled { reason: None, .. }
    ));
    assert_eq!(world.count(CALLEE, "487 INVITE"), 1);
    assert_eq!(
        world.act(CALLER, |endpoint, now| endpoint.cancel(now, caller, None)),
        Err(Refused::Gone)
    );
    world.forget();
    world.assert_empty();
}

#[test]
fn a_cancel_says_why() {
    let mut world = World::new(11, GOOD);
    let caller = world.call();
    world.settle();
    let elsewhere = Reason::new("SIP", 200, "Call completed elsewhere");
    world.wish(CALLER, |endpoint, now| {
        endpoint.cancel(now, caller, Some(&elsewhere))
    });
    world.settle();
    world.incoming();
    match world.expect(CALLEE, "Cancelled") {
        Event::Cancelled { reason, .. } => assert_eq!(reason, Some(elsewhere)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cancel_that_crosses_the_200_is_acknowledged_and_hung_up() {
    let mut world = World::new(12, GOOD);
    let caller = world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.wish(CALLER, |endpoint, now| endpoint.cancel(now, caller, None));
    world.settle();
    assert_eq!(failure(world.expect(CALLER, "Failed")), 487);
    world.expect(CALLEE, "Acked");
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeReceived);
    assert!(!world.told(CALLEE, "Cancelled"));
    world.forget();
    world.assert_empty();
}

#[test]
fn a_call_that_rings_too_long_is_cancelled() {
    let mut world = World::new(13, GOOD);
    let mut params = world.params(Some(OFFER));
    params.ring_timeout = Some(20 * SECOND);
    world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(now, callee, Status::RINGING, None, false)
    });
    world.pass(21 * SECOND);
    assert_eq!(failure(world.expect(CALLER, "Failed")), 408);
    world.expect(CALLEE, "Cancelled");
    world.forget();
    world.assert_empty();
}

#[test]
fn a_call_without_limit_still_ends_at_timer_c() {
    let mut world = World::new(14, GOOD);
    world.call();
    world.pass(179 * SECOND);
    assert!(!world.told(CALLER, "Failed"));
    world.pass(2 * SECOND);
    assert_eq!(failure(world.expect(CALLER, "Failed")), 408);
    world.expect(CALLEE, "Cancelled");
    world.forget();
    world.assert_empty();
}

#[test]
fn a_waiting_call_keeps_its_proxies_awake_and_is_refused_in_the_end() {
    let timers = Timers {
        ringing_max: Duration::from_secs(3600),
        waiting_max: Duration::from_secs(300),
        ..Timers::default()
    };
    let config = Config {
        timers,
        ..Config::default()
    };
    let mut world = World::with_config(15, GOOD, config);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(now, callee, Status::QUEUED, None, false)
    });
    world.pass(290 * SECOND);
    assert_eq!(world.count(CALLEE, "182 INVITE"), 5);
    world.pass(11 * SECOND);
    assert_eq!(
        cause(world.expect(CALLEE, "Ended")),
        EndCause::NeverAnswered
    );
    assert_eq!(failure(world.expect(CALLER, "Failed")), 480);
    world.forget();
    world.assert_empty();
}

#[test]
fn two_byes_that_cross_are_both_answered_200() {
    let mut world = World::new(16, GOOD);
    let (caller, callee) = world.call_up();
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.settle();
    assert_eq!(cause(world.expect(CALLER, "Ended")), EndCause::ByeSent);
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeSent);
    assert_eq!(
        world.count(CALLER, "200 BYE") + world.count(CALLEE, "200 BYE"),
        2
    );
    world.forget();
    world.assert_empty();
}

// ---- forks, merges, strays -----------------------------------------------------------------------------------------

/// What the callee sent last of that kind, with another To tag: a second branch of a fork.
fn other_fork(bytes: &[u8], tag: &str) -> Vec<u8> {
    let Ok(Message::Response(mut response)) = Message::parse(bytes) else {
        panic!("a response is forked")
    };
    let mut to = response.headers.to().unwrap();
    to.set_tag(tag);
    response.headers.set(HeaderName::To, to);
    response
        .headers
        .set(HeaderName::Contact, "<sip:other@192.0.2.9:5070>");
    response.to_bytes()
}

#[test]
fn the_second_fork_that_answers_is_acknowledged_and_hung_up_once() {
    let mut world = World::new(17, GOOD);
    world.keep_copies = true;
    let (caller, _) = world.call_up();
    let second = other_fork(&world.last_copy(CALLEE, "200 INVITE"), "fork-2");
    world.inject(CALLER, address(CALLEE), &second);
    world.inject(CALLER, address(CALLEE), &second);
    world.settle();
    let kinds: Vec<String> = world.elsewhere.iter().map(pair::Packet::kind).collect();
    assert_eq!(kinds, ["ACK", "BYE", "ACK"]);
    for packet in &world.elsewhere {
        assert_eq!(
            packet.to.to_string(),
            "192.0.2.9:5070",
            "the fork's own Contact"
        );
        assert_eq!(
            packet.message().headers().to().unwrap().tag(),
            Some("fork-2")
        );
    }
    assert!(
        world.ends[CALLER].events.is_empty(),
        "the shell hears of one call only"
    );
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn the_fork_that_answers_is_the_call_whichever_rang_last() {
    let mut world = World::new(18, GOOD);
    world.keep_copies = true;
    let caller = world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(now, callee, Status::RINGING, None, false)
    });
    world.settle();
    let second = other_fork(&world.last_copy(CALLEE, "180 INVITE"), "fork-2");
    world.inject(CALLER, address(CALLEE), &second);
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.settle();
    world.expect(CALLER, "Answered");
    world.expect(CALLEE, "Acked");
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.settle();
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeReceived);
}

#[test]
fn one_request_on_two_ways_is_one_call() {
    let mut world = World::new(19, GOOD);
    world.keep_copies = true;
    world.call();
    world.settle();
    let invite = world.last_copy(CALLER, "INVITE");
    let text = String::from_utf8(invite).unwrap();
    let branch = text.find("branch=z9hG4bK").unwrap() + "branch=z9hG4bK".len();
    let mut merged = text.clone();
    merged.replace_range(branch..branch + 4, "othr");
    world.inject(CALLEE, address(CALLER), merged.as_bytes());
    assert_eq!(world.count(CALLEE, "482 INVITE"), 1, "RFC 3261 §8.2.2.2");
    world.inject(CALLEE, address(CALLER), text.as_bytes());
    assert_eq!(
        world.count(CALLEE, "100 INVITE"),
        2,
        "a mere repetition gets its response again"
    );
    world.incoming();
}

/// What PRACK, REFER and NOTIFY must carry to be looked at.
const MADE_UP: &str = "RAck: 1 1 INVITE\r\nRefer-To: <sip:a@192.0.2.9>\r\nEvent: refer\r\nSubscription-State: active\r\n";

#[test]
fn requests_for_unknown_calls_get_481_and_stray_acks_nothing() {
    let mut world = World::new(20, GOOD);
    for method in [
        "BYE", "INVITE", "UPDATE", "INFO", "PRACK", "REFER", "NOTIFY", "CANCEL",
    ] {
        world.inject(
            CALLEE,
            address(CALLER),
            request(
                method,
                "sip:12345@192.0.2.2",
                ";tag=0123456789abcdef",
                MADE_UP,
            )
            .as_bytes(),
        );
        assert_eq!(world.count(CALLEE, &format!("481 {method}")), 1, "{method}");
    }
    let sent = world.log.len();
    world.inject(
        CALLEE,
        address(CALLER),
        request("ACK", "sip:12345@192.0.2.2", ";tag=0123456789abcdef", "").as_bytes(),
    );
    assert_eq!(world.log.len(), sent);
    assert_eq!(world.ends[CALLEE].endpoint.stats().strays, 1);
    world.assert_empty();
}

/// A request of the test's own making.
fn request(method: &str, uri: &str, to_tag: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method}{length}\r\nFrom: <sip:a@192.0.2.1>;tag=a\r\n\
         To: <sip:12345@192.0.2.2>{to_tag}\r\nCall-ID: {method}{length}@192.0.2.1\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@192.0.2.1>\r\n{more}Content-Length: 0\r\n\r\n",
        length = uri.len() + more.len()
    )
}

#[test]
fn requests_are_judged_before_anything_is_kept() {
    let table: &[(&str, &str, &str, &str)] = &[
        ("INVITE", "sip:1@192.0.2.2", "Max-Forwards: 0\r\n", "483"),
        (
            "INVITE",
            "sip:1@192.0.2.2",
            "Require: 100rel, nothing, timer\r\n",
            "420",
        ),
        ("INVITE", "urn:service:sos", "", "416"),
        ("PUBLISH", "sip:1@192.0.2.2", "", "405"),
        ("NEWMETHOD", "sip:1@192.0.2.2", "", "501"),
        ("MESSAGE", "sip:1@192.0.2.2", "Max-Forwards: 0\r\n", "483"),
        ("MESSAGE", "sip:1@192.0.2.2", "Max-Forwards: 300\r\n", "400"),
    ];
    for (method, uri, more, status) in table {
        let mut world = World::new(21, GOOD);
        world.inject(
            CALLEE,
            address(CALLER),
            request(method, uri, "", more).as_bytes(),
        );
        assert_eq!(
            world.count(CALLEE, &format!("{status} {method}")),
            1,
            "{method} {uri} {more}: {:?}",
            world.log
        );
        assert!(world.ends[CALLEE].events.is_empty());
        world.assert_empty();
    }
}

#[test]
fn a_bad_version_gets_505_and_broken_requests_400() {
    let mut world = World::new(22, GOOD);
    let good = request("OPTIONS", "sip:192.0.2.2", "", "");
    world.inject(
        CALLEE,
        address(CALLER),
        good.replacen("SIP/2.0", "SIP/7.0", 1).as_bytes(),
    );
    assert_eq!(world.count(CALLEE, "505 OPTIONS"), 1);
    world.inject(
        CALLEE,
        address(CALLER),
        good.replace("Content-Length: 0", "Content-Length: 99")
            .as_bytes(),
    );
    assert_eq!(world.count(CALLEE, "400 OPTIONS"), 1);
    world.inject(CALLEE, address(CALLER), b"not SIP at all\r\n\r\n");
    world.inject(CALLEE, address(CALLER), b"\r\n\r\n");
    assert_eq!(world.log.len(), 2);
    assert_eq!(world.ends[CALLEE].endpoint.stats().malformed, 3);
    world.assert_empty();
}

#[test]
fn an_invite_that_comes_back_unchanged_is_a_loop() {
    let mut world = World::new(23, GOOD);
    world.keep_copies = true;
    world.call();
    let ours = String::from_utf8(world.last_copy(CALLER, "INVITE")).unwrap();
    let proxied = ours.replacen(
        "Via:",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKproxy\r\nVia:",
        1,
    );
    world.inject(CALLER, address(CALLEE), proxied.as_bytes());
    assert_eq!(world.count(CALLER, "482 INVITE"), 1);
    let spiral = proxied
        .replacen("sip:12345@", "sip:54321@", 1)
        .replacen("proxy", "prox2", 1);
    world.inject(CALLER, address(CALLEE), spiral.as_bytes());
    world.expect(CALLER, "Incoming");
}

#[test]
fn full_tables_answer_503_without_state_and_count() {
    let config = Config {
        legs_max: 1,
        ..Config::default()
    };
    let mut world = World::with_config(24, GOOD, config);
    world.inject(
        CALLEE,
        address(CALLER),
        request("INVITE", "sip:1@192.0.2.2", "", "").as_bytes(),
    );
    world.inject(
        CALLEE,
        address(CALLER),
        request("INVITE", "sip:12@192.0.2.2", "", "").as_bytes(),
    );
    assert_eq!(world.count(CALLEE, "503 INVITE"), 1);
    assert_eq!(world.ends[CALLEE].endpoint.stats().refused_full, 1);
    let params = world.params(None);
    assert_eq!(
        world.act(CALLEE, |endpoint, now| endpoint.invite(now, params)),
        Err(Refused::Full)
    );
}

// ---- offers inside the call ----------------------------------------------------------------------------------------

const HOLD: &[u8] = b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=sendonly\r\n";
const HELD: &[u8] = b"v=0\r\no=- 2 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\na=recvonly\r\n";

#[test]
fn either_side_holds_and_resumes() {
    let mut world = World::new(30, GOOD);
    let (caller, callee) = world.call_up();
    for (holder, its, other, theirs) in [
        (CALLER, caller, CALLEE, callee),
        (CALLEE, callee, CALLER, caller),
    ] {
        world.wish(holder, |endpoint, now| {
            endpoint.reoffer(now, its, HOLD.to_vec())
        });
        world.settle();
        assert_eq!(sdp(world.expect(other, "Offered")).as_deref(), Some(HOLD));
        world.wish(other, |endpoint, now| {
            endpoint.accept_offer(now, theirs, HELD.to_vec())
        });
        world.settle();
        assert_eq!(
            sdp(world.expect(holder, "OfferAnswered")).as_deref(),
            Some(HELD)
        );
    }
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut world = World::new(31, GOOD);
    let (caller, callee) = world.call_up();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.reoffer(now, callee, HOLD.to_vec())
    });
    world.settle();
    world.expect(CALLER, "Offered");
    world.wish(CALLER, |endpoint, now| {
        endpoint.reject_offer(now, caller, Status::NOT_ACCEPTABLE_HERE, &Headers::new())
    });
    world.settle();
    match world.expect(CALLEE, "OfferRejected") {
        Event::OfferRejected { status, .. } => assert_eq!(status, Status::NOT_ACCEPTABLE_HERE),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        world.act(CALLER, |endpoint, now| endpoint.accept_offer(
            now,
            caller,
            HELD.to_vec()
        )),
        Err(Refused::NotNow)
    );
    assert!(!world.told(CALLER, "Ended") && !world.told(CALLEE, "Ended"));
}

#[test]
fn glare_is_resolved_by_waiting_unequally() {
    for seed in 0..20 {
        let mut world = World::new(32 + seed, GOOD);
        let (caller, callee) = world.call_up();
        world.wish(CALLER, |endpoint, now| {
            endpoint.reoffer(now, caller, HOLD.to_vec())
        });
        world.wish(CALLEE, |endpoint, now| {
            endpoint.reoffer(now, callee, HOLD.to_vec())
        });
        world.settle();
        assert_eq!(
            world.count(CALLER, "491 INVITE") + world.count(CALLEE, "491 INVITE"),
            2
        );
        world.answer_offers(10 * SECOND, HELD);
        world.expect(CALLER, "OfferAnswered");
        world.expect(CALLEE, "OfferAnswered");
        assert!(!world.told(CALLER, "OfferRejected") && !world.told(CALLEE, "OfferRejected"));
    }
}

#[test]
fn a_second_offer_waits_for_the_first_and_the_newest_wish_wins() {
    let mut world = World::new(33, GOOD);
    let (caller, callee) = world.call_up();
    for wish in [HOLD, OFFER, HOLD] {
        world.wish(CALLER, |endpoint, now| {
            endpoint.reoffer(now, caller, wish.to_vec())
        });
    }
    world.settle();
    assert_eq!(sdp(world.expect(CALLEE, "Offered")).as_deref(), Some(HOLD));
    world.wish(CALLEE, |endpoint, now| {
        endpoint.accept_offer(now, callee, HELD.to_vec())
    });
    world.settle();
    world.expect(CALLER, "OfferAnswered");
    assert_eq!(
        sdp(world.expect(CALLEE, "Offered")).as_deref(),
        Some(HOLD),
        "OFFER was overtaken"
    );
}

#[test]
fn an_offer_can_be_taken_back_or_left_lying() {
    let mut world = World::new(34, GOOD);
    let (_, callee) = world.call_up();
    world.keep_copies = true;
    let caller = world.ends[CALLER]
        .endpoint
        .find_leg(&world.replaces_of(CALLEE, callee))
        .expect("the other end of the dialog");
    world.wish(CALLER, |endpoint, now| {
        endpoint.reoffer(now, caller, HOLD.to_vec())
    });
    world.settle();
    world.expect(CALLEE, "Offered");
    let reinvite = String::from_utf8(world.last_copy(CALLER, "INVITE")).unwrap();
    let cancel = reinvite
        .replacen("INVITE ", "CANCEL ", 1)
        .replace(" INVITE\r\n", " CANCEL\r\n");
    let (head, _) = cancel.split_once("Content-Type").unwrap();
    world.inject(
        CALLEE,
        address(CALLER),
        format!("{head}Content-Length: 0\r\n\r\n").as_bytes(),
    );
    world.settle();
    world.expect(CALLEE, "OfferWithdrawn");
    match world.expect(CALLER, "OfferRejected") {
        Event::OfferRejected { status, .. } => assert_eq!(status, Status::REQUEST_TERMINATED),
        other => panic!("{other:?}"),
    }
    assert!(!world.told(CALLEE, "Ended"));
}

#[test]
fn a_call_without_offer_is_offered_in_the_200_and_answered_in_the_ack() {
    let mut world = World::new(35, GOOD);
    let params = world.params(None);
    let caller = world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    let Event::Incoming {
        leg: callee,
        offer: None,
        ..
    } = world.expect(CALLEE, "Incoming")
    else {
        panic!("no offer was made")
    };
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, OFFER.to_vec())
    });
    world.settle();
    assert_eq!(sdp(world.expect(CALLER, "Answered")), None);
    assert_eq!(sdp(world.expect(CALLER, "Offered")).as_deref(), Some(OFFER));
    assert_eq!(world.count(CALLER, "ACK"), 0);
    world.pass(2 * SECOND);
    world.wish(CALLER, |endpoint, now| {
        endpoint.accept_offer(now, caller, ANSWER.to_vec())
    });
    world.settle();
    assert_eq!(sdp(world.expect(CALLEE, "Acked")).as_deref(), Some(ANSWER));
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn a_late_offer_that_does_not_suit_ends_the_call() {
    let mut world = World::new(36, GOOD);
    let params = world.params(None);
    let caller = world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, OFFER.to_vec())
    });
    world.settle();
    world.wish(CALLER, |endpoint, now| {
        endpoint.reject_offer(now, caller, Status::NOT_ACCEPTABLE_HERE, &Headers::new())
    });
    world.settle();
    world.expect(CALLEE, "Acked");
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeReceived);
    world.forget();
    world.assert_empty();
}

#[test]
fn info_and_options_travel_inside_the_call() {
    let mut world = World::new(37, GOOD);
    let (caller, _) = world.call_up();
    world.wish(CALLER, |endpoint, now| {
        endpoint.info(
            now,
            caller,
            "application/dtmf-relay",
            b"Signal=5\r\n".to_vec(),
        )
    });
    world.settle();
    match world.expect(CALLEE, "Info") {
        Event::Info {
            content_type, body, ..
        } => {
            assert_eq!(content_type.as_deref(), Some("application/dtmf-relay"));
            assert_eq!(body, b"Signal=5\r\n");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.count(CALLEE, "200 INFO"), 1);
}

// ---- reliable provisional responses --------------------------------------------------------------------------------

#[test]
fn early_media_that_is_sent_reliably_is_the_answer() {
    let mut world = World::new(40, GOOD);
    world.lose("183 INVITE", 1);
    let caller = world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(
            now,
            callee,
            Status::SESSION_PROGRESS,
            Some(ANSWER.to_vec()),
            true,
        )
    });
    // The answer waits for the PRACK, which waits for the lost 183.
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    assert_eq!(world.count(CALLEE, "200 INVITE"), 0);
    world.pass(2 * SECOND);
    assert_eq!(
        sdp(world.expect(CALLER, "Progress")).as_deref(),
        Some(ANSWER)
    );
    assert_eq!(
        sdp(world.expect(CALLER, "Answered")).as_deref(),
        Some(ANSWER)
    );
    world.expect(CALLEE, "Acked");
    assert_eq!(
        (
            world.count(CALLEE, "183 INVITE"),
            world.count(CALLER, "PRACK")
        ),
        (2, 1)
    );
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn reliable_responses_go_one_at_a_time() {
    let mut world = World::new(41, GOOD);
    world.call();
    world.settle();
    let callee = world.incoming();
    for status in [Status::RINGING, Status::QUEUED, Status::SESSION_PROGRESS] {
        world.wish(CALLEE, |endpoint, now| {
            endpoint.ring(now, callee, status, None, true)
        });
    }
    assert_eq!(world.count(CALLEE, "182 INVITE"), 0);
    world.settle();
    assert_eq!(world.count(CALLER, "PRACK"), 3);
    assert_eq!(world.count(CALLEE, "183 INVITE"), 1);
}

#[test]
fn a_reliable_response_without_prack_gives_the_call_up() {
    let mut world = World::new(42, GOOD);
    world.lose("PRACK", 100);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(now, callee, Status::RINGING, None, true)
    });
    world.pass(33 * SECOND);
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::AckTimeout);
    assert_eq!(failure(world.expect(CALLER, "Failed")), 504);
    world.forget();
    world.assert_empty();
}

#[test]
fn an_offer_in_a_reliable_response_is_answered_in_its_prack() {
    let mut world = World::new(43, GOOD);
    let params = world.params(None);
    let caller = world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(
            now,
            callee,
            Status::SESSION_PROGRESS,
            Some(OFFER.to_vec()),
            true,
        )
    });
    world.settle();
    assert_eq!(sdp(world.expect(CALLER, "Offered")).as_deref(), Some(OFFER));
    world.wish(CALLER, |endpoint, now| {
        endpoint.accept_offer(now, caller, ANSWER.to_vec())
    });
    world.settle();
    assert_eq!(
        sdp(world.expect(CALLEE, "OfferAnswered")).as_deref(),
        Some(ANSWER)
    );
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, OFFER.to_vec())
    });
    world.settle();
    assert_eq!(sdp(world.expect(CALLEE, "Acked")), None);
    world.expect(CALLER, "Answered");
}

#[test]
fn before_the_answer_the_session_changes_by_update() {
    let mut world = World::new(44, GOOD);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(
            now,
            callee,
            Status::SESSION_PROGRESS,
            Some(ANSWER.to_vec()),
            true,
        )
    });
    world.settle();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.reoffer(now, callee, HOLD.to_vec())
    });
    world.answer_offers(SECOND, HELD);
    assert_eq!(world.count(CALLEE, "UPDATE"), 1);
    assert_eq!(
        sdp(world.expect(CALLEE, "OfferAnswered")).as_deref(),
        Some(HELD)
    );
}

// ---- session timers ------------------------------------------------------------------------------------------------

#[test]
fn a_long_call_is_refreshed_and_stays_up() {
    let mut world = World::new(50, GOOD);
    let (caller, _) = world.call_up();
    world.pass(7300 * SECOND);
    assert!(world.ends[CALLER].events.is_empty() && world.ends[CALLEE].events.is_empty());
    assert_eq!(
        world.count(CALLER, "UPDATE") + world.count(CALLEE, "UPDATE"),
        8,
        "every half of 1800 s"
    );
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn when_the_network_dies_both_ends_notice_within_the_session_interval() {
    let mut world = World::new(51, GOOD);
    world.call_up();
    world.link.loss_percent = 100;
    world.pass(1800 * SECOND);
    for end in [CALLER, CALLEE] {
        let cause = cause(world.expect(end, "Ended"));
        assert!(
            matches!(cause, EndCause::Lost | EndCause::SessionExpired),
            "{cause:?}"
        );
    }
    world.forget();
    world.assert_empty();
}

#[test]
fn a_session_interval_that_is_too_small_is_raised() {
    let mut world = World::new(52, GOOD);
    let mut params = world.params(Some(OFFER));
    params.headers.push(HeaderName::Subject, "short");
    let mut config = Config {
        session_expires: Some(60),
        min_se: 30,
        ..Config::default()
    };
    world.replace_end(CALLER, 52, config.clone());
    config.min_se = 90;
    world.replace_end(CALLEE, 53, config);
    world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    assert_eq!(world.count(CALLEE, "422 INVITE"), 1);
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.pass(50 * SECOND);
    world.expect(CALLER, "Answered");
    assert_eq!(
        world.count(CALLER, "UPDATE"),
        1,
        "refreshed at half of 90 s"
    );
    // The call that was refused for its interval left nothing behind.
    assert_eq!(world.ends[CALLEE].endpoint.stats().legs, 1);
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn a_session_interval_that_bounds_nothing_is_shortened() {
    let mut world = World::new(54, GOOD);
    world.keep_copies = true;
    let forever = Config {
        session_expires: Some(u32::MAX),
        ..Config::default()
    };
    world.replace_end(CALLER, 54, forever);
    world.call_up();
    let answer = world.last_copy(CALLEE, "200 INVITE");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("Session-Expires: 1800"), "{answer}");
}

/// A call whose callee answered without Session-Expires, as a phone without RFC 4028 does.
fn call_without_session_timer(seed: u64) -> World {
    let mut world = World::new(seed, GOOD);
    world.keep_copies = true;
    world.lose("200 INVITE", 1);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    let answer = String::from_utf8(world.last_copy(CALLEE, "200 INVITE")).unwrap();
    let without: String = answer
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("Session-Expires"))
        .collect();
    assert_ne!(answer, without);
    world.inject(CALLER, address(CALLEE), without.as_bytes());
    world.settle();
    world.expect(CALLER, "Answered");
    world.expect(CALLEE, "Acked");
    world
}

#[test]
fn a_peer_without_session_timers_is_asked_whether_it_knows_the_call_and_stays() {
    let mut world = call_without_session_timer(55);
    // The callee refreshes too, for it believes in its timer: what counts is that the caller asks.
    world.pass(1000 * SECOND);
    assert_eq!(world.count(CALLER, "OPTIONS"), 1);
    assert!(!world.told(CALLER, "Ended"));
}

#[test]
fn a_peer_without_session_timers_that_forgot_the_call_or_died_ends_it() {
    for rebooted in [true, false] {
        let mut world = call_without_session_timer(56);
        if rebooted {
            world.replace_end(CALLEE, 57, Config::default());
        } else {
            world.cut = true;
        }
        world.pass(1000 * SECOND);
        assert_eq!(cause(world.expect(CALLER, "Ended")), EndCause::Lost);
        world.cut = true;
        world.pass(4000 * SECOND);
        world.assert_empty();
    }
}

// ---- transfer ------------------------------------------------------------------------------------------------------

#[test]
fn a_transfer_is_taken_told_and_done() {
    let mut world = World::new(60, GOOD);
    let (caller, callee) = world.call_up();
    let target = name("sip:8800@192.0.2.9?Replaces=abc%40x%3Bto-tag%3D1%3Bfrom-tag%3D2");
    world.wish(CALLEE, |endpoint, now| endpoint.refer(now, callee, &target));
    world.settle();
    match world.expect(CALLER, "Refer") {
        Event::Refer {
            refer_to, replaces, ..
        } => {
            assert_eq!(refer_to.uri.user(), Some("8800"));
            let replaces = replaces.expect("an attended transfer");
            assert_eq!(
                (replaces.call_id.as_str(), replaces.to_tag.as_str()),
                ("abc@x", "1")
            );
        }
        other => panic!("{other:?}"),
    }
    world.wish(CALLER, |endpoint, now| endpoint.accept_refer(now, caller));
    world.settle();
    assert!(matches!(
        world.expect(CALLEE, "ReferProgress"),
        Event::ReferProgress {
            status: Status::TRYING,
            done: false,
            ..
        }
    ));
    world.wish(CALLER, |endpoint, now| {
        endpoint.refer_progress(now, caller, Status::OK)
    });
    world.settle();
    assert!(matches!(
        world.expect(CALLEE, "ReferProgress"),
        Event::ReferProgress {
            status: Status::OK,
            done: true,
            ..
        }
    ));
    assert_eq!(
        world.act(CALLER, |endpoint, now| endpoint.refer_progress(
            now,
            caller,
            Status::OK
        )),
        Err(Refused::Gone)
    );
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn a_transfer_can_be_refused() {
    let mut world = World::new(61, GOOD);
    let (caller, callee) = world.call_up();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.refer(now, callee, &name("sip:8800@192.0.2.9"))
    });
    world.settle();
    world.expect(CALLER, "Refer");
    world.wish(CALLER, |endpoint, now| {
        endpoint.reject_refer(now, caller, Status::DECLINE)
    });
    world.settle();
    assert!(matches!(
        world.expect(CALLEE, "ReferProgress"),
        Event::ReferProgress {
            status: Status::DECLINE,
            done: true,
            ..
        }
    ));
}

// ---- outside calls, and digest -------------------------------------------------------------------------------------

#[test]
fn a_challenge_is_answered_once() {
    for (password, expected) in [("secret", 200), ("wrong", 401)] {
        let mut world = World::new(70, GOOD);
        let registrar = hotline_sip::digest::Authenticator::new("hotline", [7; 32], 60);
        let mut params = world.request_params(Method::Register);
        params.credentials = Some(account(password));
        params
            .headers
            .push(HeaderName::Contact, "<sip:1000@192.0.2.1>");
        world
            .act(CALLER, |endpoint, now| endpoint.request(now, params))
            .unwrap();
        for _ in 0..5 {
            world.settle();
            while world.told(CALLEE, "Request") {
                let Event::Request { tx, request, .. } = world.expect(CALLEE, "Request") else {
                    unreachable!()
                };
                let secret =
                    hotline_sip::digest::Secret::from_password("1000", "hotline", "secret");
                let (status, headers) = pair::register(&registrar, &request, &secret);
                world.wish(CALLEE, |endpoint, now| {
                    endpoint.respond(now, tx, status, &headers, None)
                });
            }
        }
        match world.expect(CALLER, "Response") {
            Event::Response {
                outcome: Ok(response),
                ..
            } => assert_eq!(response.status.code(), expected, "{password}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.count(CALLER, "REGISTER"), 2, "{password}");
        world.forget();
        world.assert_empty();
    }
}

#[test]
fn a_challenged_call_is_made_again_with_credentials() {
    let mut world = World::new(71, GOOD);
    let mut params = world.params(Some(OFFER));
    params.credentials = Some(account("secret"));
    let caller = world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    let first = world.incoming();
    let trunk = hotline_sip::digest::Authenticator::new("carrier", [9; 32], 60);
    let mut headers = Headers::new();
    for challenge in trunk.challenges(0, false) {
        headers.push(HeaderName::ProxyAuthenticate, challenge);
    }
    world.wish(CALLEE, |endpoint, now| {
        endpoint.reject(now, first, Status::PROXY_AUTHENTICATION_REQUIRED, &headers)
    });
    world.settle();
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::Rejected);
    let Event::Incoming {
        leg,
        request,
        offer,
        ..
    } = world.expect(CALLEE, "Incoming")
    else {
        panic!("it calls again")
    };
    assert!(request.headers.contains(HeaderName::ProxyAuthorization));
    assert_eq!(request.headers.cseq().unwrap().seq, 2);
    assert_eq!(offer.as_deref(), Some(OFFER));
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, leg, ANSWER.to_vec())
    });
    world.settle();
    assert!(!world.told(CALLER, "Failed"));
    world.expect(CALLER, "Answered");
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.forget();
    world.assert_empty();
}

#[test]
fn requests_outside_calls_are_answered_or_time_out() {
    let mut world = World::new(72, GOOD);
    let params = world.request_params(Method::Options);
    world
        .act(CALLER, |endpoint, now| endpoint.request(now, params))
        .unwrap();
    world.settle();
    let Event::Request { tx, .. } = world.expect(CALLEE, "Request") else {
        unreachable!()
    };
    world.pass(2 * SECOND);
    world.wish(CALLEE, |endpoint, now| {
        endpoint.respond(
            now,
            tx,
            Status::OK,
            &Headers::new(),
            Some(("text/plain", b"ok".to_vec())),
        )
    });
    world.settle();
    match world.expect(CALLER, "Response") {
        Event::Response {
            outcome: Ok(response),
            ..
        } => assert_eq!(response.body, b"ok"),
        other => panic!("{other:?}"),
    }
    assert!(
        world.count(CALLER, "OPTIONS") > 1,
        "repeated while unanswered"
    );
    assert!(!world.told(CALLEE, "Request"), "but told once");
    assert_eq!(
        world.act(CALLEE, |endpoint, now| endpoint.respond(
            now,
            tx,
            Status::OK,
            &Headers::new(),
            None
        )),
        Err(Refused::Gone)
    );
    // Nobody answers the second one.
    let params = world.request_params(Method::Options);
    world
        .act(CALLER, |endpoint, now| endpoint.request(now, params))
        .unwrap();
    world.pass(40 * SECOND);
    assert!(matches!(
        world.expect(CALLER, "Response"),
        Event::Response {
            outcome: Err(NoResponse::Timeout),
            ..
        }
    ));
    world.forget();
    world.assert_empty();
}

// ---- broken transports ---------------------------------------------------------------------------------------------

#[test]
fn a_call_that_cannot_be_sent_fails_with_503() {
    let mut world = World::new(80, GOOD);
    world.call();
    let flow = world.flow(CALLER, CALLEE);
    world.act(CALLER, |endpoint, now| {
        endpoint.transport_failed(now, &flow)
    });
    assert_eq!(failure(world.expect(CALLER, "Failed")), 503);
}

#[test]
fn a_call_outlives_its_connection_and_only_a_browsers_is_waited_for() {
    for (transport, waits) in [(Transport::Ws, true), (Transport::Tcp, false)] {
        let mut world = World::new(81, GOOD);
        world.transport = transport.clone();
        world.call_up();
        let mut flow = world.flow(CALLEE, CALLER);
        flow.connection = Some(1);
        world.act(CALLEE, |endpoint, now| {
            endpoint.transport_failed(now, &flow)
        });
        assert_eq!(world.told(CALLEE, "Stranded"), waits, "{transport}");
        assert!(!world.told(CALLEE, "Ended"), "{transport}");
    }
}

#[test]
fn what_a_stranded_peer_was_to_be_told_reaches_it_when_it_is_back() {
    let mut world = World::new(82, GOOD);
    world.transport = Transport::Wss;
    let (_, callee) = world.call_up();
    let mut flow = world.flow(CALLEE, CALLER);
    flow.connection = Some(1);
    world.act(CALLEE, |endpoint, now| {
        endpoint.transport_failed(now, &flow)
    });
    world
        .act(CALLEE, |endpoint, now| endpoint.bye(now, callee, None))
        .unwrap();
    world.pass(10 * SECOND);
    assert!(!world.told(CALLER, "Ended"), "nothing can have been sent");
    world.act(CALLEE, |endpoint, _| endpoint.reroute(callee, &flow));
    world.settle();
    assert!(world.told(CALLER, "Ended"));
    world.pass(40 * SECOND);
    world.forget();
    world.assert_empty();
}

#[test]
fn a_goodbye_to_a_peer_that_never_comes_back_is_given_up_in_time() {
    let mut world = World::new(83, GOOD);
    world.transport = Transport::Ws;
    let (caller, callee) = world.call_up();
    let mut flow = world.flow(CALLEE, CALLER);
    flow.connection = Some(1);
    for (end, leg) in [(CALLEE, callee), (CALLER, caller)] {
        world.act(end, |endpoint, now| endpoint.transport_failed(now, &flow));
        world
            .act(end, |endpoint, now| endpoint.bye(now, leg, None))
            .unwrap();
    }
    world.pass(40 * SECOND);
    world.forget();
    world.assert_empty();
}

// ---- a bad network -------------------------------------------------------------------------------------------------

#[test]
fn at_30_percent_loss_every_call_ends_and_both_sides_agree() {
    const BAD: Link = Link {
        loss_percent: 30,
        double_percent: 10,
        delay_ms: (5, 300),
    };
    let mut answered = 0;
    for seed in 0..300 {
        let mut world = World::new(1000 + seed, BAD);
        let caller = world.call();
        world.pass(5 * SECOND);
        if world.told(CALLEE, "Incoming") {
            let callee = world.incoming();
            world
                .act(CALLEE, |endpoint, now| {
                    endpoint.answer(now, callee, ANSWER.to_vec())
                })
                .ok();
        }
        world.pass(45 * SECOND);
        answered += u32::from(world.told(CALLER, "Answered") && world.told(CALLEE, "Acked"));
        world
            .act(CALLER, |endpoint, now| endpoint.bye(now, caller, None))
            .ok();
        world.pass(1000 * SECOND);
        world.assert_empty();
    }
    assert!(answered > 290, "{answered} of 300 calls came up");
}

#[test]
fn an_answer_may_overtake_the_prack() {
    let mut world = World::new(45, GOOD);
    world.call();
    world.settle();
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.ring(now, callee, Status::RINGING, None, true)
    });
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    world.settle();
    world.expect(CALLEE, "Acked");
    assert_eq!(
        world.count(CALLEE, "200 PRACK"),
        1,
        "a 481 would end the call at some phones"
    );
}

#[test]
fn a_challenged_call_carries_its_credentials_in_the_ack() {
    let mut world = World::new(73, GOOD);
    world.keep_copies = true;
    let mut params = world.params(Some(OFFER));
    params.credentials = Some(account("secret"));
    world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.settle();
    let first = world.incoming();
    let trunk = hotline_sip::digest::Authenticator::new("carrier", [9; 32], 60);
    let mut headers = Headers::new();
    for challenge in trunk.challenges(0, false) {
        headers.push(HeaderName::ProxyAuthenticate, challenge);
    }
    world.wish(CALLEE, |endpoint, now| {
        endpoint.reject(now, first, Status::PROXY_AUTHENTICATION_REQUIRED, &headers)
    });
    world.settle();
    let second = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, second, ANSWER.to_vec())
    });
    world.settle();
    let ack = Message::parse(&world.last_copy(CALLER, "ACK")).unwrap();
    assert!(
        ack.headers().contains(HeaderName::ProxyAuthorization),
        "RFC 3261 §22.1"
    );
}

#[test]
fn silence_shows_before_it_is_a_failure() {
    let mut world = World::new(82, GOOD);
    world.lose("100 INVITE", 1);
    let caller = world.call();
    world.pass(Duration::from_millis(400));
    assert!(!world.ends[CALLER].endpoint.was_heard(caller));
    world.pass(SECOND);
    assert!(world.ends[CALLER].endpoint.was_heard(caller));
}

#[test]
fn a_callers_expires_bounds_how_long_it_waits() {
    let mut world = World::new(83, GOOD);
    let mut params = world.params(Some(OFFER));
    params.headers.push(HeaderName::Expires, 30);
    world
        .act(CALLER, |endpoint, now| endpoint.invite(now, params))
        .unwrap();
    world.pass(31 * SECOND);
    assert_eq!(
        cause(world.expect(CALLEE, "Ended")),
        EndCause::NeverAnswered
    );
    assert_eq!(failure(world.expect(CALLER, "Failed")), 480);
}

// ---- ways and numbers ----------------------------------------------------------------------------------------------

/// The callee's side of a call that the test makes by hand, over a proxy, and its To tag.
fn call_by_hand(world: &mut World, more: &str) -> (hotline_sip::endpoint::LegHandle, String) {
    world.keep_copies = true;
    let invite = request("INVITE", "sip:12345@192.0.2.2", "", more);
    world.inject(CALLEE, address(CALLER), invite.as_bytes());
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, OFFER.to_vec())
    });
    let answer = Message::parse(&world.last_copy(CALLEE, "200 INVITE")).unwrap();
    let tag = answer.headers().to().unwrap().tag().unwrap().to_owned();
    (callee, tag)
}

/// A request inside that call.
fn inside(method: &str, seq: u32, tag: &str, more: &str, invite_more: &str) -> String {
    let length = "sip:12345@192.0.2.2".len() + invite_more.len();
    format!(
        "{method} sip:12345@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method}{seq}\r\n\
         From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:12345@192.0.2.2>;tag={tag}\r\nCall-ID: INVITE{length}@192.0.2.1\r\n\
         CSeq: {seq} {method}\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

#[test]
fn our_requests_take_the_recorded_route_in_the_callees_order() {
    let mut world = World::new(90, GOOD);
    let routes = "Record-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>\r\n";
    let (callee, tag) = call_by_hand(&mut world, routes);
    let answer = Message::parse(&world.last_copy(CALLEE, "200 INVITE")).unwrap();
    assert_eq!(
        answer.headers().record_routes().unwrap().len(),
        2,
        "§12.1.1"
    );
    world.inject(
        CALLEE,
        address(CALLER),
        inside("ACK", 1, &tag, "", routes).as_bytes(),
    );
    world.expect(CALLEE, "Acked");
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.settle();
    let bye = world
        .elsewhere
        .last()
        .expect("the BYE goes to the first proxy");
    assert_eq!(bye.to.to_string(), "192.0.2.50:5060");
    let Message::Request(bye) = bye.message() else {
        panic!("a BYE is a request")
    };
    let hops: Vec<String> = bye
        .headers
        .routes()
        .unwrap()
        .iter()
        .map(|hop| hop.uri.host().to_owned())
        .collect();
    assert_eq!(
        (hops, bye.uri.as_str()),
        (
            vec!["192.0.2.50".to_owned(), "192.0.2.51".to_owned()],
            "sip:a@192.0.2.1"
        )
    );
}

#[test]
fn a_strict_router_becomes_the_request_uri() {
    let mut world = World::new(91, GOOD);
    let routes = "Record-Route: <sip:192.0.2.50>, <sip:192.0.2.51;lr>\r\n";
    let (callee, tag) = call_by_hand(&mut world, routes);
    world.inject(
        CALLEE,
        address(CALLER),
        inside("ACK", 1, &tag, "", routes).as_bytes(),
    );
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    let Ok(Message::Request(bye)) = Message::parse(&world.last_copy(CALLEE, "BYE")) else {
        panic!("a BYE is sent")
    };
    let hops: Vec<String> = bye
        .headers
        .routes()
        .unwrap()
        .iter()
        .map(|hop| hop.uri.to_string())
        .collect();
    assert_eq!(bye.uri.as_str(), "sip:192.0.2.50", "RFC 3261 §12.2.1.1");
    assert_eq!(hops, ["sip:192.0.2.51;lr", "sip:a@192.0.2.1"]);
}

#[test]
fn the_way_follows_the_peers_new_contact() {
    let mut world = World::new(92, GOOD);
    let (callee, tag) = call_by_hand(&mut world, "");
    world.inject(
        CALLEE,
        address(CALLER),
        inside("ACK", 1, &tag, "", "").as_bytes(),
    );
    let moved = "Contact: <sip:a@192.0.2.77:5099>\r\nAllow: UPDATE\r\n";
    world.inject(
        CALLEE,
        address(CALLER),
        inside("UPDATE", 2, &tag, moved, "").as_bytes(),
    );
    assert_eq!(world.count(CALLEE, "200 UPDATE"), 1);
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.settle();
    assert_eq!(
        world.elsewhere.last().expect("a BYE").to.to_string(),
        "192.0.2.77:5099"
    );
}

#[test]
fn a_request_out_of_order_gets_500_and_a_later_one_is_taken() {
    let mut world = World::new(93, GOOD);
    let (_, tag) = call_by_hand(&mut world, "");
    world.inject(
        CALLEE,
        address(CALLER),
        inside("ACK", 1, &tag, "", "").as_bytes(),
    );
    for (seq, status) in [(5, 200), (4, 500), (5, 200), (9, 200)] {
        let before = world.count(CALLEE, &format!("{status} OPTIONS"));
        world.inject(
            CALLEE,
            address(CALLER),
            inside("OPTIONS", seq, &tag, "", "").as_bytes(),
        );
        assert_eq!(
            world.count(CALLEE, &format!("{status} OPTIONS")),
            before + 1,
            "{seq}: {:?}",
            world.log
        );
    }
}

#[test]
fn a_second_offer_of_theirs_before_the_first_is_answered_gets_500_with_a_wait() {
    let mut world = World::new(94, GOOD);
    let (callee, tag) = call_by_hand(&mut world, "");
    world.inject(
        CALLEE,
        address(CALLER),
        inside("ACK", 1, &tag, "", "").as_bytes(),
    );
    let contact = "Contact: <sip:a@192.0.2.1>\r\n";
    world.inject(
        CALLEE,
        address(CALLER),
        inside("INVITE", 2, &tag, contact, "").as_bytes(),
    );
    world.expect(CALLEE, "Offered");
    world.inject(
        CALLEE,
        address(CALLER),
        inside("INVITE", 3, &tag, contact, "").as_bytes(),
    );
    let overlap = Message::parse(&world.last_copy(CALLEE, "500 INVITE")).unwrap();
    assert!(
        overlap.headers().contains(HeaderName::RetryAfter),
        "RFC 3261 §14.2"
    );
    // While our own offer waits for its answer, theirs is glare.
    world.wish(CALLEE, |endpoint, now| {
        endpoint.accept_offer(now, callee, OFFER.to_vec())
    });
    world.inject(
        CALLEE,
        address(CALLER),
        inside("INVITE", 4, &tag, contact, "").as_bytes(),
    );
    assert_eq!(world.count(CALLEE, "491 INVITE"), 1);
}

#[test]
fn responses_go_to_the_source_port_only_if_rport_asks_so() {
    for (via, port) in [("", 5060), (";rport", 40000)] {
        let mut world = World::new(95, GOOD);
        let options = request("OPTIONS", "sip:192.0.2.2", "", "Require: nothing\r\n");
        let options = options.replacen(";branch", &format!("{via};branch"), 1);
        let source = "192.0.2.99:40000".parse().unwrap();
        world.inject(CALLEE, source, options.as_bytes());
        world.settle();
        let answer = world.elsewhere.last().expect("420 is sent");
        assert_eq!(
            answer.to,
            std::net::SocketAddr::new(source.ip(), port),
            "RFC 3261 §18.2.2, RFC 3581 §4"
        );
        let via = answer.message().headers().via().unwrap();
        assert_eq!(via.received(), Some(source.ip()));
    }
}

#[test]
fn a_phone_behind_nat_is_reached_where_it_is_seen() {
    let mut world = World::new(96, GOOD);
    world.keep_copies = true;
    let seen = "203.0.113.7:40000".parse().unwrap();
    let invite = request("INVITE", "sip:12345@192.0.2.2", "", "").replace(
        "<sip:a@192.0.2.1>\r\nContent",
        "<sip:a@192.168.1.5:5060>\r\nContent",
    );
    world.inject(CALLEE, seen, invite.as_bytes());
    let callee = world.incoming();
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, OFFER.to_vec())
    });
    let answer = Message::parse(&world.last_copy(CALLEE, "200 INVITE")).unwrap();
    let tag = answer.headers().to().unwrap().tag().unwrap().to_owned();
    world.inject(CALLEE, seen, inside("ACK", 1, &tag, "", "").as_bytes());
    world.expect(CALLEE, "Acked");
    world.wish(CALLEE, |endpoint, now| endpoint.bye(now, callee, None));
    world.settle();
    assert_eq!(world.elsewhere.last().expect("a BYE").to, seen);
}

#[test]
fn a_ping_tells_whether_the_phone_still_knows_the_call() {
    let mut world = World::new(97, GOOD);
    let (caller, _) = world.call_up();
    world.wish(CALLER, |endpoint, now| endpoint.ping(now, caller));
    world.settle();
    world.expect(CALLER, "Alive");
    // The phone restarts and knows nothing.
    world.replace_end(CALLEE, 98, Config::default());
    world.wish(CALLER, |endpoint, now| endpoint.ping(now, caller));
    world.settle();
    assert_eq!(cause(world.expect(CALLER, "Ended")), EndCause::Lost);
    world.forget();
    world.assert_empty();
}

#[test]
fn when_the_table_is_full_calls_can_still_be_hung_up() {
    let mut world = World::new(98, GOOD);
    world.replace_end(
        CALLEE,
        99,
        Config {
            transactions_max: 4,
            ..Config::default()
        },
    );
    let (caller, _) = world.call_up();
    for number in 0..10 {
        let uri = format!("sip:{}@192.0.2.2", "1".repeat(number + 1));
        world.inject(
            CALLEE,
            address(CALLER),
            request("MESSAGE", &uri, "", "").as_bytes(),
        );
    }
    assert_eq!(world.count(CALLEE, "503 MESSAGE"), 7);
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    world.settle();
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeReceived);
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let story = || {
        let mut world = World::new(
            99,
            Link {
                loss_percent: 20,
                double_percent: 10,
                delay_ms: (5, 200),
            },
        );
        world.keep_copies = true;
        let legs: Vec<_> = (0..5).map(|_| world.call()).collect();
        world.pass(3 * SECOND);
        let flow = world.flow(CALLER, CALLEE);
        for leg in &legs[..2] {
            world
                .act(CALLER, |endpoint, now| endpoint.bye(now, *leg, None))
                .unwrap();
        }
        world.act(CALLER, |endpoint, now| {
            endpoint.transport_failed(now, &flow)
        });
        world.forget();
        world.all_copies()
    };
    assert_eq!(story(), story());
}

#[test]
fn a_bad_date_neither_loses_an_answer_nor_keeps_a_call_up() {
    let mut world = World::new(100, GOOD);
    world.keep_copies = true;
    let caller = world.call();
    world.settle();
    let callee = world.incoming();
    world.lose("200 INVITE", 1);
    world.wish(CALLEE, |endpoint, now| {
        endpoint.answer(now, callee, ANSWER.to_vec())
    });
    let spoil = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replacen("\r\n", "\r\nDate: some day\r\n", 1)
    };
    let answer = spoil(world.last_copy(CALLEE, "200 INVITE"));
    world.inject(CALLER, address(CALLEE), answer.as_bytes());
    world.settle();
    world.expect(CALLER, "Answered");
    world.lose("BYE", 1);
    world.wish(CALLER, |endpoint, now| endpoint.bye(now, caller, None));
    let bye = spoil(world.last_copy(CALLER, "BYE"));
    world.inject(CALLEE, address(CALLER), bye.as_bytes());
    assert_eq!(cause(world.expect(CALLEE, "Ended")), EndCause::ByeReceived);
}

#[test]
fn every_torture_message_is_answered_told_or_dropped_and_nothing_stays() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rfc4475");
    // What RFC 4475 says of the ones where it says what to answer.
    let answers = [
        ("badvers", "505"),
        ("bext01", "420"),
        ("unkscm", "416"),
        ("novelsc", "416"),
        ("mismatch01", "400"),
        ("mismatch02", "400"),
        ("insuf", "400"),
        ("invut", "415"),
        ("sdp01", "406"),
        ("clerr", "400"),
        ("ncl", "400"),
        ("scalar02", "400"),
    ];
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "dat") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let mut world = World::new(101, GOOD);
        world.inject(CALLEE, address(CALLER), &bytes);
        read += 1;
        let sent: Vec<String> = world
            .log
            .iter()
            .map(|(_, _, kind)| kind[..3].to_owned())
            .collect();
        if let Some((_, status)) = answers.iter().find(|(which, _)| *which == name) {
            assert_eq!(sent, [*status], "{name}");
        }
        if name == "zeromf" {
            // It ends here, so no hop is needed (§3.4.4).
            assert!(world.told(CALLEE, "Request"), "{sent:?}");
        }
        // Nobody ever answers what was told.
        world.pass(1000 * SECOND);
        world.assert_empty();
    }
    assert_eq!(read, 49);
}
