//! Stories of a shift, then anything that can happen in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::agent_state::Doing;
use super::*;
use crate::clock::{Clock, SimClock};
use crate::domain::time::Timestamp;

const S: Duration = Duration::from_secs(1);

/// A hall with its distributor, its clock, and what it was told to do.
struct Hall {
    acd: Acd,
    now: Instant,
    effects: Vec<Effect>,
}

fn name(agent: &str) -> Username {
    Username::from(agent)
}

fn call(n: u128) -> CallId {
    CallId(Uuid::from_u128(n))
}

fn queue(name: &str, priority: i32, needs: &[(&str, u8)]) -> QueueEntry {
    QueueEntry {
        name: QueueName::from(name),
        strategy: crate::domain::staff::Strategy::LongestIdle,
        ring_timeout_s: 20,
        wrap_up_s: 60,
        needs: skills(needs),
        priority,
        language: None,
        overflow: None,
        overflow_after_s: 30,
    }
}

/// A language seat whose callers anybody serves after half a minute.
fn seat(language: &str, priority: i32) -> QueueEntry {
    QueueEntry {
        language: Some(language.to_owned()),
        overflow: Some(QueueName::from("main")),
        ..queue(language, priority, &[(language, 1)])
    }
}

fn skills(levels: &[(&str, u8)]) -> BTreeMap<Skill, u8> {
    levels
        .iter()
        .map(|(skill, level)| (Skill::from(*skill), *level))
        .collect()
}

fn config(queues: &[QueueEntry], agents: &[(&str, &[(&str, u8)])]) -> Config {
    Config {
        rules: Rules::default(),
        queues: queues
            .iter()
            .map(|queue| (queue.name.clone(), queue.clone()))
            .collect(),
        agents: agents
            .iter()
            .map(|(agent, levels)| {
                let profile = Profile {
                    auto_ready: true,
                    skills: skills(levels),
                    answers_queues: true,
                };
                (name(agent), profile)
            })
            .collect(),
    }
}

impl Hall {
    fn new(config: Config) -> Self {
        let now = SimClock::new(Timestamp::from_millis(0), 1).instant();
        Self {
            acd: Acd::new(now, config),
            now,
            effects: Vec::new(),
        }
    }

    /// One queue `main` and these agents, ready in this order.
    fn with_ready(agents: &[&str]) -> Self {
        let profiles: Vec<(&str, &[(&str, u8)])> =
            agents.iter().map(|agent| (*agent, &[][..])).collect();
        let mut hall = Self::new(config(&[queue("main", 0, &[])], &profiles));
        for agent in agents {
            hall.phone_up(agent);
        }
        hall
    }

    fn try_handle(&mut self, input: Input) -> Result<(), Refused> {
        let result = self.acd.handle(self.now, input);
        self.effects = std::iter::from_fn(|| self.acd.poll_effect()).collect();
        result
    }

    fn handle(&mut self, input: Input) {
        self.try_handle(input).unwrap();
    }

    fn phone_up(&mut self, agent: &str) {
        self.handle(Input::PhoneUp { agent: name(agent) });
    }

    fn phone_down(&mut self, agent: &str) {
        self.handle(Input::PhoneDown { agent: name(agent) });
    }

    fn wish(&mut self, agent: &str, state: WishedState) {
        self.handle(Input::Wish {
            agent: name(agent),
            state,
        });
    }

    fn arrives(&mut self, n: u128) {
        self.joins(n, "main", Place::Back);
    }

    fn joins(&mut self, n: u128, queue: &str, place: Place) {
        self.handle(Input::Enqueue {
            call: call(n),
            queue: QueueName::from(queue),
            place,
        });
    }

    fn talk_ends(&mut self, agent: &str, n: u128) {
        self.handle(Input::TalkEnded {
            agent: name(agent),
            call: call(n),
        });
    }

    /// The offers the last input led to, as (call, agent).
    fn offered(&self) -> Vec<(CallId, String)> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Offer { call, agent, .. } => Some((*call, agent.0.clone())),
                _ => None,
            })
            .collect()
    }

    /// The token of the one offer the last input led to.
    fn token(&self) -> OfferToken {
        let tokens: Vec<_> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Offer { offer, .. } => Some(*offer),
                _ => None,
            })
            .collect();
        let [token] = tokens[..] else {
            panic!("expected one offer, got {:?}", self.effects);
        };
        token
    }

    fn answers(&mut self) {
        let offer = self.token();
        self.handle(Input::OfferAnswered { offer });
    }

    fn fails(&mut self, why: Miss) {
        let offer = self.token();
        self.handle(Input::OfferFailed { offer, why });
    }

    fn rings(&mut self) -> OfferToken {
        let offer = self.token();
        self.handle(Input::OfferRinging { offer });
        offer
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.handle(Input::Tick);
    }

    fn state(&self, agent: &str) -> &'static str {
        self.acd.state(&name(agent)).unwrap().code()
    }

    fn positions(&self) -> Vec<(CallId, usize, usize)> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Position { call, position, of } => Some((*call, *position, *of)),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn the_agent_idle_longest_gets_the_caller() {
    let mut hall = Hall::with_ready(&["li", "wang"]);
    hall.arrives(1);
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
    hall.answers();
    hall.talk_ends("li", 1);
    hall.handle(Input::WrapUpDone { agent: name("li") });
    hall.arrives(2);
    assert_eq!(hall.offered(), [(call(2), "wang".to_owned())]);
}

#[test]
fn an_agent_who_becomes_free_takes_the_first_in_line() {
    let mut hall = Hall::with_ready(&[]);
    hall.acd
        .reconfigure(hall.now, config(&[queue("main", 0, &[])], &[("li", &[])]));
    hall.arrives(1);
    hall.arrives(2);
    hall.phone_up("li");
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn a_caller_who_was_not_answered_keeps_the_turn() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    let ringing = hall.token();
    hall.arrives(2);
    hall.handle(Input::OfferFailed {
        offer: ringing,
        why: Miss::Declined,
    });
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn two_misses_in_a_row_are_a_break() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.rings();
    hall.pass(20 * S);
    let ringing = hall.rings();
    hall.pass(20 * S);
    assert_eq!(
        hall.acd.state(&name("li")),
        Some(AgentState::Break {
            reason: NO_ANSWER.to_owned()
        })
    );
    assert_eq!(
        hall.try_handle(Input::OfferAnswered { offer: ringing }),
        Err(Refused::OfferSettled),
        "the late answer crosses our time-out: the first outcome stands"
    );
    hall.wish("li", WishedState::Ready);
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn who_goes_home_while_the_phone_rings_is_not_put_on_a_break() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.fails(Miss::Declined);
    hall.rings();
    hall.wish("li", WishedState::Offline);
    hall.pass(20 * S);
    assert_eq!(hall.state("li"), "offline");
}

#[test]
fn an_answer_between_two_misses_counts_from_zero_again() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.fails(Miss::Busy);
    hall.answers();
    hall.talk_ends("li", 1);
    hall.handle(Input::WrapUpDone { agent: name("li") });
    hall.arrives(2);
    hall.fails(Miss::Busy);
    assert_eq!(hall.state("li"), "offered");
}

#[test]
fn a_phone_that_gives_no_sign_of_life_costs_the_caller_eight_seconds() {
    let mut hall = Hall::with_ready(&["dead", "li"]);
    hall.arrives(1);
    hall.pass(8 * S);
    assert!(matches!(hall.effects[0], Effect::CancelOffer { .. }));
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
    assert_eq!(hall.state("dead"), "offline");
    hall.phone_up("dead");
    assert_eq!(hall.state("dead"), "ready", "it registered again");
}

#[test]
fn a_silent_phone_that_stays_registered_is_tried_again() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.pass(8 * S);
    assert_eq!((hall.state("li"), hall.offered().len()), ("offline", 0));
    hall.pass(60 * S);
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
    hall.fails(Miss::Unreachable);
    hall.wish("li", WishedState::Ready);
    assert_eq!(
        hall.offered(),
        [(call(1), "li".to_owned())],
        "the agent says the phone is well"
    );
    hall.answers();
    hall.handle(Input::PhoneSilent { agent: name("li") });
    assert_eq!(hall.state("li"), "offline");
    hall.joins(1, "main", Place::Head);
    hall.pass(60 * S);
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn a_caller_whose_agent_was_lost_goes_before_those_who_only_waited() {
    let mut hall = Hall::with_ready(&["li", "wang"]);
    hall.arrives(1);
    hall.answers();
    hall.arrives(2);
    hall.answers();
    hall.arrives(3);
    hall.handle(Input::PhoneSilent { agent: name("li") });
    assert_eq!(hall.state("li"), "offline");
    hall.joins(1, "main", Place::Head);
    assert_eq!(hall.positions(), [(call(1), 1, 2)]);
    hall.talk_ends("wang", 2);
    hall.handle(Input::WrapUpDone {
        agent: name("wang"),
    });
    assert_eq!(hall.offered(), [(call(1), "wang".to_owned())]);
}

#[test]
fn a_registration_that_ends_in_talk_ends_the_shift_not_the_talk() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.answers();
    hall.phone_down("li");
    assert_eq!(hall.state("li"), "talking");
    hall.talk_ends("li", 1);
    hall.handle(Input::WrapUpDone { agent: name("li") });
    assert_eq!(hall.state("li"), "offline");
}

#[test]
fn a_phone_that_dies_while_ringing_hands_the_caller_on() {
    let mut hall = Hall::with_ready(&["li", "wang"]);
    hall.arrives(1);
    hall.phone_down("li");
    assert_eq!(hall.offered(), [(call(1), "wang".to_owned())]);
    assert_eq!(hall.state("li"), "offline");
}

#[test]
fn a_caller_who_gives_up_costs_the_agent_no_turn() {
    let mut hall = Hall::with_ready(&["li", "wang"]);
    hall.arrives(1);
    hall.handle(Input::Abandoned { call: call(1) });
    assert!(matches!(hall.effects[0], Effect::CancelOffer { .. }));
    hall.arrives(2);
    assert_eq!(hall.offered(), [(call(2), "li".to_owned())]);
}

#[test]
fn the_more_urgent_queue_is_served_first_and_only_by_those_who_can() {
    let mut hall = Hall::new(config(
        &[
            queue("main", 0, &[("mandarin", 1)]),
            queue("english", 5, &[("english", 3)]),
        ],
        &[
            ("li", &[("mandarin", 5), ("english", 2)]),
            ("wang", &[("mandarin", 1), ("english", 3)]),
        ],
    ));
    hall.arrives(1);
    hall.joins(2, "english", Place::Back);
    hall.phone_up("wang");
    assert_eq!(hall.offered(), [(call(2), "wang".to_owned())]);
    hall.phone_up("li");
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn who_waits_for_a_language_in_vain_is_served_by_anybody_at_the_turn_of_their_arrival() {
    let mut hall = Hall::new(config(
        &[queue("main", 0, &[("mandarin", 1)]), seat("english", 5)],
        &[("li", &[("mandarin", 5)]), ("wang", &[("english", 3)])],
    ));
    hall.joins(1, "english", Place::Back);
    hall.arrives(2);
    hall.pass(Duration::from_secs(29));
    assert!(hall.effects.is_empty(), "{:?}", hall.effects);
    hall.pass(Duration::from_secs(1));
    let moved = Effect::Overflowed {
        call: call(1),
        queue: QueueName::from("main"),
    };
    assert_eq!(hall.effects[0], moved);
    assert_eq!(hall.positions(), [(call(1), 1, 2)]);
    hall.phone_up("li");
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn a_bound_that_runs_out_while_a_seat_rings_counts_when_it_does_not_answer() {
    let mut hall = Hall::new(config(
        &[queue("main", 0, &[("mandarin", 1)]), seat("english", 5)],
        &[("li", &[("mandarin", 5)]), ("wang", &[("english", 3)])],
    ));
    hall.joins(1, "english", Place::Back);
    hall.phone_up("li");
    hall.pass(Duration::from_secs(25));
    hall.phone_up("wang");
    let offer = hall.rings();
    hall.pass(Duration::from_secs(10));
    assert!(hall.effects.is_empty(), "it still rings");
    hall.handle(Input::OfferFailed {
        offer,
        why: Miss::Declined,
    });
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn who_is_behind_others_comes_after_all_of_them_and_after_three_minutes_at_their_turn() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.wish("li", WishedState::Offline);
    hall.joins(1, "main", Place::Behind);
    hall.arrives(2);
    assert_eq!(hall.positions(), [(call(2), 1, 2)]);
    hall.wish("li", WishedState::Ready);
    assert_eq!(hall.offered(), [(call(2), "li".to_owned())]);
    hall.fails(Miss::Declined);
    hall.wish("li", WishedState::Offline);
    for _ in 0..3 {
        hall.pass(Duration::from_secs(60));
        hall.handle(Input::StillUp { call: call(1) });
        hall.handle(Input::StillUp { call: call(2) });
    }
    hall.wish("li", WishedState::Ready);
    assert_eq!(hall.offered(), [(call(1), "li".to_owned())]);
}

#[test]
fn wrap_up_ends_by_its_timer_and_can_be_extended_for_a_reason() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.answers();
    hall.talk_ends("li", 1);
    hall.pass(59 * S);
    hall.handle(Input::WrapUpExtend {
        agent: name("li"),
        reason: "长工单".to_owned(),
    });
    hall.phone_down("li");
    hall.phone_up("li");
    hall.pass(60 * S);
    assert_eq!(
        hall.state("li"),
        "wrap_up",
        "neither the first timer nor a phone that blinked ends it"
    );
    hall.pass(S);
    assert_eq!(hall.state("li"), "ready");
    assert_eq!(
        hall.try_handle(Input::WrapUpDone { agent: name("li") }),
        Err(Refused::NotInWrapUp)
    );
}

#[test]
fn a_break_wished_during_a_call_begins_after_its_wrap_up() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.answers();
    let lunch = WishedState::Break {
        reason: "lunch".to_owned(),
    };
    hall.wish("li", lunch);
    assert_eq!(hall.state("li"), "talking");
    hall.talk_ends("li", 1);
    assert_eq!(hall.state("li"), "wrap_up");
    hall.pass(60 * S);
    assert_eq!(hall.state("li"), "break");
}

#[test]
fn nobody_is_ready_without_a_phone() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.phone_down("li");
    let wish = Input::Wish {
        agent: name("li"),
        state: WishedState::Ready,
    };
    assert_eq!(hall.try_handle(wish), Err(Refused::NoPhone));
}

#[test]
fn a_revisit_takes_the_agent_out_of_the_queue_and_gives_back_what_was_before() {
    let mut hall = Hall::with_ready(&["li", "wang"]);
    hall.arrives(1);
    hall.handle(Input::Engaged {
        agent: name("li"),
        call: call(90),
        wrap_up: Duration::ZERO,
    });
    assert_eq!(hall.state("li"), "talking");
    assert_eq!(
        hall.offered(),
        [(call(1), "wang".to_owned())],
        "the caller who rang li goes on to wang"
    );
    hall.talk_ends("li", 90);
    assert_eq!(hall.state("li"), "ready");
}

#[test]
fn a_call_nobody_speaks_for_frees_its_agent() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.answers();
    hall.pass(60 * S);
    hall.handle(Input::StillUp { call: call(1) });
    hall.pass(60 * S);
    assert_eq!(hall.state("li"), "talking");
    hall.pass(30 * S);
    assert_eq!(
        hall.effects[0],
        Effect::Reaped {
            call: call(1),
            agents: vec![name("li")]
        }
    );
    assert_eq!(hall.state("li"), "ready");
}

#[test]
fn a_new_organisation_leaves_callers_and_talks_alone() {
    let mut hall = Hall::with_ready(&["li"]);
    hall.arrives(1);
    hall.answers();
    hall.arrives(2);
    let other = config(&[queue("second", 0, &[])], &[("wang", &[])]);
    hall.acd.reconfigure(hall.now, other);
    assert_eq!(hall.state("li"), "talking");
    hall.phone_up("wang");
    assert_eq!(
        hall.offered(),
        [(call(2), "wang".to_owned())],
        "who waits in a removed queue is still served"
    );
    assert_eq!(
        hall.try_handle(Input::Enqueue {
            call: call(3),
            queue: QueueName::from("main"),
            place: Place::Back
        }),
        Err(Refused::NoSuchQueue)
    );
    hall.talk_ends("li", 1);
    hall.pass(60 * S);
    assert_eq!(
        hall.acd.state(&name("li")),
        None,
        "a removed agent leaves when idle"
    );
}

#[test]
fn callers_learn_their_position_when_it_changes_and_not_more_often() {
    let mut hall = Hall::with_ready(&[]);
    for n in 1..=300 {
        hall.arrives(n);
    }
    assert_eq!(hall.positions(), [(call(300), 300, 300)]);
    for pause in [15 * S, POSITIONS_PAUSE, POSITIONS_PAUSE] {
        hall.pass(pause);
        assert_eq!(hall.positions(), [], "nobody moved");
    }
    hall.handle(Input::Abandoned { call: call(1) });
    let mut told = Vec::new();
    hall.pass(15 * S);
    while !hall.positions().is_empty() {
        assert!(hall.positions().len() <= POSITIONS_A_STEP);
        told.extend(hall.positions());
        // Somebody in front leaves between two slices: those behind hear the newest position.
        hall.handle(Input::Abandoned { call: call(2) });
        hall.pass(POSITIONS_PAUSE);
    }
    let expected: Vec<_> = (2..=300u128)
        .map(|n| {
            let place = usize::try_from(n).unwrap();
            match place {
                2..=129 => (call(n), place - 1, 299),
                _ => (call(n), place - 2, 298),
            }
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn the_matcher_wants_every_needed_skill_at_its_level() {
    let has = skills(&[("mandarin", 5), ("english", 2)]);
    for (needs, may) in [
        (skills(&[]), true),
        (skills(&[("mandarin", 5)]), true),
        (skills(&[("mandarin", 1), ("english", 2)]), true),
        (skills(&[("english", 3)]), false),
        (skills(&[("mandarin", 1), ("wu", 1)]), false),
    ] {
        assert_eq!(matcher::may_answer(&has, &needs), may, "{needs:?}");
    }
}

#[test]
fn the_matcher_takes_the_urgent_line_then_the_earlier_turn() {
    let line = |name: &str, priority: i32, turn: Option<(Place, u64)>| {
        let mut line = Line::new(queue(name, priority, &[]));
        if let Some((place, number)) = turn {
            line.waiting.insert(Turn { place, number }, call(1));
        }
        (QueueName::from(name), line)
    };
    let table = [
        (vec![line("a", 0, None)], None),
        (
            vec![
                line("a", 0, Some((Place::Back, 1))),
                line("b", 1, Some((Place::Back, 2))),
            ],
            Some("b"),
        ),
        (
            vec![
                line("a", 0, Some((Place::Back, 2))),
                line("b", 0, Some((Place::Back, 1))),
            ],
            Some("b"),
        ),
        (
            vec![
                line("a", 0, Some((Place::Back, 1))),
                line("b", 0, Some((Place::Head, 2))),
            ],
            Some("b"),
        ),
        (
            vec![
                line("a", 1, Some((Place::Back, 2))),
                line("b", 0, Some((Place::Head, 1))),
            ],
            Some("a"),
        ),
    ];
    for (lines, expected) in table {
        let chosen = matcher::line_for(lines.iter().map(|(name, line)| (name, line)));
        assert_eq!(chosen.map(|name| name.0.as_str()), expected, "{lines:?}");
    }
}

/// A full hall on the worst day: the cost of an event must not grow with the number of people.
#[test]
fn five_thousand_agents_and_twenty_thousand_callers() {
    let agents: Vec<String> = (0..5000).map(|n| format!("agent{n}")).collect();
    let profiles: Vec<(&str, &[(&str, u8)])> = agents
        .iter()
        .map(|agent| (agent.as_str(), &[][..]))
        .collect();
    let mut hall = Hall::new(config(&[queue("main", 0, &[])], &profiles));
    for n in 0..20_000 {
        hall.arrives(n);
    }
    let mut talking: VecDeque<(String, CallId)> = VecDeque::new();
    #[expect(clippy::disallowed_methods, reason = "the figure this test is about")]
    let started = Instant::now();
    let mut events = 0u32;
    for agent in &agents {
        hall.phone_up(agent);
        talking.push_back((agent.clone(), hall.offered()[0].0));
        hall.answers();
        events += 2;
    }
    for arriving in 20_000..40_000 {
        let (agent, was) = talking.pop_front().unwrap();
        hall.handle(Input::TalkEnded {
            agent: name(&agent),
            call: was,
        });
        hall.handle(Input::WrapUpDone {
            agent: name(&agent),
        });
        talking.push_back((agent, hall.offered()[0].0));
        hall.answers();
        hall.arrives(arriving);
        events += 4;
    }
    let each = started.elapsed() / events;
    assert_eq!(
        hall.acd.lines[&QueueName::from("main")].waiting.len(),
        15_000
    );
    // An unoptimised build on a busy machine; one walk over the waiting callers for each event would take milliseconds.
    assert!(each < Duration::from_micros(500), "{each:?} an event");
    #[expect(clippy::print_stderr, reason = "the figure, shown with --nocapture")]
    {
        eprintln!("{each:?} an event");
    }
}

/// What the test, knowing only inputs and effects, holds for true of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Waiting,
    Offered(OfferToken),
    Answered,
    Gone,
}

#[derive(Debug, Clone)]
enum Step {
    Arrive(u8),
    Abandon(usize),
    PhoneUp(u8),
    PhoneDown(u8),
    Ready(u8),
    Break(u8),
    Ring(usize),
    Answer(usize),
    Fail(usize, u8),
    AnswerAgain(usize),
    End(u8),
    Lose(u8),
    Engage(u8),
    Extend(u8),
    WrapUpDone(u8),
    StillUp,
    Reconfigure(u8),
    Pass(u16),
}

const AGENTS: u8 = 6;

fn step() -> impl Strategy<Value = Step> {
    let agent = 0..AGENTS;
    let any = 0..1000usize;
    prop_oneof![
        6 => (0..3u8).prop_map(Step::Arrive),
        2 => any.clone().prop_map(Step::Abandon),
        3 => agent.clone().prop_map(Step::PhoneUp),
        1 => agent.clone().prop_map(Step::PhoneDown),
        2 => agent.clone().prop_map(Step::Ready),
        1 => agent.clone().prop_map(Step::Break),
        3 => any.clone().prop_map(Step::Ring),
        6 => any.clone().prop_map(Step::Answer),
        2 => (any.clone(), 0..4u8).prop_map(|(at, why)| Step::Fail(at, why)),
        1 => any.prop_map(Step::AnswerAgain),
        6 => agent.clone().prop_map(Step::End),
        1 => agent.clone().prop_map(Step::Lose),
        1 => agent.clone().prop_map(Step::Engage),
        1 => agent.clone().prop_map(Step::Extend),
        2 => agent.prop_map(Step::WrapUpDone),
        3 => Just(Step::StillUp),
        1 => (0..3u8).prop_map(Step::Reconfigure),
        6 => (0..30_000u16).prop_map(Step::Pass),
    ]
}

/// Three queues of different needs, one of which overflows into another; of six agents every other speaks English, one only that.
fn shift(variant: u8) -> Config {
    let mut queues = vec![
        queue("main", 0, &[("mandarin", 1)]),
        seat("english", 1),
        queue("urgent", 9, &[]),
    ];
    queues.truncate(3 - usize::from(variant == 2));
    let mut config = config(&queues, &[]);
    for n in 0..AGENTS {
        if variant == 1 && n == 0 {
            continue;
        }
        let levels: &[(&str, u8)] = match n {
            5 => &[("english", 3)],
            n if n % 2 == 0 => &[("mandarin", 5)],
            _ => &[("mandarin", 5), ("english", 1)],
        };
        let profile = Profile {
            auto_ready: n % 3 != 0,
            skills: skills(levels),
            answers_queues: true,
        };
        config.agents.insert(name(&format!("agent{n}")), profile);
    }
    config
}

/// Plays steps and checks after each what must hold at every moment.
struct Simulation {
    hall: Hall,
    calls: BTreeMap<CallId, Known>,
    settled: Vec<OfferToken>,
}

impl Simulation {
    fn new() -> Self {
        Self {
            hall: Hall::new(shift(0)),
            calls: BTreeMap::new(),
            settled: Vec::new(),
        }
    }

    /// Hands `input` over and follows what it was answered with.
    fn handle(&mut self, input: Input) -> Result<(), Refused> {
        // A tick is several events: a caller offered by its first may be later in turn than one its second brings back.
        let one_event = input != Input::Tick;
        let result = self.hall.try_handle(input);
        let offered = self.follow();
        for (queue, turn, agent) in offered.into_iter().filter(|_| one_event) {
            let line = &self.hall.acd.lines[&queue];
            let idle_turn = self.hall.acd.agents[&agent].idle_turn;
            assert!(
                line.free.keys().all(|other| *other > idle_turn),
                "{agent} was offered a caller while another was idle longer"
            );
            assert!(
                line.waiting.keys().all(|waits| *waits > turn),
                "someone was offered before an earlier caller of {queue}"
            );
        }
        result
    }

    /// Follows the effects and checks. Returns the turns that were offered and still stand.
    fn follow(&mut self) -> Vec<(QueueName, Turn, Username)> {
        let mut offered_turns: Vec<(QueueName, Turn, Username)> = Vec::new();
        for effect in std::mem::take(&mut self.hall.effects) {
            match effect {
                Effect::Offer {
                    offer, call, agent, ..
                } => {
                    let before = self.calls.insert(call, Known::Offered(offer));
                    assert_eq!(before, Some(Known::Waiting), "offered {call} to {agent}");
                    assert!(!self.settled.contains(&offer), "a token is used once");
                    // It may be gone again: reaped by the tick that freed its agent.
                    if let Some(call) = self.hall.acd.calls.get(&call)
                        && let Some(queued) = &call.queued
                    {
                        offered_turns.push((queued.queue.clone(), queued.turn, agent));
                    }
                }
                Effect::CancelOffer { offer, call, .. } => {
                    self.settled.push(offer);
                    if self.calls[&call] == Known::Offered(offer) {
                        self.calls.insert(call, Known::Waiting);
                    }
                }
                Effect::Reaped { call, .. } => {
                    self.calls.insert(call, Known::Gone);
                }
                Effect::StateChanged {
                    from, to, cause, ..
                } => {
                    assert!(from != to || matches!(cause, Cause::WrapUpExtended(_)));
                }
                Effect::Position { position, of, .. } => assert!((1..=of).contains(&position)),
                Effect::Overflowed { queue, .. } => assert_eq!(queue.0, "main"),
            }
        }
        self.check();
        offered_turns
    }

    /// At every moment.
    fn check(&self) {
        let acd = &self.hall.acd;
        let mut reserved = BTreeSet::new();
        for (token, offer) in &acd.offers {
            assert!(
                reserved.insert(&offer.agent),
                "two offers for {}",
                offer.agent
            );
            assert_eq!(acd.agents[&offer.agent].doing, Doing::Offered(*token));
            assert_eq!(self.calls[&offer.call], Known::Offered(*token));
            assert!(acd.timers.contains(&(offer.runs_out, Timer::Offer(*token))));
        }
        for (name, agent) in &acd.agents {
            match agent.doing {
                Doing::Nothing => {}
                Doing::Offered(token) => assert!(acd.offers.contains_key(&token)),
                Doing::Talking { call, .. } => assert!(acd.calls[&call].agents.contains(name)),
                Doing::WrapUp { until, .. } => {
                    assert!(acd.timers.contains(&(until, Timer::WrapUp(name.clone()))));
                }
            }
            for (queue, line) in &acd.lines {
                let expected = agent.free().filter(|_| agent.serves.contains(queue));
                let listed = line.free.iter().find(|(_, free)| *free == name);
                assert_eq!(listed.map(|(turn, _)| *turn), expected, "{name} in {queue}");
            }
        }
        for (queue, line) in &acd.lines {
            assert!(
                line.waiting.is_empty() || line.free.is_empty(),
                "{queue}: someone waits beside a free agent"
            );
        }
        for (id, known) in &self.calls {
            let call = acd.calls.get(id);
            let queued = call.and_then(|call| call.queued.as_ref());
            match known {
                Known::Waiting => {
                    let queued = queued.expect("a waiting caller has a turn");
                    assert_eq!(acd.lines[&queued.queue].waiting.get(&queued.turn), Some(id));
                }
                Known::Offered(token) => {
                    assert_eq!(queued.expect("so has an offered one").offer, Some(*token));
                }
                Known::Answered | Known::Gone => assert!(queued.is_none(), "{id}"),
            }
        }
        for (id, call) in &acd.calls {
            assert!(acd.timers.contains(&(call.known_until, Timer::Lease(*id))));
        }
    }

    fn nth(&self, n: usize, wanted: impl Fn(Known) -> bool) -> Option<CallId> {
        let found: Vec<_> = self
            .calls
            .iter()
            .filter(|(_, known)| wanted(**known))
            .map(|(call, _)| *call)
            .collect();
        found.get(n.checked_rem(found.len())?).copied()
    }

    fn nth_offer(&self, n: usize) -> Option<(OfferToken, CallId)> {
        let offers = &self.hall.acd.offers;
        let at = n.checked_rem(offers.len())?;
        offers
            .iter()
            .nth(at)
            .map(|(token, offer)| (*token, offer.call))
    }

    fn talk_of(&self, agent: &Username) -> Option<CallId> {
        self.hall.acd.agents.get(agent)?.call()
    }

    fn play(&mut self, step: Step) {
        let agent = |n: u8| name(&format!("agent{n}"));
        // Refusals are part of the game: what counts is that `check` holds after them too.
        let _refused_or_not = match step {
            Step::Arrive(queue) => {
                let number = self.calls.len() as u128 + 1;
                let call = call(number);
                let queue = QueueName::from(["main", "english", "urgent"][usize::from(queue)]);
                self.calls.insert(call, Known::Waiting);
                let result = self.hall.try_handle(Input::Enqueue {
                    call,
                    queue,
                    // Every fifth of them is behind others for a while.
                    place: match number % 5 {
                        0 => Place::Behind,
                        _ => Place::Back,
                    },
                });
                if result.is_err() {
                    self.calls.insert(call, Known::Gone);
                }
                self.follow();
                result
            }
            Step::Abandon(n) => {
                let waits = |known| matches!(known, Known::Waiting | Known::Offered(_));
                let Some(call) = self.nth(n, waits) else {
                    return;
                };
                self.calls.insert(call, Known::Gone);
                self.handle(Input::Abandoned { call })
            }
            Step::PhoneUp(n) => self.handle(Input::PhoneUp { agent: agent(n) }),
            Step::PhoneDown(n) | Step::Lose(n) => {
                // A talk goes on without registration; with a dead phone it does not.
                let lost = self
                    .talk_of(&agent(n))
                    .filter(|_| matches!(step, Step::Lose(_)));
                let down = self.handle(match step {
                    Step::Lose(_) => Input::PhoneSilent { agent: agent(n) },
                    _ => Input::PhoneDown { agent: agent(n) },
                });
                if let Some(call) = lost
                    && self.calls.get(&call) == Some(&Known::Answered)
                {
                    self.calls.insert(call, Known::Waiting);
                    let back = self.hall.try_handle(Input::Enqueue {
                        call,
                        queue: QueueName::from("main"),
                        place: Place::Head,
                    });
                    assert_eq!(back, Ok(()));
                    self.follow();
                }
                down
            }
            Step::Ready(n) => self.handle(Input::Wish {
                agent: agent(n),
                state: WishedState::Ready,
            }),
            Step::Break(n) => self.handle(Input::Wish {
                agent: agent(n),
                state: WishedState::Break {
                    reason: "tea".to_owned(),
                },
            }),
            Step::Ring(n) => {
                let Some((offer, _)) = self.nth_offer(n) else {
                    return;
                };
                self.handle(Input::OfferRinging { offer })
            }
            Step::Answer(n) => {
                let Some((offer, call)) = self.nth_offer(n) else {
                    return;
                };
                self.calls.insert(call, Known::Answered);
                self.settled.push(offer);
                let answered = self.handle(Input::OfferAnswered { offer });
                assert_eq!(answered, Ok(()));
                answered
            }
            Step::Fail(n, why) => {
                let Some((offer, call)) = self.nth_offer(n) else {
                    return;
                };
                self.calls.insert(call, Known::Waiting);
                self.settled.push(offer);
                let why = [
                    Miss::Declined,
                    Miss::Busy,
                    Miss::NoAnswer,
                    Miss::Unreachable,
                ][usize::from(why)];
                self.handle(Input::OfferFailed { offer, why })
            }
            Step::AnswerAgain(n) => {
                let Some(at) = n.checked_rem(self.settled.len()) else {
                    return;
                };
                let offer = self.settled[at];
                let again = self.handle(Input::OfferAnswered { offer });
                assert_eq!(again, Err(Refused::OfferSettled));
                again
            }
            Step::End(n) => {
                let Some(call) = self.talk_of(&agent(n)) else {
                    return;
                };
                if self.calls.contains_key(&call) {
                    self.calls.insert(call, Known::Gone);
                }
                self.handle(Input::TalkEnded {
                    agent: agent(n),
                    call,
                })
            }
            Step::Engage(n) => {
                if let Some(call) = self.talk_of(&agent(n))
                    && self.calls.contains_key(&call)
                {
                    self.calls.insert(call, Known::Gone);
                }
                self.handle(Input::Engaged {
                    agent: agent(n),
                    call: call(1_000_000 + u128::from(n)),
                    wrap_up: Duration::ZERO,
                })
            }
            Step::Extend(n) => self.handle(Input::WrapUpExtend {
                agent: agent(n),
                reason: "more to write".to_owned(),
            }),
            Step::WrapUpDone(n) => self.handle(Input::WrapUpDone { agent: agent(n) }),
            Step::StillUp => {
                for call in self.hall.acd.calls.keys().copied().collect::<Vec<_>>() {
                    self.handle(Input::StillUp { call }).unwrap();
                }
                Ok(())
            }
            Step::Reconfigure(variant) => {
                self.hall.acd.reconfigure(self.hall.now, shift(variant));
                self.hall.effects = std::iter::from_fn(|| self.hall.acd.poll_effect()).collect();
                self.follow();
                Ok(())
            }
            Step::Pass(ms) => {
                self.hall.now += Duration::from_millis(u64::from(ms));
                self.handle(Input::Tick)
            }
        };
    }

    /// Everybody falls silent: whoever was held by something is let go, in bounded time.
    fn nobody_stays_stuck(&mut self) {
        let last = self.hall.now + Duration::from_secs(3600);
        while let Some(at) = self.hall.acd.poll_timeout()
            && at <= last
        {
            self.hall.now = at;
            self.handle(Input::Tick).unwrap();
        }
        assert!(self.hall.acd.calls.is_empty());
        assert!(self.hall.acd.timers.is_empty());
        for (name, agent) in &self.hall.acd.agents {
            assert_eq!(agent.doing, Doing::Nothing, "{name} is stuck");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn whatever_happens_nobody_is_lost_stuck_or_taken_twice(steps in vec(step(), 0..300)) {
        let mut simulation = Simulation::new();
        for step in steps {
            simulation.play(step);
        }
        simulation.nobody_stays_stuck();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn ten_thousand_steps_of_a_shift(steps in vec(step(), 10_000)) {
        let mut simulation = Simulation::new();
        for step in steps {
            simulation.play(step);
        }
        simulation.nobody_stays_stuck();
    }
}
