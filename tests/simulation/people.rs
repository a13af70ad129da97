//! A day at the hotline, by seed: citizens who call, wait, lose patience; agents, specialists and supervisors with their
//! phones and buttons; carriers that fail; phones whose power fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use hotline::domain::call::LegRole;
use hotline::domain::call::wish::{CallCommand, Granted, Purpose, Wish, WishedState};
use hotline::domain::id::{CallId, RevisitId, Skill, TicketId, UnitCode, Username};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{
    Actor, Destination, Directory, EmergencyCaller, ExtensionEntry, NumberEntry, QueueEntry, Role,
    SpecialistEntry, Strategy, TrunkEntry, User,
};
use hotline::signalling::Limits;
use hotline::signalling::call::{Call, Doing, Stage};
use hotline::signalling::control::Input;
use hotline_sip::endpoint::LegHandle;

use crate::network::{Dice, Weather};
use crate::phone::{News, REGISTERED, inside, outside};
use crate::world::World;

/// Calls come in for so long.
const DAY: Duration = Duration::from_secs(150);
/// Then everybody finishes; what still rings somewhere rings for a minute at most.
const EVENING: Duration = Duration::from_secs(75);
/// Then nothing happens any more: the longest timer of ours or of the protocol runs out.
const NIGHT: Duration = Duration::from_secs(200);

/// People of ours: name, role. Each has an extension of the same name.
pub(crate) const STAFF: [(&str, Role); 9] = [
    ("agent1", Role::Agent),
    ("agent2", Role::Agent),
    ("agent3", Role::Agent),
    ("agent4", Role::TeamLead),
    ("spec1", Role::Specialist),
    ("spec2", Role::Specialist),
    ("super1", Role::Supervisor),
    ("visitor1", Role::Revisitor),
    ("review1", Role::Reviewer),
];
/// Carriers that take calls out, in order of preference.
pub(crate) const CARRIERS: [u8; 2] = [90, 91];
/// What a colleague or a citizen may be asked for.
const TARGETS: [&str; 9] = [
    "nj-cgj",
    "spec1",
    "spec2",
    "8800",
    "agent2",
    "agent4",
    "review1",
    "13900001111",
    "nobody",
];

/// The organisation everybody works in.
pub(crate) fn organisation() -> Directory {
    let mut directory = Directory::default();
    for (name, role) in STAFF {
        let user = User {
            username: Username::from(name),
            display_name: name.to_owned(),
            role,
            unit: UnitCode::from("js-12345"),
        };
        let extension = ExtensionEntry {
            number: name.into(),
            password: format!("secret of {name}"),
            user: Some(user.username.clone()),
            auto_ready: name != "agent3",
            toll: role != Role::Specialist,
            srtp: false,
            skills: skills_of(name),
        };
        directory.users.insert(user.username.clone(), user);
        directory
            .extensions
            .insert(extension.number.clone(), extension);
    }
    directory.trunks.push(TrunkEntry {
        name: "carrier".into(),
        allow: vec!["127.0.0.0/8".to_owned()],
        outbound: CARRIERS
            .iter()
            .map(|n| format!("sip:{}", outside(*n)))
            .collect(),
        digest: None,
        srtp: false,
        keep_alive_s: 0,
        emergency_caller: EmergencyCaller::default(),
    });
    for (name, priority) in [("main", 0), ("urgent", 5)] {
        let queue = QueueEntry {
            name: name.into(),
            strategy: Strategy::LongestIdle,
            ring_timeout_s: 12,
            wrap_up_s: 6,
            needs: BTreeMap::new(),
            priority,
            language: None,
            overflow: None,
            overflow_after_s: 30,
        };
        directory.queues.insert(queue.name.clone(), queue);
    }
    let english = QueueEntry {
        name: "english".into(),
        needs: BTreeMap::from([("english".into(), 1)]),
        priority: 1,
        language: Some("英语".to_owned()),
        overflow: Some("main".into()),
        ..directory.queues[&"main".into()].clone()
    };
    directory.queues.insert(english.name.clone(), english);
    let numbers = [
        ("12345", Destination::Queue("main".into()), true),
        ("12346", Destination::Queue("urgent".into()), false),
        ("12347", Destination::Queue("english".into()), true),
        (
            "12399",
            Destination::Announce("closing.wav".to_owned()),
            false,
        ),
        ("12340", Destination::Extension("review1".into()), true),
    ];
    for (number, to, record) in numbers {
        let number = PhoneNumber::parse(number).unwrap();
        directory
            .numbers
            .insert(number.clone(), NumberEntry { number, to, record });
    }
    for reach in ["sip:spec1", "sip:spec2", "sip:8800"] {
        directory.specialists.push(SpecialistEntry {
            unit: UnitCode::from("nj-cgj"),
            name: reach.trim_start_matches("sip:").to_owned(),
            reach: reach.to_owned(),
            duty: "Mon-Sun 00:00-24:00".to_owned(),
            topics: Vec::new(),
        });
    }
    directory
}

/// Two of them speak English.
fn skills_of(name: &str) -> BTreeMap<Skill, u8> {
    let english = ["agent2", "agent4"].contains(&name);
    let mandarin = [("mandarin".into(), 5)];
    mandarin
        .into_iter()
        .chain(english.then(|| ("english".into(), 3)))
        .collect()
}

pub(crate) fn actor(name: &str) -> Actor {
    let role = STAFF
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Role::Agent, |(_, role)| *role);
    Actor {
        username: Username::from(name),
        role,
        unit: UnitCode::from("js-12345"),
    }
}

/// What somebody means to do.
#[derive(Debug, Clone)]
enum Plan {
    Register {
        phone: usize,
    },
    Dial {
        phone: usize,
        number: &'static str,
    },
    Ring {
        phone: usize,
        line: LegHandle,
        early_media: bool,
    },
    Answer {
        phone: usize,
        line: LegHandle,
    },
    Decline {
        phone: usize,
        line: LegHandle,
        status: u16,
    },
    HangUp {
        phone: usize,
        line: LegHandle,
    },
    Hold {
        phone: usize,
        line: LegHandle,
        held: bool,
    },
    Refer {
        phone: usize,
        line: LegHandle,
        target: &'static str,
    },
    Die {
        phone: usize,
    },
    Revive {
        phone: usize,
    },
    Mute {
        phone: usize,
        muted: bool,
    },
    /// Looks at the screen and presses something.
    Look {
        who: &'static str,
    },
    /// The organisation file is applied again.
    Reload,
    Drain,
    Evening,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Staff,
    Citizen,
    Carrier,
}

/// One seed's day.
pub(crate) struct Day {
    pub(crate) world: World,
    dice: Dice,
    plans: BTreeMap<(Instant, u64), Plan>,
    made: u64,
    kinds: Vec<Kind>,
    /// Chances of 100 that something ends with a dead phone.
    deadly: u64,
    carrier_mood: [u64; 2],
    evening: bool,
    /// Calls a dead citizen may have left behind: nobody can know.
    forsaken: BTreeSet<String>,
}

impl Day {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x12345);
        let weather = dice.pick(&[
            Weather::FAIR,
            Weather {
                lost: 2,
                doubled: 2,
                held_up: 2,
            },
            Weather {
                lost: 8,
                doubled: 3,
                held_up: 10,
            },
            Weather {
                lost: 15,
                doubled: 0,
                held_up: 20,
            },
        ]);
        let calls_per_second = dice.pick(&[100, 100, 2]);
        let limits = Limits {
            calls: dice.pick(&[100, 100, 8]),
            calls_per_second,
        };
        let mut world = World::new(seed, organisation(), weather, limits);
        world.database.slowest_ms = dice.pick(&[5, 60, 3_000]);
        world.database.failing = dice.pick(&[0, 0, 10]);
        {
            let mut studio = world.studio.lock().unwrap();
            studio.faults = dice.pick(&[0, 0, 4]);
            studio.ports = dice.pick(&[1_000, 1_000, 12]);
        }
        let deadly = dice.pick(&[0, 4, 12]);
        let carrier_mood = [dice.pick(&[0, 1, 2]), dice.pick(&[0, 0, 1, 2])];
        let mut day = Self {
            world,
            dice,
            plans: BTreeMap::new(),
            made: 0,
            kinds: Vec::new(),
            deadly,
            carrier_mood,
            evening: false,
            forsaken: BTreeSet::new(),
        };
        day.make_plans();
        day
    }

    fn make_plans(&mut self) {
        for (n, (name, _)) in STAFF.iter().enumerate() {
            let password = format!("secret of {name}");
            let phone = self.add(
                Kind::Staff,
                name,
                inside(u8::try_from(n + 1).unwrap()),
                Some(&password),
            );
            let at = self.dice.millis(0, 5_000);
            self.plan(at, Plan::Register { phone });
            let at = self.dice.seconds(5, 12);
            self.plan(at, Plan::Look { who: name });
        }
        for n in CARRIERS {
            self.add(Kind::Carrier, "carrier", outside(n), None);
        }
        let citizens = 5 + self.dice.below(12);
        for n in 0..citizens {
            let name = format!("1380000{:04}", n);
            let phone = self.add(
                Kind::Citizen,
                &name,
                outside(u8::try_from(n + 10).unwrap()),
                None,
            );
            for _ in 0..=self.dice.below(2) {
                let at = self.dice.seconds(2, DAY.as_secs());
                let number = self.dice.pick(&[
                    "12345", "12345", "12345", "12345", "12346", "12399", "12340", "777",
                ]);
                self.plan(at, Plan::Dial { phone, number });
            }
        }
        if self.dice.in_100(30) {
            let at = self.dice.seconds(20, DAY.as_secs());
            self.plan(at, Plan::Reload);
        }
        if self.dice.in_100(30) {
            let at = self.dice.seconds(100, DAY.as_secs());
            self.plan(at, Plan::Drain);
        }
        self.plan(DAY, Plan::Evening);
    }

    fn add(
        &mut self,
        kind: Kind,
        name: &str,
        address: std::net::SocketAddr,
        password: Option<&str>,
    ) -> usize {
        self.kinds.push(kind);
        self.world.add_phone(name, address, password)
    }

    fn plan(&mut self, after: Duration, plan: Plan) {
        self.made += 1;
        self.plans
            .insert((self.world.now() + after, self.made), plan);
    }

    /// Lives the day, and looks at the end whether anything is left.
    pub(crate) fn live(&mut self) {
        let end = self.world.begun + DAY + EVENING;
        self.run(end);
        self.nobody_is_left();
        self.world.tell(Input::HangUpAll);
        self.run(end + NIGHT);
        let World {
            control,
            studio,
            phones,
            laws,
            ..
        } = &self.world;
        laws.at_the_end(control, &studio.lock().unwrap(), phones);
    }

    fn run(&mut self, end: Instant) {
        while self.world.now() < end {
            let next = self
                .plans
                .first_key_value()
                .map_or(end, |((at, _), _)| *at)
                .min(end);
            let news = self.world.run_until(next);
            for (phone, news) in news {
                self.react(phone, news);
            }
            while let Some(first) = self
                .plans
                .first_entry()
                .filter(|first| first.key().0 <= self.world.now())
            {
                let plan = first.remove();
                self.carry_out(plan);
            }
        }
    }

    /// After everybody has hung up, only a call whose citizen's phone died may still be up.
    fn nobody_is_left(&self) {
        for call in self.world.control.calls() {
            let mut citizens = call.live_legs().filter(|leg| leg.role == LegRole::Citizen);
            let forsaken = citizens.any(|leg| self.forsaken.contains(&leg.sip_call_id));
            assert!(
                forsaken,
                "call {} is still up with nobody in it: {:?} {:?}",
                call.id, call.doing, call.legs
            );
        }
    }

    // ---- what people do --------------------------------------------------------------------------------------------

    fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Register { phone } => {
                if self.world.phones[phone].alive {
                    let expires = u32::try_from(REGISTERED.as_secs()).unwrap();
                    self.world
                        .with_phone(phone, |phone, now| phone.register(now, expires));
                }
                if !self.evening {
                    // Some forget to come back in time.
                    let again = self.dice.seconds(
                        30,
                        if self.dice.clone().in_100(10) {
                            200
                        } else {
                            100
                        },
                    );
                    self.plan(again, Plan::Register { phone });
                }
            }
            Plan::Dial { phone, number } => {
                if !self.world.phones[phone].alive || self.evening {
                    return;
                }
                let with_offer = !self.dice.in_100(10);
                let line = self
                    .world
                    .with_phone(phone, |phone, now| phone.dial(now, number, with_offer));
                self.world.laws.count("calls dialled");
                if let Some(line) = line {
                    // Patience ends somewhere: in ring, in the queue, in talk.
                    let patience = if self.dice.in_100(30) { 12 } else { 90 };
                    let after = self.dice.millis(10, patience * 1_000);
                    self.plan(after, Plan::HangUp { phone, line });
                }
            }
            Plan::Ring {
                phone,
                line,
                early_media,
            } => {
                self.world
                    .with_phone(phone, |phone, now| phone.ring(now, line, early_media));
            }
            Plan::Answer { phone, line } => {
                self.world
                    .with_phone(phone, |phone, now| phone.answer(now, line));
            }
            Plan::Decline {
                phone,
                line,
                status,
            } => {
                self.world
                    .with_phone(phone, |phone, now| phone.decline(now, line, status));
            }
            Plan::HangUp { phone, line } => {
                self.world
                    .with_phone(phone, |phone, now| phone.hang_up(now, line));
            }
            Plan::Hold { phone, line, held } => {
                self.world
                    .with_phone(phone, |phone, now| phone.hold(now, line, held));
            }
            Plan::Refer {
                phone,
                line,
                target,
            } => {
                self.world.laws.count("referred");
                self.world
                    .with_phone(phone, |phone, now| phone.refer(now, line, target));
            }
            Plan::Die { phone } => self.die(phone),
            Plan::Revive { phone } => {
                self.world.revive(phone);
                if self.kinds[phone] == Kind::Staff {
                    self.plan(Duration::from_millis(500), Plan::Register { phone });
                }
            }
            Plan::Mute { phone, muted } => self.world.phones[phone].muted = muted,
            Plan::Look { who } => {
                if !self.evening {
                    self.look(who);
                    let again = self.dice.millis(500, 6_000);
                    self.plan(again, Plan::Look { who });
                }
            }
            Plan::Reload => self.world.tell(Input::Directory(organisation().into())),
            Plan::Drain => self.world.tell(Input::Drain),
            Plan::Evening => self.go_home(),
        }
    }

    fn die(&mut self, phone: usize) {
        if !self.world.phones[phone].alive {
            return;
        }
        self.forsaken.extend(
            self.world.phones[phone]
                .lines
                .values()
                .map(|line| line.call_id.clone()),
        );
        self.world.kill(phone);
        let back = self.dice.seconds(2, 40);
        self.plan(back, Plan::Revive { phone });
    }

    /// Everybody puts the handset down, wherever they are, and does so again with what still rings.
    fn go_home(&mut self) {
        self.evening = true;
        for phone in 0..self.world.phones.len() {
            let lines: Vec<LegHandle> = self.world.phones[phone].lines.keys().copied().collect();
            for line in lines {
                self.world
                    .with_phone(phone, |phone, now| phone.hang_up(now, line));
            }
        }
        self.plans
            .retain(|_, plan| matches!(plan, Plan::Revive { .. } | Plan::Mute { .. }));
    }

    /// A phone has something to say.
    fn react(&mut self, phone: usize, news: News) {
        match news {
            News::Rings(line) => self.someone_calls(phone, line),
            News::Up(line) => {
                if self.world.phones[phone].lines.contains_key(&line) {
                    self.talk(phone, line);
                }
            }
            News::Refused(_, status) => self.world.laws.count(match status {
                486 | 603 => "refused: busy or declined",
                503 => "refused: 503",
                _ => "refused: other",
            }),
            News::Registered(Some(200)) => self.world.laws.count("registered"),
            News::Registered(_) | News::Over(_) | News::Refer(_) => {}
        }
    }

    fn someone_calls(&mut self, phone: usize, line: LegHandle) {
        if self.evening {
            self.world
                .with_phone(phone, |phone, now| phone.decline(now, line, 480));
            return;
        }
        if let Some(n) = CARRIERS
            .iter()
            .position(|n| outside(*n) == self.world.phones[phone].address)
        {
            match self.carrier_mood[n] {
                0 => {}
                1 => {
                    return self.plan(
                        Duration::from_millis(5),
                        Plan::Decline {
                            phone,
                            line,
                            status: 503,
                        },
                    );
                }
                // A carrier that takes everything and says nothing: 100 comes from its endpoint.
                _ => {
                    return self.plan(
                        Duration::from_secs(30),
                        Plan::Decline {
                            phone,
                            line,
                            status: 408,
                        },
                    );
                }
            }
        }
        let rings = self.dice.millis(5, 400);
        let early_media = self.kinds[phone] == Kind::Carrier && self.dice.in_100(50);
        self.plan(
            rings,
            Plan::Ring {
                phone,
                line,
                early_media,
            },
        );
        let mood = self.dice.below(100);
        match mood {
            0..70 => {
                let after = rings + self.dice.millis(100, 9_000);
                self.plan(after, Plan::Answer { phone, line });
            }
            70..80 => {
                let status = self.dice.pick(&[486, 603, 480, 500]);
                let after = rings + self.dice.millis(0, 3_000);
                self.plan(
                    after,
                    Plan::Decline {
                        phone,
                        line,
                        status,
                    },
                );
            }
            80..90 => {
                // Answers about when our patience ends.
                let after = Duration::from_secs(12).saturating_sub(self.dice.millis(0, 60));
                self.plan(after, Plan::Answer { phone, line });
            }
            _ if self.dice.in_100(self.deadly * 5) => {
                let after = self.dice.millis(0, 3_000);
                self.plan(after, Plan::Die { phone });
            }
            _ => {}
        }
    }

    fn talk(&mut self, phone: usize, line: LegHandle) {
        self.world.laws.count("talks");
        let longest = if self.dice.in_100(30) { 10_000 } else { 80_000 };
        let ends = self.dice.millis(500, longest);
        self.plan(ends, Plan::HangUp { phone, line });
        if self.dice.in_100(15) {
            let from = self.dice.millis(0, 10_000);
            let to = from + self.dice.millis(1, 8_000);
            self.plan(
                from,
                Plan::Hold {
                    phone,
                    line,
                    held: true,
                },
            );
            self.plan(
                to,
                Plan::Hold {
                    phone,
                    line,
                    held: false,
                },
            );
        }
        if self.dice.in_100(10) {
            let from = self.dice.millis(0, 10_000);
            let to = from + self.dice.millis(1, 15_000);
            self.plan(from, Plan::Mute { phone, muted: true });
            self.plan(
                to,
                Plan::Mute {
                    phone,
                    muted: false,
                },
            );
        }
        if self.dice.in_100(self.deadly * 2) {
            let at = self.dice.millis(0, 20_000);
            self.plan(at, Plan::Die { phone });
        }
        // A citizen's phone may try it too, and is refused.
        if self.dice.in_100(if self.kinds[phone] == Kind::Staff {
            8
        } else {
            2
        }) {
            let at = self.dice.millis(500, 10_000);
            let target = self.dice.pick(&TARGETS);
            self.plan(
                at,
                Plan::Refer {
                    phone,
                    line,
                    target,
                },
            );
        }
        if self.kinds[phone] == Kind::Staff && self.dice.in_100(3) {
            let at = self.dice.millis(500, 10_000);
            let number = self.dice.pick(&["12345", "*43", "agent1", "13900001111"]);
            self.plan(at, Plan::Dial { phone, number });
        }
    }

    // ---- buttons ---------------------------------------------------------------------------------------------------

    /// Somebody looks at their screen and presses a button that makes sense there, or one that does not.
    fn look(&mut self, who: &'static str) {
        let by = actor(who);
        if self.dice.in_100(4) {
            let phone = self
                .world
                .phones
                .iter()
                .position(|phone| phone.name == who)
                .unwrap();
            let number = self.dice.pick(&[
                "*43",
                "*44",
                "12345",
                "12340",
                "spec2",
                "agent1",
                "13900002222",
                "nobody",
            ]);
            return self.plan(Duration::ZERO, Plan::Dial { phone, number });
        }
        let mine = self.call_of(&by.username);
        let wish = match (mine, by.role) {
            (_, Role::Supervisor | Role::TeamLead) if self.dice.in_100(40) => self.listening(by),
            (Some(call), _) => {
                let command = self.button(call);
                Some(Wish::Call { by, call, command })
            }
            (None, Role::Revisitor) if self.dice.in_100(20) => Some(self.revisit(by)),
            (None, _) if self.dice.in_100(1) => Some(self.revisit(by)),
            (None, _) if self.dice.in_100(40) => {
                let state = match self.dice.below(15) {
                    0 => WishedState::Offline,
                    1 => WishedState::Break {
                        reason: "lunch".to_owned(),
                    },
                    _ => WishedState::Ready,
                };
                Some(Wish::SetState { by, state })
            }
            (None, _) => None,
        };
        let Some(wish) = wish else { return };
        let what = name_of(&wish);
        match self.world.wish(wish) {
            Ok(Granted::Done | Granted::Leg(_) | Granted::Placed { .. } | Granted::State(_)) => {
                self.world.laws.count(what);
            }
            Err(_) => self.world.laws.count("wishes refused"),
        }
    }

    fn call_of(&mut self, username: &Username) -> Option<CallId> {
        let mut calls = self.world.control.calls();
        let mine = calls.find(|call| {
            call.live_legs()
                .any(|leg| leg.user.as_ref() == Some(username))
        });
        mine.map(|call| call.id)
    }

    fn button(&mut self, call: CallId) -> CallCommand {
        let live = self
            .world
            .control
            .calls()
            .find(|live| live.id == call)
            .expect("it was just looked up");
        let any_leg = self.dice.pick(&live.legs.iter().collect::<Vec<_>>()).id;
        let third = live.live_legs().find(|leg| leg.role == LegRole::Specialist);
        let third = third.map(|leg| (leg.id, leg.stage == Stage::Up));
        let sensible = match (third, self.dice.below(11)) {
            (None, 0) => CallCommand::Hold,
            (None, 1) => CallCommand::Resume,
            (None, 2..=5) => CallCommand::Consult {
                target: self.dice.pick(&TARGETS).to_owned(),
            },
            (None, 6) => CallCommand::Transfer {
                target: Some(self.dice.pick(&TARGETS).to_owned()),
            },
            (None, 7) => CallCommand::PauseRecording {
                reason: "bank details".to_owned(),
            },
            (None, 8) => CallCommand::ResumeRecording,
            (None, 9) => CallCommand::HandToQueue {
                queue: "english".into(),
            },
            (None, _) => CallCommand::HangUp,
            (Some((_, true)), 0..=3) => CallCommand::Conference,
            (Some((_, true)), 4 | 5) => CallCommand::Transfer { target: None },
            (Some((_, true)), 6) => CallCommand::Resume,
            (Some((third, true)), 7) => CallCommand::DropLeg { leg: third },
            (Some((_, true)), _) => CallCommand::Hold,
            (Some((_, false)), 0) => CallCommand::Resume,
            (Some((third, false)), 1) => CallCommand::DropLeg { leg: third },
            (Some((_, false)), _) => CallCommand::PauseRecording {
                reason: "an identity number".to_owned(),
            },
        };
        // Some press anything.
        match self.dice.below(40) {
            0 => CallCommand::DropLeg { leg: any_leg },
            1 => CallCommand::Transfer { target: None },
            2 => CallCommand::Conference,
            3 => CallCommand::HangUp,
            4 => CallCommand::TakeOver,
            _ => sensible,
        }
    }

    fn listening(&mut self, by: Actor) -> Option<Wish> {
        let talking = |call: &&Call| {
            matches!(call.doing, Doing::Talking) || call.id.0.as_u128().is_multiple_of(10)
        };
        let calls: Vec<CallId> = self
            .world
            .control
            .calls()
            .filter(talking)
            .map(|call| call.id)
            .collect();
        if calls.is_empty() {
            return None;
        }
        let call = match self.call_of(&by.username) {
            Some(mine) if self.dice.in_100(80) => mine,
            Some(_) | None => self.dice.pick(&calls),
        };
        let command = match self.dice.below(10) {
            0..=2 => CallCommand::Monitor,
            3 | 4 => CallCommand::Whisper,
            5..=7 => CallCommand::Barge,
            _ => CallCommand::TakeOver,
        };
        Some(Wish::Call { by, call, command })
    }

    fn revisit(&mut self, by: Actor) -> Wish {
        let id = uuid::Uuid::from_u128(u128::from(self.dice.roll()));
        let purpose = Purpose::Revisit {
            revisit: RevisitId(id),
            ticket: TicketId(id),
        };
        Wish::PlaceCall {
            by,
            to: PhoneNumber::parse("13900001111").unwrap(),
            purpose,
        }
    }
}

fn name_of(wish: &Wish) -> &'static str {
    match wish {
        Wish::Call { command, .. } => command.name(),
        Wish::Refer { .. } => "refer",
        Wish::SetState { .. } => "set state",
        Wish::ExtendWrapUp { .. } => "extend wrap-up",
        Wish::PlaceCall { .. } => "place call",
    }
}
