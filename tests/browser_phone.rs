//! Phones in browsers against the whole program, as far as signalling goes: who is whose phone, what is refused and with
//! which word, and that bad input ends nobody else's call. Sound through a real browser is told in `tests/browser`.

use std::net::SocketAddr;

use testkit::http::Person;
use testkit::page::{Page, description};
use testkit::server::organisation;
use testkit::site::Site;

fn site() -> Site {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let text = organisation("demo")
        .replace("count = 800", "count = 5")
        .replace("127.0.0.1:5090", &nowhere.to_string())
        .replace("127.0.0.1:9000", &nowhere.to_string());
    Site::new(env!("CARGO_BIN_EXE_hotline"), &text, &[])
}

fn login(site: &Site, user: &str) -> Person {
    Person::login(&site.server.http, user, "hotline-demo")
}

fn page(site: &Site, user: &str) -> Page {
    let person = login(site, user);
    Page::open(&site.server.http, user, Some(person.cookie())).expect("the page is let in")
}

#[test]
fn a_page_registers_by_its_login_and_only_as_itself() {
    let site = site();
    let agent = login(&site, "agent1000");
    let me = agent.get("/api/v1/me");
    assert_eq!(me["phone"]["extension"], "agent1000");
    assert_eq!(me["phone"]["sip_uri"], "sip:agent1000@127.0.0.1");

    let mut page = page(&site, "agent1000");
    let registered = page.register("agent1000", "11111111-0000-4000-8000-000000000001");
    assert_eq!(registered.status(), Some(200), "{registered:?}");
    let contact = registered.header("Contact").unwrap();
    assert!(
        contact.contains("+sip.instance=\"<urn:uuid:11111111-"),
        "{contact}"
    );
    assert_eq!(registered.header("Require"), Some("outbound"));
    assert_eq!(page.register("agent1001", "1").status(), Some(403));
    let state = &agent.get("/api/v1/me")["state"];
    assert_eq!(state["state"], "ready", "{state}");
    site.close();
}

#[test]
fn a_desk_phone_at_a_websocket_proves_itself_and_is_no_carrier() {
    let site = site();
    // 127.0.0.1 is the demo carrier's network: on a WebSocket that opens nothing.
    let mut phone = Page::open(&site.server.http, "13800138000", None).unwrap();
    assert_eq!(
        phone.invite("12345", &description("actpass")).status(),
        Some(403)
    );
    let challenged = phone.register("agent1002", "2");
    assert_eq!(challenged.status(), Some(401));
    assert!(
        challenged
            .header("WWW-Authenticate")
            .unwrap()
            .contains("Digest")
    );
    site.close();
}

#[test]
fn what_no_browser_offers_is_refused_with_a_word() {
    let site = site();
    let mut page = page(&site, "agent1000");
    assert_eq!(page.register("agent1000", "3").status(), Some(200));
    let good = description("actpass");
    let drop = |name: &str| -> String {
        let kept = good.lines().filter(|line| !line.starts_with(name));
        kept.map(|line| format!("{line}\r\n")).collect()
    };
    let sdes = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVPF 8\r\n\
                a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let candidates = format!(
        "{good}{}",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(100)
    );
    let table = [
        ("no fingerprint", drop("a=fingerprint"), "no fingerprint"),
        ("SHA-1", good.replace("sha-256", "sha-1"), "not SHA-256"),
        ("passive", description("passive"), "setup"),
        ("SDES", sdes.to_owned(), "SDES"),
        ("plain RTP", sdes.replace("SAVPF", "AVP"), "encrypted"),
        ("many candidates", candidates, "candidates"),
    ];
    for (what, offer, word) in table {
        let refused = page.invite("*43", &offer);
        assert_eq!(refused.status(), Some(488), "{what}: {refused:?}");
        let warning = refused.header("Warning").unwrap_or_default();
        assert!(warning.contains(word), "{what}: {warning}");
    }
    // Ten thousand candidates make a message that no line takes.
    let many = format!(
        "{good}{}",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(10_000)
    );
    page.request(
        "INVITE",
        "sip:*43@hotline",
        "Content-Type: application/sdp\r\n",
        &many,
    );
    assert_eq!(page.hear_or_close().err(), Some(Some(1009)));
    site.close();
}

#[test]
fn the_later_page_is_the_phone_and_the_earlier_is_let_go() {
    let site = site();
    let mut first = page(&site, "agent1000");
    assert_eq!(first.register("agent1000", "4").status(), Some(200));
    let mut second = page(&site, "agent1000");
    assert_eq!(second.register("agent1000", "5").status(), Some(200));
    assert_eq!(first.hear_or_close().err(), Some(Some(4001)));
    site.close();
}

#[test]
fn a_broken_message_is_answered_and_the_connection_goes_on() {
    let site = site();
    let mut page = page(&site, "agent1000");
    page.send("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n");
    assert_eq!(page.hear().status(), Some(400));
    page.send("nonsense");
    page.send("\r\n\r\n");
    assert_eq!(page.hear().0, "\r\n");
    assert_eq!(page.register("agent1000", "6").status(), Some(200));
    site.close();
}
