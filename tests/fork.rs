//! A person with a page and a desk phone: both ring for one call, each is offered what it can take (RFC 3264), the first to
//! answer has the call, and the other is told where it went (RFC 3326). Real signalling and sound at both.

use std::net::SocketAddr;
use std::time::Duration;

use testkit::http::Person;
use testkit::page::{Heard, Page};
use testkit::page_sound::PageSound;
use testkit::phone::{Call, Phone, Ringing};
use testkit::server::organisation;
use testkit::site::{SOON, Site};
use testkit::sound::share_of;

const CITIZEN: f64 = 440.0;
const DESK: f64 = 700.0;
const PAGE: f64 = 1_000.0;
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// A citizen in the line, and one agent's two phones that ring for them.
struct Scene {
    site: Site,
    citizen: Phone,
    here: Call,
    desk: Phone,
    at_desk: Ringing,
    page: Page,
    at_page: Heard,
}

impl Scene {
    fn new() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let text = organisation("demo")
            .replace("count = 800", "count = 5")
            .replace("127.0.0.1:5090", &nowhere.to_string())
            .replace("127.0.0.1:9000", &nowhere.to_string());
        let site = Site::new(env!("CARGO_BIN_EXE_hotline"), &text, &[]);
        let mut desk = site.phone("agent1000");
        let person = Person::login(&site.server.http, "agent1000", "hotline-demo");
        let page = Page::open(&site.server.http, "agent1000", Some(person.cookie()));
        let mut page = page.expect("the page is let in");
        let registered = page.register("agent1000", "11111111-0000-4000-8000-000000000001");
        assert_eq!(registered.status(), Some(200), "{registered:?}");
        let mut citizen = site.citizen("13800138000");
        let here = citizen.call("12345", CITIZEN).expect("12345 answers");
        let (at_desk, at_page) = (desk.ring(), page.ring());
        Self {
            site,
            citizen,
            here,
            desk,
            at_desk,
            page,
            at_page,
        }
    }

    /// The page takes the call; its sound.
    fn page_answers(&mut self) -> PageSound {
        let mut sound = PageSound::new(PAGE);
        sound.answered(&self.at_page);
        self.page.answer(&self.at_page, &sound.answer());
        self.page.wait_for(|heard| heard.0.starts_with("ACK "));
        assert!(sound.connects(), "{}", self.site.server.log());
        sound
    }

    /// The page and the citizen hear each other.
    fn page_talks(&mut self, sound: &mut PageSound) {
        let heard = sound.talk(Duration::from_secs(2));
        let last = &heard[heard.len().saturating_sub(2_400)..];
        assert!(share_of(CITIZEN, last) > 0.5, "the page hears the citizen");
        let said = self.here.audio.heard();
        let is_heard = said
            .chunks_exact(800)
            .any(|tenth| share_of(PAGE, tenth) > 0.5);
        assert!(is_heard, "the citizen hears the page");
    }

    /// The citizen hangs up on the page.
    fn page_is_hung_up(mut self) {
        self.citizen.hang_up(&mut self.here);
        let bye = self.page.wait_for(|heard| heard.0.starts_with("BYE "));
        self.page.respond(&bye, "200 OK", "", "");
        self.close();
    }

    /// One call, in which the agent was one leg, whichever phone it was.
    fn close(self) {
        let record = self.site.record(&self.here.call_id);
        assert_eq!(record["termination"]["result"], "success", "{record}");
        let legs = record["legs"].as_array().expect("the record has legs");
        let agents = legs.iter().filter(|leg| leg["role"] == "agent");
        assert_eq!(agents.count(), 1, "{record}");
        self.site.close();
    }
}

#[test]
fn each_is_offered_what_it_can_take_and_the_page_has_the_call() {
    let mut scene = Scene::new();
    let at_page = scene.at_page.body();
    assert!(at_page.contains(" UDP/TLS/RTP/SAVPF "), "{at_page}");
    assert!(at_page.contains("a=fingerprint:sha-256 "), "{at_page}");
    let at_desk = scene.at_desk.offer();
    assert!(at_desk.contains(" RTP/AVP "), "{at_desk}");
    let not_for_phones = ["a=fingerprint", "a=ice-ufrag", "a=candidate"];
    assert!(
        not_for_phones.iter().all(|line| !at_desk.contains(line)),
        "{at_desk}"
    );

    let mut sound = scene.page_answers();
    let reason = scene.desk.wait_cancel(&scene.at_desk);
    assert_eq!(reason.as_deref(), Some(ELSEWHERE));
    scene.page_talks(&mut sound);
    scene.page_is_hung_up();
}

#[test]
fn the_desk_phone_has_the_call_and_the_page_is_told_so() {
    let mut scene = Scene::new();
    let there = scene.desk.answer(scene.at_desk, DESK);
    let cancel = scene.page.wait_for(|heard| heard.0.starts_with("CANCEL "));
    assert_eq!(cancel.header("Reason"), Some(ELSEWHERE));
    scene.page.respond(&cancel, "200 OK", "", "");
    scene
        .page
        .respond(&scene.at_page, "487 Request Terminated", "", "");
    scene.page.wait_for(|heard| heard.0.starts_with("ACK "));
    assert!(there.audio.hears(CITIZEN, true, SOON));
    assert!(scene.here.audio.hears(DESK, true, SOON));

    scene.citizen.hang_up(&mut scene.here);
    scene.desk.wait_bye(&there);
    let record = scene.site.record(&scene.here.call_id);
    assert_eq!(record["termination"]["result"], "success", "{record}");
    scene.site.close();
}

#[test]
fn a_desk_phone_that_answers_too_late_is_heard_out_and_hung_up() {
    let mut scene = Scene::new();
    let mut sound = scene.page_answers();
    scene.desk.answer_too_late(&scene.at_desk);
    scene.page_talks(&mut sound);
    scene.page_is_hung_up();
}

#[test]
fn a_page_that_answers_too_late_is_heard_out_and_hung_up() {
    let mut scene = Scene::new();
    let there = scene.desk.answer(scene.at_desk, DESK);
    let mut late = PageSound::new(PAGE);
    late.answered(&scene.at_page);
    let cancel = scene.page.wait_for(|heard| heard.0.starts_with("CANCEL "));
    scene.page.respond(&cancel, "200 OK", "", "");
    scene.page.answer(&scene.at_page, &late.answer());
    scene.page.wait_for(|heard| heard.0.starts_with("ACK "));
    let bye = scene.page.wait_for(|heard| heard.0.starts_with("BYE "));
    scene.page.respond(&bye, "200 OK", "", "");
    assert!(there.audio.hears(CITIZEN, true, SOON));

    scene.citizen.hang_up(&mut scene.here);
    scene.desk.wait_bye(&there);
    scene.site.close();
}
