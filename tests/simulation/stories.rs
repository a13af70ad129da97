//! Scenarios that deserve a name, in the simulated world with fair weather. In each somebody goes wrong, and nobody is lost.

mod findings;
mod pages;

use std::collections::BTreeSet;
use std::time::Duration;

use hotline::domain::acd::AgentState;
use hotline::domain::call::wish::{CallCommand, CallRefusal, Granted, Purpose, Wish};
use hotline::domain::call::{Cdr, LegRole, TerminationResult};
use hotline::domain::caller::Known;
use hotline::domain::disposition::OutsideHotline;
use hotline::domain::id::{RevisitId, TicketId, Username};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Directory, EmergencyCaller};
use hotline::signalling::Limits;
use hotline::signalling::call::{Call, Leg, Stage};
use hotline::signalling::control::Input;
use hotline::signalling::media::Hears;
use hotline_sip::endpoint::LegHandle;

use crate::network::Weather;
use crate::people::{CARRIERS, STAFF, actor, organisation};
use crate::phone::{LineState, News, inside, outside};
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
/// Less than anybody's patience, more than a message and its answer need.
const MOMENT: Duration = Duration::from_millis(100);

/// The hotline with some of its people at their phones.
struct Story {
    world: World,
    news: Vec<(usize, News)>,
    /// Phones that do not even ring.
    mute: BTreeSet<usize>,
    citizens: u8,
}

impl Story {
    fn with(staff: &[&str]) -> Self {
        Self::told(1, staff)
    }

    fn told(seed: u64, staff: &[&str]) -> Self {
        Self::in_organisation(seed, organisation(), staff)
    }

    fn in_organisation(seed: u64, directory: Directory, staff: &[&str]) -> Self {
        let limits = Limits {
            calls: 100,
            calls_per_second: 100,
        };
        let mut world = World::new(seed, directory, Weather::FAIR, limits);
        for (n, (name, _)) in STAFF.iter().enumerate() {
            let phone = world.add_phone(
                name,
                inside(u8::try_from(n + 1).unwrap()),
                Some(&format!("secret of {name}")),
            );
            if staff.contains(name) {
                world.with_phone(phone, |phone, now| phone.register(now, 3_600));
            }
        }
        for n in CARRIERS {
            world.add_phone("carrier", outside(n), None);
        }
        let mut story = Self {
            world,
            news: Vec::new(),
            mute: BTreeSet::new(),
            citizens: 10,
        };
        story.pass(SECOND);
        story
    }

    /// Lets time pass; phones that are called ring.
    fn pass(&mut self, time: Duration) {
        let end = self.world.now() + time;
        while self.world.now() < end {
            for (phone, news) in self.world.run_until(end) {
                if let (News::Rings(line), false) = (news, self.mute.contains(&phone)) {
                    self.world
                        .with_phone(phone, |phone, now| phone.ring(now, line, false));
                }
                self.news.push((phone, news));
            }
        }
    }

    /// Lets what lingers end, then looks whether anything was kept.
    fn ends(mut self) {
        self.pass(Duration::from_secs(150));
        let World {
            control,
            studio,
            phones,
            laws,
            ..
        } = &self.world;
        laws.at_the_end(control, &studio.lock().unwrap(), phones);
    }

    fn phone(&self, name: &str) -> usize {
        self.world
            .phones
            .iter()
            .position(|phone| phone.name == name)
            .unwrap()
    }

    fn carrier(&self, n: usize) -> usize {
        self.world
            .phones
            .iter()
            .position(|phone| phone.address == outside(CARRIERS[n]))
            .unwrap()
    }

    /// A new citizen dials.
    fn citizen_dials(&mut self, number: &str) -> (usize, LegHandle) {
        self.citizens += 1;
        let name = format!("138000000{}", self.citizens);
        let phone = self.world.add_phone(&name, outside(self.citizens), None);
        (phone, self.dial(phone, number))
    }

    fn dial(&mut self, phone: usize, number: &str) -> LegHandle {
        self.world
            .with_phone(phone, |phone, now| phone.dial(now, number, true))
            .unwrap()
    }

    fn line(&self, name: &str, state: LineState) -> Option<LegHandle> {
        let lines = &self.world.phones[self.phone(name)].lines;
        lines
            .iter()
            .find(|(_, line)| line.state == state)
            .map(|(line, _)| *line)
    }

    #[track_caller]
    fn answers(&mut self, name: &str) -> LegHandle {
        let line = self
            .line(name, LineState::Ringing)
            .unwrap_or_else(|| panic!("nothing rings at {name}"));
        self.world
            .with_phone(self.phone(name), |phone, now| phone.answer(now, line));
        self.pass(MOMENT);
        line
    }

    #[track_caller]
    fn declines(&mut self, name: &str, status: u16) {
        let line = self
            .line(name, LineState::Ringing)
            .unwrap_or_else(|| panic!("nothing rings at {name}"));
        self.world.with_phone(self.phone(name), |phone, now| {
            phone.decline(now, line, status)
        });
        self.pass(MOMENT);
    }

    fn hangs_up(&mut self, phone: usize, line: LegHandle) {
        self.world
            .with_phone(phone, |phone, now| phone.hang_up(now, line));
        self.pass(MOMENT);
    }

    /// A citizen in talk with this agent.
    #[track_caller]
    fn talk_with(agent: &str, others: &[&str]) -> (Self, usize, LegHandle) {
        let mut story = Self::with(&[&[agent], others].concat());
        let (citizen, line) = story.citizen_dials("12345");
        story.pass(SECOND);
        story.answers(agent);
        (story, citizen, line)
    }

    fn press(&mut self, name: &str, command: CallCommand) -> Result<Granted, CallRefusal> {
        let call = self.call().id;
        let outcome = self.world.wish(Wish::Call {
            by: actor(name),
            call,
            command,
        });
        self.pass(MOMENT);
        outcome
    }

    fn calls(&self, number: &str) -> Option<&Call> {
        self.world
            .control
            .calls()
            .find(|call| call.cdr.caller == number)
    }

    /// The only call there is.
    #[track_caller]
    fn call(&self) -> &Call {
        let mut calls = self.world.control.calls();
        let call = calls.next().expect("there is a call");
        assert!(calls.next().is_none(), "there is one call");
        call
    }

    #[track_caller]
    fn leg(&self, role: LegRole) -> &Leg {
        let leg = self.call().live_legs().find(|leg| leg.role == role);
        leg.unwrap_or_else(|| panic!("there is no {role:?} in {:?}", self.call().legs))
    }

    /// What this party hears.
    fn hears(&self, role: LegRole) -> Hears {
        let leg = self.leg(role).sound;
        self.world.studio.lock().unwrap().channels[&leg]
            .hears
            .clone()
    }

    /// Whom this party hears; panics when it is not people.
    #[track_caller]
    fn hears_people(&self, role: LegRole) -> Vec<LegRole> {
        let Hears::Legs(legs) = self.hears(role) else {
            panic!("{role:?} hears {:?}", self.hears(role))
        };
        legs.iter()
            .map(|sound| {
                let mut legs = self.call().live_legs();
                legs.find(|leg| leg.sound == *sound).unwrap().role
            })
            .collect()
    }

    fn state(&self, name: &str) -> AgentState {
        let agent = Username::from(name);
        self.world
            .control
            .agents()
            .find(|(known, _, _)| **known == agent)
            .unwrap()
            .1
    }

    /// The record of the only call that ended.
    #[track_caller]
    fn record(&self) -> &Cdr {
        let ended = &self.world.laws.ended;
        assert_eq!(ended.len(), 1, "one call ended");
        ended.values().next().unwrap()
    }

    fn was_refused(&self, phone: usize) -> Option<u16> {
        self.news.iter().rev().find_map(|(who, news)| match news {
            News::Refused(_, status) if *who == phone => Some(*status),
            _ => None,
        })
    }
}

fn music() -> Hears {
    Hears::Prompts {
        prompts: Vec::new(),
        then_music: true,
    }
}

fn lost() -> Hears {
    Hears::Prompts {
        prompts: vec!["agent_lost"],
        then_music: true,
    }
}

#[test]
fn a_citizen_whose_agents_phone_dies_hears_so_and_goes_first() {
    let (mut story, first, first_line) = Story::talk_with("agent1", &["agent2"]);
    let (second, second_line) = story.citizen_dials("12345");
    story.pass(SECOND);
    let second_talk = story.answers("agent2");
    let (third, third_line) = story.citizen_dials("12345");
    story.pass(SECOND);

    story.world.kill(story.phone("agent1"));
    let number = story.world.phones[first].name.clone();
    let citizen = story.calls(&number).unwrap().legs[0].sound;
    story.pass(3 * SECOND);
    assert_eq!(
        story.world.studio.lock().unwrap().channels[&citizen].hears,
        lost()
    );
    story.pass(7 * SECOND);
    assert_eq!(story.calls(&number).unwrap().state(), "queued");

    // The next free agent gets them, not the one who has waited all the time.
    story.hangs_up(story.phone("agent2"), second_talk);
    story.pass(8 * SECOND);
    story.answers("agent2");
    let agent = story
        .calls(&number)
        .unwrap()
        .agent()
        .and_then(|agent| agent.user.clone());
    assert_eq!(agent, Some(Username::from("agent2")));
    for (phone, line) in [
        (first, first_line),
        (second, second_line),
        (third, third_line),
    ] {
        story.hangs_up(phone, line);
    }
    story.ends();
}

#[test]
fn a_citizen_given_to_a_language_seat_goes_before_those_who_only_wait_there() {
    let mut story = Story::with(&["agent1", "agent2"]);
    let (first, first_line) = story.citizen_dials("12345");
    story.pass(SECOND);
    story.answers("agent1");
    let (second, second_line) = story.citizen_dials("12347");
    story.pass(SECOND);
    let second_talk = story.answers("agent2");
    let (third, third_line) = story.citizen_dials("12347");
    story.pass(SECOND);
    let number = story.world.phones[first].name.clone();
    let call = story.calls(&number).unwrap().id;
    let to = |queue: &str| Wish::Call {
        by: actor("agent1"),
        call,
        command: CallCommand::HandToQueue {
            queue: queue.into(),
        },
    };
    // The plain queue is no seat: nobody gives a citizen back to where they came from.
    let refused = story.world.wish(to("main"));
    assert!(matches!(refused, Err(CallRefusal::BadTarget(_))));
    story.world.wish(to("english")).unwrap();
    story.pass(MOMENT);
    assert_eq!(story.state("agent1"), AgentState::WrapUp);
    assert_eq!(story.calls(&number).unwrap().state(), "queued");

    story.hangs_up(story.phone("agent2"), second_talk);
    story.pass(7 * SECOND);
    story.answers("agent2");
    let call = story.calls(&number).unwrap();
    let agent = call.agent().and_then(|agent| agent.user.clone());
    assert_eq!(agent, Some(Username::from("agent2")));
    // What they said to each of them is one recording.
    assert!(call.recording.is_some());
    assert_eq!(
        call.cdr.queue,
        Some("main".into()),
        "counted where it came in"
    );
    for (phone, line) in [
        (first, first_line),
        (second, second_line),
        (third, third_line),
    ] {
        story.hangs_up(phone, line);
    }
    story.ends();
}

#[test]
fn a_number_that_spoke_english_goes_to_who_speaks_it_and_to_anybody_when_nobody_comes() {
    let known = Known {
        seat: Some("english".into()),
        ..Known::default()
    };
    // Of two who are free the other is idle longer.
    let mut story = Story::with(&["agent1"]);
    story.world.database.known = known.clone();
    let agent2 = story.phone("agent2");
    story
        .world
        .with_phone(agent2, |phone, now| phone.register(now, 3_600));
    story.pass(SECOND);
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    assert_eq!(story.line("agent1", LineState::Ringing), None);
    story.answers("agent2");
    story.hangs_up(citizen, line);
    story.ends();

    let mut story = Story::with(&["agent1"]);
    story.world.database.known = known;
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(29 * SECOND);
    assert_eq!(story.line("agent1", LineState::Ringing), None);
    story.pass(2 * SECOND);
    story.answers("agent1");
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_flagged_number_is_told_so_waits_behind_others_and_reaches_a_person() {
    let mut story = Story::with(&["agent1"]);
    let (busy, busy_line) = story.citizen_dials("12345");
    story.pass(SECOND);
    let talk = story.answers("agent1");
    story.world.database.known = Known {
        flagged: true,
        ..Known::default()
    };
    let (flagged, flagged_line) = story.citizen_dials("12345");
    story.pass(SECOND);
    story.world.database.known = Known::default();
    let number = story.world.phones[flagged].name.clone();
    let citizen = story.calls(&number).unwrap().legs[0].sound;
    let told = story.world.studio.lock().unwrap().channels[&citizen]
        .hears
        .clone();
    let said = Hears::Prompts {
        prompts: vec!["flagged", "waiting"],
        then_music: true,
    };
    assert_eq!(told, said);
    let (other, other_line) = story.citizen_dials("12345");
    story.pass(SECOND);

    // Who came later and is not flagged goes first.
    story.hangs_up(story.phone("agent1"), talk);
    story.pass(7 * SECOND);
    let talk = story.answers("agent1");
    let other_number = story.world.phones[other].name.clone();
    assert!(story.calls(&other_number).unwrap().agent().is_some());
    assert_eq!(story.calls(&number).unwrap().state(), "queued");
    // And then a person answers all the same.
    story.hangs_up(story.phone("agent1"), talk);
    story.pass(7 * SECOND);
    story.answers("agent1");
    assert!(story.calls(&number).unwrap().agent().is_some());
    for (phone, line) in [
        (busy, busy_line),
        (flagged, flagged_line),
        (other, other_line),
    ] {
        story.hangs_up(phone, line);
    }
    story.ends();
}

#[test]
fn an_answer_that_meets_the_callers_hang_up_ends_in_one_record_and_a_free_agent() {
    for seed in 1..40 {
        let mut story = Story::told(seed, &["agent1"]);
        let (citizen, line) = story.citizen_dials("12345");
        story.pass(SECOND);
        let ringing = story
            .line("agent1", LineState::Ringing)
            .expect("the agent's phone rings");
        let agent = story.phone("agent1");
        // Whose message arrives first is the network's choice.
        story
            .world
            .with_phone(citizen, |phone, now| phone.hang_up(now, line));
        story
            .world
            .with_phone(agent, |phone, now| phone.answer(now, ringing));
        story.pass(SECOND);
        assert!(
            story.world.phones[agent].lines.is_empty(),
            "the agent's phone is idle"
        );
        assert!(matches!(
            story.state("agent1"),
            AgentState::Ready | AgentState::WrapUp
        ));
        let reason = &story.record().termination.as_ref().unwrap().reason;
        assert!(
            ["abandoned_in_queue", "caller_hung_up"].contains(&reason.as_str()),
            "{reason}"
        );
        story.ends();
    }
}

#[test]
fn a_blind_transfer_nobody_answers_gives_the_agent_the_citizen_back() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
    let agent = story.phone("agent1");
    let talk = story.line("agent1", LineState::Up).unwrap();
    story
        .world
        .with_phone(agent, |phone, now| phone.refer(now, talk, "spec1"));
    story.pass(SECOND);
    assert_eq!(story.hears(LegRole::Citizen), music());
    story.declines("spec1", 480);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    let told = story.news.iter().rev().find_map(|(who, news)| match news {
        News::Refer(status) if *who == agent => Some(*status),
        _ => None,
    });
    assert_eq!(told, Some(480), "the agent's phone knows why");
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_citizen_blindly_transferred_by_an_agent_who_left_goes_back_to_the_queue() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1", "agent2"]);
    let agent = story.phone("agent1");
    let talk = story.line("agent1", LineState::Up).unwrap();
    story
        .world
        .with_phone(agent, |phone, now| phone.refer(now, talk, "spec1"));
    story.pass(SECOND);
    story.hangs_up(agent, talk);
    assert_eq!(story.hears(LegRole::Citizen), music());
    story.declines("spec1", 480);
    story.pass(SECOND);
    story.answers("agent2");
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_blind_transfer_that_is_answered_lets_the_agent_go() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
    story
        .press(
            "agent1",
            CallCommand::Transfer {
                target: Some("spec1".to_owned()),
            },
        )
        .unwrap();
    story.answers("spec1");
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Specialist]);
    assert_eq!(story.line("agent1", LineState::Up), None);
    assert_eq!(story.state("agent1"), AgentState::WrapUp);
    story.hangs_up(citizen, line);
    assert_eq!(story.state("spec1"), AgentState::Ready);
    story.ends();
}

#[test]
fn an_agent_who_hangs_up_in_a_consultation_hands_the_citizen_over() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
    story
        .press(
            "agent1",
            CallCommand::Consult {
                target: "nj-cgj".to_owned(),
            },
        )
        .unwrap();
    assert_eq!(story.hears(LegRole::Citizen), music());
    story.answers("spec1");
    assert_eq!(story.hears_people(LegRole::Specialist), [LegRole::Agent]);
    assert_eq!(story.hears(LegRole::Citizen), music());
    let talk = story.line("agent1", LineState::Up).unwrap();
    story.hangs_up(story.phone("agent1"), talk);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Specialist]);
    assert_eq!(story.hears_people(LegRole::Specialist), [LegRole::Citizen]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn three_parties_and_each_of_them_leaves_in_turn() {
    for leaver in [LegRole::Citizen, LegRole::Agent, LegRole::Specialist] {
        let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
        story
            .press(
                "agent1",
                CallCommand::Consult {
                    target: "spec1".to_owned(),
                },
            )
            .unwrap();
        story.answers("spec1");
        story.press("agent1", CallCommand::Conference).unwrap();
        assert_eq!(
            story.hears_people(LegRole::Citizen),
            [LegRole::Agent, LegRole::Specialist]
        );
        assert_eq!(
            story.hears_people(LegRole::Agent),
            [LegRole::Citizen, LegRole::Specialist]
        );
        assert_eq!(
            story.hears_people(LegRole::Specialist),
            [LegRole::Citizen, LegRole::Agent]
        );
        assert_eq!(story.call().state(), "conference");

        let leg = story.leg(leaver).id;
        story.press("agent1", CallCommand::DropLeg { leg }).unwrap();
        match leaver {
            LegRole::Agent => {
                assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Specialist])
            }
            LegRole::Specialist => {
                assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent])
            }
            _ => {
                story.pass(SECOND);
                assert_eq!(
                    story.world.control.live_calls(),
                    0,
                    "without the citizen there is no call"
                );
            }
        }
        story.hangs_up(citizen, line);
        story.pass(SECOND);
        assert!(story.record().three_way);
        assert_eq!(story.record().legs.len(), 3);
        story.ends();
    }
}

#[test]
fn a_specialist_drops_legs_once_the_agent_has_left_them_with_the_citizen() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
    let target = "spec1".to_owned();
    story
        .press("agent1", CallCommand::Consult { target })
        .unwrap();
    story.answers("spec1");
    story.press("agent1", CallCommand::Conference).unwrap();
    let leg = story.leg(LegRole::Citizen).id;
    let drop = CallCommand::DropLeg { leg };
    assert_eq!(
        story.press("spec1", drop.clone()),
        Err(CallRefusal::NotYourCall)
    );
    let leg = story.leg(LegRole::Agent).id;
    story.press("agent1", CallCommand::DropLeg { leg }).unwrap();
    story.press("spec1", drop).unwrap();
    story.pass(SECOND);
    assert_eq!(story.world.control.live_calls(), 0);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn who_hears_a_supervisor() {
    use LegRole::{Agent, Citizen, Supervisor};
    let table: [(CallCommand, &[LegRole], &[LegRole]); 4] = [
        // what the supervisor does → whom the citizen hears, whom the agent hears
        (CallCommand::Monitor, &[Agent], &[Citizen]),
        (CallCommand::Whisper, &[Agent], &[Citizen, Supervisor]),
        (
            CallCommand::Barge,
            &[Agent, Supervisor],
            &[Citizen, Supervisor],
        ),
        (CallCommand::Monitor, &[Agent], &[Citizen]),
    ];
    let (mut story, citizen, line) = Story::talk_with("agent1", &["super1"]);
    for (command, citizen, agent) in table {
        story.press("super1", command.clone()).unwrap();
        if story.leg(Supervisor).stage != Stage::Up {
            story.answers("super1");
        }
        assert_eq!(story.hears_people(Citizen), citizen, "{command:?}");
        assert_eq!(story.hears_people(Agent), agent, "{command:?}");
        assert_eq!(
            story.hears_people(Supervisor),
            [Citizen, Agent],
            "{command:?}"
        );
    }
    story.press("super1", CallCommand::TakeOver).unwrap();
    assert_eq!(story.hears_people(Citizen), [Agent]);
    assert_eq!(story.leg(Agent).user, Some(Username::from("super1")));
    assert_eq!(story.line("agent1", LineState::Up), None);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_carrier_that_refuses_or_says_nothing_is_passed_over() {
    enum First {
        Refuses,
        IsDead,
        IsSlow,
    }
    for (first, expected) in [(First::Refuses, 1), (First::IsDead, 1), (First::IsSlow, 0)] {
        let mut story = Story::with(&["visitor1"]);
        let id = uuid::Uuid::from_u128(7);
        let purpose = Purpose::Revisit {
            revisit: RevisitId(id),
            ticket: TicketId(id),
        };
        let to = PhoneNumber::parse("13900001111").unwrap();
        let placed = story.world.wish(Wish::PlaceCall {
            by: actor("visitor1"),
            to,
            purpose,
        });
        let Ok(Granted::Placed { recording, .. }) = placed else {
            panic!("{placed:?}")
        };
        story.pass(MOMENT);
        let carrier = story.carrier(0);
        story.mute.insert(carrier);
        if matches!(first, First::IsDead) {
            story.world.kill(carrier);
        }
        let mine = story.answers("visitor1");
        let rings = |story: &Story, n: usize| {
            let lines = &story.world.phones[story.carrier(n)].lines;
            lines
                .iter()
                .find(|(_, line)| line.state == LineState::Ringing)
                .map(|(line, _)| *line)
        };
        match first {
            First::Refuses => {
                let line = rings(&story, 0).unwrap();
                story
                    .world
                    .with_phone(carrier, |phone, now| phone.decline(now, line, 503));
            }
            First::IsDead => story.pass(5 * SECOND),
            First::IsSlow => {
                // A carrier that takes the call (100 Trying) may need some seconds to find the phone.
                story.pass(7 * SECOND);
                let line = rings(&story, 0).expect("the first carrier still has the call");
                story
                    .world
                    .with_phone(carrier, |phone, now| phone.ring(now, line, false));
            }
        }
        story.pass(SECOND);
        let line = rings(&story, expected).expect("the citizen's phone rings");
        story
            .world
            .with_phone(story.carrier(expected), |phone, now| {
                phone.answer(now, line)
            });
        story.pass(SECOND);
        assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
        story.hangs_up(story.phone("visitor1"), mine);
        story.pass(SECOND);
        assert_eq!(
            story.record().recording_id,
            Some(recording),
            "as the revisitor was told"
        );
        story.ends();
    }
}

#[test]
fn what_the_carrier_says_reaches_the_extension_that_dialled() {
    let mut story = Story::with(&["agent1"]);
    let agent = story.phone("agent1");
    story.dial(agent, "13900001111");
    story.pass(SECOND);
    let carrier = story.carrier(0);
    let (&line, _) = story.world.phones[carrier]
        .lines
        .iter()
        .next()
        .expect("the carrier is called");
    story
        .world
        .with_phone(carrier, |phone, now| phone.decline(now, line, 486));
    story.pass(SECOND);
    assert_eq!(story.was_refused(agent), Some(486));
    assert_eq!(
        story.record().termination.as_ref().unwrap().result,
        TerminationResult::Upstream
    );
    story.ends();
}

#[test]
fn a_stranger_is_refused_alike_whatever_they_ask_for() {
    for name in ["agent1", "nobody", "13800000001"] {
        for number in ["12345", "agent1", "nobody", "*43", "13900001111"] {
            for password in [None, Some("secret of agent1"), Some("a guess")] {
                let mut story = Story::with(&["agent1"]);
                let address = "192.0.2.7:5060".parse().unwrap();
                let stranger = story.world.add_phone(name, address, password);
                story.dial(stranger, number);
                story.pass(SECOND);
                assert_eq!(
                    story.was_refused(stranger),
                    Some(403),
                    "{name} dials {number} with {password:?}"
                );
                assert_eq!(story.world.control.live_calls(), 0);
                story.ends();
            }
        }
    }
}

#[test]
fn a_wrong_password_neither_registers_nor_dials() {
    let mut story = Story::with(&[]);
    let thief = story
        .world
        .add_phone("agent1", inside(200), Some("a guess"));
    story
        .world
        .with_phone(thief, |phone, now| phone.register(now, 3_600));
    story.pass(SECOND);
    assert_eq!(
        story.news.last(),
        Some(&(thief, News::Registered(Some(403))))
    );
    assert_eq!(story.state("agent1"), AgentState::Offline);
    assert_eq!(story.world.control.phones(), 0);

    // From the carrier's network too an extension's name must be proven.
    let inside_trunk = story
        .world
        .add_phone("agent1", outside(200), Some("a guess"));
    story.dial(inside_trunk, "13900001111");
    story.pass(SECOND);
    assert_eq!(story.was_refused(inside_trunk), Some(403));
    story.ends();
}

#[test]
fn a_draining_server_refuses_new_calls_and_finishes_the_old() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["visitor1"]);
    story.world.tell(Input::Drain);
    let (late, _) = story.citizen_dials("12345");
    story.pass(SECOND);
    assert_eq!(story.was_refused(late), Some(503));
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    let id = uuid::Uuid::from_u128(7);
    let purpose = Purpose::Contact {
        ticket: TicketId(id),
    };
    let to = PhoneNumber::parse("13900001111").unwrap();
    let placed = story.world.wish(Wish::PlaceCall {
        by: actor("visitor1"),
        to,
        purpose,
    });
    assert_eq!(placed, Err(CallRefusal::Overloaded));
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_call_that_cannot_be_kept_is_not_answered() {
    let mut story = Story::with(&["agent1"]);
    story.world.database.failing = 100;
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    assert_eq!(story.was_refused(citizen), Some(503));
    assert!(!story.news.contains(&(citizen, News::Up(line))));
    assert_eq!(
        story.record().termination.as_ref().unwrap().reason,
        "not_kept"
    );
    assert_eq!(story.state("agent1"), AgentState::Ready);
    story.ends();
}

#[test]
fn a_caller_who_gives_up_before_the_commit_is_not_answered_after_it() {
    let mut story = Story::with(&["agent1"]);
    story.world.database.slowest_ms = 100_000;
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(MOMENT);
    story.hangs_up(citizen, line);
    story.pass(Duration::from_secs(120));
    assert_eq!(story.record().answered_at, None);
    assert_eq!(
        story.record().termination.as_ref().unwrap().reason,
        "cancelled"
    );
    story.ends();
}

#[test]
fn one_person_has_one_call() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["agent2", "spec1"]);
    let (agent1, agent2) = (story.phone("agent1"), story.phone("agent2"));
    // A colleague who calls, a second line of one's own, oneself: busy.
    story.dial(agent2, "agent1");
    story.pass(SECOND);
    assert_eq!(story.was_refused(agent2), Some(486));
    story.dial(agent1, "spec1");
    story.pass(SECOND);
    assert_eq!(story.was_refused(agent1), Some(486));
    story.dial(agent2, "agent2");
    story.pass(SECOND);
    assert_eq!(story.was_refused(agent2), Some(486));
    let refused = story.press(
        "agent1",
        CallCommand::Consult {
            target: "agent1".to_owned(),
        },
    );
    assert!(
        matches!(refused, Err(CallRefusal::WrongState(_))),
        "{refused:?}"
    );
    // Who is consulted is offered nothing meanwhile, and is free again when they do not answer.
    story
        .press(
            "agent1",
            CallCommand::Consult {
                target: "agent2".to_owned(),
            },
        )
        .unwrap();
    let (waiting, waiting_line) = story.citizen_dials("12345");
    story.pass(SECOND);
    assert_eq!(story.world.phones[agent2].lines.len(), 1);
    story.declines("agent2", 486);
    story.pass(SECOND);
    story.answers("agent2");
    assert_eq!(story.state("agent2"), AgentState::Talking);
    story.hangs_up(waiting, waiting_line);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_mute_agent_keeps_the_citizen_and_a_phone_that_knows_no_call_loses_them() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &[]);
    let agent = story.phone("agent1");
    story.pass(SECOND);
    story.world.phones[agent].muted = true;
    story.pass(60 * SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.world.phones[agent].muted = false;
    story.pass(SECOND);

    // Off and on again: it answers, but has forgotten the call.
    story.world.kill(agent);
    story.world.revive(agent);
    story.pass(3 * SECOND);
    assert_eq!(story.hears(LegRole::Citizen), lost());
    assert_eq!(story.call().state(), "queued");
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_citizen_whose_line_died_without_a_word_lets_the_agent_go() {
    let (mut story, citizen, _) = Story::talk_with("agent1", &[]);
    story.pass(10 * SECOND);
    story.world.kill(citizen);
    story.pass(10 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Talking);
    story.pass(50 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Ready);
    let termination = story.record().termination.clone().unwrap();
    assert_eq!(
        (termination.result, termination.reason.as_str()),
        (TerminationResult::Upstream, "citizen_lost")
    );
    story.ends();
}

#[test]
fn a_citizen_whose_line_died_in_the_queue_is_offered_to_nobody() {
    let mut story = Story::with(&[]);
    let (citizen, _) = story.citizen_dials("12345");
    story.pass(5 * SECOND);
    assert_eq!(story.call().state(), "queued");
    story.world.kill(citizen);
    story.pass(55 * SECOND);
    assert_eq!(
        story.record().termination.as_ref().unwrap().reason,
        "citizen_lost"
    );
    story.ends();
}

#[test]
fn a_citizen_nothing_was_ever_heard_of_is_asked_after_and_stays_while_they_answer() {
    let mut story = Story::with(&["agent1"]);
    let (citizen, line) = story.citizen_dials("12345");
    story.world.phones[citizen].muted = true;
    story.pass(SECOND);
    story.answers("agent1");
    story.pass(900 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Talking);
    story.world.kill(citizen);
    story.pass(100 * SECOND);
    assert_eq!(
        story
            .calls(&story.world.phones[citizen].name.clone())
            .map(|call| call.id),
        None
    );
    let _ = line;
    story.ends();
}

#[test]
fn a_citizen_who_says_nothing_for_a_while_stays_and_a_line_dead_for_minutes_is_hung_up() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &[]);
    story.pass(5 * SECOND);
    story.world.phones[citizen].muted = true;
    story.pass(280 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Talking);
    // Heard again: everything begins anew.
    story.world.phones[citizen].muted = false;
    story.pass(SECOND);
    assert_eq!(story.leg(LegRole::Citizen).silence_due, None);
    story.world.phones[citizen].muted = true;
    story.pass(280 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Talking);
    story.pass(50 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Ready);
    assert!(
        !story.world.phones[citizen].lines.contains_key(&line),
        "their phone was told"
    );
    story.ends();
}

#[test]
fn a_citizen_who_holds_us_may_do_so_for_long() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &[]);
    story.pass(5 * SECOND);
    story
        .world
        .with_phone(citizen, |phone, now| phone.hold(now, line, true));
    story.pass(1_200 * SECOND);
    assert_eq!(story.state("agent1"), AgentState::Talking);
    story
        .world
        .with_phone(citizen, |phone, now| phone.hold(now, line, false));
    story.pass(2 * SECOND);
    assert_eq!(story.leg(LegRole::Citizen).silence_due, None);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_carrier_known_to_be_dead_is_not_tried_first() {
    let mut directory = organisation();
    directory.trunks[0].keep_alive_s = 30;
    let mut story = Story::in_organisation(1, directory, &["visitor1"]);
    let (first, second) = (story.carrier(0), story.carrier(1));
    story.mute.extend([first, second]);
    story.pass(60 * SECOND);
    story.world.kill(first);
    // Asked every 30 s, and silence is known after 32 s (64·T1).
    story.pass(65 * SECOND);
    let place = |story: &mut Story| {
        let id = uuid::Uuid::from_u128(7);
        let placed = story.world.wish(Wish::PlaceCall {
            by: actor("visitor1"),
            to: PhoneNumber::parse("13900001111").unwrap(),
            purpose: Purpose::Revisit {
                revisit: RevisitId(id),
                ticket: TicketId(id),
            },
        });
        assert!(matches!(placed, Ok(Granted::Placed { .. })), "{placed:?}");
        story.pass(MOMENT);
        let mine = story.answers("visitor1");
        story.pass(SECOND);
        mine
    };
    let mine = place(&mut story);
    assert_eq!(
        story.world.phones[second].lines.len(),
        1,
        "the second rings at once"
    );
    let visitor = story.phone("visitor1");
    story.hangs_up(visitor, mine);
    story.pass(SECOND);

    // Back again it is found again, and goes first.
    story.world.revive(first);
    story.pass(50 * SECOND);
    let mine = place(&mut story);
    assert_eq!(story.world.phones[first].lines.len(), 1);
    story.hangs_up(visitor, mine);
    story.pass(SECOND);
}

#[test]
fn a_carrier_known_by_name_is_called_where_the_name_leads() {
    let mut directory = organisation();
    directory.trunks[0].outbound = vec!["sip:sbc.carrier.example".to_owned()];
    let mut story = Story::in_organisation(1, directory, &["visitor1"]);
    let names = story.world.control.names_wanted();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["sbc.carrier.example"]
    );
    let wish = || Wish::PlaceCall {
        by: actor("visitor1"),
        to: PhoneNumber::parse("13900001111").unwrap(),
        purpose: Purpose::Revisit {
            revisit: RevisitId(uuid::Uuid::from_u128(7)),
            ticket: TicketId(uuid::Uuid::from_u128(7)),
        },
    };
    story.world.tell(Input::Resolved {
        host: "sbc.carrier.example".to_owned(),
        addresses: vec![outside(CARRIERS[0]).ip(), outside(CARRIERS[1]).ip()],
    });
    let (first, second) = (story.carrier(0), story.carrier(1));
    story.world.kill(first);
    assert!(story.world.wish(wish()).is_ok());
    story.pass(MOMENT);
    let mine = story.answers("visitor1");
    story.pass(5 * SECOND);
    // The name's first address says nothing, the second is the same carrier (RFC 3263 §4.3).
    assert_eq!(story.world.phones[second].lines.len(), 1);
    story.hangs_up(story.phone("visitor1"), mine);
    story.ends();
}

#[test]
fn a_phone_that_takes_the_call_and_never_rings_is_passed_over() {
    let mut story = Story::with(&["agent1", "agent2"]);
    for name in ["agent1", "agent2"] {
        let phone = story.phone(name);
        story.mute.insert(phone);
    }
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    let first = story.leg(LegRole::Agent).user.clone().unwrap();
    // 100 Trying is all that comes: the queue's ring timeout, 12 s here, counts from the offer, not from a ring.
    story.pass(14 * SECOND);
    let other = if first.0 == "agent1" {
        "agent2"
    } else {
        "agent1"
    };
    let rung = story.world.phones[story.phone(other)].lines.len();
    assert_eq!(rung, 1, "the other agent has the call on their phone");
    story.answers(other);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
}

#[test]
fn an_emergency_service_sees_the_number_that_its_trunk_lets_it_see() {
    for (told, in_from, in_asserted) in [
        (EmergencyCaller::Hotline, "sip:12345@", None),
        (
            EmergencyCaller::Asserted,
            "sip:12345@",
            Some("sip:13800000011@"),
        ),
        (EmergencyCaller::From, "sip:13800000011@", None),
    ] {
        let mut directory = organisation();
        directory.trunks[0].emergency_caller = told;
        let mut story = Story::in_organisation(1, directory, &["agent1"]);
        let (citizen, line) = story.citizen_dials("12345");
        story.pass(SECOND);
        story.answers("agent1");
        let emergency = CallCommand::Emergency {
            service: "119".to_owned(),
            location: None,
        };
        story.press("agent1", emergency).unwrap();
        let rung = story.world.phones[story.carrier(0)].lines.values().next();
        let rung = rung.expect("119 rings at the carrier");
        assert!(rung.from.contains(in_from), "{told:?}: {}", rung.from);
        assert_eq!(rung.asserted.is_empty(), in_asserted.is_none(), "{told:?}");
        assert!(
            rung.asserted.contains(in_asserted.unwrap_or_default()),
            "{told:?}: {}",
            rung.asserted
        );
        story.hangs_up(citizen, line);
        story.pass(SECOND);
    }
}

#[test]
fn a_call_handed_to_another_hotline_carries_its_tickets_number_and_to_an_emergency_service_the_place_too()
 {
    let mut directory = organisation();
    directory.extensions.get_mut(&"agent1".into()).unwrap().toll = false;
    directory.outside.push(OutsideHotline {
        code: "sh".to_owned(),
        name: "上海12345".to_owned(),
        region: "上海市".to_owned(),
        number: PhoneNumber::parse("02112345").unwrap(),
        purpose: "上海市政务服务热线".to_owned(),
        partner: Some("sh-12345".to_owned()),
    });
    let mut story = Story::in_organisation(1, directory, &["agent1"]);
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    story.answers("agent1");
    let call = story.call().id;
    let to = |target: &str| CallCommand::Consult {
        target: target.to_owned(),
    };
    // The directory is not the whole world.
    let refused = story.press("agent1", to("13900001111"));
    assert!(
        matches!(refused, Err(CallRefusal::BadTarget(_))),
        "{refused:?}"
    );
    let refer = |reference: &str| Wish::Refer {
        call,
        reference: reference.to_owned(),
    };
    let carrier = story.carrier(0);
    let rung = |story: &Story| {
        let lines = story.world.phones[carrier].lines.values();
        let ringing: Vec<_> = lines
            .filter(|line| line.state == LineState::Ringing)
            .map(|line| line.user_to_user.clone())
            .collect();
        ringing
    };
    let said = |text: &str| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        vec![format!("00{hex};encoding=hex")]
    };
    story.world.wish(refer("ticket=20250124-000001")).unwrap();
    story.press("agent1", to("02112345")).unwrap();
    assert_eq!(rung(&story), said("ticket=20250124-000001"));
    // The emergency takes its place; what is long is cut between letters.
    let place = format!("ticket=20250124-000001;place={}", "路".repeat(60));
    story.world.wish(refer(&place)).unwrap();
    let emergency = CallCommand::Emergency {
        service: "110".to_owned(),
        location: None,
    };
    story.press("agent1", emergency).unwrap();
    story.pass(SECOND);
    let short = format!("ticket=20250124-000001;place={}", "路".repeat(32));
    assert_eq!(rung(&story), said(&short));
    story.hangs_up(citizen, line);
    story.pass(SECOND);
}

#[test]
fn an_emergency_service_is_rung_beside_the_citizen_and_the_agent_stays_until_it_has_answered() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
    let emergency = |service: &str| CallCommand::Emergency {
        service: service.to_owned(),
        location: Some("中山路1号".to_owned()),
    };
    // Not every number is one, and whoever was being consulted makes room.
    let refused = story.press("agent1", emergency("13900001111"));
    assert!(
        matches!(refused, Err(CallRefusal::BadTarget(_))),
        "{refused:?}"
    );
    let consult = CallCommand::Consult {
        target: "spec1".to_owned(),
    };
    story.press("agent1", consult).unwrap();
    let Ok(Granted::Leg(leg)) = story.press("agent1", emergency("120")) else {
        panic!("the agent has no right to dial out and needs none")
    };
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    let twice = story.press("agent1", emergency("119"));
    assert!(matches!(twice, Err(CallRefusal::WrongState(_))));
    let early = story.press("agent1", CallCommand::HangUp);
    assert!(
        matches!(early, Err(CallRefusal::WrongState(_))),
        "{early:?}"
    );

    let carrier = story.carrier(0);
    let rings = |story: &Story| {
        let lines = &story.world.phones[carrier].lines;
        let ringing = lines
            .iter()
            .find(|(_, line)| line.state == LineState::Ringing);
        ringing.map(|(line, _)| *line)
    };
    let rung = rings(&story).expect("120 rings at the carrier");
    story.pass(2 * SECOND);
    story
        .world
        .with_phone(carrier, |phone, now| phone.answer(now, rung));
    story.pass(SECOND);
    assert_eq!(
        story.hears_people(LegRole::Citizen),
        [LegRole::Agent, LegRole::Specialist]
    );
    // The agent leaves; the citizen and the service go on.
    story.press("agent1", CallCommand::HangUp).unwrap();
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Specialist]);
    story.hangs_up(citizen, line);
    story.pass(SECOND);
    let record = story.record();
    let service = record.legs.iter().find(|known| known.id == leg).unwrap();
    let waited = service
        .answered_at
        .unwrap()
        .millis_since(service.started_at);
    assert_eq!(service.party, "120");
    assert!(
        (2_000..4_000).contains(&waited),
        "{waited} ms are in the record"
    );
    story.ends();
}
