//! SIP over TLS with a peer of other people's making (OpenSSL): phones that register and are called on their connection, carriers
//! whose certificate is looked at, keys that are taken only where nobody reads them, and spite.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use testkit::phone::Phone;
use testkit::server::{free_port, organisation};
use testkit::site::{SOON, Site};
use testkit::tls::{Certificate, Wire};
use testkit::voice::Voice;

const CITIZEN: f64 = 440.0;
const PHONE: f64 = 700.0;
const WITH_KEYS: Voice = Voice {
    codec: testkit::voice::Codec::Pcma,
    srtp: true,
};

/// The demonstration with SIP over TLS and a carrier at `outbound` who is called over it; `roots` vouch for carriers.
fn site(outbound: SocketAddr, roots: Option<&Path>) -> Site {
    let text = organisation("demo")
        .replace("count = 800", "count = 5")
        .replace(
            "outbound = \"sip:127.0.0.1:5090\"",
            &format!("outbound = \"sip:{outbound}\"\ntransport = \"tls\""),
        )
        .replace("127.0.0.1:9000", "127.0.0.1:9");
    let roots = roots.map_or(String::new(), |roots| format!(", roots = {roots:?}"));
    let tls = format!("{{ listen = '127.0.0.1:0', certificate = 'development'{roots} }}");
    Site::new(env!("CARGO_BIN_EXE_hotline"), &text, &[("SIP__TLS", &tls)])
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9))
}

fn tls_of(site: &Site) -> SocketAddr {
    let line = site.server.wait_for_line("SIP over TLS listens on ", SOON);
    let (_, rest) = line
        .split_once("SIP over TLS listens on ")
        .expect("it is in the line");
    let address = rest.split(' ').next().expect("split gives one");
    address.parse().expect("an address")
}

fn certificate_of(site: &Site) -> PathBuf {
    site.place.folder.join("data/tls/development.crt")
}

/// A phone that registered over TLS of this version.
fn phone(site: &Site, user: &str, version: &str) -> Phone {
    let server = tls_of(site);
    let wire = Wire::connect(server, &certificate_of(site), version);
    let mut phone = Phone::over_tls(wire, server, user, "secret");
    assert_eq!(
        phone.register(3_600),
        200,
        "{version}: {}",
        site.server.log()
    );
    phone
}

fn echoes(phone: &mut Phone) {
    let mut echo = phone.call("*43", PHONE).expect("the echo answers");
    assert!(echo.audio.hears(PHONE, true, SOON));
    phone.hang_up(&mut echo);
}

#[test]
fn a_phone_registers_over_tls_and_is_called_on_its_connection() {
    let site = site(nowhere(), None);
    for (user, version) in [("agent1001", "-tls1_2"), ("agent1002", "-tls1_3")] {
        echoes(&mut phone(&site, user, version));
    }
    let mut agent = phone(&site, "agent1000", "-tls1_3");
    let mut citizen = site.citizen("13800138000");
    let mut here = citizen.call("12345", CITIZEN).expect("12345 answers");
    let ringing = agent.ring();
    let contact = ringing.header("Contact").expect("an INVITE has one");
    let port = tls_of(&site).port();
    assert!(
        contact.contains(&format!("127.0.0.1:{port};transport=tls")),
        "{contact}"
    );
    let there = agent.answer(ringing, PHONE);
    assert!(here.audio.hears(PHONE, true, SOON));
    assert!(there.audio.hears(CITIZEN, true, SOON));
    citizen.hang_up(&mut here);
    agent.wait_bye(&there);
    site.close();
}

#[test]
fn keys_are_taken_where_nobody_else_reads_them() {
    let site = site(nowhere(), None);
    let mut over_tls = phone(&site, "agent1000", "-tls1_3");
    over_tls.voice = WITH_KEYS;
    echoes(&mut over_tls);
    let mut over_udp = site.phone("agent1001");
    over_udp.voice = WITH_KEYS;
    assert_eq!(over_udp.call("*43", PHONE).err(), Some(488));
    over_udp.voice = Voice::default();
    echoes(&mut over_udp);
    site.close();
}

#[test]
fn who_asks_for_tls_all_the_way_is_not_served_in_the_clear() {
    let site = site(nowhere(), None);
    let server = tls_of(&site);
    let ask = |transport: &str, contact: &str| {
        format!(
            "REGISTER sip:{server} SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:5061;rport;branch=z9hG4bK{transport}\r\nMax-Forwards: 70\r\n\
             From: <sip:agent1000@{server}>;tag=1\r\nTo: <sip:agent1000@{server}>\r\nCall-ID: {transport}\r\nCSeq: 1 REGISTER\r\n\
             Contact: <{contact}>\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let options = |transport: &str| {
        ask(transport, "sip:agent1000@127.0.0.1")
            .replacen("REGISTER sip:", "OPTIONS sips:", 1)
            .replace("1 REGISTER", "1 OPTIONS")
    };
    let wire = Wire::connect(server, &certificate_of(&site), "-tls1_3");
    wire.write(options("TLS").as_bytes());
    let answer = wire.read(SOON).expect("an answer");
    assert!(
        answer.starts_with(b"SIP/2.0 200 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );

    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(SOON)).expect("a time-out");
    socket
        .send_to(options("UDP").as_bytes(), site.server.sip)
        .expect("it leaves");
    let mut buffer = [0; 2_048];
    let length = socket.recv(&mut buffer).expect("an answer");
    let answer = String::from_utf8_lossy(&buffer[..length]);
    assert!(answer.starts_with("SIP/2.0 416 "), "{answer}");
    site.close();
}

#[test]
fn a_carrier_is_called_over_tls_only_if_it_proves_its_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = free_port();
    let own = Certificate::new(folder.path(), "IP:127.0.0.1");
    let other = Certificate::new(folder.path(), "DNS:carrier.example");
    let known = [&own, &other].map(|known| std::fs::read(&known.certificate).expect("it was made"));
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, known.concat()).expect("the folder can be written to");
    let site = site(at, Some(&roots));
    let mut inside = site.phone("8600");
    let outside = "13900139000";

    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder can be made");
    let unknown = Certificate::new(&elsewhere, "IP:127.0.0.1");
    for (shown, why) in [(&unknown, "UnknownIssuer"), (&other, "not valid for name")] {
        let _carrier = Wire::listen(at, shown);
        assert_eq!(inside.call(outside, PHONE).err(), Some(503), "{why}");
        site.server.wait_for_line(why, SOON);
    }

    let mut carrier = Phone::over_tls(Wire::listen(at, &own), at, outside, "");
    let (mut here, there) = std::thread::scope(|scope| {
        let calling = scope.spawn(|| inside.call(outside, PHONE));
        let ringing = carrier.ring();
        let there = carrier.answer(ringing, CITIZEN);
        let here = calling.join().expect("it called");
        (here.expect("it was answered"), there)
    });
    assert!(here.audio.hears(CITIZEN, true, SOON));
    assert!(there.audio.hears(PHONE, true, SOON));
    inside.hang_up(&mut here);
    carrier.wait_bye(&there);
    site.close();
}

#[test]
fn who_does_not_shake_hands_is_let_go_and_harms_nobody() {
    let site = site(nowhere(), None);
    let server = tls_of(&site);
    let mut agent = phone(&site, "agent1000", "-tls1_3");
    let connect = || {
        let stream = TcpStream::connect(server).expect("it takes connections");
        stream.set_read_timeout(Some(SOON)).expect("a time-out");
        stream
    };
    let mut stalled = connect();
    // The first bytes of a handshake, and no more.
    stalled
        .write_all(&[0x16, 3, 1, 2, 0, 1])
        .expect("it leaves");
    let mut silent = connect();
    let mut plain = connect();
    plain
        .write_all(b"OPTIONS sip:12345@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\n\r\n")
        .expect("it leaves");
    let mut answer = Vec::new();
    // An alert at most: no SIP.
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.windows(3).any(|word| word == b"SIP"), "{answer:?}");
    // Who does not trust us goes away.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = Certificate::new(folder.path(), "IP:127.0.0.1");
    assert!(Wire::connect(server, &other.certificate, "-tls1_3").ends());

    for stream in [&mut stalled, &mut silent] {
        answer.clear();
        assert!(stream.read_to_end(&mut answer).is_ok(), "it is closed");
    }
    let failed = "hotline_sip_handshakes_failed_total{side=\"phone\"}";
    assert_eq!(site.server.metric(failed), 4.0);
    echoes(&mut agent);
    site.close();
}
