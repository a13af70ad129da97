//! What the world throws at a server that stands in it: broken and spiteful messages, strangers, guessers, a full disk, a
//! gateway that is down. Each is answered clearly or dropped and counted; nobody is let in, nothing is lost, and the next
//! honest call is answered.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::http::Person;
use testkit::phone::Phone;
use testkit::server::{Place, free_port, organisation};
use testkit::site::{SOON, Site};
use testkit::sms_provider::SmsProvider;
use testkit::sound::{alaw, tone};

const CITIZEN: f64 = 440.0;
const AGENT: f64 = 700.0;
const INTRUDER: f64 = 1_300.0;
/// In the carrier's network, and not.
const CARRIER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// The demo's people, few agents, a carrier in two addresses, phones with and without the right to dial outside.
fn hostile_world(gateway: SocketAddr, outbound: SocketAddr) -> String {
    let text = organisation("demo")
        .replace("count = 800", "count = 20")
        .replace("wrap_up_s = 60", "wrap_up_s = 0")
        .replace("[\"127.0.0.0/8\"]", "[\"127.0.0.1\", \"127.0.0.2\"]")
        .replace("127.0.0.1:5090", &outbound.to_string())
        .replace("127.0.0.1:9000", &gateway.to_string());
    text + "\n[[extension]]\nnumber = \"8900\"\npassword = \"secret\"\n"
}

fn site(settings: &[(&str, &str)]) -> Site {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    Site::new(
        env!("CARGO_BIN_EXE_hotline"),
        &hostile_world(nowhere, nowhere),
        settings,
    )
}

/// The proof that a server still serves: a citizen and an agent talk.
fn honest_call(site: &mut Site, agent: &mut Phone) {
    let mut citizen = site.citizen("13800138000");
    let (mut here, there) = site.bridged((&mut citizen, CITIZEN), (agent, AGENT));
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    assert_eq!(
        site.record(&here.call_id)["termination"]["result"],
        "success"
    );
    site.met_no_bug();
}

// ------------------------------------------------------------------ messages

#[test]
fn malformed_messages_are_answered_or_dropped() {
    let mut site = site(&[]);
    let mut agent = site.phone("agent1000");
    let mut random = Random(0x9E37_79B9_7F4A_7C15);

    let mut messages = torture();
    messages.extend((0..1_000).map(|_| random.bytes(1_400)));
    let honest = invite("99999", "13800138000", CARRIER, "v=0\r\n");
    messages.extend((0..500).map(|_| random.damage(honest.as_bytes())));
    messages.extend(oversized());
    for from in [CARRIER, STRANGER] {
        let socket = UdpSocket::bind((from, 0)).expect("an address of loopback");
        for message in &messages {
            // What is longer than a datagram can be does not leave.
            let _ = socket.send_to(message, site.server.sip);
        }
    }
    honest_call(&mut site, &mut agent);
    wait_until("drops are counted", || {
        site.server
            .metric("hotline_sip_dropped_total{reason=\"malformed\"}")
            > 500.0
    });

    for message in &messages[..200] {
        on_a_stream(site.server.sip, message);
    }
    for message in oversized() {
        on_a_stream(site.server.sip, &message);
    }
    honest_call(&mut site, &mut agent);
    site.close();
}

#[test]
fn a_request_that_can_be_answered_is_told_what_is_wrong() {
    let site = site(&[]);
    let honest = invite("12399", "13800138000", CARRIER, "");
    let table = [
        ("no CSeq", honest.replace("CSeq: 1 INVITE\r\n", ""), 400),
        ("no Call-ID", drop_line(&honest, "Call-ID"), 400),
        (
            "another method in CSeq",
            honest.replace("CSeq: 1 INVITE", "CSeq: 1 BYE"),
            400,
        ),
        (
            "another version",
            honest.replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1),
            505,
        ),
        (
            "no hops left",
            honest.replace("Max-Forwards: 70", "Max-Forwards: 0"),
            483,
        ),
        (
            "unknown extension required",
            honest.replace("Max-Forwards", "Require: telepathy\r\nMax-Forwards"),
            420,
        ),
        (
            "unknown scheme",
            honest.replacen("INVITE sip:", "INVITE soap:", 1),
            416,
        ),
        ("unknown method", honest.replace("INVITE", "DANCE"), 501),
        (
            "BYE to no call",
            honest
                .replace("INVITE", "BYE")
                .replace("To: <sip:12399@hotline>", "To: <sip:12399@hotline>;tag=x"),
            481,
        ),
        (
            "not SDP",
            with_body(&honest, "application/sdp", "this is no session"),
            400,
        ),
        (
            "not a session at all",
            with_body(&honest, "text/html", "<h1>call me</h1>"),
            415,
        ),
        ("unknown number", honest.replace("12399", "99999"), 404),
    ];
    let socket = socket_at(CARRIER);
    for (nth, (what, message, status)) in table.into_iter().enumerate() {
        // Each a transaction and a call of its own.
        let message = message
            .replace("z9hG4bK", &format!("z9hG4bKt{nth}x"))
            .replace("Call-ID: ", &format!("Call-ID: t{nth}x"));
        let answer = ask(&socket, site.server.sip, &message);
        let answer = answer.unwrap_or_else(|| panic!("{what}: no answer to {message}"));
        assert_eq!(status_of(&answer), status, "{what}: {answer}");
    }
    site.close();
}

#[test]
fn spiteful_session_descriptions_do_not_harm() {
    let mut site = site(&[]);
    let mut agent = site.phone("agent1000");
    let socket = socket_at(CARRIER);
    let head = "v=0\r\no=x 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n";
    let audio = "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
    let bodies: Vec<(&str, String, &[u16])> = vec![
        ("bytes", "\u{0}\u{1}\u{2}v=0".to_owned(), &[400]),
        ("no media", head.to_owned(), &[400, 488]),
        (
            "no address",
            "v=0\r\no=x 1 1 IN IP4 127.0.0.2\r\ns=-\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
                .to_owned(),
            &[400, 488],
        ),
        (
            "video alone",
            format!("{head}m=video 40000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"),
            &[488],
        ),
        (
            "no codec of ours",
            format!("{head}m=audio 40000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"),
            &[488],
        ),
        (
            "a port that is none",
            format!("{head}m=audio 99999 RTP/AVP 8\r\n"),
            &[400, 488],
        ),
        (
            "numbers too long",
            format!("{head}m=audio {0} RTP/AVP {0}\r\n", "9".repeat(400)),
            &[400, 488],
        ),
        (
            "a hundred media",
            head.to_owned() + &audio.repeat(100),
            &[400, 413, 488],
        ),
        (
            "ten thousand lines",
            head.to_owned() + audio + &"a=x\r\n".repeat(6_000),
            &[400, 413, 488],
        ),
        (
            "a name for an address",
            head.replace("c=IN IP4 127.0.0.2", "c=IN IP4 evil.invalid") + audio,
            &[200, 400, 488],
        ),
        (
            "a group's address",
            head.replace("c=IN IP4 127.0.0.2", "c=IN IP4 224.0.0.1") + audio,
            &[200, 400, 488],
        ),
        (
            "everybody's address",
            head.replace("c=IN IP4 127.0.0.2", "c=IN IP4 255.255.255.255") + audio,
            &[200, 400, 488],
        ),
        (
            "nobody's address",
            head.replace("c=IN IP4 127.0.0.2", "c=IN IP4 0.0.0.0") + audio,
            &[200, 488],
        ),
        (
            "our own port",
            head.replace("127.0.0.2", "127.0.0.1")
                + &audio.replace("40000", &site.server.sip.port().to_string()),
            &[200, 488],
        ),
        (
            "rtpmap of nonsense",
            format!("{head}m=audio 40000 RTP/AVP 96\r\na=rtpmap:96 PCMA/0\r\n"),
            &[400, 488],
        ),
        (
            "ptime of nonsense",
            format!("{head}{audio}a=ptime:0\r\na=ptime:4294967296\r\n"),
            &[200, 400],
        ),
    ];
    for (nth, (what, body, statuses)) in bodies.into_iter().enumerate() {
        let message = invite("12399", &format!("1390000{nth:04}"), CARRIER, "");
        let message = with_body(&message, "application/sdp", &body);
        let answer =
            ask(&socket, site.server.sip, &message).unwrap_or_else(|| panic!("{what}: no answer"));
        assert!(statuses.contains(&status_of(&answer)), "{what}: {answer}");
        if status_of(&answer) == 200 {
            // Taken at its word: acknowledged and ended, as an honest caller would.
            let to = line_of(&answer, "To");
            let in_dialog =
                drop_line(&message, "To").replacen("From:", &format!("{to}\r\nFrom:"), 1);
            let bare = with_body(&in_dialog, "application/sdp", "");
            send(&socket, site.server.sip, &bare.replace("INVITE", "ACK"));
            let bye = bare
                .replace("1 INVITE", "2 BYE")
                .replace("INVITE", "BYE")
                .replace("z9hG4bK", "z9hG4bKb");
            assert_eq!(
                ask(&socket, site.server.sip, &bye).map(|answer| status_of(&answer)),
                Some(200),
                "{what}"
            );
        }
    }
    honest_call(&mut site, &mut agent);
    site.close();
}

#[test]
fn nobody_speaks_into_a_call_that_is_not_theirs() {
    let site = site(&[]);
    let mut agent = site.phone("agent1000");
    let mut citizen = site.citizen("13800138001");
    let (mut here, there) = site.bridged((&mut citizen, CITIZEN), (&mut agent, AGENT));
    let mut random = Random(7);

    // A stranger who found the port, at another address and at the right one but another port.
    for from in [STRANGER, Ipv4Addr::LOCALHOST] {
        let socket = UdpSocket::bind((from, 0)).expect("an address of loopback");
        let sound: Vec<u8> = tone(INTRUDER, 8_000).into_iter().map(alaw).collect();
        for (nth, payload) in sound.chunks_exact(160).cycle().take(200).enumerate() {
            let packet = rtp(8, nth as u16, payload);
            socket
                .send_to(&packet, here.audio.remote())
                .expect("a datagram leaves");
            socket
                .send_to(&packet, there.audio.remote())
                .expect("a datagram leaves");
        }
    }
    // Nonsense from where the sound comes from.
    for nth in 0..200 {
        here.audio.send_raw(&random.bytes(1_400));
        here.audio.send_raw(&[0x80]);
        here.audio.send_raw(&rtp(77, nth, &[0; 160]));
        here.audio.send_raw(&rtp(8, nth, &[0; 1_300]));
    }
    assert!(
        there.audio.hears(CITIZEN, true, SOON),
        "the agent still hears the citizen"
    );
    assert!(
        here.audio.hears(AGENT, true, SOON),
        "and the citizen the agent"
    );
    for audio in [&here.audio, &there.audio] {
        let heard = audio.heard();
        let intruded = heard
            .chunks_exact(800)
            .any(|window| testkit::sound::share_of(INTRUDER, window) > 0.2);
        assert!(!intruded, "the intruder was heard");
    }
    // What comes from elsewhere does not even reach the server: its ports are connected to where the sound comes from.
    for reason in ["malformed", "unknown_payload"] {
        wait_until(reason, || {
            site.server.metric(&format!(
                "hotline_rtp_packets_dropped_total{{reason=\"{reason}\"}}"
            )) >= 100.0
        });
    }
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    site.close();
}

// ------------------------------------------------------------------ who may

#[test]
fn a_stranger_learns_nothing() {
    let mut site = site(&[]);
    let mut agent = site.phone("agent1000");
    let socket = socket_at(STRANGER);
    let mut answers = Vec::new();
    for dialled in [
        "12345",
        "12399",
        "agent1000",
        "8900",
        "nobody",
        "*43",
        "013912345678",
    ] {
        for from in ["agent1000", "8900", "nobody", "13800138000", "12345"] {
            for credentials in ["", "agent1000", "nobody"] {
                let mut message = invite(dialled, from, STRANGER, "");
                if !credentials.is_empty() {
                    message = message.replacen(
                        "From:",
                        &format!("{}From:", guess(credentials, "INVITE")),
                        1,
                    );
                }
                let answer = ask(&socket, site.server.sip, &message).expect("an answer");
                assert_eq!(status_of(&answer), 403, "{dialled} from {from}: {answer}");
                answers.push(faceless(&answer));
            }
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "some answer differs: {answers:#?}");

    // Registering: everybody is challenged, and a wrong answer is refused the same way for those who exist and those who do not.
    let mut rounds = Vec::new();
    for user in ["agent1001", "nobody"] {
        let mut words = Vec::new();
        for credentials in [String::new(), guess(user, "REGISTER")] {
            let register = invite(user, user, STRANGER, "").replace("INVITE", "REGISTER");
            let register = register.replacen("From:", &format!("{credentials}From:"), 1);
            let answer = ask(&socket, site.server.sip, &register).expect("an answer");
            words.push((status_of(&answer), faceless(&answer).replace(user, "user")));
        }
        rounds.push(words);
    }
    assert_eq!(
        rounds[0]
            .iter()
            .map(|(status, _)| *status)
            .collect::<Vec<_>>(),
        [401, 403]
    );
    assert_eq!(rounds[0], rounds[1], "existing and unknown users differ");
    honest_call(&mut site, &mut agent);
    site.close();
}

#[test]
fn wrong_passwords_are_refused_and_counted() {
    let mut site = site(&[]);
    let mut agent = site.phone("agent1000");
    let wrong = "hotline_sip_wrong_credentials_total";
    for (nth, user) in ["agent1001", "agent1002", "nobody"].into_iter().enumerate() {
        let mut guesser = Phone::new(site.server.sip, user, "wrong");
        assert_eq!(guesser.register(3600), 403, "{user}");
        assert!(site.server.metric(wrong) > nth as f64, "{user}");
    }
    let mut liar = Phone::new(site.server.sip, "agent1001", "wrong");
    assert_eq!(liar.call("12399", CITIZEN).err(), Some(403));
    honest_call(&mut site, &mut agent);
    site.close();
}

#[test]
fn nobody_dials_what_they_may_not() {
    let carrier = free_port();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let organisation = hostile_world(nowhere, carrier);
    let mut site = Site::new(env!("CARGO_BIN_EXE_hotline"), &organisation, &[]);
    let mut agent = site.phone("agent1000");
    let mut trunk = Phone::at(carrier, site.server.sip, "13800138002", "");

    // A phone without the right to dial outside.
    let mut desk = site.phone("8900");
    let refused = desk.call("013912345678", AGENT).err();
    assert!(matches!(refused, Some(403 | 404)), "{refused:?}");
    // A carrier may reach our numbers, not our people, and is no phone of ours.
    for inside in ["8900", "agent1000", "*43", "*44", "013912345678"] {
        assert_eq!(trunk.call(inside, CITIZEN).err(), Some(404), "{inside}");
    }
    let mut liar = Phone::new(site.server.sip, "8600", "wrong");
    assert_eq!(
        liar.call("013912345678", CITIZEN).err(),
        Some(403),
        "a From of ours must be proven"
    );
    // With the right it goes out, so that the refusals above mean something.
    let mut revisitor = site.phone("8600");
    std::thread::scope(|scope| {
        let out = scope.spawn(|| revisitor.call("013912345678", AGENT).map(|call| drop(call)));
        let ringing = trunk.ring();
        assert!(ringing.dialled().contains("013912345678"));
        trunk.refuse(&ringing, 486);
        assert_eq!(out.join().expect("no panic"), Err(486));
    });
    honest_call(&mut site, &mut agent);
    site.close();
}

// ------------------------------------------------------------------ HTTP

#[test]
fn oversized_and_broken_requests_are_refused() {
    let mut site = site(&[]);
    let mut agent = site.phone("agent1000");
    let desk = Person::login(&site.server.http, "agent1000", "hotline-demo");
    let mut deep = json!(0);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let (status, _) = desk.try_post("/api/v1/tickets", &json!({"title": deep}));
    assert!(matches!(status, 400 | 422), "{status}");

    let address = site.server.http.trim_start_matches("http://").to_owned();
    let raw = |request: &[u8]| {
        let mut stream = TcpStream::connect(&address).expect("the server listens");
        stream
            .set_read_timeout(Some(SOON))
            .expect("a time-out can be set");
        // It may close before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).unwrap_or(0);
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let deep = "[".repeat(200_000);
    let table = [
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), ""),
        ("a long line", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000)).into_bytes(), "4"),
        ("many headers", format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(5_000)).into_bytes(), "431"),
        ("a length that lies", b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec(), "400"),
        ("two lengths", b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec(), "400"),
        ("out of the folder", b"GET /assets/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "404"),
        ("deep", format!("POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{deep}", deep.len()).into_bytes(), "4"),
    ];
    for (what, request, begins) in table {
        let answer = raw(&request);
        let status = answer.strip_prefix("HTTP/1.1 ").unwrap_or_default();
        assert!(status.starts_with(begins), "{what}: {answer:?}");
    }
    honest_call(&mut site, &mut agent);
    site.close();
}

// ------------------------------------------------------------------ files

#[test]
fn what_is_not_understood_in_a_file_stops_the_start_with_its_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut place = Place::new(env!("CARGO_BIN_EXE_hotline"), folder.path());
    let config = folder.path().join("hotline.toml");
    for (text, line) in [
        ("data_dir = 'data'\n[sip]\nlisen = '127.0.0.1:1'\n", ":3: "),
        ("[limits]\ncalls = -1\n", ":2: "),
        ("[limits]\n\ncalls = = 1\n", ":3: "),
        ("[storage]\nurl = 'mysql://x'\n", ":2: "),
    ] {
        fs::write(&config, text).expect("the folder can be written to");
        let output = place.run(&["serve"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(
            said.contains(&format!("hotline.toml{line}")),
            "{text}: {said}"
        );
    }
    fs::remove_file(&config).expect("written above");
    place.set("LIMITS__CALLS", "many");
    let output = place.run(&["serve"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("HOTLINE__LIMITS__CALLS"));
    place.set("LIMITS__CALLS", "10");

    let file = folder.path().join("organisation.toml");
    let good = "[[unit]]\ncode = \"js-12345\"\nname = \"江苏12345\"\nkind = \"platform\"\n\n";
    for (more, line) in [
        (
            "[[queue]]\nname = \"main\"\nstrategy = \"whoever\"\n",
            "line 8",
        ),
        ("[[extension]]\nnumber = \"8000\"\n", "line 6"),
        (
            "[[number]]\nnumber = \"12345\"\nqueue = \"none\"\n",
            "line 6",
        ),
        (
            "[[trunk]]\nname = \"t\"\nallow = [\"everywhere\"]\n",
            "line 6",
        ),
        ("[[wizard]]\n", "line 6"),
        ("[[unit]\n", "line 6"),
    ] {
        fs::write(&file, format!("{good}{more}")).expect("the folder can be written to");
        let output = place.run(&["apply", "organisation.toml"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{more}");
        assert!(
            said.contains("organisation.toml") && said.contains(line),
            "{more}: {said}"
        );
    }
    // Whole or not at all: the good unit of the bad files is not there, and now is new.
    fs::write(&file, good).expect("the folder can be written to");
    let output = place.run(&["apply", "organisation.toml"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("added unit js-12345"),
        "{output:?}"
    );
}

#[test]
fn a_full_disk_loses_sound_and_says_so_but_no_call() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let url = format!("file:{}", disk.path.join("recordings").display());
    let mut site = site(&[("RECORDINGS__URL", &url)]);
    let mut agent = site.phone("agent1000");
    let filling = disk.fill();
    let mut citizen = site.citizen("13800138003");
    let (mut here, there) = site.bridged((&mut citizen, CITIZEN), (&mut agent, AGENT));
    site.server.wait_for_line("failed:", SOON);
    assert!(site.server.metric("hotline_recordings_failed_total") >= 1.0);
    assert!(there.audio.hears(CITIZEN, true, SOON), "the call goes on");
    // There is room again: what is said from now on is kept.
    fs::remove_file(filling).expect("made above");
    let later = Instant::now();
    wait_until("two more seconds of talk", || {
        later.elapsed() > Duration::from_secs(2)
    });
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    let record = site.record(&here.call_id);
    assert_eq!(record["termination"]["result"], "success");
    let path = format!(
        "/api/v1/recordings/{}",
        record["recording_id"].as_str().expect("a recording")
    );
    let supervisor = site.supervisor();
    let mut manifest = Value::Null;
    wait_until("the recording is sealed", || {
        let (status, body) = supervisor.try_get(&path);
        manifest = body;
        status == 200
    });
    let gaps = manifest["manifest"]["gaps"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert!(
        !gaps.is_empty(),
        "what the disk refused is a gap: {manifest}"
    );
    honest_call(&mut site, &mut agent);
    site.close();
}

#[test]
fn a_database_without_room_refuses_calls_clearly_until_there_is_some() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let url = format!("sqlite:{}", disk.path.join("hotline.db").display());
    let mut site = site(&[("STORAGE__URL", &url)]);
    let mut agent = site.phone("agent1000");
    honest_call(&mut site, &mut agent);
    let filling = disk.fill();
    let mut citizen = site.citizen("13800138004");
    // A page or two may still be free in the log.
    wait_until("the disk is full", || {
        match citizen.call("12345", CITIZEN) {
            Ok(mut call) => {
                let ringing = agent.ring();
                let there = agent.answer(ringing, AGENT);
                citizen.hang_up(&mut call);
                agent.wait_bye(&there);
                false
            }
            Err(status) => {
                assert_eq!(status, 503, "no promise that cannot be kept");
                true
            }
        }
    });
    assert!(
        site.server
            .metric("hotline_calls_refused_total{reason=\"not_kept\"}")
            >= 1.0
    );
    fs::remove_file(filling).expect("made above");
    wait_until("calls are answered again", || {
        let Ok(mut call) = citizen.call("12345", CITIZEN) else {
            return false;
        };
        let ringing = agent.ring();
        let there = agent.answer(ringing, AGENT);
        citizen.hang_up(&mut call);
        agent.wait_bye(&there);
        true
    });
    honest_call(&mut site, &mut agent);
    site.close();
}

// ------------------------------------------------------------------ the SMS gateway

#[test]
fn a_survey_waits_for_its_gateway() {
    let gateway = free_port();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let organisation = hostile_world(gateway, nowhere);
    let site = Site::new(env!("CARGO_BIN_EXE_hotline"), &organisation, &[]);
    let login = |user: &str| Person::login(&site.server.http, user, "hotline-demo");
    let [desk, unit, reviewer] = ["agent1000", "unit_handler", "reviewer"].map(login);
    let ticket = desk.post(
        "/api/v1/tickets",
        &json!({
            "title": "路灯不亮",
            "content": "中山路 12 号门前路灯连续三天不亮, 夜间出行不便。",
            "kind": "help_request",
            "petitioner": {"name": "王先生", "phone": "13800138005", "applicant": "person"},
            "address": "南京市玄武区中山路 12 号",
        }),
    );
    let id = ticket["id"].as_str().expect("an id");
    let act = |person: &Person, command: &str, body: Value| {
        person.post(&format!("/api/v1/tickets/{id}/commands/{command}"), &body)
    };
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
    act(
        &reviewer,
        "review",
        json!({"outcome": "passed", "remark": "答复规范、具体、完整。"}),
    );

    let messages = format!("/api/v1/tickets/{id}/messages");
    let message = |state: &'static str, tried: bool| {
        site.supervisor().wait_for(&messages, SOON, |page| {
            let message = &page["items"][0];
            let known = !tried || message["reason"].is_string() || message["gateway"].is_string();
            (message["state"] == state && known)
                .then(|| message["id"].as_str().expect("an id").to_owned())
        })
    };
    let queued = message("queued", true);
    let provider = SmsProvider::start(gateway);
    let seen = provider.wait_for(1, SOON);
    assert_eq!(seen["id"], queued.as_str(), "the same message");
    assert_eq!(message("accepted", false), queued);
    assert_eq!(provider.messages().len(), 1, "and once");
    site.close();
}

// ------------------------------------------------------------------ tools

/// RFC 4475's messages, and what is beyond every limit.
fn torture() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sip/tests/fixtures/rfc4475");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the RFC's messages are in the project")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "dat"))
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 49, "all of RFC 4475");
    paths
        .iter()
        .map(|path| fs::read(path).expect("a file"))
        .collect()
}

fn oversized() -> Vec<Vec<u8>> {
    let honest = invite("99999", "13800138000", CARRIER, "");
    let long = "x".repeat(60_000);
    [
        honest.replace("From:", &format!("X-Long: {long}\r\nFrom:")),
        honest.replace("From:", &format!("{}From:", "X-Many: y\r\n".repeat(5_000))),
        honest.replace("sip:99999@", &format!("sip:{long}@")),
        honest.replace(
            "Via:",
            &format!(
                "{}Via:",
                "Via: SIP/2.0/UDP h;branch=z9hG4bKq\r\n".repeat(1_500)
            ),
        ),
        with_body(&honest, "application/octet-stream", &long),
        with_body(&honest, "application/octet-stream", &"x".repeat(64 * 1024)),
        honest.replace("Content-Length: 0", "Content-Length: 99999999999999999999"),
        honest.replace("Content-Length: 0", "Content-Length: -1"),
        honest.replace("Content-Length: 0", "Content-Length: 4294967296"),
        honest.replace("\r\n\r\n", "\r\n"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// A well-formed INVITE of a message that nothing else on this machine has sent.
fn invite(to: &str, from: &str, source: Ipv4Addr, body: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NTH: AtomicU32 = AtomicU32::new(0);
    let nth = NTH.fetch_add(1, Ordering::Relaxed);
    format!(
        "INVITE sip:{to}@hotline SIP/2.0\r\nVia: SIP/2.0/UDP {source}:5062;rport;branch=z9hG4bK{nth}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{from}@hotline>;tag=f{nth}\r\nTo: <sip:{to}@hotline>\r\n\
         Call-ID: hostile{nth}\r\nCSeq: 1 INVITE\r\nContact: <sip:{from}@{source}:5062>\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn with_body(message: &str, kind: &str, body: &str) -> String {
    let head = drop_line(message, "Content-Length");
    let head = drop_line(&head, "Content-Type");
    let head = head.split("\r\n\r\n").next().unwrap_or_default();
    format!(
        "{head}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn drop_line(message: &str, name: &str) -> String {
    let line = line_of(message, name);
    if line.is_empty() {
        message.to_owned()
    } else {
        message.replacen(&format!("{line}\r\n"), "", 1)
    }
}

fn line_of(message: &str, name: &str) -> String {
    let named = |line: &&str| {
        line.split_once(':')
            .is_some_and(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    message
        .split("\r\n")
        .find(named)
        .unwrap_or_default()
        .to_owned()
}

/// Credentials of somebody who does not know the password, nor a nonce of ours.
fn guess(user: &str, method: &str) -> String {
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"hotline\", nonce=\"0123456789abcdef\", \
         uri=\"sip:hotline\", response=\"{:032x}\", algorithm=MD5, cnonce=\"c\", qop=auth, nc=00000001\r\n",
        method.len()
    )
}

/// An answer without what is different in every answer.
fn faceless(answer: &str) -> String {
    let mut kept = String::new();
    for line in answer.lines() {
        let name = line
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match name.as_str() {
            "via" | "from" | "to" | "call-id" => {}
            // A nonce is new each time.
            "www-authenticate" => {
                let nonce = line
                    .split("nonce=\"")
                    .nth(1)
                    .and_then(|rest| rest.split('"').next())
                    .unwrap_or_default();
                kept += &line.replace(nonce, "…");
            }
            _ => kept += line,
        }
        kept.push('\n');
    }
    kept
}

fn socket_at(address: Ipv4Addr) -> UdpSocket {
    let socket = UdpSocket::bind((IpAddr::from(address), 0)).expect("an address of loopback");
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a time-out can be set");
    socket
}

fn send(socket: &UdpSocket, to: SocketAddr, message: &str) {
    socket
        .send_to(message.as_bytes(), to)
        .expect("a datagram leaves");
}

/// The final answer to `message`, told by its Call-ID and CSeq; acknowledged when it refuses an INVITE.
fn ask(socket: &UdpSocket, to: SocketAddr, message: &str) -> Option<String> {
    send(socket, to, message);
    let (call, cseq) = (line_of(message, "Call-ID"), line_of(message, "CSeq"));
    let mut buffer = [0; 65_535];
    loop {
        let (length, _) = socket.recv_from(&mut buffer).ok()?;
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let same = answer.starts_with("SIP/2.0 ")
            && line_of(&answer, "Call-ID") == call
            && (line_of(&answer, "CSeq") == cseq || cseq.is_empty());
        if !same || status_of(&answer) < 200 {
            continue;
        }
        if status_of(&answer) >= 300 && message.starts_with("INVITE") {
            let ack = drop_line(message, "To").replacen(
                "From:",
                &format!("{}\r\nFrom:", line_of(&answer, "To")),
                1,
            );
            send(
                socket,
                to,
                &with_body(&ack, "text/plain", "").replace("INVITE", "ACK"),
            );
        }
        return Some(answer);
    }
}

fn status_of(answer: &str) -> u16 {
    answer
        .get(8..11)
        .and_then(|status| status.parse().ok())
        .expect("a status line")
}

/// Says `message` on a connection of its own, and reads until the server has no more to say.
fn on_a_stream(to: SocketAddr, message: &[u8]) {
    let mut stream = TcpStream::connect(to).expect("the server takes connections");
    stream
        .set_read_timeout(Some(SOON))
        .expect("a time-out can be set");
    stream
        .set_write_timeout(Some(SOON))
        .expect("a time-out can be set");
    // It may hang up before it has heard everything.
    let _ = stream.write_all(message);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let waited = read.is_err_and(|fault| fault.kind() == std::io::ErrorKind::WouldBlock);
    assert!(!waited, "the server keeps a connection whose peer has left");
}

fn rtp(payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(0xBAD_CAFE_u32.to_be_bytes());
    packet.extend(payload);
    packet
}

fn wait_until(what: &str, mut true_now: impl FnMut() -> bool) {
    let started = Instant::now();
    while !true_now() {
        assert!(started.elapsed() < SOON, "{what}: not within {SOON:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A disk of a few megabytes, for root alone: others skip what needs it.
struct SmallDisk {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("disk");
        fs::create_dir(&path).expect("the folder can be written to");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "small"])
            .arg(&path)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self {
            path,
            _folder: folder,
        })
    }

    /// Takes all the room there is.
    fn fill(&self) -> PathBuf {
        let path = self.path.join("filling");
        let mut file = fs::File::create(&path).expect("there is room for a name");
        for size in [64 * 1024, 1] {
            let block = vec![0; size];
            while file.write_all(&block).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that is still going down may hold a file.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

/// Xorshift64: the same bytes each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, longest: u64) -> Vec<u8> {
        let length = self.next() % longest;
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// `message` with a few bytes changed, or an end lost.
    fn damage(&mut self, message: &[u8]) -> Vec<u8> {
        let mut damaged = message.to_vec();
        for _ in 0..self.next() % 8 {
            let at = (self.next() % damaged.len() as u64) as usize;
            damaged[at] = self.next() as u8;
        }
        if self.next() % 4 == 0 {
            damaged.truncate((self.next() % message.len() as u64) as usize);
        }
        damaged
    }
}
