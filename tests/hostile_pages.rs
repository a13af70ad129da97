//! Spite from browsers, end to end: by the WebSocket at `/sip`, by the port that all pages share, by a login that runs out. Each is
//! refused with a clear word, and all the while a citizen and an agent talk and are not harmed.

#![expect(
    clippy::disallowed_methods,
    reason = "the outside world lives in real time"
)]

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::http::Person;
use testkit::page::{Heard, Page, description};
use testkit::page_sound::PageSound;
use testkit::phone::{Call, Phone};
use testkit::server::organisation;
use testkit::site::{SOON, Site};
use testkit::sound::share_of;

const CITIZEN: f64 = 440.0;
const AGENT: f64 = 700.0;
const PAGE: f64 = 1_000.0;

/// A site where two people talk.
struct Scene {
    site: Site,
    citizen: Phone,
    agent: Phone,
    here: Call,
    there: Call,
}

impl Scene {
    fn new() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let text = organisation("demo")
            .replace("count = 800", "count = 5")
            .replace("127.0.0.1:5090", &nowhere.to_string())
            .replace("127.0.0.1:9000", &nowhere.to_string());
        let site = Site::new(env!("CARGO_BIN_EXE_hotline"), &text, &[]);
        let mut agent = site.phone("agent1000");
        let mut citizen = site.citizen("13800138000");
        let (here, there) = site.bridged((&mut citizen, CITIZEN), (&mut agent, AGENT));
        Self {
            site,
            citizen,
            agent,
            here,
            there,
        }
    }

    fn login(&self, user: &str) -> Person {
        Person::login(&self.site.server.http, user, "hotline-demo")
    }

    /// A registered page of this person.
    fn page(&self, person: &Person, user: &str) -> Page {
        let http = &self.site.server.http;
        let mut page = Page::open(http, user, Some(person.cookie())).expect("it is let in");
        let registered = page.register(user, "11111111-0000-4000-8000-000000000009");
        assert_eq!(registered.status(), Some(200), "{registered:?}");
        page
    }

    /// A page that hears its own echo.
    fn echoing(&self, page: &mut Page) -> (PageSound, Heard) {
        let mut sound = PageSound::new(PAGE);
        let answer = page.invite("*43", &sound.offer());
        assert_eq!(answer.status(), Some(200), "{answer:?}");
        page.acknowledge(&answer);
        sound.answered(&answer);
        assert!(sound.connects(), "{}", self.site.server.log());
        hears_itself(&mut sound);
        (sound, answer)
    }

    /// They talk, both ways, and not a tenth of a second of it is missing.
    fn unharmed(&self, what: &str) {
        for (audio, hz) in [(&self.here.audio, AGENT), (&self.there.audio, CITIZEN)] {
            assert!(audio.hears(hz, true, SOON), "{what}: {hz} Hz");
        }
    }

    /// The two part as people do, and nothing is wrong with the server.
    fn close(mut self) {
        let heard = self.there.audio.heard();
        let spoken = heard.chunks_exact(800).skip(10);
        let gaps = spoken
            .filter(|window| share_of(CITIZEN, window) < 0.5)
            .count();
        assert!(gaps <= heard.len() / 800 / 50, "{gaps} gaps of 100 ms");
        self.citizen.hang_up(&mut self.here);
        self.agent.wait_bye(&self.there);
        let record = self.site.record(&self.here.call_id);
        assert_eq!(record["termination"]["result"], "success");
        self.site.close();
    }

    fn dropped(&self, reason: &str) -> f64 {
        let series = format!("hotline_rtp_packets_dropped_total{{reason=\"{reason}\"}}");
        self.site.server.metric(&series)
    }
}

fn hears_itself(sound: &mut PageSound) {
    let heard = sound.talk(Duration::from_secs(1));
    let last = &heard[heard.len().saturating_sub(2_400)..];
    assert!(share_of(PAGE, last) > 0.5, "the echo is heard");
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_no_browser_says_is_refused_with_a_word() {
    let scene = Scene::new();
    let person = scene.login("agent1001");
    let mut page = scene.page(&person, "agent1001");
    let good = description("actpass");
    let no_fingerprint: String = good
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("a=fingerprint"))
        .collect();
    let sdes = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVPF 8\r\n\
                a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    let table = [
        (no_fingerprint, "no fingerprint"),
        (sdes.to_owned(), "SDES"),
        (format!("{good}{}", candidate.repeat(100)), "candidates"),
        (good.replace(" 111 63 9 0 8 13", " 63 13"), "common codec"),
    ];
    for (offer, word) in &table {
        let refused = page.invite("*43", offer);
        assert_eq!(refused.status(), Some(488), "{refused:?}");
        let warning = refused.header("Warning").unwrap_or_default();
        assert!(warning.contains(word), "{warning}");
    }
    scene.unharmed("hostile descriptions");

    // The same within a call: refused with the same words, and the call goes on as it was.
    let (mut sound, answer) = scene.echoing(&mut page);
    for (offer, word) in &table {
        let refused = page.reinvite(&answer, offer);
        assert_eq!(refused.status(), Some(488), "{refused:?}");
        let warning = refused.header("Warning").unwrap_or_default();
        assert!(warning.contains(word), "{warning}");
    }
    hears_itself(&mut sound);

    // A message of a megabyte, ten thousand candidates among it, ends its connection.
    for (size, user) in [(10_000, "agent1002"), (24_000, "agent1003")] {
        let mut page = scene.page(&scene.login(user), user);
        let offer = format!("{good}{}", candidate.repeat(size));
        page.request(
            "INVITE",
            "sip:*43@hotline",
            "Content-Type: application/sdp\r\n",
            &offer,
        );
        assert_eq!(page.hear_or_close().err(), Some(Some(1009)));
    }
    hears_itself(&mut sound);
    scene.unharmed("a megabyte");
    scene.close();
}

#[test]
fn a_page_that_shows_another_certificate_than_it_named_is_let_go_with_the_cause() {
    let scene = Scene::new();
    let person = scene.login("agent1001");
    let mut page = scene.page(&person, "agent1001");
    let mut sound = PageSound::new(PAGE);
    let named = description("actpass");
    let answer = page.invite("*43", &named);
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    page.acknowledge(&answer);
    sound.answered(&answer);
    sound.connects();
    let bye = page.wait_for(|heard| heard.0.starts_with("BYE "));
    let reason = bye.header("Reason").unwrap_or_default();
    assert_eq!(reason, "SIP;cause=488;text=\"dtls_fingerprint\"");
    page.respond(&bye, "200 OK", "", "");
    let record = scene
        .site
        .record(answer.header("Call-ID").expect("it has one"));
    assert_eq!(
        record["termination"]["reason"], "dtls_fingerprint",
        "{record}"
    );

    // Its place is free: the same page calls again, at the same port, and is heard.
    let (honest, _) = scene.echoing(&mut page);
    assert_eq!(honest.address(), sound.address());
    scene.unharmed("a wrong certificate");
    scene.close();
}

#[test]
fn a_flood_on_the_port_that_pages_share_harms_nobody() {
    let scene = Scene::new();
    let person = scene.login("agent1001");
    let mut page = scene.page(&person, "agent1001");
    let (mut sound, _) = scene.echoing(&mut page);
    let to = sound.address();
    // Checks for fragments that nobody has, and for the page's own with another password.
    let stray = sound.check_of("nobody00", "nobody's password at all");
    let forged = sound.forged_check();
    // The beginning of a handshake, from somebody who made no check.
    let hello = [
        &[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 1][..],
        &[0; 39],
    ]
    .concat();
    let strangers: Vec<UdpSocket> = (0..50)
        .map(|_| UdpSocket::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    for round in 0..100 {
        for stranger in &strangers {
            for datagram in [&stray, &forged, &hello] {
                let _ = stranger.send_to(datagram, to);
            }
        }
        if round % 25 == 0 {
            hears_itself(&mut sound);
        }
    }
    hears_itself(&mut sound);
    eventually("strangers are counted", || {
        scene.dropped("foreign") > 1_000.0 && scene.dropped("forged") > 500.0
    });
    // Nobody was answered: the port tells a stranger nothing.
    for stranger in &strangers {
        stranger.set_nonblocking(true).expect("it can be set");
        assert!(stranger.recv(&mut [0; 64]).is_err());
    }
    scene.unharmed("a flood");
    scene.close();
}

#[test]
fn a_login_that_ends_in_mid_call_ends_the_page_and_not_the_call() {
    let scene = Scene::new();
    let http = scene.site.server.http.clone();
    let foreign = Page::open_from(&http, "agent1001", None, "https://evil.example");
    assert_eq!(foreign.err(), Some(403));
    let person = scene.login("agent1001");
    let mut page = scene.page(&person, "agent1001");
    let (mut sound, answer) = scene.echoing(&mut page);
    assert_eq!(person.try_post("/api/v1/logout", &json!({})).0, 204);
    // The next command and the next line are refused.
    let (status, refusal) = person.try_post("/api/v1/me/wrap_up", &json!({}));
    assert_eq!(status, 401, "{refusal}");
    assert!(refusal["detail"].is_string(), "{refusal}");
    let again = Page::open(&http, "agent1001", Some(person.cookie()));
    assert_eq!(again.err(), Some(401));
    // So is, within ten seconds, what the page wishes to begin by the line that it has.
    eventually("the line begins nothing", || {
        hears_itself(&mut sound);
        page.register("agent1001", "11111111-0000-4000-8000-000000000009")
            .status()
            == Some(403)
    });
    assert_eq!(page.invite("*43", &sound.offer()).status(), Some(403));
    // Who is on the line stays on it: what ends is what they may begin.
    hears_itself(&mut sound);
    scene.unharmed("a login that ended");
    assert_eq!(page.hang_up(&answer).status(), Some(200));
    assert_eq!(page.hear_or_close().err(), Some(Some(4003)));
    scene.close();
}
