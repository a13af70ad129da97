//! Phones in browsers: a page is a phone whose connection comes and goes.

use hotline::signalling::media::MediaEvent;
use hotline::signalling::transport::Farewell;

use super::*;

impl Story {
    /// A page is loaded at that person's place and registers.
    fn page(&mut self, name: &str, n: u8, instance: u32, person: &str) -> usize {
        let page = self.world.add_phone(name, inside(n), None);
        self.back(page, instance, person);
        page
    }

    /// The page has a connection again.
    fn back(&mut self, page: usize, instance: u32, person: &str) {
        self.world.connect(page, instance, person);
        self.world
            .with_phone(page, |phone, now| phone.register(now, 3_600));
        self.pass(MOMENT);
    }

    fn ringing(&self, page: usize) -> Option<LegHandle> {
        let lines = &self.world.phones[page].lines;
        let mut ringing = lines
            .iter()
            .filter(|(_, line)| line.state == LineState::Ringing);
        ringing.next().map(|(line, _)| *line)
    }

    #[track_caller]
    fn page_answers(&mut self, page: usize) -> LegHandle {
        let line = self.ringing(page).expect("it rings");
        self.world
            .with_phone(page, |phone, now| phone.answer(now, line));
        self.pass(MOMENT);
        line
    }

    /// What rings there was offered.
    #[track_caller]
    fn offered(&self, phone: usize) -> String {
        let line = self.ringing(phone).expect("it rings");
        let offer = self.world.phones[phone].lines[&line].offer.clone();
        String::from_utf8(offer.expect("an offer came")).unwrap()
    }

    /// agent1 sits at a page with a desk phone beside it, and a citizen rings both: page, desk phone, citizen.
    #[track_caller]
    fn rings_page_and_desk_phone() -> (Self, usize, usize, (usize, LegHandle)) {
        let mut story = Self::with(&["agent1"]);
        let page = story.page("agent1", 60, 1, "agent1");
        let citizen = story.citizen_dials("12345");
        story.pass(SECOND);
        let desk = story.phone("agent1");
        let (at_page, at_desk) = (story.offered(page), story.offered(desk));
        assert!(at_page.contains("UDP/TLS/RTP/SAVPF"), "{at_page}");
        assert!(at_page.contains("a=fingerprint"), "{at_page}");
        assert!(at_desk.contains(" RTP/AVP "), "{at_desk}");
        assert!(!at_desk.contains("a=ice"), "{at_desk}");
        assert_eq!(story.open_ports(), 3);
        (story, page, desk, citizen)
    }

    fn open_ports(&self) -> usize {
        self.world.studio.lock().unwrap().open_ports()
    }

    /// Agent and citizen hear each other on two ports, and the agent's other phone has stopped ringing.
    #[track_caller]
    fn talks_alone(&mut self, silent: usize) {
        self.pass(SECOND);
        assert!(self.world.phones[silent].lines.is_empty());
        assert_eq!(self.hears_people(LegRole::Citizen), [LegRole::Agent]);
        assert_eq!(self.hears_people(LegRole::Agent), [LegRole::Citizen]);
        assert_eq!(self.open_ports(), 2);
        let agents = self.call().legs.iter();
        let agents = agents.filter(|leg| leg.role == LegRole::Agent);
        assert_eq!(agents.count(), 1, "one person is one leg of the record");
    }

    fn registered(&self, page: usize) -> Option<u16> {
        self.news.iter().rev().find_map(|(who, news)| match news {
            News::Registered(status) if *who == page => *status,
            _ => None,
        })
    }

    /// A citizen in talk with agent1, who sits at page 60.
    #[track_caller]
    fn talk_at_a_page() -> (Self, usize, (usize, LegHandle)) {
        let mut story = Self::with(&[]);
        let page = story.page("agent1", 60, 1, "agent1");
        assert_eq!(story.registered(page), Some(200));
        let citizen = story.citizen_dials("12345");
        story.pass(SECOND);
        story.page_answers(page);
        assert_eq!(story.state("agent1"), AgentState::Talking);
        // Both are heard: from now on their silence would be noticed.
        story.pass(SECOND);
        (story, page, citizen)
    }
}

#[test]
fn a_page_rings_talks_and_hangs_up_like_any_phone() {
    let (mut story, page, (_, _)) = Story::talk_at_a_page();
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    assert_eq!(story.hears_people(LegRole::Agent), [LegRole::Citizen]);
    story.press("agent1", CallCommand::Hold).unwrap();
    assert_eq!(story.hears(LegRole::Citizen), music());
    story.press("agent1", CallCommand::Resume).unwrap();
    // The page's own hold, a re-INVITE, is the same wish.
    let line = story.world.phones[page]
        .lines
        .keys()
        .next()
        .copied()
        .unwrap();
    story
        .world
        .with_phone(page, |phone, now| phone.hold(now, line, true));
    story.pass(MOMENT);
    assert_eq!(story.hears(LegRole::Citizen), music());
    story
        .world
        .with_phone(page, |phone, now| phone.hold(now, line, false));
    story.pass(MOMENT);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(page, line);
    story.ends();
}

#[test]
fn a_page_and_a_desk_phone_ring_together_and_the_page_answers() {
    let (mut story, page, desk, (citizen, line)) = Story::rings_page_and_desk_phone();
    story.page_answers(page);
    story.talks_alone(desk);
    // The call is recorded, held and asked after as any other.
    story.press("agent1", CallCommand::Hold).unwrap();
    assert_eq!(story.hears(LegRole::Citizen), music());
    story.press("agent1", CallCommand::Resume).unwrap();
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_page_and_a_desk_phone_ring_together_and_the_desk_phone_answers() {
    let (mut story, page, _, (citizen, line)) = Story::rings_page_and_desk_phone();
    story.answers("agent1");
    story.talks_alone(page);
    // Its silence is noticed under the name the media side knows it by, whichever that is.
    story.world.kill(story.phone("agent1"));
    story.pass(3 * SECOND);
    assert_eq!(story.hears(LegRole::Citizen), lost());
    story.pass(10 * SECOND);
    assert_eq!(story.call().state(), "queued");
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn of_two_phones_that_answer_at_once_one_has_the_call_and_the_other_is_hung_up() {
    for page_first in [true, false] {
        let (mut story, page, desk, (citizen, line)) = Story::rings_page_and_desk_phone();
        let phones = match page_first {
            true => [page, desk],
            false => [desk, page],
        };
        // Both answers leave before any word of the other's can have come.
        for phone in phones {
            let line = story.ringing(phone).expect("it rings");
            story
                .world
                .with_phone(phone, |phone, now| phone.answer(now, line));
        }
        story.pass(2 * SECOND);
        let silent = [page, desk]
            .into_iter()
            .find(|phone| story.world.phones[*phone].lines.is_empty());
        story.talks_alone(silent.expect("the later one was hung up"));
        story.hangs_up(citizen, line);
        story.ends();
    }
}

#[test]
fn a_phone_that_is_busy_leaves_the_other_ringing_and_a_decline_stops_both() {
    let (mut story, page, desk, (citizen, line)) = Story::rings_page_and_desk_phone();
    let at_desk = story.ringing(desk).expect("it rings");
    story
        .world
        .with_phone(desk, |phone, now| phone.decline(now, at_desk, 486));
    story.pass(SECOND);
    story.page_answers(page);
    story.talks_alone(desk);
    story.hangs_up(citizen, line);
    story.ends();

    let (mut story, page, desk, (citizen, line)) = Story::rings_page_and_desk_phone();
    let (at_page, at_desk) = (story.ringing(page), story.ringing(desk));
    let at_page = at_page.expect("it rings");
    story
        .world
        .with_phone(page, |phone, now| phone.decline(now, at_page, 603));
    story.pass(SECOND);
    // The only agent is asked again, and again at both.
    let again = story.ringing(desk);
    assert!(again.is_some() && again != at_desk);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_citizen_who_gives_up_stops_both_phones() {
    let (mut story, page, desk, (citizen, line)) = Story::rings_page_and_desk_phone();
    story.hangs_up(citizen, line);
    story.pass(2 * SECOND);
    assert_eq!((story.ringing(page), story.ringing(desk)), (None, None));
    assert_eq!(story.open_ports(), 0);
    story.ends();
}

#[test]
fn a_page_whose_connection_is_cut_talks_on_and_is_spoken_to_by_the_next() {
    let (mut story, page, (citizen, citizen_line)) = Story::talk_at_a_page();
    story.world.cut(page);
    story.pass(20 * SECOND);
    // Its sound went on: nobody noticed.
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    assert_eq!(story.state("agent1"), AgentState::Talking);
    story.back(page, 1, "agent1");
    assert_eq!(story.registered(page), Some(200));
    story.pass(30 * SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    // What the server says now goes by the new connection.
    story.hangs_up(citizen, citizen_line);
    assert!(story.world.phones[page].lines.is_empty());
    story.pass(SECOND);
    assert_eq!(
        story.record().termination.as_ref().unwrap().reason,
        "caller_hung_up"
    );
    story.ends();
}

#[test]
fn what_happened_while_a_page_was_away_is_told_when_it_is_back() {
    let (mut story, page, (citizen, citizen_line)) = Story::talk_at_a_page();
    story.world.cut(page);
    story.hangs_up(citizen, citizen_line);
    story.pass(3 * SECOND);
    assert_eq!(
        story.world.phones[page].lines.len(),
        1,
        "it cannot know yet"
    );
    // Another load of the page would know nothing of the call: the same one does.
    story.back(page, 1, "agent1");
    assert!(story.world.phones[page].lines.is_empty());
    story.ends();
}

#[test]
fn a_tab_closed_in_mid_call_gives_the_citizen_back_to_the_queue() {
    let (mut story, page, (citizen, line)) = Story::talk_at_a_page();
    story.world.cut(page);
    story.world.kill(page);
    story.pass(3 * SECOND);
    assert_eq!(story.hears(LegRole::Citizen), lost());
    story.pass(7 * SECOND);
    assert_eq!(story.call().state(), "queued");
    assert_eq!(story.state("agent1"), AgentState::Offline);
    // Who was waiting for longer goes first.
    let other = story.page("agent2", 61, 2, "agent2");
    story.pass(SECOND);
    story.page_answers(other);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_citizen_who_closes_their_page_is_not_waited_for() {
    let mut story = Story::with(&["agent1"]);
    // review1 has an extension and no queue: a caller from a browser.
    let page = story.page("review1", 60, 1, "review1");
    story.dial(page, "12345");
    story.pass(SECOND);
    story.answers("agent1");
    story.world.cut(page);
    story.world.kill(page);
    story.pass(10 * SECOND);
    assert_eq!(
        story.record().termination.as_ref().unwrap().reason,
        "citizen_lost"
    );
    story.ends();
}

#[test]
fn of_two_tabs_the_later_one_is_the_phone() {
    let mut story = Story::with(&[]);
    let first = story.page("agent1", 60, 1, "agent1");
    let second = story.page("agent1", 61, 2, "agent1");
    assert_eq!(story.world.farewells, [(first, Farewell::Replaced)]);
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    assert_eq!(story.ringing(first), None);
    story.page_answers(second);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_tab_that_is_replaced_in_mid_call_finishes_it_first() {
    let (mut story, first, (citizen, line)) = Story::talk_at_a_page();
    let second = story.page("agent1", 61, 2, "agent1");
    story.pass(5 * SECOND);
    assert_eq!(story.world.farewells, []);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    // It may speak of what it has, not begin anything.
    story
        .world
        .with_phone(first, |phone, now| phone.register(now, 3_600));
    story.pass(MOMENT);
    assert_eq!(story.registered(first), Some(403));
    story.hangs_up(citizen, line);
    story.pass(2 * SECOND);
    assert_eq!(story.world.farewells, [(first, Farewell::Replaced)]);
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(20 * SECOND);
    story.page_answers(second);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_login_that_ends_in_mid_call_lets_the_call_end_and_nothing_begin() {
    let (mut story, page, (_, _)) = Story::talk_at_a_page();
    story.world.sign_out(page);
    story.pass(5 * SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    assert_eq!(story.world.farewells, []);
    story.dial(page, "12345");
    story.pass(MOMENT);
    assert_eq!(story.was_refused(page), Some(403));
    let line = story.world.phones[page]
        .lines
        .keys()
        .next()
        .copied()
        .unwrap();
    story.hangs_up(page, line);
    story.pass(2 * SECOND);
    assert_eq!(story.world.farewells, [(page, Farewell::SignedOut)]);
    story.pass(10 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Offline);
    story.ends();
}

#[test]
fn a_login_that_ends_in_idleness_ends_the_page_at_once() {
    let mut story = Story::with(&[]);
    let page = story.page("agent1", 60, 1, "agent1");
    story.world.sign_out(page);
    story.pass(MOMENT);
    assert_eq!(story.world.farewells, [(page, Farewell::SignedOut)]);
    assert_eq!(story.state("agent1"), AgentState::Offline);
    story.ends();
}

#[test]
fn a_page_is_its_own_persons_phone_and_nobody_elses() {
    let mut story = Story::with(&["agent2"]);
    // It says agent1 but the login is agent2's.
    let page = story.page("agent1", 60, 1, "agent2");
    assert_eq!(story.registered(page), Some(403));
    story.dial(page, "12345");
    story.pass(MOMENT);
    assert_eq!(story.was_refused(page), Some(403));
    // Nor is it a carrier, wherever it comes from.
    let carrier = story.world.add_phone("13900139000", outside(70), None);
    story.world.connect(carrier, 2, "agent2");
    story.dial(carrier, "12345");
    story.pass(MOMENT);
    assert_eq!(story.was_refused(carrier), Some(403));
    story.ends();
}

#[test]
fn an_agent_whose_page_reconnects_is_where_they_were() {
    // agent3 is not ready by itself.
    let mut story = Story::with(&[]);
    let page = story.page("agent3", 60, 1, "agent3");
    assert_eq!(story.state("agent3"), AgentState::Offline);
    let ready = Wish::SetState {
        by: actor("agent3"),
        state: hotline::domain::call::wish::WishedState::Ready,
    };
    story.world.wish(ready).unwrap();
    story.world.cut(page);
    story.pass(3 * SECOND);
    assert_eq!(story.state("agent3"), AgentState::Offline);
    story.back(page, 1, "agent3");
    assert_eq!(story.state("agent3"), AgentState::Ready);
    // A page that stays away for longer begins its day anew.
    story.world.cut(page);
    story.pass(40 * SECOND);
    story.back(page, 1, "agent3");
    assert_eq!(story.state("agent3"), AgentState::Offline);
    story.ends();
}

#[test]
fn a_ringing_page_that_loses_its_connection_passes_the_caller_on() {
    let mut story = Story::with(&[]);
    let page = story.page("agent1", 60, 1, "agent1");
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    assert!(story.ringing(page).is_some());
    let other = story.page("agent2", 61, 2, "agent2");
    story.world.cut(page);
    story.pass(SECOND);
    story.page_answers(other);
    assert_eq!(story.state("agent2"), AgentState::Talking);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_page_whose_media_path_breaks_gives_the_citizen_back() {
    let (mut story, _, (citizen, line)) = Story::talk_at_a_page();
    let leg = story.leg(LegRole::Agent).id;
    let why = "dtls_fingerprint";
    story
        .world
        .tell(Input::Media(MediaEvent::Broken { leg, why }));
    story.pass(MOMENT);
    assert_eq!(story.call().state(), "queued");
    assert_eq!(story.hears(LegRole::Citizen), lost());
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_page_may_dial_the_hotline_and_a_colleague() {
    let mut story = Story::with(&["review1", "agent1"]);
    let page = story.page("super1", 60, 1, "super1");
    let line = story.dial(page, "review1");
    story.pass(SECOND);
    story.answers("review1");
    assert_eq!(story.call().state(), "talking");
    story.hangs_up(page, line);
    let line = story.dial(page, "12345");
    story.pass(SECOND);
    story.answers("agent1");
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(page, line);
    story.ends();
}

#[test]
fn a_specialist_who_declines_is_followed_by_the_next_on_duty() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1", "spec2"]);
    let target = "nj-cgj".to_owned();
    story
        .press("agent1", CallCommand::Consult { target })
        .unwrap();
    story.declines("spec1", 486);
    story.answers("spec2");
    assert_eq!(story.call().state(), "consulting");
    story.press("agent1", CallCommand::Conference).unwrap();
    story.hangs_up(citizen, line);
    story.pass(SECOND);
    let parties: Vec<(&str, bool)> = story
        .record()
        .legs
        .iter()
        .filter(|leg| leg.role == LegRole::Specialist)
        .map(|leg| (leg.party.as_str(), leg.answered_at.is_some()))
        .collect();
    assert_eq!(parties, [("spec1", false), ("spec2", true)]);
    story.ends();
}

#[test]
fn when_no_specialist_comes_the_agent_is_back_with_the_citizen() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1", "spec2"]);
    let target = "nj-cgj".to_owned();
    story
        .press("agent1", CallCommand::Consult { target })
        .unwrap();
    story.declines("spec1", 603);
    story.declines("spec2", 480);
    // The third is an outside number; the carrier has nobody there.
    story.pass(150 * SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
    story.ends();
}
